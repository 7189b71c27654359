/**
 * Snapshots: what comes in pieces, packed or not, is the state; pieces of states that follow each other are mostly
 * the same; and those who would make the server keep too many states are told to come back.
 *
 * @module
 */

import fc from "fast-check";
import { editOf, insert, type NodeId, rootId, type Step, type Workspace } from "../../ot/mod.ts";
import { decodeServerMessage, FrameReader, type SyncDocument } from "../../proto/mod.ts";
import { IncomingSnapshot } from "../../client/core/incoming_snapshot.ts";
import { State } from "../../server/core/mod.ts";
import { Scope } from "../../server/core/rights.ts";
import { KeptFrames } from "../../server/core/kept_frames.ts";
import { Packer } from "../../server/core/packer.ts";
import { Snapshot, type SnapshotMaking } from "../../server/core/snapshot.ts";
import { World } from "../../sim/world.ts";
import { assert, assertEquals } from "../assert.ts";

/** A state in which each of these texts is a file. */
function stateOf(texts: readonly string[]): State {
  const nodes = texts.map((_, i) =>
    ({ id: `1:${i + 1}`, parent: rootId, name: `${i}.txt`, kind: "text", tombstone: null }) as const
  );
  const authors = [[1, { name: "Ada", kind: "human" }]] as const;
  return State.restore({
    revision: 7,
    time: 0,
    sites: 64,
    nodes,
    removals: [],
    texts: texts.flatMap((text, i) => text === "" ? [] : [[`1:${i + 1}` as const, text] as const]),
    sessions: [],
    authors,
  });
}

/** What a snapshot has still to say, frame by frame. */
function taken(snapshot: Snapshot): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let piece = snapshot.next(); piece !== undefined; piece = snapshot.next()) frames.push(piece.bytes);
  return frames;
}

function messagesOf(frames: readonly Uint8Array[]): SyncDocument[] {
  const messages: SyncDocument[] = [];
  for (const frame of frames) {
    new FrameReader().push(frame, (type, payload) => {
      messages.push(decodeServerMessage(type, payload) as SyncDocument);
    });
  }
  return messages;
}

/** The workspace that a client makes of the frames. */
function received(frames: readonly Uint8Array[]): Workspace {
  const incoming = new IncomingSnapshot();
  const messages = messagesOf(frames);
  messages.forEach((message, i) => assertEquals(message.last, i === messages.length - 1));
  for (const message of messages) incoming.add(message);
  return incoming.workspace();
}

function textsOf(workspace: Workspace, count: number): string[] {
  return Array.from({ length: count }, (_, i) => workspace.text(`1:${i + 1}`).toString());
}

/** As a server has them by default. */
const pieceMin = 16 << 10;

function newPacker(bytesMin = 0, keptMax = 1 << 30): Packer {
  return new Packer(bytesMin, keptMax);
}

/** How snapshots are made when none has been kept: for a reader without a packer, as they are. */
function makingWith(packer: Packer | undefined, min = pieceMin, kept = new KeptFrames(0)): SnapshotMaking {
  return { pieceMin: min, scope, packing: packer === undefined ? undefined : { packer, kept, owner: {} } };
}

/** A text of random words, from a seed. */
function prose(words: number, seed: number): string {
  const vocabulary =
    "the of and a to in is you that it he was for on are as with his they I at be this have from";
  const all = vocabulary.split(" ");
  let text = "", x = seed;
  for (let i = 0; i < words; i++) {
    x = Math.imul(x, 1664525) + 1013904223 | 0;
    text += all[(x >>> 16) % all.length] + ((x >>> 8 & 15) === 0 ? ".\n" : " ");
  }
  return text;
}

const { everything: scope } = Scope;
const anyText = fc.string({ unit: "binary", maxLength: 300 });

Deno.test("a client makes the workspace of a snapshot's pieces, of whatever size, packed or not", () => {
  const options = fc.record({ min: fc.integer({ min: 1, max: 200 }), isPacked: fc.boolean() });
  fc.assert(fc.property(fc.array(anyText, { maxLength: 8 }), options, (texts, { min, isPacked }) => {
    const snapshot = new Snapshot(stateOf(texts), makingWith(isPacked ? newPacker() : undefined, min));
    const workspace = received(taken(snapshot));
    assertEquals(textsOf(workspace, texts.length), texts);
    assertEquals(workspace.files().map(({ path }) => path).sort(), texts.map((_, i) => `${i}.txt`).sort());
  }));
});

Deno.test("no piece is longer than it may be, whatever a text is made of", () => {
  const texts = ["a".repeat(200_000), "\u{1f600}".repeat(100_000), prose(30_000, 1), "b\r\n".repeat(60_000)];
  const frames = taken(new Snapshot(stateOf(texts), makingWith(undefined)));
  for (const { contents } of messagesOf(frames)) {
    const length = contents.reduce((sum, { text }) => sum + text.length, 0);
    assert(length <= 3 * pieceMin + 1, `${length} code units`);
  }
  assertEquals(textsOf(received(frames), texts.length), texts);
});

Deno.test("a snapshot of prose takes a third of its bytes, or less", () => {
  const state = stateOf([prose(30_000, 1)]);
  const sizeOf = (packer: Packer | undefined) =>
    taken(new Snapshot(state, makingWith(packer))).reduce((sum, { length }) => sum + length, 0);
  assert(sizeOf(newPacker()) * 3 < sizeOf(undefined), `${sizeOf(newPacker())} bytes`);
});

Deno.test("after an edit or a new file nearly all pieces are packed already", () => {
  const files = Array.from({ length: 2000 }, (_, i) => prose(50, i)), paper = prose(200_000, 7);
  const state = stateOf([paper, ...files]);
  const frames = (state: State) => taken(new Snapshot(state, makingWith(newPacker())));
  const before = frames(state);
  assert(before.length > 20, `${before.length} pieces`);
  const create: Step = { kind: "create", node: "2:1", parent: rootId, name: "new.txt", type: "text" };
  const changes = {
    "an edit at the beginning": editOf("1:1", insert(0, "It begins. ")),
    "an edit in the middle": editOf("1:1", insert(paper.length >> 1, "Amid it all, ")),
    "an edit of a small file": editOf("1:1000", insert(3, "x")),
    "a new file": { steps: [create], edits: [{ node: "2:1" as NodeId, op: insert(0, "new") }] },
  };
  for (const [what, change] of Object.entries(changes)) {
    const after = frames(state.apply({
      ...{ revision: 8, time: 0, session: "", site: 0, seq: 0, author: undefined },
      ...{ change, notices: [], hash: 0, sites: 64 },
    }));
    // All but the revision that each frame names.
    const known = new Set(before.map(contentOf));
    const fresh = after.filter((frame) => !known.has(contentOf(frame)));
    assert(fresh.length <= 4, `${what}: ${fresh.length} of ${after.length} pieces are others`);
  }
});

function contentOf(frame: Uint8Array): string {
  const [{ nodes, contents, authors }] = messagesOf([frame]) as [SyncDocument];
  return JSON.stringify({ nodes, contents, authors });
}

Deno.test("what was packed before is packed alike, for as long as it is kept and after that", () => {
  const states = [1, 2, 3, 1, 2, 3].map((seed) => stateOf([prose(20_000, seed)]));
  const framesWith = (packer: Packer) =>
    states.map((state) => taken(new Snapshot(state, makingWith(packer))));
  const keeping = newPacker(), forgetful = newPacker(0, 0), some = newPacker(0, 150_000);
  const frames = framesWith(keeping);
  assertEquals(framesWith(forgetful), frames);
  assertEquals(framesWith(some), frames);
  assertEquals(forgetful.keptBytes, 0);
  assert(some.keptBytes <= 150_000 && some.keptBytes > 50_000, `${some.keptBytes} bytes`);
});

Deno.test("pieces too small to be worth it, and those that do not become shorter, are left as they are", () => {
  const short = stateOf(["abc"]), making = makingWith(newPacker(1000));
  assertEquals(
    taken(new Snapshot(short, making)),
    taken(new Snapshot(short, makingWith(undefined))),
  );
  const random = Uint8Array.from({ length: 2000 }, (_, i) => {
    const mixed = Math.imul(i + 1, 0x9e3779b1);
    return Math.imul(mixed ^ mixed >>> 15, 0x85ebca6b) >>> 24;
  });
  const packer = newPacker(1000);
  assertEquals(packer.pack(random), undefined);
  assertEquals(packer.pack(random), undefined);
});

Deno.test("a snapshot that is half taken goes on with the same bytes after it was saved", () => {
  const state = stateOf([prose(50_000, 3), "", prose(100, 4)]);
  const making = makingWith(newPacker());
  const all = taken(new Snapshot(state, making));
  for (let count = 0; count <= all.length; count++) {
    const snapshot = new Snapshot(state, making);
    for (let i = 0; i < count; i++) snapshot.next();
    const restored = Snapshot.restore(snapshot.save(), state, makingWith(newPacker()));
    assertEquals(taken(restored), all.slice(count));
  }
});

Deno.test("what a piece weighs does not depend on whether it had been packed before", () => {
  const state = stateOf([prose(50_000, 3)]), packer = newPacker();
  const weights = () => {
    const snapshot = new Snapshot(state, makingWith(packer)), weights: number[] = [];
    for (let piece = snapshot.next(); piece !== undefined; piece = snapshot.next()) {
      weights.push(piece.weight);
    }
    return weights;
  };
  const first = weights();
  assertEquals(weights(), first);
  assert(first.every((weight) => weight >= pieceMin || weight === first.at(-1)), `${first}`);
});

Deno.test("a whole snapshot is kept until there is a later one, and goes out as if it were made anew", () => {
  const state = stateOf([prose(50_000, 3)]), kept = new KeptFrames(1 << 20);
  const making = makingWith(newPacker(), pieceMin, kept);
  const first = new Snapshot(state, making), all = taken(first);
  assertEquals(kept.bytes, all.reduce((sum, { length }) => sum + length, 0));
  assertEquals(taken(new Snapshot(state, making)), all);
  const again = new Snapshot(state, making);
  again.next();
  assertEquals(taken(Snapshot.restore(again.save(), state, making)), all.slice(1));
  const later = State.restore({ ...stateOf(["later"]).save(), revision: 8 });
  assertEquals(textsOf(received(taken(new Snapshot(later, making))), 1), ["later"]);
  // One who has been reading all the while does not put the earlier one back.
  const slow = new Snapshot(state, making);
  assertEquals(taken(slow), all);
  assertEquals(textsOf(received(taken(new Snapshot(later, making))), 1), ["later"]);
});

Deno.test("whole snapshots are kept within a budget, and none takes more than a part of it", () => {
  const kept = new KeptFrames(1000), frames = [{ bytes: new Uint8Array(400), weight: 400 }];
  const owners = [{}, {}, {}];
  for (const owner of owners) kept.keep(owner, 1, frames);
  assertEquals(kept.bytes, 800);
  assertEquals(owners.map((owner) => kept.of(owner, 1) !== undefined), [false, true, true]);
  kept.forget(owners[1]!);
  assertEquals([kept.bytes, kept.of(owners[1]!, 1)], [400, undefined]);
  const large = new KeptFrames(20_000);
  taken(new Snapshot(stateOf([prose(50_000, 3)]), makingWith(newPacker(), pieceMin, large)));
  assertEquals(large.bytes, 0);
});

// ---- States that are kept for readers ------------------------------------------------------------------------

const textLength = 40_000;

/** A world with a file of {@linkcode textLength}, of which the server keeps twice that much for readers. */
function crowdedWorld(): { world: World; node: NodeId } {
  const settings = { pinnedLengthMax: 2 * textLength + 1000, sendBytesMax: 1000, pieceBytesMin: 1000 };
  const world = new World({ settings });
  const writer = world.client("writer");
  world.settle();
  const node = writer.core.nextId(0);
  const create: Step = { kind: "create", node, parent: rootId, name: "f.txt", type: "text" };
  const text = prose(textLength, 5).slice(0, textLength);
  world.tell(writer, {
    kind: "change",
    change: { steps: [create], edits: [{ node, op: insert(0, text) }] },
    atomic: false,
  });
  world.settle();
  return { world, node };
}

/** The codes that the server has ended connections for. */
function endings({ reports }: World): unknown[] {
  return reports.filter(({ event }) => event === "ending").map(({ fields }) => fields["code"]);
}

/** Somebody comes, and the server hears of it; nothing arrives at them yet. */
function arrive(world: World, name: string) {
  const client = world.client(name);
  world.connect(client);
  world.moveUp(client.link!.connection);
  return client;
}

function type(world: World, node: NodeId): void {
  const writer = world.clients[0]!;
  world.tell(writer, { kind: "change", change: editOf(node, insert(0, "x")), atomic: false });
  while (writer.core.unsentCount > 0) {
    world.moveUp(writer.link!.connection);
    world.moveDown(writer.link!.connection);
  }
}

Deno.test("who comes while too many states are kept for others is told to come back, and does by itself", () => {
  const { world, node } = crowdedWorld();
  arrive(world, "first");
  type(world, node);
  arrive(world, "second");
  type(world, node);
  assertEquals(endings(world), []);
  arrive(world, "third");
  assertEquals(endings(world), ["busy_retry"]);
  world.settle();
  for (const { core } of world.clients) {
    assertEquals(core.phase, "online");
    assertEquals(core.view.text(node).length, textLength + 2);
  }
});

Deno.test("those who are sent one state share it, however many they are", () => {
  const { world } = crowdedWorld();
  for (let i = 0; i < 20; i++) arrive(world, `reader ${i}`);
  assertEquals(endings(world), []);
  world.settle();
});

Deno.test("one may always come, however large the workspace is", () => {
  const world = new World({ settings: { pinnedLengthMax: 10 } });
  const writer = world.client("writer");
  world.settle();
  const node = writer.core.nextId(0);
  const create: Step = { kind: "create", node, parent: rootId, name: "f.txt", type: "text" };
  const change = { steps: [create], edits: [{ node, op: insert(0, "much more than that") }] };
  world.tell(writer, { kind: "change", change, atomic: false });
  world.settle();
  arrive(world, "reader");
  world.settle();
  assertEquals(endings(world), []);
  assertEquals(world.clients[1]!.core.view.text(node).toString(), "much more than that");
});

Deno.test("who comes back amid a snapshot is not turned away for what the old connection was being sent", () => {
  const { world, node } = crowdedWorld();
  arrive(world, "first");
  type(world, node);
  const second = arrive(world, "second");
  type(world, node);
  world.moveDown(second.link!.connection, 200);
  world.cut(second, { serverLearns: false });
  world.pass(10_000_000);
  world.settle();
  assertEquals(endings(world).filter((code) => code === "busy_retry"), []);
});
