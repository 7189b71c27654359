/**
 * Files that can be executed, by way of the SDK, over real sockets.
 *
 * @module
 */

import { Space, SpaceError, tcp } from "../../client/mod.ts";
import { assertEquals, assertThrows } from "../assert.ts";
import { LiveServer } from "../server/live_server.ts";

function open(server: LiveServer, name: string): Promise<Space> {
  return Space.open({ dial: tcp("127.0.0.1", server.port), workspace: "demo", name });
}

async function caughtUp(space: Space, other: Space): Promise<void> {
  while (space.revision < other.revision) await new Promise((resolve) => setTimeout(resolve, 5));
}

function modeOf(space: Space, path: string): true | undefined {
  return space.find(path)?.executable;
}

Deno.test("what one makes executable is so to the others, with news of it, and to those who come later", async () => {
  await using server = new LiveServer();
  const ada = await open(server, "Ada"), ben = await open(server, "Ben");
  ada.create("run.sh", "#!/bin/sh\n");
  await ada.writeBytes("tool", new Uint8Array([0, 1])).settled;
  await caughtUp(ben, ada);
  const news: unknown[] = [];
  ben.on("tree", ({ changes }) => {
    for (const { before, after } of changes) news.push([before?.executable, after?.executable]);
  });
  ada.setExecutable("run.sh", true);
  await ada.setExecutable("tool", true).settled;
  await caughtUp(ben, ada);
  assertEquals(news, [[undefined, true], [undefined, true]]);
  const cay = await open(server, "Cay");
  for (const space of [ada, ben, cay]) {
    assertEquals([modeOf(space, "run.sh"), modeOf(space, "tool")], [true, true]);
    assertEquals(space.files().map(({ executable }) => executable), [true, true]);
  }
  await Promise.all([ada.close(), ben.close(), cay.close()]);
});

Deno.test("undo takes back that a file was made executable, unless others have done so, and redo does it again", async () => {
  await using server = new LiveServer();
  const ada = await open(server, "Ada"), ben = await open(server, "Ben");
  await ada.create("run.sh", "x").settled;
  await ada.setExecutable("run.sh", true).settled;
  await ada.undo()!.settled;
  assertEquals(modeOf(ada, "run.sh"), undefined);
  await ada.redo()!.settled;
  assertEquals(modeOf(ada, "run.sh"), true);
  await caughtUp(ben, ada);
  await ben.setExecutable("run.sh", false).settled;
  await caughtUp(ada, ben);
  ada.undo();
  await ada.settled();
  await caughtUp(ben, ada);
  assertEquals([modeOf(ada, "run.sh"), modeOf(ben, "run.sh")], [undefined, undefined]);
  await Promise.all([ada.close(), ben.close()]);
});

Deno.test("the past knows when a file could be executed, and going back to it makes it so again", async () => {
  await using server = new LiveServer();
  const ada = await open(server, "Ada");
  await ada.create("run.sh", "one").settled;
  await ada.setExecutable("run.sh", true).settled;
  const { revision } = ada;
  await ada.setExecutable("run.sh", false).settled;
  const { nodes } = await ada.past.tree({ at: revision });
  assertEquals(nodes.map(({ executable }) => executable), [true]);
  const { files } = await ada.past.diff(revision);
  assertEquals(files[0]!.patch, "diff --git a/run.sh b/run.sh\nold mode 100755\nnew mode 100644\n");
  await ada.revert("run.sh", revision).then(({ settled }) => settled);
  assertEquals([modeOf(ada, "run.sh"), ada.read("run.sh")], [true, "one"]);
  await ada.close();
});

Deno.test("a file that becomes binary, and text again, can be executed as before", async () => {
  await using server = new LiveServer();
  const ada = await open(server, "Ada");
  ada.create("tool", "#!/bin/sh\n");
  ada.setExecutable("tool", true);
  ada.writeBytes("tool", new Uint8Array([0, 1]));
  assertEquals([ada.find("tool")?.kind, modeOf(ada, "tool")], ["blob", true]);
  await ada.write("tool", "x").settled;
  assertEquals([ada.find("tool")?.kind, modeOf(ada, "tool")], ["text", true]);
  await ada.close();
});

Deno.test("a directory cannot be made executable, nor can what is not there", async () => {
  await using server = new LiveServer();
  const ada = await open(server, "Ada");
  ada.createDirectory("bin");
  const codeOf = (path: string) => assertThrows(() => ada.setExecutable(path, true), SpaceError).code;
  assertEquals([codeOf("bin"), codeOf("none"), codeOf("")], ["not_executable", "not_found", "root_is_fixed"]);
  await ada.close();
});
