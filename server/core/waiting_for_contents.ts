/**
 * Submissions that name what blobs are to hold, while it is not known whether the bytes are in the log: only then have
 * they a place in the queue.
 *
 * @module
 */

import type { BlobContent } from "../../ot/mod.ts";
import type { Submission } from "./sequencer.ts";

/** A submission, and the contents that it still waits for. */
export interface SavedWaiting {
  readonly submission: Submission;
  readonly missing: readonly BlobContent[];
}

export class WaitingForContents {
  /** In the order in which they have come. */
  #all: SavedWaiting[] = [];

  get isEmpty(): boolean {
    return this.#all.length === 0;
  }

  /** Takes a submission that names something of which nothing is known; gives the hashes that are to be asked for. */
  add(submission: Submission, missing: readonly BlobContent[]): string[] {
    const known = this.#hashes();
    this.#all.push({ submission, missing });
    return [...new Set(missing.map(({ hash }) => hash))].filter((hash) => !known.has(hash));
  }

  /** So many bytes are there under a hash, or none: who may go on now, and who cannot. */
  answered(
    hash: string,
    length: number | undefined,
  ): { readonly ready: readonly Submission[]; readonly refused: readonly Submission[] } {
    const ready: Submission[] = [], refused: Submission[] = [], waiting: SavedWaiting[] = [];
    for (const { submission, missing } of this.#all) {
      const others = missing.filter((content) => content.hash !== hash);
      const isWrong = missing.some((content) => content.hash === hash && content.bytes !== length);
      if (isWrong) refused.push(submission);
      else if (others.length === 0) ready.push(submission);
      else waiting.push({ submission, missing: others });
    }
    this.#all = waiting;
    return { ready, refused };
  }

  /** Lets those go that wait for a hash. */
  forget(hash: string): Submission[] {
    const waitsFor = ({ missing }: SavedWaiting) => missing.some((content) => content.hash === hash);
    const gone = this.#all.filter(waitsFor);
    this.#all = this.#all.filter((waiting) => !waitsFor(waiting));
    return gone.map(({ submission }) => submission);
  }

  #hashes(): Set<string> {
    return new Set(this.#all.flatMap(({ missing }) => missing.map(({ hash }) => hash)));
  }

  save(): SavedWaiting[] {
    return this.#all.slice();
  }

  static restore(saved: readonly SavedWaiting[]): WaitingForContents {
    const waiting = new WaitingForContents();
    waiting.#all = saved.slice();
    return waiting;
  }
}
