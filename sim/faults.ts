/**
 * What breaks in the scenario of a seed, and when.
 *
 * @module
 */

import { capabilities } from "./parties.ts";
import { type Family, type Profile, second } from "./profile.ts";
import type { Random, Stream } from "./random.ts";
import { type Fault, type Trouble, type Way, whole } from "./scenario.ts";

/** All faults of a scenario, by time. */
export function faultsOf(
  random: Random,
  profile: Profile,
  clients: number,
  stormUs: number,
): readonly Fault[] {
  return withKicks(troublesOf(random, profile, clients, stormUs), random, profile, clients, stormUs);
}

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

function troublesOf(random: Random, profile: Profile, clients: number, stormUs: number): Fault[] {
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
