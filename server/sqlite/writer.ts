/**
 * The one connection of a server that writes, on whatever thread it is put. See `writer_thread.ts`.
 *
 * @module
 */

import { areEqual, beforeBlock, decodeManifest } from "../format/mod.ts";
import { contentHash, hashOfName } from "./content.ts";
import { Database } from "./database.ts";
import { DataError, sentErrorOf } from "./errors.ts";
import type { AppendRequest, AppendResult, ArgumentOf, Change, Which, WriterCalls } from "./messages.ts";
import type { Known } from "./known.ts";
import { Store } from "./store.ts";
import { removeContents, retain } from "./upkeep.ts";

type Asked<Name extends keyof WriterCalls> = ArgumentOf<WriterCalls[Name]>;

/** The fact that a server runs, or ran and did not stop, that may lose what it has acknowledged. */
const relaxedFact = "relaxed";

export class Writer {
  #db: Database;
  #store: Store;
  readonly #open: () => Database;
  #dataVersion: number;

  constructor(
    { path, relaxed, pagesMax }: Asked<"open">,
    newEpoch: () => string,
  ) {
    this.#open = () => Database.open(path, { mode: "write", relaxed, pagesMax });
    this.#db = this.#open();
    this.#store = new Store(this.#db);
    this.#dataVersion = this.#db.dataVersion;
    const known = this.#store.workspaces();
    const wasRelaxed = this.#store.fact(relaxedFact) !== undefined;
    if (!wasRelaxed && !relaxed) return;
    this.#db.transaction(() => {
      // What the one before had acknowledged last may be gone: nobody can tell.
      if (wasRelaxed) { for (const each of known) this.#store.update(each, { ...each, epoch: newEpoch() }); }
      this.#store.setFact(relaxedFact, relaxed ? "1" : undefined);
    });
    // Written to the database itself, which waits for the disk in either mode.
    if (relaxed) this.#db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  create({ name, epoch, origin }: Asked<"create">): void {
    this.#db.transaction(() => {
      if (this.#store.find(name) === undefined) this.#store.create(name, epoch, origin);
    });
  }

  /** All of them in one transaction. */
  append(appends: readonly AppendRequest[]): AppendResult[] {
    try {
      return this.#db.transaction(() => appends.map((append) => this.#append(append)));
    } catch (error) {
      return this.#settled(appends, error);
    }
  }

  #append({ number, epoch, expected, rows, head }: AppendRequest): AppendResult {
    const known = this.#store.byNumber(number);
    if (known?.epoch !== epoch) return { kind: "replaced" };
    const { revision, chain } = this.#store.head(number);
    // Asked a second time, since it was in doubt.
    if (revision === head.revision && areEqual(chain, head.chain) && rows.length > 0) {
      return { kind: "stored" };
    }
    if (revision < expected) return { kind: "replaced" };
    if (revision > expected) return { kind: "won", packed: this.#packedAfter(number, expected) };
    for (const row of rows) this.#store.addRow(number, row);
    this.#store.setHead(number, head);
    return { kind: "stored" };
  }

  /** From the start of the block on in which the next entry is. */
  #packedAfter(number: number, revision: number) {
    return [...this.#store.packedAfter(number, beforeBlock(revision + 1))];
  }

  /** Whether appends have been stored that ended in an error. A new connection reads what is really there. */
  #settled(appends: readonly AppendRequest[], error: unknown): AppendResult[] {
    this.#db.close();
    this.#db = this.#open();
    this.#store = new Store(this.#db);
    this.#dataVersion = this.#db.dataVersion;
    const sent = sentErrorOf(error);
    return this.#db.snapshot(() =>
      appends.map(({ number, epoch, expected, head }): AppendResult => {
        if (this.#store.byNumber(number)?.epoch !== epoch) return { kind: "replaced" };
        const { revision, chain } = this.#store.head(number);
        if (revision === head.revision && areEqual(chain, head.chain)) return { kind: "stored" };
        if (revision > expected) return { kind: "won", packed: this.#packedAfter(number, expected) };
        return { kind: "failed", error: sent };
      })
    );
  }

  pieces({ pieces, ...which }: Asked<"pieces">): void {
    this.#of(which, ({ number }) => {
      for (const { key, bytes } of pieces) this.#store.addPiece(number, key, bytes);
    });
  }

  checkpoint({ revision, time, manifest, ...which }: Asked<"checkpoint">): boolean {
    return this.#of(which, ({ number }) => {
      for (const [, keys] of decodeManifest(manifest).texts) {
        if (!keys.every((key) => this.#store.hasPiece(number, key))) return false;
      }
      this.#store.addCheckpoint(number, revision, time, manifest);
      return true;
    });
  }

  segment({ segment, ...which }: Asked<"segment">): void {
    this.#of(which, ({ number }) => {
      // Somebody else may have packed it meanwhile.
      if (this.#store.firstUnpacked(number) === segment.first) this.#store.addSegment(number, segment);
    });
  }

  retain({ retention, nowMs, ...which }: Asked<"retain">): void {
    this.#of(which, (known) => retain(this.#store, known, retention, nowMs));
  }

  #of<Result>({ number, epoch }: Which, body: (known: Known) => Result): Result {
    return this.#db.transaction(() => {
      const known = this.#store.byNumber(number);
      if (known?.epoch !== epoch) {
        throw new DataError("unknown_workspace", "The workspace is another one by now. Open it again.");
      }
      return body(known);
    });
  }

  putContent({ bytes, nowMs, ...which }: Asked<"putContent">): string {
    const { hash, name } = contentHash(bytes);
    this.#of(which, ({ number }) => this.#store.putContent(number, hash, bytes, nowMs));
    return name;
  }

  holdContent({ hash, nowMs, ...which }: Asked<"holdContent">): number | undefined {
    return this.#of(which, ({ number }) => this.#store.holdContent(number, hashOfName(hash), nowMs));
  }

  removeContents({ hashes, nowMs, ...which }: Asked<"removeContents">): void {
    this.#of(which, ({ number }) => removeContents(this.#store, number, hashes, nowMs));
  }

  /** What other processes have done to these workspaces, if they have done anything. */
  poll(heads: Asked<"poll">): Change[] {
    const version = this.#db.dataVersion;
    if (version === this.#dataVersion) return heads.map(() => ({ kind: "same" }));
    return this.#db.snapshot(() => {
      const changes = heads.map(({ number, epoch, revision }): Change => {
        if (this.#store.byNumber(number)?.epoch !== epoch) return { kind: "replaced" };
        const head = this.#store.head(number);
        if (head.revision === revision) return { kind: "same" };
        if (head.revision < revision) return { kind: "replaced" };
        return { kind: "appended", packed: this.#packedAfter(number, revision) };
      });
      this.#dataVersion = version;
      return changes;
    });
  }

  close({ isClean }: Asked<"close">): void {
    if (isClean && this.#store.fact(relaxedFact) !== undefined) {
      this.#db.exec("PRAGMA synchronous = FULL");
      this.#db.transaction(() => this.#store.setFact(relaxedFact, undefined));
    }
    this.#db.close();
  }
}
