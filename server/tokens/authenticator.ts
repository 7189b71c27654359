/**
 * Says who the bearer of a token is and what they may do, from the server's keys and its token file.
 *
 * @module
 */

import type { CloseCode } from "../../proto/mod.ts";
import type { Grant } from "../core/mod.ts";
import { type Claims, invalid, isFor, TokenError } from "./claims.ts";
import { publicHalf } from "./secret.ts";
import { type Key, publicKey, verify } from "./statement.ts";
import { partsOf } from "./token.ts";

/** What a token is good for, or why it is not. */
export type TokenVerdict = { readonly grant: Grant } | { readonly code: CloseCode; readonly message: string };

/** Says who somebody is. */
export interface Authenticator {
  /**
   * Never rejects.
   *
   * @param workspace That somebody wants to go to; null for who comes to look after the server.
   */
  verify(token: string, workspace: string | null): Promise<TokenVerdict>;
  /** Whether one of its tokens has been taken back by now. */
  isRevoked(grant: Grant): boolean;
}

/** Where tokens are looked up; it may change at any time. */
export interface Known {
  /** Those that statements may be signed with. */
  readonly keys: readonly Key[];
  /** What a token file says, by id. */
  readonly entries: ReadonlyMap<string, Claims>;
  /** Ids that are good for nothing any more. */
  readonly revoked: ReadonlySet<string>;
}

/** @param known gives what is known now. */
export function authenticator(known: () => Known): Authenticator {
  const isRevoked = ({ tokens }: Grant) => tokens.some((id) => known().revoked.has(id));
  return {
    isRevoked,
    async verify(token, workspace) {
      try {
        const grant = grantOf(await chainOf(token, known()), workspace);
        if (isRevoked(grant)) throw new TokenError("token_revoked", "The token has been revoked");
        return { grant };
      } catch (error) {
        if (error instanceof TokenError) return { code: error.code, message: error.message };
        return { code: "token_invalid", message: "The token cannot be used" };
      }
    },
  };
}

/** What the statements of a token say, once it is certain that they belong together and to its bearer. */
async function chainOf(token: string, { keys, entries }: Known): Promise<Claims[]> {
  const { root, narrower, secret } = partsOf(token);
  const first = "entry" in root ? entries.get(root.entry) : await verify(root.statement, keys);
  if (first === undefined) throw invalid("this server does not know it, or not any more");
  const chain = [first];
  let holder = first.key;
  for (const statement of narrower) {
    if (holder === undefined) throw invalid("what it was made from cannot be made narrower");
    const claims = await verify(statement, [publicKey(holder)]);
    chain.push(claims);
    holder = claims.key;
  }
  const isHeld = secret === undefined
    ? holder === undefined
    : holder !== undefined && publicHalf(secret) === holder;
  if (!isHeld) throw invalid("its secret is missing, or another one's");
  return chain;
}

function grantOf(chain: readonly Claims[], workspace: string | null): Grant {
  const [{ name, kind, workspaces, capabilities, expiresMs }] = chain as [Claims, ...Claims[]];
  if (name === undefined || workspaces === undefined || capabilities === undefined) {
    throw invalid("it says no name, no workspaces or no capabilities");
  }
  let participant = { name, kind: kind ?? "human" as const }, expires = expiresMs ?? Infinity;
  for (const claims of chain.slice(1)) {
    const { name: alias, kind: other } = claims;
    // A narrower token may say what works under somebody's name, not take another one.
    if (alias !== undefined && !alias.startsWith(`${participant.name}/`)) {
      throw invalid(`"${alias}" is not a name under "${participant.name}/"`);
    }
    participant = { name: alias ?? participant.name, kind: other ?? participant.kind };
    expires = Math.min(expires, claims.expiresMs ?? Infinity);
  }
  if (workspace !== null && !chain.every((claims) => isFor(claims, workspace))) {
    throw new TokenError("token_foreign", `The token is not for the workspace "${workspace}"`);
  }
  if (expires <= Date.now()) {
    throw new TokenError("token_expired", "The token has expired. Connect with a new one.");
  }
  return {
    tokens: chain.map(({ id }) => id),
    participant,
    expiresMs: expires === Infinity ? 0 : expires,
    capabilities: chain.flatMap(({ capabilities }) => capabilities === undefined ? [] : [capabilities]),
    ...workspace === null
      ? { workspaces: chain.flatMap(({ workspaces }) => workspaces === undefined ? [] : [workspaces]) }
      : {},
  };
}
