/**
 * The door for the web: WebSocket and HTTP on one port. A WebSocket is one more transport for the shell; what HTTP is
 * asked, an {@linkcode Answerer} answers.
 *
 * It stands on Node's HTTP server and the `ws` library, which Deno runs as they are: they give up on a request that
 * does not come to its end, limit the length of a message before it is in memory, and can drop a socket whose reader
 * has stalled.
 *
 * @module
 */

import { createServer as createSecureServer, type Server as SecureServer } from "node:https";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
// @ts-types="npm:@types/ws@8.18.2"
import { WebSocketServer } from "ws";
import { codes, type DoorCode, frameBytesMax } from "../../proto/mod.ts";
import type { Shell, ShellOptions } from "../shell.ts";
import { serverTransport } from "./web_socket.ts";
import { Visitors } from "./visitors.ts";

/** What is answered to a request. */
export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Why it is not what was asked for, by name. */
  readonly code?: string;
}

/** A request that has come in whole. */
export interface Asked {
  readonly method: string;
  readonly url: URL;
  /** Their names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

/** Answers a request; undefined if there is nothing at its path. */
export type Answerer = (asked: Asked) => Promise<Reply> | Reply | undefined;

export interface DoorOptions {
  readonly hostname: string;
  /** 0 for a free one. */
  readonly port: number;
  /** Whose pages may use the server besides its own. */
  readonly origins: readonly string[];
  readonly shell: Shell;
  readonly report: ShellOptions["report"];
  readonly answerer: Answerer;
  /** What TLS is spoken with, as PEM; without it, it is not. */
  readonly certificate?: { readonly cert: string; readonly key: string };
  /** How long a request may take to arrive, in milliseconds. */
  readonly requestMs?: number;
  /** How long the body of a request may be. */
  readonly bodyBytesMax?: number;
}

/** The status that goes with being turned away. */
const statuses: Partial<Record<DoorCode, number>> = {
  origin_forbidden: 403,
  host_forbidden: 403,
  no_such_path: 404,
  method_not_allowed: 405,
  request_too_slow: 408,
  body_too_long: 413,
};

export class WebDoor {
  readonly #server: Server | SecureServer;
  readonly #sockets: WebSocketServer;
  readonly #options: DoorOptions;
  readonly #requestMs: number;
  readonly #bodyBytesMax: number;
  #visitors: Visitors;
  #port = 0;

  private constructor(options: DoorOptions) {
    const { requestMs = 10_000, bodyBytesMax = 16 << 20 } = options;
    this.#options = options;
    this.#requestMs = requestMs;
    this.#bodyBytesMax = bodyBytesMax;
    this.#visitors = new Visitors(options.hostname, options.port, options.origins);
    // Well within the time after which a silent socket goes unanswered, also if this process is held up meanwhile.
    const checkMs = Math.min(1000, requestMs / 4);
    const limits = {
      headersTimeout: requestMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: checkMs,
    };
    const { certificate } = options;
    const answer = (request: IncomingMessage, response: ServerResponse) => this.#answer(request, response);
    this.#server = certificate === undefined
      ? createServer({ ...limits, keepAliveTimeout: 5_000 }, answer)
      : createSecureServer({ ...limits, ...certificate, keepAliveTimeout: 5_000 }, answer);
    // One that takes nothing of what it asked for.
    this.#server.setTimeout(2 * requestMs, (socket) => socket.destroy());
    this.#server.on("clientError", (error: { code?: string }, socket) => {
      const isSlow = error.code === "ERR_HTTP_REQUEST_TIMEOUT";
      if (!socket.destroyed) this.#turnAway(socket, isSlow ? "request_too_slow" : "malformed_request");
    });
    this.#server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
    // Twice the limit, so that one who is over it by mistake is told; what is longer still is never in memory.
    this.#sockets = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      clientTracking: false,
      maxPayload: 2 * messageBytesMax,
    });
  }

  /** Listens, and resolves once it does. */
  static async open(options: DoorOptions): Promise<WebDoor> {
    const door = new WebDoor(options);
    const { hostname, port, origins } = options;
    await new Promise<void>((resolve, reject) => {
      door.#server.once("error", reject);
      door.#server.listen(port, hostname, () => {
        door.#server.off("error", reject);
        resolve();
      });
    });
    door.#server.on("error", (error) => options.report("accept_failed", { error: String(error) }));
    door.#port = (door.#server.address() as { port: number }).port;
    door.#visitors = new Visitors(hostname, door.#port, origins);
    return door;
  }

  get port(): number {
    return this.#port;
  }

  /** Lets nobody in any more. Those who are in are the shell's to end. */
  close(): void {
    this.#server.close();
    this.#server.closeIdleConnections();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Uint8Array): void {
    const refusal = this.#refusalOf(request);
    if (refusal !== undefined) return this.#turnAway(socket, refusal);
    const { pathname } = urlOf(request);
    if (pathname !== "/") return this.#turnAway(socket, "no_such_path");
    // From here on the core decides how long nothing may be said.
    (socket as Socket).setTimeout(0);
    this.#sockets.handleUpgrade(request, socket, head as never, (opened) => {
      const { shell, report } = this.#options;
      const transport = serverTransport(opened, messageBytesMax, (code) => report("turned_away", { code }));
      shell.serve(transport, { door: "websocket", address: addressOf(request) });
    });
  }

  /** Answers one who was not let in, before anything is an HTTP exchange or a WebSocket. */
  #turnAway(socket: Duplex, code: DoorCode): void {
    const { status, type, body } = refusedReply(code);
    this.#options.report("turned_away", { code });
    const head = `HTTP/1.1 ${status} ${code}\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n`;
    socket.on("error", () => {});
    // As long as anybody has to take an answer, however long the question took.
    (socket as Socket).setTimeout(2 * this.#requestMs);
    socket.end(`${head}Connection: close\r\n\r\n${body}`, () => socket.destroy());
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const reply = await this.#replyTo(request);
    if (reply === undefined || response.destroyed) return;
    if (reply.code !== undefined) this.#options.report("turned_away", { code: reply.code });
    const { origin } = request.headers;
    const bytes = new TextEncoder().encode(reply.body);
    response.writeHead(reply.status, {
      "content-type": reply.type,
      "content-length": bytes.length,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      // A page of an origin that is known may read what it asked for.
      ...origin === undefined || reply.code === "origin_forbidden"
        ? {}
        : { "access-control-allow-origin": origin, vary: "origin" },
      // What is left of a body that nobody wants to read to its end goes with the connection.
      ...request.complete ? {} : { connection: "close" },
      ...reply.headers,
    });
    response.end(request.method === "HEAD" ? undefined : bytes);
  }

  /** Undefined if there is nobody any more to be answered. */
  async #replyTo(request: IncomingMessage): Promise<Reply | undefined> {
    const refusal = this.#refusalOf(request);
    if (refusal !== undefined) return refusedReply(refusal);
    if (request.method === "OPTIONS") return preflight;
    const body = await bodyOf(request, this.#bodyBytesMax);
    if (body === undefined) return undefined;
    if (typeof body === "string") return refusedReply(body);
    const { method = "GET" } = request;
    const headers = request.headers as Asked["headers"];
    const asked: Asked = { method: method === "HEAD" ? "GET" : method, url: urlOf(request), headers, body };
    try {
      return await (this.#options.answerer(asked) ?? refusedReply("no_such_path"));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#options.report("request_failed", { path: asked.url.pathname, message });
      return problemReply(500, "internal", "The server made a mistake, and has logged it.");
    }
  }

  #refusalOf({ headers: { host, origin } }: IncomingMessage): DoorCode | undefined {
    return this.#visitors.refusal({ host, origin });
  }
}

/** The sockets that Node's server hands on are more than their type says. */
type Socket = Duplex & { setTimeout(ms: number): void };

/** The longest WebSocket message: a whole frame, with its length. */
const messageBytesMax = frameBytesMax + 4;

/** What a browser asks before it lets a page send more than a form could. */
const preflight: Reply = {
  status: 204,
  type: "text/plain",
  body: "",
  headers: {
    "access-control-allow-methods": "GET, POST",
    "access-control-allow-headers": "authorization, content-type, dist-space-name, dist-space-kind",
    "access-control-max-age": "600",
  },
};

/** A reply that holds a value. */
export function jsonReply(status: number, value: unknown): Reply {
  return { status, type: "application/json; charset=utf-8", body: `${JSON.stringify(value)}\n` };
}

/** A reply that says why something was not done, with a name for programs and a sentence for people. */
export function problemReply(status: number, code: string, message: string, more: object = {}): Reply {
  return { ...jsonReply(status, { code, message, ...more }), code };
}

/** A reply of the door's own. */
export function refusedReply(code: DoorCode, message: string = codes[code].text): Reply {
  return problemReply(statuses[code] ?? 400, code, message);
}

function addressOf({ socket: { remoteAddress: host = "", remotePort: port } }: IncomingMessage): string {
  return port === undefined ? host : `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function urlOf({ url = "/" }: IncomingMessage): URL {
  // A path may begin with two slashes, and is then no host.
  return new URL(`http://server${url.startsWith("/") ? url : "/"}`);
}

/** All of it; or why it is not taken; or undefined if it broke off. */
async function bodyOf(
  request: IncomingMessage,
  bytesMax: number,
): Promise<Uint8Array | DoorCode | undefined> {
  if (Number(request.headers["content-length"] ?? 0) > bytesMax) return "body_too_long";
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const piece of request) {
      length += piece.length;
      if (length > bytesMax) return "body_too_long";
      pieces.push(piece);
    }
  } catch {
    return undefined;
  }
  const body = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    body.set(piece, at);
    at += piece.length;
  }
  return body;
}
