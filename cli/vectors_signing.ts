/**
 * The vectors of signatures: which bytes are signed of which operation, and which keys and signatures are good.
 *
 * @module
 */

import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { type Change, rootId } from "../ot/mod.ts";
import {
  encodeSigned,
  fromHex,
  isSigningKey,
  joined,
  operationBytes,
  signedMessage,
  Signer,
  signingHead,
  toHex,
  verify,
} from "../proto/mod.ts";
import { plain } from "./vectors_session.ts";

const secretKey = "5eed".repeat(16);
const signer = new Signer(secretKey);
const { Point } = ed25519;
/** A point of order 8. */
const torsion = Point.fromHex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05");

const changes: readonly Change[] = [
  { steps: [], edits: [] },
  {
    steps: [{ kind: "create", node: "3:1", parent: rootId, name: "notes 📝.txt", type: "text" }],
    edits: [{ node: "3:1", op: [{ at: 0, remove: 0, insert: "a😀b\r\n" }] }],
  },
  { steps: [{ kind: "remove", node: "3:1", tombstone: "3:2" }], edits: [] },
  {
    steps: [],
    edits: [{ node: "1:2", op: [{ at: 3, remove: 2, insert: "" }, { at: 300, remove: 0, insert: "…" }] }],
  },
];
const places = [
  { workspace: "demo", session: "ada-secret-1", site: 3 },
  { workspace: "a.b-c_9", session: "0123456789abcdef0123456789abcdef", site: 70_000 },
];

function signatureRow(index: number): object {
  const change = changes[index % changes.length]!, place = places[index % places.length]!;
  const operation = { kind: "operation", seq: index + 1, base: 200 * index, change } as const;
  const bytes = operationBytes(operation), message = signedMessage(signingHead(place), bytes);
  const signature = signer.sign(message);
  return {
    ...place,
    secretKey,
    key: signer.key,
    operation: plain(operation),
    bytes: toHex(bytes),
    message: toHex(message),
    signature: toHex(signature),
    frame: toHex(encodeSigned(operation, () => signature)),
  };
}

function littleEndian(value: bigint): Uint8Array {
  return fromHex(value.toString(16).padStart(64, "0")).reverse();
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes.slice().reverse())}`);
}

/** Signatures of one message by one key that libraries see differently. */
function verifyRows(): object[] {
  const message = new TextEncoder().encode("a message"), key = fromHex(signer.key), order = Point.Fn.ORDER;
  const good = signer.sign(message), r = good.subarray(0, 32), s = good.subarray(32);
  const nonce = 1_000_003n, shifted = Point.BASE.multiply(nonce).add(torsion).toBytes();
  const { scalar } = ed25519.utils.getExtendedPublicKey(fromHex(secretKey));
  const challenge = numberOf(sha512(joined([shifted, key, message]))) % order;
  const rows: readonly (readonly [string, Uint8Array])[] = [
    ["as it was made", good],
    ["S is not below the order", joined([r, littleEndian(numberOf(s) + order)])],
    [
      "R has a part of small order, and S is made for it",
      joined([
        shifted,
        littleEndian((nonce + challenge * scalar) % order),
      ]),
    ],
    ["R is another point", joined([shifted, s])],
    ["nothing", new Uint8Array(64)],
  ];
  return rows.map(([what, signature]) => ({
    what,
    key: signer.key,
    message: toHex(message),
    signature: toHex(signature),
    isGood: verify(signature, message, key),
  }));
}

function keyRows(): object[] {
  const rows: readonly (readonly [string, string])[] = [
    ["a public key", signer.key],
    ["the neutral element", toHex(Point.ZERO.toBytes())],
    ["a point of small order", toHex(torsion.toBytes())],
    ["a public key with a part of small order", toHex(Point.fromHex(signer.key).add(torsion).toBytes())],
    ["y is not below the prime", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"],
    ["no point of the curve", "02".padEnd(64, "0")],
  ];
  return rows.map(([what, key]) => ({ what, key, maySign: isSigningKey(fromHex(key)) }));
}

/** What stands in signing.json, by list. */
export function signingVectors(): Record<string, readonly unknown[]> {
  return {
    signatures: Array.from({ length: 8 }, (_, index) => signatureRow(index)),
    verify: verifyRows(),
    keys: keyRows(),
  };
}
