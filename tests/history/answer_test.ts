/**
 * Questions and answers as a client has them: what there is, what it says, what was touched; and what is refused.
 *
 * @module
 */

import fc from "fast-check";
import { revert } from "../../ot/mod.ts";
import type { Query } from "../../proto/mod.ts";
import {
  defaultHistoryLimits,
  globMatcher,
  placedFiles,
  RecentHistory,
  stateAt,
} from "../../server/history/mod.ts";
import { clientMessages } from "../proto/arbitrary_messages.ts";
import { someChange } from "../ot/tree_changes.ts";
import { assert, assertEquals } from "../assert.ts";
import { asked, itemsOf, messagesOf, newest, queryOf, startTime, Story } from "./story.ts";

const tree = { kind: "tree" } as const, files = { kind: "files" } as const;

Deno.test("the tree has all directories and files that are live, with their lengths", () => {
  const story = new Story();
  story.creates(1, "src/main.ts", "12345");
  story.creates(1, "src.md");
  story.creates(1, "old/gone", "1");
  story.removes(1, "old");
  assertEquals(
    itemsOf("node", queryOf(tree), story.source()).map(({ path, type, length }) => [path, type, length]),
    [["src", "directory", 0], ["src.md", "text", 0], ["src/main.ts", "text", 5]],
  );
  const before = queryOf(tree, { at: { revision: 3, time: 0 }, paths: ["old"] });
  assertEquals(itemsOf("node", before, story.source()).map(({ path }) => path), ["old", "old/gone"]);
});

Deno.test("files are what they were at one revision, whatever has come since", () => {
  const story = new Story();
  story.creates(1, "a.txt", "one");
  story.creates(1, "b/c.txt", "two");
  story.types(1, "a.txt", 0, 3, "1");
  const at = (revision: number, what: Partial<Query> = {}) =>
    itemsOf("content", queryOf(files, { at: { revision, time: 0 }, ...what }), story.source())
      .map(({ path, text }) => [path, text]);
  assertEquals(at(2), [["a.txt", "one"], ["b/c.txt", "two"]]);
  assertEquals(at(3), [["a.txt", "1"], ["b/c.txt", "two"]]);
  assertEquals(at(1), [["a.txt", "one"]]);
  assertEquals(at(3, { paths: ["b/"] }), [["b/c.txt", "two"]]);
  assertEquals(at(3, { globs: ["*.txt"] }), [["a.txt", "1"]]);
});

Deno.test("a time means the newest revision that is not later", () => {
  const story = new Story();
  for (const name of ["a", "b", "c"]) story.creates(1, name);
  const revisionAt = (time: number, floor = 0) => {
    const { revision, code } = messagesOf(queryOf(tree, { at: { revision: 0, time } }), story.source(floor))
      .at(-1)!;
    return code === "" ? revision : code;
  };
  assertEquals(
    [startTime - 1, startTime, startTime + 999, startTime + 1000, startTime + 1e9].map((time) =>
      revisionAt(time)
    ),
    [0, 1, 1, 2, 3],
  );
  assertEquals([startTime, startTime + 1000].map((time) => revisionAt(time, 2)), ["revision_forgotten", 2]);
});

Deno.test("what was never there and what is forgotten are told apart", () => {
  const story = new Story();
  for (const name of ["a", "b", "c"]) story.creates(1, name);
  const codeAt = (revision: number) =>
    messagesOf(queryOf(tree, { at: { revision, time: 0 } }), story.source(2)).at(-1)!.code;
  assertEquals([1, 2, 3, 4].map(codeAt), ["revision_forgotten", "", "", "revision_unknown"]);
  assertEquals(
    asked(queryOf({ kind: "diff", from: newest, context: 3 }), story.source(2)),
    "revision_forgotten",
  );
  assertEquals(asked(queryOf(tree, { paths: ["a/b"] }), story.source()), "path_unknown");
});

Deno.test("changes say which files were touched, how, by whom, and from when to when", () => {
  const story = new Story();
  story.creates(1, "src/a.txt", "one");
  story.creates(1, "src/b.txt", "two");
  story.creates(1, "c.txt", "three");
  const from = { revision: story.revision, time: 0 };
  story.types(2, "src/a.txt", 0, 0, "!");
  story.creates(3, "new.txt");
  story.types(3, "src/a.txt", 0, 0, "!");
  story.removes(2, "c.txt");
  story.renames(1, "src", "lib");
  story.creates(3, "passing.txt");
  story.removes(3, "passing.txt");
  story.types(2, "lib/a.txt", 0, 0, "!");
  const changes = queryOf({ kind: "changes", from });
  assertEquals(
    itemsOf("touched", changes, story.source())
      .map((
        { status, path, from, first, last, time, sites },
      ) => [status, path, from, first, last, time, sites]),
    [
      ["removed", "c.txt", "", 7, 7, startTime + 6000, [2]],
      ["renamed", "lib/a.txt", "src/a.txt", 4, 11, startTime + 10_000, [2, 3, 1]],
      ["renamed", "lib/b.txt", "src/b.txt", 8, 8, startTime + 7000, [1]],
      ["added", "new.txt", "", 5, 5, startTime + 4000, [3]],
      ["removed", "passing.txt", "", 9, 10, startTime + 9000, [3]],
    ],
  );
  assertEquals(
    itemsOf("author", changes, story.source()).map(({ participant: { name } }) => name),
    ["person 1", "person 2", "person 3"],
  );
  const pathsIn = (what: Partial<Query>) =>
    itemsOf("touched", { ...changes, ...what }, story.source()).map(({ path }) => path);
  assertEquals(pathsIn({ paths: ["src"] }), ["lib/a.txt", "lib/b.txt"]);
  assertEquals(pathsIn({ globs: ["*.txt"] }), ["c.txt", "new.txt", "passing.txt"]);
  assertEquals(pathsIn({ at: { revision: 4, time: 0 } }), ["src/a.txt"]);
  const limits = { ...defaultHistoryLimits, entries: 7 };
  assertEquals(asked(changes, story.source(), limits), "too_much");
});

Deno.test("what is forgotten by now is shown where it was, and was removed when it was removed", () => {
  const story = new Story();
  story.creates(1, "src/a.txt", "one");
  story.creates(1, "b.txt", "two");
  const from = { revision: story.revision, time: 0 }, src = story.id("src");
  story.removes(2, "src");
  story.forgets(src);
  const source = story.source();
  assertEquals(
    itemsOf("content", queryOf({ kind: "files" }, { at: from }), source).map((
      { path, text },
    ) => [path, text]),
    [
      ["b.txt", "two"],
      ["src/a.txt", "one"],
    ],
  );
  const touched = itemsOf("touched", queryOf({ kind: "changes", from }), source);
  assertEquals(touched.map(({ status, path, last, sites }) => [status, path, last, sites]), [
    ["removed", "src/a.txt", 3, [2]],
  ]);
  const since = { revision: 3, time: 0 };
  assertEquals(itemsOf("touched", queryOf({ kind: "changes", from: since }), source), []);
  const [difference] = itemsOf("difference", queryOf({ kind: "diff", from, context: 0 }), source);
  assertEquals([difference?.status, difference?.path], ["removed", "src/a.txt"]);
  // And it can be had back from there, made anew.
  const now = story.workspace, then = story.states[from.revision]!.workspace;
  assert(story.does(3, revert(now, then, "src", () => story.mint(3))));
  assertEquals(story.workspace.text(story.id("src/a.txt")).toString(), "one");
});

/** A history of random changes, of files and directories. */
const story = fc.array(fc.nat(1000), { minLength: 50, maxLength: 300 }).map((picks) => {
  const story = new Story();
  let at = 0;
  const pick = (count: number) => picks[at++ % picks.length]! % count;
  for (let i = 0; i < 15; i++) {
    const site = 1 + pick(3);
    story.does(
      site,
      someChange(story.workspace, pick, () => story.mint(site), () => ["x", "yy\n", "\n"][pick(3)]!),
    );
  }
  return story;
});

Deno.test("changes name exactly the files that are different, or were touched and are the same again", () => {
  fc.assert(fc.property(story, fc.nat(100), (story, chosen) => {
    const revision = chosen % story.revision, from = { revision, time: 0 };
    const before = story.states[revision]!.workspace, after = story.workspace;
    const touched = new Map(
      itemsOf("touched", queryOf({ kind: "changes", from }), story.source()).map((item) => [item.id, item]),
    );
    const old = new Map(placedFiles(before).map(({ id, path }) => [id, path]));
    const fresh = new Map(placedFiles(after).map(({ id, path }) => [id, path]));
    for (const id of new Set([...old.keys(), ...fresh.keys()])) {
      const was = old.get(id), is = fresh.get(id), item = touched.get(id);
      const status = was === undefined
        ? "added"
        : is === undefined
        ? "removed"
        : was === is
        ? "modified"
        : "renamed";
      if (was === is && before.text(id).equals(after.text(id)) && item === undefined) continue;
      assertEquals(
        [item!.status, item!.path, item!.from],
        [status, is ?? was, status === "renamed" ? was : ""] as string[],
      );
      assert(revision < item!.first && item!.first <= item!.last && item!.last <= story.revision);
      assert(item!.sites.includes(story.entries[item!.last - 1]!.site));
    }
    for (const { id, status } of touched.values()) {
      assert(old.has(id) || fresh.has(id) || status === "removed");
    }
  }));
});

Deno.test("an answer may stop anywhere: what several give together is all, once", () => {
  fc.assert(
    fc.property(
      story,
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 4 }),
      (story, length, items) => {
        const limits = { ...defaultHistoryLimits, answerLength: length, items };
        const source = story.source();
        for (const question of [tree, files, { kind: "changes", from: newest } as const]) {
          const ofOne = asked(queryOf(question), source), ofMany = asked(queryOf(question), source, limits);
          assert(typeof ofOne !== "string" && typeof ofMany !== "string");
          const without = (items: typeof ofOne) => items.filter(({ kind }) => kind !== "author");
          assertEquals(without(ofMany), without(ofOne));
        }
      },
    ),
  );
});

Deno.test("a long file comes in pieces that are it when put together, no character cut in two", () => {
  const story = new Story();
  const text = "😀\r\n€ä".repeat(100_000);
  story.creates(1, "a.txt", `x${text}`);
  story.creates(1, "b.txt", "");
  for (const limits of [defaultHistoryLimits, { ...defaultHistoryLimits, answerLength: 50_000 }]) {
    let content = "";
    for (const { path, at, text } of itemsOf("content", queryOf(files), story.source(), limits)) {
      assert(text.isWellFormed());
      if (path === "b.txt") assertEquals(text, "");
      else assertEquals(at, content.length);
      content += text;
    }
    assertEquals(content, `x${text}`);
  }
});

Deno.test("an answer goes on nowhere but where one has stopped", () => {
  const story = new Story();
  story.creates(1, "a.txt", "😀");
  const refused: [Query["question"], string[]][] = [
    [tree, ["x", "1:1", "-1", " 1", "1e3"]],
    [files, ["1", "0:99", "0:1", "0:0:0", "a:b"]],
    [{ kind: "changes", from: newest }, ["0:0", "?"]],
    [{ kind: "diff", from: newest, context: 3 }, ["0:0", "?"]],
    [{ kind: "blame", path: "a.txt", from: newest }, ["0:0", "?"]],
  ];
  for (const [question, continuations] of refused) {
    for (const after of continuations) {
      assertEquals(asked(queryOf(question, { after }), story.source()), "continuation_invalid", after);
    }
  }
});

Deno.test("any question at all is answered, if only by a code", () => {
  const path = fc.constantFrom("", "d", "a.txt", "d/b", "/", "d//", "..", "😀".repeat(5000));
  const moment = fc.record({
    revision: fc.nat(20),
    time: fc.constantFrom(0, 0, 1, startTime + 5000, 2 ** 53 - 1),
  });
  const query = fc.record({
    at: moment,
    from: moment,
    paths: fc.array(path, { maxLength: 2 }),
    globs: fc.array(fc.oneof(fc.constantFrom("**", "*.txt"), fc.string({ maxLength: 6 })), { maxLength: 1 }),
    after: fc.constantFrom("", "", "1", "0:1", "0:1:0:0", "9999999999", "😀".repeat(300)),
    pattern: fc.string({ maxLength: 6 }),
  });
  fc.assert(fc.property(story, clientMessages.query, query, fc.nat(10), (story, message, drawn, floor) => {
    assert(message.kind === "query");
    const source = story.source(Math.min(floor, story.revision));
    const { from, pattern, ...what } = drawn;
    for (
      const question of [message.question, { ...message.question, from, pattern, path: drawn.paths[0] ?? "" }]
    ) {
      messagesOf({ ...message, question: question as Query["question"] }, source);
      messagesOf({ ...message, ...what, question: question as Query["question"] }, source);
    }
  }));
});

Deno.test("a source that remembers states gives the same states, and asks for each but once", () => {
  fc.assert(
    fc.property(story, fc.array(fc.nat(100), { maxLength: 12 }), (story, chosen) => {
      const source = story.source(), asked: number[] = [];
      const recent = new RecentHistory({
        ...{ epoch: source.epoch, revision: source.revision, floor: source.floor },
        checkpoint: () => source.checkpoint(),
        entries: (from, to) => {
          asked.push(to - from);
          return source.entries(from, to);
        },
        content: (hash) => source.content(hash),
        revisionAt: (time) => source.revisionAt(time),
      });
      for (const revision of chosen.map((each) => each % (story.revision + 1))) {
        assertEquals(stateAt(recent, revision).save(), story.states[revision]!.save());
        const before = asked.length;
        assert(stateAt(recent, revision) === stateAt(recent, revision));
        assertEquals(asked.length, before);
      }
    }),
    { numRuns: 50 },
  );
});

Deno.test("globs: what is like them, and what is not", () => {
  const cases: [glob: string, like: string[], unlike: string[]][] = [
    ["*.ts", ["a.ts", ".ts"], ["a.tsx", "src/a.ts", "ats"]],
    ["src/**", ["src/a", "src/a/b.ts"], ["src", "lib/src/a"]],
    ["**/*.ts", ["a.ts", "src/a.ts", "src/deep/a.ts"], ["a.tsx"]],
    ["src/**/a", ["src/a", "src/x/a", "src/x/y/a"], ["src/xa", "a"]],
    ["**", ["a", "a/b/c"], []],
    ["a**b", ["ab", "axb"], ["a/b"]],
    ["?.md", ["a.md", "ä.md", "😀.md"], ["ab.md", ".md", "/.md"]],
    ["[a-c]x", ["ax", "cx"], ["dx", "-x"]],
    ["[!a-c]x", ["dx", "^x"], ["ax", "/x"]],
    ["[^.*]", ["^", ".", "*"], ["a"]],
    ["*.{ts,tsx}", ["a.ts", "a.tsx"], ["a.t", "a.{ts,tsx}"]],
    ["{src,test/{a,b}}/x", ["src/x", "test/a/x", "test/b/x"], ["test/x"]],
    ["a\\*b", ["a*b"], ["axb"]],
    ["a.b+(c)|d$", ["a.b+(c)|d$"], ["aXb+(c)|d$", "a.bb(c)"]],
    ["a,b}", ["a,b}"], ["a"]],
    ["", [], ["a"]],
  ];
  for (const [glob, like, unlike] of cases) {
    for (const path of like) assert(globMatcher([glob])(path), `${path} is like ${glob}`);
    for (const path of unlike) assert(!globMatcher([glob])(path), `${path} is not like ${glob}`);
  }
  assert(globMatcher(["a", "b*"])("bc"));
  assert(!globMatcher(["*a*a*a*a*a*a*a*a*a*a*b"])("a".repeat(4000)));
});
