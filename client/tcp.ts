/**
 * Reaching a server over TCP, from Deno or Node.
 *
 * In a browser it says that there is another way.
 *
 * @module
 */

import { type NodeNet, nodeTransport, tcpTransport } from "../net/mod.ts";
import { builtin } from "./builtin.ts";
import type { Dial } from "./dial.ts";
import { SpaceError } from "./error.ts";

/** Connects to `hostname:port` over TCP. */
export function tcp(hostname: string, port: number): Dial {
  if (typeof Deno !== "undefined") return async () => tcpTransport(await Deno.connect({ hostname, port }));
  const net = builtin<NodeNet>("node:net");
  if (net !== undefined) return () => nodeTransport(net, hostname, port);
  return () => Promise.reject(new SpaceError("no_tcp", "There is no TCP here. Use webSocket() to connect"));
}

/**
 * Connects to `hostname:port` over TCP with TLS.
 *
 * @param caCerts certificates, as PEM, of those who may vouch for the server besides those whom the system trusts.
 */
export function tls(hostname: string, port: number, caCerts: readonly string[] = []): Dial {
  if (typeof Deno === "undefined") {
    const reason = "There is no TLS over TCP here. Use webSocket() with wss:// to connect";
    return () => Promise.reject(new SpaceError("no_tcp", reason));
  }
  return async () => tcpTransport(await Deno.connectTls({ hostname, port, caCerts: [...caCerts] }));
}
