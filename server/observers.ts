/**
 * Several who watch one core.
 *
 * @module
 */

import type { Observer } from "./shell.ts";

/** One observer that stands for all that there are; undefined if there is none. */
export function observersOf(...all: readonly (Observer | undefined)[]): Observer | undefined {
  const observers = all.filter((observer) => observer !== undefined);
  if (observers.length < 2) return observers[0];
  return {
    begins(core) {
      for (const observer of observers) observer.begins(core);
    },
    took(input, outputs) {
      for (const observer of observers) observer.took(input, outputs);
    },
    failed(input, error) {
      for (const observer of observers) observer.failed(input, error);
    },
  };
}
