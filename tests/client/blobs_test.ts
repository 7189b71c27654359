/**
 * Binary files by way of the SDK, over real sockets.
 *
 * @module
 */

import {
  FileUnsentStore,
  MemoryUnsentStore,
  Space,
  SpaceError,
  tcp,
  type UnsentStore,
} from "../../client/mod.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../assert.ts";
import { LiveServer } from "../server/live_server.ts";
import { Line } from "./line.ts";

function open(
  server: LiveServer,
  name: string,
  more: Partial<Parameters<typeof Space.open>[0]> = {},
): Promise<Space> {
  return Space.open({ dial: tcp("127.0.0.1", server.port), workspace: "demo", name, ...more });
}

/** Bytes that look like nothing in particular. */
function noise(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0, word = seed; i < length; i++) {
    word = (Math.imul(word, 1664525) + 1013904223) >>> 0;
    bytes[i] = word >>> 24;
  }
  return bytes;
}

Deno.test("what one writes as bytes another reads as the same bytes, however many they are", async () => {
  await using server = new LiveServer();
  const ada = await open(server, "Ada"), ben = await open(server, "Ben");
  for (const length of [0, 1, 59_999, 60_000, 60_001, 3 << 20]) {
    const bytes = noise(length);
    const { kind } = await ada.writeBytes("img/logo.png", bytes).settled;
    assertEquals(kind, "durable");
    await eventuallySees(ben, ada.revision);
    assertEquals(ben.find("img/logo.png")?.content?.bytes, length);
    assertEquals(await ben.readBytes("img/logo.png"), bytes);
    assertEquals(await ada.readBytes("img/logo.png"), bytes);
  }
  assertEquals(ben.list("img").map(({ kind, name }) => [kind, name]), [["blob", "logo.png"]]);
  assertEquals(ben.files().map(({ path }) => path), ["img/logo.png"]);
  await Promise.all([ada.close(), ben.close()]);
});

async function eventuallySees(space: Space, revision: number): Promise<void> {
  while (space.revision < revision) await new Promise((resolve) => setTimeout(resolve, 5));
}

Deno.test("of two replacements at once the later one wins, and undo brings back what only the server still has", async () => {
  await using server = new LiveServer();
  const ada = await open(server, "Ada"), ben = await open(server, "Ben");
  const [first, second, third] = [1, 2, 3].map((seed) => noise(1000, seed)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  await ada.writeBytes("a.bin", first).settled;
  await eventuallySees(ben, ada.revision);
  const seen: unknown[] = [];
  ben.on(
    "tree",
    ({ changes, origin }) => seen.push(origin, ...changes.map(({ after }) => after?.content?.bytes)),
  );
  await ada.writeBytes("a.bin", second.subarray(0, 500)).settled;
  await eventuallySees(ben, ada.revision);
  assertEquals(seen, ["remote", 500]);
  const both = [ada.writeBytes("a.bin", second), ben.writeBytes("a.bin", third)];
  const outcomes = await Promise.all(both.map(({ settled }) => settled));
  assert(outcomes.every(({ kind }) => kind === "durable"));
  const [one, other] = outcomes.map((outcome) => outcome.kind === "durable" ? outcome.revision : 0);
  const [winner, won] = one! > other! ? [ada, second] : [ben, third];
  await Promise.all([ada, ben].map((space) => eventuallySees(space, Math.max(one!, other!))));
  for (const space of [ada, ben]) assertEquals(await space.readBytes("a.bin"), won);
  const undone = await winner.undo()!.settled;
  assertEquals(undone.kind, "durable");
  await Promise.all([ada, ben].map((space) => eventuallySees(space, winner.revision)));
  const before = await winner.readBytes("a.bin");
  assert(before.length === 500 || before.length === 1000);
  for (const space of [ada, ben]) assertEquals(await space.readBytes("a.bin"), before);
  await winner.redo()!.settled;
  assertEquals(await winner.readBytes("a.bin"), won);
  await Promise.all([ada.close(), ben.close()]);
});

Deno.test("a file that becomes binary, and text again, keeps its path and is another file each time", async () => {
  await using server = new LiveServer();
  const ada = await open(server, "Ada");
  await ada.write("data", "text").settled;
  const text = ada.find("data")!.id;
  await ada.writeBytes("data", noise(10)).settled;
  assertEquals([ada.find("data")!.kind, ada.files().length], ["blob", 1]);
  await ada.undo()!.settled;
  assertEquals([ada.find("data")!.id, ada.read("data")], [text, "text"]);
  await ada.redo()!.settled;
  assertEquals(await ada.readBytes("data"), noise(10));
  await ada.write("data", "again").settled;
  assertEquals([ada.read("data"), ada.files().length], ["again", 1]);
  assertEquals(await ada.readBytes("data"), new TextEncoder().encode("again"));
  await ada.close();
});

Deno.test("what is for texts is refused by name of a binary file, and one that is too long before it is made", async () => {
  await using server = new LiveServer({ settings: { blobBytesMax: 1000 } });
  const ada = await open(server, "Ada");
  await ada.atomically((draft) => {
    draft.writeBytes("a.bin", noise(1000));
    draft.make("dir", "directory");
  }).settled;
  const codeOf = (act: () => unknown) => assertThrows(act, SpaceError).code;
  assertEquals(codeOf(() => ada.read("a.bin")), "not_text");
  assertEquals(codeOf(() => ada.insert("a.bin", 0, "x")), "not_text");
  assertEquals(codeOf(() => ada.select("a.bin")), "not_text");
  assertEquals(codeOf(() => ada.writeBytes("dir", noise(1))), "not_a_file");
  assertEquals(codeOf(() => ada.writeBytes("b.bin", noise(1001))), "blob_too_long");
  assertEquals(ada.files().map(({ path }) => path), ["a.bin"]);
  assertEquals((await assertRejects(() => ada.readBytes("dir"), SpaceError)).code, "not_a_file");
  assertEquals((await assertRejects(() => ada.readBytes("none"), SpaceError)).code, "not_found");
  await ada.close();
});

Deno.test("what was written without a connection is uploaded by the next run", async () => {
  await using server = new LiveServer();
  const store = new MemoryUnsentStore(), bytes = noise(200_000);
  const ada = await open(server, "Ada", { unsent: store });
  await ada.write("note.txt", "first").settled;
  // Nothing of this is answered before it leaves.
  ada.writeBytes("late.bin", bytes);
  await ada.close();
  assertEquals((await store.loadContents()).size, 1);
  const again = await open(server, "Ada", { unsent: store });
  await again.settled();
  assertEquals(again.recovered, []);
  assertEquals(await again.readBytes("late.bin"), bytes);
  assertEquals((await store.loadContents()).size, 0);
  await again.close();
});

Deno.test("a store in a file keeps bytes beside it for as long as they are unsent, each written once", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await using server = new LiveServer();
    const path = `${folder}/unsent.json`, bytes = noise(100_000);
    const ada = await open(server, "Ada", { unsent: new FileUnsentStore(path) });
    await ada.write("note.txt", "first").settled;
    ada.writeBytes("late.bin", bytes);
    ada.write("note.txt", "second");
    await ada.close();
    const hash = [...(await new FileUnsentStore(path).loadContents()).keys()];
    assertEquals((await new FileUnsentStore(path).loadContents()).get(hash[0]!), bytes);
    const again = await open(server, "Ada", { unsent: new FileUnsentStore(path) });
    await again.settled();
    assertEquals([again.recovered, again.read("note.txt")], [[], "second"]);
    assertEquals(await again.readBytes("late.bin"), bytes);
    await again.close();
    assertEquals([...Deno.readDirSync(folder)], []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("what a store without room for bytes has kept comes back, with the reason and without the bytes", async () => {
  await using server = new LiveServer();
  const memory = new MemoryUnsentStore();
  const poor: UnsentStore = { load: () => memory.load(), save: (unsent) => memory.save(unsent) };
  const line = new Line(server.port);
  const ada = await open(server, "Ada", { unsent: poor, dial: line.dial });
  await ada.write("note.txt", "first").settled;
  line.down();
  ada.writeBytes("late.bin", noise(1000));
  ada.write("note.txt", "second");
  await ada.close();
  const again = await open(server, "Ada", { unsent: poor });
  await again.settled();
  assertEquals(again.recovered.map(({ problem }) => problem.code), ["content_unknown"]);
  assertEquals(again.recovered[0]!.contents, undefined);
  assertEquals([again.read("note.txt"), again.find("late.bin")], ["second", undefined]);
  await again.close();
});

Deno.test("a change of two files comes back if the bytes of one are gone, however often the other's are sent", async () => {
  await using server = new LiveServer();
  const memory = new MemoryUnsentStore();
  const forgetful: UnsentStore = {
    load: () => memory.load(),
    loadContents: async () => new Map([...await memory.loadContents()].slice(1)),
    save: (unsent, contents) => memory.save(unsent, contents),
  };
  const line = new Line(server.port);
  const ada = await open(server, "Ada", { unsent: memory, dial: line.dial });
  await ada.write("note.txt", "first").settled;
  line.down();
  ada.atomically((draft) => {
    draft.writeBytes("gone.bin", noise(10));
    draft.writeBytes("kept.bin", noise(20, 2));
  });
  await ada.close();
  const again = await open(server, "Ada", { unsent: forgetful });
  await again.settled();
  const [recovered] = again.recovered;
  assertEquals(recovered!.problem.code, "content_unknown");
  assertEquals(recovered!.contents!.map(({ bytes }) => bytes.length), [20]);
  assertEquals(again.files().map(({ path }) => path), ["note.txt"]);
  await again.close();
});

Deno.test("what the server refuses of a binary file comes back with its bytes", async () => {
  await using server = new LiveServer({ settings: { nodesMax: 3 } });
  const ada = await open(server, "Ada"), ben = await open(server, "Ben");
  await ada.write("note.txt", "first").settled;
  await eventuallySees(ben, ada.revision);
  // Each alone would fit.
  const made = [ada.writeBytes("a.bin", noise(10)), ben.writeBytes("b.bin", noise(20))];
  const outcomes = await Promise.all(made.map(({ settled }) => settled));
  const refused = outcomes.find(({ kind }) => kind === "refused");
  assert(refused?.kind === "refused");
  assertEquals(refused.problem.code, "too_many_nodes");
  const { bytes } = refused.contents![0]!;
  assertEquals(bytes, noise(bytes.length));
  await Promise.all([ada.close(), ben.close()]);
});

Deno.test("an upload survives as many cuts as it takes", async () => {
  await using server = new LiveServer();
  const line = new Line(server.port), bytes = noise(2 << 20);
  const ada = await open(server, "Ada", { dial: line.dial });
  await ada.write("note.txt", "first").settled;
  const { settled } = ada.writeBytes("large.bin", bytes);
  for (let cuts = 0; cuts < 2; cuts++) {
    line.cut();
    while (ada.status.phase !== "online") await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assertEquals((await settled).kind, "durable");
  assertEquals(await ada.readBytes("large.bin"), bytes);
  await ada.close();
});
