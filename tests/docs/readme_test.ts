/**
 * README.md, held to what it says: its tour and its program run, and its links lead somewhere.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { Running, serve } from "../cli/running.ts";

const root = new URL("../../", import.meta.url);
const readme = await Deno.readTextFile(new URL("README.md", root));

/** The piece of code with this language that holds `text`. */
function piece(language: string, text: string): string {
  const pieces = [...readme.matchAll(/^```(\w+)\n([^`]*)^```$/gm)];
  return pieces.find(([, name, code]) => name === language && code!.includes(text))![2]!;
}

Deno.test("the tour of README.md goes as it says", async () => {
  const { server, address } = await serve();
  await using _server = server;
  await using ada = new Running("client", address, "--name", "Ada");
  await using bob = new Running("client", address, "--name", "Bob");
  // The first line is said in a terminal only; what follows was Bob's part, in this order.
  const bobs = readme.match(/That was Bob with `(.*?)` and `(.*?)`/)!.slice(1);
  for (const line of piece("text", "main> ").trimEnd().split("\n").slice(1)) {
    if (line.startsWith("main> ")) await ada.type(line.slice(6));
    else {
      if (line.startsWith("Bob  ")) await bob.type(bobs.shift()!);
      await ada.shows(`${line}\n`);
    }
  }
  assertEquals(bobs, []);
  const scripted = /^echo '(.*)' \| deno task client$/.exec(piece("sh", "echo").trimEnd())![1]!;
  await ada.type(scripted);
  await ada.shows("put todo.txt: revision 7");
  assertEquals([await ada.end(), await bob.end()], [0, 0]);
});

Deno.test("the program of README.md runs", async () => {
  const { server, address } = await serve();
  await using _server = server;
  const code = piece("ts", "Space.open").replace("./mod.ts", new URL("mod.ts", root).href)
    .replace('"127.0.0.1", 8000', `"127.0.0.1", ${address.split(":")[1]}`);
  const directory = await Deno.makeTempDir();
  try {
    const file = `${directory}/robot.ts`;
    await Deno.writeTextFile(file, code);
    const { code: exitCode, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--check", "--config", new URL("deno.json", root).pathname, "--allow-net", file],
    }).output();
    const output = new TextDecoder().decode(stdout);
    assertEquals(exitCode, 0, new TextDecoder().decode(stderr));
    assertStringIncludes(output, 'kind: "durable"');
    assertStringIncludes(output, '[ "seen/robot.txt" ] A robot was here.\n');
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("README.md leads to files that are there", async () => {
  for (const [, path] of readme.matchAll(/\]\((?!https:)([^)#]+)/g)) {
    assert((await Deno.stat(new URL(path!, root))).isFile, path);
  }
});
