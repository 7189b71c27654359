/**
 * Who said what to whom: the messages in a recording's bytes.
 *
 * Connections are seen from the server's end: what it got, and what it handed to the transport. In a recording that
 * has clients among its nodes, so are these: what each sent, and what had reached it.
 *
 * @module
 */

import {
  type ClientMessage,
  decodeClientMessage,
  decodeServerMessage,
  FrameReader,
  type Participant,
  ProtocolError,
  type ServerMessage,
} from "../proto/mod.ts";
import type { AnyInput, AnyOutput, NodeName } from "./recording.ts";

/** Bytes that are not the protocol's. */
export interface Unreadable {
  readonly kind: "unreadable";
  readonly code: string;
}

export type Message = ClientMessage | ServerMessage | Unreadable;

/** A message, at the node where it was seen. */
export interface Said {
  readonly on: NodeName;
  /** At a server's end. */
  readonly connection: number | undefined;
  /** Whether a client says it to the server, or the server to a client. */
  readonly to: "server" | "client";
  readonly message: Message;
}

/** A connection, as its messages show it. */
export interface Peer {
  readonly on: NodeName;
  readonly connection: number;
  participant: Participant | undefined;
  workspace: string | undefined;
  /** Of its session; undefined before the welcome. */
  site: number | undefined;
  /** The newest revision that it has been sent. */
  revision: number;
  /** The change that was sent and not answered yet. */
  inFlight: { readonly seq: number; readonly base: number } | undefined;
  isOpen: boolean;
}

export class RecordingTraffic {
  readonly #peers = new Map<string, Peer>();
  readonly #ears = new Map<string, Ear>();

  /** All connections that there have been, in the order in which they came. */
  get peers(): Peer[] {
    return [...this.#peers.values()];
  }

  peer(on: NodeName, connection: number): Peer | undefined {
    return this.#peers.get(`${on}/${connection}`);
  }

  /** A core begins anew: its connections are gone. */
  begin(on: NodeName): void {
    for (const peer of this.#peers.values()) if (peer.on === on) peer.isOpen = false;
    for (const key of this.#ears.keys()) if (key.startsWith(`${on}/`)) this.#ears.delete(key);
  }

  /** Takes one record; gives the messages that it completed, in order. */
  take(on: NodeName, isServer: boolean, input: AnyInput, outputs: readonly AnyOutput[]): Said[] {
    const said: Said[] = [];
    const hear = (to: Said["to"], connection: number | undefined, bytes: Uint8Array) => {
      const key = `${on}/${connection}/${to}`;
      let ear = this.#ears.get(key);
      if (ear === undefined) this.#ears.set(key, ear = new Ear(to));
      for (const message of ear.hear(bytes)) {
        said.push({ on, connection, to, message });
        if (connection !== undefined) this.#note(this.#peers.get(`${on}/${connection}`), message);
      }
    };
    switch (input.kind) {
      case "connected":
        this.#peers.set(`${on}/${input.connection}`, newPeer(on, input.connection));
        break;
      case "opened":
        this.begin(on);
        break;
      case "received":
        hear(
          isServer ? "server" : "client",
          "connection" in input ? input.connection : undefined,
          input.bytes,
        );
        break;
      case "closed": {
        const peer = "connection" in input ? this.#peers.get(`${on}/${input.connection}`) : undefined;
        if (peer !== undefined) peer.isOpen = false;
      }
    }
    for (const output of outputs) {
      if (output.kind !== "send") continue;
      hear(
        isServer ? "client" : "server",
        "connection" in output ? output.connection : undefined,
        output.bytes,
      );
    }
    return said;
  }

  #note(peer: Peer | undefined, message: Message): void {
    if (peer === undefined) return;
    switch (message.kind) {
      case "hello":
        peer.participant = message.participant;
        peer.workspace = message.workspace;
        peer.revision = message.revision;
        return;
      case "operation":
        peer.inFlight = { seq: message.seq, base: message.base };
        return;
      case "welcome":
        peer.site = message.site;
        return;
      case "sync":
        if (message.last) peer.revision = message.revision;
        return;
      case "entry":
      case "acknowledge":
        peer.revision = message.revision;
    }
    if (message.kind === "acknowledge" || message.kind === "refuse") {
      if (message.seq === peer.inFlight?.seq) peer.inFlight = undefined;
    }
  }
}

function newPeer(on: NodeName, connection: number): Peer {
  return {
    on,
    connection,
    participant: undefined,
    workspace: undefined,
    site: undefined,
    revision: 0,
    inFlight: undefined,
    isOpen: true,
  };
}

/** One direction of one connection. */
class Ear {
  readonly #reader = new FrameReader();
  readonly #decode: (type: number, payload: Uint8Array) => Message;
  #isDeaf = false;

  constructor(to: Said["to"]) {
    this.#decode = to === "server" ? decodeClientMessage : decodeServerMessage;
  }

  hear(bytes: Uint8Array): Message[] {
    const messages: Message[] = [];
    if (this.#isDeaf) return messages;
    try {
      this.#reader.push(bytes, (type, payload) => messages.push(this.#decode(type, payload)));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#isDeaf = true;
      messages.push({ kind: "unreadable", code: error.code });
    }
    return messages;
  }
}
