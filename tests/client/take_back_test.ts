/**
 * Taking back what some have done, amid what others have done since.
 *
 * @module
 */

import { takeBack, type TakeBackRequest } from "../../client/edit/mod.ts";
import { Space, SpaceError, tcp } from "../../mod.ts";
import { assertEquals, assertRejects } from "../assert.ts";
import { LiveServer } from "../server/live_server.ts";
import { eventually } from "../server/waiting.ts";

interface People {
  readonly ada: Space;
  readonly bob: Space;
  /** Does something, and lets everybody see it. */
  does(who: Space, act: () => { settled: Promise<unknown> }): Promise<number>;
  /** Takes back, by somebody who has loaded nothing. */
  takesBack(request: Partial<TakeBackRequest> & Pick<TakeBackRequest, "whose">): ReturnType<typeof takeBack>;
}

async function withPeople(run: (people: People) => Promise<void>): Promise<void> {
  await using server = new LiveServer();
  const open = (name: string, lazy = false) =>
    Space.open({ dial: tcp("127.0.0.1", server.port), workspace: "w", name, lazy });
  const [ada, bob, judge] = [await open("Ada"), await open("Bob"), await open("Judge", true)];
  const all = [ada, bob, judge];
  const together = async () => {
    await eventually(() => {
      const newest = Math.max(...all.map(({ revision }) => revision));
      return all.every(({ revision }) => revision === newest);
    }, "everybody has seen everything");
  };
  try {
    await run({
      ada,
      bob,
      async does(_, act) {
        await act().settled;
        await together();
        return ada.revision;
      },
      async takesBack(request) {
        const result = await takeBack(judge, { since: 0, ...request });
        await together();
        return result;
      },
    });
  } finally {
    for (const space of all) await space.close();
  }
}

const bobs = { whose: { kind: "author", name: "Bob" } } as const;

Deno.test("takeBack() takes out what one has written, and leaves what others wrote, within it too", () =>
  withPeople(async ({ ada, bob, does, takesBack }) => {
    await does(ada, () => ada.create("a.txt", "one\ntwo\nthree\n"));
    await does(bob, () => bob.insert("a.txt", 4, "bob's first line\nbob's second line\n"));
    await does(ada, () => ada.insert("a.txt", 4 + 17, "ada between\n"));
    await does(ada, () => ada.insert("a.txt", 0, "zero\n"));
    await does(bob, () => bob.write("a.txt", bob.read("a.txt").replace("three", "drei")));
    await does(ada, () => ada.insert("a.txt", ada.read("a.txt").length, "four\n"));
    const result = await takesBack(bobs);
    assertEquals(ada.read("a.txt"), "zero\none\nada between\ntwo\nthree\nfour\n");
    assertEquals([result.changed, result.done], [true, [{ path: "a.txt", did: "edited" }]]);
    assertEquals(
      await takesBack({ ...bobs, since: result.revision - 1 }).catch((e) => e.code),
      "author_unknown",
    );
  }));

Deno.test("takeBack() brings back what one has taken out, and what two have taken out stays out", () =>
  withPeople(async ({ ada, bob, does, takesBack }) => {
    await does(ada, () => ada.create("a.txt", "one two three four"));
    await does(bob, () => bob.delete("a.txt", 4, 4));
    await does(ada, () => ada.write("a.txt", "one three four five"));
    assertEquals((await takesBack(bobs)).changed, true);
    assertEquals(bob.read("a.txt"), "one two three four five");
    await does(bob, () => bob.insert("a.txt", 0, "bob "));
    await does(ada, () => ada.delete("a.txt", 0, 4));
    assertEquals((await takesBack({ ...bobs, since: ada.revision - 2 })).changed, false);
    assertEquals(bob.read("a.txt"), "one two three four five");
  }));

Deno.test("takeBack() goes across files: made, moved and removed ones; what others wrote in a made one stays", () =>
  withPeople(async ({ ada, bob, does, takesBack }) => {
    for (const name of ["moved", "gone", "edited"]) {
      await does(ada, () => ada.create(`${name}.txt`, `${name}\n`));
    }
    await does(bob, () => bob.create("made.txt", "by bob\n"));
    await does(bob, () => bob.create("shared.txt", "by bob\n"));
    await does(ada, () => ada.insert("shared.txt", 7, "by ada\n"));
    await does(bob, () => bob.move("moved.txt", "elsewhere/other.txt"));
    await does(ada, () => ada.insert("elsewhere/other.txt", 0, "ada\n"));
    await does(bob, () => bob.insert("gone.txt", 0, "bob\n"));
    await does(bob, () => bob.remove("gone.txt"));
    await does(bob, () => bob.write("edited.txt", "bob\n"));
    const { done } = await takesBack(bobs);
    const texts = Object.fromEntries(ada.files().map(({ path }) => [path, ada.read(path)]));
    assertEquals(texts, {
      "edited.txt": "edited\n",
      "gone.txt": "gone\n",
      "moved.txt": "ada\nmoved\n",
      "shared.txt": "by ada\n",
    });
    assertEquals(done.map(({ path, did }) => `${path} ${did}`).sort(), [
      "edited.txt edited",
      "elsewhere removed",
      "gone.txt restored",
      "made.txt removed",
      "moved.txt moved",
      "shared.txt edited",
      "shared.txt kept",
    ]);
  }));

Deno.test("takeBack() takes a session, or some revisions, and only where it is asked to", () =>
  withPeople(async ({ ada, bob, does, takesBack }) => {
    await does(ada, () => ada.create("src/a.txt", "a\n"));
    await does(ada, () => ada.create("b.txt", "b\n"));
    const first = await does(bob, () => bob.insert("src/a.txt", 0, "first\n"));
    await does(bob, () => bob.insert("src/a.txt", 0, "second\n"));
    const third = await does(bob, () => bob.insert("b.txt", 0, "third\n"));
    await takesBack({ whose: { kind: "revisions", revisions: [first, third] } });
    assertEquals([ada.read("src/a.txt"), ada.read("b.txt")], ["second\na\n", "b\n"]);
    await does(bob, () => bob.insert("b.txt", 0, "fourth\n"));
    await takesBack({ whose: { kind: "sites", sites: new Set([bob.site]) }, paths: ["src"] });
    assertEquals([ada.read("src/a.txt"), ada.read("b.txt")], ["a\n", "fourth\nb\n"]);
    const error = await assertRejects(
      () => takesBack({ whose: { kind: "author", name: "Eve" } }),
      SpaceError,
    );
    assertEquals(error.code, "author_unknown");
  }));

Deno.test("takeBack() follows two who typed by turns, through a rename, and leaves exactly what the other typed", () =>
  withPeople(async ({ ada, bob, does, takesBack }) => {
    await does(ada, () => ada.create("a.txt", ""));
    for (let i = 0; i < 40; i++) {
      const who = i % 3 === 0 ? bob : ada, name = who === bob ? "b" : "a";
      const path = who.files()[0]!.path;
      await does(who, () => who.insert(path, (i * 7) % (who.read(path).length + 1), `${name}${i},`));
      if (i === 20) await does(ada, () => ada.move("a.txt", "dir/renamed.txt"));
    }
    await takesBack(bobs);
    const text = ada.read("dir/renamed.txt");
    assertEquals(/b/.test(text), false);
    // An insertion may stand within another: all that is left of each is its characters.
    const typed = Array.from({ length: 40 }, (_, i) => i % 3 === 0 ? "" : `a${i},`).join("");
    assertEquals([...text].sort().join(""), [...typed].sort().join(""));
  }));

/** All files, with what they say, or how many bytes they have. */
function shown(space: Space): unknown[] {
  return space.files().map(({ path, kind, content }) => [path, kind === "text" ? space.read(path) : content]);
}

Deno.test("takeBack() undoes a task in many files as one change: texts, places, binary files, directories", () =>
  withPeople(async ({ ada, bob, does, takesBack }) => {
    await does(ada, () => ada.create("src/a.txt", "one\n"));
    await does(ada, () => ada.create("src/b.txt", "two\n"));
    await does(ada, () => ada.create("old.txt", "old\n"));
    await does(ada, () => ada.writeBytes("logo.png", new Uint8Array([1, 2, 3])));
    const before = shown(ada), { revision: since } = ada;
    bob.task = "rename";
    await does(bob, () => bob.move("src/a.txt", "lib/deep/a.txt"));
    await does(bob, () => bob.write("src/b.txt", "2\n"));
    await does(bob, () => bob.writeBytes("logo.png", new Uint8Array([9])));
    await does(bob, () => bob.create("src/c.txt", "three\n"));
    await does(bob, () => bob.remove("old.txt"));
    bob.task = undefined;
    await does(bob, () => bob.insert("src/b.txt", 0, "kept "));
    const whose = { kind: "task", task: "rename" } as const;
    const result = await takesBack({ whose });
    assertEquals(result.done.filter(({ did }) => did === "kept"), []);
    assertEquals(
      shown(ada),
      before.map((file) => (file as string[])[0] === "src/b.txt" ? ["src/b.txt", "kept two\n"] : file),
    );
    assertEquals(ada.find("lib"), undefined);
    // It is one entry, and a part of the same task: so taking the task back once more does nothing.
    const { entries } = await ada.past.entries({ from: since, tasks: ["rename"], newest: true });
    assertEquals([entries.length, entries[0]!.revision, entries[0]!.author?.name], [
      6,
      result.revision,
      "Judge",
    ]);
    assertEquals((await takesBack({ whose })).changed, false);
    // And it can be taken back itself.
    await takesBack({ whose: { kind: "revisions", revisions: [result.revision] } });
    assertEquals(ada.files().map(({ path }) => path), [
      "lib/deep/a.txt",
      "logo.png",
      "src/b.txt",
      "src/c.txt",
    ]);
    assertEquals([ada.read("src/b.txt"), ada.read("src/c.txt")], ["kept 2\n", "three\n"]);
  }));

Deno.test("takeBack() says what stays since others have moved, replaced or filled it", () =>
  withPeople(async ({ ada, bob, does, takesBack }) => {
    await does(ada, () => ada.create("a.txt", "a"));
    await does(ada, () => ada.writeBytes("b.png", new Uint8Array([1])));
    await does(ada, () => ada.create("d.txt", "d"));
    await does(bob, () => bob.move("a.txt", "bobs.txt"));
    await does(ada, () => ada.move("bobs.txt", "adas.txt"));
    await does(bob, () => bob.writeBytes("b.png", new Uint8Array([2])));
    await does(ada, () => ada.writeBytes("b.png", new Uint8Array([3])));
    await does(bob, () => bob.createDirectory("dir"));
    await does(ada, () => ada.create("dir/adas.txt", "x"));
    await does(bob, () => bob.move("d.txt", "elsewhere.txt"));
    await does(ada, () => ada.create("d.txt", "another"));
    const { changed, done } = await takesBack(bobs);
    assertEquals([changed, done.map(({ path, did, why }) => `${path} ${did}: ${why}`).sort()], [false, [
      "adas.txt kept: Others have moved or renamed it since",
      "b.png kept: Others have replaced what it holds since",
      "dir kept: It holds what others have put there",
      'elsewhere.txt kept: There is something else at "d.txt" by now',
    ]]);
  }));

Deno.test("takeBack() takes back whether files can be executed, but where others have said so since", () =>
  withPeople(async ({ ada, bob, does, takesBack }) => {
    for (const path of ["a.sh", "b.sh", "c.sh"]) await does(ada, () => ada.create(path, "x"));
    await does(ada, () => ada.setExecutable("b.sh", true));
    await does(bob, () => bob.setExecutable("a.sh", true));
    await does(bob, () => bob.setExecutable("b.sh", false));
    await does(bob, () => bob.setExecutable("c.sh", true));
    await does(ada, () => ada.setExecutable("c.sh", false));
    await does(ada, () => ada.setExecutable("c.sh", true));
    const { done } = await takesBack(bobs);
    const why = "Others have said since whether it can be executed";
    assertEquals(done, [
      { path: "a.sh", did: "mode" },
      { path: "b.sh", did: "mode" },
      { path: "c.sh", did: "kept", why },
    ]);
    const modes = ["a.sh", "b.sh", "c.sh"].map((path) => ada.find(path)?.executable === true);
    assertEquals(modes, [false, true, true]);
    assertEquals((await takesBack(bobs)).changed, false);
  }));

Deno.test("takeBack() loses nothing of what is typed into it meanwhile, and what goes is empty when it goes", () =>
  withPeople(async ({ ada, bob, does, takesBack }) => {
    await does(ada, () => ada.create("a.txt", "adas\n"));
    for (let i = 0; i < 20; i++) await does(bob, () => bob.insert("a.txt", 0, `bob ${i}\n`));
    for (let i = 0; i < 10; i++) await does(bob, () => bob.create(`made/${i}.txt`, `bob ${i}\n`));
    let isDone = false;
    const typing = (async () => {
      for (let i = 0; !isDone || i < 30; i++) {
        await ada.insert("a.txt", ada.read("a.txt").length, `ada ${i}\n`).settled;
        const path = `made/${i % 10}.txt`;
        if (i < 10 && ada.find(path) !== undefined) await ada.insert(path, 0, `ada ${i}\n`).settled;
        if (i === 200) break;
      }
    })();
    await takesBack({ whose: { kind: "author", name: "Bob" } });
    isDone = true;
    await typing;
    const text = ada.read("a.txt");
    assertEquals(text.includes("bob"), false);
    const typed = text.split("\n").filter((line) => line !== "");
    assertEquals(typed, ["adas", ...Array.from({ length: typed.length - 1 }, (_, i) => `ada ${i}`)]);
    // A file is there still, with what Ada has written in it; or she had written nothing in it when it went.
    for (const { path } of ada.files().filter(({ path }) => path.startsWith("made/"))) {
      assertEquals(/^(ada \d+\n)+$/.test(ada.read(path)), true, `${path}: ${ada.read(path)}`);
    }
  }));

Deno.test("entries() tells who did what for which task, in pages that fit together", () =>
  withPeople(async ({ ada, bob, does }) => {
    await does(ada, () => ada.create("a.txt", ""));
    for (let i = 0; i < 9; i++) {
      const who = i % 2 === 0 ? ada : bob;
      who.task = i % 3 === 0 ? "three" : undefined;
      await does(who, () => who.insert("a.txt", 0, `${i}`));
    }
    const all = await ada.past.entries();
    assertEquals(all.entries.map(({ author, task }) => [author?.name, task]), [
      ["Ada", ""],
      ...Array.from({ length: 9 }, (_, i) => [i % 2 === 0 ? "Ada" : "Bob", i % 3 === 0 ? "three" : ""]),
    ]);
    assertEquals(all.next, "");
    const { revision } = all, pages: number[] = [];
    for (let after = "", next = "more"; next !== ""; after = next) {
      const page = await ada.past.entries({ at: revision, newest: true, limit: 4, after });
      pages.push(...page.entries.map(({ revision }) => revision));
      next = page.next;
    }
    assertEquals(pages, all.entries.map(({ revision }) => revision).reverse());
    const { entries } = await bob.past.entries({ tasks: ["three"], authors: ["Bob"], changes: true });
    assertEquals(entries.map(({ change }) => change!.edits[0]!.op), [[{ at: 0, remove: 0, insert: "3" }]]);
  }));
