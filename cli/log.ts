/**
 * `deno task log`: looks at the data of a server, and after it, while it runs or not.
 *
 * The task has all permissions: with fewer, Deno lets no database be attached to another, and so none be copied or
 * written anew.
 *
 * @module
 */

import { Command, exitsHelp, wholeNumber, wrongUsage } from "./command.ts";
import { exportTo } from "./log_export.ts";
import { importFrom } from "./log_import.ts";
import * as look from "./log_look.ts";
import * as tend from "./log_tend.ts";
import { verify } from "./log_verify.ts";
import { moment, retention, span } from "./log_words.ts";

/** A command with what all of them are told. */
function command<Name extends string>(name: Name, description: string) {
  return new Command(name)
    .description(description)
    .option("--data <dir>", "the folder with the data of the server", "./data")
    .option("--json", "write JSON, for programs")
    .exitOverride(({ exitCode }) => Deno.exit(exitCode === 0 ? 0 : wrongUsage));
}

const yes = ["--yes", "do it: this cannot be taken back"] as const;
const at = ["--at <moment>", "as it was at a revision or time; without this, as it is", moment] as const;
const glob = ["--glob <globs...>", "only files like these: *, **, ?, [a-z], {one,two}"] as const;
const by = ["--name <name>", "who is said to have made the change", "log"] as const;

const commands = [
  command("ls", "List the workspaces.").action((options) => tend.list(options)),
  command("stats", "Say how large a workspace is, or all of them.").argument("[WORKSPACE]")
    .action((workspace, options) => tend.stats(workspace, options)),
  command("show", "Say what entries of the log do.").argument("<WORKSPACE>")
    .argument("[ENTRIES]", "revisions: 12, 12-20, 12- or -20; the newest 100 if left out", span)
    .option("--author <name...>", "only what people of these names did")
    .option("--task <name...>", "only what was done for these tasks")
    .action((workspace, entries, options) => look.show(workspace, entries, options)),
  command("files", "List the files, and how long they are.").argument("<WORKSPACE>").argument("[PATHS...]")
    .option(...at).option(...glob)
    .action((workspace, paths, options) => look.files(workspace, paths, options)),
  command("cat", "Write what files say.").argument("<WORKSPACE>").argument("<PATHS...>")
    .option(...at).option(...glob)
    .action((workspace, paths, options) => look.cat(workspace, paths, options)),
  command("diff", "Show what is different between two revisions.").argument("<WORKSPACE>").argument(
    "[PATHS...]",
  )
    .requiredOption("--from <moment>", "the earlier revision or time; 0 is the empty workspace", moment)
    .option(...at).option(...glob)
    .option("--context <lines>", "lines around each difference", wholeNumber(0, 100), 3)
    .action((workspace, paths, options) => look.diff(workspace, paths, options)),
  command("changes", "List the files that were touched, and by whom.").argument("<WORKSPACE>")
    .argument("[PATHS...]")
    .requiredOption("--from <moment>", "since which revision or time", moment)
    .option(...at).option(...glob)
    .action((workspace, paths, options) => look.changes(workspace, paths, options)),
  command("blame", "Say who wrote each line of a file, and when.").argument("<WORKSPACE>").argument("<PATH>")
    .option(...at)
    .option("--from <moment>", "look back no further than this", moment)
    .action((workspace, path, options) => look.blame(workspace, path, options)),
  command("search", "Find a text in files, line by line.").argument("<WORKSPACE>").argument("<PATTERN>")
    .argument("[PATHS...]")
    .option("--regexp", "the pattern is a regular expression of RE2")
    .option("--ignore-case", "take small and capital letters for the same")
    .option(...at).option(...glob)
    .action((workspace, pattern, paths, options) => look.search(workspace, pattern, paths, options)),
  command("verify", "Look whether everything is whole, and follows from what its authors signed.").argument(
    "[WORKSPACE]",
  )
    .option("--signers <file>", "who may sign as whom: lines with a key, a space, and a name")
    .action((workspace, options) => verify(workspace, options)),
  command("export", "Write a workspace into a folder or a tar file.").argument("<WORKSPACE>")
    .argument("<TARGET>", "an empty or new folder, or a new file that ends in .tar")
    .option(...at)
    .action((workspace, target, options) => exportTo(workspace, target, options)),
  command("import", "Take a folder into a workspace, as one change.").argument("<WORKSPACE>").argument(
    "<FOLDER>",
  )
    .option(...by)
    .action((workspace, folder, options) => importFrom(workspace, folder, options)),
  command("revert", "Take a file, a directory or everything back to how it was, as a new change.")
    .argument("<WORKSPACE>").argument("[PATH]", "everything, if left out", "")
    .requiredOption("--to <moment>", "the revision or time", moment)
    .option("--yes", "do it")
    .option(...by)
    .action((workspace, path, options) => tend.revert(workspace, path, options)),
  command("backup", "Write all workspaces, as they are at one moment, into a new file.").argument("<FILE>")
    .action((file, options) => tend.backup(file, options)),
  command("restore", "Put workspaces back as they are in a backup.").argument("<FILE>").argument(
    "[WORKSPACE]",
  )
    .option(...yes)
    .action((file, workspace, options) => tend.restore(file, workspace, options)),
  command("delete", "Delete a workspace with all its history.").argument("<WORKSPACE>")
    .option(...yes)
    .action((workspace, options) => tend.remove(workspace, options)),
  command("rename", "Give a workspace another name.").argument("<WORKSPACE>").argument("<NAME>")
    .action((workspace, name, options) => tend.rename(workspace, name, options)),
  command("copy", "Make a workspace that is the same, with all its history.").argument("<WORKSPACE>")
    .argument("<NAME>")
    .action((workspace, name, options) => tend.copy(workspace, name, options)),
  command("purge", "Take a secret, which is read from standard input, out of all history for good.")
    .argument("<WORKSPACE>").option(...yes)
    .action((workspace, options) => tend.purge(workspace, options)),
  command("compact", "Pack old entries, and give room back.")
    .option(
      "--retain <what>",
      "how much history stays: all, an age like 30d, or a number of entries",
      retention,
      {
        kind: "all" as const,
      },
    )
    .option(...yes)
    .action((options) => tend.compact(options)),
];

export const logCommand = new Command("log")
  .description("Look at the log of a server, and look after it.")
  .addHelpText(
    "after",
    `
A moment is a revision (120), a time (2026-01-31T12:00:00Z), or an age (90m, 3d).
All of it may be done while a server runs on the data.

Examples:
  deno task log ls
  deno task log show main 100-120
  deno task log diff main --from 1d -- src
  deno task log verify main --signers signers.txt
  deno task log export main monday.tar --at 2026-02-02T08:00:00Z
  printf 'the password' | deno task log purge main --yes
`,
  )
  .addHelpText(
    "afterAll",
    exitsHelp({
      0: "done",
      1: "something is damaged or forged, or nothing was found",
      2: "wrong usage, or --yes is missing",
      3: "the data, or a file, cannot be read or written",
      4: "no such workspace, revision or path, or there is one already",
    }),
  );
for (const each of commands) logCommand.addCommand(each as unknown as Command);
