/**
 * How every command of `deno task log` runs and ends: what it opens is closed, and what it cannot do is one sentence and
 * an exit code.
 *
 * @module
 */

import { codes } from "../proto/mod.ts";
import { HistoryError, RecentHistory } from "../server/history/mod.ts";
import { DataError, LogTools, SqliteReader } from "../server/sqlite/mod.ts";
import { wordOf } from "./client_words.ts";
import { wrongUsage } from "./command.ts";

/** What all commands are told. */
export interface LogOptions {
  /** The folder that the server was told. */
  readonly data: string;
  /** For programs: JSON. */
  readonly json?: true | undefined;
}

export const logExitCodes = {
  done: 0,
  /** Something is damaged, or nothing was found. */
  found_wanting: 1,
  wrong_usage: wrongUsage,
  /** The data, or a file, cannot be read or written. */
  unreadable: 3,
  /** There is no such workspace, revision or path, or there is one already. */
  no_such_thing: 4,
};

/** Thrown for what was asked and cannot be done, with a sentence. */
export class LogError extends Error {
  override readonly name = "LogError";

  constructor(readonly code: string, message: string, readonly exitCode: number = logExitCodes.unreadable) {
    super(message);
  }
}

const noSuchThing = new Set(["unknown_workspace", "workspace_exists", "unknown_revision", "bad_secret"]);

/** Does `work` with the tools for the data. What it gives is printed, or, with `--json`, written as JSON. */
export async function withTools<Result>(
  { data, json }: LogOptions,
  work: (tools: LogTools) => Result | Promise<Result>,
  print: (result: Result) => void,
): Promise<void> {
  await reporting(json, async () => {
    checkFolder(data);
    const tools = new LogTools(data);
    try {
      show(json, await work(tools), print);
    } finally {
      tools.close();
    }
  });
}

/** Does `work` with the past of a workspace. */
export async function withHistory<Result>(
  { data, json }: LogOptions,
  workspace: string,
  work: (source: RecentHistory) => Result | Promise<Result>,
  print: (result: Result) => void,
): Promise<void> {
  await reporting(json, async () => {
    checkFolder(data);
    const reader = new SqliteReader(data, workspace);
    try {
      show(json, await work(new RecentHistory(reader)), print);
    } finally {
      reader.close();
    }
  });
}

function checkFolder(data: string): void {
  try {
    if (Deno.statSync(data).isDirectory) return;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  throw new LogError(
    "no_data",
    `There is no folder ${wordOf(data)}: say with --data which one the server uses.`,
  );
}

function show<Result>(json: true | undefined, result: Result, print: (result: Result) => void): void {
  if (json === true) console.log(JSON.stringify(result));
  else print(result);
}

async function reporting(json: true | undefined, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { code, message, exitCode } = problemOf(error);
    if (json === true) console.log(JSON.stringify({ error: { code, message } }));
    else console.error(message);
    Deno.exitCode = exitCode;
  }
}

function problemOf(
  error: unknown,
): { readonly code: string; readonly message: string; readonly exitCode: number } {
  const { unreadable, no_such_thing } = logExitCodes;
  if (error instanceof HistoryError) {
    return { code: error.code, message: error.message, exitCode: no_such_thing };
  }
  if (error instanceof DataError) {
    const { code, message } = error;
    return { code, message, exitCode: noSuchThing.has(code) ? no_such_thing : unreadable };
  }
  if (error instanceof LogError) return error;
  const isOfFiles = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.AlreadyExists ||
    error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotADirectory ||
    error instanceof Deno.errors.IsADirectory;
  if (isOfFiles) return { code: "file_failed", message: error.message, exitCode: unreadable };
  throw error;
}

/** Ends the command unless it was told that this is meant. */
export function confirm(yes: true | undefined, what: string): void {
  if (yes === true) return;
  console.error(`This ${what}. Say --yes if that is what you want.`);
  Deno.exit(logExitCodes.wrong_usage);
}

/** @throws {LogError} for a name that no client could ask for. */
export function checkName(workspace: string): void {
  if (/^[a-zA-Z0-9_-][a-zA-Z0-9._-]{0,99}$/.test(workspace)) return;
  throw new LogError("bad_workspace_name", codes.bad_workspace_name.text, logExitCodes.wrong_usage);
}
