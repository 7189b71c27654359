import { assertEquals } from "../assert.ts";
import fc from "fast-check";
import { type LogEntry, State } from "../../server/core/mod.ts";
import { purge } from "../../server/format/mod.ts";

const secret = "abca";

/** Puts `insert` at `at` in the place of `remove` code units, both as far as the text goes. */
interface Typed {
  readonly at: number;
  readonly remove: number;
  readonly insert: string;
}

function logOf(typed: readonly Typed[]): LogEntry[] {
  const entries: LogEntry[] = [];
  let length = 0;
  const create = { kind: "create", node: "1:1", parent: "0:0", name: "my abca file", type: "text" } as const;
  const author = { name: "ann abca", kind: "human" } as const;
  const base = { time: 0, session: "s", site: 1, notices: [], hash: 0, sites: 0, task: "fix abca" };
  entries.push({ ...base, revision: 1, seq: 1, author, change: { steps: [create], edits: [] } });
  for (const { at, remove, insert } of typed) {
    const from = at % (length + 1), count = Math.min(remove, length - from);
    const op = count === 0 && insert === "" ? [] : [{ at: from, remove: count, insert }];
    const revision = entries.length + 1;
    const edits = op.length === 0 ? [] : [{ node: "1:1", op }];
    entries.push({ ...base, revision, seq: revision, author: undefined, change: { steps: [], edits } });
    length += insert.length - count;
  }
  return entries;
}

function textsOf(entries: readonly LogEntry[], from = State.empty): string[] {
  let state = from;
  return entries.map((entry) => (state = state.apply(entry)).workspace.text("1:1").toString());
}

const letter = fc.constantFrom("a", "b", "c", "d");
const typing = fc.array(
  fc.record({ at: fc.nat(30), remove: fc.nat(2), insert: fc.string({ unit: letter, maxLength: 3 }) }),
  { minLength: 5, maxLength: 60 },
);

Deno.test("what is purged stands in no text at any revision, and everything else fits as before", () => {
  fc.assert(fc.property(typing, (typed) => {
    const entries = logOf(typed);
    const before = textsOf(entries);
    const { entries: clean, occurrences, checkpoint } = purge(undefined, entries, secret, "*");
    const after = textsOf(clean);
    assertEquals(checkpoint, undefined);
    assertEquals(occurrences > 0, before.some((text) => text.includes(secret)));
    before.forEach((text, i) => {
      const now = after[i]!;
      assertEquals(now.includes(secret), false);
      assertEquals(now.length, text.length);
      assertEquals(clean[i]!.task, "fix ****");
      for (let at = 0; at < now.length; at++) assertEquals(now[at] === "*" || now[at] === text[at], true);
    });
    if (occurrences === 0) assertEquals(after, before);
  }));
});

Deno.test("a string that was typed one character at a time, back and forth, is found", () => {
  const entries = logOf([
    { at: 0, remove: 0, insert: "x" },
    { at: 1, remove: 0, insert: "a" },
    { at: 2, remove: 0, insert: "d" },
    { at: 3, remove: 0, insert: "ca" },
    { at: 2, remove: 1, insert: "b" },
    { at: 5, remove: 0, insert: "y" },
    { at: 0, remove: 6, insert: "" },
  ]);
  const { entries: clean, occurrences, names } = purge(undefined, entries, secret, "*");
  assertEquals(textsOf(clean), ["", "x", "x*", "x*d", "x*d**", "x****", "x****y", ""]);
  assertEquals({ occurrences, names }, { occurrences: 1, names: 3 });
  assertEquals(clean[0]!.author?.name, "ann ****");
});

Deno.test("a string that stands together since what was between is gone is found", () => {
  const entries = logOf([{ at: 0, remove: 0, insert: "abXca" }, { at: 2, remove: 1, insert: "" }]);
  assertEquals(textsOf(purge(undefined, entries, secret, "*").entries), ["", "**X**", "****"]);
});

Deno.test("a checkpoint that the history begins with is purged too", () => {
  const entries = logOf([{ at: 0, remove: 0, insert: "say abc" }, { at: 7, remove: 0, insert: "ab" }, {
    at: 0,
    remove: 3,
    insert: "tell",
  }]);
  let state = State.empty;
  for (const entry of entries.slice(0, 2)) state = state.apply(entry);
  const { checkpoint, entries: clean, names } = purge(state.save(), entries.slice(2), secret, "*");
  assertEquals(checkpoint?.texts, [["1:1", "say ***"]]);
  assertEquals(checkpoint?.nodes[0]?.name, "my **** file");
  assertEquals(names >= 3, true);
  assertEquals(textsOf(clean, State.restore(checkpoint!)), ["say ****b", "tell ****b"]);
});
