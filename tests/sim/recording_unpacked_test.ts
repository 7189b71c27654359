/**
 * Packed pieces of snapshots in what came in on a connection, unpacked where they stand.
 *
 * @module
 */

import fc from "fast-check";
import {
  decodeServerMessage,
  encodePacked,
  encodeServerMessage,
  FrameReader,
  joined,
  packed,
  type ServerMessage,
  type SyncDocument,
  toHex,
} from "../../proto/mod.ts";
import { unpackedPieces } from "../../sim/recording_unpacked.ts";
import { assert, assertEquals } from "../assert.ts";

function syncOf(text: string, last: boolean): SyncDocument {
  return {
    kind: "sync",
    revision: 3,
    nodes: [],
    contents: [{ node: "1:1", text }],
    authors: [],
    last,
    load: false,
  };
}

const text = "This is secret, and so is this. ".repeat(30);
const stream = [
  encodeServerMessage({ kind: "ping", value: 7n }),
  encodePacked(syncOf(text, false), packed).bytes,
  encodeServerMessage(syncOf("short", false)),
  encodePacked(syncOf(text + text, true), packed).bytes,
  encodeServerMessage({ kind: "accepted", seq: 9 }),
];

/** Which messages each of the pieces completes. */
function messagesBy(pieces: readonly Uint8Array[]): ServerMessage[][] {
  const reader = new FrameReader();
  return pieces.map((piece) => {
    const messages: ServerMessage[] = [];
    reader.push(piece, (type, payload) => messages.push(decodeServerMessage(type, payload)));
    return messages;
  });
}

function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const edges = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return edges.slice(1).map((edge, i) => bytes.subarray(edges[i]!, edge));
}

Deno.test("wherever a stream is cut, each piece completes the same messages when they are unpacked", () => {
  const places = fc.array(fc.nat(), { maxLength: 12 }), lost = fc.nat(200);
  fc.assert(fc.property(places, lost, (places, lost) => {
    const bytes = joined(stream), pieces = cut(bytes.subarray(0, bytes.length - lost), places);
    assertEquals(messagesBy(unpackedPieces(pieces)), messagesBy(pieces));
  }));
});

Deno.test("what was packed stands there to be read, and all else is as it was", () => {
  const [plain] = unpackedPieces([joined(stream)]);
  const latin1 = Array.from(plain!, (byte) => String.fromCharCode(byte)).join("");
  assertEquals(latin1.split("This is secret").length - 1, 90);
  const others = [stream[0]!, stream[2]!, stream[4]!];
  assertEquals(unpackedPieces(others).map(toHex), others.map(toHex));
  assertEquals(unpackedPieces([]), []);
});

Deno.test("a piece that says that it is packed and is not stays as it is", () => {
  const frame = Uint8Array.from(stream[1]!);
  frame.fill(0xff, frame.length - 20, frame.length - 3);
  assertEquals(unpackedPieces([frame]).map(toHex), [toHex(frame)]);
  const cutShort = stream[1]!.subarray(0, 30);
  assertEquals(unpackedPieces([cutShort]).map(toHex), [toHex(cutShort)]);
  assert(unpackedPieces([stream[1]!])[0]!.length > 900);
});
