/**
 * Where the entries of workspaces are kept. An append says which revision it expects, and is stored whole or not
 * at all; so more than one server may write to one log, and the one that was late is told what it missed.
 *
 * @module
 */

import type { LogEntry } from "./core/mod.ts";

/** What a log holds of one workspace. */
export interface Logged {
  /** Changes whenever entries that were acknowledged may have been lost. */
  readonly epoch: string;
  readonly entries: readonly LogEntry[];
}

/** What became of an append. */
export type Appended =
  | { readonly stored: true }
  /** Nothing of it was stored; these are the entries after the revision that it expected, if there are any. */
  | { readonly stored: false; readonly won: readonly LogEntry[] };

export interface Log {
  /** All that is held of a workspace; of one never heard of, nothing, under a new epoch. */
  load(workspace: string): Promise<Logged>;
  /**
   * Stores `entries` behind revision `expected`, durably, if that is the newest. Never rejects: where it is in doubt
   * whether they were stored, it resolves once the log has been read and there is no more doubt.
   */
  append(workspace: string, expected: number, entries: readonly LogEntry[]): Promise<Appended>;
  /** Lets go of what the log holds open. */
  close(): Promise<void>;
}

/** A log that is gone when the process is: "durable" means no more than that here. */
export class MemoryLog implements Log {
  readonly #workspaces = new Map<string, { readonly epoch: string; readonly entries: LogEntry[] }>();
  readonly #newEpoch: () => string;

  /** @param newEpoch gives a string that it never gave before, in this process or another. */
  constructor(newEpoch: () => string) {
    this.#newEpoch = newEpoch;
  }

  load(workspace: string): Promise<Logged> {
    let logged = this.#workspaces.get(workspace);
    if (logged === undefined) {
      logged = { epoch: this.#newEpoch(), entries: [] };
      this.#workspaces.set(workspace, logged);
    }
    return Promise.resolve({ epoch: logged.epoch, entries: logged.entries.slice() });
  }

  append(workspace: string, expected: number, entries: readonly LogEntry[]): Promise<Appended> {
    const held = this.#workspaces.get(workspace)!.entries;
    if (held.length !== expected) return Promise.resolve({ stored: false, won: held.slice(expected) });
    for (const entry of entries) held.push(entry);
    return Promise.resolve({ stored: true });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
