/**
 * The door for the web: WebSocket and HTTP. See {@linkcode openWeb}.
 *
 * @module
 */

export { Metrics } from "./metrics.ts";
export { isLoopback } from "./visitors.ts";
export { openWeb, type Web, type WebOptions } from "./web.ts";
