/**
 * The files whose texts a lazy client has, and those that it is asked to get. A client that is not lazy has all.
 *
 *     wanted ─► asked, once on each connection ─► loaded
 *
 * Client and server each keep this list, and must agree on it at each place in the stream: nothing is ever taken off it,
 * not even a file that is gone.
 *
 * @module
 */

import type { NodeId } from "../../ot/mod.ts";
import { byId } from "./saved_workspace.ts";

export interface SavedLoaded {
  /** Sorted. */
  readonly loaded: readonly NodeId[];
  /** Wanted ones, sorted, and whether they have been asked for on this connection. */
  readonly wanted: readonly (readonly [node: NodeId, isAsked: boolean])[];
}

export class Loaded {
  #loaded = new Set<NodeId>();
  #wanted = new Map<NodeId, { isAsked: boolean }>();

  /** @param isLazy whether files are loaded at all. */
  constructor(readonly isLazy: boolean) {}

  has(node: NodeId): boolean {
    return !this.isLazy || this.#loaded.has(node);
  }

  /** Those that are loaded, sorted. */
  get files(): NodeId[] {
    return [...this.#loaded].sort(byId);
  }

  add(node: NodeId): void {
    if (this.isLazy) this.#loaded.add(node);
  }

  /** Says which of them are not loaded: those are wanted from now on. */
  want(nodes: readonly NodeId[]): NodeId[] {
    const missing = nodes.filter((node) => !this.has(node));
    for (const node of missing) if (!this.#wanted.has(node)) this.#wanted.set(node, { isAsked: false });
    return missing;
  }

  isWanted(node: NodeId): boolean {
    return this.#wanted.has(node);
  }

  /** Those that are to be asked for now: they are, from now on. */
  ask(): NodeId[] {
    const nodes: NodeId[] = [];
    for (const [node, wanted] of this.#wanted) {
      if (!wanted.isAsked) nodes.push(node);
      wanted.isAsked = true;
    }
    return nodes.sort(byId);
  }

  /** An answer has come for a node, whether or not there is such a file: if there will be, it comes with its text. */
  answered(node: NodeId): void {
    this.#wanted.delete(node);
    this.#loaded.add(node);
  }

  /** The connection is gone, and what was asked on it. */
  disconnected(): void {
    for (const wanted of this.#wanted.values()) wanted.isAsked = false;
  }

  /** Nodes that nobody else has seen go by other ids from now on. The server has been told of the former ones. */
  renumber(ids: ReadonlyMap<NodeId, NodeId>): void {
    for (const id of ids.values()) this.add(id);
  }

  save(): SavedLoaded {
    const wanted = [...this.#wanted].map(([node, { isAsked }]) => [node, isAsked] as const);
    return { loaded: this.files, wanted: wanted.sort(([a], [b]) => byId(a, b)) };
  }

  static restore(isLazy: boolean, saved: SavedLoaded): Loaded {
    const files = new Loaded(isLazy);
    files.#loaded = new Set(saved.loaded);
    files.#wanted = new Map(saved.wanted.map(([node, isAsked]) => [node, { isAsked }]));
    return files;
  }
}
