/**
 * A text of which it is known where each of its characters came from.
 *
 * @module
 */

import { Text } from "../../ot/mod.ts";

/** What was inserted in one go. Some of it may be covered up. */
export class Insertion {
  readonly #original: string;
  readonly #covered = new Set<number>();

  constructor(original: string) {
    this.#original = original;
  }

  get length(): number {
    return this.#original.length;
  }

  /** Covers one code unit; false if it was covered before. */
  cover(offset: number): boolean {
    if (this.#covered.has(offset)) return false;
    this.#covered.add(offset);
    return true;
  }

  /** What is left, with `filler` in the place of each code unit that is covered. */
  text(filler: string): string {
    if (this.#covered.size === 0) return this.#original;
    const units = Array.from(
      { length: this.length },
      (_, i) => this.#covered.has(i) ? filler : this.#original[i]!,
    );
    return units.join("");
  }
}

/** A part of an insertion that stands in the text. */
interface Run {
  readonly insertion: Insertion;
  readonly from: number;
  readonly to: number;
}

/** Runs that follow each other. */
interface Chunk {
  length: number;
  runs: Run[];
}

const chunkRunsMax = 512;

export class TracedText {
  #text = Text.empty;
  /** In chunks, so that an edit does not move all that comes behind it. */
  #chunks: Chunk[] = [];

  get text(): Text {
    return this.#text;
  }

  /** Puts an insertion, which reads `insert`, in the place of what is removed. */
  splice(at: number, remove: number, insert: string, insertion: Insertion): void {
    this.#text = this.#text.splice(at, remove, insert);
    let first = 0, start = 0;
    while (first < this.#chunks.length - 1 && start + this.#chunks[first]!.length < at) {
      start += this.#chunks[first++]!.length;
    }
    let last = first, end = start + (this.#chunks[first]?.length ?? 0);
    while (end < at + remove) end += this.#chunks[++last]!.length;
    const before: Run[] = [], after: Run[] = [];
    let position = start;
    for (const { runs } of this.#chunks.slice(first, last + 1)) {
      for (const { insertion, from, to } of runs) {
        const cutBefore = Math.min(to, from + at - position),
          cutAfter = Math.max(from, from + at + remove - position);
        if (cutBefore > from) before.push({ insertion, from, to: cutBefore });
        if (cutAfter < to) after.push({ insertion, from: cutAfter, to });
        position += to - from;
      }
    }
    if (insert.length > 0) before.push({ insertion, from: 0, to: insert.length });
    const runs = [...before, ...after];
    const chunks: Chunk[] = [];
    const size = runs.length <= chunkRunsMax ? chunkRunsMax : chunkRunsMax / 2;
    for (let i = 0; i < runs.length; i += size) chunks.push(chunkOf(runs.slice(i, i + size)));
    this.#chunks.splice(first, last - first + 1, ...chunks);
  }

  /** Covers the code units of [from, to); false if all of them were covered before. */
  cover(from: number, to: number): boolean {
    let isNew = false, position = 0;
    for (const chunk of this.#chunks) {
      if (position >= to) break;
      if (position + chunk.length > from) {
        let at = position;
        for (const run of chunk.runs) {
          const length = run.to - run.from;
          for (let i = Math.max(from, at); i < Math.min(to, at + length); i++) {
            if (run.insertion.cover(run.from + i - at)) isNew = true;
          }
          at += length;
        }
      }
      position += chunk.length;
    }
    return isNew;
  }
}

function chunkOf(runs: Run[]): Chunk {
  return { runs, length: runs.reduce((length, { from, to }) => length + to - from, 0) };
}
