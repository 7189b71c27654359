/**
 * What the log keeps of submissions that were signed, as bytes.
 *
 *     kind | how far the base is from the entry before | in a session's first entry: key (32), workspace
 *          | if it is not gone: signature (64) | if the entry is not encoded to what was signed: that
 *
 * @module
 */

import { assert } from "../../ot/mod.ts";
// Not by way of the protocol as a whole, which takes long to load: the threads of a log do without it.
import { fromHex, toHex } from "../../proto/bytes.ts";
import type { LogEntry, SignedEntry, SigningKey } from "../core/mod.ts";
import { type ByteReader, type ByteWriter, FormatError, readString, writeString } from "./bytes.ts";

// What a number stands for must never change: new kinds are added at the end.
const asEntry = 0, asBytes = 1, isGone = 2;
const keyBytes = 32, signatureBytes = 64;

export function writeSigned(
  { revision, author }: LogEntry,
  { base, signature, bytes, signer }: SignedEntry,
  to: ByteWriter,
): void {
  assert(base < revision, `entry ${revision} is made on a revision before it`);
  assert((signer === undefined) === (author === undefined), `a first entry, and no other, says who signs`);
  const kind = signature === "" ? isGone : bytes === undefined ? asEntry : asBytes;
  to.varint(kind);
  to.varint(revision - 1 - base);
  if (signer !== undefined) writeSigningKey(signer, to);
  if (kind === isGone) return;
  to.raw(fromHex(signature));
  if (bytes === undefined) return;
  to.varint(bytes.length / 2);
  to.raw(fromHex(bytes));
}

export function readSigned({ revision, author }: LogEntry, from: ByteReader): SignedEntry {
  const kind = from.varint(), base = revision - 1 - from.varint();
  if (kind > isGone || base < 0) throw new FormatError(`Entry ${revision} is signed in an unknown way`);
  const signer = author === undefined ? {} : { signer: readSigningKey(from) };
  const signature = kind === isGone ? "" : toHex(from.raw(signatureBytes));
  const bytes = kind === asBytes ? { bytes: toHex(from.raw(from.varint())) } : {};
  return { base, signature, ...bytes, ...signer };
}

/** What is left of a signed submission once something was taken out of it for good. */
export function withoutSignature({ base, signer }: SignedEntry): SignedEntry {
  return { base, signature: "", ...signer === undefined ? {} : { signer } };
}

export function writeSigningKey({ key, workspace }: SigningKey, to: ByteWriter): void {
  to.raw(fromHex(key));
  writeString(to, to, workspace);
}

export function readSigningKey(from: ByteReader): SigningKey {
  return { key: toHex(from.raw(keyBytes)), workspace: readString(from, from) };
}
