/**
 * Signatures of changes: what they are bound to, and that every way to verify one comes to the same.
 *
 * @module
 */

import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import {
  decodeClientMessage,
  encodeSigned,
  fromHex,
  isSigningKey,
  joined,
  operationBytes,
  ProtocolError,
  signedMessage,
  signedPart,
  Signer,
  signingHead,
  toHex,
  verify,
} from "../../proto/mod.ts";
import { nativeVerify } from "../../server/native_verify.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";

const signer = new Signer("0102030405060708".repeat(4));
const key = fromHex(signer.key);
const place = { workspace: "demo", session: "ada-secret-1", site: 7 };
const change = {
  steps: [],
  edits: [{ node: "1:2", op: [{ at: 0, remove: 3, insert: "a😀\r\n" }] }],
} as const;
const operation = { kind: "operation", seq: 3, base: 9, change } as const;
const operationType = 1;
const { Point } = ed25519;
const order = Point.Fn.ORDER;

/** A point of small order, and its eight encodings with those that no encoder makes. */
const torsion = Point.fromHex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05");
const smallOrders = [
  ...Array.from({ length: 7 }, (_, i) => torsion.multiplyUnsafe(BigInt(i + 1)).toBytes()),
  Point.ZERO.toBytes(),
  fromHex("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
  fromHex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
  fromHex("0100000000000000000000000000000000000000000000000000000000000080"),
];

function littleEndian(value: bigint): Uint8Array {
  return fromHex(value.toString(16).padStart(64, "0")).reverse();
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = bytes.slice();
  copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
}

Deno.test("a signature is good for its workspace, session, site, seq, base and change, and for no other", () => {
  const bytes = operationBytes(operation);
  const signature = signer.sign(signedMessage(signingHead(place), bytes));
  const isGood = (elsewhere: Partial<typeof place>, other: Partial<typeof operation> | object = {}) =>
    verify(
      signature,
      signedMessage(signingHead({ ...place, ...elsewhere }), operationBytes({ ...operation, ...other })),
      key,
    );
  assert(isGood({}));
  for (const elsewhere of [{ workspace: "demo2" }, { session: "ada-secret-2" }, { site: 8 }]) {
    assert(!isGood(elsewhere));
  }
  const edits = [{ node: "1:2", op: [{ at: 0, remove: 3, insert: "b😀\r\n" }] }];
  for (const other of [{ seq: 4 }, { base: 8 }, { change: { steps: [], edits } }]) assert(!isGood({}, other));
  assert(
    !verify(signature, signedMessage(signingHead(place), bytes), fromHex(new Signer("09".repeat(32)).key)),
  );
});

Deno.test("what is signed cannot be cut into a place and an operation in another way", () => {
  const where = fc.record({
    workspace: fc.stringMatching(/^[a-z]{1,3}$/),
    session: fc.string(),
    site: fc.nat(3),
  });
  fc.assert(
    fc.property(
      where,
      where,
      fc.uint8Array({ maxLength: 3 }),
      fc.uint8Array({ maxLength: 3 }),
      (a, b, x, y) => {
        const isSame = JSON.stringify([a, toHex(x)]) === JSON.stringify([b, toHex(y)]);
        const messages = [signedMessage(signingHead(a), x), signedMessage(signingHead(b), y)].map(toHex);
        assertEquals(messages[0] === messages[1], isSame);
      },
    ),
  );
});

Deno.test("an operation is signed as it is sent, fields that nobody here knows included", () => {
  const frame = encodeSigned(operation, (bytes) => signer.sign(signedMessage(signingHead(place), bytes)));
  const payload = frame.subarray(5), decoded = decodeClientMessage(operationType, payload);
  assert(decoded.kind === "operation" && decoded.signature !== undefined);
  const signature = fromHex(decoded.signature);
  assertEquals(toHex(signedPart(payload)), toHex(operationBytes(operation)));
  assert(verify(signature, signedMessage(signingHead(place), signedPart(payload)), key));

  const unknown = fromHex("ba3e0568656c6c6f"), end = payload.length - 66;
  for (
    const other of [
      joined([payload, unknown]),
      joined([unknown, payload]),
      joined([payload.subarray(0, end), unknown, payload.subarray(end)]),
    ]
  ) {
    assertEquals(decodeClientMessage(operationType, other), decoded);
    assertEquals(signedPart(other).length, signedPart(payload).length + unknown.length);
    assert(!verify(signature, signedMessage(signingHead(place), signedPart(other)), key));
  }
});

Deno.test("a signature may stand anywhere in an operation, and covers all else", () => {
  const bytes = operationBytes(operation), field = joined([fromHex("2240"), new Uint8Array(64).fill(9)]);
  for (const payload of [joined([bytes, field]), joined([field, bytes]), joined([field, bytes, field])]) {
    const decoded = decodeClientMessage(operationType, payload);
    assert(decoded.kind === "operation");
    assertEquals(decoded.signature, "09".repeat(64));
    assertEquals(toHex(signedPart(payload)), toHex(bytes));
  }
});

Deno.test("a signature that has not 64 bytes cannot be read", () => {
  for (const field of ["2201aa", `223f${"09".repeat(63)}`, `2241${"09".repeat(65)}`]) {
    const payload = joined([operationBytes(operation), fromHex(field)]);
    const error = assertThrows(() => decodeClientMessage(operationType, payload), ProtocolError);
    assertEquals(error.code, "malformed_message");
  }
});

Deno.test("a key is a point of prime order in its one encoding", () => {
  assert(isSigningKey(key));
  for (const bytes of smallOrders) assert(!isSigningKey(bytes), toHex(bytes));
  // A good key with a part of small order, one that is no point, and wrong lengths.
  assert(!isSigningKey(Point.fromBytes(key).add(torsion).toBytes()));
  assert(!isSigningKey(fromHex("02".padEnd(64, "0"))));
  for (const length of [0, 31, 33, 64]) assert(!isSigningKey(new Uint8Array(length)));
});

/** Good and bad signatures of a message by a key that may sign, with those that implementations see differently. */
const cases: readonly (readonly [what: string, signature: Uint8Array, isGood: boolean])[] = (() => {
  const message = signedMessage(signingHead(place), operationBytes(operation));
  const good = signer.sign(message), r = good.subarray(0, 32), s = good.subarray(32);
  const number = BigInt(`0x${toHex(s.slice().reverse())}`);
  const shifted = Point.fromBytes(r).add(torsion).toBytes();
  return [
    ["as it was made", good, true],
    ["S plus the order", joined([r, littleEndian(number + order)]), false],
    ["S of the order itself", joined([r, littleEndian(order)]), false],
    ["S of all ones", joined([r, new Uint8Array(32).fill(255)]), false],
    ["R moved by a point of small order", joined([shifted, s]), false],
    ["nothing at all", new Uint8Array(64), false],
    ["cut short", good.subarray(0, 63), false],
    ["one byte more", joined([good, new Uint8Array(1)]), false],
    ...smallOrders.map((point) => ["R of small order", joined([point, s]), false] as const),
    ...smallOrders.map((point) =>
      ["R of small order, S nothing", joined([point, new Uint8Array(32)]), false] as const
    ),
    ...Array.from({ length: 32 }, (_, i) => ["a bit flipped", flipped(good, 16 * i + 3), false] as const),
  ];
})();

Deno.test("signatures that implementations see differently are seen in one way, by ours and by the platform's", () => {
  const message = signedMessage(signingHead(place), operationBytes(operation));
  for (const [what, signature, isGood] of cases) {
    assertEquals(verify(signature, message, key), isGood, what);
    assertEquals(nativeVerify(signature, message, key), isGood, `${what}, natively`);
  }
});

Deno.test("a signature whose R has a part of small order is refused also where S was made for it", () => {
  // Who has the secret can make S fit: with the cofactor it would be good, without it is not.
  const secret = fromHex("0102030405060708".repeat(4)), message = new Uint8Array([1, 2, 3]);
  const { scalar } = ed25519.utils.getExtendedPublicKey(secret);
  const nonce = 12345n, r = Point.BASE.multiply(nonce).add(torsion).toBytes();
  const challenge = BigInt(`0x${toHex(sha512(joined([r, key, message])).slice().reverse())}`);
  const signature = joined([r, littleEndian((nonce + challenge % order * scalar) % order)]);
  assert(ed25519.verify(signature, message, key), "it is good with the cofactor");
  assert(!verify(signature, message, key));
  assert(!nativeVerify(signature, message, key));
});

Deno.test("what is signed by any key is verified alike by both, and is the same each time", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.uint8Array({ maxLength: 100 }),
      fc.nat(511),
      (secret, message, bit) => {
        const signer = new Signer(toHex(secret)), key = fromHex(signer.key), signature = signer.sign(message);
        assertEquals(signature, signer.sign(message));
        assert(isSigningKey(key) && verify(signature, message, key) && nativeVerify(signature, message, key));
        const wrong = flipped(signature, bit);
        assert(!verify(wrong, message, key) && !nativeVerify(wrong, message, key));
      },
    ),
    { numRuns: 40 },
  );
});
