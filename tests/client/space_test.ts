/**
 * The SDK over real sockets against the real server: files, changes, notices, undo, cursors, and lost connections.
 *
 * @module
 */

import { replace, rootId, splitsPair } from "../../ot/mod.ts";
import { MemoryLog, secret } from "../../server/mod.ts";
import { Space, SpaceError, type SpaceEvents, type SpaceOptions, tcp } from "../../mod.ts";
import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "../assert.ts";
import { LiveServer } from "../server/live_server.ts";
import { RawClient } from "../server/raw_client.ts";
import { eventually, pause, within } from "../server/waiting.ts";
import { Line } from "./line.ts";

/** A space that closes itself at the end of its test. */
type OpenSpace = Space & AsyncDisposable;

async function open(
  to: number | Line,
  name: string,
  options: Partial<SpaceOptions> = {},
): Promise<OpenSpace> {
  const dial = typeof to === "number" ? tcp("127.0.0.1", to) : to.dial;
  const space = await Space.open({ dial, workspace: "w", name, ...options });
  return Object.assign(space, { [Symbol.asyncDispose]: () => space.close() });
}

/** Resolves when both have everything, and asserts that it is the same. */
async function converged(...spaces: readonly Space[]): Promise<void> {
  for (const space of spaces) await within(space.settled(), "everything settled");
  const newest = Math.max(...spaces.map(({ revision }) => revision));
  await eventually(() => spaces.every(({ revision }) => revision === newest), "one revision everywhere");
  const [first, ...others] = spaces.map(contents);
  for (const other of others) assertEquals(other, first!);
}

/** All files by path. */
function contents(space: Space): Record<string, string> {
  return Object.fromEntries(space.files().map(({ path }) => [path, space.read(path)]));
}

/** The revision a change got, and what was different from what was meant. */
async function durable(sent: ReturnType<Space["write"]>): Promise<readonly string[]> {
  const outcome = await within(sent.settled, "an acknowledgement");
  assert(outcome.kind === "durable", `${JSON.stringify(outcome)} is durable`);
  assert(outcome.revision > 0 && outcome.timeMs > 1_700_000_000_000);
  return outcome.notices.map((notice) =>
    notice.kind === "renamed"
      ? `renamed ${notice.name}`
      : notice.kind === "retargeted"
      ? `retargeted ${notice.parent}`
      : `dropped ${notice.reason}`
  );
}

/** Resolves when a space is in a phase. */
function phase(space: Space, wanted: SpaceEvents["status"]["phase"]): Promise<true> {
  return eventually(() => space.status.phase === wanted, `the phase ${wanted}`);
}

// ---- Files ----------------------------------------------------------------------------------------------------

Deno.test("what one does is there at once, and with the other a moment later", async () => {
  await using server = new LiveServer();
  await using ada = await open(server.port, "Ada");
  await using ben = await open(server.port, "Ben");
  const created = ada.create("notes.txt", "Hello");
  assertEquals(ada.read("notes.txt"), "Hello");
  assertEquals(await durable(created), []);
  await eventually(() => ben.find("notes.txt"), "the file at Ben's");
  assertEquals(ben.read("notes.txt"), "Hello");
  ben.insert("notes.txt", 5, ", world");
  ada.replace("notes.txt", 0, 5, "Hi");
  ada.delete("notes.txt", 1, 1);
  await converged(ada, ben);
  assertEquals(ada.read("notes.txt"), "H, world");
});

Deno.test("two who edit one text at once end with the same one, which has everything they typed", async () => {
  await using server = new LiveServer({ settings: { changesPerSecond: { human: 10_000, agent: 1, ci: 1 } } });
  await using ada = await open(server.port, "Ada");
  await using ben = await open(server.port, "Ben");
  await ada.create("a.txt", "0123456789\r\n😀").settled;
  await eventually(() => ben.find("a.txt"), "the file at Ben's");
  for (let i = 0; i < 200; i++) {
    for (const [space, letters] of [[ada, "abc"], [ben, "xyz"]] as const) {
      const text = space.read("a.txt");
      let at = i * 7919 % text.length;
      if (splitsPair(text, at)) at--;
      const count = text.codePointAt(at)! > 0xffff ? 2 : 1;
      if (i % 5 === 4) space.delete("a.txt", at, count);
      else space.replace("a.txt", at, i % 3 === 0 ? count : 0, i % 7 === 0 ? "😀" : letters);
    }
    if (i % 20 === 0) await pause(1);
  }
  await converged(ada, ben);
  assert(ada.read("a.txt").isWellFormed() && ada.read("a.txt").length > 200);
});

Deno.test("files and directories are made, listed, found, moved, removed and restored by path", async () => {
  await using server = new LiveServer();
  await using ada = await open(server.port, "Ada");
  await using ben = await open(server.port, "Ben");
  ada.create("src/lib/a.ts", "a");
  ada.create("src/b.ts");
  ada.createDirectory("docs");
  ada.write("src/b.ts", "b");
  ada.write("README.md", "new by writing");
  await converged(ada, ben);
  const listed = (path: string) =>
    ben.list(path).map(({ name, kind }) => kind === "text" ? name : `${name}/`);
  assertEquals(listed(""), ["README.md", "docs/", "src/"]);
  assertEquals(listed("src"), ["b.ts", "lib/"]);
  assertEquals(ben.files().map(({ path }) => path), ["README.md", "src/b.ts", "src/lib/a.ts"]);
  const { id } = ben.find("/src/lib/a.ts")!;
  assertEquals(ben.find("src/lib/a.ts"), { id, path: "src/lib/a.ts", name: "a.ts", kind: "text" });
  assertEquals(ben.find("src/none"), undefined);

  // Moved and renamed while the other edits it, and its directory goes with what is in it.
  ada.move("src/lib/a.ts", "docs/deep/a (moved).ts");
  ben.insert("src/lib/a.ts", 1, "!");
  await converged(ada, ben);
  assertEquals(ada.read("docs/deep/a (moved).ts"), "a!");
  assertEquals(ada.pathOf(id), "docs/deep/a (moved).ts");
  const docs = ada.find("docs")!;
  ada.remove("docs");
  await converged(ada, ben);
  assertEquals([ben.find("docs"), ben.find("docs/deep/a (moved).ts")], [undefined, undefined]);
  ben.restore(docs.id);
  await converged(ada, ben);
  assertEquals(ada.read("docs/deep/a (moved).ts"), "a!");
});

Deno.test("write() makes the smallest edit: what another types elsewhere in the text stays", async () => {
  await using server = new LiveServer();
  const line = new Line(server.port);
  await using ada = await open(line, "Ada");
  await using ben = await open(server.port, "Ben");
  await ada.create("a.txt", "one\ntwo\nthree\n").settled;
  await eventually(() => ben.find("a.txt"), "the file at Ben's");
  line.down();
  await phase(ada, "offline");
  ada.write("a.txt", "one\n2\nthree\n");
  await ben.insert("a.txt", 0, "zero\n").settled;
  await ben.insert("a.txt", ben.read("a.txt").length, "four\n").settled;
  line.up();
  await converged(ada, ben);
  assertEquals(ada.read("a.txt"), "zero\none\n2\nthree\nfour\n");
});

Deno.test("paths are taken in any Unicode form, and name the same file", async () => {
  await using server = new LiveServer();
  await using ada = await open(server.port, "Ada");
  ada.create("cafe\u0301/re\u0301sume\u0301.txt", "x");
  assertEquals(ada.files().map(({ path }) => path), ["café/résumé.txt"]);
  assertEquals(ada.read("café/résumé.txt"), ada.read("cafe\u0301/re\u0301sume\u0301.txt"));
  await durable(ada.remove("cafe\u0301"));
});

// ---- Changes as a whole ---------------------------------------------------------------------------------------

Deno.test("what atomically() does is one change: the other sees all of it in one revision, or none", async () => {
  await using server = new LiveServer();
  await using ada = await open(server.port, "Ada");
  await using ben = await open(server.port, "Ben");
  await durable(ada.create("old.ts", "import x\n"));
  await converged(ada, ben);
  const seen: unknown[] = [];
  const look = () => seen.push(contents(ben));
  ben.on("tree", look);
  ben.on("edited", look);
  const { revision } = ben;
  await durable(ada.atomically((draft) => {
    draft.move("old.ts", "src/new.ts");
    draft.replace("src/new.ts", 7, 1, "y");
    const node = draft.make("src/y.ts", "text");
    draft.edit(node, replace(0, 0, "export y\n"));
  }));
  await converged(ada, ben);
  assertEquals(ben.revision, revision + 1);
  const after = { "src/new.ts": "import y\n", "src/y.ts": "export y\n" };
  assertEquals(contents(ben), after);
  for (const state of seen) assertEquals(state, after, "what was seen when something was told");
});

Deno.test("atomically() does nothing at all if what builds it throws", async () => {
  await using server = new LiveServer();
  await using ada = await open(server.port, "Ada");
  await durable(ada.create("a.txt", "a"));
  const before = contents(ada), { revision } = ada;
  assertThrows(
    () =>
      ada.atomically((draft) => {
        draft.replace("a.txt", 0, 1, "b");
        draft.remove("a.txt");
        throw new Error("changed my mind");
      }),
    Error,
    "changed my mind",
  );
  assertThrows(
    () => ada.atomically((draft) => (draft.replace("a.txt", 0, 1, "b"), draft.replace("none", 0, 1, "b"))),
    SpaceError,
  );
  assertEquals(contents(ada), before);
  assertEquals(ada.status.unsent, 0);
  await durable(ada.insert("a.txt", 0, ">"));
  assertEquals(ada.revision, revision + 1);
});

Deno.test("an atomic change that is refused is refused whole, handed back, and what stood on it stays", async () => {
  await using server = new LiveServer({ settings: { nodesMax: 5 } });
  const line = new Line(server.port);
  await using ada = await open(line, "Ada");
  await using ben = await open(server.port, "Ben");
  await durable(ada.create("a.txt", "a"));
  await converged(ada, ben);
  line.down();
  await phase(ada, "offline");
  // There is room as far as Ada knows; when she is back there is none.
  const sent = ada.atomically((draft) => {
    draft.replace("a.txt", 0, 1, "A");
    for (const name of ["x", "y", "z"]) draft.make(name, "text");
  });
  const after = ada.insert("a.txt", 1, "!");
  for (const name of ["1", "2"]) await durable(ben.create(name));
  line.up();
  const outcome = await within(sent.settled, "a refusal");
  assert(outcome.kind === "refused");
  assertEquals(outcome.problem.code, "too_many_nodes");
  assertEquals(outcome.change.steps.map(({ kind }) => kind), ["create", "create", "create"]);
  assertEquals(outcome.change.edits.length, 1);
  await durable(after);
  await converged(ada, ben);
  assertEquals(contents(ada), { "1": "", "2": "", "a.txt": "a!" });
});

Deno.test("notices say what came out differently: renamed, retargeted, dropped", async () => {
  await using server = new LiveServer();
  const line = new Line(server.port);
  await using ada = await open(line, "Ada");
  await using ben = await open(server.port, "Ben");
  ada.createDirectory("x");
  ada.createDirectory("y");
  ada.createDirectory("gone");
  await converged(ada, ben);
  line.down();
  await phase(ada, "offline");
  const renamed = ada.create("plan.txt", "Ada's");
  const retargeted = ada.create("gone/inside.txt", "kept");
  const dropped = ada.move("x", "y/x");
  await durable(ben.create("plan.txt", "Ben's"));
  await durable(ben.remove("gone"));
  await durable(ben.move("y", "x/y"));
  line.up();
  assertEquals(await durable(renamed), ["renamed plan (2).txt"]);
  assertEquals(await durable(retargeted), [`retargeted ${rootId}`]);
  assertEquals(await durable(dropped), ["dropped cycle"]);
  await converged(ada, ben);
  assertEquals(contents(ada), { "plan.txt": "Ben's", "plan (2).txt": "Ada's", "inside.txt": "kept" });
  assertEquals(ada.find("x/y")?.kind, "directory");
});

Deno.test("a hint that a change is accepted comes before it is durable, to those who ask", async () => {
  await using server = new LiveServer();
  await using ada = await open(server.port, "Ada", { accepted: true });
  await using ben = await open(server.port, "Ben");
  const told: string[] = [];
  ada.on("settled", ({ changes, outcome }) => told.push(`${changes} ${outcome.kind}`));
  ben.on("settled", ({ outcome }) => told.push(`Ben's ${outcome.kind}`));
  await durable(ada.create("a.txt", "a"));
  await durable(ben.create("b.txt", "b"));
  assertEquals(told, ["1 accepted", "1 durable", "Ben's durable"]);
});

// ---- Undo -----------------------------------------------------------------------------------------------------

Deno.test("undo and redo take back and bring back one's own typing, pause by pause, amid what others type", async () => {
  await using server = new LiveServer();
  await using ada = await open(server.port, "Ada");
  await using ben = await open(server.port, "Ben");
  await durable(ada.create("a.txt", "base\n"));
  await converged(ada, ben);
  const read = async () => {
    await converged(ada, ben);
    return ada.read("a.txt");
  };
  // Editors group what is typed without a pause.
  await pause(600);
  for (const letter of ["o", "n", "e"]) ada.insert("a.txt", ada.read("a.txt").length, letter);
  await ada.settled();
  ben.insert("a.txt", 0, "Ben: ");
  await pause(600);
  for (const letter of [" ", "t", "w", "o"]) ada.insert("a.txt", ada.read("a.txt").length, letter);
  assertEquals(await read(), "Ben: base\none two");
  ben.insert("a.txt", ben.read("a.txt").indexOf("w"), "<>");
  assertEquals(await read(), "Ben: base\none t<>wo");

  assert(ada.canUndo && !ada.canRedo);
  ada.undo();
  assertEquals(await read(), "Ben: base\none<>", "what Ben typed within it stays");
  ben.insert("a.txt", 0, "2 ");
  ada.undo();
  assertEquals(await read(), "2 Ben: base\n<>");
  assert(ada.canRedo);
  ada.redo();
  assertEquals(await read(), "2 Ben: base\none<>");
  ada.redo();
  assert(/^2 Ben: base\none( two<>| t<>wo|<> two| tw?o?<>)/.test(await read()), await read());
  for (let i = 0; i < 3; i++) await ada.undo()?.settled;
  assertEquals(ada.canUndo, false);
  assertEquals(contents(ada), {}, "and the file goes with the change that made it");
  assertEquals(ada.undo(), undefined);
  // Something new done, there is nothing to redo.
  for (let i = 0; i < 1; i++) ada.redo();
  ada.create("b.txt");
  assertEquals(ada.canRedo, false);
  assertEquals(ada.redo(), undefined);
  // Ben's undo takes back what Ben did, not what came last.
  await converged(ada, ben);
  ben.undo();
  await converged(ada, ben);
  assertEquals(ada.read("a.txt").includes("2 "), false);
});

Deno.test("undo of moves, removals and atomic changes takes them back as a whole", async () => {
  await using server = new LiveServer();
  await using ada = await open(server.port, "Ada");
  await using ben = await open(server.port, "Ben");
  await durable(ada.create("a/1.txt", "one"));
  await durable(ada.create("a/2.txt", "two"));
  const before = contents(ada);
  await durable(ada.atomically((draft) => {
    draft.move("a/1.txt", "b/one.txt");
    draft.replace("a/2.txt", 0, 3, "zwei");
    draft.remove("a/2.txt");
  }));
  await converged(ada, ben);
  ben.insert("b/one.txt", 3, "!");
  await converged(ada, ben);
  await durable(ada.undo()!);
  await converged(ada, ben);
  assertEquals(contents(ben), { ...before, "a/1.txt": "one!" });
  await durable(ada.redo()!);
  await converged(ada, ben);
  assertEquals(contents(ben), { "b/one.txt": "one!" });
});

// ---- Others ---------------------------------------------------------------------------------------------------

Deno.test("cursors of others are shown in positions of one's own text, and move with what is typed", async () => {
  await using server = new LiveServer();
  await using ada = await open(server.port, "Ada");
  await using bot = await open(server.port, "Bot", { kind: "agent" });
  await durable(ada.create("a.txt", "hello world"));
  await converged(ada, bot);
  const peerAt = () => {
    const peer = ada.peers.find(({ participant }) => participant.name === "Bot");
    return peer?.node === undefined ? undefined : peer;
  };
  let told = 0;
  ada.on("presence", () => told++);
  bot.select("a.txt", [{ anchor: 6, head: 11 }, { anchor: 0, head: 0 }]);
  const { participant, node, ranges } = await eventually(peerAt, "where Bot is");
  assertEquals(participant, { name: "Bot", kind: "agent" });
  assertEquals(node, ada.find("a.txt")!.id);
  assertEquals(ranges, [{ anchor: 6, head: 11 }, { anchor: 0, head: 0 }]);
  assert(told > 0);

  // Before the server knows of it, too.
  ada.insert("a.txt", 3, "---");
  assertEquals(peerAt()!.ranges, [{ anchor: 9, head: 14 }, { anchor: 0, head: 0 }]);
  await converged(ada, bot);
  bot.insert("a.txt", 0, ">>");
  await converged(ada, bot);
  assertEquals(ada.read("a.txt"), ">>hel---lo world");
  bot.select("a.txt", [{ anchor: 2, head: 2 }]);
  await eventually(() => peerAt()?.ranges[0]?.anchor === 2, "the new selection");

  bot.select(undefined);
  await eventually(() => ada.peers.length === 1 && ada.peers[0]!.node === undefined, "Bot nowhere");
  await bot.close();
  await eventually(() => ada.peers.length === 0, "Bot gone");
});

Deno.test("a cursor that is set right after typing is never shown in a text that it does not count in", async () => {
  await using server = new LiveServer();
  await using ada = await open(server.port, "Ada");
  await using ben = await open(server.port, "Ben");
  await durable(ada.create("a.txt", ""));
  await converged(ada, ben);
  const wrong: string[] = [];
  ada.on("presence", () => {
    for (const { ranges } of ada.peers) {
      for (const { head } of ranges) {
        if (head > ada.read("a.txt").length) wrong.push(`${head} in ${ada.read("a.txt").length}`);
      }
    }
  });
  for (let i = 1; i <= 60; i++) {
    ben.insert("a.txt", ben.read("a.txt").length, "x");
    ben.select("a.txt", [{ anchor: i, head: i }]);
    if (i % 6 === 0) await pause(1);
  }
  await converged(ada, ben);
  await eventually(() => ada.peers[0]?.ranges[0]?.head === 60, "Ben at the end");
  assertEquals(wrong, []);
});

Deno.test("what others do is told as the edits that lead from the old text to the new, and so is what one does", async () => {
  await using server = new LiveServer();
  await using ada = await open(server.port, "Ada");
  await using ben = await open(server.port, "Ben");
  await durable(ada.create("a.txt", "start "));
  await converged(ada, ben);
  const { id } = ada.find("a.txt")!;
  // An editor: a string that follows the events and nothing else.
  const editors = [ada, ben].map((space) => {
    const editor = { text: space.read("a.txt"), origins: new Set<string>() };
    space.on("edited", ({ node, op, origin }) => {
      assertEquals(node, id);
      editor.origins.add(origin);
      for (const { at, remove, insert } of op.toReversed()) {
        editor.text = editor.text.slice(0, at) + insert + editor.text.slice(at + remove);
      }
    });
    return editor;
  });
  for (let i = 0; i < 40; i++) {
    ada.insert("a.txt", i % 6, "a");
    ben.replace("a.txt", i % 4, 1, "bb");
    if (i % 10 === 9) ada.undo();
    if (i % 5 === 0) await pause(1);
  }
  await converged(ada, ben);
  assertEquals(editors.map(({ text }) => text), [ada.read("a.txt"), ben.read("a.txt")]);
  assertEquals([...editors[0]!.origins].sort(), ["local", "remote", "undo"]);
});

Deno.test("a listener that is taken off hears nothing more", async () => {
  await using server = new LiveServer();
  await using ada = await open(server.port, "Ada");
  let heard = 0;
  const off = ada.on("tree", () => heard++);
  await durable(ada.create("a.txt"));
  assertEquals(heard, 1);
  off();
  off();
  await durable(ada.create("b.txt"));
  assertEquals(heard, 1);
});

// ---- Lost connections -----------------------------------------------------------------------------------------

Deno.test("status tells of the connection, of what is unsent, and of the problem there is", async () => {
  await using server = new LiveServer();
  const line = new Line(server.port);
  await using ada = await open(line, "Ada");
  const phases: string[] = [];
  const unsent: number[] = [];
  ada.on("status", (status) => {
    if (phases.at(-1) !== status.phase) phases.push(status.phase);
    if (unsent.at(-1) !== status.unsent) unsent.push(status.unsent);
  });
  assertEquals([ada.status.phase, ada.status.readOnly, ada.status.unsent], ["online", false, 0]);
  await durable(ada.create("a.txt"));
  line.down();
  await phase(ada, "offline");
  ada.insert("a.txt", 0, "a");
  ada.insert("a.txt", 1, "b");
  assertEquals([ada.status.readOnly, ada.status.unsent], [false, 2]);
  line.up();
  await ada.settled();
  assertEquals(phases[0], "online");
  assertEquals(phases.filter((name) => name === "connecting").length >= 1, true);
  assertEquals(phases.slice(-3), ["connecting", "syncing", "online"]);
  assertEquals(unsent, [1, 0, 1, 2, 0]);
  await ada.close();
  assertEquals([ada.status.phase, ada.status.readOnly], ["ended", true]);
});

Deno.test("what is typed while the connection breaks again and again arrives once, in order", async () => {
  await using server = new LiveServer({ settings: { changesPerSecond: { human: 10_000, agent: 1, ci: 1 } } });
  const line = new Line(server.port);
  await using ada = await open(line, "Ada");
  await using ben = await open(server.port, "Ben");
  await durable(ada.create("a.txt", ""));
  await eventually(() => ben.find("a.txt"), "the file at Ben's");
  let typed = "";
  for (let round = 0; round < 6; round++) {
    for (let i = 0; i < 20; i++) {
      const word = `${round}.${i} `;
      ada.insert("a.txt", typed.length, word);
      typed += word;
      if (i % 4 === 0) await pause(1);
      if (i === 13) line.cut();
    }
    await phase(ada, "online");
  }
  await converged(ada, ben);
  assertEquals(ben.read("a.txt"), typed);
});

Deno.test("a server that is killed and started again on its log finds everybody, and what they typed meanwhile", async () => {
  const log = new MemoryLog(secret);
  const first = new LiveServer({ log });
  await using ada = await open(first.port, "Ada");
  await using ben = await open(first.port, "Ben");
  await durable(ada.create("a.txt", "before\n"));
  await converged(ada, ben);
  const told: string[] = [];
  ada.on("renumbered", () => told.push("renumbered"));
  await first.kill();
  await phase(ada, "offline");
  const sent = [
    ada.insert("a.txt", 7, "Ada meanwhile\n"),
    ada.create("offline.txt", "made offline"),
    ben.insert("a.txt", 0, "Ben meanwhile\n"),
  ];
  await using _second = new LiveServer({ log, port: first.port });
  for (const one of sent) assertEquals(await durable(one), []);
  await converged(ada, ben);
  assertEquals(contents(ben), {
    "a.txt": "Ben meanwhile\nbefore\nAda meanwhile\n",
    "offline.txt": "made offline",
  });
  assertEquals(told, [], "the sessions go on");
});

Deno.test("on a server that has lost its log, what is unsent is done again where it can be, and else handed back", async () => {
  const first = new LiveServer();
  await using ada = await open(first.port, "Ada");
  await durable(ada.create("lost.txt", "gone with the log"));
  const site = ada.find("lost.txt")!.id;
  await first.kill();
  await phase(ada, "offline");
  const inLost = ada.insert("lost.txt", 4, " words");
  const inNew = ada.create("new.txt", "made offline");
  await using second = new LiveServer({ port: first.port });
  const outcome = await within(inLost.settled, "what becomes of the edit");
  assert(outcome.kind === "refused");
  assertEquals(outcome.problem.code, "recovered");
  assert(outcome.problem.message.length > 20);
  assertEquals(outcome.change.edits.map(({ op }) => op), [[{ at: 4, remove: 0, insert: " words" }]]);
  await durable(inNew);
  await using ben = await open(second.port, "Ben");
  await converged(ada, ben);
  assertEquals(contents(ada), { "new.txt": "made offline" });
  assertNotEquals(ada.find("new.txt")!.id, site);
  await durable(ada.insert("new.txt", 0, "and goes on: "));
  await converged(ada, ben);
});

Deno.test("a change that was on its way when the log was lost is never applied twice: it is handed back", async () => {
  const first = new LiveServer();
  const line = new Line(first.port);
  await using ada = await open(line, "Ada");
  await using ben = await open(first.port, "Ben");
  await durable(ada.create("a.txt", "a"));
  await converged(ada, ben);
  line.deafen();
  const sent = ada.insert("a.txt", 1, "b");
  await eventually(() => ben.read("a.txt") === "ab", "the change at Ben's");
  await first.kill();
  await using second = new LiveServer({ port: first.port });
  assertEquals(second.port, first.port);
  line.hearAgain();
  const outcome = await within(sent.settled, "what becomes of the change");
  assert(outcome.kind === "refused");
  assertEquals(outcome.problem.code, "fate_unknown");
  assertEquals(outcome.change.edits.map(({ op }) => op), [[{ at: 1, remove: 0, insert: "b" }]]);
});

Deno.test("open() waits for a server that is not there yet, and gives up in time by an error that says why", async () => {
  const gone = new LiveServer();
  await gone.stop();
  const error = await assertRejects(() => open(gone.port, "Ada", { openTimeoutMs: 300 }), SpaceError);
  assertEquals(error.code, "open_timeout");
  const opening = open(gone.port, "Ada");
  await pause(50);
  await using server = new LiveServer({ port: gone.port });
  await using ada = await opening;
  assertEquals(ada.status.phase, "online");
  assertEquals(server.port, gone.port);
});

Deno.test("a server that stops leaves its clients to try again by themselves", async () => {
  const log = new MemoryLog(secret);
  const first = new LiveServer({ log });
  await using ada = await open(first.port, "Ada");
  await durable(ada.create("a.txt"));
  await first.stop();
  await phase(ada, "offline");
  assertEquals(ada.status.problem?.code, "shutting_down");
  const sent = ada.insert("a.txt", 0, "later");
  await using _second = new LiveServer({ log, port: first.port });
  await durable(sent);
  assertEquals(ada.status.problem, undefined);
});

Deno.test("a client whose session is taken over elsewhere ends, and says why", async () => {
  const log = new MemoryLog(secret);
  await using server = new LiveServer({ log });
  await using ada = await open(server.port, "Ada");
  await durable(ada.create("a.txt"));
  const { epoch, entries } = await log.load("w");
  const { session } = entries.at(-1)!;
  await using _thief = await RawClient.join(server.port, { session, epoch, revision: ada.revision });
  await phase(ada, "ended");
  assertEquals(ada.status.problem?.code, "session_resumed");
  const error = assertThrows(() => ada.insert("a.txt", 0, "x"), SpaceError);
  assertEquals(error.code, "read_only");
  await within(ada.settled(), "nothing to wait for");
});

// ---- Errors ---------------------------------------------------------------------------------------------------

Deno.test("what cannot be done throws an error with a code, and changes nothing", async () => {
  await using server = new LiveServer({ settings: { textLengthMax: 1000, nodesMax: 8 } });
  await using ada = await open(server.port, "Ada");
  ada.create("dir/file.txt", "ab😀");
  await ada.settled();
  const before = contents(ada), { revision } = ada;
  const cases: readonly (readonly [code: string, act: () => unknown])[] = [
    ["not_found", () => ada.read("none")],
    ["not_found", () => ada.list("none")],
    ["not_found", () => ada.insert("none", 0, "x")],
    ["not_found", () => ada.move("none", "some")],
    ["not_found", () => ada.remove("none")],
    ["not_found", () => ada.select("none")],
    ["not_a_file", () => ada.read("dir")],
    ["not_a_file", () => ada.insert("dir", 0, "x")],
    ["not_a_file", () => ada.write("dir", "x")],
    ["not_a_directory", () => ada.list("dir/file.txt")],
    ["not_a_directory", () => ada.create("dir/file.txt/below")],
    ["not_a_directory", () => ada.move("dir", "dir/file.txt/dir")],
    ["already_there", () => ada.create("dir/file.txt")],
    ["already_there", () => ada.createDirectory("dir")],
    ["already_there", () => ada.move("dir/file.txt", "dir")],
    ["cycle", () => ada.move("dir", "dir/sub")],
    ["root_is_fixed", () => ada.remove("")],
    ["root_is_fixed", () => ada.move("", "x")],
    ["bad_name", () => ada.create("")],
    ["bad_name", () => ada.create("dir/..")],
    ["bad_name", () => ada.create("a\0b")],
    ["bad_name", () => ada.create("x".repeat(256))],
    ["bad_name", () => ada.create("\ud800")],
    ["bad_name", () => ada.move("dir/file.txt", "dir/\n")],
    ["unknown_node", () => ada.restore("77:7")],
    ["root_is_fixed", () => ada.restore(rootId)],
    ["out_of_bounds", () => ada.insert("dir/file.txt", 5, "x")],
    ["out_of_bounds", () => ada.delete("dir/file.txt", 4, 1)],
    ["not_normal", () => ada.insert("dir/file.txt", -1, "x")],
    ["not_normal", () => ada.insert("dir/file.txt", 0.5, "x")],
    ["not_normal", () => ada.insert("dir/file.txt", NaN, "x")],
    ["not_normal", () => ada.delete("dir/file.txt", 0, -1)],
    ["splits_pair", () => ada.insert("dir/file.txt", 3, "x")],
    ["ill_formed", () => ada.insert("dir/file.txt", 0, "\ud83d")],
    ["ill_formed", () => ada.delete("dir/file.txt", 2, 1)],
    ["unknown_node", () => ada.edit("77:7", replace(0, 0, "x"))],
    ["not_a_file", () => ada.edit(ada.find("dir")!.id, replace(0, 0, "x"))],
    ["text_too_long", () => ada.insert("dir/file.txt", 0, "x".repeat(1000))],
    ["too_many_nodes", () => ada.create("1/2/3/4/5/6/7/8")],
    ["nested_change", () => ada.atomically(() => void ada.insert("dir/file.txt", 0, "x"))],
  ];
  for (const [code, act] of cases) {
    const error = assertThrows(act, SpaceError, "");
    assertEquals(error.code, code, `${act}: ${error.message}`);
    assert(error.message.length > 10 && error.name === "SpaceError", `"${error.message}" is a sentence`);
  }
  assertEquals(contents(ada), before);
  assertEquals([ada.status.unsent, ada.revision], [0, revision]);
  // What a program that compares code units makes of 😀 and 😁 is widened to whole characters.
  await durable(ada.replace("dir/file.txt", 3, 1, "😁".slice(1)));
  assertEquals(ada.read("dir/file.txt"), "ab😁");
});

Deno.test("restore() of a file whose name is taken by now gives it another one", async () => {
  await using server = new LiveServer();
  await using ada = await open(server.port, "Ada");
  await using ben = await open(server.port, "Ben");
  await durable(ada.create("a.txt", "first"));
  const { id } = ada.find("a.txt")!;
  await durable(ada.remove("a.txt"));
  await durable(ada.create("a.txt", "second"));
  assertEquals(await durable(ada.restore(id)), ["renamed a (2).txt"]);
  await converged(ada, ben);
  assertEquals(contents(ben), { "a.txt": "second", "a (2).txt": "first" });
  // And so do steps that are noted as they are, and only known to be wrong by what was noted before them.
  await durable(ada.atomically((draft) => {
    draft.step({ kind: "rename", node: id, name: "a.txt" });
    draft.step({ kind: "move", node: id, parent: draft.make("dir", "directory") });
  }));
  await converged(ada, ben);
  assertEquals(contents(ben), { "a.txt": "second", "dir/a.txt": "first" });
  const twice = assertThrows(
    () =>
      ada.atomically((draft) =>
        draft.step({ kind: "create", node: id, parent: rootId, name: "x", type: "text" })
      ),
    SpaceError,
  );
  assertEquals(twice.code, "id_used");
});

Deno.test("open() rejects with the server's code where the server turns a client away for good", async () => {
  await using server = new LiveServer();
  for (
    const [code, options] of [
      ["bad_workspace_name", { workspace: "no/such" }],
      ["bad_workspace_name", { workspace: "" }],
      ["workspace_unknown", { workspace: "new", existing: true }],
      ["bad_participant", { name: "" }],
      ["bad_participant", { name: "a\nb" }],
    ] as const
  ) {
    const error = await assertRejects(() => open(server.port, "Ada", options), SpaceError);
    assertEquals(error.code, code);
  }
  await using _maker = await open(server.port, "Ada", { workspace: "new" });
  await using found = await open(server.port, "Bo", { workspace: "new", existing: true });
  assertEquals(found.list(""), []);
});

// ---- Closing --------------------------------------------------------------------------------------------------

Deno.test("close() never writes into the middle of what is being written, and does not wait for ever for it", async () => {
  await using server = new LiveServer();
  const line = new Line(server.port);
  const ada = await open(line, "Ada");
  await durable(ada.create("a.txt"));
  line.stall();
  ada.insert("a.txt", 0, "stuck");
  await eventually(() => line.writing === 1, "a write under way");
  await within(ada.close(), "closed");
  assertEquals(line.writingMax, 1);
  assertEquals(ada.status.phase, "ended");
});

Deno.test("close() says goodbye, so that the others need not wait to see one go", async () => {
  await using server = new LiveServer();
  await using ada = await open(server.port, "Ada");
  const ben = await open(server.port, "Ben");
  await eventually(() => ada.peers.length === 1, "Ben");
  const sent = ben.create("last.txt", "words");
  await durable(sent);
  await ben.close();
  await ben.close();
  await eventually(() => ada.peers.length === 0, "Ben gone");
  assertEquals(ada.read("last.txt"), "words");
  assertEquals(server.endings, []);
});
