/**
 * Redacts a recording, so that it may be shown to others: nothing that was typed is in it, no name
 * and no secret, and yet it does just what it did. Lengths, times, positions and the order of things stay; every
 * character becomes another of its class (recording_letters.ts). What came packed to a client comes as it is.
 *
 * The inputs are changed first. Then they run through fresh cores, and that run is what is recorded. It must be the
 * same step by step but for the characters in it; where it is not, there is no redacted recording.
 *
 * @module
 */

import { hashOf } from "../server/core/hash.ts";
import type { Unsent } from "../client/core/mod.ts";
import { type Change, contentsIn, type Notice } from "../ot/mod.ts";
import { codes, type Condition, joined, type Participant } from "../proto/mod.ts";
import { Dominion, type LogEntry, Rights, type SavedState, type Settled } from "../server/core/mod.ts";
import type { AnyInput, AnyOutput, NodeLine, NodeName, RecordLine } from "./recording.ts";
import { Cipher, type Word } from "./recording_cipher.ts";
import { RecordingLog } from "./recording_log.ts";
import type { Recording } from "./recording_reader.ts";
import { freshCore, type NodeCore, Replayer, stepOf } from "./recording_replayer.ts";
import { redactStream } from "./recording_stream.ts";
import { RecordingTraffic } from "./recording_traffic.ts";
import { unpackedPieces } from "./recording_unpacked.ts";
import { Recorder } from "./recording_writer.ts";

/** A recording that cannot be redacted, with a sentence. */
export class RedactionError extends Error {
  override readonly name = "RedactionError";
}

/**
 * Writes the redacted recording, line by line.
 *
 * @param word draws whole numbers below 2^32 that nobody can guess.
 * @throws {RedactionError}
 */
export function redact(recording: Recording, word: Word, write: (line: string) => void): void {
  const { header: { kind, software, engine, startedUs, settings }, lines, tail } = recording;
  const hasClients = lines.some((line) => "node" in line && line.kind === "client");
  const redactor = new Redactor(recording, new Cipher(word, hasClients));
  const header = { kind, features: [], software, engine, startedUs, settings, redacted: true } as const;
  const recorder = new Recorder(header, write, { stateEvery: 0 });
  const before = new Map<NodeName, NodeCore>(), after = new Map<NodeName, NodeCore>();
  for (const line of lines) {
    if ("node" in line) {
      before.set(line.node, freshCore(line));
      after.set(line.node, begin(recorder, redactor.node(line)));
    } else if ("n" in line) {
      const { n, on } = line, input = redactor.input(line);
      const outputs = outcomeOf(after.get(on)!, input), expected = outcomeOf(before.get(on)!, line.input);
      if (shapeOf(outputs) !== shapeOf(expected)) {
        throw new RedactionError(`Record ${n} would come to something else with other letters`);
      }
      if (typeof outputs === "string") {
        recorder.threw(on, input, "redacted");
      } else {
        recorder.record(on, input, outputs);
        redactor.log.take(on, input, outputs);
      }
    } else recorder.state();
  }
  if (tail.kind === "complete") recorder.end(tail.end.end);
}

function begin(recorder: Recorder, line: NodeLine): NodeCore {
  const node = freshCore(line);
  if (line.kind === "server") recorder.node(line.node, line.kind, line.settings, node.core);
  else recorder.node(line.node, line.kind, line.options, node.core);
  return node;
}

/** What a core makes of an input; a text if it fails. */
function outcomeOf(node: NodeCore, input: AnyInput): readonly AnyOutput[] | string {
  try {
    return stepOf(node, input);
  } catch (error) {
    return error instanceof Error ? error.name : "failed";
  }
}

/** All of outputs that other letters must not change. */
function shapeOf(outputs: readonly AnyOutput[] | string): string {
  if (typeof outputs === "string") return "failed";
  return JSON.stringify(outputs.map((output) => {
    switch (output.kind) {
      case "send":
        // Other letters are packed to another length.
        return "connection" in output
          ? [output.kind, output.connection, joined(unpackedPieces([output.bytes])).length]
          : [output.kind, output.bytes.length];
      case "append":
        return [
          output.kind,
          output.expected,
          output.entries.map(({ change: { steps, edits }, notices, site, seq }) => [
            site,
            seq,
            steps.map(({ kind, node }) => [kind, node]),
            edits.map((
              { node, op },
            ) => [node, op.map(({ at, remove, insert }) => [at, remove, insert.length])]),
            notices.map(({ kind, node }) => [kind, node]),
          ]),
        ];
      case "load":
      case "report":
        return [output.kind];
      case "checkpoint":
        return [output.kind, output.state.revision];
      case "ask":
        return [output.kind, output.connection, output.query.id];
      case "event":
        return [output.kind, output.event.kind];
      default:
        return output;
    }
  }));
}

/** Gives each input of a recording anew. */
class Redactor {
  readonly #cipher: Cipher;
  /** Bytes that came in, by record. */
  readonly #bytes = new Map<number, Uint8Array>();
  /** What has come of it so far: the same text is redacted once. */
  readonly log = new RecordingLog();
  /** The hashes of changes as they were submitted, before and after. */
  readonly #hashes = new Map<number, number>();

  constructor(recording: Recording, cipher: Cipher) {
    this.#cipher = cipher;
    for (const { at: end, owner, pieces } of streamsOf(recording)) {
      const came = pieces.map(({ bytes }) => bytes), plain = end === "client" ? unpackedPieces(came) : came;
      const bytes = joined([new Uint8Array(0), ...plain]);
      redactStream({ bytes, at: end, owner }, cipher, (_, before, after) => this.#found(before, after));
      let at = 0;
      pieces.forEach(({ n }, i) => this.#bytes.set(n, bytes.subarray(at, at += plain[i]!.length)));
    }
  }

  node(line: NodeLine): NodeLine {
    if (line.kind === "server") return line;
    if (line.options.signingKey !== undefined) throw signed();
    const cipher = this.#cipher, { workspace, participant, unsent, token } = line.options;
    const options = {
      ...line.options,
      workspace: cipher.name(workspace),
      participant: { ...participant, name: cipher.name(participant.name) },
      ...token === undefined ? {} : { token: cipher.name(token) },
    };
    return {
      ...line,
      options: unsent === undefined ? options : { ...options, unsent: this.#unsent(unsent) },
    };
  }

  #unsent(unsent: Unsent): Unsent {
    const cipher = this.#cipher, { workspace, session, epoch, inFlight, changes, base } = unsent;
    const bytes = Uint8Array.from(inFlight?.match(/../g) ?? [], (hex) => parseInt(hex, 16));
    redactStream(
      { bytes, at: "server", owner: session },
      cipher,
      (_, before, after) => this.#found(before, after),
    );
    return {
      ...unsent,
      workspace: cipher.name(workspace),
      session: cipher.name(session),
      epoch: cipher.name(epoch),
      inFlight: inFlight && Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(""),
      changes: changes.map(({ change, atomic, task, conditions }) => ({
        change: this.#change(change, session),
        atomic,
        ...this.#beside(task, conditions),
      })),
      base: base.map((node) => ({
        ...node,
        name: cipher.nodeName(node.name),
        text: node.text && this.#text(node.text, `text ${node.id}`),
      })),
    };
  }

  #found(before: Uint8Array, after: Uint8Array): void {
    this.#hashes.set(hashOf(before), hashOf(after));
  }

  input({ n, input }: RecordLine): AnyInput {
    const cipher = this.#cipher;
    switch (input.kind) {
      case "connected":
        return {
          ...input,
          key: cipher.name(input.key),
          ...input.from === undefined
            ? {}
            : { from: { ...input.from, address: cipher.name(input.from.address) } },
        };
      case "received":
        return { ...input, bytes: this.#bytes.get(n)! };
      case "answered": {
        const bytes = input.bytes.slice();
        redactStream({ bytes, at: "client", owner: `answer ${n}` }, cipher, () => {});
        return { ...input, bytes };
      }
      case "authenticated": {
        if (!Rights.of(input.grant).isEverything) {
          throw new RedactionError(
            "Somebody may not see or change everything: such a recording cannot be redacted",
          );
        }
        if (!new Dominion(input.grant).isEverything) {
          throw new RedactionError(
            "Somebody looks after some workspaces and not all: such a recording cannot be redacted",
          );
        }
        const { tokens, participant, ...grant } = input.grant;
        return {
          ...input,
          grant: {
            ...grant,
            tokens: tokens.map((token) => cipher.name(token)),
            participant: { ...participant, name: cipher.name(participant.name) },
          },
        };
      }
      case "denied":
        return { ...input, message: codes[input.code].text };
      case "revoked":
        return { ...input, tokens: input.tokens.map((token) => cipher.name(token)) };
      case "ask":
        throw new RedactionError("A client asked about the past: such a recording cannot be redacted");
      case "content_stored":
      case "content_failed":
      case "content_held":
      case "content_not_held":
        throw binaryFile();
      case "listed": {
        const workspaces = input.workspaces?.map((one) => ({ ...one, name: cipher.name(one.name) })) ?? null;
        return { ...input, workspaces };
      }
      case "loaded": {
        const workspace = cipher.name(input.workspace), epoch = cipher.name(input.epoch);
        const checkpoint = input.checkpoint && this.#state(input.checkpoint, workspace, epoch);
        const entries = input.entries.map((entry) => this.#entry(entry));
        return { ...input, workspace, epoch, checkpoint, entries };
      }
      case "append_failed":
        return {
          ...input,
          workspace: cipher.name(input.workspace),
          won: input.won && input.won.map((entry) => this.#entry(entry)),
        };
      case "changed":
        return {
          ...input,
          workspace: cipher.name(input.workspace),
          entries: input.entries && input.entries.map((entry) => this.#entry(entry)),
        };
      case "appended":
      case "load_failed":
      case "checkpointed":
      case "checkpoint_failed":
        return { ...input, workspace: cipher.name(input.workspace) };
      case "change":
        return {
          ...input,
          change: this.#change(input.change, ""),
          ...this.#beside(input.task, input.conditions),
        };
    }
    return input;
  }

  /** @param workspace and epoch: their redacted names. */
  #state(saved: SavedState, workspace: string, epoch: string): SavedState {
    const { log } = this, { revision } = saved;
    if (
      log.epoch(workspace) === epoch && log.floor(workspace) <= revision &&
      revision <= log.revision(workspace)
    ) {
      return log.state(workspace, revision).save();
    }
    if (saved.nodes.some(({ content }) => content !== undefined)) throw binaryFile();
    if (saved.sessions.some(({ signer }) => signer !== undefined)) throw signed();
    const cipher = this.#cipher;
    const participant = (of: Participant) => ({ ...of, name: cipher.name(of.name) });
    return {
      ...saved,
      nodes: saved.nodes.map((node) => ({ ...node, name: cipher.nodeName(node.name) })),
      texts: saved.texts.map(([node, text]) => [node, this.#text(text, `text ${node}`)] as const),
      sessions: saved.sessions.map((record) => ({
        ...record,
        session: cipher.name(record.session),
        participant: participant(record.participant),
        last: this.#settled(record.last),
      })),
      authors: saved.authors.map(([site, author]) => [site, participant(author)] as const),
    };
  }

  #settled(settled: Settled): Settled {
    const { steps, notices, hash } = settled;
    return {
      ...settled,
      steps: this.#change({ steps, edits: [] }, "").steps,
      notices: this.#notices(notices),
      hash: this.#hashes.get(hash) ?? hash,
    };
  }

  #entry(entry: LogEntry): LogEntry {
    if (entry.signed !== undefined) throw signed();
    const cipher = this.#cipher, { session, seq, author, change, notices, hash } = entry;
    return {
      ...entry,
      session: cipher.name(session),
      author: author && { ...author, name: cipher.name(author.name) },
      ...this.#beside(entry.task),
      change: this.#change(change, `${session}/${seq}`),
      notices: this.#notices(notices),
      hash: this.#hashes.get(hash) ?? hash,
    };
  }

  /** What goes with a change. */
  #beside(task?: string, conditions?: readonly Condition[]): { task?: string; conditions?: Condition[] } {
    const cipher = this.#cipher;
    return {
      ...task === undefined ? {} : { task: cipher.name(task) },
      ...conditions === undefined ? {} : {
        conditions: conditions.map((condition) =>
          condition.kind === "stands" ? { ...condition, path: cipher.path(condition.path) } : condition
        ),
      },
    };
  }

  #notices(notices: readonly Notice[]): readonly Notice[] {
    return notices.map((notice) =>
      notice.kind === "renamed" ? { ...notice, name: this.#cipher.nodeName(notice.name) } : notice
    );
  }

  /** @param name under which what it was is remembered. */
  #text(text: string, name: string): string {
    const letter = this.#cipher.pad(name);
    return Array.from(text, (char) => String.fromCodePoint(letter(char.codePointAt(0)!))).join("");
  }

  /** @param name under which what it inserts is remembered. */
  #change({ steps, edits }: Change, name: string): Change {
    if (!contentsIn(steps).next().done) throw binaryFile();
    const cipher = this.#cipher, insert = cipher.pad(name);
    const text = (text: string) =>
      Array.from(text, (char) => String.fromCodePoint(insert(char.codePointAt(0)!))).join("");
    return {
      steps: steps.map((step) => "name" in step ? { ...step, name: cipher.nodeName(step.name) } : step),
      edits: edits.map(({ node, op }) => ({
        node,
        op: op.map((splice) => ({ ...splice, insert: text(splice.insert) })),
      })),
    };
  }
}

/** Other bytes have another hash, and who knows a hash can tell who has the file. */
function binaryFile(): RedactionError {
  return new RedactionError("A binary file is in the workspace: such a recording cannot be redacted");
}

/** With other letters, no signature is good: and what refuses it is not what happened. */
function signed(): RedactionError {
  return new RedactionError("Somebody signs their changes: such a recording cannot be redacted");
}

/** All that came in on one connection, at one end of it. */
interface IncomingStream {
  readonly at: "server" | "client";
  /** The session that it had; or its own name, if none. */
  owner: string;
  readonly pieces: { readonly n: number; readonly bytes: Uint8Array }[];
}

/** @throws {RedactionError} if the recording does not replay: then nobody knows what its bytes did. */
function streamsOf(recording: Recording): IncomingStream[] {
  const replayer = new Replayer(recording), traffic = new RecordingTraffic();
  const streams: IncomingStream[] = [];
  const open = new Map<string, IncomingStream>();
  for (let replayed = replayer.next(); replayed !== undefined; replayed = replayer.next()) {
    const { record: { n, on, input }, outputs } = replayed;
    const at = replayer.cores.get(on)!.kind;
    const key = "connection" in input ? `${on}/${input.connection}` : on;
    if (input.kind === "connected" || input.kind === "opened") {
      const stream = { at, owner: `connection ${n}`, pieces: [] };
      open.set(key, stream);
      streams.push(stream);
    } else if (input.kind === "received") open.get(key)!.pieces.push({ n, bytes: input.bytes });
    for (const { connection, message } of traffic.take(on, at === "server", input, outputs)) {
      if ("key" in message || "signature" in message) throw signed();
      if (message.kind === "welcome" && at === "server") {
        open.get(`${on}/${connection}`)!.owner = message.session;
      }
    }
  }
  if (replayer.difference !== undefined) {
    throw new RedactionError("The recording does not replay here: only one that does can be redacted");
  }
  return streams;
}
