import { compositionTable, isComposed, unicodeVersion } from "../../ot/unicode.ts";
import { assert, assertEquals } from "../assert.ts";
import fc from "fast-check";

/** How many characters a version of Unicode has: tells which one the engine knows. */
const characterCounts: Readonly<Record<string, number>> = {
  "15.1": 149_813,
  "16.0": 154_998,
  "17.0": 159_801,
};

const allPoints: number[] = [];
for (let point = 0; point <= 0x10ffff; point++) {
  if (point < 0xd800 || point > 0xdfff) allPoints.push(point);
}

/** Code points that both the table and the engine know; all there are if their versions are the same. */
const comparable = comparablePoints();

function comparablePoints(): readonly number[] {
  const characters = allPoints.filter((point) => /[^\p{Cn}\p{Cc}\p{Co}]/u.test(String.fromCodePoint(point)));
  if (characters.length === characterCounts[unicodeVersion]) return allPoints;
  const { excluded, ranks, parts } = compositionTable();
  const known = new Set([...excluded, ...ranks.keys(), ...parts.keys(), ...[...parts.values()].flat()]);
  return characters.filter((point) => known.has(point));
}

const agrees = (text: string) => isComposed(text) === (text.normalize("NFC") === text);

Deno.test("the table of compositions is of the version of Unicode that every replica has agreed on", () => {
  assertEquals(unicodeVersion, "16.0");
  const { excluded, ranks, parts } = compositionTable();
  assertEquals([excluded.size, ranks.size, parts.size], [1120, 930, 961]);
});

Deno.test("isComposed() says of every single code point what the engine says", () => {
  const wrong = comparable.filter((point) => !agrees(String.fromCodePoint(point)));
  assertEquals(wrong, []);
});

Deno.test("isComposed() says of every code point taken apart what the engine says", () => {
  const wrong = comparable.filter((point) => {
    const apart = String.fromCodePoint(point).normalize("NFD");
    return !agrees(apart) || !agrees(`x${apart}`) || !agrees(`${apart}\u0323`);
  });
  assertEquals(wrong, []);
});

Deno.test("isComposed() knows what each pair of the table composes to, and nothing else", () => {
  const { parts } = compositionTable();
  const seconds = new Set([...parts.values()].map(([, second]) => second));
  const firsts = new Set([...parts.values()].map(([first]) => first));
  const wrong: string[] = [];
  for (const first of firsts) {
    for (const second of seconds) {
      const text = String.fromCodePoint(first, second);
      if (!agrees(text)) wrong.push(text);
    }
  }
  assertEquals(wrong, []);
});

const known = new Set(comparable);
const { ranks, parts, excluded } = compositionTable();
const oneOf = (points: Iterable<number>) =>
  fc.constantFrom(
    ...[...points].filter((point) => known.has(point)).map((point) => String.fromCodePoint(point)),
  );
const hangul = fc.integer({ min: 0xac00, max: 0xd7a3 }).map((point) => String.fromCodePoint(point));
const jamo = fc.integer({ min: 0x1100, max: 0x11ff }).map((point) => String.fromCodePoint(point));
const base = fc.oneof(
  { weight: 4, arbitrary: oneOf([...parts.values()].map(([first]) => first)) },
  { weight: 2, arbitrary: oneOf(parts.keys()) },
  { weight: 1, arbitrary: fc.constantFrom("a", "e", "s", "\u00e9", "\u3042", "\u{1f600}") },
  { weight: 1, arbitrary: hangul },
  { weight: 1, arbitrary: jamo },
  { weight: 1, arbitrary: oneOf([...parts.values()].map(([, second]) => second)) },
);
const mark = fc.oneof(
  { weight: 3, arbitrary: oneOf([...parts.values()].map(([, second]) => second)) },
  { weight: 3, arbitrary: oneOf(ranks.keys()) },
  { weight: 1, arbitrary: jamo },
);
const cluster = fc.tuple(base, fc.array(mark, { maxLength: 5 })).map(([first, marks]) =>
  first + marks.join("")
);
const clusters = fc.array(cluster, { maxLength: 4 }).map((parts) => parts.join(""));

Deno.test("isComposed() says of any bases and marks what the engine says", () => {
  fc.assert(fc.property(clusters, agrees), { numRuns: 20_000 });
});

Deno.test("isComposed() holds of whatever the engine has composed, and of every part of it", () => {
  fc.assert(
    fc.property(clusters, fc.nat(), fc.nat(), (text, from, to) => {
      const points = [...text.normalize("NFC")];
      assert(isComposed(points.join("")));
      assert(isComposed(points.slice(from % (points.length + 1)).join("")));
      assert(isComposed(points.slice(0, to % (points.length + 1)).join("")));
    }),
    { numRuns: 10_000 },
  );
});

Deno.test("isComposed() is false of a text that holds an excluded code point anywhere", () => {
  fc.assert(
    fc.property(clusters, oneOf(excluded), clusters, (before, point, after) => {
      assert(!isComposed(before + point + after));
    }),
    { numRuns: 1000 },
  );
});

Deno.test("isComposed() takes a code point that the version has not assigned as composed", () => {
  assert(isComposed("\u{e1000}"));
  assert(isComposed("a\u{e1000}\u0301"));
  assert(!isComposed("\u{e1000}a\u0301"));
  // U+1ACF became a mark in Unicode 17: to this table it is a character like any other.
  assert(isComposed("a\u0301".normalize("NFC") + "\u1acf"));
  assert(isComposed("\u0345\u1acf"));
});

Deno.test("isComposed() takes apart a composite before a mark that belongs below the composite's own", () => {
  // An acute above, then a dot below: composed it is U+1EB9 U+0301.
  assert(!isComposed("\u00e9\u0323"));
  assert(isComposed("\u1eb9\u0301"));
  // A mark below that composes with nothing does not disturb the composite.
  assert(isComposed("\u00e9\u0316"));
  assert(!isComposed("e\u0316\u0301"));
  // Blocked by a mark of the same class.
  assert(isComposed("e\u0335\u0335"));
  assert(isComposed("x\u0305\u0301"));
});

Deno.test("isComposed() composes Hangul by rule", () => {
  assert(isComposed("\uac00"));
  assert(!isComposed("\u1100\u1161"));
  assert(!isComposed("\uac00\u11a8"));
  assert(isComposed("\uac01\u11a8"));
  assert(isComposed("\uac00\u11a7"));
  assert(isComposed("\u1100\u11a8"));
});

Deno.test("isComposed() is true of every text below U+0300", () => {
  assert(isComposed(""));
  assert(isComposed(String.fromCharCode(...Array(0x300).keys())));
});
