/**
 * Tokens: who somebody is and what they may do, in the world outside the core.
 *
 * @module
 */

export { type Authenticator, authenticator, type Known, type TokenVerdict } from "./authenticator.ts";
export { type Claims, TokenError } from "./claims.ts";
export { readKeys, readTokens, type TokenFile, writePrivate, writeTokens } from "./files.ts";
export { type Algorithm, type Key, keyOf } from "./statement.ts";
export { mint, type Minted, mintForFile, narrow, type Said, said } from "./token.ts";
export { WatchedTokens } from "./watched.ts";
