/**
 * How a client gets a connection.
 *
 * @module
 */

import type { Transport } from "../net/mod.ts";

/** Connects, each time a connection is needed. */
export type Dial = () => Promise<Transport>;
