/**
 * The difference between two texts that nobody has recorded the edits between.
 *
 * Equal ends are set aside, and what is left between them is compared by the greedy algorithm of Myers (An O(ND)
 * Difference Algorithm, 1986), which is quick for texts that differ little. Its work is bounded by the length of
 * the edit, not by time, so that every replica finds the same difference; past the bound, the middle is replaced
 * as a whole.
 *
 * @module
 */

import { type Characters, normalize, type Splice, type TextOp, widen } from "./text_op.ts";

/** Code units inserted and removed, beyond which a middle is replaced as a whole. */
const distanceMax = 400;

/** An operation that makes `after` out of `before`; it cuts no surrogate pair. */
export function difference(before: Characters, after: Characters): TextOp {
  const a = before.slice(0), b = after.slice(0);
  let start = 0, end = 0;
  const shorter = Math.min(a.length, b.length);
  while (start < shorter && a.charCodeAt(start) === b.charCodeAt(start)) start++;
  while (end < shorter - start && a.charCodeAt(a.length - 1 - end) === b.charCodeAt(b.length - 1 - end)) {
    end++;
  }
  if (start === a.length && start === b.length) return [];
  const splices = between(a.slice(start, a.length - end), b.slice(start, b.length - end));
  return widen(normalize(splices.map((splice) => ({ ...splice, at: splice.at + start }))), a);
}

/** Splices from `a` to `b`, which differ at both ends. */
function between(a: string, b: string): Splice[] {
  const whole = [{ at: 0, remove: a.length, insert: b }];
  if (a === "" || b === "") return whole;
  // furthest[k + offset]: how far into `a` one gets on diagonal k with `distance` insertions and removals.
  const offset = distanceMax + 1;
  let furthest = new Int32Array(2 * offset + 1);
  const rounds: Int32Array[] = [];
  for (let distance = 0; distance <= distanceMax; distance++) {
    rounds.push(furthest.slice());
    for (let k = -distance; k <= distance; k += 2) {
      const down = k === -distance ||
        (k !== distance && furthest[offset + k - 1]! < furthest[offset + k + 1]!);
      let x = down ? furthest[offset + k + 1]! : furthest[offset + k - 1]! + 1;
      while (x < a.length && x - k < b.length && a.charCodeAt(x) === b.charCodeAt(x - k)) x++;
      furthest[offset + k] = x;
      if (x >= a.length && x - k >= b.length) return traced(a, b, rounds, offset);
    }
    furthest = furthest.slice();
  }
  return whole;
}

/** The way back from the end, as splices. */
function traced(a: string, b: string, rounds: readonly Int32Array[], offset: number): Splice[] {
  const splices: Splice[] = [];
  let x = a.length, y = b.length;
  for (let distance = rounds.length - 1; distance > 0; distance--) {
    const before = rounds[distance]!;
    const k = x - y;
    const down = k === -distance || (k !== distance && before[offset + k - 1]! < before[offset + k + 1]!);
    const fromX = down ? before[offset + k + 1]! : before[offset + k - 1]!;
    const fromY = fromX - (down ? k + 1 : k - 1);
    splices.push(
      down
        ? { at: fromX, remove: 0, insert: b.slice(fromY, fromY + 1) }
        : { at: fromX, remove: 1, insert: "" },
    );
    x = fromX;
    y = fromY;
  }
  return splices.reverse();
}
