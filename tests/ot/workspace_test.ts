import fc from "fast-check";
import { compareIds, insert, parseId, remove, rootId, Workspace } from "../../ot/mod.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { step } from "./tree_changes.ts";
import { content, drawn, planted } from "./tree_drawing.ts";
import { checkWorkspace, contentOf, rebuilt } from "./tree_replicas.ts";

const start = planted(
  "docs/",
  "docs/a.txt: hello",
  "docs/b.txt: world",
  "docs/img/",
  "docs.txt",
  "- old/",
  "~ old/c.txt: gone",
  "- old/d.txt: gone before",
);
const { state, id } = start;

Deno.test("the empty workspace is the root, and nothing in it", () => {
  assertEquals([...Workspace.empty.nodes()], [
    { id: rootId, parent: rootId, name: "", kind: "directory", tombstone: undefined },
  ]);
  assertEquals([Workspace.empty.size, Workspace.empty.textLength], [1, 0]);
  assert(Workspace.empty.isLive(rootId));
  assertEquals([Workspace.empty.pathOf(rootId), Workspace.empty.files()], ["", []]);
});

Deno.test("Workspace.find() finds live nodes by their paths", () => {
  assertEquals(state.find("docs/a.txt")?.id, id("docs/a.txt"));
  assertEquals(state.find("docs/img")?.id, id("docs/img"));
  assertEquals(state.find("docs")?.id, id("docs"));
  assertEquals(state.find("")?.id, rootId);
});

Deno.test("Workspace.find() finds nothing where there is nothing, or something removed or hidden", () => {
  for (const path of ["x", "docs/x", "docs/a.txt/x", "old", "old/c.txt", "old/d.txt", "Docs"]) {
    assertEquals(state.find(path), undefined, path);
  }
});

Deno.test("Workspace.files() lists live files by path, in the order of their paths as wholes", () => {
  // "docs.txt" comes before "docs/a.txt", since "." comes before "/".
  assertEquals(state.files().map(({ path }) => path), ["docs.txt", "docs/a.txt", "docs/b.txt"]);
  assertEquals(state.files().map((file) => file.id), [id("docs.txt"), id("docs/a.txt"), id("docs/b.txt")]);
});

Deno.test("Workspace.children() lists what is not removed in a directory, by name, also in a hidden one", () => {
  assertEquals(state.children(rootId).map(({ name }) => name), ["docs", "docs.txt"]);
  assertEquals(state.children(id("docs")).map(({ name }) => name), ["a.txt", "b.txt", "img"]);
  assertEquals(state.children(id("old")).map(({ name }) => name), ["c.txt"]);
  assertEquals(state.children(id("docs/img")), []);
  assertEquals(state.children("9:9"), []);
});

Deno.test("what is forgotten is gone, with all that hangs on it and all that it says; the rest stays", () => {
  const steps = [id("old"), id("old/d.txt")].map((node) => ({ kind: "forget", node }) as const);
  const after = state.apply({ steps, edits: [] });
  checkWorkspace(after);
  for (const path of ["old", "old/c.txt", "old/d.txt"]) {
    assertEquals([after.node(id(path)), after.text(id(path)).length], [undefined, 0], path);
  }
  assertEquals([after.size, after.textLength], [state.size - 3, "hello".length + "world".length]);
  assertEquals(contentOf(rebuilt(after)), contentOf(after));
  assertEquals(after.files(), state.files());
  // A name that was freed by the removal is as free as it was.
  const create = { kind: "create", node: "7:1", parent: rootId, name: "old", type: "directory" } as const;
  assertEquals(after.apply({ steps: [create], edits: [] }).find("old")?.id, "7:1");
});

Deno.test("Workspace.pathOf() gives the path of any node, removed or not", () => {
  for (const path of ["docs", "docs/img", "docs/a.txt", "old", "old/c.txt", "old/d.txt"]) {
    assertEquals(state.pathOf(id(path)), path);
  }
});

Deno.test("Workspace.isLive() is false of what is removed, of all below it, and of what there is not", () => {
  const live = ["docs", "docs/a.txt", "docs/b.txt", "docs/img", "docs.txt"];
  for (const path of live) assert(state.isLive(id(path)), path);
  for (const path of ["old", "old/c.txt", "old/d.txt"]) assert(!state.isLive(id(path)), path);
  assert(!state.isLive("9:9"));
});

Deno.test("Workspace.text() gives what a file says, removed or not, and nothing of what there is not", () => {
  assertEquals(state.text(id("docs/a.txt")).toString(), "hello");
  assertEquals(state.text(id("old/c.txt")).toString(), "gone");
  assertEquals(state.text(id("docs.txt")).length, 0);
  assertEquals(state.text("9:9").length, 0);
});

Deno.test("Workspace.apply() does tree steps and edits, and leaves the workspace before as it was", () => {
  const before = contentOf(state);
  const after = state.apply({
    steps: [
      step.move(id("docs/a.txt"), rootId),
      step.rename(id("docs/b.txt"), "a.txt"),
      step.remove(id("docs/img"), "2:1"),
      step.restore(id("old")),
      step.create("2:2", id("docs"), "new", "directory"),
      step.create("2:3", "2:2", "n"),
    ],
    edits: [
      { node: id("docs/a.txt"), op: insert(5, "!") },
      { node: id("old/d.txt"), op: remove(4, 7) },
      { node: "2:3", op: insert(0, "text") },
    ],
  });
  assertEquals(drawn(after), [
    "a.txt: hello!",
    "docs/",
    "docs.txt",
    "docs/a.txt: world",
    "- docs/img/",
    "docs/new/",
    "docs/new/n: text",
    "old/",
    "old/c.txt: gone",
    "- old/d.txt: gone",
  ]);
  checkWorkspace(after);
  assertEquals(contentOf(state), before);
});

Deno.test("Workspace.apply() swaps names, and directories that hold each other's names", () => {
  const [a, b] = [id("docs/a.txt"), id("docs/b.txt")];
  const swapped = state.apply({ steps: [step.rename(a, "b.txt"), step.rename(b, "a.txt")], edits: [] });
  assertEquals([swapped.find("docs/a.txt")?.id, swapped.find("docs/b.txt")?.id], [b, a]);
  checkWorkspace(swapped);
  // Inside out: docs/img takes the place and name of docs, which goes into it.
  const turned = state.apply({
    steps: [
      step.move(id("docs"), id("docs/img")),
      step.rename(id("docs"), "img"),
      step.move(id("docs/img"), rootId),
      step.rename(id("docs/img"), "docs"),
    ],
    edits: [],
  });
  assertEquals(turned.find("docs/img/a.txt")?.id, a);
  checkWorkspace(turned);
});

Deno.test("Workspace.apply() gives a removed node's name away, and takes it back with a restore elsewhere", () => {
  const removed = state.apply({ steps: [step.remove(id("docs/a.txt"), "2:1")], edits: [] });
  const taken = removed.apply({ steps: [step.create("2:2", id("docs"), "a.txt")], edits: [] });
  assertEquals(taken.find("docs/a.txt")?.id, "2:2");
  const back = taken.apply({
    steps: [step.restore(id("docs/a.txt")), step.rename(id("docs/a.txt"), "c.txt")],
    edits: [],
  });
  assertEquals(back.find("docs/c.txt")?.id, id("docs/a.txt"));
  checkWorkspace(back);
});

Deno.test("Workspace.apply() breaks on steps that were not resolved against it", () => {
  const apply = (...steps: Parameters<Workspace["apply"]>[0]["steps"]) => state.apply({ steps, edits: [] });
  assertThrows(() => apply(step.create("2:1", rootId, "docs")), Error, '"docs" is free');
  assertThrows(() => apply(step.rename(id("docs/a.txt"), "b.txt")), Error, '"b.txt" is free');
  assertThrows(() => apply(step.create(id("docs"), rootId, "x")), Error, "created once");
  assertThrows(() => apply(step.rename("9:9", "x")), Error, "9:9 exists");
});

Deno.test("Workspace.apply() of an edit that leaves its text breaks, and changes nothing", () => {
  const edits = [{ node: id("docs/a.txt"), op: insert(6, "x") }];
  assertThrows(() => state.apply({ steps: [], edits }), Error, "Broken invariant");
});

Deno.test("Workspace.textLength counts all texts in code units, those of removed files too", () => {
  assertEquals(state.textLength, "hello world".length - 1 + "gone".length + "gone before".length);
  const edited = state.apply({ steps: [], edits: [{ node: id("docs.txt"), op: insert(0, "😀") }] });
  assertEquals(edited.textLength, state.textLength + 2);
  const removed = edited.apply({ steps: [step.remove(id("docs.txt"), "2:1")], edits: [] });
  assertEquals(removed.textLength, edited.textLength);
});

Deno.test("Workspace.of() gives the workspace whose nodes and texts it is given, in any order", () => {
  assertEquals(contentOf(rebuilt(state)), contentOf(state));
  checkWorkspace(rebuilt(state));
});

Deno.test("Workspace.of() takes the root for given", () => {
  const nodes = [...state.nodes()];
  assertEquals(
    contentOf(Workspace.of(nodes.filter(({ id }) => id !== rootId), [])),
    contentOf(Workspace.of(nodes, [])),
  );
});

Deno.test("parseId() takes an id apart, and nothing else", () => {
  assertEquals(parseId("0:0"), { site: 0, counter: 0 });
  assertEquals(parseId("12:345"), { site: 12, counter: 345 });
  for (
    const text of [
      "",
      ":",
      "1",
      "1:",
      ":1",
      "01:1",
      "1:01",
      "-1:1",
      "1:1.5",
      "1:1 ",
      "1:1:1",
      "1:12345678901",
    ]
  ) {
    assertEquals(parseId(text), undefined, text);
  }
});

Deno.test("compareIds() sorts by site, then by counter, as numbers", () => {
  const ids = ["0:0", "1:2", "1:10", "2:1", "10:1"];
  assertEquals(ids.toReversed().sort(compareIds), ids);
  assertEquals(compareIds("1:2", "1:2"), 0);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(12), fc.nat(12)), { maxLength: 20 }), (pairs) => {
      const sorted = pairs.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]).map(([a, b]) => `${a}:${b}`);
      assertEquals(pairs.map(([a, b]) => `${a}:${b}`).sort(compareIds), sorted);
    }),
  );
});

Deno.test("Workspace.bytesOf() knows a content for as long as a blob holds it, removed ones too", () => {
  const { state, id } = planted("a = 05", "b = 05", "- c = 07");
  assertEquals([state.blobBytes, state.textLength], [5 + 5 + 7, 0]);
  const known = (workspace: Workspace) =>
    ["05", "07", "09"].map((digits) => workspace.bytesOf(content(digits).hash));
  assertEquals(known(state), [5, 7, undefined]);
  const one = state.apply({ steps: [step.replaceBlob(id("a"), "09")], edits: [] });
  assertEquals([known(one), one.blobBytes], [[5, 7, 9], 9 + 5 + 7]);
  const both = one.apply({ steps: [step.replaceBlob(id("b"), "09")], edits: [] });
  assertEquals([known(both), both.blobBytes], [[undefined, 7, 9], 9 + 9 + 7]);
  checkWorkspace(both);
  assertEquals(known(state), [5, 7, undefined]);
});

Deno.test("Workspace.files() lists blobs among the files", () => {
  assertEquals(planted("b = 01", "a: x", "d/").state.files().map(({ path }) => path), ["a", "b"]);
});
