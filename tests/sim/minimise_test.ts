import fc from "fast-check";
import type { TextOp } from "../../ot/mod.ts";
import { Minimiser, simulated, type Trial } from "../../sim/minimise.ts";
import { withEdits } from "../../sim/minimise_edits.ts";
import { fewer, numbersTowards, type Proposals } from "../../sim/minimise_proposals.ts";
import { scenarioFrom } from "../../sim/profiles.ts";
import type { Deed, Scenario } from "../../sim/scenario.ts";
import { describe } from "../../sim/scenario_words.ts";
import { Simulation } from "../../sim/simulation.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";

/** Searches to the end. */
function searched(scenario: Scenario, trial: Trial) {
  const minimiser = new Minimiser(scenario, trial);
  while (minimiser.step());
  return minimiser.result();
}

/** A trial that runs nothing: a scenario fails if it holds what is named. */
function holding(is: (scenario: Scenario) => boolean, fingerprint = "planted: it is there"): Trial {
  return (scenario) => is(scenario) ? { fingerprint, atUs: 1e9, hash: "same", inputs: 100 } : undefined;
}

/** The list that a search ends with, where `is` says what will do. */
function found<T>(proposals: Proposals<T>, is: (proposed: T) => boolean): T {
  let step = proposals.next();
  while (!step.done) step = proposals.next(is(step.value));
  return step.value;
}

const seed = "00000000000000a5";
const scenario = scenarioFrom(seed, "swarm");
const bare = {
  format: 1,
  settings: {},
  disk: { writeUs: [0], syncUs: [0] },
  hostiles: [],
  deeds: [],
  faults: [],
  leftBehind: [],
  undoAll: undefined,
  plain: true,
} as const;

Deno.test("fewer() leaves exactly what is needed, wherever it stands", () => {
  fc.assert(fc.property(fc.uniqueArray(fc.nat(99), { maxLength: 5 }), fc.nat(60), (needed, more) => {
    const list = Array.from({ length: 100 + more }, (_, index) => index);
    const left = found(fewer(list), (proposed) => needed.every((one) => proposed.includes(one)));
    assertEquals(left, [...needed].sort((a, b) => a - b));
  }));
});

Deno.test("numbersTowards() proposes what fast-check does for whole numbers", () => {
  fc.assert(fc.property(fc.nat(1 << 20), (value) => {
    const theirs = [...fc.nat(1 << 20).shrink(value, undefined)].map((shrunk) => shrunk.value);
    assertEquals([...numbersTowards(0, value)], theirs);
  }));
});

Deno.test("Minimiser refuses a scenario that does not fail", () => {
  assertThrows(() => new Minimiser(scenario, () => undefined), RangeError, "does not fail");
});

Deno.test("Minimiser takes everything away from a failure that needs nothing", () => {
  const { scenario: smallest, isVerified, before, after } = searched(scenario, holding(() => true));
  const { clients, calmUs, ...rest } = smallest;
  assertEquals(rest, { ...bare, seed: "0".repeat(16), name: "swarm", unique: true });
  assertEquals(calmUs, 1000);
  assertEquals(clients, [{
    name: "client a",
    kind: "human",
    workspace: "w",
    joinUs: 0,
    server: 0,
    quality: { latencyUs: [1000], bandwidth: 0, windowBytes: 65536, pieces: 1 },
    clockUs: 0,
    accepted: false,
    pauseUs: 500_000,
  }]);
  assert(isVerified);
  assert(before.deeds > 90 && before.clients > 1, JSON.stringify(before));
  assertEquals(after, { clients: 1, deeds: 0, faults: 0, tricks: 0 });
});

Deno.test("Minimiser keeps the deeds of two clients that are needed, and makes them the simplest of their kind", () => {
  const needs = ({ deeds }: Scenario) =>
    deeds.some((one) =>
      one.do === "type" && one.remove > 0 &&
      deeds.some((other) => other.do === "create" && other.client !== one.client)
    );
  const { scenario: { clients, deeds, faults } } = searched(scenarioFrom("7", "quick"), holding(needs));
  assertEquals(clients.map(({ name }) => name), ["client a", "client b"]);
  assertEquals(faults, []);
  assertEquals(deeds.map(({ atUs: _, client: __, ...action }) => action), [
    { do: "create", parent: 0, name: 0, type: "text", insert: 0 },
    { do: "type", file: 0, at: 0, remove: 1, insert: 0, line: 0, atomic: false },
  ]);
});

Deno.test("Minimiser does not slip to another failure", () => {
  const trial: Trial = ({ deeds }) =>
    deeds.length === 0 ? undefined : {
      fingerprint: deeds.length > 2 ? "planted: three deeds" : "planted: fewer",
      atUs: 1e9,
      hash: "same",
      inputs: 100,
    };
  const { after, sighting } = searched(scenario, trial);
  assertEquals([after.deeds, sighting.fingerprint], [3, "planted: three deeds"]);
});

Deno.test("Minimiser takes a core that stops itself for the same, whatever numbers it names", () => {
  const trial: Trial = ({ deeds }) =>
    deeds.length === 0
      ? undefined
      : { fingerprint: `no_panic: ${deeds.length} deeds`, atUs: 1e9, hash: "same", inputs: 100 };
  assertEquals(searched(scenario, trial).sighting.fingerprint, "no_panic: 1 deeds");
});

Deno.test("Minimiser cuts off at once what comes after the failure", () => {
  const trial: Trial = ({ deeds }) =>
    deeds.some(({ atUs }) => atUs <= 2_000_000)
      ? { fingerprint: "planted: early", atUs: 2_000_000, hash: "same", inputs: 100 }
      : undefined;
  const minimiser = new Minimiser(scenario, trial);
  minimiser.step();
  assert(minimiser.scenario.deeds.every(({ atUs }) => atUs <= 2_000_000));
});

Deno.test("Minimiser has the best so far when it is stopped, and says if it does not fail again", () => {
  let fails = true;
  const minimiser = new Minimiser(scenario, holding(({ deeds }) => fails && deeds.length > 60));
  while (minimiser.size.deeds === scenario.deeds.length) assert(minimiser.step());
  fails = false;
  const { after, isVerified } = minimiser.result();
  assert(after.deeds < scenario.deeds.length);
  assertEquals(isVerified, false);
});

Deno.test("Minimiser explains a failure of a simulation by the one deed and the one fault that it takes", () => {
  // Nothing is wrong with it: something that happens in real runs, and that takes a fault.
  const trial: Trial = (scenario, inputsMax) => {
    const inner = simulated()(scenario, inputsMax);
    if (inner !== undefined) return undefined;
    const { changes, faults, hash, inputs, timeUs } = new Simulation(scenario).run();
    const isThere = changes >= 3 && (faults.get("server.crash") ?? 0) > 0;
    return isThere
      ? { fingerprint: "planted: three entries, a crash", atUs: timeUs, hash, inputs }
      : undefined;
  };
  let first = 0;
  const seeds = (index: number) => index.toString(16).padStart(16, "0");
  while (trial(scenarioFrom(seeds(first), "quick"), Infinity) === undefined) first++;
  const { scenario: smallest, after, isVerified } = searched(scenarioFrom(seeds(first), "quick"), trial);
  assert(isVerified);
  // Two of the three entries are the server's own: it reserves sites before the crash, and after it.
  assertEquals(after, { clients: 1, deeds: 1, faults: 1, tricks: 0 });
  assertEquals(smallest.faults.map(({ kind }) => kind), ["server.crash"]);
});

const typed: Scenario = {
  ...bare,
  seed,
  name: "hand",
  clients: ["client a", "client b"].map((name) => ({
    name,
    kind: "human",
    workspace: "w",
    joinUs: 0,
    server: 0,
    quality: { latencyUs: [1000], bandwidth: 0, windowBytes: 65536, pieces: 1 },
    clockUs: 0,
    accepted: false,
    pauseUs: 500_000,
  })),
  deeds: [
    { atUs: 1_000_000, client: 0, do: "create", parent: 0, name: 1, type: "text", insert: 3 },
    {
      atUs: 2_000_000,
      client: 0,
      do: "type",
      file: 0,
      at: 65_536,
      remove: 0,
      insert: 2,
      line: 0,
      atomic: false,
    },
    {
      atUs: 3_000_000,
      client: 1,
      do: "type",
      file: 0,
      at: 65_536 / 2,
      remove: 2,
      insert: 0,
      line: 0,
      atomic: false,
    },
  ],
  faults: [{ atUs: 2_500_000, kind: "net.cut", client: 1, up: 65_536, down: 0 }],
  calmUs: 4_000_000,
  unique: true,
};

Deno.test("withEdits() says exactly what was typed, and on what", () => {
  const edits = withEdits(typed).deeds.map((deed) => deed.do === "edit" ? [deed.op, deed.was] : deed.do);
  const end: TextOp = [{ at: 3, remove: 0, insert: "de" }];
  const middle: TextOp = [{ at: 2, remove: 2, insert: "" }];
  assertEquals(edits, ["create", [end, "abc"], [middle, "abcde"]]);
});

Deno.test("withEdits() leaves characters that nobody else types, when what came before has gone", () => {
  const exact = withEdits(typed);
  const more: Deed = { ...typed.deeds[1]!, atUs: 3_500_000 };
  const { failure } = new Simulation({ ...exact, deeds: [exact.deeds[0]!, exact.deeds[2]!, more] }).run();
  assertEquals(failure, undefined);
});

Deno.test("describe() says who does what when, and what breaks", () => {
  assertEquals(describe(typed), [
    "seed 00000000000000a5, disk: write 0 ms, sync 0 ms",
    '0.000 s  client a (human) comes to "w" over a network of 1 ms',
    '0.000 s  client b (human) comes to "w" over a network of 1 ms',
    "1.000 s  client a creates a file with 3 characters in directory 0, under name 1",
    "2.000 s  client a types 2 at the end of file 0",
    "2.500 s  net.cut: client b, up all, down nothing",
    "3.000 s  client b removes 2 at 32768/65536 of file 0",
    "4.000 s  calm: what is broken is whole again",
  ]);
});
