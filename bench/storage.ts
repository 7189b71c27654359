/**
 * `deno task bench storage`: what it costs that nothing is forgotten.
 *
 * Bytes of the database's file for each keystroke of a real document, as it is written, one change a keystroke, and
 * when it is packed; how long one append takes until it is durable, beside a bare commit and a bare echo on the same
 * machine; what many who append at once get through; and how long a server takes from opening the database to the
 * first state that it can serve, in a process of its own that has just started. Then whole servers: what those who
 * are connected feel of the disk (storage_live.ts), and how long newcomers wait (storage_join.ts).
 *
 * Not for: servers beside those of others under load, which `deno task bench server` measures.
 *
 * @module
 */

import type { LogEntry } from "../server/core/mod.ts";
import { type Log, MemoryLog } from "../server/log.ts";
import { LogTools, SqliteLog } from "../server/sqlite/mod.ts";
import type { Options } from "./main.ts";
import { hashOf, median, percentile } from "./measure.ts";
import { atLeast, atMost, type Bound, type Figure, type Row } from "./report.ts";
import { checkpointed, fill, sizeOf } from "./storage_folder.ts";
import { joinRows } from "./storage_join.ts";
import { bareCommit, bareEcho, liveRows } from "./storage_live.ts";
import { entriesOf, stateAfter, statesEvery, workspace } from "./storage_log.ts";
import { editingTrace } from "./trace.ts";

/** As often as a server does by default. */
const checkpointEntries = 8192;
const clients = 50;

export async function* storageRows({ quick, only }: Options): AsyncGenerator<Row | string> {
  const wants = (name: string) => name.includes(only);
  const { trace, skipped } = await editingTrace();
  if (skipped !== undefined) yield skipped;
  const patches = quick ? trace.patches.slice(0, 20_000) : trace.patches;
  const entries = entriesOf({ ...trace, patches });
  const folder = await Deno.makeTempDir({ prefix: "dist-space-bench-" });
  try {
    yield `${trace.name}: ${entries.length} entries, one change a keystroke`;
    const disk = "on disk", opening = "open to the first state";
    if (wants(disk) || wants(opening)) {
      fill(`${folder}/paper`, entries);
      const before = sizeOf(`${folder}/paper`);
      // As it stands when a server is killed in the middle of things.
      await checkpointed(`${folder}/paper`, statesEvery(checkpointEntries, entries));
      const opened = await openRow(
        `${opening}, ${entries.length} changes`,
        `${folder}/paper`,
        quick ? 3 : 11,
      );
      const after = await packed(`${folder}/paper`, entries);
      const hash = hashOf(stateAfter(entries).workspace.text("1:1").toString());
      yield bytesRow(`${disk}, one change a keystroke`, before, after, entries.length, hash);
      yield opened;
    }
    const latency = "until one append is durable";
    if (wants(latency)) yield await latencyRow(latency, folder, entries, quick ? 300 : 3000);
    yield* liveRows({ quick, only }, folder);
    yield* joinRows({ quick, only }, folder, trace, entries);
    const group = `appends of ${clients} at once`;
    if (wants(group)) yield await groupRow(group, folder, entries, quick ? 500 : 3000);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Packs all of it, behind a checkpoint at the end as a server writes it when it stops. How many bytes there are. */
async function packed(folder: string, entries: readonly LogEntry[]): Promise<number> {
  await checkpointed(folder, [stateAfter(entries)]);
  const tools = new LogTools(folder);
  tools.compact({ kind: "all" }, 0);
  tools.close();
  return sizeOf(folder);
}

function bytesRow(name: string, before: number, after: number, count: number, hash: string): Row {
  const figure = (engine: string, bytes: number): Figure => ({
    engine,
    ours: engine === "packed",
    value: bytes / count,
    hash,
    note: `${Math.round(bytes / 1024)} KiB`,
  });
  return {
    name,
    unit: "bytes a keystroke, all files of the folder",
    better: "less",
    figures: [figure("packed", after), figure("as written", before)],
    bounds: [atMost("as written", before / count, 30), atMost("packed", after / count, 2)],
  };
}

async function openRow(name: string, folder: string, rounds: number): Promise<Row> {
  const script = new URL("./storage_open.ts", import.meta.url).pathname;
  const all: number[] = [], opened: number[] = [];
  for (let round = -1; round < rounds; round++) {
    const command = new Deno.Command(Deno.execPath(), { args: ["run", "--allow-all", script, folder] });
    const { stdout, stderr, success } = await command.output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    const { totalMs, openMs } = JSON.parse(new TextDecoder().decode(stdout));
    // The first round fills the caches of the system and of Deno.
    if (round < 0) continue;
    all.push(totalMs);
    opened.push(openMs);
  }
  const middle = median(all.sort((a, b) => a - b));
  const note = `of which ${Math.round(median(opened.sort((a, b) => a - b)))} ms to open`;
  return {
    name,
    unit: "ms in a new process",
    better: "less",
    figures: [{ engine: "SqliteLog", ours: true, value: middle, range: [all[0]!, all.at(-1)!], note }],
    bounds: [atMost("from opening to the first state", middle, 200)],
  };
}

/** One after the other: an append, a bare commit, a bare echo; by turns, so that the machine is the same for all. */
async function latencyRow(
  name: string,
  folder: string,
  entries: readonly LogEntry[],
  count: number,
): Promise<Row> {
  const log = await SqliteLog.open({ folder: `${folder}/latency` });
  await log.load(workspace);
  const commit = bareCommit(`${folder}/bare.sqlite`), echo = await bareEcho();
  const appends: number[] = [], commits: number[] = [], echoes: number[] = [];
  const timed = async (into: number[], body: () => unknown) => {
    const begun = performance.now();
    await body();
    into.push((performance.now() - begun) * 1000);
  };
  for (const entry of entries.slice(0, count)) {
    await timed(appends, () => log.append(workspace, entry.revision - 1, [entry]));
    await timed(commits, commit.run);
    await timed(echoes, echo.run);
  }
  commit.close();
  await echo.close();
  await log.close();
  const figure = (engine: string, samples: number[]): Figure => {
    samples.sort((a, b) => a - b);
    return {
      engine,
      ours: engine === "SqliteLog",
      value: median(samples),
      note: `99 % within ${Math.round(percentile(samples, 0.99))}`,
    };
  };
  const figures = [figure("SqliteLog", appends), figure("bare commit", commits), figure("bare echo", echoes)];
  const bound = 2 * (figures[1]!.value + figures[2]!.value);
  return {
    name,
    unit: "microseconds, median",
    better: "less",
    figures,
    bounds: [
      atMost(
        "append and one echo, within twice a bare commit and an echo",
        figures[0]!.value + figures[2]!.value,
        bound,
      ),
    ],
  };
}

/** Each of many appends its next entry as soon as the last is durable; all in one workspace, or each in its own. */
async function groupRow(
  name: string,
  folder: string,
  entries: readonly LogEntry[],
  count: number,
): Promise<Row> {
  const figures: Figure[] = [];
  const measure = async (engine: string, ours: boolean, log: Log, body: (log: Log) => Promise<number>) => {
    const begun = performance.now();
    const appended = await body(log);
    const seconds = (performance.now() - begun) / 1000;
    figures.push({ engine, ours, value: appended / seconds });
    await log.close();
  };
  const apart = async (log: Log) => {
    const each = Math.floor(count / 10);
    const append = async (workspace: string) => {
      await log.load(workspace);
      for (const entry of entries.slice(0, each)) await log.append(workspace, entry.revision - 1, [entry]);
    };
    await Promise.all(Array.from({ length: clients }, (_, i) => append(`workspace-${i}`)));
    return clients * each;
  };
  // As the core does it: what has come while one append is under way goes into the next.
  const together = async (log: Log) => {
    await log.load(workspace);
    const all = entries.slice(0, count * 10);
    for (let from = 0; from < all.length; from += clients) {
      await log.append(workspace, from, all.slice(from, from + clients));
    }
    return all.length;
  };
  const memory = () => new MemoryLog(() => "bench");
  await measure(
    "SqliteLog, one workspace",
    true,
    await SqliteLog.open({ folder: `${folder}/one` }),
    together,
  );
  await measure("MemoryLog, one workspace", false, memory(), together);
  const many = await SqliteLog.open({ folder: `${folder}/many` });
  await measure("SqliteLog, a workspace each", false, many, apart);
  await measure("MemoryLog, a workspace each", false, memory(), apart);
  const bounds: Bound[] = [
    atLeast("durable entries in one workspace a second", figures[0]!.value, 20_000),
  ];
  return { name, unit: "entries a second", better: "more", figures, bounds };
}
