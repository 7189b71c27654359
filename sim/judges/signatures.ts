/**
 * What the log says of who signed what is what was signed: the key of a session is the one that its hello named, what is
 * kept of a change is what was sent, its signature is good by a verifier of the judge's own, and all entries that are
 * signed follow from that when the log is gone through from its beginning.
 *
 * @module
 */

import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { operationBytes, toHex } from "../../proto/mod.ts";
import { Audit, type LogEntry, State } from "../../server/core/mod.ts";
import { Failure } from "./failure.ts";
import { Scan } from "./fields.ts";

/** A signed change, as it stood on a connection. */
export interface SentSigned {
  /** As hexadecimal digits. */
  readonly signature: string;
  /** All but the signature. */
  readonly operation: Uint8Array;
}

const signatureField = 4;

/** What of an operation's payload is its signature; undefined if it has none. */
export function signedIn(payload: Uint8Array): SentSigned | undefined {
  const scan = new Scan(payload);
  for (let begin = 0; scan.next(); begin = scan.to) {
    if (scan.field !== signatureField || scan.isNumber) continue;
    const operation = new Uint8Array(payload.length - (scan.to - begin));
    operation.set(payload.subarray(0, begin));
    operation.set(payload.subarray(scan.to), begin);
    return { signature: toHex(payload.subarray(scan.from, scan.to)), operation };
  }
  return undefined;
}

/**
 * An entry has become durable.
 *
 * @param key what the session said that it signs with; "" for nothing.
 * @param isFirst whether it is the session's first entry.
 */
export function judgeSigned(
  entry: LogEntry,
  { workspace, key, sent, isFirst }: {
    readonly workspace: string;
    readonly key: string;
    readonly sent: SentSigned | undefined;
    readonly isFirst: boolean;
  },
): void {
  const { signed, session, site, revision } = entry;
  const wrong = (breach: string, detail = ""): never => {
    throw new Failure("signatures", breach, detail || `seq ${entry.seq} of site ${site}`, revision);
  };
  if (key === "") {
    if (signed !== undefined) wrong("an entry is signed whose session named no key");
    return;
  }
  if (signed === undefined || sent === undefined) return wrong("an entry is not signed whose session signs");
  if (signed.signature !== sent.signature) wrong("the signature in the log is not the one that was sent");
  const kept = signed.bytes ??
    toHex(operationBytes({ ...entry, base: signed.base }));
  if (kept !== toHex(sent.operation)) wrong("what the log has as signed is not what was sent");
  const { signer } = signed;
  if ((signer !== undefined) !== isFirst) {
    wrong("who signs is said elsewhere than in a session's first entry");
  }
  if (signer !== undefined && (signer.key !== key || signer.workspace !== workspace)) {
    wrong("another signs, by the log, than the one who said so", `${signer.key} in ${signer.workspace}`);
  }
  const head = [
    ...bytesOf("dist-space operation 1\n"),
    ...[workspace.length, ...bytesOf(workspace)],
    ...sha256(Uint8Array.from(bytesOf(session))),
    ...[24, 16, 8, 0].map((shift) => (site >>> shift) & 255),
  ];
  const message = new Uint8Array(head.length + sent.operation.length);
  message.set(head);
  message.set(sent.operation, head.length);
  if (!ed25519.verify(bytesOfHex(sent.signature), message, bytesOfHex(key))) {
    wrong("a change is in the log whose signature is not good");
  }
}

/** All that is signed in a log follows from what was signed. Signatures themselves have been looked at. */
export function judgeDerived(entries: readonly LogEntry[]): void {
  if (entries.every(({ signed }) => signed === undefined)) return;
  const audit = new Audit(State.empty, { verify: () => true });
  for (const entry of entries) audit.take(entry);
  const { first } = audit.report();
  if (first === null) return;
  throw new Failure("signatures", "an entry is not what was signed", `${first.fault}`, first.revision);
}

function bytesOf(ascii: string): number[] {
  return Array.from(ascii, (character) => character.charCodeAt(0));
}

function bytesOfHex(digits: string): Uint8Array {
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}
