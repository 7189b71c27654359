/**
 * What `deno task serve --record` writes: all that the shell shows of the core, as a recording. When the file can
 * take no more, recording ends, and the server goes on.
 *
 * @module
 */

import type { Input, Output, ServerCore, Settings } from "../server/core/mod.ts";
import type { Observer, ShellOptions } from "../server/mod.ts";
import type { Header } from "../sim/recording.ts";
import { Recorder } from "../sim/recording_writer.ts";
import { LineFile } from "./line_file.ts";
import { engine, software } from "./software.ts";

/** The state is hashed after so many records; from when on that takes longer than this, only at the end. */
const stateRecords = 1000, stateMsMax = 5;
const nodeName = "server";

export class Recording implements Observer {
  readonly #file: LineFile;
  readonly #settings: Settings;
  readonly #recorder: Recorder;
  #stateAt = 0;
  #stateIsLarge = false;

  /** @throws {Deno.errors.AlreadyExists} and whatever else keeps the file from being opened. */
  constructor(path: string, settings: Settings, report: ShellOptions["report"]) {
    this.#settings = settings;
    this.#file = LineFile.open(path, (error) => {
      const problem = error instanceof Error ? error.message : String(error);
      report("recording_failed", { file: path, records: this.#recorder.records, problem });
    });
    const header: Header = {
      kind: "live",
      features: [],
      software: software(),
      engine: engine(),
      startedUs: Math.floor((performance.timeOrigin + performance.now()) * 1000),
      settings,
    };
    this.#recorder = new Recorder(header, (line) => this.#file.write(line), { stateEvery: 0 });
  }

  begins(core: ServerCore): void {
    this.#recorder.node(nodeName, "server", this.#settings, core);
  }

  took(input: Input, outputs: readonly Output[]): void {
    if (!this.#file.isOpen) return;
    this.#recorder.record(nodeName, input, outputs);
    if (this.#recorder.records - this.#stateAt >= stateRecords) this.#state();
  }

  failed(input: Input, error: unknown): void {
    if (!this.#file.isOpen) return;
    this.#recorder.threw(nodeName, input, error instanceof Error ? error.message : String(error));
    this.#file.flush();
  }

  /** Writes the last lines. */
  end(reason: string): void {
    if (!this.#file.isOpen) return;
    this.#recorder.end(reason);
    this.#file.close();
  }

  /** Nobody is to wait for a hash: it takes as long as there is much in the state. */
  #state(): void {
    const beginMs = performance.now();
    this.#recorder.state(!this.#stateIsLarge);
    this.#stateAt = this.#recorder.records;
    this.#stateIsLarge ||= performance.now() - beginMs > stateMsMax;
  }
}
