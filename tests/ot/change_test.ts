import fc from "fast-check";
import {
  type Change,
  composeChanges,
  composeEdits,
  type Edit,
  editOf,
  editsAreNormal,
  emptyChange,
  insert,
  type NodeId,
  noop,
  normalizeEdits,
  opOn,
  remove,
  replace,
  rootId,
  Text,
  transformEdits,
  Workspace,
} from "../../ot/mod.ts";
import { assert, assertEquals } from "../assert.ts";
import { step } from "./tree_changes.ts";
import { contentOf } from "./tree_replicas.ts";

const a = "1:2", b = "1:10", c = "2:1";

Deno.test("editOf() is the change of one file, and the empty change for a noop", () => {
  assertEquals(editOf(a, insert(0, "x")), { steps: [], edits: [{ node: a, op: insert(0, "x") }] });
  assert(editOf(a, noop) === emptyChange);
});

Deno.test("normalizeEdits() sorts edits by file as ids go, and drops noops", () => {
  const [x, y, z] = [a, b, c].map((node) => ({ node, op: insert(0, node) }));
  assertEquals(normalizeEdits([z!, { node: "3:1", op: noop }, y!, x!]), [x!, y!, z!]);
  assertEquals(normalizeEdits([]), []);
});

Deno.test("normalizeEdits() takes several edits of one file as made one after the other", () => {
  const edits = [{ node: b, op: insert(0, "abc") }, { node: a, op: noop }, { node: b, op: remove(1, 1) }];
  assertEquals(normalizeEdits(edits), [{ node: b, op: insert(0, "ac") }]);
  const undone = [{ node: b, op: insert(0, "abc") }, { node: b, op: remove(0, 3) }];
  assertEquals(normalizeEdits(undone), []);
});

Deno.test("editsAreNormal() is true of normalized edits only", () => {
  const edit = (node: NodeId): Edit => ({ node, op: insert(0, "x") });
  assert(editsAreNormal([]));
  assert(editsAreNormal([edit(a), edit(b), edit(c)]));
  assert(!editsAreNormal([edit(b), edit(a)]), "unsorted");
  assert(!editsAreNormal([edit(c), edit(b)]), "sorted as strings only");
  assert(!editsAreNormal([edit(a), edit(a)]), "one file twice");
  assert(!editsAreNormal([{ node: a, op: noop }]), "a noop");
  assert(!editsAreNormal([{ node: a, op: [{ at: 0, remove: 0, insert: "" }] }]), "an empty splice");
  assert(!editsAreNormal([{ node: a, op: [...insert(1, "x"), ...insert(1, "y")] }]), "splices that touch");
});

Deno.test("opOn() finds the operation on a file among few edits and among many", () => {
  for (const count of [0, 1, 7, 8, 9, 100]) {
    // Every second id, so that there are gaps to miss.
    const edits = Array.from({ length: count }, (_, i) => ({ node: `1:${2 * i + 2}`, op: insert(i, "x") }));
    for (let i = 0; i < count; i++) assert(opOn(edits, `1:${2 * i + 2}`) === edits[i]!.op);
    for (let i = 0; i <= count; i++) assertEquals(opOn(edits, `1:${2 * i + 1}`), undefined);
    assertEquals(opOn(edits, "0:9"), undefined);
    assertEquals(opOn(edits, "2:1"), undefined);
  }
});

Deno.test("transformEdits() transforms by file, and drops what has nothing left to do", () => {
  const edits = [{ node: a, op: insert(3, "x") }, { node: b, op: remove(0, 2) }, {
    node: c,
    op: insert(0, "y"),
  }];
  const over = [{ node: a, op: insert(0, "12") }, { node: b, op: remove(0, 3) }];
  assertEquals(transformEdits(edits, over, "right"), [{ node: a, op: insert(5, "x") }, edits[2]!]);
});

Deno.test("transformEdits() gives the very same edits where no file is in common", () => {
  const edits = [{ node: a, op: insert(3, "x") }];
  assert(transformEdits(edits, [{ node: b, op: insert(0, "y") }], "left") === edits);
  assert(transformEdits(edits, [], "left") === edits);
  assert(transformEdits([], edits, "left").length === 0);
});

Deno.test("transformEdits() keeps the insertion of the left side left", () => {
  const one = [{ node: a, op: insert(1, "x") }], two = [{ node: a, op: insert(1, "y") }];
  assertEquals(transformEdits(one, two, "left"), one);
  assertEquals(transformEdits(one, two, "right"), [{ node: a, op: insert(2, "x") }]);
});

Deno.test("composeChanges() puts the steps one after the other, and composes the edits", () => {
  const one: Change = {
    steps: [step.rename(a, "x")],
    edits: [{ node: a, op: insert(0, "ab") }, { node: c, op: insert(0, "c") }],
  };
  const two: Change = { steps: [step.rename(a, "y")], edits: [{ node: a, op: replace(1, 1, "B") }] };
  assertEquals(composeChanges(one, two), {
    steps: [step.rename(a, "x"), step.rename(a, "y")],
    edits: [{ node: a, op: insert(0, "aB") }, { node: c, op: insert(0, "c") }],
  });
  assertEquals(composeChanges(emptyChange, two), two);
  assertEquals(composeChanges(two, emptyChange), two);
});

// Laws, on a workspace of a few files.

const files = [a, b, c, "2:2"];
const words = ["abcdef", "", "é한e\u0301", "x\r\ny"];
const state = Workspace.of(
  files.map((id) => ({
    id,
    parent: rootId,
    name: `f${id.replace(":", ".")}`,
    kind: "text",
    tombstone: undefined,
  })),
  files.map((id, i) => [id, Text.of(words[i]!)]),
);

/** Numbers from which edits of a state are made; so the edits fit whatever the state is. */
const choices = fc.array(fc.tuple(fc.nat(99), fc.nat(99), fc.nat(3), fc.string({ maxLength: 3 })), {
  maxLength: 6,
});
type Choices = readonly (readonly [file: number, at: number, remove: number, insert: string])[];

function editsOn(state: Workspace, choices: Choices): readonly Edit[] {
  const edits: Edit[] = [];
  for (const [file, from, count, text] of choices) {
    const node = files[file % files.length]!;
    const before = state.apply({ steps: [], edits: normalizeEdits(edits) }).text(node);
    const at = from % (before.length + 1);
    edits.push({ node, op: replace(at, Math.min(count, before.length - at), text) });
  }
  return normalizeEdits(edits);
}

const after = (state: Workspace, ...edits: readonly (readonly Edit[])[]): Workspace =>
  edits.reduce((state, edits) => state.apply({ steps: [], edits }), state);

Deno.test("transformEdits() gives the same texts in either order, in normal form", () => {
  fc.assert(fc.property(choices, choices, (one, two) => {
    const a = editsOn(state, one), b = editsOn(state, two);
    const aFirst = transformEdits(b, a, "right"), bFirst = transformEdits(a, b, "left");
    assertEquals(contentOf(after(state, a, aFirst)), contentOf(after(state, b, bFirst)));
    assert(editsAreNormal(aFirst) && editsAreNormal(bFirst));
  }));
});

Deno.test("composeEdits() does both, is associative, and gives normal form", () => {
  fc.assert(fc.property(choices, choices, choices, (one, two, three) => {
    const a = editsOn(state, one), b = editsOn(after(state, a), two), c = editsOn(after(state, a, b), three);
    assertEquals(contentOf(after(state, composeEdits(a, b))), contentOf(after(state, a, b)));
    assertEquals(composeEdits(composeEdits(a, b), c), composeEdits(a, composeEdits(b, c)));
    assert(editsAreNormal(composeEdits(a, b)));
  }));
});

Deno.test("normalizeEdits() changes nothing that is in normal form", () => {
  fc.assert(fc.property(choices, (one) => {
    const edits = editsOn(state, one);
    assert(editsAreNormal(edits));
    assertEquals(normalizeEdits(edits), edits);
  }));
});
