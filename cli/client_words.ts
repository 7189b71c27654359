/**
 * The words of a line that somebody typed, and texts written so that they can be typed again.
 *
 *     put notes.txt "Hello\n" 'C:\new'      put · notes.txt · Hello⏎ · C:\new
 *
 * Words are parted by blanks. Quotes keep blanks in a word; within double quotes and outside of quotes a backslash
 * begins an escape, within single quotes it is itself. What is shown of a text of somebody else's never holds a
 * character that a terminal would obey.
 *
 * @module
 */

/** Thrown for what somebody typed that cannot be done, with a sentence that says why. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

const escapes: ReadonlyMap<string, string> = new Map([
  ["n", "\n"],
  ["t", "\t"],
  ["r", "\r"],
  ["\\", "\\"],
  ['"', '"'],
  ["'", "'"],
  [" ", " "],
]);

/**
 * The words of a line.
 *
 * @throws {CommandError} if a quote is not closed, or an escape is none.
 */
export function wordsOf(line: string): string[] {
  const words: string[] = [];
  /** The word so far; undefined between words. */
  let word: string | undefined;
  let quote = "", quotedAt = 0;
  for (let i = 0; i < line.length;) {
    const char = line[i]!;
    if (quote === "" && /\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      i++;
    } else if (quote === "" ? char === '"' || char === "'" : char === quote) {
      quote = quote === "" ? char : "";
      quotedAt = i;
      word ??= "";
      i++;
    } else if (char === "\\" && quote !== "'") {
      const { text, length } = escapeAt(line, i);
      word = (word ?? "") + text;
      i += length;
    } else {
      word = (word ?? "") + char;
      i++;
    }
  }
  if (quote !== "") throw new CommandError(`The quote ${quote} at column ${quotedAt + 1} is not closed`);
  if (word !== undefined) words.push(word);
  return words;
}

/** What the escape at `at` stands for, and how much of the line it takes. */
function escapeAt(line: string, at: number): { readonly text: string; readonly length: number } {
  const simple = escapes.get(line.charAt(at + 1));
  if (simple !== undefined) return { text: simple, length: 2 };
  const code = /^\\u\{([0-9a-fA-F]{1,6})\}/.exec(line.slice(at, at + 10));
  const point = code === null ? NaN : parseInt(code[1]!, 16);
  if (code !== null && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff)) {
    return { text: String.fromCodePoint(point), length: code[0].length };
  }
  throw new CommandError(
    `There is no escape at column ${at + 1}: write \\n, \\t, \\r, \\\\, \\", \\' or \\u{1F600}`,
  );
}

/** Characters that a terminal obeys, or that change the order or the lines of those around them. */
const unseen = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;

/** A text in double quotes, so that {@linkcode wordsOf} reads it as one word. */
export function quoted(text: string): string {
  const shown = text.replace(/[\\"]/g, "\\$&").replace(unseen, escaped);
  return `"${shown}"`;
}

/** {@linkcode quoted}, with quotes only where they are needed. */
export function wordOf(text: string): string {
  return /^[\p{L}\p{M}\p{N}_./@+,:;%=~()[\]{}&!?*#$^|<>-]+$/u.test(text) ? text : quoted(text);
}

/** {@linkcode quoted}, of no more than the first `lengthMax` characters. */
export function excerpt(text: string, lengthMax: number): string {
  const points = [...text.slice(0, 2 * lengthMax + 2)];
  if (points.length <= lengthMax) return quoted(text);
  return `${quoted(points.slice(0, lengthMax).join(""))}… (${text.length})`;
}

/** A text as it stands, lines and tabs included, but without a character that a terminal would obey. */
export function harmless(text: string): string {
  return text.replace(/\r\n/g, "\n").replace(
    unseen,
    (char) => char === "\n" || char === "\t" ? char : escaped(char),
  );
}

function escaped(char: string): string {
  if (char === "\n") return "\\n";
  if (char === "\t") return "\\t";
  if (char === "\r") return "\\r";
  return `\\u{${char.codePointAt(0)!.toString(16)}}`;
}
