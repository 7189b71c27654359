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

import { ClientCore, type ClientInput } from "../client/core/mod.ts";
import { assert, editOf, type NodeId, replace, rootId } from "../ot/mod.ts";
import { encodeServerMessage, FrameReader, sealed } from "../proto/mod.ts";
import { scheduleOf } from "../sim/schedule.ts";
import { PairIndex, type Trace, type Transaction } from "../sim/trace.ts";
import type { WithoutTime } from "../sim/without_time.ts";
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

/**
 * Replays a trace in a workspace.
 *
 * @throws {TraceError} if the trace is malformed, or no log gives it.
 * @throws {ConnectionError} if the server does not play along.
 */
export async function replayTrace(trace: Trace, server: ReplayServer, workspace: string): Promise<Replayed> {
  const { changes, heardMin, heardMax } = scheduleOf(trace);
  const room = new Waiting(server);
  const seats: Seat[] = [];
  const all: Seat[] = [];
  const join = async (name: string) => {
    const seat = new Seat(server, workspace, name, all.length);
    all.push(seat);
    await seat.connect();
    await room.until(() => seat.core.phase === "online", seat);
    return seat;
  };
  try {
    for (let agent = 0; agent < trace.agents; agent++) seats.push(await join(`agent ${agent}`));
    const node = await plant(trace, seats, room);
    for (const seat of seats) seat.hold(node, new PairIndex(trace.startContent));

    /** Of each change: the revision that it made. */
    const revisions: number[] = [];
    const begun = performance.now();
    for (const { agent, transactions } of changes) {
      const seat = seats[agent]!;
      const last = seat.acknowledged;
      const together = transactions.length > 1;
      if (together) seat.keepFromSubmitting();
      for (const index of transactions) {
        const revision = revisions[heardMin[index]! - 1] ?? 0;
        if (seat.received < revision) await room.until(() => seat.received >= revision, seat);
        seat.hear(revision);
        const unseen = revisions[heardMax[index]!] ?? Infinity;
        assert(seat.core.revision < unseen, `agent ${agent} has not seen more than it had at txns[${index}]`);
        if (!together) {
          seat.hear(last);
          seat.letSubmit();
        }
        seat.type(trace.transactions[index]!, index);
      }
      if (together) {
        seat.hear(last);
        const pieces = seat.core.unsent()?.changes.length;
        if (pieces !== 1) {
          const [first, end] = [transactions[0]!, transactions[transactions.length - 1]!];
          throw new ConnectionError(
            `txns[${first}] to txns[${end}] of agent ${agent} have to be one change, which is too long for that`,
          );
        }
        seat.letSubmit();
      }
      if (seat.acknowledged === last) await room.until(() => seat.acknowledged > last, seat);
      revisions.push(seat.acknowledged);
    }
    const head = revisions[revisions.length - 1] ?? 0;
    for (const seat of seats) {
      if (seat.received < head) await room.until(() => seat.received >= head, seat);
      seat.hear(head);
    }
    const seconds = (performance.now() - begun) / 1000;

    const texts = seats.map((seat, agent) => ({ holder: `agent ${agent}`, text: seat.textOf(node) }));
    for (const holder of ["the first late joiner", "the second late joiner"]) {
      const seat = await join(holder);
      await room.until(() => seat.core.revision >= head, seat);
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
async function plant({ startContent }: Trace, seats: readonly Seat[], room: Waiting): Promise<NodeId> {
  const author = seats[0]!;
  const node = author.core.nextId(0);
  const submit = async (change: Parameters<Seat["change"]>[0]) => {
    const last = author.acknowledged;
    author.letSubmit();
    author.change(change);
    await room.until(() => author.acknowledged > last, author);
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
  for (const seat of seats) await room.until(() => seat.core.revision >= author.acknowledged, seat);
  return node;
}

/** Waits for what the server says, and sees what went wrong meanwhile. */
class Waiting {
  constructor(readonly server: ReplayServer) {}

  async until(condition: () => boolean, seat: Seat): Promise<void> {
    for (;;) {
      if (seat.failure !== undefined) throw seat.failure;
      if (condition()) return;
      await this.server.wait();
    }
  }
}

/** The types of the frames that bring an entry of the log, and of those among them that acknowledge an own one. */
const entryType = typeOf({
  kind: "entry",
  revision: 0,
  site: 0,
  seq: 0,
  time: 0,
  change: { steps: [], edits: [] },
  author: undefined,
});
const acknowledgeType = typeOf({ kind: "acknowledge", seq: 0, revision: 0, time: 0, steps: [], notices: [] });
const refuseType = typeOf({ kind: "refuse", seq: 0, code: "", message: "", retryMs: 0, nodes: [] });

function typeOf(message: Parameters<typeof encodeServerMessage>[0]): number {
  return encodeServerMessage(message)[4]!;
}

/** One agent at its client, with what the server has sent it. */
class Seat implements LinkEnd {
  readonly core: ClientCore;
  readonly #server: ReplayServer;
  readonly #name: string;
  /** The newest revision whose frame has come in, whether the client has heard it or not. */
  received = 0;
  /** The newest revision of its own whose acknowledgement has come in. */
  acknowledged = 0;
  /** What went wrong, if anything has. */
  failure: ConnectionError | undefined;

  #link: Link | undefined;
  #reader = new FrameReader();
  /** Frames that the client has not heard yet, from `#next` on. */
  #held: Uint8Array[] = [];
  #next = 0;
  #holding = false;
  /** Whether the transport still works on the last write; has taken it, but the client does not know; or it knows. */
  #write: "under way" | "taken" | "known" = "known";
  /** Whether the client is to know as soon as the transport has taken it. */
  #telling = false;
  /** Whether transactions are typed that are to become one change. */
  #gathering = false;
  #refused = false;
  #leaving = false;
  #node: NodeId = rootId;
  #pairs = new PairIndex();

  constructor(server: ReplayServer, workspace: string, name: string, seed: number) {
    this.#server = server;
    this.#name = name;
    this.core = new ClientCore({
      workspace,
      participant: { name, kind: "ci" },
      seed,
      // What is typed is one group of undo however long it takes, so that all of it may become one change.
      pauseUs: Number.MAX_SAFE_INTEGER,
    });
  }

  async connect(): Promise<void> {
    this.#tell({ kind: "start" });
    this.#link = await this.#server.connect(this);
    this.#tell({ kind: "opened" });
  }

  /** From now on, entries wait until they are to be heard. */
  hold(node: NodeId, pairs: PairIndex): void {
    this.#holding = true;
    this.#node = node;
    this.#pairs = pairs;
    this.received = this.core.revision;
  }

  /** Lets the client hear what has come in, up to a revision. */
  hear(revision: number): void {
    while (this.core.revision < revision) {
      const frame = this.#held[this.#next++];
      assert(frame !== undefined, `${this.#name} has been sent revision ${revision}`);
      this.#tell({ kind: "received", bytes: frame });
    }
    if (this.#next === this.#held.length && this.#next > 0) {
      this.#held = [];
      this.#next = 0;
    }
  }

  type({ patches }: Transaction, index: number): void {
    this.change(editOf(this.#node, this.#pairs.take(patches, () => `txns[${index}]`)));
    if (this.failure !== undefined) throw new ConnectionError(`txns[${index}]: ${this.failure.message}`);
  }

  change(change: Extract<ClientInput, { kind: "change" }>["change"]): void {
    this.#tell({ kind: "change", change, atomic: false });
  }

  /** What is typed from now on stays here until `letSubmit`. */
  keepFromSubmitting(): void {
    this.#gathering = true;
    this.#telling = false;
    // A client that waits for its transport sends nothing else: it has something to wait for, mostly.
    if (this.#write === "known") this.#tell({ kind: "select", ranges: [] });
  }

  /** Lets the client know that its transport has drained, as soon as it has. */
  letSubmit(): void {
    this.#gathering = false;
    this.#letKnow();
  }

  textOf(node: NodeId): string {
    return this.core.view.text(node).toString();
  }

  leave(): void {
    this.#leaving = true;
    if (this.failure === undefined && this.#link !== undefined) this.#tell({ kind: "leave" });
    this.#link?.close();
  }

  received_(bytes: Uint8Array): void {
    void bytes;
  }

  taken(): void {
    this.#write = "taken";
    if (this.#telling) this.#letKnow();
  }

  ended(reason: string): void {
    if (!this.#leaving) this.failure ??= new ConnectionError(`${reason} of ${this.#name}`);
  }

  due(): void {
    this.#tell({ kind: "due" });
    // A change that came too fast is sent again when its time has come, and the client may write.
    if (this.#refused && !this.#gathering) this.#letKnow();
  }

  #letKnow(): void {
    this.#telling = this.#write === "under way";
    if (this.#write !== "taken") return;
    this.#write = "known";
    this.#tell({ kind: "drained" });
  }
}
