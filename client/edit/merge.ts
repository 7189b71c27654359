/**
 * An edit of what somebody has read, brought to what there is now.
 *
 * What has happened since is another operation on the same text, so the two are merged as concurrent edits are. They
 * **overlap** where their splices meet.
 *
 * @module
 */

import { meetings, type Splice, type TextOp, transform, transformPosition } from "../../ot/mod.ts";

/** A part of a text, in UTF-16 code units. */
export interface Stretch {
  /** Where it begins. */
  readonly from: number;
  /** Where it ends. */
  readonly to: number;
}

/** What an edit comes to. */
export interface Merged {
  /** Fits the text as it is now. */
  readonly op: TextOp;
  /** Where the two overlap, in positions of what was read. */
  readonly overlaps: readonly Stretch[];
}

/** `op` for the text after `since`, where both are operations on what was read. */
export function mergedOver(op: TextOp, since: TextOp): Merged {
  // What others have replaced in just this way is done already. Two equal insertions are two insertions.
  const left = op.filter((splice) => splice.remove === 0 || !since.some((other) => isSame(splice, other)));
  const overlaps = [...meetings(left, since)].map(([splice, other]) => stretchOf(splice, other));
  // Of two insertions at one place, the one that was there first stands left.
  return { op: transform(left, since, "right"), overlaps };
}

function stretchOf(a: Splice, b: Splice): Stretch {
  return { from: Math.min(a.at, b.at), to: Math.max(endOf(a), endOf(b)) };
}

/** Where a stretch is after some operations, with what they have put at its edges. */
export function movedStretch({ from, to }: Stretch, ops: readonly TextOp[]): Stretch {
  for (const op of ops) {
    from = transformPosition(from, op, "left");
    to = transformPosition(to, op, "right");
  }
  return { from, to };
}

function isSame(a: Splice, b: Splice): boolean {
  return a.at === b.at && a.remove === b.remove && a.insert === b.insert;
}

function endOf({ at, remove }: Splice): number {
  return at + remove;
}
