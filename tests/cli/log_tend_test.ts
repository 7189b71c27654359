/**
 * The commands of `deno task log` that change something: folders in and out, backups, and taking things away.
 *
 * @module
 */

import * as tar from "tar-stream";
import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "../assert.ts";
import { Story } from "../history/story.ts";
import { DataFolder } from "./log_data.ts";

function smallStory(): Story {
  const story = new Story();
  story.creates(1, "a.txt", "one\n");
  story.types(1, "a.txt", 0, 3, "two");
  story.creates(1, "dir/b.txt", "the password\n");
  return story;
}

Deno.test("log import takes a folder in as one change, export gives every byte back, to a folder and to a tar file", async () => {
  await using folder = await DataFolder.of({ main: smallStory() });
  const files: Record<string, string | Uint8Array> = {
    ".gitignore": "build/\n*.log\n",
    "read me.md": "\ufeffwith a mark\r\nno end",
    "src/deep/emoji 😀.txt": "😀\n",
    "src/.gitignore": "!keep.log\n",
    "src/keep.log": "kept\n",
    "src/empty.txt": "",
    "src/crlf.txt": "one\r\ntwo\r\n",
    "logo.png": Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 255, 0x0a),
    "src/zeros": new Uint8Array(70_000),
    "latin1.txt": Uint8Array.of(0x63, 0xe9),
    "truncated utf-8": Uint8Array.of(0x61, 0xf0, 0x9f, 0x98),
    "utf-16.txt": Uint8Array.of(0xff, 0xfe, 0x61, 0, 0x0d, 0, 0x0a, 0),
  };
  const bytesOf = (holds: string | Uint8Array) =>
    typeof holds === "string" ? new TextEncoder().encode(holds) : holds;
  for (const [path, holds] of Object.entries(files)) await folder.write(`in/${path}`, holds);
  for (const path of ["in/a.log", "in/build/x", "in/src/build/y", "in/.git/config"]) {
    await folder.write(path, "no\n");
  }
  await Deno.symlink("read me.md", `${folder.path}/in/link`);

  const imported = await folder.json("import", "new", "in", "--name", "Ada");
  assertEquals(imported.files, Object.keys(files).length);
  assertEquals(imported.skipped.map(({ path }: { path: string }) => path), ["link"]);
  const [reserved, entry, ...others] = await folder.json("show", "new");
  assertEquals([reserved.site, entry.author.name, others.length], [0, "Ada", 0]);

  assertEquals((await folder.log("export", "new", "out")).code, 0);
  assertEquals((await folder.log("export", "new", "out.tar")).code, 0);
  for (const [path, holds] of Object.entries(files)) {
    assertEquals(await folder.read(`out/${path}`), bytesOf(holds), path);
  }
  const inTar: Record<string, Uint8Array> = {};
  const extract = tar.extract();
  extract.end(await folder.read("out.tar"));
  for await (const each of extract) {
    const bytes = new Uint8Array(
      await new Response(ReadableStream.from(each as AsyncIterable<Uint8Array>)).arrayBuffer(),
    );
    if (each.header.type === "file") inTar[each.header.name] = bytes;
  }
  const names = Object.keys(files).sort();
  assertEquals(Object.keys(inTar).sort(), names);
  for (const name of names) assertEquals(inTar[name], bytesOf(files[name]!), name);
  assertEquals((await folder.log("export", "new", "out")).code, 3);
  assertEquals((await folder.log("export", "new", "out.tar")).code, 3);

  // The same again changes nothing; what is different becomes an edit.
  assertEquals((await folder.json("import", "new", "in")).revision, 2);
  await folder.write("in/src/keep.log", "kept too\n");
  assertEquals((await folder.json("import", "new", "in")).revision, 4);
  assertStringIncludes((await folder.log("show", "new", "4")).stdout, 'edit src/keep.log 4 +" too"');
  assertEquals((await folder.json("verify")).isWhole, true);
});

Deno.test("log import takes what became binary, or a text, for another file of that name, and export what it was then", async () => {
  await using folder = await DataFolder.of({ main: smallStory() });
  const first = Uint8Array.of(0, 1, 2), second = Uint8Array.of(0xff, 0xd8, 0xff);
  await folder.write("in/data", "a text\n");
  await folder.write("in/logo", first);
  await folder.write("in/kept", first);
  assertEquals((await folder.json("import", "new", "in")).revision, 2);
  await folder.write("in/data", second);
  await folder.write("in/logo", "a text now\n");
  await folder.write("in/kept", second);
  assertEquals((await folder.json("import", "new", "in")).revision, 4);
  assertStringIncludes((await folder.log("show", "new", "4")).stdout, "replace kept by 3 bytes");
  const tree = await folder.log("files", "new");
  assertStringIncludes(tree.stdout, "data");
  assertEquals((await folder.log("export", "new", "then", "--at", "2")).code, 0);
  assertEquals((await folder.log("export", "new", "now")).code, 0);
  const texts = [new TextEncoder().encode("a text\n"), new TextEncoder().encode("a text now\n")];
  const all = async (where: string) =>
    await Promise.all(["data", "logo", "kept"].map((name) => folder.read(`${where}/${name}`)));
  assertEquals(await all("then"), [texts[0]!, first, first]);
  assertEquals(await all("now"), [second, texts[1]!, second]);
  assertStringIncludes(
    (await folder.log("diff", "new", "--from", "2", "kept")).stdout,
    "Binary files a/kept and b/kept differ\n",
  );
  const { code, stderr } = await folder.log("blame", "new", "kept");
  assertEquals([code, stderr.includes("is a binary file")], [4, true]);
  // Back to what it was, from what the log still has.
  assertEquals((await folder.log("revert", "new", "--to", "2", "--yes")).code, 0);
  assertEquals((await folder.log("export", "new", "back")).code, 0);
  assertEquals(await all("back"), await all("then"));
  assertEquals((await folder.json("verify")).isWhole, true);
});

Deno.test({
  name:
    "log import and export keep which files can be executed, in a folder and in a tar file, and show and diff say so",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using folder = await DataFolder.of({ main: smallStory() });
    const modesIn = async (where: string) =>
      await Promise.all(
        ["plain", "run.sh", "tool"].map(async (name) =>
          ((await Deno.lstat(`${folder.path}/${where}/${name}`)).mode! & 0o777).toString(8)
        ),
      );
    await folder.write("in/plain", "x\n");
    await folder.write("in/run.sh", "#!/bin/sh\n");
    await folder.write("in/tool", Uint8Array.of(0, 1));
    for (const name of ["run.sh", "tool"]) await Deno.chmod(`${folder.path}/in/${name}`, 0o755);
    assertEquals((await folder.json("import", "new", "in")).revision, 2);
    assertStringIncludes((await folder.log("show", "new", "2")).stdout, "create executable run.sh");
    assertStringIncludes((await folder.log("files", "new")).stdout, "bytes, executable");
    await Deno.chmod(`${folder.path}/in/run.sh`, 0o644);
    await Deno.chmod(`${folder.path}/in/plain`, 0o700);
    assertEquals((await folder.json("import", "new", "in")).revision, 4);
    assertStringIncludes((await folder.log("show", "new", "4")).stdout, "make run.sh no longer executable");
    assertStringIncludes(
      (await folder.log("diff", "new", "--from", "2", "plain")).stdout,
      "old mode 100644\nnew mode 100755\n",
    );
    assertEquals((await folder.log("export", "new", "then", "--at", "2")).code, 0);
    assertEquals((await folder.log("export", "new", "now.tar")).code, 0);
    assertEquals(await modesIn("then"), ["644", "755", "755"]);
    const modes: Record<string, string> = {};
    const extract = tar.extract();
    extract.end(await folder.read("now.tar"));
    for await (const each of extract) {
      modes[each.header.name] = each.header.mode!.toString(8);
      each.resume();
    }
    assertEquals(modes, { plain: "755", "run.sh": "644", tool: "755" });
  },
});

Deno.test("log takes nothing away without --yes", async () => {
  await using folder = await DataFolder.of({ main: smallStory() });
  assertEquals((await folder.log("backup", "b.db")).code, 0);
  const before = await folder.json("stats", "main");
  for (
    const args of [
      ["delete", "main"],
      ["restore", "b.db"],
      ["purge", "main"],
      ["revert", "main", "--to", "1"],
      ["compact", "--retain", "1"],
    ]
  ) {
    const { code, stderr } = await folder.logWith("the password", ...args);
    assertEquals(code, 2);
    assertStringIncludes(stderr, "--yes");
  }
  assertEquals(await folder.json("stats", "main"), before);
});

Deno.test("log backup, delete and restore give the same history, under a new epoch", async () => {
  await using folder = await DataFolder.of({ main: smallStory(), other: smallStory() });
  const [before] = await folder.json("stats", "main"), entries = await folder.json("show", "main");
  assertEquals((await folder.log("backup", "b.db")).code, 0);
  assertEquals((await folder.log("backup", "b.db")).code, 3);
  assertEquals((await folder.log("delete", "main", "--yes")).code, 0);
  assertEquals((await folder.log("show", "main")).code, 4);
  assertEquals(await folder.json("restore", "b.db", "main", "--yes"), { restored: ["main"] });
  const [after] = await folder.json("stats", "main");
  assertEquals(await folder.json("show", "main"), entries);
  assertNotEquals(after.epoch, before.epoch);
  assertEquals((await folder.log("restore", "missing.db", "--yes")).code, 3);
});

Deno.test("log copy and rename take the history along, and refuse names that are taken or cannot be", async () => {
  await using folder = await DataFolder.of({ main: smallStory() });
  const entries = await folder.json("show", "main");
  assertEquals((await folder.log("copy", "main", "twin")).code, 0);
  assertEquals((await folder.log("rename", "main", "old")).code, 0);
  for (const workspace of ["twin", "old"]) assertEquals(await folder.json("show", workspace), entries);
  assertEquals((await folder.log("copy", "old", "twin")).code, 4);
  assertEquals((await folder.log("rename", "old", "../x")).code, 2);
  assertEquals((await folder.json("verify")).isWhole, true);
});

Deno.test("log purge takes a secret out of all history and of the file itself", async () => {
  await using folder = await DataFolder.of({ main: smallStory() });
  const { code, stdout } = await folder.logWith("the password\n", "purge", "main", "--yes");
  assertEquals(code, 0);
  assertStringIncludes(stdout, "1 times in texts");
  for await (const { name } of Deno.readDir(`${folder.path}/data`)) {
    const bytes = new TextDecoder("latin1").decode(await folder.read(`data/${name}`));
    assert(!bytes.includes("the password"), name);
  }
  assertEquals((await folder.json("verify")).isWhole, true);
  assertEquals((await folder.json("stats", "main"))[0].origin.at(-1).kind, "purged");
  assertEquals((await folder.logWith("the password", "purge", "main", "--yes")).code, 1);
});

Deno.test("log revert takes a file back as a new change, and the history stays", async () => {
  await using folder = await DataFolder.of({ main: smallStory() });
  const { revision } = await folder.json("revert", "main", "a.txt", "--to", "1", "--name", "Ada", "--yes");
  assertEquals(revision, 5);
  assertEquals((await folder.log("cat", "main", "a.txt")).stdout, "one\n");
  assertEquals((await folder.log("cat", "main", "a.txt", "--at", "4")).stdout, "two\n");
  assertEquals((await folder.log("files", "main", "dir")).code, 0);
  assertEquals(
    (await folder.json("revert", "main", "nowhere", "--to", "1", "--yes")).error.code,
    "path_unknown",
  );
  assertEquals((await folder.log("revert", "main", "--to", "1", "--yes")).code, 0);
  assertEquals((await folder.json("files", "main")).items.map(({ path }: { path: string }) => path), [
    "a.txt",
  ]);
});
