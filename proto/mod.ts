/**
 * The protocol: frames and messages, from and to bytes. space.proto is its contract.
 *
 * @module
 */

export { joined } from "./bytes.ts";
export * from "./code.ts";
export * from "./frame.ts";
export * from "./message.ts";
