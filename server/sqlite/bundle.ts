/**
 * Many rows as few arrays: to send thousands of small ones from one thread to another takes longer than to read them.
 *
 * @module
 */

import { ByteWriter, type Packed } from "../format/mod.ts";

export interface Bundle {
  /** Of each row or segment where it ends in `bytes`. */
  readonly ends: Float64Array;
  /** Of each row its first revision; 0 of a segment. */
  readonly firsts: Float64Array;
  readonly bytes: Uint8Array;
}

export function bundleOf(all: Iterable<Packed>): Bundle {
  const bytes = new ByteWriter(), ends: number[] = [], firsts: number[] = [];
  for (const packed of all) {
    bytes.raw(packed.kind === "row" ? packed.row.bytes : packed.bytes);
    ends.push(bytes.length);
    firsts.push(packed.kind === "row" ? packed.row.first : 0);
  }
  return { ends: Float64Array.from(ends), firsts: Float64Array.from(firsts), bytes: bytes.bytes() };
}

/** The rows and segments, as views. */
export function* packedIn({ ends, firsts, bytes: all }: Bundle): Generator<Packed> {
  let from = 0;
  for (const [i, end] of ends.entries()) {
    const bytes = all.subarray(from, end), first = firsts[i]!;
    yield first === 0 ? { kind: "segment", bytes } : { kind: "row", row: { first, bytes } };
    from = end;
  }
}
