/**
 * Blame: every character is by whoever wrote it, as a naive model has it that keeps a name beside each character.
 *
 * @module
 */

import fc from "fast-check";
import { replace } from "../../ot/mod.ts";
import { blame } from "../../server/history/mod.ts";
import { assert, assertEquals } from "../assert.ts";
import { asked, itemsOf, newest, queryOf, startTime, Story } from "./story.ts";

function blameQuery(path: string, from = newest) {
  return queryOf({ kind: "blame", path, from });
}

Deno.test("blame says of each line who wrote the newest of it, in which revision, and when", () => {
  const story = new Story();
  story.creates(1, "a.txt", "one\ntwo\nthree");
  story.types(2, "a.txt", 4, 1, "T");
  story.creates(3, "b.txt", "elsewhere");
  story.types(3, "a.txt", 0, 0, "zero\r\n");
  const lines = itemsOf("line", blameQuery("a.txt"), story.source());
  assertEquals(lines.map(({ number, text, revision, time, site }) => [number, text, revision, time, site]), [
    [1, "zero", 4, startTime + 3000, 3],
    [2, "one", 1, startTime, 1],
    [3, "Two", 2, startTime + 1000, 2],
    [4, "three", 1, startTime, 1],
  ]);
  const authors = itemsOf("author", blameQuery("a.txt"), story.source());
  assertEquals(authors.map(({ site, participant: { name } }) => [site, name]), [
    ...[[1, "person 1"], [2, "person 2"], [3, "person 3"]] as [number, string][],
  ]);
});

Deno.test("blame follows a file through renames, moves and removal", () => {
  const story = new Story();
  story.creates(1, "src/a.txt", "one\n");
  story.renames(2, "src/a.txt", "b.txt");
  story.types(2, "src/b.txt", 4, 0, "two\n");
  story.removes(2, "src");
  assert(story.does(3, { steps: [{ kind: "restore", node: "1:1" }] }));
  story.renames(3, "src", "lib");
  const lines = itemsOf("line", blameQuery("lib/b.txt"), story.source());
  assertEquals(lines.map(({ text, site }) => [text, site]), [["one", 1], ["two", 2]]);
});

Deno.test("blame of an earlier revision knows nothing of later ones, and what is older than asked for is nobody's", () => {
  const story = new Story();
  story.creates(1, "a.txt", "one\n");
  story.types(2, "a.txt", 4, 0, "two\n");
  story.types(3, "a.txt", 8, 0, "three\n");
  const at = { revision: 2, time: 0 };
  assertEquals(
    itemsOf("line", { ...blameQuery("a.txt"), at }, story.source()).map(({ text, site }) => [text, site]),
    [["one", 1], ["two", 2]],
  );
  for (const source of [story.source(), story.source(1)]) {
    const lines = itemsOf("line", blameQuery("a.txt", { revision: 1, time: 0 }), source);
    assertEquals(lines.map(({ text, revision, site }) => [text, revision, site]), [
      ...[["one", 1, 0], ["two", 2, 2], ["three", 3, 3]] as [string, number, number][],
    ]);
  }
});

Deno.test("blame of what is not there, of a directory, and of more entries than may be read, is refused by name", () => {
  const story = new Story();
  story.creates(1, "src/a.txt", "one\n");
  const limits = {
    ...{ answerLength: 1, items: 1, searchCost: 1, comparedLength: 1 },
    comparedTotal: 1,
    entries: 1,
  };
  for (const path of ["b.txt", "src", ""]) {
    assertEquals(asked(blameQuery(path), story.source()), "path_unknown");
  }
  story.types(1, "src/a.txt", 0, 0, "!");
  assertEquals(asked(blameQuery("src/a.txt"), story.source(), limits), "too_much");
  assertEquals(
    itemsOf("line", blameQuery("src/a.txt", { revision: 1, time: 0 }), story.source(), limits).length,
    1,
  );
});

Deno.test("blame of a long line shows its start, of a file of many lines all of them, once", () => {
  const story = new Story();
  story.creates(1, "a.txt", `${"😀".repeat(10_000)}\n${"line\n".repeat(30_000)}`);
  const lines = itemsOf("line", blameQuery("a.txt"), story.source());
  assertEquals(lines[0]!.text, "😀".repeat(500));
  assertEquals(lines.map(({ number }) => number), lines.map((_, i) => i + 1));
  assertEquals(lines.length, 30_001);
});

/** Edits of one file in turn: by whom, where, how much is removed, what is inserted. */
const edits = fc.array(
  fc.record({
    site: fc.integer({ min: 1, max: 4 }),
    at: fc.nat(1000),
    remove: fc.nat(6),
    text: fc.oneof(
      fc.constant(""),
      fc.string({ maxLength: 4 }),
      fc.constantFrom("\n", "a\nb\n", "\n\n", "\r\n"),
    ),
    what: fc.constantFrom("edit", "edit", "edit", "edit", "rename", "both"),
  }),
  { maxLength: 60 },
);

Deno.test("blame of a random history is what keeping a revision beside each character gives", () => {
  fc.assert(fc.property(edits, fc.nat(60), fc.nat(60), (edits, first, last) => {
    const story = new Story();
    story.creates(1, "f0", "");
    const node = story.id("f0");
    const characters: { character: string; revision: number }[][] = [[], []];
    for (const [i, { site, at, remove, text, what }] of edits.entries()) {
      const now = characters.at(-1)!.slice();
      const from = at % (now.length + 1), count = Math.min(remove, now.length - from);
      const isEdit = what !== "rename" && (count > 0 || text !== "");
      const steps = what === "edit" ? [] : [{ kind: "rename", node, name: `f${i + 1}` } as const];
      story.does(site, { steps, edits: isEdit ? [{ node, op: replace(from, count, text) }] : [] });
      const { revision } = story;
      if (isEdit) {
        now.splice(from, count, ...text.split("").map((character) => ({ character, revision })));
      }
      characters.push(now);
    }
    const to = 1 + last % story.revision, from = first % (to + 1);
    const lines = [...blame(story.source(Math.min(from, first % 2 === 0 ? from : 0)), node, from, to)];
    const expected = characters[to]!.map(({ character, revision }) => ({
      character,
      revision: Math.max(revision, from),
    }));
    const actual = lines.flatMap(({ text, runs }) => {
      const revisions = runs.flatMap(({ length, touch }) => Array(length).fill(touch.revision) as number[]);
      return text.split("").map((character, i) => ({ character, revision: revisions[i]! }));
    });
    assertEquals(actual, expected);
    for (const { text, runs, newest } of lines) {
      assert(!text.slice(0, -1).includes("\n"), "a line is one line");
      assertEquals(newest.revision, Math.max(...runs.map(({ touch }) => touch.revision)));
    }
    assertEquals(
      lines.length,
      `${story.states[to]!.workspace.text(node)}`.split(/(?<=\n)/).filter(Boolean).length,
    );
  }));
});

Deno.test("blame tells apart more edits than a code unit can count", () => {
  const story = new Story();
  story.creates(1, "a.txt", "");
  const count = 70_000;
  for (let i = 0; i < count; i++) story.types(1 + i % 3, "a.txt", i, 0, "x");
  const [line] = blame(story.source(), story.id("a.txt"), 0, story.revision);
  assertEquals(line!.runs.map(({ touch }) => touch.revision), Array.from({ length: count }, (_, i) => i + 2));
});
