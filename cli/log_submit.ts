/**
 * Changes that the command line makes itself: entries of the log as others, by a session of their own. A server that
 * runs finds them and tells its clients.
 *
 * @module
 */

import { type Change, type NodeId, type Notice, resolve } from "../ot/mod.ts";
import { type LogEntry, State } from "../server/core/mod.ts";
import type { LogTools } from "../server/sqlite/mod.ts";
import { LogError } from "./log_run.ts";

/** How often to try again when a server has written something meanwhile. */
const attemptsMax = 20;

export interface Submitted {
  /** The revision that the change has made; that before it if there was nothing to change. */
  readonly revision: number;
  readonly notices: readonly Notice[];
}

/**
 * Appends the change that `make` gives for the newest state, as one entry. It is made anew if others write meanwhile.
 *
 * @param name Who is said to have made it.
 * @param make is given ids for new nodes and removals, by which it must name them.
 */
export function submit(
  tools: LogTools,
  workspace: string,
  name: string,
  make: (state: State, mint: () => NodeId) => Change,
): Submitted {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const { checkpoint, entries } = tools.load(workspace);
    const before = checkpoint === undefined ? State.empty : State.restore(checkpoint);
    const state = entries.reduce((state, entry) => state.apply(entry), before);
    // A site that nobody has been given: it is reserved by an entry of its own, as a server does it.
    const site = state.sites + 1;
    let counter = 0;
    const change = make(state, () => `${site}:${++counter}`);
    if (change.steps.length + change.edits.length === 0) return { revision: state.revision, notices: [] };
    const resolution = resolve(change.steps, state.workspace, { site, counter: 0 });
    if ("fault" in resolution) throw new LogError(resolution.fault, resolution.message);
    const time = Math.max(state.time, Date.now());
    const base = { time, hash: 0, author: undefined, notices: [], seq: 0, session: "", site: 0 };
    const reservation: LogEntry = {
      ...base,
      revision: state.revision + 1,
      change: { steps: [], edits: [] },
      sites: site,
    };
    const entry: LogEntry = {
      ...base,
      revision: state.revision + 2,
      ...{ session: crypto.randomUUID(), site, seq: 1, author: { name, kind: "ci" } },
      change: { steps: resolution.steps, edits: change.edits },
      notices: resolution.notices,
      sites: 0,
    };
    if (tools.append(workspace, state.revision, [reservation, entry])) {
      return { revision: entry.revision, notices: entry.notices };
    }
  }
  throw new LogError("busy", `Others write into "${workspace}" all the time: try again in a while.`);
}
