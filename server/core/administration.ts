/**
 * Looking after a server, as the core does it: who is here, who has to go, which limits hold, what is changed.
 *
 * Whoever asks belongs to no workspace, and none is opened or kept awake for them. What they may look after is asked of
 * their grant; where everybody is let in, everybody may.
 *
 * @module
 */

import {
  type AdminAsk,
  type AdminItem,
  type AdminQuestion,
  type ClientItem,
  type CloseCode,
  codes,
  type Kick,
  type LimitSetting,
  type WorkspaceItem,
} from "../../proto/mod.ts";
import { type Administrator, Dominion, pieceOf } from "./administrator.ts";
import type { Connection, ConnectionId } from "./connection.ts";
import type { RunningSettings } from "./limits.ts";
import type { Room } from "./room.ts";
import { Tail } from "./tail.ts";

/** A workspace that a log has, and its newest entry. */
export interface ListedWorkspace {
  readonly name: string;
  readonly revision: number;
}

export interface SavedAdministration {
  /** Connections that follow what is changed, in the order in which they began to. */
  readonly tails: readonly ConnectionId[];
  readonly bars: readonly Bar[];
  /** Limits that are not as they were set at the start. */
  readonly limits: readonly LimitSetting[];
}

/** Nobody of this name, or with a name under it, comes into a workspace until then; "" is all workspaces. */
interface Bar {
  readonly workspace: string;
  readonly name: string;
  readonly untilUs: number;
}

/** How many names may be kept out, and for how long. */
const barsMax = 1000, holdMsMax = 30 * 24 * 3600 * 1000;

/** What it asks of the core. */
export interface AdministrationHost {
  readonly settings: RunningSettings;
  /** In the order in which they were opened. */
  readonly rooms: ReadonlyMap<string, Room>;
  /** Asks which workspaces the log has. */
  list(connection: Connection): void;
  /** There is something for a connection. */
  due(connection: Connection): void;
  end(connection: Connection, code: CloseCode, nowUs: number, message: string, retryMs: number): void;
  report(event: string, fields: Readonly<Record<string, string | number>>): void;
}

export class Administration {
  readonly #host: AdministrationHost;
  readonly #tails = new Set<Connection>();
  #bars: Bar[] = [];

  constructor(host: AdministrationHost) {
    this.#host = host;
  }

  /** Takes a question of somebody who looks after the server, or will be told that they do not. */
  ask(connection: Connection, administrator: Administrator, ask: AdminAsk, nowUs: number): void {
    if (!administrator.add(ask)) {
      connection.sayFrame(pieceOf(ask.id, [], true, "too_many_queries", codes.too_many_queries.text));
    }
    this.#goOn(connection, administrator, nowUs);
  }

  /** It is certain that somebody may ask. */
  admit(connection: Connection, administrator: Administrator, nowUs: number): void {
    administrator.isIn = true;
    const { from, grant } = connection;
    this.#host.report("admin_joined", {
      connection: connection.id,
      name: grant?.participant.name ?? "",
      address: from?.address ?? "",
    });
    this.#goOn(connection, administrator, nowUs);
  }

  /** The log has said which workspaces it has, or, undefined, could not be read. */
  listed(
    connection: Connection,
    administrator: Administrator,
    workspaces: readonly ListedWorkspace[] | undefined,
    nowUs: number,
  ): void {
    const { listing } = administrator;
    if (listing === undefined) return;
    administrator.listing = undefined;
    if (workspaces === undefined) administrator.refuse(listing, "log_unreadable");
    else administrator.answer(listing, this.#workspaces(dominionOf(connection), workspaces));
    this.#goOn(connection, administrator, nowUs);
  }

  /** What goes out now to an administrator. */
  take(connection: Connection, administrator: Administrator, nowUs: number): Uint8Array[] {
    const piece = administrator.take(), { tail } = administrator;
    if (piece !== undefined) {
      this.#goOn(connection, administrator, nowUs);
      return [piece];
    }
    const items = tail?.take((name) => this.#sourceOf(name), connection.rights.read) ?? [];
    return items.length === 0 ? [] : [pieceOf(tail!.id, items, false)];
  }

  /** Whether there is more for an administrator than has just been taken. */
  hasMore({ tail, hasPiece }: Administrator): boolean {
    return hasPiece || tail?.hasNews === true;
  }

  /** An administrator is gone. */
  leave(connection: Connection): void {
    this.#tails.delete(connection);
  }

  /** A workspace can be followed from now on. */
  opened(room: Room): void {
    for (const connection of this.#tails) this.#follow(connection, room);
  }

  /** Those who are to be told of what has happened in a workspace. */
  *followersOf({ name }: Room): Generator<Connection> {
    for (const connection of this.#tails) {
      const tail = connection.administrator!.tail!;
      tail.hasNewsOf(name);
      if (tail.hasNews) yield connection;
    }
  }

  /** Until when nobody of a name comes into a workspace; undefined if they may. */
  keptOutUntilUs(workspace: string, name: string, nowUs: number): number | undefined {
    const bar = this.#bars.find((bar) =>
      bar.untilUs > nowUs && (bar.workspace === "" || bar.workspace === workspace) && isUnder(name, bar.name)
    );
    return bar?.untilUs;
  }

  // Answers ---------------------------------------------------------------------------------------------------

  #goOn(connection: Connection, administrator: Administrator, nowUs: number): void {
    for (let ask = administrator.next(); ask !== undefined; ask = administrator.next()) {
      this.#answer(connection, administrator, ask, nowUs);
    }
    this.#host.due(connection);
  }

  #answer(
    connection: Connection,
    administrator: Administrator,
    { id, question }: AdminAsk,
    nowUs: number,
  ): void {
    const dominion = dominionOf(connection);
    if ("workspace" in question && question.workspace !== "" && !dominion.covers(question.workspace)) {
      return administrator.refuse(id, "token_foreign");
    }
    switch (question.kind) {
      case "workspaces":
        administrator.listing = id;
        return this.#host.list(connection);
      case "clients":
        return administrator.answer(id, [...this.#clients(dominion, question.workspace)].map(itemOf));
      case "kick":
        return this.#kick(connection, administrator, id, question, nowUs);
      case "limits":
        return this.#limits(connection, administrator, id, question.settings);
      case "tail":
        return this.#follows(connection, administrator, id, question);
    }
  }

  #workspaces(dominion: Dominion, listed: readonly ListedWorkspace[]): AdminItem[] {
    const { rooms } = this.#host, items: AdminItem[] = [];
    for (const room of rooms.values()) if (dominion.covers(room.name)) items.push(workspaceItemOf(room));
    for (const { name, revision } of listed) {
      if (!rooms.has(name) && dominion.covers(name)) items.push({ ...asleep, name, revision });
    }
    return items;
  }

  /** Who is in the workspaces that somebody looks after, or in one of them. */
  *#clients(dominion: Dominion, workspace: string): Generator<Connection> {
    for (const room of this.#host.rooms.values()) {
      if (workspace !== "" ? room.name === workspace : dominion.covers(room.name)) yield* room.connections;
    }
  }

  #kick(connection: Connection, administrator: Administrator, id: number, kick: Kick, nowUs: number): void {
    const { workspace, site, name, connection: number } = kick;
    const dominion = dominionOf(connection), holdMs = Math.min(kick.holdMs, holdMsMax);
    if (workspace === "" && site === 0 && name === "" && number === 0) {
      return administrator.refuse(id, "nobody_named");
    }
    const isForAll = workspace === "" && name !== "" && holdMs > 0;
    if (isForAll && !dominion.isEverything) return administrator.refuse(id, "not_everywhere");
    const meant = [...this.#clients(dominion, workspace)].filter((client) =>
      (site === 0 || client.session?.site === site) && (number === 0 || client.id === number) &&
      (name === "" || isUnder(nameOf(client), name))
    );
    if (holdMs > 0) {
      const barred = name !== ""
        ? [{ workspace, name }]
        : meant.map((one) => ({ workspace: one.room!.name, name: nameOf(one) }));
      for (const one of barred) this.#bar({ ...one, untilUs: nowUs + holdMs * 1000 }, nowUs);
    }
    administrator.answer(id, meant.map(itemOf));
    const message = holdMs === 0 ? codes.kicked.text : waitingFor("kicked", holdMs);
    for (const one of meant) {
      const { id: ended, room } = one;
      this.#host.report("kicked", { workspace: room!.name, connection: ended, name: nameOf(one), holdMs });
      this.#host.end(one, "kicked", nowUs, message, holdMs);
    }
  }

  /** What is said last of a name in a workspace holds. */
  #bar(bar: Bar, nowUs: number): void {
    const others = this.#bars.filter(({ workspace, name, untilUs }) =>
      untilUs > nowUs && (workspace !== bar.workspace || name !== bar.name)
    );
    this.#bars = [...others.slice(-(barsMax - 1)), bar];
  }

  #limits(
    connection: Connection,
    administrator: Administrator,
    id: number,
    wanted: readonly LimitSetting[],
  ): void {
    const { settings } = this.#host;
    if (wanted.length > 0 && !dominionOf(connection).isEverything) {
      return administrator.refuse(id, "not_everywhere");
    }
    const problem = settings.set(wanted);
    if (problem !== undefined) return administrator.refuse(id, problem);
    const by = connection.grant?.participant.name ?? "";
    for (const { name, value } of wanted) this.#host.report("limit_set", { limit: name, value, by });
    administrator.answer(id, settings.items());
  }

  // Following -------------------------------------------------------------------------------------------------

  #follows(
    connection: Connection,
    administrator: Administrator,
    id: number,
    { workspace, from }: AdminQuestion & { readonly kind: "tail" },
  ): void {
    const room = this.#host.rooms.get(workspace), { tail: former } = administrator;
    if (from > 0) {
      if (room?.isLoaded !== true) return administrator.refuse(id, "revision_forgotten", asleepMessage);
      const { floor, revision } = room;
      if (from > revision + 1) return administrator.refuse(id, "revision_unknown");
      if (from <= floor) {
        const message = `Entries are in memory from ${
          floor + 1
        } on. The command deno task log shows older ones.`;
        return administrator.refuse(id, "revision_forgotten", message);
      }
    }
    if (former !== undefined) administrator.answer(former.id, []);
    administrator.begin(id);
    administrator.tail = new Tail(id, workspace);
    this.#tails.add(connection);
    for (const one of workspace === "" ? this.#host.rooms.values() : room === undefined ? [] : [room]) {
      this.#follow(connection, one, from === 0 ? undefined : from - 1);
    }
  }

  #follow(connection: Connection, room: Room, after?: number): void {
    const tail = connection.administrator!.tail!;
    if (!room.isLoaded) return;
    if (tail.workspace !== "" ? tail.workspace === room.name : dominionOf(connection).covers(room.name)) {
      tail.follow(room, after);
    }
  }

  #sourceOf(name: string): Room | undefined {
    const room = this.#host.rooms.get(name);
    return room?.isLoaded === true ? room : undefined;
  }

  // Saving ----------------------------------------------------------------------------------------------------

  /** Undefined if nobody has ever asked for anything that is still of effect. */
  save(): SavedAdministration | undefined {
    const tails = [...this.#tails].map(({ id }) => id), limits = this.#host.settings.save();
    if (tails.length + this.#bars.length + limits.length === 0) return undefined;
    return { tails, bars: this.#bars, limits };
  }

  /** Takes up what was saved, but for the limits, which hold before there is anything else. */
  restore({ tails, bars }: SavedAdministration, connections: ReadonlyMap<ConnectionId, Connection>): void {
    for (const id of tails) this.#tails.add(connections.get(id)!);
    this.#bars = [...bars];
  }
}

const asleep: WorkspaceItem = {
  kind: "workspace",
  name: "",
  awake: false,
  revision: 0,
  epoch: "",
  nodes: 0,
  length: 0,
  blobBytes: 0,
  historyEntries: 0,
  historyBytes: 0,
  clients: 0,
  queued: 0,
  appending: 0,
};

const asleepMessage =
  "The workspace is asleep: its entries are in the log alone. The command deno task log shows them.";

function dominionOf({ grant }: Connection): Dominion {
  return new Dominion(grant);
}

/** Whether a name is another one, or under it, as Ada/bot is under Ada. */
function isUnder(name: string, other: string): boolean {
  return name === other || name.startsWith(`${other}/`);
}

function nameOf({ session, hello }: Connection): string {
  return (session?.participant ?? hello?.participant)?.name ?? "";
}

/** What somebody is told who is not to come again before some time has passed. */
export function waitingFor(code: "kicked" | "kept_out", ms: number): string {
  return codes[code].text.replace(
    /[^.]*\.$/,
    ` Do not connect again before ${Math.ceil(ms / 1000)} s have passed.`,
  );
}

function workspaceItemOf(room: Room): WorkspaceItem {
  const { historyEntries, historyWeight, queued, appending } = room.figures();
  const { workspace } = room.durable;
  return {
    kind: "workspace",
    name: room.name,
    awake: true,
    revision: room.revision,
    epoch: room.epoch,
    nodes: workspace.size,
    length: workspace.textLength,
    blobBytes: workspace.blobBytes,
    historyEntries,
    historyBytes: historyWeight,
    clients: room.connections.size,
    queued,
    appending,
  };
}

function itemOf(connection: Connection): ClientItem {
  const { id, from, room, session, hello, cursor } = connection;
  return {
    kind: "client",
    connection: id,
    workspace: room!.name,
    site: session?.site ?? 0,
    participant: session?.participant ?? hello!.participant,
    door: from?.door ?? "",
    address: from?.address ?? "",
    since: Math.floor(connection.openedAtUs / 1000),
    heard: Math.floor(connection.heardAtUs / 1000),
    revision: session === undefined ? 0 : cursor,
    behind: session === undefined ? 0 : room!.revision - cursor,
    queuedBytes: connection.controlBytes,
    inFlight: session?.unsettled ?? 0,
    seq: session === undefined ? 0 : room!.durable.sessions.get(session.id)?.last.seq ?? 0,
  };
}
