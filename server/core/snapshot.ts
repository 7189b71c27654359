/**
 * A workspace as a series of messages, each small enough to stand among others.
 *
 * Made piece by piece as the reader takes them: the state is a value, so it may take as long as it likes while
 * the workspace goes on. Where a piece ends follows from what is in it (see edge.ts), so that most pieces of two
 * states that follow each other are the same, and are packed once.
 *
 * @module
 */

import { parseId, rootId } from "../../ot/mod.ts";
import {
  encodePacked,
  encodeServerMessage,
  type SyncContent,
  type SyncDocument,
  type SyncNode,
} from "../../proto/mod.ts";
import { Edges, wholePair } from "./edge.ts";
import type { Frame, KeptFrames } from "./kept_frames.ts";
import type { Packer } from "./packer.ts";
import type { State } from "./state.ts";

/** About how many bytes a node, a file or an author takes besides its name. */
const itemBytes = 32;

/** How far it has been taken: its state follows from the log. */
export interface SavedSnapshot {
  readonly revision: number;
  readonly taken: number;
}

/** How snapshots are made for a reader. */
export interface SnapshotMaking {
  /** Pieces have about so many bytes at least, and at most three times as many. */
  readonly pieceMin: number;
  /** Undefined for a reader that takes them as they are. */
  readonly packing: Packing | undefined;
}

/** What makes it quick to send the same again, packed. */
export interface Packing {
  readonly packer: Packer;
  readonly kept: KeptFrames;
  /** Of which workspace the frames are that are kept. */
  readonly owner: object;
}

/** The frames that carry `state`, and how many of them have been taken. */
export class Snapshot {
  readonly revision: number;
  /** How long its texts are, in code units. */
  readonly length: number;
  readonly #messages: Iterator<SyncDocument>;
  readonly #packing: Packing | undefined;
  /** All of the frames, if they are there already. */
  readonly #known: readonly Frame[] | undefined;
  /** Those that have been made, to be kept; undefined if they are too many, or not all of them were. */
  #made: Frame[] | undefined;
  #madeBytes = 0;
  #taken = 0;

  constructor(state: State, { pieceMin, packing }: SnapshotMaking) {
    this.revision = state.revision;
    this.length = state.workspace.textLength;
    this.#messages = snapshotMessages(state, pieceMin);
    this.#packing = packing;
    this.#known = packing?.kept.of(packing.owner, state.revision);
    if (packing !== undefined) this.#made = [];
  }

  /** The next frame; undefined when all have been taken. It is the same whether it had been made before or not. */
  next(): Frame | undefined {
    if (this.#known !== undefined) return this.#known[this.#taken++];
    const { done, value } = this.#messages.next();
    if (done) {
      this.#keep();
      return undefined;
    }
    this.#taken++;
    return this.#frameOf(value);
  }

  #frameOf(message: SyncDocument): Frame {
    if (this.#packing === undefined) {
      const bytes = encodeServerMessage(message);
      return { bytes, weight: bytes.length };
    }
    const { packer, kept } = this.#packing;
    const frame = encodePacked(message, (bytes) => packer.pack(bytes));
    this.#madeBytes += frame.bytes.length;
    if (this.#madeBytes > kept.bytesOfOneMax) this.#made = undefined;
    this.#made?.push(frame);
    return frame;
  }

  #keep(): void {
    if (this.#packing === undefined || this.#made === undefined) return;
    const { kept, owner } = this.#packing;
    kept.keep(owner, this.revision, this.#made);
    this.#made = undefined;
  }

  save(): SavedSnapshot {
    return { revision: this.revision, taken: this.#taken };
  }

  static restore({ taken }: SavedSnapshot, state: State, making: SnapshotMaking): Snapshot {
    const snapshot = new Snapshot(state, making);
    if (snapshot.#known === undefined) {
      for (let i = 0; i < taken; i++) snapshot.#messages.next();
      if (taken > 0) snapshot.#made = undefined;
    }
    snapshot.#taken = taken;
    return snapshot;
  }
}

/** The messages that carry `state`, the last one marked. */
function* snapshotMessages(state: State, pieceMin: number): Generator<SyncDocument> {
  const { revision, workspace } = state;
  const edges = new Edges(pieceMin), pieceMax = 3 * pieceMin;
  const fresh = () => ({
    nodes: [] as SyncNode[],
    contents: [] as SyncContent["contents"][number][],
    authors: [] as SyncContent["authors"][number][],
  });
  let piece = fresh(), bytes = 0;
  /** Whether the piece ends behind what was put into it. */
  const isFull = (added: number, isEdge: boolean) => {
    bytes += added;
    return bytes >= pieceMax || bytes >= pieceMin && isEdge;
  };
  const take = (): SyncDocument => {
    const message: SyncDocument = { kind: "sync", revision, ...piece, last: false };
    piece = fresh();
    bytes = 0;
    return message;
  };
  for (const [site, participant] of state.authors) {
    piece.authors.push({ site: Number(site), participant });
    const size = participant.name.length + itemBytes;
    if (isFull(size, edges.isBehind(Number(site), 0, size))) yield take();
  }
  for (const { id, parent, name, kind, tombstone } of workspace.nodes()) {
    if (id === rootId) continue;
    piece.nodes.push({ id, parent, name, kind, tombstone });
    const { site, counter } = parseId(id)!, size = name.length + itemBytes;
    if (isFull(size, edges.isBehind(site, counter, size))) yield take();
  }
  for (const { id, kind } of workspace.nodes()) {
    if (kind !== "text") continue;
    const text = workspace.text(id);
    for (let from = 0; from < text.length;) {
      // As much as the piece can take, and one more, so that a pair is not cut in two.
      const room = Math.max(1, pieceMax - bytes);
      const string = text.slice(from, from + room + 1);
      const edge = edges.next(string, Math.max(1, pieceMin - bytes));
      const to = edge <= room ? edge : wholePair(string, room);
      piece.contents.push({ node: id, text: string.slice(0, to) });
      from += to;
      if (isFull(to + itemBytes, from < text.length)) yield take();
    }
  }
  yield { kind: "sync", revision, ...piece, last: true };
}
