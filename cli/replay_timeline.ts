/**
 * `--timeline`: who sent and saw what, and when; a column for each connection, or for each client that is recorded
 * itself.
 *
 *            +s │ server              │ Ada (1)                       │ Bob (2)
 *      0.120384 │                     │ → submit 1 on 0: create a.txt │
 *      0.120993 │ revision 2          │ ← acknowledge 1 = revision 2  │ ← entry 2 of site 1: create a.txt
 *
 * @module
 */

import { Workspace } from "../ot/mod.ts";
import type { Recording } from "../sim/recording_reader.ts";
import type { Said } from "../sim/recording_traffic.ts";
import { type Moment, RecordingView } from "../sim/recording_view.ts";
import { wordOf } from "./client_words.ts";
import { viewAt, type Wanted } from "./replay_place.ts";
import { inputInWords, messageInWords, peerInWords } from "./replay_words.ts";

/** More columns than this are written below each other instead. */
const columnsMax = 6;
const cellWidth = 44;

/** Something in the timeline: in somebody's column, or in the server's. */
export interface Event {
  readonly record: number;
  readonly atUs: number;
  /** The node, and the connection at a server's end; the node alone is the server itself or a client. */
  readonly column: string;
  /** Whether a client sent it, or saw it, or neither. */
  readonly what: "sent" | "saw" | "happened";
  readonly text: string;
  readonly message?: Said["message"];
}

export interface Timeline {
  /** Headings by column. */
  readonly columns: ReadonlyMap<string, string>;
  readonly events: readonly Event[];
}

export interface TimelineOptions {
  readonly workspace?: string | undefined;
  /** Up to this place. */
  readonly until: number;
}

export function timelineOf(recording: Recording, { workspace, until }: TimelineOptions): Timeline {
  const view = new RecordingView(recording);
  const withClients = recording.lines.some((line) => "node" in line && line.kind === "client");
  const all: Event[] = [], known = new Set<string>();
  while (view.position < until) {
    const moment = view.next();
    if (moment === undefined) break;
    for (const column of moment.begun) {
      const text = known.has(column) ? "begins anew" : "begins";
      all.push({ record: moment.record.n, atUs: view.atUs, column, what: "happened", text });
      known.add(column);
    }
    all.push(...eventsOf(view, moment, withClients));
  }
  const columns = new Map<string, string>();
  for (const [name, { kind }] of view.replayer.cores) if (kind === "server") columns.set(name, name);
  if (withClients) {
    for (const [name, { kind }] of view.replayer.cores) if (kind === "client") columns.set(name, name);
  } else {
    for (const peer of view.traffic.peers) {
      if (workspace !== undefined && peer.workspace !== workspace) continue;
      columns.set(`${peer.on}/${peer.connection}`, peerInWords(peer));
    }
  }
  return { columns, events: all.filter(({ column }) => columns.has(column)) };
}

function eventsOf(view: RecordingView, moment: Moment, withClients: boolean): Event[] {
  const { record: { n, on, input }, said } = moment;
  const atUs = view.timeOf(moment.record);
  const happened = (column: string, text: string): Event => ({
    record: n,
    atUs,
    column,
    what: "happened",
    text,
  });
  const events: Event[] = [];
  switch (input.kind) {
    case "connected":
    case "closed":
      if (!withClients && "connection" in input) {
        events.push(happened(`${on}/${input.connection}`, input.kind));
      } else if (withClients && !("connection" in input)) events.push(happened(on, input.kind));
      break;
    case "appended":
      events.push(happened(on, `${wordOf(input.workspace)} ${view.log.revision(input.workspace)} durable`));
      break;
    case "append_failed":
    case "loaded":
    case "load_failed":
    case "stop":
    case "opened":
      events.push(happened(on, inputInWords(input)));
      break;
    case "undo":
    case "redo":
    case "change":
    case "leave":
      events.push(happened(on, input.kind));
  }
  for (const { connection, to, message } of said) {
    if ((connection === undefined) !== withClients) continue;
    const column = connection === undefined ? on : `${on}/${connection}`;
    const what = to === "server" ? "sent" : "saw";
    events.push({
      record: n,
      atUs,
      column,
      what,
      text: messageInWords(message, workspaceFor(view, on, connection)),
      message,
    });
  }
  return events;
}

/** The workspace in whose words a message is to be understood. */
function workspaceFor(view: RecordingView, on: string, connection: number | undefined): Workspace {
  if (connection === undefined) {
    const node = view.replayer.cores.get(on);
    return node?.kind === "client" ? node.core.view : Workspace.empty;
  }
  const name = view.traffic.peer(on, connection)?.workspace;
  return name === undefined ? Workspace.empty : view.log.state(name).workspace;
}

/** Prints the timeline up to a place, or all of it. */
export function printTimeline(recording: Recording, wanted: Wanted): void {
  const { to, at, workspace } = wanted;
  const named = to !== undefined || at !== undefined;
  const until = named ? viewAt(recording, wanted).position : Infinity;
  const timeline = timelineOf(recording, { workspace, until });
  if (wanted.json === true) {
    for (const { message, ...event } of timeline.events) {
      const told = message === undefined ? {} : { message: plain(message) };
      console.log(JSON.stringify({ ...event, who: timeline.columns.get(event.column), ...told }));
    }
    return;
  }
  for (const line of timelineLines(timeline)) console.log(line);
}

/** A message as JSON has it: the number of a ping does not fit one of JSON's. */
function plain(message: Said["message"]): unknown {
  return "value" in message ? { ...message, value: String(message.value) } : message;
}

export function* timelineLines({ columns, events }: Timeline): Generator<string> {
  if (columns.size > columnsMax) {
    for (const event of events) {
      yield `${seconds(event.atUs)}  ${columns.get(event.column)}: ${arrowed(event)}`;
    }
    return;
  }
  const keys = [...columns.keys()];
  const width = (key: string) => {
    const own = events.filter(({ column }) => column === key).map((event) => arrowed(event).length);
    return Math.min(cellWidth, Math.max(columns.get(key)!.length, ...own));
  };
  const widths = keys.map(width);
  const row = (time: string, cells: readonly string[]) =>
    [time, ...cells.map((cell, i) => cell.padEnd(widths[i]!))].join(" │ ").trimEnd();
  yield row("+s".padStart(12), keys.map((key) => columns.get(key)!));
  for (let i = 0; i < events.length;) {
    const { record, atUs } = events[i]!;
    const cells: string[][] = keys.map(() => []);
    for (; i < events.length && events[i]!.record === record; i++) {
      const event = events[i]!;
      cells[keys.indexOf(event.column)]!.push(shortened(arrowed(event)));
    }
    const height = Math.max(...cells.map(({ length }) => length));
    for (let line = 0; line < height; line++) {
      yield row(line === 0 ? seconds(atUs) : " ".repeat(12), cells.map((cell) => cell[line] ?? ""));
    }
  }
}

function arrowed({ what, text }: Event): string {
  return what === "happened" ? text : `${what === "sent" ? "→" : "←"} ${text}`;
}

function shortened(text: string): string {
  return text.length <= cellWidth ? text : `${text.slice(0, cellWidth - 1).toWellFormed()}…`;
}

function seconds(us: number): string {
  return (us / 1_000_000).toFixed(6).padStart(12);
}
