/**
 * What a mutant is run through, always in the same order: seeds of several profiles, and parts of small worlds.
 *
 * @module
 */

import { exploreShard } from "../sim/explore.ts";
import type { WorldPlan } from "../sim/explore_world.ts";
import { worlds } from "../sim/explore_worlds.ts";
import { Failure } from "../sim/judges/failure.ts";
import { type ProfileName, scenarioFrom } from "../sim/profiles.ts";
import { type Seed, seedAt } from "../sim/random.ts";
import { runTwice } from "../sim/repetition.ts";
import { Simulation } from "../sim/simulation.ts";

/** One thing that is run. */
export type Trial =
  | {
    readonly part: "simulation";
    readonly profile: ProfileName;
    readonly seed: Seed;
    /** Whether it runs a second time, with cores that are saved and restored on the way. */
    readonly twice: boolean;
  }
  | { readonly part: "exploration"; readonly world: string; readonly shard: number };

/** The profiles of one round: those that take little time more often. */
const round: readonly ProfileName[] = [
  ...["quick", "quick", "disk", "rights", "quick", "hostile"] as const,
  ...["quick", "disk", "rights", "swarm", "quick", "signed"] as const,
];
const firstSeed = "0000000000000001";
/** In the second run, a core is saved and restored once in so many events. */
const amnesia = 10;

/** Worlds in which little is known before all of it is, and how many of their states are looked at. */
const explored = ["alone", "late", "log", "cut", "pair", "tree-pair", "joined", "undo", "three"];
const statesMax = 1500;

/** What is run for most mutants, for the canary, and where worlds are explored. */
export type Course = "simulation" | "canary" | "exploration";

/** The first trials of a course: `count` of them, or as many as there are. */
export function trialsOf(course: Course, count: number): Trial[] {
  switch (course) {
    case "simulation":
      return simulations(count, round);
    case "canary":
      return simulations(count, ["quick"]);
    case "exploration":
      return explorations().slice(0, count);
  }
}

function simulations(count: number, round: readonly ProfileName[]): Trial[] {
  const used = new Map<ProfileName, number>();
  return Array.from({ length: count }, (_, index): Trial => {
    const profile = round[index % round.length]!;
    const seed = used.get(profile) ?? 0;
    used.set(profile, seed + 1);
    const twice = round.length > 1 && index % 6 === 4;
    return { part: "simulation", profile, seed: seedAt(firstSeed, seed), twice };
  });
}

function explorations(): Trial[] {
  return explored.flatMap((world) =>
    Array.from({ length: worldCalled(world).shards }, (_, shard): Trial => ({
      part: "exploration",
      world,
      shard,
    }))
  );
}

function worldCalled(name: string): WorldPlan {
  return worlds.find((world) => world.name === name)!;
}

/** What is wrong, told so that it can be compared; undefined if nothing is. */
export function runTrial(trial: Trial): string | undefined {
  try {
    if (trial.part === "exploration") {
      const { failure } = exploreShard(worldCalled(trial.world), trial.shard, statesMax);
      return failure && `exploration: ${withoutNumbers(failure.fault)}`;
    }
    const scenario = scenarioFrom(trial.seed, trial.profile);
    const { failure } = trial.twice ? runTwice(scenario, amnesia) : new Simulation(scenario).run();
    return failure && withoutNumbers(failure.fingerprint);
  } catch (error) {
    if (error instanceof Failure) return withoutNumbers(error.fingerprint);
    return `no_panic: ${withoutNumbers(error instanceof Error ? error.message : String(error))}`;
  }
}

/** The first line, with what differs from one run to the next left out. */
function withoutNumbers(text: string): string {
  return text.split("\n", 1)[0]!.replaceAll(/"[^"]*"/g, "…").replaceAll(/\d+/g, "#").slice(0, 150);
}

export function called(trial: Trial): string {
  if (trial.part === "exploration") return `world ${trial.world}`;
  return `${trial.profile} ${trial.seed}${trial.twice ? ", twice" : ""}`;
}
