/**
 * Our own server under load: its process, with the log in memory, and a thin client of the protocol.
 *
 * The client decodes with the project's own codec. An entry's edit moves the place where it types; of a text it
 * knows nothing more.
 *
 * @module
 */

import type { NodeId, TextOp } from "../ot/mod.ts";
import {
  type ClientMessage,
  decodeServerMessage,
  encodeClientMessage,
  FrameReader,
  protocolVersion,
  type ServerMessage,
} from "../proto/mod.ts";
import {
  isBackspace,
  letter,
  type MeasuredServer,
  Outlet,
  pump,
  startPosition,
  type ThinClient,
  type Watcher,
} from "./thin_client.ts";
import { ThinWebSocket } from "./web_socket.ts";

const fileName = "bench.txt";

/** Who is who: the server names a session by its site. Seqs count from 1, changes from 0. */
const clientOf: number[] = [];

/** What a client's bytes go over. */
interface Wire {
  send(bytes: Uint8Array): void;
  close(): void;
}

/** Opens a wire; what comes over it goes to `handle`, and at its end nothing, once. */
type OpenWire = (port: number, handle: (bytes: Uint8Array | undefined) => void) => Promise<Wire>;

const tcpWire: OpenWire = async (port, handle) => {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  connection.setNoDelay();
  const outlet = new Outlet(connection);
  pump(connection, handle);
  return { send: (bytes) => outlet.send(bytes), close: () => connection.close() };
};

const webSocketWire: OpenWire = async (port, handle) => {
  const socket = await ThinWebSocket.connect(port, { message: handle, closed: () => handle(undefined) });
  return { send: (bytes) => socket.sendBinary(bytes), close: () => socket.close() };
};

/** A thin client in a workspace of our server. */
class Connection implements ThinClient {
  readonly pipelines = false;
  readonly #client: number;
  readonly #watcher: Watcher;
  #wire!: Wire;
  readonly #reader = new FrameReader();
  #closing = false;
  site = 0;
  #revision = 0;
  /** Of the file that all edit. */
  #node: NodeId = "0:0";
  /** Where this client types, in the text at `#revision`. */
  #position: number;
  #changes = 0;
  #text = "";
  readonly #synced = Promise.withResolvers<void>();
  readonly #answered = Promise.withResolvers<void>();

  private constructor(client: number, watcher: Watcher) {
    this.#client = client;
    this.#watcher = watcher;
    this.#position = startPosition(client);
  }

  /** Connects, and resolves when the workspace has come. */
  static async open(
    openWire: OpenWire,
    port: number,
    client: number,
    watcher: Watcher,
    workspace = "bench",
  ): Promise<Connection> {
    const opened = new Connection(client, watcher);
    opened.#wire = await openWire(port, (bytes) => opened.#received(bytes));
    opened.#send({
      kind: "hello",
      version: protocolVersion,
      workspace,
      participant: { name: `client ${client}`, kind: "human" },
      session: "",
      epoch: "",
      revision: 0,
      snapshot: true,
      accepted: false,
      attempt: 0,
      lazy: false,
      loaded: [],
      packed: true,
    });
    await opened.#synced.promise;
    return opened;
  }

  /** Makes the file, and resolves when that is acknowledged. */
  create(text: string): Promise<void> {
    const node: NodeId = `${this.site}:1`;
    this.#send({
      kind: "operation",
      seq: 1,
      base: this.#revision,
      change: {
        steps: [{ kind: "create", node, parent: "0:0", name: fileName, type: "text" }],
        edits: [{ node, op: [{ at: 0, remove: 0, insert: text }] }],
      },
    });
    return this.#answered.promise;
  }

  get text(): string {
    return this.#text;
  }

  edit(): void {
    const op: TextOp = isBackspace(this.#changes)
      ? [{ at: this.#position - 1, remove: 1, insert: "" }]
      : [{ at: this.#position, remove: 0, insert: letter }];
    this.#changes++;
    const change = { steps: [], edits: [{ node: this.#node, op }] };
    this.#send({ kind: "operation", seq: this.#changes, base: this.#revision, change });
  }

  close(): void {
    this.#closing = true;
    this.#wire.close();
  }

  #send(message: ClientMessage): void {
    this.#wire.send(encodeClientMessage(message));
  }

  #received(bytes: Uint8Array | undefined): void {
    if (bytes !== undefined) {
      this.#reader.push(bytes, (type, payload) => this.#take(decodeServerMessage(type, payload)));
    } else if (!this.#closing) this.#watcher.failed(this.#client, "the server ended the connection");
  }

  #take(message: ServerMessage): void {
    switch (message.kind) {
      case "entry": {
        this.#expect(message.revision);
        for (const { node, op } of message.change.edits) {
          if (node === this.#node) this.#move(op);
        }
        // Entries without an edit are the server's own book-keeping.
        if (message.change.edits.length === 0) return;
        return this.#watcher.delivered(this.#client, clientOf[message.site]!, message.seq - 1);
      }
      case "acknowledge":
        this.#expect(message.revision);
        if (this.#client < 0) return this.#answered.resolve();
        this.#position += isBackspace(message.seq - 1) ? -1 : 1;
        return this.#watcher.acknowledged(this.#client);
      case "welcome":
        this.site = message.site;
        clientOf[message.site] = this.#client;
        return;
      case "sync":
        for (const { id, kind } of message.nodes) if (kind === "text") this.#node = id;
        for (const { text } of message.contents) this.#text += text;
        this.#revision = message.revision;
        if (message.last) this.#synced.resolve();
        return;
      case "refuse":
      case "close":
        return this.#watcher.failed(this.#client, `${message.code}: ${message.message}`);
      case "ping":
        return this.#send({ kind: "pong", value: message.value });
    }
  }

  /** Entries and acknowledgements come in one order without gaps. */
  #expect(revision: number): void {
    if (revision !== this.#revision + 1) {
      this.#watcher.failed(this.#client, `revision ${revision} came after ${this.#revision}`);
    }
    this.#revision = revision;
  }

  #move(op: TextOp): void {
    let shift = 0;
    for (const { at, remove, insert } of op) {
      if (at >= this.#position) break;
      shift += insert.length - remove;
    }
    this.#position += shift;
  }
}

const nobody: Watcher = {
  acknowledged() {},
  delivered() {},
  failed(_, reason) {
    throw new Error(reason);
  },
};

/** The arguments for `deno` that start our server on a port, with its log where `storage` says. */
export function serveArguments(port: number, ...storage: string[]): string[] {
  const serve = ["run", "-A", new URL("../cli/main.ts", import.meta.url).pathname, "serve", ...storage];
  // The defaults guard against a single client that makes more changes than people do.
  return [
    ...serve,
    "--port",
    String(port),
    "--no-http",
    "--rate",
    "1000000",
    "--clients",
    "200",
    "--log-level",
    "error",
  ];
}

export const ours: MeasuredServer = {
  name: "Dist-Space",
  argumentsFor: (port) => serveArguments(port, "--memory"),
  async prepare(port, text) {
    const connection = await Connection.open(tcpWire, port, -1, nobody);
    await connection.create(text);
    connection.close();
  },
  connect: (port, client, watcher) => Connection.open(tcpWire, port, client, watcher),
  async read(port) {
    const connection = await Connection.open(tcpWire, port, -1, nobody);
    connection.close();
    return connection.text;
  },
};

let leftBehind: string[] = [];

function tidy(): void {
  for (const path of leftBehind) Deno.removeSync(path, { recursive: true });
  leftBehind = [];
}

/** Somebody who types over WebSocket, where the server has its port for the web. */
export function typist(port: number, client: number, watcher: Watcher): Promise<ThinClient> {
  return Connection.open(webSocketWire, port, client, watcher);
}

/** Somebody who is in a workspace over WebSocket, and does nothing. */
export function idler(port: number, workspace: string): Promise<{ close(): void }> {
  return Connection.open(webSocketWire, port, -1, nobody, workspace);
}

/** The same, writing down all that comes in. */
export const oursRecording: MeasuredServer = {
  ...ours,
  name: "Dist-Space, recording",
  argumentsFor(port) {
    const file = Deno.makeTempFileSync({ suffix: ".jsonl" });
    leftBehind.push(file);
    return [...ours.argumentsFor(port), "--record", file];
  },
  tidy,
};

/** The same with its log on the disk, as it is by default. */
export const oursDurable: MeasuredServer = {
  ...ours,
  name: "Dist-Space, durable",
  argumentsFor(port) {
    const folder = Deno.makeTempDirSync();
    leftBehind.push(folder);
    return serveArguments(port, "--data", folder);
  },
  tidy,
};
