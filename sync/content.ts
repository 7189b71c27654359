/**
 * What a file on the disk holds, as a workspace would have it: a text, if its bytes are one in UTF-8, else its bytes by
 * their hash.
 *
 * A text keeps its line endings and its byte order mark: every file goes out byte for byte as it came in.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { Text } from "../ot/mod.ts";
import type { FileContent } from "./core/mod.ts";

/** How much one file may hold. */
export interface ContentLimits {
  /** Code units of a text. */
  readonly textLength: number;
  /** Bytes of what is no text. */
  readonly blobBytes: number;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What bytes are; undefined if that is too long for the workspace. */
export function contentOf(
  bytes: Uint8Array,
  { textLength, blobBytes }: ContentLimits,
): FileContent | undefined {
  const text = textOf(bytes);
  if (text !== undefined) return text.length > textLength ? undefined : Text.of(text);
  return bytes.length > blobBytes ? undefined : { hash: hashOf(bytes), bytes: bytes.length };
}

/** By which bytes are known: their SHA-256, in hexadecimal digits. */
export function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Whether bytes are what a file is taken to hold. */
export function isHeldBy(bytes: Uint8Array, content: FileContent): boolean {
  if (!(content instanceof Text)) return bytes.length === content.bytes && hashOf(bytes) === content.hash;
  const expected = new TextEncoder().encode(content.toString());
  return bytes.length === expected.length && bytes.every((byte, i) => byte === expected[i]);
}

function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
