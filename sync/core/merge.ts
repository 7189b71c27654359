/**
 * Two texts that came from one, brought together: what was done on the disk, as an operation on what the workspace says.
 *
 * Differences are found by lines first, and within the lines that differ by characters, so that a large file that was
 * rewritten by a tool still becomes small edits at the right places. What both sides did alike is done once: two people
 * who pull the same commit while they are offline have it once.
 *
 * @module
 */

import { diffArrays } from "diff";
import {
  difference,
  normalize,
  type Splice,
  type Text,
  type TextOp,
  transform,
  widen,
} from "../../ot/mod.ts";

/** Lines inserted and removed, beyond which all that lies between equal ends is compared as one. */
const linesMax = 4000;

/** An operation that makes `after` out of `before`, as small as can be found. */
export function textDifference(before: Text, after: Text): TextOp {
  if (before.equals(after)) return [];
  const a = before.toString(), b = after.toString();
  const parts = diffArrays(linesOf(a), linesOf(b), { maxEditLength: linesMax });
  if (parts === undefined) return difference(a, b);
  const splices: Splice[] = [];
  let at = 0, from = "", to = "";
  const flush = () => {
    for (const splice of difference(from, to)) splices.push({ ...splice, at: at + splice.at });
    at += from.length;
    from = to = "";
  };
  for (const { added, removed, value } of parts) {
    const text = value.join("");
    if (removed) from += text;
    else if (added) to += text;
    else {
      flush();
      at += text.length;
    }
  }
  flush();
  return widen(normalize(splices), a);
}

/** The lines of a text, each with its ending. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** What makes the workspace's text say also what was done on the disk since both were `synced`. */
export function mergeUp(synced: Text, disk: Text, workspace: Text): TextOp {
  if (disk.equals(workspace)) return [];
  const ours = textDifference(synced, disk);
  if (ours.length === 0 || synced.equals(workspace)) return ours;
  const theirs = textDifference(synced, workspace);
  const op = transform(withoutShared(ours, theirs), theirs, "right");
  return widen(op, workspace);
}

/**
 * `ours` without what `theirs` does in the same way. Both removing the same is removed once anyway; what both insert at
 * one place would be there twice.
 */
function withoutShared(ours: TextOp, theirs: TextOp): TextOp {
  const shared = new Map(theirs.map((splice) => [splice.at, splice]));
  const rest: Splice[] = [];
  for (const splice of ours) {
    const other = shared.get(splice.at);
    const isShared = other !== undefined && other.remove === splice.remove && other.insert === splice.insert;
    if (!isShared) rest.push(splice);
  }
  return rest;
}
