/**
 * What the shells of server and client share: connections.
 *
 * @module
 */

export { type Deferred, deferred } from "./deferred.ts";
export { Inbox } from "./inbox.ts";
export { transportPair } from "./pair.ts";
export { type NodeNet, nodeTransport } from "./node_tcp.ts";
export { tcpTransport } from "./tcp.ts";
export type { Transport } from "./transport.ts";
