/**
 * Where an answer stopped, as numbers in a string: 12:4000.
 *
 * @module
 */

import { HistoryError, quoted } from "./error.ts";

/**
 * The numbers of a continuation; none of "".
 *
 * @throws {HistoryError} "continuation_invalid"
 */
export function numbersOf(after: string, count: number): number[] {
  if (after === "") return [];
  const parts = after.split(":");
  if (parts.length !== count || !parts.every((part) => /^\d{1,10}$/.test(part))) {
    throw new HistoryError(
      "continuation_invalid",
      `${quoted(after)} is not where an answer has stopped`,
    );
  }
  return parts.map(Number);
}
