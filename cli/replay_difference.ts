/**
 * Where two texts differ first, for somebody to look at.
 *
 * @module
 */

export interface Difference {
  /** Where it begins, both from 1; columns count UTF-16 code units. */
  readonly line: number;
  readonly column: number;
  /** Either text around it. */
  readonly expected: string;
  readonly actual: string;
}

/** How much is shown before and after, in UTF-16 code units. */
const contextLength = 30;

/** The first difference; undefined if there is none. */
export function firstDifference(expected: string, actual: string): Difference | undefined {
  if (expected === actual) return undefined;
  let at = 0;
  while (at < expected.length && expected[at] === actual[at]) at++;
  const before = expected.slice(0, at).split("\n");
  const around = (text: string) =>
    text.slice(Math.max(0, at - contextLength), at + contextLength).toWellFormed();
  return {
    line: before.length,
    column: before[before.length - 1]!.length + 1,
    expected: around(expected),
    actual: around(actual),
  };
}
