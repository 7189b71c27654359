/**
 * The past of a workspace as the SDK gives it, over real sockets.
 *
 * @module
 */

import { Space, SpaceError, tcp } from "../../mod.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../assert.ts";
import { LiveServer } from "../server/live_server.ts";
import { within } from "../server/waiting.ts";
import { Line } from "./line.ts";

/** Ada wrote two files at revisions 2 and 3, Bob changed one at 4, Ada moved it at 5 and removed the other at 6. */
async function story(run: (ada: Space, bob: Space, line: Line) => Promise<void>): Promise<void> {
  await using server = new LiveServer();
  const line = new Line(server.port);
  const open = (name: string, dial = tcp("127.0.0.1", server.port)) =>
    Space.open({ dial, workspace: "w", name });
  const ada = await open("Ada", line.dial), bob = await open("Bob");
  try {
    for (
      const [who, act] of [
        [ada, () => ada.create("poem.txt", "one\ntwo\nthree\n")],
        [ada, () => ada.create("src/main.ts", "let a = 1;\n")],
        [bob, () =>
          bob.atomically((draft) => {
            draft.replace("poem.txt", 14, 0, "four\n");
            draft.replace("poem.txt", 4, 3, "2");
          })],
        [ada, () => ada.move("poem.txt", "old/poem.txt")],
        [ada, () => ada.remove("src/main.ts")],
      ] as const
    ) {
      act();
      await within(who.settled(), "each change is durable");
      const newest = who.revision;
      for (const space of [ada, bob]) {
        while (space.revision < newest) await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }
    await run(ada, bob, line);
  } finally {
    await ada.close();
    await bob.close();
  }
}

Deno.test("past.read() and past.files() give what files said at a revision, all of that one revision", () =>
  story(async (ada) => {
    assertEquals(await ada.past.read("poem.txt", 3), { revision: 3, text: "one\ntwo\nthree\n" });
    assertEquals(await ada.past.read("old/poem.txt"), { revision: 6, text: "one\n2\nthree\nfour\n" });
    const { revision, files } = await ada.past.files({ at: 4 });
    assertEquals(revision, 4);
    assertEquals(files.map(({ path, text }) => [path, text]), [
      ["poem.txt", "one\n2\nthree\nfour\n"],
      ["src/main.ts", "let a = 1;\n"],
    ]);
    assertEquals(await ada.past.files({ at: new Date(0) }), { revision: 0, files: [] });
  }));

Deno.test("past.tree() lists directories and files with their ids and lengths", () =>
  story(async (ada) => {
    const { nodes } = await ada.past.tree({ at: 3 });
    assertEquals(nodes.map(({ path, type, length }) => [path, type, length]), [
      ["poem.txt", "text", 14],
      ["src", "directory", 0],
      ["src/main.ts", "text", 11],
    ]);
    assertEquals(nodes[0]!.id, ada.find("old/poem.txt")!.id);
  }));

Deno.test("past.diff() shows a move as a move, and past.changes() says by whom", () =>
  story(async (ada) => {
    const { files } = await ada.past.diff(2);
    assertEquals(files.map(({ status, path, from }) => [status, path, from]), [
      ["renamed", "old/poem.txt", "poem.txt"],
    ]);
    assertStringIncludes(files[0]!.patch, "-two\n+2\n three\n+four\n");
    const changes = await ada.past.changes(3, { paths: ["old"] });
    assertEquals(changes.files.map(({ path, first, last }) => [path, first, last]), [["old/poem.txt", 4, 5]]);
    assertEquals(
      changes.files[0]!.sites.map((site) => changes.authors.get(site)?.name).sort(),
      ["Ada", "Bob"],
    );
  }));

Deno.test("past.blame() says who wrote each line, through moves", () =>
  story(async (ada) => {
    const { lines } = await ada.past.blame("old/poem.txt");
    assertEquals(lines.map(({ text, revision, author }) => [text, revision, author?.name]), [
      ["one", 2, "Ada"],
      ["2", 4, "Bob"],
      ["three", 2, "Ada"],
      ["four", 4, "Bob"],
    ]);
  }));

Deno.test("past.search() finds lines, and says whether there are more than it was to give", () =>
  story(async (ada) => {
    const found = await ada.past.search("T[A-Z]", { regular: true, ignoreCase: true, at: 3 });
    assertEquals(found.matches.map(({ path, line, column }) => [path, line, column]), [
      ["poem.txt", 2, 0],
      ["poem.txt", 3, 0],
    ]);
    assertEquals(found.more, false);
    const first = await ada.past.search("e", { limit: 1 });
    assertEquals([first.matches.length, first.more], [1, true]);
  }));

Deno.test("past.workspace() gives the workspace as it was, with the ids that it has", () =>
  story(async (ada) => {
    const { workspace } = await ada.past.workspace({ at: 3 });
    assertEquals(workspace.files().map(({ path }) => path), ["poem.txt", "src/main.ts"]);
    assertEquals(workspace.text(workspace.find("src/main.ts")!.id).toString(), "let a = 1;\n");
  }));

Deno.test("revert() takes a file back to where and how it was, amid what others type meanwhile", () =>
  story(async (ada, bob) => {
    const { settled } = await ada.revert("poem.txt", 3);
    // Bob has not seen it yet: for him the file is still where it was.
    bob.insert("old/poem.txt", 0, "zero\n");
    assertEquals((await within(settled, "the revert is durable")).kind, "durable");
    await within(bob.settled(), "what Bob typed is durable");
    await within((await ada.revert("src", 3)).settled, "the directory is there again");
    assertEquals(ada.files().map(({ path }) => path), ["poem.txt", "src/main.ts"]);
    assertEquals(ada.read("poem.txt"), "zero\none\ntwo\nthree\n");
    assertEquals(ada.read("src/main.ts"), "let a = 1;\n");
    ada.undo();
    assertEquals(ada.find("src/main.ts"), undefined);
  }));

Deno.test("revert() to before a file was there removes it, and of everything takes all back", () =>
  story(async (ada) => {
    await within((await ada.revert("", 4)).settled, "everything is as it was");
    assertEquals(ada.files().map(({ path }) => path), ["poem.txt", "src/main.ts"]);
    await within((await ada.revert("src/main.ts", 2)).settled, "it is gone");
    assertEquals(ada.files().map(({ path }) => path), ["poem.txt"]);
  }));

Deno.test("a question that has no answer rejects with its code, and nothing else happens", () =>
  story(async (ada, _bob, line) => {
    const codeOf = async (asked: Promise<unknown>) => (await assertRejects(() => asked, SpaceError)).code;
    assertEquals(await codeOf(ada.past.read("nowhere.txt")), "path_unknown");
    assertEquals(await codeOf(ada.past.read("poem.txt", 99)), "revision_unknown");
    assertEquals(await codeOf(ada.past.read("poem.txt", 0)), "revision_unknown");
    assertEquals(await codeOf(ada.past.search("(", { regular: true })), "pattern_invalid");
    assertEquals(await codeOf(ada.revert("nowhere.txt", 3)), "not_found");
    line.down();
    assertEquals(await codeOf(ada.past.tree()), "not_connected");
    assert(ada.find("old/poem.txt") !== undefined);
  }));
