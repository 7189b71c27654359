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

import { ProtocolError } from "./code.ts";

/** The longest frame, its four length bytes not counted. */
export const frameBytesMax = 1 << 20;

const headBytes = 4;

export class FrameReader {
  readonly #bytesMax: number;
  #buffer = new Uint8Array(64);
  /** How much of the buffer is filled with the start of a frame. */
  #filled = 0;

  constructor(bytesMax: number = frameBytesMax) {
    this.#bytesMax = bytesMax;
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
            handle(bytes[from + headBytes]!, bytes.subarray(from + headBytes + 1, end));
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
        handle(this.#buffer[headBytes]!, this.#buffer.subarray(headBytes + 1, wanted));
        if (this.#buffer.length > 4096) this.#buffer = new Uint8Array(64);
      } else if (this.#filled === headBytes) {
        this.#lengthAt(this.#buffer, 0);
      }
    }
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
