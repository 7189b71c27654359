/**
 * The client: its sans-IO core, and the SDK around it.
 *
 * @module
 */

export * from "./core/mod.ts";
export { SpaceError } from "./error.ts";
export {
  type EntriesScope,
  Past,
  type PastDifference,
  type PastEntry,
  type PastFile,
  type PastLine,
  type Scope,
  type When,
} from "./past.ts";
export { Draft } from "./draft.ts";
export * from "./space.ts";
export type { Dial } from "./dial.ts";
export { tcp, tls } from "./tcp.ts";
export * from "./unsent_store.ts";
export { webSocket, type WebSocketClass } from "./web_socket.ts";
