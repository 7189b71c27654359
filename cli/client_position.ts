/**
 * Positions in a text as people write them: lines and columns from 1 on, or plain offsets.
 *
 *     0        the beginning, as an offset in UTF-16 code units
 *     2:5      the fifth column of the second line; columns are code units, too
 *     end      behind the last character
 *
 * A line ends with a line feed, or a carriage return and a line feed.
 *
 * @module
 */

import { CommandError } from "./client_words.ts";

/**
 * The offset that `word` means in `text`.
 *
 * @throws {CommandError} if it is no position, or not one in this text.
 */
export function positionOf(text: string, word: string): number {
  if (word === "end") return text.length;
  if (/^\d{1,15}$/.test(word)) {
    const at = Number(word);
    if (at > text.length) {
      throw new CommandError(`Position ${at} is outside of the text, which has ${text.length} code units`);
    }
    return at;
  }
  const [, line, column] = /^(\d{1,15}):(\d{1,15})$/.exec(word) ?? [];
  if (line === undefined || column === undefined || Number(line) === 0 || Number(column) === 0) {
    throw new CommandError(
      `"${word}" is no position: give an offset from 0 on, LINE:COLUMN from 1:1 on, or end`,
    );
  }
  const start = startOfLine(text, Number(line));
  const length = endOfLineAt(text, start) - start;
  if (Number(column) > length + 1) {
    throw new CommandError(`Line ${line} has no column ${column}: it has ${length} code units`);
  }
  return start + Number(column) - 1;
}

/** An offset as line and column, "2:5". */
export function placeOf(text: string, at: number): string {
  return `${lineOf(text, at)}:${at - startOfLineAt(text, at) + 1}`;
}

/** The number of the line that an offset is in. */
export function lineOf(text: string, at: number): number {
  let line = 1;
  for (let i = text.indexOf("\n"); i >= 0 && i < at; i = text.indexOf("\n", i + 1)) line++;
  return line;
}

/** Where the line begins that an offset is in. */
export function startOfLineAt(text: string, at: number): number {
  return at === 0 ? 0 : text.lastIndexOf("\n", at - 1) + 1;
}

/** Where the line ends that an offset is in: before what parts it from the next one. */
export function endOfLineAt(text: string, at: number): number {
  const feed = text.indexOf("\n", at);
  if (feed < 0) return text.length;
  return feed > at && text[feed - 1] === "\r" ? feed - 1 : feed;
}

function startOfLine(text: string, line: number): number {
  let start = 0;
  for (let i = 1; i < line; i++) {
    const feed = text.indexOf("\n", start);
    if (feed < 0) throw new CommandError(`There is no line ${line}: the text has ${i}`);
    start = feed + 1;
  }
  return start;
}
