/**
 * Prints the hashes of a few seeds, one a line, on any engine: on Deno as it is, on Node when it has been bundled.
 *
 *     sim_hashes.ts SEED COUNT PROFILE [poisoned]
 *
 * @module
 */

import process from "node:process";
import { isProfile, scenarioFrom } from "../sim/profiles.ts";
import { seedAt, seedFrom } from "../sim/random.ts";
import { Simulation } from "../sim/simulation.ts";
import { poison } from "./sim_poison.ts";

const [seed = "1", count = "1", profile = "quick", how] = process.argv.slice(2);
const first = seedFrom(seed);
if (first === undefined || !isProfile(profile)) throw new Error("usage: SEED COUNT PROFILE [poisoned]");
// Held from before: what prints is poisoned as well.
const { log } = console;
const lines: string[] = [];
if (how === "poisoned" && poison() < 40) throw new Error("Hardly anything has been poisoned");
for (let index = 0; index < Number(count); index++) {
  const { hash, failure } = new Simulation(scenarioFrom(seedAt(first, index), profile)).run();
  lines.push(failure === undefined ? hash : `${hash} ${failure.fingerprint}`);
}
log(lines.join("\n"));
