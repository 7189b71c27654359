/**
 * The secret at the end of a token: who has it bears the token, and can make a narrower one. It is the seed of an
 * Ed25519 key pair, so that it can be checked, and what is signed with it, by somebody who knows the public half alone.
 *
 * @module
 */

import { ed25519 } from "@noble/curves/ed25519.js";
import { base64url } from "jose";
import { invalid } from "./claims.ts";
import type { Key } from "./statement.ts";

const seedBytes = 32;

/** A secret that nobody has had before. */
export function newSecret(): string {
  return base64url.encode(crypto.getRandomValues(new Uint8Array(seedBytes)));
}

/**
 * The public half of a secret.
 *
 * @throws {TokenError} "token_invalid"
 */
export function publicHalf(secret: string): string {
  let seed: Uint8Array;
  try {
    seed = base64url.decode(secret);
  } catch {
    throw invalid("its secret cannot be read");
  }
  if (seed.length !== seedBytes) throw invalid("its secret is too short or too long");
  return base64url.encode(ed25519.getPublicKey(seed));
}

/** The key that narrower tokens are signed with. */
export function keyOfSecret(secret: string): Key {
  return {
    algorithm: "EdDSA",
    id: undefined,
    jwk: { kty: "OKP", crv: "Ed25519", d: secret, x: publicHalf(secret) },
  };
}
