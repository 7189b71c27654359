/**
 * What the folder and the workspace last agreed on: the tree between the one on the disk and the one in the workspace.
 *
 * Each node has two names: the one it has in the workspace, and that of the file that stands for it, which is another
 * one where the disk cannot have the first. Its content is what the file held then; everything in it is in the workspace,
 * and what the workspace says besides was written by others.
 *
 * What has been touched since the last mark can be taken back, and is what has to be stored.
 *
 * @module
 */

import { assert, type NodeId, type NodeKind, rootId } from "../../ot/mod.ts";
import type { FileContent } from "./content.ts";
import type { Stamp } from "./types.ts";

/** A file or directory that is on both sides. */
export interface Synced {
  readonly node: NodeId;
  /** The directory it is in, on the disk. */
  readonly parent: NodeId;
  /** Its name in the workspace. */
  readonly name: string;
  /** Its name on the disk. */
  readonly file: string;
  readonly kind: NodeKind;
  /** What the file held; undefined of a directory. */
  readonly content: FileContent | undefined;
  /** Whether it could be executed; never a directory. */
  readonly executable: boolean;
  /** Undefined if it has to be read to be known. */
  readonly stamp: Stamp | undefined;
  /** Whether what the file says was written there by us, so that it is in the workspace as it is. */
  readonly isOurs: boolean;
  /** Whether `file` is only used until the name that it should have is free. */
  readonly isMakeshift: boolean;
  /** Why it is left alone on both sides for now; undefined if it is not. */
  readonly held: string | undefined;
}

export class SyncedTree {
  readonly #nodes = new Map<NodeId, Synced>();
  readonly #children = new Map<NodeId, Map<string, NodeId>>();
  /** What was touched since the last mark, as it was then. */
  #touched = new Map<NodeId, Synced | undefined>();
  /** What was touched since it was last taken to be stored. */
  #unstored = new Set<NodeId>();

  /** Nodes whose file has a makeshift name. */
  readonly makeshift: Set<NodeId> = new Set<NodeId>();

  get size(): number {
    return this.#nodes.size;
  }

  get(node: NodeId): Synced | undefined {
    return this.#nodes.get(node);
  }

  nodes(): Iterable<Synced> {
    return this.#nodes.values();
  }

  /** Names on the disk and nodes, of what is in a directory. */
  children(directory: NodeId): ReadonlyMap<string, NodeId> {
    return this.#children.get(directory) ?? none;
  }

  /** The node at a path on the disk; the root at "". */
  idAt(path: string): NodeId | undefined {
    if (path === "") return rootId;
    let node: NodeId | undefined = rootId;
    for (const file of path.split("/")) {
      node = this.#children.get(node)?.get(file);
      if (node === undefined) return undefined;
    }
    return node;
  }

  at(path: string): Synced | undefined {
    const node = this.idAt(path);
    return node === undefined ? undefined : this.#nodes.get(node);
  }

  /** The path of a node on the disk. */
  pathOf(node: NodeId): string {
    const files: string[] = [];
    for (let at = this.#nodes.get(node); at !== undefined; at = this.#nodes.get(at.parent)) {
      files.push(at.file);
    }
    return files.reverse().join("/");
  }

  /** A node and all below it, what is in a directory before it. */
  *below(node: NodeId): Generator<Synced> {
    for (const child of [...this.children(node).values()]) yield* this.below(child);
    const synced = this.#nodes.get(node);
    if (synced !== undefined) yield synced;
  }

  /** Whether `node` is `directory` or somewhere in it. */
  isWithin(node: NodeId, directory: NodeId): boolean {
    for (let at: NodeId | undefined = node; at !== undefined; at = this.#nodes.get(at)?.parent) {
      if (at === directory) return true;
    }
    return false;
  }

  set(synced: Synced): void {
    const { node, parent, file } = synced;
    const before = this.#nodes.get(node);
    this.#touch(node, before);
    if (before !== undefined) this.#unlink(before);
    const siblings = this.#children.get(parent) ?? new Map<string, NodeId>();
    assert(siblings.get(file) === undefined, "one file stands for one node");
    this.#children.set(parent, siblings.set(file, node));
    this.#nodes.set(node, synced);
    if (synced.isMakeshift) this.makeshift.add(node);
    else this.makeshift.delete(node);
  }

  /** Forgets a node; what is below it has to be forgotten too. */
  delete(node: NodeId): void {
    const before = this.#nodes.get(node);
    if (before === undefined) return;
    this.#touch(node, before);
    this.#unlink(before);
    this.#nodes.delete(node);
    this.makeshift.delete(node);
  }

  /** Forgets a node and all below it. */
  deleteBelow(node: NodeId): void {
    for (const synced of [...this.below(node)]) this.delete(synced.node);
  }

  /** Gives a node another id. */
  renumber(node: NodeId, to: NodeId): void {
    const synced = this.#nodes.get(node);
    if (synced === undefined || node === to) return;
    const children = [...this.children(node).values()].map((child) => this.#nodes.get(child)!);
    for (const child of children) this.delete(child.node);
    this.delete(node);
    this.set({ ...synced, node: to });
    for (const child of children) this.set({ ...child, parent: to });
  }

  /** From here on, changes can be taken back. */
  mark(): void {
    this.#touched = new Map();
  }

  /** Takes back what was done since the mark. */
  rollBack(): void {
    const touched = [...this.#touched];
    for (const [node] of touched) this.delete(node);
    for (const [, before] of touched) if (before !== undefined) this.set(before);
    this.mark();
  }

  /** What was touched since this was last asked; undefined of what is forgotten. */
  takeUnstored(): [NodeId, Synced | undefined][] {
    const taken = [...this.#unstored].map((
      node,
    ): [NodeId, Synced | undefined] => [node, this.#nodes.get(node)]);
    this.#unstored = new Set();
    return taken;
  }

  #touch(node: NodeId, before: Synced | undefined): void {
    if (!this.#touched.has(node)) this.#touched.set(node, before);
    this.#unstored.add(node);
  }

  #unlink({ node, parent, file }: Synced): void {
    const siblings = this.#children.get(parent);
    if (siblings?.get(file) !== node) return;
    siblings.delete(file);
    if (siblings.size === 0) this.#children.delete(parent);
  }
}

const none: ReadonlyMap<string, NodeId> = new Map();
