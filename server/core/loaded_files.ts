/**
 * The files whose texts a lazy connection has, and those it waits for. Of all other files it is told the places alone.
 *
 *     wanted ─► (a snapshot of their texts, between two entries) ─► loaded: from there on with all edits
 *
 * What a session has created it knows the text of from the start.
 *
 * @module
 */

import { compareIds, type NodeId, parseId } from "../../ot/mod.ts";

export interface SavedLoadedFiles {
  /** Sorted. */
  readonly loaded: readonly NodeId[];
  /** Sorted. */
  readonly wanted: readonly NodeId[];
}

export class LoadedFiles {
  readonly #loaded: Set<NodeId>;
  #wanted = new Set<NodeId>();

  /** @param site whose files are loaded all the same. */
  constructor(loaded: readonly NodeId[], readonly site: number) {
    this.#loaded = new Set(loaded);
  }

  has(node: NodeId): boolean {
    return this.#loaded.has(node) || parseId(node)?.site === this.site;
  }

  /** Those that were asked for, sorted. */
  get files(): NodeId[] {
    return sorted(this.#loaded);
  }

  /** Asks for texts; how many are being waited for. */
  want(nodes: readonly NodeId[]): number {
    for (const node of nodes) this.#wanted.add(node);
    return this.#wanted.size;
  }

  get isWaiting(): boolean {
    return this.#wanted.size > 0;
  }

  /** Those that are waited for, sorted: they are on their way from now on. */
  take(): NodeId[] {
    const nodes = sorted(this.#wanted);
    this.#wanted = new Set();
    return nodes;
  }

  /** All of their texts has been sent. */
  arrived(nodes: readonly NodeId[]): void {
    for (const node of nodes) this.#loaded.add(node);
  }

  save(): SavedLoadedFiles {
    return { loaded: this.files, wanted: sorted(this.#wanted) };
  }

  static restore({ loaded, wanted }: SavedLoadedFiles, site: number): LoadedFiles {
    const files = new LoadedFiles(loaded, site);
    files.want(wanted);
    return files;
  }
}

function sorted(nodes: Iterable<NodeId>): NodeId[] {
  return [...nodes].sort(compareIds);
}
