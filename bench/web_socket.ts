/**
 * A WebSocket client (RFC 6455) that costs next to nothing, so that what peers pay for their load clients is their
 * messages and not a library's events: the same TCP connection that our own load clients have, and a loop over
 * frames. Only what the servers here send: whole messages, pings, close. The mask is all zeros, which the
 * protocol allows.
 *
 * @module
 */

import { joined, Outlet, pump } from "./thin_client.ts";

const textFrame = 0x1, binaryFrame = 0x2, closeFrame = 0x8, pingFrame = 0x9, pongFrame = 0xa;

export interface WebSocketHandlers {
  /** A text message, as bytes in UTF-8, or a binary one; valid until this returns. */
  message(bytes: Uint8Array): void;
  closed(reason: string): void;
}

export class ThinWebSocket {
  readonly #connection: Deno.Conn;
  readonly #outlet: Outlet;
  readonly #handlers: WebSocketHandlers;
  /** The start of what is not complete yet: the answer to the handshake, then frames. */
  #rest: Uint8Array | undefined;
  #open = false;
  #closing = false;
  readonly #opened = Promise.withResolvers<void>();

  private constructor(connection: Deno.Conn, handlers: WebSocketHandlers) {
    this.#connection = connection;
    this.#outlet = new Outlet(connection);
    this.#handlers = handlers;
  }

  static async connect(port: number, handlers: WebSocketHandlers): Promise<ThinWebSocket> {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    connection.setNoDelay();
    const socket = new ThinWebSocket(connection, handlers);
    const key = btoa("0123456789abcdef");
    socket.#outlet.send(new TextEncoder().encode(
      `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    ));
    pump(connection, (bytes) => socket.#received(bytes));
    await socket.#opened.promise;
    return socket;
  }

  sendText(text: string): void {
    this.#sendFrame(textFrame, new TextEncoder().encode(text));
  }

  sendBinary(bytes: Uint8Array): void {
    this.#sendFrame(binaryFrame, bytes);
  }

  close(): void {
    this.#closing = true;
    try {
      this.#connection.close();
    } catch {
      // The server was first.
    }
  }

  #sendFrame(opcode: number, payload: Uint8Array): void {
    const head = payload.length < 126 ? 6 : payload.length < 1 << 16 ? 8 : 14;
    const frame = new Uint8Array(head + payload.length);
    frame[0] = 0x80 | opcode;
    if (payload.length < 126) frame[1] = 0x80 | payload.length;
    else if (payload.length < 1 << 16) {
      frame[1] = 0x80 | 126;
      frame[2] = payload.length >> 8;
      frame[3] = payload.length;
    } else {
      frame[1] = 0x80 | 127;
      new DataView(frame.buffer).setBigUint64(2, BigInt(payload.length));
    }
    frame.set(payload, head);
    this.#outlet.send(frame);
  }

  #received(bytes: Uint8Array | undefined): void {
    if (bytes === undefined) {
      if (!this.#closing) this.#handlers.closed("the server ended the connection");
      this.#opened.reject(new Error("The server ended the connection"));
      return;
    }
    if (this.#rest !== undefined) bytes = joined([this.#rest, bytes]);
    this.#rest = undefined;
    let at = 0;
    if (!this.#open) {
      const text = new TextDecoder().decode(bytes);
      const end = text.indexOf("\r\n\r\n");
      if (end < 0) {
        this.#rest = bytes.slice();
        return;
      }
      if (!text.startsWith("HTTP/1.1 101")) throw new Error(`No WebSocket here: ${text.split("\r\n")[0]}`);
      this.#open = true;
      this.#opened.resolve();
      at = end + 4;
    }
    for (;;) {
      const left = bytes.length - at;
      if (left < 2) break;
      let length = bytes[at + 1]! & 0x7f, head = 2;
      if (length === 126) {
        if (left < 4) break;
        length = bytes[at + 2]! << 8 | bytes[at + 3]!;
        head = 4;
      } else if (length === 127) {
        if (left < 10) break;
        length = Number(new DataView(bytes.buffer, bytes.byteOffset + at + 2, 8).getBigUint64(0));
        head = 10;
      }
      if (left < head + length) break;
      const payload = bytes.subarray(at + head, at + head + length);
      const opcode = bytes[at]! & 0xf;
      at += head + length;
      if (opcode === textFrame || opcode === binaryFrame) this.#handlers.message(payload);
      else if (opcode === pingFrame) this.#sendFrame(pongFrame, payload.slice());
      else if (opcode === closeFrame && !this.#closing) {
        this.#handlers.closed(`close frame ${new TextDecoder().decode(payload.subarray(2))}`);
      }
    }
    // The buffer that the bytes lie in is read into again.
    if (at < bytes.length) this.#rest = bytes.slice(at);
  }
}
