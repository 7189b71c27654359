/**
 * Signatures of changes: Ed25519 (RFC 8032), over what space.proto says.
 *
 *     "dist-space operation 1\n" | length, workspace | SHA-256 of the session | site | operation
 *
 * The session is a secret, so its hash stands for it: a signature can be shown to others. With the workspace, the
 * session, its site, and the seq and base in the operation, it is good in one place alone.
 *
 * Implementations of Ed25519 differ in what they make of keys and signatures that no honest client makes. Here there
 * is one answer: a key is a point of prime order in its one encoding, S is below that order, and R is compared as
 * bytes, without a cofactor. So whatever verifies by the equation of the RFC, on a key that
 * {@linkcode isSigningKey} has passed, comes to the same.
 *
 * @module
 */

import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { fromHex, hexOfByte, joined, toHex } from "./bytes.ts";

/** Where a change is made: what a signature is bound to, besides the operation. */
export interface SigningPlace {
  readonly workspace: string;
  /** The session's id, as its welcome named it. */
  readonly session: string;
  readonly site: number;
}

/** Says whether a signature is that of a key for a message. The key has passed {@linkcode isSigningKey}. */
export type Verify = (signature: Uint8Array, message: Uint8Array, key: Uint8Array) => boolean;

const keyBytes = 32, signatureBytes = 64;
const encoder = new TextEncoder();
const domain = encoder.encode("dist-space operation 1\n");
const { Point } = ed25519;
const { Fn: scalars } = Point;

/** What is signed besides the operation: the same for all changes of a session. */
export function signingHead({ workspace, session, site }: SigningPlace): Uint8Array {
  const name = encoder.encode(workspace);
  const number = new Uint8Array(4);
  new DataView(number.buffer).setUint32(0, site);
  return joined([domain, new Uint8Array([name.length]), name, sha256(encoder.encode(session)), number]);
}

/** The bytes that are signed. @param operation Its bytes, without the signature. */
export function signedMessage(head: Uint8Array, operation: Uint8Array): Uint8Array {
  return joined([head, operation]);
}

/** Who signs: a secret key with its public half. */
export class Signer {
  /** The public key, as hexadecimal digits. */
  readonly key: string;
  readonly #secret: Uint8Array;

  /** @param secret The 32 bytes of an Ed25519 secret key, as hexadecimal digits. */
  constructor(secret: string) {
    this.#secret = fromHex(secret);
    if (this.#secret.length !== keyBytes) throw new RangeError(`A secret key has ${keyBytes} bytes`);
    this.key = toHex(ed25519.getPublicKey(this.#secret));
  }

  /** The same message has the same signature. */
  sign(message: Uint8Array): Uint8Array {
    return ed25519.sign(message, this.#secret);
  }
}

/** Whether these bytes are a public key that may sign: a point of prime order, in its one encoding. */
export function isSigningKey(key: Uint8Array): boolean {
  const point = pointOf(key);
  return point !== undefined && !point.is0() && point.isTorsionFree();
}

/** {@linkcode Verify} in plain JavaScript. */
export function verify(signature: Uint8Array, message: Uint8Array, key: Uint8Array): boolean {
  const point = signature.length === signatureBytes ? pointOf(key) : undefined;
  if (point === undefined) return false;
  const r = signature.subarray(0, keyBytes), s = littleEndian(signature.subarray(keyBytes));
  if (s >= scalars.ORDER) return false;
  const challenge = scalars.create(littleEndian(sha512(joined([r, key, message]))));
  const expected = Point.BASE.multiplyUnsafe(s).subtract(point.multiplyUnsafe(challenge)).toBytes();
  return expected.every((byte, i) => byte === r[i]);
}

function pointOf(key: Uint8Array): InstanceType<typeof Point> | undefined {
  if (key.length !== keyBytes) return undefined;
  try {
    return Point.fromBytes(key);
  } catch {
    return undefined;
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  let digits = "";
  for (let i = bytes.length - 1; i >= 0; i--) digits += hexOfByte[bytes[i]!]!;
  return BigInt(`0x${digits}`);
}
