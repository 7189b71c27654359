/**
 * Keyed choices by the name of the stream, for random tests with small seeds.
 *
 * @module
 */

import { Random, seedFrom, type Stream } from "../../sim/random.ts";

/** A whole number from `min` to `max`, both included. */
export type Draw = (stream: string, min: number, max: number) => number;

export function drawFrom(seed: number): Draw {
  const random = new Random(seedFrom(seed.toString(16))!);
  const streams = new Map<string, Stream>();
  return (name, min, max) => {
    let stream = streams.get(name);
    if (stream === undefined) streams.set(name, stream = random.stream(name));
    return stream.int(min, max);
  };
}
