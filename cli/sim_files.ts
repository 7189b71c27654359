/**
 * What `deno task sim` reads: traces to be typed, scenarios to be run, and what it writes: failing cases.
 *
 * @module
 */

import { isRecording } from "../sim/recording_reader.ts";
import type { Scenario } from "../sim/scenario.ts";
import type { Trace } from "../sim/trace.ts";
import { readReplayable } from "./replay_file.ts";
import type { SimTask } from "./sim_run.ts";

/** Why a file is of no use here. */
export class SimFileError extends Error {
  override readonly name = "SimFileError";
}

/** @throws {SimFileError} if the file holds no trace, or cannot be read. */
export async function readTrace(path: string): Promise<Trace> {
  const replayable = await readable(path, () => readReplayable(path));
  if (replayable.format === "trace") return replayable.trace;
  throw new SimFileError(`${path} is a recording: its scenario is run with --scenario`);
}

/**
 * The scenario in the header of a recording, or one that is a file of JSON.
 *
 * @throws {SimFileError} if the file holds none, or cannot be read.
 */
export async function readScenario(path: string): Promise<Scenario> {
  const text = await readable(path, () => Deno.readTextFile(path));
  let value: unknown;
  if (text.startsWith("{") && !isRecording(text)) {
    value = await readable(path, () => JSON.parse(text));
  } else {
    const replayable = await readable(path, () => readReplayable(path));
    value = replayable.format === "recording" ? replayable.recording.header.scenario : undefined;
  }
  if (!isScenario(value)) throw new SimFileError(`${path} holds no scenario`);
  return value;
}

/** Writes a failing case, and gives the name of its file. */
export async function writeCase(
  folder: string,
  { seed, profile }: SimTask,
  invariant: string,
  lines: readonly string[],
): Promise<string> {
  await Deno.mkdir(folder, { recursive: true });
  const file = `${folder}/${invariant}-${profile}-${seed}.jsonl`;
  await Deno.writeTextFile(file, lines.map((line) => line + "\n").join(""));
  return file;
}

async function readable<T>(path: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw new SimFileError(`${path} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

function isScenario(value: unknown): value is Scenario {
  if (typeof value !== "object" || value === null) return false;
  const { format, clients, deeds, faults } = value as Partial<Record<keyof Scenario, unknown>>;
  return format === 1 && Array.isArray(clients) && Array.isArray(deeds) && Array.isArray(faults);
}
