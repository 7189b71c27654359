/**
 * A server core, client cores and the links between them, driven by hand: nothing moves until it is told to.
 *
 * Each link carries bytes in order, in both directions, and may be cut; the log is in memory and answers when it
 * is told to. Time stands still but for `pass`.
 *
 * @module
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { ClientCore, type ClientEvent, type ClientInput, type ClientOptions } from "../client/core/mod.ts";
import type { WithoutTime } from "./without_time.ts";
import { assert } from "../ot/mod.ts";
import { joined, toHex } from "../proto/mod.ts";
import { defaultSettings, type Input, type LogEntry, ServerCore, type Settings } from "../server/core/mod.ts";

/** One connection of one client. */
interface Link {
  readonly connection: number;
  /** What is on its way to the server, and to the client. */
  up: Uint8Array[];
  down: Uint8Array[];
  /** Whether each side's transport still works on what it was given. */
  upBusy: boolean;
  downBusy: boolean;
  /** Whether each end has closed it, or has been told. */
  serverGone: boolean;
  clientGone: boolean;
}

export class WorldClient {
  core: ClientCore;
  link: Link | undefined;
  /** Whether the core has asked for a transport and not got it. */
  wantsLink = false;
  wakeAtUs: number | undefined;
  events: ClientEvent[] = [];

  constructor(readonly name: string, readonly options: ClientOptions) {
    this.core = new ClientCore(options);
  }
}

export interface WorldOptions {
  readonly settings?: Partial<Settings>;
  /** Whether the log answers at once. Else `answerLog` says when. */
  readonly logWaits?: boolean;
  /** Starts a server: for those who look over its shoulder. */
  readonly start?: (settings: Settings) => ServerCore;
}

export class World {
  nowUs = 1_700_000_000_000_000;
  readonly clients: WorldClient[] = [];
  readonly reports: { event: string; fields: Readonly<Record<string, string | number>> }[] = [];
  readonly log = new Map<string, LogEntry[]>();
  /** What was uploaded, by hash: of all workspaces, and for ever. */
  readonly contents = new Map<string, Uint8Array>();
  server: ServerCore;
  readonly #settings: Settings;
  readonly #logWaits: boolean;
  readonly #start: (settings: Settings) => ServerCore;
  #epoch = 1;
  #connections = 0;
  #wakeAtUs: number | undefined;
  /** Appends the log has not answered. */
  #appends: { workspace: string; expected: number; entries: readonly LogEntry[] }[] = [];
  /** Inputs to the server that are due in this very moment, in order. */
  #inputs: Input[] = [];
  #stepping = false;
  stopped = false;

  constructor(
    { settings, logWaits = false, start = (settings) => new ServerCore(settings) }: WorldOptions = {},
  ) {
    this.#settings = { ...defaultSettings, ...settings };
    this.#logWaits = logWaits;
    this.#start = start;
    this.server = start(this.#settings);
  }

  /** A client of a workspace, with its transport asked for. */
  client(name: string, options: Partial<ClientOptions> = {}): WorldClient {
    const client = new WorldClient(name, {
      workspace: "w",
      participant: { name, kind: "human" },
      seed: this.clients.length + 1,
      ...options,
    });
    this.clients.push(client);
    this.tell(client, { kind: "start" });
    return client;
  }

  /** Gives an input to a client, and carries out what it asks for. */
  tell(client: WorldClient, input: WithoutTime<ClientInput>): void {
    for (const output of client.core.step({ ...input, nowUs: this.nowUs })) {
      switch (output.kind) {
        case "open":
          client.wantsLink = true;
          break;
        case "send":
          assert(
            client.link !== undefined && !client.link.upBusy,
            "a client sends when its transport is free",
          );
          client.link.up.push(output.bytes);
          client.link.upBusy = true;
          break;
        case "close":
          if (client.link !== undefined) client.link.clientGone = true;
          client.link = undefined;
          client.wantsLink = false;
          break;
        case "wake":
          client.wakeAtUs = output.atUs;
          break;
        case "event":
          client.events.push(output.event);
      }
    }
  }

  /** Connects a client that wants to be. */
  connect(client: WorldClient): void {
    if (!client.wantsLink) return;
    client.wantsLink = false;
    const link: Link = {
      connection: ++this.#connections,
      up: [],
      down: [],
      upBusy: false,
      downBusy: false,
      serverGone: false,
      clientGone: false,
    };
    client.link = link;
    this.#links.set(link.connection, { client, link });
    this.#step({
      kind: "connected",
      connection: link.connection,
      key: `key ${link.connection}`,
      nowUs: this.nowUs,
    });
    this.tell(client, { kind: "opened" });
  }

  readonly #links = new Map<number, { client: WorldClient; link: Link }>();

  /** Links that are there, also those that one side has given up. */
  links(): number[] {
    return [...this.#links.keys()];
  }

  /** How many bytes are on their way on a link. */
  upstream(connection: number): number {
    return this.#links.get(connection)?.link.up.reduce((sum, { length }) => sum + length, 0) ?? 0;
  }

  downstream(connection: number): number {
    return this.#links.get(connection)?.link.down.reduce((sum, { length }) => sum + length, 0) ?? 0;
  }

  /** Lets up to `bytes` arrive at the server; all of it if left out. */
  moveUp(connection: number, bytes = Infinity): void {
    const held = this.#links.get(connection);
    if (held === undefined) return;
    const { client, link } = held;
    const part = taken(link.up, bytes);
    if (part.length > 0 && !link.serverGone) {
      this.#step({ kind: "received", connection, bytes: part, nowUs: this.nowUs });
    }
    if (link.up.length > 0) return;
    if (link.upBusy) {
      link.upBusy = false;
      if (client.link === link) this.tell(client, { kind: "drained" });
    }
    if (link.clientGone && link.up.length === 0 && !link.serverGone) this.#closeServerEnd(connection, link);
  }

  /** Lets up to `bytes` arrive at the client; all of it if left out. */
  moveDown(connection: number, bytes = Infinity): void {
    const held = this.#links.get(connection);
    if (held === undefined) return;
    const { client, link } = held;
    const part = taken(link.down, bytes);
    if (part.length > 0 && client.link === link) this.tell(client, { kind: "received", bytes: part });
    if (link.down.length > 0) return;
    if (link.downBusy) {
      link.downBusy = false;
      if (!link.serverGone) this.#step({ kind: "drained", connection, nowUs: this.nowUs });
    }
    if (link.serverGone && client.link === link && link.down.length === 0) {
      client.link = undefined;
      link.clientGone = true;
      this.tell(client, { kind: "closed" });
    }
    this.#sweep(connection, link);
  }

  /** Breaks a client's link: what is on its way is lost. Each end learns of it, or does not yet. */
  cut(client: WorldClient, { serverLearns = true } = {}): void {
    const { link } = client;
    if (link === undefined) return;
    link.up = [];
    link.down = [];
    link.clientGone = true;
    client.link = undefined;
    this.tell(client, { kind: "closed" });
    if (serverLearns) this.#closeServerEnd(link.connection, link);
  }

  /**
   * Lets the log answer the oldest append: stored; not stored; or stored, with the answer lost.
   *
   * @param others entries of another server, which got in where these were not stored.
   */
  answerLog(how: "stored" | "failed" | "in_doubt" = "stored", others: readonly LogEntry[] = []): boolean {
    const append = this.#appends.shift();
    if (append === undefined) return false;
    const { workspace, expected, entries } = append;
    const held = this.log.get(workspace)!;
    assert(held.length === expected, "only one server appends here");
    held.push(...how === "failed" ? others : entries);
    this.#step(
      how === "stored"
        ? { kind: "appended", workspace, nowUs: this.nowUs }
        : { kind: "append_failed", workspace, won: held.slice(expected), nowUs: this.nowUs },
    );
    return true;
  }

  get logIsBusy(): boolean {
    return this.#appends.length > 0;
  }

  /** The server's process dies and starts again, with what the log holds. */
  crash({ forgetLog = false } = {}): void {
    this.#appends = [];
    for (const { client, link } of this.#links.values()) {
      link.clientGone = link.serverGone = true;
      if (client.link !== link) continue;
      client.link = undefined;
      this.tell(client, { kind: "closed" });
    }
    this.#links.clear();
    if (forgetLog) {
      this.log.clear();
      this.#epoch++;
    }
    this.server = this.#start(this.#settings);
    this.#wakeAtUs = undefined;
  }

  stopServer(): void {
    this.#step({ kind: "stop", nowUs: this.nowUs });
  }

  /** Lets time pass, with everybody woken who asked for it. */
  pass(us: number): void {
    const end = this.nowUs + us;
    for (;;) {
      const times = [this.#wakeAtUs, ...this.clients.map(({ wakeAtUs }) => wakeAtUs)];
      const next = times.filter((at) => at !== undefined && at <= end).sort((a, b) => a! - b!)[0];
      if (next === undefined) break;
      this.nowUs = Math.max(this.nowUs, next);
      if (this.#wakeAtUs !== undefined && this.#wakeAtUs <= this.nowUs) {
        this.#wakeAtUs = undefined;
        this.#step({ kind: "due", nowUs: this.nowUs });
      }
      for (const client of this.clients) {
        if (client.wakeAtUs === undefined || client.wakeAtUs > this.nowUs) continue;
        client.wakeAtUs = undefined;
        this.tell(client, { kind: "due" });
      }
    }
    this.nowUs = end;
  }

  /** Connects everybody who wants to be and moves everything until nothing moves any more; time may pass. */
  settle(): void {
    for (let round = 0; round < 10_000; round++) {
      let moved = false;
      for (const client of this.clients) {
        if (client.wantsLink) {
          this.connect(client);
          moved = true;
        }
      }
      for (const connection of this.links()) {
        const held = this.#links.get(connection)!;
        if (held.link.up.length > 0 || held.link.upBusy || held.link.clientGone !== held.link.serverGone) {
          moved = true;
        }
        this.moveUp(connection);
        if (held.link.down.length > 0 || held.link.downBusy) moved = true;
        this.moveDown(connection);
        this.#sweep(connection, held.link);
      }
      while (this.answerLog()) moved = true;
      if (moved) continue;
      if (this.clients.every((client) => client.core.phase === "ended" || this.#isQuiet(client))) return;
      this.pass(50_000);
    }
    throw new Error(
      `The world does not settle: ${
        JSON.stringify(this.clients.map(({ core }) => [core.phase, core.unsentCount]))
      }`,
    );
  }

  #isQuiet({ core }: WorldClient): boolean {
    return core.phase === "online" && core.unsentCount === 0 &&
      core.revision === (this.log.get("w")?.length ?? 0);
  }

  #closeServerEnd(connection: number, link: Link): void {
    if (link.serverGone) return;
    link.serverGone = true;
    this.#step({ kind: "closed", connection, nowUs: this.nowUs });
    this.#sweep(connection, link);
  }

  #sweep(connection: number, link: Link): void {
    if (link.clientGone && !link.serverGone && link.up.length === 0) this.#closeServerEnd(connection, link);
    if (link.clientGone && link.serverGone) this.#links.delete(connection);
  }

  #step(input: Input): void {
    this.#inputs.push(input);
    if (this.#stepping) return;
    this.#stepping = true;
    for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
      for (const output of this.server.step(next)) {
        switch (output.kind) {
          case "send": {
            const { link } = this.#links.get(output.connection)!;
            assert(!link.downBusy, "the server sends when a transport is free");
            link.down.push(output.bytes);
            link.downBusy = true;
            break;
          }
          case "close": {
            const { link } = this.#links.get(output.connection)!;
            if (link.serverGone) break;
            link.serverGone = true;
            this.#inputs.push({ kind: "closed", connection: output.connection, nowUs: this.nowUs });
            break;
          }
          case "append":
            this.#appends.push(output);
            if (!this.#logWaits) {
              this.log.get(output.workspace)!.push(...output.entries);
              this.#appends.pop();
              this.#inputs.push({ kind: "appended", workspace: output.workspace, nowUs: this.nowUs });
            }
            break;
          case "store": {
            const { connection, content } = output, hash = toHex(sha256(content));
            this.contents.set(hash, content);
            this.#inputs.push({ kind: "content_stored", connection, hash, nowUs: this.nowUs });
            break;
          }
          case "hold": {
            const { workspace, hash } = output, length = this.contents.get(hash)?.length ?? null;
            this.#inputs.push({ kind: "content_held", workspace, hash, length, nowUs: this.nowUs });
            break;
          }
          case "load": {
            const { workspace } = output;
            if (!this.log.has(workspace)) this.log.set(workspace, []);
            const entries = this.log.get(workspace)!.slice();
            this.#inputs.push({
              kind: "loaded",
              workspace,
              epoch: `epoch ${this.#epoch}`,
              checkpoint: null,
              entries,
              nowUs: this.nowUs,
            });
            break;
          }
          case "wake":
            this.#wakeAtUs = output.atUs;
            if (output.atUs > this.nowUs) break;
            this.#wakeAtUs = undefined;
            this.#inputs.push({ kind: "due", nowUs: this.nowUs });
            break;
          case "report":
            this.reports.push({ event: output.event, fields: output.fields });
            break;
          case "stopped":
            this.stopped = true;
        }
      }
    }
    this.#stepping = false;
  }
}

/** Takes up to `count` bytes off the front of a queue. */
function taken(queue: Uint8Array[], count: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let length = 0;
  while (queue.length > 0 && length < count) {
    const first = queue[0]!;
    if (length + first.length <= count) {
      parts.push(first);
      length += first.length;
      queue.shift();
    } else {
      parts.push(first.subarray(0, count - length));
      queue[0] = first.subarray(count - length);
      length = count;
    }
  }
  return joined(parts);
}
