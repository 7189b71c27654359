/**
 * Threads that simulate. They have no permission at all, so that a simulation that reaches for something outside
 * fails on the spot.
 *
 * @module
 */

import type { SimPlan, SimResult, SimTask } from "./sim_run.ts";
import type { Case, CaseOptions } from "./sim_case.ts";

export type ThreadRequest =
  | { readonly kind: "plan"; readonly plan: SimPlan }
  | { readonly kind: "run"; readonly task: SimTask }
  | { readonly kind: "keep"; readonly task: SimTask; readonly options: CaseOptions };
export type ThreadAnswer = SimResult | Case;

/** After so long a seed is said to have no end. */
const patienceMs = 600_000;

/** One thread, which does one thing at a time. */
export class SimThread {
  readonly #plan: SimPlan;
  #worker: Worker;
  /** Goes off when something takes too long. */
  #late: ReturnType<typeof setTimeout> | undefined;

  constructor(plan: SimPlan) {
    this.#plan = plan;
    this.#worker = this.#begin();
  }

  /** Runs a seed. What ends the thread is a failure of the seed. */
  async run(task: SimTask): Promise<SimResult> {
    try {
      return await this.#ask({ kind: "run", task }) as SimResult;
    } catch (error) {
      this.close();
      this.#worker = this.#begin();
      return brokenOff(task, error instanceof Error ? error.message : String(error));
    }
  }

  /** The failing case of a seed, as small as can be. */
  async keep(task: SimTask, options: CaseOptions): Promise<Case> {
    return await this.#ask({ kind: "keep", task, options }) as Case;
  }

  close(): void {
    clearTimeout(this.#late);
    this.#worker.terminate();
  }

  #begin(): Worker {
    const worker = new Worker(new URL("./sim_worker.ts", import.meta.url), {
      type: "module",
      deno: { permissions: "none" },
    });
    worker.postMessage({ kind: "plan", plan: this.#plan } satisfies ThreadRequest);
    return worker;
  }

  #ask(request: ThreadRequest): Promise<ThreadAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<ThreadAnswer>();
    this.#late = setTimeout(() => reject(new Error(`no end after ${patienceMs / 1000} s`)), patienceMs);
    this.#worker.onmessage = ({ data }: MessageEvent<ThreadAnswer>) => resolve(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
    this.#worker.postMessage(request);
    return promise.finally(() => clearTimeout(this.#late));
  }
}

/** What is said of a seed that does not end, or takes its thread with it. */
function brokenOff(task: SimTask, problem: string): SimResult {
  const breach = "a run does not come to an end";
  return {
    ...task,
    hash: "0".repeat(16),
    timeUs: 0,
    changes: 0,
    messages: 0,
    inputs: 0,
    faults: new Map(),
    marks: new Map(),
    repetition: "once",
    failure: {
      invariant: "no_panic",
      breach,
      detail: problem,
      revision: undefined,
      atUs: 0,
      fingerprint: `no_panic: ${breach}`,
    },
  };
}
