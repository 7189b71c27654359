/**
 * What the blobs of a workspace hold, on a simulated disk: found by hash, and let go when nothing names it for a while.
 *
 * @module
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { toHex } from "../proto/mod.ts";

/**
 * For so long, in microseconds, what somebody has put there waits for a change to name it. A server waits
 * longer; here it is to happen that a change comes too late.
 */
const keptUs = 20_000_000;
/** What was asked for is about to be named: no append, however slow, takes so long. */
const heldUs = 1_000_000_000;

interface Content {
  readonly bytes: Uint8Array;
  /** How many records the log had when it was put there: who puts back an older log has it not. */
  readonly records: number;
  /** Until when it stays though nothing names it. */
  untilUs: number;
}

export class SimulatedContents {
  #contents = new Map<string, Content>();

  put(bytes: Uint8Array, records: number, nowUs: number): string {
    const hash = toHex(sha256(bytes)), before = this.#contents.get(hash);
    this.#contents.set(hash, {
      bytes,
      records: before?.records ?? records,
      untilUs: Math.max(before?.untilUs ?? 0, nowUs + keptUs),
    });
    return hash;
  }

  /** How long a content is, which is asked for now; undefined if there is none. */
  hold(hash: string, nowUs: number): number | undefined {
    const content = this.#contents.get(hash);
    if (content !== undefined) content.untilUs = Math.max(content.untilUs, nowUs + heldUs);
    return content?.bytes.length;
  }

  /** Takes away what is not among the hashes that entries name, and nobody has asked for lately. */
  collect(named: readonly string[], nowUs: number): void {
    const needed = new Set(named);
    for (const [hash, { untilUs }] of this.#contents) {
      if (!needed.has(hash) && nowUs > untilUs) this.#contents.delete(hash);
    }
  }

  /** The log is put back to so many records: what came later was never there. */
  rollBack(records: number): void {
    for (const [hash, content] of this.#contents) if (content.records > records) this.#contents.delete(hash);
  }

  /** All that is there, by hash. */
  all(): ReadonlyMap<string, Uint8Array> {
    return new Map([...this.#contents].map(([hash, { bytes }]) => [hash, bytes]));
  }
}
