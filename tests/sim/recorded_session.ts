/**
 * A server core whose inputs are recorded, with all that it asks for answered at once, and clients that are no more
 * than their messages.
 *
 * @module
 */

import type { Change } from "../../ot/mod.ts";
import { type ClientMessage, encodeClientMessage, type Hello } from "../../proto/mod.ts";
import { defaultSettings, type Input, type LogEntry, ServerCore } from "../../server/core/mod.ts";
import type { Header } from "../../sim/recording.ts";
import { readRecording, type Recording } from "../../sim/recording_reader.ts";
import { Recorder, type RecorderOptions } from "../../sim/recording_writer.ts";
import { helloOf } from "../hello.ts";

export const startedUs = 1_700_000_000_000_000;

export const header: Header = {
  kind: "scenario",
  features: [],
  software: { version: "0.1.0", git: "0123456789ab" },
  engine: { deno: "2.9.6" },
  startedUs,
  settings: defaultSettings,
};

export class RecordedSession {
  readonly lines: string[] = [];
  readonly recorder: Recorder;
  readonly #log = new Map<string, LogEntry[]>();
  #core!: ServerCore;
  #inputs: Input[] = [];
  #nowUs = startedUs;
  #stepping = false;

  constructor(changed: Partial<Header> = {}, options: RecorderOptions = {}) {
    this.recorder = new Recorder({ ...header, ...changed }, (line) => this.lines.push(line), options);
    this.begin();
  }

  /** The server begins, or begins anew with what its log holds. */
  begin(): void {
    this.#core = new ServerCore(defaultSettings);
    this.recorder.node("server", "server", defaultSettings, this.#core);
  }

  connect(connection: number, address?: string): void {
    this.take({
      ...{ kind: "connected", connection, key: `key ${connection} of somebody` },
      ...address === undefined ? {} : { from: { door: "tcp", address } },
      nowUs: this.#tick(),
    });
  }

  /** Connects, and says hello. */
  join(connection: number, name: string, hello: Partial<Hello> = {}): void {
    this.connect(connection);
    this.say(connection, helloOf({ workspace: "plans", participant: { name, kind: "human" }, ...hello }));
  }

  submit(connection: number, seq: number, base: number, change: Partial<Change>): void {
    this.say(connection, { kind: "operation", seq, base, change: { steps: [], edits: [], ...change } });
  }

  say(connection: number, message: ClientMessage, pieces = 1): void {
    this.receive(connection, encodeClientMessage(message), pieces);
  }

  /** Bytes come in, in so many pieces. */
  receive(connection: number, bytes: Uint8Array, pieces = 1): void {
    const length = Math.ceil(bytes.length / pieces);
    for (let at = 0; at < bytes.length; at += length) {
      this.take({ kind: "received", connection, bytes: bytes.slice(at, at + length), nowUs: this.#tick() });
    }
  }

  close(connection: number): void {
    this.take({ kind: "closed", connection, nowUs: this.#tick() });
  }

  /** Takes an input, and answers what comes of it. */
  take(input: Input): void {
    this.#inputs.push(input);
    if (this.#stepping) return;
    this.#stepping = true;
    for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
      const outputs = this.#core.step(next);
      this.recorder.record("server", next, outputs);
      for (const output of outputs) {
        const nowUs = this.#tick();
        switch (output.kind) {
          case "send":
            this.#inputs.push({ kind: "drained", connection: output.connection, nowUs });
            break;
          case "load": {
            const { workspace } = output, entries = this.#log.get(workspace) ?? [];
            this.#log.set(workspace, entries);
            this.#inputs.push({
              kind: "loaded",
              workspace,
              epoch: "epoch 1",
              checkpoint: null,
              entries: [...entries],
              nowUs,
            });
            break;
          }
          case "append":
            this.#log.get(output.workspace)!.push(...output.entries);
            this.#inputs.push({ kind: "appended", workspace: output.workspace, nowUs });
            break;
          case "list": {
            const workspaces = [...this.#log].map(([name, { length }]) => ({ name, revision: length }));
            this.#inputs.push({ kind: "listed", connection: output.connection, workspaces, nowUs });
            break;
          }
          case "wake":
            if (output.atUs <= nowUs) this.#inputs.push({ kind: "due", nowUs });
        }
      }
    }
    this.#stepping = false;
  }

  entries(workspace = "plans"): readonly LogEntry[] {
    return this.#log.get(workspace) ?? [];
  }

  end(): Recording {
    this.recorder.end("stopped");
    return readRecording(this.lines);
  }

  #tick(): number {
    return this.#nowUs += 1000;
  }
}

/** Ada and Bob write a plan: names, texts in several scripts, cut bytes, a crash, a hostile guest. */
export function recordedPlan(changed: Partial<Header> = {}, options: RecorderOptions = {}): RecordedSession {
  const session = new RecordedSession(changed, options);
  session.join(1, "Ada Lovelace");
  session.submit(1, 1, 1, {
    steps: [{ kind: "create", node: "1:1", parent: "0:0", name: "Secret Plan.txt", type: "text" }],
    edits: [{ node: "1:1", op: [{ at: 0, remove: 0, insert: "Meet at noon, né café 会う 😀e\u0301\r\n" }] }],
  });
  session.join(2, "Bob");
  session.submit(2, 1, 2, {
    steps: [
      { kind: "create", node: "2:1", parent: "0:0", name: "Secret Plan.txt", type: "text" },
      { kind: "create", node: "2:2", parent: "0:0", name: "secret plan.txt", type: "text" },
      { kind: "create", node: "2:3", parent: "0:0", name: "archive", type: "directory" },
    ],
  });
  session.submit(1, 2, 2, { edits: [{ node: "1:1", op: [{ at: 0, remove: 4, insert: "Wait" }] }] });
  session.submit(2, 2, 4, { edits: [{ node: "1:1", op: [{ at: 8, remove: 4, insert: "dusk" }] }] });
  session.say(2, {
    kind: "presence",
    place: { node: "1:1", revision: 5, seq: 2, ranges: [{ anchor: 1, head: 2 }] },
  });
  session.say(1, {
    kind: "operation",
    seq: 3,
    base: 5,
    change: { steps: [{ kind: "rename", node: "2:1", name: "Secret Plan (2).txt" }], edits: [] },
  }, 5);
  session.submit(1, 4, 6, {
    steps: [{ kind: "create", node: "1:2", parent: "2:3", name: "e\u0301tude.txt", type: "text" }],
  });
  session.connect(3);
  session.receive(3, new TextEncoder().encode("GET /secret HTTP/1.1\r\n"));
  session.close(3);
  session.begin();
  session.join(4, "Cleo");
  session.submit(4, 1, 7, { edits: [{ node: "2:2", op: [{ at: 0, remove: 0, insert: "again" }] }] });
  return session;
}
