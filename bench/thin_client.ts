/**
 * What a server must offer to be measured: how its process is started, and a client that is as thin as its
 * protocol lets it be. A thin client decodes fully what it is sent and counts it, and holds no document: only
 * where it itself is typing, moved along by the edits of others, as a valid edit needs.
 *
 * All clients do the same. The document has a line for each; client i types at the end of line i, four insertions
 * of one letter, then one backspace. So at the end line i tells which changes of client i are in the document.
 *
 * @module
 */

/** What a thin client tells. Clients are known by their numbers from 0 on. */
export interface Watcher {
  /** The server has confirmed the change of this client that was under way. */
  acknowledged(client: number): void;
  /** Client `client` has decoded change number `change` of client `author`, another one. */
  delivered(client: number, author: number, change: number): void;
  /** The connection failed, or the server refused something: the measurement is void. */
  failed(client: number, reason: string): void;
}

export interface ThinClient {
  /** Makes the next change, number 0 first, and sends it. */
  edit(): void;
  /** Whether a change may be sent while the one before is not acknowledged. */
  readonly pipelines: boolean;
  close(): void;
}

export interface MeasuredServer {
  readonly name: string;
  /** The arguments for `deno` that start the server; it prints one line with its port when it listens. */
  argumentsFor(port: number): string[];
  /** Makes the document with this text. */
  prepare(port: number, text: string): Promise<void>;
  connect(port: number, client: number, watcher: Watcher): Promise<ThinClient>;
  /** The text that somebody gets who comes now. */
  read(port: number): Promise<string>;
  /** Removes what the process has left behind. */
  tidy?(): void;
}

/** How long a line of the document is, its line break included. */
export const lineLength = 100;

/** The document for so many clients. */
export function startText(clients: number): string {
  return ("x".repeat(lineLength - 1) + "\n").repeat(clients);
}

/** Where client i begins to type. */
export function startPosition(client: number): number {
  return (client + 1) * lineLength - 1;
}

/** Whether change number `change` of a client is a backspace. */
export function isBackspace(change: number): boolean {
  return change % 5 === 4;
}

/** How many letters a client's first changes leave. */
export function lettersAfter(changes: number): number {
  const backspaces = Math.floor(changes / 5);
  return changes - 2 * backspaces;
}

/** The letter that everybody types. */
export const letter = "y";

/** Calls `handle` with the bytes that come in, until the stream ends, and then once without. */
export async function pump(
  connection: Deno.Conn,
  handle: (bytes: Uint8Array | undefined) => void,
): Promise<void> {
  const buffer = new Uint8Array(64 << 10);
  for (;;) {
    const count = await connection.read(buffer).catch(() => null);
    if (count === null) return handle(undefined);
    handle(buffer.subarray(0, count));
  }
}

/** Writes to a connection in order; what comes while a write is under way goes out together after it. */
export class Outlet {
  readonly #connection: Deno.Conn;
  #waiting: Uint8Array[] = [];
  #busy = false;

  constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  send(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    if (!this.#busy) this.#run();
  }

  async #run(): Promise<void> {
    this.#busy = true;
    try {
      while (this.#waiting.length > 0) {
        const bytes = joined(this.#waiting);
        this.#waiting = [];
        for (let sent = 0; sent < bytes.length;) sent += await this.#connection.write(bytes.subarray(sent));
      }
    } catch {
      // The reading side sees the end, and tells.
    } finally {
      this.#busy = false;
    }
  }
}

/** The bytes one after the other. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0]!;
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
