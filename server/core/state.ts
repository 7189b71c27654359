/**
 * The state of a workspace as a function of its log: the tree and its texts, who has taken part, and what each
 * session did last, so that a change that is sent twice is known.
 *
 * States are values: the durable one, the one sequenced ahead of the disk, and those that slow readers are
 * still being sent stand side by side and share what they can.
 *
 * @module
 */

import { assert, type Change, type Notice, parseId, PersistentMap, Workspace } from "../../ot/mod.ts";
import type { Participant, SessionId } from "../../proto/mod.ts";

/** One entry of the log: what took the workspace from `revision` - 1 to `revision`. */
export interface LogEntry {
  readonly revision: number;
  /** Milliseconds since 1970, never less than the entry before. */
  readonly time: number;
  /** The author's session; "" for entries that the server itself makes. */
  readonly session: SessionId;
  /** The session's site; 0 for the server's own. */
  readonly site: number;
  readonly seq: number;
  /** Who the author is, in the first entry of a session. */
  readonly author: Participant | undefined;
  /** What happens: tree steps resolved, edits on the text before this entry. */
  readonly change: Change;
  readonly notices: readonly Notice[];
  /** Of the payload as it was submitted: tells a repeated submission from another one with the same seq. */
  readonly hash: number;
  /** Sites up to this one may be given to sessions from now on; 0 in entries that say nothing of it. */
  readonly sites: number;
}

/** What is remembered of a session that has changed something. */
export interface SessionRecord {
  readonly session: SessionId;
  readonly site: number;
  readonly participant: Participant;
  /** The highest counter that it has used in an id. */
  readonly counter: number;
  /** Its newest entry: how a repeated submission is recognised, and answered. */
  readonly last: LogEntry;
}

export class State {
  static readonly empty: State = new State(
    0,
    0,
    0,
    Workspace.empty,
    PersistentMap.empty(),
    PersistentMap.empty(),
  );

  private constructor(
    readonly revision: number,
    /** Milliseconds since 1970, of the newest entry. */
    readonly time: number,
    /** The highest site that is reserved. */
    readonly sites: number,
    readonly workspace: Workspace,
    readonly sessions: PersistentMap<SessionRecord>,
    /** Who has ever changed something, by site. */
    readonly authors: PersistentMap<Participant>,
  ) {}

  apply(entry: LogEntry): State {
    assert(entry.revision === this.revision + 1, `entry ${entry.revision} follows revision ${this.revision}`);
    let { sessions, authors } = this;
    if (entry.session !== "") {
      const before = sessions.get(entry.session);
      const participant = before?.participant ?? entry.author;
      assert(participant !== undefined, `the first entry of session ${entry.site} names its author`);
      if (before === undefined) authors = authors.set(String(entry.site), participant);
      const counter = Math.max(before?.counter ?? 0, highestCounter(entry));
      sessions = sessions.set(entry.session, {
        session: entry.session,
        site: entry.site,
        participant,
        counter,
        last: entry,
      });
    }
    return new State(
      entry.revision,
      entry.time,
      Math.max(this.sites, entry.sites),
      this.workspace.apply(entry.change),
      sessions,
      authors,
    );
  }
}

/** The highest counter among the ids that an entry's author minted in it. */
function highestCounter({ site, change: { steps } }: LogEntry): number {
  let highest = 0;
  for (const step of steps) {
    const minted = step.kind === "create" ? step.node : step.kind === "remove" ? step.tombstone : undefined;
    const id = minted === undefined ? undefined : parseId(minted);
    if (id !== undefined && id.site === site) highest = Math.max(highest, id.counter);
  }
  return highest;
}
