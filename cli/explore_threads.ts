/**
 * Explores worlds on several threads. What comes of it does not depend on how many there are.
 *
 * @module
 */

import {
  type Counterexample,
  type Coverage,
  emptyCoverage,
  type Exploration,
  joinCoverage,
} from "../sim/explore.ts";
import type { WorldPlan } from "../sim/explore_world.ts";

/** A part of a world, for a thread to explore. */
export interface Task {
  readonly plan: WorldPlan;
  readonly shard: number;
  readonly statesMax: number;
}

export interface TaskResult {
  readonly exploration: Exploration;
  readonly seconds: number;
}

/** What came of one world. */
export interface WorldReport {
  readonly plan: WorldPlan;
  readonly coverage: Coverage;
  /** Spent on it, by all threads together. */
  readonly seconds: number;
  readonly failure?: Counterexample;
}

export interface ThreadOptions {
  readonly jobs: number;
  /** How many states of a world at most. */
  readonly statesMax: number;
  /** Hears of each part that is done. */
  readonly progress: (done: number, all: number, world: string) => void;
  /** Hears of each world that is done, in their order. */
  readonly tell: (report: WorldReport) => void;
}

/** Explores worlds in their order, up to the first that fails. */
export async function exploreWorlds(
  plans: readonly WorldPlan[],
  options: ThreadOptions,
): Promise<WorldReport[]> {
  const tasks = plans.flatMap((plan) =>
    Array.from({ length: plan.shards }, (_, shard): Task => ({
      plan,
      shard,
      statesMax: Math.ceil(options.statesMax / plan.shards),
    }))
  );
  const results: TaskResult[] = [];
  const reports: WorldReport[] = [];
  let next = 0, done = 0, hasFailed = false;
  // Tasks are begun in order and each that was begun is finished, so the first failure is the same for any jobs.
  const work = async () => {
    using thread = new Thread();
    while (next < tasks.length && !hasFailed) {
      const number = next++, task = tasks[number]!;
      results[number] = await thread.explore(task);
      options.progress(++done, tasks.length, task.plan.name);
      hasFailed ||= results[number].exploration.failure !== undefined;
      tellDone();
    }
  };
  const tellDone = () => {
    while (reports.length < plans.length && reports.at(-1)?.failure === undefined) {
      const report = reportOf(plans, reports.length, results);
      if (report === undefined) return;
      reports.push(report);
      options.tell(report);
    }
  };
  await Promise.all(Array.from({ length: options.jobs }, work));
  return reports;
}

/** What came of world number `index`; undefined as long as that is not known. */
function reportOf(
  plans: readonly WorldPlan[],
  index: number,
  results: readonly (TaskResult | undefined)[],
): WorldReport | undefined {
  const plan = plans[index]!;
  const first = plans.slice(0, index).reduce((sum, { shards }) => sum + shards, 0);
  let coverage = emptyCoverage, seconds = 0;
  for (let shard = 0; shard < plan.shards; shard++) {
    const result = results[first + shard];
    if (result === undefined) return undefined;
    coverage = joinCoverage(coverage, result.exploration.coverage);
    seconds += result.seconds;
    const { failure } = result.exploration;
    if (failure !== undefined) return { plan, coverage, seconds, failure };
  }
  return { plan, coverage, seconds };
}

class Thread implements Disposable {
  readonly #worker = new Worker(new URL("./explore_worker.ts", import.meta.url), { type: "module" });

  explore(task: Task): Promise<TaskResult> {
    const { promise, resolve, reject } = Promise.withResolvers<TaskResult>();
    this.#worker.onmessage = ({ data }) => resolve(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
    this.#worker.postMessage(task);
    return promise;
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}
