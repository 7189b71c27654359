/**
 * The command line: `deno task serve`, `client`, `replay`. Each command is a file of its own; what they need of
 * the library that reads arguments stands in command.ts.
 *
 * @module
 */

import { clientCommand } from "./client.ts";
import { program } from "./command.ts";
import { replayCommand } from "./replay.ts";
import { serveCommand } from "./serve.ts";

await program("dist-space", "A workspace that people and agents edit at once.", [
  serveCommand,
  clientCommand,
  replayCommand,
]).parseAsync(Deno.args, { from: "user" });
