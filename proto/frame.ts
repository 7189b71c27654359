/**
 * Frames: where one message ends and the next begins in a stream of bytes.
 *
 *     ┌────────────────┬─────────┬───────────────────────┐
 *     │ u32 big-endian │ u8 type │ payload               │
 *     └────────────────┴─────────┴───────────────────────┘
 *      length of the rest          length - 1 bytes
 *
 * A stream may be cut anywhere. The reader keeps only the frame that has begun, in a buffer that grows as its
 * bytes come in: announcing a long frame costs the other side those bytes, and us nothing before.
 *
 * @module
 */

import { fromHex, toHex } from "./bytes.ts";
import { ProtocolError } from "./code.ts";

/** The longest frame, its four length bytes not counted. */
export const frameBytesMax = 1 << 20;

/** The longest message that a server takes in parts, unless it is set otherwise. */
export const messageBytesMax = 8 << 20;

/** The type of a frame that holds a part of a longer message: space.proto says how. */
export const partType = 13;

/** The type of the message that holds the bytes of a blob, for which there is a limit of its own. */
export const uploadType = 16;

/** At most so many bytes an upload has besides those of the blob. */
export const uploadHeadBytes = 8;

const headBytes = 4;

/** What a reader has in its hands between two pieces of the stream: plain data, bytes as hexadecimal digits. */
export interface SavedFrameReader {
  /** The start of a frame. */
  readonly frame: string;
  /** The parts of a long message that have come in. */
  readonly message: string;
  readonly messageType: number | null;
}

export class FrameReader {
  readonly #bytesMax: number;
  #buffer = new Uint8Array(64);
  /** How much of the buffer is filled with the start of a frame. */
  #filled = 0;
  /** What has come in of a long message: in one buffer, so that a flood of tiny parts costs their bytes alone. */
  #message = new Uint8Array(0);
  #messageFilled = 0;
  #messageType: number | undefined;
  /** The longest message that may come in parts. */
  messageBytesMax: number;
  /** The longest upload that may come in parts. */
  uploadBytesMax: number;

  /** @param messageMax A client sets none: an entry is longer than the operation it was made of. */
  constructor(bytesMax: number = frameBytesMax, messageMax: number = Infinity) {
    this.#bytesMax = bytesMax;
    this.messageBytesMax = this.uploadBytesMax = messageMax;
  }

  /**
   * Takes bytes as they come in, and calls `handle` for each frame that they complete, in order. A payload is a
   * view that holds until `handle` returns.
   *
   * @throws {ProtocolError} "frame_too_long" or "malformed_frame", after which nothing more can be read.
   */
  push(bytes: Uint8Array, handle: (type: number, payload: Uint8Array) => void): void {
    let from = 0;
    while (from < bytes.length) {
      if (this.#filled === 0) {
        // The common case: whole frames, handed on where they lie.
        if (bytes.length - from >= headBytes) {
          const length = this.#lengthAt(bytes, from);
          const end = from + headBytes + length;
          if (end <= bytes.length) {
            this.#frame(bytes, from + headBytes, end, handle);
            from = end;
            continue;
          }
        }
      }
      const wanted = this.#filled < headBytes ? headBytes : headBytes + this.#lengthAt(this.#buffer, 0);
      const count = Math.min(wanted - this.#filled, bytes.length - from);
      this.#append(bytes.subarray(from, from + count), wanted);
      from += count;
      if (this.#filled > headBytes && this.#filled === wanted) {
        this.#filled = 0;
        this.#frame(this.#buffer, headBytes, wanted, handle);
        if (this.#buffer.length > 4096) this.#buffer = new Uint8Array(64);
      } else if (this.#filled === headBytes) {
        this.#lengthAt(this.#buffer, 0);
      }
    }
  }

  /** A frame is complete: its type stands at `from`, its payload goes up to `end`. */
  #frame(
    bytes: Uint8Array,
    from: number,
    end: number,
    handle: (type: number, payload: Uint8Array) => void,
  ): void {
    if (bytes[from] !== partType) return handle(bytes[from]!, bytes.subarray(from + 1, end));
    const frame = bytes.subarray(from, end);
    if (frame.length < 3 || frame[2]! > 1) {
      throw new ProtocolError("malformed_frame", "A part says no type or end");
    }
    this.#messageType ??= frame[1]!;
    if (frame[1] !== this.#messageType) {
      throw new ProtocolError("malformed_frame", "A part is of another type than the one before");
    }
    const part = frame.subarray(3), filled = this.#messageFilled + part.length;
    const bytesMax = this.#messageType === uploadType ? this.uploadBytesMax : this.messageBytesMax;
    if (filled > bytesMax) {
      throw new ProtocolError("message_too_long", `A message in parts is over ${bytesMax} bytes`);
    }
    if (filled > this.#message.length) {
      const larger = new Uint8Array(
        Math.max(filled, Math.min(bytesMax, this.#message.length * 2)),
      );
      larger.set(this.#message.subarray(0, this.#messageFilled));
      this.#message = larger;
    }
    this.#message.set(part, this.#messageFilled);
    this.#messageFilled = filled;
    if (frame[2] === 0) return;
    const message = this.#message.subarray(0, filled);
    this.#message = new Uint8Array(0);
    this.#messageFilled = 0;
    this.#messageType = undefined;
    handle(frame[1]!, message);
  }

  save(): SavedFrameReader {
    return {
      frame: toHex(this.#buffer.subarray(0, this.#filled)),
      message: toHex(this.#message.subarray(0, this.#messageFilled)),
      messageType: this.#messageType ?? null,
    };
  }

  /** A reader that goes on where another one was saved. */
  static restore(saved: SavedFrameReader, bytesMax?: number, messageMax?: number): FrameReader {
    const reader = new FrameReader(bytesMax, messageMax);
    const frame = fromHex(saved.frame);
    reader.#append(frame, frame.length);
    reader.#message = fromHex(saved.message);
    reader.#messageFilled = reader.#message.length;
    reader.#messageType = saved.messageType ?? undefined;
    return reader;
  }

  #lengthAt(bytes: Uint8Array, at: number): number {
    const length = ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>>
      0;
    if (length === 0) throw new ProtocolError("malformed_frame", "A frame of length 0 has no type");
    if (length > this.#bytesMax) {
      throw new ProtocolError(
        "frame_too_long",
        `A frame of ${length} bytes is over the limit of ${this.#bytesMax}`,
      );
    }
    return length;
  }

  #append(bytes: Uint8Array, wanted: number): void {
    const filled = this.#filled + bytes.length;
    if (filled > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(filled, Math.min(wanted, this.#buffer.length * 2)));
      larger.set(this.#buffer.subarray(0, this.#filled));
      this.#buffer = larger;
    }
    this.#buffer.set(bytes, this.#filled);
    this.#filled = filled;
  }
}

/** Writes the length of a frame into its first four bytes; a frame over the limit becomes parts. */
export function sealed(frame: Uint8Array, bytesMax: number = frameBytesMax): Uint8Array {
  const length = frame.length - headBytes;
  if (length <= bytesMax) return withLength(frame, 0, length);
  // Each part has a head, its own type, and three bytes before what it carries: type, type of the message, end.
  const carried = bytesMax - 3, payload = length - 1;
  const count = Math.ceil(payload / carried);
  const parts = new Uint8Array(payload + count * (headBytes + 3));
  for (let i = 0, at = 0; i < count; i++) {
    const from = headBytes + 1 + i * carried, to = Math.min(frame.length, from + carried);
    withLength(parts, at, to - from + 3);
    parts.set([partType, frame[headBytes]!, i === count - 1 ? 1 : 0], at + headBytes);
    parts.set(frame.subarray(from, to), at + headBytes + 3);
    at += headBytes + 3 + to - from;
  }
  return parts;
}

function withLength(bytes: Uint8Array, at: number, length: number): Uint8Array {
  bytes[at] = length >>> 24;
  bytes[at + 1] = length >>> 16;
  bytes[at + 2] = length >>> 8;
  bytes[at + 3] = length;
  return bytes;
}
