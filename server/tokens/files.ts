/**
 * Keys and tokens as files.
 *
 * A key file holds a JWK, or a set of them as {"keys": […]}. A token file holds what each of its tokens says, with the
 * public half of its secret, and the ids that are revoked, of tokens in the file or signed by a key:
 *
 *     {"format": 1, "tokens": [{"id": …, "key": …, "name": …, …}], "revoked": ["…"]}
 *
 * Nothing in a token file lets anybody in who reads it.
 *
 * @module
 */

import type { JWK } from "jose";
import { type Claims, claimsOf, TokenError } from "./claims.ts";
import { type Key, keyOf } from "./statement.ts";

export interface TokenFile {
  readonly tokens: readonly Claims[];
  readonly revoked: readonly string[];
}

/**
 * The keys in a file.
 *
 * @throws {TokenError} and what reading a file throws.
 */
export async function readKeys(path: string): Promise<Key[]> {
  const said = await readJson(path) as { keys?: JWK[] } & JWK;
  const keys = (Array.isArray(said.keys) ? said.keys : [said]).map(keyOf);
  if (keys.length === 0) throw new TokenError("token_invalid", "There is no key in it");
  return keys;
}

/**
 * What a token file says.
 *
 * @throws {TokenError} and what reading a file throws.
 */
export async function readTokens(path: string): Promise<TokenFile> {
  const said = await readJson(path) as { format?: unknown; tokens?: unknown; revoked?: unknown };
  if (said.format !== 1) throw new TokenError("token_invalid", "It is no token file of format 1");
  if (!Array.isArray(said.tokens) || !Array.isArray(said.revoked)) {
    throw new TokenError("token_invalid", "It has no tokens, or does not say which are revoked");
  }
  return { tokens: said.tokens.map(claimsOf), revoked: said.revoked.map(String) };
}

/** Writes a token file in the place of what is there, whole or not at all. */
export async function writeTokens(path: string, { tokens, revoked }: TokenFile): Promise<void> {
  await writePrivate(path, `${JSON.stringify({ format: 1, tokens, revoked }, undefined, 2)}\n`);
}

/** Writes a file that nobody else may read. */
export async function writePrivate(path: string, text: string): Promise<void> {
  const beside = `${path}.new`;
  await Deno.writeTextFile(beside, text, { mode: 0o600 });
  await Deno.rename(beside, path);
}

async function readJson(path: string): Promise<unknown> {
  const text = await Deno.readTextFile(path);
  try {
    const said = JSON.parse(text);
    if (typeof said === "object" && said !== null) return said;
  } catch {
    // Said below.
  }
  throw new TokenError("token_invalid", "It is no JSON object");
}
