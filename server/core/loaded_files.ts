/**
 * The files whose texts a lazy connection has, and those it waits for. Of all other files it is told the places alone.
 *
 *     wanted ─► (a snapshot of their texts, between two entries) ─► loaded: from there on with all edits
 *
 * What a session creates it knows the text of: it is loaded when that is acknowledged.
 *
 * @module
 */

import { compareIds, type NodeId } from "../../ot/mod.ts";

export interface SavedLoadedFiles {
  /** Sorted. */
  readonly loaded: readonly NodeId[];
  /** Sorted. */
  readonly wanted: readonly NodeId[];
  /** Sorted. */
  readonly news: readonly NodeId[];
}

export class LoadedFiles {
  readonly #loaded: Set<NodeId>;
  #wanted = new Set<NodeId>();
  /** Those that have been loaded, and in which the places of the others have not been said since. */
  #news = new Set<NodeId>();

  constructor(loaded: readonly NodeId[]) {
    this.#loaded = new Set(loaded);
  }

  has(node: NodeId): boolean {
    return this.#loaded.has(node);
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

  /** Their texts are known from here on. */
  add(nodes: readonly NodeId[]): void {
    for (const node of nodes) this.#loaded.add(node);
  }

  /** All of their texts has been sent: others' places in them mean something to the reader now. */
  arrived(nodes: readonly NodeId[]): void {
    this.add(nodes);
    for (const node of nodes) this.#news.add(node);
  }

  get hasNews(): boolean {
    return this.#news.size > 0;
  }

  /** The files in which places are to be said: they are, from now on. */
  takeNews(): ReadonlySet<NodeId> {
    const news = this.#news;
    this.#news = new Set();
    return news;
  }

  save(): SavedLoadedFiles {
    return { loaded: this.files, wanted: sorted(this.#wanted), news: sorted(this.#news) };
  }

  static restore({ loaded, wanted, news }: SavedLoadedFiles): LoadedFiles {
    const files = new LoadedFiles(loaded);
    files.want(wanted);
    files.#news = new Set(news);
    return files;
  }
}

function sorted(nodes: Iterable<NodeId>): NodeId[] {
  return [...nodes].sort(compareIds);
}
