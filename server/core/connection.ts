/**
 * One connection, as the core sees it: what has been heard, what waits to be said, and where it stands in the
 * log of its workspace.
 *
 * Nothing is pushed into it. Answers wait in a queue; entries wait in the log, to which the connection has a
 * cursor; both leave when its transport has taken what it was given before.
 *
 * @module
 */

import { encodeServerMessage, FrameReader, type Hello, type ServerMessage } from "../../proto/mod.ts";
import type { Room, Session } from "./room.ts";

/** The number by which shell and core speak of a connection. Never used twice. */
export type ConnectionId = number;

export class Connection {
  readonly reader: FrameReader;
  /** What it asked for, once it has. */
  hello: Hello | undefined;
  room: Room | undefined;
  /** Its session, from the welcome on. */
  session: Session | undefined;
  /** Every entry up to this revision has been sent. */
  cursor = 0;
  /** What is left to send of a snapshot, and its revision: it goes out when the cursor is there. */
  snapshot: { readonly revision: number; readonly frames: Iterator<Uint8Array> } | undefined;
  /** Presences up to this version have been sent. */
  presenceVersion = 0;
  /** Whether there is more for it than it could take, or than fitted one write: it is next when it has drained. */
  owed = false;
  /** Whether its transport still works on what it was given. */
  writing = false;
  /** When that was given, in microseconds. */
  wroteAtUs: number;
  readonly openedAtUs: number;
  heardAtUs: number;
  pingedAtUs: number;
  /** Set when it is to be closed, as soon as all that waits has been sent. */
  closing = false;
  /** Set when the transport has been told to close. */
  ended = false;

  #control: Uint8Array[] = [];
  #controlBytes = 0;
  #pong: Uint8Array | undefined;

  constructor(
    readonly id: ConnectionId,
    /** A secret that nobody else knows, for a session that may begin here. */
    readonly key: string,
    frameBytesMax: number,
    nowUs: number,
  ) {
    // Long messages are for those who have been welcomed.
    this.reader = new FrameReader(frameBytesMax, frameBytesMax);
    this.openedAtUs =
      this.wroteAtUs =
      this.heardAtUs =
      this.pingedAtUs =
        nowUs;
  }

  /** Puts an answer in the queue. */
  say(message: ServerMessage): void {
    const frame = encodeServerMessage(message);
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
}
