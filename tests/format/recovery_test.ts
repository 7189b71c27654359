import { assertEquals } from "../assert.ts";
import { toHex } from "../../proto/mod.ts";
import { type LogEntry, State } from "../../server/core/mod.ts";
import {
  encodeCheckpoint,
  encodeSegment,
  type Kept,
  originOf,
  type Packed,
  PieceKeys,
  recover,
  type Row,
  segmentEntries,
  Tail,
} from "../../server/format/mod.ts";
import { typedLog } from "./arbitrary_log.ts";

const origin = originOf([{ kind: "begun", time: 0, id: "test" }]);

/** What would be on a disk, as lists that a test may do something to. */
interface Disk {
  durable: number;
  chain: Uint8Array | undefined;
  segments: Uint8Array[];
  rows: Row[];
  /** Newest first. */
  manifests: Uint8Array[];
  pieces: Map<string, Uint8Array>;
  isWhole: boolean;
}

/** A disk with all of these entries, a row each, and checkpoints at these revisions. */
function diskOf(entries: readonly LogEntry[], checkpoints: readonly number[], packed = 0): Disk {
  const tail = Tail.begin(origin);
  const disk: Disk = {
    durable: entries.length,
    chain: undefined,
    segments: [],
    rows: [],
    manifests: [],
    pieces: new Map(),
    isWhole: true,
  };
  let state = State.empty;
  if (packed > 0) {
    const after = tail.clone();
    after.append(entries.slice(0, packed));
    disk.segments.push(encodeSegment(entries.slice(0, packed), tail, after));
  }
  for (const entry of entries) {
    const rows = tail.append([entry]);
    if (entry.revision > packed) disk.rows.push(...rows);
    state = state.apply(entry);
    if (!checkpoints.includes(entry.revision)) continue;
    const encoding = encodeCheckpoint(state, tail.chain, new PieceKeys());
    for (let next = encoding.next();; next = encoding.next()) {
      if (next.done === true) {
        disk.manifests.unshift(next.value);
        break;
      }
      if (next.value !== undefined) disk.pieces.set(toHex(next.value.key), next.value.bytes);
    }
  }
  disk.chain = tail.chain;
  return disk;
}

function keptOn(disk: Disk): Kept {
  const { durable, chain, isWhole, manifests, pieces, segments, rows } = disk;
  return {
    origin,
    isWhole,
    durable,
    chain,
    manifests: () => manifests,
    pieceOf: (key) => pieces.get(toHex(key)),
    packedAfter: (start): Packed[] => [
      ...segments.map((bytes) => ({ kind: "segment" as const, bytes })).filter(() => start < segmentEntries),
      ...rows.filter(({ first }) => first > start).map((row) => ({ kind: "row" as const, row })),
    ],
  };
}

/** The state that recovery leads to, and where it began. */
function recovered(disk: Disk) {
  const recovery = recover(keptOn(disk));
  if (recovery.kind === "damaged") return recovery;
  let state = recovery.checkpoint === undefined ? State.empty : State.restore(recovery.checkpoint);
  const from = state.revision;
  for (const entry of recovery.entries) state = state.apply(entry);
  return { from, state: state.save(), torn: recovery.torn, passedOver: recovery.passedOver.length };
}

function flip({ first, bytes }: Row): Row {
  return { first, bytes: bytes.with(bytes.length - 1, bytes.at(-1)! ^ 1) };
}

const { entries, state } = typedLog(700);
const whole = { state: state.save(), torn: [], passedOver: 0 };

Deno.test("recovery leads to the same state from every checkpoint, and from none", () => {
  for (const at of [1, 255, 256, 257, 300, 512, 513, 699, 700]) {
    assertEquals(recovered(diskOf(entries, [at])), { from: at, ...whole });
  }
  assertEquals(recovered(diskOf(entries, [])), { from: 0, ...whole });
  assertEquals(recovered(diskOf(entries, [100, 600])), { from: 600, ...whole });
});

Deno.test("recovery goes on from a log that is packed", () => {
  const { entries, state } = typedLog(segmentEntries + 300);
  for (const checkpoints of [[], [1000], [segmentEntries], [segmentEntries + 10]]) {
    const disk = diskOf(entries, checkpoints, segmentEntries);
    const result = recovered(disk);
    assertEquals(result, { from: checkpoints[0] ?? 0, state: state.save(), torn: [], passedOver: 0 });
  }
});

Deno.test("where the newest checkpoint is corrupt, the one before and the log lead to the same state", () => {
  const disk = diskOf(entries, [100, 600]);
  disk.manifests[0]![40]! ^= 4;
  assertEquals(recovered(disk), { from: 100, ...whole, passedOver: 1 });
  disk.manifests[1]![40]! ^= 4;
  assertEquals(recovered(disk), { from: 0, ...whole, passedOver: 2 });
  disk.isWhole = false;
  assertEquals("damage" in recovered(disk), true);
});

Deno.test("a piece that is gone makes a checkpoint worthless, and nothing else", () => {
  const disk = diskOf(entries, [100, 600]);
  const other = diskOf(entries, [100]);
  disk.pieces = other.pieces;
  assertEquals(recovered(disk), { from: 100, ...whole, passedOver: 1 });
});

Deno.test("a checkpoint of another log is refused", () => {
  const disk = diskOf(entries, []);
  const other = diskOf(entries.map((entry) => ({ ...entry, time: entry.time + 1 })), [600]);
  disk.manifests = other.manifests;
  disk.pieces = other.pieces;
  assertEquals("damage" in recovered(disk), true);
});

Deno.test("a row that was never acknowledged may be torn; one that was may not", () => {
  const disk = diskOf(entries, [600]);
  disk.rows[699] = { first: 700, bytes: disk.rows[699]!.bytes.slice(0, 9) };
  assertEquals("damage" in recovered(disk), true);
  const before = typedLog(699).state.save();
  assertEquals(recovered({ ...disk, durable: 699, chain: undefined }), {
    from: 600,
    state: before,
    torn: [700],
    passedOver: 0,
  });
});

Deno.test("a row that is damaged or missing behind the checkpoint is never served", () => {
  for (const at of [599, 600, 650, 699]) {
    const disk = diskOf(entries, [590]);
    const damaged = { ...disk, rows: disk.rows.with(at, flip(disk.rows[at]!)) };
    assertEquals("damage" in recovered(damaged), true, `row ${at} is damaged`);
    assertEquals(
      "damage" in recovered({ ...disk, rows: disk.rows.toSpliced(at, 1) }),
      true,
      `row ${at} is missing`,
    );
  }
});

Deno.test("newest entries that are gone without a trace are missed", () => {
  const disk = diskOf(entries, [600]);
  assertEquals("damage" in recovered({ ...disk, rows: disk.rows.slice(0, 650) }), true);
  const rolledBack = diskOf(entries.map((entry) => ({ ...entry, seq: entry.seq + 1 })), []);
  assertEquals("damage" in recovered({ ...rolledBack, chain: disk.chain }), true);
});
