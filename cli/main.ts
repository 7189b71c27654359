/**
 * The command line: each command is a file of its own, and a task in deno.json. What they need of the library that reads
 * arguments stands in command.ts.
 *
 * @module
 */

import { adminCommand } from "./admin.ts";
import { clientCommand } from "./client.ts";
import { program } from "./command.ts";
import { exploreCommand } from "./explore.ts";
import { logCommand } from "./log.ts";
import { mcpCommand } from "./mcp.ts";
import { mutantsCommand } from "./mutants.ts";
import { replayCommand } from "./replay.ts";
import { serveCommand } from "./serve.ts";
import { simCommand } from "./sim.ts";
import { tokenCommand } from "./token.ts";
import { syncCommand } from "./sync.ts";
import { tortureCommand } from "./torture.ts";

await program("dist-space", "A workspace that people and agents edit at once.", [
  serveCommand,
  clientCommand,
  mcpCommand,
  syncCommand,
  logCommand,
  replayCommand,
  exploreCommand,
  simCommand,
  adminCommand,
  tokenCommand,
  tortureCommand,
  mutantsCommand,
]).parseAsync(Deno.args, { from: "user" });
