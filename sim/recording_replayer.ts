/**
 * Replays a recording: feeds its inputs to fresh cores, one by one, and compares what comes of each.
 *
 * @module
 */

import { ClientCore } from "../client/core/mod.ts";
import { assert } from "../ot/mod.ts";
import { ServerCore } from "../server/core/mod.ts";
import type { AnyInput, AnyOutput, Line, NodeLine, NodeName, RecordLine, StateLine } from "./recording.ts";
import { digestOf, RecordingDigest } from "./recording_digest.ts";
import type { Recording } from "./recording_reader.ts";
import { threwHash } from "./recording_writer.ts";

/** A core that replays. */
export type NodeCore =
  | { readonly kind: "server"; readonly core: ServerCore }
  | { readonly kind: "client"; readonly core: ClientCore };

/** Where what happens is not what was recorded. */
export type Divergence =
  | {
    readonly kind: "outputs";
    readonly record: RecordLine;
    readonly expected: string;
    readonly actual: string;
    readonly outputs: readonly AnyOutput[];
    /** The message of the error, if the core failed. */
    readonly threw: string | undefined;
  }
  /** All outputs are the same, but not what led to them: the recording itself has been changed. */
  | { readonly kind: "recording"; readonly after: number; readonly expected: string; readonly actual: string }
  /** All outputs so far are the same, and yet this core holds something else. */
  | {
    readonly kind: "state";
    readonly after: number;
    readonly node: NodeName;
    readonly expected: string;
    readonly actual: string;
  };

/** One record that has been replayed. */
export interface Replayed {
  readonly record: RecordLine;
  readonly outputs: readonly AnyOutput[];
  /** The cores that began, or began anew, right before it. */
  readonly begun: readonly NodeName[];
}

export class Replayer {
  readonly recording: Recording;
  readonly #cores = new Map<NodeName, NodeCore>();
  readonly #digest = new RecordingDigest();
  /** The index of the next line. */
  #next = 0;
  #position = 0;
  #difference: Divergence | undefined;

  constructor(recording: Recording) {
    this.recording = recording;
  }

  /** How many records have been replayed. */
  get position(): number {
    return this.#position;
  }

  get cores(): ReadonlyMap<NodeName, NodeCore> {
    return this.#cores;
  }

  /** The first difference so far. */
  get difference(): Divergence | undefined {
    return this.#difference;
  }

  /** Replays the next record, with what belongs to it; undefined if there is none. */
  next(): Replayed | undefined {
    const { lines } = this.recording;
    let replayed: Replayed | undefined;
    const begun: NodeName[] = [];
    for (; this.#next < lines.length; this.#next++) {
      const line = lines[this.#next]!;
      // What stands behind a record belongs to it, up to the next thing that happens.
      if (replayed !== undefined && !("state" in line)) break;
      if ("n" in line) replayed = { ...this.#replay(line), begun };
      else if ("node" in line) {
        this.#cores.set(line.node, freshCore(line));
        this.#digest.begin(line.node, line.kind === "server" ? line.settings : line.options);
        begun.push(line.node);
      } else this.#compareState(line);
    }
    return replayed;
  }

  #replay(record: RecordLine): Omit<Replayed, "begun"> {
    const { on, input } = record;
    const node = this.#cores.get(on);
    assert(node !== undefined, `node ${on} has begun before record ${record.n}`);
    this.#position = record.n;
    let outputs: readonly AnyOutput[] = [], threw: string | undefined;
    try {
      outputs = stepOf(node, input);
    } catch (error) {
      threw = error instanceof Error ? error.message : String(error);
    }
    const out = threw === undefined ? this.#digest.outputs(outputs) : threwHash;
    this.#digest.add(on, input, out);
    if (out !== record.out) {
      this.#difference ??= { kind: "outputs", record, expected: record.out, actual: out, outputs, threw };
    }
    return { record, outputs };
  }

  #compareState({ state: after, hash, hashes }: StateLine): void {
    if (this.#difference !== undefined) return;
    const all = this.#digest.toString();
    if (all !== hash) this.#difference = { kind: "recording", after, expected: hash, actual: all };
    for (const [node, expected] of Object.entries(hashes)) {
      const core = this.#cores.get(node);
      if (core === undefined) continue;
      const actual = digestOf(core.core.save());
      if (actual !== expected) this.#difference ??= { kind: "state", after, node, expected, actual };
    }
  }
}

export function freshCore(line: NodeLine): NodeCore {
  return line.kind === "server"
    ? { kind: "server", core: new ServerCore(line.settings) }
    : { kind: "client", core: new ClientCore(line.options) };
}

/** What a core makes of an input that was recorded of one of its kind. */
export function stepOf(node: NodeCore, input: AnyInput): readonly AnyOutput[] {
  return node.kind === "server"
    ? node.core.step(input as Parameters<ServerCore["step"]>[0])
    : node.core.step(input as Parameters<ClientCore["step"]>[0]);
}

/** How many records there are among lines. */
export function recordsIn(lines: readonly Line[]): number {
  let count = 0;
  for (const line of lines) if ("n" in line) count++;
  return count;
}
