/**
 * What was removed long ago is forgotten, by an entry that everybody follows; what still speaks of it is handed back.
 */

import { editOf, insert, type NodeId, rootId, type Step } from "../../ot/mod.ts";
import { type LogEntry, type Settings, State } from "../../server/core/mod.ts";
import { World, type WorldClient } from "../../sim/world.ts";
import { assert, assertEquals } from "../assert.ts";

const second = 1_000_000;
/** The past is let go of after a few entries, what is removed after a second. */
const forgetful: Partial<Settings> = { historyEntriesMax: 2, removedUs: second };

function step(world: World, client: WorldClient, ...steps: Step[]): number {
  const number = client.core.nextNumber;
  world.tell(client, { kind: "change", change: { steps, edits: [] }, atomic: true });
  return number;
}

function create(world: World, client: WorldClient, name: string, parent: NodeId = rootId, text = ""): NodeId {
  const node = client.core.nextId(0), type = text === "" ? "directory" : "text";
  const edits = text === "" ? [] : [{ node, op: insert(0, text) }];
  const change = { steps: [{ kind: "create", node, parent, name, type } as const], edits };
  world.tell(client, { kind: "change", change, atomic: true });
  return node;
}

function remove(world: World, client: WorldClient, node: NodeId): number {
  return step(world, client, { kind: "remove", node, tombstone: client.core.nextId(0) });
}

/** Lets a moment pass, and somebody do so much that all before is past. */
function passBy(world: World, client: WorldClient, us = 2 * second): void {
  world.settle();
  world.pass(us);
  for (let i = 0; i < 8; i++) {
    step(world, client, { kind: "rename", node: client.core.view.find("kept")!.id, name: "kept" });
    world.settle();
  }
}

function outcome({ events }: WorldClient, number: number): string | undefined {
  for (const event of events) {
    if (event.kind !== "settled" || !event.changes.includes(number)) continue;
    return event.outcome.kind === "refused" ? event.outcome.problem.code : event.outcome.kind;
  }
}

/** All hold what the log alone leads to; gives that. */
function agreed(world: World, clients: readonly WorldClient[]): State {
  const state = (world.log.get("w") as LogEntry[]).reduce((state, entry) => state.apply(entry), State.empty);
  for (const { core, name } of clients) {
    const ids = (of: State["workspace"]) => [...of.nodes()].map(({ id }) => `${id} ${of.text(id)}`);
    assertEquals(ids(core.confirmed!), ids(state.workspace), name);
  }
  return state;
}

function stage(
  settings: Partial<Settings> = forgetful,
): { world: World; ada: WorldClient; bob: WorldClient } {
  const world = new World({ settings }), ada = world.client("ada"), bob = world.client("bob");
  world.settle();
  create(world, ada, "kept");
  world.settle();
  return { world, ada, bob };
}

Deno.test("what was removed long ago is forgotten, with all that is in it, by all who follow the log", () => {
  const { world, ada, bob } = stage();
  const directory = create(world, ada, "old");
  const file = create(world, ada, "a.txt", directory, "hello");
  const before = create(world, ada, "b.txt", directory, "gone before");
  world.settle();
  remove(world, bob, before);
  remove(world, ada, directory);
  passBy(world, bob);
  const { workspace } = agreed(
    world,
    [ada, bob, world.client("eve")].map((client) => {
      world.settle();
      return client;
    }),
  );
  for (const node of [directory, file, before]) assertEquals(workspace.node(node), undefined);
  assertEquals([workspace.size, workspace.textLength], [2, 0]);
  const forgetting = world.log.get("w")!.filter(({ change }) =>
    change.steps.some(({ kind }) => kind === "forget")
  );
  assertEquals(forgetting.map(({ site, change }) => [site, change.steps.map(({ node }) => node)]), [
    [0, [directory, before].sort()],
  ]);
});

Deno.test("what was removed by itself later, in what goes, goes with it", () => {
  const { world, ada, bob } = stage();
  const directory = create(world, ada, "old"), file = create(world, ada, "a.txt", directory, "hello");
  world.settle();
  remove(world, ada, directory);
  passBy(world, ada, 0);
  world.pass(second);
  remove(world, bob, file);
  passBy(world, ada, second / 4);
  const { workspace } = agreed(world, [ada, bob]);
  assertEquals([workspace.node(directory), workspace.node(file)], [undefined, undefined]);
});

Deno.test("what was removed a moment ago, or may still be spoken of, is not forgotten", () => {
  const { world, ada, bob } = stage();
  const first = create(world, ada, "first");
  world.settle();
  remove(world, ada, first);
  passBy(world, ada, second / 2);
  assert(agreed(world, [ada, bob]).workspace.node(first) !== undefined);

  // Long ago by the clock, but hardly anything has happened since.
  const { world: quiet, ada: ann } = stage({ removedUs: second });
  const other = create(quiet, ann, "other");
  quiet.settle();
  remove(quiet, ann, other);
  quiet.settle();
  quiet.pass(3600 * second);
  const number = step(quiet, ann, { kind: "restore", node: other });
  quiet.settle();
  assertEquals(outcome(ann, number), "durable");
});

Deno.test("a removal that was taken back and made again counts from the last time", () => {
  const { world, ada } = stage();
  const node = create(world, ada, "again");
  world.settle();
  remove(world, ada, node);
  world.settle();
  world.pass(2 * second);
  step(world, ada, { kind: "restore", node });
  remove(world, ada, node);
  passBy(world, ada, second / 2);
  assert(agreed(world, [ada]).workspace.node(node) !== undefined);
  passBy(world, ada);
  assertEquals(agreed(world, [ada]).workspace.node(node), undefined);
});

Deno.test("node_forgotten: a late edit and a late restore are handed back, with what they were", () => {
  const { world, ada, bob } = stage();
  const file = create(world, ada, "f.txt", rootId, "hello");
  world.settle();
  // Bob's link stalls: he types on, and Ada removes the file, and so much later that it is forgotten.
  const edited = bob.core.nextNumber;
  world.cut(bob);
  world.tell(bob, { kind: "change", change: editOf(file, insert(5, " world")), atomic: false });
  const kept = create(world, bob, "mine.txt", rootId, "mine");
  remove(world, ada, file);
  world.tell(bob, { kind: "closed" });
  for (let i = 0; i < 40; i++) {
    world.moveUp(ada.link!.connection);
    world.moveDown(ada.link!.connection);
    world.pass(second / 5);
    if (i > 20) step(world, ada, { kind: "rename", node: ada.core.view.find("kept")!.id, name: "kept" });
  }
  world.settle();
  passBy(world, ada);
  const { workspace } = agreed(world, [ada, bob]);
  assertEquals(workspace.node(file), undefined);
  const handed = bob.events.flatMap((event) =>
    event.kind === "settled" && event.changes.includes(edited) ? [event.outcome] : []
  );
  assertEquals(handed.map(({ kind }) => kind), ["refused"]);
  const [back] = handed;
  assert(back?.kind === "refused");
  assert(["node_forgotten", "recovered"].includes(back.problem.code), back.problem.code);
  assertEquals(back.change.edits[0]?.op, insert(5, " world"));
  // The rest of his work is there.
  assertEquals(workspace.text(workspace.find("mine.txt")!.id).toString(), "mine");
  assert(kept !== file);
});

Deno.test("node_forgotten: undo of a removal that is forgotten says so, and of the rest does what can be", () => {
  const { world, ada } = stage();
  const file = create(world, ada, "f.txt", rootId, "hello");
  world.settle();
  step(
    world,
    ada,
    { kind: "remove", node: file, tombstone: ada.core.nextId(0) },
    { kind: "rename", node: ada.core.view.find("kept")!.id, name: "renamed" },
  );
  world.settle();
  world.pass(2 * second);
  // Somebody else moves the log on, so that her undo is about the removal.
  const bob = world.client("bob");
  world.settle();
  for (let i = 0; i < 8; i++) {
    create(world, bob, `${i}`);
    world.settle();
  }
  assertEquals(agreed(world, [ada, bob]).workspace.node(file), undefined);
  const number = ada.core.nextNumber;
  world.tell(ada, { kind: "undo" });
  world.settle();
  assertEquals([outcome(ada, number), outcome(ada, number + 1)], ["durable", "node_forgotten"]);
  assert(agreed(world, [ada, bob]).workspace.find("kept") !== undefined);
});

Deno.test("a server that starts again knows how long ago something was removed", () => {
  const { world, ada } = stage();
  const node = create(world, ada, "old");
  world.settle();
  remove(world, ada, node);
  world.settle();
  world.crash();
  world.settle();
  passBy(world, ada);
  assertEquals(agreed(world, [ada]).workspace.node(node), undefined);
});

Deno.test("where a change finds no room, what was removed makes some, the oldest first and no more than needed", () => {
  const { world, ada, bob } = stage({ nodesMax: 5 });
  const [first, second] = ["first", "second"].map((name) => {
    const node = create(world, ada, name);
    world.settle();
    return node;
  }) as [NodeId, NodeId];
  remove(world, ada, first);
  remove(world, ada, second);
  world.settle();
  create(world, bob, "third");
  world.settle();
  const node = create(world, bob, "fourth");
  world.settle();
  const { workspace } = agreed(world, [ada, bob]);
  assert(workspace.isLive(node) && workspace.size === 5);
  assertEquals([workspace.node(first), workspace.node(second)?.name], [undefined, "second"]);
});

Deno.test("where nothing is removed, or a change would never fit, it is refused for want of room", () => {
  const { world, ada } = stage({ nodesMax: 4, workspaceLengthMax: 100 });
  const node = create(world, ada, "f.txt", rootId, "x".repeat(60));
  world.settle();
  const full = ada.core.nextNumber;
  const names = ["one", "two"], [one, two] = [ada.core.nextId(0), ada.core.nextId(1)];
  const makes = [one, two].map((node, i) =>
    ({ kind: "create", node, parent: rootId, name: names[i]!, type: "text" }) as const
  );
  step(world, ada, ...makes);
  assertEquals(outcome(ada, full), "too_many_nodes");
  remove(world, ada, node);
  world.settle();
  const long = ada.core.nextNumber;
  create(world, ada, "long.txt", rootId, "y".repeat(101));
  world.settle();
  assertEquals(outcome(ada, long), "workspace_full");
  assertEquals(agreed(world, [ada]).workspace.node(node)?.name, "f.txt");
  const fits = ada.core.nextNumber;
  create(world, ada, "fits.txt", rootId, "y".repeat(100));
  world.settle();
  assertEquals(outcome(ada, fits), "durable");
});

Deno.test("only the server forgets: a client that says so is refused", () => {
  const { world, ada } = stage();
  const node = create(world, ada, "old");
  world.settle();
  remove(world, ada, node);
  world.settle();
  const number = step(world, ada, { kind: "forget", node });
  world.settle();
  assertEquals(outcome(ada, number), "server_step");
});

Deno.test("node_forgotten: so it is known to the next run what becomes of a change that was on its way meanwhile", () => {
  const { world, ada, bob } = stage({ ...forgetful, nodesMax: 4 });
  const directory = create(world, ada, "old");
  world.settle();
  create(world, ada, "f.txt", directory, "hello");
  remove(world, bob, directory);
  const there = bob.link!.connection;
  const exchange = () => {
    for (let i = 0; i < 4; i++) {
      world.moveUp(there);
      world.moveDown(there);
      world.pass(second / 5);
    }
  };
  exchange();
  create(world, bob, "new");
  create(world, bob, "newer");
  exchange();
  assertEquals(bob.core.confirmed!.node(directory), undefined);
  for (let i = 0; i < 4; i++) world.moveDown(ada.link!.connection);
  assertEquals(ada.core.confirmed!.node(directory), undefined);
  assertEquals(ada.core.unsentCount, 1);
  const unsent = structuredClone(ada.core.unsent()!);
  world.cut(ada);
  world.clients.splice(world.clients.indexOf(ada), 1);
  // So much happens that it comes back to a snapshot.
  passBy(world, bob);
  const next = world.client("next run", { unsent });
  world.settle();
  assertEquals(outcome(next, 1), "node_forgotten");
});
