/**
 * Choices that look like chance and are none: each is a function of a seed, the name of what is chosen, and a
 * counter. So a new kind of choice moves no other one, and a seed means the same for ever.
 *
 * @module
 */

/** A whole number from `min` to `max`, both included. */
export type Draw = (stream: string, min: number, max: number) => number;

/** Draws for one seed. Each stream counts its own draws. */
export function drawFrom(seed: number): Draw {
  const counters = new Map<string, { readonly key: number; count: number }>();
  return (stream, min, max) => {
    if (min === max) return min;
    let counter = counters.get(stream);
    if (counter === undefined) counters.set(stream, counter = { key: keyOf(seed, stream), count: 0 });
    const value = mixed(counter.key, counter.count++);
    // The high half decides the range, so that all bits of it count.
    return min + Math.floor((value / 0x1_0000_0000) * (max - min + 1));
  };
}

function keyOf(seed: number, stream: string): number {
  let key = (seed ^ 0x9e3779b9) >>> 0;
  for (let i = 0; i < stream.length; i++) key = mixed(key, stream.charCodeAt(i));
  return key;
}

/** Mixes two 32-bit integers into one (the finaliser of MurmurHash3, twice). */
function mixed(key: number, counter: number): number {
  let x = (key ^ Math.imul(counter + 1, 0x9e3779b1)) >>> 0;
  for (let round = 0; round < 2; round++) {
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    x = (x ^ (x >>> 16)) >>> 0;
  }
  return x;
}
