/**
 * A workspace as a series of messages, each small enough to stand among others.
 *
 * Made piece by piece as the reader takes them: the state is a value, so it may take as long as it likes while
 * the workspace goes on.
 *
 * @module
 */

import { rootId } from "../../ot/mod.ts";
import { encodeServerMessage, type SyncDocument, type SyncNode } from "../../proto/mod.ts";
import type { Scope } from "./rights.ts";
import type { State } from "./state.ts";

/** About how many bytes a piece has. */
const pieceBytes = 64 << 10;
/** About how many bytes a node takes besides its name. */
const nodeBytes = 32;

/** How far it has been taken: its state follows from the log. */
export interface SavedSnapshot {
  readonly revision: number;
  readonly taken: number;
}

/** The frames that carry `state`, and how many of them have been taken. */
export class Snapshot {
  readonly revision: number;
  readonly #messages: Iterator<SyncDocument>;
  #taken = 0;

  /** @param scope What the reader may see. */
  constructor(state: State, scope: Scope) {
    this.revision = state.revision;
    this.#messages = snapshotMessages(state, scope);
  }

  /** The next frame; undefined when all have been taken. */
  next(): Uint8Array | undefined {
    const { done, value } = this.#messages.next();
    if (done) return undefined;
    this.#taken++;
    return encodeServerMessage(value);
  }

  save(): SavedSnapshot {
    return { revision: this.revision, taken: this.#taken };
  }

  static restore({ taken }: SavedSnapshot, state: State, scope: Scope): Snapshot {
    const snapshot = new Snapshot(state, scope);
    while (snapshot.#taken < taken) {
      snapshot.#messages.next();
      snapshot.#taken++;
    }
    return snapshot;
  }
}

/** The messages that carry what is in sight of `state`, the last one marked. Who has taken part is no secret. */
function* snapshotMessages(state: State, scope: Scope): Generator<SyncDocument> {
  const { revision, workspace } = state;
  const fresh = () => ({
    nodes: [] as SyncNode[],
    contents: [] as { node: string; text: string }[],
    authors: [] as SyncDocument["authors"][number][],
  });
  let piece = fresh(), bytes = 0;
  const full = (added: number) => (bytes += added) >= pieceBytes;
  const take = (): SyncDocument => {
    const message: SyncDocument = { kind: "sync", revision, ...piece, last: false };
    piece = fresh();
    bytes = 0;
    return message;
  };
  for (const [site, participant] of state.authors) {
    piece.authors.push({ site: Number(site), participant });
    if (full(participant.name.length * 3 + 8)) yield take();
  }
  for (const { id, parent, name, kind, tombstone } of scope.nodesIn(workspace)) {
    if (id === rootId) continue;
    piece.nodes.push({ id, parent, name, kind, tombstone });
    if (full(name.length * 3 + nodeBytes)) yield take();
  }
  for (const { id, kind } of scope.nodesIn(workspace)) {
    if (kind !== "text") continue;
    const text = workspace.text(id);
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
  yield { kind: "sync", revision, ...piece, last: true };
}
