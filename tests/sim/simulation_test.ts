/**
 * Simulations: one scenario gives one run, whoever watches; all is well under every profile; and what is broken on
 * purpose is found.
 *
 * @module
 */

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { ServerCore } from "../../server/core/mod.ts";
import { SimulatedLog } from "../../sim/log.ts";
import { marks } from "../../sim/marks.ts";
import { type ProfileName, profiles, scenarioFrom } from "../../sim/profiles.ts";
import { seedAt } from "../../sim/random.ts";
import { runTwice } from "../../sim/repetition.ts";
import { faultKinds, tricks } from "../../sim/scenario.ts";
import { type Outcome, Simulation } from "../../sim/simulation.ts";

/** The first of the seeds that every test run has. */
const firstSeed = "00000000000000a0";

const names = Object.keys(profiles) as ProfileName[];
/** How many seeds of each: long ones take long. */
const counts: Readonly<Record<ProfileName, number>> = {
  quick: 20,
  swarm: 4,
  storm: 3,
  disk: 6,
  hostile: 4,
  rights: 6,
  signed: 4,
  long: 1,
};

function seeds(count: number): string[] {
  return Array.from({ length: count }, (_, index) => seedAt(firstSeed, index));
}

function passed({ failure, hash }: Outcome): string {
  assert(failure === undefined, failure?.message);
  return hash;
}

for (const name of names) {
  Deno.test(`Simulation finds nothing wrong with ${counts[name]} seeds of ${name}`, () => {
    for (const seed of seeds(counts[name])) {
      const { failure } = new Simulation(scenarioFrom(seed, name)).run();
      assert(failure === undefined, `${seed} of ${name}: ${failure?.message}`);
    }
  });
}

Deno.test("Simulation gives one hash for one scenario, and another for another seed", () => {
  const hashes = seeds(5).map((seed) => passed(new Simulation(scenarioFrom(seed, "quick")).run()));
  const again = seeds(5).map((seed) => passed(new Simulation(scenarioFrom(seed, "quick")).run()));
  assertEquals(again, hashes);
  assertEquals(new Set(hashes).size, 5);
});

Deno.test("Simulation gives the same with a scenario that has been written down and read again", () => {
  for (const seed of seeds(3)) {
    const scenario = scenarioFrom(seed, "swarm");
    const copy = JSON.parse(JSON.stringify(scenario));
    assertEquals(new Simulation(copy).run().hash, new Simulation(scenario).run().hash);
  }
});

Deno.test("Simulation gives the same whether it is judged or not", () => {
  for (const name of ["quick", "swarm", "disk", "hostile"] as const) {
    for (const seed of seeds(3)) {
      const scenario = scenarioFrom(seed, name);
      const judged = new Simulation(scenario).run();
      const driven = new Simulation(scenario, { judges: false }).run();
      assertEquals(driven.hash, passed(judged));
      assertEquals(driven.messages, judged.messages);
    }
  }
});

Deno.test("runTwice() finds no difference, with cores that are saved and restored at every fourth event", () => {
  for (const name of ["quick", "disk", "hostile"] as const) {
    for (const seed of seeds(3)) {
      const scenario = scenarioFrom(seed, name);
      assertEquals(passed(runTwice(scenario, 4)), passed(new Simulation(scenario).run()));
    }
  }
});

Deno.test("runTwice() names the first event that a core answers differently the second time", () => {
  const scenario = scenarioFrom(firstSeed, "quick");
  const { step } = ServerCore.prototype;
  let steps = 0;
  new Simulation(scenario, {
    tap: { started() {}, stepped: (node) => steps += node === "server" ? 1 : 0 },
  }).run();
  let left = steps + 100;
  // The core remembers an earlier run: like a cache at the top of a module.
  ServerCore.prototype.step = function (input) {
    const outputs = step.call(this, input);
    return left-- > 0 ? outputs : [...outputs, { kind: "report", event: "strange", fields: {} }];
  };
  try {
    const { failure } = runTwice(scenario, 0);
    assertEquals(failure?.fingerprint, "determinism: a second run of the same scenario differs");
    const { detail = "" } = failure ?? {};
    assert(/^event \d+: server, \w+, [0-9a-f]{16} the first time/.test(detail), detail);
  } finally {
    ServerCore.prototype.step = step;
  }
});

Deno.test("Simulation finds a log that says that it has stored what it has not", () => {
  const { append } = SimulatedLog.prototype;
  let appends = 0;
  SimulatedLog.prototype.append = function (workspace, expected, entries, answer) {
    if (++appends % 7 === 0) return answer({ stored: true });
    append.call(this, workspace, expected, entries, answer);
  };
  try {
    const found = seeds(5).map((seed) =>
      new Simulation(scenarioFrom(seed, "quick")).run().failure?.invariant
    );
    assert(found.includes("durability"), `found ${found}`);
  } finally {
    SimulatedLog.prototype.append = append;
  }
});

Deno.test("marks has every fault and every trick, each name once, and everything that runs reach", () => {
  const known = new Set(marks.map(({ name }) => name));
  assertEquals(known.size, marks.length);
  for (const kind of faultKinds) assert(known.has(kind), kind);
  for (const trick of tricks) assert(known.has(`trick ${trick}`), trick);
  for (const name of ["quick", "hostile"] as const) {
    for (const seed of seeds(10)) {
      const outcome = new Simulation(scenarioFrom(seed, name)).run();
      for (const mark of [...outcome.marks.keys(), ...outcome.faults.keys()]) {
        assert(known.has(mark), `"${mark}" is in no catalogue`);
      }
    }
  }
});

Deno.test("scenarioFrom() gives as many clients as it is asked for", () => {
  for (const clients of [1, 7]) {
    const scenario = scenarioFrom(firstSeed, "quick", clients);
    assertEquals(scenario.clients.length, clients);
    passed(new Simulation(scenario).run());
  }
  assertNotEquals(scenarioFrom(firstSeed, "quick").clients.length, 7);
});
