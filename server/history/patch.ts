/**
 * The difference of two texts as a unified diff, in the format of git. Equal ends are set aside first; what is left
 * between them is compared by a library, within bounds: two long texts that have little in common are said to be
 * replaced as a whole, very long ones only to differ.
 *
 * @module
 */

import { formatPatch, type StructuredPatch, structuredPatch, type StructuredPatchHunk } from "diff";
import type { FileStatus } from "../../proto/mod.ts";

/** Lines inserted and removed, beyond which all lines are replaced. */
const distanceMax = 1000;
/** What comparing may cost: lines, each as often as there are lines inserted and removed. */
const costMax = 20_000_000;
/** What a line costs besides its length, in code units. */
const lineCost = 10;
/** What a patch says of a file that is not there. */
const nowhere = "/dev/null";

/** A file as it was and as it is. */
export interface FilePair {
  readonly status: FileStatus;
  readonly path: string;
  readonly from: string;
  /** Whether it could be executed, and whether it can. */
  readonly modes: { readonly was: boolean; readonly is: boolean };
  readonly before: string;
  readonly after: string;
}

export interface Patch {
  readonly patch: string;
  /** Too long to be compared: the patch says only that there is a difference. */
  readonly omitted: boolean;
  /** What was left between equal ends: code units, and ten more for each line. */
  readonly compared: number;
}

/** That two files differ, of which one at least is no text. */
export function binaryPatchOf(pair: Omit<FilePair, "before" | "after">): string {
  const head = headOf(pair);
  return `${formatPatch(head)}Binary files ${head.oldFileName} and ${head.newFileName} differ\n`;
}

/** @param lengthMax Of what is left of both texts between equal ends: code units, and ten more for each line. */
export function patchOf(pair: FilePair, context: number, lengthMax: number): Patch {
  const { before, after } = pair, head = headOf(pair);
  if (before === after) return { patch: formatPatch(head), omitted: false, compared: 0 };
  const middle = between(before, after, context);
  const compared = costOf(middle.before) + costOf(middle.after);
  if (compared > lengthMax) return { patch: formatPatch(head), omitted: true, compared };
  const hunks = hunksOf(middle, context) ?? [wholeHunk(between(before, after, 0))];
  return { patch: formatPatch({ ...head, hunks }), omitted: false, compared };
}

function headOf({ status, path, from, modes }: Omit<FilePair, "before" | "after">): StructuredPatch {
  const isAdded = status === "added", isRemoved = status === "removed";
  return {
    oldFileName: isAdded ? nowhere : `a/${from === "" ? path : from}`,
    newFileName: isRemoved ? nowhere : `b/${path}`,
    oldHeader: undefined,
    newHeader: undefined,
    hunks: [],
    isGit: true,
    ...(isAdded ? { isCreate: true } : isRemoved ? { isDelete: true } : {}),
    ...(status === "renamed" ? { isRename: true } : {}),
    // Said where it changes, and of what comes or goes where it is not the usual one.
    ...(modes.was !== modes.is || isAdded || isRemoved
      ? { oldMode: gitMode(modes.was), newMode: gitMode(modes.is) }
      : {}),
  };
}

/** What git calls a file that can be executed, and one that cannot. */
function gitMode(executable: boolean): string {
  return executable ? "100755" : "100644";
}

function costOf(text: string): number {
  return text.length + lineCost * countLines(text);
}

/** What is left of two texts between equal lines. */
interface Middle {
  readonly before: string;
  readonly after: string;
  /** How many lines come before it. */
  readonly lines: number;
}

/** The middle, with so many of the equal lines around it. */
function between(a: string, b: string, context: number): Middle {
  const shorter = Math.min(a.length, b.length);
  let start = 0, end = 0;
  while (start < shorter && a.charCodeAt(start) === b.charCodeAt(start)) start++;
  while (end < shorter - start && a.charCodeAt(a.length - 1 - end) === b.charCodeAt(b.length - 1 - end)) {
    end++;
  }
  start = lineStart(a, start);
  for (let i = 0; i < context && start > 0; i++) start = lineStart(a, start - 1);
  // The end begins behind a line break that both have.
  let stop = a.length - end;
  for (let i = 0; i <= context && stop < a.length; i++) {
    const lineBreak = a.indexOf("\n", stop);
    stop = lineBreak < 0 ? a.length : lineBreak + 1;
  }
  end = a.length - stop;
  return {
    before: a.slice(start, stop),
    after: b.slice(start, b.length - end),
    lines: countLines(a.slice(0, start)),
  };
}

function lineStart(text: string, at: number): number {
  return at === 0 ? 0 : text.lastIndexOf("\n", at - 1) + 1;
}

function countLines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines++;
  return lines;
}

/** Undefined if the two have too little in common. */
function hunksOf({ before, after, lines }: Middle, context: number): StructuredPatchHunk[] | undefined {
  const count = countLines(before) + countLines(after) + 1;
  const maxEditLength = Math.min(distanceMax, Math.ceil(costMax / count));
  const patch = structuredPatch("", "", before, after, undefined, undefined, { context, maxEditLength });
  return patch?.hunks.map((hunk) => ({
    ...hunk,
    oldStart: hunk.oldStart + lines,
    newStart: hunk.newStart + lines,
  }));
}

/** All lines of one removed, all of the other added. */
function wholeHunk({ before, after, lines }: Middle): StructuredPatchHunk {
  const old = markedLines("-", before), fresh = markedLines("+", after);
  return {
    oldStart: lines + 1,
    oldLines: old.count,
    newStart: lines + 1,
    newLines: fresh.count,
    lines: [...old.lines, ...fresh.lines],
  };
}

function markedLines(mark: string, text: string): { readonly lines: string[]; readonly count: number } {
  if (text === "") return { lines: [], count: 0 };
  const isEnded = text.endsWith("\n");
  const lines = (isEnded ? text.slice(0, -1) : text).split("\n").map((line) => mark + line);
  const count = lines.length;
  if (!isEnded) lines.push("\\ No newline at end of file");
  return { lines, count };
}
