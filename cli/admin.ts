/**
 * `deno task admin`: looks after a server that runs, over the protocol: who is here, which workspaces there are, who has
 * to go, which limits hold, and what is being changed.
 *
 * @module
 */

import { GlobError, Globs } from "../ot/mod.ts";
import type { AdminItem, AdminQuestion, ChangeItem, LimitSetting } from "../proto/mod.ts";
import { type Access, caOption, dialOf, tlsOption, tokenFileOption, tokenOf } from "./access.ts";
import { AdminError, type AdminLineOptions, ask } from "./admin_line.ts";
import { clientsReport, kickReport, limitsReport, tailLine, workspacesReport } from "./admin_report.ts";
import { harmless } from "./client_words.ts";
import { Command, exitsHelp, InvalidArgumentError, wholeNumber, wrongUsage } from "./command.ts";
import { duration } from "./log_words.ts";

/** What all of its commands are told. */
interface AdminOptions extends Access {
  readonly server: string;
  readonly json?: true;
}

const adminExits = { done: 0, failed: 1 } as const;

const columns = `
number      of the connection, for kick --connection
site        of the session; ids that it has made begin with it
revision    up to which it has been sent the entries, and how many it is behind
queued      answers that wait until it takes what it was sent before
in flight   changes that are not settled yet
last change the seq of the newest one that is in the log`;

const kickHelp = `
All that is said has to hold. What they have been acknowledged is in the log; what they have not stays with them as
unsent. Their clients do not connect again by themselves: somebody has to, by hand.

With --for nobody of that name comes in for so long; said again, the later word holds, so that --for 1s lets them in.
Without tokens a name is what somebody calls themselves: then revoke nothing, but ask for tokens.

Examples:
  deno task admin kick Mallory --for 1h
  deno task admin kick --workspace main --site 12
  deno task admin kick --workspace main              everybody in it`;

const limitsHelp = `
Durations are in milliseconds, lengths in UTF-16 code units, sizes in bytes. What is set holds at once, for those who
are connected as well, and until the server ends: what it is to begin with next time, deno task serve is told.
Clients learn new limits when they connect again; until then they are refused by name what is over a limit.

Example:
  deno task admin limits changes_per_second.human=50 clients=200`;

const tailHelp = `
A line says when, which workspace and revision, who, and what: each file with what was done in the tree, and how much
was typed (+) and removed (-), in UTF-16 code units. Paths are those of now. With --json it is a JSON object a line.
Your token shows its paths by what it lets you read, as in read:**; others are counted. Entries are shown from memory:
for older ones there is deno task log show.`;

/** A command with what all of them are told. */
function command<Name extends string>(name: Name, description: string) {
  return new Command(name)
    .description(description)
    .option("--server <address>", "HOST:PORT, or ws://HOST:PORT for WebSocket", "127.0.0.1:8000")
    .addOption(tokenFileOption)
    .addOption(tlsOption)
    .addOption(caOption)
    .option("--json", "write JSON, for programs")
    .exitOverride(({ exitCode }) => Deno.exit(exitCode === 0 ? adminExits.done : wrongUsage));
}

const commands = [
  command("workspaces", "List the workspaces: those in memory with how large they are, and those asleep.")
    .action((options) =>
      list(options, { kind: "workspaces" }, (items) => workspacesReport(only(items, "workspace")))
    ),
  command("clients", "List who is connected, to all workspaces or to one.")
    .argument("[WORKSPACE]", "the workspace; all of them if left out")
    .addHelpText("after", columns)
    .action((workspace = "", options) =>
      list(
        options,
        { kind: "clients", workspace },
        (items) => clientsReport(only(items, "client"), Date.now()),
      )
    ),
  command("kick", "End connections: by name, by site, by number, or all of a workspace.")
    .argument("[NAME]", "who; names under it too, as Ada/bot is under Ada")
    .option("--workspace <name>", "only in this workspace")
    .option("--site <number>", "only this site", wholeNumber(1, 2 ** 32 - 1))
    .option(
      "--connection <number>",
      "only the connection of this number",
      wholeNumber(1, Number.MAX_SAFE_INTEGER),
    )
    .option(
      "--for <duration>",
      "let nobody of that name in again for so long: 90s, 15m, 12h, 30d",
      duration,
    )
    .addHelpText("after", kickHelp)
    .action(async (name = "", { workspace = "", site = 0, connection = 0, for: holdMs = 0, ...options }) => {
      if (name === "" && workspace === "" && site === 0 && connection === 0) {
        console.error("Say who: a NAME, --workspace, --site or --connection.");
        Deno.exit(wrongUsage);
      }
      await kick(options, { kind: "kick", workspace, site, name, connection, holdMs });
    }),
  command("limits", "Show the limits that hold, or set some.")
    .argument("[NAME=VALUE...]", "what to set, all of it or nothing", settings)
    .addHelpText("after", limitsHelp)
    .action((settings = [], options) =>
      list(options, { kind: "limits", settings }, (items) => {
        const note = settings.length === 0 ? "" : "\nSet. This holds until the server ends.";
        return limitsReport(only(items, "limit")) + note;
      })
    ),
  command("tail", "Show what is changed, entry by entry, until Ctrl-C.")
    .argument("[WORKSPACE]", "the workspace; all of them, those opened later too, if left out")
    .option("--from <revision>", "of the workspace, begin with this entry", wholeNumber(1, 2 ** 50))
    .option("--glob <globs...>", "only files like these: *, **, ?, [a-z], {one,two}")
    .addHelpText("after", tailHelp)
    .action(async (workspace = "", { from = 0, glob, ...options }) => {
      if (from > 0 && workspace === "") {
        console.error("Revisions are counted in each workspace: say which one --from is about.");
        Deno.exit(wrongUsage);
      }
      await tail(options, { kind: "tail", workspace, from }, glob);
    }),
];

export const adminCommand = new Command("admin")
  .description("Look after a server that runs: clients, workspaces, limits, what is changed.")
  .addHelpText(
    "after",
    `
A server that asks for tokens asks for one with the capability admin here, in each token that it was made from as
well. A token for some workspaces looks after these alone; limits are for one that is for all.

Examples:
  deno task token make --tokens tokens.json --name Root admin > root.token
  deno task admin clients --token-file root.token
  deno task admin kick Mallory --for 1h
  deno task admin limits clients=200 changes_per_second.agent=500
  deno task admin tail main --glob "src/**" --json`,
  )
  .addHelpText(
    "afterAll",
    exitsHelp({
      0: "done",
      1: "cannot connect, the server refused, the connection was lost, or nobody was there to be ended",
      2: "wrong usage",
    }),
  );
for (const each of commands) adminCommand.addCommand(each as unknown as Command);

/** Asks something, and prints the whole answer. */
async function list(
  options: AdminOptions,
  question: AdminQuestion,
  report: (items: readonly AdminItem[]) => string,
): Promise<void> {
  await speaking(options, async (line) => {
    const items = await all(question, line);
    console.log(options.json === true ? jsonOf(items) : report(items));
  });
}

async function kick(options: AdminOptions, question: AdminQuestion & { kind: "kick" }): Promise<void> {
  await speaking(options, async (line) => {
    const items = only(await all(question, line), "client");
    if (options.json === true) console.log(jsonOf(items));
    else if (items.length > 0) console.log(kickReport(items));
    const isKept = question.holdMs > 0 && question.name !== "";
    if (items.length > 0 || isKept) {
      if (items.length === 0) console.error("Nobody of that name was connected; they are kept out.");
      return;
    }
    console.error("Nobody was connected who is meant: deno task admin clients lists who is.");
    Deno.exitCode = adminExits.failed;
  });
}

async function tail(
  options: AdminOptions,
  question: AdminQuestion & { kind: "tail" },
  globs: readonly string[] | undefined,
): Promise<void> {
  const filter = filterOf(globs);
  await speaking(options, async (line) => {
    const stop = new AbortController();
    Deno.addSignalListener("SIGINT", () => stop.abort());
    if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", () => stop.abort());
    for await (const items of ask(question, { ...line, signal: stop.signal })) {
      for (const item of items) {
        if (item.kind !== "change" && item.kind !== "missed") continue;
        const shown = item.kind === "change" ? filter(item) : item;
        if (shown !== undefined) console.log(options.json === true ? JSON.stringify(shown) : tailLine(shown));
      }
    }
  });
}

/** Leaves in an entry the files that are like some globs; undefined if there is none. */
function filterOf(globs: readonly string[] | undefined): (item: ChangeItem) => ChangeItem | undefined {
  if (globs === undefined) return (item) => item;
  let compiled: Globs;
  try {
    compiled = new Globs(globs);
  } catch (error) {
    if (!(error instanceof GlobError)) throw error;
    console.error(error.message);
    Deno.exit(wrongUsage);
  }
  return (item) => {
    const files = item.files.filter(({ path }) => compiled.match(path));
    return files.length === 0 ? undefined : { ...item, files, others: 0 };
  };
}

/** Finds out how to speak to the server, and says on standard error what could not be done. */
async function speaking(
  options: AdminOptions,
  work: (line: AdminLineOptions) => Promise<void>,
): Promise<void> {
  const dial = await dialOf(options.server, options);
  const token = await tokenOf(options);
  try {
    await work({ dial, token });
  } catch (error) {
    if (!(error instanceof AdminError)) throw error;
    console.error(`${harmless(error.message)} (${harmless(error.code)})`);
    Deno.exitCode = adminExits.failed;
  }
}

async function all(question: AdminQuestion, line: AdminLineOptions): Promise<AdminItem[]> {
  const items: AdminItem[] = [];
  for await (const some of ask(question, line)) items.push(...some);
  return items;
}

function only<K extends AdminItem["kind"]>(
  items: readonly AdminItem[],
  kind: K,
): (AdminItem & { kind: K })[] {
  return items.filter((item): item is AdminItem & { kind: K } => item.kind === kind);
}

function jsonOf(items: readonly AdminItem[]): string {
  return JSON.stringify(items.map(({ kind: _, ...item }) => item), undefined, 2);
}

/** Reads one more limit that is to be set. */
function settings(text: string, before: readonly LimitSetting[] = []): readonly LimitSetting[] {
  const [, name, value] = /^([a-z_.]+)=(\d{1,15})$/.exec(text) ?? [];
  if (name === undefined) {
    throw new InvalidArgumentError("Give a limit and a whole number, like clients=200.");
  }
  return [...before, { name, value: Number(value) }];
}
