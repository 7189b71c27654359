/**
 * What a reader is told who sees a part, against the part itself, made anew each time.
 *
 * @module
 */

import fc from "fast-check";
import {
  type Change,
  compareIds,
  type NodeId,
  normalizeEdits,
  resolve,
  rootId,
  type Step,
  Workspace,
} from "../../ot/mod.ts";
import { Rights } from "../../server/core/mod.ts";
import { Guard } from "../../server/core/guard.ts";
import { ScopedLog } from "../../server/core/scoped_log.ts";
import { assert, assertEquals } from "../assert.ts";

const names = ["a", "b", "src", "x.txt"];
const capabilities = [
  ["read:src/**"],
  ["read:*"],
  ["read:**/a"],
  ["edit:a/**", "tree:b"],
  ["read:{a,src}/**", "read:x.txt"],
  ["read:*/b/**"],
];

/** Something to do, in numbers that always mean something. */
interface Deed {
  readonly kind: Step["kind"] | "edit";
  readonly node: number;
  readonly other: number;
  readonly name: string;
  readonly isDirectory: boolean;
}

const deed: fc.Arbitrary<Deed> = fc.record({
  kind: fc.constantFrom<Deed["kind"][]>("create", "move", "rename", "remove", "restore", "mode", "edit"),
  node: fc.nat(30),
  other: fc.nat(30),
  name: fc.constantFrom(...names),
  isDirectory: fc.boolean(),
});
const story = fc.array(fc.array(deed, { minLength: 1, maxLength: 4 }), { maxLength: 14 });

/** The changes of a story, each resolved against the workspace before it. */
function* told(deeds: readonly (readonly Deed[])[]): Generator<
  { readonly change: Change; readonly before: Workspace; readonly after: Workspace }
> {
  let before = Workspace.empty, counter = 0;
  for (const together of deeds) {
    const ids = [...before.nodes()].map(({ id }) => id).sort(compareIds);
    const directories = ids.filter((id) => before.node(id)!.kind === "directory");
    const one = (from: readonly NodeId[], index: number) => from[index % from.length]!;
    const steps: Step[] = [], edits: { node: NodeId; text: string }[] = [];
    let minted = counter;
    for (const { kind, node: at, other, name, isDirectory } of together) {
      const node = one(ids, at), parent = one(directories, other);
      if (kind === "create") {
        const type = isDirectory ? "directory" : "text", created = `1:${++minted}`;
        steps.push({ kind, node: created, parent, name, type });
        if (type === "text") edits.push({ node: created, text: name });
      } else if (node === rootId) continue;
      else if (kind === "move") steps.push({ kind, node, parent });
      else if (kind === "rename") steps.push({ kind, node, name });
      else if (kind === "remove") steps.push({ kind, node, tombstone: `1:${++minted}` });
      else if (kind === "restore") steps.push({ kind, node });
      else if (kind === "mode") {
        if (before.node(node)!.kind === "text") steps.push({ kind, node, executable: isDirectory });
      } else if (before.node(node)!.kind === "text") edits.push({ node, text: name });
    }
    const resolution = resolve(steps, before, { site: 1, counter });
    if ("fault" in resolution) continue;
    counter = resolution.counter;
    const change = {
      steps: resolution.steps,
      edits: normalizeEdits(
        edits.map(({ node, text }) => ({ node, op: [{ at: 0, remove: 0, insert: text }] })),
      ),
    };
    const after = before.apply(change);
    yield { change, before, after };
    before = after;
  }
}

function contentOf(workspace: Workspace): unknown {
  return [...workspace.nodes()].sort((a, b) => compareIds(a.id, b.id))
    .map((node) => ({ ...node, text: workspace.text(node.id).toString() }));
}

function rightsOf(...layers: readonly (readonly string[])[]): Rights {
  const participant = { name: "Ada", kind: "human" } as const;
  return Rights.of({ tokens: ["1"], participant, expiresMs: 0, capabilities: layers });
}

Deno.test("what a reader is told of each entry leads from what it saw to what it sees", () => {
  for (const capability of capabilities) {
    const { read } = rightsOf(capability);
    fc.assert(
      fc.property(story, (deeds) => {
        const log = new ScopedLog(read, 0);
        let revision = 0, held = Workspace.empty;
        for (const { change, before, after } of told(deeds)) {
          log.follow(change, before, after);
          const sighting = log.sighting(++revision);
          held = held.apply(sighting.change, sighting.left);
          assertEquals(contentOf(held), contentOf(read.partOf(after)));
        }
      }),
      { numRuns: 120 },
    );
  }
});

Deno.test("an entry of which nothing is in sight keeps its revision, and says nothing", () => {
  const { read } = rightsOf(["read:src/**"]);
  const log = new ScopedLog(read, 0);
  const step = { kind: "create", node: "1:1", parent: rootId, name: "secret", type: "text" } as const;
  const change = { steps: [step], edits: [{ node: "1:1", op: [{ at: 0, remove: 0, insert: "x" }] }] };
  log.follow(change, Workspace.empty, Workspace.empty.apply(change));
  assertEquals(log.sighting(1), { change: { steps: [], edits: [] }, left: [], entered: [] });
});

Deno.test("whoever sees a node sees all directories above it, in every layer", () => {
  for (const capability of capabilities) {
    for (const second of capabilities) {
      const { read } = rightsOf(capability, second);
      fc.assert(
        fc.property(story, (deeds) => {
          let last = Workspace.empty;
          for (const { after } of told(deeds)) last = after;
          for (const { id, parent } of last.nodes()) {
            if (read.sees(last, id)) assert(read.sees(last, parent), `${id} in ${parent}`);
          }
        }),
        { numRuns: 5 },
      );
    }
  }
});

Deno.test("a guard refuses a move at either end, and of what is inside", () => {
  const create = (
    node: NodeId,
    parent: NodeId,
    name: string,
    type: "directory" | "text" = "directory",
  ): Step => ({
    kind: "create",
    node,
    parent,
    name,
    type,
  });
  const workspace = Workspace.empty.apply({
    steps: [
      create("1:1", rootId, "src"),
      create("1:2", rootId, "docs"),
      create("1:3", "1:1", "a", "text"),
      create("1:4", "1:2", "in"),
      create("1:5", "1:4", "kept", "text"),
    ],
    edits: [],
  });
  const refused = (capabilities: readonly string[], ...steps: readonly Step[]) =>
    new Guard(rightsOf(capabilities), undefined).forbidden(steps, [], workspace);
  const out: Step = { kind: "move", node: "1:3", parent: "1:2" };
  const into: Step = { kind: "move", node: "1:4", parent: "1:1" };
  assertEquals(refused(["tree:src/**", "read:**"], out), ["1:3"]);
  assertEquals(refused(["tree:docs/**", "read:**"], out), ["1:3"]);
  assertEquals(refused(["tree:{src,docs}/**"], out), []);
  assertEquals(refused(["tree:src/**", "tree:docs/in"], into), ["1:4"]);
  assertEquals(refused(["tree:src/**", "tree:docs/in", "tree:docs/in/**"], into), []);
  assertEquals(refused(["tree:src/**"], { kind: "remove", node: "1:1", tombstone: "2:1" }), ["1:1"]);
});

Deno.test("a guard takes it for an edit of a file to say whether it can be executed", () => {
  const make = (node: NodeId, name: string) =>
    ({ kind: "create", node, parent: rootId, name, type: "text" }) as const;
  const workspace = Workspace.empty.apply({ steps: [make("1:1", "a"), make("1:2", "b")], edits: [] });
  const refused = (capabilities: readonly string[], step: Step) =>
    new Guard(rightsOf(capabilities), undefined).forbidden([step], [], workspace);
  const mode: Step = { kind: "mode", node: "1:1", executable: true };
  assertEquals(refused(["edit:a"], mode), []);
  assertEquals(refused(["edit:b", "tree:**"], mode), ["1:1"]);
  const made: Step = { ...make("2:1", "c"), executable: true };
  assertEquals(refused(["tree:c"], make("2:1", "c")), []);
  assertEquals(refused(["tree:c"], made), ["2:1"]);
  assertEquals(refused(["tree:c", "edit:c"], made), []);
});

Deno.test("a guard tells what is out of sight from what is not there by nothing", () => {
  const steps = [{ kind: "create", node: "1:1", parent: rootId, name: "secret", type: "text" } as const];
  const workspace = Workspace.empty.apply({ steps, edits: [] });
  const guard = new Guard(rightsOf(["edit:src/**", "tree:src/**"]), undefined);
  const edit = (node: NodeId): Change => ({
    steps: [],
    edits: [{ node, op: [{ at: 0, remove: 0, insert: "x" }] }],
  });
  assertEquals(guard.outOfSight(edit("1:1"), 1, workspace), ["1:1"]);
  assertEquals(guard.outOfSight(edit("7:7"), 1, workspace), ["7:7"]);
});
