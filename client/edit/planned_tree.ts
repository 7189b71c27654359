/**
 * A tree that is to become another: nodes are removed, restored and put elsewhere in it, one after the other, and
 * whether one can go where it is to go is asked of the tree as it will be then.
 *
 * @module
 */

import { type Node, type NodeId, rootId, type Step, type Workspace } from "../../ot/mod.ts";

/** Where a node will be. */
interface Planned {
  readonly parent: NodeId;
  readonly name: string;
  readonly tombstone: NodeId | undefined;
}

/** The tree of a workspace, and what is planned on top. */
export class PlannedTree {
  readonly #workspace: Workspace;
  /** Those that will be somewhere else, or not at all, in the order of the plan. */
  readonly #planned = new Map<NodeId, Planned>();
  /** Who has been planned to stand somewhere, by directory and name. */
  readonly #coming = new Map<string, NodeId>();

  /** Nothing is planned yet. */
  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  /** Whether nothing is planned. */
  get isEmpty(): boolean {
    return this.#planned.size === 0;
  }

  /** A node as it is now. */
  node(id: NodeId): Node | undefined {
    return this.#workspace.node(id);
  }

  /** Plans to take a node away. */
  remove(id: NodeId): void {
    this.#planned.set(id, { ...this.#at(id), tombstone: "removed" });
  }

  /** Plans to bring a node back. */
  restore(id: NodeId): void {
    const { parent, name } = this.#at(id);
    this.#planned.set(id, { parent, name, tombstone: undefined });
    this.#coming.set(`${parent}/${name}`, id);
  }

  /** Plans to put a node somewhere. */
  place(id: NodeId, parent: NodeId, name: string): void {
    this.#planned.set(id, { ...this.#at(id), parent, name });
    this.#coming.set(`${parent}/${name}`, id);
  }

  /** What is against a node, or a new one, going somewhere; undefined if nothing is. */
  faultOf(id: NodeId | undefined, parent: NodeId, name: string): string | undefined {
    if (parent !== rootId && this.#workspace.node(parent) === undefined) {
      return "The directory that it was in is forgotten";
    }
    for (let at = parent; at !== rootId; at = this.#at(at).parent) {
      if (at === id) return "It would be within itself";
      if (this.#at(at).tombstone !== undefined) return "The directory that it was in is removed";
    }
    const others = [this.#workspace.child(parent, name), this.#coming.get(`${parent}/${name}`)];
    const isTaken = others.some((other) =>
      other !== undefined && other !== id && this.#stands(other, parent, name)
    );
    return isTaken ? `There is something else at "${this.pathAt(parent, name)}" by now` : undefined;
  }

  /** Where a node will be. */
  pathOf(id: NodeId): string {
    const { parent, name } = this.#at(id);
    return this.pathAt(parent, name);
  }

  /** The path of what is called so in a directory. */
  pathAt(parent: NodeId, name: string): string {
    return parent === rootId || this.#workspace.node(parent) === undefined
      ? name
      : `${this.pathOf(parent)}/${name}`;
  }

  /** What it takes: first what comes back and moves, then what goes. */
  *steps(mint: () => NodeId): Generator<Step> {
    for (const [node, { tombstone }] of this.#planned) {
      const was = this.#workspace.node(node)!.tombstone;
      if (was !== undefined && tombstone === undefined) yield { kind: "restore", node, tombstone: was };
    }
    for (const [node, { parent, name }] of this.#planned) {
      const was = this.#workspace.node(node)!;
      if (parent !== was.parent) yield { kind: "move", node, parent };
      if (name !== was.name) yield { kind: "rename", node, name };
    }
    for (const [node, { tombstone }] of this.#planned) {
      if (tombstone === "removed") yield { kind: "remove", node, tombstone: mint() };
    }
  }

  #stands(id: NodeId, parent: NodeId, name: string): boolean {
    const planned = this.#at(id);
    return planned.tombstone === undefined && planned.parent === parent && planned.name === name;
  }

  #at(id: NodeId): Planned {
    return this.#planned.get(id) ?? this.#workspace.node(id)!;
  }
}
