/**
 * Where in a recording somebody wants to be, and what they want to see there: `--to`, `--at`, `--files`, `--show`.
 *
 * @module
 */

import type { State } from "../server/core/mod.ts";
import type { Recording } from "../sim/recording_reader.ts";
import { RecordingView } from "../sim/recording_view.ts";
import { harmless, wordOf } from "./client_words.ts";
import { lengthOf, number, peerInWords, timeInWords } from "./replay_words.ts";

/** Thrown for what was asked and is not there, with a sentence. */
export class PlaceError extends Error {
  override readonly name = "PlaceError";
}

export interface Place {
  /** A revision of the workspace. */
  readonly to?: number | undefined;
  /** A time: ISO 8601, or seconds from the beginning behind a "+". */
  readonly at?: string | undefined;
  readonly workspace?: string | undefined;
}

export interface Wanted extends Place {
  readonly files?: boolean | undefined;
  readonly show?: string | undefined;
  readonly json?: boolean | undefined;
}

/** The view at a place; at the end if none is named. */
export function viewAt(recording: Recording, { to, at, workspace }: Place): RecordingView {
  const view = new RecordingView(recording);
  if (at !== undefined) view.jumpToTime(timeOf(at, recording.header.startedUs));
  else if (to === undefined) view.jump(Infinity);
  else {
    const name = workspace ?? onlyWorkspace(recording);
    if (!view.jumpToRevision(name, to)) {
      throw new PlaceError(
        `There is no revision ${to} of ${wordOf(name)}: the newest is ${view.log.revision(name)}`,
      );
    }
  }
  return view;
}

/** Prints what there is to be seen. */
export function printPlace(recording: Recording, wanted: Wanted): void {
  const view = viewAt(recording, wanted);
  const { difference } = view.replayer;
  if (difference !== undefined) {
    const record = difference.kind === "outputs" ? difference.record.n : difference.after;
    console.error(`What follows is not what was recorded: it differs from record ${number(record)} on.`);
  }
  if (wanted.show !== undefined) return showFile(view, wanted, wanted.show);
  if (wanted.files === true) return listFiles(view, wanted);
  if (wanted.json === true) {
    const { position, atUs, log } = view;
    const revisions = Object.fromEntries(log.workspaces.map((name) => [name, log.revision(name)]));
    return console.log(
      JSON.stringify({
        record: position,
        atSeconds: atUs / 1_000_000,
        revisions,
        connections: peersOf(view),
      }),
    );
  }
  for (const line of summaryOf(view)) console.log(line);
}

/** Where the view is, and who is there. */
export function summaryOf(view: RecordingView): string[] {
  const { position, atUs, log } = view;
  const revisions = log.workspaces.map((name) => `${wordOf(name)} ${number(log.revision(name))}`);
  return [
    `record ${number(position)} at ${timeInWords(atUs)}; revisions: ${revisions.join(", ") || "none"}`,
    ...whoIsThere(view),
  ];
}

export function whoIsThere(view: RecordingView): string[] {
  const lines = view.traffic.peers.filter(({ isOpen }) => isOpen).map((peer) => {
    const { participant, workspace, site, revision, inFlight } = peer;
    if (participant === undefined || workspace === undefined) {
      return `${peerInWords(peer)}: has not said who it is`;
    }
    const sent = inFlight === undefined ? "" : `, ${inFlight.seq} submitted on ${inFlight.base}`;
    return `${peerInWords(peer)}: ${participant.kind} in ${wordOf(workspace)}, ` +
      `${site === undefined ? "not welcomed yet" : `site ${site}, at revision ${revision}`}${sent}`;
  });
  for (const [name, node] of view.replayer.cores) {
    if (node.kind !== "client") continue;
    const { phase, revision, unsentCount } = node.core;
    lines.push(`${name}: ${phase}, at revision ${revision}, ${unsentCount} unsent`);
  }
  return lines.length === 0 ? ["Nobody is connected."] : lines;
}

function peersOf(view: RecordingView): unknown[] {
  return view.traffic.peers.filter(({ isOpen }) => isOpen).map(({ isOpen: _, ...peer }) => peer);
}

function listFiles(view: RecordingView, wanted: Wanted): void {
  const { workspace, revision } = stateAt(view, wanted);
  const files = workspace.files().map(({ id, path }) => ({ id, path, length: lengthOf(workspace, id) }));
  if (wanted.json === true) return console.log(JSON.stringify({ revision, files }));
  for (const line of filesOf(files)) console.log(line);
}

export function filesOf(files: readonly { readonly path: string; readonly length: number }[]): string[] {
  const width = Math.max(0, ...files.map(({ path }) => harmless(path).length));
  return files.map(({ path, length }) => `${harmless(path).padEnd(width)}  ${number(length)}`);
}

function showFile(view: RecordingView, wanted: Wanted, path: string): void {
  const { workspace, revision } = stateAt(view, wanted);
  const node = workspace.find(path);
  if (node?.kind !== "text") throw new PlaceError(`There is no file ${wordOf(path)} at revision ${revision}`);
  const text = workspace.text(node.id).toString();
  if (wanted.json === true) return console.log(JSON.stringify({ revision, path, text }));
  // Byte for byte, so that it can be compared with a file.
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

function stateAt(view: RecordingView, { to, workspace }: Place): State {
  const name = workspaceOf(view, workspace), floor = view.log.floor(name);
  if (to !== undefined && to < floor) {
    throw new PlaceError(`The recording begins with revision ${floor} of ${wordOf(name)}`);
  }
  return view.log.state(name, to);
}

/** The workspace that is meant where none need be named. */
export function workspaceOf(view: RecordingView, workspace: string | undefined): string {
  const names = view.log.workspaces;
  if (workspace !== undefined) {
    if (names.includes(workspace)) return workspace;
    throw new PlaceError(`There is no workspace ${wordOf(workspace)} here, only ${listOf(names)}`);
  }
  if (names.length === 1) return names[0]!;
  throw new PlaceError(
    names.length === 0 ? "No workspace is open here" : `Say which --workspace: there are ${listOf(names)}`,
  );
}

/** The one workspace of a recording. */
export function onlyWorkspace(recording: Recording): string {
  const names = new Set<string>();
  for (const line of recording.lines) {
    if ("n" in line && line.input.kind === "loaded") names.add(line.input.workspace);
  }
  if (names.size === 1) return [...names][0]!;
  throw new PlaceError(
    names.size === 0
      ? "The recording opens no workspace"
      : `Say which --workspace: there are ${listOf([...names])}`,
  );
}

function listOf(names: readonly string[]): string {
  return names.map(wordOf).join(", ") || "none";
}

/** A time in microseconds from the beginning of the recording. */
export function timeOf(text: string, startedUs: number): number {
  if (/^\+\d+(\.\d+)?$/.test(text)) return Math.round(Number(text.slice(1)) * 1_000_000);
  const ms = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(ms)) {
    throw new PlaceError(`"${text}" is no time: write +12.5 for seconds, or 2026-01-31T12:00:00.5Z`);
  }
  return ms * 1000 - startedUs;
}
