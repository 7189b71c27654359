/**
 * A log on the disk as a server leaves it there, made without a server.
 *
 * @module
 */

import type { LogEntry, State } from "../server/core/mod.ts";
import { originOf, Tail } from "../server/format/mod.ts";
import { SqliteLog, Writer } from "../server/sqlite/mod.ts";
import { workspace } from "./storage_log.ts";

/** Appends every entry by itself, as people do who type; many in a transaction, since here only the bytes count. */
export function fill(folder: string, entries: Iterable<LogEntry>): void {
  Deno.mkdirSync(folder);
  const path = `${folder}/dist-space.sqlite`;
  const writer = new Writer({ path, relaxed: false, pagesMax: undefined }, () => "unused");
  const origin = [{ kind: "begun", time: 0, id: "bench" }] as const;
  const which = { number: 1, epoch: "bench" };
  writer.create({ name: workspace, epoch: which.epoch, origin });
  const tail = Tail.begin(originOf(origin));
  let appends: Parameters<typeof writer.append>[0][number][] = [];
  for (const entry of entries) {
    const expected = tail.revision, rows = tail.append([entry]);
    appends.push({ ...which, expected, rows, head: { revision: tail.revision, chain: tail.chain } });
    if (appends.length < 1000) continue;
    writer.append(appends);
    appends = [];
  }
  writer.append(appends);
  writer.close({ isClean: true });
}

/** Has a server write these states as checkpoints, and pack what they cover. */
export async function checkpointed(folder: string, states: Iterable<State>): Promise<void> {
  const log = await SqliteLog.open({ folder });
  await log.load(workspace);
  for (const state of states) await log.checkpoint(workspace, state);
  await log.close();
}

/** How many bytes there are in all files of a folder. */
export function sizeOf(folder: string): number {
  let bytes = 0;
  for (const { name } of Deno.readDirSync(folder)) bytes += Deno.statSync(`${folder}/${name}`).size;
  return bytes;
}
