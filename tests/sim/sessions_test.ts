/**
 * Sessions and their connections, as stories: who falls silent, is gone for long, comes back older than he was, or
 * comes back to another log.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import type { Unsent } from "../../client/core/mod.ts";
import { editOf, insert, type NodeId, rootId } from "../../ot/mod.ts";
import { toHex } from "../../proto/mod.ts";
import { defaultSettings } from "../../server/core/mod.ts";
import { World, type WorldClient } from "../../sim/world.ts";
import { assert, assertEquals } from "../assert.ts";
import { change, outcomes, read } from "./story.ts";

const second = 1_000_000;

/** Makes a file that says `text`. */
function create(world: World, client: WorldClient, name: string, text: string): NodeId {
  const node = client.core.nextId(0);
  change(world, client, {
    steps: [{ kind: "create", node, parent: rootId, name, type: "text" }],
    edits: text === "" ? [] : [{ node, op: insert(0, text) }],
  });
  return node;
}

/** Why the server has hung up, each time. */
function endings(world: World): (string | number | undefined)[] {
  return world.reports.filter(({ event }) => event === "ending").map(({ fields }) => fields.code);
}

Deno.test("whoever says nothing is asked whether he is there, time and again", () => {
  const world = new World(), ann = world.client("ann");
  world.settle();
  const { connection } = ann.link!;
  for (let asked = 1; asked <= 3; asked++) {
    const atUs = world.nowUs;
    while (world.downstream(connection) === 0) {
      assert(world.nowUs - atUs <= defaultSettings.heartbeatUs + 2 * second, `he is asked ${asked} times`);
      world.pass(second / 10);
    }
    world.moveDown(connection);
    world.moveUp(connection);
  }
  assertEquals(endings(world), []);
});

Deno.test("whoever takes all that he is sent and answers nothing is taken for gone", () => {
  const world = new World(), ann = world.client("ann"), bob = world.client("bob");
  world.settle();
  const [deaf, other] = [ann.link!.connection, bob.link!.connection];
  for (let passed = 0; passed <= defaultSettings.silenceUs + 2 * second; passed += second) {
    world.pass(second);
    for (const connection of [deaf, other]) world.moveDown(connection);
    world.moveUp(other);
  }
  assertEquals(endings(world), ["silent"]);
});

Deno.test("a session is remembered for as long as the log has not answered for a change of it", () => {
  const world = new World({ logWaits: true, settings: { sessionUs: 60 * second } });
  const ann = world.client("ann");
  world.settle();
  const number = change(world, ann, {
    steps: [{ kind: "create", node: ann.core.nextId(0), parent: rootId, name: "f.txt", type: "text" }],
    edits: [],
  });
  world.moveUp(ann.link!.connection);
  world.cut(ann);
  world.pass(120 * second);
  world.answerLog();
  world.settle();
  assertEquals(outcomes(ann, number), ["durable"]);
  assertEquals(world.log.get("w")!.map(({ change: { steps } }) => steps.length), [0, 1]);
});

Deno.test("a change on its way to a log that was lost is not sent to the next one", () => {
  const world = new World({ logWaits: true }), ann = world.client("ann");
  world.settle();
  create(world, ann, "f.txt", "here");
  world.settle();
  const file = ann.core.view.find("f.txt")!.id;
  const number = change(world, ann, editOf(file, insert(0, "was ")));
  world.moveUp(ann.link!.connection);
  world.crash({ forgetLog: true });
  world.settle();
  assertEquals(outcomes(ann, number), ["fate_unknown"]);
  assertEquals(ann.core.view.find("f.txt"), undefined);
});

/** What a client had kept of a file it made, before that and another one arrived. */
function keptBeforeMore(world: World, client: WorldClient): Unsent {
  world.cut(client);
  create(world, client, "first.txt", "kept");
  const kept = client.core.unsent()!;
  world.settle();
  create(world, client, "second.txt", "later");
  world.settle();
  return kept;
}

Deno.test("a client that is put back to what it had kept goes on as another session, with other ids", () => {
  const world = new World(), ann = world.client("ann");
  world.settle();
  const kept = keptBeforeMore(world, ann);
  assertEquals(world.log.get("w")!.at(-1)!.seq, 2);
  const { site } = ann.core;
  world.tell(ann, { kind: "leave" });
  world.clients.splice(world.clients.indexOf(ann), 1);

  const again = world.client("ann", { unsent: kept });
  world.settle();
  assert(again.core.site !== site, "it is another session");
  const names = [...again.core.view.nodes()].flatMap(({ id, name }) => id === rootId ? [] : [name]).sort();
  assertEquals(names, ["first (2).txt", "first.txt", "second.txt"]);
  for (const name of ["first.txt", "first (2).txt"]) assertEquals(read(again, name), "kept");
});

Deno.test("so does one whose session is remembered, and what came since is not", () => {
  const world = new World({ settings: { historyWeightMax: 1000 } });
  const ann = world.client("ann"), bob = world.client("bob");
  world.settle();
  const kept = keptBeforeMore(world, ann);
  const { site } = ann.core;
  world.cut(ann);
  world.clients.splice(world.clients.indexOf(ann), 1);
  for (let i = 0; i < 50; i++) {
    create(world, bob, `${i}.txt`, "a text that takes its place in the history".repeat(5));
    world.settle();
  }

  const again = world.client("ann", { unsent: kept });
  world.settle();
  assert(again.core.site !== site, "it is another session");
  for (const name of ["first.txt", "first (2).txt"]) assertEquals(read(again, name), "kept");
});

Deno.test("a client that is put back to what was on its way, and was sent anew since, gets that handed back", () => {
  const world = new World({ settings: { historyEntriesMax: 8 } });
  const ann = world.client("ann"), bob = world.client("bob");
  world.settle();
  // So much happens meanwhile that the server cannot take the change as it is.
  create(world, ann, "f.txt", "once");
  const there = bob.link!.connection;
  for (let i = 0; i < 12; i++) {
    create(world, bob, `${i}.txt`, "");
    world.moveUp(there);
    world.moveDown(there);
  }
  const back = ann.link!.connection;
  for (let i = 0; i < 20; i++) world.moveDown(back);
  const kept = structuredClone(ann.core.unsent()!);
  world.settle();
  assertEquals([kept.seq, world.log.get("w")!.at(-1)!.seq], [1, 2]);
  world.tell(ann, { kind: "leave" });
  world.clients.splice(world.clients.indexOf(ann), 1);

  const again = world.client("ann", { unsent: kept });
  world.settle();
  assertEquals(outcomes(again, 1), ["fate_unknown"]);
  const texts = [...again.core.view.nodes()].map(({ id }) => again.core.view.text(id).toString());
  assertEquals(texts.filter((text) => text === "once"), ["once"]);
});

Deno.test("what a lazy client made before it heard of another log is not taken for a file there", () => {
  const world = new World(), lazy = world.client("lazy", { lazy: true }), other = world.client("other");
  world.settle();
  assertEquals([lazy.core.site, other.core.site], [1, 2]);
  world.crash({ forgetLog: true });
  while (!lazy.wantsLink || !other.wantsLink) world.pass(second);
  world.connect(lazy);
  const made = create(world, lazy, "mine.txt", "mine");
  // The other one is the first who is heard on the new log, and goes by the site that made the file.
  world.connect(other);
  world.moveUp(other.link!.connection);
  world.settle();
  assertEquals([lazy.core.site, other.core.site], [2, 1]);
  const theirs = create(world, other, "theirs.txt", "theirs");
  world.settle();
  assertEquals([theirs, lazy.core.isLoaded(theirs)], [made, false]);
  world.tell(lazy, { kind: "load", nodes: [theirs] });
  world.settle();
  assertEquals([read(lazy, "mine.txt"), read(lazy, "theirs.txt")], ["mine", "theirs"]);
});

Deno.test("whoever says where he is on a revision that the server has let go of is asked again", () => {
  const world = new World({ settings: { historyEntriesMax: 4 } });
  const ann = world.client("ann"), bob = world.client("bob");
  world.settle();
  const file = create(world, ann, "f.txt", "0123"), other = create(world, bob, "g.txt", "");
  world.settle();
  world.tell(ann, { kind: "select", node: file, ranges: [{ anchor: 1, head: 3 }] });
  // She reads on all the time, and what she says is slow to arrive.
  const { connection } = ann.link!;
  for (let i = 0; i < 20; i++) {
    change(world, bob, editOf(other, insert(0, "x")));
    world.moveUp(bob.link!.connection);
    world.moveDown(bob.link!.connection);
    world.moveDown(connection);
  }
  world.settle();
  const seen = bob.core.peers.find(({ site }) => site === ann.core.site);
  assertEquals([seen?.node, seen?.ranges], [file, [{ anchor: 1, head: 3 }]]);
  assertEquals(endings(world), []);
});

Deno.test("what a change names that was on its way in an earlier run is uploaded once more, where it has gone", () => {
  const world = new World(), ann = world.client("ann");
  world.settle();
  const bytes = Uint8Array.of(1, 2, 3), hash = toHex(sha256(bytes)), contents = [{ hash, bytes }];
  const node = ann.core.nextId(0), content = { hash, bytes: bytes.length };
  const step = { kind: "create", node, parent: rootId, name: "b", type: "blob", content } as const;
  world.tell(ann, { kind: "change", change: { steps: [step], edits: [] }, atomic: false, contents });
  const { connection } = ann.link!;
  for (let round = 0; ann.core.unsent()?.inFlight === undefined; round++) {
    assert(round < 10, "it is uploaded, and the change is sent");
    world.moveUp(connection);
    world.moveDown(connection);
  }
  const unsent = structuredClone(ann.core.unsent()!);
  world.cut(ann);
  world.clients.splice(world.clients.indexOf(ann), 1);
  // Nothing named it for so long that the server let go of it.
  world.contents.clear();
  const next = world.client("ann", { unsent, contents });
  world.settle();
  assertEquals(outcomes(next, 1), ["durable"]);
  assertEquals([...world.contents.keys()], [hash]);
});
