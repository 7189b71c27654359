/**
 * Answers as they go out.
 *
 * @module
 */

import { codes, encodeServerMessage, type Query } from "../../proto/mod.ts";
import { Scope } from "../core/mod.ts";
import { answer } from "./answer.ts";
import { defaultHistoryLimits } from "./limits.ts";
import type { HistorySource } from "./source.ts";

/** A piece of an answer, as the frame that carries it. */
export interface AnswerPiece {
  readonly bytes: Uint8Array;
  readonly last: boolean;
}

/** The only piece of an answer, or its last one, where the log cannot be read: to the question with this id. */
export function unreadable(id: number): AnswerPiece {
  const code = "log_unreadable", message = codes[code].text;
  const answer = { kind: "answer", id, revision: 0, items: [], last: true, next: "", code, message } as const;
  return { bytes: encodeServerMessage(answer), last: true };
}

/** The pieces of the answer to `query`, made as they are taken, for somebody who sees a scope; "" is everything. */
export function* piecesOf(query: Query, source: HistorySource, scope = ""): Generator<AnswerPiece, void> {
  for (const message of answer(query, source, defaultHistoryLimits, Scope.ofKey(scope))) {
    yield { bytes: encodeServerMessage(message), last: message.last };
  }
}
