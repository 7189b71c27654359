/**
 * Agents as they are: the official client of the protocol, and what a tool has answered it.
 *
 * @module
 */

// @ts-types="@modelcontextprotocol/sdk/client/index"
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
// @ts-types="@modelcontextprotocol/sdk/client/stdio"
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
// @ts-types="@modelcontextprotocol/sdk/client/streamableHttp"
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
// @ts-types="@modelcontextprotocol/sdk/inMemory"
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { Agent, mcpServer } from "../../mcp/mod.ts";
import { Space, tcp } from "../../mod.ts";

const root = new URL("../../", import.meta.url).pathname;

/** What a tool answered. */
export interface ToolAnswer {
  /** The code of an error; "" if it is none. */
  readonly code: string;
  readonly text: string;
  // deno-lint-ignore no-explicit-any -- the schemas of the tools say what is in it, and the client checks it by them
  readonly data: any;
}

/** An agent that calls tools. */
export class McpAgent implements AsyncDisposable {
  readonly client: Client;
  readonly #space: Space | undefined;

  private constructor(client: Client, space?: Space) {
    this.client = client;
    this.#space = space;
  }

  /** One that runs `deno task mcp` as its configuration says. */
  static async overStdio(...args: readonly string[]): Promise<McpAgent> {
    const transport = new StdioClientTransport({
      command: Deno.execPath(),
      args: ["task", "--quiet", "--config", `${root}deno.json`, "mcp", ...args],
      stderr: "inherit",
    });
    return await McpAgent.#connected(transport);
  }

  /** One that connects to a server that runs. */
  static async overHttp(url: string): Promise<McpAgent> {
    return await McpAgent.#connected(new StreamableHTTPClientTransport(new URL(url)) as never);
  }

  /** One in this process, without a transport to speak of. */
  static async inProcess(port: number, name: string, token?: string): Promise<McpAgent> {
    const space = await Space.open({
      dial: tcp("127.0.0.1", port),
      workspace: "w",
      name,
      kind: "agent",
      lazy: true,
      ...token === undefined ? {} : { token },
    });
    const [ours, theirs] = InMemoryTransport.createLinkedPair();
    await mcpServer(new Agent(space), "0", (event, fields) => console.error(event, fields)).connect(theirs);
    return await McpAgent.#connected(ours, space);
  }

  static async #connected(transport: Parameters<Client["connect"]>[0], space?: Space): Promise<McpAgent> {
    const client = new Client({ name: "test", version: "0" });
    await client.connect(transport);
    // Only then does the client hold answers to what the tools say of them.
    await client.listTools();
    return new McpAgent(client, space);
  }

  /** What the agent in this process has of the workspace. */
  get space(): Space {
    return this.#space!;
  }

  /** Calls a tool. */
  async call(name: string, input: Readonly<Record<string, unknown>> = {}): Promise<ToolAnswer> {
    const answer = await this.client.callTool({ name, arguments: { ...input } });
    const [{ text }] = answer.content as [{ text: string }];
    const code = answer.isError === true ? /^([\w]+): /.exec(text)?.[1] ?? text : "";
    return { code, text, data: answer.structuredContent };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    await this.#space?.close();
  }
}
