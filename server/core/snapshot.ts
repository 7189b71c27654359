/**
 * A workspace as a series of messages, each small enough to stand among others.
 *
 * Made piece by piece as the reader takes them: the state is a value, so it may take as long as it likes while
 * the workspace goes on.
 *
 * @module
 */

import { type NodeId, rootId, type Workspace } from "../../ot/mod.ts";
import { encodeServerMessage, type SyncDocument, type SyncNode } from "../../proto/mod.ts";
import type { State } from "./state.ts";

/** About how many bytes a piece has. */
const pieceBytes = 64 << 10;
/** About how many bytes a node takes besides its name. */
const nodeBytes = 32;

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

/** The frames that carry `state`, and how many of them have been taken. */
export class Snapshot {
  readonly revision: number;
  readonly #messages: Iterator<SyncDocument>;
  #taken = 0;

  constructor(state: State, readonly extent: Extent = { kind: "all" }) {
    this.revision = state.revision;
    this.#messages = snapshotMessages(state, extent);
  }

  /** The next frame; undefined when all have been taken. */
  next(): Uint8Array | undefined {
    const { done, value } = this.#messages.next();
    if (done) return undefined;
    this.#taken++;
    return encodeServerMessage(value);
  }

  save(): SavedSnapshot {
    return { revision: this.revision, extent: this.extent, taken: this.#taken };
  }

  static restore({ extent, taken }: SavedSnapshot, state: State): Snapshot {
    const snapshot = new Snapshot(state, extent);
    while (snapshot.#taken < taken) {
      snapshot.#messages.next();
      snapshot.#taken++;
    }
    return snapshot;
  }
}

/** The messages that carry `state`, the last one marked. */
function* snapshotMessages(state: State, extent: Extent): Generator<SyncDocument> {
  const { revision, workspace } = state;
  const load = extent.kind === "files";
  const fresh = () => ({
    nodes: [] as SyncNode[],
    contents: [] as { node: string; text: string }[],
    authors: [] as SyncDocument["authors"][number][],
  });
  let piece = fresh(), bytes = 0;
  const full = (added: number) => (bytes += added) >= pieceBytes;
  const take = (): SyncDocument => {
    const message: SyncDocument = { kind: "sync", revision, ...piece, last: false, load };
    piece = fresh();
    bytes = 0;
    return message;
  };
  if (!load) {
    for (const [site, participant] of state.authors) {
      piece.authors.push({ site: Number(site), participant });
      if (full(participant.name.length * 3 + 8)) yield take();
    }
    for (const { id, parent, name, kind, tombstone } of workspace.nodes()) {
      if (id === rootId) continue;
      piece.nodes.push({ id, parent, name, kind, tombstone });
      if (full(name.length * 3 + nodeBytes)) yield take();
    }
  }
  for (const id of extent.kind === "all" ? textsOf(workspace) : extent.files) {
    const text = workspace.text(id);
    // So that who has asked for it knows that this is all of it.
    if (load && text.length === 0) {
      piece.contents.push({ node: id, text: "" });
      if (full(nodeBytes)) yield take();
    }
    for (let from = 0; from < text.length;) {
      // Three bytes a code unit at the most; a pair is never cut, since a lone half has no UTF-8.
      let to = Math.min(text.length, from + Math.floor((pieceBytes - bytes) / 3) + 1);
      if (to < text.length && (text.charCodeAt(to - 1) & 0xfc00) === 0xd800) to++;
      const string = text.slice(from, to);
      piece.contents.push({ node: id, text: string });
      from = to;
      if (full(string.length * 3 + nodeBytes)) yield take();
    }
  }
  yield { kind: "sync", revision, ...piece, last: true, load };
}

function* textsOf(workspace: Workspace): Generator<NodeId> {
  for (const { id, kind } of workspace.nodes()) if (kind === "text") yield id;
}
