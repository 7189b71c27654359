/**
 * Every interleaving of a small world: each order in which changes can be made, writes arrive and the log answer,
 * with each change that can be made at that moment.
 *
 * States that two schedules have in common are looked at once. Nothing else is left out: no order is taken for as
 * good as another one. So the states make a graph without circles, in which each way from the start to an end is a
 * schedule; these are counted from the ends, without going each way.
 *
 * A world is explored in parts, by the first change of the first client: each schedule belongs to one part. States
 * before that change are met in every part, and counted in the first.
 *
 * @module
 */

import { faultAtAnyTime, faultAtRest } from "./explore_judge.ts";
import { TupleTable } from "./explore_table.ts";
import { applyInWords } from "./explore_words.ts";
import { ExploredWorld, happening, partsOf, type WorldPlan } from "./explore_world.ts";

/** What has been covered. */
export interface Coverage {
  /** How many changes there were to choose from: in which world, who chose, what they saw. */
  readonly menus: ReadonlyMap<string, number>;
  readonly states: number;
  /** Ways from the start to an end. */
  readonly schedules: bigint;
  /** How often an event led to a state that was known. */
  readonly pruned: number;
  /** States in which a schedule ends. */
  readonly ends: number;
  /** Steps that the cores were asked for. */
  readonly coreSteps: number;
  /** Whether nothing was left out. */
  readonly isWhole: boolean;
}

/** A schedule that leads to something wrong. */
export interface Counterexample {
  readonly world: string;
  /** Each event in words. */
  readonly schedule: readonly string[];
  readonly fault: string;
}

/** What came of a part of a world, or of all of it. */
export interface Exploration {
  readonly coverage: Coverage;
  readonly failure?: Counterexample;
}

/** Explores all parts of a world, one after the other, up to a first failure. */
export function explore(plan: WorldPlan, statesMax = Infinity): Exploration {
  let coverage = emptyCoverage;
  for (let shard = 0; shard < plan.shards; shard++) {
    const part = exploreShard(plan, shard, statesMax);
    coverage = joinCoverage(coverage, part.coverage);
    if (part.failure !== undefined) return { coverage, failure: part.failure };
  }
  return { coverage };
}

/** Explores part number `shard` of a world: no more of it than `statesMax` states. */
export function exploreShard(plan: WorldPlan, shard: number, statesMax = Infinity): Exploration {
  return new Search(plan, shard, statesMax).run();
}

export const emptyCoverage: Coverage = {
  menus: new Map(),
  states: 0,
  schedules: 0n,
  pruned: 0,
  ends: 0,
  coreSteps: 0,
  isWhole: true,
};

/** Two coverages as one, of parts that have no schedule in common. */
export function joinCoverage(one: Coverage, two: Coverage): Coverage {
  return {
    menus: new Map([...one.menus, ...two.menus]),
    states: one.states + two.states,
    schedules: one.schedules + two.schedules,
    pruned: one.pruned + two.pruned,
    ends: one.ends + two.ends,
    coreSteps: one.coreSteps + two.coreSteps,
    isWhole: one.isWhole && two.isWhole,
  };
}

/** How many changes there were to choose from. */
export function operationsIn({ menus }: Coverage): number {
  let operations = 0;
  for (const choices of menus.values()) operations += choices;
  return operations;
}

/** Instead of the ways from a state that is on the way to the one that is looked at. */
const onTheWay = -1n;

class Search {
  readonly #shard: number;
  readonly #statesMax: number;
  readonly #world: ExploredWorld;
  readonly #start: Int32Array;
  readonly #table: TupleTable;
  /** Of each state, how many schedules lead from it to an end. */
  readonly #ways: bigint[] = [];
  /** The events that lead to the state that is looked at. */
  readonly #path: number[] = [];
  /** What is wrong at the end of `#path`; "" as long as nothing is. */
  #fault = "";
  #states = 0;
  #arrivals = 0;
  #ends = 0;
  #isWhole = true;

  constructor(plan: WorldPlan, shard: number, statesMax: number) {
    this.#shard = shard;
    this.#statesMax = statesMax;
    this.#world = new ExploredWorld(plan);
    this.#start = this.#world.state.slice();
    this.#table = new TupleTable(this.#world.width);
  }

  run(): Exploration {
    const start = this.#table.numberOf(this.#start);
    if (this.#counts()) this.#states++;
    const schedules = this.#visit(start);
    const coverage: Coverage = {
      menus: this.#world.menus(),
      states: this.#states,
      schedules,
      // The start is the one state that no event leads to.
      pruned: this.#arrivals - this.#states + (this.#shard === 0 ? 1 : 0),
      ends: this.#ends,
      coreSteps: this.#world.coreSteps,
      isWhole: this.#isWhole && this.#fault === "",
    };
    return this.#fault === "" ? { coverage } : { coverage, failure: this.#shortestFailure() };
  }

  /** Counts the ways to an end from a state, which the world is in. */
  #visit(number: number): bigint {
    const world = this.#world, table = this.#table, ways = this.#ways;
    ways[number] = onTheWay;
    const events = world.events();
    let total = 0n;
    if (events.length === 0) {
      this.#ends++;
      total++;
      this.#fault = faultAtRest(world);
    }
    world.addFaults(events);
    for (const event of this.#ours(events)) {
      if (this.#fault !== "") return 0n;
      table.read(number, world.state);
      world.apply(event);
      this.#path.push(event);
      this.#fault = world.fault || faultAtAnyTime(world);
      const known = table.find(world.state);
      if (known < 0 && table.size >= this.#statesMax) {
        this.#isWhole = false;
      } else if (this.#fault === "") {
        const counts = this.#counts();
        if (counts) this.#arrivals++;
        if (known < 0) {
          if (counts) this.#states++;
          total += this.#visit(table.numberOf(world.state));
        } else if (ways[known] === onTheWay) {
          this.#fault = "everybody goes round in a circle, and never comes to rest";
        } else {
          total += ways[known]!;
        }
      }
      if (this.#fault === "") this.#path.pop();
    }
    ways[number] = total;
    return total;
  }

  /** Those of the events that belong to this part of the world. */
  #ours(events: number[]): number[] {
    const { shards } = this.#world.plan;
    if (shards === 1 || this.#world.client(0).facts.own.length > 0) return events;
    return events.filter((event) => {
      const { kind, client, choice } = partsOf(event);
      return kind !== happening.choose || client !== 0 || choice % shards === this.#shard;
    });
  }

  /** Whether the state that the world is in is counted in this part. */
  #counts(): boolean {
    return this.#shard === 0 || this.#world.client(0).facts.own.length > 0;
  }

  /** One of the shortest schedules that lead to something wrong. */
  #shortestFailure(): Counterexample {
    const world = this.#world;
    const table = new TupleTable(world.width);
    const from: number[] = [-1], by: number[] = [-1];
    table.numberOf(this.#start);
    for (let number = 0; number < table.size; number++) {
      table.read(number, world.state);
      const events = world.events();
      let fault = events.length === 0 ? faultAtRest(world) : "";
      if (fault !== "") return this.#failure(pathTo(number, from, by), fault);
      world.addFaults(events);
      for (const event of this.#ours(events)) {
        table.read(number, world.state);
        world.apply(event);
        fault = world.fault || faultAtAnyTime(world);
        if (fault !== "") return this.#failure([...pathTo(number, from, by), event], fault);
        if (table.find(world.state) >= 0) continue;
        table.numberOf(world.state);
        from.push(number);
        by.push(event);
      }
    }
    // Nothing is wrong with any one state: it was that somebody never comes to rest.
    return this.#failure(this.#path, this.#fault);
  }

  #failure(path: readonly number[], fault: string): Counterexample {
    this.#world.state.set(this.#start);
    const schedule = path.map((event) => applyInWords(this.#world, event));
    return { world: this.#world.plan.name, schedule, fault };
  }
}

/** The events that led to a state, where `from` and `by` say of each state which one came before, and the event. */
function pathTo(number: number, from: readonly number[], by: readonly number[]): number[] {
  const path: number[] = [];
  for (let at = number; at > 0; at = from[at]!) path.push(by[at]!);
  return path.reverse();
}
