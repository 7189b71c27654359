/**
 * Messages: what is encoded is decoded to the same, and any bytes at all give a message or a ProtocolError.
 *
 * @module
 */

import fc from "fast-check";
import {
  type ClientMessage,
  decodeClientMessage,
  decodeServerMessage,
  encodeClientMessage,
  encodePacked,
  encodeServerMessage,
  FrameReader,
  holdsOperation,
  joined,
  packed,
  ProtocolError,
  type Query,
  type ServerMessage,
} from "../../proto/mod.ts";
import v1 from "../../fixtures/proto/v1.json" with { type: "json" };
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { clientMessage, clientMessages, serverMessage, serverMessages } from "./arbitrary_messages.ts";

/** The type and the payload of the only message in `frames`. */
function opened(frames: Uint8Array): { type: number; payload: Uint8Array } {
  const read: { type: number; payload: Uint8Array }[] = [];
  new FrameReader().push(frames, (type, payload) => read.push({ type, payload: payload.slice() }));
  assertEquals(read.length, 1);
  return read[0]!;
}

function throughClient(message: ClientMessage): ClientMessage {
  const { type, payload } = opened(encodeClientMessage(message));
  return decodeClientMessage(type, payload);
}

function throughServer(message: ServerMessage): ServerMessage {
  const { type, payload } = opened(encodeServerMessage(message));
  return decodeServerMessage(type, payload);
}

for (const [kind, arbitrary] of Object.entries(clientMessages)) {
  Deno.test(`decodeClientMessage() gives back what was encoded: ${kind}`, () => {
    fc.assert(fc.property(arbitrary, (message) => assertEquals(throughClient(message), message)));
  });
}

for (const [kind, arbitrary] of Object.entries(serverMessages)) {
  Deno.test(`decodeServerMessage() gives back what was encoded: ${kind}`, () => {
    fc.assert(fc.property(arbitrary, (message) => assertEquals(throughServer(message), message)));
  });
}

Deno.test("a message that is longer than a frame is the same when it has come in parts", () => {
  const insert = "\u{1f600}\r\n".repeat(300_000);
  const message: ClientMessage = {
    kind: "operation",
    seq: 1,
    base: 2,
    change: { steps: [], edits: [{ node: "3:4", op: [{ at: 5, remove: 6, insert }] }] },
  };
  assert(encodeClientMessage(message).length > 1 << 20);
  assertEquals(throughClient(message), message);
});

// ---- The format that others rely on --------------------------------------------------------------------------

function ofHex(digits: string): Uint8Array {
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A message as JSON has it: absent is undefined, and numbers too large for it are strings. */
function plain(message: ClientMessage | ServerMessage): unknown {
  return JSON.parse(
    JSON.stringify(message, function (this: Record<string, unknown>, key, value) {
      // Some engines' bytes have a JSON form of their own.
      const original = this[key];
      return original instanceof Uint8Array
        ? toHex(original)
        : typeof value === "bigint"
        ? String(value)
        : value;
    }),
  );
}

Deno.test("holdsOperation() finds a change among the frames of some bytes, in parts too, and takes any bytes", () => {
  fc.assert(
    fc.property(
      fc.array(clientMessage, { maxLength: 4 }),
      fc.integer({ min: 100, max: 1000 }),
      (messages, size) => {
        const bytes = joined(messages.map((message) => encodeClientMessage(message, size)));
        assertEquals(holdsOperation(bytes), messages.some(({ kind }) => kind === "operation"));
      },
    ),
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => void holdsOperation(bytes)));
});

Deno.test("every frame of fixtures/proto/v1.json says its message, and is what the message is encoded to", () => {
  for (const { from, message, frame, packed: isPacked } of v1) {
    const { type, payload } = opened(ofHex(frame));
    if (from === "client") {
      const decoded = decodeClientMessage(type, payload);
      assertEquals(plain(decoded), message);
      assertEquals(toHex(encodeClientMessage(decoded)), frame, `${message.kind} of the client`);
    } else {
      const decoded = decodeServerMessage(type, payload);
      assertEquals(plain(decoded), message);
      const encoded = isPacked === true && decoded.kind === "sync"
        ? encodePacked(decoded, packed).bytes
        : encodeServerMessage(decoded);
      assertEquals(toHex(encoded), frame, `${message.kind} of the server`);
    }
  }
});

Deno.test("fixtures/proto/v1.json has a frame of every kind of message", () => {
  const kindsOf = (side: string) => [
    ...new Set(v1.filter(({ from }) => from === side).map(({ message }) => message.kind)),
  ];
  assertEquals(kindsOf("client").sort(), Object.keys(clientMessages).sort());
  assertEquals(kindsOf("server").sort(), Object.keys(serverMessages).sort());
});

const newest = { revision: 0, time: 0 };

function queryOf(what: Partial<Query>): Query {
  const nothing = { kind: "query", id: 1, at: newest, paths: [], globs: [], after: "" } as const;
  return { ...nothing, question: { kind: "tree" }, ...what };
}

// ---- Bytes that are no message -------------------------------------------------------------------------------

const decoders = { decodeClientMessage, decodeServerMessage };
const frameTypes = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 255];

/** What a decoder makes of bytes: "message", or the code of its error. Any other error is a failure. */
function outcome(
  decode: (type: number, payload: Uint8Array) => unknown,
  type: number,
  payload: Uint8Array,
): string {
  try {
    const message = decode(type, payload);
    assert(message !== undefined);
    return "message";
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return error.code;
  }
}

/** Asserts that all decoders answer any type with these bytes by a message or by one of the two errors for it. */
function isAnswered(payload: Uint8Array, types: readonly number[] = frameTypes): void {
  for (const decode of Object.values(decoders)) {
    for (const type of types) {
      const result = outcome(decode, type, payload);
      assert(["message", "malformed_message", "unknown_type"].includes(result), `${type}: ${result}`);
    }
  }
}

Deno.test("any bytes are a message or a ProtocolError, whatever type they come with", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (payload) => isAnswered(payload)), {
    numRuns: 1500,
  });
});

Deno.test("bytes that look like protobuf are a message or a ProtocolError", () => {
  // Tags of fields 1 to 16 of every wire type, short lengths, and small numbers.
  const byte = fc.oneof(
    fc.tuple(fc.integer({ min: 1, max: 15 }), fc.nat(7)).map(([field, wire]) => field << 3 | wire),
    fc.nat(12),
    fc.constantFrom(0x80, 0xff, 0x7f),
  );
  const bytes = fc.array(byte, { maxLength: 120, size: "max" }).map((numbers) => Uint8Array.from(numbers));
  fc.assert(fc.property(bytes, (payload) => isAnswered(payload)), { numRuns: 1500 });
});

/** One thing that may happen to bytes: overwritten, cut out, put in, or cut off. */
const damage = fc.record({
  how: fc.constantFrom("flip", "drop", "put", "cut", "double"),
  at: fc.nat(),
  byte: fc.integer({ min: 0, max: 255 }),
});

function damaged(
  bytes: Uint8Array,
  { how, at, byte }: { how: string; at: number; byte: number },
): Uint8Array {
  const place = bytes.length === 0 ? 0 : at % bytes.length;
  switch (how) {
    case "flip":
      return bytes.map((old, i) => i === place ? old ^ (byte || 1) : old);
    case "drop":
      return Uint8Array.of(...bytes.subarray(0, place), ...bytes.subarray(place + 1));
    case "put":
      return Uint8Array.of(...bytes.subarray(0, place), byte, ...bytes.subarray(place));
    case "cut":
      return bytes.slice(0, place);
    default:
      return Uint8Array.of(...bytes.subarray(0, place), ...bytes);
  }
}

Deno.test("a message that was damaged on its way is a message or a ProtocolError", () => {
  const payload = fc.oneof(
    clientMessage.map((message) => opened(encodeClientMessage(message))),
    serverMessage.map((message) => opened(encodeServerMessage(message))),
  );
  fc.assert(
    fc.property(payload, fc.array(damage, { minLength: 1, maxLength: 6 }), ({ type, payload }, damages) => {
      isAnswered(damages.reduce(damaged, payload), [type]);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("a message that ends too early anywhere is a message or a ProtocolError", () => {
  for (const { from, frame } of v1) {
    const { type, payload } = opened(ofHex(frame));
    const decode = from === "client" ? decodeClientMessage : decodeServerMessage;
    for (let length = 0; length < payload.length; length++) {
      outcome(decode, type, payload.subarray(0, length));
    }
  }
});

Deno.test("an unknown type is named so, in either direction", () => {
  for (const type of [0, 13, 18, 100, 255]) {
    assertEquals(outcome(decodeClientMessage, type, new Uint8Array()), "unknown_type");
    assertEquals(outcome(decodeServerMessage, type, new Uint8Array()), "unknown_type");
  }
  const { type: welcome } = opened(encodeServerMessage({ kind: "accepted", seq: 1 }));
  assertEquals(outcome(decodeClientMessage, welcome, Uint8Array.of(8, 1)), "unknown_type");
  const { type: operation, payload } = opened(
    encodeClientMessage({ kind: "operation", seq: 1, base: 1, change: { steps: [], edits: [] } }),
  );
  assertEquals(outcome(decodeServerMessage, operation, payload), "unknown_type");
});

Deno.test("a ping that does not carry eight bytes is malformed", () => {
  for (const length of [0, 1, 7, 9, 1000]) {
    assertEquals(outcome(decodeClientMessage, 3, new Uint8Array(length)), "malformed_message");
    assertEquals(outcome(decodeServerMessage, 4, new Uint8Array(length)), "malformed_message");
  }
});

Deno.test("fields that nobody knows here are ignored, wherever they stand", () => {
  // Fields 100 to 103 as a number, as 8 bytes, as a string and as 4 bytes, which a later version may have.
  const later = [
    ...[0xa0, 0x06, 0x96, 0x01],
    ...[0xa9, 0x06, 1, 2, 3, 4, 5, 6, 7, 8],
    ...[0xb2, 0x06, 3, 0x61, 0x62, 0x63],
    ...[0xbd, 0x06, 1, 2, 3, 4],
  ];
  fc.assert(
    fc.property(clientMessage.filter(({ kind }) => kind !== "ping" && kind !== "pong"), (message) => {
      const { type, payload } = opened(encodeClientMessage(message));
      assertEquals(decodeClientMessage(type, Uint8Array.of(...later, ...payload)), message);
      assertEquals(decodeClientMessage(type, Uint8Array.of(...payload, ...later)), message);
    }),
  );
  // Within a message that is within another: a participant {kind: AGENT, name: "A"} in a Hello.
  const participant = [0x0a, 1, 0x41, ...later, 0x10, 2];
  const hello = decodeClientMessage(5, Uint8Array.of(0x1a, participant.length, ...participant));
  assert(hello.kind === "hello");
  assertEquals(hello.participant, { name: "A", kind: "agent" });
});

Deno.test("an empty message of a type has every field at its default, or is malformed where there is none", () => {
  assertEquals(decodeClientMessage(1, new Uint8Array()), {
    kind: "operation",
    seq: 0,
    base: 0,
    change: { steps: [], edits: [] },
  });
  assertEquals(decodeServerMessage(9, new Uint8Array()), {
    kind: "entry",
    revision: 0,
    site: 0,
    seq: 0,
    time: 0,
    change: { steps: [], edits: [] },
    author: undefined,
  });
  assertEquals(decodeClientMessage(10, new Uint8Array()), { kind: "presence", place: undefined });
  // A step that says nothing that is known: a later version's, which must not pass for nothing done.
  const step = [0x0a, 2, 0x0a, 0];
  assertEquals(
    outcome(decodeClientMessage, 1, Uint8Array.of(0x1a, step.length, ...step)),
    "malformed_message",
  );
  // A node of kind 4.
  const create = [0x0a, 7, 0x12, 5, 0x12, 1, 0x61, 0x18, 4];
  assertEquals(
    outcome(decodeClientMessage, 1, Uint8Array.of(0x1a, create.length, ...create)),
    "malformed_message",
  );
});

Deno.test("a query that asks nothing, or too much at once, is malformed", () => {
  const { type } = opened(encodeClientMessage(queryOf({})));
  assertEquals(outcome(decodeClientMessage, type, new Uint8Array()), "malformed_message");
  const many = (count: number) => Array.from({ length: count }, (_, i) => `${i}`);
  for (
    const [query, result] of [
      [queryOf({ paths: many(1000), globs: many(100) }), "message"],
      [queryOf({ paths: many(1001) }), "malformed_message"],
      [queryOf({ globs: many(101) }), "malformed_message"],
      [queryOf({ question: { kind: "diff", from: newest, context: 101 } }), "malformed_message"],
    ] as const
  ) {
    assertEquals(outcome(decodeClientMessage, type, opened(encodeClientMessage(query)).payload), result);
  }
});

Deno.test("a number above 2^53 - 1 is malformed, not rounded", () => {
  const varint = (value: bigint): number[] =>
    value < 128n ? [Number(value)] : [Number(value & 127n) | 128, ...varint(value >> 7n)];
  for (const value of [2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n]) {
    const expected = value < 2n ** 53n ? "message" : "malformed_message";
    assertEquals(
      outcome(decodeClientMessage, 1, Uint8Array.of(0x08, ...varint(value))),
      expected,
      `seq ${value}`,
    );
    assertEquals(outcome(decodeServerMessage, 12, Uint8Array.of(0x08, ...varint(value))), expected);
  }
});

Deno.test("a text whose bytes are not UTF-8 is malformed: it never arrives as another text", () => {
  const insertOf = (text: readonly number[]): Uint8Array => {
    const splice = [0x1a, text.length, ...text];
    const edit = [0x12, splice.length, ...splice];
    const change = [0x12, edit.length, ...edit];
    return Uint8Array.of(0x1a, change.length, ...change);
  };
  const astral = decodeClientMessage(1, insertOf([0xf0, 0x9f, 0x98, 0x80]));
  assert(astral.kind === "operation");
  assertEquals(astral.change.edits[0]!.op[0]!.insert, "😀");
  const wrong = {
    "a lone half of a pair": [0x61, 0xed, 0xa0, 0x80],
    "two halves, each on its own": [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80],
    "a stray byte": [0xff],
    "a character cut short": [0xf0, 0x9f, 0x98],
    "an overlong zero": [0xc0, 0x80],
    "a character beyond the last": [0xf4, 0x90, 0x80, 0x80],
  };
  for (const [what, bytes] of Object.entries(wrong)) {
    assertEquals(outcome(decodeClientMessage, 1, insertOf(bytes)), "malformed_message", what);
    const long = [...new Uint8Array(80).fill(0x61), ...bytes];
    assertEquals(
      outcome(decodeClientMessage, 1, insertOf(long)),
      "malformed_message",
      `${what}, in a long text`,
    );
  }
});

Deno.test("a lone surrogate that is encoded is refused by whoever decodes it, and crashes nobody", () => {
  const lone = fc.constantFrom("\ud800", "a\udfffb", "\udc00\ud800", "😀\ud83d", "\ud83d😀");
  fc.assert(fc.property(lone, (name) => {
    const participant = { name, kind: "human" } as const;
    const { type, payload } = opened(encodeClientMessage({
      ...{ kind: "hello", version: 1, workspace: "w", session: "", epoch: "", revision: 0 },
      ...{
        participant,
        snapshot: false,
        accepted: false,
        attempt: 0,
        packed: false,
        lazy: false,
        loaded: [],
      },
    }));
    assertThrows(() => decodeClientMessage(type, payload), ProtocolError);
  }));
});

// ---- Bytes that are meant to cost much ------------------------------------------------------------------------

/** `bytes` as often as they go into `length`. */
function repeated(bytes: readonly number[], length: number): Uint8Array {
  const result = new Uint8Array(Math.floor(length / bytes.length) * bytes.length);
  for (let at = 0; at < result.length; at += bytes.length) result.set(bytes, at);
  return result;
}

/** A field of bytes: tag, length, bytes. */
function fieldOf(tag: number, bytes: Uint8Array): Uint8Array {
  const head = [tag];
  let length = bytes.length;
  for (; length > 127; length >>>= 7) head.push(length & 127 | 128);
  head.push(length);
  const result = new Uint8Array(head.length + bytes.length);
  result.set(head);
  result.set(bytes, head.length);
  return result;
}

const mebibyte = 1 << 20;
const costly: Readonly<Record<string, Uint8Array>> = {
  "groups within groups": repeated([0x0b], mebibyte),
  "unknown groups within groups": repeated([0xa3, 0x06], mebibyte),
  "fields that nobody knows": repeated([0x78, 0], mebibyte),
  "half a million empty steps": fieldOf(0x1a, repeated([0x0a, 0], mebibyte - 10)),
  "half a million empty edits": fieldOf(0x1a, repeated([0x12, 0], mebibyte - 10)),
  "half a million empty splices": fieldOf(0x1a, fieldOf(0x12, repeated([0x12, 0], mebibyte - 10))),
  "half a million empty positions": repeated([0x22, 0, 0x3a, 0, 0x3a, 0], mebibyte),
  "half a million changes, of which the last counts": repeated([0x1a, 0], mebibyte),
  "lengths of 2 GiB": repeated([0x0a, 0xff, 0xff, 0xff, 0xff, 0x07], mebibyte),
  "numbers without end": repeated([0xff], mebibyte),
  "empty nodes, pieces and authors": repeated([0x12, 0, 0x1a, 0, 0x22, 0], mebibyte),
  "empty paths and globs": repeated([0x22, 0, 0x2a, 0], mebibyte),
};

/** What it takes to do something: at its best, since the machine may be doing something else for a while. */
function costOf(act: () => void, enoughMs: number): { readonly ms: number; readonly bytes: number } {
  for (let attempt = 1;; attempt++) {
    const before = Deno.memoryUsage().heapUsed, from = performance.now();
    act();
    const ms = performance.now() - from, bytes = Deno.memoryUsage().heapUsed - before;
    if (ms < enoughMs || attempt === 10) return { ms, bytes };
  }
}

for (const [what, payload] of Object.entries(costly)) {
  Deno.test(`a frame of 1 MiB costs no more than a second and 256 MiB to decode: ${what}`, () => {
    for (const decode of Object.values(decoders)) {
      for (const type of frameTypes) {
        const { ms, bytes } = costOf(() => void outcome(decode, type, payload), 1000);
        assert(ms < 1000, `a frame of type ${type} took ${ms} ms`);
        assert(bytes < 256 * mebibyte, `a frame of type ${type} took ${bytes} bytes`);
      }
    }
  });
}

const operations: Readonly<Record<string, Uint8Array>> = {
  "empty steps": fieldOf(0x1a, repeated([0x0a, 0], 8 * mebibyte - 10)),
  "empty edits": fieldOf(0x1a, repeated([0x12, 0], 8 * mebibyte - 10)),
  "empty splices": fieldOf(0x1a, fieldOf(0x12, repeated([0x12, 0], 8 * mebibyte - 10))),
  "edits of an empty splice": fieldOf(0x1a, repeated([0x12, 2, 0x12, 0], 8 * mebibyte - 10)),
  "changes": repeated([0x1a, 0], 8 * mebibyte),
};

Deno.test("a long operation of too many pieces is refused before it costs anything", () => {
  for (const [what, payload] of Object.entries(operations)) {
    const refuse = () => assertEquals(outcome(decodeClientMessage, 1, payload), "message_too_long", what);
    const { ms, bytes } = costOf(refuse, 1000);
    assert(ms < 1000, `${what} took ${ms} ms`);
    assert(bytes < 64 * mebibyte, `${what} took ${bytes} bytes`);
  }
});

Deno.test("a long operation may have as many pieces as a client's limits allow, and of others only an upload is long", () => {
  // What a client makes is at least 24 bytes a splice by its own count, and 8 MiB long at most.
  const op = Array.from(
    { length: 349_525 },
    (_, i) => ({ at: 3 * i, remove: 1, insert: i % 2 === 0 ? "x" : "" }),
  );
  const operation: ClientMessage = {
    kind: "operation",
    seq: 1,
    base: 1,
    change: { steps: [], edits: [{ node: "1:1", op }] },
  };
  const decoded = throughClient(operation);
  assert(decoded.kind === "operation");
  assertEquals(decoded.change.edits[0]!.op.length, op.length);
  const long = new Uint8Array(mebibyte + 1).fill(1);
  for (const type of frameTypes.filter((type) => type !== 1 && type !== 16)) {
    assertEquals(outcome(decodeClientMessage, type, long), "message_too_long", `type ${type}`);
  }
  const upload = { kind: "upload", content: long } as const;
  assertEquals(throughClient(upload), upload);
});

Deno.test("decoders take what frames hold, as often as they come: a million messages leave nothing behind", () => {
  const bytes = encodeClientMessage({
    kind: "operation",
    seq: 1,
    base: 1,
    change: { steps: [], edits: [{ node: "1:1", op: [{ at: 1, remove: 1, insert: "x".repeat(100) }] }] },
  });
  const { type, payload } = opened(bytes);
  const decodeMany = () => {
    for (let i = 0; i < 100_000; i++) decodeClientMessage(type, payload);
  };
  decodeMany();
  const before = Deno.memoryUsage().heapUsed;
  // The collector comes when it likes: what counts is the least that is held after any of many rounds.
  let least = Infinity;
  for (let i = 0; i < 30 && least > 32 * mebibyte; i++) {
    decodeMany();
    if (i >= 9) least = Math.min(least, Deno.memoryUsage().heapUsed - before);
  }
  assert(least < 64 * mebibyte, `${least} bytes more`);
});
