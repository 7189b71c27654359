/**
 * What a stack of undo keeps of others' edits: enough to take changes back, and no more.
 *
 * @module
 */

import { Stack } from "../../../client/core/history.ts";
import { type Edit, insert, type NodeId, Text, type TextOp } from "../../../ot/mod.ts";
import { assert, assertEquals } from "../../assert.ts";

const at = (node: NodeId, op: TextOp): Edit[] => [{ node, op }];

/** How many lists of others' edits all levels keep. */
function kept(stack: Stack): number {
  return stack.save().levels.reduce((sum, { incoming }) => sum + incoming.length, 0);
}

/** A change that is acknowledged, and taken back by these edits. */
function did(stack: Stack, group: number, edits: Edit[]): void {
  stack.settle(stack.push(group, undefined), { edits, inverses: [] });
}

Deno.test("of others' edits, a stack keeps those of files that it takes something back in", () => {
  const stack = new Stack();
  stack.feed(at("1:1", insert(0, "before anything")));
  did(stack, 1, at("1:1", [{ at: 4, remove: 2, insert: "" }]));
  did(stack, 2, at("1:2", [{ at: 0, remove: 1, insert: "" }]));
  stack.feed(at("1:3", insert(0, "elsewhere")));
  stack.feed([...at("1:1", insert(0, "abc")), ...at("1:3", insert(0, "elsewhere"))]);
  assertEquals(stack.save().levels[1]!.incoming, [at("1:1", insert(0, "abc"))]);
  assertEquals(stack.pop(2)?.undoing?.edits, at("1:2", [{ at: 0, remove: 1, insert: "" }]));
  // Nothing of that file is left to take back.
  stack.feed(at("1:2", insert(0, "x")));
  assertEquals(stack.save().levels[0]!.incoming, [at("1:1", insert(0, "abc"))]);
  assertEquals(stack.pop(1)?.undoing?.edits, at("1:1", [{ at: 7, remove: 2, insert: "" }]));
  stack.feed(at("1:1", insert(0, "x")));
  assert(stack.isEmpty);
});

Deno.test("what a stack keeps of others' edits is bounded, and its newest changes can be taken back", () => {
  const stack = new Stack(), file = "1:1", marks = "abcdefghij";
  let text = Text.of(".");
  for (const [index, mark] of [...marks].entries()) {
    // One's own character goes to the front of the text, and so does everything that others write.
    text = text.apply(insert(0, mark));
    did(stack, index, at(file, [{ at: 0, remove: 1, insert: "" }]));
    for (let count = 0; count < 7000; count++) {
      text = text.apply(insert(0, "x"));
      stack.feed(at(file, insert(0, "x")));
      if (count % 1000 === 0) assert(kept(stack) <= 50_000);
    }
  }
  const taken: number[] = [];
  for (let index = marks.length - 1; index >= 0; index--) {
    const level = stack.pop(index);
    if (level === undefined) break;
    const [edit] = level.undoing!.edits;
    text = text.apply(edit!.op);
    taken.push(index);
    assert(!text.toString().includes(marks[index]!));
  }
  assert(taken.length >= 5 && taken.length < marks.length, taken.join(" "));
  const left = [...text.toString()].filter((character) => character !== "x" && character !== ".");
  assertEquals(left.reverse().join(""), marks.slice(0, marks.length - taken.length));
});

Deno.test("a stack that was saved goes on keeping what it needs", () => {
  const stack = new Stack();
  did(stack, 1, at("1:1", [{ at: 4, remove: 2, insert: "" }]));
  stack.feed(at("1:1", insert(0, "abc")));
  const again = Stack.restore(stack.save());
  again.feed(at("1:2", insert(0, "x")));
  again.feed(at("1:1", insert(0, "de")));
  assertEquals(kept(again), 2);
  assertEquals(again.pop(1)?.undoing?.edits, at("1:1", [{ at: 9, remove: 2, insert: "" }]));
  assertEquals(again.save(), new Stack().save());
});
