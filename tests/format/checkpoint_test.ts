import { assert, assertEquals, assertNotEquals, assertThrows } from "../assert.ts";
import { Text, type TextOp } from "../../ot/mod.ts";
import { toHex } from "../../proto/mod.ts";
import { State } from "../../server/core/mod.ts";
import {
  decodeManifest,
  encodeCheckpoint,
  FormatError,
  type Piece,
  PieceKeys,
  savedStateOf,
} from "../../server/format/mod.ts";
import { typedLog } from "./arbitrary_log.ts";

const chain = new Uint8Array(32).fill(7);

interface Encoded {
  readonly manifest: Uint8Array;
  readonly pieces: Piece[];
}

function encode(state: State, keys = new PieceKeys()): Encoded {
  const pieces: Piece[] = [];
  const encoding = encodeCheckpoint(state, chain, keys);
  for (;;) {
    const { done, value } = encoding.next();
    if (done === true) return { manifest: value, pieces };
    if (value !== undefined) pieces.push(value);
  }
}

function decode({ manifest, pieces }: Encoded) {
  const byKey = new Map(pieces.map(({ key, bytes }) => [toHex(key), bytes]));
  return savedStateOf(decodeManifest(manifest), (key) => byKey.get(toHex(key)));
}

/** A state with one file that reads `text`. */
function stateOf(text: string): State {
  const saved = typedLog(2).state.save();
  return State.restore({ ...saved, texts: [["1:1", text]] });
}

function edited(state: State, op: TextOp): State {
  return state.apply({
    revision: state.revision + 1,
    time: state.time,
    session: "",
    site: 0,
    seq: 0,
    author: undefined,
    change: { steps: [], edits: [{ node: "1:1", op }] },
    notices: [],
    hash: 0,
    sites: 0,
  });
}

Deno.test("a checkpoint gives back the state that it was made of", () => {
  const { state } = typedLog(300, 3);
  const encoded = encode(state);
  assertEquals(decode(encoded), state.save());
  const { revision, chain: read } = decodeManifest(encoded.manifest);
  assertEquals({ revision, read }, { revision: 300, read: chain });
});

Deno.test("a checkpoint knows which files can be executed, removed ones too, and its hash tells them apart", () => {
  const saved = typedLog(2).state.save();
  const hashes = new Set<string>();
  for (const executable of [{}, { executable: true as const }]) {
    for (const [tombstone, removals] of [[null, []], ["1:2", [["1:1", { revision: 1, time: 5 }]]]] as const) {
      const nodes = saved.nodes.map((node) => ({ ...node, ...executable, tombstone }));
      const state = State.restore({ ...saved, nodes, removals });
      assertEquals(decode(encode(state)), state.save());
      assertEquals(state.save().nodes[0]!.executable, "executable" in executable ? true : undefined);
      hashes.add(toHex(decodeManifest(encode(state).manifest).stateHash));
    }
  }
  assertEquals(hashes.size, 4);
});

Deno.test("equal states have equal checkpoints, whatever has led to them", () => {
  const { state } = typedLog(300, 3);
  assertEquals(encode(State.restore(state.save())), encode(state));
});

Deno.test("the hash of a state tells texts apart, and not the hashes of submissions", () => {
  const { state } = typedLog(50);
  const saved = state.save();
  const hashOf = (state: State) => toHex(decodeManifest(encode(state).manifest).stateHash);
  const sessions = saved.sessions.map((record) => ({ ...record, last: { ...record.last, hash: 0 } }));
  assertEquals(hashOf(State.restore({ ...saved, sessions })), hashOf(state));
  assertNotEquals(hashOf(State.restore({ ...saved, texts: [["1:1", "other"]] })), hashOf(state));
});

Deno.test("a bit that is flipped in a checkpoint or in a piece of it is found", () => {
  const encoded = encode(typedLog(20).state);
  const flipped = (bytes: Uint8Array, bit: number) => bytes.with(bit >> 3, bytes[bit >> 3]! ^ 1 << (bit & 7));
  for (let bit = 0; bit < 8 * encoded.manifest.length; bit++) {
    assertThrows(() => decode({ ...encoded, manifest: flipped(encoded.manifest, bit) }), FormatError);
  }
  const [{ key, bytes }] = encoded.pieces as [Piece];
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    assertThrows(() => decode({ ...encoded, pieces: [{ key, bytes: flipped(bytes, bit) }] }), FormatError);
  }
  assertThrows(() => decode({ ...encoded, pieces: [] }), FormatError);
});

Deno.test("a text that has not changed is not encoded again", () => {
  const { state } = typedLog(40);
  const keys = new PieceKeys();
  const first = encode(state, keys);
  assertEquals(first.pieces.length, 1);
  const next = edited(state, []);
  const second = encode(next, keys);
  assertEquals(second.pieces, []);
  assertEquals(decode({ ...second, pieces: first.pieces }), next.save());
});

Deno.test("an edit of a long text leaves most of its pieces as they are", () => {
  const lines = Array.from({ length: 60_000 }, (_, i) => `line ${(i * 7919) % 60_007} of a long text\n`);
  const text = lines.join("");
  const state = stateOf(text);
  const before = encode(state),
    after = encode(edited(state, [{ at: text.length / 2 | 0, remove: 0, insert: "more" }]));
  assertEquals(decode(before).texts, [["1:1", text]]);
  const known = new Set(before.pieces.map(({ key }) => toHex(key)));
  assert(known.size > 6, `${known.size} pieces`);
  assert(after.pieces.filter(({ key }) => !known.has(toHex(key))).length <= 2);
});

Deno.test("a long text without lines is cut between characters", () => {
  const text = "x" + "😀".repeat(300_000);
  const encoded = encode(stateOf(text));
  assert(encoded.pieces.length > 1);
  assert(encoded.pieces.every(({ bytes }) => bytes[0] === 0), "all of them have UTF-8");
  assert(Text.of(text).equals(Text.of(decode(encoded).texts[0]![1])));
});

Deno.test("a text that has no UTF-8 is kept as it is", () => {
  const text = "a\ud800b\udc00";
  assertEquals(decode(encode(stateOf(text))).texts, [["1:1", text]]);
});
