/**
 * Who takes part in the scenario of a seed: people on their links, with tokens and keys, and those who mean harm.
 *
 * @module
 */

import type { Quality } from "./link.ts";
import { type Profile, second } from "./profile.ts";
import type { Random, Stream } from "./random.ts";
import { type ClientPlan, type GrantPlan, type HostilePlan, type Trick, tricks } from "./scenario.ts";

/** Who takes part. */
export interface Parties {
  readonly clients: readonly ClientPlan[];
  readonly hostiles: readonly HostilePlan[];
  /** Whether the server takes no changes that are not signed. */
  readonly mustSign: boolean;
}

/** Who takes part in a scenario of `count` people, and perhaps somebody who means harm. */
export function partiesOf(
  random: Random,
  { needsTokens, signedOneIn }: Profile,
  count: number,
  stormUs: number,
  isHostile: boolean,
): Parties {
  const tokens = random.stream("tokens"), signing = signingOf(random, signedOneIn);
  const clients = clientsOf(random, count).map((plan, index) => ({
    ...plan,
    ...needsTokens === true ? { grant: grantOf(tokens, index, stormUs) } : {},
    ...signing?.signs() === true ? { signs: true } : {},
  }));
  const hostiles = (isHostile ? [hostileOf(random, stormUs)] : []).map((plan) => {
    const granted = needsTokens === true
      ? withAdminTrick({ ...plan, grant: grantOf(tokens, 1, stormUs) }, random)
      : plan;
    return { ...granted, ...signing?.hostile(granted) };
  });
  return { clients, hostiles, mustSign: signing?.isRequired === true };
}

/** Capabilities that meet the names that people give, in layers. */
export const capabilities: readonly GrantPlan["capabilities"][] = [
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
