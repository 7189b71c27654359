/**
 * What the core keeps on a connection whose other end looks after the server: what it has asked, and what of the answers
 * it has not been sent yet.
 *
 *     ask ─► waiting ─► answered in its turn ─► pieces ─► sent, one when the last has been taken
 *
 * One question is answered at a time, and the next one when all of that has gone out: so no more than one answer is in
 * memory, however slowly it is read. What is followed comes beside that.
 *
 * @module
 */

import { Globs } from "../../ot/mod.ts";
import {
  type AdminAsk,
  type AdminCode,
  type AdminItem,
  codes,
  encodeServerMessage,
  fromHex,
  toHex,
} from "../../proto/mod.ts";
import type { Grant } from "./rights.ts";
import { type SavedTail, Tail } from "./tail.ts";

/** How many questions of one connection may wait, and how many items there are in a piece of an answer. */
const waitingMax = 16, itemsMax = 100;

export interface SavedAdministrator {
  readonly isIn: boolean;
  readonly waiting: readonly AdminAsk[];
  readonly listing: number | null;
  readonly pieces: readonly string[];
  readonly tail: SavedTail | null;
}

export class Administrator {
  /** Whether it is certain that it may ask. */
  isIn = false;
  /** The id of the question for which the log is asked which workspaces there are; undefined if it is not. */
  listing: number | undefined;
  tail: Tail | undefined;
  #waiting: AdminAsk[] = [];
  #pieces: Uint8Array[] = [];

  /** False if too many wait. */
  add(ask: AdminAsk): boolean {
    if (this.#waiting.length >= waitingMax) return false;
    this.#waiting.push(ask);
    return true;
  }

  /** The question that is to be answered now, if there is one. */
  next(): AdminAsk | undefined {
    if (!this.isIn || this.listing !== undefined || this.#pieces.length > 0) return undefined;
    return this.#waiting.shift();
  }

  /** Answers a question. */
  answer(id: number, items: readonly AdminItem[]): void {
    for (let from = 0; from === 0 || from < items.length; from += itemsMax) {
      const last = from + itemsMax >= items.length;
      this.#pieces.push(pieceOf(id, items.slice(from, from + itemsMax), last));
    }
  }

  /** Says that an answer begins that has no end. */
  begin(id: number): void {
    this.#pieces.push(pieceOf(id, [], false));
  }

  refuse(id: number, code: AdminCode, message: string = codes[code].text): void {
    this.#pieces.push(pieceOf(id, [], true, code, message));
  }

  get hasPiece(): boolean {
    return this.#pieces.length > 0;
  }

  /** The next piece of the answer that is being given; undefined if none is. */
  take(): Uint8Array | undefined {
    return this.#pieces.shift();
  }

  save(): SavedAdministrator {
    return {
      isIn: this.isIn,
      waiting: this.#waiting.slice(),
      listing: this.listing ?? null,
      pieces: this.#pieces.map(toHex),
      tail: this.tail?.save() ?? null,
    };
  }

  static restore({ isIn, waiting, listing, pieces, tail }: SavedAdministrator): Administrator {
    const administrator = new Administrator();
    administrator.isIn = isIn;
    administrator.#waiting = waiting.slice();
    administrator.listing = listing ?? undefined;
    administrator.#pieces = pieces.map(fromHex);
    administrator.tail = tail === null ? undefined : Tail.restore(tail);
    return administrator;
  }
}

/** A piece of an answer, as the frame that carries it. */
export function pieceOf(
  id: number,
  items: readonly AdminItem[],
  last: boolean,
  code: AdminCode | "" = "",
  message = "",
): Uint8Array {
  return encodeServerMessage({ kind: "admin_answer", id, items, last, code, message });
}

/** The workspaces that somebody looks after, by name; everybody does after all, where nobody is asked. */
export class Dominion {
  readonly #layers: readonly Globs[];
  /** Whether it is all there are and will be. */
  readonly isEverything: boolean;

  constructor(grant: Grant | undefined) {
    const layers = grant?.workspaces ?? [];
    this.#layers = layers.map((globs) => new Globs(globs));
    this.isEverything = layers.every((globs) => globs.includes("*") || globs.includes("**"));
  }

  covers(workspace: string): boolean {
    return this.#layers.every((globs) => globs.match(workspace));
  }
}
