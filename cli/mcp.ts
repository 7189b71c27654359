/**
 * `deno task mcp`: lets an agent take part in a workspace, over the Model Context Protocol.
 *
 * Over stdio, standard output belongs to the protocol: whatever else there is to say goes to standard error.
 *
 * @module
 */

import { Agent, HttpDoor, httpPath, mcpServer } from "../mcp/mod.ts";
import { Space, type SpaceOptions } from "../mod.ts";
// @ts-types="@modelcontextprotocol/sdk/server/stdio"
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import process from "node:process";
import config from "../deno.json" with { type: "json" };
import { caOption, dialOf, reached, tlsOption, tokenFileOption, tokenOf } from "./access.ts";
import { harmless } from "./client_words.ts";
import { Command, exitsHelp, wholeNumber } from "./command.ts";
import { origins } from "./serve.ts";
import { signing, signOption } from "./signing_key.ts";

/** How long connecting may take. */
const patienceMs = 10_000;
/** How long a message may be: longer than any change may be, as JSON. */
const messageBytesMax = 64 << 20;

export const mcpCommand = new Command("mcp")
  .description("Let an agent take part in a workspace, over the Model Context Protocol.")
  .argument("[SERVER]", "the server: HOST:PORT, or ws://HOST:PORT for WebSocket", "127.0.0.1:8000")
  .argument("[WORKSPACE]", "the workspace, which is made if it is new", "main")
  .option("--name <name>", "who the agent is to the others", "Agent")
  .addOption(tokenFileOption)
  .option(...signOption)
  .addOption(tlsOption)
  .addOption(caOption)
  .option(
    "--http-port <number>",
    "speak over HTTP on this port of this machine, instead of standard input and output; 0 for a free one",
    wholeNumber(0, 65535),
  )
  .option(
    "--origin <origin>",
    "let pages of this origin use the HTTP port; may be given several times",
    origins,
  )
  .addHelpText(
    "after",
    `
An agent starts this by itself, once it is in its configuration:
  {"command": "deno", "args": ["task", "--quiet", "--config", "DIRECTORY/deno.json", "mcp", "--name", "Robot"]}
Several agents can share one, over HTTP: each session is somebody of their own.
  deno task mcp --http-port 8080       then, in their configurations, http://127.0.0.1:8080/mcp

docs/agents.md has the tools, and what they answer.
${
      exitsHelp({
        0: "the agent has left",
        1: "cannot connect or listen, or the connection was lost for good",
        2: "wrong usage",
      })
    }`,
  )
  .action(async (server, workspace, { name, httpPort, origin = [], sign, ...access }) => {
    const dial = await dialOf(server, access);
    const token = await tokenOf(access);
    const options: SpaceOptions = {
      dial,
      workspace,
      name,
      kind: "agent",
      lazy: true,
      openTimeoutMs: patienceMs,
      ...token === undefined ? {} : { token },
      ...signing(sign),
    };
    try {
      if (httpPort === undefined) await overStdio(options);
      else await overHttp(options, httpPort, origin);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      console.error(`Cannot take part in ${harmless(workspace)} at ${harmless(server)}: ${harmless(reason)}`);
      Deno.exit(1);
    }
  });

async function open(options: SpaceOptions): Promise<Space> {
  return await Space.open({ ...options, dial: await reached(options.dial, patienceMs) });
}

async function overStdio(options: SpaceOptions): Promise<void> {
  const space = await open(options);
  const leave = async (code: number) => {
    await space.close();
    Deno.exit(code);
  };
  space.on("status", ({ phase, problem }) => {
    if (phase !== "ended" || problem === undefined) return;
    console.error(`The workspace has ended: ${harmless(problem.message)} (${problem.code})`);
    Deno.exit(1);
  });
  const server = mcpServer(new Agent(space), config.version, report);
  process.stdin.once("end", () => leave(0));
  Deno.addSignalListener("SIGINT", () => leave(0));
  Deno.addSignalListener("SIGTERM", () => leave(0));
  await server.connect(
    new StdioServerTransport(process.stdin, process.stdout, { maxBufferSize: messageBytesMax }),
  );
}

async function overHttp(options: SpaceOptions, port: number, origins: readonly string[]): Promise<void> {
  // Whether there is a server at all is better known now than when the first agent comes.
  await (await open(options)).close();
  const door = new HttpDoor({
    hostname: "127.0.0.1",
    port,
    origins,
    version: config.version,
    open: () => open(options),
    report,
  });
  console.log(`Agents connect to http://127.0.0.1:${door.port}${httpPath}`);
  const stop = async () => {
    await door.close();
    Deno.exit(0);
  };
  Deno.addSignalListener("SIGINT", stop);
  Deno.addSignalListener("SIGTERM", stop);
}

function report(event: string, fields: Readonly<Record<string, string>>): void {
  console.error(JSON.stringify({ event, ...fields }));
}
