/**
 * The server's core: sans-IO, one input at a time. See {@linkcode ServerCore}.
 *
 * @module
 */

export * from "./audit.ts";
export type { ListedWorkspace } from "./administration.ts";
export { Dominion } from "./administrator.ts";
export type { ConnectionId, Origin } from "./connection.ts";
export * from "./core.ts";
export type { Figures, FollowerFigures, RoomFigures } from "./figures.ts";
export * from "./settings.ts";
export {
  type LogEntry,
  type Removal,
  type SavedNode,
  type SavedState,
  type SessionRecord,
  type Settled,
  type SignedEntry,
  type SigningKey,
  sortedNodes,
  State,
} from "./state.ts";
export { hashOf } from "./hash.ts";
export { type Sighting, sightingOf } from "./scoped_log.ts";
export { capabilityFault, type Grant, Rights, Scope } from "./rights.ts";
