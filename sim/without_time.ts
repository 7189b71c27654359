/**
 * Inputs of cores before it is known when they are taken in.
 *
 * @module
 */

/** An input without the time, which the world adds; those that are frequent have room for it from the start. */
export type WithoutTime<T> = T extends unknown ? Omit<T, "nowUs"> & { nowUs?: 0 } : never;

/** Adds the time to an input that nobody else holds: in place, since there are millions of them. */
export function withTime<T extends { readonly nowUs: number }>(input: WithoutTime<T>, nowUs: number): T {
  const timed: { nowUs?: number } = input;
  timed.nowUs = nowUs;
  return timed as T;
}
