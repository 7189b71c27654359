/**
 * Redacts what came in on one connection: its bytes, in place and of the same length.
 *
 * The frames are walked through as protobuf has them, and only characters are changed: so whatever else a client of
 * another make may have put there stays as it is, and every cut between two inputs too. What nobody reads (fields
 * that are not known, frames that never end) is blanked.
 *
 * @module
 */

import { frameBytesMax, partType } from "../proto/mod.ts";
import type { Cipher } from "./recording_cipher.ts";

/** What the characters of a field are. */
type Field = "insert" | "nodeName" | "path" | "name" | "free" | "code" | "numbers" | Schema;
type Schema = ReadonlyMap<number, Field>;

const numbersAlone: Schema = new Map();
const id = numbersAlone;
const participant: Schema = new Map<number, Field>([[1, "name"]]);
const steps: Schema = new Map<number, Field>([
  [1, id],
  [2, new Map<number, Field>([[1, id], [2, "nodeName"]])],
  [3, new Map([[1, id]])],
  [4, new Map<number, Field>([[1, "nodeName"]])],
  [5, new Map([[1, id]])],
  [6, new Map([[1, id]])],
  [9, numbersAlone],
]);
const edits: Schema = new Map<number, Field>([[1, id], [2, new Map<number, Field>([[3, "insert"]])]]);
const change: Schema = new Map([[1, steps], [2, edits]]);
const notices: Schema = new Map<number, Field>([
  [1, id],
  [2, new Map<number, Field>([[1, "nodeName"]])],
  [3, new Map([[1, id]])],
  [4, new Map<number, Field>([[1, "code"]])],
]);
const presence: Schema = new Map<number, Field>([[2, participant], [4, id], [7, new Map()]]);
const close: Schema = new Map<number, Field>([[1, "code"], [2, "free"]]);

const condition: Schema = new Map<number, Field>([[1, id], [5, "path"]]);

type Messages = ReadonlyMap<number, Schema>;

/** Messages by the type of their frame: space.proto is their contract. */
const operationType = 1;
const toServer: Messages = new Map<number, Schema>([
  [operationType, new Map<number, Field>([[3, change], [5, "name"], [6, condition]])],
  [5, new Map<number, Field>([[2, "name"], [3, participant], [4, "name"], [5, "name"], [13, id]])],
  [10, presence],
  [11, close],
  [20, new Map([[1, id]])],
  [21, numbersAlone],
  [
    22,
    new Map<number, Field>([
      [2, numbersAlone],
      [3, new Map<number, Field>([[1, "name"]])],
      [4, new Map<number, Field>([[1, "name"], [3, "name"]])],
      [5, new Map([[1, new Map<number, Field>([[1, "code"]])]])],
      [6, new Map<number, Field>([[1, "name"]])],
    ]),
  ],
  [
    14,
    new Map<number, Field>([
      ...[4, 5, 6].map((field) => [field, "free"] as const),
      ...[7, 8, 9, 10].map((field) => [field, numbersAlone] as const),
      ...[11, 12].map((field) => [field, new Map<number, Field>([[1, "free"]])] as const),
      [14, new Map<number, Field>([[3, "name"], [4, "numbers"], [5, "name"], [6, "numbers"]])],
    ]),
  ],
]);
const touched: Schema = new Map<number, Field>([[1, id], [3, "free"], [4, "free"]]);
const splice: Schema = new Map<number, Field>([[3, "free"]]);
const answerItem: Schema = new Map<number, Field>([
  [1, new Map<number, Field>([[1, id], [2, "free"]])],
  [2, new Map<number, Field>([[1, id], [2, "free"], [4, "free"]])],
  [3, new Map<number, Field>([[2, "free"], [3, "free"], [5, "free"]])],
  [4, new Map<number, Field>([[1, id], [3, "free"], [4, "free"], [8, numbersAlone]])],
  [5, new Map<number, Field>([[2, "free"]])],
  [6, new Map<number, Field>([[1, "free"], [2, id], [6, "free"]])],
  [7, new Map<number, Field>([[2, participant]])],
  [9, new Map<number, Field>([[5, "name"], [6, touched], [7, change]])],
  [
    10,
    new Map<number, Field>([[1, id], [3, "free"], [7, id], [8, "nodeName"], [10, splice], [11, "numbers"]]),
  ],
]);
const toClient: Messages = new Map<number, Schema>([
  [
    2,
    new Map<number, Field>([
      [2, new Map<number, Field>([[1, id], [2, id], [3, "nodeName"], [5, id]])],
      [3, new Map<number, Field>([[1, id], [2, "insert"]])],
      [4, new Map<number, Field>([[2, participant]])],
    ]),
  ],
  [6, new Map<number, Field>([[2, "name"], [4, "name"], [9, new Map()]])],
  [7, new Map([[4, steps], [5, notices]])],
  [8, new Map<number, Field>([[2, "code"], [3, "free"], [5, id]])],
  [9, new Map<number, Field>([[5, change], [6, participant], [8, "name"]])],
  [10, presence],
  [11, close],
  [12, new Map()],
  [15, new Map<number, Field>([[3, answerItem], [5, "free"], [6, "code"], [7, "free"]])],
]);
/** Ping and pong are a number of eight bytes, which comes back. */
const numbers: ReadonlySet<number> = new Set([3, 4]), numberBytes = 8;

/** A change that was found: its payload before and after, with its seq. */
export type Found = (seq: number, before: Uint8Array, after: Uint8Array) => void;

/** What came in on a connection. */
export interface Incoming {
  /** All of it; changed. */
  readonly bytes: Uint8Array;
  /** Whose end it came in at. */
  readonly at: "server" | "client";
  /** Of the changes: a session, or the connection if it never had one. */
  readonly owner: string;
}

export function redactStream({ bytes, at: end, owner }: Incoming, cipher: Cipher, found: Found): void {
  const messages = end === "server" ? toServer : toClient;
  /** The pieces of a long message that have come so far. */
  let parts: Uint8Array[] = [];
  let at = 0;
  while (bytes.length - at >= 5) {
    const length = new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(0);
    const to = at + 4 + length;
    // Nothing is read any more behind a frame that is too long, and nothing of one that is not whole.
    if (length === 0 || length > frameBytesMax || to > bytes.length) break;
    const type = bytes[at + 4]!;
    if (type !== partType) redactMessage(messages, type, [bytes.subarray(at + 5, to)], owner, cipher, found);
    else if (length >= 3) {
      parts.push(bytes.subarray(at + 7, to));
      if (bytes[at + 6] === 1) {
        redactMessage(messages, bytes[at + 5]!, parts, owner, cipher, found);
        parts = [];
      }
    }
    at = to;
  }
  for (const part of parts) part.fill(0);
  bytes.subarray(at + 5).fill(0);
}

/** Redacts a message whose payload lies in one piece or several. */
function redactMessage(
  messages: Messages,
  type: number,
  pieces: readonly Uint8Array[],
  owner: string,
  cipher: Cipher,
  found: Found,
): void {
  const payload = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  if (numbers.has(type) && payload.length === numberBytes) return;
  let at = 0;
  for (const piece of pieces) {
    payload.set(piece, at);
    at += piece.length;
  }
  const schema = messages.get(type);
  if (schema === undefined) payload.fill(0);
  else {
    const before = payload.slice();
    const seq = type === operationType ? lastNumber(payload, 1) : 0;
    new Walker(payload, cipher, `${owner}/${seq}`).walk(schema, 0, payload.length);
    if (type === operationType) found(seq, before, payload);
  }
  at = 0;
  for (const piece of pieces) {
    piece.set(payload.subarray(at, at + piece.length));
    at += piece.length;
  }
}

/** Goes through the fields of one message. */
class Walker {
  readonly #bytes: Uint8Array;
  readonly #cipher: Cipher;
  readonly #insert: (point: number) => number;

  constructor(bytes: Uint8Array, cipher: Cipher, change: string) {
    this.#bytes = bytes;
    this.#cipher = cipher;
    this.#insert = cipher.pad(change);
  }

  /** False if what stands there is no message: from there on it is blanked, so that it is none after, either. */
  walk(schema: Schema, from: number, end: number): boolean {
    for (let at = from; at < end;) {
      const field = fieldAt(this.#bytes, at, end);
      if (field === undefined) {
        this.#bytes.fill(0xff, at, this.#bytes.length);
        return false;
      }
      if (field.isBytes && !this.#redact(schema.get(field.number), field.from, field.to)) return false;
      at = field.to;
    }
    return true;
  }

  #redact(field: Field | undefined, from: number, to: number): boolean {
    if (typeof field === "object") return this.walk(field, from, to);
    const bytes = this.#bytes.subarray(from, to);
    switch (field) {
      case undefined:
        bytes.fill(0);
        break;
      case "insert":
        turn(bytes, this.#insert);
        break;
      case "numbers":
        break;
      case "nodeName":
      case "path":
      case "name": {
        const name = textOf(bytes), cipher = this.#cipher;
        const other = field === "name"
          ? cipher.name(name)
          : field === "path"
          ? cipher.path(name)
          : cipher.nodeName(name);
        const points = Array.from(other, (char) => char.codePointAt(0)!);
        let next = 0;
        turn(bytes, () => points[next++]!);
        break;
      }
      case "code":
        // What has a meaning stays; whoever sends anything else may mean anything.
        if (/^[a-z_]{1,40}(\.[a-z]{1,10})?$/.test(textOf(bytes))) break;
        turn(bytes, this.#insert);
        break;
      case "free":
        turn(bytes, this.#insert);
    }
    return true;
  }
}

/** Where a field of a message stands. */
export interface FoundField {
  readonly number: number;
  /** Whether it holds bytes, from `from` to `to`. */
  readonly isBytes: boolean;
  readonly from: number;
  readonly to: number;
}

/** The field whose tag stands at `at`; undefined if there is none that ends before `end`. */
export function fieldAt(bytes: Uint8Array, at: number, end: number): FoundField | undefined {
  const tag = varintAt(bytes, at, end);
  if (tag === undefined) return undefined;
  const number = Math.floor(tag.value / 8), from = tag.end;
  switch (tag.value % 8) {
    case 0: {
      const value = varintAt(bytes, from, end);
      return value && { number, isBytes: false, from, to: value.end };
    }
    case 1:
      return from + 8 > end ? undefined : { number, isBytes: false, from, to: from + 8 };
    case 2: {
      const length = varintAt(bytes, from, end);
      if (length === undefined || length.end + length.value > end) return undefined;
      return { number, isBytes: true, from: length.end, to: length.end + length.value };
    }
    case 5:
      return from + 4 > end ? undefined : { number, isBytes: false, from, to: from + 4 };
  }
  return undefined;
}

function varintAt(
  bytes: Uint8Array,
  at: number,
  end: number,
): { readonly value: number; readonly end: number } | undefined {
  let value = 0, unit = 1;
  for (let i = at; i < end && i < at + 10; i++, unit *= 128) {
    value += (bytes[i]! & 127) * unit;
    if (bytes[i]! < 128) return { value, end: i + 1 };
  }
  return undefined;
}

/** The value of a number field of a message: the last one counts. */
function lastNumber(bytes: Uint8Array, number: number): number {
  let result = 0;
  for (let at = 0; at < bytes.length;) {
    const field = fieldAt(bytes, at, bytes.length);
    if (field === undefined) break;
    if (field.number === number && !field.isBytes) {
      result = varintAt(bytes, field.from, bytes.length)?.value ?? 0;
    }
    at = field.to;
  }
  return result;
}

/** Puts other characters in the place of those in UTF-8, each of its own length. What is no UTF-8 stays. */
function turn(bytes: Uint8Array, other: (point: number) => number): void {
  for (let at = 0; at < bytes.length;) {
    const { point, length } = pointAt(bytes, at);
    if (point !== undefined) {
      const replaced = other(point);
      if (length === 1) bytes[at] = replaced;
      else {
        for (let i = length - 1, rest = replaced; i >= 0; i--, rest = Math.floor(rest / 64)) {
          bytes[at + i] = i > 0 ? 0x80 | (rest & 63) : leads[length]! | rest;
        }
      }
    }
    at += length;
  }
}

/** The first byte of a character, by how many there are. */
const leads = [0, 0, 0xc0, 0xe0, 0xf0];

/** The well-formed characters among bytes. */
function textOf(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const { point, length } = pointAt(bytes, at);
    if (point !== undefined) text += String.fromCodePoint(point);
    at += length;
  }
  return text;
}

/** The character at `at`; without a point if there is none. */
function pointAt(
  bytes: Uint8Array,
  at: number,
): { readonly point: number | undefined; readonly length: number } {
  const first = bytes[at]!;
  if (first < 0x80) return { point: first, length: 1 };
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  let point = first & (0xff >> (length + 1));
  for (let i = 1; i < length; i++) {
    const next = bytes[at + i];
    if (next === undefined || (next & 0xc0) !== 0x80) return { point: undefined, length: 1 };
    point = point * 64 + (next & 63);
  }
  const least = [0, 0, 0x80, 0x800, 0x10000][length]!;
  const isWellFormed = first >= 0xc0 && point >= least && point <= 0x10ffff && (point & 0x1ff800) !== 0xd800;
  return isWellFormed ? { point, length } : { point: undefined, length: 1 };
}
