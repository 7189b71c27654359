/**
 * Scenarios from seeds: a profile says what may be in one, and the seed decides what is.
 *
 * Not everything at once: whole families of faults and of deeds are off in most scenarios, and limits stand at their
 * extremes in some (swarm testing; Groce et al., ISSTA 2012). A run with one kind of trouble gets deeper into it.
 *
 * @module
 */

import type { Settings } from "../server/core/mod.ts";
import type { Quality } from "./link.ts";
import type { DiskPlan } from "./log.ts";
import { Random, type Seed, type Stream } from "./random.ts";
import {
  type Action,
  type ClientPlan,
  type Deed,
  type Fault,
  type GrantPlan,
  type HostilePlan,
  type Scenario,
  type Trick,
  tricks,
  type Trouble,
  type Way,
  whole,
} from "./scenario.ts";

/** What a profile leaves to the seed: ranges of whole numbers, both ends included. */
interface Profile {
  readonly description: string;
  readonly clients: readonly [number, number];
  /** Deeds of all clients together. */
  readonly deeds: readonly [number, number];
  /** How long the storm lasts, in seconds. */
  readonly seconds: readonly [number, number];
  /** Faults in one storm. */
  readonly faults: readonly [number, number];
  /** Which families of faults there may be. */
  readonly families: readonly Family[];
  /** One in so many scenarios has somebody who means harm; 0 for none. */
  readonly hostileOneIn: number;
  /** One in so many scenarios has limits at their extremes. */
  readonly extremesOneIn: number;
  /** Whether everybody needs a token, and most of them do not cover everything. */
  readonly needsTokens?: true;
  /** One in so many scenarios has people who sign; 0 for none. */
  readonly signedOneIn: number;
}

type Family = "connection" | "partition" | "client" | "server" | "log" | "epoch" | "token";

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

const second = 1_000_000;

/** The scenario of a seed. @param clients how many, whatever the profile says. */
export function scenarioFrom(seed: Seed, name: ProfileName, clients?: number): Scenario {
  const profile: Profile = profiles[name];
  const random = new Random(seed);
  const plan = random.stream("plan");
  const count = clients ?? plan.int(...profile.clients);
  const stormUs = plan.int(...profile.seconds) * second;
  const faults = withKicks(faultsOf(random, profile, count, stormUs), random, profile, count, stormUs);
  const isHostile = profile.hostileOneIn > 0 && plan.isOneIn(profile.hostileOneIn);
  const extremes = plan.isOneIn(profile.extremesOneIn);
  const clientPlans = clientsOf(random, count);
  const hostiles = isHostile ? [hostileOf(random, stormUs)] : [];
  const tokens = random.stream("tokens"), signing = signingOf(random, profile.signedOneIn);
  return {
    format: 1,
    seed,
    name,
    settings: {
      ...(extremes ? extremeSettings(random.stream("settings"), count) : {}),
      ...memorySettings(random.stream("memory")),
      ...profile.needsTokens === true ? { authentication: true } : {},
      ...snapshotSettings(random.stream("snapshots")),
      ...(extremes ? blobSettings(random.stream("blob settings")) : {}),
      ...(signing?.isRequired === true ? { signaturesRequired: true } : {}),
    },
    disk: diskOf(random.stream("disk plan")),
    clients: clientPlans.map((plan, index) => ({
      ...plan,
      ...profile.needsTokens === true ? { grant: grantOf(tokens, index, stormUs) } : {},
      ...signing?.signs() === true ? { signs: true } : {},
    })),
    hostiles: hostiles.map((plan) => {
      const granted = profile.needsTokens === true
        ? withAdminTrick({ ...plan, grant: grantOf(tokens, 1, stormUs) }, random)
        : plan;
      return { ...granted, ...signing?.hostile(granted) };
    }),
    deeds: withTakeBacks(
      withTasks(
        withMore(deedsOf(random, profile, count, stormUs), random, profile, count, stormUs),
        random,
        count,
        stormUs,
      ),
      random,
      count,
      stormUs,
    ),
    faults,
    calmUs: stormUs + second,
    leftBehind: plan.isOneIn(4) && count > 2 ? [plan.int(0, count - 1)] : [],
    undoAll: plan.isOneIn(3) ? plan.int(0, count - 1) : undefined,
    plain: plan.isOneIn(2),
    unique: true,
  };
}

/** Who signs in a scenario: in most of them nobody. */
interface Signing {
  /** Whether the server takes no changes that are not signed. */
  readonly isRequired: boolean;
  /** Whether the next client signs. */
  signs(): boolean;
  /** How somebody does who means harm. */
  hostile(plan: HostilePlan): Partial<HostilePlan>;
}

function signingOf(random: Random, oneIn: number): Signing | undefined {
  const draws = random.stream("signing");
  if (oneIn === 0 || !draws.isOneIn(oneIn)) return undefined;
  return {
    isRequired: draws.isOneIn(5),
    signs: () => !draws.isOneIn(3),
    hostile: ({ tricks: others }) => {
      const some = [...signatureTricks].filter(() => !draws.isOneIn(3));
      return {
        // One after the other, so that each has its turn between what is valid.
        tricks: [...some.flatMap((trick): Trick[] => [trick, "valid change"]), ...others],
        ...draws.isOneIn(4) ? {} : { signs: true },
      };
    },
  };
}

// Where it runs -------------------------------------------------------------------------------------------------

/** Limits where they bite. */
function extremeSettings(draws: Stream, clients: number): Partial<Settings> {
  const settings: { -readonly [K in keyof Settings]?: Settings[K] } = {};
  if (draws.isOneIn(2)) settings.sendBytesMax = draws.pick([50, 100, 300, 2000]);
  if (draws.isOneIn(2)) settings.appendEntriesMax = draws.pick([1, 2, 5]);
  if (draws.isOneIn(3)) {
    settings.changesPerSecond = { human: draws.pick([2, 5, 20]), agent: draws.pick([5, 20]), ci: 100 };
  }
  if (draws.isOneIn(4)) settings.nodesMax = draws.int(3, 20);
  if (draws.isOneIn(4)) settings.textLengthMax = draws.int(20, 300);
  if (draws.isOneIn(4)) settings.workspaceLengthMax = draws.int(50, 500);
  if (draws.isOneIn(4)) settings.sessionUs = draws.pick([1, 5, 40]) * second;
  if (draws.isOneIn(4)) {
    settings.frameBytesMax = draws.pick([300, 2000]);
    settings.messageBytesMax = 100_000;
  }
  if (draws.isOneIn(4)) settings.clientsMax = clients + 2;
  if (draws.isOneIn(4)) settings.controlBytesMax = draws.pick([2000, 20_000]);
  if (draws.isOneIn(4)) settings.drainUs = draws.pick([1, 5]) * second;
  if (draws.isOneIn(4)) settings.gatherUsMin = 0;
  if (draws.isOneIn(4)) settings.writeUs = draws.pick([0, 1000, 20_000]);
  return settings;
}

/** What a server keeps in memory: in half of all scenarios, so little that all of it is let go of again and again. */
function memorySettings(draws: Stream): Partial<Settings> {
  if (draws.isOneIn(2)) return {};
  const settings: { -readonly [K in keyof Settings]?: Settings[K] } = {
    historyEntriesMax: draws.pick([1, 8, 40, 200]),
    checkpointEntries: draws.pick([1, 5, 30, 100]),
  };
  if (draws.isOneIn(3)) settings.historyWeightMax = draws.pick([1000, 10_000]);
  if (draws.isOneIn(2)) settings.sleepUs = draws.pick([0, 1, 10]) * second;
  if (!draws.isOneIn(4)) settings.removedUs = draws.pick([0, 100_000, second, 10 * second]);
  return settings;
}

/** How the workspace is sent to those who come: in half of all scenarios in pieces, with little kept for that. */
function snapshotSettings(draws: Stream): Partial<Settings> {
  if (draws.isOneIn(2)) return {};
  const settings: { -readonly [K in keyof Settings]?: Settings[K] } = {
    pieceBytesMin: draws.pick([16, 100, 500]),
    packedBytesMin: draws.pick([0, 0, 100]),
    packedKeptMax: draws.pick([0, 500, 1 << 20]),
  };
  if (draws.isOneIn(2)) {
    settings.pinnedLengthMax = draws.pick([0, 100, 1000]);
    // In so small writes that others come meanwhile.
    settings.sendBytesMax = draws.pick([50, 300]);
  }
  return settings;
}

function blobSettings(draws: Stream): Partial<Settings> {
  return draws.isOneIn(4) ? { blobBytesMax: draws.pick([0, 50, 2000]) } : {};
}

function diskOf(draws: Stream): DiskPlan {
  return draws.pick<DiskPlan>([
    { writeUs: [0], syncUs: [0] },
    { writeUs: [10, 20, 50], syncUs: [100, 200, 300, 1000] },
    { writeUs: [10, 100, 5000], syncUs: [1000, 5000, 20_000, 200_000] },
    { writeUs: [1, 1_000_000], syncUs: [1, 1000, 2_000_000] },
  ]);
}

/** Capabilities that meet the names that people give, in layers. */
const capabilities: readonly GrantPlan["capabilities"][] = [
  [["edit:**", "tree:**"]],
  [["edit:src/**", "tree:src/**"]],
  [["edit:a/**", "tree:a/**", "tree:a", "read:b.txt"]],
  [["read:**", "edit:src/**"]],
  [["edit:**", "tree:*"]],
  [["edit:*.txt", "tree:{a,c,src}/**"]],
  [["edit:{a,c}/**", "tree:{a,c}/**", "tree:{a,c}"]],
  [["edit:**", "tree:**"], ["edit:**/*.txt", "read:{a,src}/**", "tree:src/**"]],
  [["read:**"]],
  [["read:**/b*", "edit:**/b*", "tree:**/a*"]],
  [["read:**", "edit:**/*.txt", "tree:src/**"]],
];

/** What a token says; the first one covers everything and holds, so that there is something to see and to move. */
function grantOf(draws: Stream, index: number, stormUs: number): GrantPlan {
  if (index === 0) return { capabilities: capabilities[0]!, expiresUs: 0 };
  return {
    capabilities: draws.pick(capabilities),
    expiresUs: draws.isOneIn(8) ? draws.int(1, stormUs) : 0,
  };
}

const latencies: readonly (readonly number[])[] = [
  [0],
  [50, 60, 80],
  [1000, 1200, 2000, 5000],
  [20_000, 22_000, 25_000, 30_000, 60_000],
  // Most are quick, a few are not: as over a bad radio link.
  [5000, 5000, 6000, 7000, 9000, 15_000, 40_000, 800_000],
  [0, 1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 3_000_000],
];

function qualityOf(draws: Stream): Quality {
  return {
    latencyUs: draws.pick(latencies),
    bandwidth: draws.weighted([[0, 6], [1_000_000, 2], [20_000, 1], [2000, 1]]),
    windowBytes: draws.weighted([[1 << 16, 6], [4096, 2], [200, 1], [0, 1]]),
    pieces: draws.weighted([[1, 6], [2, 3], [5, 2], [0, 1]]),
  };
}

function clientsOf(random: Random, count: number): ClientPlan[] {
  const draws = random.stream("clients");
  // One network for all, or one for each.
  const shared = draws.isOneIn(2) ? qualityOf(draws) : undefined;
  const workspaces = draws.isOneIn(5) ? 2 : 1;
  const servers = draws.isOneIn(8) ? 2 : 1;
  const lazy = random.stream("lazy");
  return Array.from({ length: count }, (_, index) => ({
    name: `client ${String.fromCharCode(97 + (index % 26))}${index < 26 ? "" : Math.floor(index / 26)}`,
    kind: draws.weighted([["human", 3], ["agent", 1], ["ci", 1]] as const),
    workspace: workspaces === 1 || index % 3 < 2 ? "w" : "v",
    joinUs: draws.isOneIn(4) ? draws.int(0, 5 * second) : 0,
    server: index % servers,
    quality: shared ?? qualityOf(draws),
    clockUs: draws.isOneIn(4) ? draws.int(-3600, 3600) * second : 0,
    accepted: draws.isOneIn(4),
    pauseUs: draws.pick([500_000, 500_000, 0, 60 * second]),
    ...(lazy.isOneIn(4) ? { lazy: true } : {}),
  }));
}

/** The tricks that are about blobs: drawn by themselves. */
const blobTricks: ReadonlySet<Trick> = new Set<Trick>([
  "unknown content",
  "lying content",
  "uploads at once",
]);

/** The tricks that are about signatures: for scenarios in which somebody signs. */
const signatureTricks: ReadonlySet<Trick> = new Set<Trick>([
  "forged signature",
  "foreign signature",
  "borrowed signature",
  "unsigned change",
]);

/** And the one that is only a trick where not everybody is let in. */
const adminTrick: Trick = "ask like an administrator";

/** That in a token of which one statement says admin, and the other does not. */
const halfAdmin: GrantPlan["capabilities"] = [["edit:**", "tree:**", "admin"], ["edit:**", "tree:**"]];

function withAdminTrick(plan: HostilePlan, random: Random): HostilePlan {
  const draws = random.stream("hostile admin");
  if (!draws.isOneIn(2)) return plan;
  const grant: GrantPlan = draws.isOneIn(2) ? { capabilities: halfAdmin, expiresUs: 0 } : plan.grant!;
  return { ...plan, grant, tricks: [...plan.tricks, adminTrick] };
}

function hostileOf(random: Random, stormUs: number): HostilePlan {
  const draws = random.stream("hostile plan"), blobDraws = random.stream("hostile blobs");
  const some: Trick[] = tricks.filter((trick) =>
    trick !== adminTrick && !blobTricks.has(trick) && !signatureTricks.has(trick) && draws.isOneIn(3)
  );
  if (blobDraws.isOneIn(2)) some.push(...[...blobTricks].filter(() => blobDraws.isOneIn(2)));
  return {
    workspace: "w",
    joinUs: draws.int(0, stormUs >> 1),
    everyUs: draws.pick([10_000, 100_000, second]),
    untilUs: stormUs,
    quality: qualityOf(draws),
    tricks: some.length > 0 ? some : ["random bytes"],
  };
}

// What people do ------------------------------------------------------------------------------------------------

/** How somebody works: a habit is a few kinds of deeds, in a rhythm. */
type Habit = (draws: Stream) => Action;

const place = (draws: Stream) => draws.int(0, whole);
/** Most of the time in the first file, where people meet (Zipf, in whole numbers). */
const file = (draws: Stream) => draws.skewed(0, 6);

const type: Habit = (draws) => ({
  do: "type",
  file: file(draws),
  at: draws.weighted([[-1, 6], [-2, 2], [place(draws), 4], [0, 1], [whole, 1]]),
  remove: draws.weighted([[0, 6], [draws.int(1, 3), 3], [draws.skewed(1, 40), 1]]),
  insert: draws.weighted([[1, 6], [draws.int(0, 5), 3], [draws.skewed(1, 60), 1]]),
  line: draws.weighted([[0, 8], [draws.int(1, 3), 1]]),
  atomic: draws.isOneIn(12),
});
/** Everybody at one place. */
const typeAtStart: Habit = (draws) => ({
  ...type(draws),
  do: "type",
  file: 0,
  at: 0,
  remove: 0,
  insert: 1,
  line: 0,
  atomic: false,
});
const paste: Habit = (draws) => ({
  do: "type",
  file: file(draws),
  at: place(draws),
  remove: 0,
  insert: draws.skewed(50, 3000),
  line: 0,
  atomic: draws.isOneIn(3),
});
const deleteBlock: Habit = (draws) => ({
  do: "type",
  file: file(draws),
  at: place(draws),
  remove: draws.skewed(5, 5000),
  insert: 0,
  line: 0,
  atomic: false,
});
const takeBack: Habit = (draws) => ({ do: draws.weighted([["undo", 3], ["redo", 1]] as const) });
const select: Habit = (draws) => {
  const anchor = place(draws);
  return { do: "select", file: file(draws), anchor, head: draws.isOneIn(2) ? anchor : place(draws) };
};
const ask: Habit = (draws) => ({ do: "ask", what: draws.int(0, 4), back: draws.skewed(0, 200) });
const stepTree: Habit = (draws) => {
  const node = draws.skewed(0, 20);
  switch (draws.int(0, 6)) {
    case 0:
      return create(draws);
    case 1:
      return { do: "rename", node, name: draws.skewed(0, 13) };
    case 2:
      return { do: "move", node, parent: draws.skewed(0, 9) };
    case 3:
      return { do: "remove", node };
    case 4:
      return { do: "restore", node };
    case 5:
      return { do: "swap", node, other: draws.skewed(0, 9) };
    default:
      return create(draws);
  }
};
const create: Habit = (draws) => ({
  do: "create",
  parent: draws.skewed(0, 6),
  name: draws.skewed(0, 13),
  type: draws.isOneIn(3) ? "directory" : "text",
  insert: draws.isOneIn(2) ? draws.int(0, 10) : 0,
});
const rewrite: Habit = (draws) => ({ do: "rewrite", files: draws.int(1, 12), insert: draws.int(1, 12) });
const replaceAll: Habit = (draws) => ({
  do: "replaceAll",
  file: file(draws),
  every: draws.int(1, 30),
  insert: draws.int(0, 2),
});
const putBlob = (draws: Stream, keys: number): Action => ({
  do: "put",
  blob: draws.skewed(0, 6),
  parent: draws.skewed(0, 6),
  name: draws.skewed(0, 13),
  bytes: draws.weighted([[draws.skewed(0, 300), 6], [draws.skewed(1000, 5000), 2], [0, 1]]),
  key: draws.int(0, keys),
});
const fetchBlob: Habit = (draws) => ({ do: "fetch", blob: draws.skewed(0, 6) });
const setMode: Habit = (draws) => ({ do: "mode", file: draws.skewed(0, 6), executable: draws.isOneIn(2) });
const checkout: Habit = (draws) => ({ do: "checkout", steps: draws.skewed(2, 60), key: draws.word() });

/** Families of deeds, with how often they are on, and their weight when they are. */
const habits: readonly (readonly [habit: Habit, onOneIn: number, weight: number])[] = [
  [type, 1, 30],
  [typeAtStart, 4, 20],
  [paste, 4, 1],
  [deleteBlock, 3, 2],
  [takeBack, 2, 6],
  [select, 2, 6],
  [stepTree, 2, 8],
  [create, 3, 2],
  [rewrite, 4, 2],
  [replaceAll, 4, 2],
  [checkout, 6, 1],
  [ask, 4, 1],
];

function deedsOf(random: Random, profile: Profile, clients: number, stormUs: number): Deed[] {
  const draws = random.stream("deeds");
  const mix: (readonly [Habit, number])[] = [];
  for (const [habit, onOneIn, weight] of habits) if (draws.isOneIn(onOneIn)) mix.push([habit, weight]);
  const total = draws.int(...profile.deeds);
  // Each one's own times: bursts of keystrokes, and pauses between them.
  const deeds: Deed[] = [{ atUs: 0, client: 0, do: "create", parent: 0, name: 1, type: "text", insert: 5 }];
  if (profile.needsTokens === true) {
    mix.push([stepTree, 15], [create, 5]);
    // Directories that tokens speak of, with something in them.
    for (const [index, name] of [12, 0, 2].entries()) {
      const atUs = (1 + index) * 20_000;
      deeds.push(
        { atUs, client: 0, do: "create", parent: 0, name, type: "directory", insert: 0 },
        {
          atUs: atUs + 10_000,
          client: 0,
          do: "create",
          parent: index + 1,
          name: index,
          type: "text",
          insert: 4,
        },
      );
    }
    deeds.push(...comingsAndGoings(draws, stormUs));
  }
  const keyUs = draws.pick([1000, 80_000, 200_000]);
  for (let client = 0; client < clients; client++) {
    const own = random.stream("deeds of", client);
    const share = Math.ceil(total / clients);
    const pauseUs = Math.max(1, Math.floor((2 * stormUs * 8) / share));
    for (let count = 0, atUs = own.int(0, second); count < share && atUs < stormUs; count++) {
      deeds.push({ atUs, client, ...own.weighted(mix)(own) });
      atUs += own.isOneIn(8) ? own.int(0, pauseUs) : own.int(1, 2 * keyUs);
    }
  }
  return deeds.sort((a, b) => a.atUs - b.atUs);
}

/** What others are busy with goes out of their sight, and comes back, perhaps before they have heard of it. */
function comingsAndGoings(draws: Stream, stormUs: number): Deed[] {
  const deeds: Deed[] = [];
  for (let count = draws.int(0, 16); count > 0; count--) {
    const atUs = draws.int(100_000, stormUs), backUs = atUs + draws.pick([0, 1000, 20_000, 500_000]);
    const node = draws.pick([1, 1, 1, 2, 4, 6]);
    const [away, back] = draws.pick<readonly [Action, Action]>([
      [{ do: "rename", node, name: 6 }, { do: "rename", node, name: 1 }],
      [{ do: "rename", node, name: 6 }, { do: "rename", node, name: 12 }],
      [{ do: "move", node, parent: 1 }, { do: "move", node, parent: 0 }],
      [{ do: "move", node, parent: 0 }, { do: "move", node, parent: 2 }],
    ]);
    deeds.push({ atUs, client: 0, ...away }, { atUs: backUs, client: 0, ...back });
  }
  return deeds;
}

/** In some scenarios blobs are put, or files made executable: nothing else is drawn differently for that. */
function withMore(
  deeds: Deed[],
  random: Random,
  { needsTokens }: Profile,
  clients: number,
  stormUs: number,
): Deed[] {
  const blobs = random.stream("blobs"), modes = random.stream("modes");
  const more: Deed[] = [];
  if (blobs.isOneIn(3)) {
    const keys = blobs.pick([3, 40]);
    more.push(
      ...deedsAmong(
        deeds,
        blobs,
        clients,
        stormUs,
        () => blobs.isOneIn(4) ? fetchBlob(blobs) : putBlob(blobs, keys),
      ),
    );
  }
  // What goes out of sight and comes back has to come back as it is by then.
  if (modes.isOneIn(3) || needsTokens) {
    more.push(...deedsAmong(deeds, modes, clients, stormUs, () => setMode(modes)));
  }
  return more.length === 0 ? deeds : [...deeds, ...more].sort((a, b) => a.atUs - b.atUs);
}

/** Some deeds of one kind, by anybody, among many others. */
function deedsAmong(
  others: readonly Deed[],
  draws: Stream,
  clients: number,
  stormUs: number,
  next: () => Action,
): Deed[] {
  return Array.from({ length: Math.ceil(others.length / draws.int(4, 40)) }, () => {
    const atUs = draws.int(0, stormUs), client = draws.int(0, clients - 1);
    return { atUs, client, ...next() };
  });
}

const demand: Habit = (draws) => ({
  do: "demand",
  file: file(draws),
  at: draws.weighted([[-1, 2], [-2, 2], [place(draws), 2]]),
  remove: draws.weighted([[0, 2], [draws.int(1, 5), 2]]),
  insert: draws.int(0, 4),
  what: draws.int(0, 13),
  back: draws.weighted([[0, 6], [draws.int(1, 4), 3], [draws.skewed(1, 60), 1]]),
  node: draws.skewed(0, 13),
});

/** In some scenarios people work at tasks, and do what depends on something: nothing else is drawn differently for that. */
function withTasks(deeds: Deed[], random: Random, clients: number, stormUs: number): Deed[] {
  const draws = random.stream("tasks");
  if (!draws.isOneIn(3)) return deeds;
  const tasks = draws.pick([1, 3]);
  const more: Deed[] = Array.from({ length: Math.ceil(deeds.length / draws.int(3, 20)) }, () => {
    const atUs = draws.int(0, stormUs), client = draws.int(0, clients - 1);
    if (draws.isOneIn(3)) return { atUs, client, do: "task", task: draws.int(0, tasks) };
    return { atUs, client, ...demand(draws) };
  });
  for (let count = draws.int(0, 24); count > 0; count--) more.push(...onceForAll(draws, clients, stormUs));
  return [...deeds, ...more].sort((a, b) => a.atUs - b.atUs);
}

/** In some scenarios people take back what their session has done, and go on: nothing else is drawn differently for that. */
function withTakeBacks(deeds: Deed[], random: Random, clients: number, stormUs: number): Deed[] {
  const draws = random.stream("take backs");
  if (!draws.isOneIn(3)) return deeds;
  const more = Array.from({ length: draws.int(1, 12) }, (): Deed[] => {
    const atUs = draws.int(0, stormUs), client = draws.int(0, clients - 1);
    const thenUs = atUs + draws.pick([1000, 100_000, second]);
    return [
      { atUs, client, do: "takeBack", back: draws.skewed(1, 100) },
      { atUs: thenUs, client, do: "select", file: 0, anchor: 0, head: 0 },
    ];
  });
  return [...deeds, ...more.flat()].sort((a, b) => a.atUs - b.atUs);
}

/** All do at one moment what depends on the same, and somebody perhaps something that it may depend on. */
function onceForAll(draws: Stream, clients: number, stormUs: number): Deed[] {
  const atUs = draws.int(0, stormUs),
    spreadUs = draws.pick([0, 1000, 50_000]),
    at = draws.pick([0, whole >> 1]);
  const shared = {
    do: "demand",
    file: draws.isOneIn(3) ? 1 : 0,
    at,
    remove: draws.pick([1, 4]),
    what: draws.pick([0, 1, 1, 2, 4, 5]),
    back: 0,
    node: draws.skewed(0, 13),
  } as const;
  const deeds: Deed[] = Array.from({ length: clients }, (_, client) => {
    return { ...shared, atUs: atUs + draws.int(0, spreadUs), client, insert: draws.int(0, 2) };
  });
  if (draws.isOneIn(2)) {
    const node = draws.skewed(0, 9), rename = { do: "rename", node, name: draws.skewed(0, 13) } as const;
    deeds.push({ atUs, client: draws.int(0, clients - 1), ...rename });
  }
  return deeds;
}

// What breaks ---------------------------------------------------------------------------------------------------

type Maker = (draws: Stream, client: number, clients: number) => Trouble;

const some = (draws: Stream) => draws.skewed(1, 40) * 250_000;
const way = (draws: Stream): Way => draws.pick(["up", "down", "both"]);
const part = (draws: Stream) => draws.pick([0, whole, draws.int(0, whole)]);

const troubles: Readonly<Record<Family, readonly Maker[]>> = {
  connection: [
    (draws, client) => ({ kind: "net.cut", client, up: part(draws), down: part(draws) }),
    (draws, client) => ({ kind: "net.cut", client, up: whole, down: part(draws) }),
    (draws, client) => ({ kind: "net.halfOpen", client, deaf: draws.pick(["server", "client"]) }),
    (draws, client) => ({ kind: "net.zombie", client, forUs: some(draws) }),
    (draws, client) => ({ kind: "net.stall", client, way: way(draws), forUs: some(draws) }),
    (draws, client) => ({
      kind: "net.flap",
      client,
      times: draws.int(2, 10),
      everyUs: draws.int(1, 20) * 100_000,
    }),
    () => ({ kind: "net.resetAll" }),
  ],
  partition: [
    (draws, client) => ({ kind: "net.partition", clients: [client], way: way(draws), forUs: some(draws) }),
    (draws, _, clients) => ({
      kind: "net.partition",
      clients: Array.from({ length: clients }, (_, index) => index).filter(() => draws.isOneIn(2)),
      way: way(draws),
      forUs: some(draws),
    }),
    (draws, client) => ({
      kind: "net.partition",
      clients: [client],
      way: "both",
      forUs: draws.int(30, 90) * second,
    }),
    (draws) => ({ kind: "net.refuse", forUs: some(draws) }),
  ],
  client: [
    (draws, client) => ({
      kind: "client.pause",
      client,
      forUs: draws.isOneIn(4) ? 300 * second : some(draws),
    }),
    (draws, client) => ({ kind: "client.crash", client, keeps: !draws.isOneIn(4), downUs: some(draws) }),
    (draws, client) => ({ kind: "client.crash", client, keeps: true, downUs: draws.int(0, 1000) }),
    (draws, client) => ({ kind: "client.rollback", client, downUs: some(draws) }),
    (draws, client) => ({ kind: "client.clock", client, byUs: draws.int(1, 7200) * second }),
    (draws, client) => ({ kind: "client.visits", client, times: draws.int(1, 20), everyUs: some(draws) }),
    (_, client) => ({ kind: "client.leave", client }),
  ],
  server: [
    (draws) => ({
      kind: "server.crash",
      server: 0,
      outputs: draws.skewed(0, 200),
      power: draws.isOneIn(2),
      downUs: draws.isOneIn(3) ? 0 : some(draws),
    }),
    (draws) => ({ kind: "server.pause", server: 0, forUs: some(draws) }),
    (draws) => ({ kind: "server.stop", server: 0, downUs: some(draws) }),
  ],
  log: [
    (draws) => ({ kind: "log.fail", count: draws.int(1, 6) }),
    (draws) => ({ kind: "log.doubt", count: draws.int(1, 6) }),
    (draws) => ({ kind: "log.checkpoint", count: draws.int(1, 3) }),
    (draws) => ({ kind: "log.slow", forUs: some(draws) }),
    (draws) => ({ kind: "log.full", forUs: some(draws) }),
  ],
  token: [
    (_, client) => ({ kind: "token.revoke", client }),
    (draws, client) => ({
      kind: "token.change",
      client,
      capabilities: draws.pick(capabilities),
      downUs: some(draws),
    }),
    (draws, client) => ({
      kind: "token.change",
      client,
      capabilities: draws.pick(capabilities),
      downUs: draws.int(0, 1000),
    }),
  ],
  epoch: [
    (draws) => ({ kind: "disk.flip", downUs: some(draws), repairUs: 2 * some(draws) }),
    (draws) => ({ kind: "log.backup", keep: draws.int(0, 8), downUs: some(draws) }),
  ],
};

/** How often a family is on at all. */
const familyOneIn: Readonly<Record<Family, number>> = {
  connection: 2,
  partition: 3,
  client: 2,
  server: 3,
  log: 2,
  epoch: 8,
  token: 1,
};

function faultsOf(random: Random, profile: Profile, clients: number, stormUs: number): Fault[] {
  const draws = random.stream("faults");
  const makers: Maker[] = [];
  for (const family of profile.families) {
    if (!draws.isOneIn(familyOneIn[family])) continue;
    // And of a family, not always all.
    const all = troubles[family];
    makers.push(...(draws.isOneIn(2) ? all : all.filter(() => draws.isOneIn(2))));
  }
  if (makers.length === 0) return [];
  const faults: Fault[] = [];
  // The first part is calm: what breaks should find something to break.
  const fromUs = Math.floor(stormUs / 10);
  for (let count = draws.int(...profile.faults); count > 0; count--) {
    const maker = draws.pick(makers);
    faults.push({ atUs: draws.int(fromUs, stormUs), ...maker(draws, draws.int(0, clients - 1), clients) });
  }
  return faults.sort((a, b) => a.atUs - b.atUs);
}

/** Where everybody needs a token, somebody has one to look after the server with, and sends others away now and then. */
function withKicks(
  faults: readonly Fault[],
  random: Random,
  profile: Profile,
  clients: number,
  stormUs: number,
): readonly Fault[] {
  const draws = random.stream("kicks");
  if (profile.needsTokens !== true || !draws.isOneIn(3)) return faults;
  const kicks = Array.from({ length: draws.int(1, 4) }, (): Fault => ({
    atUs: draws.int(Math.floor(stormUs / 10), stormUs),
    kind: "client.kick",
    client: draws.int(0, clients - 1),
    holdMs: draws.pick([0, 0, 100, 5000]),
    downUs: draws.pick([0, 1000, second]),
  }));
  return [...faults, ...kicks].sort((a, b) => a.atUs - b.atUs);
}
