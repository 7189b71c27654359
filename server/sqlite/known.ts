/**
 * What is known of a workspace, as a row that shows when it is not what was written.
 *
 * @module
 */

import { xxHash32 } from "js-xxhash";
import type { OriginRecord } from "../format/mod.ts";
import type { Columns } from "./database.ts";
import { damaged } from "./errors.ts";

/** What is known of a workspace. */
export interface Known {
  readonly number: number;
  readonly name: string;
  readonly epoch: string;
  readonly origin: readonly OriginRecord[];
  /** The oldest revision whose state can still be made. */
  readonly floor: number;
}

/** @throws {DataError} if the row is not what was written. */
export function knownOf(row: Columns): Known {
  const { number, name, epoch, origin, floor, seal } = row;
  if (typeof name !== "string" || typeof epoch !== "string" || typeof origin !== "string") {
    throw damaged("what is known of a workspace is missing");
  }
  const expected = sealed(Number(number), name, epoch, origin, Number(floor));
  if (expected !== Number(seal)) throw damaged(`what is known of the workspace "${name}" is not what it was`);
  return { number: Number(number), name, epoch, origin: JSON.parse(origin), floor: Number(floor) };
}

/** A checksum of all that is known of it. */
export function sealOf({ number, name, epoch, origin, floor }: Known): number {
  return sealed(number, name, epoch, JSON.stringify(origin), floor);
}

function sealed(...values: readonly (string | number)[]): number {
  return xxHash32(new TextEncoder().encode(JSON.stringify(values)));
}

/** How many there are, and a checksum of them that does not depend on their order. */
export function censusOf(seals: readonly number[]): string {
  return `${seals.length}:${seals.reduce((sum, seal) => (sum ^ seal) >>> 0, 0)}`;
}
