/**
 * Search: what a line-by-line search finds, each once, however often an answer stops; and no pattern takes long.
 *
 * @module
 */

import fc from "fast-check";
import { defaultHistoryLimits, type HistoryLimits } from "../../server/history/mod.ts";
import { assert, assertEquals } from "../assert.ts";
import { asked, itemsOf, messagesOf, queryOf, Story } from "./story.ts";

function searchQuery(
  pattern: string,
  what: { regular?: boolean; ignoreCase?: boolean; matches?: number } = {},
) {
  return queryOf({ kind: "search", pattern, regular: false, ignoreCase: false, matches: 0, ...what });
}

/** Where something was found: path, line, column, length. */
function placesOf(
  story: Story,
  query: ReturnType<typeof searchQuery>,
  limits?: HistoryLimits,
): [string, number, number, number][] {
  return itemsOf("match", query, story.source(), limits)
    .map(({ path, line, column, length }) => [path, line, column, length]);
}

const story = new Story();
story.creates(1, "src/main.ts", "const one = 1;\nconst two = ONE;\r\n\nlast one");
story.creates(1, "src/deep/util.ts", "no such thing\none one one\n");
story.creates(1, "read me.md", "Number 1 (one)\n");

Deno.test("search finds a text in the lines of all files, sorted by path, the first place in each line", () => {
  assertEquals(placesOf(story, searchQuery("one")), [
    ["read me.md", 1, 10, 3],
    ["src/deep/util.ts", 2, 0, 3],
    ["src/main.ts", 1, 6, 3],
    ["src/main.ts", 4, 5, 3],
  ]);
  assertEquals(placesOf(story, searchQuery("(one)")), [["read me.md", 1, 9, 5]]);
  assertEquals(placesOf(story, searchQuery("ONE")), [["src/main.ts", 2, 12, 3]]);
  assertEquals(placesOf(story, searchQuery("ONE;", { ignoreCase: true })), [["src/main.ts", 2, 12, 4]]);
});

Deno.test("search takes regular expressions, line by line", () => {
  assertEquals(placesOf(story, searchQuery("^const \\w+ = (\\d|ONE);", { regular: true })), [
    ["src/main.ts", 1, 0, 14],
    ["src/main.ts", 2, 0, 16],
  ]);
  assertEquals(placesOf(story, searchQuery("one$", { regular: true })), [
    ["src/deep/util.ts", 2, 8, 3],
    ["src/main.ts", 4, 5, 3],
  ]);
  assertEquals(placesOf(story, searchQuery("1;\\s+const", { regular: true })), []);
  assertEquals(placesOf(story, searchQuery("NUMBER", { regular: true, ignoreCase: true })), [[
    "read me.md",
    1,
    0,
    6,
  ]]);
});

Deno.test("search looks into the files asked for alone", () => {
  const inFiles = (paths: string[], globs: string[]) => [
    ...new Set(
      itemsOf("match", { ...searchQuery("one"), paths, globs }, story.source()).map(({ path }) => path),
    ),
  ];
  assertEquals(inFiles(["src/deep"], []), ["src/deep/util.ts"]);
  assertEquals(inFiles([], ["**/*.ts"]), ["src/deep/util.ts", "src/main.ts"]);
  assertEquals(inFiles(["src"], ["src/*"]), ["src/main.ts"]);
  assertEquals(asked({ ...searchQuery("one"), paths: ["lib"] }, story.source()), "path_unknown");
});

Deno.test("search looks at the revision asked for", () => {
  const story = new Story();
  story.creates(1, "a.txt", "before");
  story.types(1, "a.txt", 0, 6, "after");
  assertEquals(placesOf(story, { ...searchQuery("before"), at: { revision: 1, time: 0 } }).length, 1);
  assertEquals(placesOf(story, searchQuery("before")), []);
});

Deno.test("search refuses patterns that cannot be, by name", () => {
  for (
    const pattern of ["(", "a{1001}", "(?=a)", "(a)\\1", "[z-a]", "((a{100}){100}){100}", "(a{999}){2}", "\\"]
  ) {
    assertEquals(asked(searchQuery(pattern, { regular: true }), story.source()), "pattern_invalid", pattern);
  }
  for (const pattern of ["", "x".repeat(1001)]) {
    assertEquals(asked(searchQuery(pattern), story.source()), "pattern_invalid");
  }
  for (const globs of [["["], ["{a"], ["\\"], ["[z-a]"], ["x".repeat(10_001)]]) {
    assertEquals(asked({ ...searchQuery("a"), globs }, story.source()), "pattern_invalid", globs[0]!);
  }
});

Deno.test("search by an expression that explodes where it is tried out answers all the same", () => {
  const story = new Story();
  const length = 200_000;
  story.creates(1, "a.txt", `${"a".repeat(length)}\n${"x".repeat(length)}`);
  for (const pattern of ["(a+)+$", "(a|a)*b", "(.*)*y", "(x+x+)+y", "^(([a-z])+.)+[A-Z]$"]) {
    const found = placesOf(story, searchQuery(pattern, { regular: true }));
    assert(found.every(([, line]) => line === 1), pattern);
  }
});

Deno.test("search looks at no more in one answer than it may, and says where it goes on", () => {
  const story = new Story();
  story.creates(1, "a.txt", "a line like any other\n".repeat(20_000) + "the needle\n");
  story.creates(1, "b.txt", "the needle\n");
  const limits = { ...defaultHistoryLimits, searchCost: 50_000 };
  const query = searchQuery("needle");
  const answer = messagesOf(query, story.source(), limits).at(-1)!;
  assertEquals(answer.items, []);
  assert(answer.next !== "");
  assertEquals(placesOf(story, query, limits), [["a.txt", 20_001, 4, 6], ["b.txt", 1, 4, 6]]);
  assertEquals(messagesOf(searchQuery("line", { matches: 7 }), story.source())[0]!.items.length, 7);
});

Deno.test("search shows of a long line what is around the place, and looks at it in pieces", () => {
  const story = new Story();
  const before = "😀".repeat(30_000), after = "x".repeat(100_000);
  story.creates(1, "a.txt", `short\n${before}needle${after}\nneedle`);
  const [long, short] = itemsOf("match", searchQuery("needle"), story.source());
  assertEquals([long!.line, long!.column, long!.length], [2, 60_000, 6]);
  assert(long!.text.length < 500 && long!.text.isWellFormed());
  assertEquals(long!.text.slice(long!.column - long!.textColumn).slice(0, 7), "needlex");
  assertEquals([short!.line, short!.column, short!.text, short!.textColumn], [3, 0, "needle", 0]);
});

Deno.test("search cuts no character of a long line in two", () => {
  const story = new Story();
  story.creates(1, "a.txt", `x${"😀".repeat(30_000)}`);
  const limits = { ...defaultHistoryLimits, searchCost: 1 };
  const places = placesOf(story, searchQuery("[^x]", { regular: true }), limits);
  assert(places.length > 1);
  for (const [, , column, length] of places) assertEquals([column % 2, length], [1, 2]);
});

Deno.test("search goes on nowhere but where it has stopped", () => {
  for (const after of ["x", "1", "1:2:3", "0:1:0:999999", "-1:1:0:0", "0:1:0:0:0", "9".repeat(400)]) {
    assertEquals(asked({ ...searchQuery("one"), after }, story.source()), "continuation_invalid", after);
  }
  assertEquals(asked({ ...searchQuery("one"), after: "99:1:0:0" }, story.source()), []);
});

const line = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.array(fc.constantFrom("a", "b", "ab", " ", "😀", "\r"), { maxLength: 8 }).map((parts) => parts.join("")),
);
const files = fc.array(fc.array(line, { maxLength: 8 }).map((lines) => lines.join("\n")), { maxLength: 5 });
/** The same expressions for us and for the engine's own, which this is compared with. */
const expression = fc.constantFrom(
  "a",
  "ab",
  "b*a",
  "^a",
  "b$",
  "[ab] ",
  "(a|b)+😀",
  "^$",
  "\\s",
  "^ *b",
  ".",
);

Deno.test("search finds what a naive search finds, each line once, however little one answer looks at", () => {
  fc.assert(fc.property(files, expression, fc.integer({ min: 1, max: 100 }), (files, pattern, searchCost) => {
    const story = new Story();
    files.forEach((text, i) => story.creates(1, `${i}.txt`, text));
    const expected = files.flatMap((text, i) => {
      const lines = text.split(/\r?\n/);
      if (lines.at(-1) === "") lines.pop();
      return lines.flatMap((line, number): [string, number, number, number][] => {
        const match = new RegExp(pattern, "su").exec(line);
        return match === null ? [] : [[`${i}.txt`, number + 1, match.index, match[0].length]];
      });
    });
    const limits = { ...defaultHistoryLimits, searchCost };
    assertEquals(placesOf(story, searchQuery(pattern, { regular: true }), limits), expected);
  }));
});
