/**
 * One open connection to the server: what has come in of the next message, what is to go out when the transport
 * is free, how far the greeting has come, and since when nothing has been heard.
 *
 * @module
 */

import { FrameReader, fromHex, joined, type SavedFrameReader, toHex, type Welcome } from "../../proto/mod.ts";
import { IncomingSnapshot, type SavedSnapshot } from "./incoming_snapshot.ts";

/** How long a server may say nothing. */
const silenceUs = 30_000_000;

export interface SavedConnection {
  readonly reader: SavedFrameReader;
  readonly outgoing: string;
  readonly isWriting: boolean;
  readonly heardAtUs: number;
  readonly welcomeRevision: number | null;
  readonly epoch: string;
  readonly scope?: string;
  readonly snapshot: SavedSnapshot | null;
  readonly loading: SavedSnapshot | null;
  readonly adopted: Welcome | null;
  readonly asked: readonly number[];
  readonly uploading: string | null;
}

export class Connection {
  #reader = new FrameReader();
  #outgoing: Uint8Array[] = [];
  #isWriting = false;
  #heardAtUs: number;
  /** The newest revision there was at the welcome: who has it has caught up. Undefined before the welcome. */
  #welcomeRevision: number | undefined;
  /** Of the log that the welcome was about. */
  #epoch = "";
  /** What can be seen, as the welcome names it. */
  #scope = "";
  /** What there is of a snapshot that was announced, and is not complete. */
  snapshot: IncomingSnapshot | undefined;
  /** What there is of the texts of files that are being loaded. */
  loading: IncomingSnapshot | undefined;
  /** The welcome that gives us another identity, or another place in the log, once the snapshot is complete. */
  adopted: Welcome | undefined;
  /** The ids of the questions that are not answered. */
  readonly asked = new Set<number>();
  /** The hash of what has been uploaded, and not answered. */
  uploading: string | undefined;

  constructor(nowUs: number) {
    this.#heardAtUs = nowUs;
  }

  /** Takes bytes as they come in, and hands on each message that they complete. */
  received(bytes: Uint8Array, nowUs: number, handle: (type: number, payload: Uint8Array) => void): void {
    this.#heardAtUs = nowUs;
    this.#reader.push(bytes, handle);
  }

  /** When it is to be given up, if nothing is heard until then. */
  get silentAtUs(): number {
    return this.#heardAtUs + silenceUs;
  }

  get isWelcomed(): boolean {
    return this.#welcomeRevision !== undefined;
  }

  /** Whether the server has let us in, and nothing of what we begin with is missing. */
  get isJoined(): boolean {
    return this.isWelcomed && this.snapshot === undefined;
  }

  /** Whether who is at `revision` has all that there was when we were let in. */
  hasCaughtUp(revision: number): boolean {
    return this.isJoined && revision >= this.#welcomeRevision!;
  }

  get epoch(): string {
    return this.#epoch;
  }

  get scope(): string {
    return this.#scope;
  }

  welcomed({ revision, epoch, scope = "" }: Welcome): void {
    this.#welcomeRevision = revision;
    this.#epoch = epoch;
    this.#scope = scope;
  }

  /** Whether the transport still works on what it was given. */
  get isWriting(): boolean {
    return this.#isWriting;
  }

  send(frame: Uint8Array): void {
    this.#outgoing.push(frame);
  }

  /** What is to be written now, if there is anything and the transport is free. */
  write(): Uint8Array | undefined {
    if (this.#isWriting || this.#outgoing.length === 0) return undefined;
    const bytes = joined(this.#outgoing);
    this.#outgoing = [];
    this.#isWriting = true;
    return bytes;
  }

  drained(): void {
    this.#isWriting = false;
  }

  save(): SavedConnection {
    return {
      reader: this.#reader.save(),
      outgoing: toHex(joined(this.#outgoing)),
      isWriting: this.#isWriting,
      heardAtUs: this.#heardAtUs,
      welcomeRevision: this.#welcomeRevision ?? null,
      epoch: this.#epoch,
      ...this.#scope === "" ? {} : { scope: this.#scope },
      snapshot: this.snapshot?.save() ?? null,
      loading: this.loading?.save() ?? null,
      adopted: this.adopted ?? null,
      asked: [...this.asked],
      uploading: this.uploading ?? null,
    };
  }

  static restore(saved: SavedConnection): Connection {
    const connection = new Connection(saved.heardAtUs);
    connection.#reader = FrameReader.restore(saved.reader);
    if (saved.outgoing !== "") connection.send(fromHex(saved.outgoing));
    connection.#isWriting = saved.isWriting;
    connection.#welcomeRevision = saved.welcomeRevision ?? undefined;
    connection.#epoch = saved.epoch;
    connection.#scope = saved.scope ?? "";
    connection.adopted = saved.adopted ?? undefined;
    for (const id of saved.asked) connection.asked.add(id);
    connection.uploading = saved.uploading ?? undefined;
    connection.snapshot = saved.snapshot === null ? undefined : IncomingSnapshot.restore(saved.snapshot);
    connection.loading = saved.loading === null ? undefined : IncomingSnapshot.restore(saved.loading);
    return connection;
  }
}
