/**
 * The database file: how it is opened, what is in it, and transactions.
 *
 *     workspaces   number, name, epoch, origin, floor    what is known of each; `seal` is a checksum of the row
 *     heads        number, revision, chain               where its log ends
 *     rows         key, bytes                            newest entries; the key is number * 2^32 + first revision
 *     segments     key, last, times, bytes               older entries, packed
 *     checkpoints  key, time, manifest                   the key is number * 2^32 + revision
 *     pieces       number, hash, bytes                   what texts are made of
 *     contents     number, hash, time, bytes             what blobs hold; when somebody last put it there or asked for it
 *     facts        name, value                           the census: how many workspaces, and a checksum of them
 *
 * @module
 */

import { DatabaseSync, type StatementSync } from "node:sqlite";
import { damaged, DataError, dataErrorOf } from "./errors.ts";

/** The file in the data folder. */
export const databaseName = "dist-space.sqlite";

/** Goes up when an older program could not read what this one writes. */
const formatVersion = 3;
/** "DiSp": says in the file what it is. */
const applicationId = 0x44695370;
/** How long to wait for another program that is writing. */
const busyMs = 15_000;
/** What is kept of the write-ahead log's file once it has been written back, in bytes. */
const journalBytes = 16 << 20;

export interface OpenOptions {
  /** "write" makes what is not there yet; "read" refuses to write. */
  readonly mode: "write" | "read";
  /** Not every commit waits for the disk: the newest may be lost with the power. */
  readonly relaxed?: boolean;
  /** How many pages the file may have; for tests of a full disk. */
  readonly pagesMax?: number | undefined;
}

/**
 * Of each workspace its own, though others may hold the same: what somebody may have is decided by what a workspace
 * has, and so is what goes with it.
 */
const contentsTable = `
  CREATE TABLE contents (
    number INTEGER NOT NULL, hash BLOB NOT NULL, time INTEGER NOT NULL, bytes BLOB NOT NULL,
    PRIMARY KEY (number, hash)
  );
`;

const schema = `
  CREATE TABLE workspaces (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, epoch TEXT NOT NULL, origin TEXT NOT NULL,
    floor INTEGER NOT NULL, seal INTEGER NOT NULL
  );
  CREATE TABLE heads (number INTEGER PRIMARY KEY, revision INTEGER NOT NULL, chain BLOB NOT NULL);
  CREATE TABLE rows (key INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
  CREATE TABLE segments (
    key INTEGER PRIMARY KEY, last INTEGER NOT NULL, first_time INTEGER NOT NULL, last_time INTEGER NOT NULL,
    bytes BLOB NOT NULL
  );
  CREATE TABLE checkpoints (key INTEGER PRIMARY KEY, time INTEGER NOT NULL, manifest BLOB NOT NULL);
  CREATE TABLE pieces (
    number INTEGER NOT NULL, hash BLOB NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (number, hash)
  );
  ${contentsTable}
  CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  INSERT INTO facts VALUES ('census', '0:0');
`;

/** A row as the database gives it. */
export type Columns = Record<string, string | number | bigint | Uint8Array | null>;

/** A connection. Everything that it throws is a {@linkcode DataError}, or a fault of ours. */
export class Database {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  private constructor(db: DatabaseSync) {
    this.#db = db;
  }

  static open(path: string, { mode, relaxed = false, pagesMax }: OpenOptions): Database {
    return guarded(() => {
      const db = new DatabaseSync(path, { readOnly: mode === "read" });
      try {
        db.exec(`PRAGMA busy_timeout = ${busyMs}`);
        const database = new Database(db);
        if (mode === "write") {
          db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${relaxed ? "NORMAL" : "FULL"}`);
          db.exec(`PRAGMA journal_size_limit = ${journalBytes}; PRAGMA cache_size = -16000`);
          if (pagesMax !== undefined) db.exec(`PRAGMA max_page_count = ${pagesMax}`);
          database.#prepare();
        } else database.#check();
        return database;
      } catch (error) {
        db.close();
        throw error;
      }
    });
  }

  /** Makes the tables of a file that is new, and refuses one that is not ours or newer. */
  #prepare(): void {
    const isEmpty = () => this.#number("PRAGMA schema_version") === 0;
    if (isEmpty()) {
      this.transaction(() => {
        // Somebody else may have come first.
        if (!isEmpty()) return;
        this.#db.exec(schema);
        this.#db.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${formatVersion}`);
      });
    }
    if (this.#check() < formatVersion) this.#upgrade();
  }

  /**
   * Format 1 had a table for contents that nothing could name: what is in it is for nobody. Entries of format 2 have no
   * tasks, no signatures and no files that can be executed, and are read as they are.
   */
  #upgrade(): void {
    this.transaction(() => {
      const version = this.#check();
      if (version === 1) this.#db.exec(`DROP TABLE contents; ${contentsTable}`);
      if (version < formatVersion) this.#db.exec(`PRAGMA user_version = ${formatVersion}`);
    });
  }

  /** The version of the format. */
  #check(): number {
    const version = this.#number("PRAGMA user_version");
    if (this.#number("PRAGMA application_id") !== applicationId || version === 0) {
      throw damaged("the file is no database of this program");
    }
    if (version > formatVersion) {
      throw new DataError(
        "data_newer",
        `The data has format ${version}, and this program knows ${formatVersion}. Use the newer program.`,
      );
    }
    return version;
  }

  #number(sql: string): number {
    return Number(Object.values(this.get(sql) ?? {})[0] ?? 0);
  }

  get(sql: string, ...values: readonly Value[]): Columns | undefined {
    return guarded(() => this.#statement(sql).get(...values as Bindable[]) as Columns | undefined);
  }

  all(sql: string, ...values: readonly Value[]): Columns[] {
    return guarded(() => this.#statement(sql).all(...values as Bindable[]) as Columns[]);
  }

  /** How many rows were changed. */
  run(sql: string, ...values: readonly Value[]): number {
    return guarded(() => Number(this.#statement(sql).run(...values as Bindable[]).changes));
  }

  /** For statements that take no values and are not to be kept. */
  exec(sql: string): void {
    guarded(() => this.#db.exec(sql));
  }

  /** Changes when another connection has committed something. */
  get dataVersion(): number {
    return this.#number("PRAGMA data_version");
  }

  /** All that `body` does, or nothing of it. */
  transaction<Result>(body: () => Result): Result {
    return this.#within("BEGIN IMMEDIATE", body);
  }

  /** What `body` reads is of one moment. */
  snapshot<Result>(body: () => Result): Result {
    if (this.#db.isTransaction) return guarded(body);
    return this.#within("BEGIN", body);
  }

  #within<Result>(begin: string, body: () => Result): Result {
    return guarded(() => {
      this.run(begin);
      try {
        const result = body();
        this.run("COMMIT");
        return result;
      } catch (error) {
        if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
        throw error;
      }
    });
  }

  close(): void {
    if (this.#db.isOpen) guarded(() => this.#db.close());
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, statement = this.#db.prepare(sql));
    return statement;
  }
}

export type Value = string | number | Uint8Array;
type Bindable = string | number | Uint8Array<ArrayBuffer>;

function guarded<Result>(body: () => Result): Result {
  try {
    return body();
  } catch (error) {
    throw dataErrorOf(error);
  }
}
