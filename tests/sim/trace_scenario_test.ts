/**
 * Editing traces as the workload of simulations.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { filesOf } from "../../sim/person.ts";
import { type ProfileName, profiles } from "../../sim/profiles.ts";
import { seedAt } from "../../sim/random.ts";
import type { Scenario } from "../../sim/scenario.ts";
import { Simulation } from "../../sim/simulation.ts";
import { parseTrace, type Trace } from "../../sim/trace.ts";
import { TraceWorkload } from "../../sim/trace_scenario.ts";

const firstSeed = "0000000000000010";

/** Someone types a text, with a pair of surrogates in it, and corrects it. */
function alone(): Trace {
  const words = "One types a 👩‍🚀 text, and corrects it. ";
  const txns: { readonly patches: readonly unknown[] }[] = [];
  let text: string[] = [];
  for (let i = 0; i < 400; i++) {
    const at = i % 40 === 39 ? 3 : text.length;
    const typed = [...words][i % [...words].length]!;
    const removed = i % 25 === 24 ? 1 : 0;
    txns.push({ patches: [[at - (at === text.length ? removed : 0), removed, typed]] });
    text = text.toSpliced(at - (at === text.length ? removed : 0), removed, typed);
  }
  return parseTrace(JSON.stringify({ startContent: "", endContent: text.join(""), txns }));
}

/** Two people at once: each types a line of its own, and sees the other's after each tenth key. */
function together(): Trace {
  const txns: unknown[] = [];
  const own: [number, number] = [0, 0], seen: [number, number] = [0, 0];
  let last: (number | undefined)[] = [undefined, undefined];
  for (let i = 0; i < 300; i++) {
    const agent = i % 2 as 0 | 1, other = 1 - agent as 0 | 1;
    const meets = i % 20 < 2;
    if (meets) seen[agent] = own[other];
    const parents = [last[agent], meets ? last[other] : undefined].filter((index) => index !== undefined);
    const at = agent === 0 ? own[0] : own[1] + seen[1];
    txns.push({ parents, agent, patches: [[at, 0, agent === 0 ? "a" : "b"]] });
    own[agent]++;
    last = last.with(agent, i);
  }
  return parseTrace(JSON.stringify({
    kind: "concurrent",
    endContent: "a".repeat(150) + "b".repeat(150),
    numAgents: 2,
    txns,
  }));
}

/** All of a trace, and nothing breaks. */
function calm(trace: Trace): Scenario {
  const scenario = new TraceWorkload(trace, { isWhole: true }).scenario(firstSeed, "quick");
  const quality = { latencyUs: [1000], bandwidth: 0, windowBytes: 1 << 16, pieces: 1 };
  return {
    ...scenario,
    settings: {},
    faults: [],
    hostiles: [],
    leftBehind: [],
    undoAll: undefined,
    clients: scenario.clients.map((plan) => ({ ...plan, joinUs: 0, quality })),
  };
}

function textOf(simulation: Simulation): string {
  const { view } = simulation.hosts[0]!.core;
  const files = filesOf(view);
  assertEquals(files.length, 1);
  return view.text(files[0]!).toString();
}

Deno.test("TraceWorkload, where nothing breaks, types what the trace ends with", () => {
  for (const trace of [alone(), together()]) {
    const simulation = new Simulation(calm(trace));
    assertEquals(simulation.run().failure, undefined);
    assertEquals(textOf(simulation), trace.endContent);
  }
});

Deno.test("TraceWorkload converges under the faults of every profile", () => {
  const workloads = [alone(), together()].map((trace) => new TraceWorkload(trace));
  for (const profile of Object.keys(profiles) as ProfileName[]) {
    for (const workload of workloads) {
      for (let index = 0; index < 2; index++) {
        const seed = seedAt(firstSeed, index);
        const { failure } = new Simulation(workload.scenario(seed, profile)).run();
        assert(failure === undefined, `${seed} of ${profile}: ${failure?.message}`);
      }
    }
  }
});

Deno.test("TraceWorkload gives each seed its own part of the trace, and the same one every time", () => {
  const workload = new TraceWorkload(together());
  const parts = [0, 1, 2].map((index) => workload.scenario(seedAt(firstSeed, index), "quick").deeds);
  assertEquals(workload.scenario(firstSeed, "quick").deeds, parts[0]);
  assertEquals(new Set(parts.map((deeds) => JSON.stringify(deeds))).size, 3);
});

Deno.test("TraceWorkload has more clients than agents if it is asked for them", () => {
  const scenario = new TraceWorkload(alone()).scenario(firstSeed, "quick", 5);
  assertEquals(scenario.clients.length, 5);
  assertEquals(new Simulation(scenario).run().failure, undefined);
});
