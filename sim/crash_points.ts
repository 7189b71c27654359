/**
 * Every moment at which a server may die: the sweep over the crash points of one scenario.
 *
 * The scenario runs once, and what the server says is counted. Then it runs again for each of its outputs, with the
 * power cut behind just that one; and for each of its appends, with the power cut while the record is being written,
 * and another part of it on the disk each time. From all of them it must recover.
 *
 * That takes time with the square of a run's length, so it is for short runs: of a longer one, points are passed over
 * evenly.
 *
 * @module
 */

import { type Fault, type Scenario, whole } from "./scenario.ts";
import { Simulation } from "./simulation.ts";

/** How long the disk takes, so that a cut in the middle is one in the middle of a record. */
const writeUs = 10, syncUs = 1000;
const parts = [0, 1, whole >> 2, whole >> 1, whole - 1, whole];
/** Of one kind no more points than this. */
const pointsMax = 400;

/** The scenario with a crash at each of its points, one for each. */
export function crashPoints(scenario: Scenario): Scenario[] {
  const base: Scenario = { ...scenario, disk: { writeUs: [writeUs], syncUs: [syncUs] } };
  let outputs = 0;
  const appendedUs: number[] = [];
  const simulation: Simulation = new Simulation(base, {
    tap: {
      started() {},
      stepped(node, _input, said) {
        const { nowUs } = simulation.scheduler;
        if (node !== "server" || nowUs >= base.calmUs) return;
        outputs += said.length;
        if (said.some(({ kind }) => kind === "append")) appendedUs.push(nowUs);
      },
    },
  });
  simulation.run();
  const crash = (atUs: number, after: number, torn?: number): Fault => {
    const what = { kind: "server.crash", server: 0, outputs: after, power: true, downUs: 10_000 } as const;
    return { atUs, ...what, ...(torn === undefined ? {} : { torn }) };
  };
  const points: Fault[] = spread(outputs).map((after) => crash(0, after));
  for (const index of spread(appendedUs.length)) {
    const atUs = appendedUs[index]! + writeUs + syncUs / 2;
    if (atUs < base.calmUs) points.push(...parts.map((torn) => crash(atUs, 0, torn)));
  }
  return points.map((point) => ({
    ...base,
    faults: [...base.faults, point].sort((a, b) => a.atUs - b.atUs),
  }));
}

/** The numbers below `count`, or as many of them as there may be, evenly. */
function spread(count: number): number[] {
  const taken = Math.min(count, pointsMax);
  return Array.from({ length: taken }, (_, index) => Math.floor((index * count) / taken));
}
