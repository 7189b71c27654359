/**
 * Fewer clients, and simpler ones.
 *
 * @module
 */

import type { Quality } from "./link.ts";
import { oneOf, type Proposals, simplerTimes, simplestEach, within } from "./minimise_proposals.ts";
import { later } from "./minimise_times.ts";
import type { ClientPlan, Deed, Fault, Scenario } from "./scenario.ts";

/** A good network: as fast as a neighbour's, and always alike. */
export const goodQuality: Quality = { latencyUs: [1000], bandwidth: 0, windowBytes: 1 << 16, pieces: 1 };

/** So long it takes everybody to come, on the slowest of these networks. */
const patienceUs = 10_000_000;

/** Tables of times with one entry, which leave nothing to chance; the simplest first. */
const latencies: readonly number[] = [1000, 0, 10_000, 100_000, 1_000_000];

/** Without this client and all that is done by it and to it; or, if `heir` is named, with somebody else doing it. */
export function withoutClient(scenario: Scenario, client: number, heir?: number): Scenario {
  const renumbered = (index: number) => index > client ? index - 1 : index;
  const successor = (index: number) =>
    index !== client ? renumbered(index) : heir === undefined ? undefined : renumbered(heir);
  const deeds = scenario.deeds.flatMap((deed): Deed[] => {
    const by = successor(deed.client);
    return by === undefined ? [] : [{ ...deed, client: by }];
  });
  const faults = scenario.faults.flatMap((fault): Fault[] => {
    if (fault.kind === "net.partition") {
      const clients = [...new Set(fault.clients.map(successor).filter((index) => index !== undefined))];
      return clients.length === 0 ? [] : [{ ...fault, clients }];
    }
    if (!("client" in fault)) return [fault];
    const to = successor(fault.client);
    return to === undefined ? [] : [{ ...fault, client: to }];
  });
  const { undoAll } = scenario;
  return {
    ...scenario,
    clients: scenario.clients.toSpliced(client, 1).map((plan, index) => ({ ...plan, name: nameOf(index) })),
    deeds,
    faults,
    leftBehind: scenario.leftBehind.filter((index) => index !== client).map(renumbered),
    undoAll: undoAll === undefined ? undefined : successor(undoAll),
  };
}

function nameOf(index: number): string {
  return `client ${String.fromCharCode(97 + (index % 26))}${index < 26 ? "" : Math.floor(index / 26)}`;
}

/** Fewer clients: each goes with its deeds, or leaves them to one of the others. */
export function* fewerClients(scenario: Scenario): Proposals<Scenario> {
  let kept = scenario;
  for (let client = kept.clients.length - 1; client >= 0 && kept.clients.length > 1; client--) {
    const alone = withoutClient(kept, client);
    if (yield alone) {
      kept = alone;
      continue;
    }
    for (let heir = 0; heir < Math.min(kept.clients.length, 4); heir++) {
      if (heir === client) continue;
      const inherited = withoutClient(kept, client, heir);
      if (yield inherited) {
        kept = inherited;
        break;
      }
    }
  }
  return kept;
}

/** One good network for all, on which nothing is left to chance. */
export function* steadyNetwork(scenario: Scenario): Proposals<Scenario> {
  // Only one on which nobody is worse off than the last is now: else it would be taken apart again for ever.
  const last = Math.max(...scenario.clients.map(({ quality }) => rankOf(quality)));
  for (const us of latencies.slice(0, last)) {
    const quality = { ...goodQuality, latencyUs: [us] };
    const steady = { ...scenario, clients: scenario.clients.map((client) => ({ ...client, quality })) };
    if (yield steady) return steady;
    const patient = later(steady, patienceUs);
    if (yield patient) return patient;
  }
  return scenario;
}

/** The place of a network among the good ones; that of others is behind them all. */
function rankOf({ latencyUs, bandwidth, windowBytes, pieces }: Quality): number {
  const isGood = latencyUs.length === 1 && bandwidth === goodQuality.bandwidth &&
    windowBytes === goodQuality.windowBytes && pieces === goodQuality.pieces;
  const rank = isGood ? latencies.indexOf(latencyUs[0]!) : -1;
  return rank < 0 ? latencies.length : rank;
}

/** Simpler clients: all of them at once, then one by one. */
export function* simplerClients(scenario: Scenario): Proposals<Scenario> {
  const steady = yield* steadyNetwork(scenario);
  const withClients = (clients: readonly ClientPlan[]) => ({ ...steady, clients });
  const { clients } = yield* within(oneOf(steady.clients, plain(steady.clients)), withClients);
  return yield* within(simplestEach(clients, simplerPlans), withClients);
}

/** Everybody plain in all else. */
function* plain(clients: readonly ClientPlan[]): Generator<readonly ClientPlan[]> {
  const { workspace } = clients[0]!;
  const plain = clients.map((client): ClientPlan => ({
    ...client,
    kind: "human",
    workspace,
    server: 0,
    joinUs: 0,
    clockUs: 0,
    accepted: false,
    pauseUs,
  }));
  if (JSON.stringify(plain) !== JSON.stringify(clients)) yield plain;
}

/** The pause between two steps of undo that is usual. */
const pauseUs = 500_000;

function* simplerPlans(plan: ClientPlan): Generator<ClientPlan> {
  if (plan.kind !== "human") yield { ...plan, kind: "human" };
  if (plan.workspace !== "w") yield { ...plan, workspace: "w" };
  if (plan.server !== 0) yield { ...plan, server: 0 };
  if (plan.clockUs !== 0) yield { ...plan, clockUs: 0 };
  const { lazy, ...eager } = plan;
  if (lazy === true) yield eager;
  const { signs, ...unsigned } = plan;
  if (signs === true) yield unsigned;
  if (plan.accepted) yield { ...plan, accepted: false };
  if (plan.pauseUs !== pauseUs) yield { ...plan, pauseUs };
  for (const joinUs of simplerTimes(plan.joinUs)) yield { ...plan, joinUs };
  for (const quality of simplerQualities(plan.quality)) yield { ...plan, quality };
}

export function* simplerQualities(quality: Quality): Generator<Quality> {
  const { bandwidth, windowBytes, pieces } = goodQuality;
  if (quality.bandwidth !== bandwidth) yield { ...quality, bandwidth };
  if (quality.windowBytes !== windowBytes) yield { ...quality, windowBytes };
  if (quality.pieces !== pieces) yield { ...quality, pieces };
  for (const latencyUs of simplerTables(quality.latencyUs, latencies)) yield { ...quality, latencyUs };
}

/** Tables with one entry, which leave nothing to chance: first the usual ones, then one of those that are there. */
export function* simplerTables(
  table: readonly number[],
  usual: readonly number[],
): Generator<readonly number[]> {
  const [only] = table;
  const rank = table.length === 1 ? usual.indexOf(only!) : -1;
  for (const us of rank < 0 ? usual : usual.slice(0, rank)) yield [us];
  if (table.length === 1) return;
  for (const us of new Set(table)) yield [us];
}
