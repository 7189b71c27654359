/**
 * The hash of a run: over every input and every output of every core, in order.
 *
 * What is frequent is added field by field, the rest as the plain data that it is.
 *
 * @module
 */

import type { ClientEvent, ClientInput, ClientOutput } from "../client/core/mod.ts";
import type { Input, Output } from "../server/core/mod.ts";
import { Digest } from "./digest.ts";
import { addEdit, addEntry } from "./recording_digest.ts";

export class TraceHash {
  readonly #digest = new Digest();
  /** How many inputs have been added. */
  inputs = 0;

  server(node: number, input: Input, outputs: readonly Output[]): void {
    const digest = this.#digest;
    this.#input(node, input);
    switch (input.kind) {
      case "received":
        digest.word(input.connection);
        digest.bytes(input.bytes);
        break;
      case "drained":
      case "closed":
        digest.word(input.connection);
        break;
      case "due":
      case "stop":
        break;
      default:
        digest.value(input);
    }
    for (const output of outputs) {
      digest.text(output.kind);
      switch (output.kind) {
        case "send":
          digest.word(output.connection);
          digest.bytes(output.bytes);
          break;
        case "append":
          digest.text(output.workspace);
          digest.number(output.expected);
          for (const entry of output.entries) addEntry(digest, entry);
          break;
        case "checkpoint":
          digest.text(output.workspace);
          digest.number(output.state.revision);
          break;
        case "wake":
          digest.number(output.atUs);
          break;
        default:
          digest.value(output);
      }
    }
  }

  client(node: number, input: ClientInput, outputs: readonly ClientOutput[]): void {
    const digest = this.#digest;
    // Servers are counted up, clients down.
    this.#input(~node, input);
    if (input.kind === "received") digest.bytes(input.bytes);
    else if (input.kind === "change" || input.kind === "select") digest.value(input);
    for (const output of outputs) {
      digest.text(output.kind);
      if (output.kind === "send") digest.bytes(output.bytes);
      else if (output.kind === "wake") digest.number(output.atUs);
      else if (output.kind === "event") this.#event(output.event);
    }
  }

  /** A process begins. */
  started(node: number): void {
    this.#digest.word(0x57a47);
    this.#digest.word(node);
  }

  toString(): string {
    return this.#digest.toString();
  }

  #input(node: number, { kind, nowUs }: { readonly kind: string; readonly nowUs: number }): void {
    this.inputs++;
    this.#digest.word(node);
    this.#digest.number(nowUs);
    this.#digest.text(kind);
  }

  #event(event: ClientEvent): void {
    const digest = this.#digest;
    digest.text(event.kind);
    switch (event.kind) {
      case "edited":
        digest.text(event.origin);
        digest.word(event.site);
        return addEdit(digest, event);
      case "presence":
        return digest.word(event.site);
      case "status":
        digest.text(event.phase);
        digest.word(event.readOnly ? 1 : 0);
        digest.word(event.unsent);
        return digest.text(event.problem?.code ?? "");
      case "settled": {
        const { changes, outcome } = event;
        digest.word(changes.length);
        for (const number of changes) digest.word(number);
        digest.text(outcome.kind);
        if (outcome.kind === "refused") return digest.value(outcome);
        if (outcome.kind === "accepted") return;
        digest.number(outcome.revision);
        digest.number(outcome.timeMs);
        return digest.value(outcome.notices);
      }
      default:
        digest.value(event);
    }
  }
}
