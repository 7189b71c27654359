/**
 * Choices that look like chance and are none: each is a function of a seed, the name of what is chosen, whose
 * choice it is, and a counter. So a new kind of choice, or one more client, moves no other choice, and a seed means
 * the same for ever.
 *
 * Integers only: a counter-based mixer (the finaliser of MurmurHash3), whose high bits pick from a range.
 *
 * @module
 */

/** 64 bits as 16 hexadecimal digits. */
export type Seed = string;

const seedForm = /^[0-9a-f]{1,16}$/;

/** A seed as it is written: with leading zeros, in lower case; undefined if it is none. */
export function seedFrom(text: string): Seed | undefined {
  const digits = text.toLowerCase().replace(/^0x/, "");
  return seedForm.test(digits) ? digits.padStart(16, "0") : undefined;
}

/** The seed that comes `index` after `first`: consecutive ones, so that a range of them can be named. */
export function seedAt(first: Seed, index: number): Seed {
  return BigInt.asUintN(64, BigInt(`0x${first}`) + BigInt(index)).toString(16).padStart(16, "0");
}

/** All choices of one seed. */
export class Random {
  readonly #low: number;
  readonly #high: number;

  constructor(readonly seed: Seed) {
    this.#high = parseInt(seed.slice(0, 8), 16);
    this.#low = parseInt(seed.slice(8), 16);
  }

  /** The choices of one kind that one entity makes: ask for it once, and keep it, since it counts. */
  stream(name: string, entity: string | number = ""): Stream {
    const key = keyOf(this.#low, `${name}/${entity}`);
    return new Stream(key, mixed(this.#high, key));
  }
}

/** One sequence of choices. */
export class Stream {
  #count = 0;

  constructor(readonly key: number, readonly salt: number) {}

  /** A whole number below 2^32. */
  word(): number {
    return mixed(this.key, this.#count++ ^ this.salt);
  }

  /** A whole number from `min` to `max`, both included. Where there is no choice, none is drawn. */
  int(min: number, max: number): number {
    return min >= max ? min : within(this.word(), min, max);
  }

  /** True once in `n` times. */
  isOneIn(n: number): boolean {
    return this.int(1, n) === 1;
  }

  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    return list[this.int(0, list.length - 1)]!;
  }

  /** One of a list by weights, of which not all are 0. */
  weighted<T>(list: readonly (readonly [item: T, weight: number])[]): T {
    let sum = 0;
    for (const [, weight] of list) sum += weight;
    let left = this.int(1, sum);
    for (const [item, weight] of list) if ((left -= weight) <= 0) return item;
    return list[list.length - 1]![0];
  }

  /** About as often small as large, in the sense of a logarithm: most are near `min`, a few near `max`. */
  skewed(min: number, max: number): number {
    const bits = 32 - Math.clz32(max - min + 1);
    return min + this.int(0, Math.min(max - min, 2 ** this.int(0, bits) - 1));
  }
}

/** The high half of the word decides, so that all its bits count. */
function within(word: number, min: number, max: number): number {
  return min + Math.floor((word / 0x1_0000_0000) * (max - min + 1));
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
