/**
 * `deno task bench replay`: a real session of two people through the whole of Dist-Space, beside a loop that does
 * nothing but transform.
 *
 * Ours is what `deno task replay` does: each keystroke goes through a real client core, the codec, the server core
 * and back. The loop beside it takes the same log, change by change, and only applies CodeMirror change sets and
 * maps them over one another: no session, no frame, no acknowledgement, no undo, no tree. It is the least that
 * anything built on that library would have to do.
 *
 * @module
 */

import { ChangeSet, Text as CodeMirrorText } from "@codemirror/state";
import { readTrace } from "../cli/replay_file.ts";
import { LocalServer } from "../cli/replay_link.ts";
import { replayTrace } from "../cli/replay_trace.ts";
import { scheduleOf } from "../sim/schedule.ts";
import type { Trace } from "../sim/trace.ts";
import type { Options } from "./main.ts";
import { atMost, type Row } from "./report.ts";

const path = new URL("../../shared/traces/friendsforever.json.gz", import.meta.url).pathname;

export async function* replayRows({ quick }: Options): AsyncGenerator<Row | string> {
  let trace: Trace;
  try {
    trace = await readTrace(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    yield "skipped: ../shared/traces/friendsforever.json.gz is not there, and no other trace of two people is";
    return;
  }
  for (const gather of [1, 1000]) {
    const changes = scheduleOf(trace, gather).changes.length;
    const ours: number[] = [], bare: number[] = [], single: number[] = [];
    for (let round = 0; round < (quick ? 3 : 12); round++) {
      const { seconds, texts } = await replayTrace(trace, new LocalServer(trace.agents), {
        workspace: "w",
        gather,
      });
      if (texts.some(({ text }) => text !== trace.endContent)) throw new Error("The replay went wrong");
      ours.push(seconds * 1000);
      bare.push(bareLoop(trace, gather, true));
      single.push(bareLoop(trace, gather, false));
    }
    // The first round is what somebody sees who runs it once; the others are what the machine can do.
    for (
      const [what, one, other, another] of [
        ["first run", ours[0]!, bare[0]!, single[0]!],
        ["median of the others", median(ours.slice(1)), median(bare.slice(1)), median(single.slice(1))],
      ] as const
    ) {
      yield {
        name: `friendsforever in ${changes.toLocaleString("en")} changes, ${what}`,
        unit: "ms",
        better: "less",
        figures: [
          { engine: "Dist-Space, all layers", ours: true, value: one },
          { engine: "ChangeSet loop, composed", ours: false, value: other },
          { engine: "ChangeSet loop, one by one", ours: false, value: another },
        ],
        bounds: [
          atMost("no more time than the loop that composes as we do", one / other, 1),
          atMost("no more time than the loop that does not", one / another, 1),
        ],
      };
    }
  }
}

interface Seat {
  doc: CodeMirrorText;
  heard: number;
  /** Sent, and typed since. */
  inFlight: ChangeSet[];
  typed: ChangeSet[];
}

/**
 * Takes the log of a trace through change sets alone; milliseconds.
 *
 * @param composes Whether what goes into one entry of the log is composed into one change set.
 */
function bareLoop(trace: Trace, gather: number, composes: boolean): number {
  const { changes, heardMin, heardMax } = scheduleOf(trace, gather);
  const seats: Seat[] = [];
  for (let agent = 0; agent < trace.agents; agent++) {
    seats.push({ doc: CodeMirrorText.empty, heard: 0, inFlight: [], typed: [] });
  }
  const log: { readonly agent: number; readonly sets: readonly ChangeSet[] }[] = [];
  const newest = trace.agents === 0 ? [] : seats.map(() => 0);
  const begun = performance.now();
  const hear = (agent: number, to: number) => {
    const seat = seats[agent]!;
    for (; seat.heard < to; seat.heard++) {
      const entry = log[seat.heard]!;
      if (entry.agent === agent) {
        seat.inFlight = [];
        continue;
      }
      const first = agent < entry.agent;
      for (let set of entry.sets) {
        set = crossed(seat.inFlight, set, first);
        set = crossed(seat.typed, set, first);
        seat.doc = set.apply(seat.doc);
      }
    }
  };
  for (const { agent, transactions } of changes) {
    const seat = seats[agent]!;
    const last = newest[agent]!;
    const gathers = transactions.length > 1 || last > (heardMax[transactions[0]!] ?? Infinity);
    for (const index of transactions) {
      hear(agent, Math.max(heardMin[index]!, gathers ? 0 : last));
      for (const [at, remove, insert] of trace.transactions[index]!.patches) {
        const change = ChangeSet.of({ from: at, to: at + remove, insert }, seat.doc.length);
        seat.doc = change.apply(seat.doc);
        if (composes && seat.typed.length > 0) seat.typed[0] = seat.typed[0]!.compose(change);
        else seat.typed.push(change);
      }
    }
    hear(agent, last);
    seat.inFlight = seat.typed;
    seat.typed = [];
    const sets = seat.inFlight.slice();
    for (const entry of log.slice(seat.heard)) {
      if (entry.agent !== agent) { for (const set of entry.sets) crossed(sets, set, agent < entry.agent); }
    }
    log.push({ agent, sets });
    newest[agent] = log.length;
  }
  for (const agent of seats.keys()) hear(agent, log.length);
  const took = performance.now() - begun;
  for (const { doc } of seats) {
    if (doc.toString() !== trace.endContent) throw new Error("The bare loop went wrong");
  }
  return took;
}

/** Carries each of `own` over `set`, made beside them, and hands out `set` as it is after them. */
function crossed(own: ChangeSet[], set: ChangeSet, first: boolean): ChangeSet {
  for (let i = 0; i < own.length; i++) {
    const mine = own[i]!;
    own[i] = mine.map(set, first);
    set = set.map(mine, !first);
  }
  return set;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
