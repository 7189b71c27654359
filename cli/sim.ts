/**
 * `deno task sim`: breaks the whole system on purpose, on as many seeds as there is time for, and says what it
 * came to.
 *
 * @module
 */

import { isProfile, type ProfileName, profiles } from "../sim/profiles.ts";
import { type Seed, seedFrom } from "../sim/random.ts";
import { Command, exitsHelp, InvalidArgumentError, wholeNumber, wrongUsage } from "./command.ts";
import { readScenario, readTrace, SimFileError } from "./sim_files.ts";
import { jsonOf, linesOf } from "./sim_report.ts";
import { revisionOf } from "./sim_revision.ts";
import { amnesiaOneIn, type SimPlan } from "./sim_run.ts";
import { SimSeeds } from "./sim_seeds.ts";
import { engine, software } from "./software.ts";

/** How many seeds there are if nobody says. */
const seedsDefault = 1000;
/** How a command exits that was stopped by Ctrl-C. */
const interruptedCode = 130;

const list = Object.entries(profiles).map(([name, { description }]) => `  ${name.padEnd(10)}${description}`);

export const simCommand = new Command("sim")
  .description("Simulate people, servers, networks and disks that break, and judge what comes of it.")
  .option(
    "--seeds <number>",
    "run so many seeds (default 1000; 1 with --seed)",
    wholeNumber(1, 1_000_000_000),
  )
  .option("--seed <hex>", "begin with this seed (default: one that nobody has chosen)", seedOption)
  .option("--minutes <number>", "go on for so long", wholeNumber(1, 100_000))
  .option("--profile <names>", "what may happen, or several by turns, with commas between", profilesOption, [
    "quick" as ProfileName,
  ])
  .option("--clients <number>", "how many clients, whatever the profile says", wholeNumber(1, 100))
  .option("--trace <file>", "let clients type what an editing trace holds")
  .option("--scenario <file>", "run the scenario of a recording, or one that is written as JSON")
  .option(
    "--amnesia <number>",
    "run each seed again with cores saved and restored, once in so many events",
    wholeNumber(1, 1_000_000),
  )
  .option(
    "--crash-points",
    "run each seed again for each output of the server, and each torn append, with a crash there",
  )
  .option(
    "--jobs <number>",
    "threads; what comes of it does not depend on them",
    wholeNumber(1, 256),
    navigator.hardwareConcurrency,
  )
  .option("--out <folder>", "where failures are written", "failures")
  .option("--no-minimise", "write failures as they are found, without making them small")
  .option("--json", "say what came of it as one JSON object")
  .addHelpText(
    "after",
    `
Profiles:
${list.join("\n")}

A seed and a profile give the same run everywhere. One seed in twenty runs a second time, and one in twenty a second
time with cores that are saved and restored in between: both must give the same, event by event.
${
      exitsHelp({
        0: "nothing is wrong",
        1: "something is: what, the command that shows it again, and a file that holds the case are printed",
        2: "wrong usage",
        130: "stopped by Ctrl-C: what was done so far is printed",
      })
    }`,
  )
  .action(async (options) => {
    const { profile, jobs, clients, amnesia, json = false } = options;
    const plan = await planOf(options);
    const firstSeed = plan.scenario?.seed ?? options.seed ?? drawnSeed();
    const isOne = plan.scenario !== undefined ||
      (options.seed !== undefined && options.minutes === undefined);
    const revision = await revisionOf();
    if (!json) {
      const over = options.trace === undefined ? "" : ` over ${options.trace}`;
      console.log(
        `sim ${options.scenario ?? profile.join(", ") + over}: from seed ${firstSeed} on, ${revision}`,
      );
    }
    using seeds = new SimSeeds(plan, {
      firstSeed,
      seedsMax: options.seeds ?? (isOne ? 1 : options.minutes === undefined ? seedsDefault : Infinity),
      secondsMax: 60 * (options.minutes ?? Infinity),
      profiles: profile,
      jobs,
    });
    await seeds.run();
    const kept = await seeds.keep(options.out, {
      minimises: options.minimise,
      amnesia: amnesia ?? amnesiaOneIn,
      origin: { software: software(), engine: engine() },
    });
    const { totals, seconds, isInterrupted } = seeds;
    const report = {
      options: commandLine({
        clients,
        trace: options.trace,
        scenario: options.scenario,
        amnesia,
        "crash-points": options.crashPoints,
      }),
      isScenario: plan.scenario !== undefined,
      profiles: profile,
      firstSeed,
      jobs,
      revision,
      totals,
      seconds,
      isInterrupted,
      kept,
    };
    console.log(json ? JSON.stringify(jsonOf(report)) : linesOf(report).join("\n"));
    Deno.exitCode = isInterrupted ? interruptedCode : totals.findings.size > 0 ? 1 : 0;
  });

/** What all seeds have in common; ends the command if a file is of no use. */
async function planOf(
  { clients, amnesia = 0, crashPoints = false, trace, scenario }: {
    readonly clients?: number;
    readonly amnesia?: number;
    readonly crashPoints?: boolean;
    readonly trace?: string;
    readonly scenario?: string;
  },
): Promise<SimPlan> {
  try {
    if (trace !== undefined && scenario !== undefined) {
      throw new SimFileError("--trace and --scenario both say what people do: give one of them");
    }
    return {
      clients,
      amnesia,
      crashPoints,
      trace: trace === undefined ? undefined : await readTrace(trace),
      scenario: scenario === undefined ? undefined : await readScenario(scenario),
    };
  } catch (error) {
    if (!(error instanceof SimFileError)) throw error;
    console.error(`error: ${error.message}`);
    Deno.exit(wrongUsage);
  }
}

/** Options as they are given on a command line. */
function commandLine(options: Readonly<Record<string, string | number | true | undefined>>): string {
  return Object.entries(options)
    .map(([name, value]) => value === undefined ? "" : value === true ? ` --${name}` : ` --${name} ${value}`)
    .join("");
}

/** Drawn by chance: most likely nobody has run it before. */
function drawnSeed(): Seed {
  return crypto.getRandomValues(new BigUint64Array(1))[0]!.toString(16).padStart(16, "0");
}

function seedOption(text: string): Seed {
  const seed = seedFrom(text);
  if (seed === undefined) throw new InvalidArgumentError("Give up to 16 hexadecimal digits.");
  return seed;
}

function profilesOption(text: string): ProfileName[] {
  return text.split(",").map((name) => {
    if (!isProfile(name)) throw new InvalidArgumentError(`Give some of ${Object.keys(profiles).join(", ")}.`);
    return name;
  });
}
