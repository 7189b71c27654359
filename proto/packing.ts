/**
 * Bytes made shorter, as raw DEFLATE (RFC 1951), and back. The same bytes are packed alike on every engine, since
 * the library is whole numbers in JavaScript and nothing else.
 *
 * Whoever unpacks says how long the result is, and gives up where it is not: what is packed may become a thousand
 * times as long, so it is fed in small pieces, and what a few of these say costs at most a few megabytes.
 *
 * @module
 */

import { deflateSync, Inflate } from "fflate/browser";
import { ProtocolError } from "./code.ts";

/** A higher one is hardly shorter and takes longer; a lower one the other way round. */
const level = 6;
/** How much is unpacked before its length is looked at. */
const pieceBytes = 4096;

/** The bytes, packed: longer than before if there is nothing in them to make shorter. */
export function packed(bytes: Uint8Array): Uint8Array {
  return deflateSync(bytes, { level });
}

/**
 * What was packed, `length` bytes.
 *
 * @throws {ProtocolError} "malformed_message" if it is no such bytes, or of another length.
 */
export function unpacked(bytes: Uint8Array, length: number): Uint8Array {
  const result = new Uint8Array(length);
  let filled = 0;
  const inflate = new Inflate((piece) => {
    if (filled + piece.length > length) throw wrong(`unpacks to more than its ${length} bytes`);
    result.set(piece, filled);
    filled += piece.length;
  });
  try {
    for (let from = 0; from < bytes.length; from += pieceBytes) {
      inflate.push(bytes.subarray(from, from + pieceBytes), from + pieceBytes >= bytes.length);
    }
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    throw wrong("is no raw DEFLATE");
  }
  if (filled !== length) throw wrong(`unpacks to ${filled} bytes, not to its ${length}`);
  return result;
}

function wrong(problem: string): ProtocolError {
  return new ProtocolError("malformed_message", `A message cannot be read: what is packed in it ${problem}`);
}
