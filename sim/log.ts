/**
 * The log of a simulated server on a simulated disk: what may go wrong with writing, and the recovery that finds
 * out what was written.
 *
 *     append ─► wait for the one before ─► write ─► sync ─► answer
 *                                          │        │        └ lost: in doubt, settled by reading
 *                                          │        └ a power cut before it: the record is lost or torn
 *                                          └ fails: nothing is there
 *
 * What is written are the bytes that a real log writes (server/format), and what finds them again is the recovery
 * of a real log. A workspace is a file of records, one for each append. So a record that is torn, flipped or in the
 * wrong place is seen when it is read. At the end of the file such a record is an append that was never answered, and
 * is cut off; before a record that was begun after it had been answered it is damage, and nothing of the workspace is
 * served.
 *
 * Beside it are the newest states that servers have handed over. One that is torn or flipped is passed over: the
 * entries since the one before it are there.
 *
 * @module
 */

import { type ListedWorkspace, type LogEntry, type SavedState, State } from "../server/core/mod.ts";
import {
  areEqual,
  beforeBlock,
  chainAt,
  encodeCheckpoint,
  FormatError,
  type Kept,
  originOf,
  PieceKeys,
  readPacked,
  recover,
  type Row,
  Tail,
} from "../server/format/mod.ts";
import { contentsIn } from "../ot/mod.ts";
import { toHex } from "../proto/mod.ts";
import { SimulatedContents } from "./contents.ts";
import type { Random, Stream } from "./random.ts";
import { type HistorySource, MemoryHistory } from "../server/history/mod.ts";
import { whole } from "./scenario.ts";
import type { Scheduler } from "./scheduler.ts";

/** How long the disk takes, in microseconds: drawn from these tables. */
export interface DiskPlan {
  readonly writeUs: readonly number[];
  readonly syncUs: readonly number[];
}

/**
 * What a server is told of an append: `won` is what stands after the revision that it expected; null if that cannot be
 * read.
 */
export type AppendAnswer = { readonly stored: true } | {
  readonly stored: false;
  readonly won: readonly LogEntry[] | null;
};

/** What a server is told of a workspace; undefined if it cannot be read. */
export type LoadAnswer = {
  readonly epoch: string;
  readonly checkpoint: SavedState | null;
  /** Those after the checkpoint. */
  readonly entries: readonly LogEntry[];
} | undefined;

/** Who wants to know what has become durable, at the moment when it has. */
export interface LogObserver {
  stored(workspace: string, entries: readonly LogEntry[]): void;
  /** Of the entries that were acknowledged, only those up to `revision` are left: the epoch is another. */
  lost(workspace: string, revision: number): void;
  /** A state that a server had handed over could not be read: an older one took its place. */
  fellBack(workspace: string): void;
  /** Something that is there could not be read. */
  unreadable(workspace: string): void;
}

/** The newest state may be damaged: then there is one more. */
const statesMax = 2;

/** A disk that works as it should takes no longer, in microseconds. */
const quickUs = 20_000;

interface Record {
  /** The revision that it was appended to. */
  readonly expected: number;
  /** The revision of its last entry; 0 if it is torn. */
  readonly revision: number;
  rows: readonly Row[];
  /** What was written, if something else can be read. */
  readonly pristine: readonly Row[];
  /** Hashes of what its entries say that blobs hold. */
  readonly contents: readonly string[];
}

/** A state that a server handed over. */
interface StoredState {
  readonly revision: number;
  manifest: Uint8Array;
  /** What was written, if something else can be read; undefined if it never was whole. */
  readonly pristine: Uint8Array | undefined;
}

interface File {
  epoch: number;
  records: Record[];
  /** Where the records end. */
  tail: Tail;
  /** In the order of their revisions. */
  states: StoredState[];
  /** Those that are being written. */
  readonly writing: Set<StoredState>;
  /** Pieces of texts that states speak of, by their keys. */
  readonly pieces: Map<string, Uint8Array>;
  /** Which of them are there. */
  keys: PieceKeys;
  /** What blobs hold. */
  readonly contents: SimulatedContents;
  /** How many records are on the disk for certain. */
  synced: number;
  /** Whether a bit of a record is flipped. */
  isDamaged: boolean;
  /** What the newest record holds. */
  newest: readonly LogEntry[];
  /** Appends that wait for the one before. */
  waiting: (() => void)[];
  busy: boolean;
}

export class SimulatedLog {
  readonly #scheduler: Scheduler;
  readonly #draws: Stream;
  /** Of what is done with contents: where there are none, nothing is drawn. */
  readonly #contentDraws: Stream;
  #plan: DiskPlan;
  readonly #observer: LogObserver;
  readonly #files = new Map<string, File>();
  /** The disk as a machine: what was under way when its power was cut never ends. */
  #life = 0;
  #failing = 0;
  #doubting = 0;
  #failingStates = 0;
  /** Who wants to know that something is in a log. */
  readonly #watchers: ((workspace: string) => void)[] = [];
  #slowUntilUs = 0;
  #fullUntilUs = 0;

  constructor(scheduler: Scheduler, random: Random, plan: DiskPlan, observer: LogObserver) {
    this.#scheduler = scheduler;
    this.#draws = random.stream("disk");
    this.#contentDraws = random.stream("contents");
    this.#plan = plan;
    this.#observer = observer;
  }

  /** Reads all of a workspace, as a server that starts does, and cuts off what was never whole. */
  load(workspace: string, answer: (logged: LoadAnswer) => void): void {
    const file = this.#fileOf(workspace);
    const life = this.#life;
    // Behind what an earlier process has given to the disk: what is read must be there to stay.
    this.#inTurn(file, (done) => {
      this.#after(this.#draws.pick(this.#plan.writeUs), () => {
        if (life !== this.#life) return;
        const recovery = recover(keptOf(workspace, file));
        done();
        if (recovery.kind === "damaged") return answer(undefined);
        const { checkpoint, entries, tail, torn, passedOver } = recovery;
        if (passedOver.length > 0) this.#observer.fellBack(workspace);
        if (torn.length > 0) {
          file.records.pop();
          file.synced = file.records.length;
        }
        file.tail = tail;
        answer({ epoch: `epoch ${file.epoch}`, checkpoint: checkpoint ?? null, entries });
      });
    });
  }

  /** Stores a state to begin with at the next load, while appends go on. */
  checkpoint(workspace: string, state: State, answer: (isStored: boolean) => void): void {
    const file = this.#fileOf(workspace);
    const life = this.#life, slow = this.#scheduler.nowUs < this.#slowUntilUs ? 100 : 1;
    // Nothing has been appended behind it most of the time: then what a server knows of the end is all there is to read.
    const known = file.tail.revision === state.revision && !file.isDamaged ? file.tail.chain : undefined;
    this.#after(slow * this.#draws.pick(this.#plan.writeUs), () => {
      if (life !== this.#life) return;
      if (this.#failingStates > 0 || this.#scheduler.nowUs < this.#fullUntilUs) {
        this.#failingStates = Math.max(0, this.#failingStates - 1);
        return answer(false);
      }
      const { revision } = state;
      // Of a log that is another one by now.
      if (!file.records.some((record) => record.revision === revision)) return answer(false);
      const chain = known ?? this.#reading(workspace, () => chainAt(keptOf(workspace, file), revision));
      if (chain === undefined) return answer(false);
      const manifest = writeState(state, chain, file);
      const writing = { revision, manifest, pristine: manifest };
      file.writing.add(writing);
      this.#after(slow * this.#draws.pick(this.#plan.syncUs), () => {
        if (life !== this.#life) return;
        file.writing.delete(writing);
        const others = file.states.filter((other) => other.revision !== revision);
        file.states = [...others, writing].sort((a, b) => a.revision - b.revision).slice(-statesMax);
        file.contents.collect(file.records.flatMap(({ contents }) => contents), this.#scheduler.nowUs);
        answer(true);
      });
    });
  }

  /**
   * The entries that are durable after `revision`, as nobody is shown what others are still writing; undefined if
   * they cannot be read.
   */
  entriesAfter(workspace: string, revision: number): LogEntry[] | undefined {
    const file = this.#fileOf(workspace);
    const durable = { ...file, records: file.records.slice(0, file.synced) };
    return this.#reading(workspace, () => entriesAfter(workspace, durable, revision));
  }

  /** What comes of reading a file; undefined if something in it is damaged. */
  #reading<Result>(workspace: string, read: () => Result): Result | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof FormatError) || !this.#fileOf(workspace).isDamaged) throw error;
      this.#observer.unreadable(workspace);
      return undefined;
    }
  }

  /** The workspaces that anybody has asked for, with what is durable of each. */
  list(): ListedWorkspace[] {
    const listed = [...this.#files].map(([name, { records, synced }]) => {
      return { name, revision: records[synced - 1]?.revision ?? 0 };
    });
    return listed.sort((a, b) => a.name < b.name ? -1 : 1);
  }

  /** What is durable, to look back at; undefined if it cannot be read. */
  history(workspace: string): HistorySource | undefined {
    const { epoch, contents } = this.#fileOf(workspace), entries = this.entriesAfter(workspace, 0);
    if (entries === undefined) return undefined;
    return new MemoryHistory(`epoch ${epoch}`, State.empty, entries, contents.all());
  }

  /** From now on `watcher` is told whenever something was appended. */
  watch(watcher: (workspace: string) => void): void {
    this.#watchers.push(watcher);
  }

  /** Stores entries behind revision `expected`, if that is the newest. */
  append(
    workspace: string,
    expected: number,
    entries: readonly LogEntry[],
    answer: (appended: AppendAnswer) => void,
  ): void {
    const file = this.#fileOf(workspace);
    const life = this.#life;
    this.#inTurn(file, (next) => {
      const done = (appended: AppendAnswer) => {
        next();
        answer(appended);
      };
      const slow = this.#scheduler.nowUs < this.#slowUntilUs ? 100 : 1;
      this.#after(slow * this.#draws.pick(this.#plan.writeUs), () => {
        if (life !== this.#life) return;
        const won = () => this.#reading(workspace, () => entriesAfter(workspace, file, expected)) ?? null;
        if (headOf(file) !== expected) return done({ stored: false, won: won() });
        if (this.#failing > 0 || this.#scheduler.nowUs < this.#fullUntilUs) {
          this.#failing = Math.max(0, this.#failing - 1);
          return done({ stored: false, won: [] });
        }
        file.records.push(recordOf(expected, file.tail.append(entries), entries));
        file.newest = entries;
        this.#after(slow * this.#draws.pick(this.#plan.syncUs), () => {
          if (life !== this.#life) return;
          file.synced = file.records.length;
          this.#observer.stored(workspace, entries);
          for (const watcher of this.#watchers) watcher(workspace);
          if (this.#doubting === 0) return done({ stored: true });
          this.#doubting--;
          done({ stored: false, won: won() });
        });
      });
    });
  }

  /** How long a content is that is on the disk; undefined if there is none. */
  contentLength(workspace: string, hash: string): number | undefined {
    return this.#fileOf(workspace).contents.all().get(hash)?.length;
  }

  /** Stores what a blob is going to hold; gives its hash, or undefined if it could not be stored. */
  putContent(workspace: string, bytes: Uint8Array, answer: (hash: string | undefined) => void): void {
    const { writeUs, syncUs } = this.#plan;
    this.#onContents(workspace, [writeUs, syncUs], answer, ({ contents, synced }) => {
      return contents.put(bytes, synced, this.#scheduler.nowUs);
    });
  }

  /** Says how long a content is, null if there is none; undefined if that cannot be found out. */
  holdContent(
    workspace: string,
    hash: string,
    answer: (held: { readonly length: number | null } | undefined) => void,
  ): void {
    this.#onContents(workspace, [this.#plan.writeUs], answer, ({ contents }) => {
      return { length: contents.hold(hash, this.#scheduler.nowUs) ?? null };
    });
  }

  /** Does something with contents after the time that it takes, unless the disk fails or has no room. */
  #onContents<Result>(
    workspace: string,
    tables: readonly (readonly number[])[],
    answer: (result: Result | undefined) => void,
    run: (file: File) => Result,
  ): void {
    const file = this.#fileOf(workspace), life = this.#life, draws = this.#contentDraws;
    const slow = this.#scheduler.nowUs < this.#slowUntilUs ? 100 : 1;
    const us = slow * tables.reduce((sum, table) => sum + draws.pick(table), 0);
    this.#scheduler.at(this.#scheduler.nowUs + us, draws.word(), () => {
      if (life !== this.#life) return;
      if (this.#failing === 0 && this.#scheduler.nowUs >= this.#fullUntilUs) return answer(run(file));
      this.#failing = Math.max(0, this.#failing - 1);
      answer(undefined);
    });
  }

  /** One after the other: each calls when it is done. */
  #inTurn(file: File, run: (done: () => void) => void): void {
    const turn = () => {
      file.busy = true;
      run(() => {
        file.busy = false;
        file.waiting.shift()?.();
      });
    };
    if (file.busy) file.waiting.push(turn);
    else turn();
  }

  /** The next appends fail: nothing of them is stored. */
  fail(count: number): void {
    this.#failing += count;
  }

  /** The next appends are stored, and the answer is lost. */
  doubt(count: number): void {
    this.#doubting += count;
  }

  /** The next states are not stored. */
  failStates(count: number): void {
    this.#failingStates += count;
  }

  slow(forUs: number): void {
    this.#slowUntilUs = this.#scheduler.nowUs + forUs;
  }

  /** There is no room for anything more. */
  fill(forUs: number): void {
    this.#fullUntilUs = this.#scheduler.nowUs + forUs;
  }

  /** The disk works as it should again, and as quickly as it can. */
  heal(): void {
    const { writeUs, syncUs } = this.#plan;
    const quick = (table: readonly number[]) => [Math.min(quickUs, ...table)];
    this.#plan = { writeUs: quick(writeUs), syncUs: quick(syncUs) };
    this.#failing = 0;
    this.#doubting = 0;
    this.#failingStates = 0;
    this.#slowUntilUs = 0;
    this.#fullUntilUs = 0;
    this.repair();
  }

  /** What a bit was flipped in is put right. */
  repair(): void {
    for (const file of this.#files.values()) {
      file.isDamaged = false;
      for (const record of file.records) if (record.revision > 0) record.rows = record.pristine;
      for (const state of file.states) if (state.pristine !== undefined) state.manifest = state.pristine;
    }
  }

  /**
   * The machine is off at once: a record that was not synced is there in part, or whole, or not at all.
   *
   * @param torn so many parts of it; drawn if left out.
   */
  cutPower(torn?: number): void {
    this.#life++;
    for (const [workspace, file] of this.#files) {
      file.waiting = [];
      file.busy = false;
      this.#tearState(file);
      const last = file.records[file.synced];
      // Nothing was under way, or what was has been torn before, and nobody has looked since.
      if (last === undefined || last.revision === 0) continue;
      const [row] = last.rows as [Row], { length } = row.bytes;
      const kept = torn === undefined ? this.#draws.int(0, length) : Math.ceil((length * torn) / whole);
      // Behind what has come to the disk there is nothing, or nothing but zeros, as perhaps there was to be.
      const bytes = row.bytes.slice(0, this.#draws.isOneIn(3) ? length : kept).fill(0, kept);
      if (kept === 0) {
        file.records.pop();
      } else if (areEqual(bytes, row.bytes)) {
        file.synced = file.records.length;
        this.#observer.stored(workspace, file.newest);
      } else {
        const rows = [{ first: row.first, bytes }];
        file.records[file.synced] = { ...last, revision: 0, rows, pristine: rows };
      }
    }
  }

  /** Of a state that was being written, there is a part at most. */
  #tearState(file: File): void {
    for (const { revision, manifest } of file.writing) {
      if (this.#draws.isOneIn(2)) continue;
      const part = manifest.subarray(0, this.#draws.int(0, manifest.length - 1));
      file.states.push({ revision, manifest: part, pristine: undefined });
    }
    file.states.sort((a, b) => a.revision - b.revision);
    file.writing.clear();
  }

  /** Flips a bit of a state, or of an entry that had been answered before the next one was begun. */
  flip(): void {
    for (const file of this.#files.values()) {
      const state = file.states[file.states.length - 1];
      if (state !== undefined && state.manifest.length > 0 && this.#draws.isOneIn(2)) {
        state.manifest = this.#flipped(state.manifest);
        return;
      }
      if (file.synced < 2) continue;
      const record = file.records[this.#draws.int(0, file.synced - 2)]!;
      const at = this.#draws.int(0, record.rows.length - 1), { first, bytes } = record.rows[at]!;
      record.rows = record.rows.with(at, { first, bytes: this.#flipped(bytes) });
      file.isDamaged = true;
      return;
    }
  }

  #flipped(bytes: Uint8Array): Uint8Array {
    const flipped = bytes.slice(), at = this.#draws.int(0, bytes.length - 1);
    flipped[at]! ^= 1 << this.#draws.int(0, 7);
    return flipped;
  }

  /** Puts an old copy in the place of the log: of `of` parts of its records the first `keep` are left. */
  rollBack(keep: number, of: number): void {
    for (const [workspace, file] of this.#files) {
      file.records = file.records.slice(0, Math.floor((file.synced * keep) / of));
      // The copy was made before anything was damaged.
      for (const record of file.records) record.rows = record.pristine;
      file.isDamaged = false;
      file.synced = file.records.length;
      file.contents.rollBack(file.synced);
      const revision = headOf(file);
      file.states = file.states.filter((state) => state.revision <= revision && state.pristine !== undefined);
      for (const state of file.states) state.manifest = state.pristine!;
      file.epoch++;
      this.#observer.lost(workspace, headOf(file));
    }
  }

  #fileOf(workspace: string): File {
    let file = this.#files.get(workspace);
    if (file === undefined) {
      file = {
        epoch: 1,
        records: [],
        tail: Tail.begin(originOfWorkspace(workspace)),
        states: [],
        writing: new Set(),
        pieces: new Map(),
        keys: new PieceKeys(),
        contents: new SimulatedContents(),
        synced: 0,
        isDamaged: false,
        newest: [],
        waiting: [],
        busy: false,
      };
      this.#files.set(workspace, file);
    }
    return file;
  }

  #after(us: number, run: () => void): void {
    this.#scheduler.at(this.#scheduler.nowUs + us, this.#draws.word(), run);
  }
}

function headOf({ records }: File): number {
  return records[records.length - 1]?.revision ?? 0;
}

function recordOf(expected: number, rows: readonly Row[], entries: readonly LogEntry[]): Record {
  const revision = entries[entries.length - 1]!.revision;
  const contents = entries.flatMap(({ change }) => [...contentsIn(change.steps)].map(({ hash }) => hash));
  return { expected, revision, rows, pristine: rows, contents };
}

/** What a file holds, for the recovery to look at. */
function keptOf(workspace: string, { records, states, pieces }: File): Kept {
  return {
    origin: originOfWorkspace(workspace),
    isWhole: true,
    // Whoever wrote the newest record knew all before it to be stored.
    durable: records[records.length - 1]?.expected ?? 0,
    chain: undefined,
    manifests: () => states.map(({ manifest }) => manifest).reverse(),
    pieceOf: (key) => pieces.get(toHex(key)),
    *packedAfter(revision) {
      // The last record that begins at or before it may go on behind it.
      let at = records.length;
      while (at > 0 && records[at - 1]!.expected >= revision) at--;
      for (at = Math.max(0, at - 1); at < records.length; at++) {
        for (const row of records[at]!.rows) if (row.first > revision) yield { kind: "row", row };
      }
    },
  };
}

function originOfWorkspace(workspace: string): Uint8Array {
  return originOf([{ kind: "begun", time: 0, id: workspace }]);
}

function entriesAfter(workspace: string, file: File, revision: number): LogEntry[] {
  if (headOf(file) <= revision) return [];
  const result: LogEntry[] = [];
  for (const read of readPacked(keptOf(workspace, file), beforeBlock(revision + 1))) {
    if (read.tail === undefined) break;
    for (const entry of read.entries) if (entry.revision > revision) result.push(entry);
  }
  return result;
}

/** Writes the pieces of a state, and gives the manifest. */
function writeState(state: State, chain: Uint8Array, { pieces, keys }: File): Uint8Array {
  const encoding = encodeCheckpoint(state, chain, keys);
  for (;;) {
    const { done, value } = encoding.next();
    if (done === true) return value;
    if (value !== undefined) pieces.set(toHex(value.key), value.bytes);
  }
}
