/**
 * Who did what, for what; and what would be there if some of it had never been done.
 *
 * @module
 */

import fc from "fast-check";
import {
  type Change,
  type Edit,
  insert,
  type NodeId,
  replace,
  rootId,
  type Workspace,
} from "../../ot/mod.ts";
import type { EntriesQuestion, MadeItem, UndoneItem } from "../../proto/mod.ts";
import { Scope } from "../../server/core/mod.ts";
import { answer, defaultHistoryLimits } from "../../server/history/mod.ts";
import { assert, assertEquals } from "../assert.ts";
import { asked, itemsOf, newest, queryOf, Story } from "./story.ts";

const all: EntriesQuestion = {
  from: newest,
  authors: [],
  sites: [],
  tasks: [],
  revisions: [],
  newest: false,
  count: 0,
  changes: false,
  undone: false,
};

function made(story: Story, question: Partial<EntriesQuestion> = {}, what: object = {}): MadeItem[] {
  return itemsOf("made", queryOf({ kind: "entries", ...all, ...question }, what), story.source());
}

function undone(story: Story, question: Partial<EntriesQuestion>, what: object = {}): UndoneItem[] {
  const asks = { kind: "entries", ...all, ...question, undone: true } as const;
  return itemsOf("undone", queryOf(asks, what), story.source());
}

function types(story: Story, site: number, path: string, at: number, remove: number, text: string): void {
  assert(story.does(site, { steps: [], edits: [{ node: story.id(path), op: replace(at, remove, text) }] }));
}

function makesDirectory(story: Story, site: number, name: string): void {
  const create = { kind: "create", node: story.mint(site), parent: rootId, name, type: "directory" } as const;
  assert(story.does(site, { steps: [create] }));
}

/** Two people, three tasks, a few files. */
function told(): Story {
  const story = new Story();
  makesDirectory(story, 1, "src");
  story.creates(1, "src/a.txt", "one two");
  story.task = "words";
  types(story, 2, "src/a.txt", 3, 0, " and a half");
  story.creates(2, "b.txt", "b");
  story.task = "names";
  story.renames(1, "src", "lib");
  story.moves(2, "b.txt", "lib");
  story.task = "";
  story.removes(1, "lib/a.txt");
  return story;
}

const revisions = (items: readonly MadeItem[]) => items.map(({ revision }) => revision);

Deno.test("entries are chosen by author, site, task, revision and path, in either order", () => {
  const story = told();
  assertEquals(revisions(made(story)), [1, 2, 3, 4, 5, 6, 7]);
  assertEquals(revisions(made(story, { newest: true })), [7, 6, 5, 4, 3, 2, 1]);
  assertEquals(revisions(made(story, { authors: ["person 2"] })), [3, 4, 6]);
  assertEquals(revisions(made(story, { sites: [1], tasks: ["names", "words"] })), [5]);
  assertEquals(revisions(made(story, { tasks: ["words"], from: { revision: 3, time: 0 } })), [4]);
  assertEquals(revisions(made(story, { revisions: [2, 7, 99] })), [2, 7]);
  assertEquals(revisions(made(story, {}, { paths: ["lib/b.txt"] })), [5, 6]);
  assertEquals(revisions(made(story, {}, { globs: ["**/a.txt"] })), [2, 3, 7]);
  assertEquals(made(story, { tasks: ["names"] }).map(({ task, touched }) => [task, touched]), [
    ["names", [{ id: story.id("lib"), status: "renamed", path: "lib", from: "src" }]],
    ["names", [{ id: story.id("lib/b.txt"), status: "renamed", path: "lib/b.txt", from: "b.txt" }]],
  ]);
  assertEquals(made(story, { revisions: [7] })[0]!.touched[0]!.status, "removed");
  assertEquals(made(story, { revisions: [3], changes: true })[0]!.change, story.entries[2]!.change);
  assertEquals(made(story, { revisions: [3] })[0]!.change, undefined);
  const query = queryOf({ kind: "entries", ...all, authors: ["person 2"] });
  assertEquals(itemsOf("author", query, story.source()).map(({ participant }) => participant.name), [
    "person 2",
  ]);
});

Deno.test("however little one answer holds, all entries come, each once, in their order", () => {
  const story = told();
  for (let i = 0; i < 60; i++) types(story, 1 + i % 2, "lib/b.txt", 0, 0, "x".repeat(i));
  for (const isNewest of [false, true]) {
    for (const limits of [{ items: 1 }, { items: 7 }, { entries: 3 }, { answerLength: 50 }]) {
      const query = queryOf({ kind: "entries", ...all, newest: isNewest, changes: true, sites: [2] });
      const items = asked(query, story.source(), { ...defaultHistoryLimits, ...limits });
      assert(typeof items !== "string");
      const found = items.filter((item): item is MadeItem => item.kind === "made").map(({ revision }) =>
        revision
      );
      const expected = story.entries.filter(({ site }) => site === 2).map(({ revision }) => revision);
      assertEquals(found, isNewest ? expected.reverse() : expected);
    }
  }
  const query = queryOf({ kind: "entries", ...all, count: 5, newest: true });
  const [first] = [...answer(query, story.source())];
  assertEquals([first!.items.filter(({ kind }) => kind === "made").length, first!.next], [5, "62"]);
  assertEquals(asked({ ...query, after: "99" }, story.source()), "continuation_invalid");
});

Deno.test("who sees a part is told of an entry what it was to them, and nothing of what was nothing to them", () => {
  const story = told();
  const ask = (scope: Scope, question: Partial<EntriesQuestion> = {}) =>
    [...answer(queryOf({ kind: "entries", ...all, ...question }), story.source(), undefined, scope)].flatMap((
      { items },
    ) => items);
  const lib = Scope.of([["lib/**"]]);
  const seen = ask(lib, { changes: true }).filter((item): item is MadeItem => item.kind === "made");
  // The directory on the way is seen by its name alone once it is called so; the file comes into sight with its text.
  assertEquals(revisions(seen), [5, 6, 7]);
  const texts = seen.flatMap(({ change }) =>
    change!.edits.flatMap(({ op }) => op.map(({ insert }) => insert))
  );
  assertEquals(texts, ["one and a half two", "b"]);
  const src = ask(Scope.of([["b.txt"]]));
  assertEquals(src.map((item) => item.kind === "made" ? item.revision : item.kind), [4, 6, "author"]);
  // By whom and for what the others are, nobody can tell from what is answered.
  assertEquals(JSON.stringify(src).includes("person 1"), false);
});

// What would be without them ----------------------------------------------------------------------------------

/** The workspace with what is said to be different. */
function without(story: Story, items: readonly UndoneItem[]): Map<string, string> {
  const { workspace } = story;
  const places = new Map<NodeId, { live: boolean; parent: NodeId; name: string }>();
  for (const { id, place } of items) if (place !== undefined) places.set(id, place);
  const ops = new Map(items.map(({ id, op }) => [id, op]));
  const at = (id: NodeId) => {
    const node = workspace.node(id)!;
    return places.get(id) ?? { live: node.tombstone === undefined, parent: node.parent, name: node.name };
  };
  const found = new Map<string, string>();
  for (const { id, kind } of workspace.nodes()) {
    if (kind !== "text") continue;
    let path = "", isLive = true;
    for (let node = id; node !== rootId; node = at(node).parent) {
      path = `/${at(node).name}${path}`;
      isLive &&= at(node).live;
    }
    if (isLive) found.set(path.slice(1), workspace.text(id).apply(ops.get(id) ?? []).toString());
  }
  return found;
}

/** All files of a workspace, by path. */
function filesOf(workspace: Workspace): Map<string, string> {
  return new Map(workspace.files().map(({ id, path }) => [path, workspace.text(id).toString()]));
}

Deno.test("without what one has done there is what the others have done, wherever a file is by now", () => {
  const story = told();
  const words = undone(story, { tasks: ["words"] });
  assertEquals([...without(story, words)], []);
  assertEquals(words.map(({ path, place, kept }) => [path, place?.live ?? null, kept]), [
    ["lib/a.txt", null, []],
    ["lib/b.txt", false, []],
  ]);
  const names = without(story, undone(story, { tasks: ["names"] }));
  assertEquals([...names], [["b.txt", "b"]]);
  const ones = undone(story, { authors: ["person 1"] });
  // What another has put into the directory keeps it there, and so does what they wrote in a file that is removed by now.
  assertEquals([...without(story, ones)], [["lib/a.txt", " and a half"], ["lib/b.txt", "b"]]);
  const kept = ones.filter(({ kept }) => kept.length > 0).map(({ path, kept }) => [path, ...kept]);
  assertEquals(kept, [["lib", "written"], ["lib/a.txt", "written"]]);
});

Deno.test("what others have done since stands, and is said to stand in the way", () => {
  const story = new Story();
  story.creates(1, "a.txt", "a");
  story.creates(1, "b.txt", "b");
  story.renames(2, "a.txt", "mine.txt");
  story.renames(1, "mine.txt", "ours.txt");
  story.removes(2, "b.txt");
  const node = story.workspace.node("1:2")!;
  assert(story.does(1, { steps: [{ kind: "restore", node: node.id }] }));
  const items = undone(story, { sites: [2] });
  assertEquals(items.map(({ id, place, kept }) => [id, place, kept]), [
    ["1:1", undefined, ["moved_since"]],
    ["1:2", undefined, ["removed_since"]],
  ]);
});

Deno.test("a file that is forgotten by now is told as it would be made anew", () => {
  const story = new Story();
  story.creates(1, "a.txt", "one two");
  types(story, 2, "a.txt", 0, 3, "ONE");
  story.removes(2, "a.txt");
  story.forgets("1:1");
  const [item] = undone(story, { sites: [2] });
  assertEquals([item!.path, item!.forgotten, item!.place], [
    "a.txt",
    true,
    { live: true, parent: rootId, name: "a.txt" },
  ]);
  assertEquals(item!.op, insert(0, "one two"));
});

Deno.test("what was taken back already is not taken back once more", () => {
  const story = new Story();
  story.creates(1, "a.txt", "one two three");
  types(story, 2, "a.txt", 4, 4, "");
  types(story, 2, "a.txt", 0, 0, "zero ");
  const [item] = undone(story, { sites: [2] });
  assertEquals(story.workspace.text("1:1").apply(item!.op).toString(), "one two three");
  assert(story.does(3, { edits: [{ node: "1:1", op: item!.op }] }));
  types(story, 1, "a.txt", 3, 0, "!");
  assertEquals(undone(story, { sites: [2] }), []);
});

/** A thing to do, in numbers that always mean something. */
interface Deed {
  readonly site: number;
  readonly what: string;
  readonly node: number;
  readonly at: number;
  readonly remove: number;
}

const deed: fc.Arbitrary<Deed> = fc.record({
  site: fc.integer({ min: 1, max: 3 }),
  what: fc.constantFrom("type", "type", "type", "make", "rename", "move", "remove", "restore"),
  node: fc.nat(20),
  at: fc.nat(20),
  remove: fc.nat(3),
});

/** Does it to what is there; each character is of its own, so that it can be told who has typed it. */
function play(
  story: Story,
  deeds: readonly Deed[],
): Map<string, number> {
  const authors = new Map<string, number>();
  let next = 0x4e00;
  const typed = (site: number, count: number) => {
    let text = "";
    for (; count > 0; count--) {
      const letter = String.fromCharCode(next++);
      authors.set(letter, site);
      text += letter;
    }
    return text;
  };
  for (const { site, what, node: index, at, remove } of deeds) {
    const { workspace } = story, nodes = [...workspace.nodes()].filter(({ id }) => id !== rootId);
    const texts = nodes.filter(({ kind }) => kind === "text");
    const node = nodes[index % nodes.length], file = texts[index % texts.length];
    const change: { steps: Change["steps"][number][]; edits: Edit[] } = { steps: [], edits: [] };
    if (what === "type" && file !== undefined) {
      const { length } = workspace.text(file.id), from = at % (length + 1);
      const op = replace(from, Math.min(remove, length - from), typed(site, 1 + index % 2));
      change.edits.push({ node: file.id, op });
    } else if (what === "make" || node === undefined) {
      const id = story.mint(site), type = index % 4 === 0 ? "directory" : "text";
      change.steps.push({ kind: "create", node: id, parent: rootId, name: `f${next++}`, type });
      if (type === "text") change.edits.push({ node: id, op: insert(0, typed(site, 2)) });
    } else if (what === "rename") change.steps.push({ kind: "rename", node: node.id, name: `n${next++}` });
    else if (what === "move") {
      const directories = nodes.filter(({ kind, id }) => kind === "directory" && id !== node.id);
      const parent = directories[at % (directories.length + 1)]?.id ?? rootId;
      change.steps.push({ kind: "move", node: node.id, parent });
    } else if (what === "remove") {
      change.steps.push({ kind: "remove", node: node.id, tombstone: story.mint(site) });
    } else if (what === "restore") change.steps.push({ kind: "restore", node: node.id });
    story.does(site, change);
  }
  return authors;
}

Deno.test("without what one has done, nothing of theirs is left, and all that others have typed and nobody else removed is", () => {
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 40 }), fc.integer({ min: 1, max: 3 }), (deeds, gone) => {
      const story = new Story();
      const authors = play(story, deeds);
      const items = undone(story, { sites: [gone] });
      const ops = new Map(items.map(({ id, op }) => [id, op]));
      const { workspace } = story;
      // Who has removed each character: found out by following characters, and nothing else.
      const removedBy = new Map<string, Set<number>>();
      let before = story.states[0]!.workspace;
      for (const { site, change } of story.entries) {
        for (const { node, op } of change.edits) {
          const text = before.node(node) === undefined ? "" : before.text(node).toString();
          for (const { at, remove } of op) {
            for (const letter of text.slice(at, at + remove)) {
              if (!removedBy.has(letter)) removedBy.set(letter, new Set());
              removedBy.get(letter)!.add(site);
            }
          }
        }
        before = before.apply(change);
      }
      for (const { id, kind } of workspace.nodes()) {
        const item = items.find((item) => item.id === id);
        // What only they have made is not there, whatever it says.
        const isTheirs = id.startsWith(`${gone}:`) && !workspace.isLive(id) && item?.place?.live !== true;
        if (kind !== "text" || isTheirs || item?.place?.live === false) continue;
        const wouldBe = workspace.text(id).apply(ops.get(id) ?? []).toString();
        for (const letter of wouldBe) assert(authors.get(letter) !== gone, "nothing that was typed is left");
        const expected = new Set<string>();
        for (const [letter, author] of authors) {
          const isRemoved = [...removedBy.get(letter) ?? []].some((site) => site !== gone);
          if (author !== gone && !isRemoved && madeIn(story, letter) === id) expected.add(letter);
        }
        assertEquals([...new Set(wouldBe)].sort(), [...expected].sort());
      }
    }),
    { numRuns: 300 },
  );
});

/** The file that a character was typed into. */
function madeIn({ entries }: Story, letter: string): NodeId | undefined {
  for (const { change: { edits } } of entries) {
    for (const { node, op } of edits) if (op.some(({ insert }) => insert.includes(letter))) return node;
  }
}

Deno.test("without what one has done behind everybody else, there is what there was before", () => {
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 20 }), fc.array(deed, { maxLength: 12 }), (deeds, last) => {
      const story = new Story();
      play(story, deeds.map((deed) => ({ ...deed, site: 1 + deed.site % 2 })));
      const before = filesOf(story.workspace);
      const { revision } = story;
      play(story, last.map((deed) => ({ ...deed, site: 3 })));
      const items = undone(story, { sites: [3], from: { revision, time: 0 } });
      const after = new Map([...without(story, items)].filter(([, text]) => text !== "" || before.size >= 0));
      assertEquals([...after].sort(), [...before].sort());
    }),
    { numRuns: 300 },
  );
});
