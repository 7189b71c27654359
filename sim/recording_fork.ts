/**
 * What would have come of it if something had happened that did not: a recording is replayed up to a record, there a
 * fault is put in, and the rest goes on from it.
 *
 * Clients are played back as they were recorded: they say the same at the same times, whatever they are answered.
 * Everything that the server itself asks for (that bytes are written, entries stored, a log loaded, to be woken) is
 * answered when the recording has that answer, or a while later where it has none.
 *
 * @module
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { toHex } from "../proto/mod.ts";
import {
  type Input,
  type LogEntry,
  type Output,
  type SavedState,
  ServerCore,
  type Settings,
} from "../server/core/mod.ts";
import type { NodeName, RecordLine } from "./recording.ts";
import { RecordingDigest } from "./recording_digest.ts";
import { RecordingLog } from "./recording_log.ts";
import type { Recording } from "./recording_reader.ts";
import { RecordingTraffic, type Said } from "./recording_traffic.ts";

/** What is to happen, behind record `at`. */
export type Fault =
  /** A connection is lost. */
  | { readonly kind: "cut"; readonly connection: number; readonly at: number }
  /** The append that was answered there fails instead. */
  | { readonly kind: "fail"; readonly at: number }
  /** The server dies, and starts again on what the log holds. */
  | { readonly kind: "crash"; readonly at: number };

/** A fault that cannot be put in there, with a sentence. */
export class ForkError extends Error {
  override readonly name = "ForkError";
}

/** What a run came to. */
export interface Course {
  /** What every log holds. */
  readonly log: RecordingLog;
  /** All that was said from the fork on. */
  readonly said: readonly Said[];
}

export interface Forked {
  readonly recorded: Course;
  readonly forked: Course;
  /** The first record behind the fault of which something else comes, or that does not happen any more. */
  readonly firstDifference: RecordLine | undefined;
}

/** How long an answer takes that the recording does not have. */
const answerUs = 10_000;
/** How long the server is given to settle behind the last record. */
const settleUs = 60_000_000;

export function fork(recording: Recording, fault: Fault): Forked {
  const recorded = new Run(recording, undefined), forked = new Run(recording, fault);
  return { recorded: recorded.course(), forked: forked.course(), firstDifference: forked.firstDifference };
}

interface Append {
  readonly workspace: string;
  readonly expected: number;
  readonly entries: readonly LogEntry[];
}

/** A log on the way: what was loaded first, and everything since. */
interface Stored {
  readonly epoch: string;
  readonly checkpoint: SavedState | null;
  readonly entries: LogEntry[];
}

/** One server of a run, with all that it waits for, and since when. */
class Server {
  core: ServerCore;
  readonly connections = new Set<number>();
  readonly sends = new Map<number, number>();
  readonly closes = new Map<number, number>();
  readonly loads = new Map<string, number>();
  readonly appends = new Map<string, { readonly append: Append; readonly sinceUs: number }>();
  /** The questions that are to be answered, by connection. */
  readonly asked = new Map<number, number>();
  readonly checkpoints = new Map<string, { readonly revision: number; readonly sinceUs: number }>();
  /** Administrators who are to be told which workspaces there are. */
  readonly lists = new Set<number>();
  /** Uploads that are to be stored, by connection. */
  readonly stores = new Map<number, { readonly content: Uint8Array; readonly sinceUs: number }>();
  /** Contents that are asked for, by hash. */
  readonly holds = new Map<string, { readonly workspace: string; readonly sinceUs: number }>();
  wakeAtUs: number | undefined;

  constructor(readonly name: NodeName, readonly settings: Settings) {
    this.core = new ServerCore(settings);
  }

  restart(): void {
    this.core = new ServerCore(this.settings);
    const { connections, sends, closes, loads, appends, asked, lists, checkpoints, stores, holds } = this;
    const all = [connections, sends, closes, loads, appends, asked, lists, checkpoints, stores, holds];
    for (const waiting of all) waiting.clear();
    this.wakeAtUs = undefined;
  }
}

class Run {
  firstDifference: RecordLine | undefined;
  readonly #fault: Fault | undefined;
  readonly #servers = new Map<NodeName, Server>();
  readonly #log = new RecordingLog();
  readonly #stored = new Map<string, Stored>();
  /** How long contents are that were stored or held. */
  readonly #contents = new Map<string, number>();
  readonly #traffic = new RecordingTraffic();
  readonly #said: Said[] = [];
  readonly #digest = new RecordingDigest();
  #isForked = false;
  #nowUs: number;

  constructor(recording: Recording, fault: Fault | undefined) {
    this.#fault = fault;
    this.#nowUs = recording.header.startedUs;
    for (const line of recording.lines) {
      if ("node" in line && line.kind === "server") {
        this.#traffic.begin(line.node);
        this.#servers.set(line.node, new Server(line.node, line.settings));
      } else if ("n" in line) {
        const server = this.#servers.get(line.on);
        if (server !== undefined) this.#take(server, line);
        if (line.n === fault?.at && !this.#isForked) this.#putIn(server, line.n, fault);
      }
    }
    if (fault !== undefined && !this.#isForked) throw new ForkError(`There is no record ${fault.at}`);
    if (this.#isForked) this.#settle();
  }

  course(): Course {
    return { log: this.#log, said: this.#said };
  }

  #take(server: Server, record: RecordLine): void {
    const input = record.input as Input, fault = this.#fault;
    if (this.#isForked) return this.#goOn(server, record, input);
    if (record.n === fault?.at && fault.kind === "fail" && input.kind === "appended") {
      const { workspace, nowUs } = input;
      this.#isForked = true;
      this.#step(server, { kind: "append_failed", workspace, won: [], nowUs });
      return;
    }
    this.#remember(input);
    this.#step(server, input);
  }

  /** Puts the fault in: at the server whose record it is, or the first one if it is a client's. */
  #putIn(server: Server | undefined, n: number, fault: Fault): void {
    server ??= [...this.#servers.values()][0];
    if (server === undefined) throw new ForkError(`No server has begun at record ${n}`);
    switch (fault.kind) {
      case "fail":
        throw new ForkError(`Record ${n} is no answer to an append that was stored`);
      case "cut":
        if (!server.connections.has(fault.connection)) {
          throw new ForkError(`Connection ${fault.connection} is not open at record ${n}`);
        }
        this.#isForked = true;
        this.#step(server, { kind: "closed", connection: fault.connection, nowUs: this.#nowUs });
        return;
      case "crash":
        this.#isForked = true;
        this.#traffic.begin(server.name);
        server.restart();
    }
  }

  /** What is recorded of the log, up to the fault. */
  #remember(input: Input): void {
    if (input.kind === "content_held" && input.length !== null) this.#contents.set(input.hash, input.length);
    if (input.kind !== "loaded") return;
    const { workspace, epoch, checkpoint, entries } = input;
    this.#stored.set(workspace, { epoch, checkpoint, entries: entries.slice() });
  }

  /** Behind the fault: takes a record if it still happens. */
  #goOn(server: Server, record: RecordLine, input: Input): void {
    this.#answerOld(input.nowUs - answerUs);
    this.#nowUs = Math.max(this.#nowUs, input.nowUs);
    const outputs = this.#happens(server, input);
    if (outputs !== undefined && this.#digest.outputs(outputs) === record.out) return;
    this.firstDifference ??= record;
  }

  #happens(server: Server, input: Input): readonly Output[] | undefined {
    switch (input.kind) {
      case "connected":
      case "stop":
        return this.#step(server, input);
      case "received":
      case "closed":
        return server.connections.has(input.connection) ? this.#step(server, input) : undefined;
      case "drained":
        return server.sends.has(input.connection) ? this.#step(server, input) : undefined;
      case "due": {
        const { wakeAtUs } = server;
        return wakeAtUs !== undefined && wakeAtUs <= input.nowUs ? this.#step(server, input) : undefined;
      }
      case "loaded":
        return server.loads.has(input.workspace)
          ? this.#answerLoad(server, input.workspace, input.nowUs)
          : undefined;
      case "appended":
        return this.#answerAppend(server, input.workspace, input.nowUs);
      case "append_failed": {
        if (!server.appends.has(input.workspace)) return undefined;
        if (input.won === null || input.won.length > 0) {
          return this.#answerAppend(server, input.workspace, input.nowUs);
        }
        return this.#step(server, input);
      }
      case "answered":
        return server.asked.get(input.connection) === input.id ? this.#step(server, input) : undefined;
      case "listed":
        return server.lists.has(input.connection) ? this.#step(server, input) : undefined;
      case "content_stored":
      case "content_failed":
        return server.stores.has(input.connection) ? this.#step(server, input) : undefined;
      case "content_held":
      case "content_not_held":
        return server.holds.has(input.hash) ? this.#step(server, input) : undefined;
      case "changed":
        // Entries of others stand behind ours as they were: whether they fit, nobody can say.
        return undefined;
      case "checkpointed":
      case "checkpoint_failed": {
        const waiting = server.checkpoints.get(input.workspace);
        if (waiting === undefined) return undefined;
        return this.#step(server, { ...input, revision: waiting.revision });
      }
      case "load_failed":
        return server.loads.has(input.workspace) ? this.#step(server, input) : undefined;
    }
  }

  #answerLoad(server: Server, workspace: string, nowUs: number): readonly Output[] {
    let stored = this.#stored.get(workspace);
    if (stored === undefined) {
      this.#stored.set(workspace, stored = { epoch: "1", checkpoint: null, entries: [] });
    }
    return this.#step(server, {
      kind: "loaded",
      workspace,
      ...stored,
      entries: stored.entries.slice(),
      nowUs,
    });
  }

  #answerAppend(server: Server, workspace: string, nowUs: number): readonly Output[] | undefined {
    const waiting = server.appends.get(workspace);
    if (waiting === undefined) return undefined;
    const { checkpoint, entries } = this.#stored.get(workspace)!;
    const behind = waiting.append.expected - (checkpoint?.revision ?? 0);
    if (entries.length === behind) return this.#step(server, { kind: "appended", workspace, nowUs });
    return this.#step(server, { kind: "append_failed", workspace, won: entries.slice(behind), nowUs });
  }

  #step(server: Server, input: Input): readonly Output[] {
    this.#nowUs = Math.max(this.#nowUs, input.nowUs);
    const nowUs = this.#nowUs;
    this.#settleWith(server, input);
    const outputs = server.core.step({ ...input, nowUs });
    for (const output of outputs) {
      switch (output.kind) {
        case "send":
          server.sends.set(output.connection, nowUs);
          break;
        case "close":
          server.closes.set(output.connection, nowUs);
          break;
        case "load":
          server.loads.set(output.workspace, nowUs);
          break;
        case "append":
          server.appends.set(output.workspace, { append: output, sinceUs: nowUs });
          break;
        case "ask":
          server.asked.set(output.connection, output.query.id);
          break;
        case "more":
          server.asked.set(output.connection, output.id);
          break;
        case "list":
          server.lists.add(output.connection);
          break;
        case "store":
          server.stores.set(output.connection, { content: output.content, sinceUs: nowUs });
          break;
        case "hold":
          server.holds.set(output.hash, { workspace: output.workspace, sinceUs: nowUs });
          break;
        case "checkpoint":
          server.checkpoints.set(output.workspace, { revision: output.state.revision, sinceUs: nowUs });
          break;
        case "wake":
          server.wakeAtUs = output.atUs;
      }
    }
    this.#log.take(server.name, input, outputs);
    const said = this.#traffic.take(server.name, true, input, outputs);
    if (this.#isForked || this.#fault === undefined) this.#said.push(...said);
    return outputs;
  }

  /** An input is the answer to something, or the end of it. */
  #settleWith(server: Server, input: Input): void {
    switch (input.kind) {
      case "connected":
        server.connections.add(input.connection);
        break;
      case "drained":
        server.sends.delete(input.connection);
        break;
      case "closed":
        server.connections.delete(input.connection);
        server.sends.delete(input.connection);
        server.closes.delete(input.connection);
        server.asked.delete(input.connection);
        server.lists.delete(input.connection);
        server.stores.delete(input.connection);
        break;
      case "content_stored":
        this.#contents.set(input.hash, server.stores.get(input.connection)?.content.length ?? 0);
        server.stores.delete(input.connection);
        break;
      case "content_failed":
        server.stores.delete(input.connection);
        break;
      case "content_held":
      case "content_not_held":
        server.holds.delete(input.hash);
        break;
      case "answered":
        server.asked.delete(input.connection);
        break;
      case "listed":
        server.lists.delete(input.connection);
        break;
      case "loaded":
      case "load_failed":
        server.loads.delete(input.workspace);
        break;
      case "appended": {
        const waiting = server.appends.get(input.workspace);
        if (waiting !== undefined) this.#stored.get(input.workspace)?.entries.push(...waiting.append.entries);
        server.appends.delete(input.workspace);
        break;
      }
      case "append_failed":
        server.appends.delete(input.workspace);
        break;
      case "checkpointed":
      case "checkpoint_failed":
        server.checkpoints.delete(input.workspace);
        break;
      case "due":
        server.wakeAtUs = undefined;
    }
  }

  /** Gives the answers that have been waited for since `untilUs`; true if there was one. */
  #answerOld(untilUs: number): boolean {
    let answered = false;
    for (const server of this.#servers.values()) {
      for (const [connection, sinceUs] of [...server.sends]) {
        if (sinceUs > untilUs || !server.connections.has(connection)) continue;
        this.#step(server, { kind: "drained", connection, nowUs: sinceUs + answerUs });
        answered = true;
      }
      for (const [connection, sinceUs] of [...server.closes]) {
        if (sinceUs > untilUs || !server.connections.has(connection)) continue;
        this.#step(server, { kind: "closed", connection, nowUs: sinceUs + answerUs });
        answered = true;
      }
      for (const [workspace, sinceUs] of [...server.loads]) {
        if (sinceUs <= untilUs) {
          answered = this.#answerLoad(server, workspace, sinceUs + answerUs) !== undefined;
        }
      }
      for (const [workspace, { sinceUs }] of [...server.appends]) {
        if (sinceUs > untilUs) continue;
        answered = this.#answerAppend(server, workspace, sinceUs + answerUs) !== undefined || answered;
      }
      for (const [workspace, { revision, sinceUs }] of [...server.checkpoints]) {
        if (sinceUs > untilUs) continue;
        this.#step(server, { kind: "checkpointed", workspace, revision, nowUs: sinceUs + answerUs });
        answered = true;
      }
      for (const [connection, { content, sinceUs }] of [...server.stores]) {
        if (sinceUs > untilUs) continue;
        const hash = toHex(sha256(content)), nowUs = sinceUs + answerUs;
        this.#step(server, { kind: "content_stored", connection, hash, nowUs });
        answered = true;
      }
      for (const [hash, { workspace, sinceUs }] of [...server.holds]) {
        if (sinceUs > untilUs) continue;
        const length = this.#contents.get(hash) ?? null, nowUs = sinceUs + answerUs;
        this.#step(server, { kind: "content_held", workspace, hash, length, nowUs });
        answered = true;
      }
      const { wakeAtUs } = server;
      if (wakeAtUs !== undefined && wakeAtUs <= untilUs) {
        this.#step(server, { kind: "due", nowUs: wakeAtUs + answerUs });
        answered = true;
      }
    }
    return answered;
  }

  /** Behind the last record: lets every answer come that is still waited for. */
  #settle(): void {
    const endUs = this.#nowUs + settleUs;
    while (this.#nowUs < endUs) {
      if (this.#answerOld(this.#nowUs)) continue;
      const isWaiting = [...this.#servers.values()].some((server) => {
        const { sends, loads, appends, checkpoints, stores, holds, wakeAtUs } = server;
        return sends.size + loads.size + appends.size + checkpoints.size + stores.size + holds.size > 0 ||
          (wakeAtUs !== undefined && wakeAtUs < endUs);
      });
      if (!isWaiting) return;
      this.#nowUs += answerUs;
    }
  }
}
