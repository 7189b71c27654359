/**
 * Times several engines at the same work, by turns: warm-up, then rounds in which each engine has its go, so
 * that a machine that slows down slows all of them; the median over the rounds counts.
 *
 * Every engine also gives the text that its work comes to. The texts of one row must be equal, and their hash
 * is printed: so nothing was optimised away, and nobody is fast by being wrong.
 *
 * @module
 */

import { xxHash32 } from "js-xxhash";

/** One engine at the work of a row. */
export interface Contestant {
  readonly name: string;
  /** Does the work once and gives a number that depends on all of it, the same every time. */
  run(): number;
  /** The text that the work comes to; not timed. */
  result(): string;
}

export interface Measured {
  readonly name: string;
  /** Seconds for one unit of work: the median round, the fastest and the slowest. */
  readonly median: number;
  readonly fastest: number;
  readonly slowest: number;
  /** Hash of the text that the work came to. */
  readonly hash: string;
}

export interface Effort {
  readonly rounds: number;
  /** How long each engine works in one round, at least. */
  readonly roundMsMin: number;
}

/** Measures each contestant's time for one unit, of which one `run` does `units`. */
export function measure(contestants: readonly Contestant[], units: number, effort: Effort): Measured[] {
  const sinks = contestants.map((contestant) => contestant.run());
  const seconds: number[][] = contestants.map(() => []);
  for (let round = -1; round < effort.rounds; round++) {
    contestants.forEach((contestant, i) => {
      collectGarbage();
      let runs = 0, elapsedMs = 0;
      const start = performance.now();
      do {
        const sink = contestant.run();
        if (sink !== sinks[i]) throw new Error(`${contestant.name} gave ${sink}, and before ${sinks[i]}`);
        runs++;
        elapsedMs = performance.now() - start;
      } while (elapsedMs < effort.roundMsMin);
      // The first round only warms up.
      if (round >= 0) seconds[i]!.push(elapsedMs / 1000 / runs / units);
    });
  }
  return contestants.map((contestant, i) => {
    const sorted = seconds[i]!.toSorted((a, b) => a - b);
    return {
      name: contestant.name,
      median: median(sorted),
      fastest: sorted[0]!,
      slowest: sorted.at(-1)!,
      hash: hashOf(contestant.result()),
    };
  });
}

/** A short hash of a text, to see that two are equal. */
export function hashOf(text: string): string {
  return xxHash32(new TextEncoder().encode(text)).toString(16).padStart(8, "0");
}

/** The value in the middle of numbers in order. */
export function median(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The number that `share` of the numbers, which are in order, do not exceed. */
export function percentile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return NaN;
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * share) - 1))]!;
}

/** With `--v8-flags=--expose-gc` nobody pays for what the one before left lying about. */
function collectGarbage(): void {
  (globalThis as { gc?: () => void }).gc?.();
}
