/**
 * Messages taken apart field by field, with nothing of the code that puts them together: as far as judges have to look
 * into them.
 *
 * @module
 */

import type { NodeId } from "../../ot/mod.ts";

/** The numbers that stand in a message, by field, of the first few fields; 0 where there is none. */
export function numbersOf(payload: Uint8Array): number[] {
  const numbers = [0, 0, 0, 0, 0, 0, 0, 0];
  const scan = new Scan(payload);
  while (scan.next()) if (scan.field < numbers.length && scan.isNumber) numbers[scan.field] = scan.number;
  return numbers;
}

/** A text that stands in a message. */
export function textOf(payload: Uint8Array, wanted: number): string {
  let text = "";
  const scan = new Scan(payload);
  while (scan.next()) {
    if (scan.field !== wanted || scan.isNumber) continue;
    for (const byte of payload.subarray(scan.from, scan.to)) text += String.fromCharCode(byte);
  }
  return text;
}

/** The number that stands in a field; 0 if there is none. */
export function numberOf(message: Uint8Array, field: number): number {
  const scan = new Scan(message);
  let number = 0;
  while (scan.next()) if (scan.field === field && scan.isNumber) number = scan.number;
  return number;
}

/** The messages or texts that stand in a field. */
export function partsOf(message: Uint8Array, field: number): Uint8Array[] {
  const scan = new Scan(message), parts: Uint8Array[] = [];
  while (scan.next()) {
    if (scan.field === field && !scan.isNumber) parts.push(message.subarray(scan.from, scan.to));
  }
  return parts;
}

/** The id that stands in a field. */
export function idIn(message: Uint8Array, field: number): NodeId {
  return idOf(partsOf(message, field)[0] ?? new Uint8Array(0));
}

/** The id that a message is. */
export function idOf(id: Uint8Array): NodeId {
  return `${numberOf(id, 1)}:${numberOf(id, 2)}`;
}

/** Goes through the fields of a message. */
export class Scan {
  field = 0;
  isNumber = false;
  number = 0;
  /** Where the bytes of a field that is no number stand. */
  from = 0;
  to = 0;
  readonly #payload: Uint8Array;
  #at = 0;

  constructor(payload: Uint8Array) {
    this.#payload = payload;
  }

  next(): boolean {
    if (this.#at >= this.#payload.length) return false;
    const tag = this.#varint();
    this.field = Math.floor(tag / 8);
    const wire = tag % 8;
    this.isNumber = wire === 0;
    if (this.isNumber) this.number = this.#varint();
    const length = wire === 2 ? this.#varint() : wire === 1 ? 8 : wire === 5 ? 4 : 0;
    this.from = this.#at;
    this.to = this.#at += length;
    return true;
  }

  #varint(): number {
    let value = 0, scale = 1;
    while (this.#at < this.#payload.length) {
      const byte = this.#payload[this.#at++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
      scale *= 128;
    }
    return value;
  }
}
