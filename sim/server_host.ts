/**
 * The machine that a simulated server runs on: it carries out what the core asks for, as the shell does, and can be
 * paused, killed between any two outputs, and started again.
 *
 * @module
 */

import { type Input, type LogEntry, type Output, ServerCore, type Settings } from "../server/core/mod.ts";
import { codes, TokenSieve } from "../proto/mod.ts";
import type { TokenOffice } from "./token_office.ts";
import { type WithoutTime, withTime } from "./without_time.ts";
import { type AnswerPiece, piecesOf, unreadable } from "../server/history/mod.ts";
import type { SimulatedLog } from "./log.ts";
import type { Stream } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";

/** What a server sees of a connection. */
export interface ServerLine {
  readonly id: number;
  send(bytes: Uint8Array): void;
  /** The server wants no more of it. */
  end(): void;
  /** The machine is gone. */
  drop(): void;
}

/** Who watches what goes into a core and comes out. */
export interface ServerObserver {
  started(host: ServerHost): void;
  stepped(host: ServerHost, input: Input, outputs: readonly Output[]): void;
  reported(host: ServerHost, event: string, fields: Readonly<Record<string, string | number>>): void;
}

/** How long after its last words a connection is given up. */
const closeUs = 1_000_000;
/** After how long at least and at most it is seen that another server has appended. */
const lookUs = [1_000, 500_000] as const;
/** How long it takes to make a piece of an answer. */
const answerUs = [0, 20_000] as const;
/** How long it takes to look at a token. */
const authenticateUs = [0, 5_000] as const;

export class ServerHost {
  core: ServerCore;
  /** "stopping" until all is settled. */
  state: "up" | "stopping" | "down" = "up";
  readonly #scheduler: Scheduler;
  readonly #draws: Stream;
  readonly #log: SimulatedLog;
  readonly #originUs: number;
  readonly #lines = new Map<number, ServerLine>();
  /** The newest revision that this process was told of, by workspace. */
  readonly #known = new Map<string, number>();
  /** What is being answered, by connection. */
  readonly #answers = new Map<number, Iterator<AnswerPiece, void>>();
  /** Where everybody needs a token: what keeps it from the core, by connection. */
  readonly #sieves = new Map<number, TokenSieve>();
  /** What has happened while it stood still. */
  #inbox: WithoutTime<Input>[] = [];
  #pausedUntilUs = 0;
  /** Counts the runs of the process: what was meant for an earlier one is lost. */
  #life = 0;
  #wake = 0;
  #lastUs = 0;
  /** After how many outputs the process dies. */
  #outputsLeft = Infinity;
  #died: (() => void) | undefined;

  constructor(
    readonly index: number,
    readonly settings: Settings,
    scheduler: Scheduler,
    draws: Stream,
    log: SimulatedLog,
    originUs: number,
    readonly observer: ServerObserver,
    readonly tokens: TokenOffice,
  ) {
    this.#scheduler = scheduler;
    this.#draws = draws;
    this.#log = log;
    this.#originUs = originUs;
    this.core = new ServerCore(settings);
  }

  get name(): string {
    return this.index === 0 ? "server" : `server ${this.index + 1}`;
  }

  get lines(): number {
    return this.#lines.size;
  }

  connected(line: ServerLine, key: string): void {
    this.#lines.set(line.id, line);
    if (this.settings.authentication === true) this.#sieves.set(line.id, new TokenSieve());
    this.input({ kind: "connected", connection: line.id, key });
  }

  received(connection: number, bytes: Uint8Array): void {
    if (!this.#lines.has(connection)) return;
    const sieve = this.#sieves.get(connection);
    this.input({
      kind: "received",
      connection,
      bytes: sieve === undefined ? bytes : sieve.push(bytes),
      nowUs: 0,
    });
  }

  drained(connection: number): void {
    if (this.#lines.has(connection)) this.input({ kind: "drained", connection, nowUs: 0 });
  }

  closed(connection: number): void {
    this.#answers.delete(connection);
    this.#sieves.delete(connection);
    if (this.#lines.delete(connection)) this.input({ kind: "closed", connection });
  }

  /** Asks it to settle everything, and to stop. */
  stop(): void {
    if (this.state !== "up") return;
    this.state = "stopping";
    this.input({ kind: "stop" });
  }

  pause(forUs: number): void {
    if (this.state === "down") return;
    const until = this.#scheduler.nowUs + forUs;
    if (until <= this.#pausedUntilUs) return;
    this.#pausedUntilUs = until;
    const life = this.#life;
    this.#scheduler.at(until, this.#draws.word(), () => {
      if (life === this.#life) this.#goOn();
    });
  }

  /** Stands still no longer. */
  resume(): void {
    if (this.#pausedUntilUs <= this.#scheduler.nowUs) return;
    this.#pausedUntilUs = 0;
    this.#goOn();
  }

  /** Dies once `outputs` more have been carried out, and calls `died` then. */
  crashAfter(outputs: number, died: () => void): void {
    if (this.state === "down") return;
    this.#outputsLeft = outputs;
    this.#died = died;
    if (outputs === 0) this.#crash();
  }

  /** Starts a new process. */
  start(): void {
    if (this.state !== "down") return;
    this.state = "up";
    this.core = new ServerCore(this.settings);
    this.observer.started(this);
  }

  /** Gives the core something that has happened, now or when it goes on. */
  input(input: WithoutTime<Input>): void {
    if (this.state === "down") return;
    if (this.#pausedUntilUs > this.#scheduler.nowUs) {
      this.#inbox.push(input);
      return;
    }
    this.#step(input);
  }

  #step(input: WithoutTime<Input>): void {
    const timed = withTime<Input>(input, this.#nowUs());
    const outputs = this.core.step(timed);
    this.observer.stepped(this, timed, outputs);
    const life = this.#life;
    for (const output of outputs) {
      if (this.#outputsLeft-- <= 0) return this.#crash();
      this.#carryOut(output);
      if (life !== this.#life) return;
    }
  }

  #goOn(): void {
    const life = this.#life;
    while (this.#inbox.length > 0 && life === this.#life) this.#step(this.#inbox.shift()!);
  }

  #carryOut(output: Output): void {
    const life = this.#life;
    switch (output.kind) {
      case "send":
        this.#lines.get(output.connection)?.send(output.bytes);
        return;
      case "close": {
        const { connection } = output;
        this.#lines.get(connection)?.end();
        this.#scheduler.at(this.#scheduler.nowUs + closeUs, this.#draws.word(), () => {
          if (life === this.#life) this.closed(connection);
        });
        return;
      }
      case "authenticate":
        return this.#authenticate(output.connection);
      case "load": {
        const { workspace } = output;
        this.#log.load(workspace, (logged) => {
          if (life !== this.#life) return;
          if (logged !== undefined) {
            this.#known.set(workspace, logged.checkpoint?.revision ?? 0);
            this.#knows(workspace, logged.entries);
          }
          this.input(
            logged === undefined
              ? { kind: "load_failed", workspace }
              : { kind: "loaded", workspace, ...logged },
          );
        });
        return;
      }
      case "append": {
        const { workspace, expected, entries } = output;
        this.#log.append(workspace, expected, entries, (appended) => {
          if (life !== this.#life) return;
          this.#knows(workspace, appended.stored ? entries : appended.won ?? []);
          this.input(
            appended.stored
              ? { kind: "appended", workspace }
              : { kind: "append_failed", workspace, won: appended.won },
          );
        });
        return;
      }
      case "checkpoint": {
        const { workspace, state } = output, { revision } = state;
        this.#log.checkpoint(workspace, state, (isStored) => {
          if (life !== this.#life) return;
          this.input({ kind: isStored ? "checkpointed" : "checkpoint_failed", workspace, revision });
        });
        return;
      }
      case "store": {
        const { workspace, connection, content } = output;
        this.#log.putContent(workspace, content, (hash) => {
          if (life !== this.#life) return;
          this.input(
            hash === undefined
              ? { kind: "content_failed", connection }
              : { kind: "content_stored", connection, hash },
          );
        });
        return;
      }
      case "hold": {
        const { workspace, hash } = output;
        this.#log.holdContent(workspace, hash, (held) => {
          if (life !== this.#life) return;
          this.input(
            held === undefined
              ? { kind: "content_not_held", workspace, hash }
              : { kind: "content_held", workspace, hash, length: held.length },
          );
        });
        return;
      }
      case "ask": {
        const { connection, workspace, query, scope } = output, source = this.#log.history(workspace);
        const pieces = source === undefined
          ? [unreadable(query.id)].values()
          : piecesOf(query, source, scope);
        this.#answers.set(connection, pieces);
        return this.#answer(connection, query.id);
      }
      case "more":
        return this.#answer(output.connection, output.id);
      case "list": {
        const { connection } = output;
        this.#scheduler.at(
          this.#scheduler.nowUs + this.#draws.int(...answerUs),
          this.#draws.word(),
          () => {
            if (life !== this.#life || !this.#lines.has(connection)) return;
            this.input({ kind: "listed", connection, workspaces: this.#log.list() });
          },
        );
        return;
      }
      case "wake": {
        const wake = ++this.#wake;
        const inUs = Math.max(0, output.atUs - this.#nowUs());
        this.#scheduler.at(this.#scheduler.nowUs + inUs, this.#draws.word(), () => {
          if (life === this.#life && wake === this.#wake) this.input({ kind: "due" });
        });
        return;
      }
      case "report":
        this.observer.reported(this, output.event, output.fields);
        return;
      case "stopped":
        this.#crash();
    }
  }

  /** Says whose connection it is, after a while. */
  #authenticate(connection: number): void {
    const life = this.#life, token = this.#sieves.get(connection)?.token ?? "";
    this.#scheduler.at(this.#scheduler.nowUs + this.#draws.int(...authenticateUs), this.#draws.word(), () => {
      if (life !== this.#life || !this.#lines.has(connection)) return;
      const verdict = this.tokens.verify(token);
      this.input(
        "grant" in verdict
          ? { kind: "authenticated", connection, grant: verdict.grant }
          : { kind: "denied", connection, code: verdict.code, message: codes[verdict.code].text },
      );
    });
  }

  /** Gives the next piece of an answer, after a while. */
  #answer(connection: number, id: number): void {
    const life = this.#life;
    this.#scheduler.at(this.#scheduler.nowUs + this.#draws.int(...answerUs), this.#draws.word(), () => {
      const { value } = this.#answers.get(connection)?.next() ?? {};
      if (life === this.#life && value !== undefined) {
        this.input({ kind: "answered", connection, id, ...value });
      }
    });
  }

  #knows(workspace: string, entries: readonly LogEntry[]): void {
    const newest = entries[entries.length - 1];
    if (newest !== undefined) this.#known.set(workspace, newest.revision);
  }

  /** Looks after a while whether somebody else has appended to a log. */
  look(workspace: string): void {
    const life = this.#life;
    this.#scheduler.at(this.#scheduler.nowUs + this.#draws.int(...lookUs), this.#draws.word(), () => {
      const known = this.#known.get(workspace);
      if (life !== this.#life || known === undefined) return;
      const entries = this.#log.entriesAfter(workspace, known) ?? null;
      if (entries !== null && entries.length === 0) return;
      this.#knows(workspace, entries ?? []);
      this.input({ kind: "changed", workspace, entries });
    });
  }

  #crash(): void {
    this.state = "down";
    this.#known.clear();
    this.#answers.clear();
    this.#sieves.clear();
    this.#life++;
    this.#wake++;
    this.#inbox = [];
    this.#pausedUntilUs = 0;
    this.#outputsLeft = Infinity;
    const lines = [...this.#lines.values()];
    this.#lines.clear();
    for (const line of lines) line.drop();
    const died = this.#died;
    this.#died = undefined;
    died?.();
  }

  /** Who is told when the process has ended by itself. */
  whenDown(died: () => void): void {
    this.#died = died;
  }

  #nowUs(): number {
    return this.#lastUs = Math.max(this.#lastUs, this.#originUs + this.#scheduler.nowUs);
  }
}
