/**
 * Hocuspocus under load: its process, and a thin client of its protocol (y-protocols' sync messages behind the
 * document's name).
 *
 * A change is a Yjs update with one item, or one deleted item, written by hand, for a whole `Y.Doc` for each client
 * would not be thin. The server confirms a change by a sync status, which is what its own provider counts. It
 * merges the updates of one turn into one message, so what is delivered is counted in the items of that: each is
 * one change. It sends a change to its author too, which is not counted.
 *
 * @module
 */

import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import * as Y from "yjs";
import {
  isBackspace,
  letter,
  lineLength,
  type MeasuredServer,
  type ThinClient,
  type Watcher,
} from "./thin_client.ts";
import { ThinWebSocket } from "./web_socket.ts";

const name = "bench", key = "text";
const sync = 0, auth = 2, syncReply = 4, syncStatus = 8;
const step1 = 0, step2 = 1, update = 2;
const token = 0, authenticated = 2;
/** The Yjs client that made the document's first text; load client i is Yjs client i + 1. */
const preparer = 1_000_000;

/** An item's identity: who made it, and that one's count of characters before it. */
type Id = readonly [client: number, clock: number];

/** Which change made the character with a given clock, by author; a deletion makes none. */
const changeOfClock: number[][] = [];

class Connection implements ThinClient {
  readonly pipelines = true;
  readonly #client: number;
  readonly #watcher: Watcher;
  #socket!: ThinWebSocket;
  #changes = 0;
  #clock = 0;
  /** What this client typed and did not delete, and where a letter goes: between the last of it and `#right`. */
  readonly #typed: number[] = [];
  #right: Id;
  readonly #answers: { synced?: (update: Uint8Array) => void; allowed?: () => void; stored?: () => void } =
    {};

  private constructor(client: number, watcher: Watcher) {
    this.#client = client;
    this.#watcher = watcher;
    this.#right = [preparer, (client + 1) * lineLength - 1];
    if (client >= 0) changeOfClock[client] = [];
  }

  static async open(port: number, client: number, watcher: Watcher): Promise<Connection> {
    const connection = new Connection(client, watcher);
    connection.#socket = await ThinWebSocket.connect(port, {
      message: (bytes) => connection.#received(bytes),
      closed: (reason) => watcher.failed(client, reason),
    });
    await new Promise<void>((resolve) => {
      connection.#answers.allowed = resolve;
      connection.#send(auth, (encoder) => {
        encoding.writeVarUint(encoder, token);
        encoding.writeVarString(encoder, "");
      });
    });
    return connection;
  }

  /** Resolves with the whole document. */
  sync(): Promise<Uint8Array> {
    return new Promise((resolve) => {
      this.#answers.synced = resolve;
      this.#sendSync(step1, Y.encodeStateVector(new Map()));
    });
  }

  /** Sends an update and resolves when the server has it. */
  store(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#answers.stored = resolve;
      this.#sendSync(update, bytes);
    });
  }

  edit(): void {
    const change = this.#changes++;
    const self = this.#client + 1;
    if (isBackspace(change)) {
      const clock = this.#typed.pop()!;
      this.#right = [self, clock];
      this.#sendSync(update, deletion(self, clock));
    } else {
      const last = this.#typed.at(-1);
      const left: Id = last === undefined ? [preparer, (this.#client + 1) * lineLength - 2] : [self, last];
      changeOfClock[this.#client]![this.#clock] = change;
      this.#sendSync(update, insertion(self, this.#clock, left, this.#right, letter));
      this.#typed.push(this.#clock++);
    }
  }

  close(): void {
    this.#socket.close();
  }

  #sendSync(subtype: number, bytes: Uint8Array): void {
    this.#send(sync, (encoder) => {
      encoding.writeVarUint(encoder, subtype);
      encoding.writeVarUint8Array(encoder, bytes);
    });
  }

  #send(type: number, write: (encoder: encoding.Encoder) => void): void {
    const encoder = encoding.createEncoder();
    encoding.writeVarString(encoder, name);
    encoding.writeVarUint(encoder, type);
    write(encoder);
    this.#socket.sendBinary(encoding.toUint8Array(encoder));
  }

  #received(bytes: Uint8Array): void {
    const decoder = decoding.createDecoder(bytes);
    decoding.readVarString(decoder);
    switch (decoding.readVarUint(decoder)) {
      case auth:
        if (decoding.readVarUint(decoder) !== authenticated) {
          return this.#watcher.failed(this.#client, "not authenticated");
        }
        return this.#answers.allowed?.();
      case sync:
      case syncReply: {
        const subtype = decoding.readVarUint(decoder);
        const payload = decoding.readVarUint8Array(decoder);
        if (subtype === update) this.#take(payload);
        else if (subtype === step2) this.#answers.synced?.(payload.slice());
        return;
      }
      case syncStatus:
        if (decoding.readVarUint(decoder) !== 1) {
          return this.#watcher.failed(this.#client, "a change was refused");
        }
        if (this.#answers.stored !== undefined) return this.#answers.stored();
        return this.#watcher.acknowledged(this.#client);
    }
  }

  #take(bytes: Uint8Array): void {
    const { structs, ds } = Y.decodeUpdate(bytes);
    const self = this.#client + 1;
    for (const { id, length } of structs) {
      if (id.client === self || id.client === preparer) continue;
      const author = id.client - 1;
      for (let i = 0; i < length; i++) {
        this.#watcher.delivered(this.#client, author, changeOfClock[author]![id.clock + i]!);
      }
    }
    for (const [client, deletions] of ds.clients) {
      if (client === self) continue;
      for (const { len } of deletions) {
        // Which backspace it was is not written in the update.
        for (let i = 0; i < len; i++) this.#watcher.delivered(this.#client, client - 1, -1);
      }
    }
  }
}

const originBit = 0x80, rightOriginBit = 0x40, stringContent = 4;

/** A Yjs update (version 1) with one item: `text` between two others, or at the start of the document. */
function insertion(client: number, clock: number, left: Id | undefined, right: Id | undefined, text: string) {
  const encoder = encoding.createEncoder();
  for (const number of [1, 1, client, clock]) encoding.writeVarUint(encoder, number);
  encoding.writeUint8(
    encoder,
    stringContent | (left === undefined ? 0 : originBit) | (right === undefined ? 0 : rightOriginBit),
  );
  for (const id of [left, right]) {
    if (id === undefined) continue;
    encoding.writeVarUint(encoder, id[0]);
    encoding.writeVarUint(encoder, id[1]);
  }
  if (left === undefined && right === undefined) {
    // The item says itself what it belongs to: a type by this name.
    encoding.writeVarUint(encoder, 1);
    encoding.writeVarString(encoder, key);
  }
  encoding.writeVarString(encoder, text);
  encoding.writeVarUint(encoder, 0);
  return encoding.toUint8Array(encoder);
}

/** A Yjs update (version 1) that deletes one character. */
function deletion(client: number, clock: number): Uint8Array {
  const encoder = encoding.createEncoder();
  for (const number of [0, 1, client, 1, clock, 1]) encoding.writeVarUint(encoder, number);
  return encoding.toUint8Array(encoder);
}

const nobody: Watcher = {
  acknowledged() {},
  delivered() {},
  failed(_, reason) {
    throw new Error(reason);
  },
};

/** Hocuspocus with its defaults. */
export const hocuspocus = measured("Hocuspocus", []);

/** Hocuspocus with a message for every update: what it was before it merged them, and what most others do. */
export const hocuspocusUnmerged = measured("Hocuspocus, unmerged", ["unmerged"]);

function measured(name: string, setting: readonly string[]): MeasuredServer {
  return {
    name,
    argumentsFor: (
      port,
    ) => ["run", "-A", new URL("serve_hocuspocus.ts", import.meta.url).pathname, String(port), ...setting],
    async prepare(port, text) {
      const connection = await Connection.open(port, -1, nobody);
      await connection.sync();
      await connection.store(insertion(preparer, 0, undefined, undefined, text));
      keptOpen = connection;
    },
    async connect(port, client, watcher) {
      const connection = await Connection.open(port, client, watcher);
      await connection.sync();
      keptOpen?.close();
      keptOpen = undefined;
      return connection;
    },
    async read(port) {
      const connection = await Connection.open(port, -1, nobody);
      const doc = new Y.Doc();
      Y.applyUpdate(doc, await connection.sync());
      connection.close();
      return doc.getText(key).toString();
    },
  };
}

/** Held until a client has come: a document that nobody has open is forgotten by a server without storage. */
let keptOpen: Connection | undefined;
