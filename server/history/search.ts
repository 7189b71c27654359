/**
 * Text search over the files of one revision, line by line. A regular expression takes time that is linear in what it
 * looks at, and each answer looks at no more than its share: then it says where the next one goes on.
 *
 * @module
 */

import { RE2JS } from "re2js";
import { splitsPair, type Text, type Workspace } from "../../ot/mod.ts";
import type { MatchItem, Question } from "../../proto/mod.ts";
import { numbersOf } from "./continuation.ts";
import { HistoryError } from "./error.ts";
import type { HistoryLimits } from "./limits.ts";
import type { Placed } from "./selection.ts";

/** Of a pattern, in code units; and of what it is compiled to, in instructions. */
const patternMax = 1000, programMax = 1000;
/** A line that is longer is looked at in pieces of so many code units. */
const pieceMax = 16_384;
/** A line that is longer is shown in part. */
const shownMax = 400, shownBefore = 100;
/** What looking at a line costs besides its length. */
const lineCost = 16;

/** A line ends with this too, if it stands before the line break. */
const carriageReturn = 13;

/** A place in some files. */
interface Position {
  /** Which file. */
  readonly file: number;
  /** The line, from 1, and where it begins. */
  readonly line: number;
  readonly lineAt: number;
  /** Where the line goes on, if a piece of it has been looked at. */
  readonly at: number;
}

/** Finds a pattern in a line. */
interface Finder {
  find(line: string): { readonly column: number; readonly length: number } | undefined;
  /** Of one code unit. */
  readonly cost: number;
}

/**
 * The first place in each line of `files`, in their order. What is handed back is where to go on; "" at the end.
 *
 * @throws {HistoryError} "pattern_invalid" or "continuation_invalid"
 */
export function* search(
  workspace: Workspace,
  files: readonly Placed[],
  question: Question & { readonly kind: "search" },
  after: string,
  limits: HistoryLimits,
): Generator<MatchItem, string> {
  const finder = finderOf(question);
  const most = question.matches === 0 ? limits.items : Math.min(question.matches, limits.items);
  let found = 0, cost = 0;
  const start = positionOf(after);
  for (let file = start.file; file < files.length; file++) {
    const { id, path } = files[file]!;
    const from = file === start.file ? start : { file, line: 1, lineAt: 0, at: 0 };
    for (const { line, lineAt, at, text } of linesFrom(workspace.text(id), from)) {
      if (found >= most || cost >= limits.searchCost) return `${file}:${line}:${lineAt}:${at}`;
      cost += text.length * finder.cost + lineCost;
      const place = finder.find(text);
      if (place === undefined) continue;
      found++;
      const shown = shownPart(text, place.column);
      const before = at - lineAt;
      yield {
        kind: "match",
        path,
        id,
        line,
        column: before + place.column,
        length: place.length,
        text: shown.text,
        textColumn: before + shown.column,
      };
    }
    cost += lineCost;
  }
  return "";
}

function positionOf(after: string): Position {
  const [file = 0, line = 1, lineAt = 0, at = 0] = numbersOf(after, 4);
  return { file, line, lineAt, at };
}

function finderOf({ pattern, regular, ignoreCase }: Question & { readonly kind: "search" }): Finder {
  if (pattern.length === 0 || pattern.length > patternMax) {
    throw new HistoryError("pattern_invalid", `A pattern has 1 to ${patternMax} code units`);
  }
  if (!regular && !ignoreCase) {
    const find = (line: string) => {
      const column = line.indexOf(pattern);
      return column < 0 ? undefined : { column, length: pattern.length };
    };
    return { find, cost: 1 };
  }
  const expression = compiled(regular ? pattern : RE2JS.quote(pattern), ignoreCase);
  const find = (line: string) => {
    if (!expression.test(line)) return undefined;
    const matcher = expression.matcher(line);
    return matcher.find() ? { column: matcher.start(), length: matcher.end() - matcher.start() } : undefined;
  };
  return { find, cost: 2 + (expression.programSize() >> 3) };
}

function compiled(pattern: string, ignoreCase: boolean): RE2JS {
  let expression: RE2JS;
  try {
    expression = RE2JS.compile(pattern, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new HistoryError("pattern_invalid", `The regular expression cannot be used: ${problem}`);
  }
  if (expression.programSize() > programMax) {
    throw new HistoryError("pattern_invalid", "The regular expression is too large: repeat less in it");
  }
  return expression;
}

/** A line, or a piece of a long one. */
interface Line {
  readonly line: number;
  readonly lineAt: number;
  readonly at: number;
  readonly text: string;
}

/** The lines of a text from a position on. What stands behind the last line break is a line if it is not empty. */
function* linesFrom(text: Text, { line, lineAt, at }: Position): Generator<Line> {
  if (at > text.length || splitsPair(text, at)) {
    throw new HistoryError("continuation_invalid", "There is no such place in what was searched");
  }
  while (at < text.length) {
    let to = Math.min(text.length, at + pieceMax);
    if (splitsPair(text, to)) to++;
    const piece = text.slice(at, to);
    let start = 0;
    for (let end = piece.indexOf("\n"); end >= 0; end = piece.indexOf("\n", start)) {
      const hasReturn = end > start && piece.charCodeAt(end - 1) === carriageReturn;
      yield { line, lineAt, at: at + start, text: piece.slice(start, hasReturn ? end - 1 : end) };
      start = end + 1;
      line++;
      lineAt = at + start;
    }
    // What is left is looked at with what follows, unless it is too long for that, or nothing follows.
    if (start === 0) {
      yield { line, lineAt, at, text: piece };
      start = piece.length;
    }
    at += start;
  }
}

/** What is shown of a line in which something was found. */
function shownPart(line: string, column: number): { readonly column: number; readonly text: string } {
  if (line.length <= shownMax) return { column: 0, text: line };
  let from = Math.max(0, Math.min(column - shownBefore, line.length - shownMax)), to = from + shownMax;
  if (splitsPair(line, from)) from--;
  if (splitsPair(line, to)) to++;
  return { column: from, text: line.slice(from, to) };
}
