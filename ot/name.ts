/**
 * Names of files and directories: which are allowed, and what a name becomes when it is taken.
 *
 *     notes.txt        taken   notes (2).txt
 *     notes (2).txt    taken   notes (3).txt
 *     .gitignore       taken   .gitignore (2)
 *
 * Names that differ only in case are two names here; whoever maps them to a file system that cannot tell them
 * apart has to take care of that.
 *
 * @module
 */

import { isComposed } from "./unicode.ts";

/** A name's length limit, in bytes of UTF-8: what common file systems hold. */
export const nameBytesMax = 255;

/** What is wrong with `name`, as the end of a sentence that begins with "the name"; undefined if nothing is. */
export function nameFault(name: string): string | undefined {
  if (name === "") return "is empty";
  if (name === "." || name === "..") return "means a directory itself, or the one above";
  if (!name.isWellFormed()) return "is not well-formed Unicode";
  for (let i = 0; i < name.length; i++) {
    const unit = name.charCodeAt(i);
    if (unit === 0x2f) return 'holds a "/"';
    if (unit < 0x20 || (unit >= 0x7f && unit < 0xa0)) return "holds a control character";
  }
  if (utf8Length(name) > nameBytesMax) return `is longer than ${nameBytesMax} bytes of UTF-8`;
  if (!isComposed(name)) return "is not in Unicode normal form C";
  return undefined;
}

/**
 * The names to try, in order, when `name` is taken: the first number that is free wins.
 *
 * @param directory Whether it names a directory: those have no ending to keep behind the number.
 */
export function* numberedNames(name: string, directory: boolean): Generator<string> {
  const dot = directory || name.startsWith(".") ? -1 : name.lastIndexOf(".");
  let stem = dot < 0 ? name : name.slice(0, dot), ending = dot < 0 ? "" : name.slice(dot);
  // An ending so long that no stem fits before it is not kept behind the number.
  if (utf8Length(ending) > nameBytesMax / 2) stem = name, ending = "";
  let number = 2;
  const counted = /^(.*) \((\d{1,9})\)$/su.exec(stem);
  if (counted !== null && counted[1] !== "" && Number(counted[2]) >= 2) {
    stem = counted[1]!;
    number = Number(counted[2]) + 1;
  }
  for (;; number++) {
    const tail = ` (${number})${ending}`;
    yield shortened(stem, nameBytesMax - utf8Length(tail)) + tail;
  }
}

/** As much of the start of `text` as fits `bytes` of UTF-8, cut between code points. */
function shortened(text: string, bytes: number): string {
  if (utf8Length(text) <= bytes) return text;
  let result = "";
  for (const point of text) {
    bytes -= utf8Length(point);
    if (bytes < 0) break;
    result += point;
  }
  return result;
}

/** The length of well-formed `text` in bytes of UTF-8. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // Three bytes for a unit from 0x800 on; the two halves of a pair make four together, so two each.
    if (unit >= 0x80) bytes += unit < 0x800 || (unit & 0xf800) === 0xd800 ? 1 : 2;
  }
  return bytes;
}
