/**
 * The difference between two texts as somebody would have made it who edited one into the other: line by line first,
 * then within the lines that differ; and where only crumbs of the old text are left in what is replaced, they go too.
 *
 * A difference letter by letter alone keeps whatever letters two unlike texts happen to share. Merged with somebody
 * else's edit, that gives words which nobody wrote.
 *
 * @module
 */

import { diffLines } from "diff";
import { type Characters, difference, normalize, type Splice, type TextOp, widen } from "../../ot/mod.ts";

/** Lines inserted and removed, beyond which the texts are not compared line by line. */
const linesMax = 5000;
/** Kept text between two splices that is no longer than this goes with them, unless it holds the end of a line. */
const crumbMax = 3;

/** An operation that makes `after` out of `before`. */
export function editBetween(before: string, after: string): TextOp {
  if (before === after) return [];
  const lines = diffLines(before, after, { maxEditLength: linesMax });
  const op = lines === undefined ? difference(before, after) : withinLines(lines);
  return widen(withoutCrumbs(op, before), before);
}

interface Piece {
  readonly value: string;
  readonly added: boolean;
  readonly removed: boolean;
}

/** Goes through pieces of lines that stay, are removed and are added, and compares what takes the place of what. */
function withinLines(pieces: readonly Piece[]): TextOp {
  const splices: Splice[] = [];
  let at = 0, gone = "", come = "";
  const close = () => {
    for (const splice of difference(gone, come)) splices.push({ ...splice, at: splice.at + at });
    at += gone.length;
    gone = come = "";
  };
  for (const { value, added, removed } of pieces) {
    if (removed) gone += value;
    else if (added) come += value;
    else {
      close();
      at += value.length;
    }
  }
  close();
  return normalize(splices);
}

/** Joins splices between which hardly anything is kept, unless they only insert, or only remove: those replace nothing. */
function withoutCrumbs(op: TextOp, text: Characters): TextOp {
  const groups: Splice[][] = [];
  for (const splice of op) {
    const last = groups.at(-1)?.at(-1);
    const kept = last === undefined ? "" : text.slice(last.at + last.remove, splice.at);
    if (last === undefined || kept.length > crumbMax || kept.includes("\n")) groups.push([splice]);
    else groups.at(-1)!.push(splice);
  }
  return groups.flatMap((group) => {
    const isOneWay = group.every(({ remove }) => remove === 0) || group.every(({ insert }) => insert === "");
    return isOneWay ? group : [joined(group, text)];
  });
}

function joined([first, ...rest]: readonly Splice[], text: Characters): Splice {
  let { at, remove, insert } = first!;
  for (const splice of rest) {
    insert += text.slice(at + remove, splice.at) + splice.insert;
    remove = splice.at + splice.remove - at;
  }
  return { at, remove, insert };
}
