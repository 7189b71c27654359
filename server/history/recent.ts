/**
 * A source that keeps the states it was asked for last, so that whoever asks several things of one revision, or goes on
 * where an answer stopped, does not pay for the state each time.
 *
 * @module
 */

import type { LogEntry, State } from "../core/mod.ts";
import type { HistorySource } from "./source.ts";

export class RecentHistory implements HistorySource {
  readonly #source: HistorySource;
  readonly #countMax: number;
  /** Those used last come last. */
  readonly #states: State[] = [];

  /** @param countMax How many states are kept. */
  constructor(source: HistorySource, countMax = 2) {
    this.#source = source;
    this.#countMax = countMax;
  }

  get epoch(): string {
    return this.#source.epoch;
  }

  get revision(): number {
    return this.#source.revision;
  }

  get floor(): number {
    return this.#source.floor;
  }

  /** The state at `revision` itself. */
  checkpoint(revision: number): State {
    const kept = this.#states.findIndex((state) => state.revision === revision);
    const state = kept < 0 ? this.#made(revision) : this.#states.splice(kept, 1)[0]!;
    this.#states.push(state);
    if (this.#states.length > this.#countMax) this.#states.shift();
    return state;
  }

  entries(from: number, to: number): Iterable<LogEntry> {
    return this.#source.entries(from, to);
  }

  content(hash: string): Uint8Array | undefined {
    return this.#source.content(hash);
  }

  revisionAt(time: number): number {
    return this.#source.revisionAt(time);
  }

  #made(revision: number): State {
    let state: State | undefined;
    for (const other of this.#states) {
      if (other.revision <= revision && other.revision > (state?.revision ?? -1)) state = other;
    }
    if (state === undefined || revision - state.revision > nearMax) state = this.#source.checkpoint(revision);
    for (const entry of this.#source.entries(state.revision, revision)) state = state.apply(entry);
    return state;
  }
}

/** A state that is kept is gone on from if it is no more entries away than a checkpoint may be. */
const nearMax = 8192;
