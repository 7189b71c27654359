/**
 * Where the entries of workspaces are kept. An append says which revision it expects, and is stored whole or not
 * at all; so more than one server may write to one log, and the one that was late is told what it missed.
 *
 * @module
 */

import type { Query } from "../proto/mod.ts";
import { type LogEntry, type SavedState, State } from "./core/mod.ts";
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
   * Answers a question about what the log holds of a workspace: in pieces, each made when it is asked for. Rejects if
   * the log cannot be read; what cannot be answered for other reasons is said in the answer.
   *
   * @param scope What who asks may see; left out, everything.
   */
  answer(workspace: string, query: Query, scope?: string): AsyncGenerator<AnswerPiece, void>;
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
      held = { epoch: this.#newEpoch(), checkpoint: State.empty, entries: [] };
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
    return Promise.resolve();
  }

  async *answer(workspace: string, query: Query, scope?: string): AsyncGenerator<AnswerPiece, void> {
    const { epoch, checkpoint, entries } = this.#workspaces.get(workspace)!;
    yield* piecesOf(query, new MemoryHistory(epoch, checkpoint, entries.slice()), scope);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

interface MemoryWorkspace {
  readonly epoch: string;
  checkpoint: State;
  /** Those after the checkpoint. */
  readonly entries: LogEntry[];
}
