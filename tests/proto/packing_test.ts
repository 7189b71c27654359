/**
 * Packed pieces of a snapshot: what they say, and what becomes of bytes that say something else.
 *
 * @module
 */

import fc from "fast-check";
import { deflateSync, zlibSync } from "fflate/browser";
import {
  decodeServerMessage,
  encodePacked,
  encodeServerMessage,
  frameBytesMax,
  FrameReader,
  packed,
  ProtocolError,
  type SyncDocument,
} from "../../proto/mod.ts";
import { distspace as wire } from "../../proto/generated/space.js";
import { packedBytesMax, unpacked } from "../../proto/packing.ts";
import { assert, assertEquals } from "../assert.ts";
import { serverMessages } from "./arbitrary_messages.ts";

const bytes = fc.uint8Array({ maxLength: 5000 });
const repetitive = fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 50 }), fc.integer({ min: 0, max: 500 }))
  .map(([one, times]) => Uint8Array.from({ length: one.length * times }, (_, i) => one[i % one.length]!));

/** The code of the error that `decode` ends with. */
function codeOf(decode: () => unknown): string {
  try {
    decode();
    return "none";
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return error.code;
  }
}

function decoded(frame: Uint8Array): unknown[] {
  const messages: unknown[] = [];
  new FrameReader().push(frame, (type, payload) => messages.push(decodeServerMessage(type, payload)));
  return messages;
}

Deno.test("what is packed is unpacked to the same bytes, and is shorter, or is not packed", () => {
  fc.assert(fc.property(fc.oneof(bytes, repetitive), (plain) => {
    const shorter = packed(plain);
    if (shorter === undefined) return;
    assert(shorter.length < plain.length);
    assertEquals(unpacked(shorter, plain.length), plain);
  }));
});

Deno.test("a packed piece of a snapshot says what it would say as it is", () => {
  fc.assert(fc.property(serverMessages.sync as fc.Arbitrary<SyncDocument>, (message) => {
    assertEquals(decoded(encodePacked(message, packed).bytes), [message]);
    assertEquals(encodePacked(message, () => undefined).bytes, encodeServerMessage(message));
  }));
});

Deno.test("what unpacks to another length than is said, or is cut short, is malformed", () => {
  const plain = new TextEncoder().encode("one two three ".repeat(1000)), short = packed(plain)!;
  assertEquals(codeOf(() => unpacked(short, plain.length)), "none");
  for (const length of [0, 1, plain.length - 1, plain.length + 1, frameBytesMax]) {
    assertEquals(codeOf(() => unpacked(short, length)), "malformed_message", `${length}`);
  }
  for (let length = 0; length < short.length; length++) {
    assertEquals(codeOf(() => unpacked(short.subarray(0, length), plain.length)), "malformed_message");
  }
});

Deno.test("bytes that nobody packed are malformed, or happen to be of that length", () => {
  fc.assert(fc.property(bytes, fc.nat(10_000), (random, length) => {
    assert(["malformed_message", "none"].includes(codeOf(() => unpacked(random, length))));
  }));
});

Deno.test("what would unpack to far more than it says is refused, and never held", () => {
  const bomb = deflateSync(new Uint8Array(16 << 20), { level: 1 });
  assert(bomb.length * 1000 < 16 << 20 && bomb.length < packedBytesMax);
  assertEquals(codeOf(() => unpacked(bomb, 1000)), "malformed_message");
  // What takes longer than this is not looked into.
  assertEquals(codeOf(() => unpacked(new Uint8Array(packedBytesMax + 1), 1000)), "malformed_message");
});

Deno.test("what another format packs is malformed", () => {
  const plain = new TextEncoder().encode("one two three ".repeat(100));
  assertEquals(codeOf(() => unpacked(zlibSync(plain), plain.length)), "malformed_message");
});

Deno.test("a piece of a snapshot is never longer than a frame, unpacked", () => {
  const plain = new Uint8Array(frameBytesMax + 1);
  const said = wire.SyncDocument.encode({ packed: packed(plain)!, length: plain.length }).finish();
  assertEquals(codeOf(() => decodeServerMessage(wire.FrameType.SYNC_DOCUMENT, said)), "message_too_long");
});
