/**
 * Texts cut into pieces that are named by their hash, so that what has not changed is not stored again.
 *
 * A long text is cut behind a line whose last characters happen to hash to a certain value: an edit moves the cuts
 * near it, and leaves the others where they are.
 *
 * @module
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { xxHash32 } from "js-xxhash";
import type { Text } from "../../ot/mod.ts";
import { bytesOfText } from "./bytes.ts";

/** A piece of a text: what the key is the SHA-256 of. */
export interface Piece {
  readonly key: Uint8Array;
  readonly bytes: Uint8Array;
}

const pieceLengthMin = 32 << 10, pieceLengthMax = 256 << 10;
/** One line in so many ends a piece that is long enough. */
const cutEvery = 512;
/** How much of the end of a line decides whether it is cut there. */
const decidingLength = 32;

/** Which pieces texts have come to. They are values, so what held once holds for ever. */
export class PieceKeys {
  readonly #keys = new WeakMap<Text, readonly Uint8Array[]>();

  of(text: Text): readonly Uint8Array[] | undefined {
    return this.#keys.get(text);
  }

  set(text: Text, keys: readonly Uint8Array[]): void {
    this.#keys.set(text, keys);
  }
}

export function* piecesOf(text: Text): Generator<Piece> {
  for (let from = 0; from < text.length;) {
    const part = text.slice(from, from + pieceLengthMax);
    const string = part.slice(0, cutOf(part));
    const bytes = bytesOfText(string);
    yield { key: sha256(bytes), bytes };
    from += string.length;
  }
}

function cutOf(part: string): number {
  const cut = cutAtLine(part);
  if (cut >= 0) return cut;
  const isAll = part.length < pieceLengthMax;
  // A pair stays together: a lone half has no UTF-8.
  const splitsPair = !isAll && (part.charCodeAt(part.length - 1) & 0xfc00) === 0xd800;
  return splitsPair ? part.length - 1 : part.length;
}

function cutAtLine(part: string): number {
  for (let at = part.indexOf("\n", pieceLengthMin); at >= 0; at = part.indexOf("\n", at + 1)) {
    const line = bytesOfText(part.slice(at - decidingLength, at));
    if (xxHash32(line) % cutEvery === 0) return at + 1;
  }
  return -1;
}
