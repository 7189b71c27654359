/**
 * A process that appends to the log in a folder until it is killed, and says on its output what was acknowledged:
 * a line for each revision.
 *
 * @module
 */

import { State } from "../../server/core/mod.ts";
import { SqliteLog } from "../../server/sqlite/mod.ts";
import { typedLog } from "../format/arbitrary_log.ts";

const folder = Deno.args[0]!;
const { entries } = typedLog(30_000);
const log = await SqliteLog.open({ folder });
const logged = await log.load("paper");
let state = logged.checkpoint === undefined ? State.empty : State.restore(logged.checkpoint);
for (const entry of logged.entries) state = state.apply(entry);
let checkpointing: Promise<void> | undefined;
while (state.revision < entries.length) {
  const some = entries.slice(state.revision, state.revision + 1 + (state.revision * 31) % 12);
  const { stored } = await log.append("paper", state.revision, some);
  if (!stored) throw new Error("there is nobody else who could have appended");
  for (const entry of some) state = state.apply(entry);
  Deno.stdout.writeSync(new TextEncoder().encode(`${state.revision}\n`));
  checkpointing ??= log.checkpoint("paper", state).finally(() => checkpointing = undefined);
}
