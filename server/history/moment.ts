/**
 * Which revision is meant, and the workspace as it was then.
 *
 * @module
 */

import type { Moment } from "../../proto/mod.ts";
import type { State } from "../core/mod.ts";
import { HistoryError } from "./error.ts";
import type { HistorySource } from "./source.ts";

/**
 * The revision that is meant by a moment.
 *
 * @throws {HistoryError} "revision_unknown" if it is not there yet, "revision_forgotten" if it is below the floor.
 */
export function revisionOf(source: HistorySource, { revision, time }: Moment): number {
  if (time === 0) {
    checkRevision(source, revision);
    return revision;
  }
  const found = source.revisionAt(time);
  // All entries may be later than that: then it is not known what there was.
  if (found === source.floor && found > 0 && source.checkpoint(found).time > time) {
    throw new HistoryError(
      "revision_forgotten",
      `The log reaches back to revision ${found} alone, which is later than that. Ask for a later time.`,
    );
  }
  return found;
}

/** {@linkcode revisionOf} where revision 0 stands for the newest. */
export function revisionOrNewest(source: HistorySource, at: Moment): number {
  return at.revision === 0 && at.time === 0 ? source.revision : revisionOf(source, at);
}

function checkRevision({ revision: newest, floor }: HistorySource, revision: number): void {
  if (revision > newest) {
    throw new HistoryError(
      "revision_unknown",
      `There is no revision ${revision} yet: the newest is ${newest}. Ask for one up to that.`,
    );
  }
  if (revision < floor) {
    throw new HistoryError(
      "revision_forgotten",
      `Revision ${revision} is no longer kept: the log reaches back to ${floor}. Ask for that or a later one.`,
    );
  }
}

/** The state at a revision that is not below the floor. */
export function stateAt(source: HistorySource, revision: number): State {
  return advanced(source, source.checkpoint(revision), revision);
}

/** So many entries are rather applied than a state loaded: what they do not touch is then known to be the same. */
const appliedMax = 20_000;

/** The states at two revisions, of which `from` is not the later one. */
export function statesAt(source: HistorySource, from: number, to: number): readonly [State, State] {
  const before = stateAt(source, from);
  return [before, to - from <= appliedMax ? advanced(source, before, to) : stateAt(source, to)];
}

function advanced(source: HistorySource, state: State, revision: number): State {
  if (state.revision === revision) return state;
  for (const entry of source.entries(state.revision, revision)) state = state.apply(entry);
  return state;
}

/**
 * Looks back no further than `limit` entries.
 *
 * @throws {HistoryError} "too_much"
 */
export function checkSpan(from: number, to: number, limit: number): void {
  if (from > to) {
    throw new HistoryError(
      "revision_unknown",
      `Revision ${from} is later than ${to}: ask from an earlier one.`,
    );
  }
  if (to - from > limit) {
    throw new HistoryError(
      "too_much",
      `From revision ${from} to ${to} are more than ${limit} entries. Ask from a later revision.`,
    );
  }
}
