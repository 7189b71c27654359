/**
 * The two servers that a trace can be replayed against: one in this process, which does everything at once, and
 * one that is reached over TCP.
 *
 * @module
 */

import { tcpTransport, type Transport } from "../net/mod.ts";
import { defaultSettings, type Input, type LogEntry, ServerCore, State } from "../server/core/mod.ts";

/** What a client does with its end of a connection. */
export interface LinkEnd {
  /** The bytes may be kept. */
  received(bytes: Uint8Array): void;
  /** The transport has taken what it was last given. */
  taken(): void;
  /** It is over, by no will of this end. */
  ended(reason: string): void;
  /** The time has come that `wakeAt` named. */
  due(): void;
}

/** A client's connection. */
export interface Link {
  send(bytes: Uint8Array): void;
  wakeAt(atUs: number): void;
  /** Ends the connection once what was sent has gone out. */
  close(): void;
}

export interface ReplayServer {
  /** Microseconds since 1970; never goes back. */
  nowUs(): number;
  /** @throws {ConnectionError} */
  connect(end: LinkEnd): Link | Promise<Link>;
  /** Resolves when something has come in on any link, or has come to an end. */
  wait(): Promise<void>;
  /** What the log itself comes to, where it is at hand. */
  state(): State | undefined;
}

/** The server cannot be reached, ended a connection, or did not take a change. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
}

const workspaceTimeUs = 1_000_000;

/** A server core with its log in memory. Everything that is sent has been answered when `send` returns. */
export class LocalServer implements ReplayServer {
  readonly #core: ServerCore;
  readonly #log: LogEntry[] = [];
  readonly #ends: LinkEnd[] = [];
  readonly #inputs: Input[] = [];
  #stepping = false;

  constructor(clients: number) {
    this.#core = new ServerCore({
      ...defaultSettings,
      clientsMax: Math.max(defaultSettings.clientsMax, clients),
      connectionsMax: Math.max(defaultSettings.connectionsMax, clients),
      // Time stands still here: nothing is too fast, and nothing waits for more to go with it.
      changesPerSecond: { human: 1e9, agent: 1e9, ci: 1e9 },
      gatherUsMin: Number.MAX_SAFE_INTEGER,
    });
  }

  nowUs(): number {
    return workspaceTimeUs;
  }

  connect(end: LinkEnd): Link {
    const connection = this.#ends.push(end) - 1;
    this.#step({ kind: "connected", connection, key: `key ${connection}`, nowUs: workspaceTimeUs });
    return {
      send: (bytes) => {
        this.#step({ kind: "received", connection, bytes, nowUs: workspaceTimeUs });
        end.taken();
      },
      wakeAt: () => {},
      close: () => this.#step({ kind: "closed", connection, nowUs: workspaceTimeUs }),
    };
  }

  wait(): Promise<void> {
    throw new Error("Cannot go on: the server has said all it has to say");
  }

  state(): State {
    return this.#log.reduce((state, entry) => state.apply(entry), State.empty);
  }

  #step(input: Input): void {
    this.#inputs.push(input);
    if (this.#stepping) return;
    this.#stepping = true;
    for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
      for (const output of this.#core.step(next)) {
        switch (output.kind) {
          case "send":
            this.#inputs.push({ kind: "drained", connection: output.connection, nowUs: workspaceTimeUs });
            this.#ends[output.connection]!.received(output.bytes);
            break;
          case "close":
            this.#ends[output.connection]!.ended("The server closed the connection");
            break;
          case "load": {
            const { workspace } = output;
            this.#inputs.push({
              kind: "loaded",
              workspace,
              epoch: "1",
              checkpoint: null,
              entries: [],
              nowUs: workspaceTimeUs,
            });
            break;
          }
          case "append":
            this.#log.push(...output.entries);
            this.#inputs.push({ kind: "appended", workspace: output.workspace, nowUs: workspaceTimeUs });
            break;
          case "wake":
            if (output.atUs <= workspaceTimeUs) this.#inputs.push({ kind: "due", nowUs: workspaceTimeUs });
        }
      }
    }
    this.#stepping = false;
  }
}

/** A server that is reached over TCP. */
export class TcpServer implements ReplayServer {
  readonly #address: { readonly hostname: string; readonly port: number };
  #lastUs = 0;
  #news = Promise.withResolvers<void>();

  constructor(hostname: string, port: number) {
    this.#address = { hostname, port };
  }

  nowUs(): number {
    const nowUs = Math.floor((performance.timeOrigin + performance.now()) * 1000);
    return this.#lastUs = Math.max(this.#lastUs, nowUs);
  }

  async connect(end: LinkEnd): Promise<Link> {
    const { hostname, port } = this.#address;
    let transport: Transport;
    try {
      transport = tcpTransport(await Deno.connect(this.#address));
    } catch (error) {
      const problem = error instanceof Error ? error.message : error;
      throw new ConnectionError(`Cannot connect to ${hostname}:${port}: ${problem}`);
    }
    let written = Promise.resolve(), closing = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const over = (reason: string) => {
      clearTimeout(timer);
      if (closing) return;
      closing = true;
      transport.close();
      end.ended(reason);
      this.#tell();
    };
    this.#read(transport, end).then(
      () => over("The server closed the connection"),
      (error) => over(`The connection broke: ${error instanceof Error ? error.message : error}`),
    );
    return {
      send: (bytes) => {
        written = written.then(() => transport.write(bytes)).then(
          () => end.taken(),
          (error) => over(`The connection broke: ${error instanceof Error ? error.message : error}`),
        );
      },
      wakeAt: (atUs) => {
        clearTimeout(timer);
        timer = setTimeout(() => {
          end.due();
          this.#tell();
        }, Math.max(0, Math.ceil((atUs - this.nowUs()) / 1000)));
      },
      close: () => {
        closing = true;
        clearTimeout(timer);
        written.finally(() => transport.close());
      },
    };
  }

  wait(): Promise<void> {
    return this.#news.promise;
  }

  state(): undefined {
    return undefined;
  }

  async #read(transport: Transport, end: LinkEnd): Promise<void> {
    for await (const bytes of transport.incoming) {
      end.received(bytes.slice());
      this.#tell();
    }
  }

  #tell(): void {
    const news = this.#news;
    this.#news = Promise.withResolvers();
    news.resolve();
  }
}
