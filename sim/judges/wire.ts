/**
 * What is said on the connections, read by a reader of its own: the order of revisions, that nobody hears of what
 * is not durable, that an acknowledgement names the change that it is of, that a change that is sent again is the
 * same, that every change is answered.
 *
 * It knows of the protocol no more than space.proto says: types of frames, and the numbers of a few fields.
 *
 * @module
 */

import { hashOf, type LogEntry } from "../../server/core/mod.ts";
import { joined } from "../../proto/mod.ts";
import { type Demand, demandIn } from "./conditions.ts";
import { Failure } from "./failure.ts";
import { numbersOf, textOf } from "./fields.ts";
import { type Modes, modesIn, noModes } from "./modes.ts";
import { type SentSigned, signedIn } from "./signatures.ts";

const type = {
  operation: 1,
  sync: 2,
  hello: 5,
  welcome: 6,
  acknowledge: 7,
  refuse: 8,
  entry: 9,
  presence: 10,
  close: 11,
  accepted: 12,
  part: 13,
  upload: 16,
  uploaded: 17,
} as const;

/** What the log holds for certain at this moment. */
export interface Durable {
  readonly revision: number;
  entry(revision: number): LogEntry;
}

/** What is heard, for those who count what a run has reached. */
export type Heard = (what: string) => void;

/** One connection. */
export class WireJudge {
  readonly #up = new Cutter();
  readonly #down = new Cutter();
  /** The session, as the welcome names it; before that, the one that would begin here. */
  session: string;
  site = 0;
  /** The newest revision that has been said, or is held. */
  #revision = -1;
  #held = 0;
  #snapshot: number | undefined;
  /** Changes that have not been answered. */
  readonly #unanswered = new Set<number>();
  /** Whether an upload has not been answered. */
  #isUploading = false;
  /** What its hello said that it signs with, as hexadecimal digits; "" for nothing. */
  #key: string | undefined;
  /** The session that it wants to go on with. */
  #resuming = "";

  constructor(
    readonly name: string,
    /** Whether the client keeps to the protocol. */
    readonly honest: boolean,
    readonly durable: Durable,
    readonly submitted: Submitted,
    readonly mark: Heard,
    /** The session that begins here, if one does. */
    key: string,
  ) {
    this.session = key;
  }

  /** Whether the server has given it up, or the client has said that it leaves. */
  isEnding = false;
  /** How many messages have come down. */
  messages = 0;

  /** The revision up to which it has been sent what there is; -1 before there is anything. */
  get sent(): number {
    return this.#revision;
  }

  /** Changes that have been sent and not answered. */
  get unanswered(): ReadonlySet<number> {
    return this.#unanswered;
  }

  saidByClient(bytes: Uint8Array): void {
    this.#up.push(bytes, (kind, payload) => {
      if (kind === type.operation) {
        const [, seq = 0, base = 0] = numbersOf(payload);
        if (this.honest && this.#unanswered.size > 0 && !this.#unanswered.has(seq)) {
          this.#wrong("order", "a client sends a change before the last one was answered", `seq ${seq}`);
        }
        this.#unanswered.add(seq);
        this.submitted.add(this.session, seq, base, payload, this.honest, this.name);
      } else if (kind === type.upload) {
        if (this.honest && this.#isUploading) {
          this.#wrong("order", "a client uploads before the last upload was answered", "");
        }
        this.#isUploading = true;
      } else if (kind === type.close) {
        this.isEnding = true;
      } else if (kind === type.hello) {
        const revision = numbersOf(payload)[6]!;
        this.#held = revision;
        this.#key ??= hexOf(textOf(payload, 14));
        this.#resuming ||= textOf(payload, 4);
      }
    });
  }

  saidByServer(bytes: Uint8Array): void {
    this.#down.push(bytes, (kind, payload) => {
      this.messages++;
      switch (kind) {
        case type.welcome:
          return this.#welcome(payload);
        case type.entry:
          return this.#entry(payload);
        case type.acknowledge:
          return this.#acknowledge(payload);
        case type.sync:
          return this.#sync(payload);
        case type.refuse: {
          const seq = numbersOf(payload)[1]!;
          this.#answered(seq);
          this.mark(`refused ${textOf(payload, 2)}`);
          return;
        }
        case type.uploaded:
          return this.#uploaded(payload);
        case type.close:
          this.#closed(textOf(payload, 1));
      }
    });
  }

  #closed(code: string): void {
    this.mark(`closed ${code}`);
    if (code === "key_differs" && this.submitted.keyOf(this.#resuming) === this.#key) {
      this.#wrong("signatures", "a session is said to have another key than it began with", this.#key);
    }
  }

  #welcome(payload: Uint8Array): void {
    const [, , , site = 0, , revision = 0, resumed, committed] = numbersOf(payload);
    this.session = textOf(payload, 2);
    this.site = site;
    this.submitted.signs(this.session, this.#key ?? "", this.name);
    if (revision > this.durable.revision) {
      this.#wrong("durability", "a welcome names a revision that is not durable", `${revision}`, revision);
    }
    const last = this.submitted.committed(this.session);
    if (committed !== last) {
      this.#wrong(
        "exactly_once",
        "a welcome names another change as the last one in the log",
        `seq ${committed}, where the log has ${last}`,
      );
    }
    this.#revision = resumed === 1 ? this.#held : -1;
    this.mark(resumed === 1 ? "welcome resumed" : "welcome anew");
  }

  #entry(payload: Uint8Array): void {
    const [, revision = 0, site, seq] = numbersOf(payload);
    const entry = this.#next(revision);
    if (entry !== undefined && (entry.site !== site || entry.seq !== seq)) {
      this.#wrong("order", "an entry is not what the log holds there", `site ${site}, seq ${seq}`, revision);
    }
  }

  #acknowledge(payload: Uint8Array): void {
    const [, seq = 0, revision = 0] = numbersOf(payload);
    this.#answered(seq);
    // Said again to one who had not heard it, or has: then it is no news of the log.
    const entry = revision <= this.#revision ? this.#at(revision) : this.#next(revision);
    if (revision > 0 && entry !== undefined && (entry.session !== this.session || entry.seq !== seq)) {
      this.#wrong("exactly_once", "an acknowledgement names another change", `seq ${seq}`, revision);
    }
  }

  #sync(payload: Uint8Array): void {
    const [, revision = 0, , , , last, , length = 0] = numbersOf(payload);
    if (this.#snapshot !== undefined && this.#snapshot !== revision) {
      this.#wrong(
        "atomicity",
        "a snapshot is of two revisions",
        `${this.#snapshot} and ${revision}`,
        revision,
      );
    }
    if (revision > this.durable.revision) {
      this.#wrong("durability", "a snapshot is of a revision that is not durable", "", revision);
    }
    this.#snapshot = last === 1 ? undefined : revision;
    if (this.#revision > revision) {
      this.#wrong(
        "order",
        "a snapshot stands behind entries that it has not",
        `after ${this.#revision}`,
        revision,
      );
    }
    if (last === 0) this.mark("snapshot in pieces");
    if (length > 0) this.mark("snapshot packed");
    if (this.#revision >= 0) this.mark("snapshot behind entries");
    if (last === 1) this.#revision = revision;
  }

  /** Revisions follow each other without a gap, and are durable. */
  #next(revision: number): LogEntry | undefined {
    if (this.#revision >= 0 && revision !== this.#revision + 1) {
      this.#wrong(
        "order",
        "revisions do not follow each other",
        `${revision} after ${this.#revision}`,
        revision,
      );
    }
    if (this.#revision < 0) this.#wrong("order", "an entry stands before the snapshot", "", revision);
    this.#revision = revision;
    return this.#at(revision);
  }

  #at(revision: number): LogEntry | undefined {
    if (revision > this.durable.revision) {
      this.#wrong(
        "durability",
        "a client is told of an entry that is not durable",
        `the log is at ${this.durable.revision}`,
        revision,
      );
    }
    return revision === 0 ? undefined : this.durable.entry(revision);
  }

  #uploaded(payload: Uint8Array): void {
    if (this.honest && !this.#isUploading) this.#wrong("order", "an upload is answered that nobody sent", "");
    this.#isUploading = false;
    this.mark(textOf(payload, 2) === "" ? "client uploaded" : "client not uploaded");
  }

  #answered(seq: number): void {
    if (!this.#unanswered.delete(seq) && this.honest) this.mark("answered again");
  }

  #wrong(invariant: Failure["invariant"], breach: string, detail: string, revision?: number): never {
    throw new Failure(invariant, breach, `${this.name}${detail === "" ? "" : `: ${detail}`}`, revision);
  }
}

/** What each session has submitted, over all of its connections. */
export class Submitted {
  /** What each session sent last, and the base of everything that has been sent and is not in the log. */
  readonly #last = new Map<string, { readonly seq: number; readonly hash: number }>();
  readonly #bases = new Map<string, number>();
  /** Which files it was to make executable, or not, if any. */
  readonly #modes = new Map<string, Modes>();
  readonly #demands = new Map<string, Demand>();
  readonly #committed = new Map<string, number>();
  readonly #forked = new Set<string>();
  /** What each session signs with, and what was signed of all that is not in the log. */
  readonly #keys = new Map<string, string>();
  readonly #signed = new Map<string, SentSigned>();

  /** A session is welcomed whose hello named this key; "" for none. */
  signs(session: string, key: string, name: string): void {
    const before = this.#keys.get(session);
    if (before !== undefined && before !== key) {
      throw new Failure("signatures", "a session goes on with another key", `${name}: ${key || "none"}`);
    }
    this.#keys.set(session, key);
  }

  keyOf(session: string): string {
    return this.#keys.get(session) ?? "";
  }

  /** What was signed of the change that an entry is of, if it was signed. */
  signedOf({ session, seq, hash }: LogEntry): SentSigned | undefined {
    return this.#signed.get(`${session} ${seq} ${hash}`);
  }

  /** @throws {Failure} if a change that was sent before is another one now. */
  add(session: string, seq: number, base: number, payload: Uint8Array, honest: boolean, name: string): void {
    const hash = hashOf(payload);
    const before = this.#last.get(session);
    if (honest && before?.seq === seq && before.hash !== hash && !this.#forked.has(session)) {
      throw new Failure("exactly_once", "a change that is sent again is another one", `${name}: seq ${seq}`);
    }
    this.#last.set(session, { seq, hash });
    const key = `${session} ${seq} ${hash}`, modes = honest ? modesIn(payload) : noModes;
    this.#bases.set(key, base);
    const signed = signedIn(payload);
    if (signed !== undefined) this.#signed.set(key, signed);
    if (modes.size > 0) this.#modes.set(key, modes);
    const demand = demandIn(payload);
    if (demand !== undefined) this.#demands.set(key, demand);
  }

  /** Two runs hold this session by now: what is sent again may be another change. */
  fork(session: string): void {
    this.#forked.add(session);
  }

  /** What the author of a change had seen; undefined if nobody sent it. */
  baseOf({ session, seq, hash }: LogEntry): number | undefined {
    return this.#bases.get(`${session} ${seq} ${hash}`);
  }

  /** Which files the author of a change said to be executable, or not. */
  modesOf({ session, seq, hash }: LogEntry): Modes {
    return this.#modes.get(`${session} ${seq} ${hash}`) ?? noModes;
  }

  /** What a change depended on, if it said so. */
  demandOf({ session, seq, hash }: LogEntry): Demand | undefined {
    return this.#demands.get(`${session} ${seq} ${hash}`);
  }

  stored({ session, seq, hash }: LogEntry): void {
    const key = `${session} ${seq} ${hash}`;
    this.#committed.set(session, seq);
    this.#bases.delete(key);
    this.#signed.delete(key);
    this.#modes.delete(key);
    this.#demands.delete(key);
  }

  committed(session: string): number {
    return this.#committed.get(session) ?? 0;
  }

  /** The log has lost entries: these are left. */
  reset(entries: readonly LogEntry[]): void {
    this.#committed.clear();
    for (const { session, seq } of entries) this.#committed.set(session, seq);
  }
}

/** Cuts a stream into frames; long messages are put together. */
export class Cutter {
  #rest: Uint8Array[] = [];
  #bytes = 0;
  #parts: Uint8Array[] = [];
  /** What the frame that has begun still needs. */
  #wanted = headBytes;
  #isLost = false;

  push(bytes: Uint8Array, handle: (type: number, payload: Uint8Array) => void): void {
    if (this.#isLost) return;
    this.#rest.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes < this.#wanted) return;
    const data = joined(this.#rest);
    let at = 0;
    this.#wanted = headBytes;
    while (at + headBytes <= data.length) {
      const length = ((data[at]! << 24) | (data[at + 1]! << 16) | (data[at + 2]! << 8) | data[at + 3]!) >>> 0;
      // Nobody keeps to a frame of that length: what follows is for nobody.
      if (length > frameBytesMost) this.#isLost = true;
      if (this.#isLost || at + 4 + length > data.length) {
        this.#wanted = 4 + length;
        break;
      }
      const kind = data[at + 4]!, payload = data.subarray(at + 5, at + 4 + length);
      if (kind === type.part) {
        this.#parts.push(payload.slice(2));
        if (payload[1] === 1) {
          handle(payload[0]!, joined(this.#parts));
          this.#parts = [];
        }
      } else handle(kind, payload);
      at += 4 + length;
    }
    const rest = data.subarray(at);
    this.#rest = rest.length > 0 ? [rest] : [];
    this.#bytes = rest.length;
  }
}

/** The length and the type of a frame. */
const headBytes = 5;
const frameBytesMost = 1 << 24;

/** The bytes that a text stands for, as hexadecimal digits. */
function hexOf(text: string): string {
  return Array.from(text, (character) => character.charCodeAt(0).toString(16).padStart(2, "0")).join("");
}
