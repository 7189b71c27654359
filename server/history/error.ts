/**
 * Why a question about the past has no answer.
 *
 * @module
 */

import type { QueryCode } from "../../proto/mod.ts";

/** Thrown where a question cannot be answered as it was asked; the message says what to ask instead. */
export class HistoryError extends Error {
  override readonly name = "HistoryError";

  constructor(readonly code: QueryCode, message: string) {
    super(message);
  }
}

/** A text that somebody sent, as a message may repeat it: not too much of it, and no half of a character. */
export function quoted(text: string): string {
  const lengthMax = 200;
  return text.length <= lengthMax ? `"${text}"` : `"${text.slice(0, lengthMax).toWellFormed()}…"`;
}
