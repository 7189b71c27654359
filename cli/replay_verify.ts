/**
 * Whether a recording, fed to fresh cores, gives the same again, bit for bit.
 *
 * @module
 */

import type { EndLine, Header } from "../sim/recording.ts";
import { inputToJson, plainOutputs } from "../sim/recording_json.ts";
import type { Recording } from "../sim/recording_reader.ts";
import { type Divergence, recordsIn, Replayer } from "../sim/recording_replayer.ts";
import { RecordingRevisions } from "../sim/recording_revisions.ts";
import { software } from "./software.ts";

/** What came of it: written as it is with `--json`. */
export interface Verified {
  readonly file: string;
  readonly kind: Header["kind"];
  readonly recordedBy: Header["software"];
  readonly engine: Header["engine"];
  /** Inputs that the recording holds, and that were replayed: no more of them after a difference. */
  readonly inputs: number;
  readonly replayed: number;
  /** The newest revision of each workspace. */
  readonly revisions: Readonly<Record<string, number>>;
  /** Why the recording ended; missing if it was cut off. */
  readonly end?: EndLine["end"];
  /** What is missing of it. */
  readonly torn?: string;
  readonly recordedSeconds: number;
  readonly seconds: number;
  readonly identical: boolean;
  readonly difference?: ShownDivergence;
}

/** A difference as people and programs want to see it. */
export interface ShownDivergence {
  readonly kind: Divergence["kind"];
  /** The record, or the last one before a state that differs. */
  readonly record: number;
  readonly on: string;
  readonly atSeconds: number;
  readonly expected: string;
  readonly actual: string;
  readonly input?: unknown;
  /** What comes out here, bytes as Base64. */
  readonly outputs?: unknown;
  /** What came out when it was recorded, if the recording says so. */
  readonly recordedOutputs?: unknown;
  /** The message of the error that ended the core here. */
  readonly threw?: string;
}

export function verified(file: string, recording: Recording): Verified {
  const { header, lines, tail } = recording;
  const replayer = new Replayer(recording), revisions = new RecordingRevisions();
  const begun = performance.now();
  let lastUs = header.startedUs;
  while (replayer.difference === undefined) {
    const replayed = replayer.next();
    if (replayed === undefined) break;
    const { record: { on, input }, outputs } = replayed;
    revisions.take(on, input, outputs);
    lastUs = Math.max(lastUs, input.nowUs);
  }
  const { difference } = replayer;
  return {
    file,
    kind: header.kind,
    recordedBy: header.software,
    engine: header.engine,
    inputs: recordsIn(lines),
    replayed: replayer.position,
    revisions: Object.fromEntries(revisions.all),
    ...(tail.kind === "complete" ? { end: tail.end.end } : { torn: tail.problem }),
    recordedSeconds: (lastUs - header.startedUs) / 1_000_000,
    seconds: (performance.now() - begun) / 1000,
    identical: difference === undefined,
    ...(difference === undefined
      ? {}
      : { difference: shownDivergence(difference, lastUs - header.startedUs) }),
  };
}

function shownDivergence(divergence: Divergence, atUs: number): ShownDivergence {
  const { kind, expected, actual } = divergence;
  const atSeconds = atUs / 1_000_000;
  if (kind !== "outputs") {
    const on = kind === "state" ? divergence.node : "";
    return { kind, record: divergence.after, on, atSeconds, expected, actual };
  }
  const { n, on, input, outputs: recordedOutputs } = divergence.record;
  return {
    kind,
    record: n,
    on,
    atSeconds,
    expected,
    actual,
    input: JSON.parse(inputToJson(input)),
    outputs: plainOutputs(divergence.outputs),
    ...(recordedOutputs === undefined ? {} : { recordedOutputs }),
    ...(divergence.threw === undefined ? {} : { threw: divergence.threw }),
  };
}

export function printVerified(report: Verified): void {
  const { file, kind, recordedBy, engine, inputs, revisions, torn, difference } = report;
  console.log(
    `${file}: ${kind === "live" ? "live capture" : kind} by ${versionOf(recordedBy)}${onWhat(engine)}`,
  );
  const workspaces = Object.entries(revisions).map(([name, revision]) => `${name} ${number(revision)}`);
  const rows = [
    ["inputs", number(inputs)],
    ["revisions", workspaces.join(", ") || "none"],
    ["recorded time", `${report.recordedSeconds.toFixed(3)} s`],
    ["replayed in", `${report.seconds.toFixed(3)} s`],
  ] as const;
  for (const [name, value] of rows) console.log(`  ${name.padEnd(16)}${value}`);
  if (torn !== undefined) console.log(`torn: ${torn}; what is there was replayed`);
  if (difference === undefined) return console.log(`identical: ${number(inputs)} inputs`);
  printDifference(difference, recordedBy);
}

function printDifference(difference: ShownDivergence, recordedBy: Header["software"]): void {
  const { kind, record, on, atSeconds, expected, actual, threw, outputs, recordedOutputs } = difference;
  const what = {
    outputs: `what came of it on ${on}`,
    recording: "an input up to here: the recording has been changed",
    state: `what ${on} holds after it`,
  }[kind];
  console.log(
    `different: recorded by ${versionOf(recordedBy)}, replayed by ${versionOf(software())}; ` +
      `first difference at record ${number(record)}`,
  );
  console.log(`  where     ${what}, at +${atSeconds.toFixed(6)} s`);
  if (difference.input !== undefined) console.log(`  input     ${cut(JSON.stringify(difference.input))}`);
  console.log(`  recorded  ${expected || nothing}`);
  if (Array.isArray(recordedOutputs)) { for (const output of recordedOutputs) printOutput(output); }
  console.log(`  here      ${actual || nothing}${threw === undefined ? "" : `: ${threw}`}`);
  if (Array.isArray(outputs)) { for (const output of outputs) printOutput(output); }
  if (kind === "outputs" && recordedOutputs === undefined) {
    console.log(
      "  The recording holds no outputs, only their digest: replay it by the version that made it to see them.",
    );
  }
}

/** Shown for no outputs. */
const nothing = "nothing";

function printOutput(output: unknown): void {
  console.log(`            ${cut(JSON.stringify(output))}`);
}

function cut(text: string): string {
  return text.length <= 500
    ? text
    : `${text.slice(0, 500).toWellFormed()}… (${number(text.length)} characters)`;
}

function versionOf({ version, git }: Header["software"]): string {
  return `version ${version}${git === undefined ? "" : ` at git ${git}`}`;
}

function onWhat({ deno, os, arch }: Header["engine"]): string {
  const parts = [deno && `Deno ${deno}`, os, arch].filter((part) => part !== undefined && part !== "");
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}
