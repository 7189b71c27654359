/**
 * Diffs: applied to the old text they give the new one, whatever the two are; and their cost is bounded.
 *
 * @module
 */

import { applyPatch, parsePatch } from "diff";
import fc from "fast-check";
import { defaultHistoryLimits, patchOf } from "../../server/history/mod.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { asked, itemsOf, newest, queryOf, Story } from "./story.ts";

const first = { revision: 1, time: 0 };

function diffQuery(from = first, context = 3) {
  return queryOf({ kind: "diff", from, context });
}

function patch(before: string, after: string, context = 3, lengthMax = 1 << 20) {
  const modes = { was: false, is: false };
  const pair = { status: "modified", path: "a.txt", from: "", modes, before, after } as const;
  return patchOf(pair, context, lengthMax);
}

/** A text after a patch, which must fit exactly. */
function applied(text: string, patch: string): string | false {
  return applyPatch(text, parsePatch(patch)[0]!, { fuzzFactor: 0, autoConvertLineEndings: false });
}

Deno.test("a diff is in the format of git", () => {
  const story = new Story();
  story.creates(1, "src/a.txt", "one\ntwo\nthree\nfour\nfive\n");
  story.types(2, "src/a.txt", 8, 5, "THREE");
  const [difference] = itemsOf("difference", diffQuery(first, 1), story.source());
  assertEquals(
    difference!.patch,
    [
      ...["diff --git a/src/a.txt b/src/a.txt", "--- a/src/a.txt", "+++ b/src/a.txt"],
      ...["@@ -2,3 +2,3 @@", " two", "-three", "+THREE", " four", ""],
    ].join("\n"),
  );
  assertEquals([difference!.status, difference!.path, difference!.omitted], ["modified", "src/a.txt", false]);
});

Deno.test("a diff says what was added, removed and renamed, and nothing of what is the same again", () => {
  const story = new Story();
  for (const name of ["stays", "goes", "moves", "both", "back"]) story.creates(1, `${name}.txt`, `${name}\n`);
  const from = { revision: story.revision, time: 0 };
  story.creates(1, "new.txt", "new\n");
  story.creates(1, "dir/x", "");
  story.removes(2, "goes.txt");
  story.moves(2, "moves.txt", "dir");
  story.renames(2, "both.txt", "Both.txt");
  story.types(2, "Both.txt", 0, 1, "B");
  story.types(1, "back.txt", 0, 1, "B");
  story.types(1, "back.txt", 0, 1, "b");
  const differences = itemsOf("difference", diffQuery(from), story.source());
  assertEquals(differences.map(({ status, path, from }) => [status, path, from]), [
    ["renamed", "Both.txt", "both.txt"],
    ["renamed", "dir/moves.txt", "moves.txt"],
    ["added", "dir/x", ""],
    ["removed", "goes.txt", ""],
    ["added", "new.txt", ""],
  ]);
  const [both, moves, , goes, added] = differences.map(({ patch }) => patch);
  assertStringIncludes(both!, "rename from both.txt\nrename to Both.txt\n");
  assertStringIncludes(both!, "-both\n+Both\n");
  assertEquals(
    moves,
    "diff --git a/moves.txt b/dir/moves.txt\nrename from moves.txt\nrename to dir/moves.txt\n",
  );
  assertStringIncludes(goes!, "+++ /dev/null\n@@ -1,1 +0,0 @@\n-goes\n");
  assertStringIncludes(added!, "--- /dev/null\n+++ b/new.txt\n@@ -0,0 +1,1 @@\n+new\n");
});

Deno.test("a diff says which files can be executed and could not before, as git does", () => {
  const story = new Story();
  for (const name of ["both", "mode", "moves", "plain", "undone"]) story.creates(1, name, "one\n");
  const from = { revision: story.revision, time: 0 };
  const runs = (path: string, executable: boolean) => {
    story.does(1, { steps: [{ kind: "mode", node: story.id(path), executable }] });
  };
  for (const path of ["both", "mode", "moves", "undone"]) runs(path, true);
  runs("undone", false);
  story.types(2, "both", 0, 3, "1");
  story.renames(2, "moves", "moved");
  const node = story.mint(1);
  story.does(1, {
    steps: [{ kind: "create", node, parent: "0:0", name: "run", type: "text", executable: true }],
  });
  const modes = "old mode 100644\nnew mode 100755\n";
  const patchesOf = (differences: readonly { readonly patch: string }[]) =>
    differences.map(({ patch }) => patch);
  assertEquals(patchesOf(itemsOf("difference", diffQuery(from), story.source())), [
    `diff --git a/both b/both\n${modes}--- a/both\n+++ b/both\n@@ -1,1 +1,1 @@\n-one\n+1\n`,
    `diff --git a/mode b/mode\n${modes}`,
    `diff --git a/moves b/moved\n${modes}rename from moves\nrename to moved\n`,
    "diff --git a/run b/run\nnew file mode 100755\n",
  ]);
  story.removes(1, "run");
  const before = { revision: story.revision - 1, time: 0 };
  const gone = "diff --git a/run b/run\ndeleted file mode 100755\n";
  assertEquals(patchesOf(itemsOf("difference", diffQuery(before), story.source())), [gone]);
  const tree = itemsOf("node", queryOf({ kind: "tree" }), story.source());
  assertEquals(tree.filter(({ executable }) => executable).map(({ path }) => path), [
    "both",
    "mode",
    "moved",
  ]);
});

Deno.test("a diff takes a file that was removed and made anew for the same file", () => {
  const story = new Story();
  story.creates(1, "a.txt", "one\ntwo\n");
  story.removes(1, "a.txt");
  story.creates(2, "a.txt", "one\n2\n");
  const [difference, ...others] = itemsOf("difference", diffQuery(), story.source());
  assertEquals([difference!.status, others.length], ["modified", 0]);
  assertStringIncludes(difference!.patch, " one\n-two\n+2\n");
});

Deno.test("a diff is of the paths asked for alone, as they were or as they are", () => {
  const story = new Story();
  story.creates(1, "a/one.txt", "1");
  story.creates(1, "b/two.txt", "2");
  const from = { revision: 2, time: 0 };
  story.moves(1, "a/one.txt", "b");
  story.types(1, "b/two.txt", 0, 0, "!");
  const pathsIn = (paths: string[], globs: string[] = []) =>
    itemsOf("difference", { ...diffQuery(from), paths, globs }, story.source()).map(({ path }) => path);
  assertEquals(pathsIn(["a"]), ["b/one.txt"]);
  assertEquals(pathsIn(["b"]), ["b/one.txt", "b/two.txt"]);
  assertEquals(pathsIn([], ["**/two*"]), ["b/two.txt"]);
  assertEquals(asked({ ...diffQuery(from), paths: ["c"] }, story.source()), "path_unknown");
});

Deno.test("a diff from the very start, between two revisions, and from a later one", () => {
  const story = new Story();
  story.creates(1, "a.txt", "one\n");
  story.creates(1, "b.txt", "two\n");
  assertEquals(itemsOf("difference", diffQuery(newest), story.source()).length, 2);
  const at = { revision: 1, time: 0 };
  assertEquals(itemsOf("difference", { ...diffQuery(newest), at }, story.source()).length, 1);
  assertEquals(asked({ ...diffQuery({ revision: 2, time: 0 }), at }, story.source()), "revision_unknown");
});

/** Texts of a few lines, of which some are the same; with and without an end, of either kind. */
const text = fc.array(fc.constantFrom("a\n", "b\n", "c\r\n", "\n", "😀\n", "long line\n"), { maxLength: 20 })
  .chain((lines) => fc.constantFrom("", "end", "a").map((end) => lines.join("") + end));

Deno.test("a diff applied to the old text gives the new one", () => {
  fc.assert(
    fc.property(text, text, fc.nat(4), (before, after, context) => {
      if (before === after) return;
      assertEquals(applied(before, patch(before, after, context).patch), after);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("a diff of two texts with long equal ends is as short as the difference, and lands in its place", () => {
  const line = fc.constantFrom("x\n", "y\n", "z\n");
  const lines = fc.array(line, { maxLength: 5 }).map((lines) => lines.join(""));
  const ends = fc.tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 300 }));
  fc.assert(fc.property(ends, lines, lines, ([above, below], old, fresh) => {
    if (old === fresh) return;
    const start = Array.from({ length: above }, (_, i) => `${i} above\n`).join("");
    const end = Array.from({ length: below }, (_, i) => `${i} below\n`).join("");
    const made = patch(start + old + end, start + fresh + end).patch;
    assertEquals(applied(start + old + end, made), start + fresh + end);
    assert(made.split("\n").length <= 3 + 1 + 6 + 10 + 1);
  }));
});

Deno.test("a diff of two texts that have nothing in common replaces all lines, at once", () => {
  const before = Array.from({ length: 8_000 }, (_, i) => `old ${i}\n`).join("");
  const after = Array.from({ length: 8_000 }, (_, i) => `new ${i}\n`).join("") + "end";
  const made = patch(before, after);
  assertEquals(made.omitted, false);
  assertEquals(applied(before, made.patch), after);
});

Deno.test("a small difference in a file of 10 MB is found, a file of 10 MB that is written anew is only said to differ", () => {
  const line = "a line that is repeated until it is a lot\n", count = Math.ceil(10_000_000 / line.length);
  const before = line.repeat(count);
  const after = before.slice(0, 5_000_000) + "!" + before.slice(5_000_000);
  const small = patch(before, after);
  assert(small.patch.length < 1000);
  assertEquals(applied(before, small.patch), after);

  const story = new Story();
  story.creates(1, "a.txt", before);
  story.types(2, "a.txt", 0, before.length, "another text\n".repeat(800_000));
  const [difference, ...others] = itemsOf("difference", diffQuery(), story.source());
  assertEquals([difference!.status, difference!.omitted, others.length], ["modified", true, 0]);
  assertEquals(difference!.patch, "diff --git a/a.txt b/a.txt\n");
});

Deno.test("a diff of many files comes in as many answers as it takes, each file once and whole", () => {
  const story = new Story();
  // Names of two lengths: in one of two patches, pieces of a given length would cut pairs.
  const paths = Array.from({ length: 60 }, (_, i) => `${i}`.padStart(3 + i % 2, "0")).sort();
  for (const path of paths) story.creates(1, path, `${"😀".repeat(11_000)}\n${path}\n`);
  const limits = { ...defaultHistoryLimits, answerLength: 100_000, comparedTotal: 1_000_000, items: 7 };
  const pieces = itemsOf("difference", diffQuery(newest), story.source(), limits);
  const patches = new Map<string, string>();
  for (const { path, at, patch } of pieces) {
    assertEquals(at, patches.get(path)?.length ?? 0);
    patches.set(path, (patches.get(path) ?? "") + patch);
  }
  assertEquals([...patches.keys()], paths);
  for (const [path, patch] of patches) {
    assertEquals(applied("", patch), `${story.workspace.text(story.id(path))}`);
  }
});
