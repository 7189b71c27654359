/**
 * Somebody who means harm: speaks to the server by hand, now like a client, now in bytes that mean nothing.
 *
 * What is valid of what it does counts as done by it; nothing else may change what anybody sees.
 *
 * @module
 */

import { sha256 } from "@noble/hashes/sha2.js";
import {
  type BlobContent,
  type Change,
  editOf,
  emptyChange,
  type NodeId,
  rootId,
  type Step,
  type TextOp,
} from "../ot/mod.ts";
import {
  type ClientMessage,
  decodeServerMessage,
  encodeClientMessage,
  frameBytesMax,
  FrameReader,
  type Operation,
  operationBytes,
  partType,
  ProtocolError,
  protocolVersion,
  type ServerMessage,
  signedMessage,
  Signer,
  signingHead,
  toHex,
} from "../proto/mod.ts";
import type { ClientLine } from "./client_host.ts";
import type { Quality } from "./link.ts";
import type { Caller, Connection, Network } from "./network.ts";
import type { Stream } from "./random.ts";
import type { HostilePlan, Trick } from "./scenario.ts";
import type { Scheduler } from "./scheduler.ts";
import type { ServerHost } from "./server_host.ts";

export class Hostile implements Caller {
  readonly name: string;
  readonly quality: Quality;
  #connection: Connection | undefined;
  #line: ClientLine | undefined;
  #reader = new FrameReader();
  #writing = false;
  #outgoing: Uint8Array[] = [];
  #welcomed = false;
  #site = 0;
  #seq = 0;
  #counter = 0;
  #revision = 0;
  #typed = 0;
  #next = 0;
  #acts = 0;
  #last: Uint8Array | undefined;
  readonly #files = new Set<NodeId>();
  #session = "";
  /** What it signs with, if it says that it does. */
  readonly #signer: Signer | undefined;

  constructor(
    index: number,
    readonly plan: HostilePlan,
    readonly scheduler: Scheduler,
    readonly draws: Stream,
    readonly network: Network,
    readonly server: ServerHost,
    /** Is told of every trick that is played. */
    readonly played: (trick: Trick) => void,
    /** Where everybody needs one. */
    readonly token: string | undefined,
  ) {
    this.name = `hostile ${index + 1}`;
    this.quality = plan.quality;
    if (plan.signs === true) this.#signer = new Signer("e1".repeat(32));
    scheduler.at(plan.joinUs, draws.word(), () => this.#act());
  }

  received(_line: ClientLine, bytes: Uint8Array): void {
    try {
      this.#reader.push(bytes, (type, payload) => this.#heard(decodeServerMessage(type, payload)));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#hangUp();
    }
  }

  drained(): void {
    this.#writing = false;
    this.#flush();
  }

  closed(): void {
    this.#line = undefined;
    this.#welcomed = false;
  }

  #heard(message: ServerMessage): void {
    switch (message.kind) {
      case "welcome":
        this.#welcomed = true;
        this.#session = message.session;
        this.#site = message.site;
        this.#seq = message.committed;
        this.#counter = message.counter;
        return;
      case "sync":
        this.#revision = Math.max(this.#revision, message.revision);
        for (const { id, kind } of message.nodes) if (kind === "text") this.#files.add(id);
        return;
      case "entry":
        this.#revision = message.revision;
        for (const step of message.change.steps) {
          if (step.kind === "create" && step.type === "text") this.#files.add(step.node);
        }
        return;
      case "acknowledge":
        this.#revision = message.revision;
        return;
      case "close":
        this.#hangUp();
    }
  }

  #act(): void {
    const { scheduler, plan, draws } = this;
    if (scheduler.nowUs >= plan.untilUs || this.#acts++ >= actsMax) return this.#hangUp();
    scheduler.at(scheduler.nowUs + draws.int(1, 2 * plan.everyUs), draws.word(), () => this.#act());
    if (this.#line === undefined) return this.#connect();
    const trick = plan.tricks[this.#next++ % plan.tricks.length]!;
    const needsWelcome = !early.has(trick);
    if (needsWelcome && !this.#welcomed) return;
    this.played(trick);
    this.#play(trick);
    this.#flush();
  }

  #connect(): void {
    if (this.server.state !== "up") return;
    this.#dial();
    if (early.has(this.plan.tricks[this.#next % this.plan.tricks.length]!) && this.draws.isOneIn(2)) return;
    this.#say(this.#hello("", ""));
    this.#flush();
  }

  #dial(): void {
    this.#reader = new FrameReader();
    this.#outgoing = [];
    this.#writing = false;
    const connection = this.network.connect(this, this.server);
    this.#connection = connection;
    this.#line = connection.callerLine;
  }

  #hangUp(): void {
    const line = this.#line;
    this.#line = undefined;
    this.#welcomed = false;
    line?.end();
  }

  #hello(session: string, epoch: string): ClientMessage {
    return {
      kind: "hello",
      version: protocolVersion,
      workspace: this.plan.workspace,
      participant: { name: this.name, kind: "agent" },
      session,
      epoch,
      revision: this.#revision,
      snapshot: false,
      accepted: false,
      attempt: 0,
      ...this.token === undefined ? {} : { token: this.token },
      ...this.#signer === undefined ? {} : { key: this.#signer.key },
      lazy: false,
      loaded: [],
      packed: false,
    };
  }

  #play(trick: Trick): void {
    const { draws } = this;
    const file = this.#files.size > 0 ? draws.pick([...this.#files]) : rootId;
    switch (trick) {
      case "random bytes":
        return this.#raw(Uint8Array.from({ length: draws.int(1, 200) }, () => draws.int(0, 255)));
      case "truncated frame": {
        const frame = encodeClientMessage({ kind: "ping", value: 7n });
        this.#raw(frame.subarray(0, draws.int(1, frame.length - 1)));
        this.#flush();
        return draws.isOneIn(2) ? this.#hangUp() : undefined;
      }
      case "frame at the limit":
        return this.#raw(frameOf(3, frameBytesMax - 1));
      case "frame past the limit":
        return this.#raw(frameOf(3, frameBytesMax));
      case "unknown type":
        return this.#raw(frameOf(draws.int(14, 255), draws.int(0, 20)));
      case "empty parts":
        for (let i = 0; i < 500; i++) this.#raw(Uint8Array.of(0, 0, 0, 3, partType, 1, 0));
        return;
      case "flood of pings":
        for (let i = 0; i < 2000; i++) this.#say({ kind: "ping", value: BigInt(i) });
        return;
      case "operation before hello":
        return this.#submit({ steps: [], edits: [] }, 0, 1);
      case "second hello":
        return this.#say(this.#hello("", ""));
      case "foreign session":
        this.#hangUp();
        if (this.server.state !== "up") return;
        this.#connect();
        return this.#say(this.#hello("somebody else's", "epoch 1"));
      case "out of bounds":
        return this.#edit(file, [{ at: 1_000_000, remove: 3, insert: "" }]);
      case "split pair":
        return this.#edit(file, [{ at: 1, remove: 1, insert: "" }, { at: 3, remove: 1, insert: "" }], false);
      case "future base":
        return this.#submit(emptyChange, this.#revision + 1000);
      case "ancient base":
        return this.#submit(emptyChange, 0);
      case "repeated seq":
        if (this.#last !== undefined) this.#raw(this.#last);
        return;
      case "changed resend":
        return this.#submit(emptyChange, this.#revision, Math.max(1, this.#seq));
      case "seq zero":
        return this.#submit(emptyChange, this.#revision, 0);
      case "unknown node":
        return this.#edit("4000000000:7", [{ at: 0, remove: 0, insert: "x" }]);
      case "forbidden name":
        return this.#step(
          this.#creation(draws.pick(["", ".", "..", "a/b", "a\0b", "e\u0301", "x".repeat(300)])),
        );
      case "foreign id":
        return this.#step({ ...this.#creation("stolen"), node: `1:${draws.int(1, 9)}` } as Step);
      case "move the root":
        return this.#step({ kind: "move", node: rootId, parent: file });
      case "not normal":
        return this.#edit(file, [{ at: 2, remove: 0, insert: "" }, { at: 1, remove: 0, insert: "x" }]);
      case "huge text":
        // One that is taken in, or one that is longer than any message may be.
        return this.#edit(file, [{ at: 0, remove: 0, insert: "\n".repeat(draws.pick([20_000, 9_000_000])) }]);
      case "valid change":
        return this.#valid(file);
      case "flood of changes":
        for (let i = 0; i < 30; i++) this.#valid(file);
        return;
      case "presence anywhere": {
        const ranges = [{ anchor: draws.int(0, 99999), head: draws.int(0, 99999) }];
        const revision = this.#revision + draws.int(-3, 3);
        return this.#say({
          kind: "presence",
          place: { node: file, revision: Math.max(0, revision), seq: draws.int(0, 99), ranges },
        });
      }
      case "unknown content":
        return this.#step(
          { ...this.#creation("unknown"), type: "blob", content: contentOf(draws.word(), 7) } as Step,
        );
      case "lying content": {
        // What is there, and said to be longer; or a name that is none.
        const content = draws.isOneIn(2) ? { hash: "0a", bytes: 1 } : { ...contentOf(1, 0), bytes: 99 };
        this.#say({ kind: "upload", content: new Uint8Array(0) });
        return this.#step({ ...this.#creation("lying"), type: "blob", content } as Step);
      }
      case "uploads at once":
        for (let i = 0; i < 5; i++) {
          this.#say({ kind: "upload", content: new Uint8Array(draws.int(0, 3000)) });
        }
        return;
      case "forged signature":
        return this.#submitSigned(file, () => Uint8Array.from({ length: 64 }, () => draws.int(0, 255)));
      case "foreign signature": {
        const place = { workspace: this.plan.workspace, session: this.#session, site: this.#site };
        const elsewhere = draws.pick([
          {},
          { workspace: "v" },
          { session: "somebody else's" },
          { site: this.#site + 1 },
        ]);
        const isOfAnother = Object.keys(elsewhere).length === 0 || this.#signer === undefined;
        const signer = isOfAnother ? new Signer("e2".repeat(32)) : this.#signer!;
        return this.#submitSigned(
          file,
          (operation) =>
            signer.sign(signedMessage(signingHead({ ...place, ...elsewhere }), operationBytes(operation))),
        );
      }
      case "borrowed signature": {
        const other = draws.pick<(operation: Operation) => Partial<Operation>>([
          ({ seq }) => ({ seq: seq + 1 }),
          ({ base }) => ({ base: base === 0 ? 1 : base - 1 }),
          () => ({ change: emptyChange }),
        ]);
        return this.#submitSigned(file, (operation) => this.#sign({ ...operation, ...other(operation) }));
      }
      case "unsigned change":
        return this.#submitSigned(file, () => undefined);
      case "ask like an administrator": {
        // With a token that says nothing of it, or in the midst of a session.
        if (draws.isOneIn(2)) {
          this.#hangUp();
          if (this.server.state !== "up") return;
          this.#dial();
          const { token } = this;
          this.#say({
            kind: "admin_hello",
            version: protocolVersion,
            ...token === undefined ? {} : { token },
          });
        }
        const { workspace } = this.plan;
        const kick = {
          kind: "kick",
          workspace,
          site: 0,
          name: "",
          connection: 0,
          holdMs: 1_000_000,
        } as const;
        this.#say({ kind: "admin_ask", id: 1, question: { kind: "clients", workspace } });
        return this.#say({ kind: "admin_ask", id: 2, question: kick });
      }
      case "never reads":
        this.#connection?.stall("down", Infinity);
    }
  }

  /** What anybody might do: a letter of its own at the start of a file. */
  #valid(file: NodeId): void {
    const letter = String.fromCodePoint(0xa0000 + this.#typed++);
    if (file === rootId) return this.#step(this.#creation(`mine ${this.#counter}`));
    this.#edit(file, [{ at: 0, remove: 0, insert: letter }]);
  }

  #creation(name: string): Step {
    return { kind: "create", node: `${this.#site}:${++this.#counter}`, parent: rootId, name, type: "text" };
  }

  #edit(node: NodeId, op: TextOp, marked = true): void {
    // Letters of its own, so that nobody takes them for somebody else's.
    const own = op.map((splice) => ({
      ...splice,
      insert: marked
        ? splice.insert.replaceAll("x", String.fromCodePoint(0xa0000 + this.#typed++))
        : splice.insert,
    }));
    this.#submit({ steps: [], edits: [{ node, op: own }] });
  }

  #step(step: Step): void {
    this.#submit({ steps: [step], edits: [] });
  }

  #submit(change: Change, base = this.#revision, seq = ++this.#seq): void {
    const operation = { kind: "operation", seq, base, change } as const;
    this.#send(operation, this.#signer === undefined ? undefined : this.#sign(operation));
  }

  /** A letter of its own at the start of a file, signed as `sign` does it. */
  #submitSigned(file: NodeId, sign: (operation: Operation) => Uint8Array | undefined): void {
    const letter = String.fromCodePoint(0xa0000 + this.#typed++);
    const change: Change = file === rootId
      ? { steps: [this.#creation(`signed ${this.#counter}`)], edits: [] }
      : editOf(file, [{ at: 0, remove: 0, insert: letter }]);
    const operation = { kind: "operation", seq: ++this.#seq, base: this.#revision, change } as const;
    this.#send(operation, sign(operation));
  }

  #sign(operation: Operation): Uint8Array {
    const place = { workspace: this.plan.workspace, session: this.#session, site: this.#site };
    const signer = this.#signer ?? new Signer("e2".repeat(32));
    return signer.sign(signedMessage(signingHead(place), operationBytes(operation)));
  }

  #send(operation: Operation, signature: Uint8Array | undefined): void {
    const signed = signature === undefined ? {} : { signature: toHex(signature) };
    this.#last = encodeClientMessage({ ...operation, ...signed }, frameBytesMax);
    this.#raw(this.#last);
  }

  #say(message: ClientMessage): void {
    this.#raw(encodeClientMessage(message));
  }

  #raw(bytes: Uint8Array): void {
    this.#outgoing.push(bytes);
  }

  #flush(): void {
    if (this.#line === undefined || this.#writing) return;
    const bytes = this.#outgoing.shift();
    if (bytes === undefined) return;
    this.#writing = true;
    this.#line.send(bytes);
  }
}

/** The content that some bytes are: a few zeros, and what a number gives. */
function contentOf(key: number, length: number): BlobContent {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = key >>> i;
  return { hash: toHex(sha256(bytes)), bytes: length };
}

/** A run is about those who work: so often, and no more, does somebody get in their way. */
const actsMax = 60;

/** What it can do before it is welcomed. */
const early: ReadonlySet<Trick> = new Set<Trick>([
  "random bytes",
  "truncated frame",
  "frame past the limit",
  "unknown type",
  "empty parts",
  "flood of pings",
  "operation before hello",
]);

/** A frame of a type with so many bytes that mean nothing. */
function frameOf(type: number, payloadBytes: number): Uint8Array {
  const length = payloadBytes + 1;
  const bytes = new Uint8Array(4 + length);
  bytes.set([length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255, type]);
  return bytes;
}
