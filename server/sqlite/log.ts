/**
 * The durable log of a server: a database in a folder, written by a thread of its own.
 *
 *     append ─► encode ─► wait while one commit runs ─► one transaction for all that waits ─► answer
 *
 * So to be durable costs each append the time of a commit, and all of them together no more than one. Nothing is
 * answered before it is on the disk, unless the server was told to be relaxed about that.
 *
 * @module
 */

import type { ListedWorkspace, LogEntry, State } from "../core/mod.ts";
import {
  beforeBlock,
  encodeCheckpoint,
  entriesAfter,
  FormatError,
  originOf,
  type Packed,
  type Piece,
  PieceKeys,
  readPacked,
  type Tail,
} from "../format/mod.ts";
import type { Appended, Log, Logged } from "../log.ts";
import { packedIn } from "./bundle.ts";
import { databaseName } from "./database.ts";
import { damaged, DataError, dataErrorOf } from "./errors.ts";
import { FolderLock } from "./folder_lock.ts";
import type { AppendRequest, AppendResult, ReaderCalls, Which, WriterCalls } from "./messages.ts";
import { checkedContent } from "./content.ts";
import type { Query } from "../../proto/mod.ts";
import type { AnswerPiece } from "../history/mod.ts";
import { Historian } from "./historian.ts";
import { Thread } from "./thread.ts";
import type { Retention } from "./upkeep.ts";

export interface SqliteLogOptions {
  /** Is made if it is not there. */
  readonly folder: string;
  /** Acknowledge what the power may still take away: after an unclean stop, every epoch is a new one. */
  readonly relaxed?: boolean;
  readonly retention?: Retention;
  /**
   * Another process has appended entries to a workspace that was loaded, or, null, has made it another one: it was
   * put back, purged, renamed or deleted.
   */
  readonly onChange?: (workspace: string, entries: readonly LogEntry[] | null) => void;
  /** Takes what went wrong without anybody waiting for it. */
  readonly report?: (event: string, fields: Readonly<Record<string, string | number>>) => void;
  /** How often to look for what other processes have done, in milliseconds. */
  readonly pollMs?: number;
  /** How many pages of 4 KiB the file may have. */
  readonly pagesMax?: number;
}

/** A workspace that has been loaded. */
interface Held extends Which {
  readonly workspace: string;
  readonly origin: Uint8Array;
  readonly keys: PieceKeys;
  tail: Tail;
}

interface WaitingAppend {
  readonly held: Held;
  readonly request: AppendRequest;
  /** The end of the log once this is stored. */
  readonly tail: Tail;
  readonly resolve: (appended: Appended) => void;
}

/** The upkeep of one workspace. */
interface Upkeep {
  /** There is something new to do once this is done. */
  isWanted: boolean;
  done: Promise<void>;
}

/** After so long without an append the moment is quiet; upkeep waits for one, but no longer than that. */
const quietMs = 300, quietMsMax = 20_000;
/** How much of a checkpoint is stored at once: so much, or so many pieces. */
const sliceBytes = 256 << 10, slicePieces = 200;
/** How long the event loop may be kept busy with a checkpoint, in milliseconds. */
const busyMsMax = 4;

export class SqliteLog implements Log {
  readonly #lock: FolderLock;
  readonly #writer: Thread<WriterCalls>;
  readonly #reader: Thread<ReaderCalls>;
  readonly #retention: Retention;
  readonly #onChange: SqliteLogOptions["onChange"];
  readonly #report: NonNullable<SqliteLogOptions["report"]>;
  readonly #folder: string;
  /** Begun once somebody asks something. */
  #historian: Historian | undefined;
  readonly #held = new Map<string, Held>();
  #waiting: WaitingAppend[] = [];
  #committing: Promise<void> | undefined;
  /** What is done in the background; it comes to an end by itself. */
  readonly #upkeep = new Map<number, Upkeep>();
  readonly #closing = Promise.withResolvers<void>();
  /** When something was appended last, by `performance.now()`. */
  #appendedMs = -Infinity;
  #isClosing = false;
  #poll: ReturnType<typeof setTimeout> | undefined;

  private constructor(
    lock: FolderLock,
    writer: Thread<WriterCalls>,
    reader: Thread<ReaderCalls>,
    { folder, retention = { kind: "all" }, onChange, report = () => {}, pollMs = 1000 }: SqliteLogOptions,
  ) {
    this.#folder = folder;
    this.#lock = lock;
    this.#writer = writer;
    this.#reader = reader;
    this.#retention = retention;
    this.#onChange = onChange;
    this.#report = report;
    if (onChange !== undefined) this.#pollEvery(pollMs);
  }

  /**
   * Opens the log in a folder, alone.
   *
   * @throws {DataError} `data_in_use`, `data_newer`, `data_unwritable`, `data_damaged` or `disk_full`.
   */
  static async open(options: SqliteLogOptions): Promise<SqliteLog> {
    const { folder, relaxed = false, pagesMax } = options;
    const lock = await FolderLock.take(folder);
    const path = `${folder}/${databaseName}`;
    const writer = new Thread<WriterCalls>(new URL("./writer_thread.ts", import.meta.url));
    const reader = new Thread<ReaderCalls>(new URL("./reader_thread.ts", import.meta.url));
    try {
      await writer.ask("open", { path, relaxed, pagesMax });
      await reader.ask("open", { path });
      return new SqliteLog(lock, writer, reader, options);
    } catch (error) {
      writer.end();
      reader.end();
      lock.release();
      throw error;
    }
  }

  async load(workspace: string): Promise<Logged> {
    let loaded = await this.#reader.ask("load", workspace);
    if (loaded === undefined) {
      const origin = [{ kind: "begun", time: Date.now(), id: crypto.randomUUID() }] as const;
      await this.#writer.ask("create", { name: workspace, epoch: crypto.randomUUID(), origin });
      loaded = await this.#reader.ask("load", workspace);
    }
    if (loaded === undefined) {
      throw new DataError(
        "unknown_workspace",
        `The workspace "${workspace}" was deleted just now. Try again.`,
      );
    }
    const { known: { number, epoch, origin: records }, head, beginning, packed } = loaded;
    const { checkpoint, chain, passedOver } = beginning;
    for (const reason of passedOver) this.#report("checkpoint_passed_over", { workspace, reason });
    const origin = originOf(records);
    const kept = { origin, durable: head.revision, chain: head.chain, packedAfter: () => packedIn(packed) };
    try {
      const { entries, tail } = entriesAfter(kept, checkpoint?.revision ?? 0, chain);
      this.#held.set(workspace, { workspace, number, epoch, origin, keys: new PieceKeys(), tail });
      return { epoch, checkpoint, entries };
    } catch (error) {
      throw dataErrorOf(error);
    }
  }

  append(workspace: string, expected: number, entries: readonly LogEntry[]): Promise<Appended> {
    const held = this.#held.get(workspace);
    if (held === undefined) return Promise.resolve({ stored: false, replaced: true });
    const { number, epoch } = held;
    const tail = held.tail.clone();
    // If the log has gone on meanwhile, these rows will not be stored anyway.
    const rows = tail.revision === expected ? tail.append(entries) : [];
    const head = { revision: tail.revision, chain: tail.chain };
    const { promise, resolve } = Promise.withResolvers<Appended>();
    this.#appendedMs = performance.now();
    this.#waiting.push({ held, request: { number, epoch, expected, rows, head }, tail, resolve });
    this.#committing ??= this.#commit();
    return promise;
  }

  /** One transaction after the other, each with all that has come meanwhile. */
  async #commit(): Promise<void> {
    // All of this turn of the event loop goes together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const appends = this.#waiting;
      this.#waiting = [];
      let results: AppendResult[];
      try {
        results = await this.#writer.ask("append", appends.map(({ request }) => request));
      } catch (error) {
        // It could not be read what became of them. So it is found out with the next ones: all stay in doubt.
        this.#report("log_unreadable", { error: String(error) });
        await new Promise((resolve) => setTimeout(resolve, unreadableMs));
        if (!this.#isClosing) this.#waiting = [...appends, ...this.#waiting];
        continue;
      }
      appends.forEach((append, i) => append.resolve(this.#appended(append, results[i]!)));
    }
    this.#committing = undefined;
  }

  #appended({ held, request, tail }: WaitingAppend, result: AppendResult): Appended {
    switch (result.kind) {
      case "stored":
        held.tail = tail;
        return { stored: true };
      case "replaced":
        return { stored: false, replaced: true };
      case "failed":
        this.#report("append_failed", { workspace: held.workspace, error: result.error.message });
        return { stored: false, won: [] };
      case "won": {
        const won = this.#taken(held, request.expected, request.expected, result.packed);
        return won === undefined ? { stored: false, replaced: true } : { stored: false, won };
      }
    }
  }

  /**
   * Goes on after what another process has appended; undefined if it does not fit.
   *
   * @param asked the revision for which it was asked what comes after it.
   * @param after the entries after this one are given.
   */
  #taken(held: Held, asked: number, after: number, packed: readonly Packed[]): LogEntry[] | undefined {
    const entries: LogEntry[] = [];
    const kept = { origin: held.origin, durable: Infinity, packedAfter: () => packed };
    try {
      for (const read of readPacked(kept, beforeBlock(asked + 1))) {
        if (read.tail === undefined) return undefined;
        for (const entry of read.entries) if (entry.revision > after) entries.push(entry);
        if (read.tail.revision > held.tail.revision) held.tail = read.tail;
      }
      return entries;
    } catch (error) {
      if (error instanceof FormatError) return undefined;
      throw error;
    }
  }

  async checkpoint(workspace: string, state: State): Promise<void> {
    const held = this.#expect(workspace);
    const { number, epoch, keys } = held;
    const { revision, time } = state;
    const chain = await this.#reader.ask("chainAt", { number, epoch, revision });
    // Another process may have collected what we believed to be there: then all of it is stored once more.
    for (const known of [keys, new PieceKeys()]) {
      const manifest = await this.#storePieces(held, encodeCheckpoint(state, chain, known));
      if (await this.#writer.ask("checkpoint", { number, epoch, revision, time, manifest })) {
        this.#keepUp(held);
        return;
      }
    }
    throw damaged(`the pieces of a checkpoint of the workspace "${workspace}" do not stay`);
  }

  /** Stores pieces as they are made, a few at a time, and lets others have their turn in between. */
  async #storePieces(
    { number, epoch }: Which,
    encoding: Generator<Piece | undefined, Uint8Array>,
  ): Promise<Uint8Array> {
    let pieces: Piece[] = [], bytes = 0, since = performance.now();
    for (;;) {
      const { done, value } = encoding.next();
      if (done !== true && value !== undefined) {
        pieces.push(value);
        bytes += value.bytes.length;
      }
      if (pieces.length > 0 && (done === true || bytes >= sliceBytes || pieces.length >= slicePieces)) {
        await this.#writer.ask("pieces", { number, epoch, pieces });
        pieces = [];
        bytes = 0;
        since = performance.now();
      }
      if (done === true) return value;
      if (performance.now() - since > busyMsMax) {
        await new Promise((resolve) => setTimeout(resolve));
        since = performance.now();
      }
    }
  }

  /** Packs what a checkpoint covers, and lets go of what need not be kept, once there is a quiet moment. */
  #keepUp({ workspace, number, epoch }: Held): void {
    const under = this.#upkeep.get(number);
    if (under !== undefined) {
      under.isWanted = true;
      return;
    }
    const work = async (upkeep: Upkeep) => {
      while (upkeep.isWanted) {
        upkeep.isWanted = false;
        await this.#quiet();
        await this.#pack({ number, epoch });
      }
    };
    const upkeep: Upkeep = { isWanted: true, done: Promise.resolve() };
    upkeep.done = work(upkeep)
      .catch((error) => this.#report("upkeep_failed", { workspace, error: String(error) }))
      .finally(() => this.#upkeep.delete(number));
    this.#upkeep.set(number, upkeep);
  }

  async #pack({ number, epoch }: Which): Promise<void> {
    while (!this.#isClosing) {
      const segment = await this.#reader.ask("packNext", { number, epoch });
      if (segment === undefined) break;
      await this.#writer.ask("segment", { number, epoch, segment });
    }
    const retention = this.#retention;
    if (this.#isClosing) return;
    await this.#writer.ask("retain", { number, epoch, retention, nowMs: Date.now() });
    // Where nothing is let go, hardly a content is: then to look for one is for whoever compacts the log.
    if (retention.kind === "all" || this.#isClosing) return;
    const hashes = await this.#reader.ask("unneededContents", { number, epoch });
    if (hashes.length > 0) {
      await this.#writer.ask("removeContents", { number, epoch, hashes, nowMs: Date.now() });
    }
  }

  /** Resolves when nothing has been appended for a while, or when that does not come. */
  async #quiet(): Promise<void> {
    for (let waitedMs = 0; waitedMs < quietMsMax && !this.#isClosing; waitedMs += quietMs) {
      if (performance.now() - this.#appendedMs > quietMs) return;
      let timer: ReturnType<typeof setTimeout> | undefined;
      const later = new Promise<void>((resolve) => timer = setTimeout(resolve, quietMs));
      await Promise.race([later, this.#closing.promise]);
      clearTimeout(timer);
    }
  }

  #pollEvery(ms: number): void {
    this.#poll = setTimeout(async () => {
      await this.#look().catch((error) => this.#report("poll_failed", { error: String(error) }));
      if (!this.#isClosing) this.#pollEvery(ms);
    }, ms);
  }

  /** Looks for what other processes have done. */
  async #look(): Promise<void> {
    const all = [...this.#held.values()];
    const before = all.map(({ number, epoch, tail: { revision } }) => ({ number, epoch, revision }));
    const changes = await this.#writer.ask("poll", before);
    all.forEach((held, i) => {
      const change = changes[i]!, { workspace } = held;
      if (change.kind === "same" || this.#held.get(workspace) !== held) return;
      // An append of our own may have come between, and be all that was seen, or have been told what it missed.
      const entries = change.kind === "appended"
        ? this.#taken(held, before[i]!.revision, held.tail.revision, change.packed)
        : undefined;
      if (entries === undefined) this.#held.delete(workspace);
      if (entries === undefined || entries.length > 0) this.#onChange?.(workspace, entries ?? null);
    });
  }

  async putContent(workspace: string, bytes: Uint8Array): Promise<string> {
    const { number, epoch } = this.#expect(workspace);
    return await this.#writer.ask("putContent", { number, epoch, bytes, nowMs: Date.now() });
  }

  async holdContent(workspace: string, hash: string): Promise<number | undefined> {
    const { number, epoch } = this.#expect(workspace);
    return await this.#writer.ask("holdContent", { number, epoch, hash, nowMs: Date.now() });
  }

  async list(): Promise<readonly ListedWorkspace[]> {
    return await this.#reader.ask("list", undefined);
  }

  /** What was stored under a hash; undefined if nothing was. Rejects if it is damaged. */
  async content(workspace: string, hash: string): Promise<Uint8Array | undefined> {
    const { number, epoch } = this.#expect(workspace);
    return checkedContent(hash, await this.#reader.ask("content", { number, epoch, hash }));
  }

  #expect(workspace: string): Held {
    const held = this.#held.get(workspace);
    if (held !== undefined) return held;
    throw new DataError("unknown_workspace", `The workspace "${workspace}" is not loaded. Load it first.`);
  }

  answer(workspace: string, query: Query, scope?: string): AsyncGenerator<AnswerPiece, void> {
    this.#historian ??= new Historian(this.#folder);
    return this.#historian.answer(workspace, query, scope);
  }

  async close(): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#closing.resolve();
    clearTimeout(this.#poll);
    await this.#historian?.close();
    await this.#committing;
    await Promise.all([...this.#upkeep.values()].map(({ done }) => done));
    await this.#reader.ask("close", undefined);
    await this.#writer.ask("close", { isClean: true });
    this.#writer.end();
    this.#reader.end();
    this.#lock.release();
  }
}

/** How long to wait until a log that cannot be read is read again. */
const unreadableMs = 1000;
