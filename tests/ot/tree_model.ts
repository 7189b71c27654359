/**
 * The rules of the tree once more, as plainly as can be: the judge of `resolve` and `Workspace.apply`.
 *
 * Nodes stand in a Map and are changed in place; every question is answered by looking at all of them. Says
 * nothing about refusals, nor about names too long to number.
 *
 * @module
 */

import { type BlobContent, type Node, type NodeId, rootId, type Step, type Workspace } from "../../ot/mod.ts";

interface ModelNode {
  parent: NodeId;
  name: string;
  readonly kind: Node["kind"];
  tombstone: NodeId | undefined;
  content?: BlobContent;
  executable?: true;
}

export class ModelTree {
  readonly nodes: Map<NodeId, ModelNode>;

  constructor(state: Workspace) {
    this.nodes = new Map();
    for (const { id, ...node } of state.nodes()) this.nodes.set(id, { ...node });
  }

  /** Does to the tree what the rules say of `steps`. */
  take(steps: readonly Step[]): void {
    /** Nodes that got a place, the last placed last. */
    let placed: NodeId[] = [];
    const place = (id: NodeId) => placed = [...placed.filter((other) => other !== id), id];
    for (const step of steps) {
      if (step.kind === "create") {
        const parent = this.#landing(step.parent);
        const node: ModelNode = { parent, name: step.name, kind: step.type, tombstone: undefined };
        if (step.content !== undefined) node.content = step.content;
        if (step.executable) node.executable = true;
        this.nodes.set(step.node, node);
        place(step.node);
        continue;
      }
      if (step.kind === "forget") throw new Error("nobody means to forget");
      const node = this.nodes.get(step.node)!;
      if (step.kind === "move") {
        const parent = this.#landing(step.parent);
        if (parent === node.parent || this.#lineage(parent).includes(step.node)) continue;
        node.parent = parent;
        place(step.node);
      } else if (step.kind === "rename") {
        if (step.name === node.name) continue;
        node.name = step.name;
        place(step.node);
      } else if (step.kind === "replace") {
        node.content = step.content;
      } else if (step.kind === "mode") {
        if (step.executable) node.executable = true;
        else delete node.executable;
      } else if (step.kind === "remove") {
        node.tombstone = step.tombstone;
      } else if (node.tombstone !== undefined) {
        if (step.tombstone !== undefined && step.tombstone !== node.tombstone) continue;
        node.tombstone = undefined;
        node.parent = this.#landing(node.parent);
        place(step.node);
      } else if (step.tombstone === undefined && this.#landing(node.parent) !== node.parent) {
        node.parent = this.#landing(node.parent);
        place(step.node);
      }
    }
    placed = placed.filter((id) => this.nodes.get(id)!.tombstone === undefined);
    placed.forEach((id, i) => {
      const node = this.nodes.get(id)!, waiting = placed.slice(i);
      const isTaken = (name: string) =>
        [...this.nodes].some(([other, { parent, name: taken, tombstone }]) =>
          tombstone === undefined && parent === node.parent && taken === name && !waiting.includes(other)
        );
      if (!isTaken(node.name)) return;
      const [, stem, number, ending] = node.kind === "directory" || node.name.startsWith(".")
        ? /^(.*?)(?: \((\d+)\))?()$/.exec(node.name)!
        : /^(.*?)(?: \((\d+)\))?(\.[^.]*)?$/.exec(node.name)!;
      let count = Number(number ?? 1);
      do count++; while (isTaken(`${stem} (${count})${ending ?? ""}`));
      node.name = `${stem} (${count})${ending ?? ""}`;
    });
  }

  /** The node and the directories above it, the root last. */
  #lineage(id: NodeId): NodeId[] {
    return id === rootId ? [id] : [id, ...this.#lineage(this.nodes.get(id)!.parent)];
  }

  /** Where something meant for a directory lands: there, or in the nearest live directory above. */
  #landing(directory: NodeId): NodeId {
    const hidden = this.#lineage(directory).findLastIndex((id) =>
      this.nodes.get(id)!.tombstone !== undefined
    );
    return this.#lineage(directory)[hidden + 1]!;
  }
}
