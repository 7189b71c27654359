/**
 * A client made of a socket, a frame reader and nothing else: it says what it is told to say, right or wrong.
 *
 * @module
 */

import type { Change } from "../../ot/mod.ts";
import {
  type ClientMessage,
  decodeServerMessage,
  encodeClientMessage,
  FrameReader,
  type Hello,
  type ServerMessage,
  type SyncDocument,
  type Welcome,
} from "../../proto/mod.ts";
import { assert, assertEquals } from "../assert.ts";
import { helloOf } from "../hello.ts";
import { eventually, within } from "./waiting.ts";

type Of<K extends ServerMessage["kind"]> = ServerMessage & { readonly kind: K };

export class RawClient {
  readonly #connection: Deno.TcpConn;
  /** What has been heard and not yet been asked for. */
  readonly heard: ServerMessage[] = [];
  /** Whether the server has ended the connection, or it broke. */
  ended = false;
  bytesRead = 0;
  welcome: Welcome | undefined;
  /** What the server sent of the workspace. */
  readonly pieces: SyncDocument[] = [];
  #reading: Promise<void> | undefined;
  #closed = false;
  #seq = 0;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  /** Connects, and says nothing yet. */
  static async connect(port: number, { reads = true } = {}): Promise<RawClient> {
    const client = new RawClient(await Deno.connect({ hostname: "127.0.0.1", port }));
    if (reads) client.read();
    return client;
  }

  /** Connects, says Hello, and is welcomed. */
  static async join(port: number, hello: Partial<Hello> = {}): Promise<RawClient> {
    const client = await RawClient.connect(port);
    await client.sayHello(hello);
    const welcome = await client.hear("welcome");
    client.welcome = welcome;
    client.#seq = welcome.committed;
    if (welcome.resumed && hello.snapshot !== true) return client;
    do client.pieces.push(await client.hear("sync")); while (!client.pieces.at(-1)!.last);
    return client;
  }

  /** From now on takes what comes. */
  read(): void {
    this.#reading ??= this.#read();
  }

  async #read(): Promise<void> {
    const reader = new FrameReader(), buffer = new Uint8Array(64 << 10);
    try {
      for (;;) {
        const count = await this.#connection.read(buffer);
        if (count === null) break;
        this.bytesRead += count;
        reader.push(buffer.subarray(0, count), (type, payload) => {
          this.heard.push(decodeServerMessage(type, payload));
        });
      }
    } catch (error) {
      // The other side cut the connection, or this one did: over either way.
      if (!(error instanceof Deno.errors.ConnectionReset) && !this.#closed) throw error;
    } finally {
      this.ended = true;
    }
  }

  async sendBytes(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) sent += await this.#connection.write(bytes.subarray(sent));
  }

  send(message: ClientMessage): Promise<void> {
    return this.sendBytes(encodeClientMessage(message));
  }

  sayHello(hello: Partial<Hello> = {}): Promise<void> {
    return this.send(helloOf(hello));
  }

  /** Submits a change on the revision of the welcome, unless told otherwise; gives its seq and the frame. */
  async submit(
    change: Change,
    { seq = ++this.#seq, base = this.welcome!.revision } = {},
  ): Promise<{ seq: number; frame: Uint8Array }> {
    const frame = encodeClientMessage({ kind: "operation", seq, base, change });
    await this.sendBytes(frame);
    return { seq, frame };
  }

  /** The next message of a kind that was not asked for before; what else has come stays to be asked for. */
  hear<K extends ServerMessage["kind"]>(
    kind: K,
    which: (message: Of<K>) => boolean = () => true,
  ): Promise<Of<K>> {
    return this.#next(
      (message): message is Of<K> => message.kind === kind && which(message as Of<K>),
      kind,
    );
  }

  /** What becomes of the change with this seq. */
  answer(seq: number): Promise<Of<"acknowledge"> | Of<"refuse">> {
    return this.#next(
      (message): message is Of<"acknowledge"> | Of<"refuse"> =>
        (message.kind === "acknowledge" || message.kind === "refuse") && message.seq === seq,
      `answer to ${seq}`,
    );
  }

  async #next<M extends ServerMessage>(
    is: (message: ServerMessage) => message is M,
    what: string,
  ): Promise<M> {
    await eventually(
      () => this.heard.some(is) || this.ended,
      `a ${what} (heard: ${this.heard.map(({ kind }) => kind)})`,
    );
    const message = this.heard.find(is);
    if (message === undefined) {
      const heard = JSON.stringify(
        this.heard.slice(-5),
        (_, value) => typeof value === "bigint" ? String(value) : value,
      );
      throw new Error(`The connection ended without a ${what}, but with ${heard}`);
    }
    this.heard.splice(this.heard.indexOf(message), 1);
    return message;
  }

  /** Asserts that the server says why it ends the connection, as its last word, and ends it. */
  async isEnded(code: string): Promise<Of<"close">> {
    await eventually(() => this.ended, `the end of a connection, for ${code}`);
    const last = this.heard.at(-1);
    assert(last?.kind === "close", `the last word was ${last?.kind ?? "none"}`);
    assertEquals(last.code, code);
    assert(last.message.length > 10, `"${last.message}" is a sentence`);
    return last;
  }

  /** Breaks the connection, without a word. */
  async cut(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.#connection.close();
    } catch {
      // The server was first.
    }
    if (this.#reading !== undefined) await within(this.#reading, "the end of reading");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.cut();
  }
}
