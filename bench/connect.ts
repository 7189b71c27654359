/**
 * `deno task bench connect`: what it is like to be connected.
 *
 * How long it takes from a keystroke to the callback of an agent, which is a program of the SDK, while fifty people
 * type into the same file, all of them over WebSocket; and what a connection costs that does nothing. The server is a
 * process of its own, and so are those who connect. What agents wait for who come over the Model Context Protocol is
 * measured in connect_mcp.ts.
 *
 * Not for: how much a server can do, which `deno task bench server` measures.
 *
 * @module
 */

import type { ConnectLoad, Idle, Typing } from "./connect_load.ts";
import { folderRows } from "./connect_folder.ts";
import { mcpRows } from "./connect_mcp.ts";
import type { Options } from "./main.ts";
import { atMost, type Row, short } from "./report.ts";

const people = 50;
/** Workspaces have as many clients as they may have by default. */
const idlePerWorkspace = 100;

export async function* connectRows({ quick, only }: Options): AsyncGenerator<Row | string> {
  yield* mcpRows({ quick, only });
  yield* folderRows({ quick, only });
  for (const rate of [5, 20]) {
    const name =
      `keystroke to an agent's callback, ${people} people at ${rate} changes/s each, over WebSocket`;
    if (!name.includes(only)) continue;
    const load = {
      kind: "typing",
      people,
      rate,
      warmUpMs: quick ? 300 : 2000,
      windowMs: quick ? 1000 : 8000,
    } as const;
    const typing = await measured<Typing>(load);
    yield {
      name,
      unit: "ms, median",
      better: "less",
      figures: [{
        engine: "Dist-Space",
        ours: true,
        value: typing.median,
        note:
          `p99 ${short(typing.p99)}, most ${
            short(typing.most)
          }, of ${typing.count} keystrokes; cores used: ` +
          `server ${short(typing.serverCpu)}, load ${short(typing.loadCpu)}, others ${
            short(typing.otherCpu)
          }`,
      }],
      bounds: [atMost("median under 2 ms", typing.median, 2), atMost("p99 under 20 ms", typing.p99, 20)],
    };
  }
  const connections = quick ? 200 : 2000;
  const name = `memory of an idle WebSocket connection, of ${connections}`;
  if (!name.includes(only)) return;
  const load = { kind: "idle", workspaces: connections / idlePerWorkspace, each: idlePerWorkspace } as const;
  const { bytes, total } = await measured<Idle>(load);
  yield {
    name,
    unit: "kB",
    better: "less",
    figures: [{
      engine: "Dist-Space",
      ours: true,
      value: bytes / 1000,
      note: `the process has ${short(total / 1e6)} MB with them`,
    }],
    bounds: [atMost("under 40 kB each", bytes / 1000, 40)],
  };
}

/** What those who connect to a new server have measured. */
async function measured<T>(load: ConnectLoad): Promise<T> {
  const server = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      new URL("../cli/main.ts", import.meta.url).pathname,
      ...["serve", "--memory", "--port", "0", "--log-level", "error"],
      // More connections than there are by default.
      ...["--clients", "1500"],
    ],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  try {
    const lines = server.stdout.getReader();
    const { value } = await lines.read();
    const port = /http:\/\/127\.0\.0\.1:(\d+)/.exec(new TextDecoder().decode(value))?.[1];
    if (port === undefined) throw new Error("The server did not start");
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        new URL("connect_load.ts", import.meta.url).pathname,
        JSON.stringify({ ...load, port: Number(port), pid: server.pid }),
      ],
    }).output();
    if (!success) throw new Error(`The load failed: ${new TextDecoder().decode(stderr).trim()}`);
    return JSON.parse(new TextDecoder().decode(stdout)) as T;
  } finally {
    server.kill("SIGKILL");
    await server.status;
    await server.stdout.cancel().catch(() => {});
  }
}
