import fc from "fast-check";
import { placeOf, positionOf } from "../../cli/client_position.ts";
import { CommandError } from "../../cli/client_words.ts";
import { assertEquals, assertThrows } from "../assert.ts";

Deno.test("positionOf() reads offsets, lines with columns, and the end", () => {
  const text = "one\ntwo\r\n\n😀x";
  assertEquals(positionOf(text, "0"), 0);
  assertEquals(positionOf(text, "4"), 4);
  assertEquals(positionOf(text, "1:1"), 0);
  assertEquals(positionOf(text, "1:4"), 3);
  assertEquals(positionOf(text, "2:4"), 7);
  assertEquals(positionOf(text, "3:1"), 9);
  assertEquals(positionOf(text, "4:3"), 12);
  assertEquals(positionOf(text, "end"), 13);
});

Deno.test("positionOf() refuses what is not in the text, and what is no position", () => {
  assertThrows(() => positionOf("ab\ncd", "6"), CommandError, "5 code units");
  assertThrows(() => positionOf("ab\ncd", "1:4"), CommandError, "it has 2");
  assertThrows(() => positionOf("ab\r\ncd", "1:4"), CommandError, "it has 2");
  assertThrows(() => positionOf("ab\ncd", "3:1"), CommandError, "the text has 2");
  for (const word of ["", "-1", "1.5", "0:1", "1:0", "1:", ":1", "END", "1e3"]) {
    assertThrows(() => positionOf("ab\ncd", word), CommandError, "is no position");
  }
});

Deno.test("placeOf() and positionOf() are each other's inverse", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "\n", "😀", "b") });
  fc.assert(fc.property(text, fc.nat(), (text, number) => {
    const at = number % (text.length + 1);
    assertEquals(positionOf(text, placeOf(text, at)), at);
  }));
});
