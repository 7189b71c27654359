/**
 * Runs a scenario a second time, event by event beside the first, and names the first event that differs: the same
 * scenario must give the same run, also when cores are written down and read again in between.
 *
 * @module
 */

import { Digest } from "./digest.ts";
import { Failure } from "./judges/failure.ts";
import type { Scenario } from "./scenario.ts";
import { type Outcome, Simulation, type Tap } from "./simulation.ts";

/**
 * Runs a scenario twice, with the first run's outcome. Its failure is the first run's, or that the second differs.
 *
 * @param amnesia in the second run, once in so many events the core that steps is saved and restored; 0 is never.
 */
export function runTwice(scenario: Scenario, amnesia: number): Outcome {
  const steps: Step[] = [];
  const first = new Simulation(scenario, { tap: tapTo((step) => steps.push(step)) }).run();
  if (first.failure !== undefined) return first;
  let count = 0;
  const compare = (step: Step) => {
    const before = steps[count++];
    if (before?.digest !== step.digest || before.node !== step.node) throw differs(count, before, step);
  };
  const second = new Simulation(scenario, { tap: tapTo(compare), amnesia }).run();
  const failure = second.failure ??
    (first.hash === second.hash ? undefined : differs(count, undefined, undefined));
  if (failure === undefined) return first;
  return { ...first, failure: failure.invariant === "determinism" ? failure : failsOnlyNow(failure) };
}

/** One event: a core was told something, and said something. */
interface Step {
  readonly node: string;
  readonly kind: string;
  readonly digest: string;
}

function tapTo(take: (step: Step) => void): Tap {
  return {
    started: (node, kind, options) => take({ node, kind: `begins as a ${kind}`, digest: digestOf(options) }),
    stepped: (node, input, outputs) => take({ node, kind: input.kind, digest: digestOf(input, outputs) }),
  };
}

function digestOf(...values: readonly unknown[]): string {
  const digest = new Digest();
  for (const value of values) digest.value(value);
  return digest.toString();
}

function differs(number: number, before: Step | undefined, now: Step | undefined): Failure {
  const shown = (step: Step | undefined) =>
    step === undefined ? "nothing" : `${step.node}, ${step.kind}, ${step.digest}`;
  return new Failure(
    "determinism",
    "a second run of the same scenario differs",
    `event ${number}: ${shown(before)} the first time, ${shown(now)} the second time`,
  );
}

function failsOnlyNow({ message, atUs, revision }: Failure): Failure {
  const failure = new Failure(
    "determinism",
    "a second run of the same scenario fails where the first did not",
    message,
    revision,
  );
  failure.atUs = atUs;
  return failure;
}
