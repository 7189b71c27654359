/**
 * What can be done to the data of a server from outside, while it runs or not. Each is one transaction; the server
 * notices, and goes on with what there is then.
 *
 * @module
 */

import type { BlobContent } from "../../ot/mod.ts";
import { type LogEntry, type SavedState, type Signers, State } from "../core/mod.ts";
import {
  beforeBlock,
  blockEntries,
  chainAt,
  coverBytes,
  encodeCheckpoint,
  originOf,
  type OriginRecord,
  PieceKeys,
  purge,
  readPacked,
  recover,
  Tail,
  withoutSignature,
} from "../format/mod.ts";
import { nativeVerify } from "../native_verify.ts";
import { compressed } from "./compression.ts";
import { checkedContent, contentHash, hashOfName, hexOf } from "./content.ts";
import { Database, databaseName } from "./database.ts";
import { damaged, DataError } from "./errors.ts";
import type { Known } from "./known.ts";
import { Store } from "./store.ts";
import { collect, packNext, removeContents, retain, type Retention, unneededContents } from "./upkeep.ts";
import { type VerifyReport, verifyWorkspace } from "./verify.ts";

export type { VerifyReport } from "./verify.ts";

/** How large a workspace is. */
export interface WorkspaceStats {
  readonly workspace: string;
  readonly epoch: string;
  readonly revision: number;
  /** The oldest revision whose state can still be made. */
  readonly floor: number;
  /** Milliseconds since 1970, of the newest checkpoint; undefined if there is none. */
  readonly checkpointTime: number | undefined;
  readonly checkpoints: number;
  /** Bytes of entries that are not packed yet, of those that are, of the texts in checkpoints, and of what blobs hold. */
  readonly rowBytes: number;
  readonly segmentBytes: number;
  readonly pieceBytes: number;
  readonly contentBytes: number;
  /** What happened to the log as a whole. */
  readonly origin: readonly OriginRecord[];
}

export class LogTools {
  readonly #db: Database;
  readonly #store: Store;

  /** @throws {DataError} */
  constructor(folder: string) {
    const path = `${folder}/${databaseName}`;
    // Opened for reading first: to look at a folder must not make a database in it.
    Database.open(path, { mode: "read" }).close();
    this.#db = Database.open(path, { mode: "write" });
    this.#store = new Store(this.#db);
  }

  /** The names of all workspaces, sorted. */
  list(): string[] {
    return this.#store.workspaces().map(({ name }) => name);
  }

  stats(workspace: string): WorkspaceStats {
    return this.#db.snapshot(() => {
      const { number, epoch, floor, origin } = this.#store.expect(workspace);
      const checkpoints = this.#store.checkpoints(number);
      return {
        workspace,
        epoch,
        revision: this.#store.head(number).revision,
        floor,
        checkpointTime: checkpoints.at(-1)?.time,
        checkpoints: checkpoints.length,
        rowBytes: this.#store.rowStats(number).bytes,
        segmentBytes: this.#store.segments(number).reduce((sum, { bytes }) => sum + bytes, 0),
        pieceBytes: this.#store.pieceStats(number).bytes,
        contentBytes: this.#store.contentStats(number).bytes,
        origin,
      };
    });
  }

  /**
   * Looks at everything of one workspace, or of all of them.
   *
   * @param signers Who may sign as whom, if that is to be looked at.
   */
  verify(workspace?: string, signers?: Signers): VerifyReport[] {
    return this.#db.snapshot(() => {
      const known = workspace === undefined ? this.#store.workspaces() : [this.#store.expect(workspace)];
      const options = { verify: nativeVerify, signers };
      return known.map((each) => verifyWorkspace(this.#store, each, options));
    });
  }

  /** What is wrong with the file itself. */
  verifyFile(): string[] {
    const found = this.#db.all("PRAGMA integrity_check").map((row) => String(Object.values(row)[0]));
    return found.filter((line) => line !== "ok");
  }

  /** A workspace as a server would load it. */
  load(workspace: string): {
    readonly epoch: string;
    readonly checkpoint: SavedState | undefined;
    readonly entries: readonly LogEntry[];
  } {
    return this.#db.snapshot(() => {
      const known = this.#store.expect(workspace);
      const recovery = recover(this.#store.kept(known));
      if (recovery.kind === "damaged") throw damaged(`${recovery.damage} in the workspace "${workspace}"`);
      return { epoch: known.epoch, checkpoint: recovery.checkpoint, entries: recovery.entries };
    });
  }

  /** Makes a workspace without entries. */
  create(workspace: string, nowMs: number): void {
    this.#db.transaction(() => {
      this.#refuseExisting(workspace);
      this.#store.create(workspace, newEpoch(), [{ kind: "begun", time: nowMs, id: crypto.randomUUID() }]);
    });
  }

  /** Stores entries behind revision `expected`; false, and nothing is stored, if that is not the newest. */
  append(workspace: string, expected: number, entries: readonly LogEntry[]): boolean {
    return this.#db.transaction(() => {
      const known = this.#store.expect(workspace), { number } = known;
      const { revision, chain } = this.#store.head(number);
      if (revision !== expected) return false;
      const kept = this.#store.kept(known);
      let tail = expected % blockEntries === 0 ? Tail.after(kept.origin, expected, chain) : undefined;
      if (tail === undefined) {
        for (const read of readPacked(kept, beforeBlock(expected + 1))) tail = read.tail;
      }
      if (tail?.revision !== expected) throw damaged(`the end of the workspace "${workspace}" is missing`);
      for (const row of tail.append(entries)) this.#store.addRow(number, row);
      this.#store.setHead(number, { revision: tail.revision, chain: tail.chain });
      return true;
    });
  }

  delete(workspace: string): void {
    this.#db.transaction(() => this.#store.remove(this.#store.expect(workspace)));
  }

  rename(workspace: string, name: string): void {
    this.#db.transaction(() => {
      const known = this.#store.expect(workspace);
      this.#refuseExisting(name);
      // Whoever has it open under the old name finds that it is another one now.
      this.#store.update(known, { ...known, name, epoch: newEpoch() });
    });
  }

  copy(workspace: string, name: string): void {
    this.#db.transaction(() => {
      const known = this.#store.expect(workspace);
      this.#refuseExisting(name);
      this.#store.copy("main", known, { ...known, name, epoch: newEpoch() });
    });
  }

  #refuseExisting(name: string): void {
    if (this.#store.find(name) === undefined) return;
    throw new DataError("workspace_exists", `There is a workspace "${name}" already. Choose another name.`);
  }

  /** Writes all of it to a file that is not there yet, as it is at this moment. */
  backup(file: string): void {
    this.#db.run("VACUUM INTO ?", file);
  }

  /**
   * Puts workspaces back from a backup, under new epochs, in the place of those of the same names.
   *
   * @param workspace the one to put back; all if it is left out.
   * @returns the names of those that were put back.
   */
  restore(file: string, workspace?: string): string[] {
    const backup = Database.open(file, { mode: "read" });
    let all: Known[];
    try {
      const store = new Store(backup);
      all = workspace === undefined ? store.workspaces() : [store.expect(workspace)];
      // Nothing is put back that could not be served.
      for (const known of all) {
        const { problems } = verifyWorkspace(store, known, { verify: nativeVerify });
        if (problems.length > 0) throw damaged(`the backup of "${known.name}": ${problems.join("; ")}`);
      }
    } finally {
      backup.close();
    }
    this.#db.run("ATTACH ? AS backup", file);
    try {
      this.#db.transaction(() => {
        for (const known of all) {
          const there = this.#store.find(known.name);
          if (there !== undefined) this.#store.remove(there);
          this.#store.copy("backup", known, { ...known, epoch: newEpoch() });
        }
      });
    } finally {
      this.#db.exec("DETACH backup");
    }
    return all.map(({ name }) => name);
  }

  /**
   * Takes a string out of the whole history of a workspace for good: out of texts, of what blobs hold, of names of
   * nodes and of people. The log gets a new chain, which begins with a record of this, and a new epoch. What the string was
   * stored in is overwritten in the file.
   *
   * @returns how often it was found; if it was not, nothing is changed.
   */
  purge(workspace: string, secret: string, nowMs: number): { occurrences: number; names: number } {
    if (secret.length < secretLengthMin || !secret.isWellFormed()) {
      const what = `A string to purge has at least ${secretLengthMin} characters, all of them whole`;
      throw new DataError("bad_secret", `${what}. Give more of it.`);
    }
    const found = this.#db.transaction(() => this.#purge(this.#store.expect(workspace), secret, nowMs));
    if (found.occurrences + found.names > 0) {
      this.#pack(this.#store.expect(workspace));
      this.#rewriteFile();
    }
    return found;
  }

  #purge(known: Known, secret: string, nowMs: number): { occurrences: number; names: number } {
    const { number, floor } = known;
    const kept = this.#store.kept(known);
    const { revision, chain } = this.#store.head(number);
    const base = floor === 0 ? undefined : this.#store.savedState(number, floor);
    if (floor > 0 && base === undefined) {
      throw damaged(`the oldest checkpoint of "${known.name}" is not whole`);
    }
    const start = floor === 0 ? 0 : beforeBlock(floor + 1);
    const startChain = floor === 0 ? undefined : chainAt(kept, start);
    const all: LogEntry[] = [];
    for (const read of readPacked(kept, start)) {
      for (const entry of read.tail === undefined ? [] : read.entries) {
        if (entry.revision > start) all.push(entry);
      }
    }
    const filler = fillerFor(secret), contents = this.#purgedContents(number, secret, filler, nowMs);
    const clean = purge(
      base,
      all.filter((entry) => entry.revision > floor),
      secret,
      filler,
      contents.clean,
    );
    const { names } = clean, occurrences = clean.occurrences + contents.occurrences;
    if (occurrences + names === 0) return { occurrences, names };

    const record = {
      kind: "purged",
      time: nowMs,
      revision,
      chain: hexOf(chain),
      occurrences,
      names,
    } as const;
    const origin = [...known.origin, record], originHash = originOf(origin);
    // What stands before the oldest state is there for the chain only.
    const before = all.filter((entry) => entry.revision <= floor).map(blanked);
    const tail = Tail.after(originHash, start, startChain ?? originHash);
    this.#store.clear(number);
    this.#store.update(known, { ...known, origin, epoch: newEpoch() });
    for (const row of tail.append(before)) this.#store.addRow(number, row);
    let state = clean.checkpoint === undefined ? State.empty : State.restore(clean.checkpoint);
    if (clean.checkpoint !== undefined) this.#addCheckpoint(number, state, tail.chain);
    for (const row of tail.append(clean.entries)) this.#store.addRow(number, row);
    for (const entry of clean.entries) state = state.apply(entry);
    if (state.revision > floor) this.#addCheckpoint(number, state, tail.chain);
    this.#store.setHead(number, { revision, chain: tail.chain });
    this.#collectContents(number, nowMs);
    return { occurrences, names };
  }

  /** Takes away what no blob of a workspace, as it is known now, has or had. */
  #collectContents(number: number, nowMs: number): void {
    const unneeded = unneededContents(this.#store, this.#store.byNumber(number)!);
    removeContents(this.#store, number, unneeded, nowMs);
  }

  /** Takes a string out of what blobs hold or held: what is in the place of each content that had it, by its hash. */
  #purgedContents(
    number: number,
    secret: string,
    filler: string,
    nowMs: number,
  ): { readonly clean: ReadonlyMap<string, BlobContent>; readonly occurrences: number } {
    const clean = new Map<string, BlobContent>();
    let occurrences = 0;
    for (const hash of this.#store.contents(number)) {
      const covered = coverBytes(this.#store.content(number, hash)!, secret, filler);
      if (covered === undefined) continue;
      occurrences += covered.occurrences;
      const { hash: newHash, name } = contentHash(covered.bytes);
      clean.set(hexOf(hash), { hash: name, bytes: covered.bytes.length });
      this.#store.putContent(number, newHash, covered.bytes, nowMs);
      this.#store.removeContent(number, hash, Infinity);
    }
    return { clean, occurrences };
  }

  #addCheckpoint(number: number, state: State, chain: Uint8Array): void {
    const encoding = encodeCheckpoint(state, chain, new PieceKeys());
    for (;;) {
      const { done, value } = encoding.next();
      if (done === true) return this.#store.addCheckpoint(number, state.revision, state.time, value);
      if (value !== undefined) this.#store.addPiece(number, value.key, value.bytes);
    }
  }

  /**
   * Packs what can be packed, lets go of what need not be kept, and gives the room back. A server goes on meanwhile;
   * only while the file is written anew, at the end, it cannot append.
   */
  compact(retention: Retention, nowMs: number): void {
    for (const known of this.#store.workspaces()) {
      this.#pack(known);
      this.#whileThere(known, (known) => {
        retain(this.#store, known, retention, nowMs);
        collect(this.#store, known.number);
        this.#collectContents(known.number, nowMs);
      });
      for (const key of this.#store.pieces(known.number)) {
        const bytes = this.#store.piece(known.number, key);
        if (bytes === undefined) continue;
        const shorter = compressed(bytes, "thorough");
        this.#whileThere(known, ({ number }) => this.#store.shortenPiece(number, key, shorter));
      }
    }
    this.#rewriteFile();
  }

  /** Works out each segment before it asks for the right to write. */
  #pack(known: Known): void {
    for (;;) {
      const segment = this.#db.snapshot(() => packNext(this.#store, known, true));
      if (segment === undefined) return;
      const isThere = this.#whileThere(known, ({ number }) => {
        if (this.#store.firstUnpacked(number) === segment.first) this.#store.addSegment(number, segment);
      });
      if (!isThere) return;
    }
  }

  /** A transaction on a workspace as it is now; false, and nothing is done, if it is another one by now. */
  #whileThere({ number, epoch }: Known, body: (known: Known) => void): boolean {
    return this.#db.transaction(() => {
      const known = this.#store.byNumber(number);
      if (known?.epoch !== epoch) return false;
      body(known);
      return true;
    });
  }

  /** Writes the file anew, so that nothing is left in it of what was taken away, nor in the write-ahead log. */
  #rewriteFile(): void {
    this.#db.exec("VACUUM");
    this.#db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  /** Stores what blobs of a workspace are going to hold, and gives the hashes that they are found by. */
  putContents(workspace: string, contents: readonly Uint8Array[], nowMs: number): string[] {
    if (contents.length === 0) return [];
    return this.#db.transaction(() => {
      const { number } = this.#store.expect(workspace);
      return contents.map((bytes) => {
        const { hash, name } = contentHash(bytes);
        this.#store.putContent(number, hash, bytes, nowMs);
        return name;
      });
    });
  }

  /** What was stored under a hash; undefined if nothing was. */
  content(workspace: string, hash: string): Uint8Array | undefined {
    return checkedContent(hash, this.#store.content(this.#store.expect(workspace).number, hashOfName(hash)));
  }

  close(): void {
    this.#db.close();
  }
}

/** Shorter ones would be found everywhere. */
const secretLengthMin = 4;

function newEpoch(): string {
  return crypto.randomUUID();
}

/** A character that the secret does not have: so what is put in its place never makes it up again. */
function fillerFor(secret: string): string {
  let filler = "*";
  for (let code = 0x23; secret.includes(filler); code++) filler = String.fromCharCode(code);
  return filler;
}

/** An entry that does nothing, in the place of one that did something. */
function blanked(entry: LogEntry): LogEntry {
  const { signed, ...rest } = entry;
  const author = entry.author === undefined ? undefined : { ...entry.author, name: "?" };
  const gone = signed === undefined ? {} : { signed: withoutSignature(signed) };
  return { ...rest, author, change: { steps: [], edits: [] }, notices: [], ...gone };
}
