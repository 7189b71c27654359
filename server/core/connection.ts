/**
 * One connection, as the core sees it: what has been heard, what waits to be said, and where it stands in the
 * log of its workspace.
 *
 * Nothing is pushed into it. Answers wait in a queue; entries wait in the log, to which the connection has a
 * cursor; both leave when its transport has taken what it was given before.
 *
 * @module
 */

import {
  encodeServerMessage,
  FrameReader,
  fromHex,
  type Hello,
  joined,
  type SavedFrameReader,
  type ServerMessage,
  toHex,
  uploadHeadBytes,
} from "../../proto/mod.ts";
import { Administrator, type SavedAdministrator } from "./administrator.ts";
import { Questions, type SavedQuestions } from "./questions.ts";
import { type Grant, Rights } from "./rights.ts";
import type { LoadedFiles } from "./loaded_files.ts";
import type { Room } from "./room.ts";
import type { Session } from "./session.ts";
import type { Settings } from "./settings.ts";
import type { Snapshot } from "./snapshot.ts";

/** The number by which shell and core speak of a connection. Never used twice. */
export type ConnectionId = number;

/** Where a connection comes from, as far as whoever accepted it knows. */
export interface Origin {
  /** By which way it came in: "tcp", "websocket" or "http". */
  readonly door: string;
  /** "" if there is none. */
  readonly address: string;
}

/** All but what its room keeps on it. Bytes are hexadecimal digits. */
export interface SavedConnection {
  readonly id: ConnectionId;
  readonly key: string;
  readonly from?: Origin;
  readonly administrator?: SavedAdministrator;
  readonly reader: SavedFrameReader;
  readonly hello: Hello | null;
  readonly grant?: Grant;
  readonly control: string;
  readonly pong: string;
  readonly owed: boolean;
  readonly writing: boolean;
  readonly closing: boolean;
  readonly ended: boolean;
  readonly openedAtUs: number;
  readonly heardAtUs: number;
  readonly pingedAtUs: number;
  readonly hasSpoken: boolean;
  readonly wroteAtUs: number;
  readonly questions: SavedQuestions;
  readonly isStoring: boolean;
}

export class Connection {
  /** What it asked for, once it has. */
  hello: Hello | undefined;
  /** What its token gives it; undefined where nobody is asked, and until it is known. */
  grant: Grant | undefined;
  /** What that comes to. */
  rights = Rights.everything;
  room: Room | undefined;
  /** Set if its other end looks after the server, in the place of a session. */
  administrator: Administrator | undefined;
  /** Its session, from the welcome on. */
  session: Session | undefined;
  /** Every entry up to this revision has been sent. */
  cursor = 0;
  /** What is left to send of a snapshot: it goes out when the cursor is at its revision. */
  snapshot: Snapshot | undefined;
  /** The files whose texts it has, if it is lazy; undefined if it has all of them. */
  loads: LoadedFiles | undefined;
  /** Presences up to this version have been sent. */
  presenceVersion = 0;
  /** Whether there is more for it than it could take, or than fitted one write: it is next when it has drained. */
  owed = false;
  /** Whether its transport still works on what it was given. */
  writing = false;
  /** When that was given, in microseconds. */
  wroteAtUs: number;
  heardAtUs: number;
  pingedAtUs: number;
  /** Whether a whole frame has come in. */
  hasSpoken = false;
  /** Set when it is to be closed, as soon as all that waits has been sent. */
  closing = false;
  /** Set when the transport has been told to close. */
  ended = false;

  /** What it asks about what is and was. */
  questions = new Questions();
  /** Whether what it has uploaded is on its way to the log. */
  isStoring = false;

  #reader: FrameReader;
  #control: Uint8Array[] = [];
  #controlBytes = 0;
  #pong: Uint8Array | undefined;

  constructor(
    readonly id: ConnectionId,
    /** A secret that nobody else knows, for a session that may begin here. */
    readonly key: string,
    frameBytesMax: number,
    readonly openedAtUs: number,
    readonly from: Origin | undefined = undefined,
  ) {
    // Long messages are for those who have been welcomed.
    this.#reader = new FrameReader(frameBytesMax, frameBytesMax);
    this.wroteAtUs = this.heardAtUs = this.pingedAtUs = openedAtUs;
  }

  /** Takes bytes as they come in, and hands on each message that they complete. */
  read(bytes: Uint8Array, handle: (type: number, payload: Uint8Array) => void): void {
    this.#reader.push(bytes, handle);
  }

  /** Its token is good for this. */
  granted(grant: Grant): void {
    this.grant = grant;
    this.rights = Rights.of(grant);
  }

  /** From now on it speaks for a session, and its messages may be longer than a frame. */
  welcomed(session: Session, { messageBytesMax, blobBytesMax }: Settings): void {
    session.connection = this;
    this.session = session;
    this.#reader.messageBytesMax = messageBytesMax;
    this.#reader.uploadBytesMax = blobBytesMax + uploadHeadBytes;
  }

  /** Puts an answer in the queue. */
  say(message: ServerMessage): void {
    this.sayFrame(encodeServerMessage(message));
  }

  /** Puts the frame of an answer in the queue. */
  sayFrame(frame: Uint8Array): void {
    this.#control.push(frame);
    this.#controlBytes += frame.length;
  }

  /** Puts the answer to a ping in the queue: only the newest, so that no flood of pings makes it long. */
  sayPong(value: bigint): void {
    this.#pong = encodeServerMessage({ kind: "pong", value });
  }

  get controlBytes(): number {
    return this.#controlBytes;
  }

  /** Takes the answers out of the queue. */
  takeControl(): Uint8Array[] {
    const frames = this.#control;
    if (this.#pong !== undefined) frames.push(this.#pong);
    this.#pong = undefined;
    this.#control = [];
    this.#controlBytes = 0;
    return frames;
  }

  save(): SavedConnection {
    const { id, key, owed, writing, closing, ended, openedAtUs, heardAtUs, pingedAtUs, wroteAtUs } = this;
    return {
      id,
      key,
      ...this.from === undefined ? {} : { from: this.from },
      ...this.administrator === undefined ? {} : { administrator: this.administrator.save() },
      reader: this.#reader.save(),
      hello: this.hello ?? null,
      ...this.grant === undefined ? {} : { grant: this.grant },
      control: toHex(joined(this.#control)),
      pong: this.#pong === undefined ? "" : toHex(this.#pong),
      ...{ owed, writing, closing, ended },
      ...{ openedAtUs, heardAtUs, pingedAtUs, wroteAtUs },
      hasSpoken: this.hasSpoken,
      questions: this.questions.save(),
      isStoring: this.isStoring,
    };
  }

  /** The connection, but for what its room keeps on it. */
  static restore(saved: SavedConnection, frameBytesMax: number): Connection {
    const connection = new Connection(saved.id, saved.key, frameBytesMax, saved.openedAtUs, saved.from);
    if (saved.administrator !== undefined) {
      connection.administrator = Administrator.restore(saved.administrator);
    }
    connection.#reader = FrameReader.restore(saved.reader, frameBytesMax, frameBytesMax);
    connection.hello = saved.hello ?? undefined;
    if (saved.grant !== undefined) connection.granted(saved.grant);
    connection.owed = saved.owed;
    connection.writing = saved.writing;
    connection.closing = saved.closing;
    connection.ended = saved.ended;
    connection.heardAtUs = saved.heardAtUs;
    connection.pingedAtUs = saved.pingedAtUs;
    connection.hasSpoken = saved.hasSpoken;
    connection.wroteAtUs = saved.wroteAtUs;
    connection.questions = Questions.restore(saved.questions);
    connection.isStoring = saved.isStoring;
    if (saved.control !== "") connection.sayFrame(fromHex(saved.control));
    if (saved.pong !== "") connection.#pong = fromHex(saved.pong);
    return connection;
  }
}
