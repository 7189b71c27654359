/**
 * TCP connections, with TLS or without, as transports for both ends.
 *
 * @module
 */

import type { Transport } from "./transport.ts";

/** How much is read at once: what a busy connection has waiting, and not much more. */
const readBytes = 64 << 10;

export function tcpTransport(connection: Deno.TcpConn | Deno.TlsConn): Transport {
  // Whoever waits for an answer must not wait for more bytes to go with the question.
  if ("setNoDelay" in connection) connection.setNoDelay();
  return {
    incoming: chunks(connection),
    async write(bytes) {
      for (let written = 0; written < bytes.length;) {
        written += await connection.write(bytes.subarray(written));
      }
    },
    end: () => connection.closeWrite(),
    close() {
      try {
        connection.close();
      } catch {
        // The other side was first.
      }
    },
  };
}

async function* chunks(connection: Deno.Conn): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(readBytes);
  for (let count = await connection.read(buffer); count !== null; count = await connection.read(buffer)) {
    yield buffer.subarray(0, count);
  }
}
