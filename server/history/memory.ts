/**
 * A log that is all in memory, to look back at.
 *
 * @module
 */

import type { LogEntry, State } from "../core/mod.ts";
import type { HistorySource } from "./source.ts";

export class MemoryHistory implements HistorySource {
  readonly #base: State;
  readonly #entries: readonly LogEntry[];
  readonly #contents: ReadonlyMap<string, Uint8Array>;

  /**
   * @param entries all those after `base`.
   * @param contents what blobs hold, by hash.
   */
  constructor(
    readonly epoch: string,
    base: State,
    entries: readonly LogEntry[],
    contents: ReadonlyMap<string, Uint8Array> = new Map(),
  ) {
    this.#base = base;
    this.#entries = entries;
    this.#contents = contents;
  }

  get revision(): number {
    return this.floor + this.#entries.length;
  }

  get floor(): number {
    return this.#base.revision;
  }

  checkpoint(): State {
    return this.#base;
  }

  entries(from: number, to: number): readonly LogEntry[] {
    return this.#entries.slice(from - this.floor, to - this.floor);
  }

  content(hash: string): Uint8Array | undefined {
    return this.#contents.get(hash);
  }

  revisionAt(time: number): number {
    // Times never decrease.
    let low = 0, high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#entries[middle]!.time <= time) low = middle + 1;
      else high = middle;
    }
    return this.floor + low;
  }
}
