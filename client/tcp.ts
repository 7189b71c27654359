/**
 * Reaching a server over TCP, from Deno.
 *
 * @module
 */

import { tcpTransport, type Transport } from "../net/mod.ts";

/** How a client gets a connection, each time it needs one. */
export type Dial = () => Promise<Transport>;

/** Connects to `hostname:port` over TCP. */
export function tcp(hostname: string, port: number): Dial {
  return async () => tcpTransport(await Deno.connect({ hostname, port }));
}
