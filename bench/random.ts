/**
 * Random whole numbers that are the same in every run: the benchmarks' input comes from a seed, so that
 * numbers of two days, and of two machines, are about the same work.
 *
 * @module
 */

/** Draws whole numbers in [from, to), from a 32-bit seed (mulberry32). */
export type Draw = (from: number, to: number) => number;

export function seeded(seed: number): Draw {
  let state = seed >>> 0;
  return (from, to) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return from + ((mixed ^ (mixed >>> 14)) >>> 0) % (to - from);
  };
}

const letters = "etaoin shrdlu cmfwyp vbgkjq xz, .\n";

/** A string of `length` letters, spaces and line breaks. */
export function randomText(draw: Draw, length: number): string {
  const parts: string[] = [];
  for (let left = length; left > 0; left -= 1024) {
    let part = "";
    for (let i = Math.min(left, 1024); i > 0; i--) part += letters[draw(0, letters.length)];
    parts.push(part);
  }
  return parts.join("");
}
