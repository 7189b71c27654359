/**
 * A ShareDB server as its own documentation sets it up: `ws`, a JSON stream over it, the database in memory,
 * ot-text-unicode as the document type. Takes the port as its argument.
 *
 * @module
 */

import WebSocketJsonStream from "@teamwork/websocket-json-stream";
import * as unicode from "ot-text-unicode";
import ShareDB from "sharedb";
import { WebSocketServer } from "ws";

/** ShareDB and its stream have no types of their own; this is what is used of them here. */
interface Backend {
  listen(stream: unknown): void;
}
const Backend = ShareDB as unknown as { new (): Backend; types: { register(type: unknown): void } };
const Stream = WebSocketJsonStream as unknown as { new (socket: unknown): unknown };
const Listener = WebSocketServer as unknown as {
  new (options: { host: string; port: number }, listening: () => void): {
    on(event: "connection", handle: (socket: unknown) => void): void;
  };
};

Backend.types.register(unicode.type);
const backend = new Backend();
const port = Number(Deno.args[0]);
const listener = new Listener({ host: "127.0.0.1", port }, () => console.log(`listening on ${port}`));
listener.on("connection", (socket) => backend.listen(new Stream(socket)));
