/**
 * Bytes made shorter, as raw DEFLATE (RFC 1951), and back. The same bytes are packed alike on every engine, since
 * the library is whole numbers in JavaScript and nothing else.
 *
 * What is packed may become a thousand times as long again. So whoever unpacks is told how long the result is, and
 * takes no more than {@linkcode packedBytesMax} at once: that much costs about a second at the most, whatever it says.
 *
 * @module
 */

import { deflateSync, inflateSync } from "fflate/browser";
import { ProtocolError } from "./code.ts";

/** How long packed bytes may be; what would be longer is sent as it is. */
export const packedBytesMax = 80 << 10;

/** A higher one is hardly shorter and takes longer; a lower one the other way round. */
const level = 6;
/** How much memory a look for what came before takes: 2^16 places. Left open, a logarithm would decide. */
const mem = 4;

/** The bytes, packed; undefined if that is not shorter, or longer than it may be. */
export function packed(bytes: Uint8Array): Uint8Array | undefined {
  const shorter = deflateSync(bytes, { level, mem });
  return shorter.length < bytes.length && shorter.length <= packedBytesMax ? shorter : undefined;
}

/**
 * What was packed, `length` bytes.
 *
 * @throws {ProtocolError} "malformed_message" if it is no such bytes, too many, or of another length.
 */
export function unpacked(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length > packedBytesMax) throw wrong(`is ${bytes.length} bytes, over ${packedBytesMax}`);
  let result: Uint8Array;
  try {
    // What does not fit is not written, and one byte more tells that there was more.
    result = inflateSync(bytes, { out: new Uint8Array(length + 1) });
  } catch {
    throw wrong("is no raw DEFLATE");
  }
  if (result.length !== length) throw wrong(`is not ${length} bytes unpacked`);
  return result;
}

function wrong(problem: string): ProtocolError {
  return new ProtocolError("malformed_message", `A message cannot be read: what is packed in it ${problem}`);
}
