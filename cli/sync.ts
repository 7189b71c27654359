/**
 * `deno task sync`: keeps a local folder and a workspace the same, both ways.
 *
 * @module
 */

import { type Discarded, FolderError, type FolderOptions, SyncedFolder, Trash } from "../sync/mod.ts";
import { caOption, dialOf, reached, tlsOption, tokenFileOption, tokenOf } from "./access.ts";
import { harmless, wordOf } from "./client_words.ts";
import { Command, exitsHelp, oneOf, wrongUsage } from "./command.ts";
import { signing, signOption } from "./signing_key.ts";
import { newsReport, questionReport, trashReport } from "./sync_report.ts";

/** How long connecting may take at the start. */
const patienceMs = 10_000;
/** How it exits if a question was not agreed to, or there was nobody to ask. */
const stoppedCode = 3;

const restoreCommand = new Command("restore")
  .description("Show what is in the trash of a folder, or bring some of it back.")
  .argument("DIR", "the folder")
  .argument("[PATH...]", "what to bring back, as it was put into the trash last")
  .option("--time <time>", "as it was put there at this time, or the last time before it")
  .addHelpText(
    "after",
    `
What is at a path when something is brought back to it goes into the trash itself.
${exitsHelp({ 0: "fine", 1: "something could not be brought back", 2: "wrong usage" })}`,
  )
  .action((directory, paths, { time }) => Deno.exit(restore(directory, paths, time)));

export const syncCommand = new Command("sync")
  .description("Keep a local folder and a workspace the same, both ways.")
  .argument("[DIR]", "the folder, which is made if it is not there")
  .argument("[SERVER]", "the server: HOST:PORT, or ws://HOST:PORT for WebSocket", "127.0.0.1:8000")
  .argument("[WORKSPACE]", "the workspace, which is made if it is new", "main")
  .option("--name <name>", "who you are to the others (default: your user name)")
  .addOption(tokenFileOption)
  .option(...signOption)
  .addOption(tlsOption)
  .addOption(caOption)
  .option("--yes", "do the plan of a first run without asking")
  .option(
    "--deletions <answer>",
    "when many files are gone on one side: ask, delete them on the other too, or restore them",
    oneOf("ask", "delete", "restore"),
    "ask" as const,
  )
  .option("--once", "end as soon as both sides are the same")
  .option("--quiet", "print warnings and questions only")
  .addCommand(restoreCommand)
  .addHelpText(
    "after",
    `
What .gitignore files name stays outside. What is overwritten or deleted in the folder goes to its trash, for 30 days.

Examples:
  deno task sync notes                                  with the workspace main on this machine
  deno task sync src 10.0.0.5:8000 project --yes        without being asked
  deno task sync restore notes                          what is in the trash
  deno task sync restore notes todo.txt                 bring it back
${
      exitsHelp({
        0: "ended by Ctrl-C, or done with --once",
        1: "cannot connect, or had to end",
        2: "wrong usage",
        3: "stopped at a question",
      })
    }`,
  )
  .action(async (directory, address, workspace, options) => {
    if (directory === undefined) {
      console.error("Say which folder: deno task sync DIR");
      Deno.exit(wrongUsage);
    }
    const dial = await dialOf(address, options), token = await tokenOf(options);
    const name = options.name ?? Deno.env.get("USER") ?? Deno.env.get("USERNAME") ?? "somebody";
    const print = (lines: readonly string[]) => lines.forEach((line) => console.log(line));
    let isFirst = true;
    Deno.exit(
      await run({
        directory,
        dial,
        workspace,
        name: `${name} (folder)`,
        ...token === undefined ? {} : { token },
        openTimeoutMs: patienceMs,
        ...signing(options.sign),
        ask: (question) => {
          console.log(questionReport(question, directory, workspace));
          if (question.kind === "first") {
            return Promise.resolve(options.yes || agreed("Go on?") ? "go on" : "stop");
          }
          if (options.deletions === "delete") return Promise.resolve("go on");
          if (options.deletions === "restore") return Promise.resolve("bring back");
          return Promise.resolve(deletionsAnswer());
        },
        tell: (news) => {
          if (news.kind === "same" && isFirst) {
            isFirst = false;
            const where = `${wordOf(workspace)} at ${harmless(address)}`;
            console.log(`${wordOf(directory)} and ${where} are the same. Ctrl-C ends this.`);
          } else if (news.kind === "warn" || news.kind === "connection") {
            for (const line of newsReport(news)) console.error(line);
          } else if (options.quiet !== true) print(newsReport(news));
        },
      }, options.once === true),
    );
  });

/** Runs until it has ended; gives the exit code. */
async function run(options: FolderOptions, once: boolean): Promise<number> {
  let folder: SyncedFolder;
  try {
    SyncedFolder.expectFolder(options.directory);
    folder = await SyncedFolder.open({ ...options, dial: await reached(options.dial, patienceMs) });
  } catch (error) {
    const reason = harmless(error instanceof Error ? error.message : String(error));
    console.error(
      error instanceof FolderError ? reason : `Cannot synchronise ${wordOf(options.directory)}: ${reason}`,
    );
    return 1;
  }
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    if (signal === "SIGTERM" && Deno.build.os === "windows") continue;
    Deno.addSignalListener(signal, () => void folder.close());
  }
  if (once) folder.same().then(() => folder.close());
  const end = await folder.ended;
  if (end.kind === "failed") {
    console.error(harmless(end.reason));
    return 1;
  }
  if (end.kind === "stopped") {
    console.error("Stopped: nothing of this was done.");
    return stoppedCode;
  }
  return 0;
}

/** Whether somebody who sits here says yes. */
function agreed(question: string): boolean {
  if (!Deno.stdin.isTerminal()) {
    console.error("There is nobody to ask: say --yes to go on.");
    return false;
  }
  return confirm(question);
}

function deletionsAnswer(): "go on" | "bring back" | "stop" {
  if (!Deno.stdin.isTerminal()) {
    console.error("There is nobody to ask: say --deletions delete, or --deletions restore.");
    return "stop";
  }
  const answer = prompt("Delete them there too (d), bring them back here (b), or stop (s)?", "s");
  return answer === "d" ? "go on" : answer === "b" ? "bring back" : "stop";
}

/** Shows what is in the trash, or brings it back; gives the exit code. */
function restore(directory: string, paths: readonly string[], time: string | undefined): number {
  const trash = new Trash(directory);
  const all = trash.list();
  if (paths.length === 0) {
    console.log(all.length === 0 ? "The trash is empty." : trashReport(all));
    return 0;
  }
  let code = 0;
  for (const path of paths) {
    const wanted = path.replace(/\/$/, "");
    const isMeant = (each: Discarded) => time === undefined || each.time <= `${time}~`;
    const newest = all.filter((each) => each.path === wanted && isMeant(each)).slice(0, 1);
    const below = newestOfEach(all.filter((each) => each.path.startsWith(`${wanted}/`) && isMeant(each)));
    const found = newest.length > 0 ? newest : below;
    if (found.length === 0) {
      console.error(`${wordOf(path)} is not in the trash.`);
      code = 1;
    }
    for (const each of found) {
      try {
        trash.restore(each);
        console.log(`${wordOf(each.path)} is back, as it was at ${each.time}`);
      } catch (error) {
        console.error(harmless(error instanceof Error ? error.message : String(error)));
        code = 1;
      }
    }
  }
  return code;
}

function newestOfEach(all: readonly Discarded[]): Discarded[] {
  const newest = new Map<string, Discarded>();
  for (const each of all) if (!newest.has(each.path)) newest.set(each.path, each);
  return [...newest.values()];
}
