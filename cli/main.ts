/**
 * The command line: each command is a file of its own, and a task in deno.json. What they need of the library that reads
 * arguments stands in command.ts.
 *
 * @module
 */

import { distSpace } from "./commands.ts";

await distSpace.parseAsync(Deno.args, { from: "user" });
