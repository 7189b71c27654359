/**
 * A state as bytes: a manifest, and the texts in pieces.
 *
 *     version | chain (32) | hash of the state (32) | length | state | hashes of submissions (7 each) | SHA-256 (32)
 *
 * The state names the pieces of each text by their hashes, so its hash covers the texts. It leaves out the hashes
 * of submissions, which packed entries have no more: so a state that is derived from those has the same hash.
 * Equal states have equal bytes.
 *
 * @module
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { type NodeId, parseId, rootId } from "../../ot/mod.ts";
import type { Removal, SavedNode, SavedState, SessionRecord, State } from "../core/mod.ts";
import {
  areEqual,
  ByteReader,
  ByteWriter,
  FormatError,
  readString,
  textOfBytes,
  writeString,
} from "./bytes.ts";
import { readId, readMany, writeId } from "./entry.ts";
import { type Piece, type PieceKeys, piecesOf } from "./pieces.ts";
import { readSigningKey, writeSigningKey } from "./signed.ts";
import {
  readContent,
  readNodeKind,
  readParticipant,
  readTree,
  writeContent,
  writeNodeKind,
  writeParticipant,
  writeTree,
} from "./tree.ts";

/** The version of states in which nobody signs, without the keys of sessions, and of all others. */
const plainVersion = 2, signedVersion = 3;
const hashBytes = 32;

/** A checkpoint without its texts. */
export interface Manifest {
  readonly revision: number;
  /** The chain of the log up to the revision. */
  readonly chain: Uint8Array;
  readonly stateHash: Uint8Array;
  readonly state: Omit<SavedState, "texts">;
  /** The keys of the pieces of each text. */
  readonly texts: readonly (readonly [node: NodeId, pieces: readonly Uint8Array[]])[];
}

/**
 * The manifest of `state`. On the way it yields each piece that `keys` does not know yet, and nothing now and then,
 * so that whoever asks can do something else in between.
 */
export function* encodeCheckpoint(
  state: State,
  chain: Uint8Array,
  keys: PieceKeys,
): Generator<Piece | undefined, Uint8Array> {
  const { revision, time, sites, workspace, removals } = state;
  const body = new ByteWriter();
  body.varint(revision);
  body.varint(time);
  body.varint(sites);
  const nodes = [...workspace.nodes()].filter(({ id }) => id !== rootId)
    .map((node) => ({ node, ...parseId(node.id)! }))
    .sort((a, b) => a.site - b.site || a.counter - b.counter);
  yield;
  body.varint(nodes.length);
  for (const [i, { node }] of nodes.entries()) {
    writeId(node.id, body);
    writeId(node.parent, body);
    writeString(body, body, node.name);
    writeNodeKind(node.kind, body);
    body.byte((node.tombstone === undefined ? 0 : isRemoved) | (node.executable ? isExecutable : 0));
    if (node.tombstone !== undefined) {
      const removal = removals.get(node.id)!;
      writeId(node.tombstone, body);
      body.varint(removal.revision);
      body.varint(removal.time);
    }
    if (node.content !== undefined) writeContent(node.content, body, body);
    if (i % nodesAtOnce === 0) yield;
  }
  const written = nodes.filter(({ node }) => workspace.text(node.id).length > 0);
  body.varint(written.length);
  for (const [i, { node: { id } }] of written.entries()) {
    const text = workspace.text(id);
    let pieces = keys.of(text);
    if (pieces === undefined) {
      const made: Uint8Array[] = [];
      for (const piece of piecesOf(text)) {
        made.push(piece.key);
        yield piece;
      }
      keys.set(text, pieces = made);
    }
    writeId(id, body);
    body.varint(pieces.length);
    for (const key of pieces) body.raw(key);
    if (i % nodesAtOnce === 0) yield;
  }
  const sessions = [...state.sessions].map(([, record]) => record).sort((a, b) => a.site - b.site);
  body.varint(sessions.length);
  for (const record of sessions) writeSession(record, body);
  const authors = [...state.authors].map(([site, author]) => [Number(site), author] as const)
    .sort(([a], [b]) => a - b);
  body.varint(authors.length);
  for (const [site, author] of authors) {
    body.varint(site);
    writeParticipant(author, columnsOf(body));
  }

  const signing = sessions.filter(({ signer }) => signer !== undefined);
  if (signing.length > 0) body.varint(signing.length);
  for (const { site, signer } of signing) {
    body.varint(site);
    writeSigningKey(signer!, body);
  }

  const bytes = body.bytes(), result = new ByteWriter();
  result.byte(signing.length > 0 ? signedVersion : plainVersion);
  result.raw(chain);
  result.raw(sha256(bytes));
  result.varint(bytes.length);
  result.raw(bytes);
  for (const { last } of sessions) result.seven(last.hash);
  result.raw(sha256(result.bytes()));
  return result.bytes();
}

const nodesAtOnce = 500;

/** What is said of a node in one byte. */
const isRemoved = 1, isExecutable = 2;

export function decodeManifest(bytes: Uint8Array): Manifest {
  const end = bytes.length - hashBytes;
  if (end < 0 || !areEqual(sha256(bytes.subarray(0, end)), bytes.subarray(end))) {
    throw new FormatError("A checkpoint is damaged");
  }
  const outer = new ByteReader(bytes.subarray(0, end));
  const version = outer.byte();
  if (version !== plainVersion && version !== signedVersion) {
    throw new FormatError("A checkpoint is of an unknown version");
  }
  const chain = outer.raw(hashBytes).slice(), stateHash = outer.raw(hashBytes).slice();
  const body = new ByteReader(outer.raw(outer.varint()));
  const revision = body.varint(), time = body.varint(), sites = body.varint();
  const removals: [NodeId, Removal][] = [];
  const nodes = readMany(body, (): SavedNode => {
    const id = readId(body), parent = readId(body), name = readString(body, body), kind = readNodeKind(body);
    let tombstone: NodeId | null = null;
    const marks = body.byte();
    if (marks > (isRemoved | isExecutable)) throw new FormatError("A node is marked by what is not known");
    if (marks & isRemoved) {
      tombstone = readId(body);
      removals.push([id, { revision: body.varint(), time: body.varint() }]);
    }
    return {
      ...{ id, parent, name, kind, tombstone },
      ...kind === "blob" && { content: readContent(body, body) },
      ...(marks & isExecutable) !== 0 && { executable: true },
    };
  });
  const texts = readMany(body, () =>
    [
      readId(body),
      readMany(body, () => body.raw(hashBytes).slice()),
    ] as const);
  const records = readMany(body, () => readSession(body));
  const authors = readMany(body, () => [body.varint(), readParticipant(columnsOf(body))] as const);
  const signers = new Map(
    version === plainVersion ? [] : readMany(body, () => [body.varint(), readSigningKey(body)] as const),
  );
  const sessions = records.map((record): SessionRecord => {
    const signer = signers.get(record.site), last = { ...record.last, hash: outer.seven() };
    return signer === undefined ? { ...record, last } : { ...record, last, signer };
  });
  const isShortest = signers.size === sessions.filter(({ signer }) => signer !== undefined).length &&
    (version === plainVersion) === (signers.size === 0);
  if (!isShortest) throw new FormatError("A checkpoint cannot have been written");
  if (body.left > 0 || outer.left > 0) throw new FormatError("A checkpoint has more in it than it should");
  const state = { revision, time, sites, nodes, removals, sessions, authors };
  return { revision, chain, stateHash, state, texts };
}

/**
 * The state of a checkpoint.
 *
 * @param pieceOf gives the bytes of a piece, undefined if it is not there.
 * @param hash SHA-256; another one than that of this folder may be quicker.
 */
export function savedStateOf(
  { state, texts }: Manifest,
  pieceOf: (key: Uint8Array) => Uint8Array | undefined,
  hash: (bytes: Uint8Array) => Uint8Array = sha256,
): SavedState {
  const strings = texts.map(([node, pieces]) => {
    let text = "";
    for (const key of pieces) {
      const bytes = pieceOf(key);
      if (bytes === undefined) throw new FormatError(`A piece of the text of ${node} is missing`);
      if (!areEqual(hash(bytes), key)) throw new FormatError(`A piece of the text of ${node} is damaged`);
      text += textOfBytes(bytes);
    }
    return [node, text] as const;
  });
  return { ...state, texts: strings };
}

function writeSession({ session, site, participant, counter, last }: SessionRecord, to: ByteWriter): void {
  writeString(to, to, session);
  to.varint(site);
  writeParticipant(participant, columnsOf(to));
  to.varint(counter);
  to.varint(last.revision);
  to.varint(last.seq);
  to.varint(last.time);
  writeTree(last.steps, last.notices, columnsOf(to));
}

function readSession(from: ByteReader): SessionRecord {
  const session = readString(from, from), site = from.varint();
  const participant = readParticipant(columnsOf(from)), counter = from.varint();
  const revision = from.varint(), seq = from.varint(), time = from.varint();
  const { steps, notices } = readTree(columnsOf(from));
  return { session, site, participant, counter, last: { revision, seq, time, steps, notices, hash: 0 } };
}

function columnsOf<Stream>(stream: Stream) {
  return { nodes: stream, counts: stream, lengths: stream, text: stream };
}
