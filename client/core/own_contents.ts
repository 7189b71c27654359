/**
 * The bytes that pending changes name: here until the changes are settled. They go to the server ahead of the changes,
 * one after the other; what it has stored it is not sent again, whatever becomes of the connection.
 *
 * @module
 */

import { type Change, contentsIn, type NodeId } from "../../ot/mod.ts";
import { fromHex, toHex } from "../../proto/mod.ts";

/** Bytes that a blob is to hold. */
export interface OwnContent {
  /** Their SHA-256: 64 hexadecimal digits. */
  readonly hash: string;
  /** Not to be written to any more. */
  readonly bytes: Uint8Array;
}

/** Sorted by hash. */
export type SavedContents = readonly {
  readonly hash: string;
  readonly bytes: string;
  readonly isStored: boolean;
}[];

interface Held {
  readonly bytes: Uint8Array;
  /** Whether the server has them. */
  isStored: boolean;
}

export class OwnContents {
  #held = new Map<string, Held>();

  get isEmpty(): boolean {
    return this.#held.size === 0;
  }

  add(contents: readonly OwnContent[]): void {
    for (const { hash, bytes } of contents) {
      if (!this.#held.has(hash)) this.#held.set(hash, { bytes, isStored: false });
    }
  }

  /** What is here under a hash. */
  bytes(hash: string): Uint8Array | undefined {
    return this.#held.get(hash)?.bytes;
  }

  /** All that is here, by hash. */
  all(): ReadonlyMap<string, Uint8Array> {
    return new Map([...this.#held].map(([hash, { bytes }]) => [hash, bytes]));
  }

  /** What a change names and is here. */
  of({ steps }: Change): OwnContent[] {
    const contents: OwnContent[] = [];
    for (const { hash } of contentsIn(steps)) {
      const bytes = this.bytes(hash);
      if (bytes !== undefined) contents.push({ hash, bytes });
    }
    return contents;
  }

  /** What the server must be given before a change. */
  missingFor(change: Change): OwnContent | undefined {
    return this.of(change).find(({ hash }) => !this.#held.get(hash)!.isStored);
  }

  /** The server has stored what is here under a hash. */
  stored(hash: string): void {
    const held = this.#held.get(hash);
    if (held !== undefined) held.isStored = true;
  }

  /**
   * The server has not got what a change names for these nodes, or for one of them: it is to be sent once more, also
   * where an earlier run had sent it. False if that would be no use: what is not here stays missing.
   */
  forgetStored({ steps }: Change, nodes: readonly NodeId[]): boolean {
    const named = contentsIn(steps.filter(({ node }) => nodes.includes(node)));
    const held = Array.from(named, ({ hash }) => this.#held.get(hash));
    if (held.length === 0 || held.includes(undefined)) return false;
    for (const one of held) one!.isStored = false;
    return true;
  }

  /** It is another log by now: nothing need be in it. */
  forgetAllStored(): void {
    for (const held of this.#held.values()) held.isStored = false;
  }

  /** Lets go of what none of these changes names. */
  keepFor(changes: Iterable<Change>): void {
    const kept = new Map<string, Held>();
    for (const { steps } of changes) {
      for (const { hash } of contentsIn(steps)) {
        const held = this.#held.get(hash);
        if (held !== undefined) kept.set(hash, held);
      }
    }
    if (kept.size < this.#held.size) this.#held = kept;
  }

  save(): SavedContents {
    return [...this.#held].sort(([a], [b]) => a < b ? -1 : 1)
      .map(([hash, { bytes, isStored }]) => ({ hash, bytes: toHex(bytes), isStored }));
  }

  static restore(saved: SavedContents): OwnContents {
    const contents = new OwnContents();
    for (const { hash, bytes, isStored } of saved) {
      contents.#held.set(hash, { bytes: fromHex(bytes), isStored });
    }
    return contents;
  }
}
