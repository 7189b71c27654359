/**
 * A hash that tells two payloads apart when nobody tries to make them alike: 53 bits of xxHash32.
 *
 * @module
 */

import { xxHash32 } from "js-xxhash";

export function hashOf(bytes: Uint8Array): number {
  return xxHash32(bytes, 0) * 2 ** 21 + (xxHash32(bytes, 0x9e3779b9) >>> 11);
}
