/**
 * How long it takes until somebody new holds what is there: a document beside ShareDB, the same text after ever more
 * changes, a tree of ten thousand files.
 *
 * Server and newcomer are in two processes, both warm, as a server is that has run for a while, and an application
 * that opens its second document; a note says what the very first time costs a process that has just started. Those
 * that are compared take turns.
 *
 * @module
 */

import { Space, tcp } from "../mod.ts";
import type { LogEntry } from "../server/core/mod.ts";
import { type How, type Joined, joinLazily, joinOurs, joinTheirs, joinTheirsThinly } from "./join.ts";
import type { Options } from "./main.ts";
import { hashOf, median } from "./measure.ts";
import { atMost, type Bound, type Figure, type Row, short } from "./report.ts";
import { serveArguments } from "./server_ours.ts";
import { shareDb } from "./server_sharedb.ts";
import { checkpointed, fill } from "./storage_folder.ts";
import { changesAround, changesOfTree, entriesBy, stateAfter, workspace } from "./storage_log.ts";
import type { Trace } from "./trace.ts";
import { serve, type Serving } from "./undisturbed.ts";

const treeFiles = 10_000, treeFileLength = 1_000;

/** Somebody who comes, again and again, and what was seen. */
interface Newcomer {
  readonly engine: string;
  readonly ours: boolean;
  readonly join: () => Promise<Joined>;
  /** The arguments of join.ts that do the same in a new process. */
  readonly cold: readonly string[];
}

export async function* joinRows(
  { quick, only }: Options,
  folder: string,
  { name, endContent }: Trace,
  entries: readonly LogEntry[],
): AsyncGenerator<Row> {
  const wants = (name: string) => name.includes(only);
  const paper = `a newcomer holds ${name}`;
  if (wants(paper)) yield await paperRow(paper, `${folder}/held`, entries, quick);
  const after = "a newcomer holds the same text after ever more changes";
  if (wants(after)) yield await changesRow(after, folder, endContent, quick);
  const tree = `a newcomer holds a tree of ${treeFiles} files`;
  if (wants(tree)) yield await treeRow(tree, `${folder}/tree`, endContent, quick);
}

async function paperRow(
  name: string,
  folder: string,
  entries: readonly LogEntry[],
  quick: boolean,
): Promise<Row> {
  const text = stateAfter(entries).workspace.text("1:1").toString();
  const own = await served(folder, entries);
  const theirs = await serve(shareDb.argumentsFor);
  const typist = await Space.open({ dial: tcp("127.0.0.1", own.port), workspace, name: "typist" });
  try {
    await shareDb.prepare(theirs.port, text);
    const amid = oursAt("Dist-Space, amid typing", own, "paper.md");
    const { port } = theirs;
    const theirsAs = (engine: string, how: How, join: () => Promise<Joined>): Newcomer => (
      { engine, ours: false, join, cold: [how, `${port}`, ""] }
    );
    const seen = await byTurns([
      oursAt("Dist-Space", own, "paper.md"),
      { ...amid, join: () => typedAmid(typist, "paper.md").then(amid.join) },
      theirsAs("ShareDB", "theirs", () => joinTheirs(port)),
      theirsAs("ShareDB, thin client", "theirs thinly", () => joinTheirsThinly(port)),
    ], quick);
    const [mine, , other] = seen as [Seen, Seen, Seen];
    const times = mine.ms.map((ms, i) => ms / other.ms[i]!);
    const bounds = [
      atMost("of the time from ShareDB, turn by turn", medianOf(times), 1),
      atMost("of the bytes from ShareDB", mine.bytes / other.bytes, 1 / 3),
    ];
    return rowOf(name, seen, bounds);
  } finally {
    await typist.close();
    await theirs.stop();
    await own.stop();
  }
}

/** Something is typed in the middle and taken back, so that what the server had ready is of an earlier state. */
async function typedAmid(typist: Space, path: string): Promise<void> {
  const middle = typist.read(path).length >> 1;
  await typist.insert(path, middle, "x").settled;
  await typist.replace(path, middle, 1, "").settled;
}

async function changesRow(name: string, folder: string, text: string, quick: boolean): Promise<Row> {
  const counts = quick ? [1_000, 10_000] : [10_000, 100_000, 1_000_000];
  const servers: Serving[] = [];
  try {
    for (const count of counts) {
      servers.push(await served(`${folder}/after-${count}`, () => entriesBy(changesAround(text, count))));
    }
    const seen = await byTurns(
      servers.map((server, i) => oursAt(`after ${short(counts[i]!)} changes`, server, "paper.md")),
      quick,
    );
    const bounds = seen.slice(1).map(({ newcomer: { engine }, ms }) =>
      atMost(
        `${engine}, of the time ${seen[0]!.newcomer.engine}, turn by turn`,
        medianOf(ms.map((one, i) => one / seen[0]!.ms[i]!)),
        1.25,
      )
    );
    return rowOf(name, seen, bounds);
  } finally {
    for (const server of servers) await server.stop();
  }
}

async function treeRow(name: string, folder: string, text: string, quick: boolean): Promise<Row> {
  const server = await served(folder, () => entriesBy(changesOfTree(text, treeFiles, treeFileLength)));
  try {
    const path = "part 0/file 0.txt";
    const newcomers = [lazilyAt("the tree and one file", server, path), oursAt("all of it", server, path)];
    const seen = await byTurns(newcomers, quick, 5);
    const wrong = seen.find(({ files }) => files !== treeFiles);
    if (wrong !== undefined) throw new Error(`A newcomer holds ${wrong.files} files`);
    return rowOf(name, seen, [atMost("the tree and one file", medianOf(seen[0]!.ms), 100)]);
  } finally {
    await server.stop();
  }
}

/** A server that has just read these entries from its disk. */
async function served(
  folder: string,
  entries: Iterable<LogEntry> | (() => Iterable<LogEntry>),
): Promise<Serving> {
  const all = () => typeof entries === "function" ? entries() : entries;
  fill(folder, all());
  await checkpointed(folder, [stateAfter(all())]);
  return await serve((port) => serveArguments(port, "--data", folder));
}

function oursAt(engine: string, { port }: Serving, path: string): Newcomer {
  return { engine, ours: true, join: () => joinOurs(port, path), cold: ["ours", `${port}`, path] };
}

function lazilyAt(engine: string, { port }: Serving, path: string): Newcomer {
  return { engine, ours: true, join: () => joinLazily(port, path), cold: ["ours lazily", `${port}`, path] };
}

/** What was seen of a newcomer. */
interface Seen {
  readonly newcomer: Newcomer;
  /** In order of time. */
  readonly ms: number[];
  readonly coldMs: number[];
  readonly firstMs: number;
  readonly bytes: number;
  readonly hash: string;
  readonly files: number;
}

async function byTurns(newcomers: readonly Newcomer[], quick: boolean, warmUp = 100): Promise<Seen[]> {
  const rounds = quick ? 5 : 30, coldRounds = quick ? 1 : 5;
  const seen: Seen[] = [];
  for (const newcomer of newcomers) {
    const { ms: firstMs, bytes, text, files } = await newcomer.join();
    for (let i = 0; i < warmUp; i++) await newcomer.join();
    seen.push({ newcomer, ms: [], coldMs: [], firstMs, bytes, hash: hashOf(text), files });
  }
  for (let round = 0; round < rounds; round++) {
    for (const { newcomer, ms } of seen) ms.push((await newcomer.join()).ms);
  }
  for (let round = 0; round < coldRounds; round++) {
    for (const { newcomer, coldMs } of seen) coldMs.push(await coldMsOf(newcomer));
  }
  return seen;
}

async function coldMsOf({ cold }: Newcomer): Promise<number> {
  const script = new URL("./join.ts", import.meta.url).pathname;
  const command = new Deno.Command(Deno.execPath(), { args: ["run", "-A", script, ...cold] });
  const { stdout, stderr, success } = await command.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return Number(new TextDecoder().decode(stdout));
}

function rowOf(name: string, seen: readonly Seen[], bounds: readonly Bound[]): Row {
  const figures = seen.map(({ newcomer: { engine, ours }, ms, coldMs, firstMs, bytes, hash }): Figure => {
    const sorted = ms.toSorted((a, b) => a - b);
    return {
      engine,
      ours,
      value: median(sorted),
      range: [sorted[0]!, sorted.at(-1)!],
      hash,
      note: `${short(bytes / 1000)} kB; the first from this server in ${short(firstMs)} ms; ` +
        `in a new process ${short(medianOf(coldMs))} ms`,
    };
  });
  return { name, unit: `ms, median of ${seen[0]!.ms.length}`, better: "less", figures, bounds };
}

function medianOf(values: readonly number[]): number {
  return median(values.toSorted((a, b) => a - b));
}
