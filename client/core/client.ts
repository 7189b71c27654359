/**
 * The client's core: a state machine without a socket, file, clock or source of randomness, like the server's.
 *
 *     confirmed  ──in flight──►  ──buffered──►  view
 *     what the    the one change   what has been      what the user sees
 *     log says    that was sent    done meanwhile
 *
 * The view is always the confirmed workspace with the own pending changes on top. An entry of somebody else is
 * applied to the confirmed workspace and carried over the pending changes to the view, and they are carried over
 * it (Jupiter; Nichols et al., UIST 1995). At most one change is in flight. What is typed meanwhile is composed
 * into the next one; a change in flight is never touched: it is sent again byte for byte until it is answered.
 *
 * @module
 */

import {
  assert,
  type Change,
  composeEdits,
  difference,
  type Edit,
  editsAreNormal,
  emptyChange,
  faultOf,
  growthOf,
  invert,
  type Node,
  type NodeId,
  type NodeKind,
  normalizeEdits,
  opOn,
  parseId,
  resolve,
  type Step,
  Text,
  type TextOp,
  transformEdits,
  transformPosition,
  utf8Length,
  Workspace,
} from "../../ot/mod.ts";
import {
  type Acknowledge,
  type Close,
  codes,
  decodeServerMessage,
  encodeClientMessage,
  type Entry,
  FrameReader,
  joined,
  type Limits,
  type OtherPresence,
  type Participant,
  ProtocolError,
  protocolVersion,
  type Range,
  type Refuse,
  type ServerMessage,
  type SyncDocument,
  type SyncNode,
  type Welcome,
} from "../../proto/mod.ts";
import {
  carryOver,
  type GroupId,
  joinUndoings,
  type Level,
  Stack,
  stepsOf,
  type Undoing,
  undoingOf,
} from "./history.ts";
import type {
  ChangeNumber,
  ClientEvent,
  ClientInput,
  ClientOptions,
  ClientOutput,
  Origin,
  Outcome,
  Peer,
  Phase,
  Problem,
  TreeChange,
  Unsent,
} from "./types.ts";

/** An own change that is not acknowledged. */
interface Pending {
  /** The changes of the application that it is composed of. */
  numbers: ChangeNumber[];
  /** Steps as they were meant; edits on the text before this change, carried over every entry since. */
  change: Change;
  /** What the steps come to in the view. */
  resolved: readonly Step[];
  readonly atomic: boolean;
  readonly group: GroupId;
  /** The levels of undo and redo that it will fill. */
  readonly level: { readonly stack: Stack; readonly level: Level } | undefined;
  /** About how long its frame is, in bytes. */
  bytes: number;
}

interface InFlight {
  readonly seq: number;
  readonly frame: Uint8Array;
}

const second = 1_000_000;
const silenceUs = 30 * second;
const reconnectUsMin = second / 4, reconnectUsMax = 30 * second;
const defaultPauseUs = second / 2;

/** The client as a state machine: inputs in, outputs out, and between them nothing that the two do not say. */
export class ClientCore {
  readonly #options: ClientOptions;
  #outputs: ClientOutput[] = [];
  #nowUs = 0;

  // What the log says, and what is seen.
  #confirmed: Workspace | undefined;
  #revision = 0;
  #view: Workspace = Workspace.empty;
  /** Whether all that is pending could be laid over the confirmed workspace when that was last done. */
  #viewIsWhole = true;
  #authors = new Map<number, Participant>();

  // Who we are.
  #session = "";
  #site = 0;
  #epoch = "";
  #counter = 0;
  #seq = 0;
  /** The newest own seq that is in the log. */
  #committedSeq = 0;
  #limits: Limits | undefined;

  // What is on its way.
  #pending: Pending[] = [];
  /** That `#pending[0]` has been sent, and how. */
  #inFlight: InFlight | undefined;
  #nextNumber: ChangeNumber = 1;
  /** Not before this time is the next change sent. */
  #submitAtUs = 0;

  // Undo.
  readonly #undo = new Stack();
  readonly #redo = new Stack();
  #group: GroupId = 0;
  #groupName: string | undefined;
  #groupAtUs = -Infinity;

  // Others, and where we are.
  /** Others, with their places in the confirmed workspace: so they are the same to everybody who has caught up. */
  readonly #peers = new Map<number, Peer>();
  #place: { node: NodeId; ranges: readonly Range[] } | undefined;
  #placeIsNews = false;
  /** Whether others have edited around our place while changes of our own were on their way. */
  #placeIsBlurred = false;

  // The connection.
  #phase: Phase = "offline";
  #reader = new FrameReader();
  #transport: "none" | "opening" | "open" = "none";
  #welcomed = false;
  /** The newest revision there was at the welcome: who has it has caught up. */
  #welcomeRevision = 0;
  #writing = false;
  #outgoing: Uint8Array[] = [];
  #heardAtUs = 0;
  #attempts = 0;
  #openAtUs: number | undefined;
  #wokenAtUs: number | undefined;
  #problem: Problem | undefined;
  #incomingSnapshot:
    | { nodes: SyncNode[]; texts: Map<NodeId, string[]>; authors: Map<number, Participant> }
    | undefined;
  #unsentTold = 0;

  /** A client that has not been started. */
  constructor(options: ClientOptions) {
    this.#options = options;
    const { unsent } = options;
    if (unsent !== undefined) this.#restore(unsent);
  }

  /** The workspace as the user sees it. */
  get view(): Workspace {
    return this.#view;
  }

  /** The workspace as the log has it at `revision`; undefined until it has been opened. */
  get confirmed(): Workspace | undefined {
    return this.#confirmed;
  }

  /** The revision of the confirmed workspace. */
  get revision(): number {
    return this.#revision;
  }

  /** The site that one's ids carry; 0 before the first welcome. */
  get site(): number {
    return this.#site;
  }

  /** Where the client is on its way to the server. */
  get phase(): Phase {
    return this.#phase;
  }

  /** What the server allows; undefined until it has said so. */
  get limits(): Limits | undefined {
    return this.#limits;
  }

  /** The number of the next own change. */
  get nextNumber(): ChangeNumber {
    return this.#nextNumber;
  }

  /** Whether there is anything to undo. */
  get canUndo(): boolean {
    return !this.#undo.isEmpty;
  }

  /** Whether there is anything to do again. */
  get canRedo(): boolean {
    return !this.#redo.isEmpty;
  }

  /** Where the user is, as the core has carried it along; undefined is nowhere in particular. */
  get place(): { readonly node: NodeId; readonly ranges: readonly Range[] } | undefined {
    return this.#place;
  }

  /** Who else is here, sorted by site, with their places in positions of the view. */
  get peers(): Peer[] {
    const peers = [...this.#peers.values()].sort((a, b) => a.site - b.site);
    return peers.map((peer) => {
      let { ranges } = peer;
      for (const { change } of this.#pending) {
        const op = peer.node === undefined ? undefined : opOn(change.edits, peer.node);
        if (op !== undefined) ranges = moved(ranges, op);
      }
      return ranges === peer.ranges ? peer : { ...peer, ranges };
    });
  }

  /** Who made the changes of a site, if anybody has. */
  authorOf(site: number): Participant | undefined {
    if (site === this.#site) return this.#options.participant;
    return this.#authors.get(site) ?? this.#peers.get(site)?.participant;
  }

  /** Own changes that are not durable yet. */
  get unsentCount(): number {
    let count = 0;
    for (const { numbers } of this.#pending) count += numbers.length;
    return count;
  }

  /** The id for the `index`th node or removal of the next change, from 0 on. */
  nextId(index: number): NodeId {
    return `${this.#site}:${this.#counter + 1 + index}`;
  }

  /** What another run would need to send what this one has not; undefined if there is nothing. */
  unsent(): Unsent | undefined {
    if (this.#pending.length === 0) return undefined;
    return {
      format: 1,
      workspace: this.#options.workspace,
      session: this.#session,
      site: this.#site,
      epoch: this.#epoch,
      revision: this.#revision,
      seq: this.#seq,
      counter: this.#counter,
      inFlight: this.#inFlight && toHex(this.#inFlight.frame),
      changes: this.#pending.map(({ change, atomic }) => ({ change, atomic })),
    };
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
        this.#writing = false;
        break;
      case "closed":
        this.#closed();
        break;
      case "due":
        this.#wokenAtUs = undefined;
        break;
      case "change":
        this.#change(input.change, input.atomic, input.group);
        break;
      case "undo":
        this.#takeBack(this.#undo, this.#redo);
        break;
      case "redo":
        this.#takeBack(this.#redo, this.#undo);
        break;
      case "select":
        this.#place = input.node === undefined ? undefined : { node: input.node, ranges: input.ranges };
        this.#placeIsNews = true;
        break;
      case "leave":
        this.#leave();
    }
    this.#lookAtClock();
    this.#submit();
    this.#announcePlace();
    this.#flush();
    this.#tellUnsent();
    this.#wake();
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }

  // The connection --------------------------------------------------------------------------------------------

  #open(): void {
    this.#transport = "opening";
    this.#openAtUs = undefined;
    this.#setPhase("connecting");
    this.#outputs.push({ kind: "open" });
  }

  #opened(): void {
    this.#transport = "open";
    this.#reader = new FrameReader();
    this.#heardAtUs = this.#nowUs;
    this.#writing = false;
    this.#welcomed = false;
    this.#incomingSnapshot = undefined;
    const { workspace, participant } = this.#options;
    const resuming = this.#session !== "";
    this.#outgoing = [encodeClientMessage({
      kind: "hello",
      version: protocolVersion,
      workspace,
      participant,
      session: this.#session,
      epoch: this.#epoch,
      revision: this.#revision,
      // Without the text before, the entries missed tell us how to carry our changes over, and no more.
      snapshot: resuming && this.#confirmed === undefined,
      accepted: this.#options.accepted ?? false,
    })];
    this.#setPhase("syncing");
  }

  #received(bytes: Uint8Array): void {
    if (this.#transport !== "open") return;
    this.#heardAtUs = this.#nowUs;
    try {
      this.#reader.push(bytes, (type, payload) => {
        if (this.#transport === "open") this.#heard(decodeServerMessage(type, payload));
      });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#hangUp({ code: error.code, message: error.message });
    }
  }

  #heard(message: ServerMessage): void {
    switch (message.kind) {
      case "entry":
        return this.#entry(message);
      case "acknowledge":
        return this.#acknowledge(message);
      case "refuse":
        return this.#refused(message);
      case "accepted":
        if (message.seq === this.#inFlight?.seq) {
          this.#settled(this.#pending[0]!.numbers, { kind: "accepted" });
        }
        return;
      case "presence":
        return this.#otherPresence(message);
      case "ping":
        this.#outgoing.push(encodeClientMessage({ kind: "pong", value: message.value }));
        return;
      case "pong":
        return;
      case "welcome":
        return this.#welcome(message);
      case "sync":
        return this.#sync(message);
      case "close":
        return this.#closeHeard(message);
    }
  }

  #closeHeard({ code, message, resume, retryMs }: Close): void {
    this.#problem = { code, message };
    this.#dropTransport();
    if (resume) this.#retry(retryMs * 1000);
    else this.#end();
  }

  /** The other side does not keep to the protocol: there is nothing to do but to begin anew. */
  #hangUp(problem: Problem): void {
    this.#problem = problem;
    this.#dropTransport();
    this.#retry(0);
  }

  #dropTransport(): void {
    if (this.#transport === "open") this.#outputs.push({ kind: "close" });
    this.#transport = "none";
    this.#forgetConnection();
  }

  #closed(): void {
    if (this.#transport === "none") return;
    this.#transport = "none";
    this.#forgetConnection();
    if (this.#phase !== "ended") this.#retry(0);
  }

  #forgetConnection(): void {
    this.#welcomed = false;
    this.#writing = false;
    this.#outgoing = [];
    this.#incomingSnapshot = undefined;
    for (const site of [...this.#peers.keys()]) {
      this.#peers.delete(site);
      this.#event({ kind: "presence", site });
    }
  }

  /** Connects again after a while, which doubles with each attempt and differs between clients. */
  #retry(atLeastUs: number): void {
    const spread = Math.min(reconnectUsMax, reconnectUsMin * 2 ** Math.min(this.#attempts, 10));
    const drawn = mixed(this.#options.seed, this.#attempts) % spread;
    this.#attempts++;
    this.#openAtUs = this.#nowUs + Math.max(atLeastUs, Math.floor(spread / 2)) + Math.floor(drawn / 2);
    this.#setPhase("offline");
  }

  #leave(): void {
    if (this.#transport === "open") {
      // Never into the middle of what is still being written: then the end of the stream says as much.
      this.#outgoing.push(
        encodeClientMessage({ kind: "close", code: "bye", message: "", resume: false, retryMs: 0 }),
      );
      this.#flush();
      this.#outputs.push({ kind: "close" });
    }
    this.#transport = "none";
    this.#forgetConnection();
    this.#openAtUs = undefined;
    this.#end();
  }

  /** Nothing will be sent any more. What is pending stays what `unsent` gives, for another run. */
  #end(): void {
    this.#setPhase("ended");
    const problem = {
      code: "unsent",
      message:
        "This client has ended before the change was answered. It is kept for the next run, if there is a store.",
    };
    for (const { numbers, change } of this.#pending) {
      this.#settled(numbers, { kind: "refused", problem, change });
    }
  }

  #lookAtClock(): void {
    if (this.#openAtUs !== undefined && this.#nowUs >= this.#openAtUs) this.#open();
    if (this.#transport === "open" && this.#nowUs - this.#heardAtUs >= silenceUs) {
      this.#hangUp({ code: "silent", message: codes.silent.text });
    }
  }

  #wake(): void {
    let atUs = this.#openAtUs;
    if (this.#transport === "open") {
      atUs = this.#heardAtUs + silenceUs;
      if (this.#submitAtUs > this.#nowUs) atUs = Math.min(atUs, this.#submitAtUs);
    }
    // A silence that ends later than was thought is seen when the time comes: no timer for every byte.
    if (atUs === undefined || (this.#wokenAtUs !== undefined && this.#wokenAtUs <= atUs)) return;
    this.#wokenAtUs = atUs;
    this.#outputs.push({ kind: "wake", atUs });
  }

  #flush(): void {
    if (this.#transport !== "open" || this.#writing || this.#outgoing.length === 0) return;
    this.#outputs.push({ kind: "send", bytes: joined(this.#outgoing) });
    this.#outgoing = [];
    this.#writing = true;
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
      readOnly: this.#confirmed === undefined || this.#phase === "ended",
      unsent: this.#unsentTold,
      problem: this.#problem,
    });
  }

  #tellUnsent(): void {
    if (this.unsentCount !== this.#unsentTold) this.#tellStatus();
  }

  #event(event: ClientEvent): void {
    this.#outputs.push({ kind: "event", event });
  }

  #settled(changes: readonly ChangeNumber[], outcome: Outcome): void {
    if (changes.length > 0) this.#event({ kind: "settled", changes, outcome });
  }

  // Joining ---------------------------------------------------------------------------------------------------

  #welcome(welcome: Welcome): void {
    if (this.#welcomed) return this.#hangUp({ code: "malformed_message", message: "A second welcome" });
    this.#welcomed = true;
    this.#attempts = 0;
    this.#limits = welcome.limits;
    this.#welcomeRevision = welcome.revision;
    this.#placeIsNews = this.#place !== undefined;
    if (!welcome.resumed) {
      // The snapshot that follows decides what becomes of what is pending.
      this.#incomingSnapshot = { nodes: [], texts: new Map(), authors: new Map() };
    } else if (this.#confirmed === undefined) {
      this.#incomingSnapshot = { nodes: [], texts: new Map(), authors: new Map() };
    }
    if (welcome.resumed) {
      this.#counter = Math.max(this.#counter, welcome.counter);
      this.#committedSeq = welcome.committed;
      this.#seq = Math.max(this.#seq, welcome.committed);
      // What is in the log already is acknowledged among the entries that follow.
      if (this.#inFlight !== undefined && welcome.committed < this.#inFlight.seq) {
        this.#outgoing.push(this.#inFlight.frame);
      }
      if (this.#confirmed !== undefined) this.#setPhase("online");
      return;
    }
    this.#adopt(welcome);
  }

  /** Takes over the identity that a welcome gives, where the log could not be followed from where we were. */
  #adopt(welcome: Welcome): void {
    const same = welcome.session === this.#session && welcome.epoch === this.#epoch;
    const first = this.#pending[0];
    if (first !== undefined && this.#inFlight !== undefined) {
      if (same && welcome.committed >= this.#inFlight.seq) {
        // It is in the log, and so in the snapshot: the rest stands on it.
        this.#setAside(first, { kind: "durable", revision: welcome.revision, timeMs: 0, notices: [] });
      } else if (welcome.epoch !== this.#epoch) {
        // Nobody can say whether it is in what is left of the log: it is never applied a second time.
        this.#setAside(first, {
          kind: "refused",
          problem: {
            code: "fate_unknown",
            message:
              "The server lost part of its log while this change was on its way. Look whether it is there.",
          },
          change: first.change,
        });
      }
    }
    this.#inFlight = undefined;
    this.#session = welcome.session;
    this.#epoch = welcome.epoch;
    if (this.#site !== welcome.site) {
      const before = this.#site;
      this.#site = welcome.site;
      this.#counter = welcome.counter;
      this.#seq = welcome.committed;
      if (before !== 0) this.#renumber(before);
    } else {
      this.#counter = Math.max(this.#counter, welcome.counter);
      this.#seq = Math.max(this.#seq, welcome.committed);
    }
    this.#committedSeq = welcome.committed;
  }

  /** Lets the change in flight go: what stands on it stands on the confirmed workspace with it from now on. */
  #setAside(first: Pending, outcome: Outcome): void {
    if (this.#confirmed !== undefined) {
      this.#confirmed = this.#confirmed.apply({ steps: first.resolved, edits: first.change.edits });
    }
    this.#pending.shift();
    if (first.level !== undefined) first.level.stack.drop(first.level.level);
    this.#settled(first.numbers, outcome);
  }

  /** Gives ids of the present site to everything pending that was made under another one. */
  #renumber(before: number): void {
    const ids = new Map<NodeId, NodeId>();
    const renew = (id: NodeId): NodeId => {
      if (parseId(id)?.site !== before) return id;
      const known = ids.get(id);
      if (known !== undefined) return known;
      const fresh = `${this.#site}:${++this.#counter}`;
      ids.set(id, fresh);
      return fresh;
    };
    for (const { change: { steps } } of this.#pending) {
      for (const step of steps) {
        if (step.kind === "create") renew(step.node);
        if (step.kind === "remove") renew(step.tombstone);
      }
    }
    if (ids.size === 0) return;
    const now = (id: NodeId) => ids.get(id) ?? id;
    for (const pending of this.#pending) {
      pending.change = {
        steps: pending.change.steps.map((step) => renumbered(step, now)),
        edits: normalizeEdits(pending.change.edits.map(({ node, op }) => ({ node: now(node), op }))),
      };
      // Until the snapshot is here the view stays laid out as it was, under the new ids.
      pending.resolved = pending.resolved.map((step) => renumbered(step, now));
    }
    if (this.#place !== undefined) this.#place = { ...this.#place, node: now(this.#place.node) };
    this.#view = this.#view.renumbered(now);
    this.#event({ kind: "renumbered", ids });
  }

  #sync(piece: SyncDocument): void {
    const snapshot = this.#incomingSnapshot;
    if (snapshot === undefined) {
      return this.#hangUp({ code: "malformed_message", message: "A snapshot nobody asked for" });
    }
    for (const node of piece.nodes) snapshot.nodes.push(node);
    for (const { node, text } of piece.contents) {
      const known = snapshot.texts.get(node);
      if (known === undefined) snapshot.texts.set(node, [text]);
      else known.push(text);
    }
    for (const { site, participant } of piece.authors) snapshot.authors.set(site, participant);
    if (!piece.last) return;
    this.#incomingSnapshot = undefined;
    this.#authors = snapshot.authors;
    const texts = [...snapshot.texts].map(([id, parts]) => [id, Text.of(parts.join(""))] as const);
    this.#begin(Workspace.of(snapshot.nodes, texts), piece.revision);
    this.#setPhase("online");
  }

  /** Goes on from a snapshot: what is pending is carried over the difference to what it was made on. */
  #begin(workspace: Workspace, revision: number): void {
    const before = this.#confirmed;
    const first = before === undefined && this.#view === Workspace.empty;
    const followed = this.#revision === revision && before === undefined;
    this.#confirmed = workspace;
    this.#revision = revision;
    if (this.#pending.length > 0 && !followed) this.#rebase(before, workspace);
    this.#undo.clear();
    this.#redo.clear();
    this.#rebuild("remote", 0);
    if (first) this.#event({ kind: "opened", revision });
  }

  #rebase(before: Workspace | undefined, after: Workspace): void {
    const lost: Pending[] = [];
    let over: readonly Edit[] = [];
    if (before !== undefined) {
      const touched = new Set(this.#pending.flatMap(({ change }) => change.edits.map(({ node }) => node)));
      over = normalizeEdits(
        [...touched].filter((node) => before.node(node) !== undefined && after.node(node) !== undefined)
          .map((node) => ({ node, op: difference(before.text(node), after.text(node)) })),
      );
    }
    const created = new Set<NodeId>();
    for (const pending of this.#pending) {
      const { steps, edits } = pending.change;
      for (const step of steps) if (step.kind === "create") created.add(step.node);
      const homeless = edits.some(({ node }) =>
        !created.has(node) && (after.node(node) === undefined || before === undefined)
      );
      if (homeless) {
        lost.push(pending);
        continue;
      }
      const carried = transformEdits(edits, over, "right");
      over = transformEdits(over, edits, "left");
      pending.change = { steps, edits: carried };
    }
    this.#pending = this.#pending.filter((pending) => !lost.includes(pending));
    for (const { numbers, change } of lost) {
      const problem = {
        code: "recovered",
        message:
          "The file this change was made in is no longer there, or its history is not. Here is the change.",
      };
      this.#settled(numbers, { kind: "refused", problem, change });
    }
  }

  /** Builds the view from the confirmed workspace and what is pending, and tells what is different. */
  #rebuild(origin: Origin, site: number): void {
    const before = this.#view;
    this.#layOut();
    this.#tellDifference(before, this.#view, origin, site);
  }

  /**
   * The same where it is known what is different: nodes that were `touched`, besides those of pending changes, and
   * texts by `edits` of the view. So an editor is told what was done, not what it could have been.
   */
  #rebuildBy(touched: readonly NodeId[], edits: readonly Edit[], site: number): void {
    const before = this.#view, wasWhole = this.#viewIsWhole;
    const pending = this.#pending.flatMap(({ change }) => change.steps.map(({ node }) => node));
    this.#layOut();
    if (!wasWhole || !this.#viewIsWhole) return this.#tellDifference(before, this.#view, "remote", site);
    this.#treeEvents(before, [...touched, ...pending], "remote", site);
    this.#edited(edits, "remote", site);
  }

  /** Lays what is pending over the confirmed workspace. What no longer fits is refused here. */
  #layOut(): void {
    let view = this.#confirmed!;
    this.#viewIsWhole = true;
    const kept: Pending[] = [];
    // What takes back those that no longer fit: the ones after them were made on the text with them.
    const inverses: (readonly Edit[])[] = [];
    for (const pending of this.#pending) {
      for (let i = 0; i < inverses.length; i++) {
        const { steps, edits } = pending.change;
        pending.change = { steps, edits: transformEdits(edits, inverses[i]!, "right") };
        inverses[i] = transformEdits(inverses[i]!, edits, "left");
      }
      const resolution = resolve(pending.change.steps, view, { site: this.#site, counter: 0 });
      const fits = !("fault" in resolution) && this.#fits(pending.change.edits, view, resolution.steps);
      if (fits || pending === this.#pending[0] && this.#inFlight !== undefined) {
        pending.resolved = "fault" in resolution ? [] : resolution.steps;
        if (fits) view = view.apply({ steps: pending.resolved, edits: pending.change.edits });
        else this.#viewIsWhole = false;
        kept.push(pending);
        continue;
      }
      this.#viewIsWhole = false;
      const problem = "fault" in resolution
        ? { code: resolution.fault, message: resolution.message }
        : { code: "unknown_node", message: codes.unknown_node.text };
      inverses.push(inverseOf(pending.change.edits, view));
      if (pending.level !== undefined) pending.level.stack.drop(pending.level.level);
      this.#settled(pending.numbers, { kind: "refused", problem, change: pending.change });
    }
    this.#pending = kept;
    this.#view = view;
    this.#outputs.push({ kind: "keep" });
  }

  /** Whether the edits are of files that are there, by way of `steps` perhaps, and within their texts. */
  #fits(edits: readonly Edit[], view: Workspace, steps: readonly Step[]): boolean {
    return edits.every(({ node, op }) => {
      const kind = view.node(node)?.kind;
      if (kind === undefined) {
        return steps.some((step) => step.kind === "create" && step.node === node && step.type === "text") &&
          faultOf(op, Text.empty) === undefined;
      }
      return kind === "text" && faultOf(op, view.text(node)) === undefined;
    });
  }

  #tellDifference(before: Workspace, after: Workspace, origin: Origin, site: number): void {
    if (before === after) return;
    const changes: TreeChange[] = [];
    for (const node of after.nodes()) {
      const change = treeChange(before.node(node.id), node);
      if (change !== undefined) changes.push(change);
    }
    for (const node of before.nodes()) {
      if (after.node(node.id) === undefined && node.tombstone === undefined) changes.push(gone(node));
    }
    if (changes.length > 0) this.#event({ kind: "tree", changes, origin, site });
    for (const { id, kind } of after.nodes()) {
      if (kind !== "text") continue;
      const one = before.text(id), two = after.text(id);
      if (one.equals(two)) continue;
      this.#edited([{ node: id, op: difference(one, two) }], origin, site);
    }
  }

  // Entries ---------------------------------------------------------------------------------------------------

  #entry(entry: Entry): void {
    if (entry.author !== undefined) this.#authors.set(entry.site, entry.author);
    if (!this.#follows(entry.revision)) return;
    this.#movePeers(entry.change.edits);
    const lower = this.#site < entry.site;
    const { steps } = entry.change;
    // Carried down through what is pending: `edits` is the entry as it is to the next one.
    let { edits } = entry.change;
    let forUndo: readonly Edit[] | undefined, forRedo: readonly Edit[] | undefined;
    for (const pending of this.#pending) {
      if (forUndo === undefined && this.#undo.has(pending.level?.level)) forUndo = edits;
      if (forRedo === undefined && this.#redo.has(pending.level?.level)) forRedo = edits;
      const own = pending.change.edits;
      if (own.length === 0 || edits.length === 0) continue;
      const carried = transformEdits(own, edits, lower ? "left" : "right");
      edits = transformEdits(edits, own, lower ? "right" : "left");
      if (carried !== own) pending.change = { steps: pending.change.steps, edits: carried };
      this.#placeIsBlurred = true;
    }
    this.#undo.feed(forUndo ?? edits);
    this.#redo.feed(forRedo ?? edits);
    if (this.#pending.length > 0) this.#outputs.push({ kind: "keep" });
    if (this.#confirmed === undefined) return;

    this.#confirmed = this.#confirmed.apply(entry.change);
    const touched = steps.map(({ node }) => node);
    if (this.#pending.length === 0) {
      const before = this.#view;
      this.#view = this.#confirmed;
      this.#treeEvents(before, touched, "remote", entry.site);
    } else if (steps.length === 0 && this.#pending.every(({ change }) => change.steps.length === 0)) {
      this.#view = this.#view.apply({ steps, edits });
    } else {
      return this.#rebuildBy(touched, edits, entry.site);
    }
    this.#edited(edits, "remote", entry.site);
  }

  #acknowledge({ seq, revision, time, steps, notices }: Acknowledge): void {
    // The answer to something that was sent twice, and answered before.
    if (seq <= this.#committedSeq && revision <= this.#revision) return;
    const pending = this.#pending[0];
    if (pending === undefined || this.#inFlight?.seq !== seq) {
      // Our session has done things that we know nothing of: what was kept of it was older than what it did.
      this.#session = "";
      return this.#hangUp({ code: "session_forked", message: codes.session_forked.text });
    }
    if (!this.#follows(revision)) return;
    const { edits } = pending.change;
    this.#movePeers(edits);
    const before = this.#confirmed;
    const asExpected = this.#viewIsWhole && sameSteps(steps, pending.resolved);
    this.#pending.shift();
    this.#inFlight = undefined;
    this.#committedSeq = seq;
    if (this.#placeIsBlurred && this.#pending.length === 0) {
      // Carried over crossing edits in two orders, a position may come out differently: say it once more.
      this.#placeIsBlurred = false;
      this.#placeIsNews = this.#place !== undefined;
    }
    if (before !== undefined) {
      // With nothing else pending, the view is the confirmed workspace already.
      this.#confirmed = asExpected && this.#pending.length === 0
        ? this.#view
        : before.apply({ steps, edits });
      if (pending.level !== undefined) {
        pending.level.stack.settle(pending.level.level, undoingOf(steps, edits, before));
      }
      if (!asExpected) {
        const touched = [...steps, ...pending.resolved].map(({ node }) => node);
        this.#rebuildBy(touched, [], this.#site);
      }
    }
    this.#outputs.push({ kind: "keep" });
    this.#settled(pending.numbers, { kind: "durable", revision, timeMs: time, notices });
  }

  /** Takes `revision` as the newest, if it is the next one; else hangs up. */
  #follows(revision: number): boolean {
    if (revision === this.#revision + 1) {
      this.#revision = revision;
      return true;
    }
    this.#hangUp({ code: "malformed_message", message: `Revision ${revision} came after ${this.#revision}` });
    return false;
  }

  #refused({ seq, code, message, retryMs, nodes }: Refuse): void {
    const first = this.#pending[0];
    if (first === undefined || this.#inFlight?.seq !== seq) return;
    this.#inFlight = undefined;
    // What was said of a place with this change in it has been refused with it.
    this.#placeIsNews = this.#place !== undefined;
    if (retryMs > 0) {
      this.#submitAtUs = this.#nowUs + retryMs * 1000;
      return;
    }
    if (code === "session_forked") {
      // Somebody else goes by our session: take another one, and send everything under that.
      this.#session = "";
      return this.#hangUp({ code, message });
    }
    this.#pending.shift();
    // Where plain edits of several files were composed, those that nothing is wrong with are sent once more.
    const mayPart = !first.atomic && first.change.steps.length === 0 && first.numbers.length > 1 &&
      nodes.length > 0;
    const wrong = mayPart
      ? first.change.edits.filter(({ node }) => nodes.includes(node))
      : first.change.edits;
    const right = mayPart ? first.change.edits.filter(({ node }) => !nodes.includes(node)) : [];
    if (right.length > 0) this.#pending.unshift({ ...first, change: { steps: [], edits: right } });
    else if (first.level !== undefined) first.level.stack.drop(first.level.level);
    if (this.#confirmed !== undefined) {
      // What was built on it is carried over its inverse.
      let inverse = inverseOf(wrong, this.#confirmed);
      for (const pending of right.length > 0 ? this.#pending.slice(1) : this.#pending) {
        const carried = transformEdits(pending.change.edits, inverse, "right");
        inverse = transformEdits(inverse, pending.change.edits, "left");
        pending.change = { steps: pending.change.steps, edits: carried };
      }
      this.#rebuild("remote", this.#site);
    }
    const change = right.length > 0 ? { steps: [], edits: wrong } : first.change;
    this.#settled(first.numbers, { kind: "refused", problem: { code, message }, change });
  }

  // Own changes -----------------------------------------------------------------------------------------------

  #change(change: Change, atomic: boolean, group: string | undefined): void {
    const number = this.#nextNumber++;
    const problem = this.#check(change);
    if (problem !== undefined) return this.#settled([number], { kind: "refused", problem, change });
    const sameGroup = group !== undefined
      ? group === this.#groupName
      : this.#groupName === undefined && change.steps.length === 0 && !atomic &&
        this.#nowUs - this.#groupAtUs < (this.#options.pauseUs ?? defaultPauseUs);
    if (!sameGroup) this.#group++;
    this.#groupName = group;
    this.#groupAtUs = change.steps.length === 0 && !atomic ? this.#nowUs : -Infinity;
    this.#redo.clear();
    this.#add(change, number, atomic, this.#undo, this.#group, "local");
  }

  /** What is wrong with an own change of the view; undefined if nothing is. */
  #check(change: Change): Problem | undefined {
    if (this.#confirmed === undefined || this.#phase === "ended") {
      return {
        code: "read_only",
        message: "The workspace is not open, or this client has been turned away.",
      };
    }
    if (!editsAreNormal(change.edits)) return { code: "not_normal", message: codes.not_normal.text };
    const resolution = resolve(change.steps, this.#view, { site: this.#site, counter: this.#counter });
    if ("fault" in resolution) return { code: resolution.fault, message: resolution.message };
    const created = new Map<NodeId, NodeKind>();
    for (const step of change.steps) if (step.kind === "create") created.set(step.node, step.type);
    for (const { node, op } of change.edits) {
      const kind = created.get(node) ?? this.#view.node(node)?.kind;
      if (kind === undefined) return { code: "unknown_node", message: `There is no node ${node}` };
      if (kind !== "text") return { code: "not_a_file", message: codes.not_a_file.text };
      const text = this.#view.text(node);
      const fault = faultOf(op, text);
      if (fault !== undefined) return { code: fault, message: codes[fault].text };
      const growth = growthOf(op);
      if (growth > 0 && text.length + growth > this.#limits!.textLength) {
        return { code: "text_too_long", message: codes.text_too_long.text };
      }
      if (growth > 0 && this.#view.textLength + growth > this.#limits!.workspaceLength) {
        return { code: "workspace_full", message: codes.workspace_full.text };
      }
    }
    if (created.size > 0 && this.#view.size + created.size > this.#limits!.nodes) {
      return { code: "too_many_nodes", message: codes.too_many_nodes.text };
    }
    if (bytesOf(change) > this.#limits!.messageBytes) {
      return { code: "change_too_long", message: codes.change_too_long.text };
    }
    return undefined;
  }

  /** Applies a checked change to the view, and puts it behind what is pending. */
  #add(
    change: Change,
    number: ChangeNumber,
    atomic: boolean,
    stack: Stack,
    group: GroupId,
    origin: Origin,
  ): void {
    const before = this.#view;
    const resolution = resolve(change.steps, before, { site: this.#site, counter: this.#counter });
    assert(!("fault" in resolution), "a change that was checked can be resolved");
    this.#counter = resolution.counter;
    this.#view = before.apply({ steps: resolution.steps, edits: change.edits });
    const last = this.#pending[this.#pending.length - 1];
    const bytes = bytesOf(change);
    const joins = last !== undefined && !(this.#pending.length === 1 && this.#inFlight !== undefined) &&
      !atomic && !last.atomic && change.steps.length === 0 && last.change.steps.length === 0 &&
      last.group === group && last.level?.stack === stack && last.bytes + bytes <= this.#limits!.frameBytes;
    if (joins) {
      last.change = { steps: [], edits: composeEdits(last.change.edits, change.edits) };
      last.numbers.push(number);
      last.bytes += bytes;
    } else {
      const level = { stack, level: stack.push(group) };
      this.#pending.push({
        numbers: [number],
        change,
        resolved: resolution.steps,
        atomic,
        group,
        level,
        bytes,
      });
    }
    this.#outputs.push({ kind: "keep" });
    this.#treeEvents(before, resolution.steps.map(({ node }) => node), origin, this.#site);
    this.#edited(change.edits, origin, this.#site);
  }

  /** Undoes the newest group of one stack, so that the other one can bring it back. */
  #takeBack(from: Stack, to: Stack): void {
    const group = from.top;
    if (group === undefined || this.#confirmed === undefined || this.#phase === "ended") return;
    let all: Undoing = { edits: [], inverses: [] };
    const taken = new Set<Level>();
    for (let level = from.pop(group); level !== undefined; level = from.pop(group)) {
      taken.add(level);
      // Each one fits what is there after those before it. An acknowledged one fits the present as it is: whatever
      // own changes came after it have been undone, or they would be above it.
      all = joinUndoings(all, level.undoing ?? this.#undoingOnTheWay(level, taken));
    }
    let minted = 0;
    const steps = stepsOf(all.inverses, this.#view, () => this.nextId(minted++));
    this.#groupAtUs = -Infinity;
    if (steps.length === 0 && all.edits.length === 0) return;
    this.#add({ steps, edits: all.edits }, this.#nextNumber++, true, to, group, "undo");
  }

  /**
   * What takes back a change that is still pending, as far as can be said before it is acknowledged. It fits what
   * is there when those that are `taken` have been taken back; what came after it otherwise has been undone before.
   */
  #undoingOnTheWay(level: Level, taken: ReadonlySet<Level>): Undoing {
    let before = this.#confirmed!;
    let undoing: Undoing | undefined;
    for (const { change, resolved, level: own } of this.#pending) {
      if (undoing !== undefined) {
        if (own !== undefined && !taken.has(own.level)) undoing = carryOver(undoing, change.edits, "left");
      } else if (own?.level === level) {
        undoing = undoingOf(resolved, change.edits, before);
      } else {
        before = before.apply({ steps: resolved, edits: change.edits });
      }
    }
    return undoing ?? { edits: [], inverses: [] };
  }

  /** Sends the next change, if none is in flight and the transport has taken what it was given. */
  #submit(): void {
    if (!this.#welcomed || this.#incomingSnapshot !== undefined || this.#inFlight !== undefined) return;
    if (this.#writing || this.#nowUs < this.#submitAtUs) return;
    const first = this.#pending[0];
    if (first === undefined) return;
    const seq = ++this.#seq;
    const operation = { kind: "operation", seq, base: this.#revision, change: first.change } as const;
    const frame = encodeClientMessage(operation, this.#limits!.frameBytes);
    this.#inFlight = { seq, frame };
    this.#outgoing.push(frame);
    if (this.#place !== undefined) this.#placeIsNews = true;
    this.#outputs.push({ kind: "keep" });
  }

  // Presence --------------------------------------------------------------------------------------------------

  /** Says where we are, once the server can know the text that we see. */
  #announcePlace(): void {
    if (!this.#placeIsNews || !this.#welcomed || this.#confirmed === undefined || this.#writing) return;
    if (this.#incomingSnapshot !== undefined || this.#revision < this.#welcomeRevision) return;
    if (this.#pending.length > (this.#inFlight === undefined ? 0 : 1)) return;
    this.#placeIsNews = false;
    const seq = this.#inFlight?.seq ?? this.#committedSeq;
    const place = this.#place && { ...this.#place, revision: this.#revision, seq };
    this.#outgoing.push(encodeClientMessage({ kind: "presence", place }));
  }

  #otherPresence({ site, participant, gone, place }: OtherPresence): void {
    const known = participant ?? this.#peers.get(site)?.participant;
    if (gone || known === undefined) {
      this.#peers.delete(site);
    } else {
      // It stands in the stream behind the entry whose text its positions count in.
      this.#peers.set(site, { site, participant: known, node: place?.node, ranges: place?.ranges ?? [] });
    }
    this.#event({ kind: "presence", site });
  }

  /** Carries the places of others over an entry. */
  #movePeers(edits: readonly Edit[]): void {
    for (const peer of this.#peers.values()) {
      const op = peer.node === undefined ? undefined : opOn(edits, peer.node);
      if (op !== undefined) this.#peers.set(peer.site, { ...peer, ranges: moved(peer.ranges, op) });
    }
  }

  // Telling ---------------------------------------------------------------------------------------------------

  #edited(edits: readonly Edit[], origin: Origin, site: number): void {
    for (const { node, op } of edits) {
      if (op.length === 0) continue;
      if (this.#place?.node === node) this.#place = { node, ranges: moved(this.#place.ranges, op) };
      this.#event({ kind: "edited", node, op, origin, site });
    }
  }

  #treeEvents(before: Workspace, touched: readonly NodeId[], origin: Origin, site: number): void {
    if (touched.length === 0) return;
    const changes: TreeChange[] = [];
    for (const id of new Set(touched)) {
      const change = treeChange(before.node(id), this.#view.node(id)!);
      if (change !== undefined) changes.push(change);
    }
    if (changes.length > 0) this.#event({ kind: "tree", changes, origin, site });
  }

  // What an earlier run left ----------------------------------------------------------------------------------

  #restore(unsent: Unsent): void {
    assert(unsent.workspace === this.#options.workspace, "unsent work is of the workspace that is opened");
    this.#session = unsent.session;
    this.#site = unsent.site;
    this.#epoch = unsent.epoch;
    this.#revision = unsent.revision;
    this.#seq = unsent.seq;
    this.#counter = unsent.counter;
    this.#pending = unsent.changes.map(({ change, atomic }) => ({
      numbers: [this.#nextNumber++],
      change,
      resolved: emptyChange.steps,
      atomic,
      group: ++this.#group,
      level: undefined,
      bytes: bytesOf(change),
    }));
    if (unsent.inFlight !== undefined) this.#inFlight = { seq: unsent.seq, frame: fromHex(unsent.inFlight) };
  }
}

/** What takes back those edits that fit `base`. */
function inverseOf(edits: readonly Edit[], base: Workspace): readonly Edit[] {
  return edits.filter(({ node, op }) =>
    base.node(node) !== undefined && faultOf(op, base.text(node)) === undefined
  )
    .map(({ node, op }) => ({ node, op: invert(op, base.text(node)) }));
}

function treeChange(before: Node | undefined, after: Node): TreeChange | undefined {
  const one = before === undefined || before.tombstone !== undefined ? undefined : before;
  const two = after.tombstone !== undefined ? undefined : after;
  if (one?.parent === two?.parent && one?.name === two?.name) return undefined;
  return {
    node: after.id,
    kind: after.kind,
    before: one && { parent: one.parent, name: one.name },
    after: two && { parent: two.parent, name: two.name },
  };
}

function gone({ id, kind, parent, name }: Node): TreeChange {
  return { node: id, kind, before: { parent, name }, after: undefined };
}

function renumbered(step: Step, now: (id: NodeId) => NodeId): Step {
  const node = now(step.node);
  switch (step.kind) {
    case "create":
    case "move":
      return { ...step, node, parent: now(step.parent) };
    case "rename":
      return { ...step, node };
    case "remove":
      return { ...step, node, tombstone: now(step.tombstone) };
    case "restore":
      return step.tombstone === undefined
        ? { ...step, node }
        : { ...step, node, tombstone: now(step.tombstone) };
  }
}

function sameSteps(a: readonly Step[], b: readonly Step[]): boolean {
  return a === b || (a.length === b.length && a.every((step, i) => sameStep(step, b[i]!)));
}

function sameStep(a: Step, b: Step): boolean {
  if (a.kind !== b.kind || a.node !== b.node) return false;
  switch (a.kind) {
    case "create":
      return b.kind === "create" && a.parent === b.parent && a.name === b.name && a.type === b.type;
    case "move":
      return b.kind === "move" && a.parent === b.parent;
    case "rename":
      return b.kind === "rename" && a.name === b.name;
    case "remove":
    case "restore":
      return (b.kind === "remove" || b.kind === "restore") && a.tombstone === b.tombstone;
  }
}

function moved(ranges: readonly Range[], op: TextOp): readonly Range[] {
  return ranges.map(({ anchor, head }) => ({
    anchor: transformPosition(anchor, op, "left"),
    head: transformPosition(head, op, "left"),
  }));
}

/** At least as many bytes as the frame of a change has. */
function bytesOf({ steps, edits }: Change): number {
  let bytes = 64;
  for (const step of steps) bytes += 48 + ("name" in step ? step.name.length * 3 : 0);
  for (const { op } of edits) {
    bytes += 24;
    for (const { insert } of op) bytes += 24 + utf8Length(insert);
  }
  return bytes;
}

/** A whole number below 2^32 that depends on both and looks like chance. */
function mixed(seed: number, counter: number): number {
  let x = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) + Math.imul(counter + 1, 0xc2b2ae35);
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
  x = Math.imul(x ^ (x >>> 12), 0x297a2d39);
  return (x ^ (x >>> 15)) >>> 0;
}

function toHex(bytes: Uint8Array): string {
  let digits = "";
  for (const byte of bytes) digits += byte.toString(16).padStart(2, "0");
  return digits;
}

function fromHex(digits: string): Uint8Array {
  const bytes = new Uint8Array(digits.length >> 1);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}
