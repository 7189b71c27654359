/**
 * The scenarios that are kept: each ends well, and gives the hash that it has always given. Where behaviour is changed
 * on purpose, the hashes are written anew, and the difference is there to be looked at:
 *
 *     deno test --allow-all tests/cli/scenarios_test.ts -- --update
 *
 * @module
 */

import { assert, assertEquals } from "../assert.ts";
import type { Scenario } from "../../sim/scenario.ts";
import { Simulation } from "../../sim/simulation.ts";

const folder = new URL("../../fixtures/scenarios/", import.meta.url);
const files = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name.endsWith(".json"))
  .sort();
const isUpdate = Deno.args.includes("--update");
/** A line for each scenario: its name, and its hash. */
const hashesFile = new URL("hashes.txt", folder);
const hashes = new Map(
  (await Deno.readTextFile(hashesFile)).split("\n").filter((line) => line !== "")
    .map((line) => line.split(" ") as [string, string]),
);

async function scenarioOf(file: string): Promise<Scenario> {
  return JSON.parse(await Deno.readTextFile(new URL(file, folder)));
}

for (const file of files) {
  Deno.test(`the kept scenario ${file} ends well, and gives one hash`, async () => {
    const scenario = await scenarioOf(file);
    const first = new Simulation(scenario).run(), second = new Simulation(scenario, { amnesia: 50 }).run();
    assertEquals(first.failure?.message, undefined);
    assertEquals(second.failure?.message, undefined);
    assertEquals(second.hash, first.hash);
    assert(first.changes > 0, "somebody does something");
    if (isUpdate) hashes.set(scenario.name, first.hash);
    assertEquals(
      first.hash,
      hashes.get(scenario.name),
      "another run than before: -- --update, if that is meant",
    );
  });
}

Deno.test("a hash is written down of every kept scenario, and of no other", async () => {
  const names = files.map((file) => file.replace(".json", ""));
  if (isUpdate) {
    await Deno.writeTextFile(hashesFile, names.map((name) => `${name} ${hashes.get(name)}\n`).join(""));
  } else assertEquals([...hashes.keys()], names);
});

Deno.test("every kept scenario is named in the list that says what had been wrong", async () => {
  const readme = await Deno.readTextFile(new URL("README.md", folder));
  for (const file of files) {
    const name = file.replace(".json", "");
    assert(readme.includes(`| ${name} `), name);
    assertEquals((await scenarioOf(file)).name, name);
  }
});
