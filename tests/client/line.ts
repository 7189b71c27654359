/**
 * A telephone line to the server, which a test can cut, and on which it can make one side deaf.
 *
 * @module
 */

import type { Transport } from "../../net/mod.ts";
import { type Dial, tcp } from "../../mod.ts";
import { eventually } from "../server/waiting.ts";

export class Line {
  readonly #dialServer: Dial;
  #transport: Transport | undefined;
  #state: "up" | "down" | "dead" = "up";
  #deaf = false;
  /** How often a connection was asked for. */
  dialed = 0;
  /** How many writes of the client are under way, and the most there ever were at once. */
  writing = 0;
  writingMax = 0;
  #stalled: Promise<void> | undefined;

  constructor(port: number) {
    this.#dialServer = tcp("127.0.0.1", port);
  }

  readonly dial: Dial = async () => {
    this.dialed++;
    if (this.#state === "dead") return await new Promise<never>(() => {});
    if (this.#state === "down") throw new Deno.errors.ConnectionRefused("the line is down");
    const transport = await this.#dialServer();
    this.#transport = transport;
    return {
      ...transport,
      incoming: this.#heard(transport.incoming),
      write: async (bytes) => {
        this.writingMax = Math.max(this.writingMax, ++this.writing);
        await this.#stalled;
        await transport.write(bytes).finally(() => this.writing--);
      },
    };
  };

  async *#heard(incoming: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const bytes of incoming) if (!this.#deaf) yield bytes;
  }

  /** Breaks the connection; until `up`, every attempt to make another fails. */
  down(): void {
    this.#state = "down";
    this.#transport?.close();
  }

  up(): void {
    this.#state = "up";
  }

  /** Breaks the connection; the next attempt succeeds. */
  cut(): void {
    this.#transport?.close();
  }

  /** From now on the client hears nothing, though it is heard. */
  deafen(): void {
    this.#deaf = true;
  }

  hearAgain(): void {
    this.#deaf = false;
  }

  /** From now on nothing that the client writes gets anywhere, though the connection stands. */
  stall(): void {
    this.#stalled = new Promise(() => {});
  }

  /** Breaks the connection, and lets the client never reach anybody again. */
  async die(): Promise<void> {
    this.#state = "dead";
    const { dialed } = this;
    this.#transport?.close();
    await eventually(() => this.dialed > dialed, "an attempt to connect again");
  }
}
