/**
 * Simpler surroundings: nobody who means harm, the usual settings, a good disk, no coda, plain letters, another seed.
 *
 * @module
 */

import type { Settings } from "../server/core/mod.ts";
import type { DiskPlan } from "./log.ts";
import { simplerQualities, simplerTables } from "./minimise_clients.ts";
import {
  fewer,
  oneOf,
  type Proposals,
  simplerTimes,
  simplest,
  simplestEach,
  within,
} from "./minimise_proposals.ts";
import { seedAt } from "./random.ts";
import type { HostilePlan, Scenario } from "./scenario.ts";

const firstSeed = "0".repeat(16);
/** How many other seeds are tried where a seed decides what is left open. */
export const seedsTried = 12;

export function otherSeed(scenario: Scenario, index: number): Scenario {
  return { ...scenario, seed: seedAt(firstSeed, index) };
}

/** The seed with the smallest number of a few. */
export function* smallerSeed(scenario: Scenario): Proposals<Scenario> {
  const seeds = Array.from({ length: seedsTried }, (_, index) => otherSeed(scenario, index));
  const rank = seeds.findIndex(({ seed }) => seed === scenario.seed);
  return yield* oneOf(scenario, rank < 0 ? seeds : seeds.slice(0, rank));
}

/** Nobody left behind, nothing taken back at the end, letters that can be read. */
export function* noCoda(scenario: Scenario): Proposals<Scenario> {
  let kept = scenario;
  if (kept.undoAll !== undefined) kept = yield* oneOf(kept, [{ ...kept, undoAll: undefined }]);
  if (kept.leftBehind.length > 0) kept = yield* oneOf(kept, [{ ...kept, leftBehind: [] }]);
  if (!kept.plain) kept = yield* oneOf(kept, [{ ...kept, plain: true }]);
  return kept;
}

/** The usual settings: all, then one by one. */
export function* usualSettings(scenario: Scenario): Proposals<Scenario> {
  const entries = Object.entries(scenario.settings);
  return yield* within(fewer(entries), (left) => ({
    ...scenario,
    settings: Object.fromEntries(left) as Partial<Settings>,
  }));
}

const diskTimes: readonly number[] = [0, 1000, 10_000, 100_000, 1_000_000];

/** A disk that always takes the same time: for all of it, or for writing and for syncing. */
export function* steadyDisk(scenario: Scenario): Proposals<Scenario> {
  return yield* within(simplest(scenario.disk, steadierDisks), (disk) => ({ ...scenario, disk }));
}

function* steadierDisks(disk: DiskPlan): Generator<DiskPlan> {
  const isSteady = disk.writeUs.length + disk.syncUs.length === 2;
  if (!isSteady) { for (const us of diskTimes) yield { writeUs: [0], syncUs: [us] }; }
  for (const writeUs of simplerTables(disk.writeUs, diskTimes)) yield { ...disk, writeUs };
  for (const syncUs of simplerTables(disk.syncUs, diskTimes)) yield { ...disk, syncUs };
}

/** Fewer who mean harm, with fewer tricks, for a shorter time. */
export function* fewerHostiles(scenario: Scenario): Proposals<Scenario> {
  const withHostiles = (hostiles: readonly HostilePlan[]): Scenario => ({ ...scenario, hostiles });
  let { hostiles } = yield* within(fewer(scenario.hostiles), withHostiles);
  for (const [index, plan] of hostiles.entries()) {
    const withTricks = (tricks: HostilePlan["tricks"]) =>
      withHostiles(hostiles.with(index, { ...plan, tricks }));
    ({ hostiles } = yield* within(fewer(plan.tricks), withTricks));
  }
  return yield* within(simplestEach(hostiles, simplerHostiles), withHostiles);
}

function* simplerHostiles(plan: HostilePlan): Generator<HostilePlan> {
  for (const quality of simplerQualities(plan.quality)) yield { ...plan, quality };
  for (const joinUs of simplerTimes(plan.joinUs)) yield { ...plan, joinUs };
  for (const untilUs of simplerTimes(plan.untilUs)) yield { ...plan, untilUs };
}
