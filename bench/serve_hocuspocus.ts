/**
 * A Hocuspocus server with its defaults: the document in memory, updates of one turn merged into one message.
 * Takes the port as its argument; with `unmerged` after it, every update is a message of its own, as it was
 * before the version that brought the merging.
 *
 * Its own `Server` refuses to run on Deno, so this does what that does: `ws` hands connections to `Hocuspocus`.
 *
 * @module
 */

import { Hocuspocus } from "@hocuspocus/server";
import { WebSocketServer } from "ws";

/** What is used here of `ws`, which has no types of its own. */
interface Socket {
  send(data: Uint8Array): void;
  close(code?: number, reason?: string): void;
  readonly readyState: number;
  on(event: "message", handle: (data: Uint8Array) => void): void;
  on(event: "close", handle: (code: number, reason: Uint8Array) => void): void;
}
const Listener = WebSocketServer as unknown as {
  new (options: { host: string; port: number }, listening: () => void): {
    on(event: "connection", handle: (socket: Socket) => void): void;
  };
};

const unmerged = Deno.args[1] === "unmerged";
const hocuspocus = new Hocuspocus({ quiet: true, ...unmerged ? { flushDelay: false } : {} });
const port = Number(Deno.args[0]);
const listener = new Listener({ host: "127.0.0.1", port }, () => console.log(`listening on ${port}`));
listener.on("connection", (socket) => {
  const connection = hocuspocus.handleConnection(socket, new Request(`http://127.0.0.1:${port}/`));
  socket.on("message", (data) => connection.handleMessage(new Uint8Array(data)));
  socket.on("close", (code, reason) => {
    connection.handleClose({ code, reason: new TextDecoder().decode(reason) });
  });
});
