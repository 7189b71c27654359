/**
 * The client's core: a state machine without a socket, file, clock or source of randomness, like the server's.
 *
 * It decides when to connect, what to say and what an answer means. What there is of the workspace is the
 * {@linkcode Replica}'s; a {@linkcode Connection} is there from when the transport opens until it is gone.
 *
 * Between two inputs the whole of it is a value: {@linkcode ClientCore.save} gives it as plain data, and
 * {@linkcode ClientCore.restore} a core that does from there on what the saved one would have done.
 *
 * @module
 */

import { assert, type Change, type NodeId, parseId, type Workspace } from "../../ot/mod.ts";
import {
  type Acknowledge,
  type Answer,
  type Close,
  codes,
  decodeServerMessage,
  encodeClientMessage,
  type Entry,
  type Limits,
  type OtherPresence,
  type Participant,
  ProtocolError,
  protocolVersion,
  type Query,
  type Range,
  type Refuse,
  type ServerMessage,
  signedMessage,
  Signer,
  signingHead,
  type SyncDocument,
  toHex,
  type Uploaded,
  type Welcome,
} from "../../proto/mod.ts";
import { Connection, type SavedConnection } from "./connection.ts";
import { IncomingSnapshot } from "./incoming_snapshot.ts";
import { OwnContents, type SavedContents } from "./own_contents.ts";
import { OwnPlace, type SavedPlace } from "./own_place.ts";
import { Peers, type SavedPeer } from "./peers.ts";
import { Reconnection, type SavedReconnection } from "./reconnection.ts";
import { Replica, type SavedReplica } from "./replica.ts";
import type {
  ChangeNumber,
  ClientEvent,
  ClientInput,
  ClientOptions,
  ClientOutput,
  Outcome,
  Peer,
  Phase,
  Problem,
  Unsent,
} from "./types.ts";

/**
 * A client between two inputs: plain data that JSON carries without loss. Clients that are alike give equal data,
 * whatever they have been through. What is in it belongs to the version that saved it.
 *
 * @internal
 */
export interface SavedClient {
  readonly replica: SavedReplica;
  readonly session: string;
  readonly epoch: string;
  readonly attempt: number;
  readonly scope?: string;
  readonly seq: number;
  readonly committedSeq: number;
  readonly authors: readonly (readonly [site: number, participant: Participant])[];
  readonly peers: readonly SavedPeer[];
  readonly place: SavedPlace;
  readonly contents: SavedContents;
  readonly phase: Phase;
  readonly problem: Problem | null;
  readonly isOpening: boolean;
  readonly connection: SavedConnection | null;
  readonly reconnection: SavedReconnection;
  readonly submitAtUs: number;
  readonly wokenAtUs: number | null;
  readonly unsentTold: number;
}

/** An earlier run has asked for fewer connections than this after it last kept what it had not sent. */
const attemptsMax = 2 ** 20;

/** The client as a state machine: inputs in, outputs out, and between them nothing that the two do not say. */
export class ClientCore {
  readonly #options: ClientOptions;
  readonly #signer: Signer | undefined;
  /** What the present input has led to so far. */
  #outputs: ClientOutput[] = [];
  /** The time of the present input. */
  #nowUs = 0;
  #replica: Replica;

  // Who we are.
  #session = "";
  #epoch = "";
  /** What can be seen of what is confirmed, as the server names it; "" is everything. */
  #scope = "";
  /** Counts the connections that have been asked for. */
  #attempt = 0;
  /** The highest seq used. */
  #seq = 0;
  /** The newest own seq that is in the log. */
  #committedSeq = 0;

  // Others, and where we are.
  #authors = new Map<number, Participant>();
  #peers = new Peers();
  #place = new OwnPlace();

  /** The bytes that pending changes name. */
  #contents = new OwnContents();

  // The way to the server.
  #phase: Phase = "offline";
  #problem: Problem | undefined;
  /** Whether a transport has been asked for, and is not there yet. */
  #isOpening = false;
  #connection: Connection | undefined;
  #reconnection: Reconnection;
  /** Not before this time is the next change sent. */
  #submitAtUs = 0;
  #wokenAtUs: number | undefined;
  #unsentTold = 0;

  /** A client that has not been started. */
  constructor(options: ClientOptions) {
    this.#options = options;
    if (options.signingKey !== undefined) this.#signer = new Signer(options.signingKey);
    this.#replica = new Replica(options, (output) => this.#tell(output));
    this.#reconnection = new Reconnection(options.seed);
    const { unsent } = options;
    if (unsent === undefined) return;
    assert(unsent.workspace === options.workspace, "unsent work is of the workspace that is opened");
    this.#session = unsent.session;
    this.#epoch = unsent.epoch;
    this.#scope = unsent.scope ?? "";
    this.#seq = unsent.seq;
    this.#attempt = unsent.attempt + attemptsMax;
    this.#replica.takeOver(unsent);
    this.#contents.add(options.contents ?? []);
  }

  /** The workspace as the user sees it. */
  get view(): Workspace {
    return this.#replica.view;
  }

  /** The workspace as the log has it at `revision`; undefined until it has been opened. */
  get confirmed(): Workspace | undefined {
    return this.#replica.confirmed;
  }

  /** The log that the revision speaks of; empty before the first welcome. */
  get epoch(): string {
    return this.#epoch;
  }

  /** The revision of the confirmed workspace. */
  get revision(): number {
    return this.#replica.revision;
  }

  /** The site that one's ids carry; 0 before the first welcome. */
  get site(): number {
    return this.#replica.site;
  }

  /** Where the client is on its way to the server. */
  get phase(): Phase {
    return this.#phase;
  }

  /** What the server allows; undefined until it has said so. */
  get limits(): Limits | undefined {
    return this.#replica.limits;
  }

  /** The number of the next own change. */
  get nextNumber(): ChangeNumber {
    return this.#replica.nextNumber;
  }

  /** Whether there is anything to undo. */
  get canUndo(): boolean {
    return this.#replica.canUndo;
  }

  /** Whether there is anything to do again. */
  get canRedo(): boolean {
    return this.#replica.canRedo;
  }

  /** Where the user is, as the core has carried it along; undefined is nowhere in particular. */
  get place(): { readonly node: NodeId; readonly ranges: readonly Range[] } | undefined {
    return this.#place.position;
  }

  /** Who else is here, sorted by site, with their places in positions of the view. */
  get peers(): Peer[] {
    const peers = this.#peers.after(this.#replica.pending.map(({ change }) => change.edits));
    if (this.#options.lazy !== true) return peers;
    // Where exactly somebody is in a text that is not here means nothing.
    return peers.map((peer) =>
      peer.node === undefined || this.isLoaded(peer.node) ? peer : { ...peer, ranges: [] }
    );
  }

  /** Whether the text of a file is here: not of one that a lazy client has not loaded. */
  isLoaded(node: NodeId): boolean {
    return this.#replica.loaded.has(node);
  }

  /** Whether the text of a file is wanted, and has not come. */
  isLoading(node: NodeId): boolean {
    return this.#replica.loaded.isWanted(node);
  }

  /** Who made the changes of a site, if anybody has. */
  authorOf(site: number): Participant | undefined {
    if (site === this.site) return this.#options.participant;
    return this.#authors.get(site) ?? this.#peers.participantOf(site);
  }

  /** Whether an id can be one that a node had, as far as is known here: if it is not there, it is forgotten. */
  mayHaveBeen(id: NodeId): boolean {
    const parts = parseId(id);
    if (parts === undefined) return false;
    return parts.site === this.site
      ? parts.counter <= this.#replica.counter
      : this.authorOf(parts.site) !== undefined;
  }

  /** Own changes that are not durable yet. */
  get unsentCount(): number {
    return this.#replica.unsentCount;
  }

  /** The id for the `index`th node or removal of the next change, from 0 on. */
  nextId(index: number): NodeId {
    return this.#replica.nextId(index);
  }

  /** What another run would need to send what this one has not; undefined if there is nothing. */
  unsent(): Unsent | undefined {
    const { site, revision, counter, inFlight } = this.#replica;
    const changes = this.#replica.unsentChanges();
    if (changes.length === 0) return undefined;
    return {
      format: 1,
      workspace: this.#options.workspace,
      session: this.#session,
      site,
      epoch: this.#epoch,
      revision,
      seq: this.#seq,
      counter,
      attempt: this.#attempt,
      ...this.#scope === "" ? {} : { scope: this.#scope },
      inFlight: inFlight && toHex(inFlight.frame),
      changes,
      base: this.#replica.base(),
    };
  }

  /** The bytes that unsent changes name, by their hashes. */
  contents(): ReadonlyMap<string, Uint8Array> {
    return this.#contents.all();
  }

  /** Takes one input, and says what is to be done about it. */
  step(input: ClientInput): ClientOutput[] {
    this.#nowUs = input.nowUs;
    switch (input.kind) {
      case "start":
        if (this.#phase === "offline") this.#open();
        break;
      case "opened":
        this.#opened();
        break;
      case "received":
        this.#received(input.bytes);
        break;
      case "drained":
        this.#connection?.drained();
        break;
      case "closed":
        this.#closed();
        break;
      case "due":
        this.#wokenAtUs = undefined;
        break;
      case "change":
        this.#contents.add(input.contents ?? []);
        this.#replica.change(input.change, {
          atomic: input.atomic,
          group: input.group,
          task: input.task,
          conditions: input.conditions,
          isReadOnly: this.#isReadOnly,
          nowUs: input.nowUs,
        });
        break;
      case "undo":
        if (!this.#isReadOnly) this.#replica.undo();
        break;
      case "redo":
        if (!this.#isReadOnly) this.#replica.redo();
        break;
      case "select":
        this.#place.select(input.node === undefined ? undefined : { node: input.node, ranges: input.ranges });
        break;
      case "ask":
        this.#ask(input.query);
        break;
      case "load":
        this.#replica.loaded.want(input.nodes);
        break;
      case "leave":
        this.#leave();
    }
    this.#lookAtClock();
    this.#askForTexts();
    this.#submit();
    this.#announcePlace();
    this.#flush();
    if (!this.#contents.isEmpty) this.#contents.keepFor(this.#replica.pending.map(({ change }) => change));
    if (this.unsentCount !== this.#unsentTold) this.#tellStatus();
    this.#wake();
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }

  // The connection --------------------------------------------------------------------------------------------

  #open(): void {
    this.#isOpening = true;
    this.#reconnection.cancel();
    this.#setPhase("connecting");
    this.#tell({ kind: "open" });
  }

  #opened(): void {
    this.#isOpening = false;
    this.#connection = new Connection(this.#nowUs);
    const { workspace, participant, accepted = false, token, existing = false } = this.#options;
    const isResuming = this.#session !== "";
    this.#attempt++;
    // Another run must not take up this number: who of two is the later one is told by it.
    if (this.#replica.pending.length > 0) this.#tell({ kind: "keep" });
    this.#connection.send(encodeClientMessage({
      kind: "hello",
      version: protocolVersion,
      workspace,
      participant,
      session: this.#session,
      epoch: this.#epoch,
      revision: this.revision,
      // Without the text before, the entries missed tell us how to carry our changes over, and no more.
      snapshot: isResuming && this.confirmed === undefined,
      accepted,
      attempt: this.#attempt,
      lazy: this.#options.lazy ?? false,
      loaded: this.#replica.loaded.tell(),
      packed: true,
      // What one has been in may be gone, and one's work is not to be lost with it.
      ...existing && this.#epoch === "" ? { existing } : {},
      ...token === undefined ? {} : { token },
      ...this.#scope === "" ? {} : { scope: this.#scope },
      ...this.#signer === undefined ? {} : { key: this.#signer.key },
    }));
    this.#setPhase("syncing");
  }

  #received(bytes: Uint8Array): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    try {
      connection.received(bytes, this.#nowUs, (type, payload) => {
        if (this.#connection === connection) this.#heard(decodeServerMessage(type, payload), connection);
      });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#hangUp({ code: error.code, message: error.message });
    }
  }

  #heard(message: ServerMessage, connection: Connection): void {
    switch (message.kind) {
      case "entry":
        return this.#entry(message);
      case "acknowledge":
        return this.#acknowledge(message);
      case "refuse":
        return this.#refused(message);
      case "accepted":
        if (message.seq === this.#replica.inFlight?.seq) this.#replica.accepted();
        return;
      case "presence":
        return this.#presence(message);
      case "ping":
        return connection.send(encodeClientMessage({ kind: "pong", value: message.value }));
      case "pong":
        return;
      case "welcome":
        return this.#welcome(message, connection);
      case "sync":
        return this.#sync(message, connection);
      case "answer":
        return this.#answer(message, connection);
      case "uploaded":
        return this.#uploaded(message, connection);
      case "close":
        return this.#closeHeard(message);
    }
  }

  // Questions -------------------------------------------------------------------------------------------------

  #ask(query: Query): void {
    if (this.#phase !== "online") return this.#unanswered(query.id);
    this.#connection!.asked.add(query.id);
    this.#connection!.send(encodeClientMessage(query));
  }

  #answer(answer: Answer, { asked }: Connection): void {
    if (!asked.has(answer.id)) {
      return this.#hangUp({ code: "malformed_message", message: "An answer to what nobody asked" });
    }
    if (answer.last) asked.delete(answer.id);
    this.#event({ kind: "answer", answer });
  }

  #unanswered(id: number): void {
    const code = "not_connected", { text: message } = codes[code];
    const answer = {
      kind: "answer",
      id,
      revision: 0,
      items: [],
      last: true,
      next: "",
      code,
      message,
    } as const;
    this.#event({ kind: "answer", answer });
  }

  // The end of a connection -----------------------------------------------------------------------------------

  #closeHeard({ code, message, resume, retryMs }: Close): void {
    const reason = code === "key_differs" ? otherKey : code === "session_resumed" ? otherRun : undefined;
    const isTurnedAway = reason !== undefined && this.#connection?.isWelcomed === false;
    this.#problem = { code, message };
    this.#dropConnection();
    if (isTurnedAway) this.#forgetSession(reason);
    if (resume || isTurnedAway) this.#retry(retryMs * 1000);
    else this.#end();
  }

  /**
   * The session is not ours: a later run has taken it up, and what we began with is a copy, or was put back to what it
   * had been; or an earlier run signed with another key. We go on under another one.
   */
  #forgetSession(reason: string): void {
    this.#session = "";
    if (this.#replica.inFlight === undefined) return;
    this.#replica.setAside(
      fateUnknown(
        reason,
        this.#replica.pending[0]!.change,
      ),
    );
    this.#tell({ kind: "keep" });
  }

  /** The other side does not keep to the protocol: there is nothing to do but to begin anew. */
  #hangUp(problem: Problem): void {
    this.#problem = problem;
    this.#dropConnection();
    this.#retry(0);
  }

  #dropConnection(): void {
    if (this.#connection !== undefined) this.#tell({ kind: "close" });
    this.#forgetConnection();
  }

  #closed(): void {
    if (this.#connection === undefined && !this.#isOpening) return;
    this.#forgetConnection();
    if (this.#phase !== "ended") this.#retry(0);
  }

  #forgetConnection(): void {
    this.#isOpening = false;
    const asked = this.#connection?.asked ?? [];
    this.#connection = undefined;
    this.#replica.loaded.disconnected();
    for (const id of asked) this.#unanswered(id);
    for (const site of this.#peers.forget()) this.#event({ kind: "presence", site });
  }

  #retry(atLeastUs: number): void {
    this.#reconnection.plan(this.#nowUs, atLeastUs);
    this.#setPhase("offline");
  }

  #leave(): void {
    if (this.#connection !== undefined) {
      // Never into the middle of what is still being written: then the end of the stream says as much.
      this.#connection.send(
        encodeClientMessage({ kind: "close", code: "bye", message: "", resume: false, retryMs: 0 }),
      );
      this.#flush();
    }
    this.#dropConnection();
    this.#reconnection.cancel();
    this.#end();
  }

  /** Nothing will be sent any more. What is pending stays what `unsent` gives, for another run. */
  #end(): void {
    // Who has been turned away for good may still say that it leaves.
    if (this.#phase === "ended") return;
    this.#setPhase("ended");
    this.#replica.end();
  }

  #lookAtClock(): void {
    const { atUs } = this.#reconnection;
    if (atUs !== undefined && this.#nowUs >= atUs) this.#open();
    if (this.#connection !== undefined && this.#nowUs >= this.#connection.silentAtUs) {
      this.#hangUp({ code: "silent", message: codes.silent.text });
    }
  }

  #wake(): void {
    let { atUs } = this.#reconnection;
    if (this.#connection !== undefined) {
      atUs = this.#connection.silentAtUs;
      if (this.#submitAtUs > this.#nowUs) atUs = Math.min(atUs, this.#submitAtUs);
    }
    // A silence that ends later than was thought is seen when the time comes: no timer for every byte.
    if (atUs === undefined || (this.#wokenAtUs !== undefined && this.#wokenAtUs <= atUs)) return;
    this.#wokenAtUs = atUs;
    this.#tell({ kind: "wake", atUs });
  }

  #flush(): void {
    const bytes = this.#connection?.write();
    if (bytes !== undefined) this.#tell({ kind: "send", bytes });
  }

  // Joining ---------------------------------------------------------------------------------------------------

  #welcome(welcome: Welcome, connection: Connection): void {
    if (connection.isWelcomed) {
      return this.#hangUp({ code: "malformed_message", message: "A second welcome" });
    }
    connection.welcomed(welcome);
    if (welcome.epoch !== this.#epoch) this.#contents.forgetAllStored();
    this.#reconnection.succeeded();
    this.#replica.limits = welcome.limits;
    this.#place.sayAgain();
    const isFollowed = welcome.resumed && this.confirmed !== undefined;
    // The snapshot that follows decides what becomes of what is pending.
    if (!isFollowed) connection.snapshot = new IncomingSnapshot();
    // Until that is whole, what we hold is of the log as we knew it: we may be cut off, and come back with that.
    if (!welcome.resumed) {
      connection.adopted = welcome;
      return;
    }
    this.#replica.countFrom(welcome.counter);
    this.#committedSeq = welcome.committed;
    this.#seq = Math.max(this.#seq, welcome.committed);
    // What is in the log already is acknowledged among the entries that follow.
    const { inFlight } = this.#replica;
    if (inFlight !== undefined && welcome.committed < inFlight.seq) connection.send(inFlight.frame);
    if (isFollowed) this.#setPhase("online");
  }

  /** Takes over the identity that a welcome gives, where the log could not be followed from where we were. */
  #adopt(welcome: Welcome): void {
    const fate = this.#fateOfFlight(welcome);
    if (fate !== undefined) this.#replica.setAside(fate);
    this.#replica.forgetFlight();
    this.#session = welcome.session;
    if (this.site !== welcome.site) {
      this.#seq = welcome.committed;
      this.#replica.changeSite(welcome.site, welcome.counter);
    } else {
      this.#seq = Math.max(this.#seq, welcome.committed);
      this.#replica.countFrom(welcome.counter);
    }
    this.#committedSeq = welcome.committed;
  }

  /** What has become of the change in flight; undefined if it has not, and is to be sent anew. */
  #fateOfFlight({ session, epoch, committed, revision }: Welcome): Outcome | undefined {
    const { inFlight, pending: [first] } = this.#replica;
    if (first === undefined || inFlight === undefined) return undefined;
    const isSameLog = epoch === this.#epoch, isOurs = isSameLog && session === this.#session;
    // It is in the log, and so in the snapshot: the rest stands on it.
    if (isOurs && committed === inFlight.seq) return { kind: "durable", revision, timeMs: 0, notices: [] };
    if (isSameLog && !(isOurs && committed > inFlight.seq)) return undefined;
    // Nobody can say whether it is in the log, or in what is left of it: it is never applied a second time.
    const reason = isSameLog
      ? olderThanItsFate
      : "The server lost part of its log while this change was on its way.";
    return fateUnknown(reason, first.change);
  }

  #sync(piece: SyncDocument, connection: Connection): void {
    if (piece.load) return this.#load(piece, connection);
    const { snapshot } = connection;
    if (snapshot === undefined) {
      return this.#hangUp({ code: "malformed_message", message: "A snapshot nobody asked for" });
    }
    snapshot.add(piece);
    if (!piece.last) return;
    connection.snapshot = undefined;
    this.#authors = snapshot.authors;
    const { adopted } = connection;
    connection.adopted = undefined;
    const isSameLog = connection.epoch === this.#epoch;
    // Our session has done more than we know of: what was kept of it was older than that.
    const isForked = isSameLog && adopted?.session === this.#session && adopted.committed > this.#seq;
    if (adopted !== undefined) this.#adopt(adopted);
    // What is pending has ids that stand for something in this snapshot: nobody is to see the two together.
    if (isForked && this.#replica.pending.length > 0) return this.#forked();
    this.#epoch = connection.epoch;
    this.#scope = connection.scope;
    this.#replica.begin(snapshot.workspace(), piece.revision, isSameLog);
    this.#place.lookUp(this.view);
    this.#setPhase("online");
  }

  /** Takes in the texts of files, which stand in the stream where the revision is the one that we are at. */
  #load(piece: SyncDocument, connection: Connection): void {
    if (!connection.isJoined || piece.revision !== this.revision) {
      return this.#hangUp({ code: "malformed_message", message: "Texts of files at another revision" });
    }
    connection.loading ??= new IncomingSnapshot();
    connection.loading.add(piece);
    if (!piece.last) return;
    const texts = connection.loading.texts();
    connection.loading = undefined;
    this.#replica.load(texts);
  }

  #askForTexts(): void {
    const connection = this.#connection;
    if (connection === undefined || !connection.isJoined) return;
    const nodes = this.#replica.loaded.ask();
    if (nodes.length > 0) connection.send(encodeClientMessage({ kind: "load", nodes }));
  }

  /**
   * Takes a new session, since ours has done what we know nothing of: what was in flight may be in the log by another
   * seq, and is handed back; what is pending behind it gets new ids.
   */
  #forked(): void {
    const { inFlight, pending: [first] } = this.#replica;
    if (inFlight !== undefined) this.#replica.setAside(fateUnknown(olderThanItsFate, first!.change));
    this.#session = "";
    this.#replica.forgetBase();
    this.#hangUp({ code: "session_forked", message: codes.session_forked.text });
  }

  // The log ---------------------------------------------------------------------------------------------------

  #entry(entry: Entry): void {
    if (entry.author !== undefined) this.#authors.set(entry.site, entry.author);
    if (!this.#follows(entry.revision)) return;
    const { left = [] } = entry;
    this.#peers.follow(entry.change.edits);
    for (const site of this.#peers.lose(left)) this.#event({ kind: "presence", site });
    if (this.#replica.entry(entry)) this.#place.blur();
    const hasForgotten = entry.change.steps.some(({ kind }) => kind === "forget");
    if (left.length > 0 || hasForgotten) this.#place.lookUp(this.view);
  }

  #acknowledge(acknowledge: Acknowledge): void {
    const { seq, revision } = acknowledge;
    // The answer to something that was sent twice, and answered before.
    if (seq <= this.#committedSeq && revision <= this.revision) return;
    const { inFlight, pending: [first] } = this.#replica;
    if (first === undefined || inFlight?.seq !== seq) {
      // Our session has done things that we know nothing of: what was kept of it was older than what it did.
      return this.#forked();
    }
    if (!this.#follows(revision)) return;
    this.#peers.follow(first.change.edits);
    this.#committedSeq = seq;
    this.#replica.acknowledged(acknowledge);
    if (this.#replica.pending.length === 0) this.#place.settle();
  }

  /** Takes `revision` as the newest, if it is the next one; else hangs up. */
  #follows(revision: number): boolean {
    if (this.#replica.follows(revision)) return true;
    this.#hangUp({
      code: "malformed_message",
      message: `Revision ${revision} came after ${this.revision}`,
    });
    return false;
  }

  #refused(refuse: Refuse): void {
    const { seq, code, message, retryMs } = refuse;
    const { inFlight, pending } = this.#replica;
    if (pending.length === 0 || inFlight?.seq !== seq) return;
    // What was said of a place with this change in it has been refused with it.
    this.#place.sayAgain();
    if (retryMs > 0) {
      this.#replica.forgetFlight();
      this.#submitAtUs = this.#nowUs + retryMs * 1000;
    } else if (code === "session_forked") {
      // Somebody else goes by our session: take another one, and send everything under that.
      this.#replica.forgetFlight();
      this.#session = "";
      this.#hangUp({ code, message });
    } else if (
      code === "content_unknown" && this.#contents.forgetStored(pending[0]!.change, refuse.nodes)
    ) {
      // It had them, and let go of them before the change came.
      this.#replica.forgetFlight();
    } else {
      this.#replica.refused(refuse);
    }
  }

  /** Sends the next change, if none is in flight and the transport has taken what it was given. */
  #submit(): void {
    const connection = this.#connection;
    if (connection === undefined || !connection.isJoined || connection.isWriting) return;
    const { inFlight, pending } = this.#replica;
    if (inFlight !== undefined || pending.length === 0 || this.#nowUs < this.#submitAtUs) return;
    const content = this.#contents.missingFor(pending[0]!.change);
    if (content !== undefined) {
      if (connection.uploading !== undefined) return;
      connection.uploading = content.hash;
      const upload = { kind: "upload", content: content.bytes } as const;
      return connection.send(encodeClientMessage(upload, this.limits!.frameBytes));
    }
    connection.send(this.#replica.send(++this.#seq, this.#signature));
    this.#place.sayAgain();
  }

  /** What signs the bytes of operations of the present session; undefined if nothing does. */
  get #signature(): ((operation: Uint8Array) => Uint8Array) | undefined {
    const signer = this.#signer, { workspace } = this.#options;
    if (signer === undefined) return undefined;
    const head = signingHead({ workspace, session: this.#session, site: this.site });
    return (operation) => signer.sign(signedMessage(head, operation));
  }

  /** The server has what was uploaded, or does not take it. */
  #uploaded({ hash, code, message, retryMs }: Uploaded, connection: Connection): void {
    const { uploading } = connection;
    connection.uploading = undefined;
    if (uploading === undefined || (code === "" && hash !== uploading)) {
      return this.#hangUp({ code: "malformed_message", message: "The server has stored what nobody sent" });
    }
    const [first] = this.#replica.pending;
    if (code === "") this.#contents.stored(hash);
    else if (retryMs > 0) this.#submitAtUs = this.#nowUs + retryMs * 1000;
    else if (first !== undefined && this.#contents.missingFor(first.change)?.hash === uploading) {
      this.#replica.refused({ code, message, nodes: [] });
    }
  }

  // Presence --------------------------------------------------------------------------------------------------

  /** Says where we are, once the server can know the text that we see. */
  #announcePlace(): void {
    const connection = this.#connection;
    if (!this.#place.isNews || connection === undefined || connection.isWriting) return;
    if (this.confirmed === undefined || !connection.hasCaughtUp(this.revision)) return;
    const { inFlight, pending } = this.#replica;
    if (pending.length > (inFlight === undefined ? 0 : 1)) return;
    this.#place.said();
    const seq = inFlight?.seq ?? this.#committedSeq;
    const place = this.place && { ...this.place, revision: this.revision, seq };
    connection.send(encodeClientMessage({ kind: "presence", place }));
  }

  #presence(presence: OtherPresence): void {
    // Our own: what we said was on a revision of which the server keeps no history any more.
    if (presence.site === this.site) return this.#place.sayAgain();
    this.#peers.heard(presence);
    this.#event({ kind: "presence", site: presence.site });
  }

  // Telling ---------------------------------------------------------------------------------------------------

  get #isReadOnly(): boolean {
    return this.confirmed === undefined || this.#phase === "ended";
  }

  #setPhase(phase: Phase): void {
    if (phase === "online") this.#problem = undefined;
    this.#phase = phase;
    this.#tellStatus();
  }

  #tellStatus(): void {
    this.#unsentTold = this.unsentCount;
    this.#event({
      kind: "status",
      phase: this.#phase,
      readOnly: this.#isReadOnly,
      unsent: this.#unsentTold,
      problem: this.#problem,
    });
  }

  #event(event: ClientEvent): void {
    this.#tell({ kind: "event", event });
  }

  #tell(output: ClientOutput): void {
    output = this.#withContents(output);
    // Our place is carried along by what the application is told, as a cursor in its editor would be.
    if (output.kind === "event") this.#place.follow(output.event);
    this.#outputs.push(output);
  }

  /** What is refused goes back to the application with the bytes that it names. */
  #withContents(output: ClientOutput): ClientOutput {
    if (output.kind !== "event" || output.event.kind !== "settled") return output;
    const { outcome } = output.event;
    const contents = outcome.kind === "refused" ? this.#contents.of(outcome.change) : [];
    if (contents.length === 0) return output;
    return { ...output, event: { ...output.event, outcome: { ...outcome, contents } as Outcome } };
  }

  // As a value ------------------------------------------------------------------------------------------------

  /** The whole of this core as plain data: what it will do from here on depends on nothing else. */
  save(): SavedClient {
    return {
      replica: this.#replica.save(),
      session: this.#session,
      epoch: this.#epoch,
      attempt: this.#attempt,
      ...this.#scope === "" ? {} : { scope: this.#scope },
      seq: this.#seq,
      committedSeq: this.#committedSeq,
      authors: [...this.#authors].sort(([a], [b]) => a - b),
      peers: this.#peers.save(),
      place: this.#place.save(),
      contents: this.#contents.save(),
      phase: this.#phase,
      problem: this.#problem ?? null,
      isOpening: this.#isOpening,
      connection: this.#connection?.save() ?? null,
      reconnection: this.#reconnection.save(),
      submitAtUs: this.#submitAtUs,
      wokenAtUs: this.#wokenAtUs ?? null,
      unsentTold: this.#unsentTold,
    };
  }

  /** A core that goes on where one with the same options was saved. */
  static restore({ unsent: _, contents: __, ...options }: ClientOptions, saved: SavedClient): ClientCore {
    const core = new ClientCore(options);
    core.#replica = Replica.restore(saved.replica, options, (output) => core.#tell(output));
    core.#session = saved.session;
    core.#epoch = saved.epoch;
    core.#attempt = saved.attempt;
    core.#scope = saved.scope ?? "";
    core.#seq = saved.seq;
    core.#committedSeq = saved.committedSeq;
    core.#authors = new Map(saved.authors);
    core.#peers = Peers.restore(saved.peers);
    core.#place = OwnPlace.restore(saved.place);
    core.#contents = OwnContents.restore(saved.contents);
    core.#phase = saved.phase;
    core.#problem = saved.problem ?? undefined;
    core.#isOpening = saved.isOpening;
    core.#connection = saved.connection === null ? undefined : Connection.restore(saved.connection);
    core.#reconnection = Reconnection.restore(options.seed, saved.reconnection);
    core.#submitAtUs = saved.submitAtUs;
    core.#wokenAtUs = saved.wokenAtUs ?? undefined;
    core.#unsentTold = saved.unsentTold;
    return core;
  }
}

/** Why what was on its way when another run began under our session may be in the log. */
const otherRun = "Another run of this client has taken its place while this change was on its way.";
/** The same where the run before has gone on since. */
const olderThanItsFate = "What was kept of this change is older than what came of it.";
/** The same where the run before signed with another key, or not at all. */
const otherKey = "An earlier run had another key to sign with, or none, while this change was on its way.";

/** A change may be in the log already: it is handed back, with the reason. */
function fateUnknown(reason: string, change: Change): Outcome {
  return {
    kind: "refused",
    problem: { code: "fate_unknown", message: `${reason} Look whether it is there.` },
    change,
  };
}
