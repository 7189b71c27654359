/**
 * A program for Node that takes part in a workspace, with the package of the SDK: `node robot.js HOST PORT`.
 *
 * It makes a file, changes it while others may do so too, looks at what was there before, and says what came of it.
 *
 * @module
 */

import { type Outcome, Space, tcp } from "@dist-space/space";

/** As much of Node as is used here. */
declare const process: { readonly argv: readonly string[] };

const [, , hostname = "127.0.0.1", port = "8000"] = process.argv;
const dial = tcp(hostname, Number(port));
const space = await Space.open({ dial, workspace: "main", name: "Robot", kind: "agent" });

const made: Outcome = await space.create("robot.txt", "I was here 😀\r\n").settled;
console.log(made.kind);
await space.atomically((draft) => {
  draft.replace("robot.txt", 0, 1, "A robot");
  draft.move("robot.txt", "seen/robot.txt");
}).settled;
console.log(space.files().map(({ path }) => path).join(), space.read("seen/robot.txt"));
await space.close();
