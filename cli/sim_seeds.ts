/**
 * Runs seeds on several threads, up to as many as are wanted, for as long as there is time, or until somebody
 * presses Ctrl-C; then makes small what has failed.
 *
 * Seeds are begun in their order, so that what was run is always the first seed and so many that follow.
 *
 * @module
 */

import type { ProfileName } from "../sim/profiles.ts";
import { type Seed, seedAt } from "../sim/random.ts";
import type { CaseOptions } from "./sim_case.ts";
import { writeCase } from "./sim_files.ts";
import { SimProgress } from "./sim_progress.ts";
import type { KeptFailure } from "./sim_report.ts";
import type { SimPlan, SimTask } from "./sim_run.ts";
import { SimThread } from "./sim_threads.ts";
import { SimTotals } from "./sim_totals.ts";

export interface SimRange {
  readonly firstSeed: Seed;
  readonly seedsMax: number;
  readonly secondsMax: number;
  /** Taken by turns. */
  readonly profiles: readonly ProfileName[];
  readonly jobs: number;
}

/** After so many failures of different kinds it is enough, and after so many in all. */
const findingsMax = 5;
const failuresMax = 100;

export class SimSeeds implements Disposable {
  readonly totals = new SimTotals();
  seconds = 0;
  /** Whether somebody pressed Ctrl-C. */
  isInterrupted = false;
  readonly #range: SimRange;
  readonly #threads: readonly SimThread[];
  readonly #progress: SimProgress;
  readonly #interruption = Promise.withResolvers<void>();
  #next = 0;

  constructor(plan: SimPlan, range: SimRange) {
    this.#range = range;
    this.#progress = new SimProgress(range.seedsMax, range.secondsMax);
    const { jobs, seedsMax } = range;
    this.#threads = Array.from({ length: Math.min(jobs, seedsMax) }, () => new SimThread(plan));
    Deno.addSignalListener("SIGINT", this.#interrupt);
  }

  async run(): Promise<void> {
    const begun = performance.now();
    const secondsSoFar = () => (performance.now() - begun) / 1000;
    const { totals } = this;
    await this.#unlessInterrupted(async (thread) => {
      while (this.#goesOn(secondsSoFar())) {
        const result = await thread.run(this.#task(this.#next++));
        if (this.isInterrupted) return;
        totals.add(result);
        this.#progress.show(totals.seeds, totals.failures);
      }
    });
    this.#progress.end();
    this.seconds = secondsSoFar();
  }

  /** Writes every kind of failure to a file of its own. */
  async keep(folder: string, options: Omit<CaseOptions, "failure">): Promise<Map<string, KeptFailure>> {
    const kept = new Map<string, KeptFailure>();
    const findings = [...this.totals.findings.values()];
    if (findings.length > 0 && !this.isInterrupted) {
      this.#progress.say(`${options.minimises ? "making small" : "recording"} what has failed…`);
    }
    await this.#unlessInterrupted(async (thread) => {
      for (let finding = findings.shift(); finding !== undefined; finding = findings.shift()) {
        const { task, failure } = finding;
        const { lines, ...found } = await thread.keep(task, { ...options, failure });
        kept.set(failure.fingerprint, {
          file: await writeCase(folder, task, failure.invariant, lines),
          ...found,
        });
      }
    });
    this.#progress.end();
    return kept;
  }

  [Symbol.dispose](): void {
    Deno.removeSignalListener("SIGINT", this.#interrupt);
    for (const thread of this.#threads) thread.close();
  }

  readonly #interrupt = () => {
    this.isInterrupted = true;
    this.#interruption.resolve();
  };

  async #unlessInterrupted(work: (thread: SimThread) => Promise<void>): Promise<void> {
    if (this.isInterrupted) return;
    await Promise.race([Promise.all(this.#threads.map(work)), this.#interruption.promise]);
  }

  #goesOn(seconds: number): boolean {
    const { seedsMax, secondsMax } = this.#range;
    const { findings, failures } = this.totals;
    return this.#next < seedsMax && seconds < secondsMax && findings.size < findingsMax &&
      failures < failuresMax && !this.isInterrupted;
  }

  #task(index: number): SimTask {
    const { firstSeed, profiles } = this.#range;
    return { seed: seedAt(firstSeed, index), profile: profiles[index % profiles.length]! };
  }
}
