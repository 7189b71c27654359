/**
 * What an agent waits for: from calling a tool of the Model Context Protocol to its answer, over stdio and over HTTP.
 *
 * Each edit is made on the revision that the one before has named, so that it is applied; or on one before somebody
 * typed, so that it is merged and what was typed is shown. The server keeps its log on the disk: an answer means that
 * the edit is durable. Server and door are processes of their own, the agent is the official client.
 *
 * Not for: how long a model thinks.
 *
 * @module
 */

// @ts-types="@modelcontextprotocol/sdk/client/index"
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
// @ts-types="@modelcontextprotocol/sdk/client/stdio"
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
// @ts-types="@modelcontextprotocol/sdk/client/streamableHttp"
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { Space, tcp } from "../mod.ts";
import type { Options } from "./main.ts";
import { median, percentile } from "./measure.ts";
import { atMost, type Figure, type Row, short } from "./report.ts";

const main = new URL("../cli/main.ts", import.meta.url).pathname;
const path = "src/main.ts";

/** The rows of `deno task bench connect` that are about agents. */
export async function* mcpRows({ quick, only }: Options): AsyncGenerator<Row | string> {
  const edits = quick ? 50 : 500;
  const name = `agent: edit_file through MCP, ${edits} edits of a file of 1000 lines`;
  if (!name.includes(only)) return;
  const folder = await Deno.makeTempDir({ prefix: "dist-space-bench-" });
  const server = await started("serve", "--data", folder, "--port", "0", "--no-http", "--log-level", "error");
  const address = /[\d.]+:(\d+)$/.exec(server.says)!;
  const dial = tcp("127.0.0.1", Number(address[1]));
  const ada = await Space.open({ dial, workspace: "bench", name: "Ada" });
  const http = await started("mcp", address[0], "bench", "--http-port", "0");
  try {
    await ada.create(path, Array.from({ length: 1000 }, (_, i) => `let line${i} = ${i};\n`).join("")).settled;
    const stdio = new StdioClientTransport({
      command: Deno.execPath(),
      args: ["run", "--allow-all", main, "mcp", address[0], "bench"],
    });
    const overHttp = new StreamableHTTPClientTransport(new URL(http.says.split(" ").at(-1)!));
    const figures: Figure[] = [];
    for (const [door, transport] of [["stdio", stdio], ["HTTP", overHttp]] as const) {
      const client = new Client({ name: "bench", version: "0" });
      await client.connect(transport as typeof stdio);
      figures.push(await figureOf(`applied, over ${door}`, client, edits));
      figures.push(await figureOf(`merged, over ${door}`, client, edits, ada));
      await client.close();
    }
    yield {
      name,
      unit: "ms, median",
      better: "less",
      figures,
      bounds: figures.map(({ engine, value }) => atMost(`${engine}: under 10 ms`, value, 10)),
    };
  } finally {
    await ada.close();
    await http.stop();
    await server.stop();
    await Deno.remove(folder, { recursive: true });
  }
}

/** Edits one after the other; with `ada`, somebody has typed elsewhere in the file since it was read. */
async function figureOf(engine: string, client: Client, edits: number, ada?: Space): Promise<Figure> {
  const call = async (name: string, input: Record<string, unknown>) => {
    const { structuredContent, isError, content } = await client.callTool({ name, arguments: input });
    if (isError === true) throw new Error(JSON.stringify(content));
    return structuredContent as { readonly revision: number; readonly outcome: string };
  };
  let { revision } = await call("read_files", { paths: [path], to_line: 1 });
  const times: number[] = [];
  // The first ones warm up both processes.
  for (let i = -20; i < edits; i++) {
    if (ada !== undefined) await ada.insert(path, 0, "// typed\n").settled;
    const line = 500 + (i + 20) % 100,
      lines = [{ from: line, to: line, text: `let edited = ${i}; // ${engine}` }];
    const begunMs = performance.now();
    const answer = await call("edit_file", { path, revision, lines });
    if (i >= 0) times.push(performance.now() - begunMs);
    if (answer.outcome !== (ada === undefined ? "applied" : "merged")) {
      throw new Error(`It was ${answer.outcome}`);
    }
    revision = answer.revision;
  }
  times.sort((a, b) => a - b);
  const note = `p99 ${short(percentile(times, 0.99))}, most ${short(times.at(-1)!)}`;
  return { engine, ours: true, value: median(times), range: [times[0]!, times.at(-1)!], note };
}

/** One of our commands that runs, once it has said where. */
async function started(...args: readonly string[]) {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", main, ...args],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const { value } = await process.stdout.getReader().read();
  return {
    says: new TextDecoder().decode(value).trim(),
    stop: async () => {
      process.kill("SIGTERM");
      await process.status;
    },
  };
}
