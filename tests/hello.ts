/**
 * What a client says first, for tests that speak by hand.
 *
 * @module
 */

import { type Hello, protocolVersion } from "../proto/mod.ts";

/** Somebody new; what is given takes the place of that. */
export function helloOf(hello: Partial<Hello>): Hello {
  return {
    kind: "hello",
    version: protocolVersion,
    workspace: "w",
    participant: { name: "Raw", kind: "human" },
    session: "",
    epoch: "",
    revision: 0,
    snapshot: false,
    accepted: false,
    attempt: 0,
    lazy: false,
    loaded: [],
    packed: false,
    ...hello,
  };
}
