/**
 * The machine that a simulated client runs on: its process with the real core, the store of its unsent work, its
 * clock, and the lid that can be closed.
 *
 * @module
 */

import {
  ClientCore,
  type ClientEvent,
  type ClientInput,
  type ClientOptions,
  type ClientOutput,
  type Unsent,
} from "../client/core/mod.ts";
import type { Grant } from "../server/core/mod.ts";
import type { Quality } from "./link.ts";
import type { Stream } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";
import { type WithoutTime, withTime } from "./without_time.ts";

/** What a client sees of a connection. */
export interface ClientLine {
  send(bytes: Uint8Array): void;
  /** The client wants no more of it. */
  end(): void;
  /** The process is gone. */
  drop(): void;
}

/** Who makes connections, and who watches. */
export interface ClientWorld {
  /** Leads to `opened` or to `closed`, at some time. */
  open(host: ClientHost, attempt: number): void;
  started(host: ClientHost): void;
  stepped(host: ClientHost, input: ClientInput, outputs: readonly ClientOutput[]): void;
}

export class ClientHost {
  core: ClientCore;
  /** "new" has not started; "gone" will never again. */
  state: "new" | "up" | "down" | "gone" = "new";
  line: ClientLine | undefined;
  /** What its token gives it now; undefined where nobody needs one. */
  grant: Grant | undefined;
  /** Whether its token is good for nothing any more, and it will get no other. */
  isBarred = false;
  options: ClientOptions;
  /** What the store holds. */
  kept: Unsent | undefined;
  /** Of what it held before, something now and then. */
  keptEarlier: Unsent | undefined;
  /** The bytes of blobs that the store holds: one that was put back to what it had been has those of that time too. */
  #keptContents: ReadonlyMap<string, Uint8Array> = new Map();
  /** Counts the runs of the process. */
  life = 0;
  readonly #scheduler: Scheduler;
  readonly #draws: Stream;
  readonly #world: ClientWorld;
  #originUs: number;
  #inbox: WithoutTime<ClientInput>[] = [];
  #pausedUntilUs = 0;
  #wake = 0;
  #lastUs = 0;
  #keeps = 0;
  /** Counts the connections asked for: what became of an earlier one is of no interest. */
  #attempt = 0;

  constructor(
    readonly index: number,
    readonly name: string,
    options: ClientOptions,
    /** The server it turns to. */
    public server: number,
    public quality: Quality,
    scheduler: Scheduler,
    draws: Stream,
    world: ClientWorld,
    originUs: number,
  ) {
    this.options = options;
    this.core = new ClientCore(options);
    this.#scheduler = scheduler;
    this.#draws = draws;
    this.#world = world;
    this.#originUs = originUs;
  }

  get workspace(): string {
    return this.options.workspace;
  }

  /** Whether somebody sits there and can do something. */
  get isAwake(): boolean {
    return this.state === "up" && this.#pausedUntilUs <= this.#scheduler.nowUs;
  }

  /** Starts a process: with what the store holds, or as somebody who comes for the first time. */
  start(unsent: Unsent | undefined): void {
    const { workspace, participant, seed, pauseUs, accepted, token, lazy, signingKey } = this.options;
    this.options = {
      workspace,
      participant,
      seed: seed + 1000,
      ...(pauseUs === undefined ? {} : { pauseUs }),
      ...(accepted === undefined ? {} : { accepted }),
      ...(token === undefined ? {} : { token }),
      ...(lazy === undefined ? {} : { lazy }),
      ...(signingKey === undefined ? {} : { signingKey }),
      // As JSON, the way a store keeps it.
      ...(unsent === undefined ? {} : {
        unsent: JSON.parse(JSON.stringify(unsent)) as Unsent,
        contents: [...this.#keptContents].map(([hash, bytes]) => ({ hash, bytes })),
      }),
    };
    this.core = new ClientCore(this.options);
    this.kept = unsent;
    this.keptEarlier = undefined;
    this.state = "up";
    this.life++;
    this.#wake++;
    this.#world.started(this);
    this.input({ kind: "start" });
  }

  /** The process dies: the store keeps what it held. */
  crash(): void {
    if (this.state !== "up") return;
    this.state = "down";
    this.life++;
    this.#wake++;
    this.#attempt++;
    this.#inbox = [];
    this.#pausedUntilUs = 0;
    const { line } = this;
    this.line = undefined;
    line?.drop();
  }

  /** Says goodbye. */
  leave(): void {
    if (this.state !== "up") return;
    this.resume();
    this.input({ kind: "leave" });
    this.state = "gone";
    this.life++;
    this.#wake++;
    this.#attempt++;
  }

  pause(forUs: number): void {
    if (this.state !== "up") return;
    const until = this.#scheduler.nowUs + forUs;
    if (until <= this.#pausedUntilUs) return;
    this.#pausedUntilUs = until;
    const { life } = this;
    this.#scheduler.at(until, this.#draws.word(), () => {
      if (life === this.life) this.#goOn();
    });
  }

  resume(): void {
    if (this.#pausedUntilUs <= this.#scheduler.nowUs) return;
    this.#pausedUntilUs = 0;
    this.#goOn();
  }

  /** Its clock jumps ahead. */
  jump(byUs: number): void {
    this.#originUs += byUs;
  }

  /** A connection that it asked for is there. */
  opened(attempt: number, line: ClientLine): boolean {
    if (attempt !== this.#attempt || this.state !== "up") return false;
    this.line = line;
    this.input({ kind: "opened" });
    return true;
  }

  /** A connection that it asked for did not come. */
  refused(attempt: number): void {
    if (attempt === this.#attempt && this.state === "up") this.input({ kind: "closed" });
  }

  received(line: ClientLine, bytes: Uint8Array): void {
    if (this.line === line) this.input({ kind: "received", bytes, nowUs: 0 });
  }

  drained(line: ClientLine): void {
    if (this.line === line) this.input({ kind: "drained", nowUs: 0 });
  }

  closed(line: ClientLine): void {
    if (this.line !== line) return;
    this.line = undefined;
    this.input({ kind: "closed" });
  }

  /** Gives the core something that has happened, now or when the lid is open again. */
  input(input: WithoutTime<ClientInput>): readonly ClientEvent[] {
    if (this.state !== "up") return [];
    if (this.#pausedUntilUs > this.#scheduler.nowUs) {
      this.#inbox.push(input);
      return [];
    }
    return this.#step(input);
  }

  #goOn(): void {
    const { life } = this;
    while (this.#inbox.length > 0 && life === this.life) this.#step(this.#inbox.shift()!);
  }

  #step(input: WithoutTime<ClientInput>): readonly ClientEvent[] {
    // What came on a connection that was given up while the lid was closed is for nobody.
    if ((input.kind === "received" || input.kind === "drained") && this.line === undefined) return [];
    const timed = withTime<ClientInput>(input, this.#nowUs());
    const outputs = this.core.step(timed);
    let events: ClientEvent[] | undefined, isKept = false;
    for (const output of outputs) {
      switch (output.kind) {
        case "open":
          this.#world.open(this, ++this.#attempt);
          break;
        case "send":
          this.line?.send(output.bytes);
          break;
        case "close": {
          const { line } = this;
          this.line = undefined;
          line?.end();
          break;
        }
        case "wake":
          this.#wakeAt(output.atUs);
          break;
        case "keep":
          if (this.#keeps++ % 4 === 0) this.keptEarlier = this.kept;
          // Told twice of one input, there is nothing newer to keep the second time.
          if (!isKept) {
            this.kept = this.core.unsent();
            this.#keepContents();
          }
          isKept = true;
          break;
        case "event":
          if (events === undefined) events = [output.event];
          else events.push(output.event);
      }
    }
    this.#world.stepped(this, timed, outputs);
    return events ?? [];
  }

  #keepContents(): void {
    const contents = this.core.contents();
    if (contents.size > 0) this.#keptContents = new Map([...this.#keptContents, ...contents]);
  }

  #wakeAt(atUs: number): void {
    const wake = ++this.#wake;
    const inUs = Math.max(0, atUs - this.#nowUs());
    this.#scheduler.at(this.#scheduler.nowUs + inUs, this.#draws.word(), () => {
      if (wake === this.#wake) this.input({ kind: "due" });
    });
  }

  #nowUs(): number {
    return this.#lastUs = Math.max(this.#lastUs, this.#originUs + this.#scheduler.nowUs);
  }
}
