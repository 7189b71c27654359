/**
 * What is done to a log behind the back of those who use it: older entries are packed, checkpoints thinned out, and
 * what need not be kept is let go.
 *
 * @module
 */

import {
  beforeBlock,
  decodeManifest,
  encodeSegment,
  FormatError,
  readPacked,
  segmentEntries,
  type Tail,
} from "../format/mod.ts";
import { contentsIn } from "../../ot/mod.ts";
import type { LogEntry } from "../core/mod.ts";
import { hashOfName, hexOf } from "./content.ts";
import { compressed } from "./compression.ts";
import type { Known } from "./known.ts";
import type { Store } from "./store.ts";

/** How much of the log stays on the disk. */
export type Retention =
  | { readonly kind: "all" }
  /** What is not older than this, in milliseconds. */
  | { readonly kind: "duration"; readonly ms: number }
  /** So many entries. */
  | { readonly kind: "count"; readonly entries: number };

/** A segment as it is stored. */
export interface PackedSegment {
  readonly first: number;
  readonly last: number;
  readonly firstTime: number;
  readonly lastTime: number;
  readonly bytes: Uint8Array;
}

/**
 * Of checkpoints older than the newest two, those stay that are so many entries apart; or, where not everything is
 * kept, such a part of what is, so that not much more is kept than that.
 */
const checkpointsApart = 262_144, partApart = 1 / 4;

/**
 * The next segment that rows can be packed to; undefined if there is none. What no checkpoint covers stays.
 *
 * @param isLast whether it may be a shorter one than others.
 */
export function packNext(store: Store, known: Known, isLast = false): PackedSegment | undefined {
  const { number } = known;
  const first = store.firstUnpacked(number);
  const covered = store.checkpoints(number).at(-1)?.revision ?? 0;
  if (first === undefined) return undefined;
  const end = first - 1 - (first - 1) % segmentEntries + segmentEntries;
  const last = end <= covered ? end : isLast ? beforeBlock(covered + 1) : 0;
  if (last < first) return undefined;
  const entries: LogEntry[] = [];
  let before: Tail | undefined, after: Tail | undefined;
  for (const read of readPacked(store.kept(known), first - 1, { until: first })) {
    if (read.tail === undefined) break;
    before ??= read.before;
    after = read.tail;
    entries.push(...read.entries);
    if (read.tail.revision >= last) break;
  }
  if (before === undefined || after?.revision !== last) {
    throw new FormatError(`Entries from ${first} to ${last} cannot be packed`);
  }
  const bytes = compressed(encodeSegment(entries, before, after), "thorough");
  return { first, last, firstTime: entries[0]!.time, lastTime: entries.at(-1)!.time, bytes };
}

/**
 * Lets go of what need not be kept. The newest two checkpoints stay, and all since the older of them.
 *
 * @param nowMs milliseconds since 1970.
 */
export function retain(store: Store, known: Known, retention: Retention, nowMs: number): void {
  const { number } = known;
  const checkpoints = store.checkpoints(number);
  const older = checkpoints.slice(0, -1);
  const head = store.head(number).revision;
  const mayGo = ({ revision, time }: Place) =>
    retention.kind === "duration"
      ? time <= nowMs - retention.ms
      : retention.kind === "count" && revision <= head - retention.entries;
  const floor = Math.max(known.floor, older.filter(mayGo).at(-1)?.revision ?? 0);
  const dropped: number[] = [];
  let kept = { revision: floor, time: -Infinity };
  checkpoints.forEach((checkpoint, i) => {
    const { revision } = checkpoint;
    const isNeeded = i >= checkpoints.length - 2 || revision === floor;
    if (isNeeded || revision > floor && areApart(kept, checkpoint, retention)) kept = checkpoint;
    else dropped.push(revision);
  });
  for (const revision of dropped) store.removeCheckpoint(number, revision);
  if (floor > known.floor) {
    store.update(known, { ...known, floor });
    store.removeSegmentsUpTo(number, floor);
    store.removeRowsUpTo(number, beforeBlock(floor + 1));
  }
  if (dropped.length > 0) collect(store, number);
}

interface Place {
  readonly revision: number;
  readonly time: number;
}

function areApart(a: Place, b: Place, retention: Retention): boolean {
  if (b.revision - a.revision >= checkpointsApart) return true;
  if (retention.kind === "duration") return b.time - a.time >= retention.ms * partApart;
  return retention.kind === "count" && b.revision - a.revision >= retention.entries * partApart;
}

/** Takes away the pieces that no checkpoint needs. */
export function collect(store: Store, number: number): void {
  const needed = new Set<string>();
  for (const { revision } of store.checkpoints(number)) {
    const manifest = store.manifest(number, revision);
    // What a damaged checkpoint needs is not known: then everything stays.
    if (manifest === undefined) return;
    try {
      for (const [, keys] of decodeManifest(manifest).texts) for (const key of keys) needed.add(hexOf(key));
    } catch (error) {
      if (error instanceof FormatError) return;
      throw error;
    }
  }
  for (const key of store.pieces(number)) if (!needed.has(hexOf(key))) store.removePiece(number, key);
}

/** What somebody has put there or asked for is going to be named by a change: for so long it is waited for. */
const heldMs = 3600_000;

/**
 * The hashes of the contents that no state from the floor on has a blob for: all entries since are looked at. None if
 * the oldest state cannot be read, since then it is not known what it needs.
 */
export function unneededContents(store: Store, known: Known): string[] {
  const { number } = known, all = store.contents(number).map(hexOf);
  if (all.length === 0) return [];
  const needed = neededContents(store, known);
  return needed === undefined ? [] : all.filter((hash) => !needed.has(hash));
}

/** The hashes of the contents that blobs hold or held since the floor; undefined if that is not known. */
export function neededContents(store: Store, known: Known): Set<string> | undefined {
  const { number, floor } = known, needed = new Set<string>();
  if (floor > 0) {
    const manifest = store.manifest(number, floor);
    if (manifest === undefined) return undefined;
    for (const { content } of decodeManifest(manifest).state.nodes) {
      if (content !== undefined) needed.add(content.hash);
    }
  }
  for (const read of readPacked(store.kept(known), beforeBlock(floor + 1))) {
    for (const { revision, change } of read.tail === undefined ? [] : read.entries) {
      if (revision <= floor) continue;
      for (const { hash } of contentsIn(change.steps)) needed.add(hash);
    }
  }
  return needed;
}

/** Takes away contents that are not needed, but for those that somebody may be about to name. */
export function removeContents(store: Store, number: number, hashes: readonly string[], nowMs: number): void {
  for (const hash of hashes) store.removeContent(number, hashOfName(hash), nowMs - heldMs);
}
