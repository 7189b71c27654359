/**
 * What can be set of a server, with the defaults that it runs with.
 *
 * @module
 */

import { frameBytesMax, type Limits, messageBytesMax, type Participant } from "../../proto/mod.ts";

export interface Settings {
  /** Whether everybody has to say who they are, and is held to what they may do. Left out, everybody may do everything. */
  readonly authentication?: boolean;
  /** Whether changes are taken only from those who sign them; who only reads need not. */
  readonly signaturesRequired?: boolean;
  /** Connections to one workspace. */
  readonly clientsMax: number;
  /** Connections to all workspaces, those that have not said which included. */
  readonly connectionsMax: number;
  /** Workspaces that are open at one time. */
  readonly workspacesMax: number;
  /** The longest frame, its four length bytes not counted. */
  readonly frameBytesMax: number;
  /** The longest message, put together from parts. */
  readonly messageBytesMax: number;
  /** Of one file, in UTF-16 code units. */
  readonly textLengthMax: number;
  /** Of all files of one workspace, in UTF-16 code units, and in bytes of blobs. */
  readonly workspaceLengthMax: number;
  /** Of one blob. What a connection uploads is in memory as a whole. */
  readonly blobBytesMax: number;
  /** Nodes of one workspace, removed ones included. */
  readonly nodesMax: number;
  /** Lasting changes per second, by kind of participant; twice as many may come at once. */
  readonly changesPerSecond: Readonly<Record<Participant["kind"], number>>;
  /** How long a connection may be quiet in our direction before it is pinged, in microseconds. */
  readonly heartbeatUs: number;
  /** How long nothing may be heard on a connection, in microseconds. */
  readonly silenceUs: number;
  /** How long one write may take until its reader is given up, in microseconds. */
  readonly drainUs: number;
  /** How many bytes of entries or snapshot are handed to a connection at once. */
  readonly sendBytesMax: number;
  /** About how many bytes a piece of a snapshot has at least; it may have three times as many. At most 65,536. */
  readonly pieceBytesMin: number;
  /** Pieces of fewer bytes are sent as they are, also to those who take them packed. */
  readonly packedBytesMin: number;
  /** How many bytes of packed pieces, and of what they were packed from, are kept for those who come next. */
  readonly packedKeptMax: number;
  /** How many bytes of whole snapshots are kept for those who come before anything changes. */
  readonly snapshotsKeptMax: number;
  /** States that are still being sent, of all workspaces, while the log goes on: their texts, in UTF-16 code units. */
  readonly pinnedLengthMax: number;
  /** How many bytes of answers may wait for a connection that does not read. */
  readonly controlBytesMax: number;
  /** What a write is taken to cost: a busy workspace writes to each of n connections once in n of these. */
  readonly writeUs: number;
  /** What is due waits for more to go with it, if by that rule, for at least and at most this long. */
  readonly gatherUsMin: number;
  readonly gatherUsMax: number;
  /** Entries in one append to the log. */
  readonly appendEntriesMax: number;
  /** Entries that a workspace keeps in memory, and what they may weigh, in bytes: about so much, and never twice as much. */
  readonly historyEntriesMax: number;
  readonly historyWeightMax: number;
  /** After so many entries, or entries of so much weight, the log is given the state. */
  readonly checkpointEntries: number;
  readonly checkpointWeight: number;
  /** How long a workspace that nobody is in stays open, in microseconds. */
  readonly sleepUs: number;
  /** How long a node that was removed can be restored: longer if nobody makes changes, less where room is needed. */
  readonly removedUs: number;
  /** How long a session that has changed nothing is remembered after its connection is gone, in microseconds. */
  readonly sessionUs: number;
}

const second = 1_000_000;

export const defaultSettings: Settings = {
  clientsMax: 100,
  connectionsMax: 1000,
  workspacesMax: 10_000,
  frameBytesMax,
  messageBytesMax,
  textLengthMax: 100 << 20,
  workspaceLengthMax: 256 << 20,
  blobBytesMax: 32 << 20,
  nodesMax: 100_000,
  changesPerSecond: { human: 100, agent: 2_000, ci: 10_000 },
  heartbeatUs: 10 * second,
  silenceUs: 30 * second,
  drainUs: 30 * second,
  sendBytesMax: 256 << 10,
  pieceBytesMin: 16 << 10,
  packedBytesMin: 1 << 10,
  packedKeptMax: 32 << 20,
  snapshotsKeptMax: 16 << 20,
  pinnedLengthMax: 512 << 20,
  controlBytesMax: 1 << 20,
  writeUs: 10,
  gatherUsMin: 1_000,
  gatherUsMax: 20_000,
  appendEntriesMax: 1000,
  historyEntriesMax: 10_000,
  historyWeightMax: 32 << 20,
  checkpointEntries: 8_192,
  checkpointWeight: 16 << 20,
  sleepUs: 60 * second,
  removedUs: 24 * 3600 * second,
  sessionUs: 3600 * second,
};

/** The limits that a welcome announces. */
export function limitsFor(settings: Settings, kind: Participant["kind"]): Limits {
  return {
    frameBytes: settings.frameBytesMax,
    messageBytes: settings.messageBytesMax,
    textLength: settings.textLengthMax,
    workspaceLength: settings.workspaceLengthMax,
    nodes: settings.nodesMax,
    changesPerSecond: settings.changesPerSecond[kind],
    blobBytes: settings.blobBytesMax,
  };
}
