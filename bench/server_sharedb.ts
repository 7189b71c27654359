/**
 * ShareDB under load: its process, and a thin client of its JSON protocol.
 *
 * @module
 */

import { unicodeType } from "./peers.ts";
import {
  isBackspace,
  letter,
  type MeasuredServer,
  startPosition,
  type ThinClient,
  type Watcher,
} from "./thin_client.ts";
import { ThinWebSocket } from "./web_socket.ts";

/** What a server says of the one document here; `a` says what it is. */
interface Message {
  readonly a: "init" | "hs" | "s" | "f" | "op";
  readonly error?: { readonly message: string };
  readonly id?: string;
  readonly data?: { readonly v: number; readonly data?: string };
  readonly v?: number;
  readonly src?: string;
  readonly seq?: number;
  readonly op?: readonly (number | string | { readonly d: number })[];
}

/** The one that there is: its collection and its id. */
export const document = { c: "bench", d: "bench" };
const uri = (unicodeType as unknown as { uri: string }).uri;
const decoder = new TextDecoder();

/** Who is who: ShareDB names a connection by a string of its own. */
const clientOf = new Map<string, number>();

class Connection implements ThinClient {
  readonly pipelines = false;
  readonly #client: number;
  readonly #watcher: Watcher;
  #socket!: ThinWebSocket;
  #source = "";
  #version = 0;
  /** Where this client types, in the document at `#version`. */
  #position: number;
  #changes = 0;
  bytesHeard = 0;
  /** Messages that came before the ones they follow. */
  readonly #early = new Map<number, Message>();
  #waiting = new Map<Message["a"], (message: Message) => void>();

  private constructor(client: number, watcher: Watcher) {
    this.#client = client;
    this.#watcher = watcher;
    this.#position = startPosition(client);
  }

  static async open(port: number, client: number, watcher: Watcher): Promise<Connection> {
    const connection = new Connection(client, watcher);
    const greeted = connection.#next("init");
    connection.#socket = await ThinWebSocket.connect(port, {
      message: (bytes) => connection.#heard(bytes),
      closed: (reason) => watcher.failed(client, reason),
    });
    await greeted;
    const { id } = await connection.ask({ a: "hs", id: null, protocol: 1, protocolMinor: 2 });
    connection.#source = id!;
    clientOf.set(id!, client);
    return connection;
  }

  /** Sends a request and resolves with its answer. */
  ask(request: { readonly a: Message["a"] } & Record<string, unknown>): Promise<Message> {
    const answer = this.#next(request.a);
    this.#send(request);
    return answer;
  }

  /** From now on hears of changes; gives the text that there is. */
  async subscribe(): Promise<string | undefined> {
    const { data } = await this.ask({ a: "s", ...document, v: null });
    this.#version = data!.v;
    return data!.data;
  }

  edit(): void {
    const op = isBackspace(this.#changes) ? [this.#position - 1, { d: 1 }] : [this.#position, letter];
    this.#changes++;
    this.#send({ a: "op", ...document, v: this.#version, seq: this.#changes, x: {}, op });
  }

  close(): void {
    this.#socket.close();
  }

  #send(message: unknown): void {
    this.#socket.sendText(JSON.stringify(message));
  }

  #next(a: Message["a"]): Promise<Message> {
    return new Promise((resolve) => this.#waiting.set(a, resolve));
  }

  #heard(bytes: Uint8Array): void {
    this.bytesHeard += bytes.length;
    this.#received(JSON.parse(decoder.decode(bytes)) as Message);
  }

  #received(message: Message): void {
    if (message.error !== undefined) return this.#watcher.failed(this.#client, message.error.message);
    const waiting = this.#waiting.get(message.a);
    if (waiting !== undefined) {
      this.#waiting.delete(message.a);
      return waiting(message);
    }
    if (message.a !== "op") return;
    const version = message.v!;
    if (version < this.#version) return;
    if (version > this.#version) {
      this.#early.set(version, message);
      return;
    }
    for (let next: Message | undefined = message; next !== undefined;) {
      this.#take(next);
      next = this.#early.get(++this.#version);
      if (next !== undefined) this.#early.delete(this.#version);
    }
  }

  #take({ src, seq, op }: Message): void {
    if (src === this.#source) {
      this.#position += isBackspace(seq! - 1) ? -1 : 1;
      // The version counts up after this, and the next edit needs the new one.
      queueMicrotask(() => this.#watcher.acknowledged(this.#client));
      return;
    }
    let at = 0;
    for (const component of op ?? []) {
      if (typeof component === "number") at += component;
      else if (typeof component === "string") {
        if (at < this.#position) this.#position += component.length;
        at += component.length;
      } else if (at < this.#position) this.#position -= component.d;
    }
    this.#watcher.delivered(this.#client, clientOf.get(src!)!, seq! - 1);
  }
}

const nobody: Watcher = {
  acknowledged() {},
  delivered() {},
  failed(_, reason) {
    throw new Error(reason);
  },
};

/** Comes as somebody new, holds the text, and is told of changes from then on: how many bytes that took. */
export async function joinShareDb(port: number): Promise<{ text: string; bytes: number }> {
  const connection = await Connection.open(port, -1, nobody);
  const text = await connection.subscribe();
  connection.close();
  return { text: text!, bytes: connection.bytesHeard };
}

export const shareDb: MeasuredServer = {
  name: "ShareDB",
  argumentsFor: (port) => ["run", "-A", new URL("serve_sharedb.ts", import.meta.url).pathname, String(port)],
  async prepare(port, text) {
    const connection = await Connection.open(port, -1, nobody);
    await connection.ask({ a: "op", ...document, v: 0, seq: 1, x: {}, create: { type: uri, data: text } });
    connection.close();
  },
  async connect(port, client, watcher) {
    const connection = await Connection.open(port, client, watcher);
    await connection.subscribe();
    return connection;
  },
  async read(port) {
    const connection = await Connection.open(port, -1, nobody);
    const { data } = await connection.ask({ a: "f", ...document, v: null });
    connection.close();
    return data!.data!;
  },
};
