/**
 * One workspace while it is open: its sequencer, the sessions that live in it, the connections that follow it.
 *
 *     operation ─► queue ─► sequenced ─► append ─► (the log stores it) ─► commit ─► flush to every connection
 *                   ▲                                     │
 *                   └───────── again, from the start ◄────┴─ failed, or another server was first
 *
 * One append is outstanding at a time, and what arrives meanwhile goes into the next. Nobody hears of an entry
 * that is not durable, not even its author.
 *
 * @module
 */

import { assert, type TextOp, transform, transformPosition } from "../../ot/mod.ts";
import {
  type Acknowledge,
  type CloseCode,
  encodeServerMessage,
  type Hello,
  joined,
  type Participant,
  type Place,
  protocolVersion,
  type SessionId,
} from "../../proto/mod.ts";
import type { Connection } from "./connection.ts";
import { editIn, type Refusal, Sequencer, type Submission } from "./sequencer.ts";
import { limitsFor, type Settings } from "./settings.ts";
import { snapshotFrames } from "./snapshot.ts";
import type { LogEntry } from "./state.ts";

/** A client's identity in one workspace, which outlives its connections. */
export interface Session {
  readonly id: SessionId;
  readonly site: number;
  readonly participant: Participant;
  connection: Connection | undefined;
  /** When its last connection went away, in microseconds. */
  goneAtUs: number;
  /** How many submissions of it are queued or on their way to the log. */
  unsettled: number;
  /** What it may still spend on changes, in microseconds of waiting. */
  creditUs: number;
  creditAtUs: number;
  /** Its newest change in the log, as it was submitted: presence may be about the text with just that in it. */
  submitted: { readonly submission: Submission; readonly revision: number } | undefined;
  /** A place that waits for the change it was seen with. */
  awaited: Place | undefined;
}

/** Who is here, and where: the newest word about each session. */
interface Presence {
  readonly version: number;
  /** The version with which the session came. */
  readonly since: number;
  readonly session: Session;
  readonly gone: boolean;
  /** Its positions are moved along as entries come, when somebody asks. */
  place: Place | undefined;
  /** The frame for it as it is now, once somebody has asked. */
  frame: Uint8Array | undefined;
}

/** The frames of consecutive entries in one piece of bytes, shared by all connections that read the same. */
interface Batch {
  readonly from: number;
  /** Up to where entries were asked for, and up to where they fitted. */
  readonly wanted: number;
  readonly to: number;
  readonly bytes: Uint8Array;
  /** Whose entries are in it: to them some are acknowledgements. */
  readonly authors: ReadonlySet<SessionId>;
}

/** Sites are reserved in the log so many at a time. */
const siteBlock = 64;
/** How long to wait before an append that failed is tried again: doubles up to the largest. */
const retryUsMin = 50_000, retryUsMax = 5_000_000;

/** A session's budget for changes, in microseconds of waiting: what it can do at once after a pause. */
const creditUsMax = 2_000_000;
/** Of the selections that a session shows to the others, so many at most. */
const rangesMax = 1000;
/** Encoded entries that are kept for those who read close to the head. */
const framesMax = 4096;

/** What a room asks of the core. */
export interface RoomHost {
  readonly settings: Settings;
  append(room: Room, expected: number, entries: readonly LogEntry[]): void;
  /** Ends a connection, after what it is still owed. */
  end(connection: Connection, code: CloseCode, nowUs: number): void;
  /** From now on the room has a deadline. */
  timed(room: Room): void;
  report(event: string, fields: Readonly<Record<string, string | number>>): void;
}

export class Room {
  readonly connections = new Set<Connection>();
  readonly #sequencer: Sequencer;
  readonly #host: RoomHost;
  readonly #sessions = new Map<SessionId, Session>();
  /** Connections that have said Hello and wait for their welcome. */
  #joining: Connection[] = [];
  /** Submissions that have no place yet: those of people, and of agents and CI. */
  #people: Submission[] = [];
  #machines: Submission[] = [];
  /** Submissions in the append that is outstanding, in the order of their entries; undefined if none is. */
  #outstanding: Submission[] | undefined;
  #epoch: string | undefined;
  #nextSite = 0;
  #wantedSites = 0;
  #failures = 0;
  /** When the next append may be tried after a failure; 0 if none has failed. */
  #retryAtUs = 0;
  /** When the connections that have something due are to be written to; undefined if none has. */
  #flushAtUs: number | undefined;
  #flushedAtUs = 0;
  /** Encoded entries, by revision. */
  readonly #frames = new Map<number, Uint8Array>();
  /** Entries before this revision are not kept encoded. */
  #framesFrom = 1;
  #batch: Batch | undefined;
  #presences: Presence[] = [];
  #presenceVersion = 0;

  constructor(readonly name: string, host: RoomHost) {
    this.#host = host;
    this.#sequencer = new Sequencer(host.settings);
  }

  get isLoaded(): boolean {
    return this.#epoch !== undefined;
  }

  /** The durable revision. */
  get revision(): number {
    return this.#sequencer.durable.revision;
  }

  /** Whether everything that was submitted is settled. */
  get isSettled(): boolean {
    return this.#outstanding === undefined && this.#people.length === 0 && this.#machines.length === 0;
  }

  /** Takes over what the log holds; from now on there is something to join. */
  load(epoch: string, entries: readonly LogEntry[], nowUs: number): void {
    assert(this.#epoch === undefined, `workspace ${this.name} is loaded once`);
    this.#epoch = epoch;
    for (const entry of entries) this.#sequencer.take(entry);
    this.#nextSite = this.#sequencer.durable.sites + 1;
    this.#advance(nowUs);
  }

  /** A connection wants to take part. It is welcomed as soon as its session and site are certain. */
  join(connection: Connection, nowUs: number): void {
    this.connections.add(connection);
    this.#joining.push(connection);
    if (this.isLoaded) this.#advance(nowUs);
  }

  /** A connection is gone; its session stays. */
  leave(connection: Connection, nowUs: number): void {
    this.connections.delete(connection);
    this.#joining = this.#joining.filter((other) => other !== connection);
    const { session } = connection;
    if (session === undefined || session.connection !== connection) return;
    session.connection = undefined;
    session.goneAtUs = nowUs;
    session.awaited = undefined;
    this.#setPresence(session, undefined, "gone", nowUs);
  }

  /** A session ends for good, by its own will: nothing of it is remembered but what is in the log. */
  forget(session: Session): void {
    if (session.unsettled === 0) this.#sessions.delete(session.id);
  }

  /** Forgets sessions that have been away for long; what they did is in the log. */
  forgetOld(nowUs: number): void {
    for (const session of this.#sessions.values()) {
      if (session.connection !== undefined || session.unsettled > 0) continue;
      if (nowUs - session.goneAtUs >= this.#host.settings.sessionUs) this.#sessions.delete(session.id);
    }
    const seen = Math.min(...[...this.connections].map(({ presenceVersion }) => presenceVersion));
    this.#presences = this.#presences.filter((presence) => !presence.gone || presence.version > seen);
  }

  /** Whether a connection that is not in yet would take the place of one that is. */
  replaces({ hello }: Connection): boolean {
    return hello !== undefined && this.#follows(hello) &&
      this.#sessions.get(hello.session)?.connection !== undefined;
  }

  /** Takes a change of a session that has been welcomed. */
  submit(connection: Connection, submission: Submission, nowUs: number): void {
    const session = connection.session!;
    if (!this.#afford(session, nowUs)) {
      const rate = this.#host.settings.changesPerSecond[session.participant.kind];
      const refusal = {
        code: "too_fast" as const,
        message: `More than ${rate} changes a second. Wait, and submit the change again under a new seq`,
        nodes: [],
      };
      this.#refuse(session, submission.seq, refusal, Math.ceil(1000 / rate) + 1, nowUs);
      return;
    }
    session.unsettled++;
    (session.participant.kind === "human" ? this.#people : this.#machines).push(submission);
    this.#advance(nowUs);
  }

  /** The log has stored the outstanding append. */
  appended(nowUs: number): void {
    assert(this.#outstanding !== undefined, "an append is outstanding when one is stored");
    this.#sequencer.commit();
    for (; this.#framesFrom <= this.revision - framesMax; this.#framesFrom++) {
      this.#frames.delete(this.#framesFrom);
    }
    this.#settle(this.#outstanding, nowUs);
    this.#outstanding = undefined;
    this.#failures = 0;
    this.#retryAtUs = 0;
    this.#due(nowUs);
    this.#advance(nowUs);
  }

  /**
   * The outstanding append did not go as expected. `won` is what the log holds after the durable revision: entries
   * of others, or of our own where only the answer was lost. Everything else is sequenced again.
   */
  appendFailed(won: readonly LogEntry[], nowUs: number): void {
    assert(this.#outstanding !== undefined, "an append is outstanding when one fails");
    const again = this.#outstanding;
    this.#outstanding = undefined;
    this.#sequencer.rollBack();
    for (const entry of won) this.#sequencer.take(entry);
    if (won.length > 0) {
      this.#failures = 0;
      this.#due(nowUs);
    } else {
      const delay = Math.min(retryUsMax, retryUsMin * 2 ** Math.min(this.#failures++, 10));
      this.#retryAtUs = nowUs + delay;
      this.#host.timed(this);
      this.#host.report("append_failed", { workspace: this.name, retryMs: Math.floor(delay / 1000) });
    }
    // In their old order, before what came since; the split by kind is made anew.
    const people = again.filter(({ participant }) => participant.kind === "human");
    const machines = again.filter(({ participant }) => participant.kind !== "human");
    this.#people.unshift(...people);
    this.#machines.unshift(...machines);
    this.#advance(nowUs);
  }

  /** Where a session is, by its own word. */
  place(session: Session, place: Place | undefined, nowUs: number): void {
    session.awaited = undefined;
    if (place !== undefined && place.ranges.length > rangesMax) {
      place = { ...place, ranges: place.ranges.slice(0, rangesMax) };
    }
    if (place !== undefined && place.seq > this.#committedSeq(session)) {
      session.awaited = place;
      return;
    }
    this.#setPresence(session, place && this.#settledPlace(session, place), "here", nowUs);
  }

  /** The earliest time at which something is due, in microseconds; undefined if nothing is. */
  deadlineUs(): number | undefined {
    const retry = this.#retryAtUs > 0 ? this.#retryAtUs : undefined;
    if (retry === undefined) return this.#flushAtUs;
    return this.#flushAtUs === undefined ? retry : Math.min(retry, this.#flushAtUs);
  }

  /** Time has passed. True if the connections are to be written to now. */
  wake(nowUs: number): boolean {
    if (this.#retryAtUs > 0 && nowUs >= this.#retryAtUs) {
      this.#retryAtUs = 0;
      this.#advance(nowUs);
    }
    if (this.#flushAtUs === undefined || nowUs < this.#flushAtUs) return false;
    this.#flushAtUs = undefined;
    this.#flushedAtUs = nowUs;
    return true;
  }

  /** What is due to a connection that can take it, as bytes to write one after the other. */
  take(connection: Connection): Uint8Array[] {
    const parts = connection.takeControl();
    const { session } = connection;
    if (session === undefined) return parts;
    for (let bytes = 0; bytes < this.#host.settings.sendBytesMax;) {
      const { snapshot } = connection;
      const to = snapshot?.revision ?? this.revision;
      let part: Uint8Array;
      if (connection.cursor < to) {
        const batch = this.#batchFrom(connection.cursor, to);
        part = batch.authors.has(session.id) ? this.#batchFor(session, batch) : batch.bytes;
        connection.cursor = batch.to;
      } else if (snapshot !== undefined) {
        const piece = snapshot.frames.next();
        if (piece.done) {
          connection.snapshot = undefined;
          continue;
        }
        part = piece.value;
      } else {
        this.#addPresences(connection, parts);
        break;
      }
      parts.push(part);
      bytes += part.length;
    }
    return parts;
  }

  /** Whether a connection that has just been given something is owed more, which did not fit. */
  hasMore({ session, snapshot, cursor, presenceVersion }: Connection): boolean {
    if (session === undefined) return false;
    return snapshot !== undefined || cursor < this.revision || presenceVersion < this.#presenceVersion;
  }

  // Sequencing ------------------------------------------------------------------------------------------------

  /** Does what can be done now: welcomes those who wait, and an append if none is outstanding. */
  #advance(nowUs: number): void {
    if (!this.isLoaded) return;
    this.#welcome(nowUs);
    if (this.#outstanding !== undefined || this.#retryAtUs > nowUs) return;
    const sequencer = this.#sequencer;
    const timeMs = Math.floor(nowUs / 1000);
    const entries: LogEntry[] = [];
    const submissions: Submission[] = [];
    if (this.#wantedSites > sequencer.head.sites) {
      entries.push(sequencer.reserveSites(sequencer.head.sites + siteBlock, timeMs));
    }
    let settled = false;
    while (entries.length < this.#host.settings.appendEntriesMax) {
      const submission = this.#next(entries.length);
      if (submission === undefined) break;
      const session = this.#sessionOf(submission);
      const verdict = sequencer.sequence(submission, timeMs);
      if (verdict.kind === "entry") {
        entries.push(verdict.entry);
        submissions.push(submission);
        if (session.connection?.hello?.accepted === true) {
          session.connection.say({ kind: "accepted", seq: submission.seq });
          this.#due(nowUs);
        }
        continue;
      }
      settled = true;
      session.unsettled--;
      if (verdict.kind === "duplicate") {
        session.submitted = { submission, revision: verdict.entry.revision };
        this.#answerAgain(session, verdict.entry, nowUs);
      } else this.#refuse(session, submission.seq, verdict.refusal, 0, nowUs);
    }
    if (entries.length > 0) {
      this.#outstanding = submissions;
      this.#host.append(this, sequencer.durable.revision, entries);
    }
    if (settled) this.#welcome(nowUs);
  }

  /** The submission that goes into the append as number `index`: people first, and every eighth a machine's. */
  #next(index: number): Submission | undefined {
    if (index % 8 === 7) return this.#machines.shift() ?? this.#people.shift();
    return this.#people.shift() ?? this.#machines.shift();
  }

  #sessionOf(submission: Submission): Session {
    const session = this.#sessions.get(submission.session);
    assert(session !== undefined, "a session is remembered while it has unsettled changes");
    return session;
  }

  #settle(submissions: readonly Submission[], nowUs: number): void {
    let revision = this.revision - submissions.length;
    for (const submission of submissions) {
      revision++;
      const session = this.#sessionOf(submission);
      session.unsettled--;
      session.submitted = { submission, revision };
      const { awaited } = session;
      if (awaited !== undefined) this.place(session, awaited, nowUs);
    }
  }

  /** A change that is in the log already was sent again: if its acknowledgement has gone out, it goes out again. */
  #answerAgain(session: Session, entry: LogEntry, nowUs: number): void {
    const { connection, awaited } = session;
    if (awaited !== undefined) this.place(session, awaited, nowUs);
    if (connection === undefined || entry.revision > connection.cursor) return;
    connection.say(acknowledgeOf(entry));
    this.#due(nowUs);
  }

  #refuse(session: Session, seq: number, refusal: Refusal, retryMs: number, nowUs: number): void {
    const { code, message, nodes } = refusal;
    session.awaited = undefined;
    session.connection?.say({ kind: "refuse", seq, code, message, retryMs, nodes });
    this.#host.report("refused", { workspace: this.name, site: session.site, seq, code });
    this.#due(nowUs);
  }

  /** Whether the session's budget allows one more change; if so, takes it from the budget. */
  #afford(session: Session, nowUs: number): boolean {
    const cost = Math.floor(1_000_000 / this.#host.settings.changesPerSecond[session.participant.kind]);
    const credit = Math.min(creditUsMax, session.creditUs + Math.max(0, nowUs - session.creditAtUs));
    session.creditAtUs = nowUs;
    session.creditUs = credit < cost ? credit : credit - cost;
    return credit >= cost;
  }

  #committedSeq(session: Session): number {
    return this.#sequencer.durable.sessions.get(session.id)?.last.seq ?? 0;
  }

  // Joining ---------------------------------------------------------------------------------------------------

  #welcome(nowUs: number): void {
    if (this.#joining.length === 0) return;
    this.#joining = this.#joining.filter((connection) => !this.#admit(connection, nowUs));
  }

  /** Welcomes a connection, if its session is settled and there is a site for it. */
  #admit(connection: Connection, nowUs: number): boolean {
    const hello = connection.hello!;
    const { durable } = this.#sequencer;
    let session = this.#follows(hello) ? this.#resumable(hello.session, nowUs) : undefined;
    const known = session !== undefined;
    if (session !== undefined) {
      if (session.connection !== undefined) this.#fence(session.connection, nowUs);
      // What the older connection had sent must be settled before anything is said about it.
      if (session.unsettled > 0) return false;
    } else {
      if (this.#nextSite > durable.sites) {
        this.#wantedSites = this.#nextSite;
        return false;
      }
      session = newSession(connection.key, this.#nextSite++, hello.participant, nowUs);
      this.#sessions.set(session.id, session);
    }
    session.connection = connection;
    connection.session = session;
    connection.reader.messageBytesMax = this.#host.settings.messageBytesMax;
    const resumed = known && hello.revision >= this.#sequencer.floor;
    connection.cursor = resumed ? hello.revision : durable.revision;
    if (!resumed || hello.snapshot) {
      connection.snapshot = { revision: durable.revision, frames: snapshotFrames(durable) };
    }
    const record = durable.sessions.get(session.id);
    connection.say({
      kind: "welcome",
      version: protocolVersion,
      session: session.id,
      site: session.site,
      epoch: this.#epoch!,
      revision: durable.revision,
      resumed,
      committed: record?.last.seq ?? 0,
      counter: record?.counter ?? 0,
      limits: limitsFor(this.#host.settings, session.participant.kind),
    });
    this.#setPresence(session, undefined, "came", nowUs);
    const { site, participant: { name, kind } } = session;
    const { name: workspace } = this;
    this.#host.report(known ? "resumed" : "joined", {
      workspace,
      connection: connection.id,
      site,
      name,
      kind,
    });
    return true;
  }

  /** Whether what a client holds is of this log. */
  #follows({ epoch, revision }: Hello): boolean {
    return epoch === this.#epoch && revision <= this.revision;
  }

  #resumable(id: SessionId, nowUs: number): Session | undefined {
    const session = this.#sessions.get(id);
    if (session !== undefined) return session;
    const record = this.#sequencer.durable.sessions.get(id);
    if (record === undefined) return undefined;
    const restored = newSession(id, record.site, record.participant, nowUs);
    this.#sessions.set(id, restored);
    return restored;
  }

  /** Cuts an older connection off its session: nothing it says from now on counts. */
  #fence(older: Connection, nowUs: number): void {
    older.session!.connection = undefined;
    older.session = undefined;
    this.#host.end(older, "session_resumed", nowUs);
  }

  // Sending ---------------------------------------------------------------------------------------------------

  /** Something is due to the connections: a busy workspace lets more gather before it writes to all of them. */
  #due(nowUs: number): void {
    if (this.#flushAtUs !== undefined) return;
    const { writeUs, gatherUsMin, gatherUsMax } = this.#host.settings;
    const gatherUs = Math.min(gatherUsMax, this.connections.size * writeUs);
    this.#host.timed(this);
    this.#flushAtUs = gatherUs < gatherUsMin ? nowUs : Math.max(nowUs, this.#flushedAtUs + gatherUs);
  }

  /** The entries after `from`, up to `wanted` or as many as fit one write. */
  #batchFrom(from: number, wanted: number): Batch {
    const last = this.#batch;
    if (last !== undefined && last.from === from && last.wanted === wanted) return last;
    const frames: Uint8Array[] = [];
    const authors = new Set<SessionId>();
    let to = from, bytes = 0;
    while (to < wanted && bytes < this.#host.settings.sendBytesMax) {
      const frame = this.#frameOf(++to);
      bytes += frame.length;
      frames.push(frame);
      authors.add(this.#sequencer.entry(to).session);
    }
    this.#batch = { from, wanted, to, bytes: joined(frames), authors };
    return this.#batch;
  }

  /** A batch as one of its authors reads it: one's own entries are acknowledgements. */
  #batchFor(session: Session, { from, to }: Batch): Uint8Array {
    const frames: Uint8Array[] = [];
    for (let revision = from + 1; revision <= to; revision++) {
      const entry = this.#sequencer.entry(revision);
      frames.push(
        entry.session === session.id ? encodeServerMessage(acknowledgeOf(entry)) : this.#frameOf(revision),
      );
    }
    return joined(frames);
  }

  #frameOf(revision: number): Uint8Array {
    const known = this.#frames.get(revision);
    if (known !== undefined) return known;
    const { site, seq, time, change, author } = this.#sequencer.entry(revision);
    const frame = encodeServerMessage({ kind: "entry", revision, site, seq, time, change, author });
    if (revision > this.revision - framesMax) this.#frames.set(revision, frame);
    return frame;
  }

  // Presence --------------------------------------------------------------------------------------------------

  #setPresence(
    session: Session,
    place: Place | undefined,
    what: "came" | "here" | "gone",
    nowUs: number,
  ): void {
    const index = this.#presences.findIndex((presence) => presence.session === session);
    const before = index < 0 ? undefined : this.#presences[index];
    if (index >= 0) this.#presences.splice(index, 1);
    const version = ++this.#presenceVersion;
    const since = what === "came" || before === undefined ? version : before.since;
    this.#presences.push({ version, since, session, gone: what === "gone", place, frame: undefined });
    this.#due(nowUs);
  }

  /** Adds what a connection that has all entries has not been told of the others. */
  #addPresences(connection: Connection, parts: Uint8Array[]): void {
    const seen = connection.presenceVersion;
    if (seen === this.#presenceVersion) return;
    for (let i = this.#presences.length - 1; i >= 0; i--) {
      const presence = this.#presences[i]!;
      if (presence.version <= seen) break;
      if (presence.session === connection.session || (presence.gone && seen === 0)) continue;
      parts.push(this.#presenceFrame(presence, presence.since > seen));
    }
    connection.presenceVersion = this.#presenceVersion;
  }

  #presenceFrame(presence: Presence, introduce: boolean): Uint8Array {
    const { session, gone, place } = presence;
    if (place !== undefined && place.revision < this.revision) {
      presence.place = this.#settledPlace(session, place);
      presence.frame = undefined;
    }
    if (presence.frame !== undefined && !introduce) return presence.frame;
    const frame = encodeServerMessage({
      kind: "presence",
      site: session.site,
      participant: introduce ? session.participant : undefined,
      gone,
      place: presence.place,
    });
    if (!introduce) presence.frame = frame;
    return frame;
  }

  /**
   * A place moved on to the durable revision; undefined if there is nothing left that it could be in.
   *
   * Its positions count in what the author saw: the text at `place.revision` with its own change `place.seq`, which
   * may have come into the log after other entries. Those are first carried over to the author's side of it.
   */
  #settledPlace(session: Session, place: Place): Place | undefined {
    const sequencer = this.#sequencer;
    const { workspace, revision: head } = sequencer.durable;
    if (place.revision > head || workspace.node(place.node)?.kind !== "text") return undefined;
    const own = session.submitted;
    let op: TextOp | undefined;
    let since = place.revision, ownRevision = 0;
    if (own !== undefined && own.submission.seq === place.seq && own.revision > place.revision) {
      op = editIn(own.submission, place.node);
      ownRevision = own.revision;
      since = Math.min(since, own.submission.base);
    }
    if (since < sequencer.floor) return undefined;
    let { ranges } = place;
    for (const past of sequencer.editsSince(place.node, since)) {
      if (past.revision > head) break;
      if (past.revision === ownRevision) continue;
      if (past.revision < ownRevision && op !== undefined) {
        const lower = session.site < past.site;
        if (past.revision > place.revision) {
          ranges = moved(ranges, transform(past.op, op, lower ? "right" : "left"));
        }
        op = transform(op, past.op, lower ? "left" : "right");
      } else if (past.revision > place.revision) {
        ranges = moved(ranges, past.op);
      }
    }
    const { length } = workspace.text(place.node);
    ranges = ranges.map(({ anchor, head }) => ({
      anchor: Math.min(anchor, length),
      head: Math.min(head, length),
    }));
    return { node: place.node, revision: head, seq: place.seq, ranges };
  }
}

function moved(ranges: Place["ranges"], op: TextOp): Place["ranges"] {
  return ranges.map(({ anchor, head }) => ({
    anchor: transformPosition(anchor, op, "left"),
    head: transformPosition(head, op, "left"),
  }));
}

function newSession(id: SessionId, site: number, participant: Participant, nowUs: number): Session {
  return {
    id,
    site,
    participant,
    connection: undefined,
    goneAtUs: nowUs,
    unsettled: 0,
    creditUs: creditUsMax,
    creditAtUs: nowUs,
    submitted: undefined,
    awaited: undefined,
  };
}

function acknowledgeOf({ seq, revision, time, change: { steps }, notices }: LogEntry): Acknowledge {
  return { kind: "acknowledge", seq, revision, time, steps, notices };
}
