/**
 * The fields of a message, read without the generated code: judges know of the protocol what space.proto says.
 *
 * @module
 */

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
