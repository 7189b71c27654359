/**
 * TCP connections of Node as transports, for clients.
 *
 * @module
 */

import type { Transport } from "./transport.ts";

/** What is needed of the module "node:net". */
export interface NodeNet {
  connect(options: { host: string; port: number; noDelay: boolean; allowHalfOpen: boolean }): NodeSocket;
}

interface NodeSocket extends AsyncIterable<Uint8Array> {
  once(event: "connect" | "error", listener: (error?: Error) => void): void;
  on(event: "error", listener: () => void): void;
  off(event: "error", listener: (error?: Error) => void): void;
  write(bytes: Uint8Array, done: (error?: Error | null) => void): void;
  end(done: () => void): void;
  destroy(): void;
}

/** Connects, and resolves when the connection is there. */
export function nodeTransport(net: NodeNet, host: string, port: number): Promise<Transport> {
  // Whoever waits for an answer must not wait for more bytes to go with the question.
  const socket = net.connect({ host, port, noDelay: true, allowHalfOpen: true });
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      // Whoever reads or writes is told.
      socket.on("error", () => {});
      resolve({
        incoming: socket,
        write: (bytes) =>
          new Promise((resolve, reject) => {
            socket.write(bytes, (error) => error === undefined || error === null ? resolve() : reject(error));
          }),
        end: () => new Promise((resolve) => socket.end(resolve)),
        close: () => socket.destroy(),
      });
    });
  });
}
