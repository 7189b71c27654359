/**
 * The durable entries of a workspace as bytes for those who follow it: encoded once, and put together once for all
 * who read the same. Those who may see another part of it read others.
 *
 * What is kept here follows from the log: it may be forgotten at any time.
 *
 * @module
 */

import type { Edit } from "../../ot/mod.ts";
import { type Acknowledge, encodeServerMessage, joined, type SessionId } from "../../proto/mod.ts";
import type { ScopedLog, Sighting } from "./scoped_log.ts";
import type { LoadedFiles } from "./loaded_files.ts";
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
  /** The same without their edits: so those read them who have loaded none of the files. */
  readonly #bareFrames = new Map<number, Uint8Array>();
  /** Entries before this revision are not kept encoded. */
  #from = 1;
  #batch: Batch | undefined;
  /** What was put together last for one who is lazy. */
  #loaded: { readonly frames: readonly Uint8Array[]; readonly bytes: Uint8Array } = {
    frames: [],
    bytes: new Uint8Array(),
  };

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

  /** The same for who has loaded only some files: edits of others are left out. */
  readLoaded(
    from: number,
    wanted: number,
    reader: SessionId,
    loads: LoadedFiles,
  ): { readonly to: number; readonly bytes: Uint8Array } {
    const frames: Uint8Array[] = [];
    let to = from, bytes = 0;
    while (to < wanted && bytes < this.#sendBytesMax) {
      const frame = this.#frameFor(++to, reader, loads);
      bytes += frame.length;
      frames.push(frame);
    }
    // Most lazy readers have loaded nothing of what is edited, and read the same.
    const loaded = this.#loaded;
    if (frames.length !== loaded.frames.length || frames.some((frame, i) => frame !== loaded.frames[i])) {
      this.#loaded = { frames, bytes: joined(frames) };
    }
    return { to, bytes: this.#loaded.bytes };
  }

  /** The durable revision has moved on. */
  forgetOld(): void {
    const { durable, floor } = this.#sequencer;
    const kept = Math.max(durable.revision - framesMax, floor);
    for (; this.#from <= kept; this.#from++) {
      this.#frames.delete(this.#from);
      this.#bareFrames.delete(this.#from);
    }
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

  #frameFor(revision: number, reader: SessionId, loads: LoadedFiles): Uint8Array {
    const entry = this.#sequencer.entry(revision);
    const { steps, edits } = this.#seen(revision).change;
    if (entry.session === reader) {
      loads.add(steps.flatMap((step) => step.kind === "create" ? [step.node] : []));
      return encodeServerMessage(acknowledgeOf(settledOf(entry)));
    }
    const known = edits.filter(({ node }) => loads.has(node));
    if (known.length === edits.length) return this.#frameOf(revision);
    return known.length === 0
      ? this.#kept(this.#bareFrames, revision, known)
      : this.#encoded(revision, known);
  }

  #frameOf(revision: number): Uint8Array {
    return this.#kept(this.#frames, revision);
  }

  #kept(frames: Map<number, Uint8Array>, revision: number, edits?: readonly Edit[]): Uint8Array {
    const known = frames.get(revision);
    if (known !== undefined) return known;
    const frame = this.#encoded(revision, edits);
    if (revision > this.#sequencer.durable.revision - framesMax) frames.set(revision, frame);
    return frame;
  }

  /** @param edits in the place of all that the entry has. */
  #encoded(revision: number, edits?: readonly Edit[]): Uint8Array {
    const { site, seq, time, author, task } = this.#sequencer.entry(revision);
    const { change: whole, left } = this.#seen(revision);
    const change = edits === undefined ? whole : { steps: whole.steps, edits };
    const gone = left.length === 0 ? {} : { left };
    // Of what somebody sees nothing of, the name may tell.
    const isSeen = whole.steps.length + whole.edits.length + left.length > 0;
    const named = task === undefined || !isSeen ? {} : { task };
    return encodeServerMessage({
      kind: "entry",
      revision,
      site,
      seq,
      time,
      change,
      author,
      ...named,
      ...gone,
    });
  }

  /** What the readers are told of an entry, of which they may have loaded a part. */
  #seen(revision: number): Pick<Sighting, "change" | "left"> {
    if (this.#view !== undefined) return this.#view.sighting(revision);
    return { change: this.#sequencer.entry(revision).change, left: [] };
  }
}

/** An entry as its author reads it. */
export function acknowledgeOf({ seq, revision, time, steps, notices }: Settled): Acknowledge {
  return { kind: "acknowledge", seq, revision, time, steps, notices };
}
