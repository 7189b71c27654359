/**
 * `deno task sim` as people run it, and what keeps simulations the same everywhere: other threads, another process,
 * another engine, a poisoned one.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { checkNode } from "../../cli/sim_node_check.ts";
import { scenarioFrom } from "../../sim/profiles.ts";
import { seedAt } from "../../sim/random.ts";
import { Simulation } from "../../sim/simulation.ts";

const main = new URL("../../cli/main.ts", import.meta.url).pathname;
const hashes = new URL("../../cli/sim_hashes.ts", import.meta.url).pathname;
const trace = new URL("../../../shared/traces/friendsforever.json.gz", import.meta.url).pathname;
const firstSeed = "00000000000000a0";

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly errors: string;
}

/** Runs deno with these arguments, to the end. */
async function deno(...args: readonly string[]): Promise<Ran> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args: [...args] }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), errors: text(stderr) };
}

/** With the permissions that the task has. */
const permissions = ["--allow-read", "--allow-write", "--allow-env", "--allow-sys", "--allow-run=git"];

function sim(...args: readonly string[]): Promise<Ran> {
  return deno("run", "--no-prompt", ...permissions, main, "sim", ...args);
}

async function simJson(...args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const { out, errors } = await sim("--json", ...args);
  assert(out.startsWith("{"), errors);
  return JSON.parse(out);
}

/** A scenario that fails: it says that somebody does something who is not there. */
function failing(): string {
  const scenario = scenarioFrom(firstSeed, "quick", 2);
  return JSON.stringify({ ...scenario, deeds: [{ atUs: 2_000_000, client: 7, do: "undo" }], faults: [] });
}

Deno.test("sim gives one hash in every process and with any number of threads", async () => {
  const range = ["--seed", firstSeed, "--seeds", "12", "--profile", "quick,hostile"];
  const one = await simJson(...range, "--jobs", "1");
  const four = await simJson(...range, "--jobs", "4");
  assertEquals(one.hash, four.hash);
  assertEquals(one.passed, true);
  for (const key of ["seeds", "virtualSeconds", "changes", "messages", "inputs", "faults", "marks"]) {
    assertEquals(one[key], four[key]);
  }
  assert((one.hash as string) !== (await simJson("--seed", firstSeed, "--seeds", "11")).hash);
});

Deno.test("sim without a seed draws one, and prints it", async () => {
  const [one, other] = [await simJson("--seeds", "1"), await simJson("--seeds", "1")];
  assert(/^[0-9a-f]{16}$/.test(one.firstSeed as string));
  assert(one.firstSeed !== other.firstSeed);
  assertEquals((await simJson("--seed", one.firstSeed as string)).hash, one.hash);
});

Deno.test("sim says what was run, what was reached and what was not", async () => {
  const { code, out } = await sim("--seed", firstSeed, "--seeds", "3");
  assertEquals(code, 0);
  for (
    const words of [
      `sim quick: from seed ${firstSeed} on`,
      "\nfaults\n",
      "\nmarks reached\n",
      "\nmarks never reached\n",
      "  closed slow_reader",
      "\nseeds           3, ",
      "\nvirtual time ",
      "times faster than real time",
      "\nhash ",
      "\npassed\n",
    ]
  ) assertStringIncludes(out, words);
});

Deno.test("sim, where a run fails, says what and how to see it again, keeps the case, and exits with 1", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const scenario = `${folder}/scenario.json`;
    await Deno.writeTextFile(scenario, failing());
    const { code, out } = await sim("--scenario", scenario, "--out", `${folder}/failures`);
    assertEquals(code, 1, out);
    assertStringIncludes(out, "FAILED: no_panic: ");
    assertStringIncludes(out, `seed ${firstSeed} of quick`);
    assertStringIncludes(out, `again:  deno task sim --scenario ${scenario}`);
    assertStringIncludes(out, "1 of 1 deeds");
    assertStringIncludes(out, "FAILED: 1 of 1 seeds");
    const kept = /kept: {3}deno task sim --scenario (\S+)/.exec(out)?.[1] ?? "";
    assert(kept.startsWith(`${folder}/failures/no_panic-quick-`), out);
    const header = JSON.parse((await Deno.readTextFile(kept)).split("\n")[0]!);
    assertEquals([header.kind, header.failure.invariant], ["minimised", "no_panic"]);
    const again = await sim("--scenario", kept, "--no-minimise", "--out", `${folder}/again`);
    assertEquals(again.code, 1);
    assertStringIncludes(again.out, "FAILED: no_panic: ");
    const replayed = await deno("run", "--allow-all", main, "replay", kept);
    assertEquals(replayed.code, 0, replayed.errors);
    assertStringIncludes(replayed.out, "identical");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("sim, stopped by Ctrl-C, says what was done so far, and exits with 130", async () => {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", ...permissions, main, "sim", "--seed", firstSeed, "--minutes", "5"],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let out = "", isStopped = false;
  for await (const text of process.stdout.pipeThrough(new TextDecoderStream())) {
    out += text;
    if (isStopped) continue;
    isStopped = true;
    // It has begun: it has some time to do something.
    setTimeout(() => process.kill("SIGINT"), 2000);
  }
  assertEquals((await process.status).code, 130);
  assertStringIncludes(out, "interrupted: this is what was done so far");
  assert(/\nseeds {11}[1-9]/.test(out), out);
});

Deno.test("sim exits with 2 for what it does not know, and says why", async () => {
  const wrong: readonly (readonly [args: readonly string[], why: string])[] = [
    [["--seeds", "many"], "whole number"],
    [["--seed", "xyz"], "hexadecimal digits"],
    [["--profile", "quick,slow"], "Give some of quick, swarm"],
    [["--trace", "/nowhere.json"], "/nowhere.json cannot be read"],
    [["--scenario", main], "cannot be read"],
    [["--trace", "a", "--scenario", "b"], "give one of them"],
    [["--colour"], "unknown option"],
  ];
  const ran = await Promise.all(wrong.map(([args]) => sim(...args)));
  ran.forEach(({ code, errors }, index) => {
    assertEquals(code, 2, errors);
    assertStringIncludes(errors, wrong[index]![1]);
  });
});

Deno.test("a simulation needs no permission, and touches nothing that could make two runs differ", async () => {
  const seeds = Array.from({ length: 4 }, (_, index) => seedAt(firstSeed, index));
  for (const profile of ["quick", "hostile"] as const) {
    const expected = seeds.map((seed) => new Simulation(scenarioFrom(seed, profile)).run().hash);
    for (const how of [[], ["poisoned"]]) {
      const { out, errors } = await deno("run", "--no-prompt", hashes, firstSeed, "4", profile, ...how);
      assertEquals(out.trim().split("\n"), expected, errors);
    }
  }
});

Deno.test("poison() makes clocks, chance, timers and locales throw", async () => {
  const program = `
    import { poison } from ${JSON.stringify(new URL("../../cli/sim_poison.ts", import.meta.url).href)};
    const { log } = console;
    poison();
    const touches = [
      () => Date.now(), () => new Date(), () => performance.now(), () => Math.random(), () => Math.log(2),
      () => crypto.randomUUID(), () => setTimeout(() => {}, 0), () => queueMicrotask(() => {}), () => fetch("x"),
      () => "a".localeCompare("b"), () => (1).toLocaleString(), () => Intl.Collator, () => new WeakRef({}),
      () => new Promise(() => {}), () => Deno.version, () => console.log(1),
    ];
    log(touches.filter((touch) => { try { touch(); return true; } catch { return false; } }).join() || "all");
  `;
  const { out, errors } = await deno("eval", program);
  assertEquals(out.trim(), "all", errors);
});

Deno.test("a simulation gives the same on Node", async () => {
  // The others are run by `deno task check:node`.
  const { isSkipped, lines } = await checkNode([["1", "10", "quick"], ["1", "2", "signed", "poisoned"]]);
  if (isSkipped) return console.log(lines.join("\n"));
  for (const line of lines) assertStringIncludes(line, "identical on Deno");
});

Deno.test("sim --trace lets clients type what two people typed, and they converge", async () => {
  try {
    await Deno.stat(trace);
  } catch {
    return console.log("skipped: there is no trace at ../shared/traces/friendsforever.json.gz");
  }
  const args = ["--trace", trace, "--seed", firstSeed, "--seeds", "6", "--profile", "quick,swarm,disk"];
  const report = await simJson(...args);
  assertEquals(report.failures, []);
  assertEquals(report.passed, true);
});
