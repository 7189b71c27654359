/**
 * The door over TCP: frames as they are, one connection each.
 *
 * @module
 */

import { tcpTransport } from "../net/mod.ts";
import type { Shell, ShellOptions } from "./shell.ts";

/** How long to wait when no connection can be accepted, until somebody may have gone. */
const retryMs = 100;

/**
 * Accepts connections until the listener is closed. That one cannot be accepted, because it is gone again or there
 * are no file descriptors left, is no reason to turn away those who are here.
 */
export async function serveTcp(
  listener: Deno.TcpListener | Deno.TlsListener,
  shell: Shell,
  report: ShellOptions["report"] = () => {},
): Promise<void> {
  for (;;) {
    try {
      const connection = await listener.accept();
      shell.serve(tcpTransport(connection), { door: "tcp", address: addressOf(connection.remoteAddr) });
    } catch (error) {
      if (error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted) return;
      report("accept_failed", { error: String(error) });
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }
}

function addressOf(address: Deno.Addr): string {
  if (!("hostname" in address)) return "";
  const { hostname, port } = address;
  return `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}
