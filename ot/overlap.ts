/**
 * Whether two edits of one text meet: one removes what the other removes too, or inserts into what the other removes.
 * Beside each other, or at one place, they do not: then both hold, whole.
 *
 * @module
 */

import type { Splice, TextOp } from "./text_op.ts";

/** Whether any splices of `a` and `b`, operations on one text, meet. */
export function overlap(a: TextOp, b: TextOp): boolean {
  return meetings(a, b).next().done !== true;
}

/** Those splices of `a` and `b`, operations on one text, that meet. */
export function* meetings(a: TextOp, b: TextOp): Generator<readonly [Splice, Splice]> {
  let k = 0;
  for (const splice of a) {
    while (k > 0 && endOf(b[k - 1]!) > splice.at) k--;
    for (; k < b.length && b[k]!.at < endOf(splice); k++) {
      const other = b[k]!;
      if (meet(splice, other)) yield [splice, other];
    }
  }
}

function meet(a: Splice, b: Splice): boolean {
  const from = Math.max(a.at, b.at), to = Math.min(endOf(a), endOf(b));
  if (a.remove > 0 && b.remove > 0) return from < to;
  const [inserted, removed] = a.remove === 0 ? [a, b] : [b, a];
  return removed.at < inserted.at && inserted.at < endOf(removed);
}

function endOf({ at, remove }: Splice): number {
  return at + remove;
}
