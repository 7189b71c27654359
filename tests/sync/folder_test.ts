/**
 * Folders on a real disk that are kept the same as a workspace on a real server.
 *
 * @module
 */

import { Space, tcp } from "../../mod.ts";
import { Trash } from "../../sync/mod.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { LiveServer } from "../server/live_server.ts";
import { eventually, pause } from "../server/waiting.ts";
import { alike, Folder, Place } from "./folders.ts";

Deno.test("what is saved, made, renamed and deleted in a folder is so in the other one", async () => {
  await using server = new LiveServer();
  await using place = new Place(server);
  const one = await place.join("one"), two = await place.join("two");
  one.write("src/main.ts", "one\ntwo\n");
  await two.says("src/main.ts", "one\ntwo\n");
  two.write("src/main.ts", "one\n2\nthree\n");
  await one.says("src/main.ts", "one\n2\nthree\n");
  const { node } = one.synced.synced.at("src/main.ts")!;
  Deno.renameSync(`${one.path}/src`, `${one.path}/lib`);
  await two.says("lib/main.ts", "one\n2\nthree\n");
  assertEquals(two.read("src/main.ts"), undefined);
  Deno.mkdirSync(`${two.path}/empty`);
  await eventually(() => one.synced.synced.at("empty"), "an empty directory");
  await alike(one, two);
  assertEquals(two.synced.synced.at("lib/main.ts")!.node, node, "it is the same file still");
  Deno.removeSync(`${two.path}/lib`, { recursive: true });
  await one.says("lib/main.ts", undefined);
  await alike(one, two);
});

Deno.test("an editor that saves by renaming edits the file that was there, and its own files stay outside", async () => {
  await using server = new LiveServer();
  await using place = new Place(server);
  const one = await place.join("one");
  one.write("a.txt", "before\n");
  const two = await place.join("two");
  await two.says("a.txt", "before\n");
  await two.synced.same();
  const { node } = two.synced.synced.at("a.txt")!;
  one.write(".a.txt.swp", "x");
  one.write("a.txt~", "before\n");
  one.write("draft", "after\n");
  Deno.renameSync(`${one.path}/draft`, `${one.path}/a.txt`);
  await two.says("a.txt", "after\n");
  assertEquals(two.synced.synced.at("a.txt")!.node, node);
  assertEquals(Object.keys(two.all()), ["a.txt"]);
});

Deno.test("what two do to a file while one of them is away is merged when it comes back", async () => {
  await using server = new LiveServer();
  await using place = new Place(server);
  const one = await place.join("one"), two = await place.join("two");
  one.write("a.txt", "one\ntwo\nthree\n");
  one.write("gone.txt", "here and away\n");
  one.write("kept.txt", "kept\n");
  await alike(one, two);
  await two.stop();
  two.write("a.txt", "one\ntwo, by two\nthree\n");
  Deno.removeSync(`${two.path}/gone.txt`);
  Deno.removeSync(`${two.path}/kept.txt`);
  two.write("new.txt", "two\n");
  one.write("a.txt", "zero\none\ntwo\nthree, by one\n");
  one.write("kept.txt", "kept, since it was edited\n");
  one.write("new.txt", "one\n");
  await one.synced.same();
  await eventually(() => one.synced.synced.at("new.txt"), "a new file");
  await pause(100);
  await one.synced.same();
  await two.start(server.port);
  await alike(one, two);
  assertEquals(one.all(), {
    "a.txt": "zero\none\ntwo, by two\nthree, by one\n",
    "kept.txt": "kept, since it was edited\n",
    "new (2).txt": "two\n",
    "new.txt": "one\n",
  });
});

Deno.test("line endings, a byte order mark and permissions stay what they are", async () => {
  await using server = new LiveServer();
  await using place = new Place(server);
  const one = await place.join("one"), two = await place.join("two");
  const text = "\ufeffone\r\ntwo\r\nthree";
  one.write("dos.txt", text);
  one.write("secret.txt", "x\n");
  Deno.chmodSync(`${one.path}/secret.txt`, 0o600);
  await alike(one, two);
  assertEquals(Deno.readFileSync(`${two.path}/dos.txt`), new TextEncoder().encode(text));
  two.write("dos.txt", text.replace("two", "2"));
  two.write("secret.txt", "y\n");
  await one.says("secret.txt", "y\n");
  await alike(one, two);
  assertEquals(Deno.statSync(`${one.path}/secret.txt`).mode! & 0o777, 0o600);
  assertEquals(Deno.readFileSync(`${one.path}/dos.txt`), new TextEncoder().encode(text.replace("two", "2")));
});

/** The permissions of a file, as one writes them. */
function permissionsOf(folder: Folder, path: string): string {
  return (Deno.lstatSync(`${folder.path}/${path}`).mode! & 0o777).toString(8);
}

Deno.test({
  name: "what can be executed in one folder can be in the other; all other permissions stay what they are",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using server = new LiveServer();
    await using place = new Place(server);
    const one = await place.join("one"), two = await place.join("two");
    const comesTo = (folder: Folder, path: string, permissions: string) =>
      eventually(() => {
        try {
          return permissionsOf(folder, path) === permissions;
        } catch {
          return false;
        }
      }, `${permissions} of ${path}`);
    const program = new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0, 1]);
    one.write("run.sh", "#!/bin/sh\n");
    one.write("tool", program);
    one.write("plain.txt", "x");
    Deno.chmodSync(`${one.path}/run.sh`, 0o755);
    Deno.chmodSync(`${one.path}/tool`, 0o700);
    for (const [path, permissions] of [["run.sh", "755"], ["tool", "755"], ["plain.txt", "644"]] as const) {
      await comesTo(two, path, permissions);
    }
    // A change of the permissions alone, in both directions.
    Deno.chmodSync(`${two.path}/plain.txt`, 0o740);
    await comesTo(one, "plain.txt", "755");
    Deno.chmodSync(`${one.path}/run.sh`, 0o600);
    await comesTo(two, "run.sh", "644");
    Deno.chmodSync(`${two.path}/run.sh`, 0o600);
    Deno.chmodSync(`${one.path}/run.sh`, 0o700);
    await comesTo(two, "run.sh", "700");
    // What others write leaves it as it is, and so does a new name.
    one.write("plain.txt", "y");
    Deno.renameSync(`${one.path}/tool`, `${one.path}/tool2`);
    await two.says("plain.txt", "y");
    await comesTo(two, "tool2", "755");
    assertEquals(permissionsOf(two, "plain.txt"), "740");
    assertEquals(Deno.readFileSync(`${two.path}/tool2`), program);
    // While nobody looks, and with an edit at once.
    await two.stop();
    Deno.chmodSync(`${two.path}/plain.txt`, 0o640);
    two.write("plain.txt", "y2\n");
    one.write("run.sh", "#!/bin/sh\ntrue\n");
    Deno.chmodSync(`${one.path}/run.sh`, 0o644);
    await one.synced.same();
    await two.start(server.port);
    await one.says("plain.txt", "y2\n");
    await comesTo(one, "plain.txt", "644");
    await two.says("run.sh", "#!/bin/sh\ntrue\n");
    await comesTo(two, "run.sh", "600");
  },
});

Deno.test({
  name:
    "folders that are joined have a file executable that one of them has, and a disk without modes takes none away",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using server = new LiveServer();
    await using place = new Place(server);
    const one = new Folder(`${place.path}/one`), two = new Folder(`${place.path}/two`);
    for (const folder of [one, two]) {
      folder.write("a", "a");
      folder.write("b", "b");
    }
    Deno.chmodSync(`${one.path}/a`, 0o755);
    Deno.chmodSync(`${two.path}/b`, 0o755);
    await place.join("one");
    const joined = await place.join("two");
    assertEquals(permissionsOf(two, "a"), "755");
    await eventually(() => permissionsOf(one, "b") === "755", "b of one");
    // Nothing is executable there, and everybody knows that this says nothing.
    const rules = { keyOf: (file: string) => file, isWindows: false, hasModes: false };
    const three = await place.join("three", { rules });
    assertEquals(permissionsOf(three, "a"), "644");
    three.write("a", "a, edited");
    await joined.says("a", "a, edited");
    await three.synced.same();
    Deno.chmodSync(`${one.path}/a`, 0o644);
    three.write("new", "new");
    await joined.says("new", "new");
    await eventually(() => permissionsOf(two, "a") === "644", "a of two");
    assertEquals(["a", "b", "new"].map((path) => permissionsOf(two, path)), ["644", "755", "644"]);
  },
});

Deno.test("what .gitignore names stays where it is, on both sides and when it changes", async () => {
  await using server = new LiveServer();
  await using place = new Place(server);
  const one = await place.join("one"), two = await place.join("two");
  one.write(".gitignore", "node_modules/\n*.log\n");
  one.write("node_modules/x/y.js", "x\n");
  one.write("a.log", "one\n");
  one.write("a.txt", "a\n");
  one.write("sub/.gitignore", "!b.log\n");
  one.write("sub/b.log", "b\n");
  await two.says("sub/b.log", "b\n");
  two.write("a.log", "two\n");
  await alike(one, two, (path) => path !== "a.log" && !path.startsWith("node_modules"));
  assertEquals(Object.keys(two.all()), [".gitignore", "a.log", "a.txt", "sub/.gitignore", "sub/b.log"]);
  assertEquals(one.read("a.log"), "one\n");
  // What is no longer ignored comes along.
  one.write(".gitignore", "*.log\n");
  await two.says("node_modules/x/y.js", "x\n");
});

Deno.test("links are not followed, and nothing is written through them", async () => {
  await using server = new LiveServer();
  await using place = new Place(server);
  const outside = `${place.path}/outside`;
  Deno.mkdirSync(outside);
  Deno.writeTextFileSync(`${outside}/secret`, "secret\n");
  const one = await place.join("one"), two = await place.join("two");
  one.write("d/a.txt", "a\n");
  await two.says("d/a.txt", "a\n");
  Deno.symlinkSync(`${outside}/secret`, `${two.path}/link`);
  Deno.removeSync(`${two.path}/d`, { recursive: true });
  Deno.symlinkSync(outside, `${two.path}/d`);
  await eventually(() => two.synced.synced.at("d")?.held, "a directory that is held");
  one.write("d/a.txt", "changed\n");
  one.write("d/new.txt", "new\n");
  one.write("link", "a file\n");
  await two.says("link (2)", "a file\n");
  await two.synced.same();
  assertEquals([...Deno.readDirSync(outside)].map(({ name }) => name), ["secret"]);
  assertEquals(Deno.readTextFileSync(`${outside}/secret`), "secret\n");
  assertEquals(one.read("d/a.txt"), "changed\n");
});

Deno.test("names that hostile clients give never reach git's folder or our own", async () => {
  await using server = new LiveServer();
  await using place = new Place(server);
  const space = await Space.open({ dial: tcp("127.0.0.1", server.port), workspace: "w", name: "hostile" });
  space.create(".git/hooks/post-checkout", "#!/bin/sh\n");
  space.create("sub/.GIT/config", "x\n");
  space.create(".dist-space/journal", "x\n");
  space.create("a\\..\\b", "x\n");
  space.create("fine.txt", "fine\n");
  await space.settled();
  const one = await place.join("one");
  assertEquals(one.all(), { "fine.txt": "fine\n" });
  assertEquals([...Deno.readDirSync(one.path)].map(({ name }) => name).sort(), [
    ".dist-space",
    "fine.txt",
    "sub",
  ]);
  await space.close();
});

Deno.test("names that differ only in their Unicode form are two files, and stay as the disk has them", async () => {
  await using server = new LiveServer();
  await using place = new Place(server);
  const one = await place.join("one"), two = await place.join("two");
  const composed = "\u00e9.txt", decomposed = "e\u0301.txt";
  one.write(decomposed, "decomposed\n");
  await two.says(composed, "decomposed\n");
  one.write(composed, "composed\n");
  await two.says("\u00e9 (2).txt", "composed\n");
  two.write(composed, "edited\n");
  await one.says(decomposed, "edited\n");
  assertEquals(Object.keys(one.all()).sort(), [decomposed, composed].sort());
});

Deno.test("names that a disk takes for one get names of their own, and their own ones back when these are free", async () => {
  await using server = new LiveServer();
  await using place = new Place(server);
  const one = await place.join("one");
  // As a disk would be that does not tell upper case from lower.
  const rules = { keyOf: (file: string) => file.toLowerCase(), isWindows: true, hasModes: false };
  const two = await place.join("two", { rules });
  one.write("README.md", "upper\n");
  await two.says("README.md", "upper\n");
  one.write("readme.md", "lower\n");
  await two.says("readme (2).md", "lower\n");
  one.write("a:b?.txt", "windows\n");
  await two.says("a_b_.txt", "windows\n");
  two.write("a_b_.txt", "from two\n");
  await one.says("a:b?.txt", "from two\n");
  Deno.removeSync(`${one.path}/README.md`);
  await two.says("readme.md", "lower\n");
  assertEquals(Object.keys(two.all()), ["a_b_.txt", "readme.md"]);
});

Deno.test("files that are no text come along byte for byte, and are renamed, replaced and deleted as others are", async () => {
  await using server = new LiveServer();
  await using place = new Place(server);
  const one = await place.join("one"), two = await place.join("two");
  const picture = crypto.getRandomValues(new Uint8Array(50_000)), other = new Uint8Array([0, 255, 254]);
  const holds = (folder: typeof one, path: string, bytes: Uint8Array) =>
    eventually(() => {
      try {
        return String(Deno.readFileSync(`${folder.path}/${path}`)) === String(bytes);
      } catch {
        return false;
      }
    }, `${bytes.length} bytes in ${path}`);
  one.write("image.png", picture);
  await holds(two, "image.png", picture);
  await two.synced.same();
  const { node } = two.synced.synced.at("image.png")!;
  Deno.renameSync(`${one.path}/image.png`, `${one.path}/logo.png`);
  await holds(two, "logo.png", picture);
  two.write("logo.png", other);
  await holds(one, "logo.png", other);
  assertEquals(one.synced.synced.at("logo.png")!.node, node);
  // A text that turns into something else is another file, and the other way round.
  one.write("a.txt", "a\n");
  await two.says("a.txt", "a\n");
  one.write("a.txt", other);
  await holds(two, "a.txt", other);
  two.write("a.txt", "text again\n");
  await one.says("a.txt", "text again\n");
  Deno.removeSync(`${two.path}/logo.png`);
  await one.says("logo.png", undefined);
  assertEquals(new Trash(one.path).list().filter(({ path }) => path === "logo.png").length, 2);
});

Deno.test("a file that is no text and was replaced on both sides is there twice", async () => {
  await using server = new LiveServer();
  await using place = new Place(server);
  const one = await place.join("one"), two = await place.join("two");
  const bytes = (n: number) => new Uint8Array([0, 255, n]);
  one.write("x.bin", bytes(0));
  await eventually(() => two.synced.synced.at("x.bin"), "a binary file");
  await two.synced.same();
  await two.stop();
  const { content } = one.synced.synced.at("x.bin")!;
  one.write("x.bin", bytes(1));
  await eventually(() => one.synced.synced.at("x.bin")!.content !== content, "a change");
  await one.synced.same();
  two.write("x.bin", bytes(2));
  await two.start(server.port);
  await eventually(() => one.read("x (2).bin"), "both");
  await alike(one, two);
  for (const { path } of [one, two]) {
    assertEquals(Deno.readFileSync(`${path}/x.bin`), bytes(1));
    assertEquals(Deno.readFileSync(`${path}/x (2).bin`), bytes(2));
  }
});

Deno.test("files that the workspace has no room for stay in the folder, are told of, and are not written over", async () => {
  await using server = new LiveServer({ settings: { textLengthMax: 1000, blobBytesMax: 1000 } });
  await using place = new Place(server);
  const one = await place.join("one"), two = await place.join("two");
  one.write("a.txt", "a\n");
  await two.says("a.txt", "a\n");
  one.write("big.bin", new Uint8Array(1001));
  one.write("a.txt", "a".repeat(1001));
  const told = (path: string) => one.news.some((news) => news.kind === "warn" && news.path === path);
  await eventually(() => told("big.bin") && told("a.txt"), "warnings");
  two.write("a.txt", "b\n");
  await two.synced.same();
  await pause(100);
  assertEquals(one.read("a.txt"), "a".repeat(1001));
  one.write("a.txt", "a, again\n");
  await alike(one, two, (path) => path === "a.txt");
  assert(two.read("a.txt")!.includes("again"));
});

Deno.test("a first run tells what it is going to do, and does nothing without consent", async () => {
  await using server = new LiveServer();
  await using place = new Place(server);
  const one = await place.join("one");
  one.write("both.txt", "the same\n");
  one.write("differs.txt", "one\n");
  one.write("theirs.txt", "theirs\n");
  await pause(150);
  await one.synced.same();
  const path = `${place.path}/two`;
  Deno.mkdirSync(path);
  Deno.writeTextFileSync(`${path}/both.txt`, "the same\n");
  Deno.writeTextFileSync(`${path}/differs.txt`, "two\n");
  Deno.writeTextFileSync(`${path}/ours.txt`, "ours\n");
  Deno.symlinkSync("/etc", `${path}/link`);
  const asked = await place.join("two", {
    ask: (question) => {
      assertEquals(question, {
        kind: "first",
        plan: {
          up: ["ours.txt"],
          down: ["theirs.txt"],
          same: 1,
          different: ["differs.txt"],
          left: [{ path: "link", reason: "is a link" }],
        },
      });
      return Promise.resolve("stop");
    },
  });
  assertEquals(await asked.synced.ended, { kind: "stopped" });
  assertEquals(Object.keys(asked.all()), ["both.txt", "differs.txt", "link", "ours.txt"]);
  assertEquals(Object.keys(one.all()), ["both.txt", "differs.txt", "theirs.txt"]);
  Deno.removeSync(`${path}/link`);
  await asked.start(server.port);
  await alike(one, asked);
  assertEquals(one.all(), {
    "both.txt": "the same\n",
    "differs (2).txt": "two\n",
    "differs.txt": "one\n",
    "ours.txt": "ours\n",
    "theirs.txt": "theirs\n",
  });
});

Deno.test("what is overwritten or deleted is in the trash, and comes back from there", async () => {
  await using server = new LiveServer();
  await using place = new Place(server);
  const one = await place.join("one"), two = await place.join("two");
  one.write("a.txt", "written in one\n");
  one.write("d/b.txt", "b\n");
  await alike(one, two);
  two.write("a.txt", "written in two\n");
  Deno.removeSync(`${two.path}/d`, { recursive: true });
  await one.says("a.txt", "written in two\n");
  await one.says("d/b.txt", undefined);
  const trash = new Trash(one.path);
  assertEquals(trash.list().map(({ path }) => path).sort(), ["a.txt", "d/b.txt"]);
  for (const each of trash.list()) trash.restore(each);
  await alike(one, two);
  assertEquals(two.all(), { "a.txt": "written in one\n", "d/b.txt": "b\n" });
  // What was there when it came back is in the trash now.
  assertEquals(trash.list().map(({ path }) => path), ["a.txt"]);
});

for (const side of ["folder", "workspace"] as const) {
  Deno.test(`many files that are gone from the ${side} are not deleted on the other side without consent`, async () => {
    await using server = new LiveServer();
    await using place = new Place(server);
    const answer = Promise.withResolvers<"go on" | "bring back">();
    let asked: string[] = [];
    const one = await place.join("one", {
      ask: (question) => {
        if (question.kind === "first") return Promise.resolve("go on");
        assertEquals(question.side, side);
        asked = [...question.paths];
        return answer.promise;
      },
    });
    for (let i = 0; i < 12; i++) one.write(`d/${i}.txt`, `${i}\n`);
    const two = await place.join("two");
    await alike(one, two);
    const victim = side === "folder" ? one : two, other = side === "folder" ? two : one;
    Deno.removeSync(`${victim.path}/d`, { recursive: true });
    await eventually(() => asked.length === 12, "a question");
    assertEquals(Object.keys(other.all()).length, 12);
    answer.resolve("bring back");
    await alike(one, two);
    assertEquals(Object.keys(victim.all()).length, 12);
  });
}

Deno.test("switching branches with git is what it is in the other folder", async () => {
  await using server = new LiveServer();
  await using place = new Place(server);
  const one = await place.join("one");
  const git = (...args: string[]) => {
    const { success, stderr } = new Deno.Command("git", {
      args: ["-c", "user.name=a", "-c", "user.email=a@b.c", ...args],
      cwd: one.path,
      stderr: "piped",
    }).outputSync();
    assert(success, new TextDecoder().decode(stderr));
  };
  git("init", "-q", "-b", "main");
  for (let i = 0; i < 20; i++) one.write(`src/f${i}.ts`, `export const x = ${i};\n`.repeat(20));
  one.write("README.md", "main\n");
  git("add", "-A");
  git("commit", "-qm", "first");
  git("checkout", "-qb", "other");
  for (let i = 0; i < 3; i++) Deno.removeSync(`${one.path}/src/f${i}.ts`);
  Deno.renameSync(`${one.path}/src/f3.ts`, `${one.path}/src/moved.ts`);
  one.write("src/f4.ts", `// changed\n${one.read("src/f4.ts")}`);
  one.write("README.md", "other\n");
  git("add", "-A");
  git("commit", "-qm", "second");
  const two = await place.join("two");
  await alike(one, two);
  const { node } = two.synced.synced.at("src/moved.ts")!;
  git("checkout", "-q", "main");
  await two.says("README.md", "main\n");
  await alike(one, two);
  assertEquals(Object.keys(two.all()).length, 21);
  assertEquals(two.synced.synced.at("src/f3.ts")!.node, node, "what git moved is the same file");
  git("checkout", "-q", "other");
  await two.says("README.md", "other\n");
  await alike(one, two);
  assert(two.read("src/f4.ts")!.startsWith("// changed\n"));
  const { stdout } = new Deno.Command("git", { args: ["status", "--porcelain"], cwd: one.path }).outputSync();
  assertEquals(new TextDecoder().decode(stdout), "", "git sees nothing of ours");
});

Deno.test("a server that has lost its log is given everything again, and nothing is deleted for it", async () => {
  await using place = new Place(new LiveServer());
  const { port } = place.server;
  const one = await place.join("one");
  one.write("a.txt", "a\n");
  await eventually(() => one.synced.synced.at("a.txt"), "a file");
  await place.server.kill();
  await using _again = new LiveServer({ port });
  const two = await place.join("two");
  await two.says("a.txt", "a\n");
  assertEquals(one.read("a.txt"), "a\n");
});

Deno.test("a folder belongs to one process and one workspace", async () => {
  await using server = new LiveServer();
  await using place = new Place(server);
  const one = await place.join("one");
  await assertRejects(() => one.start(server.port), Error, "Another process synchronises");
  await one.stop();
  await assertRejects(
    () => one.start(server.port, { workspace: "other" }),
    Error,
    'belongs to the workspace "w"',
  );
  await one.start(server.port);
});

Deno.test("a journal whose end was cut off by a crash is read up to there; one that is damaged is refused", async () => {
  await using server = new LiveServer();
  await using place = new Place(server);
  const one = await place.join("one");
  one.write("a.txt", "a\n");
  await eventually(() => one.synced.synced.at("a.txt"), "a file");
  await one.synced.same();
  await one.stop();
  const journal = `${one.path}/.dist-space/journal`;
  Deno.writeTextFileSync(journal, '{"synced":{"node":"9:', { append: true });
  await one.start(server.port);
  assertEquals(one.questions.length, 1);
  await one.stop();
  Deno.writeTextFileSync(journal, 'nonsense\n{"epoch":"x"}\n', { append: true });
  await assertRejects(() => one.start(server.port), Error, "Cannot read");
  assertEquals(one.read("a.txt"), "a\n");
  Deno.removeSync(journal);
  await one.start(server.port);
  assertEquals(one.questions.length, 2);
});
