/**
 * A string taken out of bytes that are no text: wherever it stands in them, as UTF-8 or UTF-16.
 *
 * @module
 */

import { assert } from "../../ot/mod.ts";

/** Bytes without a string, and how often it was in them; undefined if it was not. */
export interface CoveredBytes {
  readonly bytes: Uint8Array;
  readonly occurrences: number;
}

/**
 * Puts `filler` in the place of each byte of the secret, wherever it stands.
 *
 * @param filler an ASCII character that is not in the secret.
 */
export function coverBytes(bytes: Uint8Array, secret: string, filler: string): CoveredBytes | undefined {
  assert(filler.length === 1 && filler.charCodeAt(0) < 0x80, "the filler is one byte");
  const found: { readonly at: number; readonly length: number }[] = [];
  for (const needle of encodingsOf(secret)) {
    for (let at = indexOf(bytes, needle, 0); at >= 0; at = indexOf(bytes, needle, at + 1)) {
      found.push({ at, length: needle.length });
    }
  }
  if (found.length === 0) return undefined;
  const covered = bytes.slice();
  for (const { at, length } of found) covered.fill(filler.charCodeAt(0), at, at + length);
  return { bytes: covered, occurrences: found.length };
}

/** The string as UTF-8, and as UTF-16 in either order of bytes. */
function encodingsOf(secret: string): Uint8Array[] {
  const low = new Uint8Array(2 * secret.length), high = new Uint8Array(2 * secret.length);
  for (let i = 0; i < secret.length; i++) {
    const unit = secret.charCodeAt(i);
    low[2 * i] = high[2 * i + 1] = unit & 0xff;
    low[2 * i + 1] = high[2 * i] = unit >>> 8;
  }
  return [new TextEncoder().encode(secret), low, high];
}

function indexOf(bytes: Uint8Array, needle: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(needle[0]!, from); at >= 0; at = bytes.indexOf(needle[0]!, at + 1)) {
    let i = 1;
    while (i < needle.length && bytes[at + i] === needle[i]) i++;
    if (i === needle.length) return at;
  }
  return -1;
}
