/**
 * `deno task explore`: runs every interleaving of small worlds, and says how many there were.
 *
 * @module
 */

import { type Coverage, emptyCoverage, joinCoverage, operationsIn } from "../sim/explore.ts";
import { defaultWorlds, worlds } from "../sim/explore_worlds.ts";
import { Command, exitsHelp, oneOf, wholeNumber } from "./command.ts";
import { exploreWorlds, type WorldReport } from "./explore_threads.ts";

const jobsMax = 64;
/** A line for each world. */
const lines = worlds.map((plan) => {
  const mark = defaultWorlds.includes(plan) ? " " : "*";
  return `  ${plan.name.padEnd(16)}${mark} ${plan.about}`;
});

export const exploreCommand = new Command("explore")
  .description("Run every interleaving of small worlds, with every change that can be made in them.")
  .option("--world <name...>", "explore these worlds alone", namesOf)
  .option("--jobs <number>", "threads; what comes of it does not depend on them", wholeNumber(1, jobsMax), 2)
  .option(
    "--limit-states <number>",
    "look at so many states of a world at most: then not every schedule is covered",
    wholeNumber(1, 1_000_000_000),
  )
  .option("--json", "say what came of it as one JSON object")
  .addHelpText(
    "after",
    `
A world has a server, a few clients and a log in memory, all with the real cores and real bytes. A schedule says in
which order changes are made, writes arrive and the log answers, and which changes those are. All schedules are
covered; a state that two of them share is looked at once. At every state each client must have what a plain replay
of the log gives, and when all is quiet everybody must see the same, with every change in the log once and every
letter there that nobody who saw it took away.

Said of each world: operations, the changes that there were to choose from, by who chose and what they saw; states;
schedules; pruned, how often a schedule came to a state that was known; and the seconds that all threads spent on it.

Worlds (those with * only if they are named):
${lines.join("\n")}
${
      exitsHelp({
        0: "nothing is wrong",
        1: "something is: the world, the shortest schedule that leads to it, and what is different are printed",
        2: "wrong usage",
      })
    }`,
  )
  .action(async ({ world: names, jobs, limitStates: statesMax = Infinity, json }) => {
    const plans = names === undefined ? defaultWorlds : worlds.filter(({ name }) => names.includes(name));
    const start = performance.now();
    if (json !== true) console.log(row("world", "operations", "states", "schedules", "pruned", "seconds"));
    const terminal = Deno.stderr.isTerminal();
    const reports = await exploreWorlds(plans, {
      jobs,
      statesMax,
      progress: (done, all, world) => {
        if (terminal) say(`${done} of ${all} parts: ${world}`);
      },
      tell: (report) => {
        if (terminal) say("");
        if (json !== true) console.log(rowOf(report.plan.name, report.coverage, report.seconds));
      },
    });
    const seconds = (performance.now() - start) / 1000;
    if (json === true) console.log(JSON.stringify(jsonOf(reports, seconds)));
    else print(reports, seconds);
    Deno.exitCode = failureIn(reports) === undefined ? 0 : 1;
  });

/** Reads the names of worlds, one at a time. */
function namesOf(name: string, before: readonly string[] = []): string[] {
  return [...before, oneOf(...worlds.map(({ name }) => name))(name)];
}

function print(reports: readonly WorldReport[], seconds: number): void {
  const total = totalOf(reports);
  console.log(rowOf("total", total, seconds));
  const partial = reports.filter(({ coverage, failure }) => failure === undefined && !coverage.isWhole);
  if (partial.length > 0) {
    console.log(
      `Not all of ${partial.map(({ plan }) => plan.name).join(", ")} was covered: the limit was reached.`,
    );
  }
  const failure = failureIn(reports);
  if (failure === undefined) return;
  console.log(`\n${failure.world} fails, by this schedule of ${failure.schedule.length} events:`);
  failure.schedule.forEach((event, i) => console.log(`${String(i + 1).padStart(3)}  ${event}`));
  console.log(`Then ${failure.fault}`);
}

function failureIn(reports: readonly WorldReport[]): WorldReport["failure"] {
  return reports.find(({ failure }) => failure !== undefined)?.failure;
}

function totalOf(reports: readonly WorldReport[]): Coverage {
  return reports.reduce((total, { coverage }) => joinCoverage(total, coverage), emptyCoverage);
}

function rowOf(name: string, coverage: Coverage, seconds: number): string {
  const { states, schedules, pruned } = coverage;
  const numbers = [operationsIn(coverage), states, schedules, pruned].map((value) =>
    value.toLocaleString("en-US")
  );
  return row(name, ...numbers, seconds.toFixed(1));
}

function row(name: string, ...cells: readonly string[]): string {
  const widths = [11, 13, 22, 13, 9];
  return name.padEnd(16) + cells.map((cell, i) => cell.padStart(widths[i]!)).join("");
}

function jsonOf(reports: readonly WorldReport[], seconds: number): unknown {
  return {
    worlds: reports.map(({ plan: { name, changes }, coverage, seconds }) => ({
      name,
      clients: changes.length,
      changes,
      ...numbersOf(coverage),
      threadSeconds: seconds,
    })),
    total: { ...numbersOf(totalOf(reports)), seconds },
    failure: failureIn(reports) ?? null,
  };
}

/** A coverage as JSON can hold it. */
function numbersOf(coverage: Coverage): Readonly<Record<string, number | string | boolean>> {
  const { states, schedules, pruned, ends, coreSteps, isWhole } = coverage;
  return {
    operations: operationsIn(coverage),
    states,
    schedules: String(schedules),
    pruned,
    ends,
    coreSteps,
    isWhole,
  };
}

/** Writes over the line that says how far it has got. */
function say(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`\r\x1b[K${text}`));
}
