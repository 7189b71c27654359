import { assertEquals, assertNotEquals, assertThrows } from "../assert.ts";
import fc from "fast-check";
import { xxHash32 } from "js-xxhash";
import type { LogEntry } from "../../server/core/mod.ts";
import {
  blockEntries,
  decodeSegment,
  encodeSegment,
  FormatError,
  originOf,
  type Row,
  Tail,
} from "../../server/format/mod.ts";
import { arbitraryEntries, typedLog } from "./arbitrary_log.ts";

const origin = originOf([{ kind: "begun", time: 0, id: "test" }]);

function rowsOf(entries: readonly LogEntry[], sizes: readonly number[] = [1]): { rows: Row[]; tail: Tail } {
  const tail = Tail.begin(origin), rows: Row[] = [];
  for (let from = 0, i = 0; from < entries.length; i++) {
    const to = from + sizes[i % sizes.length]!;
    rows.push(...tail.append(entries.slice(from, to)));
    from = to;
  }
  return { rows, tail };
}

function entriesOf(rows: readonly Row[]): LogEntry[] {
  const tail = Tail.begin(origin);
  return rows.flatMap((row) => tail.read(row));
}

/** As the log keeps them when they are packed: of each session, the hash of its last submission. */
function withLastHashes(entries: readonly LogEntry[]): LogEntry[] {
  const last = new Map(entries.map((entry) => [entry.site, entry]));
  return entries.map((entry) => last.get(entry.site) === entry ? entry : { ...entry, hash: 0 });
}

Deno.test("what is read from rows is what was appended", () => {
  fc.assert(
    fc.property(
      arbitraryEntries(),
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 }),
      (entries, sizes) => {
        assertEquals(entriesOf(rowsOf(entries, sizes).rows), entries);
      },
    ),
  );
});

Deno.test("the chain depends on the entries, not on how they came", () => {
  const { entries } = typedLog(3 * blockEntries + 10);
  const { tail } = rowsOf(entries);
  assertEquals(rowsOf(entries, [100, 700, 3]).tail.chain, tail.chain);
  assertNotEquals(rowsOf(entries.slice(0, -1)).tail.chain, tail.chain);
  const elsewhere = Tail.begin(originOf([{ kind: "begun", time: 1, id: "test" }]));
  elsewhere.append(entries);
  assertNotEquals(elsewhere.chain, tail.chain);
});

Deno.test("rows do not go over the end of a block, and a block is read without those before it", () => {
  const { entries } = typedLog(2 * blockEntries + 5);
  const { rows, tail } = rowsOf(entries, [entries.length]);
  assertEquals(rows.map(({ first }) => first), [1, blockEntries + 1, 2 * blockEntries + 1]);
  const before = rowsOf(entries.slice(0, 2 * blockEntries)).tail;
  const third = Tail.after(origin, 2 * blockEntries, before.chain);
  assertEquals(third.read(rows[2]!), entries.slice(2 * blockEntries));
  assertEquals(third.chain, tail.chain);
});

Deno.test("a keystroke takes 18 bytes at most, wherever it is", () => {
  const { entries } = typedLog(4096, 1);
  const { rows } = rowsOf(entries);
  const bytes = rows.reduce((sum, row) => sum + row.bytes.length, 0);
  assertEquals(Math.ceil(bytes / entries.length) <= 18, true, `${bytes / entries.length} bytes`);
});

Deno.test("a bit that is flipped in a row is found", () => {
  const { entries } = typedLog(12);
  const { rows, tail } = rowsOf(entries, [3]);
  let flips = 0;
  rows.forEach((row, i) => {
    for (let bit = 0; bit < 8 * row.bytes.length; bit++) {
      const bytes = row.bytes.slice();
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      assertThrows(() => entriesOf(rows.with(i, { first: row.first, bytes })), FormatError);
      flips++;
    }
  });
  assertEquals(flips > 1000, true);
  assertEquals(entriesOf(rows), entries);
  assertEquals(tail.revision, 12);
});

Deno.test("a row that is missing, doubled, moved or of another log is found", () => {
  const { entries } = typedLog(blockEntries + 20);
  const { rows } = rowsOf(entries);
  const other = rowsOf(entries.map((entry) => ({ ...entry, time: entry.time + 1 }))).rows;
  for (const at of [0, 5, blockEntries - 1, blockEntries, blockEntries + 3]) {
    assertThrows(() => entriesOf(rows.toSpliced(at, 1)), FormatError);
    assertThrows(() => entriesOf(rows.toSpliced(at, 0, rows[at]!)), FormatError);
    assertThrows(
      () => entriesOf(rows.with(at + 1, { first: rows[at + 1]!.first, bytes: rows[at]!.bytes })),
      FormatError,
    );
  }
  // Where nothing but the check is left of the difference, the next block tells.
  assertThrows(() => entriesOf([...other.slice(0, blockEntries), ...rows.slice(blockEntries)]), FormatError);
});

Deno.test("bytes that somebody else made up are refused, or are what we would have written", () => {
  const changes = fc.array(fc.record({ at: fc.nat(), byte: fc.nat(255), cut: fc.boolean() }), {
    maxLength: 4,
  });
  let accepted = 0;
  fc.assert(
    fc.property(arbitraryEntries({ maxLength: 3 }), changes, (entries, changes) => {
      let [{ bytes }] = rowsOf(entries, [9]).rows as [Row];
      for (const { at, byte, cut } of changes) {
        // The chain at the beginning stays, so that it is the entries that are looked at.
        const place = 36 + at % (bytes.length - 36);
        bytes = cut && place > 36 ? bytes.slice(0, place) : bytes.with(place, byte);
      }
      bytes = bytes.slice();
      new DataView(bytes.buffer).setUint32(0, xxHash32(bytes.subarray(4), 1), true);
      let read: LogEntry[];
      try {
        read = Tail.begin(origin).read({ first: 1, bytes });
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        return;
      }
      accepted++;
      assertEquals(rowsOf(read, [9]).rows[0]!.bytes, bytes);
    }),
    { numRuns: 3000 },
  );
  assertEquals(accepted > 100, true);
});

Deno.test("any bytes are refused, and nothing else is thrown", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
    assertThrows(() => Tail.begin(origin).read({ first: 1, bytes }), FormatError);
  }));
});

Deno.test("what is read from a segment is what was packed, with the last hash of each session", () => {
  fc.assert(fc.property(arbitraryEntries(), (entries) => {
    const before = Tail.begin(origin);
    const { entries: read, tail } = decodeSegment(
      encodeSegment(entries, before, rowsOf(entries).tail),
      origin,
    );
    assertEquals(read, withLastHashes(entries));
    assertEquals(tail.chain, rowsOf(entries).tail.chain);
  }));
});

Deno.test("a bit that is flipped in a segment is found", () => {
  const { entries } = typedLog(20);
  const bytes = encodeSegment(entries, Tail.begin(origin), rowsOf(entries).tail);
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const flipped = bytes.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    assertThrows(() => decodeSegment(flipped, origin), FormatError);
  }
  assertThrows(() => decodeSegment(bytes, originOf([])), FormatError);
});
