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

/**
 * Connects to `hostname:port` over TCP with TLS.
 *
 * @param caCerts certificates, as PEM, of those who may vouch for the server besides those whom the system trusts.
 */
export function tls(hostname: string, port: number, caCerts: readonly string[] = []): Dial {
  return async () => tcpTransport(await Deno.connectTls({ hostname, port, caCerts: [...caCerts] }));
}
