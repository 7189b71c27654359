/**
 * What is stored for long is compressed, by zstd, if it is not short.
 *
 * @module
 */

import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { FormatError } from "../format/mod.ts";

/** How hard to try: for what is written often, and for what is written once and stays. */
const levels = { quick: 3, thorough: 19 } as const;
/** What is shorter is left as it is: a workspace of many small files is opened sooner for that. */
const worthwhileBytes = 4096;
const zstdMagic = 0x28;
/** Nothing that we store is longer when it is unpacked. */
const lengthMax = 1 << 30;

export function compressed(bytes: Uint8Array, effort: keyof typeof levels): Uint8Array {
  if (bytes.length < worthwhileBytes) return bytes;
  const params = { [constants.ZSTD_c_compressionLevel]: levels[effort], [constants.ZSTD_c_checksumFlag]: 1 };
  return viewOf(zstdCompressSync(bytes, { params }));
}

export function uncompressed(bytes: Uint8Array): Uint8Array {
  // What we store begins with 0 or 1, and what zstd makes of it with this.
  if (bytes[0] !== zstdMagic) return bytes;
  try {
    return viewOf(zstdDecompressSync(bytes, { maxOutputLength: lengthMax }));
  } catch {
    throw new FormatError("Something that was compressed cannot be unpacked");
  }
}

/** Without the methods of Node's buffers, which other threads would not be given. */
function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
