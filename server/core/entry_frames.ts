/**
 * The durable entries of a workspace as bytes for those who follow it: encoded once, and put together once for all
 * who read the same. Those who may see another part of it read others.
 *
 * What is kept here follows from the log: it may be forgotten at any time.
 *
 * @module
 */

import { type Acknowledge, encodeServerMessage, joined, type SessionId } from "../../proto/mod.ts";
import type { ScopedLog } from "./scoped_log.ts";
import type { Sequencer } from "./sequencer.ts";
import { type Settled, settledOf } from "./state.ts";

/** The frames of consecutive entries in one piece of bytes, shared by all connections that read the same. */
interface Batch {
  readonly from: number;
  /** Up to where entries were asked for, and up to where they fitted. */
  readonly wanted: number;
  readonly to: number;
  readonly bytes: Uint8Array;
  /** Whose entries are in it: to them some are acknowledgements. */
  readonly authors: ReadonlySet<SessionId>;
}

/** Encoded entries that are kept for those who read close to the head. */
const framesMax = 4096;

export class EntryFrames {
  readonly #sequencer: Sequencer;
  readonly #sendBytesMax: number;
  /** How the readers see them; undefined of those who see everything. */
  readonly #view: ScopedLog | undefined;
  /** Encoded entries, by revision. */
  readonly #frames = new Map<number, Uint8Array>();
  /** Entries before this revision are not kept encoded. */
  #from = 1;
  #batch: Batch | undefined;

  constructor(sequencer: Sequencer, sendBytesMax: number, view?: ScopedLog) {
    this.#sequencer = sequencer;
    this.#sendBytesMax = sendBytesMax;
    this.#view = view;
  }

  /**
   * The entries after `from`, up to `wanted` or as many as fit one write, as `reader` reads them: one's own are
   * acknowledgements.
   */
  read(from: number, wanted: number, reader: SessionId): { readonly to: number; readonly bytes: Uint8Array } {
    const batch = this.#batchOf(from, wanted);
    return batch.authors.has(reader) ? { to: batch.to, bytes: this.#bytesFor(reader, batch) } : batch;
  }

  /** The durable revision has moved on. */
  forgetOld(): void {
    const { durable, floor } = this.#sequencer;
    const kept = Math.max(durable.revision - framesMax, floor);
    for (; this.#from <= kept; this.#from++) this.#frames.delete(this.#from);
  }

  #batchOf(from: number, wanted: number): Batch {
    const last = this.#batch;
    if (last !== undefined && last.from === from && last.wanted === wanted) return last;
    const frames: Uint8Array[] = [];
    const authors = new Set<SessionId>();
    let to = from, bytes = 0;
    while (to < wanted && bytes < this.#sendBytesMax) {
      const frame = this.#frameOf(++to);
      bytes += frame.length;
      frames.push(frame);
      authors.add(this.#sequencer.entry(to).session);
    }
    this.#batch = { from, wanted, to, bytes: joined(frames), authors };
    return this.#batch;
  }

  #bytesFor(reader: SessionId, { from, to }: Batch): Uint8Array {
    const frames: Uint8Array[] = [];
    for (let revision = from + 1; revision <= to; revision++) {
      const entry = this.#sequencer.entry(revision);
      frames.push(
        entry.session === reader
          ? encodeServerMessage(acknowledgeOf(settledOf(entry)))
          : this.#frameOf(revision),
      );
    }
    return joined(frames);
  }

  #frameOf(revision: number): Uint8Array {
    const known = this.#frames.get(revision);
    if (known !== undefined) return known;
    const { site, seq, time, author, ...entry } = this.#sequencer.entry(revision);
    const { change, left } = this.#view?.sighting(revision) ?? { change: entry.change, left: [] };
    const gone = left.length === 0 ? {} : { left };
    const frame = encodeServerMessage({ kind: "entry", revision, site, seq, time, change, author, ...gone });
    if (revision > this.#sequencer.durable.revision - framesMax) this.#frames.set(revision, frame);
    return frame;
  }
}

/** An entry as its author reads it. */
export function acknowledgeOf({ seq, revision, time, steps, notices }: Settled): Acknowledge {
  return { kind: "acknowledge", seq, revision, time, steps, notices };
}
