import fc from "fast-check";
import { CommandError, excerpt, harmless, quoted, wordOf, wordsOf } from "../../cli/client_words.ts";
import { assertEquals, assertThrows } from "../assert.ts";

Deno.test("wordsOf() parts words at blanks outside of quotes", () => {
  assertEquals(wordsOf("  put  notes.txt\t'a  b' \"c d\" e"), ["put", "notes.txt", "a  b", "c d", "e"]);
  assertEquals(wordsOf(""), []);
  assertEquals(wordsOf("   "), []);
});

Deno.test("wordsOf() joins quoted and unquoted pieces, and keeps empty words", () => {
  assertEquals(wordsOf(`a"b c"'d e'f "" ''`), ["ab cd ef", "", ""]);
});

Deno.test("wordsOf() reads escapes outside of quotes and within double quotes", () => {
  assertEquals(wordsOf(String.raw`a\nb "\t\r\\\"" \u{1F600} \ \'`), ["a\nb", '\t\r\\"', "😀", " '"]);
});

Deno.test("wordsOf() takes a backslash within single quotes as it is", () => {
  assertEquals(wordsOf(String.raw`'C:\new "x"'`), [String.raw`C:\new "x"`]);
});

Deno.test("wordsOf() says where a quote is not closed or an escape is none", () => {
  assertThrows(() => wordsOf('put "a'), CommandError, "column 5");
  assertThrows(() => wordsOf(String.raw`put \q`), CommandError, "column 5");
  assertThrows(() => wordsOf("put \\"), CommandError, "column 5");
  assertThrows(() => wordsOf(String.raw`\u{110000}`), CommandError, "column 1");
  assertThrows(() => wordsOf(String.raw`\u{d800}`), CommandError, "column 1");
});

Deno.test("quoted() and wordOf() write what wordsOf() reads as that one word", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    assertEquals(wordsOf(quoted(text)), [text]);
    assertEquals(wordsOf(wordOf(text)), [text]);
  }));
});

Deno.test("quoted(), wordOf() and harmless() let no character through that a terminal obeys", () => {
  const evil = "\x1b]0;x\x07\x9b31m\u202eabc\u2028\r\x7f";
  for (const shown of [quoted(evil), wordOf(evil), harmless(evil)]) {
    // deno-lint-ignore no-control-regex -- these are the characters that are looked for
    assertEquals(/[\0-\x1f\x7f-\x9f\u202e\u2028]/.test(shown), false, shown);
  }
  assertEquals(harmless("a\r\n\tb\n"), "a\n\tb\n");
});

Deno.test("excerpt() cuts a long text between characters, and says how long it is", () => {
  assertEquals(excerpt("abc", 3), '"abc"');
  assertEquals(excerpt("😀😀😀", 2), '"😀😀"… (6)');
});
