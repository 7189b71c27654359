/**
 * A process that opens the log in a folder as a server does when it starts, and prints how many milliseconds it took
 * until the state of a workspace was there to be served: in all, and to open the database alone.
 *
 * @module
 */

import { State } from "../server/core/mod.ts";
import { SqliteLog } from "../server/sqlite/mod.ts";
import { workspace } from "./storage_log.ts";

const begun = performance.now();
const log = await SqliteLog.open({ folder: Deno.args[0]! });
const opened = performance.now();
const { checkpoint, entries } = await log.load(workspace);
let state = checkpoint === undefined ? State.empty : State.restore(checkpoint);
for (const entry of entries) state = state.apply(entry);
const done = performance.now();
console.log(JSON.stringify({ openMs: opened - begun, totalMs: done - begun, revision: state.revision }));
await log.close();
