/**
 * A WebSocket that has come in, as a transport: its binary messages are pieces of the stream of frames, cut anywhere.
 *
 * What is written counts as taken when the socket has passed it on, so a reader that stalls stalls what is read for
 * it, and no more waits for it than that one write.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
// @ts-types="npm:@types/ws@8.18.2"
import type { WebSocket } from "ws";
import { Inbox, type Transport } from "../../net/mod.ts";
import { codes, type DoorCode } from "../../proto/mod.ts";

/** Close codes of RFC 6455. */
const normal = 1000, unsupportedData = 1003, tooBig = 1009;
/** How long the reason of a close may be, in bytes. */
const reasonBytesMax = 123;
/** How long the other side may take to read why it was turned away, until the socket is gone. */
const lastWordMs = 1000;

/**
 * The transport over a socket that is open.
 *
 * @param messageBytesMax The longest message that is taken.
 * @param turnedAway Told why, if the socket is closed for what came over it.
 */
export function serverTransport(
  socket: WebSocket,
  messageBytesMax: number,
  turnedAway: (code: DoorCode) => void,
): Transport {
  const incoming = new Inbox();
  let late: ReturnType<typeof setTimeout> | undefined;
  const refuse = (status: number, code: DoorCode) => {
    turnedAway(code);
    socket.close(status, reasonOf(code));
    late = setTimeout(() => socket.terminate(), lastWordMs);
    incoming.end();
  };
  socket.on("message", (bytes: Buffer, isBinary) => {
    if (incoming.isOver) return;
    if (!isBinary) refuse(unsupportedData, "text_message");
    else if (bytes.length > messageBytesMax) refuse(tooBig, "socket_message_too_long");
    else incoming.push(bytes);
  });
  socket.on("close", () => {
    clearTimeout(late);
    incoming.end();
  });
  // What follows is a close.
  socket.on("error", () => {});
  return {
    incoming,
    write: (bytes) =>
      new Promise((resolve, reject) => {
        socket.send(bytes, (error) => error === undefined || error === null ? resolve() : reject(error));
      }),
    end() {
      socket.close(normal);
      return Promise.resolve();
    },
    close() {
      if (late === undefined) socket.terminate();
    },
  };
}

/** The name, and as much of the sentence as fits. All are ASCII. */
function reasonOf(code: DoorCode): string {
  return `${code}: ${codes[code].text}`.slice(0, reasonBytesMax);
}
