/**
 * Logs in folders of their own, for tests of what is on the disk.
 *
 * @module
 */

import type { LogEntry, SavedState } from "../../server/core/mod.ts";
import { State } from "../../server/core/mod.ts";
import type { Logged } from "../../server/log.ts";
import { SqliteLog, type SqliteLogOptions } from "../../server/sqlite/mod.ts";
import { typedLog } from "../format/arbitrary_log.ts";

/** Runs `body` with a folder that is gone afterwards. */
export async function inFolder(body: (folder: string) => Promise<void> | void): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "dist-space-test-" });
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Runs `body` with an open log, and closes it. */
export async function withLog<Result>(
  options: SqliteLogOptions,
  body: (log: SqliteLog) => Promise<Result>,
): Promise<Result> {
  const log = await SqliteLog.open(options);
  try {
    return await body(log);
  } finally {
    await log.close();
  }
}

/** Appends all of `entries`, so many at a time; the log has those before them. */
export async function appendAll(
  log: SqliteLog,
  workspace: string,
  entries: readonly LogEntry[],
  atOnce = 100,
): Promise<void> {
  for (let from = 0; from < entries.length; from += atOnce) {
    const some = entries.slice(from, from + atOnce);
    const { stored } = await log.append(workspace, some[0]!.revision - 1, some);
    if (!stored) throw new Error(`entry ${some[0]!.revision} was not stored`);
  }
}

/** A folder with a workspace of `count` entries, and checkpoints at some revisions. */
export async function filledFolder(
  folder: string,
  count: number,
  checkpoints: readonly number[] = [],
  workspace = "paper",
): Promise<{ entries: LogEntry[]; state: State }> {
  const { entries, state } = typedLog(count);
  await withLog({ folder }, async (log) => {
    await log.load(workspace);
    await appendAll(log, workspace, entries);
    for (const revision of checkpoints) await log.checkpoint(workspace, stateAt(entries, revision));
  });
  return { entries, state };
}

export function stateAt(entries: readonly LogEntry[], revision: number): State {
  let state = State.empty;
  for (const entry of entries.slice(0, revision)) state = state.apply(entry);
  return state;
}

/** The state that a log leads to. */
export function endOf({ checkpoint, entries }: Pick<Logged, "checkpoint" | "entries">): SavedState {
  let state = checkpoint === undefined ? State.empty : State.restore(checkpoint);
  for (const entry of entries) state = state.apply(entry);
  return state.save();
}
