/**
 * Packs pieces of snapshots, and keeps what it has packed, so that of those who come to a busy workspace only the
 * first one costs that work: an edit changes one piece, and the others are as they were.
 *
 * Kept by what the bytes are, and looked at whole: nobody can have made other bytes that pass for them. It is a
 * cache and nothing else, which forgets what was not asked for in the longest time: what it gives is always the same,
 * only sooner or later. So it is no part of what a core saves.
 *
 * @module
 */

import { xxHash32 } from "js-xxhash";
import { packed } from "../../proto/mod.ts";

interface Kept {
  readonly plain: Uint8Array;
  /** Undefined if it is better left as it is. */
  readonly packed: Uint8Array | undefined;
}

export class Packer {
  readonly #bytesMin: number;
  readonly #keptMax: number;
  /** By the hash of their bytes; what was asked for last stands last. */
  readonly #kept = new Map<number, Kept>();
  #keptBytes = 0;

  /**
   * @param bytesMin what is shorter is not worth it
   * @param keptMax how many bytes are kept, those that were packed and what they were packed to
   */
  constructor(bytesMin: number, keptMax: number) {
    this.#bytesMin = bytesMin;
    this.#keptMax = keptMax;
  }

  /** How many bytes are kept now. */
  get keptBytes(): number {
    return this.#keptBytes;
  }

  /** The bytes, packed; undefined if they are better left as they are. */
  pack(plain: Uint8Array): Uint8Array | undefined {
    if (plain.length < this.#bytesMin) return undefined;
    const hash = xxHash32(plain);
    const known = this.#kept.get(hash);
    if (known !== undefined) {
      this.#kept.delete(hash);
      if (areEqual(known.plain, plain)) {
        this.#kept.set(hash, known);
        return known.packed;
      }
      this.#keptBytes -= sizeOf(known);
    }
    const kept: Kept = { plain, packed: packed(plain) };
    this.#kept.set(hash, kept);
    this.#keptBytes += sizeOf(kept);
    for (const [oldest, old] of this.#kept) {
      if (this.#keptBytes <= this.#keptMax) break;
      this.#kept.delete(oldest);
      this.#keptBytes -= sizeOf(old);
    }
    return kept.packed;
  }
}

function sizeOf({ plain, packed }: Kept): number {
  return plain.length + (packed?.length ?? 0);
}

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
