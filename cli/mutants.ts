/**
 * `deno task mutants`: puts small realistic bugs into copies of the project, one at a time, and says how soon the
 * laboratory finds each.
 *
 * @module
 */

import { canaries, few, mutants } from "../mutants/catalogue.ts";
import { type Mutant, mutated } from "../mutants/mutant.ts";
import { Command, exitsHelp, wholeNumber } from "./command.ts";
import { Hunt, type Report } from "./mutants_hunt.ts";
import { canarySentence, isWrong, jsonOf, markdownOf, rowOf, summaryOf, titleRow } from "./mutants_report.ts";
import { readSources } from "./mutants_scratch.ts";

/** What a mutant gets unless something else is asked for: about twenty seconds of simulation on one core. */
const seedsDefault = 480;
/** How far the hunt goes on behind the first find, to see what else is found. */
const furtherDefault = 24;
/** The canary's own: it must be found in so many. */
const canarySeeds = 400;

export const mutantsCommand = new Command("mutants")
  .description("Put small bugs into copies of the project, and see whether the laboratory finds them.")
  .option("--only <name...>", "hunt these mutants alone")
  .option("--few", "hunt a handful, and the canary: for every commit")
  .option("--canary", "hunt the canary alone, and say how often it shows")
  .option("--list", "print the catalogue")
  .option("--seeds <number>", "simulations for each mutant at most", wholeNumber(1, 1_000_000), seedsDefault)
  .option(
    "--jobs <number>",
    "processes at a time",
    wholeNumber(1, 64),
    navigator.hardwareConcurrency,
  )
  .option("--json", "say what came of it as one JSON object")
  .option("--markdown <file>", "write the table there")
  .addHelpText(
    "after",
    `
Each mutant is a named edit of one place in the source: a rule of the design that is broken. It is put into a scratch
copy, and the laboratory is run there in processes without permissions: first the seeds of several profiles in a fixed
order, then small worlds explored, then the laws of the file; of a core, the kept stories as well. What the tree shows
without the mutant does not count.
${
      exitsHelp({
        0: "every mutant is found, or survives for a reason that is stated",
        1: "one survives without a reason, or is found in spite of one",
        2: "wrong usage, or a mutant does not fit the source any more",
      })
    }`,
  )
  .action(async ({ only, few: isFew, canary, list, seeds, jobs, json, markdown }, command) => {
    const unknown = only?.find((name) => !mutants.some((mutant) => mutant.name === name));
    if (unknown !== undefined) command.error(`error: there is no mutant "${unknown}"`, { exitCode: 2 });
    if (list === true) return print(mutants);
    const sources = readSources();
    const chosen = only !== undefined
      ? mutants.filter(({ name }) => only.includes(name))
      : canary === true
      ? []
      : isFew === true
      ? few
      : mutants.filter((mutant) => mutant.canary !== true);
    for (const mutant of [...chosen, ...canaries]) {
      try {
        mutated(mutant, sources);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        command.error(`error: ${error.message}`, { exitCode: 2 });
      }
    }
    const start = performance.now();
    const say = (text: string) => json === true ? undefined : console.log(text);
    let reports: Report[] = [], sightings: Report[] = [];
    if (chosen.length > 0) {
      say(titleRow());
      using hunt = new Hunt(sources, { seeds, further: isFew === true ? 0 : furtherDefault });
      reports = await hunt.all(chosen, jobs, (report) => say(rowOf(report)));
    }
    if (only === undefined) {
      using hunt = new Hunt(sources, { seeds: canarySeeds, further: Infinity, parts: ["simulation"] });
      sightings = await hunt.all(canaries, jobs, (report) => say(canarySentence(report)));
    }
    const seconds = (performance.now() - start) / 1000;
    if (json === true) console.log(JSON.stringify(jsonOf(reports, sightings, seconds)));
    else if (reports.length > 0) console.log(summaryOf(reports, seconds));
    if (markdown !== undefined) Deno.writeTextFileSync(markdown, markdownOf(reports, sightings, seeds));
    Deno.exitCode = [...reports, ...sightings].some(isWrong) ? 1 : 0;
  });

function print(mutants: readonly Mutant[]): void {
  for (const { name, file, breaks, museum, survives } of mutants) {
    console.log(`${name}\n  ${file}: ${breaks}`);
    if (museum !== undefined) console.log(`  as in ${museum}`);
    if (survives !== undefined) console.log(`  survives: ${survives}`);
  }
}
