/**
 * A workspace that is opened lazily: the tree comes at once, texts when they are asked for.
 *
 * @module
 */

import { Space, SpaceError, tcp } from "../../mod.ts";
import { assertEquals, assertRejects, assertThrows } from "../assert.ts";
import { LiveServer } from "../server/live_server.ts";
import { RawClient } from "../server/raw_client.ts";
import { eventually, within } from "../server/waiting.ts";
import { Line } from "./line.ts";

async function together(
  run: (ada: Space, bob: Space, line: Line, port: number) => Promise<void>,
): Promise<void> {
  await using server = new LiveServer();
  const line = new Line(server.port);
  const ada = await Space.open({ dial: tcp("127.0.0.1", server.port), workspace: "w", name: "Ada" });
  ada.create("poem.txt", "one\n");
  ada.create("src/main.ts", "let a = 1;\n");
  await within(ada.settled(), "all is stored");
  const bob = await Space.open({ dial: line.dial, workspace: "w", name: "Bob", lazy: true });
  try {
    await run(ada, bob, line, server.port);
  } finally {
    await ada.close();
    await bob.close();
  }
}

const codeOf = (run: () => unknown) => assertThrows(run, SpaceError).code;

Deno.test("a lazy client has the tree at once, and texts when it has loaded them", () =>
  together(async (_, bob) => {
    assertEquals(bob.files().map(({ path }) => path), ["poem.txt", "src/main.ts"]);
    assertEquals(bob.isLoaded("poem.txt"), false);
    assertEquals(codeOf(() => bob.read("poem.txt")), "not_loaded");
    assertEquals(codeOf(() => bob.insert("poem.txt", 0, "x")), "not_loaded");
    await within(bob.load("poem.txt"), "the file is loaded");
    assertEquals(bob.read("poem.txt"), "one\n");
    assertEquals(bob.isLoaded("src/main.ts"), false);
  }));

Deno.test("a lazy client is told of edits in the files that it has loaded, and of no others", () =>
  together(async (ada, bob) => {
    await within(bob.load("poem.txt"), "the file is loaded");
    const heard: string[] = [];
    bob.on("edited", ({ node }) => heard.push(bob.pathOf(node)));
    ada.insert("src/main.ts", 0, "// ");
    ada.insert("poem.txt", 0, "zero\n");
    ada.move("src/main.ts", "main.ts");
    await within(ada.settled(), "all is stored");
    await eventually(() => bob.revision === ada.revision, "Bob has caught up");
    assertEquals(heard, ["poem.txt"]);
    assertEquals(bob.read("poem.txt"), "zero\none\n");
    assertEquals(bob.files().map(({ path }) => path), ["main.ts", "poem.txt"]);
    await within(bob.load("main.ts"), "the other file is loaded");
    assertEquals(bob.read("main.ts"), "// let a = 1;\n");
  }));

Deno.test("a file that is loaded while others type into it misses nothing and has nothing twice", () =>
  together(async (ada, bob) => {
    const loading = bob.load("poem.txt");
    for (let i = 0; i < 50; i++) ada.insert("poem.txt", 0, `${i} `);
    await within(loading, "the file is loaded");
    bob.insert("poem.txt", 0, "bob ");
    await within(Promise.all([ada.settled(), bob.settled()]), "all is stored");
    await eventually(() => ada.revision === bob.revision, "both have everything");
    assertEquals(bob.read("poem.txt"), ada.read("poem.txt"));
  }));

Deno.test("what a lazy client creates is loaded, and takes the edits of others", () =>
  together(async (ada, bob) => {
    bob.create("mine.txt", "mine");
    bob.insert("mine.txt", 4, "!");
    await within(bob.settled(), "it is stored");
    await eventually(() => ada.revision === bob.revision, "Ada has it");
    ada.insert("mine.txt", 0, "not ");
    await eventually(() => bob.read("mine.txt") === "not mine!", "Bob sees Ada's edit");
  }));

Deno.test("a lazy client that was cut off goes on with the files that it had, and gets those that it waited for", () =>
  together(async (ada, bob, line) => {
    await within(bob.load("poem.txt"), "the file is loaded");
    line.down();
    await eventually(() => bob.status.phase === "offline", "Bob is cut off");
    const loading = bob.load("src/main.ts");
    bob.insert("poem.txt", 0, "offline\n");
    ada.insert("poem.txt", 0, "zero\n");
    ada.insert("src/main.ts", 0, "// ");
    await within(ada.settled(), "all is stored");
    line.up();
    await within(loading, "the other file is loaded");
    await within(bob.settled(), "what Bob typed is stored");
    await eventually(() => ada.revision === bob.revision, "both have everything");
    assertEquals(bob.read("poem.txt"), ada.read("poem.txt"));
    assertEquals(bob.read("src/main.ts"), "// let a = 1;\n");
  }));

Deno.test("revert() by a lazy client loads what it takes back", () =>
  together(async (ada, bob) => {
    ada.write("poem.txt", "something else\n");
    await within(ada.settled(), "it is stored");
    await within((await bob.revert("poem.txt", 2)).settled, "it is taken back");
    assertEquals(bob.read("poem.txt"), "one\n");
  }));

Deno.test("load() of a file that is not there rejects, and of one in a space that is closed", () =>
  together(async (_, bob, line) => {
    assertEquals((await assertRejects(() => bob.load("nowhere.txt"), SpaceError)).code, "not_found");
    line.down();
    await eventually(() => bob.status.phase === "offline", "Bob is cut off");
    const loading = assertRejects(() => bob.load("poem.txt"), SpaceError);
    await bob.close();
    assertEquals((await loading).code, "closed");
  }));

Deno.test("a load of files that are not there is answered with empty ones, and of a client that is not lazy with the end", () =>
  together(async (_ada, _bob, _line, port) => {
    const lazy = await RawClient.join(port, { lazy: true });
    await lazy.send({ kind: "load", nodes: ["7:7", "0:0"] });
    const { contents, load } = await lazy.hear("sync");
    assertEquals([contents, load], [[{ node: "0:0", text: "" }, { node: "7:7", text: "" }], true]);
    const eager = await RawClient.join(port);
    await eager.send({ kind: "load", nodes: ["1:1"] });
    assertEquals((await eager.hear("close")).code, "malformed_message");
    await lazy.send({ kind: "ping", value: 1n });
    await lazy.hear("pong");
  }));
