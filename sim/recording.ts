/**
 * A recording: every input of one or several cores, in order, with hashes of what they answered. Fed to fresh
 * cores it gives the same again, bit for bit, or shows where it does not.
 *
 * One format for captures of the live server, simulations, minimised failures and scenarios written by hand: lines
 * of JSON, each of which says by its first key what it is. docs/recordings.md describes it for others.
 *
 *     {"recording":1,"kind":"live",…}                                     what all of it is about
 *     {"node":"server","kind":"server","settings":{…}}                    a core begins, or begins anew
 *     {"n":1,"at":12,"on":"server","in":{…},"out":"…"}                    an input
 *     {"state":1000,"hash":"…","revisions":{…},"hashes":{…}}              the whole state after an input
 *     {"end":"stopped","records":1234,"hash":"…"}                         nothing is missing
 *
 * This file holds the lines as values. They are written by recording_writer.ts, read by recording_reader.ts, and
 * replayed by recording_replayer.ts.
 *
 * @module
 */

import type { ClientInput, ClientOptions, ClientOutput } from "../client/core/mod.ts";
import type { Input, Output, Settings } from "../server/core/mod.ts";

/** The version of the format. */
export const recordingVersion = 1;

/** Of one core in a recording: "server", "client a". */
export type NodeName = string;

export type AnyInput = Input | ClientInput;
export type AnyOutput = Output | ClientOutput;

/** What a recording may hold besides what every one does; a reader that does not know one of these stops. */
export const features = ["outputs"] as const;
export type Feature = typeof features[number];

export interface Header {
  /** Where it comes from: sockets, a seed, a failure made small, or somebody's hand. */
  readonly kind: "live" | "simulation" | "minimised" | "scenario";
  readonly features: readonly Feature[];
  /** What recorded it. */
  readonly software: { readonly version: string; readonly git?: string };
  /** What that ran on, by name: deno, v8, os, arch. */
  readonly engine: Readonly<Record<string, string>>;
  /** Microseconds since 1970: times of records count from here. */
  readonly startedUs: number;
  /** Of the server, every one of them. */
  readonly settings: Settings;
  /** Whether texts, names and secrets have been replaced. */
  readonly redacted?: true;
  readonly seed?: string;
  readonly profile?: string;
  readonly scenario?: unknown;
  /** What the simulation found. */
  readonly failure?: unknown;
}

/** A core begins; one of a name that is there already takes its place, as after a crash. */
export type NodeLine =
  | { readonly node: NodeName; readonly kind: "server"; readonly settings: Settings }
  | { readonly node: NodeName; readonly kind: "client"; readonly options: ClientOptions };

/** One input, and what came of it. */
export interface RecordLine {
  /** Records count from 1. */
  readonly n: number;
  readonly on: NodeName;
  readonly input: AnyInput;
  /** The digest of its outputs; "" if there were none. */
  readonly out: string;
  /** All outputs, with the feature "outputs". */
  readonly outputs?: readonly AnyOutput[];
  /** The message of the error that ended the core here. */
  readonly threw?: string;
}

/** What every core holds after record `state`. */
export interface StateLine {
  readonly state: number;
  /** The digest of all records so far. */
  readonly hash: string;
  /** The newest durable revision of each workspace. */
  readonly revisions: Readonly<Record<string, number>>;
  /** Of what each core saves. */
  readonly hashes: Readonly<Record<NodeName, string>>;
}

export interface EndLine {
  /** Why: "stopped", "passed", "failed"… */
  readonly end: string;
  readonly records: number;
  readonly hash: string;
}

export type Line = NodeLine | RecordLine | StateLine;

/** Why a recording cannot be read. */
export type RecordingErrorCode =
  /** A line is not what the format says. */
  | "malformed_recording"
  /** It is of a version, or uses a feature, that is not known here. */
  | "unsupported_recording";

export class RecordingError extends Error {
  override readonly name = "RecordingError";

  constructor(readonly code: RecordingErrorCode, message: string) {
    super(message);
  }
}
