/**
 * The state of a workspace as a function of its log: the tree and its texts, who has taken part, and what each
 * session did last, so that a change that is sent twice is known.
 *
 * States are values: the durable one, the one sequenced ahead of the disk, and those that slow readers are
 * still being sent stand side by side and share what they can.
 *
 * @module
 */

import {
  assert,
  type Change,
  compareIds,
  type Node,
  type NodeId,
  type Notice,
  parseId,
  PersistentMap,
  rootId,
  type Step,
  Text,
  Workspace,
} from "../../ot/mod.ts";
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
  /** What it is a part of, if that has a name. */
  readonly task?: string;
  /** What happens: tree steps resolved, edits on the text before this entry. */
  readonly change: Change;
  readonly notices: readonly Notice[];
  /** Of the payload as it was submitted: tells a repeated submission from another one with the same seq. */
  readonly hash: number;
  /** Sites up to this one may be given to sessions from now on; 0 in entries that say nothing of it. */
  readonly sites: number;
  /** What is kept of the submission, if it was signed: enough to derive the entry again, and to show whose it is. */
  readonly signed?: SignedEntry;
}

/** Who signs the changes of a session. */
export interface SigningKey {
  /** An Ed25519 public key, as hexadecimal digits. */
  readonly key: string;
  /** The name that the workspace had then: it is signed, and may be another one since. */
  readonly workspace: string;
}

/** What the log keeps of a submission that was signed. */
export interface SignedEntry {
  /** The revision that the change was made on. */
  readonly base: number;
  /** As hexadecimal digits; "" if it is gone, with something that was taken out of the log for good. */
  readonly signature: string;
  /** The operation as it was signed, as hexadecimal digits, if the entry itself is not encoded to just these bytes. */
  readonly bytes?: string;
  /** In the first entry of a session. */
  readonly signer?: SigningKey;
}

/** An entry as plain data. */
export type SavedEntry = Omit<LogEntry, "author"> & { readonly author: Participant | null };

export function savedEntryOf(entry: LogEntry): SavedEntry {
  return { ...entry, author: entry.author ?? null };
}

export function entryOf(saved: SavedEntry): LogEntry {
  return { ...saved, author: saved.author ?? undefined };
}

/** What is remembered of a session that has changed something. */
export interface SessionRecord {
  readonly session: SessionId;
  readonly site: number;
  readonly participant: Participant;
  /** The highest counter that it has used in an id. */
  readonly counter: number;
  /** Its newest entry: how a repeated submission is recognised, and answered. */
  readonly last: Settled;
  /** Who signs its changes, if they are signed. */
  readonly signer?: SigningKey;
}

/** What must be known of an entry to say again what became of a change. */
export interface Settled {
  readonly revision: number;
  readonly seq: number;
  readonly time: number;
  readonly steps: readonly Step[];
  readonly notices: readonly Notice[];
  /** Of the payload as it was submitted. */
  readonly hash: number;
}

/** When a node was removed that is not restored or forgotten yet. */
export interface Removal {
  readonly revision: number;
  /** Milliseconds since 1970, of that entry. */
  readonly time: number;
}

/** A state as plain data that JSON carries. Equal states are saved alike, whatever has led to them. */
export interface SavedState {
  readonly revision: number;
  readonly time: number;
  readonly sites: number;
  /** All but the root, sorted by id. */
  readonly nodes: readonly SavedNode[];
  /** Of the nodes that are removed themselves, sorted by id. */
  readonly removals: readonly (readonly [node: NodeId, removal: Removal])[];
  /** The texts that are not empty, sorted by id. */
  readonly texts: readonly (readonly [node: NodeId, text: string])[];
  /** Sorted by site. */
  readonly sessions: readonly SessionRecord[];
  /** Sorted by site. */
  readonly authors: readonly (readonly [site: number, author: Participant])[];
}

/** A node as plain data. */
export type SavedNode = Omit<Node, "tombstone"> & { readonly tombstone: NodeId | null };

/** How long a session is known that changes nothing, by the times of the log, in milliseconds. */
const sessionMs = 30 * 24 * 3600 * 1000;

export class State {
  static readonly empty: State = new State(
    0,
    0,
    0,
    Workspace.empty,
    PersistentMap.empty(),
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
    /** Of the nodes that are removed themselves. */
    readonly removals: PersistentMap<Removal>,
    readonly sessions: PersistentMap<SessionRecord>,
    /** Who has ever changed something, by site. */
    readonly authors: PersistentMap<Participant>,
  ) {}

  /** The state as plain data. */
  save(): SavedState {
    const { revision, time, sites, workspace } = this;
    const nodes: SavedNode[] = [];
    const texts: [NodeId, string][] = [], removals: [NodeId, Removal][] = [];
    for (const node of sortedNodes(workspace)) {
      nodes.push({ ...node, tombstone: node.tombstone ?? null });
      if (node.tombstone !== undefined) removals.push([node.id, this.removals.get(node.id)!]);
      const text = workspace.text(node.id);
      if (text.length > 0) texts.push([node.id, text.toString()]);
    }
    const sessions = [...this.sessions].map(([, record]) => record).sort((a, b) => a.site - b.site);
    const authors = [...this.authors].map(([site, author]) => [Number(site), author] as const)
      .sort(([a], [b]) => a - b);
    return { revision, time, sites, nodes, removals, texts, sessions, authors };
  }

  static restore(saved: SavedState): State {
    let sessions = PersistentMap.empty<SessionRecord>(), authors = PersistentMap.empty<Participant>();
    let removals = PersistentMap.empty<Removal>();
    for (const [node, removal] of saved.removals) removals = removals.set(node, removal);
    for (const record of saved.sessions) sessions = sessions.set(record.session, record);
    for (const [site, author] of saved.authors) authors = authors.set(String(site), author);
    const nodes = saved.nodes.map((node): Node => ({ ...node, tombstone: node.tombstone ?? undefined }));
    const workspace = Workspace.of(nodes, saved.texts.map(([id, text]) => [id, Text.of(text)] as const));
    return new State(saved.revision, saved.time, saved.sites, workspace, removals, sessions, authors);
  }

  apply(entry: LogEntry): State {
    assert(entry.revision === this.revision + 1, `entry ${entry.revision} follows revision ${this.revision}`);
    let { sessions, authors } = this;
    if (entry.session !== "") {
      const before = sessions.get(entry.session);
      const participant = before?.participant ?? entry.author;
      assert(participant !== undefined, `the first entry of session ${entry.site} names its author`);
      if (before === undefined) authors = authors.set(String(entry.site), participant);
      const counter = Math.max(before?.counter ?? 0, highestCounter(entry));
      const signer = before === undefined ? entry.signed?.signer : before.signer;
      sessions = sessions.set(entry.session, {
        session: entry.session,
        site: entry.site,
        participant,
        counter,
        last: settledOf(entry),
        ...signer === undefined ? {} : { signer },
      });
    } else if (entry.sites > this.sites) {
      // Whoever asks for sites makes room for them: so what is remembered is bounded by what happens in that time.
      for (const [id, { last }] of sessions) {
        if (last.time < entry.time - sessionMs) sessions = sessions.delete(id);
      }
    }
    return new State(
      entry.revision,
      entry.time,
      Math.max(this.sites, entry.sites),
      this.workspace.apply(entry.change),
      removalsAfter(this.removals, entry),
      sessions,
      authors,
    );
  }
}

export function settledOf({ revision, seq, time, change: { steps }, notices, hash }: LogEntry): Settled {
  return { revision, seq, time, steps, notices, hash };
}

function removalsAfter(removals: PersistentMap<Removal>, entry: LogEntry): PersistentMap<Removal> {
  const { revision, time, change: { steps } } = entry;
  for (const { kind, node } of steps) {
    if (kind === "remove") removals = removals.set(node, { revision, time });
    else if (kind === "restore" || kind === "forget") removals = removals.delete(node);
  }
  return removals;
}

/** All nodes but the root, sorted by id. */
export function sortedNodes(workspace: Workspace): Node[] {
  return [...workspace.nodes()].filter(({ id }) => id !== rootId).sort((a, b) => compareIds(a.id, b.id));
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
