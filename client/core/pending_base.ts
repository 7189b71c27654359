/**
 * What pending changes were made on, where no more of the workspace is known than that: a client that starts again
 * with what it had not sent keeps it for the case that the server cannot say any more what has happened since.
 *
 * @module
 */

import { type Change, type NodeId, type NodeKind, Text, type Workspace } from "../../ot/mod.ts";
import { mentioned } from "./resynchronisation.ts";
import { byId } from "./saved_workspace.ts";
import type { Pending } from "./pending.ts";

/** A node that a pending change speaks of. */
export interface BaseNode {
  /** Its identity. */
  readonly id: NodeId;
  /** File or directory. */
  readonly kind: NodeKind;
  /** Its own name. */
  readonly name: string;
  /** Of a file that a pending change edits. */
  readonly text: string | null;
}

/** Files that are longer together, in UTF-16 code units, are not kept: each save would take too long. */
const lengthMax = 1 << 20;

/** What `workspace` has of the nodes that pending changes speak of, sorted by id. */
export function baseOf(pending: readonly Pending[], workspace: Workspace | PendingBase): BaseNode[] {
  const edited = new Set<NodeId>();
  for (const { change: { edits } } of pending) for (const { node } of edits) edited.add(node);
  const nodes: BaseNode[] = [];
  let length = 0;
  for (const id of [...mentioned(pending)].sort(byId)) {
    const node = workspace.node(id);
    if (node === undefined) continue;
    const text = edited.has(id) ? workspace.text(id) : undefined;
    length += text?.length ?? 0;
    if (length > lengthMax) return [];
    nodes.push({ id, kind: node.kind, name: node.name, text: text?.toString() ?? null });
  }
  return nodes;
}

export class PendingBase {
  readonly #nodes = new Map<
    NodeId,
    { readonly kind: NodeKind; readonly name: string; text: Text | undefined }
  >();

  constructor(nodes: readonly BaseNode[]) {
    for (const { id, kind, name, text } of nodes) {
      this.#nodes.set(id, { kind, name, text: text === null ? undefined : Text.of(text) });
    }
  }

  node(id: NodeId): { readonly kind: NodeKind; readonly name: string } | undefined {
    return this.#nodes.get(id);
  }

  text(id: NodeId): Text {
    return this.#nodes.get(id)?.text ?? Text.empty;
  }

  /** Follows a change that is in the log: what pending changes are made on now, without what has left. */
  follow({ steps, edits }: Change, left: readonly NodeId[] = []): void {
    for (const id of left) this.#nodes.delete(id);
    for (const step of steps) {
      if (step.kind !== "create") continue;
      this.#nodes.set(step.node, { kind: step.type, name: step.name, text: Text.empty });
    }
    for (const { node, op } of edits) {
      const known = this.#nodes.get(node);
      if (known?.text !== undefined) known.text = known.text.apply(op);
    }
  }

  save(): BaseNode[] {
    return [...this.#nodes].sort(([a], [b]) => byId(a, b))
      .map(([id, { kind, name, text }]) => ({ id, kind, name, text: text?.toString() ?? null }));
  }
}
