/**
 * The frames of whole snapshots, kept for those who come while nothing has changed: after a server has started anew,
 * everybody comes at once. A cache and nothing else: the same frames would be made again.
 *
 * @module
 */

/** A frame as it goes out, and what it weighs before it is packed. */
export interface Frame {
  readonly bytes: Uint8Array;
  readonly weight: number;
}

interface Kept {
  readonly revision: number;
  readonly frames: readonly Frame[];
  readonly bytes: number;
}

export class KeptFrames {
  /** By whose they are; what was asked for last stands last. */
  readonly #kept = new Map<object, Kept>();
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** How many bytes are kept now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many bytes one snapshot may have, to be kept. */
  get bytesOfOneMax(): number {
    return this.#bytesMax >> 2;
  }

  /** All frames of the snapshot of that revision; undefined if they have to be made. */
  of(owner: object, revision: number): readonly Frame[] | undefined {
    const kept = this.#kept.get(owner);
    if (kept === undefined || kept.revision !== revision) return undefined;
    this.#kept.delete(owner);
    this.#kept.set(owner, kept);
    return kept.frames;
  }

  /** Keeps the frames of a snapshot in the place of those of an earlier one. */
  keep(owner: object, revision: number, frames: readonly Frame[]): void {
    const before = this.#kept.get(owner);
    if (before !== undefined && before.revision >= revision) return;
    this.forget(owner);
    const bytes = frames.reduce((sum, { bytes }) => sum + bytes.length, 0);
    this.#kept.set(owner, { revision, frames, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#bytesMax) break;
      this.forget(oldest);
    }
  }

  forget(owner: object): void {
    this.#bytes -= this.#kept.get(owner)?.bytes ?? 0;
    this.#kept.delete(owner);
  }
}
