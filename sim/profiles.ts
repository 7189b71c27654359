/**
 * Scenarios from seeds: a profile says what may be in one, and the seed decides what is.
 *
 * Not everything at once: whole families of faults and of deeds are off in most scenarios, and limits stand at their
 * extremes in some (swarm testing; Groce et al., ISSTA 2012). A run with one kind of trouble gets deeper into it.
 *
 * @module
 */

import { deedsOf } from "./deeds.ts";
import { faultsOf } from "./faults.ts";
import { partiesOf } from "./parties.ts";
import { type Profile, second } from "./profile.ts";
import { Random, type Seed } from "./random.ts";
import type { Scenario } from "./scenario.ts";
import { diskOf, settingsOf } from "./surroundings.ts";

const minutes = 60;

export const profiles = {
  quick: {
    description: "short runs with a little of everything",
    clients: [2, 5],
    deeds: [40, 160],
    seconds: [2, 20],
    faults: [0, 12],
    families: ["connection", "partition", "client", "server", "log", "epoch"],
    hostileOneIn: 6,
    extremesOneIn: 3,
    signedOneIn: 16,
  },
  swarm: {
    description: "longer runs, each with its own few kinds of trouble",
    clients: [2, 12],
    deeds: [100, 1000],
    seconds: [5, 4 * minutes],
    faults: [0, 60],
    families: ["connection", "partition", "client", "server", "log", "epoch"],
    hostileOneIn: 4,
    extremesOneIn: 2,
    signedOneIn: 16,
  },
  storm: {
    description: "everything breaks all the time",
    clients: [3, 8],
    deeds: [200, 600],
    seconds: [20, 2 * minutes],
    faults: [60, 200],
    families: ["connection", "partition", "client", "server", "log"],
    hostileOneIn: 2,
    extremesOneIn: 2,
    signedOneIn: 16,
  },
  disk: {
    description: "crashes, power cuts, a log that fails, is in doubt, is full, is damaged or put back",
    clients: [2, 4],
    deeds: [60, 300],
    seconds: [5, 60],
    faults: [5, 40],
    families: ["server", "log", "epoch"],
    hostileOneIn: 0,
    extremesOneIn: 3,
    signedOneIn: 16,
  },
  hostile: {
    description: "people who mean harm beside people who work",
    clients: [2, 4],
    deeds: [60, 300],
    seconds: [5, 60],
    faults: [0, 10],
    families: ["connection", "server"],
    hostileOneIn: 1,
    extremesOneIn: 3,
    signedOneIn: 8,
  },
  rights: {
    description: "people who may see and change a part, whose tokens end, are revoked or become others",
    clients: [2, 6],
    deeds: [60, 400],
    seconds: [2, 40],
    faults: [0, 16],
    families: ["connection", "client", "server", "log", "token"],
    hostileOneIn: 4,
    extremesOneIn: 4,
    signedOneIn: 16,
    needsTokens: true,
  },
  signed: {
    description: "people who sign, beside some who do not, and some who mean harm by signatures",
    clients: [2, 4],
    deeds: [30, 120],
    seconds: [2, 20],
    faults: [0, 10],
    families: ["connection", "client", "server", "log", "epoch"],
    hostileOneIn: 2,
    extremesOneIn: 4,
    signedOneIn: 1,
  },
  long: {
    description: "hours of work with pauses, many people, few faults",
    clients: [5, 20],
    deeds: [2000, 6000],
    seconds: [10 * minutes, 180 * minutes],
    faults: [0, 60],
    families: ["connection", "partition", "client", "server", "log"],
    hostileOneIn: 0,
    extremesOneIn: 4,
    signedOneIn: 0,
  },
} as const satisfies Readonly<Record<string, Profile>>;

export type ProfileName = keyof typeof profiles;

export function isProfile(name: string): name is ProfileName {
  return Object.hasOwn(profiles, name);
}

/** The scenario of a seed. @param clients how many, whatever the profile says. */
export function scenarioFrom(seed: Seed, name: ProfileName, clients?: number): Scenario {
  const profile: Profile = profiles[name];
  const random = new Random(seed);
  const plan = random.stream("plan");
  const count = clients ?? plan.int(...profile.clients);
  const stormUs = plan.int(...profile.seconds) * second;
  const isHostile = profile.hostileOneIn > 0 && plan.isOneIn(profile.hostileOneIn);
  const extremes = plan.isOneIn(profile.extremesOneIn);
  const { clients: clientPlans, hostiles, mustSign } = partiesOf(random, profile, count, stormUs, isHostile);
  return {
    format: 1,
    seed,
    name,
    settings: {
      ...settingsOf(random, { profile, clients: count, extremes }),
      ...mustSign ? { signaturesRequired: true } : {},
    },
    disk: diskOf(random.stream("disk plan")),
    clients: clientPlans,
    hostiles,
    deeds: deedsOf(random, profile, count, stormUs),
    faults: faultsOf(random, profile, count, stormUs),
    calmUs: stormUs + second,
    leftBehind: plan.isOneIn(4) && count > 2 ? [plan.int(0, count - 1)] : [],
    undoAll: plan.isOneIn(3) ? plan.int(0, count - 1) : undefined,
    plain: plan.isOneIn(2),
    unique: true,
  };
}
