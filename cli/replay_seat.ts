/**
 * One agent of a trace at its client, and a connection that is held in both directions.
 *
 * Entries and acknowledgements that come in wait until the client is to hear them; everything else goes on at once.
 * A client submits when its last change is acknowledged and its transport has drained: that one has can be kept
 * from it, until all has been typed that is to become one change.
 *
 * @module
 */

import { ClientCore, type ClientEvent, type ClientInput, type Problem } from "../client/core/mod.ts";
import { assert, type Change, editOf, emptyChange, type NodeId, rootId } from "../ot/mod.ts";
import { encodeServerMessage, frameBytesMax, joined, partType, type ServerMessage } from "../proto/mod.ts";
import { PairIndex, type Transaction } from "../sim/trace.ts";
import { ConnectionError, type Link, type LinkEnd, type ReplayServer } from "./replay_link.ts";

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

export class Seat implements LinkEnd {
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
      assert(bytes !== undefined, "what is to be heard has been sent");
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
    assert(this.#write !== "known", "the client waits for its transport since it sent its last change");
  }

  /** Lets the client submit what has been typed, or will be next. */
  letSubmit(): void {
    this.#gathering = false;
    this.#tellTaken();
  }

  type({ patches }: Transaction, index: number): void {
    this.change(editOf(this.#node, this.#pairs.take(patches, index)));
    if (this.#failure !== undefined) throw new ConnectionError(`txns[${index}]: ${this.#failure.message}`);
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

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure;
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
