/**
 * What a client's core says in moments that random runs do not meet.
 *
 * @module
 */

import { editOf, insert, type NodeId, rootId } from "../../ot/mod.ts";
import { World, type WorldClient } from "../../sim/world.ts";
import { assertEquals } from "../assert.ts";

Deno.test("a client whose unsent creation goes out under another session says that it is open", () => {
  const world = new World();
  const left = world.client("left");
  world.settle();
  const node = left.core.nextId(0);
  const step = { kind: "create", node, parent: rootId, name: "a.txt", type: "text" } as const;
  world.cut(left);
  world.tell(left, { kind: "change", change: { steps: [step], edits: [] }, atomic: false });
  const unsent = structuredClone(left.core.unsent()!);
  world.tell(left, { kind: "leave" });
  world.crash({ forgetLog: true });
  // Somebody else has the site that the changes were made under.
  world.client("other");
  world.settle();
  const next = world.client("next run", { unsent });
  world.settle();
  assertEquals(
    next.events.map(({ kind }) => kind).filter((kind) => kind === "renumbered" || kind === "opened"),
    ["renumbered", "opened"],
  );
});

Deno.test("others learn that somebody is nowhere any more, whatever arrives meanwhile", () => {
  const world = new World();
  const ann = world.client("ann"), ben = world.client("ben");
  world.settle();
  const node = ann.core.nextId(0);
  const step = { kind: "create", node, parent: rootId, name: "a.txt", type: "text" } as const;
  world.tell(ann, { kind: "change", change: { steps: [step], edits: [] }, atomic: false });
  world.settle();
  const type = (at: number, text: string) =>
    ({
      kind: "change",
      change: { steps: [], edits: [{ node, op: insert(at, text) }] },
      atomic: false,
    }) as const;
  world.tell(ann, { kind: "select", node, ranges: [{ anchor: 0, head: 0 }] });
  world.settle();
  assertEquals(ben.core.peers[0]?.node, node);

  // Ann's typing crosses Ben's, and she leaves the file while her transport is still at work.
  world.tell(ben, type(0, "b"));
  world.tell(ann, type(0, "a"));
  const [first, second] = [ann, ben].map(({ link }) => link!.connection) as [number, number];
  world.moveUp(second);
  world.moveDown(first);
  world.tell(ann, { kind: "select", ranges: [] });
  // All but the end of where she was: what she typed is in the log before she can say anything more.
  world.moveUp(first, world.upstream(first) - 1);
  world.moveDown(first);
  assertEquals(ann.core.unsentCount, 0);
  world.settle();
  assertEquals(ben.core.peers[0]?.node, undefined);
});

const edit = (node: NodeId, at: number, text: string) =>
  ({ kind: "change", change: editOf(node, insert(at, text)), atomic: false }) as const;

/** The changes that were handed back because nobody can say whether they are in the log. */
const handedBack = ({ events }: WorldClient) =>
  events.flatMap((event) =>
    event.kind === "settled" && event.outcome.kind === "refused" &&
      event.outcome.problem.code === "fate_unknown"
      ? [event.outcome.change.edits]
      : []
  );

/** Somebody has a file, and typing in it that was sent, and stored, without an answer. */
function unanswered() {
  const world = new World();
  const ann = world.client("ann"), ben = world.client("ben");
  world.settle();
  const node = ann.core.nextId(0);
  const step = { kind: "create", node, parent: rootId, name: "a.txt", type: "text" } as const;
  world.tell(ann, { kind: "change", change: { steps: [step], edits: [] }, atomic: false });
  world.settle();
  world.tell(ann, edit(node, 0, "x"));
  const store = structuredClone(ann.core.unsent()!);
  world.moveUp(ann.link!.connection);
  world.cut(ann);
  return { world, ann, ben, node, store, text: () => ben.core.view.text(node).toString() };
}

Deno.test("a run with a store that was put back goes on under another session, and repeats nothing that was sent", () => {
  const { world, ann, node, store, text } = unanswered();
  world.tell(ann, { kind: "leave" });
  world.clients.splice(world.clients.indexOf(ann), 1);
  const later = world.client("later run", { unsent: store });
  world.settle();
  world.cut(later);
  world.settle();
  world.cut(later);
  world.clients.splice(world.clients.indexOf(later), 1);

  const run = world.client("run with the former store", { unsent: store });
  world.settle();
  assertEquals(run.core.phase, "online");
  assertEquals(handedBack(run), [[{ node, op: insert(0, "x") }]]);
  assertEquals(run.core.unsent(), undefined);
  world.tell(run, edit(node, 1, "y"));
  world.settle();
  assertEquals(text(), "xy");
});

Deno.test("whoever is away while a copy takes up his session goes on under another one with what he has typed", () => {
  const { world, ann, node, store, text } = unanswered();
  world.tell(ann, edit(node, 1, "y"));
  const copy = world.client("copy", { unsent: store });
  world.connect(copy);
  while (copy.core.phase !== "online") {
    world.moveUp(copy.link!.connection), world.moveDown(copy.link!.connection);
  }

  world.settle();
  assertEquals([ann.core.phase, copy.core.phase], ["online", "online"]);
  assertEquals(handedBack(ann), [[{ node, op: insert(0, "x") }]]);
  assertEquals(text(), "xy");
});

Deno.test("what was typed on a text that another log had at the same revision is handed back", () => {
  const world = new World();
  const ann = world.client("ann");
  world.settle();
  const node = ann.core.nextId(0);
  const create = (name: string) =>
    ({
      kind: "change",
      change: { steps: [{ kind: "create", node, parent: rootId, name, type: "text" }], edits: [] },
      atomic: false,
    }) as const;
  world.tell(ann, create("a.txt"));
  world.settle();
  world.cut(ann);
  world.tell(ann, edit(node, 0, "x"));
  const unsent = structuredClone(ann.core.unsent()!);
  world.tell(ann, { kind: "leave" });
  world.clients.splice(world.clients.indexOf(ann), 1);
  world.crash({ forgetLog: true });
  // By the same site, under the same id, at the same revision: another file.
  const ben = world.client("ben");
  world.settle();
  world.tell(ben, create("b.txt"));
  world.settle();
  assertEquals(ben.core.revision, unsent.revision);

  const run = world.client("next run", { unsent });
  world.settle();
  assertEquals(ben.core.view.text(node).toString(), "");
  assertEquals(
    run.events.flatMap((event) =>
      event.kind === "settled" && event.outcome.kind === "refused" ? [event.outcome.problem.code] : []
    ),
    ["recovered"],
  );
});
