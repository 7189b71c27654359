/**
 * What a blob holds: bytes that are no text, named by their hash.
 *
 * The bytes themselves travel and are kept apart from all that is here. A blob is replaced as a whole, so two who do
 * that at once do not merge: the later one wins, as with names.
 *
 * @module
 */

import type { Step } from "./change.ts";
import type { Workspace } from "./workspace.ts";

/** Bytes, by what they are found by. Equal bytes have equal names. */
export interface BlobContent {
  /** Their SHA-256, as 64 hexadecimal digits in lower case. */
  readonly hash: string;
  /** How many there are. */
  readonly bytes: number;
}

/** Whether two blobs hold the same. */
export function sameContent(a: BlobContent | undefined, b: BlobContent | undefined): boolean {
  return a === b || (a?.hash === b?.hash && a?.bytes === b?.bytes);
}

/** Whether something can be the content of a blob. */
export function isBlobContent({ hash, bytes }: BlobContent): boolean {
  return /^[0-9a-f]{64}$/.test(hash) && Number.isSafeInteger(bytes) && bytes >= 0;
}

/** What the blobs hold that steps make or replace, in their order. */
export function* contentsIn(steps: readonly Step[]): Generator<BlobContent> {
  for (const step of steps) if ("content" in step && step.content !== undefined) yield step.content;
}

/** How many bytes more all blobs hold together after steps that were resolved against `before`. */
export function blobGrowthOf(steps: readonly Step[], before: Workspace): number {
  let growth = 0;
  for (const step of steps) {
    if (!("content" in step) || step.content === undefined) continue;
    growth += step.content.bytes - (before.node(step.node)?.content?.bytes ?? 0);
  }
  return growth;
}
