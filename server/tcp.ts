/**
 * The door over TCP: frames as they are, one connection each.
 *
 * @module
 */

import { tcpTransport } from "../net/mod.ts";
import type { Shell } from "./shell.ts";

/** Accepts connections until the listener is closed. */
export async function serveTcp(listener: Deno.TcpListener, shell: Shell): Promise<void> {
  for await (const connection of listener) shell.serve(tcpTransport(connection));
}
