/**
 * What a file says: the one place that knows what has a place in a workspace and what has none.
 *
 * A text keeps its line endings and its byte order mark: every file goes out byte for byte as it came in.
 *
 * @module
 */

import { Text } from "../ot/mod.ts";

/** What is in a file: a text, or why it has none. */
export type Content = { readonly text: Text } | { readonly reason: string };

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function contentOf(bytes: Uint8Array, textLengthMax: number): Content {
  if (bytes.includes(0)) return { reason: "is no text" };
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return { reason: "is no text in UTF-8" };
  }
  return text.length > textLengthMax ? { reason: "is too long for the workspace" } : { text: Text.of(text) };
}
