/**
 * Answers as they go out.
 *
 * @module
 */

import { encodeServerMessage, type Query } from "../../proto/mod.ts";
import { answer } from "./answer.ts";
import type { HistorySource } from "./source.ts";

/** A piece of an answer, as the frame that carries it. */
export interface AnswerPiece {
  readonly bytes: Uint8Array;
  readonly last: boolean;
}

/** The pieces of the answer to `query`, made as they are taken. */
export function* piecesOf(query: Query, source: HistorySource): Generator<AnswerPiece, void> {
  for (const message of answer(query, source)) {
    yield { bytes: encodeServerMessage(message), last: message.last };
  }
}
