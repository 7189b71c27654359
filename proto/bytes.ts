/**
 * Bytes: in pieces, and as text.
 *
 * @module
 */

/** The parts one after the other; a single part is handed back as it is. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  let length = 0;
  for (const part of parts) length += part.length;
  const result = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}

/** Each byte as two hexadecimal digits. */
export const hexOfByte: readonly string[] = Array.from(
  { length: 256 },
  (_, byte) => byte.toString(16).padStart(2, "0"),
);

/** The bytes as hexadecimal digits, two each. */
export function toHex(bytes: Uint8Array): string {
  let digits = "";
  for (let i = 0; i < bytes.length; i++) digits += hexOfByte[bytes[i]!]!;
  return digits;
}

/** The bytes that {@linkcode toHex} made these digits of. */
export function fromHex(digits: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(digits.length >> 1);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}
