/**
 * Messages: what the frames mean, as closed unions with a tag, and their way to bytes and back.
 *
 * The generated code of space.proto is used here and in the files called wire, and nowhere else: names and shapes
 * of the wire end at these files. What comes out of {@linkcode decodeClientMessage} and
 * {@linkcode decodeServerMessage} has every field, in range; whether it makes sense in a given state is for the
 * cores to say.
 *
 * @module
 */

import "./plain_numbers.ts";
import protobuf from "protobufjs/minimal";
import type { Change, NodeId, Notice, Step } from "../ot/mod.ts";
import type { AdminAnswer, AdminAsk, AdminHello } from "./admin.ts";
import { adminAnswerOf, adminAnswerToWire, askOf, askToWire } from "./admin_wire.ts";
import { fromHex, joined, toHex } from "./bytes.ts";
import { ProtocolError } from "./code.ts";
import { frameBytesMax, sealed } from "./frame.ts";
import { type Codec, distspace as wire } from "./generated/space.js";
import type { Answer, Query } from "./query.ts";
import { answerOf, answerToWire, queryOf, queryToWire } from "./query_wire.ts";
import { type Condition, conditionsOf, conditionToWire } from "./condition.ts";
import { changeOf, changeToWire, stepOf, stepToWire } from "./change_wire.ts";
import { partsToWire, type SyncDocument, syncOf } from "./snapshot_wire.ts";
import {
  copied,
  hashOf,
  idOf,
  idToWire,
  malformed,
  type Participant,
  participantOf,
  participantToWire,
  whole,
} from "./wire.ts";

export type { SyncContent, SyncDocument, SyncNode } from "./snapshot_wire.ts";
export type { Participant } from "./wire.ts";

/** The version of the protocol that is spoken here. */
export const protocolVersion = 1;

/** A secret that stands for a client across its connections. */
export type SessionId = string;

/** What a server allows. */
export interface Limits {
  /** The longest frame in bytes, its four length bytes not counted. */
  readonly frameBytes: number;
  /** The longest message, which comes in parts if it is longer than a frame. */
  readonly messageBytes: number;
  /** Of one file, in UTF-16 code units. */
  readonly textLength: number;
  /** Of all files of a workspace together, in UTF-16 code units, and in bytes of blobs. */
  readonly workspaceLength: number;
  /** Nodes of a workspace, removed ones included until they are forgotten. */
  readonly nodes: number;
  /** What a participant of this kind may lastingly do; twice as many at once. */
  readonly changesPerSecond: number;
  /** Of one blob. */
  readonly blobBytes: number;
}

/** Positions of a cursor: equal if nothing is selected. */
export interface Range {
  /** Where the selection began. */
  readonly anchor: number;
  /** Where the cursor is. */
  readonly head: number;
}

/** A file, positions in it, and the text that these count in: `revision` with the own changes up to `seq`. */
export interface Place {
  readonly node: NodeId;
  readonly revision: number;
  readonly seq: number;
  /** The first one is the main one. */
  readonly ranges: readonly Range[];
}

export interface Hello {
  readonly kind: "hello";
  readonly version: number;
  readonly workspace: string;
  readonly participant: Participant;
  /** The session to resume; "" for a new one. */
  readonly session: SessionId;
  readonly epoch: string;
  readonly revision: number;
  readonly snapshot: boolean;
  readonly accepted: boolean;
  /** Counts the connections that this client has asked for; 0 is not counted. */
  readonly attempt: number;
  /** Whether pieces of a snapshot may come packed. */
  readonly packed: boolean;
  /** Texts only of files that are loaded. */
  readonly lazy: boolean;
  /** The files that are, if it is lazy. */
  readonly loaded: readonly NodeId[];
  /** Not to make the workspace if there is none. */
  readonly existing?: true;
  /** Says who one is and what one may do. */
  readonly token?: string;
  /** Of what is held: what the welcome named then; left out, everything. */
  readonly scope?: string;
  /** The public key that all changes of the session are signed with, 64 hexadecimal digits. */
  readonly key?: string;
}

/** Asks for the texts of files, from who is lazy. */
export interface Load {
  readonly kind: "load";
  readonly nodes: readonly NodeId[];
}

export interface Operation {
  readonly kind: "operation";
  readonly seq: number;
  readonly base: number;
  readonly change: Change;
  /** What it is a part of, if that has a name. */
  readonly task?: string;
  /** What has to hold where it takes its place, if anything. */
  readonly conditions?: readonly Condition[];
  /** Of all else that is in it, 128 hexadecimal digits; {@linkcode signedPart} says of which bytes. */
  readonly signature?: string;
}

export interface Ping {
  readonly kind: "ping" | "pong";
  readonly value: bigint;
}

export interface Close {
  readonly kind: "close";
  readonly code: string;
  readonly message: string;
  readonly resume: boolean;
  readonly retryMs: number;
}

/** Where the client itself is; undefined is nowhere in particular. */
export interface OwnPresence {
  readonly kind: "presence";
  readonly place: Place | undefined;
}

/** Bytes that a change is going to name. */
export interface Upload {
  readonly kind: "upload";
  readonly content: Uint8Array;
}

export type ClientMessage =
  | Hello
  | Load
  | Operation
  | OwnPresence
  | Query
  | Upload
  | AdminHello
  | AdminAsk
  | Ping
  | Close;

export interface Welcome {
  readonly kind: "welcome";
  readonly version: number;
  readonly session: SessionId;
  readonly site: number;
  readonly epoch: string;
  readonly revision: number;
  readonly resumed: boolean;
  readonly committed: number;
  readonly counter: number;
  readonly limits: Limits;
  /** Names what this client may see; left out, everything. */
  readonly scope?: string;
}

export interface Accepted {
  readonly kind: "accepted";
  readonly seq: number;
}

export interface Acknowledge {
  readonly kind: "acknowledge";
  readonly seq: number;
  readonly revision: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly steps: readonly Step[];
  readonly notices: readonly Notice[];
}

export interface Refuse {
  readonly kind: "refuse";
  readonly seq: number;
  readonly code: string;
  readonly message: string;
  readonly retryMs: number;
  readonly nodes: readonly NodeId[];
}

export interface Entry {
  readonly kind: "entry";
  readonly revision: number;
  readonly site: number;
  readonly seq: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly change: Change;
  readonly author: Participant | undefined;
  /** What it is a part of, if that has a name. */
  readonly task?: string;
  /** Nodes that the reader may see no longer, if there are any; they go before the change is applied. */
  readonly left?: readonly NodeId[];
}

/** What has become of an upload. */
export interface Uploaded {
  readonly kind: "uploaded";
  /** What the bytes are found by; "" if they are not stored. */
  readonly hash: string;
  /** Why they are not; else "". */
  readonly code: string;
  readonly message: string;
  readonly retryMs: number;
}

/** Somebody else, and where. */
export interface OtherPresence {
  readonly kind: "presence";
  readonly site: number;
  readonly participant: Participant | undefined;
  readonly gone: boolean;
  readonly place: Place | undefined;
}

export type ServerMessage =
  | Welcome
  | Accepted
  | Acknowledge
  | Refuse
  | Entry
  | SyncDocument
  | OtherPresence
  | Answer
  | Uploaded
  | AdminAnswer
  | Ping
  | Close;

const { FrameType } = wire;

/** Whether a change, or a part of one, is among the frames of bytes that begin with a frame. */
export function holdsOperation(bytes: Uint8Array): boolean {
  for (let at = 0; at + 5 < bytes.length;) {
    const type = bytes[at + 4]!;
    if (type === FrameType.OPERATION || (type === FrameType.PART && bytes[at + 5] === FrameType.OPERATION)) {
      return true;
    }
    at += 4 + ((bytes[at]! << 24 | bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!) >>> 0);
  }
  return false;
}

/** The frame of a client's message; parts, if it is over `frameBytes`. */
export function encodeClientMessage(message: ClientMessage, frameBytes?: number): Uint8Array {
  switch (message.kind) {
    case "hello":
      return frame(FrameType.HELLO, wire.Hello, {
        ...message,
        participant: participantToWire(message.participant),
        loaded: message.loaded.map(idToWire),
        key: message.key === undefined ? null : fromHex(message.key),
      });
    case "load":
      return frame(FrameType.LOAD, wire.Load, { nodes: message.nodes.map(idToWire) });
    case "operation":
      return operationFrame(message, frameBytes);
    case "presence":
      return frame(FrameType.PRESENCE, wire.Presence, placeToWire(message.place));
    case "query":
      return frame(FrameType.QUERY, wire.Query, queryToWire(message));
    case "upload":
      return frame(FrameType.UPLOAD, wire.Upload, message, frameBytes);
    case "admin_hello":
      return frame(FrameType.ADMIN_HELLO, wire.AdminHello, message);
    case "admin_ask":
      return frame(FrameType.ADMIN_ASK, wire.AdminAsk, askToWire(message));
    case "ping":
    case "pong":
      return pingFrame(message);
    case "close":
      return frame(FrameType.CLOSE, wire.Close, message);
  }
}

/** The frame of a server's message; parts, if it is long. */
export function encodeServerMessage(message: ServerMessage): Uint8Array {
  switch (message.kind) {
    case "welcome":
      return frame(FrameType.WELCOME, wire.Welcome, message);
    case "accepted":
      return frame(FrameType.ACCEPTED, wire.Accepted, message);
    case "acknowledge":
      return frame(FrameType.ACKNOWLEDGE, wire.Acknowledge, {
        seq: message.seq,
        revision: message.revision,
        time: message.time,
        steps: message.steps.map(stepToWire),
        notices: message.notices.map(noticeToWire),
      });
    case "refuse":
      return frame(FrameType.REFUSE, wire.Refuse, { ...message, nodes: message.nodes.map(idToWire) });
    case "entry":
      return frame(FrameType.ENTRY, wire.Entry, {
        revision: message.revision,
        site: message.site,
        seq: message.seq,
        time: message.time,
        change: changeToWire(message.change),
        author: message.author === undefined ? null : participantToWire(message.author),
        task: message.task ?? null,
        left: message.left === undefined ? null : message.left.map(idToWire),
      });
    case "sync":
      return frame(FrameType.SYNC_DOCUMENT, wire.SyncDocument, {
        ...partsToWire(message),
        revision: message.revision,
        last: message.last,
        load: message.load,
      });
    case "presence":
      return frame(FrameType.PRESENCE, wire.Presence, {
        ...placeToWire(message.place),
        site: message.site,
        gone: message.gone,
        participant: message.participant === undefined ? null : participantToWire(message.participant),
      });
    case "answer":
      return frame(FrameType.ANSWER, wire.Answer, answerToWire(message));
    case "uploaded":
      return frame(FrameType.UPLOADED, wire.Uploaded, { ...message, hash: fromHex(message.hash) });
    case "admin_answer":
      return frame(FrameType.ADMIN_ANSWER, wire.AdminAnswer, adminAnswerToWire(message));
    case "ping":
    case "pong":
      return pingFrame(message);
    case "close":
      return frame(FrameType.CLOSE, wire.Close, message);
  }
}

/**
 * The frame of a piece of a snapshot with what it says packed by `pack`, which gives undefined for what is not worth
 * it; and what the piece weighs: the bytes that it says, however short they are packed.
 */
export function encodePacked(
  message: SyncDocument,
  pack: (bytes: Uint8Array) => Uint8Array | undefined,
): { readonly bytes: Uint8Array; readonly weight: number } {
  const { revision, last, load } = message;
  const plain = wire.SyncDocument.encode(partsToWire(message)).finish(), { length } = plain;
  const packed = pack(plain);
  const bytes = packed === undefined
    ? encodeServerMessage(message)
    : frame(FrameType.SYNC_DOCUMENT, wire.SyncDocument, { revision, last, load, packed, length });
  return { bytes, weight: length };
}

/**
 * The message of a frame that a client sent.
 *
 * @throws {ProtocolError} "unknown_type", "malformed_message" or "message_too_long"
 */
export function decodeClientMessage(type: number, payload: Uint8Array): ClientMessage {
  return decoding(() => {
    if (payload.length > frameBytesMax) checkLong(type, payload);
    switch (type) {
      case FrameType.OPERATION: {
        const operation = wire.Operation.decode(payload);
        return {
          kind: "operation",
          seq: whole(operation.seq),
          base: whole(operation.base),
          change: changeOf(operation.change),
          ...operation.task ? { task: operation.task } : {},
          ...operation.conditions?.length ? { conditions: conditionsOf(operation.conditions) } : {},
          ...signatureOf(operation),
        };
      }
      case FrameType.HELLO: {
        const hello = wire.Hello.decode(payload);
        return {
          kind: "hello",
          version: whole(hello.version),
          workspace: hello.workspace ?? "",
          participant: participantOf(hello.participant),
          session: hello.session ?? "",
          epoch: hello.epoch ?? "",
          revision: whole(hello.revision),
          snapshot: hello.snapshot ?? false,
          accepted: hello.accepted ?? false,
          attempt: whole(hello.attempt),
          lazy: hello.lazy ?? false,
          loaded: (hello.loaded ?? []).map(idOf),
          packed: hello.packed ?? false,
          ...hello.existing ? { existing: true } : {},
          ...hello.token ? { token: hello.token } : {},
          ...hello.scope ? { scope: hello.scope } : {},
          ...hello.key?.length ? { key: toHex(hello.key) } : {},
        };
      }
      case FrameType.LOAD:
        return { kind: "load", nodes: (wire.Load.decode(payload).nodes ?? []).map(idOf) };
      case FrameType.PRESENCE:
        return { kind: "presence", place: placeOf(wire.Presence.decode(payload)) };
      case FrameType.QUERY:
        return queryOf(wire.Query.decode(payload));
      case FrameType.UPLOAD:
        return { kind: "upload", content: copied(wire.Upload.decode(payload).content) };
      case FrameType.ADMIN_HELLO: {
        const { version, token } = wire.AdminHello.decode(payload);
        return { kind: "admin_hello", version: whole(version), ...token ? { token } : {} };
      }
      case FrameType.ADMIN_ASK:
        return askOf(wire.AdminAsk.decode(payload));
      default:
        return eitherOf(type, payload);
    }
  });
}

/**
 * The message of a frame that a server sent.
 *
 * @throws {ProtocolError} "unknown_type" or "malformed_message"
 */
export function decodeServerMessage(type: number, payload: Uint8Array): ServerMessage {
  return decoding(() => {
    switch (type) {
      case FrameType.ENTRY: {
        const entry = wire.Entry.decode(payload);
        return {
          kind: "entry",
          revision: whole(entry.revision),
          site: whole(entry.site),
          seq: whole(entry.seq),
          time: whole(entry.time),
          change: changeOf(entry.change),
          author: entry.author ? participantOf(entry.author) : undefined,
          ...entry.task ? { task: entry.task } : {},
          ...entry.left?.length ? { left: entry.left.map(idOf) } : {},
        };
      }
      case FrameType.ACKNOWLEDGE: {
        const acknowledge = wire.Acknowledge.decode(payload);
        return {
          kind: "acknowledge",
          seq: whole(acknowledge.seq),
          revision: whole(acknowledge.revision),
          time: whole(acknowledge.time),
          steps: (acknowledge.steps ?? []).map(stepOf),
          notices: (acknowledge.notices ?? []).map(noticeOf),
        };
      }
      case FrameType.SYNC_DOCUMENT:
        return syncOf(wire.SyncDocument.decode(payload));
      case FrameType.PRESENCE: {
        const presence = wire.Presence.decode(payload);
        return {
          kind: "presence",
          site: whole(presence.site),
          participant: presence.participant ? participantOf(presence.participant) : undefined,
          gone: presence.gone ?? false,
          place: placeOf(presence),
        };
      }
      case FrameType.WELCOME: {
        const welcome = wire.Welcome.decode(payload);
        return {
          kind: "welcome",
          version: whole(welcome.version),
          session: welcome.session ?? "",
          site: whole(welcome.site),
          epoch: welcome.epoch ?? "",
          revision: whole(welcome.revision),
          resumed: welcome.resumed ?? false,
          committed: whole(welcome.committed),
          counter: whole(welcome.counter),
          limits: {
            frameBytes: whole(welcome.limits?.frameBytes),
            messageBytes: whole(welcome.limits?.messageBytes),
            textLength: whole(welcome.limits?.textLength),
            workspaceLength: whole(welcome.limits?.workspaceLength),
            nodes: whole(welcome.limits?.nodes),
            changesPerSecond: whole(welcome.limits?.changesPerSecond),
            blobBytes: whole(welcome.limits?.blobBytes),
          },
          ...welcome.scope ? { scope: welcome.scope } : {},
        };
      }
      case FrameType.ANSWER:
        return answerOf(wire.Answer.decode(payload));
      case FrameType.ADMIN_ANSWER:
        return adminAnswerOf(wire.AdminAnswer.decode(payload));
      case FrameType.UPLOADED: {
        const { hash, code, message, retryMs } = wire.Uploaded.decode(payload);
        return {
          kind: "uploaded",
          hash: hashOf(hash),
          code: code ?? "",
          message: message ?? "",
          retryMs: whole(retryMs),
        };
      }
      case FrameType.ACCEPTED:
        return { kind: "accepted", seq: whole(wire.Accepted.decode(payload).seq) };
      case FrameType.REFUSE: {
        const refuse = wire.Refuse.decode(payload);
        return {
          kind: "refuse",
          seq: whole(refuse.seq),
          code: refuse.code ?? "",
          message: refuse.message ?? "",
          retryMs: whole(refuse.retryMs),
          nodes: (refuse.nodes ?? []).map(idOf),
        };
      }
      default:
        return eitherOf(type, payload);
    }
  });
}

/** What both sides send. */
function eitherOf(type: number, payload: Uint8Array): Ping | Close {
  switch (type) {
    case FrameType.PING:
    case FrameType.PONG: {
      if (payload.length !== 8) throw malformed(`a ping carries 8 bytes, not ${payload.length}`);
      const value = new DataView(payload.buffer, payload.byteOffset, 8).getBigUint64(0);
      return { kind: type === FrameType.PING ? "ping" : "pong", value };
    }
    case FrameType.CLOSE: {
      const close = wire.Close.decode(payload);
      return {
        kind: "close",
        code: close.code ?? "",
        message: close.message ?? "",
        resume: close.resume ?? false,
        retryMs: whole(close.retryMs),
      };
    }
    default:
      throw new ProtocolError("unknown_type", `A frame of type ${type} is not expected here`);
  }
}

/** The tag of a signature: field 4, bytes. */
const signatureTag = 0x22, signatureBytes = 64;

/** An operation as it is signed: its payload, without a signature. */
export function operationBytes(operation: Omit<Operation, "kind" | "signature">): Uint8Array {
  return wire.Operation.encode(operationToWire(operation)).finish();
}

/** The frame of an operation, or its parts, with the signature that `sign` gives for its bytes. */
export function encodeSigned(
  operation: Omit<Operation, "signature">,
  sign: (bytes: Uint8Array) => Uint8Array,
  frameBytes?: number,
): Uint8Array {
  return operationFrame({ ...operation, signature: toHex(sign(operationBytes(operation))) }, frameBytes);
}

/** The signature goes behind all fields, whatever their numbers: so they are encoded as they were to be signed. */
function operationFrame({ signature, ...operation }: Operation, frameBytes?: number): Uint8Array {
  const writer = wire.Operation.encode(operationToWire(operation), frameWriter(FrameType.OPERATION));
  if (signature !== undefined) writer.uint32(signatureTag).bytes(fromHex(signature));
  return sealed(writer.finish(), frameBytes);
}

function operationToWire(
  { seq, base, change, task, conditions }: Omit<Operation, "kind" | "signature">,
): wire.Operation {
  return {
    seq,
    base,
    change: changeToWire(change),
    task: task ?? null,
    conditions: conditions?.map(conditionToWire) ?? null,
  };
}

/**
 * The operation that bytes are, as they were signed.
 *
 * @throws {ProtocolError}
 */
export function operationOf(bytes: Uint8Array): Operation {
  return decodeClientMessage(FrameType.OPERATION, bytes) as Operation;
}

/** What is signed of the payload of an operation: all of it but its signature, wherever that stands. */
export function signedPart(payload: Uint8Array): Uint8Array {
  const reader = protobuf.Reader.create(payload), parts: Uint8Array[] = [];
  let from = 0;
  while (reader.pos < payload.length) {
    const { pos } = reader, tag = reader.uint32();
    reader.skipType(tag & 7);
    if (tag !== signatureTag) continue;
    parts.push(payload.subarray(from, pos));
    from = reader.pos;
  }
  return joined([...parts, payload.subarray(from)]);
}

/** The signature of an operation, as a property that is left out where there is none. */
function signatureOf({ signature }: wire.Operation): { readonly signature?: string } {
  if (!signature?.length) return {};
  if (signature.length !== signatureBytes) throw malformed(`a signature has ${signatureBytes} bytes`);
  return { signature: toHex(signature) };
}

/** Steps, edits, splices and conditions of one operation: small ones cost many times their bytes to decode. */
const piecesMax = 1 << 19;

/** By number of field, which fields hold the pieces of an operation: change, steps, edits, splices; conditions. */
interface Pieces {
  readonly [field: number]: Pieces;
}
const operationPieces: Pieces = { 3: { 1: {}, 2: { 2: {} } }, 6: {} };

/** Refuses long messages that are no operation or upload, or one of far too many pieces, before they cost anything. */
function checkLong(type: number, payload: Uint8Array): void {
  if (type === FrameType.UPLOAD) return;
  if (type !== FrameType.OPERATION) {
    throw new ProtocolError("message_too_long", "Only operations and uploads may be longer than a frame");
  }
  if (countPieces(protobuf.Reader.create(payload), payload.length, operationPieces) > piecesMax) {
    throw new ProtocolError(
      "message_too_long",
      `An operation has more than ${piecesMax} steps, edits, splices and conditions`,
    );
  }
}

function countPieces(reader: protobuf.Reader, end: number, pieces: Pieces): number {
  let count = 0;
  while (reader.pos < end) {
    const tag = reader.uint32(), inner = (tag & 7) === 2 ? pieces[tag >>> 3] : undefined;
    if (inner === undefined) {
      reader.skipType(tag & 7);
      continue;
    }
    const length = reader.uint32();
    count += 1 + countPieces(reader, reader.pos + length, inner);
  }
  return count;
}

/** protobufjs throws errors of its own kinds for bytes that it cannot read: they all mean the same here. */
function decoding<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    throw malformed("its bytes are no protobuf");
  }
}

/** One buffer for head and payload: the length goes in when it is known. */
function frame<T>(type: number, codec: Codec<T>, message: T, bytesMax?: number): Uint8Array {
  return sealed(codec.encode(message, frameWriter(type)).finish(), bytesMax);
}

/** Its head goes before what is written. */
function frameWriter(type: number): protobuf.Writer {
  return protobuf.Writer.create().fixed32(0).uint32(type);
}

function pingFrame({ kind, value }: Ping): Uint8Array {
  const bytes = new Uint8Array(13);
  bytes[4] = kind === "ping" ? FrameType.PING : FrameType.PONG;
  new DataView(bytes.buffer).setBigUint64(5, value);
  return sealed(bytes);
}

function placeToWire(place: Place | undefined): wire.Presence {
  if (place === undefined) return {};
  const { node, revision, seq, ranges } = place;
  return { node: idToWire(node), revision, seq, ranges };
}

function placeOf({ node, revision, seq, ranges }: wire.Presence): Place | undefined {
  if (!node) return undefined;
  return {
    node: idOf(node),
    revision: whole(revision),
    seq: whole(seq),
    ranges: (ranges ?? []).map(({ anchor, head }) => ({ anchor: whole(anchor), head: whole(head) })),
  };
}

function noticeToWire(notice: Notice): wire.Notice {
  const node = idToWire(notice.node);
  switch (notice.kind) {
    case "renamed":
      return { node, renamed: { name: notice.name } };
    case "retargeted":
      return { node, retargeted: { parent: idToWire(notice.parent) } };
    case "dropped":
      return { node, dropped: { reason: notice.reason } };
  }
}

function noticeOf({ node: id, renamed, retargeted, dropped }: wire.Notice): Notice {
  const node = idOf(id);
  if (renamed) return { kind: "renamed", node, name: renamed.name ?? "" };
  if (retargeted) return { kind: "retargeted", node, parent: idOf(retargeted.parent) };
  if (dropped) return { kind: "dropped", node, reason: dropped.reason === "cycle" ? "cycle" : "superseded" };
  throw malformed("a notice says nothing that is known here");
}
