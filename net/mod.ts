/**
 * What the shells of server and client share: connections.
 *
 * @module
 */

export { tcpTransport } from "./tcp.ts";
export type { Transport } from "./transport.ts";
