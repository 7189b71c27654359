/**
 * What many seeds came to together. It does not depend on the order in which they were done.
 *
 * @module
 */

import { Digest } from "../sim/digest.ts";
import type { FoundFailure, Repetition, SimResult, SimTask } from "./sim_run.ts";

/** A failure, with the first seed that it was found by, and how many there were. */
export interface Finding {
  readonly task: SimTask;
  readonly failure: FoundFailure;
  seeds: number;
}

export class SimTotals {
  seeds = 0;
  timeUs = 0;
  changes = 0;
  messages = 0;
  inputs = 0;
  /** Crash points that were recovered from. */
  points = 0;
  readonly repetitions: Record<Repetition, number> = { once: 0, twice: 0, amnesia: 0 };
  readonly faults = new Map<string, number>();
  readonly marks = new Map<string, number>();
  /** By fingerprint. */
  readonly findings = new Map<string, Finding>();
  #sum = 0n;

  add(result: SimResult): void {
    const { seed, profile, hash, failure, crashPoint } = result;
    this.seeds++;
    this.timeUs += result.timeUs;
    this.changes += result.changes;
    this.messages += result.messages;
    this.inputs += result.inputs;
    this.repetitions[result.repetition]++;
    this.points += result.points ?? 0;
    addAll(this.faults, result.faults);
    addAll(this.marks, result.marks);
    const digest = new Digest();
    digest.text(`${profile} ${seed} ${hash}`);
    this.#sum = BigInt.asUintN(64, this.#sum + BigInt(`0x${digest}`));
    if (failure === undefined) return;
    const finding = this.findings.get(failure.fingerprint);
    if (finding === undefined) {
      const task = crashPoint === undefined ? { seed, profile } : { seed, profile, crashPoint };
      this.findings.set(failure.fingerprint, { task, failure, seeds: 1 });
    } else finding.seeds++;
  }

  /** Over the hashes of all seeds, in whatever order they came. */
  get hash(): string {
    return this.#sum.toString(16).padStart(16, "0");
  }

  get failures(): number {
    let failures = 0;
    for (const { seeds } of this.findings.values()) failures += seeds;
    return failures;
  }
}

function addAll(into: Map<string, number>, counts: ReadonlyMap<string, number>): void {
  for (const [name, count] of counts) into.set(name, (into.get(name) ?? 0) + count);
}
