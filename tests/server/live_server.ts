/**
 * The real server on a free port of this machine, within the process of a test.
 *
 * @module
 */

import type { Transport } from "../../net/mod.ts";
import type { Origin } from "../../server/core/mod.ts";
import {
  defaultSettings,
  type Log,
  MemoryLog,
  type Observer,
  secret,
  serveTcp,
  type Settings,
  Shell,
  type ShellOptions,
} from "../../server/mod.ts";
import type { Authenticator } from "../../server/tokens/mod.ts";
import { eventually, within } from "./waiting.ts";

export interface Report {
  readonly event: string;
  readonly fields: Readonly<Record<string, string | number>>;
}

export interface LiveOptions {
  readonly settings?: Partial<Settings>;
  readonly log?: Log;
  readonly observer?: Observer;
  /** The port to listen on; a free one if left out. */
  readonly port?: number;
  readonly authenticator?: Authenticator;
}

export class LiveServer {
  readonly port: number;
  readonly reports: Report[] = [];
  readonly shell: WatchedShell;
  readonly #listener: Deno.TcpListener;
  readonly #accepting: Promise<void>;
  #over = false;

  constructor(
    { settings, log = new MemoryLog(secret), port = 0, authenticator, observer }: LiveOptions = {},
  ) {
    this.shell = new WatchedShell({
      settings: { ...defaultSettings, ...settings },
      log,
      authenticator,
      observer,
      report: (event, fields) => this.reports.push({ event, fields }),
    });
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port, transport: "tcp" });
    this.port = this.#listener.addr.port;
    this.#accepting = serveTcp(this.#listener, this.shell);
  }

  /** The codes with which the server has ended connections, in order. */
  get endings(): string[] {
    return this.reports.filter(({ event }) => event === "ending").map(({ fields }) => String(fields.code));
  }

  /** Resolves when the server has reported something. */
  reported(event: string, fields: Report["fields"] = {}): Promise<Report> {
    return eventually(
      () =>
        this.reports.find((report) =>
          report.event === event &&
          Object.entries(fields).every(([name, value]) => report.fields[name] === value)
        ),
      `a report of "${event}" with ${JSON.stringify(fields)}`,
    );
  }

  /** Ends as the process would by SIGTERM: everything is settled, and everybody told. */
  async stop(): Promise<void> {
    this.#over = true;
    this.#listener.close();
    await within(this.shell.stop(), "a server that has stopped");
    await this.#accepting;
  }

  /** Ends as the process would by SIGKILL: nobody is told anything, and what is under way is lost. */
  async kill(): Promise<void> {
    this.#over = true;
    this.#listener.close();
    await this.#accepting;
    this.shell.cutAll();
    // Of a process that was killed no timers would be left either.
    await within(this.shell.stop(), "a server that has been killed");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#over) await this.stop();
  }
}

/** A shell that knows its transports, and how much each has been given and not yet taken. */
export class WatchedShell extends Shell {
  readonly #transports = new Set<Transport>();
  /** The most bytes that were ever on their way in one transport. */
  writingBytesMax = 0;

  constructor(options: ShellOptions) {
    super(options);
  }

  override async serve(transport: Transport, from?: Origin): Promise<void> {
    let writing = 0;
    const watched: Transport = {
      ...transport,
      write: (bytes) => {
        writing += bytes.length;
        this.writingBytesMax = Math.max(this.writingBytesMax, writing);
        return transport.write(bytes).finally(() => writing -= bytes.length);
      },
      end: () => transport.end(),
    };
    this.#transports.add(transport);
    await super.serve(watched, from);
    this.#transports.delete(transport);
  }

  cutAll(): void {
    for (const transport of this.#transports) transport.close();
  }
}
