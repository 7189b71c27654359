/**
 * Taking back: a file, a directory or everything is again as it was, and nothing else is touched.
 *
 * @module
 */

import fc from "fast-check";
import {
  type Change,
  insert,
  type Node,
  type NodeId,
  replace,
  resolve,
  revert,
  rootId,
  transformEdits,
  Workspace,
} from "../../ot/mod.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { type Mint, someChange, step } from "./tree_changes.ts";
import { checkWorkspace } from "./tree_replicas.ts";

/** Ids of a site, one after the other. */
function minting(site: number): Mint {
  let counter = 0;
  return () => `${site}:${++counter}`;
}

/** The workspace after a change, made by whoever has this site, or undefined if it is refused. */
function after(state: Workspace, change: Change, site: number): Workspace | undefined {
  const resolution = resolve(change.steps, state, { site, counter: 0 });
  return "fault" in resolution ? undefined : state.apply({ steps: resolution.steps, edits: change.edits });
}

function reverted(now: Workspace, then: Workspace, path: string): Workspace {
  const result = after(now, revert(now, then, path, minting(99)), 99);
  assert(result !== undefined, "what takes back is not refused");
  checkWorkspace(result);
  return result;
}

/** What is live at and below a node, as lines: paths from there on, and texts. */
function drawn(workspace: Workspace, top: NodeId): string[] {
  const lines: string[] = [];
  const visit = ({ id, kind, content }: Node, path: string) => {
    if (kind === "text") lines.push(`${path} ${JSON.stringify(`${workspace.text(id)}`)}`);
    else lines.push(content === undefined ? `${path}/` : `${path} = ${content.hash}`);
    for (const child of workspace.children(id)) visit(child, `${path}/${child.name}`);
  };
  visit(workspace.node(top)!, "");
  return lines;
}

function belowOf(workspace: Workspace, top: NodeId): NodeId[] {
  return [top, ...workspace.children(top).flatMap(({ id }) => belowOf(workspace, id))];
}

/** A workspace that some changes lead to, one after the other. */
function made(state: Workspace, ...changes: readonly Partial<Change>[]): Workspace {
  return changes.reduce<Workspace>((state, { steps = [], edits = [] }) => {
    const result = after(state, { steps, edits }, 1);
    assert(result !== undefined, "an example is not refused");
    return result;
  }, state);
}

/** src/a.txt "one", src/b.txt "two", c.txt "three". */
const start = made(Workspace.empty, {
  steps: [
    step.create("1:1", rootId, "src", "directory"),
    step.create("1:2", "1:1", "a.txt"),
    step.create("1:3", "1:1", "b.txt"),
    step.create("1:4", rootId, "c.txt"),
  ],
  edits: [
    { node: "1:2", op: insert(0, "one") },
    { node: "1:3", op: insert(0, "two") },
    { node: "1:4", op: insert(0, "three") },
  ],
});

Deno.test("revert() takes a file back to its text, and leaves the others", () => {
  const now = made(start, {
    edits: [{ node: "1:2", op: replace(0, 1, "O") }, { node: "1:3", op: insert(3, "!") }],
  });
  assertEquals(drawn(reverted(now, start, "src/a.txt"), rootId), [
    ...["/", '/c.txt "three"', "/src/", '/src/a.txt "one"', '/src/b.txt "two!"'],
  ]);
});

Deno.test("revert() changes no more of a text than differs: what others type elsewhere meanwhile stays", () => {
  const long = "first\n" + "the same\n".repeat(50) + "last\n";
  const then = made(start, { edits: [{ node: "1:2", op: replace(0, 3, long) }] });
  const now = made(then, { edits: [{ node: "1:2", op: replace(0, 5, "FIRST") }] });
  const change = revert(now, then, "src/a.txt", minting(99));
  const typed = [{ node: "1:2", op: insert(long.length, "typed meanwhile\n") }];
  const edits = transformEdits(change.edits, typed, "right");
  const merged = made(now, { edits: typed }).apply({ steps: change.steps, edits });
  assertEquals(`${merged.text("1:2")}`, `${long}typed meanwhile\n`);
});

Deno.test("revert() brings back a directory that was removed, without what came into it since", () => {
  const now = made(
    start,
    { steps: [step.create("1:5", "1:1", "new.txt"), step.rename("1:2", "z.txt")] },
    { steps: [step.remove("1:3", "1:6")] },
    { steps: [step.remove("1:1", "1:7")], edits: [{ node: "1:2", op: insert(0, "late ") }] },
  );
  const result = reverted(now, start, "src");
  assertEquals(drawn(result, rootId), drawn(start, rootId));
  assertEquals(result.find("src/a.txt")!.id, "1:2");
});

Deno.test("revert() knows a file by the name that it has now, too", () => {
  const now = made(start, { steps: [step.rename("1:2", "z.txt")] });
  for (const path of ["src/z.txt", "src/a.txt"]) {
    assertEquals(drawn(reverted(now, start, path), rootId), drawn(start, rootId));
  }
});

Deno.test("revert() removes what was not there, and makes anew what is not known any more", () => {
  const now = made(start, { steps: [step.create("1:5", rootId, "d.txt")] });
  assertEquals(drawn(reverted(now, start, "d.txt"), rootId), drawn(start, rootId));
  assertEquals(drawn(reverted(Workspace.empty, start, ""), rootId), drawn(start, rootId));
  assertEquals(drawn(reverted(Workspace.empty, start, "src/a.txt"), rootId), [
    "/",
    "/src/",
    '/src/a.txt "one"',
  ]);
});

Deno.test("revert() of a directory sends back what has been moved into it, and takes back what was moved out", () => {
  const now = made(start, { steps: [step.move("1:4", "1:1"), step.move("1:2", rootId)] });
  assertEquals(drawn(reverted(now, start, "src"), rootId), drawn(start, rootId));
});

Deno.test("revert() of a file whose directory has another name now puts it there", () => {
  const now = made(start, { steps: [step.rename("1:1", "source"), step.remove("1:2", "1:5")] });
  assertEquals(`${reverted(now, start, "src/a.txt").text("1:2")}`, "one");
  assertEquals(reverted(now, start, "src/a.txt").find("source/a.txt")!.id, "1:2");
});

Deno.test("revert() of a directory that is in what was in it brings both into order", () => {
  const then = made(start, { steps: [step.create("1:5", "1:1", "inner", "directory")] });
  const now = made(then, { steps: [step.move("1:5", rootId), step.move("1:1", "1:5")] });
  for (const path of ["", "src"]) assertEquals(drawn(reverted(now, then, path), rootId), drawn(then, rootId));
  assertEquals(drawn(reverted(now, then, "src/inner"), rootId), drawn(then, rootId));
});

Deno.test("revert() of a directory comes back where it was, though what was in it has the name of that by now", () => {
  const then = made(start, { steps: [step.create("1:5", "1:1", "dir", "directory")] }, {
    steps: [step.create("1:6", "1:5", "src", "directory")],
  });
  const now = made(
    then,
    { steps: [step.move("1:6", rootId), step.rename("1:6", "inner")] },
    { steps: [step.remove("1:1", "1:7")] },
    { steps: [step.rename("1:6", "src")] },
  );
  const result = reverted(now, then, "src/dir");
  assertEquals(drawn(result, rootId), ["/", '/c.txt "three"', "/src/", "/src/dir/", "/src/dir/src/"]);
});

Deno.test("revert() of a file takes out what has its path now, and sends back what in that was elsewhere", () => {
  const now = made(
    start,
    { steps: [step.rename("1:2", "z.txt"), step.create("1:5", "1:1", "a.txt", "directory")] },
    { steps: [step.create("1:6", "1:5", "deep", "directory"), step.create("1:7", "1:6", "new.txt")] },
    { steps: [step.move("1:4", "1:6")] },
  );
  assertEquals(drawn(reverted(now, start, "src/a.txt"), rootId), drawn(start, rootId));
  assertEquals(drawn(reverted(now, start, ""), rootId), drawn(start, rootId));
});

Deno.test("revert() takes out what has the path now, though where it was is in itself by now", () => {
  const then = made(start, {
    steps: [
      step.create("1:5", rootId, "outer", "directory"),
      step.create("1:6", "1:5", "c.txt", "directory"),
    ],
  });
  const now = made(
    then,
    { steps: [step.remove("1:4", "1:7")] },
    { steps: [step.move("1:6", rootId), step.move("1:5", "1:6")] },
  );
  const result = reverted(now, then, "c.txt");
  assertEquals(result.find("c.txt")?.id, "1:4");
  assertEquals(result.find("outer")?.id, "1:5");
});

Deno.test("revert() refuses a path that nothing has or had", () => {
  assertThrows(() => revert(start, Workspace.empty, "nowhere", minting(9)), RangeError, "nowhere");
});

Deno.test("revert() does nothing where nothing has changed", () => {
  for (const path of ["", "src", "src/a.txt"]) {
    assertEquals(revert(start, start, path, minting(9)), { steps: [], edits: [] });
  }
});

Deno.test("revert() gives what was there exactly, whatever has happened since, and touches nothing else", () => {
  const drawing = fc.record({
    picks: fc.array(fc.nat(1000), { minLength: 100, maxLength: 400 }),
    count: fc.integer({ min: 2, max: 25 }),
    then: fc.nat(100),
    path: fc.nat(100),
  });
  fc.assert(
    fc.property(drawing, ({ picks, count, ...chosen }) => {
      let at = 0;
      const pick = (count: number) => picks[at++ % picks.length]! % count;
      const states = [Workspace.empty];
      for (let site = 1; site <= count; site++) {
        const state = states.at(-1)!;
        const change = someChange(state, pick, minting(site), () => ["x", "yy", "z\n"][pick(3)]!);
        states.push(after(state, change, site) ?? state);
      }
      const now = states.at(-1)!, then = states[chosen.then % states.length]!;
      const paths = ["", ...pathsOf(then), ...pathsOf(now)];
      const path = paths[chosen.path % paths.length]!;
      const result = reverted(now, then, path);

      const occupant = now.find(path), was = then.find(path) ?? then.node(occupant!.id);
      if (was === undefined || !then.isLive(was.id)) return assert(!result.isLive(occupant!.id));
      assert(result.isLive(was.id), "it is there, under the id that it had");
      assertEquals(drawn(result, was.id), drawn(then, was.id));

      // What is taken back, what is in it now, and what stood in its place.
      const parent = result.node(was.id)!.parent, inPlace = now.child(parent, was.name);
      const concerned = new Set(belowOf(then, was.id));
      for (const id of [...concerned, inPlace]) {
        if (id !== undefined && now.node(id) !== undefined) {
          for (const below of belowOf(now, id)) concerned.add(below);
        }
      }
      for (const node of now.nodes()) {
        if (concerned.has(node.id)) continue;
        assertEquals(result.node(node.id), node);
        assert(result.text(node.id).equals(now.text(node.id)));
      }
    }),
    { numRuns: 3000 },
  );
});

function pathsOf(workspace: Workspace): string[] {
  return [...workspace.nodes()].filter(({ id }) => workspace.isLive(id)).map(({ id }) =>
    workspace.pathOf(id)
  );
}

Deno.test("revert() puts back what a blob held, and makes one anew that is not there any more", () => {
  const logo = step.createBlob("1:1", rootId, "logo.png", "01");
  const then = made(Workspace.empty, { steps: [logo] });
  const now = made(then, { steps: [step.replaceBlob("1:1", "02"), step.rename("1:1", "mark.png")] });
  assertEquals(revert(now, then, "logo.png", minting(99)).steps, [
    step.rename("1:1", "logo.png"),
    step.replaceBlob("1:1", "01"),
  ]);
  assertEquals(drawn(reverted(Workspace.empty, then, ""), rootId), drawn(then, rootId));
});

Deno.test("revert() makes a file as executable as it was, also one that is made anew", () => {
  const run = { ...step.create("1:1", rootId, "run"), executable: true } as const;
  const then = made(Workspace.empty, { steps: [run] });
  const now = made(then, { steps: [step.mode("1:1", false)] });
  assertEquals(revert(now, then, "run", minting(99)).steps, [step.mode("1:1", true)]);
  assertEquals(revert(then, now, "run", minting(99)).steps, [step.mode("1:1", false)]);
  assertEquals(reverted(Workspace.empty, then, "").find("run")?.executable, true);
});
