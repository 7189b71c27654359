/**
 * Takes the token out of a client's Hello, or an administrator's, before anybody else sees the bytes: what is left in its place is as long, and
 * says nothing. So no core, no recording and no log of a server ever holds a token.
 *
 *     bytes ─► sieve ─► the same bytes, the token blotted out
 *                │
 *                └────► the token
 *
 * The stream may be cut anywhere. After the Hello everything passes as it is.
 *
 * @module
 */

import { partType } from "./frame.ts";

const headBytes = 5, tokenField = 11, blot = "*".charCodeAt(0);
/** Hello and AdminHello: whichever comes first has the token, in the same field. */
const helloTypes: readonly number[] = [5, 21];
/** No token is longer: of one that is, nobody will know the start. */
const tokenBytesMax = 16 << 10;

export class TokenSieve {
  #token = "";
  /** Whether the Hello is through. */
  #isThrough = false;
  /** How many bytes of the head of a frame have come, and what they say. */
  #head = 0;
  #length = 0;
  #type = 0;
  /** How many bytes of the present frame are still to come. */
  #rest = 0;
  /** Of a frame with a part of a message: the two bytes before it, as they come in. */
  #part: number[] = [];
  #fields = new Fields();

  /** What the Hello had as its token; "" until it has come. */
  get token(): string {
    return this.#token;
  }

  /** Takes bytes as they come in, and gives them back without the token. */
  push(bytes: Uint8Array): Uint8Array {
    if (this.#isThrough) return bytes;
    const result = new Uint8Array(bytes);
    for (let i = 0; i < result.length && !this.#isThrough; i++) result[i] = this.#byte(result[i]!);
    return result;
  }

  #byte(byte: number): number {
    if (this.#head < headBytes) {
      if (this.#head < headBytes - 1) this.#length = this.#length * 256 + byte;
      else {
        this.#type = byte;
        this.#rest = this.#length - 1;
        this.#part = [];
      }
      this.#head++;
      if (this.#head === headBytes && this.#rest <= 0) this.#endFrame();
      return byte;
    }
    const result = this.#inFrame(byte);
    if (--this.#rest === 0) this.#endFrame();
    return result;
  }

  #inFrame(byte: number): number {
    if (this.#type === partType && this.#part.length < 2) {
      this.#part.push(byte);
      return byte;
    }
    const type = this.#type === partType ? this.#part[0]! : this.#type;
    return helloTypes.includes(type) ? this.#fields.byte(byte) : byte;
  }

  #endFrame(): void {
    const [type, isLast] = this.#part;
    this.#isThrough = helloTypes.includes(this.#type) ||
      (this.#type === partType && helloTypes.includes(type!) && isLast === 1);
    if (this.#isThrough) this.#token = String.fromCharCode(...this.#fields.token);
    this.#head = 0;
    this.#length = 0;
  }
}

/** The fields of a Hello, byte by byte. */
class Fields {
  token: number[] = [];
  #state: "tag" | "length" | "number" | "bytes" | "token" | "lost" = "tag";
  /** The number that is coming in, seven bits a byte. */
  #value = 0;
  #scale = 1;
  #tag = 0;
  #rest = 0;

  byte(byte: number): number {
    switch (this.#state) {
      case "tag":
        if (this.#isWhole(byte)) this.#begin(this.#take());
        return byte;
      case "length":
        if (this.#isWhole(byte)) this.#skip(this.#take());
        return byte;
      case "number":
        if (byte < 0x80) this.#state = "tag";
        return byte;
      case "token":
        if (this.token.length <= tokenBytesMax) this.token.push(byte);
        if (--this.#rest === 0) this.#state = "tag";
        return blot;
      case "bytes":
        if (--this.#rest === 0) this.#state = "tag";
        return byte;
      case "lost":
        // No Hello that anybody can read: nothing of it is worth keeping.
        return blot;
    }
  }

  #begin(tag: number): void {
    this.#tag = tag;
    const type = tag % 8;
    if (type === 0) this.#state = "number";
    else if (type === 1 || type === 5) this.#skip(type === 1 ? 8 : 4);
    else this.#state = type === 2 ? "length" : "lost";
  }

  #skip(length: number): void {
    const isToken = this.#tag === tokenField * 8 + 2;
    if (isToken) this.token = [];
    this.#rest = length;
    this.#state = length === 0 ? "tag" : isToken ? "token" : "bytes";
  }

  #isWhole(byte: number): boolean {
    this.#value += (byte % 0x80) * this.#scale;
    this.#scale *= 0x80;
    return byte < 0x80;
  }

  /** The number that has come in, as who decodes the message will read it. */
  #take(): number {
    const value = this.#value % 2 ** 32;
    this.#value = 0;
    this.#scale = 1;
    return value;
  }
}
