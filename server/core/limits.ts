/**
 * The limits that can be set while a server runs. What is set holds until the process ends.
 *
 * The settings of a core are one object that everything in it reads when it decides; so a limit that is set holds from
 * then on, for those who are connected as well. Left out are those that a connection is made with: how long frames,
 * messages and uploads may be.
 *
 * @module
 */

import type { LimitItem, LimitSetting, Participant } from "../../proto/mod.ts";
import type { Settings } from "./settings.ts";

interface Limit {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly valueIn: (settings: Settings) => number;
  readonly changed: (settings: Settings, value: number) => Partial<Settings>;
}

const day = 24 * 3600 * 1000;

const limits: readonly Limit[] = [
  ...(["human", "agent", "ci"] as const).map((kind) => rate(kind)),
  plain("clients", "clientsMax", 1, 1_000_000),
  plain("connections", "connectionsMax", 10, 1_000_000),
  plain("workspaces", "workspacesMax", 1, 1_000_000),
  plain("text_length", "textLengthMax", 1, 2 ** 30),
  plain("workspace_length", "workspaceLengthMax", 1, 2 ** 40),
  plain("nodes", "nodesMax", 1, 10_000_000),
  plain("history_entries", "historyEntriesMax", 1, 10_000_000),
  plain("history_bytes", "historyWeightMax", 1, 2 ** 40),
  duration("keep_removed_ms", "removedUs", 3650 * day),
  duration("sleep_ms", "sleepUs", 30 * day),
];

function rate(kind: Participant["kind"]): Limit {
  return {
    name: `changes_per_second.${kind}`,
    least: 1,
    most: 1_000_000,
    valueIn: ({ changesPerSecond }) => changesPerSecond[kind],
    changed: ({ changesPerSecond }, value) => ({ changesPerSecond: { ...changesPerSecond, [kind]: value } }),
  };
}

type NumberSetting = { [K in keyof Settings]-?: Settings[K] extends number ? K : never }[keyof Settings];

function plain(name: string, setting: NumberSetting, least: number, most: number): Limit {
  return {
    ...{ name, least, most },
    valueIn: (settings) => settings[setting],
    changed: (_, value) => ({ [setting]: value }),
  };
}

/** In milliseconds, of a setting in microseconds. */
function duration(name: string, setting: NumberSetting, most: number): Limit {
  return {
    ...{ name, least: 0, most },
    valueIn: (settings) => Math.floor(settings[setting] / 1000),
    changed: (_, value) => ({ [setting]: value * 1000 }),
  };
}

/** The settings of a core, of which some can be changed. */
export class RunningSettings {
  /** What holds now: the same object at all times. */
  readonly now: Settings;
  readonly #before: Settings;

  constructor(settings: Settings) {
    this.#before = settings;
    this.now = { ...settings };
  }

  /** What holds of all limits that can be set. */
  items(): LimitItem[] {
    return limits.map(({ name, least, most, valueIn }) => {
      const value = valueIn(this.now);
      return { kind: "limit", name, value, least, most, changed: value !== valueIn(this.#before) };
    });
  }

  /** Sets some limits, all or none: undefined, or what is wrong with one. */
  set(settings: readonly LimitSetting[]): "limit_unknown" | "limit_out_of_range" | undefined {
    let next = this.now;
    for (const { name, value } of settings) {
      const limit = limits.find((limit) => limit.name === name);
      if (limit === undefined) return "limit_unknown";
      if (value < limit.least || value > limit.most) return "limit_out_of_range";
      next = { ...next, ...limit.changed(next, value) };
    }
    Object.assign(this.now, next);
  }

  /** Those that are not as they were. */
  save(): LimitSetting[] {
    return this.items().flatMap(({ name, value, changed }) => changed ? [{ name, value }] : []);
  }
}
