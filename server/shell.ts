/**
 * The shell around the core: carries out its outputs, in order, and tells it what happened and when. It decides
 * nothing; where it would need an `if` about the protocol, the core lacks an output.
 *
 * @module
 */

import { clearImmediate, setImmediate } from "node:timers";
import {
  type ConnectionId,
  type Input,
  type ListedWorkspace,
  type LogEntry,
  type Origin,
  type Output,
  ServerCore,
  type Settings,
} from "./core/mod.ts";
import type { Transport } from "../net/mod.ts";
import { codes, type Query, TokenSieve } from "../proto/mod.ts";
import { type AnswerPiece, unreadable } from "./history/mod.ts";
import type { Log } from "./log.ts";
import { nativeVerify } from "./native_verify.ts";
import type { Authenticator } from "./tokens/mod.ts";

/** Sees all that goes into the core and comes out of it, before anything is done about it. */
export interface Observer {
  begins(core: ServerCore): void;
  /** Bytes among the inputs hold until this returns. */
  took(input: Input, outputs: readonly Output[]): void;
  /** The core broke at this input: the error goes on its way when this returns. */
  failed(input: Input, error: unknown): void;
}

export interface ShellOptions {
  readonly settings: Settings;
  readonly log: Log;
  readonly observer?: Observer | undefined;
  /** Says who somebody is; where the settings ask for it. */
  readonly authenticator?: Authenticator | undefined;
  /** Takes what the core reports. */
  readonly report: (event: string, fields: Readonly<Record<string, string | number>>) => void;
}

interface Carried {
  readonly transport: Transport;
  /** Keeps the token from everybody else. */
  readonly sieve: TokenSieve;
  /** The answer that is being given. */
  answer?: AsyncGenerator<AnswerPiece, void>;
  /** The write that is under way; resolved if none is. */
  written: Promise<void>;
  /** Once it is to be closed: when it will be, at the latest. */
  late?: ReturnType<typeof setTimeout>;
}

export class Shell {
  readonly #core: ServerCore;
  readonly #log: Log;
  readonly #observer: Observer | undefined;
  readonly #authenticator: Authenticator | undefined;
  readonly #report: ShellOptions["report"];
  readonly #carried = new Map<ConnectionId, Carried>();
  #nextConnection = 1;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #immediate: ReturnType<typeof setImmediate> | undefined;
  #lastUs = 0;
  readonly #stopped = Promise.withResolvers<void>();

  constructor({ settings, log, observer, authenticator, report }: ShellOptions) {
    this.#core = new ServerCore(settings, nativeVerify);
    this.#log = log;
    this.#observer = observer;
    this.#authenticator = authenticator;
    this.#report = report;
    observer?.begins(this.#core);
  }

  /**
   * Lets the core serve a connection. Resolves when it is over.
   *
   * @param from Where it comes from, as far as that is known.
   */
  async serve(transport: Transport, from?: Origin): Promise<void> {
    const connection = this.#nextConnection++;
    const sieve = new TokenSieve();
    this.#carried.set(connection, { transport, sieve, written: Promise.resolve() });
    const origin = from === undefined ? {} : { from };
    this.#step({ kind: "connected", connection, key: secret(), ...origin, nowUs: this.#nowUs() });
    const incoming = transport.incoming[Symbol.asyncIterator]();
    for (;;) {
      // A stream that breaks has ended: what follows is the same.
      const { done, value: bytes } = await incoming.next().catch(() => ({
        done: true as const,
        value: undefined,
      }));
      if (done === true || !this.#carried.has(connection)) break;
      this.#step({ kind: "received", connection, bytes: sieve.push(bytes), nowUs: this.#nowUs() });
    }
    this.#gone(connection);
  }

  /** Settles what has been taken in, tells everybody, and resolves when that is done. */
  stop(): Promise<void> {
    this.#step({ kind: "stop", nowUs: this.#nowUs() });
    return this.#stopped.promise;
  }

  #step(input: Input): void {
    let outputs: Output[];
    try {
      outputs = this.#core.step(input);
    } catch (error) {
      this.#observer?.failed(input, error);
      throw error;
    }
    this.#observer?.took(input, outputs);
    for (const output of outputs) this.#carryOut(output);
  }

  #carryOut(output: Output): void {
    switch (output.kind) {
      case "send":
        return this.#send(output.connection, output.bytes);
      case "close":
        return this.#close(output.connection);
      case "authenticate":
        return this.#authenticate(output.connection, output.workspace);
      case "append": {
        const { workspace, expected, entries } = output;
        this.#log.append(workspace, expected, entries).then((appended) => {
          const nowUs = this.#nowUs();
          if (appended.stored) this.#step({ kind: "appended", workspace, nowUs });
          else {
            const won = "won" in appended ? appended.won : null;
            this.#step({ kind: "append_failed", workspace, won, nowUs });
          }
        });
        return;
      }
      case "checkpoint": {
        const { workspace, state } = output;
        const { revision } = state;
        const answer = (kind: "checkpointed" | "checkpoint_failed") =>
          this.#step({ kind, workspace, revision, nowUs: this.#nowUs() });
        this.#log.checkpoint(workspace, state).then(
          () => answer("checkpointed"),
          (error) => {
            this.#report("log_error", { workspace, message: messageOf(error) });
            answer("checkpoint_failed");
          },
        );
        return;
      }
      case "load": {
        const { workspace } = output;
        this.#log.load(workspace).then(
          ({ epoch, checkpoint, entries }) =>
            this.#step({
              kind: "loaded",
              workspace,
              epoch,
              checkpoint: checkpoint ?? null,
              entries,
              nowUs: this.#nowUs(),
            }),
          (error) => {
            this.#report("log_error", { workspace, message: messageOf(error) });
            this.#step({ kind: "load_failed", workspace, nowUs: this.#nowUs() });
          },
        );
        return;
      }
      case "store": {
        const { workspace, connection, content } = output;
        this.#log.putContent(workspace, content).then(
          (hash) => this.#step({ kind: "content_stored", connection, hash, nowUs: this.#nowUs() }),
          (error) => {
            this.#report("log_error", { workspace, message: messageOf(error) });
            this.#step({ kind: "content_failed", connection, nowUs: this.#nowUs() });
          },
        );
        return;
      }
      case "hold": {
        const { workspace, hash } = output;
        this.#log.holdContent(workspace, hash).then(
          (length) =>
            this.#step({
              kind: "content_held",
              workspace,
              hash,
              length: length ?? null,
              nowUs: this.#nowUs(),
            }),
          (error) => {
            this.#report("log_error", { workspace, message: messageOf(error) });
            this.#step({ kind: "content_not_held", workspace, hash, nowUs: this.#nowUs() });
          },
        );
        return;
      }
      case "ask":
        return this.#ask(output.connection, output.workspace, output.query, output.scope);
      case "more":
        return this.#answer(output.connection, output.id);
      case "list":
        return this.#list(output.connection);
      case "wake":
        return this.#wake(output.atUs);
      case "report":
        return this.#report(output.event, output.fields);
      case "stopped":
        clearTimeout(this.#timer);
        clearImmediate(this.#immediate);
        this.#stopped.resolve();
    }
  }

  /** Another process has written to the log: entries after ours, or null if the workspace is another one now. */
  changed(workspace: string, entries: readonly LogEntry[] | null): void {
    this.#step({ kind: "changed", workspace, entries, nowUs: this.#nowUs() });
  }

  /** These tokens are good for nothing any more. */
  revoked(tokens: readonly string[]): void {
    this.#step({ kind: "revoked", tokens, nowUs: this.#nowUs() });
  }

  #authenticate(connection: ConnectionId, workspace: string | null): void {
    const token = this.#carried.get(connection)?.sieve.token;
    if (token === undefined) return;
    const authenticator = this.#authenticator!;
    authenticator.verify(token, workspace).then((verdict) => {
      const nowUs = this.#nowUs();
      // It may have been revoked while it was looked at.
      const code = "code" in verdict
        ? verdict.code
        : authenticator.isRevoked(verdict.grant)
        ? "token_revoked"
        : undefined;
      if (code !== undefined) {
        const message = "message" in verdict ? verdict.message : codes[code].text;
        this.#step({ kind: "denied", connection, code, message, nowUs });
      } else if ("grant" in verdict) {
        this.#step({ kind: "authenticated", connection, grant: verdict.grant, nowUs });
      }
    });
  }

  #ask(connection: ConnectionId, workspace: string, query: Query, scope: string | undefined): void {
    const carried = this.#carried.get(connection);
    if (carried === undefined) return;
    carried.answer = this.#log.answer(workspace, query, scope);
    this.#answer(connection, query.id);
  }

  /** Gives the next piece of an answer. */
  #answer(connection: ConnectionId, id: number): void {
    const answer = this.#carried.get(connection)?.answer;
    if (answer === undefined) return;
    const given = ({ bytes, last }: AnswerPiece) => {
      if (!this.#carried.has(connection)) return;
      this.#step({ kind: "answered", connection, id, bytes, last, nowUs: this.#nowUs() });
    };
    answer.next().then(({ value }) => given(value!), (error: unknown) => {
      this.#report("log_error", { connection, message: messageOf(error) });
      given(unreadable(id));
    });
  }

  #list(connection: ConnectionId): void {
    const listed = (workspaces: readonly ListedWorkspace[] | null) => {
      if (!this.#carried.has(connection)) return;
      this.#step({ kind: "listed", connection, workspaces, nowUs: this.#nowUs() });
    };
    this.#log.list().then(listed, (error) => {
      this.#report("log_error", { connection, message: messageOf(error) });
      listed(null);
    });
  }

  #wake(atUs: number): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    const due = () => this.#step({ kind: "due", nowUs: this.#nowUs() });
    const us = atUs - this.#nowUs();
    // A timer is milliseconds late at best; the end of this turn of the event loop is when all is in that is there.
    if (us > 0) this.#timer = setTimeout(due, Math.ceil(us / 1000));
    else this.#immediate = setImmediate(due);
  }

  #send(connection: ConnectionId, bytes: Uint8Array): void {
    const carried = this.#carried.get(connection);
    if (carried === undefined) return;
    carried.written = carried.transport.write(bytes).then(
      () => this.#step({ kind: "drained", connection, nowUs: this.#nowUs() }),
      () => this.#gone(connection),
    );
  }

  /**
   * Closes once all has been written and the other side has closed as well, at the latest after a while. To close
   * while bytes of the other side's are unread would reset the connection, and lose our last words with it.
   */
  #close(connection: ConnectionId): void {
    const carried = this.#carried.get(connection);
    if (carried === undefined) return;
    carried.late = setTimeout(() => this.#gone(connection), closeMs);
    carried.written.then(() => carried.transport.end()).catch(() => this.#gone(connection));
  }

  #gone(connection: ConnectionId): void {
    const carried = this.#carried.get(connection);
    if (carried === undefined) return;
    this.#carried.delete(connection);
    carried.answer?.return().catch(() => {});
    clearTimeout(carried.late);
    carried.transport.close();
    this.#step({ kind: "closed", connection, nowUs: this.#nowUs() });
  }

  /** Microseconds since 1970, by a clock that never goes back. */
  #nowUs(): number {
    const nowUs = Math.floor((performance.timeOrigin + performance.now()) * 1000);
    return this.#lastUs = Math.max(this.#lastUs, nowUs);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** How long the last words may take to go out. */
const closeMs = 1000;

/** 128 bits that nobody can guess, as hexadecimal digits. */
export function secret(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}
