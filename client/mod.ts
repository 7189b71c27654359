/**
 * The client: its sans-IO core, and the SDK around it.
 *
 * @module
 */

export * from "./core/mod.ts";
export * from "./space.ts";
export { type Dial, tcp } from "./tcp.ts";
export * from "./unsent_store.ts";
