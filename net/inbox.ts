/**
 * Bytes that come in by events, for one who reads them in a loop.
 *
 * @module
 */

import { type Deferred, deferred } from "./deferred.ts";

/** Pieces in the order in which they came, until the end. For one reader. */
export class Inbox implements AsyncIterable<Uint8Array> {
  #pieces: Uint8Array[] = [];
  #isOver = false;
  #news: Deferred<void> = deferred();

  /** Whether nothing more is taken. */
  get isOver(): boolean {
    return this.#isOver;
  }

  push(bytes: Uint8Array): void {
    if (this.#isOver) return;
    this.#pieces.push(bytes);
    this.#news.resolve();
  }

  /** Nothing comes after what has come. */
  end(): void {
    this.#isOver = true;
    this.#news.resolve();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      const pieces = this.#pieces;
      this.#pieces = [];
      yield* pieces;
      if (this.#pieces.length > 0) continue;
      if (this.#isOver) return;
      await this.#news.promise;
      this.#news = deferred();
    }
  }
}
