/**
 * The typing of real people as the workload of a simulation: each agent of an editing trace is a client, and does
 * what the agent did, under the faults of a profile.
 *
 * What the agent had seen cannot be kept, since clients hear of one another when the simulated network lets them.
 * So each edit is carried from the text that the agent had to the text that the client has: sim/person.ts does it,
 * and is told of each edit how the agent's text had changed since the one before. Trees, undo and hostile people
 * aside, it is the profile's scenario.
 *
 * @module
 */

import { compose, noop, Text, type TextOp, transform } from "../ot/mod.ts";
import { type ProfileName, scenarioFrom } from "./profiles.ts";
import { Random, type Seed, type Stream } from "./random.ts";
import type { Deed, Fault, Scenario } from "./scenario.ts";
import { scheduleOf } from "./schedule.ts";
import { PairIndex, type Trace } from "./trace.ts";

/** What an agent did at one moment. */
interface TracedEdit {
  readonly agent: number;
  /** How its text had changed by others since its last edit. */
  readonly since: TextOp;
  readonly op: TextOp;
}

/** After so many edits the texts of all agents are kept. */
const milestoneEvery = 1000;
/** How many edits one seed types: some as a rule, and sometimes all that there are, up to this many. */
const editsMin = 100;
const editsMax = 1500;
const wholeMax = 30_000;
const wholeOneIn = 64;
/** How long the pause between two keys is, and once in a while the one between two thoughts. */
const keyUs = 150_000;
const thoughtUs = 3_000_000;
const keyPauseUs = 500_000;
const second = 1_000_000;

/** A trace, prepared to be typed by any number of scenarios. */
export class TraceWorkload {
  readonly #agents: number;
  readonly #isWhole: boolean;
  readonly #edits: readonly TracedEdit[];
  /** Of each agent: its text before edit number 0, `milestoneEvery`, … */
  readonly #milestones: (readonly Text[])[] = [];

  /**
   * @param isWhole whether every seed types all of it.
   * @throws {TraceError} if the trace is malformed, or no log gives it.
   */
  constructor(trace: Trace, { isWhole = false }: { readonly isWhole?: boolean } = {}) {
    this.#agents = trace.agents;
    this.#isWhole = isWhole;
    this.#edits = editsOf(trace);
    const texts = Array.from({ length: trace.agents }, () => Text.of(trace.startContent));
    this.#edits.forEach((edit, index) => {
      if (index % milestoneEvery === 0) this.#milestones.push([...texts]);
      texts[edit.agent] = texts[edit.agent]!.apply(edit.since).apply(edit.op);
    });
  }

  /** The scenario of a seed: part of the trace, and the faults of a profile. */
  scenario(seed: Seed, profile: ProfileName, clients?: number): Scenario {
    const count = Math.max(2, this.#agents, clients ?? 0);
    const base = scenarioFrom(seed, profile, count);
    const draws = new Random(seed).stream("trace");
    const { from, to } = this.#part(draws);
    const deeds = this.#deeds(from, to, draws);
    const endUs = (deeds[deeds.length - 1]?.atUs ?? 0) + second;
    // What the profile spreads over its storm is spread over the typing.
    const stretched = (us: number) => Math.floor((us / base.calmUs) * endUs);
    const { textLengthMax: _text, workspaceLengthMax: _workspace, nodesMax: _nodes, ...settings } =
      base.settings;
    return {
      ...base,
      name: `${profile} over a trace`,
      settings,
      // Nobody waits for the text of a file, and lets edits of the trace pass meanwhile.
      clients: base.clients.map(({ lazy: _, signs: __, ...plan }) => ({
        ...plan,
        workspace: "w",
        // Between two keys is no pause: what waits is sent together, however slow the line is.
        pauseUs: Math.max(plan.pauseUs, keyPauseUs),
      })),
      hostiles: base.hostiles.map((plan) => ({
        ...plan,
        joinUs: stretched(plan.joinUs),
        untilUs: stretched(plan.untilUs),
      })),
      deeds,
      faults: base.faults.map((fault): Fault => ({ ...fault, atUs: stretched(fault.atUs) })),
      calmUs: endUs,
      unique: false,
    };
  }

  #part(draws: Stream): { readonly from: number; readonly to: number } {
    const { length } = this.#edits;
    const isWhole = draws.isOneIn(wholeOneIn) || this.#isWhole;
    const count = Math.min(length, isWhole ? wholeMax : draws.int(editsMin, editsMax));
    const from = draws.int(0, length - count);
    return { from, to: from + count };
  }

  #deeds(from: number, to: number, draws: Stream): Deed[] {
    const texts = this.#textsAt(from);
    const begun = new Set<number>();
    // One makes the file, and the others have a moment to hear of it.
    let atUs = second;
    const deeds: Deed[] = [{ atUs, client: 0, do: "edit", file: 0, op: noop, was: texts[0]!.toString() }];
    atUs += 4 * second;
    for (const { agent, since, op } of this.#edits.slice(from, to)) {
      atUs += draws.isOneIn(30)
        ? draws.int(0, thoughtUs)
        : draws.int(1, Math.floor((2 * keyUs) / this.#agents));
      const was = begun.has(agent) ? since : texts[agent]!.apply(since).toString();
      begun.add(agent);
      deeds.push({ atUs, client: agent, do: "edit", file: 0, op, was });
    }
    return deeds;
  }

  /** The text of each agent before edit number `index`. */
  #textsAt(index: number): Text[] {
    const milestone = Math.min(Math.floor(index / milestoneEvery), this.#milestones.length - 1);
    const texts = [...this.#milestones[milestone] ?? [Text.empty]];
    for (const { agent, since, op } of this.#edits.slice(milestone * milestoneEvery, index)) {
      texts[agent] = texts[agent]!.apply(since).apply(op);
    }
    return texts;
  }
}

/** What one agent has while its trace is followed. */
interface Seat {
  readonly index: PairIndex;
  /** How much of the log it has heard. */
  heard: number;
  /** Submitted and not heard; typed since. */
  inFlight: TextOp;
  typed: TextOp;
  /** What others did to its text since its last edit. */
  since: TextOp;
}

/** The edits of a trace in its order, each on the text that its author had. */
function editsOf(trace: Trace): TracedEdit[] {
  const { changes, heardMin, heardMax } = scheduleOf(trace);
  const seats = Array.from({ length: trace.agents }, (): Seat => ({
    index: new PairIndex(trace.startContent),
    heard: 0,
    inFlight: noop,
    typed: noop,
    since: noop,
  }));
  const log: { readonly agent: number; readonly op: TextOp }[] = [];
  const newest = seats.map(() => 0);
  const edits: TracedEdit[] = new Array(trace.transactions.length);
  const hear = (agent: number, to: number) => {
    const seat = seats[agent]!;
    for (; seat.heard < to; seat.heard++) {
      const entry = log[seat.heard]!;
      if (entry.agent === agent) {
        seat.inFlight = noop;
        continue;
      }
      let { op } = entry;
      [seat.inFlight, op] = crossed(seat.inFlight, op, agent < entry.agent);
      [seat.typed, op] = crossed(seat.typed, op, agent < entry.agent);
      seat.index.apply(op);
      seat.since = compose(seat.since, op);
    }
  };
  for (const { agent, transactions } of changes) {
    const seat = seats[agent]!;
    const last = newest[agent]!;
    const gathers = transactions.length > 1 || last > (heardMax[transactions[0]!] ?? Infinity);
    for (const index of transactions) {
      hear(agent, Math.max(heardMin[index]!, gathers ? 0 : last));
      const op = seat.index.take(trace.transactions[index]!.patches, index);
      edits[index] = { agent, since: seat.since, op };
      seat.since = noop;
      seat.typed = compose(seat.typed, op);
    }
    hear(agent, last);
    seat.inFlight = seat.typed;
    seat.typed = noop;
    let op = seat.inFlight;
    for (const entry of log.slice(seat.heard)) {
      if (entry.agent !== agent) [op] = crossed(op, entry.op, agent < entry.agent);
    }
    newest[agent] = log.push({ agent, op });
  }
  return edits;
}

/** Two edits of one text, each as it is after the other. */
function crossed(own: TextOp, other: TextOp, first: boolean): [own: TextOp, other: TextOp] {
  if (own.length === 0 || other.length === 0) return [own, other];
  return [transform(own, other, first ? "left" : "right"), transform(other, own, first ? "right" : "left")];
}
