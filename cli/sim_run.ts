/**
 * What `deno task sim` does with one seed: runs its scenario, some seeds a second time, and says what came of it
 * in plain data, which can pass from one thread to another.
 *
 * @module
 */

import { crashPoints } from "../sim/crash_points.ts";
import type { Failure } from "../sim/judges/failure.ts";
import { type ProfileName, scenarioFrom } from "../sim/profiles.ts";
import { Random, type Seed } from "../sim/random.ts";
import { runTwice } from "../sim/repetition.ts";
import type { Scenario } from "../sim/scenario.ts";
import { type Outcome, Simulation } from "../sim/simulation.ts";
import type { Trace } from "../sim/trace.ts";
import { TraceWorkload } from "../sim/trace_scenario.ts";

/** What all seeds of one command have in common. */
export interface SimPlan {
  readonly clients: number | undefined;
  /** Every seed runs a second time, with a core saved and restored once in so many events; 0: a share of them does. */
  readonly amnesia: number;
  /** What people type, in the place of what a profile says. */
  readonly trace: Trace | undefined;
  /** Whether each seed also runs with a crash at each point where the server may die. */
  readonly crashPoints: boolean;
  /** In the place of what seeds and profiles give. */
  readonly scenario: Scenario | undefined;
}

/** One seed to run. */
export interface SimTask {
  readonly seed: Seed;
  readonly profile: ProfileName;
  /** Of its crash points this one; undefined is the scenario without. */
  readonly crashPoint?: number;
}

/** How often a seed ran: once, or a second time, with cores saved and restored or without. */
export type Repetition = "once" | "twice" | "amnesia";

/** A failure as plain data. */
export type FoundFailure = Pick<
  Failure,
  "invariant" | "breach" | "detail" | "revision" | "atUs" | "fingerprint"
>;

export interface SimResult extends SimTask, Omit<Outcome, "failure"> {
  readonly failure: FoundFailure | undefined;
  readonly repetition: Repetition;
  /** How many crash points have passed. */
  readonly points?: number;
}

/** One in so many seeds runs a second time, and one in so many of the others a second time with amnesia. */
const repeatedOneIn = 20;
/** What amnesia a second run has: once in so many events. */
export const amnesiaOneIn = 10;

/** Runs seeds, one after the other. */
export class SimRunner {
  readonly #plan: SimPlan;
  readonly #workload: TraceWorkload | undefined;

  constructor(plan: SimPlan) {
    this.#plan = plan;
    this.#workload = plan.trace && new TraceWorkload(plan.trace);
  }

  scenario({ seed, profile, crashPoint }: SimTask): Scenario {
    const { clients, scenario } = this.#plan;
    const whole = scenario ?? this.#workload?.scenario(seed, profile, clients) ??
      scenarioFrom(seed, profile, clients);
    return crashPoint === undefined ? whole : crashPoints(whole)[crashPoint]!;
  }

  run(task: SimTask): SimResult {
    const scenario = this.scenario(task);
    const repetition = this.#repetitionOf(task.seed);
    const { failure, ...outcome } = repetition === "once"
      ? new Simulation(scenario).run()
      : runTwice(scenario, repetition === "amnesia" ? this.#plan.amnesia || amnesiaOneIn : 0);
    const result = { ...task, ...outcome, failure: failure && plainFailure(failure), repetition };
    return this.#plan.crashPoints && failure === undefined ? this.#sweep(scenario, result) : result;
  }

  /** Runs a scenario with a crash at each point, up to the first that fails. */
  #sweep(scenario: Scenario, result: SimResult): SimResult {
    const swept = { ...result, points: 0 };
    for (const point of crashPoints(scenario)) {
      const { failure, timeUs, changes, messages, inputs } = new Simulation(point).run();
      swept.timeUs += timeUs;
      swept.changes += changes;
      swept.messages += messages;
      swept.inputs += inputs;
      if (failure !== undefined) {
        return { ...swept, failure: plainFailure(failure), crashPoint: swept.points };
      }
      swept.points++;
    }
    return swept;
  }

  #repetitionOf(seed: Seed): Repetition {
    if (this.#plan.amnesia > 0 || this.#plan.scenario !== undefined) return "amnesia";
    const draws = new Random(seed).stream("repetition");
    if (draws.isOneIn(repeatedOneIn)) return "twice";
    return draws.isOneIn(repeatedOneIn) ? "amnesia" : "once";
  }
}

export function plainFailure(failure: Failure): FoundFailure {
  const { invariant, breach, detail, revision, atUs, fingerprint } = failure;
  return { invariant, breach, detail, revision, atUs, fingerprint };
}
