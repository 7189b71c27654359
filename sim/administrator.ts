/**
 * Somebody who looks after a server in a simulation, over a connection like everybody's: comes with a token that says
 * so, ends somebody's connections, and goes.
 *
 * @module
 */

import {
  type ClientMessage,
  decodeServerMessage,
  encodeClientMessage,
  FrameReader,
  joined,
  type Kick,
  ProtocolError,
  protocolVersion,
  type ServerMessage,
} from "../proto/mod.ts";
import type { ClientLine } from "./client_host.ts";
import type { Quality } from "./link.ts";
import type { Caller, Network } from "./network.ts";
import type { ServerHost } from "./server_host.ts";

export class Administrator implements Caller {
  readonly name = "administrator";
  readonly #line: ClientLine;
  readonly #reader = new FrameReader();

  constructor(
    readonly kick: Kick,
    readonly server: ServerHost,
    readonly quality: Quality,
    network: Network,
    token: string | undefined,
    /** Is told what has become of it: the code of a close, or "". */
    readonly heard: (code: string) => void,
  ) {
    this.#line = network.connect(this, server).callerLine;
    const hello: ClientMessage = {
      ...{ kind: "admin_hello", version: protocolVersion },
      ...token === undefined ? {} : { token },
    };
    const messages: readonly ClientMessage[] = [
      hello,
      { kind: "admin_ask", id: 1, question: { kind: "limits", settings: [] } },
      { kind: "admin_ask", id: 2, question: { kind: "workspaces" } },
      { kind: "admin_ask", id: 3, question: { kind: "clients", workspace: "" } },
      { kind: "admin_ask", id: 4, question: { kind: "tail", workspace: kick.workspace, from: 0 } },
      { kind: "admin_ask", id: 5, question: kick },
    ];
    this.#line.send(joined(messages.map((message) => encodeClientMessage(message))));
  }

  received(_line: ClientLine, bytes: Uint8Array): void {
    try {
      this.#reader.push(bytes, (type, payload) => this.#hear(decodeServerMessage(type, payload)));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#line.end();
    }
  }

  drained(): void {}

  closed(): void {}

  #hear(message: ServerMessage): void {
    if (message.kind === "close") this.heard(message.code);
    else if (message.kind === "admin_answer" && message.id === 5 && message.last) this.heard(message.code);
    else return;
    this.#line.end();
  }
}
