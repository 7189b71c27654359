/**
 * What happens in a workspace, as lines for people to read.
 *
 *     Ada  notes.txt 1:6  +", world"
 *     Bob  renamed notes.txt to diary.txt
 *     put notes.txt: revision 12; the name was taken, it is "notes (2).txt" now
 *
 * Everything that comes from others is quoted: nothing in it can reach the terminal as a command.
 *
 * @module
 */

import type { Notice, Outcome, Participant, Splice, TextOp } from "../mod.ts";
import { endOfLineAt, lineOf, placeOf, startOfLineAt } from "./client_position.ts";
import { excerpt, harmless, wordOf } from "./client_words.ts";

/** How much of a text is shown in a line. */
const excerptMax = 40;
/** How many places of one edit are told. */
const placesMax = 3;
/** How many lines of one place are shown before, and how many after; and how much of each. */
const linesMax = 8, lineLengthMax = 160;

/** Where in its text, and how, an edit changes it: `1:6 +", world"`. */
export function editReport(before: string, op: TextOp): string {
  const places = op.slice(0, placesMax).map((splice) => placeReport(before, splice));
  if (op.length > placesMax) places.push(`and ${op.length - placesMax} more places`);
  return places.join(", ");
}

function placeReport(before: string, { at, remove, insert }: Splice): string {
  const place = placeOf(before, at);
  const removed = excerpt(before.slice(at, at + remove), excerptMax);
  const inserted = excerpt(insert, excerptMax);
  if (remove === 0) return `${place}  +${inserted}`;
  if (insert === "") return `${place}  -${removed}`;
  return `${place}  ${removed} → ${inserted}`;
}

/** Lines that an edit changes, as they were and as they are. */
export interface Hunk {
  /** The number of the first one, before the edit. */
  readonly line: number;
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** The lines that an edit changes; splices that share a line are in one hunk. */
export function hunksOf(before: string, op: TextOp): Hunk[] {
  const groups: { from: number; to: number; splices: Splice[] }[] = [];
  for (const splice of op) {
    const end = splice.at + splice.remove;
    const from = startOfLineAt(before, splice.at), to = Math.max(end, endOfLineAt(before, end));
    const last = groups[groups.length - 1];
    if (last === undefined || from > last.to) {
      groups.push({ from, to, splices: [splice] });
    } else {
      last.to = Math.max(last.to, to);
      last.splices.push(splice);
    }
  }
  return groups.map(({ from, to, splices }) => {
    let text = "", copied = from;
    for (const { at, remove, insert } of splices) {
      text += before.slice(copied, at) + insert;
      copied = at + remove;
    }
    return trimmed(lineOf(before, from), before.slice(from, to), text + before.slice(copied, to));
  });
}

/** The hunk without the lines at its ends that are the same before and after. */
function trimmed(line: number, before: string, after: string): Hunk {
  const a = before.split(/\r?\n/), b = after.split(/\r?\n/);
  let start = 0, end = 0;
  const shorter = Math.min(a.length, b.length);
  while (start < shorter && a[start] === b[start]) start++;
  while (end < shorter - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  return {
    line: line + start,
    before: a.slice(start, a.length - end),
    after: b.slice(start, b.length - end),
  };
}

/** The hunks of an edit as lines, `-` before what was and `+` before what is. */
export function hunksReport(hunks: readonly Hunk[]): string[] {
  const lines: string[] = [];
  let shift = 0;
  for (const { line, before, after } of hunks) {
    lines.push(...numbered(line, "-", before), ...numbered(line + shift, "+", after));
    shift += after.length - before.length;
  }
  return lines;
}

function numbered(from: number, sign: string, lines: readonly string[]): string[] {
  const shown = lines.slice(0, linesMax).map((line, i) =>
    `${String(from + i).padStart(6)} ${sign} ${clipped(line)}`
  );
  if (lines.length > linesMax) shown.push(`${" ".repeat(6)} ${sign} … ${lines.length - linesMax} more lines`);
  return shown;
}

function clipped(line: string): string {
  const points = [...line.slice(0, 2 * lineLengthMax + 2)];
  const whole = points.length <= lineLengthMax;
  return harmless(whole ? line : `${points.slice(0, lineLengthMax).join("")}…`);
}

/** One thing that happened to the tree. Paths are undefined where the node was not there, or is gone. */
export interface TreeReport {
  readonly before: string | undefined;
  readonly after: string | undefined;
  readonly directory: boolean;
  /** Whether it has been there before. */
  readonly known: boolean;
  /** Whether it can be executed now, if that is what has changed. */
  readonly executable?: boolean;
}

/** "created src/main.ts"; what else stays where it is is a binary file with other bytes. */
export function treeReport({ before, after, directory, known, executable }: TreeReport): string {
  const name = (path: string) => wordOf(path) + (directory ? "/" : "");
  if (before === undefined) return `${known ? "restored" : "created"} ${name(after ?? "")}`;
  if (after === undefined) return `removed ${name(before)}`;
  if (before === after && executable !== undefined) {
    return `made ${name(after)} ${executable ? "executable" : "no longer executable"}`;
  }
  if (before === after) return `replaced ${name(after)}`;
  const verb = directoryOf(before) === directoryOf(after) ? "renamed" : "moved";
  return `${verb} ${name(before)} to ${name(after)}`;
}

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}

/** What became of an own change: "revision 12", and what came out differently. */
export function outcomeReport(
  outcome: Exclude<Outcome, { kind: "accepted" }>,
  pathOf: (node: string) => string,
): string {
  if (outcome.kind === "refused") {
    const { code, message } = outcome.problem;
    return `refused: ${harmless(message)} (${harmless(code)})`;
  }
  return [`revision ${outcome.revision}`, ...outcome.notices.map((notice) => noticeReport(notice, pathOf))]
    .join("; ");
}

function noticeReport(notice: Notice, pathOf: (node: string) => string): string {
  const path = wordOf(pathOf(notice.node));
  switch (notice.kind) {
    case "renamed":
      return `the name was taken, it is ${path} now`;
    case "retargeted":
      return `the directory has been removed, it is ${path} now`;
    case "dropped":
      return notice.reason === "cycle"
        ? `${path} stays where it is, since the directory is within it by now`
        : `${path} stays removed, since somebody else has removed it after you`;
  }
}

/** "Ada", or "Fixer (agent)". */
export function participantReport({ name, kind }: Participant): string {
  return harmless(name) + (kind === "human" ? "" : ` (${kind})`);
}
