/**
 * Who has which token in a simulation, and what the servers are told of it.
 *
 * @module
 */

import type { CloseCode } from "../proto/mod.ts";
import type { Grant } from "../server/core/mod.ts";
import type { GrantPlan } from "./scenario.ts";

/** What a token is good for, or why it is not. */
export type Verdict = { readonly grant: Grant } | { readonly code: CloseCode };

export class TokenOffice {
  readonly #grants = new Map<string, Grant>();
  readonly #revoked = new Set<string>();

  /** A token that nobody has had before. */
  issue(participant: Grant["participant"], { capabilities, expiresUs }: GrantPlan, originUs: number): string {
    const id = `t${this.#grants.size + 1}`;
    const expiresMs = expiresUs === 0 ? 0 : Math.floor((originUs + expiresUs) / 1000);
    this.#grants.set(`token ${id}`, { tokens: [id], participant, expiresMs, capabilities });
    return `token ${id}`;
  }

  grantOf(token: string): Grant | undefined {
    return this.#grants.get(token);
  }

  /** Takes a token back; gives the ids that servers have to be told. */
  revoke(token: string): readonly string[] {
    const { tokens = [] } = this.#grants.get(token) ?? {};
    for (const id of tokens) this.#revoked.add(id);
    return tokens;
  }

  get revoked(): ReadonlySet<string> {
    return this.#revoked;
  }

  isRevoked({ tokens }: Grant): boolean {
    return tokens.some((id) => this.#revoked.has(id));
  }

  verify(token: string): Verdict {
    const grant = this.#grants.get(token);
    if (grant === undefined) return { code: "token_invalid" };
    return this.isRevoked(grant) ? { code: "token_revoked" } : { grant };
  }
}
