/**
 * What durability costs those who are connected: a server on the disk beside one in memory, under fifty clients; and
 * how long one client waits for one acknowledgement, beside a bare commit and a bare echo.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import type { Options } from "./main.ts";
import { median, percentile } from "./measure.ts";
import { atLeast, atMost, type Figure, type Row, short } from "./report.ts";
import { ours, oursDurable } from "./server_ours.ts";
import { startText } from "./thin_client.ts";
import { otherCpuMax, serve, undisturbed } from "./undisturbed.ts";

const crowd = 50;

export async function* liveRows({ quick, only }: Options, folder: string): AsyncGenerator<Row | string> {
  const wants = (name: string) => name.includes(only);
  const rounds = quick ? 1 : 5;
  const changes = `durable changes, ${crowd} clients, each waiting for its acknowledgement`;
  if (wants(changes)) yield await changesRow(changes, rounds, quick);
  const acknowledgement = "until one client's change is acknowledged as durable";
  if (wants(acknowledgement)) {
    yield await acknowledgementRow(acknowledgement, folder, quick ? 300 : 5000);
  }
}

async function changesRow(name: string, rounds: number, quick: boolean): Promise<Row | string> {
  const memory: number[] = [], durable: number[] = [], shares: number[] = [];
  let note = "", others = 0;
  for (let round = 0; round < rounds; round++) {
    const conditions = { clients: crowd, rate: 0, windowMs: 3_000 };
    const inMemory = await undisturbed(ours, conditions, quick);
    const onDisk = await undisturbed(oursDurable, conditions, quick);
    if (typeof inMemory === "string") return `${name}: ${inMemory}`;
    if (typeof onDisk === "string") return `${name}: ${onDisk}`;
    memory.push(inMemory.acceptedPerSecond);
    durable.push(onDisk.acceptedPerSecond);
    shares.push(onDisk.acceptedPerSecond / inMemory.acceptedPerSecond);
    const { acknowledgement, serverCpu, loadCpu, fault } = onDisk;
    others = Math.max(others, inMemory.otherCpu, onDisk.otherCpu);
    note = `acknowledged in ${short(acknowledgement.median)} ms, p99 ${short(acknowledgement.p99)}; ` +
      `cores used: server ${short(serverCpu)}, load ${short(loadCpu)}; ` +
      (fault === "" ? "text checked" : `FAULT: ${fault}`);
  }
  const figure = (engine: string, values: number[], isOurs: boolean): Figure => {
    values.sort((a, b) => a - b);
    return { engine, ours: isOurs, value: median(values), range: [values[0]!, values.at(-1)!] };
  };
  if (others > otherCpuMax) note += `; the machine did something else with up to ${short(others)} cores`;
  const figures = [
    { ...figure(oursDurable.name, durable, true), note },
    figure("Dist-Space, in memory", memory, false),
  ];
  const share = median(shares.sort((a, b) => a - b));
  const bounds = [atLeast("at least half of those in memory, round by round", share, 0.5)];
  return { name, unit: "a second", better: "more", figures, bounds };
}

/** One after the other: a change until it is acknowledged, a bare commit, a bare echo; so the machine is the same for all. */
async function acknowledgementRow(name: string, folder: string, count: number): Promise<Row> {
  const commit = bareCommit(`${folder}/commits.sqlite`), echo = await bareEcho();
  const serving = await serve(oursDurable.argumentsFor);
  const samples = { changes: [] as number[], commits: [] as number[], echoes: [] as number[] };
  try {
    await oursDurable.prepare(serving.port, startText(1));
    const typist = await typistAt(serving.port);
    for (let i = -500; i < count; i++) {
      const change = await microseconds(typist.change);
      const commits = await microseconds(commit.run);
      const echoes = await microseconds(echo.run);
      // The first ones only warm up.
      if (i < 0) continue;
      samples.changes.push(change);
      samples.commits.push(commits);
      samples.echoes.push(echoes);
    }
    typist.close();
  } finally {
    commit.close();
    await echo.close();
    await serving.stop();
    oursDurable.tidy?.();
  }
  const figure = (engine: string, values: number[]): Figure => {
    values.sort((a, b) => a - b);
    const note = `99 % within ${short(percentile(values, 0.99))}`;
    return { engine, ours: engine === oursDurable.name, value: median(values), note };
  };
  const figures = [
    figure(oursDurable.name, samples.changes),
    figure("bare commit", samples.commits),
    figure("bare echo between processes", samples.echoes),
  ];
  const ratio = figures[0]!.value / (figures[1]!.value + figures[2]!.value);
  const bounds = [atMost("times a commit and an echo, one after the other", ratio, 2)];
  return { name, unit: "microseconds, median", better: "less", figures, bounds };
}

/** A client that makes one change at a time, and waits until it is acknowledged. */
async function typistAt(port: number): Promise<{ change: () => Promise<void>; close: () => void }> {
  let settled = Promise.withResolvers<void>();
  const client = await oursDurable.connect(port, 0, {
    acknowledged: () => settled.resolve(),
    delivered() {},
    failed: (_, reason) => settled.reject(new Error(reason)),
  });
  return {
    change: () => {
      settled = Promise.withResolvers<void>();
      client.edit();
      return settled.promise;
    },
    close: () => client.close(),
  };
}

async function microseconds(body: () => unknown): Promise<number> {
  const begun = performance.now();
  await body();
  return (performance.now() - begun) * 1000;
}

/** One row at a time in a database of its own, durable as ours is. */
export function bareCommit(path: string): { run: () => void; close: () => void } {
  const db = new DatabaseSync(path);
  db.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE rows (key INTEGER PRIMARY KEY, bytes BLOB)",
  );
  const insert = db.prepare("INSERT INTO rows (bytes) VALUES (?)");
  const bytes = new Uint8Array(20);
  return { run: () => void insert.run(bytes), close: () => db.close() };
}

/** As many bytes as a change has, to another process and back. */
export async function bareEcho(): Promise<{ run: () => Promise<void>; close: () => Promise<void> }> {
  const script = new URL("./serve_echo.ts", import.meta.url).pathname;
  const serving = await serve((port) => ["run", "-A", script, String(port)]);
  const client = await Deno.connect({ hostname: "127.0.0.1", port: serving.port });
  client.setNoDelay();
  const bytes = new Uint8Array(40);
  return {
    run: async () => {
      await client.write(bytes);
      for (let read = 0; read < bytes.length;) read += await client.read(bytes) ?? bytes.length;
    },
    close: async () => {
      client.close();
      await serving.stop();
    },
  };
}
