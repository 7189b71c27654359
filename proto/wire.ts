/**
 * What messages are made of, on its way to the shapes of the generated code and back. Everything that comes from there
 * is in range, or refused.
 *
 * @module
 */

import "./plain_numbers.ts";
import type { BlobContent, NodeId, NodeKind } from "../ot/mod.ts";
import { fromHex, toHex } from "./bytes.ts";
import { ProtocolError } from "./code.ts";
import { distspace as wire } from "./generated/space.js";

/** Who somebody says they are. */
export interface Participant {
  /** 1 to 100 characters. */
  readonly name: string;
  /** Decides budgets, not rights. */
  readonly kind: "human" | "agent" | "ci";
}

const { NodeKind: WireKind, ParticipantKind } = wire;

export function malformed(problem: string): ProtocolError {
  return new ProtocolError("malformed_message", `A message cannot be read: ${problem}`);
}

export function whole(value: number | null | undefined): number {
  if (value === undefined || value === null) return 0;
  if (!Number.isSafeInteger(value) || value < 0) throw malformed(`${value} is out of range`);
  return value;
}

const rootWire: wire.Id = { site: 0, counter: 0 };

export function idToWire(id: NodeId): wire.Id {
  const colon = id.indexOf(":");
  return { site: Number(id.slice(0, colon)), counter: Number(id.slice(colon + 1)) };
}

export function idOf(id: wire.Id | null | undefined): NodeId {
  const { site, counter } = id ?? rootWire;
  return `${site}:${counter}`;
}

export function kindToWire(kind: NodeKind): wire.NodeKind {
  return { directory: WireKind.DIRECTORY, text: WireKind.TEXT, blob: WireKind.BLOB }[kind];
}

export function kindOf(kind: wire.NodeKind | null | undefined): NodeKind {
  if (kind === WireKind.DIRECTORY) return "directory";
  if (kind === WireKind.TEXT) return "text";
  if (kind === WireKind.BLOB) return "blob";
  throw malformed(`${kind ?? "no"} kind of node is known here`);
}

export function contentToWire({ hash, bytes }: BlobContent): wire.BlobContent {
  return { hash: fromHex(hash), bytes };
}

/** The content of a blob, as a property that is left out where there is none. */
export function contentOf(content: wire.BlobContent | null | undefined): { readonly content?: BlobContent } {
  if (!content) return {};
  return { content: { hash: hashOf(content.hash), bytes: whole(content.bytes) } };
}

/** Whether a file can be executed, as a property that is left out where it cannot. */
export function executableOf(executable: boolean | null | undefined): { readonly executable?: true } {
  return executable ? { executable } : {};
}

/** A copy of bytes that came in a message, of which only a view may be there. */
export function copied(bytes: Uint8Array | null | undefined): Uint8Array {
  return new Uint8Array(bytes ?? []);
}

export function hashOf(hash: Uint8Array | null | undefined): string {
  return hash ? toHex(hash) : "";
}

export function participantToWire({ name, kind }: Participant): wire.Participant {
  const { HUMAN, AGENT, CI } = ParticipantKind;
  return { name, kind: kind === "human" ? HUMAN : kind === "agent" ? AGENT : CI };
}

export function participantOf(participant: wire.Participant | null | undefined): Participant {
  const kind = participant?.kind;
  return {
    name: participant?.name ?? "",
    kind: kind === ParticipantKind.AGENT ? "agent" : kind === ParticipantKind.CI ? "ci" : "human",
  };
}
