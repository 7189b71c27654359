/**
 * Pieces of a snapshot on their way to the shapes of the generated code and back, as they are or packed.
 *
 * @module
 */

import "./plain_numbers.ts";
import type { BlobContent, NodeId, NodeKind } from "../ot/mod.ts";
import { ProtocolError } from "./code.ts";
import { frameBytesMax } from "./frame.ts";
import { distspace as wire } from "./generated/space.js";
import { unpacked } from "./packing.ts";
import {
  contentOf,
  contentToWire,
  executableOf,
  idOf,
  idToWire,
  kindOf,
  kindToWire,
  type Participant,
  participantOf,
  participantToWire,
  whole,
} from "./wire.ts";

export interface SyncNode {
  readonly id: NodeId;
  readonly parent: NodeId;
  readonly name: string;
  readonly kind: NodeKind;
  readonly tombstone: NodeId | undefined;
  readonly content?: BlobContent;
  readonly executable?: true;
}

/** What a piece of a snapshot says of the workspace. */
export interface SyncContent {
  readonly nodes: readonly SyncNode[];
  readonly contents: readonly { readonly node: NodeId; readonly text: string }[];
  readonly authors: readonly { readonly site: number; readonly participant: Participant }[];
}

export interface SyncDocument extends SyncContent {
  readonly kind: "sync";
  readonly revision: number;
  readonly last: boolean;
  /** Whether it answers a `Load`: then there are only contents. */
  readonly load: boolean;
}

export function partsToWire({ nodes, contents, authors }: SyncContent): wire.SyncDocument {
  return {
    nodes: nodes.map((node) => ({
      id: idToWire(node.id),
      parent: idToWire(node.parent),
      name: node.name,
      kind: kindToWire(node.kind),
      tombstone: node.tombstone === undefined ? null : idToWire(node.tombstone),
      content: node.content === undefined ? null : contentToWire(node.content),
      executable: node.executable ?? null,
    })),
    contents: contents.map(({ node, text }) => ({ node: idToWire(node), text })),
    authors: authors.map(({ site, participant }) => ({ site, participant: participantToWire(participant) })),
  };
}

export function syncOf(sync: wire.SyncDocument): SyncDocument {
  const { revision, last, load, packed, length } = sync;
  return {
    kind: "sync",
    revision: whole(revision),
    ...partsOf(packed && packed.length > 0 ? unpackedOf(packed, whole(length)) : sync),
    last: last ?? false,
    load: load ?? false,
  };
}

function unpackedOf(packed: Uint8Array, length: number): wire.SyncDocument {
  if (length > frameBytesMax) {
    throw new ProtocolError("message_too_long", `A piece of a snapshot would be ${length} bytes unpacked`);
  }
  return wire.SyncDocument.decode(unpacked(packed, length));
}

function partsOf({ nodes, contents, authors }: wire.SyncDocument): SyncContent {
  return {
    nodes: (nodes ?? []).map((node) => ({
      id: idOf(node.id),
      parent: idOf(node.parent),
      name: node.name ?? "",
      kind: kindOf(node.kind),
      tombstone: node.tombstone ? idOf(node.tombstone) : undefined,
      ...contentOf(node.content),
      ...executableOf(node.executable),
    })),
    contents: (contents ?? []).map(({ node, text }) => ({ node: idOf(node), text: text ?? "" })),
    authors: (authors ?? []).map(({ site, participant }) => ({
      site: whole(site),
      participant: participantOf(participant),
    })),
  };
}
