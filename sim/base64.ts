/**
 * Bytes out of Base64 (RFC 4648) with padding, and nothing else: what the engine itself makes of bytes.
 *
 * @module
 */

/** The bytes; undefined if the text is not what `toBase64` gives. */
export function fromBase64(text: string): Uint8Array | undefined {
  let bytes: Uint8Array;
  try {
    bytes = Uint8Array.fromBase64(text, { lastChunkHandling: "strict" });
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  // The engine passes over white space.
  return bytes.toBase64() === text ? bytes : undefined;
}
