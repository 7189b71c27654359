import { assert, assertEquals } from "../assert.ts";
import { crashPoints } from "../../sim/crash_points.ts";
import { scenarioFrom } from "../../sim/profiles.ts";
import type { Scenario } from "../../sim/scenario.ts";
import { Simulation } from "../../sim/simulation.ts";

/** A short run, in which nothing breaks by itself. */
function shortRun(): Scenario {
  const scenario = scenarioFrom("0000000000000003", "quick", 2);
  return {
    ...scenario,
    settings: {},
    faults: [],
    hostiles: [],
    deeds: scenario.deeds.slice(0, 20),
    calmUs: 3_000_000,
  };
}

Deno.test("a server that dies behind any one of its outputs, or in the middle of any append, recovers", () => {
  const points = crashPoints(shortRun());
  assert(points.length > 50, `${points.length} points`);
  for (const point of points) {
    const { failure } = new Simulation(point).run();
    assertEquals(failure?.message, undefined, JSON.stringify(point.faults));
  }
});

Deno.test("crashPoints() crashes in the middle of a record: some of them leave it torn, and it is cut off", () => {
  const torn = crashPoints(shortRun()).filter(({ faults }) =>
    faults.some((fault) => fault.kind === "server.crash" && fault.torn !== undefined)
  );
  // Of one append, what is on the disk afterwards depends on how much of it was written.
  const changes = torn.slice(0, 6).map((point) => new Simulation(point).run().hash);
  assert(new Set(changes).size > 1);
});
