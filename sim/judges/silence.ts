/**
 * Who says nothing is asked whether he is there, and taken for gone if he goes on saying nothing, or takes nothing that
 * he is sent: by a server of each connection, and by a client of its server.
 *
 * A server is looked at when it has been woken by the clock, since it looks at its connections now and then; a client
 * after each of its steps.
 *
 * @module
 */

import type { ClientInput, ClientOutput } from "../../client/core/mod.ts";
import type { Input, Output, Settings } from "../../server/core/mod.ts";
import { Failure } from "./failure.ts";

/** A server looks at its connections once in a second, in microseconds. */
const graceUs = 2_000_000;
/** How long a client waits for a word, in microseconds. */
const clientSilenceUs = 30_000_000;
const typeOfPing = 3;

interface Line {
  heardUs: number;
  askedUs: number;
  /** Since when what was written last has not been taken; undefined if it has. */
  writingUs: number | undefined;
}

/** One run of a server. */
export class ServerSilence {
  readonly #lines = new Map<number, Line>();

  constructor(
    readonly name: string,
    readonly settings: Pick<Settings, "heartbeatUs" | "silenceUs" | "drainUs">,
  ) {}

  stepped(input: Input, outputs: readonly Output[]): void {
    const { nowUs } = input, lines = this.#lines;
    if (input.kind === "connected") {
      lines.set(input.connection, { heardUs: nowUs, askedUs: nowUs, writingUs: undefined });
    } else if (input.kind === "closed") {
      lines.delete(input.connection);
    } else if (input.kind === "received" || input.kind === "drained") {
      const line = lines.get(input.connection);
      if (line !== undefined && input.kind === "received") line.heardUs = nowUs;
      else if (line !== undefined) line.writingUs = undefined;
    }
    for (const output of outputs) {
      if (output.kind === "close") lines.delete(output.connection);
      // It is told why, and then let go of.
      else if (output.kind === "report" && output.event === "ending") {
        lines.delete(Number(output.fields.connection));
      } else if (output.kind === "send") {
        const line = lines.get(output.connection);
        if (line === undefined) continue;
        line.writingUs = nowUs;
        if (asks(output.bytes)) line.askedUs = nowUs;
      }
    }
    if (input.kind === "due") this.#judge(nowUs);
  }

  #judge(nowUs: number): void {
    const { heartbeatUs, silenceUs, drainUs } = this.settings;
    for (const [connection, { heardUs, askedUs, writingUs }] of this.#lines) {
      const wrong = nowUs - heardUs > silenceUs + graceUs
        ? "somebody who says nothing is not taken for gone"
        : writingUs !== undefined
        ? nowUs - writingUs > drainUs + graceUs ? "somebody who takes nothing is not given up" : undefined
        : nowUs - askedUs > heartbeatUs + graceUs
        ? "nobody asks somebody whether he is there"
        : undefined;
      if (wrong !== undefined) {
        throw new Failure("liveness", wrong, `connection ${connection} of ${this.name}`);
      }
    }
  }
}

/** One run of a client. */
export class ClientSilence {
  #heardUs: number | undefined;

  constructor(readonly name: string) {}

  stepped(input: ClientInput, outputs: readonly ClientOutput[]): void {
    const { nowUs } = input;
    if (input.kind === "opened" || input.kind === "received") this.#heardUs = nowUs;
    else if (input.kind === "closed") this.#heardUs = undefined;
    for (const { kind } of outputs) if (kind === "close") this.#heardUs = undefined;
    if (this.#heardUs === undefined || nowUs - this.#heardUs <= clientSilenceUs) return;
    throw new Failure("liveness", "a client does not see that its server is gone", this.name);
  }
}

/** Whether one of the frames is a ping: a write begins and ends with a frame. */
function asks(bytes: Uint8Array): boolean {
  for (let at = 0; at + 4 < bytes.length;) {
    if (bytes[at + 4] === typeOfPing) return true;
    at += 4 + (((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0);
  }
  return false;
}
