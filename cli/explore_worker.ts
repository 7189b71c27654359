/**
 * A thread of `deno task explore`: explores the parts of worlds that it is given, one after the other.
 *
 * @module
 */

import { exploreShard } from "../sim/explore.ts";
import type { Task, TaskResult } from "./explore_threads.ts";

const thread = self as unknown as {
  onmessage: (event: MessageEvent<Task>) => void;
  postMessage(result: TaskResult): void;
};

thread.onmessage = ({ data: { plan, shard, statesMax } }) => {
  const start = performance.now();
  const exploration = exploreShard(plan, shard, statesMax);
  thread.postMessage({ exploration, seconds: (performance.now() - start) / 1000 });
};
