/**
 * A failing case, made as small as can be, as a recording that fails in the same way.
 *
 * @module
 */

import { type Minimised, Minimiser, simulated, type Size, sizeOf, type Trial } from "../sim/minimise.ts";
import { type Origin, recordedSimulation } from "../sim/recorded_simulation.ts";
import { runTwice } from "../sim/repetition.ts";
import type { Scenario } from "../sim/scenario.ts";
import type { FoundFailure } from "./sim_run.ts";

export interface CaseOptions {
  readonly failure: FoundFailure;
  readonly minimises: boolean;
  /** What amnesia a second run has. */
  readonly amnesia: number;
  readonly origin: Omit<Origin, "kind">;
}

export interface Case {
  /** The recording. */
  readonly lines: readonly string[];
  readonly before: Size;
  readonly after: Size;
  /** How many scenarios were tried, and for how long. */
  readonly runs: number;
  readonly seconds: number;
  /** Whether what is kept fails in the same way, time and again. */
  readonly isVerified: boolean;
}

/** It is made smaller for so long. */
const secondsMax = 50;

export function caseOf(scenario: Scenario, { failure, minimises, amnesia, origin }: CaseOptions): Case {
  const begun = performance.now();
  const trial = failure.invariant === "determinism" ? repeated(amnesia) : simulated();
  const found = minimises ? minimised(scenario, trial) : asFound(scenario);
  const kind = found.runs > 0 ? "minimised" : "simulation";
  const { lines } = recordedSimulation(found.scenario, { ...origin, kind }, failure);
  const { before, after, runs, isVerified } = found;
  return { lines, before, after, runs, isVerified, seconds: (performance.now() - begun) / 1000 };
}

type Found = Omit<Minimised, "sighting">;

function minimised(scenario: Scenario, trial: Trial): Found {
  const until = performance.now() + secondsMax * 1000;
  let minimiser: Minimiser;
  try {
    minimiser = new Minimiser(scenario, trial);
  } catch (error) {
    // What failed once and does not fail again is kept as it is.
    if (error instanceof RangeError) return asFound(scenario);
    throw error;
  }
  while (performance.now() < until && minimiser.step());
  return minimiser.result();
}

function asFound(scenario: Scenario): Found {
  const size = sizeOf(scenario);
  return { scenario, before: size, after: size, runs: 0, isVerified: false };
}

/** Runs scenarios twice, and says where the second run differs. */
function repeated(amnesia: number): Trial {
  return (scenario) => {
    const { hash, inputs, failure } = runTwice(scenario, amnesia);
    return failure && { fingerprint: failure.fingerprint, atUs: failure.atUs, hash, inputs };
  };
}
