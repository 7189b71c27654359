/**
 * Which characters may stand for which in a redacted text: those of the same class, so that it reads as a text of
 * the same kind, and as long in UTF-8 and in UTF-16.
 *
 * A character is replaced by turning its class's alphabet like a wheel: `turned(point, by)` is one to one for each
 * `by`. What has no class stays as it is: blanks, line ends, control and formatting characters.
 *
 * @module
 */

import { compositionTable } from "../ot/unicode.ts";

type Run = readonly [from: number, to: number];

/** Letters that come in two cases, as runs of the same length: both are turned alike. */
const casedRuns: readonly (readonly [upper: Run, lower: Run])[] = [
  [[0x41, 0x5a], [0x61, 0x7a]],
  [[0xc0, 0xd6], [0xe0, 0xf6]],
  [[0x391, 0x3a1], [0x3b1, 0x3c1]],
  [[0x3a3, 0x3ab], [0x3c3, 0x3cb]],
  [[0x410, 0x42f], [0x430, 0x44f]],
  [[0x531, 0x556], [0x561, 0x586]],
];

/** All others: digits, marks, scripts and symbols, each run of one length in UTF-8. */
const plainRuns: readonly Run[] = [
  [0x30, 0x39],
  [0xa1, 0xbf],
  [0xd8, 0xdf],
  [0xf8, 0x2ff],
  [0x300, 0x36f],
  [0x370, 0x7ff],
  [0x800, 0x1fff],
  [0x2070, 0x2e7f],
  [0x2e80, 0x303f],
  [0x3040, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4dc0, 0x9fff],
  [0xa000, 0xabff],
  [0xac00, 0xd7a3],
  [0xe000, 0xf8ff],
  [0xf900, 0xfdff],
  [0xff01, 0xffdc],
];

/** Characters that take two code units are turned among those with the same first one. */
const pairRun = 0x400;

const punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

/** How a name is told from a text: there, what has a meaning for the tree stays. */
export type Kind = "text" | "name";

/** The character that stands for `point` when its alphabet is turned by `by`, a whole number from 0 on. */
export function turned(point: number, by: number, kind: Kind): number {
  if (point < 0x80 && kind === "text") {
    const at = punctuation.indexOf(String.fromCharCode(point));
    if (at >= 0) return punctuation.charCodeAt((at + by) % punctuation.length);
  }
  // Where texts are compared unit by unit, second halves that were equal must stay equal, too.
  if (point > 0xffff && kind === "text") return point - point % pairRun + (point + by % pairRun) % pairRun;
  const run = runOf(point);
  return run === undefined ? point : turnedIn(run, point, by, kind);
}

/** The same for characters that differ only in case. */
export function folded(point: number): number {
  for (const [upper, lower] of casedRuns) if (contains(upper, point)) return point - upper[0] + lower[0];
  return point;
}

/** Steps over what is not to be used, so the turn stays one to one among the rest. */
function turnedIn(run: Run, point: number, by: number, kind: Kind): number {
  if (isFixed(point, kind)) return point;
  const [from, to] = run, count = to - from + 1;
  const turn = by % count;
  if (turn === 0) return point;
  let result = point;
  do result = from + (result - from + turn) % count; while (
    isFixed(result, kind) || runOf(result)?.[0] !== from
  );
  return result;
}

/** The run in which a character is turned: letters of two cases lie amid others that have none. */
function runOf(point: number): Run | undefined {
  for (const [upper, lower] of casedRuns) {
    if (contains(upper, point)) return upper;
    if (contains(lower, point)) return lower;
  }
  if (point > 0xffff) return [point - point % pairRun, point - point % pairRun + pairRun - 1];
  return plainRuns.find((run) => contains(run, point));
}

function contains([from, to]: Run, point: number): boolean {
  return point >= from && point <= to;
}

/**
 * Whether a character stays. In names, what composes with the character before it does, and what no composed text
 * holds: so a name is in normal form C before if and only if it is after.
 */
export function isFixed(point: number, kind: Kind): boolean {
  // Times and divided by stand among letters; the last of some runs are no characters.
  if (point === 0xd7 || point === 0xf7 || (point & 0xfffe) === 0xfffe) return true;
  return kind === "name" && composes(point);
}

/** Whether a character may become one with that before it, or stands for others. */
export function composes(point: number): boolean {
  if (point < 0x300) return false;
  // Vowels and trailing consonants of Hangul.
  if (point >= 0x1161 && point <= 0x11ff) return true;
  const { ranks, composites, excluded } = compositionTable();
  return ranks.has(point) || composites.has(point) || excluded.has(point);
}
