/**
 * Tokens as they are written.
 *
 *     root ~ narrower ~ narrower ~ secret
 *
 * The root is a statement that the server's key has signed, or names an entry of a token file. Each statement behind it
 * is signed with the secret of the one before, and names the public half of a new one: so who holds a token can make a
 * narrower one without asking anybody, and who is given that cannot get back to the wider one, whose secret is not in
 * it. A statement that others have issued, without a key for its holder, is a token by itself; it cannot be made
 * narrower.
 *
 * @module
 */

import { type Claims, claimsOf, invalid } from "./claims.ts";
import { keyOfSecret, newSecret, publicHalf } from "./secret.ts";
import { type Key, sign, unverified } from "./statement.ts";

/** What the root of a token begins with that is in a token file. */
const filePrefix = "space_";
const separator = "~";
const linksMax = 16;

export interface TokenParts {
  /** A statement, or the id of an entry in a token file. */
  readonly root: { readonly statement: string } | { readonly entry: string };
  readonly narrower: readonly string[];
  readonly secret: string | undefined;
}

/** @throws {TokenError} "token_invalid" */
export function partsOf(token: string): TokenParts {
  const [root = "", ...rest] = token.trim().split(separator);
  if (rest.length > linksMax) throw invalid("it has been made narrower too often");
  const secret = rest.pop(), narrower = rest;
  if (!root.startsWith(filePrefix)) return { root: { statement: root }, narrower, secret };
  if (secret === undefined) throw invalid("its end is missing");
  return { root: { entry: root.slice(filePrefix.length) }, narrower, secret };
}

/** What is said of a new token by whom it is for; its id and its secret are made here. */
export type Said = Omit<Claims, "id" | "key">;

export interface Minted {
  readonly token: string;
  readonly claims: Claims;
}

/** A token that a server with this key, or with its public half, takes. */
export async function mint(said: Said, key: Key): Promise<Minted> {
  const { claims, secret } = withSecret(said);
  return { token: [await sign(claims, key), secret].join(separator), claims };
}

/** A token for a token file, where its claims have to be put. */
export function mintForFile(said: Said): Minted {
  const { claims, secret } = withSecret(said);
  return { token: [`${filePrefix}${claims.id}`, secret].join(separator), claims };
}

/**
 * A token that gives its bearer no more than this one does, and no more than is said.
 *
 * @throws {TokenError} "token_invalid" if it cannot be made narrower.
 */
export async function narrow(token: string, said: Said): Promise<Minted> {
  const { narrower, secret } = partsOf(token);
  if (secret === undefined) throw invalid("it has no secret, so it cannot be made narrower");
  const { claims, secret: next } = withSecret(said);
  const link = await sign(claims, keyOfSecret(secret));
  const [root] = token.trim().split(separator);
  return { token: [root, ...narrower, link, next].join(separator), claims };
}

/** What a token says of itself, from its root on, whoever has signed it; of an entry in a token file, its id. */
export function said(token: string): readonly Claims[] {
  const { root, narrower } = partsOf(token);
  const first = "entry" in root ? { id: root.entry } : unverified(root.statement);
  return [first, ...narrower.map(unverified)];
}

function withSecret(said: Said): { readonly claims: Claims; readonly secret: string } {
  const secret = newSecret();
  const id = crypto.randomUUID().slice(0, 13);
  return { claims: claimsOf({ ...said, id, key: publicHalf(secret) }), secret };
}
