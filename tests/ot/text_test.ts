/**
 * `Text` against a plain string, under edits in every place that its tree and its gap make special.
 *
 * What is inside is not looked at: that the tree stays in shape shows in the sizes of `chunks()`.
 *
 * @module
 */

import fc from "fast-check";
import { Text } from "../../ot/text.ts";
import { normalize, type Splice, type TextOp } from "../../ot/text_op.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";

// ---- The judge ----------------------------------------------------------------------------------------------

/** Fails unless `text` is `expected` in all that can be asked of it. */
function assertText(text: Text, expected: string): void {
  const { length } = expected;
  assertEquals(text.length, length);
  if (text.toString() !== expected) {
    let at = 0;
    while (text.charCodeAt(at) === expected.charCodeAt(at)) at++;
    const [actually, should] = [text.slice(at, at + 40), expected.slice(at, at + 40)];
    throw new Error(`differs from ${at} on: ${JSON.stringify(actually)}, not ${JSON.stringify(should)}`);
  }
  assert([...text.chunks()].join("") === expected, "chunks() differ");
  for (const at of spots(length)) {
    assert(Object.is(text.charCodeAt(at), expected.charCodeAt(at)), `charCodeAt(${at})`);
  }
  const places = [...spots(length)].filter((at) => at >= 0);
  for (const from of places) {
    assert(text.slice(from) === expected.slice(from), `slice(${from})`);
    for (const to of places) {
      assert(text.slice(from, to) === expected.slice(from, to), `slice(${from}, ${to})`);
    }
  }
}

/** Positions worth asking for in a text of this length: the ends and beyond, and some spread over it. */
function* spots(length: number): Generator<number> {
  yield* [-1, 0, 1, length - 1, length, length + 1];
  for (let i = 1; i < 8; i++) yield Math.floor(length * i / 8);
}

function spliced(string: string, { at, remove, insert }: Splice): string {
  return string.slice(0, at) + insert + string.slice(at + remove);
}

/** Text in which no two places look alike, so that nothing can be misplaced unseen. */
function numbered(length: number): string {
  let result = "";
  for (let i = 0; result.length < length; i++) result += `${i.toString(36)} `;
  return result.slice(0, length);
}

/** Whole numbers from 0 to below `bound`: the same for the same seed (mulberry32). */
function drawing(seed: number): (bound: number) => number {
  return (bound) => {
    seed = seed + 0x6d2b79f5 | 0;
    let mixed = Math.imul(seed ^ seed >>> 15, 1 | seed);
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed;
    return Math.floor(((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32 * bound);
  };
}

/** Plays with a seed that is new each time, and names it if that fails. */
function seeded(play: (draw: (bound: number) => number) => void): void {
  const seed = Math.floor(Math.random() * 2 ** 32);
  try {
    play(drawing(seed));
  } catch (cause) {
    throw new Error(`failed with seed ${seed}`, { cause });
  }
}

// ---- Examples -----------------------------------------------------------------------------------------------

Deno.test("Text.of() holds the string, of any length around the size of leaves and branches", () => {
  for (
    const length of [0, 1, 255, 256, 1023, 1024, 1025, 2048, 21845, 21846, 32768, 32769, 100_000, 1_000_000]
  ) {
    assertText(Text.of(numbered(length)), numbered(length));
  }
});

Deno.test("Text.empty is the text without characters, and takes its first", () => {
  assertText(Text.empty, "");
  assert(Text.of("") === Text.empty);
  assertText(Text.empty.splice(0, 0, "a"), "a");
  assertText(Text.empty, "");
});

Deno.test("splice() throws on a range that leaves the text", () => {
  const text = Text.of("abc");
  for (const [at, remove] of [[-1, 0], [0, -1], [4, 0], [3, 1], [0, 4], [NaN, 0], [0, NaN]] as const) {
    assertThrows(() => text.splice(at, remove, "X"), Error, "Broken invariant");
  }
  assertThrows(() => text.apply([{ at: 0, remove: 1, insert: "" }, { at: 3, remove: 1, insert: "" }]), Error);
  assertText(text, "abc");
});

Deno.test("splice() that touches the last edit on any side gives what a string would", () => {
  // An edit, then every edit near it: so the second meets the gap of the first in every way there is.
  const base = numbered(40);
  for (
    const first of [
      { at: 20, remove: 0, insert: "PQRS" },
      { at: 20, remove: 4, insert: "" },
      { at: 20, remove: 3, insert: "PQRST" },
      { at: 0, remove: 2, insert: "PQR" },
      { at: 37, remove: 3, insert: "PQR" },
    ]
  ) {
    const after = spliced(base, first);
    const text = Text.of(base).splice(first.at, first.remove, first.insert);
    const low = Math.max(0, first.at - 3), high = Math.min(after.length, first.at + first.insert.length + 3);
    for (let at = low; at <= high; at++) {
      for (let remove = 0; at + remove <= high; remove++) {
        for (const insert of ["", "X", "YZ", "V".repeat(256), "W".repeat(257)]) {
          const second = { at, remove, insert };
          assertText(text.splice(at, remove, insert), spliced(after, second));
        }
      }
    }
    assertText(text, after);
  }
});

Deno.test("splice() at every place of a text of several leaves gives what a string would", () => {
  const base = numbered(5000);
  const text = Text.of(base);
  for (let at = 0; at <= base.length; at += 7) {
    // The second edit is far from the first, so it settles the first into the tree.
    for (const remove of [0, 1, 700, 1500]) {
      if (at + remove > base.length) continue;
      const first = { at, remove, insert: "X" };
      const after = spliced(base, first);
      const far = at > after.length / 2 ? 0 : after.length;
      const second = { at: far, remove: 0, insert: "Y" };
      const result = text.splice(at, remove, "X").splice(far, 0, "Y");
      assert(result.toString() === spliced(after, second), `at ${at}, ${remove} removed`);
    }
  }
});

Deno.test("splice() of more than a leaf at once, in the middle, at both ends, and in the place of all", () => {
  const base = numbered(40_000), much = "<" + numbered(70_000) + ">";
  const text = Text.of(base);
  for (
    const [at, remove] of [[0, 0], [20_000, 0], [40_000, 0], [100, 39_800], [0, 40_000], [
      15_000,
      10,
    ]] as const
  ) {
    const splice = { at, remove, insert: much };
    assertText(text.splice(at, remove, much), spliced(base, splice));
  }
});

Deno.test("splice() that removes ranges over many leaves leaves the rest, down to nothing, and can begin anew", () => {
  for (const [share, from] of [[2, 0], [2, 1], [3, 1], [10, 9], [1, 0]] as const) {
    let string = numbered(120_000), text = Text.of(string);
    while (string.length > 0) {
      const remove = Math.ceil(string.length / share);
      const at = Math.min(Math.floor(string.length * from / share), string.length - remove);
      string = spliced(string, { at, remove, insert: "" });
      text = text.splice(at, remove, "");
      assertText(text, string);
    }
    assertEquals([...text.chunks()], []);
    assertText(text.splice(0, 0, "again"), "again");
  }
});

Deno.test("splice() of one character at a time, from each end, empties a text", () => {
  const base = numbered(30_000);
  let front = Text.of(base), back = Text.of(base), middle = Text.of(base);
  for (let left = base.length; left > 0; left--) {
    front = front.splice(0, 1, "");
    back = back.splice(left - 1, 1, "");
    middle = middle.splice(left >> 1, 1, "");
    if (left % 5000 !== 1) continue;
    assertText(front, base.slice(base.length - left + 1));
    assertText(back, base.slice(0, left - 1));
    // Of a text of even length the middle one goes from the right half, of an odd one the very middle.
    assertText(middle, base.slice(0, left >> 1) + base.slice(base.length - (left - 1 - (left >> 1))));
  }
  assertEquals([front.length, back.length, middle.length], [0, 0, 0]);
});

Deno.test("apply() makes all splices of an operation, in positions of the base text", () => {
  const base = numbered(50_000);
  const splices: Splice[] = [];
  for (let at = 0; at < base.length; at += 611) {
    splices.push({ at, remove: at % 5, insert: "#".repeat(at % 3) });
  }
  splices.push({ at: base.length, remove: 0, insert: "end" });
  const op = normalize(splices);
  let string = base;
  for (const splice of op.toReversed()) string = spliced(string, splice);
  assertText(Text.of(base).apply(op), string);
  const text = Text.of(base);
  assert(text.apply([]) === text, "the noop gives the same value");
});

Deno.test("charCodeAt() outside the text is NaN, and slice() is cut to the text", () => {
  const text = Text.of("abc").splice(1, 1, "XY");
  for (const at of [-1, 4, 5, Infinity, -Infinity]) assert(Number.isNaN(text.charCodeAt(at)), `${at}`);
  assertEquals([text.slice(-5, 2), text.slice(2, 9), text.slice(3, 1), text.slice(9), text.slice(-2)], [
    "aX",
    "Yc",
    "",
    "",
    "aXYc",
  ]);
});

Deno.test("equals() compares characters, however the texts came to have them", () => {
  const string = numbered(50_000);
  const whole = Text.of(string);
  let typed = Text.empty;
  for (let at = 0; at < string.length; at += 37) typed = typed.splice(at, 0, string.slice(at, at + 37));
  let backward = Text.empty;
  for (let at = string.length; at > 0; at -= 41) {
    backward = backward.splice(0, 0, string.slice(Math.max(0, at - 41), at));
  }
  assert(whole.equals(typed) && typed.equals(backward) && backward.equals(whole));
  assert(whole.equals(whole));
  const middle = string.length >> 1;
  assert(!whole.equals(typed.splice(middle, 1, "#")), "one character is another");
  assert(!whole.equals(typed.splice(middle, 1, "")), "one is missing");
  assert(typed.splice(middle, 1, "").splice(middle, 0, string[middle]!).equals(whole));
  assert(Text.empty.equals(Text.of("a").splice(0, 1, "")));
});

Deno.test("plain is true only of texts that never had a character outside the Basic Multilingual Plane", () => {
  const bmp = Text.of("é日\u0301\u200d\ufeff\ud7ff\ue000");
  assert(bmp.plain && Text.empty.plain);
  assert(bmp.splice(2, 1, "ü").plain && bmp.splice(2, 0, "X".repeat(300)).plain);
  assert(!Text.of("a😀").plain);
  const astral = bmp.splice(1, 0, "😀");
  assert(!astral.plain && bmp.plain);
  assert(!bmp.splice(1, 0, "X".repeat(300) + "😀").plain);
  assert(!bmp.apply([{ at: 0, remove: 1, insert: "" }, { at: 3, remove: 0, insert: "😀" }]).plain);
  // May stay false when the last such character goes; must never be true while there is one.
  assertText(astral.splice(1, 2, ""), bmp.toString());
});

Deno.test("pairs stay whole wherever the ends of leaves and of the gap fall", () => {
  // Nothing but pairs, and one unit in front: so that every leaf of an odd size would end inside a pair.
  for (const front of ["", "a"]) {
    const string = front + "😀😁🨀👍".repeat(6000);
    let text = Text.of(string);
    assertText(text, string);
    let edited = string;
    for (let i = 0; i < 200; i++) {
      const splice = { at: front.length + i * 238, remove: 2 * (i % 3), insert: i % 2 === 0 ? "👎" : "" };
      edited = spliced(edited, splice);
      text = text.splice(splice.at, splice.remove, splice.insert);
    }
    assertText(text, edited);
    assert(text.toString().isWellFormed());
  }
});

// ---- Random edits -------------------------------------------------------------------------------------------

/**
 * An edit, to be fitted to the text that it meets. `near` places it that far from the end of the edit before,
 * where the gap is; without it, `place` is a share of the text.
 */
interface Draft {
  readonly near: number | undefined;
  readonly place: number;
  readonly remove: number;
  readonly insert: string;
}

const shareMax = 1_000_000;
const draftArbitrary: fc.Arbitrary<Draft> = fc.record({
  near: fc.option(fc.integer({ min: -6, max: 6 }), { nil: undefined }),
  place: fc.nat(shareMax),
  remove: fc.oneof(
    { weight: 5, arbitrary: fc.constant(0) },
    { weight: 5, arbitrary: fc.nat(8) },
    { weight: 2, arbitrary: fc.nat(3000) },
    { weight: 1, arbitrary: fc.nat(60_000) },
  ),
  insert: fc.oneof(
    { weight: 4, arbitrary: fc.constant("") },
    { weight: 6, arbitrary: fc.string({ unit: "grapheme", maxLength: 5 }) },
    { weight: 2, arbitrary: fc.integer({ min: 200, max: 3000 }).map(numbered) },
    { weight: 1, arbitrary: fc.integer({ min: 10_000, max: 60_000 }).map(numbered) },
  ),
});

function fitted(draft: Draft, length: number, last: number): Splice {
  const wanted = draft.near === undefined ? Math.floor(length * draft.place / shareMax) : last + draft.near;
  const at = Math.max(0, Math.min(length, wanted));
  return { at, remove: Math.min(draft.remove, length - at), insert: draft.insert };
}

Deno.test("splice() by splice, a text is what a string would be, and every text before stays what it was", () => {
  fc.assert(
    fc.property(
      fc.nat(80_000),
      fc.array(draftArbitrary, { maxLength: 60, size: "max" }),
      (length, drafts) => {
        let string = numbered(length), text = Text.of(string), last = 0;
        const kept: [Text, string][] = [[text, string]];
        for (const draft of drafts) {
          const splice = fitted(draft, string.length, last);
          string = spliced(string, splice);
          text = text.splice(splice.at, splice.remove, splice.insert);
          last = splice.at + splice.insert.length;
          assertEquals(text.length, string.length);
          for (const at of [splice.at - 1, splice.at, last - 1, last]) {
            assert(Object.is(text.charCodeAt(at), string.charCodeAt(at)), `charCodeAt(${at})`);
          }
          const from = Math.max(0, splice.at - 5);
          assert(text.slice(from, last + 5) === string.slice(from, last + 5), `slice around ${splice.at}`);
          kept.push([text, string]);
        }
        assertText(text, string);
        for (const [text, string] of kept) assert(text.toString() === string, "a kept text has changed");
      },
    ),
    { numRuns: 150 },
  );
});

Deno.test("apply() of operations of many splices makes of a text what it makes of a string", () => {
  const strokes = fc.array(
    fc.record({
      keep: fc.nat(4000),
      remove: fc.nat(40),
      insert: fc.string({ unit: "grapheme", maxLength: 8 }),
    }),
    { maxLength: 30, size: "max" },
  );
  fc.assert(
    fc.property(fc.nat(80_000), fc.array(strokes, { maxLength: 5 }), (length, edits) => {
      let string = numbered(length), text = Text.of(string);
      for (const strokes of edits) {
        const splices: Splice[] = [];
        let end = 0;
        for (const { keep, remove, insert } of strokes) {
          const at = Math.min(end + keep, string.length);
          end = Math.min(at + remove, string.length);
          splices.push({ at, remove: end - at, insert });
        }
        const op: TextOp = normalize(splices);
        for (const splice of op.toReversed()) string = spliced(string, splice);
        text = text.apply(op);
      }
      assertText(text, string);
    }),
    { numRuns: 100 },
  );
});

// ---- Shape --------------------------------------------------------------------------------------------------

/** No chunk may be larger: an edit copies one. */
const chunkMax = 1024;
/** On average chunks may not be smaller: the tree over too many is deep. */
const chunkMean = 256;

function assertShape(text: Text): void {
  const sizes = [...text.chunks()].map((chunk) => chunk.length);
  assert(Math.max(0, ...sizes) <= chunkMax, `a chunk of ${Math.max(...sizes)} code units`);
  assert(Math.min(1, ...sizes) > 0, "an empty chunk");
  const bound = Math.ceil(text.length / chunkMean) + 1;
  assert(sizes.length <= bound, `${sizes.length} chunks for ${text.length} code units`);
}

Deno.test("100,000 random small edits leave the right text, in chunks of bounded size", () => {
  seeded((draw) => {
    let string = numbered(40_000), text = Text.of(string);
    for (let i = 1; i <= 100_000; i++) {
      const at = draw(string.length + 1);
      const remove = Math.min(draw(2) * draw(12), string.length - at);
      const insert = "abcdefghijk".slice(0, draw(2) * draw(12));
      string = string.slice(0, at) + insert + string.slice(at + remove);
      text = text.splice(at, remove, insert);
      if (i % 10_000 === 0) {
        assertText(text, string);
        assertShape(text);
      }
    }
  });
});

Deno.test("text that grows from nothing letter by letter at random places stays in chunks of bounded size", () => {
  seeded((draw) => {
    let text = Text.empty;
    for (let i = 1; i <= 100_000; i++) {
      text = text.splice(draw(text.length + 1), 0, "x");
      if (i % 10_000 === 0) assertShape(text);
    }
    assert(text.toString() === "x".repeat(100_000));
  });
});

Deno.test("text that shrinks by random ranges stays in chunks of bounded size", () => {
  seeded((draw) => {
    let string = numbered(400_000), text = Text.of(string);
    while (string.length > 0) {
      const at = draw(string.length), remove = Math.min(draw(1500), string.length - at);
      string = spliced(string, { at, remove, insert: "" });
      text = text.splice(at, remove, "");
      assert(text.length === string.length);
      assertShape(text);
    }
  });
});

Deno.test("text that shrinks by a few letters at a time at random places stays in chunks of bounded size", () => {
  seeded((draw) => {
    let string = numbered(200_000), text = Text.of(string);
    for (let i = 1; string.length > 0; i++) {
      const at = draw(string.length), remove = Math.min(1 + draw(20), string.length - at);
      string = spliced(string, { at, remove, insert: "" });
      text = text.splice(at, remove, "");
      if (i % 1000 !== 0) continue;
      assertText(text, string);
      assertShape(text);
    }
    assertText(text, "");
  });
});

Deno.test("large insertions and removals that go on for long leave no trail of small chunks", () => {
  seeded((draw) => {
    let string = "", text = Text.empty;
    for (let i = 1; i <= 3000; i++) {
      const at = draw(string.length + 1);
      const insert = string.length < 100_000 ? numbered(draw(9000)) : "";
      const remove = insert === "" ? Math.min(draw(18_000), string.length - at) : 0;
      string = spliced(string, { at, remove, insert });
      text = text.splice(at, remove, insert);
      if (i % 100 === 0) {
        assertText(text, string);
        assertShape(text);
      }
    }
  });
});

Deno.test("text of which single characters far apart are left stays in chunks of bounded size", () => {
  for (const apart of [700, 1024, 5000, 20_000, 100_000]) {
    let string = numbered(1_000_000), text = Text.of(string);
    for (let at = 0; at < string.length; at++) {
      const remove = Math.min(apart - 1, string.length - at);
      string = spliced(string, { at, remove, insert: "" });
      text = text.splice(at, remove, "");
    }
    assertText(text, string);
    assertShape(text);
  }
});

Deno.test("chunks of which only the ends are left are joined", () => {
  // Edits across the ends of chunks join them anyway; these are all inside one.
  for (const length of [20_000, 100_000, 1_000_000]) {
    let string = numbered(length), text = Text.of(string);
    const sizes = [...text.chunks()].map((chunk) => chunk.length);
    let end = length;
    for (const size of sizes.toReversed()) {
      const splice = { at: end - size + 1, remove: size - 2, insert: "" };
      string = spliced(string, splice);
      text = text.splice(splice.at, splice.remove, "");
      end -= size;
    }
    assertEquals(text.length, 2 * sizes.length);
    assertText(text, string);
    assertShape(text);
  }
});

Deno.test("pages pasted and then removed but for one character leave no chunk each", () => {
  let text = Text.empty;
  for (let i = 0; i < 2000; i++) {
    text = text.splice(text.length, 0, numbered(5000));
    text = text.splice(text.length - 4999, 4999, "");
  }
  assertEquals(text.length, 2000);
  assertShape(text);
});

Deno.test("an edit of a long text changes a few of its chunks only, however many edits came before", () => {
  seeded((draw) => {
    let text = Text.of(numbered(300_000));
    for (let i = 1; i <= 50_000; i++) {
      text = text.splice(draw(text.length), i & 1, i & 1 ? "" : "y");
      if (i % 5000 !== 0) continue;
      const before = [...text.chunks()];
      const after = [...text.splice(draw(text.length), 0, "!").chunks()];
      let front = 0, back = 0;
      while (front < before.length && before[front] === after[front]) front++;
      while (back < before.length && before.at(-1 - back) === after.at(-1 - back)) back++;
      assert(front + back >= before.length - 4, `an edit changed ${before.length - front - back} chunks`);
    }
  });
});
