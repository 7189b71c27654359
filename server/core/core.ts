/**
 * The server's core: a state machine without a socket, file, clock or source of randomness.
 *
 *     const outputs = core.step(input);
 *
 * Inputs are what has happened, outputs what is to be done, in order. One order of inputs gives one order of
 * outputs, on any machine. Everything that is decided is decided here: framing, time-outs, limits, back-pressure,
 * who may speak when. The shell around it moves bytes and tells the time, and so does the simulator in its place.
 *
 * The contract with whoever drives it:
 * - times are whole microseconds since 1970 and never go back;
 * - after `send`, the connection's next input of that kind is `drained`: until then nothing more is sent on it;
 * - after `append`, there is exactly one `appended` or `append_failed` for the workspace; after `load`, one `loaded`
 *   or `load_failed`; after `checkpoint`, one `checkpointed` or `checkpoint_failed` with its revision;
 * - after `authenticate`, there is one `authenticated` or `denied`, unless the connection is gone;
 * - after `store`, there is one `content_stored` or `content_failed` for the connection, unless it is gone by then; after
 *   `hold`, one `content_held` or `content_not_held` with its hash;
 * - after `ask`, there is one `answered`, and after each `more` another one, up to the last piece of the answer;
 * - after `list`, there is one `listed` for the connection, unless it is gone by then;
 * - after `wake`, there is a `due` at that time or later; a new `wake` takes the place of the one before. One for the
 *   present moment is for when everything that has come in by now has been taken in: then what all of that is due
 *   to a connection goes out in one write.
 *
 * @module
 */

import { assert } from "../../ot/mod.ts";
import {
  type AdminAsk,
  type AdminHello,
  type CloseCode,
  codes,
  decodeClientMessage,
  fromHex,
  type Hello,
  isPlainText,
  isSigningKey,
  joined,
  type Load,
  type Operation,
  ProtocolError,
  protocolVersion,
  type Query,
  type RefusalCode,
  signedPart,
  toHex,
  type Verify,
  verify as verifySignature,
} from "../../proto/mod.ts";
import {
  Administration,
  type ListedWorkspace,
  type SavedAdministration,
  waitingFor,
} from "./administration.ts";
import { Administrator } from "./administrator.ts";
import { Connection, type ConnectionId, type Origin, type SavedConnection } from "./connection.ts";
import type { Figures } from "./figures.ts";
import { hashOf } from "./hash.ts";
import { type Grant, hasExpired } from "./rights.ts";
import { KeptFrames } from "./kept_frames.ts";
import { RunningSettings } from "./limits.ts";
import { Packer } from "./packer.ts";
import { Room, type RoomHost, type SavedRoom } from "./room.ts";
import type { Settings } from "./settings.ts";
import type { LogEntry, SavedState, State } from "./state.ts";

export type Input =
  /** `key` is a secret of 128 bits or more that was never used before. */
  | {
    readonly kind: "connected";
    readonly connection: ConnectionId;
    readonly key: string;
    readonly from?: Origin;
    readonly nowUs: number;
  }
  /** The bytes are read before `step` returns, and never kept. */
  | {
    readonly kind: "received";
    readonly connection: ConnectionId;
    readonly bytes: Uint8Array;
    readonly nowUs: number;
  }
  | { readonly kind: "drained"; readonly connection: ConnectionId; readonly nowUs: number }
  /** The connection is gone, whoever ended it. */
  | { readonly kind: "closed"; readonly connection: ConnectionId; readonly nowUs: number }
  /** The token of a connection is good for its workspace. */
  | {
    readonly kind: "authenticated";
    readonly connection: ConnectionId;
    readonly grant: Grant;
    readonly nowUs: number;
  }
  /** It is not. */
  | {
    readonly kind: "denied";
    readonly connection: ConnectionId;
    readonly code: CloseCode;
    readonly message: string;
    readonly nowUs: number;
  }
  /** These tokens are good for nothing any more, nor are those that were made from them. */
  | { readonly kind: "revoked"; readonly tokens: readonly string[]; readonly nowUs: number }
  /** What the log holds of a workspace: nothing, if it is new. The entries come after the checkpoint. */
  | {
    readonly kind: "loaded";
    readonly workspace: string;
    readonly epoch: string;
    readonly checkpoint: SavedState | null;
    readonly entries: readonly LogEntry[];
    readonly nowUs: number;
  }
  | { readonly kind: "load_failed"; readonly workspace: string; readonly nowUs: number }
  | { readonly kind: "appended"; readonly workspace: string; readonly nowUs: number }
  /**
   * `won` is what the log holds after the expected revision: read again, so that no append is in doubt. Null if the
   * workspace is another one now, in which nothing of what is known here need be.
   */
  | {
    readonly kind: "append_failed";
    readonly workspace: string;
    readonly won: readonly LogEntry[] | null;
    readonly nowUs: number;
  }
  /** Somebody else has written to the log: entries after ours, or null if the workspace is another one now. */
  | {
    readonly kind: "changed";
    readonly workspace: string;
    readonly entries: readonly LogEntry[] | null;
    readonly nowUs: number;
  }
  | {
    readonly kind: "checkpointed" | "checkpoint_failed";
    readonly workspace: string;
    readonly revision: number;
    readonly nowUs: number;
  }
  /** What was uploaded is stored, and found by this hash. */
  | {
    readonly kind: "content_stored";
    readonly connection: ConnectionId;
    readonly hash: string;
    readonly nowUs: number;
  }
  | { readonly kind: "content_failed"; readonly connection: ConnectionId; readonly nowUs: number }
  /** How long a content is that a change names; null if there is none. */
  | {
    readonly kind: "content_held";
    readonly workspace: string;
    readonly hash: string;
    readonly length: number | null;
    readonly nowUs: number;
  }
  | {
    readonly kind: "content_not_held";
    readonly workspace: string;
    readonly hash: string;
    readonly nowUs: number;
  }
  /** The next piece of the answer to what was asked: a frame, which others do not write to. */
  | {
    readonly kind: "answered";
    readonly connection: ConnectionId;
    readonly id: number;
    readonly bytes: Uint8Array;
    readonly last: boolean;
    readonly nowUs: number;
  }
  /** Which workspaces the log has; null if it cannot be read. */
  | {
    readonly kind: "listed";
    readonly connection: ConnectionId;
    readonly workspaces: readonly ListedWorkspace[] | null;
    readonly nowUs: number;
  }
  | { readonly kind: "due"; readonly nowUs: number }
  /** No more is taken in; what has been is settled, and everybody is told. */
  | { readonly kind: "stop"; readonly nowUs: number };

export type Output =
  /** The bytes may be shared with other connections: they must not be written to. */
  | { readonly kind: "send"; readonly connection: ConnectionId; readonly bytes: Uint8Array }
  /** Once what was sent has gone out. No input but `closed` is expected of it any more. */
  | { readonly kind: "close"; readonly connection: ConnectionId }
  /**
   * Somebody has to be told from others by the token in the Hello, which nobody but the shell has seen. Null for who
   * comes to look after the server: then the grant says which workspaces that is.
   */
  | { readonly kind: "authenticate"; readonly connection: ConnectionId; readonly workspace: string | null }
  | { readonly kind: "load"; readonly workspace: string }
  /** To be stored if the workspace is at revision `expected`, all of them or none. */
  | {
    readonly kind: "append";
    readonly workspace: string;
    readonly expected: number;
    readonly entries: readonly LogEntry[];
  }
  /** The state may be stored, to begin with at the next load; what is appended meanwhile does not wait for it. */
  | { readonly kind: "checkpoint"; readonly workspace: string; readonly state: State }
  /** Bytes that a change is going to name are to be stored, by their SHA-256; nothing else waits for it. */
  | {
    readonly kind: "store";
    readonly workspace: string;
    readonly connection: ConnectionId;
    readonly content: Uint8Array;
  }
  /** A change names this content: it is to be kept from now on, if it is there. */
  | { readonly kind: "hold"; readonly workspace: string; readonly hash: string }
  /**
   * A question about what the log of a workspace holds. Until its last piece, a connection asks nothing else. With a
   * scope, the answer says nothing of what is outside of it.
   */
  | {
    readonly kind: "ask";
    readonly connection: ConnectionId;
    readonly workspace: string;
    readonly query: Query;
    readonly scope?: string;
  }
  /** The next piece of the answer can be sent. */
  | { readonly kind: "more"; readonly connection: ConnectionId; readonly id: number }
  /** An administrator wants to know which workspaces the log has. */
  | { readonly kind: "list"; readonly connection: ConnectionId }
  | { readonly kind: "wake"; readonly atUs: number }
  | {
    readonly kind: "report";
    readonly event: string;
    readonly fields: Readonly<Record<string, string | number>>;
  }
  /** After `stop`: all is settled, and all connections are closed. */
  | { readonly kind: "stopped" };

/**
 * All that a core knows, as plain data that JSON carries, without its settings. Equal states are saved alike,
 * whatever has led to them; where an order shows in outputs, it is part of the state.
 */
export interface SavedServer {
  /** In the order in which they have come. */
  readonly connections: readonly SavedConnection[];
  /** In the order in which they were opened. */
  readonly rooms: readonly SavedRoom[];
  /** The names of those that may want to be woken, in the order in which they are. */
  readonly timed: readonly string[];
  readonly tickAtUs: number | null;
  readonly wokenAtUs: number | null;
  readonly stopping: boolean;
  readonly administration?: SavedAdministration;
}

/** How long to wait before something is uploaded again that could not be stored, in milliseconds. */
const failedRetryMs = 1000;

/** In the place of the key of a session that has none: no signature is good there. */
const noKey = { key: "", workspace: "" };

/** How often time-outs are looked at. */
const tickUs = 1_000_000;

const workspaceName = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$/;

export class ServerCore {
  readonly #settings: Settings;
  readonly #connections = new Map<ConnectionId, Connection>();
  readonly #rooms = new Map<string, Room>();
  readonly #host: RoomHost;
  readonly #administration: Administration;
  #outputs: Output[] = [];
  /** Connections with something due that a flush of their room does not cover. */
  readonly #urgent = new Set<Connection>();
  /** Rooms that want to be woken at some time. */
  readonly #timed = new Set<Room>();
  #tickAtUs: number | undefined;
  #wokenAtUs: number | undefined;
  #stopping = false;

  /** @param verify Says whether a signature is good: another one than that of `proto/` may be quicker. */
  constructor(
    settings: Settings,
    verify: Verify = verifySignature,
    running = new RunningSettings(settings),
  ) {
    // An administrator may set some of them.
    this.#settings = settings = running.now;
    this.#administration = new Administration({
      settings: running,
      rooms: this.#rooms,
      list: ({ id }) => this.#outputs.push({ kind: "list", connection: id }),
      due: (connection) => this.#urgent.add(connection),
      end: (...how) => this.#end(...how),
      report: (event, fields) => this.#report(event, fields),
    });
    this.#host = {
      settings,
      verify,
      append: (room, expected, entries) => {
        this.#outputs.push({ kind: "append", workspace: room.name, expected, entries });
      },
      hold: (room, hash) => {
        this.#outputs.push({ kind: "hold", workspace: room.name, hash });
      },
      checkpoint: (room, state) => {
        this.#outputs.push({ kind: "checkpoint", workspace: room.name, state });
      },
      end: (connection, code, nowUs) => this.#end(connection, code, nowUs),
      timed: (room) => this.#timed.add(room),
      report: (event, fields) => this.#report(event, fields),
      packer: new Packer(settings.packedBytesMin, settings.packedKeptMax),
      kept: new KeptFrames(settings.snapshotsKeptMax),
      canPin: (room, state, instead) => this.#canPin(room, state, instead),
    };
  }

  /** Takes one input, and says what is to be done about it. */
  step(input: Input): Output[] {
    const { nowUs } = input;
    switch (input.kind) {
      case "connected":
        this.#connected(input.connection, input.key, input.from, nowUs);
        break;
      case "received":
        this.#received(input.connection, input.bytes, nowUs);
        break;
      case "drained":
        this.#drained(input.connection);
        break;
      case "closed":
        this.#closed(input.connection, nowUs);
        break;
      case "authenticated":
        this.#authenticated(input.connection, input.grant, nowUs);
        break;
      case "denied": {
        const connection = this.#connections.get(input.connection);
        if (connection !== undefined) this.#end(connection, input.code, nowUs, input.message);
        break;
      }
      case "revoked":
        this.#revoked(new Set(input.tokens), nowUs);
        break;
      case "loaded": {
        const room = this.#roomOf(input.workspace);
        room.load(input.epoch, input.checkpoint ?? undefined, input.entries, nowUs);
        this.#administration.opened(room);
        break;
      }
      case "load_failed":
        this.#loadFailed(input.workspace, nowUs);
        break;
      case "appended":
        this.#roomOf(input.workspace).appended(nowUs);
        break;
      case "append_failed":
        if (input.won === null) this.#replaced(this.#roomOf(input.workspace), nowUs);
        else this.#roomOf(input.workspace).appendFailed(input.won, nowUs);
        break;
      case "changed":
        this.#changed(input.workspace, input.entries, nowUs);
        break;
      case "checkpointed":
      case "checkpoint_failed":
        this.#rooms.get(input.workspace)?.checkpointed(input.revision, input.kind === "checkpointed");
        break;
      case "content_stored":
        this.#stored(input.connection, input.hash);
        break;
      case "content_failed":
        this.#stored(input.connection, undefined);
        break;
      case "content_held":
        this.#rooms.get(input.workspace)?.held(input.hash, input.length ?? undefined, nowUs);
        break;
      case "content_not_held":
        this.#rooms.get(input.workspace)?.notHeld(input.hash, nowUs);
        break;
      case "answered":
        this.#answered(input.connection, input.id, input.bytes, input.last);
        break;
      case "listed": {
        const connection = this.#connections.get(input.connection), { administrator } = connection ?? {};
        if (connection === undefined || connection.closing || administrator === undefined) break;
        if (this.#endExpired(connection, nowUs)) break;
        this.#administration.listed(connection, administrator, input.workspaces ?? undefined, nowUs);
        break;
      }
      case "due":
        this.#wokenAtUs = undefined;
        this.#flushRooms(nowUs);
        break;
      case "stop":
        this.#stopping = true;
        this.#report("stopping", { connections: this.#connections.size });
    }
    if (this.#tickAtUs !== undefined && nowUs >= this.#tickAtUs) this.#tick(nowUs);
    for (const connection of this.#urgent) this.#flush(connection, nowUs);
    this.#urgent.clear();
    if (this.#stopping) this.#stop(nowUs);
    this.#wake();
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }

  /** How much of everything there is, between two inputs. */
  figures(): Figures {
    const rooms = [...this.#rooms.values()].map((room) => room.figures());
    const welcomed = rooms.reduce((sum, { followers }) => sum + followers.length, 0);
    return { strangers: this.#connections.size - welcomed, rooms };
  }

  /** All that it knows, between two inputs. */
  save(): SavedServer {
    const administration = this.#administration.save();
    return {
      connections: [...this.#connections.values()].map((connection) => connection.save()),
      rooms: [...this.#rooms.values()].map((room) => room.save()),
      timed: [...this.#timed].map(({ name }) => name),
      tickAtUs: this.#tickAtUs ?? null,
      wokenAtUs: this.#wokenAtUs ?? null,
      stopping: this.#stopping,
      ...administration === undefined ? {} : { administration },
    };
  }

  /** A core that does from now on what the one that was saved would have done, under the same settings. */
  static restore(settings: Settings, saved: SavedServer, verify?: Verify): ServerCore {
    const running = new RunningSettings(settings);
    running.set(saved.administration?.limits ?? []);
    const core = new ServerCore(settings, verify, running);
    for (const connection of saved.connections) {
      core.#connections.set(connection.id, Connection.restore(connection, settings.frameBytesMax));
    }
    for (const room of saved.rooms) {
      core.#rooms.set(room.name, Room.restore(room, core.#host, core.#connections));
    }
    for (const name of saved.timed) core.#timed.add(core.#roomOf(name));
    core.#tickAtUs = saved.tickAtUs ?? undefined;
    core.#wokenAtUs = saved.wokenAtUs ?? undefined;
    core.#stopping = saved.stopping;
    if (saved.administration !== undefined) {
      core.#administration.restore(saved.administration, core.#connections);
    }
    return core;
  }

  // Connections -----------------------------------------------------------------------------------------------

  #connected(id: ConnectionId, key: string, from: Origin | undefined, nowUs: number): void {
    assert(!this.#connections.has(id), `connection ${id} is new`);
    const connection = new Connection(id, key, this.#settings.frameBytesMax, nowUs, from);
    this.#connections.set(id, connection);
    this.#tickAtUs ??= nowUs + tickUs;
    if (this.#stopping) this.#end(connection, "shutting_down", nowUs);
    else if (this.#connections.size > this.#settings.connectionsMax) {
      this.#end(connection, "too_many_clients", nowUs);
    }
  }

  #received(id: ConnectionId, bytes: Uint8Array, nowUs: number): void {
    const connection = this.#connections.get(id);
    if (connection === undefined || connection.closing) return;
    connection.heardAtUs = nowUs;
    if (this.#endExpired(connection, nowUs)) return;
    try {
      connection.read(bytes, (type, payload) => {
        if (!connection.closing) this.#frame(connection, type, payload, nowUs);
      });
    } catch (error) {
      // The one place where bytes that are not the protocol's end up.
      if (!(error instanceof ProtocolError)) throw error;
      this.#end(connection, error.code, nowUs, error.message);
    }
    if (connection.controlBytes > this.#settings.controlBytesMax) this.#end(connection, "slow_reader", nowUs);
  }

  #frame(connection: Connection, type: number, payload: Uint8Array, nowUs: number): void {
    connection.hasSpoken = true;
    const message = decodeClientMessage(type, payload);
    switch (message.kind) {
      case "ping":
        connection.sayPong(message.value);
        this.#urgent.add(connection);
        return;
      case "pong":
        return;
      case "close":
        connection.closing = true;
        connection.room?.leave(connection, nowUs);
        if (connection.session !== undefined && message.code === "bye") {
          connection.room!.forget(connection.session);
        }
        this.#urgent.add(connection);
        return;
      case "hello":
        return this.#hello(connection, message, nowUs);
      case "operation":
        return this.#operation(connection, message, payload, nowUs);
      case "query":
        return this.#query(connection, message, nowUs);
      case "load":
        return this.#load(connection, message, nowUs);
      case "upload":
        return this.#upload(connection, message.content, nowUs);
      case "admin_hello":
        return this.#adminHello(connection, message, nowUs);
      case "admin_ask":
        return this.#adminAsk(connection, message, nowUs);
      case "presence":
        if (connection.hello === undefined) return this.#end(connection, "hello_expected", nowUs);
        if (connection.session !== undefined && !this.#stopping) {
          connection.room!.place(connection.session, message.place, nowUs);
        }
    }
  }

  /** Ends a connection whose hello is not its first, or of a version that is not spoken here: then this is false. */
  #isFirst(connection: Connection, version: number, nowUs: number): boolean {
    if (connection.hello !== undefined || connection.administrator !== undefined) {
      this.#end(connection, "hello_repeated", nowUs);
      return false;
    }
    if (version === protocolVersion) return true;
    const message = `Version ${version} of the protocol is not spoken here, but ${protocolVersion} is`;
    this.#end(connection, "unsupported_version", nowUs, message);
    return false;
  }

  #hello(connection: Connection, hello: Hello, nowUs: number): void {
    if (!this.#isFirst(connection, hello.version, nowUs)) return;
    if (!workspaceName.test(hello.workspace)) return this.#end(connection, "bad_workspace_name", nowUs);
    if (hello.key !== undefined && !isSigningKey(fromHex(hello.key))) {
      return this.#end(connection, "key_invalid", nowUs);
    }
    const { token, ...rest } = hello;
    if (this.#settings.authentication === true) {
      if (token === undefined) return this.#end(connection, "token_expected", nowUs);
      connection.hello = rest;
      this.#outputs.push({ kind: "authenticate", connection: connection.id, workspace: hello.workspace });
    } else this.#enter(connection, rest, nowUs);
  }

  /** Somebody is who the token says, whatever the Hello said. */
  #authenticated(id: ConnectionId, grant: Grant, nowUs: number): void {
    const connection = this.#connections.get(id);
    if (connection === undefined || connection.closing) return;
    const { administrator } = connection;
    const hasSaid = connection.hello !== undefined || administrator !== undefined;
    assert(hasSaid && connection.grant === undefined, `${id} is authenticated once`);
    if (hasExpired(grant, nowUs)) return this.#end(connection, "token_expired", nowUs);
    connection.granted(grant);
    if (administrator !== undefined) {
      if (!connection.rights.isAdmin) return this.#end(connection, "not_admin", nowUs);
      return this.#administration.admit(connection, administrator, nowUs);
    }
    this.#enter(connection, { ...connection.hello!, participant: grant.participant }, nowUs);
  }

  #revoked(tokens: ReadonlySet<string>, nowUs: number): void {
    for (const connection of this.#connections.values()) {
      if (connection.grant?.tokens.some((token) => tokens.has(token)) !== true) continue;
      this.#cutOff(connection, "token_revoked", nowUs);
    }
    for (const room of this.#rooms.values()) room.bar(tokens);
  }

  /** Lets somebody into a workspace who may go there. */
  #enter(connection: Connection, hello: Hello, nowUs: number): void {
    const { workspace, participant: { name } } = hello;
    if (!isParticipantName(name)) return this.#end(connection, "bad_participant", nowUs);
    const untilUs = this.#administration.keptOutUntilUs(workspace, name, nowUs);
    if (untilUs !== undefined) {
      const retryMs = Math.ceil((untilUs - nowUs) / 1000);
      return this.#end(connection, "kept_out", nowUs, waitingFor("kept_out", retryMs), retryMs);
    }
    connection.hello = hello;
    let room = this.#rooms.get(hello.workspace);
    if (room === undefined) {
      if (this.#rooms.size >= this.#settings.workspacesMax) {
        return this.#end(connection, "too_many_workspaces", nowUs);
      }
      room = new Room(hello.workspace, this.#host);
      this.#rooms.set(hello.workspace, room);
      this.#outputs.push({ kind: "load", workspace: hello.workspace });
    }
    if (room.connections.size >= this.#settings.clientsMax && !room.replaces(connection)) {
      return this.#end(connection, "too_many_clients", nowUs);
    }
    connection.room = room;
    room.join(connection, nowUs);
    this.#urgent.add(connection);
  }

  /** Somebody comes to look after the server. */
  #adminHello(connection: Connection, { version, token }: AdminHello, nowUs: number): void {
    if (!this.#isFirst(connection, version, nowUs)) return;
    const administrator = connection.administrator = new Administrator();
    if (this.#settings.authentication !== true) {
      return this.#administration.admit(connection, administrator, nowUs);
    }
    if (token === undefined) return this.#end(connection, "token_expected", nowUs);
    this.#outputs.push({ kind: "authenticate", connection: connection.id, workspace: null });
  }

  #adminAsk(connection: Connection, ask: AdminAsk, nowUs: number): void {
    const { administrator } = connection;
    if (administrator === undefined) return this.#end(connection, "not_admin", nowUs);
    if (!this.#stopping) this.#administration.ask(connection, administrator, ask, nowUs);
  }

  #operation(connection: Connection, operation: Operation, payload: Uint8Array, nowUs: number): void {
    const { session } = connection;
    if (session === undefined) return this.#end(connection, "hello_expected", nowUs);
    // Whoever is told to stop is told so: what it sends from now on, it will send again.
    if (this.#stopping) return;
    const { seq, base, change, task, conditions, signature } = operation;
    if (seq === 0) return this.#end(connection, "malformed_message", nowUs, "Changes are numbered from 1 on");
    const { id, site, participant, signer = noKey } = session;
    const bytes = signature === undefined ? "" : toHex(signedPart(payload));
    connection.room!.submit(connection, {
      session: id,
      site,
      participant,
      seq,
      base,
      change,
      ...task === undefined ? {} : { task },
      ...conditions === undefined ? {} : { conditions },
      hash: hashOf(payload),
      ...signature === undefined ? {} : { signed: { signer, signature, bytes } },
    }, nowUs);
  }

  #load(connection: Connection, { nodes }: Load, nowUs: number): void {
    const { room, session } = connection;
    if (session === undefined) return this.#end(connection, "hello_expected", nowUs);
    if (this.#stopping || room!.loadFiles(connection, nodes, nowUs)) return;
    const message =
      "Files are loaded by clients that have said in their hello that they are lazy, and not that many";
    this.#end(connection, "malformed_message", nowUs, message);
  }

  #query(connection: Connection, query: Query, nowUs: number): void {
    if (connection.session === undefined) return this.#end(connection, "hello_expected", nowUs);
    if (this.#stopping) return;
    if (connection.questions.add(query)) return this.#askNext(connection);
    const code = "too_many_queries";
    const answer = { kind: "answer", id: query.id, revision: 0, items: [], last: true, next: "" } as const;
    connection.say({ ...answer, code, message: codes[code].text });
    this.#urgent.add(connection);
  }

  /** Has bytes stored, that a change may name from then on. */
  #upload(connection: Connection, content: Uint8Array, nowUs: number): void {
    const { id, room, session } = connection;
    if (session === undefined || room === undefined) return this.#end(connection, "hello_expected", nowUs);
    if (this.#stopping) return;
    const refuse = (code: RefusalCode, retryMs = 0) => {
      const { text: message } = codes[code];
      connection.say({ kind: "uploaded", hash: "", code, message, retryMs });
      this.#urgent.add(connection);
    };
    if (connection.isStoring) return refuse("upload_in_flight");
    if (content.length > this.#settings.blobBytesMax) return refuse("blob_too_long");
    // Each is as dear as a change, which is to follow.
    const waitMs = room.affords(session, nowUs);
    if (waitMs > 0) return refuse("too_fast", waitMs);
    connection.isStoring = true;
    this.#outputs.push({ kind: "store", workspace: room.name, connection: id, content });
  }

  #stored(id: ConnectionId, hash: string | undefined): void {
    const connection = this.#connections.get(id);
    if (connection === undefined || connection.closing || !connection.isStoring) return;
    connection.isStoring = false;
    const { text } = codes.log_failed;
    connection.say(
      hash === undefined
        ? { kind: "uploaded", hash: "", code: "log_failed", message: text, retryMs: failedRetryMs }
        : { kind: "uploaded", hash, code: "", message: "", retryMs: 0 },
    );
    this.#urgent.add(connection);
  }

  #askNext({ id, room, rights, questions }: Connection): void {
    const query = questions.next();
    if (query === undefined) return;
    const scope = rights.read.isEverything ? {} : { scope: rights.read.key };
    this.#outputs.push({ kind: "ask", connection: id, workspace: room!.name, query, ...scope });
  }

  #answered(id: ConnectionId, query: number, bytes: Uint8Array, last: boolean): void {
    const connection = this.#connections.get(id);
    if (connection?.questions.answered(query, bytes, last) === true) this.#urgent.add(connection);
  }

  /** What goes out now of an answer: behind all else that is due. */
  #answerTo(connection: Connection): Uint8Array[] {
    const { id, room, questions } = connection;
    if (room === undefined || room.hasMore(connection)) return [];
    const piece = questions.take();
    if (piece === undefined) return [];
    if (piece.more === undefined) this.#askNext(connection);
    else this.#outputs.push({ kind: "more", connection: id, id: piece.more });
    return [piece.bytes];
  }

  #drained(id: ConnectionId): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    connection.writing = false;
    if (connection.owed) this.#urgent.add(connection);
  }

  #closed(id: ConnectionId, nowUs: number): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    this.#connections.delete(id);
    this.#urgent.delete(connection);
    connection.closing = true;
    connection.room?.leave(connection, nowUs);
    this.#administration.leave(connection);
    this.#report("closed", { connection: id });
  }

  /** Says why, and closes when that has been said. */
  #end(
    connection: Connection,
    code: CloseCode,
    nowUs: number,
    message: string = codes[code].text,
    retryMs = codes[code].resume ? 1000 : 0,
  ): void {
    if (connection.closing) return;
    connection.closing = true;
    connection.room?.leave(connection, nowUs);
    this.#administration.leave(connection);
    connection.say({ kind: "close", code, message, resume: codes[code].resume, retryMs });
    this.#urgent.add(connection);
    this.#report("ending", { connection: connection.id, code });
  }

  /** Nothing is taken from or given to somebody whose token has ended: then this is true. */
  #endExpired(connection: Connection, nowUs: number): boolean {
    if (connection.grant === undefined || !hasExpired(connection.grant, nowUs)) return false;
    this.#cutOff(connection, "token_expired", nowUs);
    return true;
  }

  /** Ends a connection that is owed nothing any more, whatever waits for it. */
  #cutOff(connection: Connection, code: CloseCode, nowUs: number): void {
    if (connection.closing) return;
    connection.takeControl();
    this.#end(connection, code, nowUs);
  }

  #flushRooms(nowUs: number): void {
    for (const room of this.#timed) {
      if (room.wake(nowUs)) {
        for (const connection of room.connections) this.#flush(connection, nowUs);
        for (const connection of this.#administration.followersOf(room)) this.#flush(connection, nowUs);
      }
      if (room.deadlineUs() === undefined) this.#timed.delete(room);
    }
  }

  #flush(connection: Connection, nowUs: number): void {
    if (connection.ended) return;
    this.#endExpired(connection, nowUs);
    connection.owed = connection.writing;
    if (connection.writing) return;
    const parts = this.#dueTo(connection, nowUs);
    if (parts.length > 0) {
      connection.writing = true;
      connection.wroteAtUs = nowUs;
      this.#outputs.push({ kind: "send", connection: connection.id, bytes: joined(parts) });
    }
    if (connection.closing) this.#close(connection);
    else {
      const { room, questions, administrator } = connection;
      connection.owed = room !== undefined && (room.hasMore(connection) || questions.hasPiece);
      if (administrator !== undefined) connection.owed = this.#administration.hasMore(administrator);
    }
  }

  /** What goes out now to a connection. */
  #dueTo(connection: Connection, nowUs: number): Uint8Array[] {
    const { closing, administrator, room } = connection;
    if (closing || (room === undefined && administrator === undefined)) return connection.takeControl();
    if (room !== undefined) return [...room.take(connection), ...this.#answerTo(connection)];
    return [...connection.takeControl(), ...this.#administration.take(connection, administrator!, nowUs)];
  }

  #close(connection: Connection): void {
    connection.ended = true;
    this.#outputs.push({ kind: "close", connection: connection.id });
  }

  // Workspaces ------------------------------------------------------------------------------------------------

  #roomOf(workspace: string): Room {
    const room = this.#rooms.get(workspace);
    assert(room !== undefined, `workspace ${workspace} is open`);
    return room;
  }

  #loadFailed(workspace: string, nowUs: number): void {
    const room = this.#roomOf(workspace);
    this.#forget(room);
    const message =
      "The workspace cannot be read. Nothing of it has changed; whoever runs the server should verify the log.";
    for (const connection of [...room.connections]) this.#end(connection, "log_failed", nowUs, message);
    this.#report("load_failed", { workspace });
  }

  #changed(workspace: string, entries: readonly LogEntry[] | null, nowUs: number): void {
    const room = this.#rooms.get(workspace);
    // What is being read, or what an append will be told, says it all.
    if (room === undefined || room.isWaitingForLog) return;
    if (entries === null) this.#replaced(room, nowUs);
    else room.grown(entries, nowUs);
  }

  /** The log of a workspace is another one: everybody begins anew with what there is now. */
  #replaced(room: Room, nowUs: number): void {
    this.#forget(room);
    for (const connection of [...room.connections]) this.#end(connection, "log_replaced", nowUs);
    this.#report("log_replaced", { workspace: room.name });
  }

  #forget(room: Room): void {
    this.#rooms.delete(room.name);
    this.#timed.delete(room);
    this.#host.kept.forget(room);
  }

  /** Those who are sent one state share it; what is being sent to `instead`, if anything, will not be any more. */
  #canPin(room: Room, { revision, workspace }: State, instead: Connection | undefined): boolean {
    const pinned = new Map<string, number>();
    for (const connection of this.#connections.values()) {
      const { snapshot } = connection;
      if (snapshot === undefined || connection.closing || connection === instead) continue;
      if (connection.room === room && snapshot.revision === revision) return true;
      pinned.set(`${snapshot.revision} ${connection.room!.name}`, snapshot.length);
    }
    let length = workspace.textLength;
    for (const other of pinned.values()) length += other;
    // One may always come, however large the workspace is.
    return pinned.size === 0 || length <= this.#settings.pinnedLengthMax;
  }

  // Time ------------------------------------------------------------------------------------------------------

  #tick(nowUs: number): void {
    const { heartbeatUs, silenceUs, drainUs } = this.#settings;
    for (const connection of this.#connections.values()) {
      if (connection.ended) continue;
      if (connection.writing && nowUs - connection.wroteAtUs >= drainUs) this.#abandon(connection, nowUs);
      else if (connection.closing || this.#endExpired(connection, nowUs)) continue;
      else if (nowUs - connection.heardAtUs >= silenceUs) this.#end(connection, "silent", nowUs);
      else if (
        connection.hello === undefined && connection.administrator === undefined &&
        nowUs - connection.openedAtUs >= silenceUs
      ) {
        // Whose hello is still on its way may try again.
        this.#end(connection, connection.hasSpoken ? "hello_expected" : "silent", nowUs);
      } else if (nowUs - connection.pingedAtUs >= heartbeatUs) {
        connection.pingedAtUs = nowUs;
        connection.say({ kind: "ping", value: BigInt(nowUs) });
        this.#urgent.add(connection);
      }
    }
    for (const room of this.#rooms.values()) {
      room.forgetOld(nowUs);
      if (!room.fallsAsleep(nowUs)) continue;
      this.#forget(room);
      this.#report("asleep", { workspace: room.name, revision: room.revision });
    }
    const isIdle = this.#connections.size === 0 && this.#rooms.size === 0;
    this.#tickAtUs = isIdle ? undefined : nowUs + tickUs;
  }

  /** Closes a connection that takes nothing: there is no telling it why. */
  #abandon(connection: Connection, nowUs: number): void {
    connection.closing = true;
    connection.room?.leave(connection, nowUs);
    this.#close(connection);
    this.#report("ending", { connection: connection.id, code: "slow_reader" satisfies CloseCode });
  }

  #wake(): void {
    let atUs = this.#tickAtUs;
    for (const room of this.#timed) {
      const deadline = room.deadlineUs();
      if (deadline !== undefined && (atUs === undefined || deadline < atUs)) atUs = deadline;
    }
    if (atUs === undefined || atUs === this.#wokenAtUs) return;
    this.#wokenAtUs = atUs;
    this.#outputs.push({ kind: "wake", atUs });
  }

  /** Ends every connection that has been given all that is due to it, once everything is settled. */
  #stop(nowUs: number): void {
    for (const room of this.#rooms.values()) if (!room.isSettled) return;
    for (const connection of this.#connections.values()) {
      if (connection.closing) continue;
      this.#flush(connection, nowUs);
      // What has just been sent, or is still owed, comes first: `drained` brings us back here.
      if (connection.writing) continue;
      this.#end(connection, "shutting_down", nowUs);
      this.#flush(connection, nowUs);
    }
    this.#urgent.clear();
    if (this.#connections.size === 0) this.#outputs.push({ kind: "stopped" });
  }

  #report(event: string, fields: Readonly<Record<string, string | number>>): void {
    this.#outputs.push({ kind: "report", event, fields });
  }
}

function isParticipantName(name: string): boolean {
  return name !== "" && name.length <= 100 && isPlainText(name);
}
