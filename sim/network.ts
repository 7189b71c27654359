/**
 * The connections between clients and servers, and what can be done to them.
 *
 * @module
 */

import type { ClientHost, ClientLine } from "./client_host.ts";
import { Pipe, type Quality } from "./link.ts";
import type { Random, Stream } from "./random.ts";
import type { Way } from "./scenario.ts";
import type { Scheduler } from "./scheduler.ts";
import type { ServerHost, ServerLine } from "./server_host.ts";

/** Who hears every byte that a server says or is told: to see what was said, not what was meant. */
export interface WireObserver {
  opened(connection: Connection): void;
  saidByServer(connection: Connection, bytes: Uint8Array): void;
  saidByClient(connection: Connection, bytes: Uint8Array): void;
}

/** Who is at the near end of a connection: a client, or somebody who speaks for himself. */
export interface Caller {
  readonly name: string;
  readonly quality: Quality;
  received(line: ClientLine, bytes: Uint8Array): void;
  drained(line: ClientLine): void;
  closed(line: ClientLine): void;
}

/** How long somebody waits for a connection that does not come about. */
const patienceUs = 20_000_000;

export class Connection implements ServerLine {
  readonly up: Pipe;
  readonly down: Pipe;
  /** Whether each end still believes in it. */
  callerIsOn = true;
  serverIsOn = true;
  readonly #draws: Stream;

  constructor(
    readonly id: number,
    readonly caller: Caller,
    readonly server: ServerHost,
    scheduler: Scheduler,
    random: Random,
    readonly observer: WireObserver,
  ) {
    this.#draws = random.stream("connection", id);
    this.up = new Pipe(
      scheduler,
      random.stream("up", id),
      caller,
      {
        arrived: (bytes) => {
          if (this.serverIsOn) server.received(id, bytes);
        },
        over: () => this.#leaveServer(),
      },
      () => {
        if (this.callerIsOn) caller.drained(this.callerLine);
      },
    );
    this.down = new Pipe(
      scheduler,
      random.stream("down", id),
      caller,
      {
        arrived: (bytes) => {
          if (this.callerIsOn) caller.received(this.callerLine, bytes);
        },
        over: () => {
          this.#leaveCaller();
          this.up.finish();
        },
      },
      () => {
        if (this.serverIsOn) server.drained(id);
      },
    );
  }

  send(bytes: Uint8Array): void {
    this.observer.saidByServer(this, bytes);
    this.down.send(bytes);
  }

  end(): void {
    this.down.finish();
  }

  /** The server's process is gone: some of what it said last still arrives. */
  drop(): void {
    this.serverIsOn = false;
    this.up.cut(0);
    this.down.cut(this.#draws.int(0, this.down.bytes));
    this.#leaveCaller();
  }

  /** The same connection as the caller holds it. */
  readonly callerLine: ClientLine = {
    send: (bytes) => {
      this.observer.saidByClient(this, bytes);
      this.up.send(bytes);
    },
    end: () => {
      this.callerIsOn = false;
      this.down.cut(0);
      this.up.finish();
    },
    drop: () => {
      this.callerIsOn = false;
      this.down.cut(0);
      this.up.finish();
    },
  };

  /** Resets it: of what is on its way, so many parts of `whole` still arrive. */
  reset(up: number, down: number, whole: number): void {
    this.up.cut(Math.floor((this.up.bytes * up) / whole));
    this.down.cut(Math.floor((this.down.bytes * down) / whole));
    this.#leaveCaller();
    this.#leaveServer();
  }

  /** One end takes it for dead; the other will find out by itself. */
  forget(deaf: "server" | "client"): void {
    if (deaf === "server") {
      this.up.cut(0);
      this.#leaveCaller();
    } else {
      this.down.cut(0);
      this.#leaveServer();
    }
  }

  /** The caller takes it for dead, and what it sent arrives later. */
  haunt(untilUs: number): void {
    this.up.stall(untilUs);
    this.#leaveCaller();
    this.up.finish();
  }

  stall(way: Way, untilUs: number): void {
    if (way !== "down") this.up.stall(untilUs);
    if (way !== "up") this.down.stall(untilUs);
  }

  #leaveCaller(): void {
    if (!this.callerIsOn) return;
    this.callerIsOn = false;
    this.caller.closed(this.callerLine);
  }

  #leaveServer(): void {
    if (!this.serverIsOn) return;
    this.serverIsOn = false;
    this.server.closed(this.id);
  }
}

/** What keeps a client from its server. */
interface Barrier {
  way: Way;
  untilUs: number;
}

export class Network {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #draws: Stream;
  readonly #servers: readonly ServerHost[];
  readonly #observer: WireObserver;
  /** The newest connection of each client. */
  readonly #current = new Map<ClientHost, Connection>();
  readonly #barriers = new Map<ClientHost, Barrier>();
  #connections = 0;
  #refusesUntilUs = 0;

  constructor(
    scheduler: Scheduler,
    random: Random,
    servers: readonly ServerHost[],
    observer: WireObserver,
  ) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#draws = random.stream("connect");
    this.#servers = servers;
    this.#observer = observer;
  }

  /** Brings about a connection, or tells the client that there is none. */
  open(client: ClientHost, attempt: number): void {
    const barrier = this.#barrierOf(client);
    const { nowUs } = this.#scheduler;
    const latency = this.#draws.pick(client.quality.latencyUs);
    let at = nowUs + 2 * latency;
    const waits = barrier !== undefined && barrier.untilUs - nowUs < patienceUs;
    if (barrier !== undefined) at = waits ? barrier.untilUs + 2 * latency : nowUs + patienceUs;
    this.#scheduler.at(at, this.#draws.word(), () => {
      const server = this.#servers[client.server]!;
      const refused = this.#scheduler.nowUs < this.#refusesUntilUs || server.state !== "up";
      // A barrier may also have come up while it was under way.
      const isParted = this.#barrierOf(client) !== undefined;
      if (refused || isParted || (barrier !== undefined && !waits)) return client.refused(attempt);
      const connection = this.connect(client, server);
      if (client.opened(attempt, connection.callerLine)) this.#current.set(client, connection);
      else connection.callerLine.drop();
    });
  }

  /** A connection at once. */
  connect(caller: Caller, server: ServerHost): Connection {
    const id = ++this.#connections;
    const connection = new Connection(
      id,
      caller,
      server,
      this.#scheduler,
      this.#random,
      this.#observer,
    );
    this.#observer.opened(connection);
    server.connected(connection, `key ${id}`);
    return connection;
  }

  /** The connection that a client holds now, if it does. */
  of(client: ClientHost): Connection | undefined {
    const connection = this.#current.get(client);
    return connection?.callerIsOn === true ? connection : undefined;
  }

  /** Nothing passes for a while, and no connection comes about. */
  part(client: ClientHost, way: Way, untilUs: number): void {
    this.#barriers.set(client, { way, untilUs });
    this.of(client)?.stall(way, untilUs);
  }

  refuse(untilUs: number): void {
    this.#refusesUntilUs = untilUs;
  }

  /** Everything passes again, and quickly enough. */
  heal(client: ClientHost): void {
    const { latencyUs, windowBytes, pieces } = client.quality;
    const usualUs = latencyUs.toSorted((a, b) => a - b)[latencyUs.length >> 1]!;
    client.quality = { latencyUs: [usualUs], bandwidth: 0, windowBytes: Math.max(windowBytes, 4096), pieces };
    this.#barriers.delete(client);
    this.of(client)?.stall("both", this.#scheduler.nowUs);
  }

  #barrierOf(client: ClientHost): Barrier | undefined {
    const barrier = this.#barriers.get(client);
    if (barrier === undefined || barrier.untilUs > this.#scheduler.nowUs) return barrier;
    this.#barriers.delete(client);
    return undefined;
  }
}
