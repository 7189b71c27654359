/**
 * Globs: patterns that paths are like. A leading dot is a character as any other.
 *
 *     *          any part of a name                 *.md
 *     **         any number of directories          src/**, **\/main.ts
 *     ?          one character of a name
 *     [a-z]      one of these; [!a-z] another one
 *     {one,two}  either
 *     \          takes the next character as it is
 *
 * They become regular expressions of a library that matches in linear time, whatever they are.
 *
 * @module
 */

import { RE2JS } from "re2js";
import { HistoryError, quoted } from "./error.ts";

/** The length of all globs together, in code units. */
const lengthMax = 10_000;

/**
 * Whether a path is like one of the globs.
 *
 * @throws {HistoryError} "pattern_invalid"
 */
export function globMatcher(globs: readonly string[]): (path: string) => boolean {
  if (globs.reduce((length, glob) => length + glob.length, 0) > lengthMax) {
    throw new HistoryError("pattern_invalid", `The globs are over ${lengthMax} code units long. Give fewer.`);
  }
  const expressions = globs.map((glob) => `(?:${expressionOf(glob)})`);
  let expression: RE2JS;
  try {
    expression = RE2JS.compile(expressions.join("|"), RE2JS.DOTALL);
  } catch {
    // What a class holds is taken over as it is: [z-a].
    throw new HistoryError(
      "pattern_invalid",
      `One of the globs ${quoted(globs.join(" "))} holds an impossible range`,
    );
  }
  return (path) => expression.testExact(path);
}

/** A glob as a regular expression. */
function expressionOf(glob: string): string {
  let result = "", open = 0;
  for (let i = 0; i < glob.length;) {
    const rest = glob.slice(i), atStart = i === 0 || glob[i - 1] === "/";
    if (atStart && rest.startsWith("**/")) {
      result += "(?:[^/]+/)*";
      i += 3;
    } else if (atStart && rest === "**") {
      result += ".+";
      i += 2;
    } else if (rest.startsWith("*")) {
      result += "[^/]*";
      while (glob[i] === "*") i++;
    } else if (rest.startsWith("[")) {
      const [whole, not, inner] = /^\[(!?)((?:\\.|[^\]\\])+)\]/su.exec(rest) ?? [];
      if (whole === undefined) throw invalid(glob, "a [ that no ] ends");
      result += `[${not === "!" ? "^/" : ""}${inner!.replace(/\\?([\s\S])/gu, classCharacter)}]`;
      i += whole.length;
    } else {
      const character = String.fromCodePoint(glob.codePointAt(i)!);
      i += character.length;
      if (character === "?") result += "[^/]";
      else if (character === "{") result += "(?:", open++;
      else if (character === "}" && open > 0) result += ")", open--;
      else if (character === "," && open > 0) result += "|";
      else if (character === "\\") {
        const next = glob.codePointAt(i);
        if (next === undefined) throw invalid(glob, "a \\ with nothing behind it");
        const taken = String.fromCodePoint(next);
        result += RE2JS.quote(taken);
        i += taken.length;
      } else result += RE2JS.quote(character);
    }
  }
  if (open > 0) throw invalid(glob, "a { that no } ends");
  return result;
}

/** A character of a class: only the line between two has a meaning of its own. */
function classCharacter(written: string, character: string): string {
  return written === "-" || /[\p{L}\p{N}]/u.test(character) ? character : `\\x{${codeOf(character)}}`;
}

function codeOf(character: string): string {
  return character.codePointAt(0)!.toString(16);
}

function invalid(glob: string, problem: string): HistoryError {
  return new HistoryError("pattern_invalid", `The glob ${quoted(glob)} has ${problem}`);
}
