/**
 * A snapshot of the workspace that comes in piece by piece.
 *
 * @module
 */

import { type Node, type NodeId, Text, Workspace } from "../../ot/mod.ts";
import type { Participant, SyncDocument } from "../../proto/mod.ts";
import { byId, restoreNodes, type SavedNode, saveNodes } from "./saved_workspace.ts";

export interface SavedSnapshot {
  readonly nodes: readonly SavedNode[];
  readonly texts: readonly (readonly [id: NodeId, text: string])[];
  readonly authors: readonly (readonly [site: number, participant: Participant])[];
}

export class IncomingSnapshot {
  #nodes: Node[] = [];
  /** What is there of each text, in parts. */
  readonly #texts = new Map<NodeId, string[]>();
  /** Who has ever changed something, by site. */
  readonly authors = new Map<number, Participant>();

  add(piece: SyncDocument): void {
    for (const node of piece.nodes) this.#nodes.push(node);
    for (const { node, text } of piece.contents) this.#addText(node, text);
    for (const { site, participant } of piece.authors) this.authors.set(site, participant);
  }

  #addText(node: NodeId, text: string): void {
    const known = this.#texts.get(node);
    if (known === undefined) this.#texts.set(node, [text]);
    else known.push(text);
  }

  /** The workspace, once all pieces are there. */
  workspace(): Workspace {
    return Workspace.of(
      this.#nodes,
      [...this.#texts].map(([id, parts]) => [id, Text.of(parts.join(""))] as const),
    );
  }

  /** The texts of files, once all pieces are there. */
  *texts(): Generator<readonly [id: NodeId, text: string]> {
    for (const [id, parts] of this.#texts) yield [id, parts.join("")];
  }

  save(): SavedSnapshot {
    return {
      nodes: saveNodes(this.#nodes),
      texts: [...this.#texts].map(([id, parts]) => [id, parts.join("")] as const)
        .sort(([a], [b]) => byId(a, b)),
      authors: [...this.authors].sort(([a], [b]) => a - b),
    };
  }

  static restore(saved: SavedSnapshot): IncomingSnapshot {
    const snapshot = new IncomingSnapshot();
    snapshot.#nodes = restoreNodes(saved.nodes);
    for (const [id, text] of saved.texts) snapshot.#addText(id, text);
    for (const [site, participant] of saved.authors) snapshot.authors.set(site, participant);
    return snapshot;
  }
}
