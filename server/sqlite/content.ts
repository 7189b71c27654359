/**
 * Files that are no text, by the SHA-256 of their bytes.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { damaged } from "./errors.ts";

/** As the format has it, and ten times as quick for what is long. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(bytes).digest());
}

export function contentHash(bytes: Uint8Array): { hash: Uint8Array; name: string } {
  const hash = sha256(bytes);
  return { hash, name: hexOf(hash) };
}

/** @param name 64 hexadecimal digits. */
export function hashOfName(name: string): Uint8Array {
  if (!/^[0-9a-f]{64}$/.test(name)) {
    throw new RangeError(`Cannot look up "${name}": not 64 hexadecimal digits`);
  }
  return new Uint8Array(Buffer.from(name, "hex"));
}

/** The bytes, if they are what was stored under this name. */
export function checkedContent(name: string, bytes: Uint8Array | undefined): Uint8Array | undefined {
  if (bytes !== undefined && contentHash(bytes).name !== name) {
    throw damaged(`the content ${name} is not what it was`);
  }
  return bytes;
}

/** The bytes as hexadecimal digits. The threads of the log do without the protocol, which takes long to load. */
export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}
