/**
 * Globs in a question.
 *
 * @module
 */

import { GlobError, Globs } from "../../ot/mod.ts";
import { HistoryError } from "./error.ts";

/**
 * Whether a path is like one of the globs.
 *
 * @throws {HistoryError} "pattern_invalid"
 */
export function globMatcher(globs: readonly string[]): (path: string) => boolean {
  try {
    const all = new Globs(globs);
    return (path) => all.match(path);
  } catch (error) {
    if (!(error instanceof GlobError)) throw error;
    throw new HistoryError("pattern_invalid", error.message);
  }
}
