/**
 * Answers questions from the database of a log, on a thread of its own: neither edits nor commits wait for it.
 *
 * @module
 */

import type { Query } from "../../proto/mod.ts";
import type { AnswerPiece } from "../history/mod.ts";
import { Thread } from "./thread.ts";

/** What the thread is asked. Each answer has a number, by which it goes on. */
export interface HistorianCalls {
  open(options: { folder: string }): void;
  begin(asked: { answer: number; workspace: string; query: Query; scope: string | undefined }): AnswerPiece;
  more(answer: number): AnswerPiece;
  end(answer: number): void;
  close(asked: undefined): void;
}

export class Historian {
  readonly #thread: Thread<HistorianCalls>;
  readonly #isOpen: Promise<void>;
  #answers = 0;

  /** @param folder of a log that is there. */
  constructor(folder: string) {
    this.#thread = new Thread(new URL("./historian_thread.ts", import.meta.url));
    this.#isOpen = this.#thread.ask("open", { folder });
  }

  async *answer(workspace: string, query: Query, scope?: string): AsyncGenerator<AnswerPiece, void> {
    await this.#isOpen;
    const answer = ++this.#answers;
    let piece = await this.#thread.ask("begin", { answer, workspace, query, scope });
    try {
      for (;;) {
        yield piece;
        if (piece.last) return;
        piece = await this.#thread.ask("more", answer);
      }
    } finally {
      if (!piece.last) await this.#thread.ask("end", answer);
    }
  }

  async close(): Promise<void> {
    await this.#thread.ask("close", undefined);
    this.#thread.end();
  }
}
