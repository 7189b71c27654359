/**
 * The door over TCP: frames as they are, one connection each.
 *
 * @module
 */

import type { Shell, Transport } from "./shell.ts";

/** A TCP connection as a transport. */
export function tcpTransport(connection: Deno.TcpConn): Transport {
  connection.setNoDelay();
  return {
    incoming: chunks(connection),
    async write(bytes) {
      for (let written = 0; written < bytes.length;) {
        written += await connection.write(bytes.subarray(written));
      }
    },
    close() {
      try {
        connection.close();
      } catch {
        // It was closed by the other side.
      }
    },
  };
}

async function* chunks(connection: Deno.TcpConn): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(64 << 10);
  for (;;) {
    const count = await connection.read(buffer);
    if (count === null) return;
    yield buffer.subarray(0, count);
  }
}

/** Accepts connections until the listener is closed. */
export async function serveTcp(listener: Deno.TcpListener, shell: Shell): Promise<void> {
  for await (const connection of listener) shell.serve(tcpTransport(connection));
}
