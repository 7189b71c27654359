/**
 * `deno task replay`: replays what was recorded, and says whether the same comes of it.
 *
 * An editing trace, which says what people typed, goes through the real client core, against a server core in this
 * process or a running server. A recording, which says what went into cores, goes into fresh ones, and may be looked
 * into at any place.
 *
 * @module
 */

import { RecordingError } from "../sim/recording.ts";
import type { Recording } from "../sim/recording_reader.ts";
import { TraceError } from "../sim/trace.ts";
import { Command, exitsHelp, wholeNumber } from "./command.ts";
import { type Difference, firstDifference } from "./replay_difference.ts";
import { readReplayable } from "./replay_file.ts";
import { PlaceError, printPlace, type Wanted } from "./replay_place.ts";
import { writeRedacted } from "./replay_redact.ts";
import { step } from "./replay_step.ts";
import { printTimeline } from "./replay_timeline.ts";
import { ConnectionError, LocalServer, TcpServer } from "./replay_link.ts";
import { type HeldText, replayTrace } from "./replay_trace.ts";
import { printWhatIf } from "./replay_what_if.ts";
import { printVerified, type Verified, verified } from "./replay_verify.ts";

/** Two clients join when all is over, besides those of the trace. */
const lateJoiners = 2;

const exitCodes = {
  identical: 0,
  different: 1,
  wrong_usage: 2,
  unreadable_file: 3,
  malformed_trace: 3,
  malformed_recording: 3,
  unsupported_recording: 3,
  not_one_log: 4,
  connection_failed: 5,
  no_such_place: 6,
};

/** What a replay came to: written as it is with `--json`. */
export type Report =
  | {
    readonly file: string;
    readonly kind: "sequential" | "concurrent";
    readonly agents: number;
    readonly edits: number;
    readonly changes: number;
    readonly revisions: number;
    readonly seconds: number;
    readonly editsPerSecond: number;
    readonly identical: boolean;
    /** Of the first one whose text is not that of the trace. */
    readonly difference?: { readonly holder: string } & Difference;
  }
  | Verified
  | {
    readonly file: string;
    readonly error: { readonly code: keyof typeof exitCodes; readonly message: string };
  };

export const replayCommand = new Command("replay")
  .description("Replay what was recorded, and compare what comes of it with what came of it then.")
  .argument("<FILE>", "a recording, or an editing trace as JSON; gzip or plain")
  .option("--json", "say what came of it as one JSON object")
  .option("--workspace <name>", "the workspace that is meant, if there are several")
  .optionsGroup("Of a recording:")
  .option("--to <revision>", "go to where the workspace reaches a revision", wholeNumber(0, 1e15))
  .option("--at <time>", "go to a time: +12.5 (seconds from the start) or 2026-01-31T12:00:00Z")
  .option("--files", "list the files there")
  .option("--show <path>", "print a file as it is there")
  .option("--step", "go through it by commands, from a terminal or a pipe; help lists them")
  .option("--timeline", "print who sent and saw what, and when")
  .option(
    "--what-if <change>",
    "cut:CONNECTION@RECORD, fail@RECORD or crash@RECORD: show what would have come of it",
  )
  .option("--redact <file>", "write it anew, with other letters in the place of all that was typed")
  .optionsGroup("Of an editing trace:")
  .option("--connect <HOST:PORT>", "replay against a running server instead of one in this process")
  .option(
    "--gather <number>",
    "put so many transactions into one change, where the trace leaves it open (default: 1)",
    wholeNumber(1, 1000),
  )
  .addHelpText(
    "after",
    `
A recording is what \`deno task serve --record\` and the simulator write: all that went into the cores. It is fed to
fresh ones, and every output must be what it was. Its format: docs/recordings.md

Of an editing trace each agent's transactions are typed into a client of its own, which has seen by then exactly
what the trace says that the agent had seen. At the end every client, two that join late, and the server must hold
the trace's final text. Editing traces: https://github.com/josephg/editing-traces

Examples:
  deno task replay monday.jsonl
  deno task replay monday.jsonl --to 120 --show notes.txt
  deno task replay monday.jsonl --step
  deno task replay friendsforever.json.gz --connect 127.0.0.1:8000
${
      exitsHelp({
        0: "identical",
        1: "different: the first difference is printed",
        2: "wrong usage",
        3: "the file cannot be read, or is malformed: the message names the place",
        4: "no one log gives the trace, with one change of each client in flight",
        5: "the server cannot be reached, ended a connection, or refused a change",
        6: "the recording has no such place: revision, time, workspace, file, record",
      })
    }`,
  )
  .action(async (file, options) => {
    const { connect, gather, workspace, json } = options;
    const address = connect === undefined ? undefined : addressOf(connect);
    if (connect !== undefined && address === undefined) {
      wrongUse(`"${connect}" is no server: give HOST:PORT, like 127.0.0.1:8000 or [::1]:8000.`);
    }
    const looking = lookingOptions.filter((name) => options[name] !== undefined);
    const views = viewOptions.filter((name) => options[name] !== undefined);
    if (views.length > 1) wrongUse(`Choose one: ${views.map(optionNamed).join(" or ")}.`);
    const replayable = await readReplayable(file).catch(problemOf);
    if ("code" in replayable) return finish({ file, error: replayable }, json);
    if (replayable.format === "recording") {
      if (connect !== undefined || gather !== undefined) {
        wrongUse("--connect and --gather are for editing traces: a recording has its clients' bytes.");
      }
      const { recording } = replayable;
      if (looking.length === 0) return finish(verified(file, recording), json);
      try {
        return await look(recording, options);
      } catch (error) {
        if (!(error instanceof PlaceError)) throw error;
        return finish({ file, error: { code: "no_such_place", message: error.message } }, json);
      }
    }
    if (looking.length > 0) {
      wrongUse(`${optionNamed(looking[0]!)} is for recordings: this is an editing trace.`);
    }
    if (connect === undefined && workspace !== undefined) {
      wrongUse("--workspace goes with --connect: a server in this process has nothing in it.");
    }
    finish(
      await replayFile(file, {
        address,
        workspace: workspace ?? `replay-${crypto.randomUUID()}`,
        gather: gather ?? 1,
      }),
      json,
    );
  });

/** Options that ask to see something of a recording, one at a time. */
const viewOptions = ["files", "show", "step", "timeline", "whatIf", "redact"] as const;
const lookingOptions = ["to", "at", ...viewOptions] as const;

/** An option as it is typed. */
function optionNamed(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

type LookingOptions = Wanted & {
  readonly step?: boolean | undefined;
  readonly timeline?: boolean | undefined;
  readonly whatIf?: string | undefined;
  readonly redact?: string | undefined;
};

async function look(recording: Recording, options: LookingOptions): Promise<void> {
  if (options.step === true) return await step(recording, options);
  if (options.timeline === true) return printTimeline(recording, options);
  if (options.whatIf !== undefined) return printWhatIf(recording, options.whatIf, options.json === true);
  if (options.redact !== undefined) return writeRedacted(recording, options.redact);
  printPlace(recording, options);
}

function finish(report: Report, json: boolean | undefined): void {
  if (json === true) console.log(JSON.stringify(report));
  else print(report);
  Deno.exitCode = exitCodeOf(report);
}

function wrongUse(problem: string): never {
  console.error(problem);
  Deno.exit(exitCodes.wrong_usage);
}

export interface ReplayFileOptions {
  /** Of a running server; without one, a server core in this process takes part. */
  readonly address?: { readonly hostname: string; readonly port: number } | undefined;
  readonly workspace: string;
  readonly gather: number;
}

/** Replays a file. Whatever goes wrong is in the report. */
export async function replayFile(
  file: string,
  { address, workspace, gather }: ReplayFileOptions,
): Promise<Report> {
  try {
    const replayable = await readReplayable(file);
    if (replayable.format === "recording") return verified(file, replayable.recording);
    const { trace } = replayable;
    const server = address === undefined
      ? new LocalServer(trace.agents + lateJoiners)
      : new TcpServer(address.hostname, address.port);
    const { edits, changes, revisions, seconds, texts } = await replayTrace(trace, server, {
      workspace,
      gather,
    });
    const difference = differenceIn(texts, trace.endContent);
    return {
      file,
      kind: trace.kind,
      agents: trace.agents,
      edits,
      changes,
      revisions,
      seconds,
      editsPerSecond: edits === 0 ? 0 : Math.round(edits / seconds),
      identical: difference === undefined,
      ...(difference === undefined ? {} : { difference }),
    };
  } catch (error) {
    return { file, error: problemOf(error) };
  }
}

function differenceIn(
  texts: readonly HeldText[],
  expected: string,
): ({ holder: string } & Difference) | undefined {
  for (const { holder, text } of texts) {
    const difference = firstDifference(expected, text);
    if (difference !== undefined) return { holder, ...difference };
  }
  return undefined;
}

function problemOf(error: unknown): { code: keyof typeof exitCodes; message: string } {
  if (error instanceof TraceError || error instanceof RecordingError) {
    return { code: error.code, message: error.message };
  }
  if (error instanceof ConnectionError) return { code: "connection_failed", message: error.message };
  // Deno's own errors of reading a file; anything else is a bug, and shows itself as one.
  if (error instanceof Error && Object.values(Deno.errors).some((kind) => error instanceof kind)) {
    return { code: "unreadable_file", message: error.message };
  }
  throw error;
}

function exitCodeOf(report: Report): number {
  if ("error" in report) return exitCodes[report.error.code];
  return report.identical ? exitCodes.identical : exitCodes.different;
}

function print(report: Report): void {
  if ("error" in report) {
    return console.error(`${report.file}: ${report.error.code}: ${report.error.message}`);
  }
  if ("inputs" in report) return printVerified(report);
  const { file, kind, agents, edits, changes, revisions, seconds, editsPerSecond, difference } = report;
  const people = kind === "concurrent" ? `, ${agents} ${agents === 1 ? "agent" : "agents"}` : "";
  console.log(`${file}: ${kind}${people}`);
  const rows = [
    ["edits", number(edits)],
    ["changes", number(changes)],
    ["revisions", number(revisions)],
    ["wall time", `${seconds.toFixed(3)} s`],
    ["edits per second", number(editsPerSecond)],
  ] as const;
  for (const [name, value] of rows) console.log(`  ${name.padEnd(18)}${value.padStart(12)}`);
  if (difference === undefined) return console.log("identical");
  const { holder, line, column, expected, actual } = difference;
  console.log(`different at line ${line}, column ${column}`);
  const width = Math.max(holder.length, "the trace".length) + 2;
  console.log(`  ${"the trace".padEnd(width)}${JSON.stringify(expected)}`);
  console.log(`  ${holder.padEnd(width)}${JSON.stringify(actual)}`);
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}

/** The server that is meant by HOST:PORT; undefined if none is. */
function addressOf(text: string): { readonly hostname: string; readonly port: number } | undefined {
  const parts = /^(?:\[([0-9A-Fa-f:.%]+)\]|([^[\]:\s]+)):(\d{1,5})$/.exec(text);
  const port = Number(parts?.[3]);
  if (parts === null || port < 1 || port > 65535) return undefined;
  return { hostname: parts[1] ?? parts[2]!, port };
}
