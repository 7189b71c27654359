/**
 * The bytes of the log: entries in rows, chained; older ones packed; checkpoints; and the way back from all of
 * these. Pure: whoever stores bytes, a database or a simulated disk, stores these.
 *
 * @module
 */

export { areEqual, ByteWriter, FormatError } from "./bytes.ts";
export { decodeManifest, encodeCheckpoint, type Manifest, savedStateOf } from "./checkpoint.ts";
export { coverBytes, type CoveredBytes } from "./covered_bytes.ts";
export { originOf, type OriginRecord } from "./origin.ts";
export { type Piece, PieceKeys } from "./pieces.ts";
export { purge, type PurgeResult } from "./purge.ts";
export {
  type Beginning,
  chainAt,
  entriesAfter,
  type Kept,
  newestCheckpoint,
  type Packed,
  readPacked,
  recover,
  type Recovery,
} from "./recovery.ts";
export { withoutSignature } from "./signed.ts";
export { decodeSegment, encodeSegment, type Segment, segmentEntries } from "./segment.ts";
export { beforeBlock, blockEntries, chainBefore, type Row, Tail } from "./tail.ts";
