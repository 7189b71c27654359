/**
 * ShareDB's own client, as an application in a browser has it: on the WebSocket of the platform. What is used of it
 * here is typed here, since it has no types of its own.
 *
 * @module
 */

import client from "sharedb/lib/client/index.js";
import { type } from "ot-text-unicode";
import { document } from "./server_sharedb.ts";

interface Document {
  readonly data: string;
  subscribe(done: (error?: Error) => void): void;
}
const { Connection, types } = client as unknown as {
  Connection: new (socket: WebSocket) => {
    get(collection: string, id: string): Document;
    close(): void;
  };
  types: { register(type: unknown): void };
};

types.register(type);

/** Comes as somebody new, holds the text, and is told of changes from then on: how many bytes that took. */
export async function joinWithOwnClient(port: number): Promise<{ text: string; bytes: number }> {
  let bytes = 0;
  const socket = new WebSocket(`ws://127.0.0.1:${port}`);
  socket.addEventListener("message", ({ data }: MessageEvent<string>) => bytes += data.length);
  const connection = new Connection(socket);
  const held = connection.get(document.c, document.d);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  held.subscribe((error) => error === undefined || error === null ? resolve() : reject(error));
  await promise;
  const text = held.data;
  connection.close();
  return { text, bytes };
}
