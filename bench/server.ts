/**
 * `deno task bench server`: whole servers over real sockets on this machine, beside each other: ours with its log
 * in memory, ShareDB with ot-text-unicode, Hocuspocus as it is and with its merging of updates switched off.
 *
 * Every measurement has a server process and a load process of its own, both new. The load clients are equally
 * thin (see thin_client.ts), all of them edit one document, and every one of them decodes every delivery. After
 * each measurement the document is read and compared with what was acknowledged, and the deliveries are counted.
 *
 * Not for: many documents, large documents, durable storage, or machines with more cores than two: server and
 * load have one each here, and the column of the load says where that one, and not the server, was the limit.
 *
 * @module
 */

import { type Outcome, peersAndOurs } from "./load.ts";
import type { Options } from "./main.ts";
import { median } from "./measure.ts";
import { atLeast, atMost, type Bound, type Figure, type Row, short } from "./report.ts";
import { otherCpuMax, undisturbed } from "./undisturbed.ts";

/** What is asked of all servers, and which figure of it counts. */
interface Scenario {
  readonly name: string;
  readonly clients: number;
  readonly rate: number;
  readonly windowMs: number;
  readonly unit: string;
  readonly better: Row["better"];
  figureOf(outcome: Outcome): number;
  noteOf(outcome: Outcome): string;
  boundsOf(outcomes: ReadonlyMap<string, Outcome>): Bound[];
}

const ourName = "Dist-Space", recordingName = "Dist-Space, recording";
/** Where the server that records is measured, too. */
const recordedClients = 50;

const closedLoop = (clients: number): Scenario => ({
  name: `accepted changes, ${clients} clients, each waiting for its acknowledgement`,
  clients,
  rate: 0,
  windowMs: 3_000,
  unit: "a second",
  better: "more",
  figureOf: (outcome) => outcome.acceptedPerSecond,
  noteOf: ({ serverCpuPerThousand, deliveriesPerSecond, acknowledgement, serverCpu, loadCpu }) =>
    `${short(serverCpuPerThousand)} s of CPU per 1,000; ${short(deliveriesPerSecond)} deliveries/s; ` +
    `acknowledged in ${short(acknowledgement.median)} ms, p99 ${short(acknowledgement.p99)}; ` +
    `cores used: server ${short(serverCpu)}, load ${short(loadCpu)}`,
  boundsOf(outcomes) {
    const mine = outcomes.get(ourName);
    if (clients !== recordedClients || mine === undefined) return [];
    const bounds: Bound[] = [];
    const recording = outcomes.get(recordingName);
    if (recording !== undefined) {
      const share = recording.acceptedPerSecond / mine.acceptedPerSecond;
      bounds.push(atLeast("recording leaves at least 0.9 of that", share, 0.9));
    }
    for (const [peer, times] of [["ShareDB", 10], ["Hocuspocus", 3], ["Hocuspocus, unmerged", 3]] as const) {
      const theirs = outcomes.get(peer);
      if (theirs === undefined) continue;
      const ratio = mine.acceptedPerSecond / theirs.acceptedPerSecond;
      bounds.push(atLeast(`at least ${times} times those of ${peer}`, ratio, times));
    }
    bounds.push(atMost("at most 0.1 s of server CPU per 1,000 changes", mine.serverCpuPerThousand, 0.1));
    return bounds;
  },
});

const latencyNote = ({ delivery, deliveriesPerSecond, deliveredShare, serverCpu, loadCpu }: Outcome) =>
  `median ${short(delivery.median)} ms, p99 ${short(delivery.p99)}, most ${short(delivery.most)}; ` +
  `${short(deliveriesPerSecond)} deliveries/s, ${short(deliveredShare * 100)}% of those due; ` +
  `cores used: server ${short(serverCpu)}, load ${short(loadCpu)}`;

const keystroke = (clients: number, rate: number, windowMs: number, counts: "median" | "p99"): Scenario => ({
  name: `keystroke to the others, ${clients} clients at ${rate} changes/s each`,
  clients,
  rate,
  windowMs,
  unit: `ms, ${counts}`,
  better: "less",
  figureOf: (outcome) => outcome.delivery[counts],
  noteOf: latencyNote,
  boundsOf(outcomes) {
    const mine = outcomes.get(ourName);
    if (mine === undefined) return [];
    return counts === "median"
      ? [atMost("median under 1 ms", mine.delivery.median, 1)]
      : [atMost("p99 under 10 ms", mine.delivery.p99, 10)];
  },
});

/** Nearly all of what was due has come: the rest is what is always on its way. */
const heldShare = 0.98;

const scenarios: readonly Scenario[] = [
  closedLoop(2),
  closedLoop(10),
  closedLoop(50),
  {
    name: "deliveries, 100 clients at 20 changes/s each (198,000/s are due)",
    clients: 100,
    rate: 20,
    windowMs: 5_000,
    unit: "a second",
    better: "more",
    figureOf: (outcome) => outcome.deliveriesPerSecond,
    noteOf: (outcome) =>
      (outcome.deliveredShare >= heldShare ? "held; " : "not held; ") + latencyNote(outcome),
    boundsOf(outcomes) {
      const mine = outcomes.get(ourName);
      if (mine === undefined) return [];
      return [
        atLeast("held: share of the deliveries due", mine.deliveredShare, heldShare),
        atMost("p99 under 50 ms", mine.delivery.p99, 50),
      ];
    },
  },
  keystroke(2, 20, 6_000, "median"),
  keystroke(50, 20, 4_000, "p99"),
];

export async function* serverRows({ quick, only }: Options): AsyncGenerator<Row | string> {
  const rounds = quick ? 1 : 3;
  for (const scenario of scenarios.filter(({ name }) => name.includes(only))) {
    const all = new Map<string, Outcome[]>();
    // By turns, so that a machine that slows down slows all of them.
    for (let round = 0; round < rounds; round++) {
      for (const server of peersAndOurs) {
        const isRecorded = scenario.rate === 0 && scenario.clients === recordedClients;
        if (server.name === recordingName && !isRecorded) continue;
        const outcome = await undisturbed(server, scenario, quick);
        if (typeof outcome === "string") yield `${server.name}, ${scenario.name}: ${outcome}`;
        else all.set(server.name, [...all.get(server.name) ?? [], outcome]);
      }
    }
    yield rowOf(scenario, all);
  }
}

/** The row for the outcomes in the middle, by the figure that counts. */
function rowOf(scenario: Scenario, all: ReadonlyMap<string, readonly Outcome[]>): Row {
  const middle = new Map<string, Outcome>();
  const figures: Figure[] = [];
  for (const [engine, outcomes] of all) {
    const sorted = outcomes.toSorted((a, b) => scenario.figureOf(a) - scenario.figureOf(b));
    const outcome = sorted[sorted.length >> 1]!;
    middle.set(engine, outcome);
    const values = sorted.map(scenario.figureOf);
    const others = Math.max(...outcomes.map(({ otherCpu }) => otherCpu));
    const faults = new Set(outcomes.map(({ fault }) => fault).filter((fault) => fault !== ""));
    figures.push({
      engine,
      ours: engine === ourName || engine === recordingName,
      value: median(values),
      range: [values[0]!, values.at(-1)!],
      note: scenario.noteOf(outcome) +
        (others > otherCpuMax ? `; the machine did something else with up to ${short(others)} cores` : "") +
        (faults.size === 0 ? "; text checked" : `; FAULT: ${[...faults].join(", ")}`),
    });
  }
  return {
    name: scenario.name,
    unit: scenario.unit,
    better: scenario.better,
    figures,
    bounds: scenario.boundsOf(middle),
  };
}
