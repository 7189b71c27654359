/**
 * `deno task log` on the data of a server that runs: clients see what it does, and it sees what they have done.
 *
 * @module
 */

import { Space, tcp } from "../../mod.ts";
import { assert, assertEquals } from "../assert.ts";
import { eventually } from "../server/waiting.ts";
import { DataFolder } from "./log_data.ts";
import { Running } from "./running.ts";

Deno.test("log looks at, backs up and changes the data of a server that runs, and its clients are told", async () => {
  await using folder = await DataFolder.of({});
  await using server = new Running(
    "serve",
    "--no-http",
    "--port",
    "0",
    "--log-level",
    "silent",
    "--data",
    `${folder.path}/data`,
  );
  await server.shows("\n");
  const space = await Space.open({
    dial: tcp("127.0.0.1", Number(server.output.trim().split(":").at(-1))),
    workspace: "main",
    name: "Ada",
  });
  try {
    assertEquals((await space.create("a.txt", "one\n").settled).kind, "durable");
    assertEquals((await space.insert("a.txt", 4, "two\n").settled).kind, "durable");
    const shown = await folder.json("show", "main");
    const { revision } = shown.find(({ words }: { words: string }) => words.includes("create a.txt"));
    assertEquals(shown.at(-1).author.name, "Ada");

    await folder.write("in/b.txt", "imported\n");
    assertEquals((await folder.log("import", "main", "in")).code, 0);
    await eventually(() => space.files().some(({ path }) => path === "b.txt"), "the imported file");
    assertEquals((await folder.log("backup", "b.db")).code, 0);

    assertEquals((await folder.log("revert", "main", "a.txt", "--to", `${revision}`, "--yes")).code, 0);
    await eventually(() => space.read("a.txt") === "one\n", "the file as it was");
    assertEquals((await space.insert("a.txt", 4, "on top\n").settled).kind, "durable");

    assertEquals((await folder.log("restore", "b.db", "main", "--yes")).code, 0);
    await eventually(() => space.read("a.txt") === "one\ntwo\n", "the file as it is in the backup");
    assertEquals((await space.insert("a.txt", 0, "and on\n").settled).kind, "durable");
    assert((await folder.json("verify")).isWhole);
  } finally {
    await space.close();
  }
  assertEquals(await server.stop(), 0);
});
