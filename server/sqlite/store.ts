/**
 * Workspaces in the database: what is known of each, its entries, its checkpoints. All of it synchronous, each
 * function within the transaction of whoever calls it.
 *
 * A workspace is a number here, and everything of it is found by that. Since a row that has vanished would look
 * like a workspace that was never there, the rows of all workspaces are sealed, and counted in a census.
 *
 * @module
 */

import type { SavedState } from "../core/mod.ts";
import {
  decodeManifest,
  FormatError,
  type Kept,
  originOf,
  type OriginRecord,
  type Packed,
  type Row,
  savedStateOf,
} from "../format/mod.ts";
import { compressed, uncompressed } from "./compression.ts";
import { sha256 } from "./content.ts";
import type { Columns, Database } from "./database.ts";
import { damaged, DataError } from "./errors.ts";
import { censusOf, type Known, knownOf, sealOf } from "./known.ts";

export interface Head {
  readonly revision: number;
  readonly chain: Uint8Array;
}

const keyFactor = 2 ** 32;
/** Of how many workspaces it is remembered that their row was whole. */
const wholeMax = 1000;

function keyOf(number: number, revision: number): number {
  return number * keyFactor + revision;
}

function revisionOf(key: unknown): number {
  return Number(key) % keyFactor;
}

export class Store {
  readonly #db: Database;
  /** Whether the rows of all workspaces have been looked at. */
  #isSurveyed = false;
  /** Rows that were found whole, by number. */
  readonly #whole = new Map<number, { readonly row: Columns; readonly known: Known }>();

  constructor(db: Database) {
    this.#db = db;
  }

  /** All workspaces, by name. Throws if one of them is damaged or missing. */
  workspaces(): Known[] {
    const known = this.#db.all("SELECT * FROM workspaces NOT INDEXED").map(knownOf);
    const census = censusOf(known.map(sealOf));
    if (this.fact("census") !== census) {
      throw damaged("the list of workspaces is not what it was");
    }
    return known.sort((a, b) => a.name < b.name ? -1 : 1);
  }

  find(name: string): Known | undefined {
    const row = this.#db.get("SELECT * FROM workspaces WHERE name = ?", name);
    if (row !== undefined) return knownOf(row);
    // Not there, or not found? The first time, all of them are looked at; later, whether the index and the table agree.
    if (!this.#isSurveyed) this.workspaces();
    this.#isSurveyed = true;
    const sql = "SELECT count(*) AS count, total(name = ?) AS named FROM workspaces NOT INDEXED";
    const { count, named } = this.#db.get(sql, name)!;
    const [expected] = this.fact("census")?.split(":") ?? [];
    if (Number(named) > 0 || String(count) !== expected) {
      throw damaged(`the workspace "${name}" is not found where it should be`);
    }
    return undefined;
  }

  /** @throws {DataError} `unknown_workspace` */
  expect(name: string): Known {
    const known = this.find(name);
    if (known !== undefined) return known;
    throw new DataError("unknown_workspace", `There is no workspace "${name}". See "deno task log ls".`);
  }

  byNumber(number: number): Known | undefined {
    const row = this.#db.get("SELECT * FROM workspaces WHERE number = ?", number);
    if (row === undefined) return undefined;
    // Asked for with every append: what was whole before and has not changed is whole.
    const before = this.#whole.get(number);
    if (before !== undefined && areSame(before.row, row)) return before.known;
    const known = knownOf(row);
    if (this.#whole.size >= wholeMax) this.#whole.clear();
    this.#whole.set(number, { row, known });
    return known;
  }

  /** A new workspace without entries. */
  create(name: string, epoch: string, origin: readonly OriginRecord[]): Known {
    const highest = Number(this.#db.get("SELECT max(number) AS number FROM workspaces")?.number ?? 0);
    const known: Known = { number: highest + 1, name, epoch, origin, floor: 0 };
    this.#db.run("INSERT INTO heads VALUES (?, 0, ?)", known.number, originOf(origin));
    this.#insert(known);
    return known;
  }

  #insert(known: Known): void {
    const { number, name, epoch, origin, floor } = known;
    const values = [number, name, epoch, JSON.stringify(origin), floor, sealOf(known)];
    this.#db.run("INSERT INTO workspaces VALUES (?, ?, ?, ?, ?, ?)", ...values);
    this.#count(sealOf(known), 1);
  }

  #forget(known: Known): void {
    this.#db.run("DELETE FROM workspaces WHERE number = ?", known.number);
    this.#count(sealOf(known), -1);
  }

  /** What is known of a workspace is something else now. */
  update(before: Known, after: Known): void {
    this.#forget(before);
    this.#insert(after);
  }

  #count(seal: number, by: number): void {
    const [count, seals] = String(this.#db.get("SELECT value FROM facts WHERE name = 'census'")?.value).split(
      ":",
    );
    const census = `${Number(count) + by}:${(Number(seals) ^ seal) >>> 0}`;
    this.#db.run("UPDATE facts SET value = ? WHERE name = 'census'", census);
  }

  /** Takes away all that there is of a workspace. */
  remove(known: Known): void {
    this.#forget(known);
    this.clear(known.number);
    this.#db.run("DELETE FROM contents WHERE number = ?", known.number);
    this.#db.run("DELETE FROM heads WHERE number = ?", known.number);
  }

  /** Takes away the entries and checkpoints of a workspace; what its blobs hold stays. */
  clear(number: number): void {
    const range = [keyOf(number, 0), keyOf(number + 1, 0)];
    for (const table of ["rows", "segments", "checkpoints"]) {
      this.#db.run(`DELETE FROM ${table} WHERE key >= ? AND key < ?`, ...range);
    }
    this.#db.run("DELETE FROM pieces WHERE number = ?", number);
  }

  /** Puts all that another schema of this connection has of a workspace under a number of its own. */
  copy(from: string, known: Known, after: Omit<Known, "number">): Known {
    const created = this.create(after.name, after.epoch, after.origin);
    const { number } = created, by = keyOf(number, 0) - keyOf(known.number, 0);
    const range = [keyOf(known.number, 0), keyOf(known.number + 1, 0)];
    this.update(created, { ...after, number });
    this.#db.run("DELETE FROM heads WHERE number = ?", number);
    this.#db.run(
      `INSERT INTO heads SELECT ?, revision, chain FROM ${from}.heads WHERE number = ?`,
      number,
      known.number,
    );
    for (const [table, others] of copied) {
      this.#db.run(
        `INSERT INTO main.${table} SELECT key + CAST(? AS INTEGER), ${others} FROM ${from}.${table} ` +
          "WHERE key >= ? AND key < ?",
        by,
        ...range,
      );
    }
    this.#db.run(
      `INSERT INTO main.pieces SELECT ?, hash, bytes FROM ${from}.pieces WHERE number = ?`,
      number,
      known.number,
    );
    const version = this.#db.get(`PRAGMA ${from}.user_version`)?.user_version;
    // Those of before that had no blobs.
    if (Number(version) >= contentsVersion) {
      this.#db.run(
        `INSERT INTO main.contents SELECT ?, hash, time, bytes FROM ${from}.contents WHERE number = ?`,
        number,
        known.number,
      );
    }
    return { ...after, number };
  }

  head(number: number): Head {
    const row = this.#db.get("SELECT revision, chain FROM heads WHERE number = ?", number);
    if (row === undefined || !(row.chain instanceof Uint8Array)) throw damaged("the end of a log is missing");
    return { revision: Number(row.revision), chain: row.chain };
  }

  setHead(number: number, { revision, chain }: Head): void {
    this.#db.run("UPDATE heads SET revision = ?, chain = ? WHERE number = ?", revision, chain, number);
  }

  addRow(number: number, { first, bytes }: Row): void {
    this.#db.run("INSERT INTO rows VALUES (?, ?)", keyOf(number, first), bytes);
  }

  /** Entries as they are kept, from the block on that begins after revision `start`. */
  *packedAfter(number: number, start: number): Generator<Packed> {
    const end = keyOf(number + 1, 0);
    let from = start;
    const segmentsSql =
      "SELECT key, last, bytes FROM segments WHERE key <= ? AND key > ? ORDER BY key DESC LIMIT 1";
    const containing = this.#db.get(segmentsSql, keyOf(number, start + 1), keyOf(number, 0));
    const nextSql = "SELECT key, last, bytes FROM segments WHERE key > ? AND key < ? ORDER BY key LIMIT 1";
    let segment = containing !== undefined && Number(containing.last) > start
      ? containing
      : this.#db.get(nextSql, keyOf(number, start), end);
    // Rows that stand before a segment are damage, and come first so that it is found.
    while (segment !== undefined) {
      yield* this.#rows(keyOf(number, from), Number(segment.key));
      yield { kind: "segment", bytes: uncompressed(bytesOf(segment.bytes)) };
      from = Number(segment.last);
      segment = this.#db.get(nextSql, keyOf(number, from), end);
    }
    yield* this.#rows(keyOf(number, from), end);
  }

  /** A few at a time, so that long logs do not have to be in memory. */
  *#rows(after: number, end: number): Generator<Packed> {
    for (;;) {
      const rows = this.#db.all(
        "SELECT key, bytes FROM rows WHERE key > ? AND key < ? ORDER BY key LIMIT 1024",
        after,
        end,
      );
      for (const { key, bytes } of rows) {
        yield { kind: "row", row: { first: revisionOf(key), bytes: bytesOf(bytes) } };
      }
      if (rows.length === 0) return;
      after = Number(rows.at(-1)!.key);
    }
  }

  /** Puts a segment in the place of the rows from `first` to `last`. */
  addSegment(
    number: number,
    segment: { first: number; last: number; firstTime: number; lastTime: number; bytes: Uint8Array },
  ): void {
    const { first, last, firstTime, lastTime, bytes } = segment;
    this.#db.run("DELETE FROM rows WHERE key >= ? AND key <= ?", keyOf(number, first), keyOf(number, last));
    this.#db.run(
      "INSERT INTO segments VALUES (?, ?, ?, ?, ?)",
      keyOf(number, first),
      last,
      firstTime,
      lastTime,
      bytes,
    );
  }

  /** The first revision that is not packed; that after the floor's segment if none is. */
  firstUnpacked(number: number): number | undefined {
    const range = [keyOf(number, 0), keyOf(number + 1, 0)];
    const row = this.#db.get("SELECT min(key) AS key FROM rows WHERE key > ? AND key < ?", ...range);
    return row?.key === null || row === undefined ? undefined : revisionOf(row.key);
  }

  /** The revisions and times of the segments, in order. */
  segments(
    number: number,
  ): { first: number; last: number; firstTime: number; lastTime: number; bytes: number }[] {
    return this.#db.all(
      "SELECT key, last, first_time, last_time, length(bytes) AS bytes FROM segments " +
        "WHERE key > ? AND key < ? ORDER BY key",
      keyOf(number, 0),
      keyOf(number + 1, 0),
    ).map((row) => ({
      first: revisionOf(row.key),
      last: Number(row.last),
      firstTime: Number(row.first_time),
      lastTime: Number(row.last_time),
      bytes: Number(row.bytes),
    }));
  }

  rowStats(number: number): { count: number; bytes: number } {
    const row = this.#db.get(
      "SELECT count(*) AS count, coalesce(sum(length(bytes)), 0) AS bytes FROM rows WHERE key > ? AND key < ?",
      keyOf(number, 0),
      keyOf(number + 1, 0),
    );
    return { count: Number(row?.count), bytes: Number(row?.bytes) };
  }

  pieceStats(number: number): { count: number; bytes: number } {
    const row = this.#db.get(
      "SELECT count(*) AS count, coalesce(sum(length(bytes)), 0) AS bytes FROM pieces WHERE number = ?",
      number,
    );
    return { count: Number(row?.count), bytes: Number(row?.bytes) };
  }

  /** The checkpoints, oldest first. */
  checkpoints(number: number): { revision: number; time: number }[] {
    return this.#db.all(
      "SELECT key, time FROM checkpoints WHERE key > ? AND key < ? ORDER BY key",
      keyOf(number, 0),
      keyOf(number + 1, 0),
    ).map(({ key, time }) => ({ revision: revisionOf(key), time: Number(time) }));
  }

  /** The manifest of a checkpoint; undefined if it is missing or cannot be unpacked. */
  manifest(number: number, revision: number): Uint8Array | undefined {
    const row = this.#db.get("SELECT manifest FROM checkpoints WHERE key = ?", keyOf(number, revision));
    return unpackedOf(row?.manifest);
  }

  /** The state that a checkpoint holds; undefined if it is missing or damaged. */
  savedState(number: number, revision: number): SavedState | undefined {
    const manifest = this.manifest(number, revision);
    if (manifest === undefined) return undefined;
    try {
      return savedStateOf(decodeManifest(manifest), (key) => this.piece(number, key), sha256);
    } catch (error) {
      if (error instanceof FormatError) return undefined;
      throw error;
    }
  }

  addCheckpoint(number: number, revision: number, time: number, manifest: Uint8Array): void {
    const bytes = compressed(manifest, "quick");
    this.#db.run("INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?)", keyOf(number, revision), time, bytes);
  }

  removeCheckpoint(number: number, revision: number): void {
    this.#db.run("DELETE FROM checkpoints WHERE key = ?", keyOf(number, revision));
  }

  /** Takes away segments that end at `revision` or before. */
  removeSegmentsUpTo(number: number, revision: number): void {
    this.#db.run(
      "DELETE FROM segments WHERE key > ? AND key <= ? AND last <= ?",
      keyOf(number, 0),
      keyOf(number, revision),
      revision,
    );
  }

  /** Takes away rows up to `revision`, at which a block ends. */
  removeRowsUpTo(number: number, revision: number): void {
    this.#db.run("DELETE FROM rows WHERE key > ? AND key <= ?", keyOf(number, 0), keyOf(number, revision));
  }

  hasPiece(number: number, key: Uint8Array): boolean {
    return this.#db.get("SELECT 1 AS it FROM pieces WHERE number = ? AND hash = ?", number, key) !==
      undefined;
  }

  piece(number: number, key: Uint8Array): Uint8Array | undefined {
    const row = this.#db.get("SELECT bytes FROM pieces WHERE number = ? AND hash = ?", number, key);
    return unpackedOf(row?.bytes);
  }

  addPiece(number: number, key: Uint8Array, bytes: Uint8Array): void {
    if (this.hasPiece(number, key)) return;
    this.#db.run("INSERT INTO pieces VALUES (?, ?, ?)", number, key, compressed(bytes, "quick"));
  }

  /** Keeps a piece in fewer bytes, which {@linkcode compressed} has made of it, if they are fewer. */
  shortenPiece(number: number, key: Uint8Array, bytes: Uint8Array): void {
    this.#db.run(
      "UPDATE pieces SET bytes = ? WHERE number = ? AND hash = ? AND length(bytes) > ?",
      bytes,
      number,
      key,
      bytes.length,
    );
  }

  /** The keys of all pieces of a workspace. */
  pieces(number: number): Uint8Array[] {
    return this.#db.all("SELECT hash FROM pieces WHERE number = ?", number).map(({ hash }) => bytesOf(hash));
  }

  removePiece(number: number, key: Uint8Array): void {
    this.#db.run("DELETE FROM pieces WHERE number = ? AND hash = ?", number, key);
  }

  /** Stores what a blob is going to hold under its hash; over what is there, which may be damaged. */
  putContent(number: number, hash: Uint8Array, bytes: Uint8Array, timeMs: number): void {
    this.#db.run("INSERT OR REPLACE INTO contents VALUES (?, ?, ?, ?)", number, hash, timeMs, bytes);
  }

  /** How many bytes there are under a hash, which are asked for at this time; undefined if there are none. */
  holdContent(number: number, hash: Uint8Array, timeMs: number): number | undefined {
    this.#db.run("UPDATE contents SET time = ? WHERE number = ? AND hash = ?", timeMs, number, hash);
    const sql = "SELECT length(bytes) AS length FROM contents WHERE number = ? AND hash = ?";
    const row = this.#db.get(sql, number, hash);
    return row === undefined ? undefined : Number(row.length);
  }

  /** The hashes of all contents of a workspace. */
  contents(number: number): Uint8Array[] {
    const rows = this.#db.all("SELECT hash FROM contents WHERE number = ? ORDER BY hash", number);
    return rows.map(({ hash }) => bytesOf(hash));
  }

  content(number: number, hash: Uint8Array): Uint8Array | undefined {
    const row = this.#db.get("SELECT bytes FROM contents WHERE number = ? AND hash = ?", number, hash);
    return row === undefined ? undefined : bytesOf(row.bytes);
  }

  /** Takes away a content, if nobody has asked for it since. */
  removeContent(number: number, hash: Uint8Array, beforeMs: number): void {
    this.#db.run("DELETE FROM contents WHERE number = ? AND hash = ? AND time < ?", number, hash, beforeMs);
  }

  contentStats(number: number): { count: number; bytes: number } {
    const row = this.#db.get(
      "SELECT count(*) AS count, coalesce(sum(length(bytes)), 0) AS bytes FROM contents WHERE number = ?",
      number,
    );
    return { count: Number(row?.count), bytes: Number(row?.bytes) };
  }

  /** All that recovery needs of a workspace. */
  kept({ number, origin, floor }: Known): Kept {
    const { revision, chain } = this.head(number);
    const manifests = function* (store: Store) {
      for (const { revision } of store.checkpoints(number).reverse()) yield store.manifest(number, revision);
    };
    return {
      origin: originOf(origin),
      isWhole: floor === 0,
      durable: revision,
      chain,
      manifests: () => manifests(this),
      pieceOf: (key) => this.piece(number, key),
      hash: sha256,
      packedAfter: (start) => this.packedAfter(number, start),
    };
  }

  fact(name: string): string | undefined {
    const value = this.#db.get("SELECT value FROM facts WHERE name = ?", name)?.value;
    return typeof value === "string" ? value : undefined;
  }

  setFact(name: string, value: string | undefined): void {
    if (value === undefined) this.#db.run("DELETE FROM facts WHERE name = ?", name);
    else this.#db.run("INSERT OR REPLACE INTO facts VALUES (?, ?)", name, value);
  }
}

/** Since this version of the format contents are those of workspaces. */
const contentsVersion = 2;

/** The tables that are copied by key, and their other columns. */
const copied = [
  ["rows", "bytes"],
  ["segments", "last, first_time, last_time, bytes"],
  ["checkpoints", "time, manifest"],
] as const;

/** A copy: what the database gives is good until the next step only. */
function bytesOf(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) throw damaged("bytes are missing");
  return value;
}

function unpackedOf(value: unknown): Uint8Array | undefined {
  try {
    return value instanceof Uint8Array ? uncompressed(value) : undefined;
  } catch {
    return undefined;
  }
}

function areSame(a: Columns, b: Columns): boolean {
  for (const name in a) if (a[name] !== b[name]) return false;
  return true;
}
