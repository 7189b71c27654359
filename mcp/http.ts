/**
 * The Model Context Protocol over streamable HTTP, on this machine alone: each session of it is an agent of its own in
 * the workspace, with a name in the list of who is here.
 *
 * Pages of strangers and names that somebody has pointed at this machine (DNS rebinding) are turned away, as by the web
 * door of the workspace's server and by the same rules.
 *
 * @module
 */

// @ts-types="@modelcontextprotocol/sdk/server/webStandardStreamableHttp"
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import { type Space, SpaceError } from "../mod.ts";
import { codes } from "../proto/mod.ts";
import { Visitors } from "../server/web/visitors.ts";
import { Agent } from "./agent.ts";
import { mcpServer } from "./server.ts";
import type { Report } from "./tool.ts";

/** How agents are to be served. */
export interface HttpOptions {
  /** An address of this machine alone. */
  readonly hostname: string;
  /** 0 for a free one. */
  readonly port: number;
  /** Whose pages may come, besides those of this address. */
  readonly origins: readonly string[];
  readonly version: string;
  /** Opens the workspace for one more agent. */
  readonly open: () => Promise<Space>;
  readonly report: Report;
  /** After how many milliseconds a session is ended that asks for nothing; longer than any answer takes. */
  readonly idleMs?: number;
  readonly sessionsMax?: number;
}

/** The path at which the protocol is spoken. */
export const httpPath = "/mcp";
/** How long the body of a request may be: longer than any change may be. */
const bodyBytesMax = 16 << 20;

interface Session {
  readonly transport: WebStandardStreamableHTTPServerTransport;
  readonly space: Space;
  usedMs: number;
}

/** Agents, served over HTTP. */
export class HttpDoor {
  readonly #options: HttpOptions;
  readonly #sessions = new Map<string, Session>();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #visitors: Visitors;
  readonly #sweep: ReturnType<typeof setInterval>;
  readonly #idleMs: number;
  /** Sessions that are being opened. */
  #opening = 0;

  /** Listens. */
  constructor(options: HttpOptions) {
    const { hostname, port, origins, idleMs = 30 * 60_000 } = options;
    this.#options = options;
    this.#idleMs = idleMs;
    this.#server = Deno.serve({ hostname, port, onListen: () => {} }, (request) => this.#answer(request));
    this.#visitors = new Visitors(hostname, this.port, origins);
    this.#sweep = setInterval(() => this.#endIdle(), Math.min(60_000, idleMs));
  }

  get port(): number {
    return this.#server.addr.port;
  }

  /** Ends all sessions, and listens no more. */
  async close(): Promise<void> {
    clearInterval(this.#sweep);
    await Promise.all([...this.#sessions.values()].map(({ transport }) => transport.close()));
    await Promise.all([...this.#sessions.values()].map(({ space }) => space.close()));
    await this.#server.shutdown();
  }

  async #answer(request: Request): Promise<Response> {
    const host = request.headers.get("host") ?? undefined,
      origin = request.headers.get("origin") ?? undefined;
    const refusal = this.#visitors.refusal({ host, origin });
    if (refusal !== undefined) return refused(403, refusal, codes[refusal].text);
    if (new URL(request.url).pathname !== httpPath) {
      return refused(
        404,
        "no_such_path",
        `There is nothing at this path: the protocol is spoken at ${httpPath}.`,
      );
    }
    const id = request.headers.get("mcp-session-id");
    if (id === null) return await this.#begin(request);
    const session = this.#sessions.get(id);
    if (session === undefined) {
      return refused(404, "session_unknown", "The session has ended. Begin a new one.");
    }
    session.usedMs = performance.now();
    return await session.transport.handleRequest(request);
  }

  /** Begins a session, if that is what is asked for: whatever else comes without one, the transport turns away. */
  async #begin(request: Request): Promise<Response> {
    const { sessionsMax = 64, open, version, report } = this.#options;
    if (this.#sessions.size + this.#opening >= sessionsMax) {
      return refused(
        503,
        "too_many_sessions",
        "There are as many agents here as there may be. Try again later.",
      );
    }
    const text = await bodyOf(request);
    if (text === undefined) return refused(413, "body_too_long", codes.body_too_long.text);
    const parsedBody = parsed(text);
    if (!isInitialize(parsedBody)) {
      return refused(
        400,
        "session_expected",
        "The first request is to be `initialize`; then name the session it gave.",
      );
    }
    this.#opening++;
    let space: Space;
    try {
      space = await open();
    } catch (error) {
      if (!(error instanceof SpaceError)) throw error;
      return refused(503, error.code, error.message);
    } finally {
      this.#opening--;
    }
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => crypto.randomUUID(),
      onsessioninitialized: (id) => {
        this.#sessions.set(id, { transport, space, usedMs: performance.now() });
      },
      maxRequestBodySize: bodyBytesMax,
    });
    const server = mcpServer(new Agent(space), version, report);
    server.onclose = () => {
      if (transport.sessionId !== undefined) this.#sessions.delete(transport.sessionId);
      space.close();
    };
    await server.connect(transport);
    const response = await transport.handleRequest(request, { parsedBody });
    if (transport.sessionId === undefined) await transport.close();
    return response;
  }

  #endIdle(): void {
    const beforeMs = performance.now() - this.#idleMs;
    for (const { transport, usedMs } of this.#sessions.values()) {
      if (usedMs < beforeMs) transport.close();
    }
  }
}

/** All of it; undefined if it is too long. */
async function bodyOf(request: Request): Promise<string | undefined> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of request.body ?? []) {
    length += piece.length;
    if (length > bodyBytesMax) return undefined;
    pieces.push(piece);
  }
  return await new Blob(pieces as Uint8Array<ArrayBuffer>[]).text();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isInitialize(message: unknown): boolean {
  return typeof message === "object" && message !== null && "method" in message &&
    message.method === "initialize";
}

/** As the protocol answers what is no call of it. */
function refused(status: number, code: string, message: string): Response {
  return Response.json(
    { jsonrpc: "2.0", error: { code: -32000, message: `${code}: ${message}` }, id: null },
    { status },
  );
}
