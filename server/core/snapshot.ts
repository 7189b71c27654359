/**
 * A workspace as a series of messages, each small enough to stand among others.
 *
 * Made piece by piece as the reader takes them: the state is a value, so it may take as long as it likes while
 * the workspace goes on. Where a piece ends follows from what is in it (see edge.ts), so that most pieces of two
 * states that follow each other are the same, and are packed once.
 *
 * @module
 */

import { type NodeId, parseId, rootId, type Workspace } from "../../ot/mod.ts";
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
import type { Scope } from "./rights.ts";
import type { State } from "./state.ts";

/** About how many bytes a node, a file or an author takes besides its name, and what a blob takes more. */
const itemBytes = 32, blobBytes = 48;

/**
 * What of a state is said: all of it, the tree with the texts of some files, or nothing but the texts of some files.
 * Those are sorted by id.
 */
export type Extent =
  | { readonly kind: "all" }
  | { readonly kind: "tree" | "files"; readonly files: readonly NodeId[] };

/** How far it has been taken: its state follows from the log. */
export interface SavedSnapshot {
  readonly revision: number;
  readonly extent: Extent;
  readonly taken: number;
}

/** How snapshots are made for a reader. */
export interface SnapshotMaking {
  /** Pieces have about so many bytes at least, and at most three times as many. */
  readonly pieceMin: number;
  /** Undefined for a reader that takes them as they are. */
  readonly packing: Packing | undefined;
  /** What the reader may see. */
  readonly scope: Scope;
}

/** What makes it quick to send the same again, packed. */
export interface Packing {
  readonly packer: Packer;
  readonly kept: KeptFrames;
  /** Of whom the frames are that are kept: a workspace, or those who see the same part of it. */
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

  constructor(
    { revision, authors, workspace }: State,
    { pieceMin, packing, scope }: SnapshotMaking,
    readonly extent: Extent = { kind: "all" },
  ) {
    // Who has taken part is no secret.
    const seen = { revision, authors, workspace: scope.partOf(workspace) };
    this.revision = revision;
    this.length = lengthOf(seen.workspace, extent);
    this.#messages = snapshotMessages(seen, extent, pieceMin);
    this.#packing = packing;
    // What only some files are of, hardly anybody asks for a second time.
    if (packing === undefined || extent.kind !== "all") return;
    this.#known = packing.kept.of(packing.owner, revision);
    this.#made = [];
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
    return { revision: this.revision, extent: this.extent, taken: this.#taken };
  }

  static restore({ extent, taken }: SavedSnapshot, state: State, making: SnapshotMaking): Snapshot {
    const snapshot = new Snapshot(state, making, extent);
    if (snapshot.#known === undefined) {
      for (let i = 0; i < taken; i++) snapshot.#messages.next();
      if (taken > 0) snapshot.#made = undefined;
    }
    snapshot.#taken = taken;
    return snapshot;
  }
}

/** The messages that carry `state`, the last one marked. */
function* snapshotMessages(
  state: Pick<State, "revision" | "authors" | "workspace">,
  extent: Extent,
  pieceMin: number,
): Generator<SyncDocument> {
  const { revision, workspace } = state;
  const load = extent.kind === "files";
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
    const message: SyncDocument = { kind: "sync", revision, ...piece, last: false, load };
    piece = fresh();
    bytes = 0;
    return message;
  };
  if (!load) {
    for (const [site, participant] of state.authors) {
      piece.authors.push({ site: Number(site), participant });
      const size = participant.name.length + itemBytes;
      if (isFull(size, edges.isBehind(Number(site), 0, size))) yield take();
    }
    for (const node of workspace.nodes()) {
      if (node.id === rootId) continue;
      piece.nodes.push(node);
      const { site, counter } = parseId(node.id)!;
      const size = node.name.length + itemBytes + (node.content === undefined ? 0 : blobBytes);
      if (isFull(size, edges.isBehind(site, counter, size))) yield take();
    }
  }
  for (const id of extent.kind === "all" ? textsOf(workspace) : extent.files) {
    const text = workspace.text(id);
    // So that who has asked for it knows that this is all of it.
    if (load && text.length === 0) {
      piece.contents.push({ node: id, text: "" });
      if (isFull(itemBytes, false)) yield take();
    }
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
  yield { kind: "sync", revision, ...piece, last: true, load };
}

/** How long the texts are that are said. */
function lengthOf(workspace: Workspace, extent: Extent): number {
  if (extent.kind === "all") return workspace.textLength;
  return extent.files.reduce((length, id) => length + workspace.text(id).length, 0);
}

function* textsOf(workspace: Workspace): Generator<NodeId> {
  for (const { id, kind } of workspace.nodes()) if (kind === "text") yield id;
}
