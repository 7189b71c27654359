/**
 * Where the scenario of a seed runs: limits, some of them at their extremes, and a disk.
 *
 * @module
 */

import type { Settings } from "../server/core/mod.ts";
import type { DiskPlan } from "./log.ts";
import { type Profile, second } from "./profile.ts";
import type { Random, Stream } from "./random.ts";

/** What a scenario is to be like. */
interface Wanted {
  readonly profile: Profile;
  readonly clients: number;
  /** Whether limits stand at their extremes. */
  readonly extremes: boolean;
}

/** The limits of the server, as far as they are others than usual. */
export function settingsOf(random: Random, { profile, clients, extremes }: Wanted): Partial<Settings> {
  return {
    ...(extremes ? extremeSettings(random.stream("settings"), clients) : {}),
    ...memorySettings(random.stream("memory")),
    ...profile.needsTokens === true ? { authentication: true } : {},
    ...snapshotSettings(random.stream("snapshots")),
    ...(extremes ? blobSettings(random.stream("blob settings")) : {}),
  };
}

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

export function diskOf(draws: Stream): DiskPlan {
  return draws.pick<DiskPlan>([
    { writeUs: [0], syncUs: [0] },
    { writeUs: [10, 20, 50], syncUs: [100, 200, 300, 1000] },
    { writeUs: [10, 100, 5000], syncUs: [1000, 5000, 20_000, 200_000] },
    { writeUs: [1, 1_000_000], syncUs: [1, 1000, 2_000_000] },
  ]);
}
