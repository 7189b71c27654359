/**
 * All commands, as one program.
 *
 * @module
 */

import { adminCommand } from "./admin.ts";
import { clientCommand } from "./client.ts";
import { type Command, program } from "./command.ts";
import { completionCommand } from "./completion.ts";
import { exploreCommand } from "./explore.ts";
import { logCommand } from "./log.ts";
import { mcpCommand } from "./mcp.ts";
import { mutantsCommand } from "./mutants.ts";
import { replayCommand } from "./replay.ts";
import { serveCommand } from "./serve.ts";
import { simCommand } from "./sim.ts";
import { syncCommand } from "./sync.ts";
import { tokenCommand } from "./token.ts";
import { tortureCommand } from "./torture.ts";

/** What is called as `deno task NAME`. */
export const distSpace: Command = program("deno task", "A workspace that people and agents edit at once.", [
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
  completionCommand,
]);
