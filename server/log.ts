/**
 * Where the entries of workspaces are kept. An append says which revision it expects, and is stored whole or not
 * at all; so more than one server may write to one log, and the one that was late is told what it missed.
 *
 * @module
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { contentsIn } from "../ot/mod.ts";
import { type Query, toHex } from "../proto/mod.ts";
import { type ListedWorkspace, type LogEntry, type SavedState, State } from "./core/mod.ts";
import { type AnswerPiece, MemoryHistory, piecesOf } from "./history/mod.ts";

/** What a log holds of one workspace: a state, and what came after it. */
export interface Logged {
  /** Changes whenever entries that were acknowledged may have been lost. */
  readonly epoch: string;
  /** Undefined if the entries begin with revision 1. */
  readonly checkpoint: SavedState | undefined;
  /** All those after the checkpoint. */
  readonly entries: readonly LogEntry[];
}

/** What became of an append. */
export type Appended =
  | { readonly stored: true }
  /** Nothing of it was stored; these are the entries after the revision that it expected, if there are any. */
  | { readonly stored: false; readonly won: readonly LogEntry[] }
  /** The workspace is another one now: put back from a backup, purged, deleted, or without entries that it had. */
  | { readonly stored: false; readonly replaced: true };

export interface Log {
  /**
   * All that is needed to go on with a workspace; of one never heard of, nothing, under a new epoch. Rejects if what
   * is kept is damaged, or cannot be read: then the workspace is not served.
   */
  load(workspace: string): Promise<Logged>;
  /**
   * Stores `entries` behind revision `expected`, durably, if that is the newest. Never rejects: where it is in doubt
   * whether they were stored, it resolves once the log has been read and there is no more doubt.
   */
  append(workspace: string, expected: number, entries: readonly LogEntry[]): Promise<Appended>;
  /**
   * Stores a state that the log has led to, to begin with at the next load. The state is a value: it may take its
   * time. Rejects if it could not be stored; what was there before is then still there.
   */
  checkpoint(workspace: string, state: State): Promise<void>;
  /**
   * Stores what a blob of a workspace is going to hold, durably, and gives the hash that it is found by: SHA-256, as 64
   * hexadecimal digits. It is kept for an hour at least, and for as long as something that is kept names it. Rejects if
   * it could not be stored.
   */
  putContent(workspace: string, bytes: Uint8Array): Promise<string>;
  /**
   * How many bytes are stored under a hash, for a change that is going to name it: they are kept for another hour at
   * least. Undefined if there are none. Rejects if that cannot be found out.
   */
  holdContent(workspace: string, hash: string): Promise<number | undefined>;
  /**
   * Answers a question about what the log holds of a workspace: in pieces, each made when it is asked for. Rejects if
   * the log cannot be read; what cannot be answered for other reasons is said in the answer.
   *
   * @param scope What who asks may see; left out, everything.
   */
  answer(workspace: string, query: Query, scope?: string): AsyncGenerator<AnswerPiece, void>;
  /** All workspaces that it has, sorted by name, with their newest revisions. Rejects if the log cannot be read. */
  list(): Promise<readonly ListedWorkspace[]>;
  /** Lets go of what the log holds open. */
  close(): Promise<void>;
}

/** A log that is gone when the process is: "durable" means no more than that here. */
export class MemoryLog implements Log {
  readonly #workspaces = new Map<string, MemoryWorkspace>();
  readonly #newEpoch: () => string;

  /** @param newEpoch gives a string that it never gave before, in this process or another. */
  constructor(newEpoch: () => string) {
    this.#newEpoch = newEpoch;
  }

  load(workspace: string): Promise<Logged> {
    let held = this.#workspaces.get(workspace);
    if (held === undefined) {
      held = {
        epoch: this.#newEpoch(),
        checkpoint: State.empty,
        entries: [],
        contents: new Map(),
        fresh: new Set(),
        older: new Set(),
      };
      this.#workspaces.set(workspace, held);
    }
    const { epoch, checkpoint, entries } = held;
    return Promise.resolve({
      epoch,
      checkpoint: checkpoint.revision === 0 ? undefined : checkpoint.save(),
      entries: entries.slice(),
    });
  }

  append(workspace: string, expected: number, entries: readonly LogEntry[]): Promise<Appended> {
    const { checkpoint, entries: held } = this.#workspaces.get(workspace)!;
    const won = held.slice(expected - checkpoint.revision);
    if (checkpoint.revision + held.length !== expected) return Promise.resolve({ stored: false, won });
    for (const entry of entries) held.push(entry);
    return Promise.resolve({ stored: true });
  }

  /** What came before is let go: the memory stays bounded. */
  checkpoint(workspace: string, state: State): Promise<void> {
    const held = this.#workspaces.get(workspace)!;
    held.entries.splice(0, state.revision - held.checkpoint.revision);
    held.checkpoint = state;
    forgetContents(held);
    return Promise.resolve();
  }

  putContent(workspace: string, bytes: Uint8Array): Promise<string> {
    const { contents, fresh } = this.#workspaces.get(workspace)!, hash = toHex(sha256(bytes));
    contents.set(hash, bytes);
    fresh.add(hash);
    return Promise.resolve(hash);
  }

  holdContent(workspace: string, hash: string): Promise<number | undefined> {
    const { contents, fresh } = this.#workspaces.get(workspace)!, bytes = contents.get(hash);
    if (bytes !== undefined) fresh.add(hash);
    return Promise.resolve(bytes?.length);
  }

  async *answer(workspace: string, query: Query, scope?: string): AsyncGenerator<AnswerPiece, void> {
    const { epoch, checkpoint, entries, contents } = this.#workspaces.get(workspace)!;
    yield* piecesOf(query, new MemoryHistory(epoch, checkpoint, entries.slice(), contents), scope);
  }

  list(): Promise<readonly ListedWorkspace[]> {
    const listed = [...this.#workspaces].map(([name, { checkpoint, entries }]) => {
      return { name, revision: checkpoint.revision + entries.length };
    });
    return Promise.resolve(listed.sort((a, b) => a.name < b.name ? -1 : 1));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Lets go of what no blob holds since the checkpoint, and nobody has put there or asked for since the one before. */
function forgetContents(held: MemoryWorkspace): void {
  const needed = new Set([...held.fresh, ...held.older]);
  for (const { change } of held.entries) for (const { hash } of contentsIn(change.steps)) needed.add(hash);
  for (const hash of held.contents.keys()) {
    if (!needed.has(hash) && held.checkpoint.workspace.bytesOf(hash) === undefined) {
      held.contents.delete(hash);
    }
  }
  held.older = held.fresh;
  held.fresh = new Set();
}

interface MemoryWorkspace {
  readonly epoch: string;
  checkpoint: State;
  /** Those after the checkpoint. */
  readonly entries: LogEntry[];
  /** What blobs hold, by hash. */
  readonly contents: Map<string, Uint8Array>;
  /** What somebody has put there or asked for since the checkpoint, and since the one before. */
  fresh: Set<string>;
  older: Set<string>;
}
