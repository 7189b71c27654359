/**
 * A failing scenario made small: what is not needed for the failure goes, what is left becomes simpler, for as long
 * as it still fails in the same way.
 *
 *     coarse:  nothing after the failure ─► nothing left to chance, where that goes ─► fewer faults, deeds, clients
 *       └ again, until nothing helps
 *     fine:    the same in single pieces ─► simpler times, deeds and faults
 *       └ again, until nothing helps
 *     stubborn: some of it with another seed, any two things at once; then fine again
 *     exact:   once more from there, with exact edits in the place of what was typed: the smaller of the two wins
 *
 * In the same way means: the same invariant, broken in the same manner. Without that a search slips from the failure
 * it is to explain to another one.
 *
 * There is no clock here. Whoever asks for it calls `step` for as long as there is time, and has at every moment the
 * best that was found so far.
 *
 * @module
 */

import { Digest } from "./digest.ts";
import { fewerClients, simplerClients, steadyNetwork, withoutClient } from "./minimise_clients.ts";
import { simplerDeeds, uncarriedEdits } from "./minimise_deed.ts";
import { withEdits } from "./minimise_edits.ts";
import { simplerFaults } from "./minimise_fault.ts";
import { fewer, type Proposals, simplestEach, within } from "./minimise_proposals.ts";
import {
  fewerHostiles,
  noCoda,
  otherSeed,
  seedsTried,
  smallerSeed,
  steadyDisk,
  usualSettings,
} from "./minimise_surroundings.ts";
import { earlierFaults, shorterPauses } from "./minimise_times.ts";
import type { Deed, Fault, Scenario } from "./scenario.ts";
import { Simulation, type SimulationOptions } from "./simulation.ts";

/** A failure, as far as it matters here. */
export interface Sighting {
  /** Tells this failure from others. */
  readonly fingerprint: string;
  /** When it was seen, in virtual microseconds. */
  readonly atUs: number;
  /** Over the whole run: the same run gives the same. */
  readonly hash: string;
  /** How long the run was, in inputs of all cores. */
  readonly inputs: number;
}

/** Runs a scenario, for so many inputs at most, and says how it fails; undefined if it does not. */
export type Trial = (scenario: Scenario, inputsMax: number) => Sighting | undefined;

/** How large a scenario is. */
export interface Size {
  readonly clients: number;
  readonly deeds: number;
  readonly faults: number;
  readonly tricks: number;
}

export interface Minimised {
  readonly scenario: Scenario;
  readonly sighting: Sighting;
  readonly before: Size;
  readonly after: Size;
  /** How many scenarios were tried. */
  readonly runs: number;
  /** Whether two more runs of the result failed in the same way, with the same hash. */
  readonly isVerified: boolean;
}

/** A scenario that fails, and how. */
interface Failing {
  readonly scenario: Scenario;
  readonly sighting: Sighting;
}

export class Minimiser {
  readonly #trial: Trial;
  readonly #before: Size;
  readonly #proposals: Generator<Scenario, void, boolean>;
  /** What was tried before need not be tried again. */
  readonly #tried = new Set<string>();
  #failing: Failing;
  /** The smallest before all that was typed became exact edits. */
  #relative: Failing | undefined;
  #runs = 0;
  /** What was said of the last proposal. */
  #answer = false;

  /** @throws {RangeError} if the scenario does not fail. */
  constructor(scenario: Scenario, trial: Trial = simulated()) {
    this.#trial = trial;
    this.#before = sizeOf(scenario);
    const sighting = this.#run(scenario, Infinity);
    if (sighting === undefined) throw new RangeError("A scenario that does not fail cannot be made smaller");
    this.#failing = { scenario, sighting };
    this.#isNew(scenario);
    this.#proposals = this.#search();
  }

  /** The smallest so far that fails. */
  get scenario(): Scenario {
    return this.#smallest.scenario;
  }

  get size(): Size {
    return sizeOf(this.scenario);
  }

  /** How many scenarios were tried. */
  get runs(): number {
    return this.#runs;
  }

  /** Tries one more; false if there is nothing left to try. */
  step(): boolean {
    for (;;) {
      const { done, value: scenario } = this.#proposals.next(this.#answer);
      if (done) return false;
      this.#answer = false;
      if (!isWhole(scenario) || !this.#isNew(scenario)) continue;
      const { sighting: present } = this.#failing;
      // What takes much longer than what it is to replace is no simplification.
      const sighting = this.#run(scenario, 2 * present.inputs + 2000);
      if (sighting !== undefined && isAlike(sighting, present)) {
        this.#answer = true;
        this.#failing = { scenario, sighting };
      }
      return true;
    }
  }

  /** What has come of it: asked at the end, or when there is no more time. */
  result(): Minimised {
    const { scenario, sighting } = this.#smallest;
    const again = [this.#run(scenario, Infinity), this.#run(scenario, Infinity)];
    return {
      scenario,
      sighting,
      before: this.#before,
      after: this.size,
      runs: this.#runs,
      isVerified: again.every((other) =>
        other?.fingerprint === sighting.fingerprint && other.hash === sighting.hash
      ),
    };
  }

  get #smallest(): Failing {
    if (this.#relative === undefined) return this.#failing;
    return countOf(this.#failing.scenario) < countOf(this.#relative.scenario)
      ? this.#failing
      : this.#relative;
  }

  #run(scenario: Scenario, inputsMax: number): Sighting | undefined {
    this.#runs++;
    return this.#trial(scenario, inputsMax);
  }

  #isNew(scenario: Scenario): boolean {
    const digest = new Digest();
    digest.value(scenario);
    const name = digest.toString();
    if (this.#tried.has(name)) return false;
    this.#tried.add(name);
    return true;
  }

  // The order of the search -----------------------------------------------------------------------------------

  *#search(): Generator<Scenario, void, boolean> {
    yield* this.#untilNothingHelps(this.#coarse);
    yield* this.#toTheEnd();
    // Once more, with what was typed exactly: the smaller one wins.
    this.#relative = this.#failing;
    if (!(yield withEdits(this.#failing.scenario))) return;
    yield* this.#toTheEnd();
    yield* within(simplestEach(this.#failing.scenario.deeds, uncarriedEdits), this.#withDeeds);
  }

  *#toTheEnd(): Generator<Scenario, void, boolean> {
    do yield* this.#untilNothingHelps(this.#fine); while (yield* this.#hasHelped(this.#stubborn));
  }

  *#untilNothingHelps(passes: () => Generator<Scenario, void, boolean>): Generator<Scenario, void, boolean> {
    while (yield* this.#hasHelped(passes));
  }

  *#hasHelped(passes: () => Generator<Scenario, void, boolean>): Generator<Scenario, boolean, boolean> {
    const before = this.#failing.scenario;
    yield* passes.call(this);
    return this.#failing.scenario !== before;
  }

  *#coarse(): Generator<Scenario, void, boolean> {
    yield* this.#endedAt();
    yield* fewerHostiles(this.#failing.scenario);
    yield* steadyNetwork(this.#failing.scenario);
    yield* steadyDisk(this.#failing.scenario);
    yield* this.#fewer(8);
    yield* fewerClients(this.#failing.scenario);
    yield* noCoda(this.#failing.scenario);
    yield* usualSettings(this.#failing.scenario);
    yield* this.#fewer(32);
  }

  *#fine(): Generator<Scenario, void, boolean> {
    yield* this.#endedAt();
    if (this.#relative !== undefined) yield withEdits(this.#failing.scenario);
    yield* this.#fewer(Infinity);
    yield* fewerClients(this.#failing.scenario);
    yield* fewerHostiles(this.#failing.scenario);
    yield* noCoda(this.#failing.scenario);
    yield* usualSettings(this.#failing.scenario);
    yield* simplerClients(this.#failing.scenario);
    yield* steadyDisk(this.#failing.scenario);
    yield* earlierFaults(this.#failing.scenario);
    yield* shorterPauses(this.#failing.scenario);
    yield* within(simplestEach(this.#failing.scenario.deeds, simplerDeeds), this.#withDeeds);
    yield* within(simplestEach(this.#failing.scenario.faults, simplerFaults), this.#withFaults);
    yield* smallerSeed(this.#failing.scenario);
  }

  readonly #withDeeds = (deeds: readonly Deed[]): Scenario => ({ ...this.#failing.scenario, deeds });
  readonly #withFaults = (faults: readonly Fault[]): Scenario => ({ ...this.#failing.scenario, faults });

  /** Nothing after the failure. */
  *#endedAt(): Proposals<Scenario> {
    const { atUs } = this.#failing.sighting;
    const scenario = this.#failing.scenario;
    const deeds = scenario.deeds.filter((deed) => deed.atUs <= atUs);
    const faults = scenario.faults.filter((fault) => fault.atUs <= atUs);
    const calmUs = Math.min(scenario.calmUs, atUs + 1);
    if (
      deeds.length < scenario.deeds.length || faults.length < scenario.faults.length ||
      calmUs < scenario.calmUs
    ) yield { ...scenario, deeds, faults, calmUs };
    return this.#failing.scenario;
  }

  /** Fewer faults and fewer deeds: pieces of as many parts as are named, or single ones. */
  *#fewer(parts: number): Generator<Scenario, void, boolean> {
    const { faults, deeds } = this.#failing.scenario;
    yield* within(fewer(faults, Math.ceil(faults.length / parts)), this.#withFaults);
    yield* within(fewer(deeds, Math.ceil(deeds.length / parts)), this.#withDeeds);
  }

  /** Where nothing can go alone: something with another seed, two things at once, one beside a simpler fault. */
  *#stubborn(): Generator<Scenario, void, boolean> {
    const scenario = this.#failing.scenario;
    for (const smaller of withoutSome(scenario)) {
      for (let index = 0; index < seedsTried; index++) if (yield otherSeed(smaller, index)) return;
    }
    const smaller = [...withoutOne(scenario)];
    if (smaller.length > stubbornMax) return;
    for (const one of smaller) for (const two of withoutOne(one)) if (yield two) return;
    // A fault that counts what others do counts less when they do less.
    for (const one of smaller) {
      for (const [index, fault] of one.faults.entries()) {
        for (const simpler of simplerFaults(fault)) {
          if (yield { ...one, faults: one.faults.with(index, simpler) }) return;
        }
      }
    }
  }
}

/** Above this many deeds, faults and clients, to try them in pairs would take too long. */
const stubbornMax = 24;

/** Without some of the deeds, the larger pieces first, then without one of whatever it is. */
function* withoutSome(scenario: Scenario): Generator<Scenario> {
  const { deeds } = scenario;
  for (let size = deeds.length >> 1; size > 1; size >>= 1) {
    for (let end = deeds.length; end > 0; end -= size) {
      yield { ...scenario, deeds: deeds.toSpliced(Math.max(0, end - size), Math.min(size, end)) };
    }
  }
  yield* withoutOne(scenario);
}

function* withoutOne(scenario: Scenario): Generator<Scenario> {
  const { deeds, faults, clients } = scenario;
  for (let client = clients.length - 1; clients.length > 1 && client >= 0; client--) {
    yield withoutClient(scenario, client);
  }
  for (let index = deeds.length - 1; index >= 0; index--) {
    yield { ...scenario, deeds: deeds.toSpliced(index, 1) };
  }
  for (let index = faults.length - 1; index >= 0; index--) {
    yield { ...scenario, faults: faults.toSpliced(index, 1) };
  }
}

/** Whether it can be run at all: where harm is meant, somebody works. */
function isWhole({ clients, hostiles }: Scenario): boolean {
  return clients.length > 0 &&
    hostiles.every(({ workspace, tricks }) =>
      tricks.length > 0 && clients.some((client) => client.workspace === workspace)
    );
}

/** Whether two failures are of one kind. A core that stops itself names numbers, which change with the scenario. */
function isAlike(a: Sighting, b: Sighting): boolean {
  return withoutNumbers(a.fingerprint) === withoutNumbers(b.fingerprint);
}

function withoutNumbers(text: string): string {
  return text.replace(/\d+/g, "#");
}

function countOf(scenario: Scenario): number {
  const { clients, deeds, faults, tricks } = sizeOf(scenario);
  return clients + deeds + faults + tricks;
}

export function sizeOf({ clients, deeds, faults, hostiles }: Scenario): Size {
  return {
    clients: clients.length,
    deeds: deeds.length,
    faults: faults.length,
    tricks: hostiles.reduce((sum, { tricks }) => sum + tricks.length, 0),
  };
}

/** Runs scenarios in simulations, with all judges. */
export function simulated(options: SimulationOptions = {}): Trial {
  return (scenario, inputsMax) => {
    let left = inputsMax;
    const { hash, failure, inputs } = new Simulation(scenario, {
      ...options,
      tap: {
        started() {},
        stepped() {
          if (left-- === 0) throw new RangeError("The run is too long");
        },
      },
    }).run();
    return failure && { fingerprint: failure.fingerprint, atUs: failure.atUs, hash, inputs };
  };
}
