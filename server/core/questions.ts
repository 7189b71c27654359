/**
 * What one connection asks about its workspace as it is and was. The log answers; here it is only seen to that one
 * question is answered at a time, and that an answer comes no faster than it is read.
 *
 *     query ─► waiting ─► ask ─► (who reads the log) ─► a piece ─► sent ─► more ─► the next piece
 *
 * @module
 */

import { fromHex, type Query, toHex } from "../../proto/mod.ts";

/** How many questions of one connection may wait. */
const waitingMax = 16;

export interface SavedQuestions {
  readonly asked: number | null;
  readonly piece: { readonly bytes: string; readonly last: boolean } | null;
  readonly waiting: readonly Query[];
}

/** A part of an answer, as the frame that carries it. */
interface Piece {
  readonly bytes: Uint8Array;
  readonly last: boolean;
}

export class Questions {
  /** The id of the one that is being answered. */
  #asked: number | undefined;
  /** Of its answer, what is to be sent next. */
  #piece: Piece | undefined;
  #waiting: Query[] = [];

  /** False if too many wait. */
  add(query: Query): boolean {
    if (this.#waiting.length >= waitingMax) return false;
    this.#waiting.push(query);
    return true;
  }

  /** The question that is to be asked now, if there is one: it is, from now on. */
  next(): Query | undefined {
    if (this.#asked !== undefined) return undefined;
    const query = this.#waiting.shift();
    this.#asked = query?.id;
    return query;
  }

  /** Takes a piece of the answer; false if it is of one that nobody waits for. */
  answered(id: number, bytes: Uint8Array, last: boolean): boolean {
    if (id !== this.#asked || this.#piece !== undefined) return false;
    this.#piece = { bytes, last };
    return true;
  }

  get hasPiece(): boolean {
    return this.#piece !== undefined;
  }

  /** The piece that is to be sent, and whose answer goes on behind it. */
  take(): { readonly bytes: Uint8Array; readonly more: number | undefined } | undefined {
    const piece = this.#piece;
    if (piece === undefined) return undefined;
    const more = piece.last ? undefined : this.#asked;
    this.#piece = undefined;
    if (piece.last) this.#asked = undefined;
    return { bytes: piece.bytes, more };
  }

  save(): SavedQuestions {
    const piece = this.#piece;
    return {
      asked: this.#asked ?? null,
      piece: piece === undefined ? null : { bytes: toHex(piece.bytes), last: piece.last },
      waiting: this.#waiting.slice(),
    };
  }

  static restore({ asked, piece, waiting }: SavedQuestions): Questions {
    const questions = new Questions();
    questions.#asked = asked ?? undefined;
    questions.#piece = piece === null ? undefined : { bytes: fromHex(piece.bytes), last: piece.last };
    questions.#waiting = waiting.slice();
    return questions;
  }
}
