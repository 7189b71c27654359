/**
 * Two texts that came from one, brought together: what was done on the disk, as an operation on what the workspace says.
 *
 * Differences are found by lines, within the lines that differ by words, and within a word that was corrected by
 * characters: so a large file that was rewritten by a tool becomes small edits at the right places, and two edits of one
 * line do not get among each other's letters. What both sides did alike is done once: two people
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

/** Lines, or words, inserted and removed, beyond which they are not compared one by one. */
const partsMax = 4000;

/** An operation that makes `after` out of `before`, as small as makes sense to people. */
export function textDifference(before: Text, after: Text): TextOp {
  if (before.equals(after)) return [];
  const a = before.toString(), b = after.toString();
  const splices = compared(linesOf(a), linesOf(b), 0, (from, to, at) => {
    const typed = insertedOrRemoved(from, to);
    if (typed !== undefined) return moved([typed], at);
    return compared(wordsOf(from), wordsOf(to), at, (from, to, at) => moved(ofWords(from, to), at));
  });
  return widen(normalize(splices), a);
}

/** Compares two sequences, and what was replaced in them by `closer`. */
function compared(
  before: string[],
  after: string[],
  start: number,
  closer: (from: string, to: string, at: number) => readonly Splice[],
): Splice[] {
  const parts = diffArrays(before, after, { maxEditLength: partsMax });
  if (parts === undefined) return moved(difference(before.join(""), after.join("")), start);
  const splices: Splice[] = [];
  let at = start, from = "", to = "";
  const flush = () => {
    if (from !== "" && to !== "") splices.push(...closer(from, to, at));
    else if (from !== to) splices.push({ at, remove: from.length, insert: to });
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
  return splices;
}

/** The one place at which something was put in or taken out; undefined if there was more to it. */
function insertedOrRemoved(from: string, to: string): Splice | undefined {
  const shorter = Math.min(from.length, to.length);
  let start = 0, end = 0;
  while (start < shorter && from.charCodeAt(start) === to.charCodeAt(start)) start++;
  while (
    end < shorter - start && from.charCodeAt(from.length - 1 - end) === to.charCodeAt(to.length - 1 - end)
  ) end++;
  if (start + end < shorter) return undefined;
  return { at: start, remove: from.length - start - end, insert: to.slice(start, to.length - end) };
}

/** A word that became another is replaced whole, one that was corrected is corrected: letters that two happen to share say nothing. */
function ofWords(from: string, to: string): readonly Splice[] {
  const op = difference(from, to);
  const kept = op.reduce((left, { remove }) => left - remove, from.length);
  return 2 * kept >= Math.max(from.length, to.length) ? op : [{ at: 0, remove: from.length, insert: to }];
}

function moved(splices: readonly Splice[], by: number): Splice[] {
  return splices.map((splice) => ({ ...splice, at: splice.at + by }));
}

/** The lines of a text, each with its ending. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** The words of a text, and what is between them. */
function wordsOf(text: string): string[] {
  return text.match(/[\p{L}\p{M}\p{N}_]+|[^\S\n]+|[^]/gu) ?? [];
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
