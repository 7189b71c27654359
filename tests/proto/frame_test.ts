/**
 * Frames: any chunking of any frames gives the same frames, and announcing much costs the reader nothing.
 *
 * @module
 */

import fc from "fast-check";
import { frameBytesMax, FrameReader, partType, ProtocolError, sealed } from "../../proto/mod.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";

/** A frame as the reader hands it out, its payload copied. */
interface Read {
  readonly type: number;
  readonly payload: Uint8Array;
}

/** Type and payload with the length before them, made by hand. */
function frameOf({ type, payload }: Read): Uint8Array {
  const bytes = new Uint8Array(5 + payload.length);
  new DataView(bytes.buffer).setUint32(0, payload.length + 1);
  bytes[4] = type;
  bytes.set(payload, 5);
  return bytes;
}

/** A part of a message of `type`, made by hand. */
function partOf(type: number, last: boolean, payload: Uint8Array): Uint8Array {
  return frameOf({ type: partType, payload: Uint8Array.of(type, last ? 1 : 0, ...payload) });
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function readAll(reader: FrameReader, chunks: Iterable<Uint8Array>): Read[] {
  const read: Read[] = [];
  for (const chunk of chunks) {
    reader.push(chunk, (type, payload) => read.push({ type, payload: payload.slice() }));
  }
  return read;
}

/** `bytes` cut at these places, each piece in memory of its own that is overwritten once it has been read. */
function* cut(bytes: Uint8Array, places: readonly number[]): Generator<Uint8Array> {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  let from = 0;
  for (const end of ends) {
    const piece = bytes.slice(from, end);
    yield piece;
    piece.fill(0xee);
    from = end;
  }
}

function* oneByOne(bytes: Uint8Array): Generator<Uint8Array> {
  for (let i = 0; i < bytes.length; i++) yield bytes.slice(i, i + 1);
}

/** What the reader throws over `bytes`. */
function refusal(bytes: Uint8Array, reader: FrameReader = new FrameReader()): string {
  return assertThrows(() => readAll(reader, [bytes]), ProtocolError).code;
}

const anyFrame: fc.Arbitrary<Read> = fc.record({
  type: fc.integer({ min: 0, max: 255 }).filter((type) => type !== partType),
  payload: fc.uint8Array({ maxLength: 300 }),
});

Deno.test("FrameReader gives the same frames however their bytes are cut", () => {
  fc.assert(fc.property(fc.array(anyFrame, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 12 }), (
    frames,
    places,
  ) => {
    const bytes = concatenated(frames.map(frameOf));
    assertEquals(readAll(new FrameReader(), cut(bytes, places)), frames);
  }));
});

Deno.test("FrameReader reads frames that come byte by byte", () => {
  fc.assert(fc.property(fc.array(anyFrame, { maxLength: 4 }), (frames) => {
    assertEquals(readAll(new FrameReader(), oneByOne(concatenated(frames.map(frameOf)))), frames);
  }));
});

Deno.test("FrameReader reads a frame without payload, cut after every byte", () => {
  for (let place = 0; place <= 5; place++) {
    assertEquals(readAll(new FrameReader(), cut(Uint8Array.of(0, 0, 0, 1, 7), [place])), [
      { type: 7, payload: new Uint8Array() },
    ]);
  }
});

Deno.test("FrameReader hands a frame on as soon as its last byte is there", () => {
  const reader = new FrameReader();
  const [one, two] = [frameOf({ type: 1, payload: Uint8Array.of(1, 2, 3) }), Uint8Array.of(0, 0)];
  assertEquals(readAll(reader, [one.subarray(0, 7)]), []);
  assertEquals(readAll(reader, [concatenated([one.subarray(7), two])]), [
    { type: 1, payload: Uint8Array.of(1, 2, 3) },
  ]);
});

Deno.test("FrameReader refuses a frame of length 0, which has no type", () => {
  assertEquals(refusal(Uint8Array.of(0, 0, 0, 0)), "malformed_frame");
  assertEquals(refusal(Uint8Array.of(0, 0, 0, 1, 9, 0, 0, 0, 0)), "malformed_frame");
});

Deno.test("FrameReader refuses a frame of 4 GiB as soon as its length is there, however that was cut", () => {
  for (let place = 0; place <= 4; place++) {
    const reader = new FrameReader();
    const chunks = [...cut(Uint8Array.of(255, 255, 255, 255), [place])].map((_, i) =>
      i === 0 ? new Uint8Array(place).fill(255) : new Uint8Array(4 - place).fill(255)
    );
    const { code } = assertThrows(() => readAll(reader, chunks), ProtocolError);
    assertEquals(code, "frame_too_long");
  }
});

Deno.test("FrameReader takes a frame at the limit, and refuses one that is a byte longer", () => {
  for (const limit of [1, 2, 1000, frameBytesMax]) {
    const frame = { type: 2, payload: new Uint8Array(limit - 1).fill(5) };
    assertEquals(readAll(new FrameReader(limit), [frameOf(frame)]), [frame]);
    assertEquals(readAll(new FrameReader(limit), cut(frameOf(frame), [3, 6, limit])), [frame]);
    const longer = frameOf({ type: 2, payload: new Uint8Array(limit) });
    assertEquals(refusal(longer, new FrameReader(limit)), "frame_too_long");
    assertEquals(refusal(longer.subarray(0, 4), new FrameReader(limit)), "frame_too_long");
  }
});

Deno.test("FrameReader reads what comes before a bad length", () => {
  const read: number[] = [];
  const bytes = Uint8Array.of(0, 0, 0, 1, 3, 0, 0, 0, 1, 4, 0, 0, 0, 0, 0, 0, 0, 1, 5);
  assertThrows(() => new FrameReader().push(bytes, (type) => read.push(type)), ProtocolError);
  assertEquals(read, [3, 4]);
});

/** Asserts that what `make` gives holds on to less than `limit` bytes. */
function holdsLess(limit: number, what: string, make: () => unknown): void {
  const total = () => {
    const { heapUsed, external } = Deno.memoryUsage();
    return heapUsed + external;
  };
  const before = total();
  const held = make();
  let bytes = total() - before;
  // What nobody holds any more is still counted until it is given back: that takes new memory being asked for.
  for (let round = 0; round < 100 && bytes >= limit; round++) {
    for (let i = 0; i < 10; i++) new Uint8Array(1 << 20).fill(1);
    bytes = Math.min(bytes, total() - before);
  }
  assert(held !== undefined && bytes < limit, `${what} hold ${bytes} bytes`);
}

Deno.test("a frame of 1 MiB that has only begun costs what has come of it, not what it announces", () => {
  const begun = new Uint8Array(14);
  new DataView(begun.buffer).setUint32(0, frameBytesMax);
  holdsLess(8 << 20, "1,000 readers that were announced 1,000 MiB", () =>
    Array.from({ length: 1000 }, () => {
      const reader = new FrameReader();
      readAll(reader, [begun]);
      return reader;
    }));
});

Deno.test("a reader that has read a long frame does not hold on to its memory", () => {
  const long = frameOf({ type: 1, payload: new Uint8Array(200_000) });
  holdsLess(
    20 << 20,
    "200 readers that have read 200,000 bytes each",
    () =>
      Array.from({ length: 200 }, () => {
        const reader = new FrameReader();
        reader.push(long.subarray(0, 100_000), () => {});
        reader.push(long.subarray(100_000), () => {});
        return reader;
      }),
  );
});

// ---- Parts --------------------------------------------------------------------------------------------------

Deno.test("a message that is longer than a frame is read as one, however its parts are cut", () => {
  const long = fc.record({
    type: fc.integer({ min: 1, max: 12 }),
    payload: fc.uint8Array({ maxLength: 400 }),
  });
  fc.assert(
    fc.property(
      fc.array(long),
      fc.integer({ min: 4, max: 40 }),
      fc.array(fc.nat()),
      (messages, limit, places) => {
        const bytes = concatenated(messages.map((message) => sealed(frameOf(message), limit)));
        assertEquals(readAll(new FrameReader(limit), cut(bytes, places)), messages);
      },
    ),
  );
});

Deno.test("sealed() makes parts of what is over the limit, and no part is over it", () => {
  const whole = frameOf({ type: 9, payload: new Uint8Array(999).fill(1) });
  assertEquals(sealed(whole.slice(), 1000), whole);
  const parts = readAll(new FrameReader(1000, 0), [sealed(whole.slice(), 1000)]);
  assertEquals(parts.length, 1);
  for (const limit of [4, 10, 500, 998, 999]) {
    const lengths: number[] = [];
    const bytes = sealed(whole.slice(), limit);
    for (let at = 0; at < bytes.length;) {
      const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(at);
      lengths.push(length);
      assertEquals(bytes[at + 4], partType);
      at += 4 + length;
    }
    assert(lengths.length > 1 && lengths.every((length) => length <= limit && length > 3), `${lengths}`);
  }
});

Deno.test("other frames may stand between the parts of a message", () => {
  const ping = { type: 3, payload: new Uint8Array(8) };
  const bytes = [partOf(9, false, Uint8Array.of(1, 2)), frameOf(ping), partOf(9, true, Uint8Array.of(3))];
  assertEquals(readAll(new FrameReader(), bytes), [ping, { type: 9, payload: Uint8Array.of(1, 2, 3) }]);
});

Deno.test("a message in parts may be as long as the limit, and is refused at the part that goes over it", () => {
  const part = partOf(9, false, new Uint8Array(50));
  const exact = [part, partOf(9, true, new Uint8Array(50))];
  assertEquals(readAll(new FrameReader(1000, 100), exact)[0]!.payload.length, 100);
  const reader = new FrameReader(1000, 100);
  readAll(reader, [part, part]);
  assertEquals(refusal(partOf(9, false, new Uint8Array(1)), reader), "message_too_long");
});

Deno.test("a part without a type or an end, and one of another message's type, are malformed", () => {
  for (const payload of [[], [9], [9, 2], [9, 255, 1]]) {
    assertEquals(
      refusal(frameOf({ type: partType, payload: Uint8Array.from(payload) })),
      "malformed_frame",
      `part ${payload}`,
    );
  }
  assertEquals(
    refusal(concatenated([partOf(9, false, Uint8Array.of(1)), partOf(1, true, Uint8Array.of(2))])),
    "malformed_frame",
  );
});

Deno.test("a flood of parts that carry little or nothing costs no more than what they carry", () => {
  for (const carried of [0, 1]) {
    const part = partOf(9, false, new Uint8Array(carried));
    const flood = concatenated(Array.from({ length: 10_000 }, () => part));
    holdsLess(20 << 20, `500,000 parts of ${carried} bytes`, () => {
      const reader = new FrameReader();
      for (let i = 0; i < 50; i++) reader.push(flood, () => {});
      return reader;
    });
  }
});

// ---- Anything -----------------------------------------------------------------------------------------------

Deno.test("any bytes give frames or a named error, the same ones however they are cut", () => {
  const reading = (chunks: Iterable<Uint8Array>): { read: Read[]; code: string } => {
    const read: Read[] = [];
    const reader = new FrameReader(64, 128);
    try {
      for (const chunk of chunks) {
        reader.push(chunk, (type, payload) => read.push({ type, payload: payload.slice() }));
      }
      return { read, code: "" };
    } catch (error) {
      assert(error instanceof ProtocolError, `${error}`);
      return { read, code: error.code };
    }
  };
  // Mostly small numbers, so that lengths are often in range.
  const byte = fc.oneof(
    { weight: 5, arbitrary: fc.nat(3) },
    fc.constant(partType),
    fc.integer({ max: 255, min: 0 }),
  );
  const bytes = fc.array(byte, { maxLength: 400, size: "max" }).map((numbers) => Uint8Array.from(numbers));
  fc.assert(
    fc.property(bytes, fc.array(fc.nat()), (bytes, places) => {
      assertEquals(reading(cut(bytes, places)), reading([bytes]));
    }),
    { numRuns: 1000 },
  );
});
