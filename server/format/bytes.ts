/**
 * Bytes, written and read one value after the other.
 *
 * A number is a varint: seven bits a byte, the lowest first, each byte but the last with its high bit set. A string
 * is its length in bytes, doubled, and UTF-8; one that is not well-formed has no UTF-8, so its code units follow
 * instead, and the length is odd by one.
 *
 * @module
 */

/** Thrown for bytes that are not of this format: damaged, cut short, of another version, or forged. */
export class FormatError extends Error {
  override readonly name = "FormatError";
}

const encoder = new TextEncoder();

export class ByteWriter {
  #bytes = new Uint8Array(64);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = value;
  }

  /** A whole number from 0 to 2^53 - 1. */
  varint(value: number): void {
    while (value >= 0x80) {
      this.byte((value % 0x80) | 0x80);
      value = Math.floor(value / 0x80);
    }
    this.byte(value);
  }

  /** A whole number that may be negative; small ones of either sign are short. */
  signed(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  /** A whole number from 0 to 2^53 - 1 in seven bytes. */
  seven(value: number): void {
    for (let i = 0; i < 7; i++) {
      this.byte(value % 0x100);
      value = Math.floor(value / 0x100);
    }
  }

  raw(bytes: Uint8Array): void {
    if (this.#length + bytes.length > this.#bytes.length) this.#grow(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** A copy of what has been written from byte `from` on. */
  bytes(from = 0): Uint8Array {
    return this.#bytes.slice(from, this.#length);
  }

  #grow(by: number): void {
    const wider = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + by));
    wider.set(this.#bytes);
    this.#bytes = wider;
  }
}

/** Writes a string: its length to the one, its characters to the other. */
export function writeString(lengths: ByteWriter, text: ByteWriter, string: string): void {
  if (string.length === 1 && string.charCodeAt(0) < 0x80) {
    lengths.varint(2);
    text.byte(string.charCodeAt(0));
    return;
  }
  const bytes = string.isWellFormed() ? encoder.encode(string) : unitsOf(string);
  lengths.varint(2 * bytes.length + (string.isWellFormed() ? 0 : 1));
  text.raw(bytes);
}

export class ByteReader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** How many bytes have not been read. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  get at(): number {
    return this.#at;
  }

  byte(): number {
    if (this.#at >= this.#bytes.length) throw new FormatError("The bytes end before they should");
    return this.#bytes[this.#at++]!;
  }

  varint(): number {
    let value = 0, factor = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        if (byte === 0 && factor > 1) throw new FormatError("A number is longer than it need be");
        return whole(value);
      }
      factor *= 0x80;
      if (factor > 2 ** 49) throw new FormatError("A number is too long");
    }
  }

  signed(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  seven(): number {
    let value = 0, factor = 1;
    for (let i = 0; i < 7; i++) {
      value += this.byte() * factor;
      factor *= 0x100;
    }
    return whole(value);
  }

  /** The next bytes; a view of them. */
  raw(length: number): Uint8Array {
    if (length > this.left) throw new FormatError("The bytes end before they should");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

/** The string that {@linkcode writeString} wrote. */
export function readString(lengths: ByteReader, text: ByteReader): string {
  const doubled = lengths.varint();
  const bytes = text.raw(Math.floor(doubled / 2));
  return doubled % 2 === 0 ? stringOf(bytes) : illFormed(bytes);
}

/** The bytes of a string by itself: 0 and UTF-8, or 1 and its code units if it has no UTF-8. */
export function bytesOfText(string: string): Uint8Array {
  const rest = string.isWellFormed() ? encoder.encode(string) : unitsOf(string);
  const bytes = new Uint8Array(rest.length + 1);
  bytes[0] = string.isWellFormed() ? 0 : 1;
  bytes.set(rest, 1);
  return bytes;
}

/** The string that {@linkcode bytesOfText} made these bytes of. */
export function textOfBytes(bytes: Uint8Array): string {
  const rest = bytes.subarray(1);
  if (bytes[0] === 0) return stringOf(rest);
  if (bytes[0] === 1) return illFormed(rest);
  throw new FormatError("A text is neither UTF-8 nor code units");
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function stringOf(bytes: Uint8Array): string {
  if (bytes.length === 1 && bytes[0]! < 0x80) return String.fromCharCode(bytes[0]!);
  try {
    return decoder.decode(bytes);
  } catch {
    throw new FormatError("A text is not UTF-8");
  }
}

function unitsOf(string: string): Uint8Array {
  const bytes = new Uint8Array(2 * string.length);
  for (let i = 0; i < string.length; i++) {
    const unit = string.charCodeAt(i);
    bytes[2 * i] = unit & 0xff;
    bytes[2 * i + 1] = unit >> 8;
  }
  return bytes;
}

function illFormed(bytes: Uint8Array): string {
  let string = "";
  for (let i = 0; i + 1 < bytes.length; i += 2) string += String.fromCharCode(bytes[i]! | bytes[i + 1]! << 8);
  if (bytes.length % 2 === 1 || string.isWellFormed()) throw new FormatError("A text has another form");
  return string;
}

function whole(value: number): number {
  if (!Number.isSafeInteger(value)) throw new FormatError("A number is too large");
  return value;
}

/** Whether the bytes are the same. */
export function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
