/**
 * The log of one workspace, to look back at. Reads a database that a server may be writing.
 *
 * @module
 */

import { type LogEntry, State } from "../core/mod.ts";
import { beforeBlock, blockEntries, readPacked, segmentEntries } from "../format/mod.ts";
import type { HistorySource } from "../history/source.ts";
import { checkedContent, hashOfName } from "./content.ts";
import { Database, databaseName } from "./database.ts";
import { damaged } from "./errors.ts";
import type { Known } from "./known.ts";
import { Store } from "./store.ts";

export class SqliteReader implements HistorySource {
  readonly #db: Database;
  readonly #store: Store;
  readonly #workspace: string;

  /** @throws {DataError} */
  constructor(folder: string, workspace: string) {
    this.#db = Database.open(`${folder}/${databaseName}`, { mode: "read" });
    this.#store = new Store(this.#db);
    this.#workspace = workspace;
  }

  get #known(): Known {
    return this.#store.expect(this.#workspace);
  }

  get epoch(): string {
    return this.#known.epoch;
  }

  get revision(): number {
    return this.#store.head(this.#known.number).revision;
  }

  get floor(): number {
    return this.#known.floor;
  }

  checkpoint(revision: number): State {
    return this.#db.snapshot(() => {
      const { number, floor } = this.#known;
      for (const checkpoint of this.#store.checkpoints(number).reverse()) {
        if (checkpoint.revision > revision) continue;
        const saved = this.#store.savedState(number, checkpoint.revision);
        if (saved !== undefined) return State.restore(saved);
      }
      if (floor === 0) return State.empty;
      throw damaged(`no checkpoint up to revision ${revision} is whole`);
    });
  }

  *entries(from: number, to: number): Generator<LogEntry> {
    for (let next = from + 1; next <= to;) {
      const some = this.#db.snapshot(() => this.#someEntries(next, to));
      if (some.length === 0) throw damaged(`the entries from ${next} to ${to} are missing`);
      yield* some;
      next += some.length;
    }
  }

  /** The next entries, about as many as a segment has: so no transaction is open while somebody looks at them. */
  #someEntries(first: number, to: number): LogEntry[] {
    const entries: LogEntry[] = [];
    for (const read of readPacked(this.#store.kept(this.#known), beforeBlock(first))) {
      if (read.tail === undefined) break;
      for (const entry of read.entries) {
        if (entry.revision >= first && entry.revision <= to) entries.push(entry);
      }
      if (entries.length >= segmentEntries || read.tail.revision >= to) break;
    }
    return entries;
  }

  content(hash: string): Uint8Array | undefined {
    return checkedContent(hash, this.#store.content(this.#known.number, hashOfName(hash)));
  }

  revisionAt(time: number): number {
    return this.#db.snapshot(() => {
      const { number, floor } = this.#known;
      const revision = this.#store.head(number).revision;
      const segments = this.#store.segments(number);
      // Where to look: in the newest segment, or the newest block behind all segments, that begins in time.
      const packed = segments.at(-1)?.last ?? 0;
      let low = packed, high = revision;
      if (segments.length > 0 && segments.at(-1)!.lastTime > time) {
        const segment = segments.findLast(({ firstTime }) => firstTime <= time);
        if (segment === undefined) return floor;
        low = segment.first - 1;
        high = segment.last;
      } else {
        for (let blocks = Math.ceil((high - low) / blockEntries); blocks > 1;) {
          const middle = low + Math.floor(blocks / 2) * blockEntries;
          const [first] = this.entries(middle, middle + 1);
          if (first!.time <= time) low = middle;
          else high = middle;
          blocks = Math.ceil((high - low) / blockEntries);
        }
      }
      let found = Math.max(low, floor);
      for (const entry of this.entries(found, high)) {
        if (entry.time > time) break;
        found = entry.revision;
      }
      return found;
    });
  }

  close(): void {
    this.#db.close();
  }
}
