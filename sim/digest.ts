/**
 * A running hash over numbers, texts and bytes, in the order in which they are added: what a run did, in 16 digits.
 *
 * Two lanes of 32 bits, integers only, so that every engine on every machine gives the same. It tells runs apart
 * that differ by accident; it is no defence against somebody who tries to make two alike.
 *
 * @module
 */

import { hexOfByte } from "../proto/mod.ts";

export class Digest {
  #a = 0x243f6a88;
  #b = 0x13198a2e;

  /** Adds the low 32 bits of a whole number. */
  word(value: number): void {
    const a = Math.imul(this.#a ^ value, 0x9e3779b1);
    this.#a = a ^ (a >>> 15);
    const b = Math.imul((this.#b + value) | 0, 0x85ebca77);
    this.#b = (b << 13) | (b >>> 19);
  }

  /** Adds a whole number below 2^53. */
  number(value: number): void {
    this.word(value | 0);
    this.word(Math.floor(value / 0x1_0000_0000));
  }

  text(value: string): void {
    const { length } = value;
    this.word(length);
    for (let i = 0; i < length; i++) this.word(value.charCodeAt(i));
  }

  bytes(value: Uint8Array): void {
    const { length } = value;
    this.word(length);
    const whole = length & ~3;
    let i = 0;
    for (; i < whole; i += 4) {
      this.word(value[i]! | (value[i + 1]! << 8) | (value[i + 2]! << 16) | (value[i + 3]! << 24));
    }
    for (; i < length; i++) this.word(value[i]!);
  }

  /** Adds what another digest has come to. */
  digest(other: Digest): void {
    this.word(other.#a);
    this.word(other.#b);
  }

  /** Adds plain data of any shape. The order of an object's keys makes no difference; keys without value none. */
  value(value: unknown): void {
    switch (typeof value) {
      case "number":
        this.word(1);
        return this.number(value);
      case "string":
        this.word(2);
        return this.text(value);
      case "boolean":
        return this.word(value ? 4 : 3);
      case "bigint":
        this.word(5);
        return this.text(value.toString());
      case "object":
        return this.#object(value);
      default:
        return this.word(6);
    }
  }

  #object(value: object | null): void {
    if (value === null) return this.word(6);
    if (value instanceof Uint8Array) {
      this.word(7);
      return this.bytes(value);
    }
    if (value instanceof Map) {
      this.word(8);
      return this.value([...value].sort(([a], [b]) => a < b ? -1 : 1));
    }
    if (Array.isArray(value)) {
      this.word(9);
      this.word(value.length);
      for (const item of value) this.value(item);
      return;
    }
    this.word(10);
    const record = value as Readonly<Record<string, unknown>>;
    for (const key of sorted(Object.keys(record))) {
      if (record[key] === undefined) continue;
      this.text(key);
      this.value(record[key]);
    }
    this.word(11);
  }

  /** The hash of all that has been added so far: 16 hexadecimal digits. */
  toString(): string {
    return hex(avalanche(this.#a ^ (this.#b >>> 7))) + hex(avalanche(this.#b ^ (this.#a << 3)));
  }
}

/** Sorts a few keys where they are: that of the engine makes copies, which costs more than the rest of it. */
function sorted(keys: string[]): string[] {
  if (keys.length > 20) return keys.sort();
  for (let end = 1; end < keys.length; end++) {
    const key = keys[end]!;
    let at = end;
    for (; at > 0 && key < keys[at - 1]!; at--) keys[at] = keys[at - 1]!;
    keys[at] = key;
  }
  return keys;
}

/** Spreads every bit over the whole word (the finaliser of MurmurHash3). */
function avalanche(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

function hex(word: number): string {
  return hexOfByte[word >>> 24]! + hexOfByte[(word >>> 16) & 255]! + hexOfByte[(word >>> 8) & 255]! +
    hexOfByte[word & 255]!;
}
