/**
 * Who may come in from the web: browsers say on whose behalf they come, and pages of strangers are turned away.
 *
 * A page has the rights of its origin, not those of whoever looks at it. So a page of another origin may use the
 * server only if that was allowed, and a name that somebody has pointed at this machine (DNS rebinding) is no name of
 * the server's. Programs are no browsers: they send no origin, and reach the server by its address.
 *
 * @module
 */

import type { DoorCode } from "../../proto/mod.ts";

/** What a request says of where it comes from and goes to. */
export interface Visit {
  readonly host: string | undefined;
  readonly origin: string | undefined;
}

/** Names of this machine. */
const loopback = ["localhost", "127.0.0.1", "[::1]"];

export class Visitors {
  readonly #origins: ReadonlySet<string>;
  /** Undefined: any will do. */
  readonly #hosts: ReadonlySet<string> | undefined;

  /**
   * @param hostname That is listened on.
   * @param origins Whose pages may come, besides the server's own: like "https://example.org".
   */
  constructor(hostname: string, port: number, origins: readonly string[]) {
    const own = hostname.includes(":") ? `[${hostname}]` : hostname;
    const names = new Set([own, ...isLoopback(hostname) ? loopback : []]);
    const hosts = [...names].flatMap((name) => port === 80 || port === 443 ? [name] : [`${name}:${port}`]);
    this.#origins = new Set([
      ...hosts.flatMap((host) => [`http://${host}`, `https://${host}`]),
      ...origins,
    ]);
    // Others than this machine reach it by names that only they know.
    this.#hosts = isLoopback(hostname)
      ? new Set([...hosts, ...origins.map((origin) => new URL(origin).host)])
      : undefined;
  }

  /** Why this one may not come in; undefined if it may. */
  refusal({ host, origin }: Visit): DoorCode | undefined {
    if (this.#hosts?.has(host?.toLowerCase() ?? "") === false) return "host_forbidden";
    if (origin !== undefined && !this.#origins.has(origin)) return "origin_forbidden";
    return undefined;
  }
}

/** Whether nobody but this machine can reach an address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}
