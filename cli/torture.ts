/**
 * `deno task torture`: kills a server again and again, and looks whether anything is lost.
 *
 * @module
 */

import { Command, exitsHelp, wholeNumber } from "./command.ts";
import { torture } from "./torture_run.ts";

export const tortureCommand = new Command("torture")
  .description(
    "Kill a server with kill -9 again and again while people type, and look whether anything is lost.",
  )
  .option("--kills <number>", "how often", wholeNumber(1, 100_000), 50)
  .option("--typists <number>", "how many people type meanwhile", wholeNumber(1, 100), 8)
  .option("--json", "write JSON, for programs")
  .addHelpText("after", exitsHelp({ 0: "nothing was lost or doubled", 1: "something was", 2: "wrong usage" }))
  .action(async ({ kills, typists, json }) => {
    const report = await torture({
      kills,
      typists,
      lifeMs: [20, 800],
      onKill: (killed, durable) => {
        if (json !== true) console.error(`${killed} of ${kills} kills, ${durable} changes durable`);
      },
    });
    const { durable, refused, faults, recoveryMs } = report;
    if (json === true) console.log(JSON.stringify(report));
    else {
      const at = (part: number) => Math.round(recoveryMs[Math.floor((recoveryMs.length - 1) * part)] ?? 0);
      console.log(`kills       ${kills}`);
      console.log(`durable     ${durable} changes, ${refused.length} refused`);
      console.log(
        `back after  ${at(0.5)} ms in the middle, ${at(1)} ms at most, the start of the process included`,
      );
      for (const fault of faults) console.log(`FAULT       ${fault}`);
      console.log(faults.length === 0 ? "\nnothing was lost, nothing is there twice" : "\nFAILED");
    }
    Deno.exit(faults.length === 0 ? 0 : 1);
  });
