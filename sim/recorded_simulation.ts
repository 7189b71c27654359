/**
 * A simulation as a recording: what every core was told and what it said, and in the header the scenario and what
 * the judges found, so that the one file can be replayed and be run again.
 *
 * @module
 */

import type { ClientOptions } from "../client/core/mod.ts";
import { defaultSettings, type Settings } from "../server/core/mod.ts";
import type { Header } from "./recording.ts";
import { Recorder, type Saves } from "./recording_writer.ts";
import type { Scenario } from "./scenario.ts";
import { originUs, type Outcome, Simulation } from "./simulation.ts";

/** Where a recording comes from, which a simulation cannot know. */
export type Origin = Pick<Header, "kind" | "software" | "engine">;

/** What is told of a failure in a header. */
export interface RecordedFailure {
  readonly invariant: string;
  readonly breach: string;
  readonly detail: string;
  readonly atUs: number;
  readonly revision?: number | undefined;
}

/**
 * Runs a scenario, and gives the lines of its recording.
 *
 * @param found what is wrong, if that is not what the judges find in this run.
 */
export function recordedSimulation(
  scenario: Scenario,
  origin: Origin,
  found?: RecordedFailure,
): { readonly outcome: Outcome; readonly lines: readonly string[] } {
  const settings: Settings = { ...defaultSettings, ...scenario.settings };
  const lines: string[] = [];
  const header = (failure?: RecordedFailure): Header => ({
    kind: origin.kind,
    features: [],
    software: origin.software,
    engine: origin.engine,
    startedUs: originUs,
    settings,
    seed: scenario.seed,
    profile: scenario.name,
    scenario,
    ...(failure === undefined ? {} : { failure }),
  });
  const recorder = new Recorder(header(), (line) => lines.push(line));
  const simulation: Simulation = new Simulation(scenario, {
    tap: {
      started: (name, kind, options) => {
        const core: Saves = { save: () => coreCalled(simulation, name).save() };
        if (kind === "server") recorder.node(name, kind, options as Settings, core);
        else recorder.node(name, kind, options as ClientOptions, core);
      },
      stepped: (name, input, outputs) => recorder.record(name, input, outputs),
    },
  });
  const outcome = simulation.run();
  const failure = outcome.failure ?? found;
  recorder.end(failure === undefined ? "passed" : "failed");
  if (failure !== undefined) {
    // What was found stands at the top, where it is looked for.
    const { invariant, breach, detail, atUs, revision } = failure;
    const told = { invariant, breach, detail, atUs, ...(revision === undefined ? {} : { revision }) };
    new Recorder(header(told), (line) => lines[0] = line);
  }
  return { outcome, lines };
}

function coreCalled(simulation: Simulation, name: string): Saves {
  for (const host of [...simulation.servers, ...simulation.hosts]) if (host.name === name) return host.core;
  throw new Error(`Nobody is called ${name}`);
}
