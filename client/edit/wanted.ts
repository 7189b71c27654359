/**
 * What somebody wants of a text, said in one of the ways in which people and agents say it; and the operation on what
 * they have read that it comes to.
 *
 * @module
 */

import { applyPatch, parsePatch } from "diff";
import { compose, faultOf, normalize, type Splice, Text, type TextOp, widen } from "../../ot/mod.ts";
import { codes } from "../../proto/mod.ts";
import { SpaceError } from "../error.ts";
import { type Lines, linesOn } from "./lines.ts";
import { editBetween } from "./text_difference.ts";

/** What is to become of a text. */
export type Wanted =
  /** It is to say this. */
  | { readonly kind: "text"; readonly text: string }
  /** These, in positions of the text before, counted in UTF-16 code units. */
  | { readonly kind: "splices"; readonly splices: readonly Splice[] }
  /** These lines are to be others. */
  | { readonly kind: "lines"; readonly lines: readonly Lines[] }
  /**
   * `old`, which stands in it once, or with `all` wherever it stands, is to be `new`. Where the text has CRLF at the ends
   * of its lines, LF in `old` and `new` stands for that.
   */
  | { readonly kind: "replace"; readonly old: string; readonly new: string; readonly all?: boolean }
  /** What a unified diff of this one file says; its paths do not matter. */
  | { readonly kind: "patch"; readonly patch: string };

/**
 * The operation on `read`; several things that are wanted come one after the other.
 *
 * @throws {SpaceError} if it cannot be done on what was read.
 */
export function operationOf(read: string, wanted: readonly Wanted[]): TextOp {
  let op: TextOp = [], text = Text.of(read);
  for (const one of wanted) {
    const next = single(text.toString(), one);
    op = compose(op, next);
    text = text.apply(next);
  }
  return op;
}

function single(read: string, wanted: Wanted): TextOp {
  switch (wanted.kind) {
    case "text":
      return checked(editBetween(read, wanted.text), read);
    case "splices":
      return splicesOn(read, wanted.splices);
    case "lines":
      return checked(linesOn(read, wanted.lines), read);
    case "replace":
      return replacing(read, wanted.old, wanted.new, wanted.all === true);
    case "patch":
      return checked(editBetween(read, patched(read, wanted.patch)), read);
  }
}

function splicesOn(read: string, splices: readonly Splice[]): TextOp {
  try {
    return checked(widen(normalize(splices), read), read);
  } catch (error) {
    if (error instanceof RangeError) throw new SpaceError("not_normal", error.message);
    throw error;
  }
}

function replacing(read: string, old: string, fresh: string, all: boolean): TextOp {
  if (old === "") throw new SpaceError("text_not_found", "The text to be replaced is empty. Say what it is");
  if (!read.includes(old) && old.includes("\n") && !old.includes("\r")) {
    old = old.replaceAll("\n", "\r\n");
    fresh = fresh.replaceAll(/\r?\n/g, "\r\n");
  }
  const places = placesOf(old, read);
  if (places.length === 0) {
    throw new SpaceError(
      "text_not_found",
      "The text to be replaced is not in what was read. Give it exactly",
    );
  }
  // Text that may stand in itself is ambiguous even where the second place begins within the first.
  if (!all && (places.length > 1 || read.indexOf(old, places[0]! + 1) >= 0)) {
    const count = Math.max(2, places.length);
    throw new SpaceError(
      "text_ambiguous",
      `The text to be replaced stands in the file ${count} times. Give more of what is around it, or say that all are meant`,
    );
  }
  const within = editBetween(old, fresh);
  const splices = places.flatMap((place) => within.map((splice) => ({ ...splice, at: splice.at + place })));
  return checked(normalize(splices), read);
}

/** Where `old` stands, from left to right, and never twice on one place. */
function placesOf(old: string, text: string): number[] {
  const places: number[] = [];
  for (let at = text.indexOf(old); at >= 0; at = text.indexOf(old, at + old.length)) places.push(at);
  return places;
}

function patched(read: string, patch: string): string {
  let parts;
  try {
    parts = parsePatch(patch);
  } catch (error) {
    throw new SpaceError(
      "patch_invalid",
      `The patch cannot be read: ${error instanceof Error ? error.message : error}`,
    );
  }
  const [part] = parts;
  if (part === undefined || parts.length > 1 || part.hunks.length === 0) {
    throw new SpaceError("patch_invalid", "The patch is to be of one file, and to change something in it");
  }
  const text = applyPatch(read, part, { autoConvertLineEndings: true });
  if (text === false) throw new SpaceError("patch_unfit", "The patch does not fit what was read");
  return text;
}

/** An operation that a server would take. */
function checked(op: TextOp, read: string): TextOp {
  const fault = faultOf(op, Text.of(read));
  if (fault !== undefined) throw new SpaceError(fault, codes[fault].text);
  return op;
}
