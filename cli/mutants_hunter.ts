/**
 * A process that looks for a mutant in the tree that it stands in: runs trials one after the other, and says of each,
 * on a line of its own, what came of it. It needs no permission.
 *
 * @module
 */

import { type Course, runTrial, trialsOf } from "./mutants_course.ts";

/** What came of one trial. */
export interface Trace {
  readonly index: number;
  /** What is wrong; left out if nothing is. */
  readonly fault?: string;
  /** Spent on this trial and all before it. */
  readonly seconds: number;
}

if (import.meta.main) {
  const [course, from, to] = Deno.args as [Course, string, string];
  const start = performance.now();
  trialsOf(course, Number(to)).slice(Number(from)).forEach((trial, count) => {
    const fault = runTrial(trial);
    const seconds = (performance.now() - start) / 1000;
    const trace: Trace = { index: Number(from) + count, ...(fault === undefined ? {} : { fault }), seconds };
    console.log(JSON.stringify(trace));
  });
}
