/**
 * `deno task replay`: replays a recorded editing session through the real client core, against a server core in
 * this process or a running server, and says whether what comes of it is what was recorded.
 *
 * @module
 */

import { TraceError } from "../sim/trace.ts";
import { Command, wholeNumber } from "./command.ts";
import { type Difference, firstDifference } from "./replay_difference.ts";
import { readRecording } from "./replay_file.ts";
import { ConnectionError, LocalServer, TcpServer } from "./replay_link.ts";
import { type HeldText, replayTrace } from "./replay_trace.ts";

/** Two clients join when all is over, besides those of the trace. */
const lateJoiners = 2;

const exitCodes = {
  identical: 0,
  different: 1,
  wrong_usage: 2,
  unreadable_file: 3,
  malformed_trace: 3,
  not_one_log: 4,
  connection_failed: 5,
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
  | {
    readonly file: string;
    readonly error: { readonly code: keyof typeof exitCodes; readonly message: string };
  };

export const replayCommand = new Command("replay")
  .description("Replay a recorded editing session, and compare what comes of it with what was recorded.")
  .argument("<FILE>", "an editing trace, sequential or concurrent, as JSON; gzip or plain")
  .option("--connect <HOST:PORT>", "replay against a running server instead of one in this process")
  .option("--workspace <name>", "with --connect: the workspace to replay in (default: a new one)")
  .option(
    "--gather <number>",
    "put so many transactions into one change, where the trace leaves it open",
    wholeNumber(1, 1000),
    1,
  )
  .option("--json", "say what came of it as one JSON object")
  .addHelpText(
    "after",
    `
Each agent's transactions are typed into a client of its own, which has seen by then exactly what the trace says
that the agent had seen. At the end every client, two that join late, and the server must hold the trace's final
text. Editing traces: https://github.com/josephg/editing-traces

Examples:
  deno task replay friendsforever.json.gz
  deno task replay friendsforever.json.gz --connect 127.0.0.1:8000

Exit codes:
  0  identical
  1  different: the first difference is printed
  2  wrong usage
  3  the file cannot be read, or is malformed: the message names the place
  4  no one log gives the trace, with one change of each client in flight
  5  the server cannot be reached, ended a connection, or refused a change`,
  )
  .action(async (file, { connect, workspace, gather, json }) => {
    const address = connect === undefined ? undefined : addressOf(connect);
    const problem = connect !== undefined && address === undefined
      ? `"${connect}" is no server: give HOST:PORT, like 127.0.0.1:8000 or [::1]:8000.`
      : connect === undefined && workspace !== undefined
      ? "--workspace goes with --connect: a server in this process has nothing in it."
      : undefined;
    if (problem !== undefined) {
      console.error(problem);
      Deno.exit(exitCodes.wrong_usage);
    }
    const report = await replayFile(file, {
      address,
      workspace: workspace ?? `replay-${crypto.randomUUID()}`,
      gather,
    });
    if (json === true) console.log(JSON.stringify(report));
    else print(report);
    Deno.exitCode = exitCodeOf(report);
  });

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
    const { trace } = await readRecording(file);
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
  if (error instanceof TraceError) return { code: error.code, message: error.message };
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
