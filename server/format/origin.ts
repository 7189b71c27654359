/**
 * How a log came to be: what its chain begins with, so that none of it can be taken out afterwards.
 *
 * @module
 */

import { sha256 } from "@noble/hashes/sha2.js";

/** One thing that happened to a log as a whole. Times are in milliseconds since 1970, chains hexadecimal. */
export type OriginRecord =
  | { readonly kind: "begun"; readonly time: number; readonly id: string }
  /** Something was taken out of the whole log for good. The chain up to `revision` was `chain` before. */
  | {
    readonly kind: "purged";
    readonly time: number;
    readonly revision: number;
    readonly chain: string;
    /** How many occurrences there were in texts, and how many names. */
    readonly occurrences: number;
    readonly names: number;
  };

/** The 32 bytes that the chain of a log with these records begins with. */
export function originOf(records: readonly OriginRecord[]): Uint8Array {
  return sha256(new TextEncoder().encode(textOf(records)));
}

function textOf(records: readonly OriginRecord[]): string {
  return "dist-space log 1\n" +
    records.map((record) => JSON.stringify(Object.entries(record).sort()) + "\n").join("");
}
