/**
 * Sets that number what is put into them, from 0 on: texts, bytes, and tuples of such numbers.
 *
 * A state of a small world is a tuple of numbers of its parts' states. There are millions of tuples and few parts,
 * so tuples lie one behind the other in one array, found by open addressing, and are compared whole: two states
 * are never taken for one because their hashes are alike.
 *
 * @module
 */

/** Numbers texts. */
export class TextTable {
  readonly #numbers = new Map<string, number>();
  readonly #texts: string[] = [];

  numberOf(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.#texts.length);
    return this.#texts.push(text) - 1;
  }

  textOf(number: number): string {
    return this.#texts[number]!;
  }
}

/** Numbers pieces of bytes. */
export class ByteTable {
  readonly #texts = new TextTable();
  readonly #pieces: Uint8Array[] = [];

  numberOf(bytes: Uint8Array): number {
    let text = "";
    for (const byte of bytes) text += String.fromCharCode(byte);
    const number = this.#texts.numberOf(text);
    this.#pieces[number] ??= bytes;
    return number;
  }

  bytesOf(number: number): Uint8Array {
    return this.#pieces[number]!;
  }
}

/** Numbers tuples of whole numbers of 32 bits, all of one width. */
export class TupleTable {
  readonly #width: number;
  #tuples: Int32Array;
  /** At the hash of a tuple, or behind: its number plus one; 0 is free. A power of two of them, half full at most. */
  #slots = new Int32Array(1024);
  #size = 0;

  constructor(width: number) {
    this.#width = width;
    this.#tuples = new Int32Array(512 * width);
  }

  get size(): number {
    return this.#size;
  }

  /** The number of a tuple; -1 if it has none. */
  find(tuple: Int32Array): number {
    return this.#slots[this.#slotFor(tuple)]! - 1;
  }

  /** The number of a tuple, which gets the next one if it has none. */
  numberOf(tuple: Int32Array): number {
    const slot = this.#slotFor(tuple);
    const held = this.#slots[slot]!;
    if (held !== 0) return held - 1;
    const number = this.#size++;
    this.#slots[slot] = number + 1;
    if (this.#size * this.#width > this.#tuples.length) {
      const larger = new Int32Array(2 * this.#tuples.length);
      larger.set(this.#tuples);
      this.#tuples = larger;
    }
    this.#tuples.set(tuple, number * this.#width);
    if (2 * this.#size > this.#slots.length) this.#spread();
    return number;
  }

  /** Copies the tuple with this number. */
  read(number: number, into: Int32Array): void {
    const from = number * this.#width;
    for (let i = 0; i < this.#width; i++) into[i] = this.#tuples[from + i]!;
  }

  /** Where a tuple stands among the slots, or would. */
  #slotFor(tuple: Int32Array): number {
    let hash = 0;
    for (let i = 0; i < this.#width; i++) {
      hash = Math.imul(hash ^ tuple[i]!, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    hash = Math.imul(hash, 0x85ebca6b);
    const mask = this.#slots.length - 1;
    let slot = (hash ^ (hash >>> 13)) & mask;
    while (this.#slots[slot] !== 0 && !this.#holds(this.#slots[slot]! - 1, tuple)) slot = (slot + 1) & mask;
    return slot;
  }

  #holds(number: number, tuple: Int32Array): boolean {
    const from = number * this.#width;
    for (let i = 0; i < this.#width; i++) if (this.#tuples[from + i] !== tuple[i]) return false;
    return true;
  }

  #spread(): void {
    this.#slots = new Int32Array(2 * this.#slots.length);
    const tuple = new Int32Array(this.#width);
    for (let number = 0; number < this.#size; number++) {
      this.read(number, tuple);
      this.#slots[this.#slotFor(tuple)] = number + 1;
    }
  }
}
