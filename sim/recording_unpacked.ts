/**
 * What a server sent with its packed pieces of snapshots unpacked: so that the letters in them can be reached.
 *
 * Frames become longer by that, but where a stream was cut into pieces it is cut in the same frame as before: each
 * piece completes the same messages.
 *
 * @module
 */

import { frameBytesMax, joined, ProtocolError, unpacked } from "../proto/mod.ts";
import { fieldAt } from "./recording_stream.ts";

const headBytes = 5, syncType = 2, packedField = 6, lengthField = 7;

/** A stream in the pieces that it came in, each as it would have come if nothing had been packed. */
export function unpackedPieces(pieces: readonly Uint8Array[]): Uint8Array[] {
  const bytes = joined([new Uint8Array(0), ...pieces]);
  const result: Uint8Array[] = [];
  /** The part of the frame at hand that no piece has taken, and the whole of it, before and after. */
  let frame = frameAt(bytes, 0), taken = 0, from = 0, to = 0;
  for (const { length } of pieces) {
    to += length;
    const parts: Uint8Array[] = [];
    while (frame.before > 0 && from + frame.before <= to) {
      parts.push(frame.after.subarray(taken));
      from += frame.before;
      frame = frameAt(bytes, from);
      taken = 0;
    }
    // Of a frame that goes on in the next piece, at least one byte stays for that.
    const end = Math.max(taken, Math.min(to - from, frame.after.length - 1));
    if (to > from) parts.push(frame.after.subarray(taken, end));
    taken = to > from ? end : 0;
    result.push(joined([new Uint8Array(0), ...parts]));
  }
  return result;
}

/** How long a frame is, or the rest if it is not whole, and what it is unpacked. */
interface Frame {
  readonly before: number;
  readonly after: Uint8Array;
}

function frameAt(bytes: Uint8Array, from: number): Frame {
  const rest = bytes.subarray(from);
  const length = rest.length < headBytes
    ? 0
    : new DataView(bytes.buffer, bytes.byteOffset + from).getUint32(0);
  if (length === 0 || length > frameBytesMax || length + 4 > rest.length) {
    return { before: rest.length, after: rest };
  }
  const frame = rest.subarray(0, length + 4);
  return { before: frame.length, after: frame[4] === syncType ? unpackedFrame(frame) : frame };
}

/** What was packed, then what stood beside it: fields of one message may come in any order. */
function unpackedFrame(frame: Uint8Array): Uint8Array {
  const payload = frame.subarray(headBytes), kept: Uint8Array[] = [];
  let packed: Uint8Array | undefined, length = 0;
  for (let at = 0; at < payload.length;) {
    const field = fieldAt(payload, at, payload.length);
    if (field === undefined) return frame;
    if (field.number === packedField) packed = payload.subarray(field.from, field.to);
    else if (field.number === lengthField) length = numberIn(payload.subarray(field.from, field.to));
    else kept.push(payload.subarray(at, field.to));
    at = field.to;
  }
  if (packed === undefined || length > frameBytesMax) return frame;
  try {
    const whole = joined([new Uint8Array(headBytes), unpacked(packed, length), ...kept]);
    new DataView(whole.buffer).setUint32(0, whole.length - 4);
    whole[4] = syncType;
    return whole;
  } catch (error) {
    // It was malformed, and stays so.
    if (!(error instanceof ProtocolError)) throw error;
    return frame;
  }
}

/** A number as protobuf writes it: seven bits a byte, the lowest first. */
function numberIn(bytes: Uint8Array): number {
  return bytes.reduceRight((number, byte) => number * 128 + (byte & 127), 0);
}
