import {
  type Change,
  type Edit,
  emptyChange,
  insert,
  type Node,
  type Notice,
  remove as removeText,
  resolve,
  rootId,
  type Step,
  Workspace,
} from "../../ot/mod.ts";
import { assert, assertEquals } from "../assert.ts";
import { step } from "./tree_changes.ts";
import { content, drawn, inOrder, type Planted, planted } from "./tree_drawing.ts";
import { merged } from "./tree_replicas.ts";

const { create, createBlob, mode, move, rename, remove, replaceBlob, restore } = step;

/** What two concurrent changes come to: the workspace, and what each author is told. */
interface Outcome {
  readonly tree: readonly string[];
  readonly notices?: readonly string[];
}

type Meant = readonly Step[] | Change;

const changeOf = (meant: Meant): Change => "steps" in meant ? meant : { steps: meant, edits: [] };

/** A notice as "3:1 renamed a (2).txt", "3:1 retargeted 0:0", "1:2 dropped cycle". */
function told(notice: Notice): string {
  const what = notice.kind === "renamed"
    ? notice.name
    : notice.kind === "retargeted"
    ? notice.parent
    : notice.reason;
  return `${notice.node} ${notice.kind} ${what}`;
}

/**
 * Site 2 does `a` and site 3 does `b`, neither having seen the other's: what comes of it if the log has `a` first,
 * and if it has `b` first.
 */
function merges(
  start: Planted,
  a: Meant,
  b: Meant,
  expected: { readonly ab: Outcome; readonly ba: Outcome },
) {
  const one = { site: 2, change: changeOf(a) }, two = { site: 3, change: changeOf(b) };
  for (const [order, outcome] of [[[one, two], expected.ab], [[two, one], expected.ba]] as const) {
    const { state, entries } = merged(start.state, order);
    const notices = entries.flatMap((entry) => entry.notices).map(told);
    assertEquals({ tree: drawn(state), notices }, {
      tree: inOrder(outcome.tree),
      notices: [...outcome.notices ?? []],
    });
  }
}

/** The same, where the order makes no difference. */
function commutes(
  start: Planted,
  a: Meant,
  b: Meant,
  tree: readonly string[],
  notices: readonly string[] = [],
) {
  merges(start, a, b, { ab: { tree, notices }, ba: { tree, notices } });
}

/** What one author's steps come to, nobody else being there. */
function alone(start: Planted, steps: readonly Step[]): { tree: string[]; notices: string[] } {
  const { state, entries } = merged(start.state, [{ site: 2, change: { steps, edits: [] } }]);
  return { tree: drawn(state), notices: entries.flatMap((entry) => entry.notices).map(told) };
}

// A name is taken.

Deno.test("resolve() gives the later of two files of one name a number", () => {
  merges(planted(), [create("2:1", rootId, "a.txt")], [create("3:1", rootId, "a.txt")], {
    ab: { tree: ["a (2).txt", "a.txt"], notices: ["3:1 renamed a (2).txt"] },
    ba: { tree: ["a (2).txt", "a.txt"], notices: ["2:1 renamed a (2).txt"] },
  });
  const { state } = merged(Workspace.empty, [
    { site: 3, change: changeOf([create("3:1", rootId, "a.txt")]) },
    { site: 2, change: changeOf([create("2:1", rootId, "a.txt")]) },
  ]);
  assertEquals(state.find("a.txt")?.id, "3:1");
});

Deno.test("resolve() gives the later of two directories of one name a number at its end", () => {
  merges(
    planted(),
    [create("2:1", rootId, "v1.0", "directory"), create("2:2", "2:1", "a")],
    [create("3:1", rootId, "v1.0", "directory"), create("3:2", "3:1", "b")],
    {
      ab: { tree: ["v1.0 (2)/", "v1.0 (2)/b", "v1.0/", "v1.0/a"], notices: ["3:1 renamed v1.0 (2)"] },
      ba: { tree: ["v1.0 (2)/", "v1.0 (2)/a", "v1.0/", "v1.0/b"], notices: ["2:1 renamed v1.0 (2)"] },
    },
  );
});

Deno.test("resolve() numbers a file that would have the name of a directory", () => {
  merges(planted(), [create("2:1", rootId, ".x")], [create("3:1", rootId, ".x", "directory")], {
    ab: { tree: [".x", ".x (2)/"], notices: ["3:1 renamed .x (2)"] },
    ba: { tree: [".x (2)", ".x/"], notices: ["2:1 renamed .x (2)"] },
  });
});

Deno.test("resolve() takes the smallest number that is free", () => {
  assertEquals(
    alone(planted("a", "a (2)", "a (4)"), [create("2:1", rootId, "a")]).tree.includes("a (3)"),
    true,
  );
  assertEquals(
    alone(planted("a", "a (2)", "a (3)", "a (4)"), [create("2:1", rootId, "a (2)")]).notices,
    ["2:1 renamed a (5)"],
  );
});

Deno.test("resolve() does not take the name of a removed file for taken", () => {
  assertEquals(alone(planted("- a: x"), [create("2:1", rootId, "a")]), {
    tree: ["- a: x", "a"],
    notices: [],
  });
});

Deno.test("resolve() does not take a name in another directory, or in other capitals, for taken", () => {
  assertEquals(
    alone(planted("d/", "d/a"), [create("2:1", rootId, "a"), create("2:2", rootId, "A")]),
    { tree: ["A", "a", "d/", "d/a"], notices: [] },
  );
});

Deno.test("resolve() numbers the later of two renames to one name, and of a rename and a create", () => {
  const start = planted("a", "b");
  merges(start, [rename(start.id("a"), "c")], [rename(start.id("b"), "c")], {
    ab: { tree: ["c", "c (2)"], notices: ["1:2 renamed c (2)"] },
    ba: { tree: ["c", "c (2)"], notices: ["1:1 renamed c (2)"] },
  });
  merges(start, [rename(start.id("a"), "c")], [create("3:1", rootId, "c")], {
    ab: { tree: ["b", "c", "c (2)"], notices: ["3:1 renamed c (2)"] },
    ba: { tree: ["b", "c", "c (2)"], notices: ["1:1 renamed c (2)"] },
  });
});

Deno.test("resolve() numbers the later of two moves of equal names into one directory", () => {
  const start = planted("d/", "d/a: x", "e/", "e/a: y", "f/");
  const [d, e, f] = [start.id("d/a"), start.id("e/a"), start.id("f")];
  merges(start, [move(d, f)], [move(e, f)], {
    ab: { tree: ["d/", "e/", "f/", "f/a (2): y", "f/a: x"], notices: [`${e} renamed a (2)`] },
    ba: { tree: ["d/", "e/", "f/", "f/a (2): x", "f/a: y"], notices: [`${d} renamed a (2)`] },
  });
});

Deno.test("resolve() numbers a restored file whose name has been taken since", () => {
  const start = planted("- a.txt: old", "b");
  merges(start, [restore(start.id("a.txt"))], [rename(start.id("b"), "a.txt")], {
    ab: { tree: ["a (2).txt", "a.txt: old"], notices: [`${start.id("b")} renamed a (2).txt`] },
    ba: { tree: ["a (2).txt: old", "a.txt"], notices: [`${start.id("a.txt")} renamed a (2).txt`] },
  });
});

Deno.test("resolve() swaps two names in one change", () => {
  const start = planted("a: x", "b: y");
  const swap = [rename(start.id("a"), "b"), rename(start.id("b"), "a")];
  assertEquals(alone(start, swap), { tree: ["a: y", "b: x"], notices: [] });
});

Deno.test("resolve() rotates three names, and swaps two files between directories, in one change", () => {
  const three = planted("a: x", "b: y", "c: z");
  const [a, b, c] = [three.id("a"), three.id("b"), three.id("c")];
  assertEquals(
    alone(three, [rename(a, "b"), rename(b, "c"), rename(c, "a")]),
    { tree: ["a: z", "b: x", "c: y"], notices: [] },
  );
  const two = planted("d/", "d/a: x", "e/", "e/a: y");
  const swap = [move(two.id("d/a"), two.id("e")), move(two.id("e/a"), two.id("d"))];
  assertEquals(alone(two, swap), { tree: ["d/", "d/a: y", "e/", "e/a: x"], notices: [] });
});

Deno.test("resolve() merges a swap of names with a concurrent create of one of them", () => {
  // Neither name is free at any moment before or after the swap: the create is the one that gives way.
  const start = planted("a: x", "b: y");
  const [a, b] = [start.id("a"), start.id("b")];
  const swap = [rename(a, "c"), rename(b, "a"), rename(a, "b")];
  merges(start, swap, [create("3:1", rootId, "a")], {
    ab: { tree: ["a (2)", "a: y", "b: x"], notices: ["3:1 renamed a (2)"] },
    ba: { tree: ["a (2)", "a: y", "b: x"], notices: ["3:1 renamed a (2)"] },
  });
});

Deno.test("resolve() merges two concurrent swaps of the same names: the later one changes nothing", () => {
  const start = planted("a: x", "b: y");
  const swap = [rename(start.id("a"), "b"), rename(start.id("b"), "a")];
  commutes(start, swap, swap, ["a: y", "b: x"]);
});

Deno.test("resolve() merges a swap of names with a rename of one of the two", () => {
  const start = planted("a: x", "b: y");
  const [a, b] = [start.id("a"), start.id("b")];
  merges(start, [rename(a, "b"), rename(b, "a")], [rename(a, "c")], {
    ab: { tree: ["a: y", "c: x"] },
    ba: { tree: ["a: y", "b: x"] },
  });
});

Deno.test("resolve() numbers names that clash within one change, the last placed last", () => {
  assertEquals(
    alone(planted(), [create("2:1", rootId, "a"), create("2:2", rootId, "a"), create("2:3", rootId, "a")]),
    { tree: ["a", "a (2)", "a (3)"], notices: ["2:2 renamed a (2)", "2:3 renamed a (3)"] },
  );
});

Deno.test("resolve() frees a name that a node of the same change gives up later", () => {
  const start = planted("a: x");
  assertEquals(
    alone(start, [create("2:1", rootId, "a"), rename(start.id("a"), "b")]),
    { tree: ["a", "b: x"], notices: [] },
  );
  assertEquals(
    alone(start, [create("2:1", rootId, "a"), remove(start.id("a"), "2:2")]),
    { tree: ["- a: x", "a"], notices: [] },
  );
});

Deno.test("resolve() keeps the number that a name was given, and the number of one that was meant", () => {
  const start = planted("a");
  const { state } = merged(start.state, [{ site: 2, change: changeOf([create("2:1", rootId, "a")]) }]);
  const author = { site: 2, counter: 1 };
  assertEquals(resolve([rename("2:1", "a (2)")], state, author), { steps: [], notices: [], counter: 1 });
});

// Two registers.

Deno.test("resolve() keeps both a rename and a concurrent move of one node", () => {
  const start = planted("a: x", "d/");
  const a = start.id("a");
  commutes(start, [rename(a, "b")], [move(a, start.id("d"))], ["d/", "d/b: x"]);
});

Deno.test("resolve() lets the later of two moves win", () => {
  const start = planted("a: x", "d/", "e/");
  const a = start.id("a");
  merges(start, [move(a, start.id("d"))], [move(a, start.id("e"))], {
    ab: { tree: ["d/", "e/", "e/a: x"] },
    ba: { tree: ["d/", "d/a: x", "e/"] },
  });
});

Deno.test("resolve() lets the later of two renames win", () => {
  const start = planted("a: x");
  const a = start.id("a");
  merges(start, [rename(a, "b")], [rename(a, "c")], { ab: { tree: ["c: x"] }, ba: { tree: ["b: x"] } });
});

Deno.test("resolve() does nothing for a move to where the node is, and a rename to what it is called", () => {
  const start = planted("a: x");
  const stay = [move(start.id("a"), rootId), rename(start.id("a"), "a")];
  const resolution = resolve(stay, start.state, { site: 2, counter: 7 });
  assertEquals(resolution, { steps: [], notices: [], counter: 7 });
  // Nor does its name go to a newcomer of the same change.
  assertEquals(
    alone(start, [create("2:1", rootId, "a"), ...stay]),
    { tree: ["a: x", "a (2)"], notices: ["2:1 renamed a (2)"] },
  );
});

// Cycles.

Deno.test("resolve() drops the later of two moves that put two directories into each other", () => {
  const start = planted("d/", "d/a", "e/", "e/b");
  const d = start.id("d"), e = start.id("e");
  merges(start, [move(d, e)], [move(e, d)], {
    ab: { tree: ["e/", "e/b", "e/d/", "e/d/a"], notices: [`${e} dropped cycle`] },
    ba: { tree: ["d/", "d/a", "d/e/", "d/e/b"], notices: [`${d} dropped cycle`] },
  });
});

Deno.test("resolve() drops the last of three moves that make a circle", () => {
  const start = planted("d/", "e/", "f/");
  const ids = [start.id("d"), start.id("e"), start.id("f")];
  const moves = ids.map((id, i) => ({ site: 2 + i, change: changeOf([move(id, ids[(i + 1) % 3]!)]) }));
  const [d, e, f] = moves;
  assertEquals(drawn(merged(start.state, [d!, e!, f!]).state), ["f/", "f/e/", "f/e/d/"]);
  assertEquals(drawn(merged(start.state, [e!, f!, d!]).state), ["d/", "d/f/", "d/f/e/"]);
  assertEquals(drawn(merged(start.state, [f!, e!, d!]).state), ["d/", "d/f/", "d/f/e/"]);
  const { entries } = merged(start.state, [f!, d!, e!]);
  assertEquals(entries.map(({ change, notices }) => [change.steps.length, notices.map(told)]), [
    [1, []],
    [1, []],
    [0, [`${ids[1]} dropped cycle`]],
  ]);
});

Deno.test("resolve() drops a move of a directory into itself", () => {
  const start = planted("d/", "d/e/");
  const d = start.id("d");
  assertEquals(alone(start, [move(d, d)]).notices, [`${d} dropped cycle`]);
  assertEquals(alone(start, [move(d, start.id("d/e"))]).notices, [`${d} dropped cycle`]);
});

Deno.test("resolve() keeps the rename where it drops the move of one change", () => {
  const start = planted("d/", "d/e/");
  assertEquals(alone(start, [move(start.id("d"), start.id("d/e")), rename(start.id("d"), "f")]).tree, [
    "f/",
    "f/e/",
  ]);
});

Deno.test("resolve() counts removed nodes when it looks for cycles", () => {
  // Moved into d, then removed there: e is still inside d, and d cannot come under e.
  const start = planted("d/", "e/");
  const d = start.id("d"), e = start.id("e");
  merges(start, [move(e, d), remove(e, "2:1")], [move(d, e)], {
    ab: { tree: ["- d/e/", "d/"], notices: [`${d} dropped cycle`] },
    // d is under e when the move of e comes: that one is dropped, and the removal hides both.
    ba: { tree: ["- e/", "~ e/d/"], notices: [`${e} dropped cycle`] },
  });
});

Deno.test("resolve() drops a move of a removed directory that would make a cycle among the removed", () => {
  const start = planted("- r/", "~ r/s/", "~ r/s/t/");
  const r = start.id("r");
  // Into s would be into itself. s is hidden by r, so what is meant for s lands beside r: where r is already.
  assertEquals(alone(start, [move(r, start.id("r/s"))]), {
    tree: drawn(start.state),
    notices: [`${r} retargeted 0:0`],
  });
  // A move that is dropped for a cycle is not reported as re-targeted too.
  const live = planted("d/", "- d/e/");
  const d = live.id("d");
  assertEquals(alone(live, [move(d, live.id("d/e"))]), {
    tree: drawn(live.state),
    notices: [`${d} dropped cycle`],
  });
});

// Into a removed directory.

Deno.test("resolve() puts what is created in a removed directory into the nearest live one above", () => {
  const start = planted("d/", "d/e/", "d/e/f/");
  const [d, e, f] = [start.id("d"), start.id("d/e"), start.id("d/e/f")];
  merges(start, [remove(e, "2:1")], [create("3:1", f, "a")], {
    ab: { tree: ["- d/e/", "d/", "d/a", "~ d/e/f/"], notices: [`3:1 retargeted ${d}`] },
    ba: { tree: ["d/", "- d/e/", "~ d/e/f/", "~ d/e/f/a"] },
  });
});

Deno.test("resolve() puts what is moved to a removed directory into the nearest live one above", () => {
  const start = planted("a: x", "d/", "d/e/");
  const [a, d, e] = [start.id("a"), start.id("d"), start.id("d/e")];
  merges(start, [remove(e, "2:1")], [move(a, e)], {
    ab: { tree: ["d/", "d/a: x", "- d/e/"], notices: [`${a} retargeted ${d}`] },
    ba: { tree: ["d/", "- d/e/", "~ d/e/a: x"] },
  });
});

Deno.test("resolve() puts what is restored in a removed directory into the nearest live one above", () => {
  const start = planted("d/", "d/e/", "- d/e/a: x");
  const [a, d, e] = [start.id("d/e/a"), start.id("d"), start.id("d/e")];
  merges(start, [remove(e, "2:1")], [restore(a)], {
    ab: { tree: ["d/", "d/a: x", "- d/e/"], notices: [`${a} retargeted ${d}`] },
    ba: { tree: ["d/", "- d/e/", "~ d/e/a: x"] },
  });
});

Deno.test("resolve() numbers what lands in the directory above if its name is taken there", () => {
  const start = planted("a: x", "d/");
  merges(start, [remove(start.id("d"), "2:1")], [create("3:1", start.id("d"), "a")], {
    ab: { tree: ["a: x", "a (2)", "- d/"], notices: ["3:1 retargeted 0:0", "3:1 renamed a (2)"] },
    ba: { tree: ["a: x", "- d/", "~ d/a"] },
  });
});

Deno.test("resolve() does not report a re-targeting that a later step of the change undid", () => {
  const start = planted("a: x", "- d/", "e/");
  const a = start.id("a");
  assertEquals(
    alone(start, [move(a, start.id("d")), move(a, start.id("e"))]),
    { tree: ["- d/", "e/", "e/a: x"], notices: [] },
  );
});

Deno.test("resolve() restores a directory and what it held as one, whoever restores", () => {
  const start = planted("d/", "d/a: x", "- d/b: y");
  const d = start.id("d");
  const { state } = merged(start.state, [{ site: 2, change: changeOf([remove(d, "2:1")]) }]);
  assertEquals(drawn(state), ["- d/", "~ d/a: x", "- d/b: y"]);
  const { state: again } = merged(state, [{ site: 3, change: changeOf([restore(d)]) }]);
  assertEquals(drawn(again), ["d/", "d/a: x", "- d/b: y"]);
});

// Removed nodes.

Deno.test("resolve() keeps a removed file removed whatever else is done to it, and brings it back with that", () => {
  const start = planted("a: x", "d/");
  const a = start.id("a"), d = start.id("d");
  commutes(start, [remove(a, "2:1")], [rename(a, "b")], ["- b: x", "d/"]);
  commutes(start, [remove(a, "2:1")], [move(a, d)], ["d/", "- d/a: x"]);
  const edited = { steps: [], edits: [{ node: a, op: insert(1, "y") }] };
  commutes(start, [remove(a, "2:1")], edited, ["- a: xy", "d/"]);
  const all = { steps: [rename(a, "b"), move(a, d)], edits: edited.edits };
  const { state } = merged(start.state, [
    { site: 2, change: changeOf([remove(a, "2:1")]) },
    { site: 3, change: all },
  ]);
  assertEquals(drawn(state), ["d/", "- d/b: xy"]);
  const { state: back } = merged(state, [{ site: 4, change: changeOf([restore(a, "2:1")]) }]);
  assertEquals(drawn(back), ["d/", "d/b: xy"]);
});

Deno.test("resolve() hides with a removed directory what others did below it, and shows it again with it", () => {
  const start = planted("d/", "d/a: x", "d/b: y", "c: z");
  const [d, a, b, c] = [start.id("d"), start.id("d/a"), start.id("d/b"), start.id("c")];
  const edits: Edit[] = [{ node: a, op: insert(1, "!") }];
  const others = { steps: [rename(b, "bb"), move(c, d), create("3:1", d, "n")], edits };
  const { state } = merged(start.state, [
    { site: 3, change: others },
    { site: 2, change: changeOf([remove(d, "2:1")]) },
  ]);
  assertEquals(drawn(state), ["- d/", "~ d/a: x!", "~ d/bb: y", "~ d/c: z", "~ d/n"]);
  assertEquals(state.files(), []);
  const { state: back } = merged(state, [{ site: 4, change: changeOf([restore(d)]) }]);
  assertEquals(drawn(back), ["d/", "d/a: x!", "d/bb: y", "d/c: z", "d/n"]);
  // The other way round, only what was meant to enter the directory does not.
  const { state: after } = merged(start.state, [
    { site: 2, change: changeOf([remove(d, "2:1")]) },
    { site: 3, change: others },
  ]);
  assertEquals(drawn(after), ["c: z", "- d/", "~ d/a: x!", "~ d/bb: y", "n"]);
});

Deno.test("resolve() lets the later of two removals own the tombstone: taking back the earlier does nothing", () => {
  const start = planted("a: x");
  const a = start.id("a");
  const first = { site: 2, change: changeOf([remove(a, "2:1")]) };
  const second = { site: 3, change: changeOf([remove(a, "3:1")]) };
  for (
    const [order, owner, other] of [[[first, second], "3:1", "2:1"], [[second, first], "2:1", "3:1"]] as const
  ) {
    const { state } = merged(start.state, order);
    assertEquals([drawn(state), state.node(a)?.tombstone], [["- a: x"], owner]);
    const author = { site: 4, counter: 0 };
    assertEquals(resolve([restore(a, other)], state, author), {
      steps: [],
      notices: [{ kind: "dropped", node: a, reason: "superseded" }],
      counter: 0,
    });
    assertEquals(resolve([restore(a, owner)], state, author), {
      steps: [{ kind: "restore", node: a }],
      notices: [],
      counter: 0,
    });
  }
});

Deno.test("resolve() drops a restore that takes back a removal which a concurrent one has superseded", () => {
  const start = planted("- a: x");
  const a = start.id("a"), old = start.tombstone("a");
  merges(start, [remove(a, "2:1")], [restore(a, old)], {
    ab: { tree: ["- a: x"], notices: [`${a} dropped superseded`] },
    ba: { tree: ["- a: x"] },
  });
  // Whoever wants the file whatever the reason says no tombstone.
  merges(start, [remove(a, "2:1")], [restore(a)], { ab: { tree: ["a: x"] }, ba: { tree: ["- a: x"] } });
});

Deno.test("resolve() does nothing for the restore of a live node", () => {
  const start = planted("a: x", "- b: y");
  const author = { site: 2, counter: 0 };
  const nothing = { steps: [], notices: [], counter: 0 };
  assertEquals(resolve([restore(start.id("a"))], start.state, author), nothing);
  assertEquals(resolve([restore(start.id("a"), "1:99")], start.state, author), nothing);
  commutes(start, [restore(start.id("b"))], [restore(start.id("b"), start.tombstone("b"))], ["a: x", "b: y"]);
});

Deno.test("resolve() takes a file out of a removed directory that hides it, if it is restored by itself", () => {
  const start = planted("d/", "- d/e/", "~ d/e/a: x");
  const a = start.id("d/e/a");
  assertEquals(alone(start, [restore(a)]), {
    tree: ["d/", "d/a: x", "- d/e/"],
    notices: [`${a} retargeted ${start.id("d")}`],
  });
  // One who takes back a removal of the file itself wants nothing of the kind: there is none any more.
  assertEquals(alone(start, [restore(a, "1:99")]), { tree: drawn(start.state), notices: [] });
});

Deno.test("resolve() restores a directory and a file in it in one change, each to its place", () => {
  const start = planted("- d/", "- d/a: x");
  const [d, a] = [start.id("d"), start.id("d/a")];
  assertEquals(alone(start, [restore(d), restore(a)]), { tree: ["d/", "d/a: x"], notices: [] });
});

Deno.test("resolve() takes a restored file for the last that came, whatever was done to it before", () => {
  const start = planted("- a: x");
  const a = start.id("a");
  assertEquals(
    alone(start, [rename(a, "n"), create("2:1", rootId, "n"), restore(a)]),
    { tree: ["n", "n (2): x"], notices: [`${a} renamed n (2)`] },
  );
});

Deno.test("resolve() takes a removal and its restore within one change for nothing", () => {
  const start = planted("a: x");
  const a = start.id("a");
  const resolution = resolve([remove(a, "2:1"), restore(a, "2:1")], start.state, { site: 2, counter: 0 });
  assertEquals(resolution, { steps: [], notices: [], counter: 1 });
});

// Several steps.

Deno.test("resolve() creates a directory, one in it, and files in both, in one change", () => {
  assertEquals(
    alone(planted(), [
      create("2:1", rootId, "d", "directory"),
      create("2:2", "2:1", "e", "directory"),
      create("2:3", "2:2", "a"),
      create("2:4", "2:1", "b"),
    ]),
    { tree: ["d/", "d/b", "d/e/", "d/e/a"], notices: [] },
  );
});

Deno.test("resolve() lets a new directory's numbered name stand for all that is created in it", () => {
  const steps = [create("2:1", rootId, "d", "directory"), create("2:2", "2:1", "a")];
  assertEquals(alone(planted("d/", "d/a: x"), steps).tree, inOrder(["d (2)/", "d (2)/a", "d/", "d/a: x"]));
});

Deno.test("resolve() keeps what a change created below a directory that it removes in the end", () => {
  const start = planted("d/");
  assertEquals(
    alone(start, [create("2:1", start.id("d"), "a"), remove(start.id("d"), "2:2")]).tree,
    ["- d/", "~ d/a"],
  );
});

Deno.test("resolve() allows an edit of a file in the change that creates it", () => {
  const change = { steps: [create("2:1", rootId, "a")], edits: [{ node: "2:1", op: insert(0, "hello") }] };
  assertEquals(drawn(merged(Workspace.empty, [{ site: 2, change }]).state), ["a: hello"]);
});

Deno.test("resolve() gives at most one step of a kind for each node, sorted by node", () => {
  const start = planted("d/", "e/", "a: x");
  const [d, e, a] = [start.id("d"), start.id("e"), start.id("a")];
  const steps = [
    create("2:2", rootId, "n", "directory"),
    move(a, d),
    rename(a, "b"),
    move(a, e),
    create("2:1", "2:2", "m"),
    rename(a, "c"),
    rename("2:1", "mm"),
    remove("2:1", "2:10"),
  ];
  assertEquals(resolve(steps, start.state, { site: 2, counter: 0 }), {
    steps: [
      move(a, e),
      rename(a, "c"),
      create("2:1", "2:2", "mm"),
      remove("2:1", "2:10"),
      create("2:2", rootId, "n", "directory"),
    ],
    notices: [],
    counter: 10,
  });
});

Deno.test("resolve() of no steps is no steps, and uses no id", () => {
  assertEquals(resolve([], Workspace.empty, { site: 2, counter: 5 }), { steps: [], notices: [], counter: 5 });
  commutes(planted("a: x"), emptyChange, emptyChange, ["a: x"]);
});

Deno.test("resolve() leaves texts to the edits: a deletion and a rename do not touch each other", () => {
  const start = planted("a: xyz");
  const edits = [{ node: start.id("a"), op: removeText(0, 2) }];
  commutes(start, [rename(start.id("a"), "b")], { steps: [], edits }, ["b: z"]);
});

// Refused.

/** Why one author's steps are refused, and for which node. */
function refused(start: Planted, steps: readonly Step[], author = { site: 2, counter: 0 }): string {
  const resolution = resolve(steps, start.state, author);
  assert("fault" in resolution, "is refused");
  return `${resolution.fault} ${resolution.node}`;
}

Deno.test("resolve() refuses whatever would change the root", () => {
  const start = planted("d/");
  for (
    const step of [
      move(rootId, start.id("d")),
      rename(rootId, "x"),
      remove(rootId, "2:1"),
      restore(rootId),
      create(rootId, rootId, "x", "directory"),
    ]
  ) {
    assertEquals(refused(start, [step]), "root_is_fixed 0:0");
  }
});

Deno.test("resolve() refuses a file as parent, removed or not", () => {
  const start = planted("a: x", "- b: y", "c: z");
  for (const file of [start.id("a"), start.id("b")]) {
    assertEquals(refused(start, [create("2:1", file, "n")]), `not_a_directory ${file}`);
    assertEquals(refused(start, [move(start.id("c"), file)]), `not_a_directory ${file}`);
  }
  assertEquals(
    refused(start, [create("2:1", rootId, "n"), create("2:2", "2:1", "m")]),
    "not_a_directory 2:1",
  );
});

Deno.test("resolve() refuses a node or a parent that there is not, or not yet", () => {
  const start = planted("a: x");
  assertEquals(refused(start, [move("9:9", rootId)]), "unknown_node 9:9");
  assertEquals(refused(start, [rename("9:9", "n")]), "unknown_node 9:9");
  assertEquals(refused(start, [remove("9:9", "2:1")]), "unknown_node 9:9");
  assertEquals(refused(start, [restore("9:9")]), "unknown_node 9:9");
  assertEquals(refused(start, [{ kind: "forget", node: start.id("a") }]), `server_step ${start.id("a")}`);
  assertEquals(refused(start, [move(start.id("a"), "9:9")]), "unknown_node 9:9");
  assertEquals(refused(start, [create("2:1", "9:9", "n")]), "unknown_node 9:9");
  assertEquals(
    refused(start, [create("2:2", "2:1", "n"), create("2:1", rootId, "d", "directory")]),
    "unknown_node 2:1",
  );
});

Deno.test("resolve() refuses an id of another site, and what is no id", () => {
  const start = planted("a: x");
  for (const id of ["3:1", "1:99", "2:", "2:01", "x", ""]) {
    assertEquals(refused(start, [create(id, rootId, "n")]), `id_not_yours ${id}`);
    assertEquals(refused(start, [remove(start.id("a"), id)]), `id_not_yours ${id}`);
  }
});

Deno.test("resolve() refuses an id that its site has used before, for nodes and removals alike", () => {
  const start = planted("a: x");
  const author = { site: 2, counter: 7 };
  assertEquals(refused(start, [create("2:7", rootId, "n")], author), "id_used 2:7");
  assertEquals(refused(start, [create("2:3", rootId, "n")], author), "id_used 2:3");
  assertEquals(refused(start, [remove(start.id("a"), "2:7")], author), "id_used 2:7");
  assertEquals(
    refused(start, [create("2:8", rootId, "n"), create("2:8", rootId, "m")], author),
    "id_used 2:8",
  );
  assertEquals(refused(start, [create("2:8", rootId, "n"), remove("2:8", "2:8")], author), "id_used 2:8");
});

Deno.test("resolve() takes a site's new ids in any order, and says which is the highest", () => {
  const steps = [create("2:12", rootId, "n"), create("2:9", rootId, "m")];
  const resolution = resolve(steps, Workspace.empty, { site: 2, counter: 7 });
  assert(!("fault" in resolution));
  assertEquals(resolution.counter, 12);
});

Deno.test("resolve() refuses names that nothing may have, given or changed to", () => {
  const start = planted("a: x");
  for (const name of ["", ".", "..", "a/b", "a\0", "\n", "e\u0301", "\ud800", "n".repeat(256)]) {
    assertEquals(refused(start, [create("2:1", rootId, name)]), "bad_name 2:1");
    assertEquals(refused(start, [rename(start.id("a"), name)]), `bad_name ${start.id("a")}`);
  }
});

/** A directory for each of `count` names of 255 bytes, one in the other, and the id of the innermost. */
function deep(count: number): { readonly nodes: Node[]; readonly innermost: string } {
  const nodes: Node[] = [];
  let parent = rootId;
  for (let i = 1; i <= count; i++) {
    nodes.push({ id: `1:${i}`, parent, name: "n".repeat(255), kind: "directory", tombstone: undefined });
    parent = `1:${i}`;
  }
  return { nodes, innermost: parent };
}

Deno.test("resolve() refuses a path of more than 4096 bytes, and allows one of 4096", () => {
  const { nodes, innermost } = deep(15);
  const start = { ...planted(), state: Workspace.of(nodes, []) };
  // 15 names with their slashes make 3840 bytes.
  const directory = create("2:1", innermost, "é".repeat(127), "directory");
  const allowed = resolve([directory, create("2:2", "2:1", "m")], start.state, { site: 2, counter: 0 });
  assert(!("fault" in allowed));
  assertEquals(refused(start, [directory, create("2:2", "2:1", "mm")]), "path_too_long 2:2");
});

Deno.test("resolve() refuses a path that gets too long by a number, a rename or a move", () => {
  const { nodes, innermost } = deep(15);
  const directory = { id: "1:20", parent: innermost, name: "d".repeat(252), kind: "directory" as const };
  const file = { parent: "1:20", kind: "text" as const, tombstone: undefined };
  const start = {
    ...planted(),
    state: Workspace.of([
      ...nodes,
      { ...directory, tombstone: undefined },
      { ...file, id: "1:21", name: "aa" },
      { ...file, id: "1:22", name: "b" },
      { ...file, id: "1:23", name: "long", parent: rootId },
    ], []),
  };
  assertEquals(refused(start, [create("2:1", "1:20", "aa")]), "path_too_long 2:1");
  assertEquals(refused(start, [rename("1:22", "bbbb")]), "path_too_long 1:22");
  assertEquals(refused(start, [move("1:23", "1:20")]), "path_too_long 1:23");
});

Deno.test("resolve() refuses to move or rename a directory if a path below it would get too long", () => {
  const { nodes, innermost } = deep(15);
  const rest = { kind: "directory" as const, tombstone: undefined };
  const start = {
    ...planted(),
    state: Workspace.of([
      ...nodes,
      { ...rest, id: "1:20", parent: rootId, name: "d" },
      { ...rest, id: "1:21", parent: "1:20", name: "e" },
      { ...rest, id: "1:22", parent: "1:21", name: "n".repeat(252) },
      { ...rest, id: "1:23", parent: "1:20", name: "n".repeat(255), tombstone: "1:30" },
    ], []),
  };
  // Under the innermost directory, d/e/nnn would be 3840 + 2 + 2 + 252 bytes: as many as are allowed.
  assert(!("fault" in resolve([move("1:20", innermost)], start.state, { site: 2, counter: 0 })));
  assertEquals(refused(start, [move("1:20", innermost), rename("1:20", "dd")]), "path_too_long 1:22");
  assertEquals(refused(start, [move("1:20", innermost), rename("1:21", "ee")]), "path_too_long 1:22");
  // What gets a shorter name, or out of there, in the same change is no obstacle.
  const shorter = [move("1:20", innermost), rename("1:20", "dd"), rename("1:22", "n")];
  assert(!("fault" in resolve(shorter, start.state, { site: 2, counter: 0 })));
  // What is removed is looked at when it is restored, and so is what is below it.
  assertEquals(refused(start, [move("1:20", innermost), restore("1:23")]), "path_too_long 1:23");
  const hidden = [remove("1:21", "2:1"), move("1:20", innermost), rename("1:20", "dd")];
  const resolution = resolve(hidden, start.state, { site: 2, counter: 0 });
  assert(!("fault" in resolution));
  const after = { ...start, state: start.state.apply({ steps: resolution.steps, edits: [] }) };
  assertEquals(refused(after, [restore("1:21")], { site: 2, counter: 1 }), "path_too_long 1:22");
});

Deno.test("resolve() refuses all of a change if it refuses one step", () => {
  const start = planted("a: x");
  assertEquals(refused(start, [rename(start.id("a"), "b"), rename(start.id("a"), "")]), "bad_name 1:1");
});

// Blobs.

Deno.test("resolve() lets the later of two replacements of a blob win", () => {
  const start = planted("logo.png = 01"), logo = start.id("logo.png");
  merges(start, [replaceBlob(logo, "02")], [replaceBlob(logo, "03")], {
    ab: { tree: ["logo.png = 03"] },
    ba: { tree: ["logo.png = 02"] },
  });
});

Deno.test("resolve() keeps what a blob holds, what it is called and where it is apart", () => {
  const start = planted("logo.png = 01", "img/"), logo = start.id("logo.png");
  commutes(start, [replaceBlob(logo, "02")], [rename(logo, "mark.png"), move(logo, start.id("img"))], [
    "img/",
    "img/mark.png = 02",
  ]);
  commutes(start, [replaceBlob(logo, "02")], [remove(logo, "3:1")], ["img/", "- logo.png = 02"]);
});

Deno.test("resolve() makes a blob with the last of what one change puts into it", () => {
  const steps = [createBlob("2:1", rootId, "logo.png", "01"), replaceBlob("2:1", "02")];
  assertEquals(alone(planted(), steps).tree, ["logo.png = 02"]);
  const { entries } = merged(Workspace.empty, [{ site: 2, change: changeOf(steps) }]);
  assertEquals(entries[0]!.change.steps, [createBlob("2:1", rootId, "logo.png", "02")]);
});

Deno.test("resolve() does nothing for a replacement by what a blob holds already", () => {
  const start = planted("logo.png = 01");
  const { entries } = merged(start.state, [
    { site: 2, change: changeOf([replaceBlob(start.id("logo.png"), "01")]) },
  ]);
  assertEquals(entries[0]!.change.steps, []);
});

Deno.test("resolve() leaves a replaced blob its name where something new of that name is made before it", () => {
  const start = planted("logo.png = 01");
  const steps = [create("2:1", rootId, "logo.png"), replaceBlob(start.id("logo.png"), "02")];
  assertEquals(alone(start, steps), {
    tree: ["logo.png = 02", "logo (2).png"].sort(),
    notices: ["2:1 renamed logo (2).png"],
  });
});

Deno.test("resolve() gives a file of another kind the name of the one that the same change removes", () => {
  const start = planted("data: x");
  const steps = [remove(start.id("data"), "2:1"), createBlob("2:2", rootId, "data", "01")];
  assertEquals(alone(start, steps), { tree: inOrder(["- data: x", "data = 01"]), notices: [] });
});

Deno.test("resolve() refuses to replace what is no blob, and contents that are none or in the wrong place", () => {
  const start = planted("a.txt", "d/", "b = 01"), author = { site: 2, counter: 0 };
  const faultOf = (step: Step) => {
    const resolution = resolve([step], start.state, author);
    return "fault" in resolution ? resolution.fault : undefined;
  };
  assertEquals(faultOf(replaceBlob(start.id("a.txt"), "01")), "not_a_blob");
  assertEquals(faultOf(replaceBlob(start.id("d"), "01")), "not_a_blob");
  assertEquals(faultOf(replaceBlob("9:9", "01")), "unknown_node");
  for (const wrong of [{ hash: "A".repeat(64) }, { hash: "0a" }, { bytes: -1 }, { bytes: 1.5 }]) {
    const node = start.id("b");
    assertEquals(faultOf({ kind: "replace", node, content: { ...content("02"), ...wrong } }), "bad_content");
  }
  const made = { kind: "create", node: "2:1", parent: rootId, name: "c" } as const;
  assertEquals(faultOf({ ...made, type: "blob" }), "bad_content");
  assertEquals(faultOf({ ...made, type: "text", content: content("01") }), "bad_content");
});

// Whether a file can be executed.

Deno.test("resolve() lets the later of two who say whether a file can be executed win", () => {
  const start = planted("run: x"), run = start.id("run");
  merges(start, [mode(run, true)], [mode(run, false)], {
    ab: { tree: ["run: x"] },
    ba: { tree: ["run*: x"] },
  });
  commutes(start, [mode(run, true)], [mode(run, true)], ["run*: x"]);
});

Deno.test("resolve() keeps whether a file can be executed, what it holds, is called and where it is apart", () => {
  const start = planted("run = 01", "bin/"), run = start.id("run");
  const others = [replaceBlob(run, "02"), rename(run, "go"), move(run, start.id("bin"))];
  commutes(start, [mode(run, true)], others, ["bin/", "bin/go* = 02"]);
  const text = planted("run: x"), node = text.id("run");
  commutes(text, [mode(node, true)], { steps: [], edits: [{ node, op: insert(1, "y") }] }, ["run*: xy"]);
});

Deno.test("resolve() brings a removed file back as executable as it was made meanwhile", () => {
  const start = planted("run: x"), run = start.id("run");
  commutes(start, [mode(run, true)], [remove(run, "3:1")], ["- run*: x"]);
  commutes(planted("- run: x"), [mode(run, true)], [restore(run)], ["run*: x"]);
});

Deno.test("resolve() makes a file as executable as one change says last, in one step", () => {
  const madeBy = (...steps: readonly Step[]) =>
    merged(Workspace.empty, [{ site: 2, change: changeOf(steps) }]).entries[0]!.change.steps;
  const made = create("2:1", rootId, "run"), executable = { ...made, executable: true } as const;
  assertEquals(madeBy(made, mode("2:1", true)), [executable]);
  assertEquals(madeBy(executable, mode("2:1", false)), [made]);
  const blob = { ...executable, type: "blob", content: content("01") } as const;
  assertEquals(madeBy(createBlob("2:1", rootId, "run", "01"), mode("2:1", true)), [blob]);
});

Deno.test("resolve() does nothing where a file is as executable as it is said to be, and tells nobody", () => {
  const start = planted("run*: x", "a: y");
  const steps = [mode(start.id("run"), true), mode(start.id("a"), true), mode(start.id("a"), false)];
  const { entries } = merged(start.state, [{ site: 2, change: changeOf(steps) }]);
  assertEquals([entries[0]!.change.steps, entries[0]!.notices], [[], []]);
});

Deno.test("resolve() leaves a file its name where it is only made executable", () => {
  const start = planted("run: x");
  assertEquals(alone(start, [create("2:1", rootId, "run"), mode(start.id("run"), true)]), {
    tree: inOrder(["run*: x", "run (2)"]),
    notices: ["2:1 renamed run (2)"],
  });
});

Deno.test("resolve() refuses executable directories, and what there is not", () => {
  const start = planted("d/");
  const faultOf = (step: Step) => {
    const resolution = resolve([step], start.state, { site: 2, counter: 0 });
    return "fault" in resolution ? resolution.fault : undefined;
  };
  assertEquals(faultOf(mode(start.id("d"), true)), "not_executable");
  assertEquals(faultOf(mode(start.id("d"), false)), "not_executable");
  assertEquals(faultOf(mode(rootId, true)), "root_is_fixed");
  assertEquals(faultOf(mode("9:9", true)), "unknown_node");
  const made = { ...create("2:1", rootId, "e", "directory"), executable: true } as const;
  assertEquals(faultOf(made), "not_executable");
});
