/**
 * The files whose texts a lazy client has, and those that it is asked to get. A client that is not lazy has all.
 *
 *     wanted ─► asked, once on each connection ─► loaded
 *
 * Client and server each keep this list, and must agree on it at each place in the stream. So nothing is ever taken off
 * it, not even a file that is gone, but for what was made here since the last hello when another session begins: that one
 * may make files of these ids on another log, and the server has not been told that they are here.
 *
 * @module
 */

import type { NodeId } from "../../ot/mod.ts";
import { byId } from "./saved_workspace.ts";

export interface SavedLoaded {
  /** Sorted. */
  readonly loaded: readonly NodeId[];
  /** Those of them that no hello has named, sorted. */
  readonly untold: readonly NodeId[];
  /** Wanted ones, sorted, and whether they have been asked for on this connection. */
  readonly wanted: readonly (readonly [node: NodeId, isAsked: boolean])[];
}

export class Loaded {
  #loaded = new Set<NodeId>();
  /** What was made here since the last hello. */
  #untold = new Set<NodeId>();
  #wanted = new Map<NodeId, { isAsked: boolean }>();

  /** @param isLazy whether files are loaded at all. */
  constructor(readonly isLazy: boolean) {}

  has(node: NodeId): boolean {
    return !this.isLazy || this.#loaded.has(node);
  }

  /** Those that are loaded, sorted: the server is told of them now. */
  tell(): NodeId[] {
    this.#untold.clear();
    return sorted(this.#loaded);
  }

  /** A file is made here: all of its text is known. */
  made(node: NodeId): void {
    if (!this.isLazy || this.#loaded.has(node)) return;
    this.#loaded.add(node);
    this.#untold.add(node);
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

  /** Another session has begun, and goes by these ids for what nobody else has seen. */
  beginAnew(ids: ReadonlyMap<NodeId, NodeId>): void {
    for (const id of this.#untold) this.#loaded.delete(id);
    this.#untold.clear();
    for (const id of ids.values()) this.made(id);
  }

  save(): SavedLoaded {
    const wanted = [...this.#wanted].map(([node, { isAsked }]) => [node, isAsked] as const);
    return {
      loaded: sorted(this.#loaded),
      untold: sorted(this.#untold),
      wanted: wanted.sort(([a], [b]) => byId(a, b)),
    };
  }

  static restore(isLazy: boolean, saved: SavedLoaded): Loaded {
    const files = new Loaded(isLazy);
    files.#loaded = new Set(saved.loaded);
    files.#untold = new Set(saved.untold);
    files.#wanted = new Map(saved.wanted.map(([node, isAsked]) => [node, { isAsked }]));
    return files;
  }
}

function sorted(nodes: ReadonlySet<NodeId>): NodeId[] {
  return [...nodes].sort(byId);
}
