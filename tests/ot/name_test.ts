import fc from "fast-check";
import { nameBytesMax, nameFault, numberedNames, utf8Length } from "../../ot/name.ts";
import { assert, assertEquals } from "../assert.ts";

/** The first few names to try when `name` is taken. */
function tried(name: string, kind: "file" | "directory" = "file", count = 1): string[] {
  return numberedNames(name, kind === "directory").take(count).toArray();
}

const faults: readonly (readonly [what: string, name: string, fault: string])[] = [
  ["an empty name", "", "is empty"],
  ["a name that means the directory itself", ".", "means a directory itself, or the one above"],
  ["a name that means the directory above", "..", "means a directory itself, or the one above"],
  ["a slash", "a/b", 'holds a "/"'],
  ["a slash alone", "/", 'holds a "/"'],
  ["a NUL", "a\0", "holds a control character"],
  ["a line break", "a\nb", "holds a control character"],
  ["the last control character of ASCII", "\x7f", "holds a control character"],
  ["a control character of Latin-1", "a\x9f", "holds a control character"],
  ["the first half of a surrogate pair", "a\ud83d", "is not well-formed Unicode"],
  ["the second half of a surrogate pair", "\ude00a", "is not well-formed Unicode"],
  ["an accent that is a mark of its own", "cafe\u0301.txt", "is not in Unicode normal form C"],
  ["a code point that another one stands for", "\u212b", "is not in Unicode normal form C"],
  ["Hangul taken apart", "\u1112\u1161\u11ab", "is not in Unicode normal form C"],
  ["256 bytes of ASCII", "a".repeat(256), "is longer than 255 bytes of UTF-8"],
  ["256 bytes of two-byte characters", "é".repeat(128), "is longer than 255 bytes of UTF-8"],
  ["256 bytes of emoji", "😀".repeat(64), "is longer than 255 bytes of UTF-8"],
];
for (const [what, name, fault] of faults) {
  Deno.test(`nameFault() finds fault with ${what}`, () => assertEquals(nameFault(name), fault));
}

const faultless: readonly (readonly [what: string, name: string])[] = [
  ["three dots", "..."],
  ["a leading dot", ".gitignore"],
  ["a dot at the end", "a."],
  ["blanks, also at the ends", " a b "],
  ["a backslash", "a\\b"],
  ["a colon and a star", "C:*"],
  ["a no-break space, the first character after the controls", "\xa0"],
  ["a composed accent", "café.txt"],
  ["composed Hangul", "한글"],
  ["an emoji", "😀"],
  ["255 bytes of ASCII", "a".repeat(255)],
  ["255 bytes of two-byte characters", "é".repeat(127) + "a"],
  ["255 bytes of emoji", "😀".repeat(63) + "abc"],
];
for (const [what, name] of faultless) {
  Deno.test(`nameFault() allows ${what}`, () => assertEquals(nameFault(name), undefined));
}

const numbered: readonly (readonly [what: string, name: string, kind: "file" | "directory", next: string])[] =
  [
    ["puts the number before the last dot", "notes.txt", "file", "notes (2).txt"],
    ["puts the number before the last dot of several", "a.tar.gz", "file", "a.tar (2).gz"],
    ["puts the number behind a name without a dot", "Makefile", "file", "Makefile (2)"],
    ["puts the number behind a leading-dot name", ".gitignore", "file", ".gitignore (2)"],
    ["puts the number behind a leading-dot name with another dot", ".env.local", "file", ".env.local (2)"],
    ["puts the number before a dot at the end", "a.", "file", "a (2)."],
    ["puts the number behind a directory's name", "v1.0", "directory", "v1.0 (2)"],
    ["counts on", "a (2).txt", "file", "a (3).txt"],
    ["counts on to two digits", "a (9).txt", "file", "a (10).txt"],
    ["counts on for a directory", "a.b (2)", "directory", "a.b (3)"],
    ["counts on for a leading-dot name", ".a (2)", "file", ".a (3)"],
    ["counts on the last number of several", "a (2) (5).txt", "file", "a (2) (6).txt"],
    ["does not take a number before the blank for a count", "a(2).txt", "file", "a(2) (2).txt"],
    ["does not take a 1 for a count", "a (1).txt", "file", "a (1) (2).txt"],
    ["does not take a number alone for a count", " (2)", "file", " (2) (2)"],
    ["counts on behind what looks like an ending of a directory", "a.txt (2)", "directory", "a.txt (3)"],
    ["does not count beyond nine digits", "a (9999999999)", "file", "a (9999999999) (2)"],
  ];
for (const [what, name, kind, next] of numbered) {
  Deno.test(`numberedNames() ${what}`, () => assertEquals(tried(name, kind), [next]));
}

Deno.test("numberedNames() counts up from the smallest number", () => {
  assertEquals(tried("a.txt", "file", 3), ["a (2).txt", "a (3).txt", "a (4).txt"]);
  assertEquals(tried("a (7).txt", "file", 3), ["a (8).txt", "a (9).txt", "a (10).txt"]);
});

Deno.test("numberedNames() shortens the stem to what fits before the number and the ending", () => {
  assertEquals(tried("a".repeat(251) + ".txt"), ["a".repeat(247) + " (2).txt"]);
  assertEquals(tried("a".repeat(255)), ["a".repeat(251) + " (2)"]);
  assertEquals(tried("a".repeat(255), "directory", 9).at(-1), "a".repeat(250) + " (10)");
  assertEquals(tried("a".repeat(247) + ".txt"), ["a".repeat(247) + " (2).txt"]);
});

Deno.test("numberedNames() shortens the stem between code points", () => {
  // 63 emoji are 252 bytes; 4 go to the number: 251 bytes hold 62 emoji, and 3 bytes stay empty.
  assertEquals(tried("😀".repeat(63)), ["😀".repeat(62) + " (2)"]);
  assertEquals(tried("é".repeat(127)), ["é".repeat(125) + " (2)"]);
});

Deno.test("numberedNames() does not keep an ending behind the number that would leave no room for a stem", () => {
  const ending = "." + "x".repeat(200);
  assertEquals(tried("a" + ending), ["a" + ending + " (2)"]);
  assertEquals(tried("a." + "x".repeat(253)), ["a." + "x".repeat(249) + " (2)"]);
  // The longest ending that is kept.
  assertEquals(tried("a." + "x".repeat(126)), ["a (2)." + "x".repeat(126)]);
  assertEquals(tried("a." + "x".repeat(127)), ["a." + "x".repeat(127) + " (2)"]);
});

const character = fc.oneof(
  fc.constantFrom(".", " ", "(", ")", "0", "1", "2", "9", "a", "é", "한", "\u0301", "😀"),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }),
);
const faultlessName = fc.oneof(
  fc.array(character, { maxLength: 20 }),
  fc.array(character, { minLength: 60, maxLength: 255 }),
).map((characters) => characters.join("").normalize("NFC")).filter((name) => nameFault(name) === undefined);

Deno.test("numberedNames() gives names without fault, all different, none the name itself", () => {
  fc.assert(
    fc.property(faultlessName, fc.boolean(), (name, directory) => {
      const names = [name, ...numberedNames(name, directory).take(12)];
      for (const each of names) assertEquals(nameFault(each), undefined, each);
      assertEquals(new Set(names).size, names.length);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("numberedNames() counts on where a name that it gave is taken in turn", () => {
  fc.assert(
    fc.property(faultlessName, fc.boolean(), (name, directory) => {
      const [second, third] = tried(name, directory ? "directory" : "file", 2);
      assertEquals(tried(second!, directory ? "directory" : "file"), [third!]);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("utf8Length() is the length of the encoded text", () => {
  fc.assert(fc.property(fc.array(character).map((characters) => characters.join("")), (text) => {
    assertEquals(utf8Length(text), new TextEncoder().encode(text).length);
  }));
  assert(utf8Length("é한😀") === 9);
  assertEquals(nameBytesMax, 255);
});
