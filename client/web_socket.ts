/**
 * Reaching a server over WebSocket, from anywhere that has it: browsers, Deno, and Node from version 22 on.
 *
 * The messages are pieces of the same stream of bytes that goes over TCP.
 *
 * @module
 */

import { Inbox, type Transport } from "../net/mod.ts";
import type { Dial } from "./dial.ts";
import { SpaceError } from "./error.ts";

/** How a WebSocket is made: the class that browsers have, or one like it. */
export type WebSocketClass = new (url: string) => WebSocket;

/** Of what is written, this much goes into one message: a server takes none that is longer than a frame. */
const messageBytesMax = 512 << 10;
/** As long as no more than this waits in the socket, it can take more. */
const waitingBytesMax = 256 << 10;
/** How often a socket in which more waits is looked at, in milliseconds: nothing tells when it has sent it. */
const lookMs = 5;
/** As RFC 6455 has it. */
const normal = 1000;
/** As a WebSocket says that it is open. */
const openState = 1;

/**
 * Connects to a server's WebSocket, like "ws://127.0.0.1:8001".
 *
 * @param url Where the server is.
 * @param Socket The class to make it of, where there is none of that name: in Node 20, that of the package `ws`.
 */
export function webSocket(url: string, Socket: WebSocketClass | undefined = globalThis.WebSocket): Dial {
  if (Socket === undefined) {
    const message =
      "There is no WebSocket here. Give webSocket() a class to make it of, like that of the package ws";
    return () => Promise.reject(new SpaceError("no_web_socket", message));
  }
  return () =>
    new Promise((resolve, reject) => {
      const socket = new Socket(url);
      socket.binaryType = "arraybuffer";
      const failed = () => reject(new SpaceError("not_connected", `There is no WebSocket at ${url}`));
      socket.addEventListener("error", failed);
      socket.addEventListener("close", failed);
      socket.addEventListener("open", () => resolve(transportOver(socket)));
    });
}

function transportOver(socket: WebSocket): Transport {
  const incoming = new Inbox();
  socket.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
    // Anything else is not of this protocol.
    if (data instanceof ArrayBuffer) incoming.push(new Uint8Array(data));
    else incoming.end();
  });
  socket.addEventListener("close", () => incoming.end());
  return {
    incoming,
    async write(bytes) {
      for (let at = 0; at < bytes.length; at += messageBytesMax) {
        if (socket.readyState !== openState) throw new SpaceError("not_connected", "The WebSocket is closed");
        socket.send(bytes.subarray(at, at + messageBytesMax) as Uint8Array<ArrayBuffer>);
        while (socket.bufferedAmount > waitingBytesMax && socket.readyState === openState) {
          await new Promise((resolve) => setTimeout(resolve, lookMs));
        }
      }
    },
    end() {
      socket.close(normal);
      return Promise.resolve();
    },
    close: () => socket.close(normal),
  };
}
