/**
 * Folders in simulation: two or three of them, and a storm of edits.
 *
 * @module
 */

import fc from "fast-check";
import { Text, transform } from "../../ot/mod.ts";
import { FolderWorld } from "../../sim/folder_world.ts";
import { mergeUp, textDifference } from "../../sync/core/merge.ts";
import { assert, assertEquals } from "../assert.ts";

Deno.test("folders in a storm of edits, crashes and broken connections end the same, and nothing typed is lost", () => {
  let crashes = 0, words = 0;
  for (let seed = 1; seed <= 40; seed++) {
    try {
      const run = new FolderWorld(seed).run();
      crashes += run.crashes;
      words += run.words;
    } catch (error) {
      throw new Error(`Seed ${seed}`, { cause: error });
    }
  }
  // A simulation that tries nothing proves nothing.
  assert(crashes > 60 && words > 1000, `${crashes} crashes, ${words} words`);
});

Deno.test("on disks that do not tell names apart by case, names are mapped, and no file is lost", () => {
  for (let seed = 1; seed <= 20; seed++) {
    try {
      new FolderWorld(seed, { foldsCase: true }).run();
    } catch (error) {
      throw new Error(`Seed ${seed}`, { cause: error });
    }
  }
});

Deno.test("a run of folders is a function of its seed", () => {
  assertEquals(new FolderWorld(7).run(), new FolderWorld(7).run());
});

const text = fc.array(fc.constantFrom("one ", "two ", "three\n", "\n", "😀", "é", "x"), { maxLength: 12 })
  .map((parts) => Text.of(parts.join("")));

Deno.test("textDifference() leads from the one text to the other", () => {
  fc.assert(fc.property(text, text, (before, after) => {
    assertEquals(before.apply(textDifference(before, after)).toString(), after.toString());
  }));
});

Deno.test("mergeUp() has nothing to do when both sides are alike, and takes the one that changed alone", () => {
  fc.assert(fc.property(text, text, (synced, now) => {
    assertEquals(mergeUp(synced, now, now), []);
    assertEquals(now.apply(mergeUp(synced, synced, now)).toString(), now.toString());
    assertEquals(synced.apply(mergeUp(synced, now, synced)).toString(), now.toString());
  }));
});

Deno.test("mergeUp() keeps what either side has written, and does once what both have done", () => {
  const merged = (synced: string, disk: string, workspace: string) => {
    const there = Text.of(workspace);
    return there.apply(mergeUp(Text.of(synced), Text.of(disk), there)).toString();
  };
  assertEquals(merged("a b c", "a B c", "a b C"), "a B C");
  assertEquals(merged("one\ntwo\n", "zero\none\ntwo\n", "one\ntwo\nthree\n"), "zero\none\ntwo\nthree\n");
  assertEquals(merged("one\ntwo\n", "one\nnew\ntwo\n", "one\nnew\ntwo\nthree\n"), "one\nnew\ntwo\nthree\n");
  assertEquals(merged("the hat", "the cow", "the dog"), "the dogcow");
});

Deno.test("two edits of one line do not get among each other's words", () => {
  const synced = Text.of("let total = count + 1;\n");
  const one = textDifference(synced, Text.of("let totals = count + 1;\n"));
  const two = textDifference(synced, Text.of("let total = number + 1;\n"));
  assertEquals(
    synced.apply(one).apply(transform(two, one, "right")).toString(),
    "let totals = number + 1;\n",
  );
  // Nor does a line that was broken take the rest of it along.
  const broken = textDifference(synced, Text.of("let total = count\n+ 1;\n"));
  assertEquals(broken, [{ at: 17, remove: 1, insert: "\n" }]);
  assertEquals(textDifference(Text.of("one two\n"), Text.of("one\n\ntwo two\n")).length, 1);
});
