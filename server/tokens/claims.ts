/**
 * What a token says of its bearer, and what is wrong with it.
 *
 * @module
 */

import { GlobError, Globs } from "../../ot/mod.ts";
import type { CloseCode, Participant } from "../../proto/mod.ts";
import { capabilityFault } from "../core/mod.ts";

/** What one statement says; a statement that makes a token narrower may leave all but the id to the one before. */
export interface Claims {
  /** By which it can be revoked. */
  readonly id: string;
  readonly name?: string;
  readonly kind?: Participant["kind"];
  /** Names of workspaces, as globs. */
  readonly workspaces?: readonly string[];
  readonly capabilities?: readonly string[];
  /** When it ends, in milliseconds since 1970; left out, never. */
  readonly expiresMs?: number;
  /** Whose holder bears the token, and may make a narrower one: the public half of its secret, base64url. */
  readonly key?: string;
}

/** Why a token is not good for something. */
export class TokenError extends Error {
  override readonly name = "TokenError";

  constructor(readonly code: CloseCode, message: string) {
    super(message);
  }
}

const kinds: readonly string[] = ["human", "agent", "ci"] satisfies Participant["kind"][];
const capabilitiesMax = 200, listMax = 200, textMax = 200;

/**
 * Reads what a statement says.
 *
 * @throws {TokenError} "token_invalid"
 */
export function claimsOf(said: Readonly<Record<string, unknown>>): Claims {
  const { id, name, kind, workspaces, capabilities, expiresMs, key } = said;
  const optional = <K extends keyof Claims>(name: K, value: unknown, isGood: boolean): Partial<Claims> => {
    if (value === undefined) return {};
    if (!isGood) throw invalid(`its ${name} cannot be read`);
    return { [name]: value };
  };
  if (!isText(id)) throw invalid("it has no id");
  const claims: Claims = {
    id,
    ...optional("name", name, isText(name)),
    ...optional("kind", kind, typeof kind === "string" && kinds.includes(kind)),
    ...optional("workspaces", workspaces, isTexts(workspaces, listMax)),
    ...optional("capabilities", capabilities, isTexts(capabilities, capabilitiesMax)),
    ...optional("expiresMs", expiresMs, Number.isSafeInteger(expiresMs) && Number(expiresMs) > 0),
    ...optional("key", key, isText(key)),
  };
  for (const capability of claims.capabilities ?? []) {
    const fault = capabilityFault(capability);
    if (fault !== undefined) throw invalid(`"${capability}" is no capability. ${fault}`);
  }
  workspaceGlobs(claims);
  return claims;
}

/** Whether the claims are about this workspace. */
export function isFor(claims: Claims, workspace: string): boolean {
  return workspaceGlobs(claims)?.match(workspace) ?? true;
}

function workspaceGlobs({ workspaces }: Claims): Globs | undefined {
  if (workspaces === undefined) return undefined;
  try {
    return new Globs(workspaces);
  } catch (error) {
    if (error instanceof GlobError) throw invalid(error.message);
    throw error;
  }
}

export function invalid(problem: string): TokenError {
  return new TokenError("token_invalid", `The token cannot be used: ${problem}`);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= textMax;
}

function isTexts(value: unknown, max: number): boolean {
  return Array.isArray(value) && value.length <= max && value.every(isText);
}
