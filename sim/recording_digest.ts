/**
 * The hashes in a recording: of each record's outputs, so that the first difference is found at its record; and of
 * everything up to a record, which stands wherever the state does, and at the end.
 *
 *     out  = digest of the outputs, "" if there are none, as after most inputs of a busy server
 *     hash = digest of (node, time, input, out) of every record so far
 *
 * @module
 */

import type { Edit } from "../ot/mod.ts";
import type { LogEntry } from "../server/core/mod.ts";
import { Digest } from "./digest.ts";
import type { AnyInput, AnyOutput, NodeName } from "./recording.ts";

export class RecordingDigest {
  readonly #chain = new Digest();
  /** Which of the nodes that have begun each is. */
  readonly #nodes = new Map<NodeName, number>();

  /** The digest of one record's outputs; "" if there are none. */
  outputs(outputs: readonly AnyOutput[]): string {
    if (outputs.length === 0) return "";
    const digest = new Digest();
    // One piece of bytes often goes to many connections: it is read once.
    let last: Uint8Array | undefined, ofLast = digest;
    for (const output of outputs) {
      switch (output.kind) {
        case "send": {
          const { bytes } = output;
          digest.word(1);
          if ("connection" in output) digest.number(output.connection);
          if (bytes !== last) {
            last = bytes;
            ofLast = new Digest();
            ofLast.bytes(bytes);
          }
          digest.digest(ofLast);
          break;
        }
        case "wake":
          digest.word(2);
          digest.number(output.atUs);
          break;
        case "append":
          digest.word(3);
          digest.text(output.workspace);
          digest.number(output.expected);
          digest.number(output.entries.length);
          for (const entry of output.entries) addEntry(digest, entry);
          break;
        case "checkpoint":
          digest.word(4);
          digest.text(output.workspace);
          digest.number(output.state.revision);
          break;
        default:
          digest.word(0);
          digest.value(output);
      }
    }
    return digest.toString();
  }

  /** Adds that a core begins, or begins anew. */
  begin(node: NodeName, options: unknown): void {
    if (!this.#nodes.has(node)) this.#nodes.set(node, this.#nodes.size + 1);
    this.#chain.word(0);
    this.#chain.text(node);
    this.#chain.value(options);
  }

  /** Adds a record. */
  add(on: NodeName, input: AnyInput, out: string): void {
    const chain = this.#chain;
    chain.word(this.#nodes.get(on)!);
    switch (input.kind) {
      case "received":
        chain.word(1);
        chain.number(input.nowUs);
        if ("connection" in input) chain.number(input.connection);
        chain.bytes(input.bytes);
        break;
      case "drained":
        chain.word(2);
        chain.number(input.nowUs);
        if ("connection" in input) chain.number(input.connection);
        break;
      default:
        chain.word(0);
        chain.value(input);
    }
    chain.text(out);
  }

  /** The digest of all records so far. */
  toString(): string {
    return this.#chain.toString();
  }
}

/** Adds an entry field by field: entries are what is most of all that is not bytes. */
export function addEntry(digest: Digest, entry: LogEntry): void {
  const { revision, time, session, site, seq, author, change: { steps, edits }, notices, hash, sites } =
    entry;
  digest.number(revision);
  digest.number(time);
  digest.text(session);
  digest.number(site);
  digest.number(seq);
  digest.number(hash);
  digest.number(sites);
  digest.value(author);
  digest.value(steps);
  digest.value(notices);
  digest.number(edits.length);
  for (const edit of edits) addEdit(digest, edit);
}

export function addEdit(digest: Digest, { node, op }: Edit): void {
  digest.text(node);
  digest.number(op.length);
  for (const { at, remove, insert } of op) {
    digest.number(at);
    digest.number(remove);
    digest.text(insert);
  }
}

/** The digest of plain data: of what a core saves. */
export function digestOf(value: unknown): string {
  const digest = new Digest();
  digest.value(value);
  return digest.toString();
}
