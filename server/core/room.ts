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

import { assert, type BlobContent, contentsIn, isBlobContent, type NodeId } from "../../ot/mod.ts";
import {
  type CloseCode,
  codes,
  fromHex,
  type Hello,
  type Participant,
  type Place,
  protocolVersion,
  type RefusalCode,
  type SessionId,
  signedMessage,
  type Verify,
} from "../../proto/mod.ts";
import type { Connection, ConnectionId } from "./connection.ts";
import { acknowledgeOf } from "./entry_frames.ts";
import type { FollowerFigures, RoomFigures } from "./figures.ts";
import { LoadedFiles, type SavedLoadedFiles } from "./loaded_files.ts";
import { Presences, type SavedPresences } from "./presence.ts";
import type { KeptFrames } from "./kept_frames.ts";
import type { Packer } from "./packer.ts";
import { type Refusal, type SavedSequencer, Sequencer, type Submission, type Verdict } from "./sequencer.ts";
import { Checkpoints, type SavedCheckpoints } from "./checkpoints.ts";
import { Guard } from "./guard.ts";
import type { SavedScopedLog } from "./scoped_log.ts";
import { type SavedSession, Session } from "./session.ts";
import { limitsFor, type Settings } from "./settings.ts";
import { type Extent, type SavedSnapshot, Snapshot, type SnapshotMaking } from "./snapshot.ts";
import { type SavedWaiting, WaitingForContents } from "./waiting_for_contents.ts";
import { type LogEntry, type SavedState, type Settled, State } from "./state.ts";
import { SubmissionQueue } from "./submission_queue.ts";
import { Views } from "./views.ts";

/** All but what follows from it: who waits for a welcome, how much each session has in the queue, encoded entries. */
export interface SavedRoom {
  readonly name: string;
  readonly epoch: string | null;
  readonly sequencer: SavedSequencer;
  /** Sorted by site. */
  readonly sessions: readonly SavedSession[];
  /** In the order in which they have come. */
  readonly connections: readonly SavedFollower[];
  readonly waiting: readonly SavedWaiting[];
  readonly queue: readonly Submission[];
  readonly outstanding: readonly Submission[] | null;
  readonly doubtful?: readonly Doubtful[];
  readonly nextSite: number;
  readonly lastSite: number;
  readonly wantsSites: boolean;
  readonly reserved: SiteBlock | null;
  readonly checkpoints: SavedCheckpoints;
  readonly emptySinceUs: number | null;
  readonly failures: number;
  readonly retryAtUs: number;
  readonly flushAtUs: number | null;
  readonly flushedAtUs: number;
  readonly presences: SavedPresences;
  /** Sorted by scope. */
  readonly views?: readonly SavedScopedLog[];
}

/** What a room keeps on a connection. One without a session waits for its welcome. */
interface SavedFollower {
  readonly connection: ConnectionId;
  readonly session: SessionId | null;
  readonly cursor: number;
  readonly snapshot: SavedSnapshot | null;
  readonly loads: SavedLoadedFiles | null;
  readonly presenceVersion: number;
}

/** Sites are reserved in the log so many at a time. */
const siteBlock = 64;
/** How long to wait before an append that failed is tried again: doubles up to the largest. */
const retryUsMin = 50_000, retryUsMax = 5_000_000;
/** Of the selections that a session shows to the others, so many at most. */
const rangesMax = 1000;
/** How long to wait before a change is submitted again of which it could not be found out whether it may be done. */
const heldRetryMs = 1000;

/** A change that a condition stands against, which may hold after all: so much of the append stands before it. */
interface Doubtful {
  readonly submission: Submission;
  readonly behind: number;
}

/** Sites that are reserved: those after `from`, up to `to`. */
interface SiteBlock {
  readonly from: number;
  readonly to: number;
}

/** What a room asks of the core. */
export interface RoomHost {
  readonly settings: Settings;
  readonly verify: Verify;
  append(room: Room, expected: number, entries: readonly LogEntry[]): void;
  checkpoint(room: Room, state: State): void;
  /** Asks whether a content is there, which is to be kept then. */
  hold(room: Room, hash: string): void;
  /** Ends a connection, after what it is still owed. */
  end(connection: Connection, code: CloseCode, nowUs: number): void;
  /** From now on the room has a deadline. */
  timed(room: Room): void;
  report(event: string, fields: Readonly<Record<string, string | number>>): void;
  /** What pieces of snapshots are packed with, and where whole ones are kept. */
  readonly packer: Packer;
  readonly kept: KeptFrames;
  /** Whether one more state may be kept for a reader that is sent it. */
  canPin(room: Room, state: State, instead: Connection | undefined): boolean;
}

export class Room {
  readonly connections = new Set<Connection>();
  #sequencer: Sequencer;
  readonly #host: RoomHost;
  readonly #sessions = new Map<SessionId, Session>();
  /** Connections that have said Hello and wait for their welcome. */
  #joining: Connection[] = [];
  #queue = new SubmissionQueue();
  /** Submissions that name contents of which it is not known whether they are there. */
  #waiting = new WaitingForContents();
  /** Submissions in the append that is outstanding, in the order of their entries; undefined if none is. */
  #outstanding: readonly Submission[] | undefined;
  /**
   * Changes of which a condition does not hold behind what is in the append that is outstanding. Whether that gets into
   * the log is not known yet: they are looked at again once it is.
   */
  #doubtful: Doubtful[] = [];
  #epoch: string | undefined;
  /** Of the sites that this server has reserved, the next one, and the last one. */
  #nextSite = 1;
  #lastSite = 0;
  #wantsSites = false;
  /** The sites that the outstanding append reserves. */
  #reserved: SiteBlock | undefined;
  #checkpoints: Checkpoints;
  /** Since when nobody is here; undefined while somebody is. */
  #emptySinceUs: number | undefined;
  #failures = 0;
  /** When the next append may be tried after a failure; 0 if none has failed. */
  #retryAtUs = 0;
  /** When the connections that have something due are to be written to; undefined if none has. */
  #flushAtUs: number | undefined;
  #flushedAtUs = 0;
  #presences: Presences;
  /** How the log is seen, whole or in part. */
  #views: Views;

  constructor(readonly name: string, host: RoomHost, sequencer = new Sequencer(host.settings)) {
    this.#host = host;
    this.#sequencer = sequencer;
    this.#views = new Views(sequencer, host.settings.sendBytesMax);
    this.#presences = new Presences(sequencer);
    this.#checkpoints = new Checkpoints(host.settings);
  }

  get isLoaded(): boolean {
    return this.#epoch !== undefined;
  }

  /** The durable revision. */
  get revision(): number {
    return this.#sequencer.durable.revision;
  }

  get durable(): State {
    return this.#sequencer.durable;
  }

  /** The entries after this revision are kept. */
  get floor(): number {
    return this.#sequencer.floor;
  }

  /** Of the log, once it is loaded. */
  get epoch(): string {
    return this.#epoch ?? "";
  }

  /** An entry that is kept. */
  entry(revision: number): LogEntry {
    return this.#sequencer.entry(revision);
  }

  /** Whether everything that was submitted is settled. */
  get isSettled(): boolean {
    return this.#outstanding === undefined && this.#queue.isEmpty && this.#waiting.isEmpty;
  }

  /** Takes over what the log holds; from now on there is something to join. */
  load(
    epoch: string,
    checkpoint: SavedState | undefined,
    entries: readonly LogEntry[],
    nowUs: number,
  ): void {
    assert(this.#epoch === undefined, `workspace ${this.name} is loaded once`);
    this.#epoch = epoch;
    if (checkpoint !== undefined) {
      this.#sequencer = new Sequencer(this.#host.settings, State.restore(checkpoint));
      this.#views = new Views(this.#sequencer, this.#host.settings.sendBytesMax);
      this.#presences = new Presences(this.#sequencer);
    }
    this.#take(entries);
    this.#bound(nowUs);
    if (this.connections.size === 0) this.#emptySinceUs = nowUs;
    this.#advance(nowUs);
  }

  /** Another server's entries came into the log. With an append outstanding, its answer will say so. */
  grown(entries: readonly LogEntry[], nowUs: number): void {
    if (!this.isLoaded || this.#outstanding !== undefined) return;
    const news = entries.filter(({ revision }) => revision > this.revision);
    if (news.length === 0 || news[0]!.revision !== this.revision + 1) return;
    this.#take(news);
    this.#bound(nowUs);
    this.#due(nowUs);
    this.#advance(nowUs);
  }

  /** Whether what the log says of itself is about what is known here. */
  get isWaitingForLog(): boolean {
    return !this.isLoaded || this.#outstanding !== undefined;
  }

  /** A connection wants to take part. It is welcomed as soon as its session and site are certain. */
  join(connection: Connection, nowUs: number): void {
    this.connections.add(connection);
    this.#emptySinceUs = undefined;
    this.#joining.push(connection);
    if (this.isLoaded) this.#advance(nowUs);
  }

  /** A connection is gone; its session stays. */
  leave(connection: Connection, nowUs: number): void {
    // It may have been ended before it was closed.
    if (!this.connections.delete(connection)) return;
    if (this.connections.size === 0) this.#emptySinceUs = nowUs;
    this.#joining = this.#joining.filter((other) => other !== connection);
    const { session } = connection;
    if (session === undefined) return;
    assert(session.connection === connection, "whoever takes over a session ends its older connection first");
    session.connection = undefined;
    session.goneAtUs = nowUs;
    session.awaited = undefined;
    this.#presences.gone(session);
    this.#due(nowUs);
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
    this.#views.keep(new Set([...this.#sessions.values()].map(({ rights }) => rights.read.key)));
    this.#presences.forgetGone(
      Math.min(...[...this.connections].map(({ presenceVersion }) => presenceVersion)),
    );
  }

  /** Tokens are good for nothing any more: sessions that go by them change nothing from now on. */
  bar(tokens: ReadonlySet<string>): void {
    for (const session of this.#sessions.values()) {
      if (session.grant?.tokens.some((token) => tokens.has(token)) === true) session.isBarred = true;
    }
  }

  /** Whether a connection that is not in yet would take the place of one that is. */
  replaces({ hello }: Connection): boolean {
    return hello !== undefined && this.#follows(hello) &&
      this.#sessions.get(hello.session)?.connection !== undefined;
  }

  /** Takes a change of a session that has been welcomed. */
  submit(connection: Connection, submission: Submission, nowUs: number): void {
    const session = connection.session!;
    const waitMs = this.affords(session, nowUs);
    if (waitMs > 0) {
      const rate = this.#rateOf(session);
      const refusal = {
        code: "too_fast" as const,
        message: `More than ${rate} changes a second. Wait, and submit the change again under a new seq`,
        nodes: [],
      };
      this.#refuse(session, submission.seq, refusal, waitMs, nowUs);
      return;
    }
    const code = this.#signatureFault(session, submission);
    if (code !== undefined) {
      return this.#refuse(session, submission.seq, { code, message: codes[code].text, nodes: [] }, 0, nowUs);
    }
    session.unsettled++;
    // One that is in the log already is answered from there, whatever has become of what it names.
    const missing = submission.seq > this.#committedSeq(session) ? this.#missingOf(submission) : [];
    if (missing.length === 0) this.#queue.add(submission);
    else for (const hash of this.#waiting.add(submission, missing)) this.#host.hold(this, hash);
    this.#advance(nowUs);
  }

  /** What is wrong with how a change is signed, if anything is. */
  #signatureFault(session: Session, { signed }: Submission): RefusalCode | undefined {
    const { signer } = session, { settings: { signaturesRequired = false }, verify } = this.#host;
    if (signer === undefined) {
      if (signaturesRequired) return "signature_required";
      return signed === undefined ? undefined : "signature_invalid";
    }
    if (signed === undefined) return "signature_missing";
    const message = signedMessage(session.signingHead, fromHex(signed.bytes));
    return verify(fromHex(signed.signature), message, fromHex(signer.key)) ? undefined : "signature_invalid";
  }

  #rateOf({ participant }: Session): number {
    return this.#host.settings.changesPerSecond[participant.kind];
  }

  /** Takes the cost of a change from the budget of a session: 0, or how long it has to wait, in milliseconds. */
  affords(session: Session, nowUs: number): number {
    const rate = this.#rateOf(session);
    return session.afford(rate, nowUs) ? 0 : Math.ceil(1000 / rate) + 1;
  }

  /**
   * The contents that a change names and no blob has. Of those that one has, the bytes are in the log; what cannot be
   * one is refused in its turn.
   */
  #missingOf({ change }: Submission): BlobContent[] {
    const { workspace } = this.#sequencer.durable;
    return [...contentsIn(change.steps)].filter((content) =>
      isBlobContent(content) && workspace.bytesOf(content.hash) !== content.bytes
    );
  }

  /** The log has so many bytes under a hash, or none. */
  held(hash: string, length: number | undefined, nowUs: number): void {
    const { ready, refused } = this.#waiting.answered(hash, length);
    for (const submission of ready) this.#queue.add(submission);
    for (const submission of refused) this.#refuseContent(submission, hash, "content_unknown", 0, nowUs);
    this.#advance(nowUs);
  }

  /** It could not be found out what the log has under a hash. */
  notHeld(hash: string, nowUs: number): void {
    for (const submission of this.#waiting.forget(hash)) {
      this.#refuseContent(submission, hash, "log_failed", heldRetryMs, nowUs);
    }
    this.#advance(nowUs);
  }

  #refuseContent(
    submission: Submission,
    hash: string,
    code: RefusalCode,
    retryMs: number,
    nowUs: number,
  ): void {
    const session = this.#sessionOf(submission);
    session.unsettled--;
    const nodes = submission.change.steps.filter((step) => "content" in step && step.content?.hash === hash)
      .map(({ node }) => node);
    this.#refuse(session, submission.seq, { code, message: codes[code].text, nodes }, retryMs, nowUs);
  }

  /** The log has stored the outstanding append. */
  appended(nowUs: number): void {
    assert(this.#outstanding !== undefined, "an append is outstanding when one is stored");
    const before = this.revision;
    this.#sequencer.commit();
    for (let revision = before + 1; revision <= this.revision; revision++) {
      this.#checkpoints.passed(this.#sequencer.entry(revision));
    }
    if (this.#reserved !== undefined) {
      this.#nextSite = this.#reserved.from + 1;
      this.#lastSite = this.#reserved.to;
      this.#reserved = undefined;
      this.#wantsSites = false;
    }
    this.#settle(this.#outstanding, nowUs);
    this.#outstanding = undefined;
    this.#queue.putBack(this.#doubtful.map(({ submission }) => submission));
    this.#doubtful = [];
    this.#failures = 0;
    this.#retryAtUs = 0;
    this.#showNew(before);
    this.#bound(nowUs);
    this.#due(nowUs);
    this.#advance(nowUs);
  }

  /**
   * The outstanding append did not go as expected. `won` is what the log holds after the durable revision: entries
   * of others, or of our own where only the answer was lost. Everything else is sequenced again.
   */
  appendFailed(won: readonly LogEntry[], nowUs: number): void {
    assert(this.#outstanding !== undefined, "an append is outstanding when one fails");
    const again = [...this.#outstanding];
    this.#outstanding = undefined;
    // A reservation of ours may be among what won, if only the answer was lost: then nobody has these sites.
    this.#reserved = undefined;
    this.#sequencer.rollBack();
    this.#views.rollBack(this.revision);
    this.#take(won);
    if (won.length > 0) {
      this.#failures = 0;
      this.#bound(nowUs);
      this.#due(nowUs);
    } else {
      const delay = Math.min(retryUsMax, retryUsMin * 2 ** Math.min(this.#failures++, 10));
      this.#retryAtUs = nowUs + delay;
      this.#host.timed(this);
      this.#host.report("append_failed", { workspace: this.name, retryMs: Math.floor(delay / 1000) });
    }
    // In the order in which they were sequenced.
    for (const { submission, behind } of this.#doubtful.reverse()) again.splice(behind, 0, submission);
    this.#doubtful = [];
    this.#queue.putBack(again);
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
    if (!this.#presences.moved(session, place)) {
      const { site } = session;
      session.connection?.say({
        kind: "presence",
        site,
        participant: undefined,
        gone: false,
        place: undefined,
      });
    }
    this.#due(nowUs);
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
      const { snapshot, loads } = connection;
      const to = snapshot?.revision ?? this.revision;
      let part: Uint8Array;
      if (connection.cursor < to) {
        const frames = this.#views.framesFor(session.rights.read);
        const batch = loads === undefined
          ? frames.read(connection.cursor, to, session.id)
          : frames.readLoaded(connection.cursor, to, session.id, loads);
        part = batch.bytes;
        connection.cursor = batch.to;
      } else if (snapshot !== undefined) {
        const piece = snapshot.next();
        if (piece === undefined) {
          connection.snapshot = undefined;
          if (snapshot.extent.kind === "files") loads?.arrived(snapshot.extent.files);
          continue;
        }
        parts.push(piece.bytes);
        bytes += piece.weight;
        continue;
      } else if (loads?.isWaiting === true) {
        const { durable } = this.#sequencer, extent = { kind: "files", files: loads.take() } as const;
        connection.snapshot = new Snapshot(durable, this.#snapshotsFor(connection), extent);
        continue;
      } else {
        parts.push(...this.#presences.newsFor(session, connection.presenceVersion, loads?.takeNews()));
        connection.presenceVersion = this.#presences.version;
        break;
      }
      parts.push(part);
      bytes += part.length;
    }
    return parts;
  }

  /** Somebody who is lazy asks for the texts of files; false if it asks for too many. */
  loadFiles(connection: Connection, nodes: readonly NodeId[], nowUs: number): boolean {
    if (connection.loads === undefined) return false;
    const waiting = connection.loads.want(nodes);
    this.#due(nowUs);
    // The limit may have been set below what there is.
    return waiting <= Math.max(this.#host.settings.nodesMax, this.durable.workspace.size);
  }

  /** Whether a connection that has just been given something is owed more, which did not fit. */
  hasMore({ session, snapshot, loads, cursor, presenceVersion }: Connection): boolean {
    if (session === undefined) return false;
    return snapshot !== undefined || loads?.isWaiting === true || cursor < this.revision ||
      loads?.hasNews === true || presenceVersion < this.#presences.version;
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
    let entriesMax = this.#host.settings.appendEntriesMax;
    if (this.#wantsSites) {
      const { sites } = sequencer.head;
      const { workspace } = sequencer.head;
      this.#reserved = { from: sites, to: sites + siteBlock };
      entries.push(sequencer.reserveSites(this.#reserved.to, timeMs));
      this.#views.follow(entries[0]!, workspace);
    } else if (!this.#queue.isEmpty) {
      // Nothing is written for this alone.
      if (sequencer.isPressed) this.#letGo();
      if (sequencer.isForgetting(timeMs)) {
        const { workspace } = sequencer.head;
        entries.push(sequencer.forget(timeMs));
        this.#views.follow(entries[0]!, workspace);
        // Nobody hears that something is forgotten before that is durable.
        entriesMax = 0;
      }
    }
    let settled = false;
    while (entries.length < entriesMax) {
      const submission = this.#queue.take(entries.length);
      if (submission === undefined) break;
      const session = this.#sessionOf(submission);
      const { workspace } = sequencer.head;
      const verdict = session.isBarredAt(nowUs)
        ? notAllowed
        : sequencer.sequence(submission, timeMs, this.#guardOf(session));
      if (verdict.kind === "entry") {
        entries.push(verdict.entry);
        this.#views.follow(verdict.entry, workspace);
        submissions.push(submission);
        if (session.connection?.hello?.accepted === true) {
          session.connection.say({ kind: "accepted", seq: submission.seq });
          this.#due(nowUs);
        }
        continue;
      }
      const isBroken = verdict.kind === "refused" && verdict.refusal.code === "precondition_failed";
      if (isBroken && sequencer.head !== sequencer.durable) {
        this.#doubtful.push({ submission, behind: submissions.length });
        continue;
      }
      settled = true;
      session.unsettled--;
      if (verdict.kind === "duplicate") {
        session.submitted = { submission, revision: verdict.settled.revision };
        this.#answerAgain(session, verdict.settled, nowUs);
      } else this.#refuse(session, submission.seq, verdict.refusal, verdict.retryMs, nowUs);
    }
    if (entries.length > 0) {
      this.#outstanding = submissions;
      this.#host.append(this, sequencer.durable.revision, entries);
    }
    if (settled) this.#welcome(nowUs);
  }

  /** Entries after `before` are durable: who sees something by them learns who is there. */
  #showNew(before: number): void {
    const nodes = this.#views.enteredAfter(before);
    if (nodes.size > 0) this.#presences.sayAgain(nodes);
  }

  /** Sees to it that a session changes what it may; nobody has to, where it may do everything. */
  #guardOf({ rights }: Session): Guard | undefined {
    if (rights.isEverything) return undefined;
    return new Guard(rights, rights.read.isEverything ? undefined : this.#views.of(rights.read).log);
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
  #answerAgain(session: Session, settled: Settled, nowUs: number): void {
    const { connection, awaited } = session;
    if (awaited !== undefined) this.place(session, awaited, nowUs);
    if (connection === undefined || settled.revision > connection.cursor) return;
    connection.say(acknowledgeOf(settled));
    this.#due(nowUs);
  }

  #refuse(session: Session, seq: number, refusal: Refusal, retryMs: number, nowUs: number): void {
    const { code, message, nodes } = refusal;
    session.awaited = undefined;
    session.connection?.say({ kind: "refuse", seq, code, message, retryMs, nodes });
    this.#host.report("refused", { workspace: this.name, site: session.site, seq, code });
    this.#due(nowUs);
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
    const { grant, rights } = connection;
    const { durable } = this.#sequencer;
    if (hello.existing === true && durable.revision === 0) {
      this.#host.end(connection, "workspace_unknown", nowUs);
      return true;
    }
    let session = this.#follows(hello) ? this.#resumable(hello.session, nowUs) : undefined;
    const known = session !== undefined;
    if (session !== undefined) {
      if (grant !== undefined && !isSame(grant.participant, session.participant)) {
        this.#host.end(connection, "session_not_yours", nowUs);
        return true;
      }
      if (hello.key !== session.signer?.key) {
        this.#host.end(connection, "key_differs", nowUs);
        return true;
      }
      // It was on its way for so long that its client has given it up, and is here already.
      if (hello.attempt > 0 && hello.attempt <= session.attempt) {
        this.#host.end(connection, "session_resumed", nowUs);
        return true;
      }
    }
    const { key } = rights.read;
    // What is held of another scope does not go on with the entries of this one.
    const floor = this.#views.floorOf(rights.read);
    const resumed = known && (hello.scope ?? "") === key && hello.revision >= floor;
    const isSnapshotDue = !resumed || hello.snapshot;
    if (isSnapshotDue && !this.#host.canPin(this, durable, session?.connection)) {
      this.#host.end(connection, "busy_retry", nowUs);
      return true;
    }
    if (session !== undefined) {
      // Nothing that the older connection says from now on counts.
      if (session.connection !== undefined) this.#host.end(session.connection, "session_resumed", nowUs);
      // What it had sent must be settled before anything is said about it.
      if (session.unsettled > 0) return false;
    } else {
      if (this.#nextSite > this.#lastSite) {
        this.#wantsSites = true;
        return false;
      }
      const signer = hello.key === undefined ? undefined : { key: hello.key, workspace: this.name };
      session = new Session(connection.key, this.#nextSite++, hello.participant, nowUs, signer);
      this.#sessions.set(session.id, session);
    }
    session.attempt = hello.attempt;
    session.admit(grant, rights);
    this.#views.add(rights.read);
    connection.welcomed(session, this.#host.settings);
    connection.cursor = resumed ? hello.revision : durable.revision;
    connection.loads = hello.lazy ? new LoadedFiles(hello.loaded) : undefined;
    if (isSnapshotDue) {
      connection.snapshot = new Snapshot(durable, this.#snapshotsFor(connection), extentFor(connection));
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
      ...key === "" ? {} : { scope: key },
    });
    this.#presences.came(session);
    this.#due(nowUs);
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

  /** How snapshots are made for a connection, by what it has said that it takes, and what it may see. */
  #snapshotsFor({ hello, rights: { read: scope } }: Connection): SnapshotMaking {
    const { settings: { pieceBytesMin: pieceMin }, packer, kept } = this.#host;
    // Frames are kept for those who see the same.
    const owner = scope.isEverything ? this : this.#views.of(scope);
    return { pieceMin, packing: hello!.packed ? { packer, kept, owner } : undefined, scope };
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
    const restored = new Session(id, record.site, record.participant, nowUs, record.signer);
    this.#sessions.set(id, restored);
    return restored;
  }

  // Bounds ----------------------------------------------------------------------------------------------------

  /** Entries that the log has, and that were not sequenced here. */
  #take(entries: readonly LogEntry[]): void {
    const before = this.revision;
    for (const entry of entries) {
      const { workspace } = this.#sequencer.head;
      this.#sequencer.take(entry);
      this.#views.follow(entry, workspace);
      this.#checkpoints.passed(entry);
      if (this.#sequencer.isFull(2)) this.#trim(this.#needed);
    }
    this.#showNew(Math.max(before, this.#sequencer.floor));
  }

  #trim(needed: number): void {
    this.#presences.settle(Math.min(needed, this.#sequencer.nextFloor));
    this.#sequencer.trim(needed);
    this.#views.trim();
  }

  /** Keeps the history within its bounds, and the log from growing without a state to begin with. */
  #bound(nowUs: number): void {
    const sequencer = this.#sequencer;
    if (sequencer.isFull(1)) {
      this.#trim(this.#needed);
      if (sequencer.isFull(2)) {
        const floor = sequencer.nextFloor;
        this.#endBehind(floor, () => true, nowUs);
        this.#trim(floor);
      }
    }
    this.#views.bound(this.#host.settings.historyWeightMax, (key, floor) => {
      this.#endBehind(floor, (session) => session?.rights.read.key === key, nowUs);
    });
    this.#views.forgetOld();
    if (this.#checkpoints.isDue) this.#checkpoint();
  }

  #endBehind(floor: number, isMeant: (session: Session | undefined) => boolean, nowUs: number): void {
    for (const connection of [...this.connections]) {
      if (neededBy(connection) < floor && isMeant(connection.session)) {
        this.#host.end(connection, "fell_behind", nowUs);
      }
    }
  }

  /** Lets go of what history nobody has to be sent any more: what was removed in it may then be forgotten. */
  #letGo(): void {
    const needed = this.#needed;
    this.#presences.settle(needed);
    this.#sequencer.letGo(needed);
    this.#views.trim();
    this.#views.forgetOld();
  }

  /** The oldest revision that somebody still has to be sent the entries after. */
  get #needed(): number {
    let needed = this.revision;
    for (const connection of this.connections) needed = Math.min(needed, neededBy(connection));
    return needed;
  }

  #checkpoint(): void {
    const { durable } = this.#sequencer;
    this.#checkpoints.ask(durable.revision);
    this.#host.checkpoint(this, durable);
  }

  /** The log has stored a state, or could not. */
  checkpointed(revision: number, isStored: boolean): void {
    this.#checkpoints.answered(revision, isStored);
    if (!isStored) this.#host.report("checkpoint_failed", { workspace: this.name, revision });
  }

  /** True if nobody has been here for a while, and the log has all that there is to know: the room is to be closed. */
  fallsAsleep(nowUs: number): boolean {
    if (this.#emptySinceUs === undefined || nowUs - this.#emptySinceUs < this.#host.settings.sleepUs) {
      return false;
    }
    if (!this.isLoaded || !this.isSettled || this.#checkpoints.isOutstanding) return false;
    if (!this.#checkpoints.isWorthwhile) return true;
    this.#checkpoint();
    return false;
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

  /** How much of everything there is. */
  figures(): RoomFigures {
    const followers: FollowerFigures[] = [];
    for (const { session, cursor } of this.connections) {
      if (session === undefined) continue;
      const { site, participant: { kind } } = session;
      followers.push({ site, kind, behind: this.revision - cursor });
    }
    return {
      workspace: this.name,
      revision: this.revision,
      queued: this.#queue.length,
      appending: this.#outstanding?.length ?? 0,
      historyEntries: this.#sequencer.historyEntries,
      historyWeight: this.#sequencer.historyWeight,
      followers,
    };
  }

  // Saving ----------------------------------------------------------------------------------------------------

  save(): SavedRoom {
    const views = this.#views.save();
    return {
      name: this.name,
      epoch: this.#epoch ?? null,
      sequencer: this.#sequencer.save(),
      sessions: [...this.#sessions.values()].sort((a, b) => a.site - b.site).map((session) => session.save()),
      connections: [...this.connections].map(({ id, session, cursor, snapshot, loads, presenceVersion }) => ({
        connection: id,
        session: session?.id ?? null,
        cursor,
        snapshot: snapshot?.save() ?? null,
        loads: loads?.save() ?? null,
        presenceVersion,
      })),
      waiting: this.#waiting.save(),
      queue: this.#queue.save(),
      outstanding: this.#outstanding ?? null,
      ...this.#doubtful.length === 0 ? {} : { doubtful: this.#doubtful.slice() },
      nextSite: this.#nextSite,
      lastSite: this.#lastSite,
      wantsSites: this.#wantsSites,
      reserved: this.#reserved ?? null,
      checkpoints: this.#checkpoints.save(),
      emptySinceUs: this.#emptySinceUs ?? null,
      failures: this.#failures,
      retryAtUs: this.#retryAtUs,
      flushAtUs: this.#flushAtUs ?? null,
      flushedAtUs: this.#flushedAtUs,
      presences: this.#presences.save(),
      ...views.length === 0 ? {} : { views },
    };
  }

  /** The room as it was saved, which the same connections follow. */
  static restore(
    saved: SavedRoom,
    host: RoomHost,
    connections: ReadonlyMap<ConnectionId, Connection>,
  ): Room {
    const sequencer = Sequencer.restore(host.settings, saved.sequencer);
    const room = new Room(saved.name, host, sequencer);
    room.#views.restore(saved.views ?? []);
    for (const session of saved.sessions) room.#sessions.set(session.id, Session.restore(session));
    room.#follow(saved.connections, connections);
    room.#queue = SubmissionQueue.restore(saved.queue);
    room.#outstanding = saved.outstanding ?? undefined;
    room.#waiting = WaitingForContents.restore(saved.waiting);
    const waiting = saved.waiting.map(({ submission }) => submission);
    room.#doubtful = saved.doubtful?.slice() ?? [];
    const doubtful = room.#doubtful.map(({ submission }) => submission);
    for (const submission of [...waiting, ...saved.queue, ...saved.outstanding ?? [], ...doubtful]) {
      room.#sessionOf(submission).unsettled++;
    }
    room.#epoch = saved.epoch ?? undefined;
    room.#nextSite = saved.nextSite;
    room.#lastSite = saved.lastSite;
    room.#wantsSites = saved.wantsSites;
    room.#reserved = saved.reserved ?? undefined;
    room.#checkpoints = Checkpoints.restore(host.settings, saved.checkpoints);
    room.#emptySinceUs = saved.emptySinceUs ?? undefined;
    room.#failures = saved.failures;
    room.#retryAtUs = saved.retryAtUs;
    room.#flushAtUs = saved.flushAtUs ?? undefined;
    room.#flushedAtUs = saved.flushedAtUs;
    room.#presences = Presences.restore(saved.presences, sequencer, room.#sessions.values());
    return room;
  }

  /** Puts back on the connections what was kept on them. Snapshots of one revision share its state. */
  #follow(followers: readonly SavedFollower[], connections: ReadonlyMap<ConnectionId, Connection>): void {
    const states = this.#sequencer.statesAt(
      new Set(followers.flatMap(({ snapshot }) => snapshot === null ? [] : [snapshot.revision])),
    );
    for (const { connection: id, session, cursor, snapshot, loads, presenceVersion } of followers) {
      const connection = connections.get(id)!;
      this.connections.add(connection);
      connection.room = this;
      connection.cursor = cursor;
      connection.presenceVersion = presenceVersion;
      if (snapshot !== null) {
        const state = states.get(snapshot.revision)!;
        connection.snapshot = Snapshot.restore(snapshot, state, this.#snapshotsFor(connection));
      }
      if (session === null) {
        this.#joining.push(connection);
        continue;
      }
      connection.welcomed(this.#sessions.get(session)!, this.#host.settings);
      if (loads !== null) connection.loads = LoadedFiles.restore(loads);
    }
  }
}

function isSame(one: Participant, other: Participant): boolean {
  return one.name === other.name && one.kind === other.kind;
}

/** What a change comes to whose author may change nothing any more. */
const notAllowed: Verdict = {
  kind: "refused",
  refusal: { code: "not_allowed", message: codes.not_allowed.text, nodes: [] },
  retryMs: 0,
};

/** What a connection is sent of the workspace to begin with. */
function extentFor({ loads }: Connection): Extent {
  return loads === undefined ? { kind: "all" } : { kind: "tree", files: loads.files };
}

/** The revision after which a connection has still to be sent entries. */
function neededBy({ cursor, snapshot, session }: Connection): number {
  return session === undefined ? Infinity : Math.min(cursor, snapshot?.revision ?? cursor);
}
