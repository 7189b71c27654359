/**
 * The log of a workspace as rows of bytes, chained.
 *
 *     revision   1 ............ 256 | 257 .......... 512 | 513 ....
 *     block      ├──────── 1 ──────┤ ├─────── 2 ───────┤ ├── 3 …
 *     rows       ├─┤├────┤├─┤├─────┤ ├──────────┤├─────┤ ├──┤
 *
 * An append is one row, or more where it goes over the end of a block. A block can be read by itself: its first row
 * begins with the chain of all before, and what its entries leave out stands within it.
 *
 *     row     check (4) | chain (32, at the start of a block) | entries | their hashes (7 each)
 *     check   xxHash32 of the rest, which begins with the check of the row before it in the block, and the revision
 *     chain   after n blocks: SHA-256(origin, chain after n - 1, the entries' bytes without their hashes);
 *             before the first one: the origin, which is SHA-256 of what is known of how the workspace began
 *
 * So a row that is changed, missing, doubled or in another place does not fit what comes after it, and the newest
 * rows are held by the chain that is stored with the head. Entries that the server itself made have no hash.
 *
 * @module
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { xxHash32 } from "js-xxhash";
import { assert } from "../../ot/mod.ts";
import type { LogEntry } from "../core/mod.ts";
import { areEqual, ByteReader, ByteWriter, FormatError } from "./bytes.ts";
import { Context, oneColumn } from "./entry.ts";

/** How many entries a block has. */
export const blockEntries = 256;

/** The entries of one append, or of the part of it that is in one block. */
export interface Row {
  /** The revision of its first entry. */
  readonly first: number;
  readonly bytes: Uint8Array;
}

const checkBytes = 4;
const chainBytes = 32;
const hashBytes = 7;

/** The revision before the first one of the block that `revision` is in. */
export function beforeBlock(revision: number): number {
  return revision - 1 - (revision - 1) % blockEntries;
}

/** The chain of all before a block, as the first row of the block has it. */
export function chainBefore({ bytes }: Row): Uint8Array {
  if (bytes.length < checkBytes + chainBytes) throw new FormatError("A block has no beginning");
  return bytes.slice(checkBytes, checkBytes + chainBytes);
}

type Sha = ReturnType<typeof sha256.create>;

/** Where a log ends, and goes on. */
export class Tail {
  readonly #origin: Uint8Array;
  #revision: number;
  #context: Context;
  /** The chain of all before the block. */
  #start: Uint8Array;
  /** Over the block so far. */
  #sha: Sha;
  /** Of the block's newest row. */
  #check: number;

  private constructor(
    origin: Uint8Array,
    revision: number,
    context: Context,
    start: Uint8Array,
    sha: Sha,
    check: number,
  ) {
    this.#origin = origin;
    this.#revision = revision;
    this.#context = context;
    this.#start = start;
    this.#sha = sha;
    this.#check = check;
  }

  /** A log without entries; `origin` is 32 bytes. */
  static begin(origin: Uint8Array): Tail {
    return Tail.after(origin, 0, origin);
  }

  /** The log after `revision`, at which a block ends; `chain` is that of all entries up to there. */
  static after(origin: Uint8Array, revision: number, chain: Uint8Array): Tail {
    assert(revision % blockEntries === 0, `a block ends at revision ${revision}`);
    return new Tail(origin, revision, Context.after(revision), chain, blockSha(origin, chain), 0);
  }

  /** A tail that goes its own way from here. */
  clone(): Tail {
    const context = this.#context.clone();
    return new Tail(this.#origin, this.#revision, context, this.#start, this.#sha.clone(), this.#check);
  }

  get revision(): number {
    return this.#revision;
  }

  /** The hash of all entries so far. */
  get chain(): Uint8Array {
    return this.#revision % blockEntries === 0 ? this.#start : this.#sha.clone().digest();
  }

  /** The rows that the next entries come to. */
  append(entries: readonly LogEntry[]): Row[] {
    const rows: Row[] = [];
    for (let from = 0; from < entries.length;) {
      const to = from + blockEntries - this.#revision % blockEntries;
      rows.push(this.#row(entries.slice(from, to)));
      from = to;
    }
    return rows;
  }

  /** The entries of the next row. After an error, the tail is of no more use. */
  read({ first, bytes }: Row): LogEntry[] {
    const expected = this.#revision + 1;
    if (first !== expected) {
      throw new FormatError(`Entry ${expected} is missing, and entry ${first} is there instead`);
    }
    if (bytes.length < checkBytes || checkOf(bytes) !== this.#checkFor(bytes)) {
      throw new FormatError(`The row of entry ${first} is damaged, or another row than it was`);
    }
    const reader = new ByteReader(bytes, checkBytes);
    if (this.#revision % blockEntries === 0 && !areEqual(reader.raw(chainBytes), this.#start)) {
      throw new FormatError(`The block of entry ${first} does not fit what comes before it`);
    }
    const begin = reader.at, columns = oneColumn(reader);
    const entries: LogEntry[] = [];
    let hashed = 0;
    while (reader.left > hashBytes * hashed) {
      const entry = this.#context.read(columns);
      if (entry.site !== 0) hashed++;
      entries.push(entry);
    }
    const isInBlock = this.#revision % blockEntries + entries.length <= blockEntries;
    if (reader.left !== hashBytes * hashed || entries.length === 0 || !isInBlock) {
      throw new FormatError(`The row of entry ${first} does not end where it should`);
    }
    this.#sha.update(bytes.subarray(begin, reader.at));
    this.#passed(entries.length, checkOf(bytes));
    // They are nobody else's yet: no need to copy them for this.
    for (const entry of entries as { -readonly [Key in keyof LogEntry]: LogEntry[Key] }[]) {
      if (entry.site !== 0) entry.hash = reader.seven();
    }
    return entries;
  }

  /** All of the entries are in one block. */
  #row(entries: readonly LogEntry[]): Row {
    const first = this.#revision + 1;
    const body = new ByteWriter();
    for (let i = 0; i < checkBytes; i++) body.byte(0);
    if (this.#revision % blockEntries === 0) body.raw(this.#start);
    const begin = body.length, columns = oneColumn(body);
    for (const entry of entries) this.#context.write(entry, columns);
    this.#sha.update(body.bytes(begin));
    for (const { site, hash } of entries) if (site !== 0) body.seven(hash);
    const bytes = body.bytes();
    const check = this.#checkFor(bytes);
    new DataView(bytes.buffer).setUint32(0, check, true);
    this.#passed(entries.length, check);
    return { first, bytes };
  }

  #passed(count: number, check: number): void {
    this.#revision += count;
    this.#check = check;
    if (this.#revision % blockEntries > 0) return;
    this.#start = this.#sha.digest();
    this.#sha = blockSha(this.#origin, this.#start);
    this.#context = Context.after(this.#revision);
    this.#check = 0;
  }

  #checkFor(bytes: Uint8Array): number {
    return xxHash32(bytes.subarray(checkBytes), (this.#check ^ this.#revision + 1) >>> 0);
  }
}

function blockSha(origin: Uint8Array, start: Uint8Array): Sha {
  return sha256.create().update(origin).update(start);
}

function checkOf(bytes: Uint8Array): number {
  return (bytes[0]! | bytes[1]! << 8 | bytes[2]! << 16 | bytes[3]! << 24) >>> 0;
}
