/**
 * Texts as lines, which is how people and agents count in them.
 *
 * A line has its end with it. What stands behind the last end is a line of its own, if there is anything: "a\nb" has two
 * lines, "a\nb\n" too, and "" has none.
 *
 * @module
 */

import { normalize, type Splice, type TextOp } from "../../ot/mod.ts";
import { SpaceError } from "../error.ts";
import { editBetween } from "./text_difference.ts";

/** Lines that are to be others. */
export interface Lines {
  /** The first of them, from 1; one more than there are to go on behind the last. */
  readonly first: number;
  /** The last of them; one less than the first to put something before it and replace nothing. */
  readonly last: number;
  /** What is to stand there, as whole lines: the end of the last one is added if it is missing. "" for nothing. */
  readonly text: string;
}

/** The lines of a text, each with its end. */
export function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+/g) ?? [];
}

/**
 * The operation that makes other lines of these; all count lines of the same text.
 *
 * @throws {SpaceError} "line_unknown", "lines_overlap"
 */
export function linesOn(text: string, wanted: readonly Lines[]): TextOp {
  const lines = linesOf(text);
  const starts = [0];
  for (const line of lines) starts.push(starts.at(-1)! + line.length);
  const end = lines[0]?.endsWith("\r\n") === true ? "\r\n" : "\n";
  let before = 0;
  const splices: Splice[] = [];
  for (
    const { first, last, text: fresh } of wanted.toSorted((a, b) => a.first - b.first || a.last - b.last)
  ) {
    if (!(first >= 1 && last >= first - 1 && last <= lines.length)) {
      throw new SpaceError(
        "line_unknown",
        `There are no lines ${first} to ${last}: what was read has ${lines.length}. Count in what was read`,
      );
    }
    if (first <= before) {
      throw new SpaceError(
        "lines_overlap",
        `Line ${first} is to be replaced twice. Put what is wanted into one`,
      );
    }
    before = last;
    const at = starts[first - 1]!;
    const old = text.slice(at, starts[last]);
    const whole = wholeLines(fresh, end, lines[last - 1]);
    // Behind a last line without an end, what is new begins with that end.
    const lead = first > last && whole !== "" && at === text.length && at > 0 && !text.endsWith("\n")
      ? end
      : "";
    for (const splice of editBetween(old, lead + whole)) splices.push({ ...splice, at: splice.at + at });
  }
  return normalize(splices);
}

/** `text` as lines that all end as the others do; the last one as the one in whose place it is. */
function wholeLines(text: string, end: string, replaced: string | undefined): string {
  if (text === "") return "";
  const ended = end === "\n" ? text : text.replaceAll(/\r?\n/g, end);
  const isOpen = replaced !== undefined && !replaced.endsWith("\n");
  return isOpen || ended.endsWith("\n") ? ended : ended + end;
}
