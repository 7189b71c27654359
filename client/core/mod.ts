/**
 * The client's core: sans-IO, one input at a time. See {@linkcode ClientCore}.
 *
 * @module
 */

export { ClientCore, type SavedClient } from "./client.ts";
export type { BaseNode } from "./pending_base.ts";
export type * from "./types.ts";
