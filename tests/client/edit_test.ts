/**
 * Edits of what was read a while ago: what they come to when others have edited meanwhile.
 *
 * @module
 */

import fc from "fast-check";
import {
  edit,
  editBetween,
  type EditRequest,
  type Lines,
  mergedOver,
  operationOf,
  type Wanted,
} from "../../client/edit/mod.ts";
import { faultOf, Space, SpaceError, tcp, Text, type TextOp } from "../../mod.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../assert.ts";
import { LiveServer } from "../server/live_server.ts";
import { eventually } from "../server/waiting.ts";

function applied(text: string, op: TextOp): string {
  return Text.of(text).apply(op).toString();
}

const whole = (text: string): Wanted[] => [{ kind: "text", text }];

/** What two edits of one text come to, the one made on what the other has changed already. */
function merge(read: string, now: string, wanted: string): { text: string; overlaps: number } {
  const { op, overlaps } = mergedOver(operationOf(read, whole(wanted)), editBetween(read, now));
  return { text: applied(now, op), overlaps: overlaps.length };
}

Deno.test("editBetween() makes the one text out of the other, and cuts no pair", () => {
  const line = fc.stringMatching(/^[ab😀😁é\r]{0,8}\n?$/u);
  const text = fc.array(line, { maxLength: 12 }).map((lines) => lines.join(""));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const op = editBetween(before, after);
      assertEquals(faultOf(op, Text.of(before)), undefined);
      assertEquals(applied(before, op), after);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("editBetween() leaves the lines alone that are the same", () => {
  const line = (i: number) => `${i}: ${"word ".repeat(20)}\n`;
  const lines = Array.from({ length: 500 }, (_, i) => line(i));
  const changed = lines.with(10, `${"new ".repeat(150)}\n`).with(490, `${"other ".repeat(150)}\n`);
  const op = editBetween(lines.join(""), changed.join(""));
  const touched = op.reduce((sum, { remove }) => sum + remove, 0);
  assert(touched <= lines[10]!.length + lines[490]!.length, `${touched} code units were removed`);
});

Deno.test("editBetween() keeps no crumbs of what is replaced", () => {
  assertEquals(editBetween("alpha beta\n", "armada beta\n"), [{ at: 1, remove: 3, insert: "rmad" }]);
});

Deno.test("edits beside each other both hold, and do not overlap", () => {
  assertEquals(merge("one two three", "one TWO three", "one two 3"), { text: "one TWO 3", overlaps: 0 });
  assertEquals(merge("a\nb\nc\n", "a\nb\nc\nd\n", "0\na\nb\nc\n"), { text: "0\na\nb\nc\nd\n", overlaps: 0 });
});

Deno.test("two insertions at one place both hold, what was there first to the left", () => {
  assertEquals(merge("a\n", "a\nfirst\n", "a\nsecond\n"), { text: "a\nfirst\nsecond\n", overlaps: 0 });
  assertEquals(merge("a\n", "a\nsame\n", "a\nsame\n"), { text: "a\nsame\nsame\n", overlaps: 0 });
});

Deno.test("what others have replaced in the same way is done already", () => {
  assertEquals(merge("let x = 1;", "let x = 2;", "let x = 2;"), { text: "let x = 2;", overlaps: 0 });
});

Deno.test("edits of one place overlap, and keep what both have put there", () => {
  const { text, overlaps } = merge("the colour red", "the colour blue", "the colour green");
  assertEquals(overlaps, 1);
  assert(text.includes("blue") && text.includes("green") && !text.includes("red"), text);
  assertEquals(merge("abcdef", "af", "abcXdef"), { text: "aXf", overlaps: 1 });
  assertEquals(merge("abcdef", "abcXdef", "af"), { text: "aXf", overlaps: 1 });
});

Deno.test("mergedOver() gives what fits the text as it is now", () => {
  const letters = fc.stringMatching(/^[ab\n😀]{0,20}$/u);
  fc.assert(
    fc.property(letters, letters, letters, (read, now, wanted) => {
      const { op, overlaps } = mergedOver(operationOf(read, whole(wanted)), editBetween(read, now));
      assertEquals(faultOf(op, Text.of(now)), undefined);
      if (now === read) assertEquals([applied(now, op), overlaps], [wanted, []]);
      if (wanted === read) assertEquals(op, []);
      for (const { from, to } of overlaps) assert(0 <= from && from <= to && to <= read.length);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("operationOf() takes a text, splices, exact strings and unified diffs, one after the other", () => {
  const read = "one\r\ntwo 😀\nthree\n";
  const result = (...wanted: Wanted[]) => applied(read, operationOf(read, wanted));
  assertEquals(result({ kind: "text", text: "1" }), "1");
  assertEquals(
    result({ kind: "splices", splices: [{ at: 0, remove: 3, insert: "1" }] }),
    "1\r\ntwo 😀\nthree\n",
  );
  assertEquals(result({ kind: "replace", old: "two 😀", new: "two 😁" }), "one\r\ntwo 😁\nthree\n");
  assertEquals(result({ kind: "replace", old: "e", new: "E", all: true }), "onE\r\ntwo 😀\nthrEE\n");
  const patch = "--- a/x\n+++ b/x\n@@ -2,2 +2,2 @@\n two 😀\n-three\n+3\n";
  assertEquals(result({ kind: "patch", patch }), "one\r\ntwo 😀\n3\n");
  assertEquals(
    result({ kind: "replace", old: "one", new: "1" }, { kind: "replace", old: "1\r", new: "0" }),
    "0\ntwo 😀\nthree\n",
  );
});

Deno.test("operationOf() says what cannot be done on what was read", () => {
  const code = (wanted: Wanted) => {
    try {
      operationOf("aXbXc 😀", [wanted]);
    } catch (error) {
      if (error instanceof SpaceError) return error.code;
      throw error;
    }
  };
  assertEquals(code({ kind: "replace", old: "X", new: "Y" }), "text_ambiguous");
  assertEquals(code({ kind: "replace", old: "Z", new: "Y" }), "text_not_found");
  assertEquals(code({ kind: "replace", old: "Z", new: "Y", all: true }), "text_not_found");
  assertEquals(code({ kind: "replace", old: "", new: "Y" }), "text_not_found");
  assertEquals(code({ kind: "splices", splices: [{ at: 99, remove: 0, insert: "Y" }] }), "out_of_bounds");
  assertEquals(code({ kind: "splices", splices: [{ at: 0.5, remove: 0, insert: "Y" }] }), "not_normal");
  assertEquals(code({ kind: "splices", splices: [{ at: 0, remove: 0, insert: "\ud800" }] }), "ill_formed");
  assertEquals(code({ kind: "patch", patch: "no patch" }), "patch_invalid");
  assertEquals(code({ kind: "patch", patch: "--- a\n+++ b\n@@ -1 +1 @@\n-other\n+text\n" }), "patch_unfit");
});

/** A workspace with a file in it, two people, and the revision at which both know it. */
async function withPeople(
  run: (ada: Space, agent: Space, read: { revision: number }) => Promise<void>,
  { lazy = false } = {},
): Promise<void> {
  await using server = await new LiveServer();
  const dial = tcp("127.0.0.1", server.port);
  const ada = await Space.open({ dial, workspace: "w", name: "Ada" });
  const agent = await Space.open({ dial, workspace: "w", name: "Agent", lazy });
  await ada.create("src/a.txt", "one\ntwo\nthree\n").settled;
  const made = await ada.create("b.txt", "b\n").settled;
  const revision = made.kind === "durable" ? made.revision : 0;
  await eventually(() => agent.revision >= revision, "what Ada has made, at the agent's");
  try {
    await run(ada, agent, { revision });
  } finally {
    await ada.close();
    await agent.close();
  }
}

const editOf = (path: string, read: { revision?: number; text?: string }, ...wanted: Wanted[]) =>
  ({ kind: "edit", path, read, wanted }) as const;

Deno.test("edit() is applied where nothing has happened since, and names its revision", async () => {
  await withPeople(async (_, agent, read) => {
    const result = await edit(agent, {
      steps: [editOf("src/a.txt", read, { kind: "replace", old: "two", new: "2" })],
    });
    const [file] = result.files;
    assertEquals([result.outcome, result.changed, result.revision], ["applied", true, read.revision + 1]);
    assertEquals([file!.path, file!.text, file!.overlaps], ["src/a.txt", "one\n2\nthree\n", []]);
  });
});

Deno.test("edit() is merged with what others have done since, renames too", async () => {
  await withPeople(async (ada, agent, read) => {
    ada.replace("src/a.txt", 0, 3, "1");
    await ada.move("src/a.txt", "src/moved.txt").settled;
    const result = await edit(agent, {
      steps: [editOf("src/a.txt", read, { kind: "text", text: "one\ntwo\nthree\nfour\n" })],
      policy: "reject",
    });
    assertEquals([result.outcome, result.files[0]!.path, result.files[0]!.text], [
      "merged",
      "src/moved.txt",
      "1\ntwo\nthree\nfour\n",
    ]);
  });
});

Deno.test("edit() that overlaps is done or not, by the policy, and shows the text as it is now", async () => {
  await withPeople(async (ada, agent, read) => {
    await ada.replace("src/a.txt", 4, 3, "deux").settled;
    const request: EditRequest = {
      steps: [
        editOf("src/a.txt", read, { kind: "replace", old: "two", new: "zwei" }),
        editOf("b.txt", read, { kind: "text", text: "B\n" }),
      ],
    };
    const rejected = await edit(agent, { ...request, policy: "reject" });
    assertEquals([rejected.outcome, rejected.changed, agent.read("b.txt")], ["overlap", false, "b\n"]);
    const [{ text, overlaps: [place] }] = rejected.files as [typeof rejected.files[number]];
    assertEquals(text, "one\ndeux\nthree\n");
    assertEquals(text.slice(place!.from, place!.to), "deux");

    const merged = await edit(agent, { ...request, policy: "merge" });
    assertEquals([merged.outcome, merged.changed, agent.read("b.txt")], ["overlap", true, "B\n"]);
    const [after] = merged.files;
    assert(/^one\n(deuxzwei|zweideux)\nthree\n$/.test(after!.text), after!.text);
    const { from, to } = after!.overlaps[0]!;
    assertEquals(after!.text.slice(from, to).length, 8);
  });
});

Deno.test("edit() does all steps as one change, or none", async () => {
  await withPeople(async (ada, agent, read) => {
    const before = agent.revision;
    const result = await edit(agent, {
      steps: [
        { kind: "create", path: "docs/new.md", text: "new\n" },
        { kind: "move", path: "b.txt", to: "docs/b.txt" },
        editOf("b.txt", read, { kind: "text", text: "moved\n" }),
        { kind: "remove", path: "src" },
      ],
      preconditions: [{ path: "docs", exists: false }, { path: "src/a.txt", unchangedSince: read.revision }],
    });
    assertEquals([result.outcome, result.revision], ["applied", before + 1]);
    await eventually(() => ada.revision >= result.revision, "the change at Ada's");
    assertEquals(ada.files().map(({ path }) => path), ["docs/b.txt", "docs/new.md"]);
    assertEquals(ada.read("docs/b.txt"), "moved\n");

    const failing: EditRequest[] = [
      { steps: [{ kind: "create", path: "x", text: "" }, { kind: "remove", path: "nothing" }] },
      { steps: [{ kind: "create", path: "x", text: "" }, { kind: "create", path: "docs/new.md", text: "" }] },
      {
        steps: [{ kind: "create", path: "x", text: "" }],
        preconditions: [{ path: "docs/new.md", exists: false }],
      },
      { steps: [{ kind: "create", path: "x", text: "" }], preconditions: [{ path: "src", exists: true }] },
      {
        steps: [{ kind: "create", path: "x", text: "" }],
        preconditions: [{ path: "b.txt", unchangedSince: read.revision }],
      },
    ];
    for (const request of failing) await assertRejects(() => edit(agent, request), SpaceError);
    assertEquals([agent.revision, agent.find("x")], [result.revision, undefined]);
  });
});

Deno.test("edit() gets no more files than it needs, where the workspace was opened lazily", async () => {
  await withPeople(async (ada, agent, read) => {
    await ada.insert("src/a.txt", 0, "zero\n").settled;
    const result = await edit(agent, {
      steps: [editOf("src/a.txt", read, { kind: "replace", old: "three", new: "3" })],
      preconditions: [{ path: "b.txt", exists: true }],
    });
    assertEquals([result.outcome, result.files[0]!.text], ["merged", "zero\none\ntwo\n3\n"]);
    assertEquals([agent.isLoaded("src/a.txt"), agent.isLoaded("b.txt")], [true, false]);
    const text = { steps: [editOf("b.txt", { text: "b\n" }, { kind: "text", text: "B\n" } as const)] };
    const since = { preconditions: [{ path: "src/a.txt", unchangedSince: result.revision }] };
    assertEquals((await edit(agent, { ...text, ...since })).files[0]!.text, "B\n");
  }, { lazy: true });
});

Deno.test("edit() says what it does not know, and changes nothing", async () => {
  await withPeople(async (ada, agent, read) => {
    const codeOf = async (...steps: EditRequest["steps"]) =>
      await edit(agent, { steps }).then(() => "", (error) => (error as SpaceError).code);
    const wanted: Wanted = { kind: "text", text: "x" };
    assertEquals(await codeOf(), "nothing_to_do");
    assertEquals(await codeOf(editOf("b.txt", {}, wanted)), "nothing_read");
    assertEquals(await codeOf(editOf("none.txt", read, wanted)), "path_unknown");
    assertEquals(await codeOf(editOf("none.txt", { text: "" }, wanted)), "not_found");
    assertEquals(await codeOf(editOf("b.txt", { revision: 1000 }, wanted)), "revision_unknown");
    assertEquals(await codeOf(editOf("b.txt", read, wanted), editOf("b.txt", read, wanted)), "edited_twice");
    await ada.remove("b.txt").settled;
    assertEquals(await codeOf(editOf("b.txt", read, wanted)), "removed_since");
    assertEquals(agent.find("b.txt"), undefined);
  });
});

Deno.test("edit() works on a text that was read elsewhere, where its revision is not known any more", async () => {
  await withPeople(async (ada, agent) => {
    await ada.insert("b.txt", 0, "top\n").settled;
    await eventually(() => agent.read("b.txt") === "top\nb\n", "what Ada has typed");
    const result = await edit(agent, {
      steps: [editOf("b.txt", { text: "b\n" }, { kind: "text", text: "b\nend\n" })],
    });
    assertEquals([result.outcome, result.files[0]!.text], ["merged", "top\nb\nend\n"]);
  });
});

Deno.test("edit() against what was read loses nothing of what is typed meanwhile", async () => {
  await withPeople(async (ada, agent, read) => {
    const typed: string[] = [];
    const typing = (async () => {
      for (let i = 0; i < 60; i++) {
        typed.push(`typed ${i}`);
        ada.insert("src/a.txt", 0, `typed ${i}\n`);
        if (i % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      }
      await ada.settled();
    })();
    // Always against the first revision: older and older.
    let done = 0;
    for (let text = "one\ntwo\nthree\n"; done < 10; done++) {
      text += `agent ${done}\n`;
      const wanted: Wanted = { kind: "splices", splices: [{ at: 14, remove: 0, insert: `agent ${done}\n` }] };
      const { outcome } = await edit(agent, { steps: [editOf("src/a.txt", read, wanted)], policy: "reject" });
      assert(outcome !== "overlap", outcome);
    }
    await typing;
    await eventually(() => agent.read("src/a.txt") === ada.read("src/a.txt"), "one text with both");
    const lines = ada.read("src/a.txt").split("\n");
    for (const line of [...typed, "agent 0", "agent 9", "one", "two", "three"]) {
      assertEquals(lines.filter((other) => other === line).length, 1, line);
    }
  });
});

Deno.test("operationOf() takes lines, all counted in what was read, and gives them the ends that the others have", () => {
  const result = (read: string, ...lines: Lines[]) =>
    applied(read, operationOf(read, [{ kind: "lines", lines }]));
  const read = "one\ntwo\nthree\n";
  assertEquals(result(read, { first: 2, last: 2, text: "2" }), "one\n2\nthree\n");
  assertEquals(
    result(read, { first: 3, last: 3, text: "" }, { first: 1, last: 1, text: "0\n1\n" }),
    "0\n1\ntwo\n",
  );
  assertEquals(result(read, { first: 2, last: 1, text: "and" }), "one\nand\ntwo\nthree\n");
  assertEquals(result(read, { first: 4, last: 3, text: "four" }), "one\ntwo\nthree\nfour\n");
  assertEquals(result("one\ntwo", { first: 3, last: 2, text: "three" }), "one\ntwo\nthree");
  assertEquals(result("one\ntwo", { first: 2, last: 2, text: "2" }), "one\n2");
  assertEquals(result("one\r\ntwo\r\n", { first: 1, last: 1, text: "1\n1.5" }), "1\r\n1.5\r\ntwo\r\n");
  assertEquals(result("", { first: 1, last: 0, text: "one" }), "one\n");
});

Deno.test("operationOf() refuses lines that there are not, or twice", () => {
  const code = (...lines: Lines[]) =>
    assertThrows(() => operationOf("one\ntwo\n", [{ kind: "lines", lines }]), SpaceError).code;
  assertEquals(code({ first: 0, last: 1, text: "" }), "line_unknown");
  assertEquals(code({ first: 2, last: 3, text: "" }), "line_unknown");
  assertEquals(code({ first: 2, last: 0, text: "" }), "line_unknown");
  assertEquals(code({ first: 1, last: 2, text: "" }, { first: 2, last: 2, text: "" }), "lines_overlap");
});

Deno.test("operationOf() finds lines in a text with CRLF, and says how often an ambiguous text stands in it", () => {
  const result = (read: string, old: string, fresh: string) =>
    applied(read, operationOf(read, [{ kind: "replace", old, new: fresh }]));
  assertEquals(result("a\r\nb\r\nc\r\n", "a\nb\n", "A\nB\n"), "A\r\nB\r\nc\r\n");
  const { message } = assertThrows(() => result("x, x, x", "x", "y"), SpaceError);
  assert(message.includes("3 times"), message);
  assertEquals(assertThrows(() => result("aaa", "aa", "b"), SpaceError).code, "text_ambiguous");
});

Deno.test("edit() loads what it needs, where the workspace was opened lazily, and nothing else", async () => {
  await using server = await new LiveServer();
  const open = (name: string, lazy: boolean) =>
    Space.open({ dial: tcp("127.0.0.1", server.port), workspace: "w", name, lazy });
  const ada = await open("Ada", false);
  for (const name of ["a", "b", "c"]) ada.create(`${name}.txt`, `${name}\n`);
  await ada.settled();
  const read = { revision: ada.revision };
  await ada.insert("a.txt", 0, "top\n").settled;
  const agent = await open("Agent", true);
  try {
    const result = await edit(agent, {
      steps: [editOf("a.txt", read, { kind: "text", text: "a\nend\n" })],
      preconditions: [{ path: "b.txt", unchangedSince: read.revision }],
    });
    assertEquals([result.outcome, result.files[0]!.text], ["merged", "top\na\nend\n"]);
    assertEquals(["a.txt", "b.txt", "c.txt"].map((path) => agent.isLoaded(path)), [true, true, false]);
  } finally {
    await ada.close();
    await agent.close();
  }
});

Deno.test("edit() holds to its preconditions where it takes its place, whoever comes between", async () => {
  await withPeople(async (ada, agent) => {
    let applied = 0, refused = 0;
    for (let i = 0; i < 60; i++) {
      await eventually(
        () => agent.revision >= ada.revision && ada.revision >= agent.revision,
        "both know all",
      );
      const { revision } = agent;
      const asks = edit(agent, {
        steps: [{ kind: "create", path: `made/${i}.txt`, text: "" }],
        preconditions: [{ path: "b.txt", unchangedSince: revision }, {
          path: `made/${i}.txt`,
          exists: false,
        }],
      }).then(({ revision }) => revision, (error: SpaceError) => error.code);
      const typing = i % 2 === 0 ? ada.insert("b.txt", 0, "x") : ada.create(`made/${i}.txt`);
      const [made, typed] = await Promise.all([asks, typing.settled]);
      assert(typed.kind === "durable");
      if (typeof made === "number") applied++;
      else refused++;
      // What was required held before it, or it is not there.
      if (typeof made === "number") assert(made < typed.revision, `${made} before ${typed.revision}`);
      else assert(["precondition_failed", "already_there"].includes(made), made);
    }
    assertEquals(applied + refused, 60);
    assertEquals(ada.files().filter(({ path }) => path.includes("(2)")), []);
  });
});

Deno.test("edit() by the policy reject never overlaps with what comes between, and is merged beside it", async () => {
  await withPeople(async (ada, agent) => {
    const marks = Array.from({ length: 40 }, (_, i) => `<${i}>`);
    await ada.write("b.txt", marks.join(" ")).settled;
    await eventually(() => agent.revision >= ada.revision, "what is written");
    for (const [i, mark] of marks.entries()) {
      const read = { revision: agent.revision };
      // Ada replaces the same mark, or another one.
      const other = i % 2 === 0 ? mark : "<39>";
      const at = ada.read("b.txt").indexOf(other);
      if (at >= 0) ada.replace("b.txt", at, other.length, other === mark ? `[ada ${i}]` : other);
      const wanted = { kind: "replace", old: mark, new: `[agent ${i}]` } as const;
      const result = await edit(agent, { steps: [editOf("b.txt", read, wanted)], policy: "reject" })
        .catch((error: SpaceError) => error.code);
      await ada.settled();
      await eventually(() => ada.revision === agent.revision, "both know all");
      const text = ada.read("b.txt");
      assertEquals(text.includes(`[ada ${i}]`) && text.includes(`[agent ${i}]`), false, text);
      if (i % 2 === 1 && i < 39) {
        assert(typeof result !== "string" && result.changed, `${i} is merged: ${result}`);
      }
    }
  });
});
