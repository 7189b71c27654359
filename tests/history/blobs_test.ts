/**
 * Questions about files that have no lines.
 *
 * @module
 */

import { sha256 } from "@noble/hashes/sha2.js";
import type { BlobContent } from "../../ot/mod.ts";
import { type Question, toHex } from "../../proto/mod.ts";
import { assertEquals } from "../assert.ts";
import { asked, itemsOf, queryOf, Story } from "./story.ts";

const bytes = [new Uint8Array([0, 1, 2]), new Uint8Array(150_000).fill(7), new Uint8Array(0)] as const;
const [small, large, empty] = bytes.map((each): BlobContent => ({
  hash: toHex(sha256(each)),
  bytes: each.length,
})) as [BlobContent, BlobContent, BlobContent];

/** r1 a.txt, r2 logo.png is small, r3 it is large, r4 it is mark.png, r5 empty.bin, r6 a.txt is binary, r7 mark.png goes. */
function told(): Story {
  const story = new Story();
  bytes.forEach((each) => story.contents.set(toHex(sha256(each)), each));
  story.creates(1, "a.txt", "needle\n");
  const logo = story.mint(1), made = { kind: "create", parent: "0:0", type: "blob" } as const;
  story.does(1, { steps: [{ ...made, node: logo, name: "logo.png", content: small }] });
  story.does(2, { steps: [{ kind: "replace", node: logo, content: large }] });
  story.renames(1, "logo.png", "mark.png");
  story.does(1, { steps: [{ ...made, node: story.mint(1), name: "empty.bin", content: empty }] });
  const { id } = story.workspace.find("a.txt")!;
  story.does(1, {
    steps: [
      { kind: "remove", node: id, tombstone: story.mint(1) },
      { ...made, node: story.mint(1), name: "a.txt", content: small },
    ],
  });
  story.does(1, { steps: [{ kind: "remove", node: logo, tombstone: story.mint(1) }] });
  return story;
}

const at = (revision: number) => ({ at: { revision, time: 0 } });

Deno.test("a tree says of a blob what it holds, and so do files", () => {
  const story = told();
  for (const kind of ["tree", "files"] as const) {
    const nodes = itemsOf("node", queryOf({ kind }, at(3)), story.source());
    const logo = nodes.find(({ path }) => path === "logo.png")!;
    assertEquals([logo.type, logo.length, logo.content], ["blob", 150_000, large]);
  }
  assertEquals(
    itemsOf("content", queryOf({ kind: "files" }, at(3)), story.source()).map(({ text }) => text),
    [
      "needle\n",
    ],
  );
});

Deno.test("the bytes of a content are those that a blob holds at that revision, removed or not, and of no other", () => {
  const story = told(), source = story.source();
  const bytesAt = (hash: string, revision: number) => {
    const question = { kind: "blob", hash } as const, code = asked(queryOf(question, at(revision)), source);
    if (typeof code === "string") return code;
    const items = itemsOf("bytes", queryOf(question, at(revision)), source);
    return items.map(({ bytes }) => bytes.length);
  };
  assertEquals(bytesAt(large.hash, 3), [60_000, 60_000, 30_000]);
  assertEquals(bytesAt(large.hash, 2), "content_missing");
  assertEquals(bytesAt(small.hash, 2), [3]);
  assertEquals(bytesAt(small.hash, 3), "content_missing");
  assertEquals(bytesAt(empty.hash, 5), [0]);
  assertEquals(bytesAt(large.hash, 7), [60_000, 60_000, 30_000]);
  assertEquals(bytesAt("00".repeat(32), 7), "content_missing");
  story.contents.delete(large.hash);
  assertEquals(bytesAt(large.hash, 7), "log_unreadable");
});

Deno.test("a diff says of blobs that they differ, as git does", () => {
  const story = told();
  const patches = (from: number, to: number) =>
    itemsOf(
      "difference",
      queryOf({ kind: "diff", from: { revision: from, time: 0 }, context: 3 }, at(to)),
      story.source(),
    ).map(({ patch }) => patch);
  assertEquals(patches(1, 2), [
    "diff --git a/logo.png b/logo.png\nnew file mode 100644\nBinary files /dev/null and b/logo.png differ\n",
  ]);
  assertEquals(patches(2, 3), [
    "diff --git a/logo.png b/logo.png\nBinary files a/logo.png and b/logo.png differ\n",
  ]);
  assertEquals(patches(3, 4), [
    "diff --git a/logo.png b/mark.png\nrename from logo.png\nrename to mark.png\n",
  ]);
  assertEquals(patches(5, 6), ["diff --git a/a.txt b/a.txt\nBinary files a/a.txt and b/a.txt differ\n"]);
  assertEquals(patches(6, 7), [
    "diff --git a/mark.png b/mark.png\ndeleted file mode 100644\nBinary files a/mark.png and /dev/null differ\n",
  ]);
});

Deno.test("a blob counts among the files that were touched", () => {
  const story = told();
  const question: Question = { kind: "changes", from: { revision: 2, time: 0 } };
  const touched = itemsOf("touched", queryOf(question, at(4)), story.source());
  assertEquals(touched.map(({ path, from, first, last, sites }) => [path, from, first, last, sites]), [
    ["mark.png", "logo.png", 3, 4, [1, 2]],
  ]);
});

Deno.test("a search passes over blobs, and one that is named is refused, as it is for blame", () => {
  const story = told();
  const search: Question = {
    kind: "search",
    pattern: "needle",
    regular: false,
    ignoreCase: false,
    matches: 0,
  };
  assertEquals(itemsOf("match", queryOf(search, at(4)), story.source()).map(({ path }) => path), ["a.txt"]);
  assertEquals(asked(queryOf(search, { ...at(4), paths: ["mark.png"] }), story.source()), "not_text");
  const blame: Question = { kind: "blame", path: "mark.png", from: { revision: 0, time: 0 } };
  assertEquals(asked(queryOf(blame, at(4)), story.source()), "not_text");
});
