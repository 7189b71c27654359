/**
 * From what is on a disk to what a workspace is: the newest checkpoint that is whole, and every entry since, checked
 * against the chain. Knows nothing of files or databases; whoever has them hands in bytes.
 *
 * What was begun and never acknowledged may be torn, and is then left out. Of what was acknowledged nothing may be
 * missing: rather than a part of it, nothing is served.
 *
 * @module
 */

import type { LogEntry, SavedState } from "../core/mod.ts";
import { areEqual, FormatError } from "./bytes.ts";
import { decodeManifest, savedStateOf } from "./checkpoint.ts";
import { decodeSegment } from "./segment.ts";
import { beforeBlock, chainBefore, type Row, Tail } from "./tail.ts";

/** Entries as they are kept. Segments are uncompressed. */
export type Packed = { readonly kind: "row"; readonly row: Row } | {
  readonly kind: "segment";
  readonly bytes: Uint8Array;
};

/** What is kept of one workspace. */
export interface Kept {
  /** 32 bytes that its chain begins with. */
  readonly origin: Uint8Array;
  /** The state can be made from the entries alone, since the first of them are there. */
  readonly isWhole: boolean;
  /** The newest revision that may have been acknowledged. */
  readonly durable: number;
  /** The chain up to `durable`, if it is kept by itself. */
  readonly chain: Uint8Array | undefined;
  /** The manifests, newest first; undefined for one that cannot be read. */
  manifests(): Iterable<Uint8Array | undefined>;
  pieceOf(key: Uint8Array): Uint8Array | undefined;
  /** SHA-256, if there is a quicker one than that of this folder. */
  readonly hash?: (bytes: Uint8Array) => Uint8Array;
  /** All that is kept from the block on that comes after `revision`; a segment may begin earlier. In order. */
  packedAfter(revision: number): Iterable<Packed>;
}

export type Recovery =
  | {
    readonly kind: "recovered";
    /** Undefined if it begins with nothing. */
    readonly checkpoint: SavedState | undefined;
    /** All those after the checkpoint. */
    readonly entries: readonly LogEntry[];
    readonly tail: Tail;
    /** The revisions behind the end that were begun and never acknowledged, and are to be removed. */
    readonly torn: readonly number[];
    /** What is wrong with newer checkpoints than the one that was taken. */
    readonly passedOver: readonly string[];
  }
  /** Something that was acknowledged is lost. */
  | { readonly kind: "damaged"; readonly damage: string };

export function recover(kept: Kept): Recovery {
  try {
    const { checkpoint, chain, passedOver } = newestCheckpoint(kept);
    const read = entriesAfter(kept, checkpoint?.revision ?? 0, chain);
    return { kind: "recovered", checkpoint, ...read, passedOver };
  } catch (error) {
    return { kind: "damaged", damage: reasonOf(error) };
  }
}

/** What to begin with: the first half of recovery, for those who do the other one on another thread. */
export interface Beginning {
  /** Undefined if it begins with nothing. */
  readonly checkpoint: SavedState | undefined;
  /** That of the entries up to the checkpoint. */
  readonly chain: Uint8Array;
  /** What is wrong with newer checkpoints than the one that was taken. */
  readonly passedOver: readonly string[];
}

/**
 * The newest checkpoint that is whole.
 *
 * @throws {FormatError} if there is none, and the entries do not begin with the first one.
 */
export function newestCheckpoint(kept: Kept): Beginning {
  const passedOver: string[] = [];
  for (const bytes of kept.manifests()) {
    try {
      if (bytes === undefined) throw new FormatError("A checkpoint cannot be read");
      const manifest = decodeManifest(bytes);
      const checkpoint = savedStateOf(manifest, (key) => kept.pieceOf(key), kept.hash);
      return { checkpoint, chain: manifest.chain, passedOver };
    } catch (error) {
      passedOver.push(reasonOf(error));
    }
  }
  if (kept.isWhole) return { checkpoint: undefined, chain: kept.origin, passedOver };
  throw new FormatError(["No checkpoint is whole, and the first entries are gone", ...passedOver].join("; "));
}

/** What a decoder has against its bytes. Anything else that is thrown is an error of ours, or of the disk's. */
function reasonOf(error: unknown): string {
  if (error instanceof FormatError) return error.message;
  throw error;
}

/**
 * The entries after `revision`, up to which the chain must be `chain`.
 *
 * @throws {FormatError} if something that was acknowledged is lost.
 */
export function entriesAfter(
  kept: Pick<Kept, "origin" | "durable" | "chain" | "packedAfter">,
  revision: number,
  chain: Uint8Array,
): Pick<Extract<Recovery, { kind: "recovered" }>, "entries" | "tail" | "torn"> {
  const { origin, durable } = kept;
  const start = beforeBlock(revision + 1);
  const entries: LogEntry[] = [], torn: number[] = [];
  let tail = start === revision ? Tail.after(origin, start, chain) : undefined;
  for (const read of readPacked(kept, start, { tail, until: revision })) {
    if (read.tail === undefined) {
      torn.push(read.first);
      continue;
    }
    const { before, entries: some } = read;
    if (before !== undefined && before.revision < revision && revision <= read.tail.revision) {
      before.append(some.slice(0, revision - before.revision));
      if (!areEqual(before.chain, chain)) {
        throw new FormatError(`The checkpoint at revision ${revision} is not of this log`);
      }
    }
    for (const entry of some) if (entry.revision > revision) entries.push(entry);
    tail = read.tail;
  }
  if (tail === undefined || tail.revision < Math.max(durable, revision)) {
    throw new FormatError(`Entries up to ${durable} are missing, after ${tail?.revision ?? start}`);
  }
  if (tail.revision === durable && kept.chain !== undefined && !areEqual(tail.chain, kept.chain)) {
    throw new FormatError(`The entries up to ${durable} are not those that the log ends with`);
  }
  return { entries, tail, torn };
}

/** A row or a segment that has been read; without a tail, one that is torn and was never acknowledged. */
export type Read =
  | { readonly first: number; readonly tail: undefined }
  | {
    readonly first: number;
    /** The log before it, for whoever asked to go that far; it may be changed. */
    readonly before: Tail | undefined;
    readonly entries: readonly LogEntry[];
    /** The log after it, until the next is asked for. */
    readonly tail: Tail;
  };

/** What somebody who reads knows and needs. */
export interface ReadOptions {
  /** The log up to where reading begins, if it is known; otherwise what is kept says it. */
  readonly tail?: Tail | undefined;
  /** Of what begins at this revision or before, the log before it is wanted. */
  readonly until?: number;
}

/**
 * Reads what is kept from the block on that begins after revision `start`.
 *
 * @throws {FormatError} where something that was acknowledged is damaged.
 */
export function* readPacked(
  kept: Pick<Kept, "origin" | "durable" | "packedAfter">,
  start: number,
  { tail: known, until = 0 }: ReadOptions = {},
): Generator<Read> {
  const { origin, durable } = kept;
  let tail = known;
  for (const packed of kept.packedAfter(start)) {
    if (packed.kind === "segment") {
      const { before, entries, tail: after } = decodeSegment(packed.bytes, origin);
      // The first one may begin before the block, and says itself what comes before it.
      const fits = tail === known && before.revision < start ||
        tail === undefined && before.revision === start ||
        before.revision === tail?.revision && areEqual(before.chain, tail.chain);
      if (!fits) throw new FormatError(`The segment after entry ${before.revision} does not fit`);
      tail = after;
      yield { first: before.revision + 1, before, entries, tail };
      continue;
    }
    const { row } = packed;
    tail ??= Tail.after(origin, start, chainBefore(row));
    const before: Tail | undefined = row.first <= until || row.first > durable ? tail.clone() : undefined;
    try {
      const entries = tail.read(row);
      yield { first: row.first, before, entries, tail };
    } catch (error) {
      if (row.first <= durable || !(error instanceof FormatError)) throw error;
      tail = before!;
      yield { first: row.first, tail: undefined };
    }
  }
}

/**
 * The chain of all entries up to `revision`.
 *
 * @throws {FormatError} if they are damaged, or not there.
 */
export function chainAt(
  kept: Pick<Kept, "origin" | "durable" | "packedAfter">,
  revision: number,
): Uint8Array {
  if (revision === 0) return kept.origin;
  for (const read of readPacked(kept, beforeBlock(revision), { until: revision })) {
    if (read.tail === undefined || read.before === undefined || read.tail.revision < revision) continue;
    const { before, entries } = read;
    before.append(entries.slice(0, revision - before.revision));
    return before.chain;
  }
  throw new FormatError(`Entry ${revision} is missing`);
}
