/**
 * A small world of which everything that can happen is known at any moment: a server, clients, links that carry
 * whole writes, a log in memory whose answers take their time.
 *
 *     state   [log, append, faults left, server, client, link, client, link, …]
 *     event   what happens next: somebody makes a change, a write arrives, the log answers, …
 *
 * A state is a tuple of numbers, each of the state of one part, and holds all that can matter later: the cores'
 * own states are all that they save of themselves. Time stands still but for what is tried again within a second.
 *
 * @module
 */

import { ClientCore, type ClientOptions } from "../client/core/mod.ts";
import { assert, type Change } from "../ot/mod.ts";
import { defaultSettings, type LogEntry, ServerCore } from "../server/core/mod.ts";
import {
  ClientDriver,
  type ClientFacts,
  type ClientLook,
  type ClientMove,
  type ClientResult,
  type ClientState,
  type ClientStep,
} from "./explore_client.ts";
import { CoreTable } from "./explore_core.ts";
import { type Link, LinkTable } from "./explore_link.ts";
import { type Log, LogTree } from "./explore_log.ts";
import type { MenuOptions } from "./explore_menu.ts";
import {
  ServerDriver,
  type ServerFacts,
  type ServerMove,
  type ServerResult,
  type ServerState,
  type ServerStep,
} from "./explore_server.ts";
import { ByteTable, TextTable } from "./explore_table.ts";

/** A small world, and what may happen in it. */
export interface WorldPlan {
  readonly name: string;
  /** In one line: what it is for. */
  readonly about: string;
  /** What is there at the start. */
  readonly start: Change;
  /** How many changes each client makes. */
  readonly changes: readonly number[];
  readonly menu: MenuOptions;
  /** Whether what is typed in one go is composed and undone as one. */
  readonly grouped?: boolean;
  /** Whether a transport takes what it is given at once: then several writes are on their way behind each other. */
  readonly drainsAtOnce?: boolean;
  /** Whether the last client joins while the others are at work. */
  readonly lastIsLate?: boolean;
  /** How many appends fail, or are in doubt. */
  readonly logFaults?: number;
  /** How many links are cut. */
  readonly cuts?: number;
  /** Into how many parts it is cut to be explored, by the first change of the first client. */
  readonly shards: number;
}

/** Who takes part, in the order of the clients. */
export const people = ["Ann", "Bob", "Cleo"];

/** What can happen. An event is its kind, the client, and which thing on the menu, in one number. */
export const happening = {
  choose: 0,
  arriveUp: 1,
  arriveDown: 2,
  stored: 3,
  failed: 4,
  inDoubt: 5,
  cut: 6,
  cutUnheard: 7,
  cutHeard: 8,
  connect: 9,
  serverDue: 10,
} as const;

export type Happening = (typeof happening)[keyof typeof happening];

export function eventOf(kind: Happening, client = 0, choice = 0): number {
  return kind + 16 * client + 64 * choice;
}

export function partsOf(event: number): { kind: Happening; client: number; choice: number } {
  return { kind: (event & 15) as Happening, client: (event >> 4) & 3, choice: event >> 6 };
}

const startUs = 1_700_000_000_000_000;
/** Heartbeats and time-outs come later than this and never happen; what is tried again comes earlier. */
const endUs = startUs + 900_000;

/** Where in a state its parts stand. */
const logAt = 0, appendAt = 1, logFaultsAt = 2, cutsAt = 3, serverAt = 4, clientsAt = 5;
const nothing = -1;

type ClientTable = CoreTable<ClientCore, ClientStep, ClientFacts, ClientLook, ClientResult>;

export class ExploredWorld {
  readonly plan: WorldPlan;
  readonly clients: number;
  /** How many numbers a state has. */
  readonly width: number;
  /** How long the log is at the start. */
  readonly firstRevision: number;
  readonly writes = new ByteTable();
  readonly portraits = new TextTable();
  readonly logs: LogTree;
  readonly #appends = new TextTable();
  readonly #links = new LinkTable();
  readonly #clientTables: ClientTable[] = [];
  readonly #server: CoreTable<ServerCore, ServerStep, ServerFacts, undefined, ServerResult>;
  /** The state that is looked at: `apply` takes it on to the next. */
  readonly state: Int32Array;
  /** What has gone wrong in it; "" if nothing has. */
  fault = "";

  constructor(plan: WorldPlan) {
    this.plan = plan;
    this.clients = plan.changes.length;
    this.width = clientsAt + 2 * this.clients;
    this.state = new Int32Array(this.width);
    this.logs = new LogTree(this.#appends, this.portraits);
    const drainsAtOnce = plan.drainsAtOnce ?? false;
    const entries = firstEntries(plan.start);
    const { writes, portraits } = this;
    const appends = this.#appends;
    this.#server = new CoreTable(
      new ServerDriver({ settings: defaultSettings, drainsAtOnce, writes, appends, entries }),
    );
    const { state } = this;
    state[logAt] = this.logs.append(this.logs.empty, appends.numberOf(JSON.stringify(entries))).number;
    state[appendAt] = nothing;
    state[serverAt] =
      this.#server.add(new ServerCore(defaultSettings), { nowUs: startUs, wakeAtUs: 0 }).number;
    plan.changes.forEach((changes, index) => {
      const core: ClientOptions = {
        workspace: "w",
        participant: { name: people[index]!, kind: "human" },
        seed: index + 1,
      };
      const { menu, grouped = false } = plan;
      const table: ClientTable = new CoreTable(
        new ClientDriver({ index, core, changes, menu, grouped, drainsAtOnce, writes, portraits }),
      );
      this.#clientTables.push(table);
      const facts = { nowUs: startUs, wakeAtUs: startUs, own: [] };
      state[clientsAt + 2 * index] = table.add(new ClientCore(core), facts).number;
      const link = { connection: nothing, opened: 0, up: [], down: [], halfOpen: [] };
      state[clientsAt + 2 * index + 1] = this.#links.with(link).number;
    });
    this.#settle();
    this.firstRevision = this.log.length;
    state[logFaultsAt] = plan.logFaults ?? 0;
    state[cutsAt] = plan.cuts ?? 0;
  }

  get log(): Log {
    return this.logs.log(this.state[logAt]!);
  }

  client(index: number): ClientState {
    return this.#clientTables[index]!.state(this.state[clientsAt + 2 * index]!);
  }

  link(index: number): Link {
    return this.#links.link(this.state[clientsAt + 2 * index + 1]!);
  }

  /** How many steps the cores have been asked for. */
  get coreSteps(): number {
    let steps = this.#server.steps;
    for (const table of this.#clientTables) steps += table.steps;
    return steps;
  }

  /** How many changes there were to choose from so far, by who chose and what they saw. */
  menus(): Map<string, number> {
    const menus = new Map<string, number>();
    this.#clientTables.forEach((table, index) => {
      for (const { look: { choices, view }, facts: { own } } of table.states()) {
        if (choices === 0) continue;
        const seen = this.portraits.textOf(view);
        menus.set(
          `${this.plan.name}, ${people[index]} for change ${own.length + 1} of ${choices}\n${seen}`,
          choices,
        );
      }
    });
    return menus;
  }

  /** What the append that is outstanding holds, if there is one. */
  get append(): readonly LogEntry[] | undefined {
    const append = this.state[appendAt]!;
    return append === nothing ? undefined : JSON.parse(this.#appends.textOf(append));
  }

  /** All that can happen now, but for faults: nothing, if everything has arrived and nobody has more to do. */
  events(): number[] {
    const events: number[] = [];
    for (let client = 0; client < this.clients; client++) {
      const { look, facts } = this.client(client);
      for (let choice = 0; choice < look.choices; choice++) {
        events.push(eventOf(happening.choose, client, choice));
      }
      const { up, down, connection, halfOpen } = this.link(client);
      if (up.length > 0) events.push(eventOf(happening.arriveUp, client));
      if (down.length > 0) events.push(eventOf(happening.arriveDown, client));
      if (connection === nothing && isSoon(facts.wakeAtUs)) events.push(eventOf(happening.connect, client));
      if (halfOpen.length > 0) events.push(eventOf(happening.cutHeard, client));
    }
    if (this.state[appendAt] !== nothing) events.push(eventOf(happening.stored));
    const { wakeAtUs } = this.#server.state(this.state[serverAt]!).facts;
    if (isSoon(wakeAtUs)) events.push(eventOf(happening.serverDue));
    return events;
  }

  /** Adds the faults that can happen now. */
  addFaults(events: number[]): void {
    if (this.state[appendAt] !== nothing && this.state[logFaultsAt]! > 0) {
      events.push(eventOf(happening.failed), eventOf(happening.inDoubt));
    }
    if (this.state[cutsAt] === 0) return;
    for (let client = 0; client < this.clients; client++) {
      if (this.link(client).connection === nothing) continue;
      events.push(eventOf(happening.cut, client), eventOf(happening.cutUnheard, client));
    }
  }

  /** Lets an event happen. What goes wrong is in `fault` then. */
  apply(event: number): void {
    const { kind, client, choice } = partsOf(event);
    this.fault = "";
    try {
      this.#happen(kind, client, choice);
    } catch (error) {
      this.fault = `a core threw: ${(error as Error).message}`;
    }
  }

  #happen(kind: Happening, client: number, choice: number): void {
    const { state } = this;
    const link = this.link(client);
    const atOnce = this.plan.drainsAtOnce ?? false;
    switch (kind) {
      case happening.choose:
        return this.#tell(client, choice, { kind: "choose", choice });
      case happening.arriveUp: {
        const write = link.up[0]!;
        this.#setLink(client, this.#links.shift(link, "up"));
        this.#ask(link.connection, {
          kind: "received",
          connection: link.connection,
          bytes: this.#bytes(write),
        }, write);
        if (!atOnce) this.#tell(client, nothing, { kind: "drained" });
        return;
      }
      case happening.arriveDown: {
        const write = link.down[0]!;
        this.#setLink(client, this.#links.shift(link, "down"));
        this.#tell(client, write, { kind: "received", bytes: this.#bytes(write) });
        if (!atOnce) this.#ask(link.connection, { kind: "drained", connection: link.connection });
        return;
      }
      case happening.stored:
      case happening.failed:
      case happening.inDoubt: {
        const before = this.log, append = state[appendAt]!;
        state[appendAt] = nothing;
        if (kind !== happening.failed) state[logAt] = this.logs.append(before, append).number;
        if (kind === happening.stored) return this.#ask(0, { kind: "appended", workspace: "w" });
        state[logFaultsAt]!--;
        const won = this.logs.since(this.log, before.length);
        return this.#ask(0, { kind: "append_failed", workspace: "w", won }, this.log.number);
      }
      case happening.cut:
      case happening.cutUnheard: {
        const { connection, opened, halfOpen } = link;
        state[cutsAt]!--;
        const open = kind === happening.cutUnheard ? [...halfOpen, connection] : halfOpen;
        this.#setLink(
          client,
          this.#links.with({ connection: nothing, opened, up: [], down: [], halfOpen: open }),
        );
        this.#tell(client, nothing, { kind: "closed" });
        if (kind === happening.cut) this.#ask(connection, { kind: "closed", connection });
        return;
      }
      case happening.cutHeard: {
        const [connection, ...halfOpen] = link.halfOpen;
        this.#setLink(client, this.#links.with({ ...link, halfOpen }));
        return this.#ask(connection!, { kind: "closed", connection: connection! });
      }
      case happening.connect: {
        const connection = client + 1 + this.clients * link.opened;
        this.#setLink(client, this.#links.with({ ...link, connection, opened: link.opened + 1 }));
        this.#tell(client, nothing, { kind: link.opened === 0 ? "start" : "due" });
        this.#ask(connection, { kind: "connected", connection, key: `key ${connection}` });
        return this.#tell(client, nothing, { kind: "opened" });
      }
      case happening.serverDue:
        return this.#ask(0, { kind: "due" });
    }
  }

  #bytes(write: number): Uint8Array {
    return this.writes.bytesOf(write);
  }

  #setLink(client: number, link: Link): void {
    this.state[clientsAt + 2 * client + 1] = link.number;
  }

  /** Gives an input to a client. `which` tells it from others of its kind. */
  #tell(client: number, which: number, input: ClientStep): void {
    const code = (which + 1) * 16 + clientSteps.indexOf(input.kind);
    const move: ClientMove = this.#clientTables[client]!.move(this.client(client), code, input);
    this.state[clientsAt + 2 * client] = move.to.number;
    const { sends, fault } = move.result;
    for (const write of sends) this.#setLink(client, this.#links.push(this.link(client), "up", write));
    if (fault !== "") this.fault ||= `${people[client]}: ${fault}`;
  }

  /** Gives an input to the server, about a connection or about none. `which` tells it from others of its kind. */
  #ask(connection: number, input: ServerStep, which = nothing): void {
    const code = ((which + 1) * 64 + connection) * 16 + serverSteps.indexOf(input.kind);
    const state: ServerState = this.#server.state(this.state[serverAt]!);
    const move: ServerMove = this.#server.move(state, code, input);
    this.state[serverAt] = move.to.number;
    const { sends, append, ends, fault } = move.result;
    for (const { connection, write } of sends) {
      const client = (connection - 1) % this.clients, link = this.link(client);
      // What is written into a connection that was cut arrives nowhere.
      if (link.connection === connection) this.#setLink(client, this.#links.push(link, "down", write));
    }
    if (append !== nothing) {
      assert(this.state[appendAt] === nothing, "one append is outstanding");
      this.state[appendAt] = append;
    }
    for (const connection of ends) {
      const client = (connection - 1) % this.clients, link = this.link(client);
      const halfOpen = link.halfOpen.filter((other) => other !== connection);
      if (halfOpen.length === link.halfOpen.length) this.fault ||= `the server hung up on ${people[client]}`;
      else this.#setLink(client, this.#links.with({ ...link, halfOpen }));
    }
    if (fault !== "") this.fault ||= fault;
  }

  /** Lets everybody join who is there from the start. */
  #settle(): void {
    const late = this.plan.lastIsLate === true ? this.clients - 1 : nothing;
    const isWaited = (event: number) => {
      const { kind, client } = partsOf(event);
      return kind !== happening.choose && !(kind === happening.connect && client === late);
    };
    for (;;) {
      const event = this.events().find(isWaited);
      if (event === undefined) return;
      this.apply(event);
      assert(this.fault === "", `the world can begin: ${this.fault}`);
    }
  }
}

function isSoon(wakeAtUs: number): boolean {
  return wakeAtUs > 0 && wakeAtUs < endUs;
}

/** In the order of their codes. */
const clientSteps: readonly ClientStep["kind"][] = [
  "choose",
  "start",
  "opened",
  "received",
  "drained",
  "closed",
  "due",
];
const serverSteps: readonly ServerStep["kind"][] = [
  "connected",
  "received",
  "drained",
  "closed",
  "appended",
  "append_failed",
  "due",
];

/** A log that somebody has begun who is gone. */
function firstEntries(start: Change): LogEntry[] {
  const entry = { time: startUs / 1000, notices: [], hash: 0 };
  const own = { ...entry, session: "", site: 0, seq: 0, author: undefined, change: { steps: [], edits: [] } };
  const author = { name: "Founder", kind: "human" } as const;
  const made = { ...entry, session: "founder", site: 1, seq: 1, author, change: start };
  return [{ ...own, revision: 1, sites: 64 }, { ...made, revision: 2, sites: 0 }];
}
