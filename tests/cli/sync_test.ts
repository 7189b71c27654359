/**
 * `deno task sync` as people run it: processes, their exit codes, and a death in the middle of things.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { eventually, pause } from "../server/waiting.ts";
import { Running, serve } from "./running.ts";

async function withPlace(test: (place: string) => Promise<void>): Promise<void> {
  const place = await Deno.makeTempDir({ prefix: "dist-space-sync-" });
  try {
    await test(place);
  } finally {
    await Deno.remove(place, { recursive: true });
  }
}

function read(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}

Deno.test("sync shows its plan and stops if nobody agrees, goes on with --yes, and restores from the trash", async () => {
  await withPlace(async (place) => {
    const { server, address } = await serve();
    await using _server = server;
    Deno.mkdirSync(`${place}/one`);
    Deno.writeTextFileSync(`${place}/one/a.txt`, "a\n");
    await using declined = new Running("sync", `${place}/one`, address);
    assertEquals(await declined.end(), 3);
    assertStringIncludes(declined.output, "1 to the workspace:\n    a.txt");
    assertStringIncludes(declined.errors, "say --yes");
    await using once = new Running("sync", `${place}/one`, address, "--yes", "--once");
    assertEquals(await once.end(), 0);
    assertStringIncludes(once.output, "> create  a.txt");

    await using one = new Running("sync", `${place}/one`, address);
    await using two = new Running("sync", `${place}/two`, address, "--yes");
    await Promise.all([one.shows("are the same"), two.shows("are the same")]);
    assertEquals(read(`${place}/two/a.txt`), "a\n");
    Deno.writeTextFileSync(`${place}/two/a.txt`, "b\n");
    await eventually(() => read(`${place}/one/a.txt`) === "b\n", "an edit");
    assertEquals(await two.stop(), 0);
    assertEquals(await one.stop(), 0);

    await using list = new Running("sync", "restore", `${place}/one`);
    assertEquals(await list.end(), 0);
    assertStringIncludes(list.output, "  a.txt");
    await using restored = new Running("sync", "restore", `${place}/one`, "a.txt", "b.txt");
    assertEquals(await restored.end(), 1);
    assertStringIncludes(restored.output, "a.txt is back");
    assertStringIncludes(restored.errors, "b.txt is not in the trash");
    assertEquals(read(`${place}/one/a.txt`), "a\n");
  });
});

Deno.test("sync shows its token, gets what that covers, and warns of what it does not let it change", async () => {
  await withPlace(async (place) => {
    const file = `${place}/tokens.json`;
    const made = new Running(
      "token",
      "make",
      "--tokens",
      file,
      "--name",
      "Ada",
      "read:src/**",
      "edit:src/a/**",
    );
    await using _made = made;
    assertEquals(await made.end(), 0);
    Deno.writeTextFileSync(`${place}/token`, made.output);
    const other = new Running("token", "make", "--tokens", file, "--name", "Bo", "edit:**", "tree:**");
    await using _other = other;
    assertEquals(await other.end(), 0);
    Deno.writeTextFileSync(`${place}/other`, other.output);
    const { server, address } = await serve("--tokens", file);
    await using _server = server;
    for (const path of ["src/a/a.txt", "src/b.txt", "secret.txt"]) {
      Deno.mkdirSync(`${place}/whole/src/a`, { recursive: true });
      Deno.writeTextFileSync(`${place}/whole/${path}`, `${path}\n`);
    }
    await using whole = new Running(
      "sync",
      `${place}/whole`,
      address,
      "--token-file",
      `${place}/other`,
      "--yes",
    );
    await whole.shows("are the same");
    await using part = new Running(
      "sync",
      `${place}/part`,
      address,
      "--token-file",
      `${place}/token`,
      "--yes",
    );
    await part.shows("are the same");
    assertEquals(read(`${place}/part/src/b.txt`), "src/b.txt\n");
    assertEquals(read(`${place}/part/secret.txt`), undefined);
    Deno.writeTextFileSync(`${place}/part/src/b.txt`, "mine\n");
    await part.shows("! src/b.txt: The token does not cover this");
    Deno.writeTextFileSync(`${place}/part/src/a/a.txt`, "mine\n");
    await eventually(() => read(`${place}/whole/src/a/a.txt`) === "mine\n", "what may be edited");
    assertEquals(read(`${place}/whole/src/b.txt`), "src/b.txt\n");
    await using revoked = new Running("token", "revoke", "--tokens", file, `${place}/token`);
    assertEquals(await revoked.end(), 0);
    await part.shows("has been revoked");
    assertEquals(await part.end(), 1);
  });
});

Deno.test("sync says what is wrong with an address, with a file for a folder, and without a server", async () => {
  await withPlace(async (place) => {
    Deno.writeTextFileSync(`${place}/file`, "");
    const cases: [string[], number, string][] = [
      [[`${place}/one`, "nonsense:x"], 2, "is no server"],
      [[`${place}/one`, "127.0.0.1:1"], 1, "Is there a server?"],
      [[`${place}/one`, "--token-file", `${place}/none`], 2, "Cannot read"],
      [[], 2, "Say which folder"],
      [[`${place}/file`], 1, "is a file"],
      [[`${place}/one`, "127.0.0.1:8000", "--deletions", "perhaps"], 2, "ask, delete, restore"],
    ];
    for (const [args, code, message] of cases) {
      await using running = new Running("sync", ...args);
      assertEquals(await running.end(), code, args.join(" "));
      assertStringIncludes(running.errors, message);
    }
  });
});

Deno.test("sync goes on after a kill -9 in the middle of things as if nothing had been, on both sides", async () => {
  await withPlace(async (place) => {
    const { server, address } = await serve();
    await using _server = server;
    const write = (folder: string, path: string, text: string) => {
      Deno.mkdirSync(`${place}/${folder}/${path.slice(0, path.lastIndexOf("/"))}`, { recursive: true });
      Deno.writeTextFileSync(`${place}/${folder}/${path}`, text);
    };
    for (let i = 0; i < 600; i++) write("one", `d${i % 10}/f${i}`, `${i}\n`);
    await using two = new Running("sync", `${place}/two`, address, "--yes", "--quiet");
    await two.shows("are the same");
    const count = () => {
      let files = 0;
      for (let i = 0; i < 600; i++) if (read(`${place}/two/d${i % 10}/f${i}`) === `${i}\n`) files++;
      return files;
    };
    // Killed while it sends, and while it writes what others have sent, after longer and longer.
    for (let round = 0; round < 3; round++) {
      await using one = new Running("sync", `${place}/one`, address, "--yes", "--quiet");
      await one.shows("kept the same").catch(() => {});
      await pause(round * 40);
    }
    write("one", "d0/f0", "0, edited while nobody was there\n");
    await using one = new Running("sync", `${place}/one`, address, "--yes", "--quiet");
    await one.shows("are the same");
    await eventually(() => count() === 599 && read(`${place}/two/d0/f0`)?.includes("nobody"), "all files");
    for (let i = 0; i < 300; i++) write("two", `d${i % 10}/f${i}`, `${i}, changed\n`);
    await pause(60);
    await one[Symbol.asyncDispose]();
    for (let i = 300; i < 310; i++) write("one", `d${i % 10}/f${i}`, `${i}, changed in one\n`);
    await using again = new Running("sync", `${place}/one`, address, "--quiet");
    await again.shows("are the same");
    const isDone = (i: number, text: string) =>
      read(`${place}/one/d${i % 10}/f${i}`) === text && read(`${place}/two/d${i % 10}/f${i}`) === text;
    for (let i = 0; i < 300; i++) await eventually(() => isDone(i, `${i}, changed\n`), `file ${i}`);
    for (let i = 300; i < 310; i++) await eventually(() => isDone(i, `${i}, changed in one\n`), `file ${i}`);
    for (const folder of ["one", "two"]) {
      const names = Array.from({ length: 10 }, (_, i) => [...Deno.readDirSync(`${place}/${folder}/d${i}`)])
        .flat();
      assert(names.length === 600, `${folder} has ${names.length} files`);
    }
  });
});
