/**
 * What a judge says when something does not hold.
 *
 * @module
 */

/** What must hold of every run: docs/laboratory.md says of each what it means. */
export const invariants = [
  "convergence",
  "fold",
  "order",
  "durability",
  "exactly_once",
  "nothing_lost",
  "nothing_invented",
  "order_kept",
  "causality",
  "tree",
  "atomicity",
  /** A change is there only if what it depended on held at its place, and as a part of what its author meant. */
  "as_meant",
  "bounds",
  "isolation",
  "time_travel",
  "presence",
  "undo",
  "liveness",
  /** Nobody receives or changes what their token does not cover. */
  "rights",
  /** What the log says that somebody signed is what they signed. */
  "signatures",
  "replay",
  /** A core stopped itself: one of its own assertions, or an error that nobody foresaw. */
  "no_panic",
  /** The same events gave something else the second time, or after a core had been saved and restored. */
  "determinism",
] as const;
export type Invariant = typeof invariants[number];

/** That an invariant does not hold. */
export class Failure extends Error {
  override readonly name = "Failure";
  /** When it was seen, in virtual microseconds; the simulation fills it in. */
  atUs = 0;

  constructor(
    readonly invariant: Invariant,
    /** What kind of breach it is, in words that stay the same when the scenario shrinks. */
    readonly breach: string,
    /** What was found here: names, numbers, the smallest difference. */
    readonly detail: string,
    /** The revision at which it shows; undefined if it is about none. */
    readonly revision?: number,
  ) {
    super(`${invariant}: ${breach}${detail === "" ? "" : `\n${detail}`}`);
  }

  /** Tells this failure from others while a scenario shrinks. */
  get fingerprint(): string {
    return `${this.invariant}: ${this.breach}`;
  }
}

/** The first place where two texts differ, in plain words. */
export function differenceOf(actual: string, expected: string): string {
  let start = 0;
  const shorter = Math.min(actual.length, expected.length);
  while (start < shorter && actual[start] === expected[start]) start++;
  if (start === shorter && actual.length === expected.length) return "they are equal";
  const from = Math.max(0, start - 10);
  const excerpt = (text: string) => {
    const middle = text.slice(from, start + 20);
    return `${from > 0 ? "…" : ""}${JSON.stringify(middle.toWellFormed())}${
      start + 20 < text.length ? "…" : ""
    }`;
  };
  return `at ${start}: ${excerpt(actual)} (of ${actual.length})\n  where it is ${
    excerpt(expected)
  } (of ${expected.length})`;
}
