/**
 * Bugs that other systems have had, each as a story that must end well here. The names are the ones under which
 * they are known in this project.
 */

import { editOf, insert, remove, replace, rootId, type Step, type TextOp } from "../../ot/mod.ts";
import { type LogEntry, State } from "../../server/core/mod.ts";
import { World, type WorldClient } from "../../sim/world.ts";
import { assert, assertEquals } from "../assert.ts";
import { change, outcomes, read } from "./story.ts";

const second = 1_000_000;

/** A world in which everybody has a file "f.txt" that says `text`. */
function stage(names: readonly string[], text: string, world = new World()): WorldClient[] {
  const clients = names.map((name) => world.client(name));
  world.settle();
  const [first] = clients;
  const node = first!.core.nextId(0);
  change(world, first!, {
    steps: [{ kind: "create", node, parent: rootId, name: "f.txt", type: "text" }],
    edits: text === "" ? [] : [{ node, op: insert(0, text) }],
  });
  world.settle();
  return clients;
}

function edit(world: World, client: WorldClient, op: TextOp, path = "f.txt"): number {
  return change(world, client, editOf(client.core.view.find(path)!.id, op));
}

function step(world: World, client: WorldClient, ...steps: Step[]): number {
  return change(world, client, { steps, edits: [] });
}

/** The workspace as the log alone makes it. */
function logged(world: World): State {
  return (world.log.get("w") as LogEntry[]).reduce((state, entry) => state.apply(entry), State.empty);
}

function assertAgreed(world: World, clients: readonly WorldClient[], text: string, path = "f.txt"): void {
  const { workspace } = logged(world);
  assertEquals(workspace.text(workspace.find(path)!.id).toString(), text);
  for (const client of clients) assertEquals(read(client, path), text, client.name);
}

Deno.test("reconnect_inflight_applied: a change whose acknowledgement was lost is in the log once", () => {
  const world = new World();
  const clients = stage(["left", "right"], "abc", world);
  const [left] = clients as [WorldClient, WorldClient];
  const number = edit(world, left, insert(3, "!"));
  world.moveUp(left.link!.connection);
  world.cut(left);
  world.settle();
  assertAgreed(world, clients, "abc!");
  assertEquals(outcomes(left, number), ["durable"]);
});

Deno.test("reconnect_inflight_applied: so it is where the server never learns that the old connection is gone", () => {
  const world = new World();
  const clients = stage(["left", "right"], "abc", world);
  const [left] = clients as [WorldClient, WorldClient];
  edit(world, left, insert(3, "!"));
  world.moveUp(left.link!.connection);
  world.cut(left, { serverLearns: false });
  edit(world, left, insert(0, "?"));
  world.settle();
  assertAgreed(world, clients, "?abc!");
});

Deno.test("reconnect_inflight_applied: so it is across a crash of the server, which had stored it", () => {
  const world = new World({ logWaits: true });
  const clients = [world.client("left"), world.client("right")];
  world.settle();
  const [left] = clients as [WorldClient, WorldClient];
  const node = left.core.nextId(0);
  step(world, left, { kind: "create", node, parent: rootId, name: "f.txt", type: "text" });
  world.settle();
  edit(world, left, insert(0, "once"));
  world.moveUp(left.link!.connection);
  world.answerLog();
  world.crash();
  world.settle();
  assertAgreed(world, clients, "once");
});

Deno.test("slow_reader_never_diverges: whoever reads late gets everything, in order", () => {
  const world = new World({ settings: { sendBytesMax: 200 } });
  const clients = stage(["writer", "late"], "", world);
  const [writer, late] = clients as [WorldClient, WorldClient];
  for (let i = 0; i < 200; i++) {
    edit(world, writer, insert(read(writer).length, `${i},`));
    world.moveUp(writer.link!.connection);
    world.moveDown(writer.link!.connection);
  }
  assertEquals(read(late), "");
  // However late: what waits for it is one write and a place in the log.
  assert(world.downstream(late.link!.connection) < 1000);
  world.settle();
  assertAgreed(world, clients, Array.from({ length: 200 }, (_, i) => `${i},`).join(""));
});

Deno.test("slow_reader_never_diverges: who takes nothing at all is cut off, and catches up when it is back", () => {
  const world = new World();
  const clients = stage(["writer", "stuck"], "", world);
  const [writer, stuck] = clients as [WorldClient, WorldClient];
  edit(world, writer, insert(0, "news"));
  world.moveUp(writer.link!.connection);
  world.moveDown(writer.link!.connection);
  for (let i = 0; i < 8; i++) {
    world.pass(5 * second);
    world.moveUp(writer.link!.connection);
    world.moveDown(writer.link!.connection);
  }
  assert(world.reports.some(({ event, fields }) => event === "ending" && fields.code === "slow_reader"));
  assertEquals(read(stuck), "");
  world.settle();
  assertAgreed(world, clients, "news");
});

Deno.test("identical_edits_are_two_edits", () => {
  const world = new World();
  const clients = stage(["left", "right"], "--", world);
  for (const client of clients) edit(world, client, insert(1, "x"));
  world.settle();
  assertAgreed(world, clients, "-xx-");
});

for (const [name, us] of [["31 seconds", 31 * second], ["31 days", 31 * 86_400 * second]] as const) {
  Deno.test(`sole_editor_outage: typing without a connection for ${name} is all there afterwards`, () => {
    const world = new World();
    const clients = stage(["alone"], "", world);
    const [alone] = clients as [WorldClient];
    edit(world, alone, insert(0, "before "));
    world.cut(alone);
    edit(world, alone, insert(7, "during "));
    world.pass(us);
    edit(world, alone, insert(14, "after"));
    world.settle();
    assertAgreed(world, clients, "before during after");
  });
}

Deno.test("sole_editor_outage: a crash of the server that loses nothing is not noticed but for the wait", () => {
  const world = new World();
  const clients = stage(["alone"], "", world);
  const [alone] = clients as [WorldClient];
  world.crash();
  edit(world, alone, insert(0, "typed while it was down"));
  world.settle();
  assertAgreed(world, clients, "typed while it was down");
});

Deno.test("ack_names_its_change: each change learns of its own fate", () => {
  const world = new World();
  const [left, right] = stage(["left", "right"], "abc", world) as [WorldClient, WorldClient];
  const numbers = [
    edit(world, left, insert(0, "1")),
    edit(world, right, insert(3, "2")),
    edit(world, left, insert(2, "3")),
  ];
  world.settle();
  assertEquals(numbers.map((number, i) => outcomes(i === 1 ? right : left, number)), [["durable"], [
    "durable",
  ], ["durable"]]);
  const revisions = left.events.flatMap((event) =>
    event.kind === "settled" && event.outcome.kind === "durable" ? [event.outcome.revision] : []
  );
  assertEquals(new Set(revisions).size, revisions.length);
  for (const revision of revisions) assertEquals(world.log.get("w")![revision - 1]!.site, left.core.site);
});

Deno.test("same_name_keeps_both: two files of one name are both kept, the later one under a number", () => {
  const world = new World();
  const clients = stage(["left", "right"], "", world);
  const [left, right] = clients as [WorldClient, WorldClient];
  for (const client of clients) {
    const node = client.core.nextId(0);
    change(world, client, {
      steps: [{ kind: "create", node, parent: rootId, name: "new.txt", type: "text" }],
      edits: [{ node, op: insert(0, client.name) }],
    });
  }
  world.settle();
  assertAgreed(world, clients, "left", "new.txt");
  assertAgreed(world, clients, "right", "new (2).txt");
  const notices = right.events.flatMap((event) =>
    event.kind === "settled" && event.outcome.kind === "durable" ? event.outcome.notices : []
  );
  assertEquals(notices.map(({ kind }) => kind), ["renamed"]);
  assertEquals(left.core.view.find("new.txt")!.id.split(":")[0], String(left.core.site));
});

Deno.test("opposite_moves: of two moves that would make a cycle the later one is dropped, nothing vanishes", () => {
  const world = new World();
  const clients = stage(["left", "right"], "", world);
  const [left, right] = clients as [WorldClient, WorldClient];
  const [a, b] = [left.core.nextId(0), left.core.nextId(1)];
  step(
    world,
    left,
    { kind: "create", node: a, parent: rootId, name: "a", type: "directory" },
    { kind: "create", node: b, parent: rootId, name: "b", type: "directory" },
  );
  world.settle();
  step(world, left, { kind: "move", node: a, parent: b });
  const late = step(world, right, { kind: "move", node: b, parent: a });
  world.settle();
  for (const client of clients) assertEquals(client.core.view.pathOf(a), "b/a");
  assertEquals(logged(world).workspace.pathOf(a), "b/a");
  assertEquals(outcomes(right, late), ["durable"]);
});

Deno.test("edit_follows_rename: typing into a file that somebody renames and moves ends up in that file", () => {
  const world = new World();
  const clients = stage(["left", "right"], "abc", world);
  const [left, right] = clients as [WorldClient, WorldClient];
  const file = left.core.view.find("f.txt")!.id, directory = left.core.nextId(0);
  step(
    world,
    left,
    { kind: "create", node: directory, parent: rootId, name: "docs", type: "directory" },
    { kind: "move", node: file, parent: directory },
    { kind: "rename", node: file, name: "g.txt" },
  );
  edit(world, right, insert(3, "d"));
  world.settle();
  assertAgreed(world, clients, "abcd", "docs/g.txt");
});

Deno.test("edit_of_removed_file_comes_back: what was typed into a removed file is there when it is restored", () => {
  const world = new World();
  const clients = stage(["left", "right"], "abc", world);
  const [left, right] = clients as [WorldClient, WorldClient];
  const file = left.core.view.find("f.txt")!.id;
  step(world, left, { kind: "remove", node: file, tombstone: left.core.nextId(0) });
  edit(world, right, insert(3, "d"));
  world.settle();
  for (const client of clients) assertEquals(client.core.view.find("f.txt"), undefined);
  step(world, right, { kind: "restore", node: file });
  world.settle();
  assertAgreed(world, clients, "abcd");
});

Deno.test("huge_paste: more than fits a frame arrives whole, and others go on typing", () => {
  const world = new World();
  const clients = stage(["left", "right"], "ab", world);
  const [left, right] = clients as [WorldClient, WorldClient];
  const paste = "0123456789".repeat(300_000);
  edit(world, left, insert(1, paste));
  edit(world, right, insert(2, "c"));
  world.settle();
  assertAgreed(world, clients, `a${paste}bc`);
  // Who comes late gets it in pieces.
  const late = world.client("late");
  world.settle();
  assertEquals(read(late), `a${paste}bc`);
});

Deno.test("huge_paste: one past the limit of a message is refused here, before anything is applied", () => {
  const world = new World();
  const clients = stage(["left"], "ab", world);
  const number = edit(world, clients[0]!, insert(1, "x".repeat(9 << 20)));
  assertEquals(outcomes(clients[0]!, number), ["change_too_long"]);
  assertAgreed(world, clients, "ab");
});

Deno.test("fifty_editors_no_starvation: everybody's changes get in, whatever the others do", () => {
  const world = new World({ logWaits: true, settings: { appendEntriesMax: 8 } });
  const names = Array.from({ length: 50 }, (_, i) => `editor ${i}`);
  const clients = stage(names, "", world);
  for (let round = 0; round < 4; round++) {
    for (const client of clients) edit(world, client, insert(read(client).length, "x"));
    for (const connection of world.links()) world.moveUp(connection);
    world.answerLog();
    for (const connection of world.links()) world.moveDown(connection);
  }
  world.settle();
  assertAgreed(world, clients, "x".repeat(200));
});

Deno.test("agent_flood_people_still_type: people's changes go first, and agents are not shut out", () => {
  const world = new World({ logWaits: true, settings: { appendEntriesMax: 8 } });
  const agents = Array.from(
    { length: 30 },
    (_, i) => world.client(`agent ${i}`, { participant: { name: `agent ${i}`, kind: "agent" } }),
  );
  const people = Array.from({ length: 10 }, (_, i) => world.client(`person ${i}`));
  world.settle();
  const node = people[0]!.core.nextId(0);
  step(world, people[0]!, { kind: "create", node, parent: rootId, name: "f.txt", type: "text" });
  world.settle();
  // One append is under way; meanwhile the agents come before the people.
  edit(world, people[9]!, insert(0, "!"));
  world.moveUp(people[9]!.link!.connection);
  for (const client of [...agents, ...people.slice(0, 9)]) {
    edit(world, client, insert(0, "."));
    world.moveUp(client.link!.connection);
  }
  world.answerLog();
  const before = world.log.get("w")!.length;
  world.answerLog();
  const sites = new Set(agents.map(({ core }) => core.site));
  const batch = world.log.get("w")!.slice(before).map(({ site }) => sites.has(site) ? "agent" : "person");
  assertEquals(batch, [...Array(7).fill("person"), "agent"]);
  world.settle();
});

Deno.test("a server that lost its log does not get a change twice, and gives back what it cannot take", () => {
  const world = new World();
  const [client] = stage(["left"], "abc", world) as [WorldClient];
  world.cut(client);
  const number = edit(world, client, insert(3, "d"));
  world.crash({ forgetLog: true });
  world.settle();
  assertEquals(outcomes(client, number), ["recovered"]);
  assertEquals(logged(world).workspace.files(), []);
});

Deno.test("a session that is used twice gives the one that was rolled back a session of its own", () => {
  const world = new World();
  const clients = stage(["left", "right"], "abc", world);
  const [left] = clients as [WorldClient, WorldClient];
  edit(world, left, insert(3, "d"));
  const unsent = structuredClone(left.core.unsent()!);
  world.settle();
  edit(world, left, insert(4, "e"));
  world.settle();
  // The application goes back to what it had saved before: the same change under the same seq, which is known.
  world.tell(left, { kind: "leave" });
  const again = world.client("left again", { unsent });
  world.settle();
  assertEquals(read(again), "abcde");
  assertEquals(again.core.unsentCount, 0);
});

Deno.test("two people who type at one place keep their words whole, the lower site's on the left", () => {
  const world = new World();
  const clients = stage(["left", "right"], "[]", world);
  const [left, right] = clients as [WorldClient, WorldClient];
  for (let i = 0; i < 3; i++) {
    edit(world, left, insert(1 + i, "abc"[i]!));
    edit(world, right, insert(1 + i, "xyz"[i]!));
    world.moveUp(left.link!.connection);
    world.moveUp(right.link!.connection);
  }
  world.settle();
  assertAgreed(world, clients, "[abcxyz]");
});

Deno.test("a change of several files is seen by others as a whole", () => {
  const world = new World();
  const clients = stage(["left", "right"], "abc", world);
  const [left, right] = clients as [WorldClient, WorldClient];
  const second = left.core.nextId(0);
  step(world, left, { kind: "create", node: second, parent: rootId, name: "g.txt", type: "text" });
  world.settle();
  const first = left.core.view.find("f.txt")!.id;
  const edits = [{ node: first, op: replace(0, 3, "new") }, { node: second, op: insert(0, "new") }]
    .sort((a, b) => Number(a.node.split(":")[1]) - Number(b.node.split(":")[1]));
  change(world, left, { steps: [], edits });
  world.moveUp(left.link!.connection);
  const { connection } = right.link!;
  while (world.downstream(connection) > 0) {
    world.moveDown(connection, 1);
    assertEquals(read(right) === "new", read(right, "g.txt") === "new");
  }
  assertEquals(read(right), "new");
});

Deno.test("a graceful stop settles what was taken in, tells everybody, and lets go", () => {
  const world = new World({ logWaits: true });
  const client = world.client("left");
  world.settle();
  const number = step(world, client, {
    kind: "create",
    node: client.core.nextId(0),
    parent: rootId,
    name: "f.txt",
    type: "text",
  });
  const { connection } = client.link!;
  world.moveUp(connection);
  world.stopServer();
  assert(!world.stopped, "an append is still under way");
  world.answerLog();
  world.moveDown(connection);
  assertEquals(outcomes(client, number), ["durable"]);
  world.moveDown(connection);
  const last = client.events.findLast((event) => event.kind === "status");
  assertEquals(last?.kind === "status" ? last.problem?.code : undefined, "shutting_down");
  assert(world.stopped, "nobody is left");
});

Deno.test("undo takes back one's own typing, and leaves what others typed in its midst", () => {
  const world = new World();
  const clients = stage(["left", "right"], "--", world);
  const [left, right] = clients as [WorldClient, WorldClient];
  edit(world, left, insert(1, "abcd"));
  world.settle();
  edit(world, right, insert(3, "XY"));
  world.settle();
  world.tell(left, { kind: "undo" });
  world.settle();
  assertAgreed(world, clients, "-XY-");
  world.tell(left, { kind: "redo" });
  world.settle();
  assertEquals([...read(left)].sort().join(""), "--XYabcd");
  assertEquals(read(right), read(left));
});

Deno.test("undo of the second of two deletions of one text restores nothing", () => {
  const world = new World();
  const clients = stage(["left", "right"], "abcd", world);
  const [left, right] = clients as [WorldClient, WorldClient];
  edit(world, left, remove(1, 2));
  edit(world, right, remove(1, 2));
  world.settle();
  world.tell(right, { kind: "undo" });
  world.settle();
  assertAgreed(world, clients, "ad");
  world.tell(left, { kind: "undo" });
  world.settle();
  assertAgreed(world, clients, "abcd");
});

Deno.test("undo groups what is typed without a pause, and stops at a pause", () => {
  const world = new World();
  const clients = stage(["left"], "", world);
  const [left] = clients as [WorldClient];
  for (const [i, letter] of [..."one two"].entries()) {
    if (i === 3) world.pass(2 * second);
    edit(world, left, insert(i, letter));
    world.settle();
  }
  world.tell(left, { kind: "undo" });
  world.settle();
  assertAgreed(world, clients, "one");
  world.tell(left, { kind: "undo" });
  world.settle();
  assertAgreed(world, clients, "");
  world.tell(left, { kind: "redo" });
  world.tell(left, { kind: "redo" });
  world.settle();
  assertAgreed(world, clients, "one two");
});

Deno.test("what was typed, undone and redone before a refusal leaves the places of what came after alone", () => {
  const world = new World({ settings: { textLengthMax: 12 } });
  const clients = stage(["left", "right"], "0123456", world);
  const [left, right] = clients as [WorldClient, WorldClient];
  world.cut(left);
  const type = (group: string, op: TextOp) => {
    const change = editOf(left.core.view.find("f.txt")!.id, op);
    world.tell(left, { kind: "change", change, atomic: false, group });
  };
  type("first", insert(0, "aaa"));
  type("second", insert(0, "b"));
  for (const kind of ["undo", "undo", "redo", "redo"] as const) world.tell(left, { kind });
  assertEquals(read(left), "baaa0123456");
  type("third", remove(10, 1));
  // With this there is no room for "aaa": it is refused, and so is what brings it back.
  edit(world, right, insert(7, "xxx"));
  world.settle();
  assertAgreed(world, clients, "b012345xxx");
});

Deno.test("what falls with a file, taken back or not, leaves the places of what came after alone", () => {
  const world = new World({ settings: { nodesMax: 3 } });
  const clients = stage(["left", "right"], "0123456", world);
  const [left, right] = clients as [WorldClient, WorldClient];
  world.cut(left);
  const file = left.core.view.find("f.txt")!.id, made = left.core.nextId(0);
  step(world, left, { kind: "create", node: made, parent: rootId, name: "made.txt", type: "text" });
  const both = (group: string, op: TextOp) => {
    const change = { steps: [], edits: [{ node: file, op }, { node: made, op: insert(0, "x") }] };
    world.tell(left, { kind: "change", change, atomic: true, group });
  };
  both("first", replace(0, 5, "a"));
  both("second", replace(0, 1, "b"));
  world.tell(left, { kind: "undo" });
  assertEquals(read(left), "a56");
  edit(world, left, remove(0, 1));
  edit(world, left, insert(2, "!"));
  // With this there is no room for the file that all of that is of, but the last two.
  step(world, right, {
    kind: "create",
    node: right.core.nextId(0),
    parent: rootId,
    name: "g.txt",
    type: "text",
  });
  world.settle();
  assertAgreed(world, clients, "0123456!");
});

Deno.test("what was typed before a refusal that another run hears of leaves the places of what came after alone", () => {
  // Of files that are very long together it is not kept what was typed on.
  for (const isLong of [false, true]) {
    const world = new World({ settings: { textLengthMax: 12, sendBytesMax: 50 } });
    const [left, right] = stage(["left", "right"], "0123456", world) as [WorldClient, WorldClient];
    edit(world, left, insert(0, "aaa"));
    world.tell(left, {
      kind: "change",
      change: editOf(left.core.view.find("f.txt")!.id, remove(3, 1)),
      atomic: true,
    });
    const kept = structuredClone(left.core.unsent()!), unsent = isLong ? { ...kept, base: [] } : kept;
    world.cut(left);
    world.clients.splice(world.clients.indexOf(left), 1);
    // With this there is no room for "aaa"; and so much follows that the answer overtakes the snapshot.
    edit(world, right, insert(7, "xxx"));
    for (let i = 0; i < 8; i++) {
      world.settle();
      edit(world, right, replace(8, 1, "x"));
    }
    world.settle();
    const next = world.client("next run", { unsent });
    world.settle();
    assertEquals(outcomes(next, 1), ["text_too_long"]);
    assertEquals(outcomes(next, 2), [isLong ? "recovered" : "durable"]);
    assertAgreed(world, [right, next], isLong ? "0123456xxx" : "123456xxx");
  }
});

Deno.test("redo brings back what was typed at the place that it has by then", () => {
  const world = new World(), clients = stage(["left", "right"], "0123", world);
  const [left, right] = clients as [WorldClient, WorldClient];
  edit(world, left, insert(4, "X"));
  world.settle();
  world.tell(left, { kind: "undo" });
  world.settle();
  edit(world, right, insert(0, "yy"));
  world.settle();
  world.tell(left, { kind: "redo" });
  world.settle();
  assertAgreed(world, clients, "yy0123X");
});

Deno.test("undo of a removal does nothing once somebody else has removed the node again", () => {
  const world = new World();
  const clients = stage(["left", "right"], "abc", world);
  const [left, right] = clients as [WorldClient, WorldClient];
  const file = left.core.view.find("f.txt")!.id;
  step(world, left, { kind: "remove", node: file, tombstone: left.core.nextId(0) });
  step(world, right, { kind: "remove", node: file, tombstone: right.core.nextId(0) });
  world.settle();
  world.tell(left, { kind: "undo" });
  world.settle();
  assertEquals(left.core.view.find("f.txt"), undefined);
  world.tell(right, { kind: "undo" });
  world.settle();
  for (const client of clients) assertEquals(read(client), "abc");
});

Deno.test("undo of a rename leaves a later rename of somebody else's alone", () => {
  const world = new World();
  const clients = stage(["left", "right"], "abc", world);
  const [left, right] = clients as [WorldClient, WorldClient];
  const file = left.core.view.find("f.txt")!.id;
  step(world, left, { kind: "rename", node: file, name: "mine.txt" });
  world.settle();
  step(world, right, { kind: "rename", node: file, name: "theirs.txt" });
  world.settle();
  world.tell(left, { kind: "undo" });
  world.settle();
  for (const client of clients) assertEquals(client.core.view.pathOf(file), "theirs.txt");
});

Deno.test("unsent work of an application that crashed is sent by its next run, once", () => {
  const world = new World();
  const clients = stage(["left", "right"], "abc", world);
  const [left, right] = clients as [WorldClient, WorldClient];
  edit(world, left, insert(3, "d"));
  world.moveUp(left.link!.connection);
  edit(world, left, insert(4, "e"));
  edit(world, right, insert(0, ">"));
  const unsent = structuredClone(left.core.unsent()!);
  world.cut(left);
  world.clients.splice(world.clients.indexOf(left), 1);
  world.settle();
  const next = world.client("next run", { unsent });
  world.settle();
  assertAgreed(world, [right, next], ">abcde");
});

Deno.test("an editor is told what was done, also while a tree step of its own is on its way", () => {
  const world = new World();
  const [left, right] = stage(["left", "right"], "abab", world) as [WorldClient, WorldClient];
  step(world, left, { kind: "rename", node: left.core.view.find("f.txt")!.id, name: "g.txt" });
  // A difference of the two texts could as well be one "ab" less at the end.
  edit(world, right, remove(0, 2));
  world.moveUp(right.link!.connection);
  const seen = left.events.length;
  world.moveDown(left.link!.connection);
  const told = left.events.slice(seen).flatMap((event) => event.kind === "edited" ? [event.op] : []);
  assertEquals(told, [remove(0, 2)]);
  world.settle();
  assertAgreed(world, [left, right], "ab", "g.txt");
});

Deno.test("a server that has as many workspaces open as it may says so, and goes on with those it has", () => {
  const world = new World({ settings: { workspacesMax: 1 } });
  const first = world.client("first");
  world.settle();
  const other = world.client("other", { workspace: "another" });
  world.connect(other);
  const { connection } = other.link!;
  world.moveUp(connection);
  world.moveDown(connection);
  const last = other.events.findLast((event) => event.kind === "status");
  assertEquals(last?.kind === "status" ? last.problem?.code : undefined, "too_many_workspaces");
  assertEquals(first.core.phase, "online");
});

Deno.test("undo between a welcome under a new session and its snapshot takes back what is pending under new ids", () => {
  const world = new World();
  const [, late] = [world.client("early"), world.client("late")] as const;
  world.settle();
  world.cut(late);
  const node = late.core.nextId(0);
  step(world, late, { kind: "create", node, parent: rootId, name: "a.txt", type: "text" });
  step(world, late, { kind: "rename", node, name: "b.txt" });
  // A session that has changed nothing is forgotten with the server's process: it will get another site.
  world.crash();
  world.pass(60 * second);
  world.connect(late);
  const { connection } = late.link!;
  world.moveUp(connection);
  while (late.core.save().connection!.adopted === null) world.moveDown(connection, 1);
  world.tell(late, { kind: "undo" });
  world.settle();
  for (const { core } of world.clients) assertEquals(core.view.files().map(({ path }) => path), ["a.txt"]);
});
