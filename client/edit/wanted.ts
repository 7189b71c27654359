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
import { editBetween } from "./text_difference.ts";

/** What is to become of a text. */
export type Wanted =
  /** It is to say this. */
  | { readonly kind: "text"; readonly text: string }
  /** These, in positions of the text before, counted in UTF-16 code units. */
  | { readonly kind: "splices"; readonly splices: readonly Splice[] }
  /** `old`, which stands in it once, or with `all` wherever it stands, is to be `new`. */
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
  const splices: Splice[] = [];
  for (let at = read.indexOf(old); at >= 0; at = read.indexOf(old, at + old.length)) {
    splices.push(...editBetween(old, fresh).map((splice) => ({ ...splice, at: splice.at + at })));
    if (all) continue;
    if (read.indexOf(old, at + 1) >= 0) {
      throw new SpaceError(
        "text_ambiguous",
        "The text to be replaced stands in the file more than once. Give more of what is around it",
      );
    }
    return checked(splices, read);
  }
  if (!read.includes(old)) {
    throw new SpaceError(
      "text_not_found",
      "The text to be replaced is not in what was read. Give it exactly",
    );
  }
  return checked(normalize(splices), read);
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
