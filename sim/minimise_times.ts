/**
 * Times that are closer together, and rounder: what happens keeps its order.
 *
 * @module
 */

import { type Proposals, roundUs } from "./minimise_proposals.ts";
import type { Scenario } from "./scenario.ts";

/** Shorter pauses: all of them at once, then one by one. The calm comes after a pause too. */
export function* shorterPauses(scenario: Scenario): Proposals<Scenario> {
  let kept = scenario;
  for (const us of roundUs) {
    const proposed = withPauses(kept, (pause) => Math.min(pause, us));
    if (proposed.calmUs < kept.calmUs && (yield proposed)) kept = proposed;
  }
  for (let index = 0; index < momentsOf(kept).length; index++) {
    for (const us of [...roundUs, undefined]) {
      const moments = momentsOf(kept);
      const pause = moments[index]! - (moments[index - 1] ?? 0);
      const shorter = us ?? rounded(pause);
      // What is too short to be seen becomes as long as the shortest that is round.
      if (pause === 0 || pause === roundUs[0] || (pause > roundUs[0]! && shorter >= pause)) break;
      const proposed = withPauses(kept, (other, at) => at === index ? shorter : other);
      if (yield proposed) {
        kept = proposed;
        break;
      }
    }
  }
  return kept;
}

/** When something happens, in order; the calm is a moment too. */
function momentsOf({ deeds, faults, calmUs }: Scenario): number[] {
  const moments = new Set<number>([calmUs]);
  for (const { atUs } of deeds) moments.add(atUs);
  for (const { atUs } of faults) moments.add(atUs);
  return [...moments].sort((a, b) => a - b);
}

/** Everything so much later: by then everybody has come, however slow the network is. */
export function later(scenario: Scenario, us: number): Scenario {
  return withPauses(scenario, (pause, index) => index === 0 ? pause + us : pause);
}

/** Faults that strike as early among the deeds as they can: that they must strike late is often mere chance. */
export function* earlierFaults(scenario: Scenario): Proposals<Scenario> {
  let kept = scenario;
  for (let index = 0; index < kept.faults.length; index++) {
    const fault = kept.faults[index]!;
    for (const deed of kept.deeds) {
      if (deed.atUs >= fault.atUs - 1) break;
      const earlier = { ...fault, atUs: Math.max(0, deed.atUs - 1) };
      const faults = kept.faults.with(index, earlier).sort((a, b) => a.atUs - b.atUs);
      const proposed = { ...kept, faults };
      if (yield proposed) {
        kept = proposed;
        break;
      }
    }
  }
  return kept;
}

function withPauses(scenario: Scenario, change: (pauseUs: number, index: number) => number): Scenario {
  const now = new Map<number, number>();
  let before = 0, us = 0;
  momentsOf(scenario).forEach((moment, index) => {
    us += change(moment - before, index);
    before = moment;
    now.set(moment, us);
  });
  return {
    ...scenario,
    deeds: scenario.deeds.map((deed) => ({ ...deed, atUs: now.get(deed.atUs)! })),
    faults: scenario.faults.map((fault) => ({ ...fault, atUs: now.get(fault.atUs)! })),
    calmUs: now.get(scenario.calmUs)!,
  };
}

/** With one digit that is not zero. */
function rounded(us: number): number {
  let unit = 1;
  while (unit * 10 <= us) unit *= 10;
  return us - (us % unit);
}
