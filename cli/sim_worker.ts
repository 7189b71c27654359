/**
 * A thread of `deno task sim`, without any permission: it runs the seeds that it is given, one after the other.
 *
 * @module
 */

import { SimRunner } from "./sim_run.ts";
import { caseOf } from "./sim_case.ts";
import type { ThreadAnswer, ThreadRequest } from "./sim_threads.ts";

const thread = self as unknown as {
  onmessage: (event: MessageEvent<ThreadRequest>) => void;
  postMessage(answer: ThreadAnswer): void;
};

let runner: SimRunner;

thread.onmessage = ({ data: request }) => {
  switch (request.kind) {
    case "plan":
      runner = new SimRunner(request.plan);
      return;
    case "run":
      return thread.postMessage(runner.run(request.task));
    case "keep":
      return thread.postMessage(caseOf(runner.scenario(request.task), request.options));
  }
};
