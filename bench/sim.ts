/**
 * `deno task bench sim`: how fast the laboratory is, since its speed is how many bugs it finds.
 *
 * Three figures: whole seeds of the quick profile, with everything that `deno task sim` does to them; hours of
 * virtual time with ten people typing in one file; and delivered messages, which is what all of it is made of. A
 * message counts each time that it is delivered to somebody: an entry to each of ten clients, and presence.
 *
 * There is no peer beside it: simulators of others simulate other things.
 *
 * @module
 */

import type { ClientPlan, Deed, Scenario } from "../sim/scenario.ts";
import { scenarioFrom } from "../sim/profiles.ts";
import { seedAt } from "../sim/random.ts";
import { type Outcome, Simulation } from "../sim/simulation.ts";
import type { Options } from "./main.ts";
import { atLeast, atMost, type Figure, type Row } from "./report.ts";

/** So that results can be compared. */
const firstSeed = "0000000000010000";
const second = 1_000_000;
const people = 10;
const changesPerSecond = 5;

export async function* simRows({ quick, only }: Options): AsyncGenerator<Row | string> {
  const wants = (name: string) => name.includes(only);
  const seeds = "1,000 quick seeds on all cores";
  if (wants(seeds)) yield await seedsRow(seeds, quick ? 100 : 1000);
  const hour = "one virtual hour of 10 people typing, 5 changes a second each";
  if (wants(hour)) yield hourRow(hour, quick ? 60 : 3600);
  const messages = "messages delivered";
  if (wants(messages)) yield messagesRow(messages, quick ? 60 : 600);
}

/** Whole seeds, as people run them: in a process of its own, with everything judged. */
async function seedsRow(name: string, count: number): Promise<Row> {
  const begun = performance.now();
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-all",
      new URL("../cli/main.ts", import.meta.url).pathname,
      "sim",
      ...["--seed", firstSeed, "--seeds", String(count), "--no-minimise", "--json"],
    ],
  }).output();
  const seconds = ((performance.now() - begun) / 1000) * (1000 / count);
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (stdout.length === 0) throw new Error(text(stderr));
  const { hash, virtualSeconds, failures } = JSON.parse(text(stdout));
  return {
    name,
    unit: "s",
    better: "less",
    figures: [{
      engine: "deno task sim",
      ours: true,
      value: seconds,
      hash,
      note: `${
        Math.floor(virtualSeconds / seconds)
      } times faster than real time, ${failures.length} failures`,
    }],
    bounds: [atMost("under 60 s", seconds, 60)],
  };
}

function hourRow(name: string, virtualSeconds: number): Row {
  const scenario = typing(virtualSeconds);
  const { outcome, seconds } = timed(scenario, false);
  const value = seconds * (3600 / virtualSeconds);
  return {
    name,
    unit: "s",
    better: "less",
    figures: [{
      engine: "hash alone",
      ours: true,
      value,
      hash: outcome.hash,
      note: `${outcome.changes.toLocaleString("en-US")} entries of ${scenario.deeds.length} changes`,
    }],
    bounds: [atMost("under 20 s", value, 20)],
  };
}

function messagesRow(name: string, virtualSeconds: number): Row {
  const workload = typing(virtualSeconds);
  const driven = timed(workload, false), judged = timed(workload, true);
  const rate = ({ outcome, seconds }: Timed) => outcome.messages / seconds;
  const figures: Figure[] = [
    { engine: "hash alone", ours: true, value: rate(driven), hash: driven.outcome.hash },
    { engine: "every judge", ours: true, value: rate(judged), hash: judged.outcome.hash },
  ];
  for (const judges of [false, true]) {
    let messages = 0, inputs = 0, spent = 0;
    for (let index = 0; index < 200; index++) {
      const { outcome, seconds } = timed(scenarioFrom(seedAt(firstSeed, index), "quick"), judges);
      messages += outcome.messages;
      inputs += outcome.inputs;
      spent += seconds;
    }
    figures.push({
      engine: judges ? "quick seeds, every judge" : "quick seeds, hash alone",
      ours: true,
      value: messages / spent,
      note: `${Math.floor(inputs / spent).toLocaleString("en-US")} inputs a second`,
    });
  }
  return {
    name,
    unit: "messages a second, on one core",
    better: "more",
    figures,
    bounds: [
      atLeast("300,000 a second with the hash alone", rate(driven), 300_000),
      atLeast("100,000 a second with every judge", rate(judged), 100_000),
    ],
  };
}

interface Timed {
  readonly outcome: Outcome;
  readonly seconds: number;
}

function timed(scenario: Scenario, judges: boolean): Timed {
  const begun = performance.now();
  const outcome = new Simulation(scenario, { judges }).run();
  const seconds = (performance.now() - begun) / 1000;
  if (outcome.failure !== undefined) throw outcome.failure;
  return { outcome, seconds };
}

/** Ten people in one file, on a good network, for so long; nothing breaks. */
function typing(virtualSeconds: number): Scenario {
  const quality = { latencyUs: [10_000, 12_000, 20_000], bandwidth: 0, windowBytes: 1 << 16, pieces: 1 };
  const clients = Array.from({ length: people }, (_, index): ClientPlan => ({
    name: `client ${index}`,
    kind: "human",
    workspace: "w",
    joinUs: 0,
    server: 0,
    quality,
    clockUs: 0,
    accepted: false,
    pauseUs: 500_000,
  }));
  const deeds: Deed[] = [{
    atUs: second,
    client: 0,
    do: "create",
    parent: 0,
    name: 1,
    type: "text",
    insert: 5,
  }];
  const everyUs = second / changesPerSecond;
  for (
    let atUs = 2 * second, count = 0;
    atUs < (2 + virtualSeconds) * second;
    atUs += everyUs / people, count++
  ) {
    // Half of the time what stands behind the caret is taken away, which is often nothing: the text grows, to about
    // 24,000 characters in half an hour.
    const remove = Math.floor(count / 100) % 2;
    deeds.push({
      ...{ atUs, client: count % people, do: "type", file: 0, at: -1, line: 0, atomic: false },
      ...{ remove, insert: 1 - remove },
    });
  }
  return {
    format: 1,
    seed: firstSeed,
    name: "typing",
    settings: {},
    disk: { writeUs: [10, 20, 50], syncUs: [100, 200, 300, 1000] },
    clients,
    hostiles: [],
    deeds,
    faults: [],
    calmUs: (2 + virtualSeconds) * second,
    leftBehind: [],
    undoAll: undefined,
    plain: true,
    unique: true,
  };
}
