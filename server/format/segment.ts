/**
 * Older entries, packed: each column by itself, to be compressed by whoever stores them.
 *
 *     version | check (4) | first | count | chain before (32) | chain after (32) | hashes | columns
 *
 * In the column of times, the first bytes of all numbers stand before the further ones: how long people wait between
 * keystrokes is most of what a segment takes, and so it takes a sixth less.
 *
 * Of the hashes of submissions only the last one of each session is left: enough to lead from a state before the
 * segment to the one after it. The chain does not cover them; it is the same whether entries are packed or not, and
 * reading a segment derives it again.
 *
 * @module
 */

import { xxHash32 } from "js-xxhash";
import { assert } from "../../ot/mod.ts";
import type { LogEntry } from "../core/mod.ts";
import { areEqual, ByteReader, ByteWriter, FormatError } from "./bytes.ts";
import { columnNames, type Columns, Context, readMany } from "./entry.ts";
import { blockEntries, Tail } from "./tail.ts";

/** How many entries a segment has: whole blocks, and always the same ones. */
export const segmentEntries = 32 * blockEntries;

/** The version of segments in which nothing is signed, without a column for that, and of all others. */
const plainVersion = 1, signedVersion = 2;
const checkBytes = 4, chainBytes = 32;

/** A segment that has been read. */
export interface Segment {
  readonly entries: readonly LogEntry[];
  /** The log before it. */
  readonly before: Tail;
  /** The log after it. */
  readonly tail: Tail;
}

/** @param before is the log before the first of the entries; @param after that after the last. Both stay as they are. */
export function encodeSegment(entries: readonly LogEntry[], before: Tail, after: Tail): Uint8Array {
  assert(before.revision % blockEntries === 0, `a segment begins with a block, not after ${before.revision}`);
  assert(after.revision === before.revision + entries.length, "the entries lead from the one to the other");
  const columns = Object.fromEntries(
    columnNames.map((name) => [name, new ByteWriter()]),
  ) as unknown as Columns<
    ByteWriter
  >;
  const context = Context.after(before.revision);
  for (const entry of entries) context.write(entry, columns);

  const result = new ByteWriter();
  result.varint(before.revision + 1);
  result.varint(entries.length);
  result.raw(before.chain);
  result.raw(after.chain);
  const last = new Map(entries.map((entry) => [entry.site, entry]));
  last.delete(0);
  result.varint(last.size);
  for (const { revision, hash } of [...last.values()].sort((a, b) => a.revision - b.revision)) {
    result.varint(revision - before.revision - 1);
    result.seven(hash);
  }
  const version = columns.signatures.length > 0 ? signedVersion : plainVersion;
  for (const name of columnNamesOf(version)) {
    const bytes = columns[name].bytes();
    result.varint(bytes.length);
    result.raw(name === "times" ? headsFirst(bytes) : bytes);
  }
  const whole = new ByteWriter();
  whole.byte(version);
  const body = result.bytes(), check = xxHash32(body);
  for (let i = 0; i < checkBytes; i++) whole.byte(check >>> 8 * i & 0xff);
  whole.raw(body);
  return whole.bytes();
}

/** @param origin of the log that it is of. */
export function decodeSegment(bytes: Uint8Array, origin: Uint8Array): Segment {
  const reader = new ByteReader(bytes);
  const version = reader.byte();
  if (version !== plainVersion && version !== signedVersion) {
    throw new FormatError("A segment is of an unknown version");
  }
  let check = 0;
  for (let i = 0; i < checkBytes; i++) check += reader.byte() * 2 ** (8 * i);
  if (xxHash32(bytes.subarray(1 + checkBytes)) !== check) throw new FormatError("A segment is damaged");
  const before = reader.varint() - 1, count = reader.varint();
  const start = reader.raw(chainBytes).slice(), end = reader.raw(chainBytes);
  if (before < 0 || before % blockEntries !== 0) throw new FormatError("A segment begins within a block");
  const hashes = new Map(readMany(reader, () => [reader.varint(), reader.seven()] as const));
  const columns = {
    signatures: new ByteReader(new Uint8Array(0)),
    ...Object.fromEntries(
      columnNamesOf(version).map((name) => {
        const bytes = reader.raw(reader.varint());
        return [name, new ByteReader(name === "times" ? headsInPlace(bytes, count) : bytes)];
      }),
    ),
  } as unknown as Columns<ByteReader>;
  if (version === signedVersion && columns.signatures.left === 0) {
    throw new FormatError("A segment cannot have been written");
  }
  const context = Context.after(before);
  const entries: LogEntry[] = [];
  for (let i = 0; i < count; i++) entries.push({ ...context.read(columns), hash: hashes.get(i) ?? 0 });
  const tail = Tail.after(origin, before, start);
  tail.append(entries);
  if (!areEqual(tail.chain, end)) throw new FormatError("The entries of a segment do not fit its chain");
  return { entries, before: Tail.after(origin, before, start), tail };
}

function columnNamesOf(version: number): readonly (keyof Columns<unknown>)[] {
  return version === signedVersion ? columnNames : columnNames.filter((name) => name !== "signatures");
}

/** The first bytes of all varints, then the further ones. */
function headsFirst(varints: Uint8Array): Uint8Array {
  const heads = new ByteWriter(), others = new ByteWriter();
  let isHead = true;
  for (const byte of varints) {
    (isHead ? heads : others).byte(byte);
    isHead = byte < 0x80;
  }
  heads.raw(others.bytes());
  return heads.bytes();
}

/** The `count` varints that {@linkcode headsFirst} took apart. */
function headsInPlace(bytes: Uint8Array, count: number): Uint8Array {
  const heads = new ByteReader(bytes), others = new ByteReader(bytes, Math.min(count, bytes.length));
  const varints = new ByteWriter();
  for (let i = 0; i < count; i++) {
    let byte = heads.byte();
    varints.byte(byte);
    while (byte >= 0x80) varints.byte(byte = others.byte());
  }
  return varints.bytes();
}
