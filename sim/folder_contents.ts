/**
 * What files on simulated disks hold, as a workspace would have it: a text, or, if there is a NUL in it, bytes by their
 * hash. On the disk both are strings, so that words can be found in them.
 *
 * @module
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { Text } from "../ot/mod.ts";
import { toHex } from "../proto/mod.ts";
import type { FileContent } from "../sync/core/mod.ts";

/** Whether a file is no text. */
export function isBinary(text: string): boolean {
  return text.includes("\0");
}

/** What a file holds. */
export function contentOf(text: string): FileContent {
  if (!isBinary(text)) return Text.of(text);
  const bytes = bytesOf(text);
  return { hash: toHex(sha256(bytes)), bytes: bytes.length };
}

/** The bytes of a file that is no text: two for each code unit. */
export function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(2 * text.length);
  for (let i = 0; i < text.length; i++) {
    bytes[2 * i] = text.charCodeAt(i) & 0xff;
    bytes[2 * i + 1] = text.charCodeAt(i) >> 8;
  }
  return bytes;
}

/** The file that these bytes are of. */
export function textOf(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 2) text += String.fromCharCode(bytes[i]! | bytes[i + 1]! << 8);
  return text;
}
