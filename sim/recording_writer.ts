/**
 * Writes a recording, line by line, as things happen.
 *
 *     const recorder = new Recorder(header, write);
 *     recorder.node("server", "server", settings, core);
 *     recorder.record("server", input, core.step(input));
 *     recorder.end("stopped");
 *
 * What a line says is settled when `record` returns: bytes of an input need not be kept for it.
 *
 * @module
 */

import type { ClientOptions } from "../client/core/mod.ts";
import type { Settings } from "../server/core/mod.ts";
import type { AnyInput, AnyOutput, Header, NodeName } from "./recording.ts";
import { recordingVersion } from "./recording.ts";
import { digestOf, RecordingDigest } from "./recording_digest.ts";
import { inputToJson, outputsToJson } from "./recording_json.ts";
import { RecordingRevisions } from "./recording_revisions.ts";

/** A core that can say all that it holds, as plain data. */
export interface Saves {
  save(): unknown;
}

export interface RecorderOptions {
  /** After how many records the state of all cores is hashed; 0 if only when asked. */
  readonly stateEvery?: number;
}

export class Recorder {
  readonly #write: (line: string) => void;
  readonly #stateEvery: number;
  readonly #startedUs: number;
  readonly #withOutputs: boolean;
  readonly #digest = new RecordingDigest();
  readonly #revisions = new RecordingRevisions();
  readonly #cores = new Map<NodeName, Saves>();
  /** What stands in the middle of every record of a node. */
  readonly #middles = new Map<NodeName, string>();
  #records = 0;
  #stateAt = 0;

  /** @param write takes each line, without its end. */
  constructor(header: Header, write: (line: string) => void, { stateEvery = 1000 }: RecorderOptions = {}) {
    this.#write = write;
    this.#stateEvery = stateEvery;
    this.#startedUs = header.startedUs;
    this.#withOutputs = header.features.includes("outputs");
    write(JSON.stringify({ recording: recordingVersion, ...header }));
  }

  /** How many inputs have been recorded. */
  get records(): number {
    return this.#records;
  }

  /** The digest of everything so far. */
  get hash(): string {
    return this.#digest.toString();
  }

  /** A core begins, or begins anew. Without `core`, its state is not hashed. */
  node(name: NodeName, kind: "server", settings: Settings, core?: Saves): void;
  node(name: NodeName, kind: "client", options: ClientOptions, core?: Saves): void;
  node(name: NodeName, kind: "server" | "client", options: Settings | ClientOptions, core?: Saves): void {
    this.#middles.set(name, `,"on":${JSON.stringify(name)},"in":`);
    if (core === undefined) this.#cores.delete(name);
    else this.#cores.set(name, core);
    this.#digest.begin(name, options);
    const node = kind === "server" ? { settings: options } : { options };
    this.#write(JSON.stringify({ node: name, kind, ...node }));
  }

  /** A core has taken an input, and this came of it. */
  record(on: NodeName, input: AnyInput, outputs: readonly AnyOutput[]): void {
    const full = this.#withOutputs && outputs.length > 0 ? `,"outputs":${outputsToJson(outputs)}` : "";
    this.#record(on, input, this.#digest.outputs(outputs), full);
    this.#revisions.take(on, input, outputs);
    if (this.#stateEvery > 0 && this.#records - this.#stateAt >= this.#stateEvery) this.state();
  }

  /** A core has taken an input, and failed at it: what it holds now means nothing. */
  threw(on: NodeName, input: AnyInput, message: string): void {
    this.#cores.delete(on);
    this.#record(on, input, threwHash, `,"threw":${JSON.stringify(message)}`);
  }

  /** Writes down what all cores hold now, as hashes; or only which revisions there are. */
  state(withHashes = true): void {
    this.#stateAt = this.#records;
    const hashes = !withHashes ? [] : [...this.#cores].map(([name, core]) => [name, digestOf(core.save())]);
    this.#write(JSON.stringify({
      state: this.#records,
      hash: this.hash,
      revisions: Object.fromEntries(this.#revisions.all),
      hashes: Object.fromEntries(hashes),
    }));
  }

  /** Nothing more comes. */
  end(reason: string): void {
    if (this.#stateAt < this.#records || this.#records === 0) this.state();
    this.#write(JSON.stringify({ end: reason, records: this.#records, hash: this.hash }));
  }

  #record(on: NodeName, input: AnyInput, out: string, more: string): void {
    const n = ++this.#records, at = input.nowUs - this.#startedUs;
    this.#digest.add(on, input, out);
    const hashes = out === "" ? "" : `,"out":"${out}"${more}`;
    this.#write(`{"n":${n},"at":${at}${this.#middles.get(on)!}${inputToJson(input)}${hashes}}`);
  }
}

/** Stands for the outputs of a core that failed: what its error says may differ between engines. */
export const threwHash = "threw";
