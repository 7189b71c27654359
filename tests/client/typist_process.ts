/**
 * An application that types while it cannot send, says so, and goes on for ever: to be killed.
 *
 *     deno run -A tests/client/typist_process.ts PORT FILE
 *
 * @module
 */

import { FileUnsentStore, Space } from "../../mod.ts";
import { Line } from "./line.ts";

const [port, path] = Deno.args;
const line = new Line(Number(port));
const store = new FileUnsentStore(path!);
const space = await Space.open({ dial: line.dial, workspace: "w", name: "Killed", unsent: store });
line.down();
while (space.status.phase !== "offline") await new Promise((resolve) => setTimeout(resolve, 1));
for (const word of ["typed ", "by ", "a process that was killed"]) {
  space.insert("a.txt", space.read("a.txt").length, word);
}
while (JSON.stringify(await store.load())?.includes("killed") !== true) {
  await new Promise((resolve) => setTimeout(resolve, 1));
}
console.log("typed");
