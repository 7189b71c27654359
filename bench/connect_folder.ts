/**
 * Folders that are kept the same as a workspace: how long a saved file takes to the other folder, how long many files
 * take to join, and what a folder costs in which nothing happens.
 *
 * Real files, a real server over TCP, its log in memory. The folders are processes of their own where processor time is
 * measured, and in this process else.
 *
 * Not for: the disk. All folders are on one, and what it takes is in the figures; how long it takes to copy as many files
 * is beside them.
 *
 * @module
 */

import { tcp } from "../mod.ts";
import { SyncedFolder } from "../sync/mod.ts";
import type { Options } from "./main.ts";
import { median, percentile } from "./measure.ts";
import { atMost, type Figure, type Row } from "./report.ts";

const main = new URL("../cli/main.ts", import.meta.url).pathname;

/** So long a new process is left alone before it counts as idle. */
const settlingMs = 60_000;

/** The rows of `deno task bench connect` that are about folders. */
export async function* folderRows({ quick, only }: Options): AsyncGenerator<Row | string> {
  const wants = (name: string) => name.includes(only);
  const saving = "folder: a saved file is in the other folder";
  const files = quick ? 1000 : 10_000;
  const joining = `folder: ${files} files join`, idle = "folder: processor time while nothing happens";
  if (![saving, joining, idle].some(wants)) return;
  const place = await Deno.makeTempDir({ prefix: "dist-space-bench-" });
  const server = await Server.start();
  try {
    if (wants(saving)) yield await savingRow(saving, `${place}/saving`, server, quick ? 30 : 200);
    if (wants(joining)) yield await joiningRow(joining, `${place}/joining`, server, files);
    if (wants(idle)) yield await idleRow(idle, `${place}/idle`, server, quick ? 5 : 60);
  } finally {
    server.stop();
    await Deno.remove(place, { recursive: true });
  }
}

async function savingRow(name: string, place: string, { port }: Server, saves: number): Promise<Row> {
  const one = await joined(`${place}/one`, port, "saving"),
    two = await joined(`${place}/two`, port, "saving");
  const times: number[] = [];
  for (let i = 0; i < saves; i++) {
    const [from, to] = i % 2 === 0 ? ["one", "two"] : ["two", "one"];
    const text = `line ${i}\n`.repeat(1 + i % 50);
    const startMs = performance.now();
    await Deno.writeTextFile(`${place}/${from}/file ${i % 5}.txt`, text);
    while (await Deno.readTextFile(`${place}/${to}/file ${i % 5}.txt`).catch(() => "") !== text) {
      await pause(1);
    }
    times.push(performance.now() - startMs);
    await pause(50);
  }
  await one.close();
  await two.close();
  times.sort((a, b) => a - b);
  return {
    name,
    unit: "ms",
    better: "less",
    figures: [
      ours("median", median(times), times),
      ours("99 of 100", percentile(times, 0.99), times),
    ],
    bounds: [atMost("99 of 100 within 150 ms", percentile(times, 0.99), 150)],
  };
}

async function joiningRow(name: string, place: string, { port }: Server, files: number): Promise<Row> {
  for (let i = 0; i < files; i++) {
    const directory = `${place}/one/d${i % 97}/e${i % 7}`;
    if (i < 97 * 7) await Deno.mkdir(directory, { recursive: true });
    await Deno.writeTextFile(`${directory}/f${i}.ts`, `export const x${i} = ${i};\n`.repeat(1 + i % 60));
  }
  const bareMs = performance.now();
  for (let i = 0; i < files; i++) {
    const directory = `${place}/bare/d${i % 97}/e${i % 7}`;
    if (i < 97 * 7) Deno.mkdirSync(directory, { recursive: true });
    Deno.copyFileSync(`${place}/one/d${i % 97}/e${i % 7}/f${i}.ts`, `${directory}/f${i}.ts`);
  }
  const upMs = performance.now();
  const one = await joined(`${place}/one`, port, "joining");
  const downMs = performance.now();
  const two = await joined(`${place}/two`, port, "joining");
  const endMs = performance.now();
  const [up, down] = [(downMs - upMs) / 1000, (endMs - downMs) / 1000];
  await one.close();
  await two.close();
  return {
    name,
    unit: "s",
    better: "less",
    figures: [
      ours("from a folder to the workspace", up),
      ours("from the workspace to a folder", down),
      { engine: "bare: the files copied", ours: false, value: (upMs - bareMs) / 1000 },
    ],
    bounds: [atMost("to the workspace within 5 s", up, 5), atMost("to the folder within 5 s", down, 5)],
  };
}

async function idleRow(name: string, place: string, { port }: Server, seconds: number): Promise<Row> {
  for (let i = 0; i < 1000; i++) {
    if (i < 10) await Deno.mkdir(`${place}/d${i}`, { recursive: true });
    await Deno.writeTextFile(`${place}/d${i % 10}/f${i}`, `${i}\n`);
  }
  const process = run("sync", place, `127.0.0.1:${port}`, "idle", "--yes", "--quiet");
  try {
    await linesUntil(process.stdout, "are the same");
    // A process that has just started tidies up for a while, whatever it is: a client that does nothing costs the same.
    await pause(settlingMs);
    const before = await processorSeconds(process.pid);
    await pause(seconds * 1000);
    const percent = 100 * (await processorSeconds(process.pid) - before) / seconds;
    return {
      name,
      unit: "% of a core",
      better: "less",
      figures: [ours("1000 files", percent)],
      bounds: [atMost("under 0.1 % of a core", percent, 0.1)],
    };
  } finally {
    process.kill("SIGKILL");
    await process.status;
  }
}

function ours(engine: string, value: number, times?: readonly number[]): Figure {
  return {
    engine,
    ours: true,
    value,
    ...times === undefined ? {} : { range: [times[0]!, times.at(-1)!] as const },
  };
}

/** A folder in this process, once it is the same as its workspace. */
async function joined(directory: string, port: number, workspace: string): Promise<SyncedFolder> {
  const folder = await SyncedFolder.open({
    directory,
    dial: tcp("127.0.0.1", port),
    workspace,
    name: directory,
    ask: () => Promise.resolve("go on"),
  });
  await folder.same();
  return folder;
}

/** A server in a process of its own. */
class Server {
  private constructor(readonly port: number, readonly process: Deno.ChildProcess) {}

  static async start(): Promise<Server> {
    const process = run("serve", "--memory", "--port", "0", "--log-level", "silent");
    const line = await linesUntil(process.stdout, ":");
    return new Server(Number(/:(\d+)\s*$/.exec(line)![1]), process);
  }

  stop(): void {
    this.process.kill("SIGKILL");
  }
}

function run(...args: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", main, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

/** Reads until a line has a word; gives that line. */
async function linesUntil(stream: ReadableStream<Uint8Array<ArrayBuffer>>, word: string): Promise<string> {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = "";;) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`There was no "${word}" in: ${text}`);
    text += value;
    const line = text.split("\n").slice(0, -1).find((line) => line.includes(word));
    if (line !== undefined) return line;
  }
}

/** What a process has used so far, of all cores together. Linux alone tells. */
async function processorSeconds(pid: number): Promise<number> {
  const fields = (await Deno.readTextFile(`/proc/${pid}/stat`)).split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
