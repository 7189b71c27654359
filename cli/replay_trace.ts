/**
 * Replays an editing trace through the real client core and a server: each agent's transactions are typed into
 * a client of that agent's own, which has heard by then exactly what the trace says the agent had seen.
 *
 * The schedule says in which order changes stand in the log. So they are made in that order, one after the other:
 *
 *     hear what had been seen ─► type ─► … ─► hear the own last acknowledgement ─► let the transport drain
 *
 * Entries and acknowledgements that come in are held until somebody is to hear them; everything else goes on at
 * once. A client submits when its last change is acknowledged and its transport has drained: that one has is kept
 * from it until all transactions of its next change have been typed.
 *
 * @module
 */

import { ClientCore, type ClientEvent, type ClientInput, type Problem } from "../client/core/mod.ts";
import { assert, type Change, editOf, emptyChange, type NodeId, replace, rootId } from "../ot/mod.ts";
import { encodeServerMessage, frameBytesMax, partType, type ServerMessage } from "../proto/mod.ts";
import { type Grain, scheduleOf } from "../sim/schedule.ts";
import { PairIndex, type Trace, type Transaction } from "../sim/trace.ts";
import { ConnectionError, type Link, type LinkEnd, type ReplayServer } from "./replay_link.ts";

/** A text that somebody holds at the end. */
export interface HeldText {
  readonly holder: string;
  readonly text: string;
}

export interface Replayed {
  /** Patches typed. */
  readonly edits: number;
  /** Changes that they were submitted in. */
  readonly changes: number;
  /** Of the workspace, at the end. */
  readonly revisions: number;
  /** From the first edit until everybody had heard the last one. */
  readonly seconds: number;
  /** Of all clients, of two that joined after it was over, and of the log, where it is at hand. */
  readonly texts: readonly HeldText[];
}

const fileName = "trace.txt";
/** How much of the text before the first edit goes into one change, in UTF-16 code units. */
const pieceLength = 100_000;

export interface ReplayOptions {
  /** In which the file is made. */
  readonly workspace: string;
  readonly grain: Grain;
}

/**
 * Replays a trace against a server.
 *
 * @throws {TraceError} if the trace is malformed, or no log gives it.
 * @throws {ConnectionError} if the server does not play along.
 */
export async function replayTrace(
  trace: Trace,
  server: ReplayServer,
  { workspace, grain }: ReplayOptions,
): Promise<Replayed> {
  const { changes, heardMin, heardMax } = scheduleOf(trace, grain);
  const all: Seat[] = [];
  const join = async (name: string) => {
    const seat = new Seat(server, workspace, name, all.length);
    all.push(seat);
    await seat.connect();
    await seat.until(() => seat.core.phase === "online");
    return seat;
  };
  try {
    // Ties go by site, and sites by who came first.
    const seats: Seat[] = [];
    for (let agent = 0; agent < trace.agents; agent++) seats.push(await join(`agent ${agent}`));
    const node = await plant(trace, seats);
    for (const seat of seats) seat.hold(node, new PairIndex(trace.startContent));

    /** Of each change: the revision that it made. */
    const revisions: number[] = [];
    const begun = performance.now();
    for (const { agent, transactions } of changes) {
      const seat = seats[agent]!;
      const last = seat.acknowledged;
      const unseen = (index: number) => revisions[heardMax[index]!] ?? Infinity;
      // Where the acknowledgement may come before what is typed, nothing has to be kept back.
      const gathers = transactions.length > 1 || last > unseen(transactions[0]!);
      if (gathers) seat.gather();
      for (const index of transactions) {
        const revision = Math.max(revisions[heardMin[index]! - 1] ?? 0, gathers ? 0 : last);
        if (seat.newest < revision) await seat.until(() => seat.newest >= revision);
        seat.hear(revision);
        if (!gathers) seat.letSubmit();
        assert(seat.core.revision < unseen(index), `agent ${agent} has not seen too much at txns[${index}]`);
        seat.type(trace.transactions[index]!, index);
      }
      if (gathers) {
        seat.hear(last);
        if (seat.core.unsent()?.changes.length !== 1) {
          const [first, end] = [transactions[0]!, transactions[transactions.length - 1]!];
          throw new ConnectionError(
            `txns[${first}] to txns[${end}] of agent ${agent} have to be one change, which is too long for that`,
          );
        }
        seat.letSubmit();
      }
      if (seat.acknowledged === last) await seat.until(() => seat.acknowledged > last);
      revisions.push(seat.acknowledged);
    }
    const head = revisions[revisions.length - 1] ?? 0;
    for (const seat of seats) {
      await seat.until(() => seat.newest >= head);
      seat.hear(head);
    }
    const seconds = (performance.now() - begun) / 1000;

    const texts = seats.map((seat, agent) => ({ holder: `agent ${agent}`, text: seat.textOf(node) }));
    for (const holder of ["the first late joiner", "the second late joiner"]) {
      const seat = await join(holder);
      await seat.until(() => seat.core.revision >= head);
      texts.push({ holder, text: seat.textOf(node) });
    }
    const state = server.state();
    if (state !== undefined) {
      texts.push({ holder: "the server's log", text: state.workspace.text(node).toString() });
    }
    const edits = trace.transactions.reduce((sum, { patches }) => sum + patches.length, 0);
    return { edits, changes: changes.length, revisions: seats[0]!.core.revision, seconds, texts };
  } finally {
    for (const seat of all) seat.leave();
  }
}

/** Makes the file, with what stands in it before the first edit, and waits until everybody has it. */
async function plant({ startContent }: Trace, seats: readonly Seat[]): Promise<NodeId> {
  const author = seats[0]!;
  const node = author.core.nextId(0);
  const submit = async (change: Change) => {
    const last = author.acknowledged;
    author.letSubmit();
    author.change(change);
    await author.until(() => author.acknowledged > last);
  };
  await submit({
    steps: [{ kind: "create", node, parent: rootId, name: fileName, type: "text" }],
    edits: [],
  });
  for (let from = 0; from < startContent.length;) {
    let to = Math.min(startContent.length, from + pieceLength);
    // A pair is never cut.
    if (to < startContent.length && (startContent.charCodeAt(to) & 0xfc00) === 0xdc00) to++;
    await submit(editOf(node, replace(from, 0, startContent.slice(from, to))));
    from = to;
  }
  for (const seat of seats) await seat.until(() => seat.core.revision >= author.acknowledged);
  return node;
}

/** The types of the frames that are told apart here. */
const frameTypes = {
  entry: typeOf({
    kind: "entry",
    revision: 0,
    site: 0,
    seq: 0,
    time: 0,
    change: emptyChange,
    author: undefined,
  }),
  acknowledge: typeOf({ kind: "acknowledge", seq: 0, revision: 0, time: 0, steps: [], notices: [] }),
  refuse: typeOf({ kind: "refuse", seq: 0, code: "", message: "", retryMs: 0, nodes: [] }),
  ping: typeOf({ kind: "ping", value: 0n }),
};

function typeOf(message: ServerMessage): number {
  return encodeServerMessage(message)[4]!;
}

/** One agent at its client, and what the server has sent it. */
class Seat implements LinkEnd {
  readonly core: ClientCore;
  /** The newest revision that has come in, whether the client has heard it or not. */
  newest = 0;
  /** The newest revision of its own of which it has come in that it was acknowledged. */
  acknowledged = 0;

  readonly #server: ReplayServer;
  readonly #name: string;
  #link: Link | undefined;
  #failure: ConnectionError | undefined;
  #leaving = false;

  readonly #splitter = new FrameSplitter();
  /** From then on, entries and acknowledgements are held until they are to be heard. */
  #holding = false;
  /** Frames that are held, from `#next` on. */
  #held: Uint8Array[] = [];
  #next = 0;

  /** Whether the transport works on the last write; or has taken it; or the client has been told that it has. */
  #write: "under way" | "taken" | "known" = "known";
  /** Whether the client is to be told as soon as the transport has taken it. */
  #telling = false;
  /** Whether what is typed is not to be submitted yet. */
  #gathering = false;
  /** Whether the last change came too fast, and is sent again when the client sees fit. */
  #refused = false;

  #node: NodeId = rootId;
  #pairs = new PairIndex();

  constructor(server: ReplayServer, workspace: string, name: string, seed: number) {
    this.#server = server;
    this.#name = name;
    this.core = new ClientCore({
      workspace,
      participant: { name, kind: "ci" },
      seed,
      // What is typed is one group of undo however long it takes, so that all of it can be one change.
      pauseUs: Number.MAX_SAFE_INTEGER,
    });
  }

  async connect(): Promise<void> {
    this.#tell({ kind: "start", nowUs: this.#server.nowUs() });
    this.#link = await this.#server.connect(this);
    this.#tell({ kind: "opened", nowUs: this.#server.nowUs() });
  }

  /** Waits for what the server says. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      this.#check();
      await this.#server.wait();
    }
    this.#check();
  }

  /** From now on, nothing is heard but by `hear`, and this file is typed into. */
  hold(node: NodeId, pairs: PairIndex): void {
    this.#holding = true;
    this.#node = node;
    this.#pairs = pairs;
    this.newest = this.core.revision;
  }

  /** Lets the client hear what has come in, up to a revision. */
  hear(revision: number): void {
    if (this.core.revision >= revision) return;
    while (this.core.revision < revision) {
      const bytes = this.#held[this.#next++];
      assert(bytes !== undefined, `${this.#name} has been sent revision ${revision}`);
      this.#tell({ kind: "received", bytes, nowUs: this.#server.nowUs() });
      this.#check();
    }
    if (this.#next === this.#held.length) {
      this.#held = [];
      this.#next = 0;
    }
  }

  /** What is typed from now on is not submitted, until `letSubmit`. */
  gather(): void {
    this.#gathering = true;
    this.#telling = false;
    // A client submits nothing while it waits for its transport. If it does not, this gives it something to send.
    if (this.#write === "known") this.#tell({ kind: "select", ranges: [], nowUs: this.#server.nowUs() });
  }

  /** Lets the client submit what has been typed, or will be next. */
  letSubmit(): void {
    this.#gathering = false;
    this.#tellTaken();
  }

  type({ patches }: Transaction, index: number): void {
    this.change(editOf(this.#node, this.#pairs.take(patches, `txns[${index}]`)));
    this.#check(`txns[${index}]: `);
  }

  change(change: Change): void {
    this.#tell({ kind: "change", change, atomic: false, nowUs: this.#server.nowUs() });
  }

  textOf(node: NodeId): string {
    return this.core.view.text(node).toString();
  }

  leave(): void {
    this.#leaving = true;
    if (this.#link === undefined) return;
    this.#tell({ kind: "leave", nowUs: this.#server.nowUs() });
    this.#link.close();
  }

  // What happens on the link ------------------------------------------------------------------------------------

  received(bytes: Uint8Array): void {
    this.#splitter.push(bytes, (type, frames) => this.#frames(type, frames));
  }

  taken(): void {
    this.#write = "taken";
    if (this.#telling) this.#tellTaken();
  }

  ended(reason: string): void {
    if (!this.#leaving) this.#failure ??= new ConnectionError(`${this.#name}: ${reason}`);
  }

  due(): void {
    this.#tell({ kind: "due", nowUs: this.#server.nowUs() });
    if (this.#refused && !this.#gathering) this.#tellTaken();
  }

  #frames(type: number, bytes: Uint8Array): void {
    const acknowledges = type === frameTypes.acknowledge;
    if (this.#holding && (acknowledges || type === frameTypes.entry)) {
      this.#held.push(bytes);
      this.newest++;
    } else {
      this.#tell({ kind: "received", bytes, nowUs: this.#server.nowUs() });
      this.newest = Math.max(this.newest, this.core.revision);
      if (type === frameTypes.refuse) this.#refused = true;
      // A ping is answered at once, if nothing else would go out with the answer.
      if (type === frameTypes.ping && !this.#gathering) this.#tellTaken();
    }
    if (acknowledges) {
      this.acknowledged = this.newest;
      this.#refused = false;
    }
  }

  #tellTaken(): void {
    this.#telling = this.#write === "under way";
    if (this.#write !== "taken") return;
    this.#write = "known";
    this.#tell({ kind: "drained", nowUs: this.#server.nowUs() });
  }

  #tell(input: ClientInput): void {
    for (const output of this.core.step(input)) {
      switch (output.kind) {
        case "send":
          this.#write = "under way";
          this.#link?.send(output.bytes);
          break;
        case "wake":
          this.#link?.wakeAt(output.atUs);
          break;
        case "event":
          this.#event(output.event);
      }
    }
  }

  #event(event: ClientEvent): void {
    switch (event.kind) {
      case "edited":
        if (event.origin === "remote" && event.node === this.#node) this.#pairs.apply(event.op);
        return;
      case "settled":
        if (event.outcome.kind === "refused") this.#fail(event.outcome.problem);
        return;
      case "status":
        if (this.#leaving || (event.phase !== "offline" && event.phase !== "ended")) return;
        this.#fail(event.problem ?? { code: "closed", message: "The connection is lost" });
    }
  }

  #fail({ code, message }: Problem): void {
    this.#failure ??= new ConnectionError(`${this.#name}: ${code}: ${message}`);
  }

  #check(place = ""): void {
    if (this.#failure !== undefined) throw new ConnectionError(place + this.#failure.message);
  }
}

/**
 * Cuts a stream of bytes between messages, whose frames it leaves as they are.
 *
 * A long message comes in several frames, each of which says what it is a part of, and whether it is the last.
 */
class FrameSplitter {
  /** The start of a frame, and the parts of a message, that have come in so far. */
  #begun = new Uint8Array(0);
  #parts: Uint8Array[] = [];

  /** Calls `handle` for each message that the bytes complete, with its type and its frames. */
  push(bytes: Uint8Array, handle: (type: number, frames: Uint8Array) => void): void {
    if (this.#begun.length > 0) bytes = joined([this.#begun, bytes]);
    let at = 0;
    while (bytes.length - at >= 5) {
      const length =
        ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
      // The client knows what to say to a frame that is too long.
      const end = length > frameBytesMax ? bytes.length : at + 4 + length;
      if (end > bytes.length) break;
      const type = bytes[at + 4]!;
      const frame = at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end);
      at = end;
      if (type !== partType) {
        handle(type, frame);
        continue;
      }
      this.#parts.push(frame);
      if (frame[6] !== 1) continue;
      const parts = this.#parts;
      this.#parts = [];
      handle(frame[5]!, joined(parts));
    }
    if (at < bytes.length || this.#begun.length > 0) this.#begun = bytes.slice(at);
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
