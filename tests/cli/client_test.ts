/**
 * The terminal client as people run it: processes of their own, one of them the server.
 *
 * @module
 */

import { serverOf } from "../../cli/access.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { Running, serve } from "./running.ts";

/** Runs a script of commands to its end. */
async function script(address: string, ...lines: readonly string[]): Promise<Running & { code: number }> {
  const client = new Running("client", address, "main", "--name", "Script");
  for (const line of lines) await client.type(line);
  return Object.assign(client, { code: await client.end() });
}

Deno.test("two clients see each other come, change things and leave", async () => {
  const { server, address } = await serve();
  await using _server = server;
  await using ada = new Running("client", address, "demo", "--name", "Ada");
  await using bob = new Running("client", address, "demo", "--name", "Bob", "--kind", "agent");
  await Promise.all([ada.shows("Bob (agent) is here"), bob.shows("Ada is here")]);

  await ada.type('put docs/notes.txt "Hello\\nthere\\n"');
  await bob.shows('Ada  docs/notes.txt 1:1  +"Hello\\nthere\\n"');
  await bob.type('insert docs/notes.txt 1:6 ", world"');
  await ada.shows('Bob (agent)  docs/notes.txt 1:6  +", world"');
  await bob.type("mv docs/notes.txt diary.txt");
  await ada.shows("Bob (agent)  moved docs/notes.txt to diary.txt");
  await ada.type("who");
  await ada.shows("Bob (agent)  diary.txt 1:13");

  await ada.type("cat diary.txt");
  await ada.shows("Hello, world\nthere\n");
  await bob.type("cat diary.txt");
  await bob.shows("Hello, world\nthere\n");

  assertEquals(await bob.end(), 0);
  await ada.shows("Bob (agent) has left");
  assertEquals(await ada.end(), 0);
  assertEquals(await server.stop(), 0);
});

Deno.test("a script is done line by line, each to its end", async () => {
  const { server, address } = await serve();
  await using _server = server;
  const client = await script(
    address,
    "# Blank lines and comments are left out.",
    "",
    'put a.txt "one two"',
    "replace a.txt 4 3 2",
    "insert a.txt end !",
    "cat a.txt",
    "undo",
    "cat a.txt",
    "redo",
    "delete a.txt 1:1 4",
    "cat a.txt",
    "mkdir b",
    "mv a.txt b",
    "ls",
    "ls b",
    "rm b",
    "ls",
    "restore",
    "status",
    "quit",
    "cat nothing.txt",
  );
  assertEquals(client.errors, "");
  assertEquals(client.code, 0);
  assertEquals(client.output.trimEnd().split("\n"), [
    "put a.txt: revision 2",
    "replace a.txt: revision 3",
    "insert a.txt: revision 4",
    "one 2!",
    "undo: revision 5",
    "one 2",
    "redo: revision 6",
    "delete a.txt: revision 7",
    "2!",
    "mkdir b: revision 8",
    "mv a.txt b: revision 9",
    "b/",
    "a.txt  2",
    "rm b: revision 10",
    "restore b: revision 11",
    `main at ${address}: online, revision 11, all is durable`,
  ]);
});

Deno.test("a script goes on after a line that fails, and ends with exit code 1", async () => {
  const { server, address } = await serve();
  await using _server = server;
  const client = await script(
    address,
    "cat nothing.txt",
    "frobnicate",
    "put a.txt",
    "put a.txt x",
    "rm a.txt",
  );
  assertEquals(client.code, 1);
  assertEquals(client.errors.trimEnd().split("\n"), [
    'line 1: There is nothing at "nothing.txt"',
    "line 2: There is no command frobnicate: help shows what there is",
    "line 3: The command is used like this: put FILE TEXT…",
  ]);
  assertEquals(client.output, "put a.txt: revision 2\nrm a.txt: revision 3\n");
});

Deno.test("watch shows the lines that others change", async () => {
  const { server, address } = await serve();
  await using _server = server;
  await script(address, 'put a.txt "one\\ntwo\\nthree\\n"', "put b.txt x");
  await using watcher = new Running("client", address, "main", "--name", "Watcher");
  await watcher.type("watch a.txt");
  await watcher.shows("watching a.txt");
  await script(address, "insert a.txt 2:4 !", "insert b.txt end y");
  await watcher.shows("b.txt 1:2");
  assertEquals(watcher.output, 'watching a.txt\nScript  a.txt 2:4  +"!"\n     2 - two\n     2 + two!\n');
  assertStringIncludes(watcher.errors, 'Script  b.txt 1:2  +"y"\n');
  await watcher.type("unwatch");
  await watcher.shows("no longer watching anything");
  await script(address, "insert a.txt 1:4 ?");
  await watcher.shows('Script  a.txt 1:4  +"?"');
  assertEquals(watcher.output.includes("one?"), false);
});

Deno.test("a client keeps what is done without a connection, and sends it when the server is back", async () => {
  const { server, address } = await serve();
  await using _server = server;
  await using client = new Running("client", address, "main", "--name", "Ada");
  await client.type("put a.txt one");
  await client.shows("put a.txt: revision 2");
  await server.stop();
  await client.shows("The connection is lost (shutting_down)");
  await client.type("put b.txt two");
  const again = await serve("--no-http", "--port", address.split(":")[1]!);
  await using _again = again.server;
  await client.shows("The connection is back.");
  await client.shows("put b.txt: revision 2");
  assertEquals(await client.end(), 0);
  assertEquals((await script(address, "cat b.txt")).output, "two\n");
});

Deno.test("a client says which exit code it has: nobody there, wrong usage, help", async () => {
  const nobody = await script("127.0.0.1:1");
  assertEquals(nobody.code, 1);
  assertStringIncludes(nobody.errors, "the connection was refused");
  for (const args of [["--frobnicate"], ["a:b:c"], ["--kind", "robot"], ["127.0.0.1:1", "main", "surplus"]]) {
    await using wrong = new Running("client", ...args);
    assertEquals(await wrong.end(), 2, args.join(" "));
    assert(wrong.errors !== "", args.join(" "));
  }
  await using help = new Running("client", "--help");
  assertEquals(await help.end(), 0);
  assertStringIncludes(help.output, "Exit codes:");
});

Deno.test("a client that is turned away says why, and has exit code 1", async () => {
  const { server, address } = await serve();
  await using _server = server;
  await using client = new Running("client", address, "no such name");
  assertEquals(await client.end(), 1);
  assertStringIncludes(client.errors, "Names of workspaces have");
});

Deno.test("serverOf() reads hosts with and without a port, and refuses the rest", () => {
  assertEquals(serverOf("example.org"), { hostname: "example.org", port: 8000 });
  assertEquals(serverOf("127.0.0.1:9"), { hostname: "127.0.0.1", port: 9 });
  assertEquals(serverOf("[::1]:80"), { hostname: "::1", port: 80 });
  for (const address of ["", ":80", "::1", "a:b", "a:0", "a:65536", "a:80:80", "[::1", "a b"]) {
    assertEquals(serverOf(address), undefined, address);
  }
});
