/**
 * Statements: claims that somebody has signed, as JSON Web Tokens.
 *
 *     claims        id   name  kind  workspaces  capabilities  expiresMs  key
 *     in the JWT    jti  name  kind  workspaces  capabilities  exp        cnf.jwk.x
 *
 * @module
 */

import { decodeJwt, decodeProtectedHeader, errors, importJWK, type JWK, jwtVerify, SignJWT } from "jose";
import { type Claims, claimsOf, invalid, TokenError } from "./claims.ts";

/** How statements may be signed: with a key pair, or with a secret that the server shares. */
export type Algorithm = "EdDSA" | "HS256";

/** A key that statements are signed or looked at with. */
export interface Key {
  readonly algorithm: Algorithm;
  readonly id: string | undefined;
  readonly jwk: JWK;
}

/** A secret that is shared has to have as many bits as what it makes. */
const sharedBytesMin = 32;

/**
 * Reads a key.
 *
 * @throws {TokenError} if it is none, or of a kind that is not used here.
 */
export function keyOf(jwk: JWK): Key {
  const { kty, crv, kid, k } = jwk;
  if (kty === "OKP" && crv === "Ed25519") return { algorithm: "EdDSA", id: kid, jwk };
  if (kty !== "oct" || typeof k !== "string") {
    throw new TokenError("token_algorithm", "A key is an Ed25519 key pair or a shared secret, as a JWK");
  }
  if (k.length * 6 < sharedBytesMin * 8) {
    throw new TokenError("token_invalid", `A shared secret has ${sharedBytesMin} bytes or more`);
  }
  return { algorithm: "HS256", id: kid, jwk };
}

/** The key that goes by this public half. */
export function publicKey(x: string): Key {
  return { algorithm: "EdDSA", id: undefined, jwk: { kty: "OKP", crv: "Ed25519", x } };
}

/** Says `claims`, signed with a private or shared key. */
export async function sign(
  { id, name, kind, workspaces, capabilities, expiresMs, key: holder }: Claims,
  key: Key,
): Promise<string> {
  const payload = {
    ...name === undefined ? {} : { name },
    ...kind === undefined ? {} : { kind },
    ...workspaces === undefined ? {} : { workspaces },
    ...capabilities === undefined ? {} : { capabilities },
    ...holder === undefined ? {} : { cnf: { jwk: publicKey(holder).jwk } },
  };
  const jwt = new SignJWT(payload).setJti(id).setIssuedAt();
  if (expiresMs !== undefined) jwt.setExpirationTime(Math.floor(expiresMs / 1000));
  jwt.setProtectedHeader({ alg: key.algorithm, typ: "JWT", ...key.id === undefined ? {} : { kid: key.id } });
  return await jwt.sign(await importJWK(key.jwk, key.algorithm));
}

/**
 * What a statement says, if one of the keys has signed it.
 *
 * @throws {TokenError} "token_invalid", "token_algorithm" or "token_expired"
 */
export async function verify(statement: string, keys: readonly Key[]): Promise<Claims> {
  const { alg, kid } = headOf(statement);
  const able = keys.filter(({ algorithm }) => algorithm === alg);
  if (able.length === 0) {
    throw new TokenError(
      "token_algorithm",
      `The token is signed with ${alg ?? "nothing"}, which this server has no key for. ` +
        "Ask for one that is signed with the server's key.",
    );
  }
  for (const { algorithm, id, jwk } of able) {
    if (kid !== undefined && id !== undefined && kid !== id) continue;
    try {
      const key = await importJWK(jwk, algorithm);
      return read((await jwtVerify(statement, key, { algorithms: [algorithm] })).payload);
    } catch (error) {
      if (error instanceof errors.JWTExpired) {
        throw new TokenError("token_expired", "The token has expired. Connect with a new one.");
      }
      if (error instanceof errors.JWSSignatureVerificationFailed) continue;
      if (error instanceof errors.JOSEError) throw invalid(error.message);
      throw error;
    }
  }
  throw invalid("nobody whom this server knows has signed it, or somebody has changed it");
}

/** What a statement says, whoever has signed it. */
export function unverified(statement: string): Claims {
  headOf(statement);
  return read(decodeJwt(statement));
}

function headOf(statement: string): { readonly alg?: string; readonly kid?: string } {
  try {
    return decodeProtectedHeader(statement) as { alg?: string; kid?: string };
  } catch {
    throw invalid("it is no token");
  }
}

function read(payload: ReturnType<typeof decodeJwt>): Claims {
  const { jti, name, kind, workspaces, capabilities, exp } = payload;
  const cnf = payload["cnf"] as { jwk?: JWK } | undefined;
  if (cnf !== undefined && cnf?.jwk?.crv !== "Ed25519") throw invalid("its holder's key cannot be read");
  return claimsOf({
    id: jti,
    name,
    kind,
    workspaces,
    capabilities,
    expiresMs: exp === undefined ? undefined : exp * 1000,
    key: cnf?.jwk?.x,
  });
}
