/**
 * The line between `deno task admin` and a server: one question, and what is answered, as long as it is wanted.
 *
 * @module
 */

import type { Dial, Transport } from "../mod.ts";
import {
  type AdminItem,
  type AdminQuestion,
  decodeServerMessage,
  encodeClientMessage,
  FrameReader,
  joined,
  protocolVersion,
  type ServerMessage,
} from "../proto/mod.ts";

/** Why there is no answer: what the server says, or that there is none to say anything. */
export class AdminError extends Error {
  override readonly name = "AdminError";

  constructor(readonly code: string, message: string) {
    super(message);
  }
}

export interface AdminLineOptions {
  readonly dial: Dial;
  readonly token?: string | undefined;
  /** Hangs up. */
  readonly signal?: AbortSignal;
  /** How long connecting may take, and how long nothing may be heard, in milliseconds. */
  readonly openMs?: number;
  readonly silenceMs?: number;
}

/**
 * Asks a server something, and gives what it answers piece by piece.
 *
 * @throws {AdminError}
 */
export async function* ask(
  question: AdminQuestion,
  { dial, token, signal, openMs = 10_000, silenceMs = 30_000 }: AdminLineOptions,
): AsyncGenerator<readonly AdminItem[], void> {
  const transport = await dialed(dial, openMs);
  let quiet: ReturnType<typeof setTimeout> | undefined;
  const hangUp = () => transport.close();
  const heard = () => {
    clearTimeout(quiet);
    quiet = setTimeout(hangUp, silenceMs);
  };
  signal?.addEventListener("abort", hangUp);
  if (signal?.aborted === true) hangUp();
  try {
    heard();
    await transport.write(joined([
      encodeClientMessage({
        ...{ kind: "admin_hello", version: protocolVersion },
        ...token === undefined ? {} : { token },
      }),
      encodeClientMessage({ kind: "admin_ask", id: 1, question }),
    ])).catch(() => {});
    for await (const message of messagesIn(transport)) {
      heard();
      if (message.kind === "ping") {
        await transport.write(encodeClientMessage({ ...message, kind: "pong" })).catch(() => {});
      } else if (message.kind === "close") throw new AdminError(message.code, message.message);
      else if (message.kind === "admin_answer") {
        if (message.code !== "") throw new AdminError(message.code, message.message);
        yield message.items;
        if (message.last) return;
      }
    }
    if (signal?.aborted !== true) throw new AdminError("connection_lost", "The connection was lost.");
  } finally {
    clearTimeout(quiet);
    signal?.removeEventListener("abort", hangUp);
    transport.close();
  }
}

/** The messages that come in, up to the end of the stream, which may be a break. */
async function* messagesIn(transport: Transport): AsyncGenerator<ServerMessage> {
  const reader = new FrameReader(), incoming = transport.incoming[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await incoming.next().catch(() => ({ done: true as const, value: undefined }));
    if (done === true) return;
    const messages: ServerMessage[] = [];
    reader.push(value, (type, payload) => messages.push(decodeServerMessage(type, payload)));
    yield* messages;
  }
}

async function dialed(dial: Dial, openMs: number): Promise<Transport> {
  const late = Promise.withResolvers<never>();
  const problem = (why: string) => new AdminError("no_connection", why);
  const timer = setTimeout(() => late.reject(problem("There was no answer.")), openMs);
  try {
    return await Promise.race([dial(), late.promise]);
  } catch (error) {
    if (error instanceof AdminError) throw error;
    if (error instanceof Deno.errors.ConnectionRefused) {
      throw problem("The connection was refused. Is there a server? The command deno task serve runs one.");
    }
    throw problem(error instanceof Error ? error.message : String(error));
  } finally {
    clearTimeout(timer);
  }
}
