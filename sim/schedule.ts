/**
 * The puzzle of a concurrent trace: one log in which everybody's client, with one change in flight, lets its
 * person see exactly what the trace says they had seen at each keystroke.
 *
 * Whoever drives the clients holds the frames in both directions. So it decides which of a person's transactions
 * become one change (what is typed before the last change is acknowledged, or before the transport has drained),
 * in which order changes reach the log, and when each client hears what. It does not decide that a client hears
 * the log in order, its own acknowledgements included, and submits nothing before the last one. For a change X of
 * agent a, and an agent b who first saw X after typing k transactions (b's moment of X), that means:
 *
 * - **seen**: what X's last transaction had seen stands before X;
 * - **typed**: if b typed all of a change of its own before that moment, it had submitted that change by then, and
 *   so had heard the acknowledgement of the change before: this one stands before X;
 * - **order**: what b saw of third persons before that moment stands before X.
 *
 * Each says "at least so many changes of agent c come before X", so a log is found by taking, again and again, a
 * change whose numbers are reached. If there is none, the numbers go round in a circle, and no log exists: a
 * change is never cut where nobody saw a part of it alone, and cutting it there would only add conditions.
 *
 * Within its place in that log, a change may then be cut: anywhere after the moment of the last thing that stands
 * before it.
 *
 * @module
 */

import { assert } from "../ot/mod.ts";
import { type Trace, TraceError } from "./trace.ts";

/** One entry of the log: transactions of one agent, in order. */
export interface ScheduledChange {
  readonly agent: number;
  /** Indices of transactions. */
  readonly transactions: readonly number[];
}

export interface Schedule {
  /** In the order of the log. */
  readonly changes: readonly ScheduledChange[];
  /** Of each transaction: so many changes of the log its author's client must have heard, from the first on. */
  readonly heardMin: Int32Array;
  /** And no more than so many: the next one is of somebody else, and had not been seen. */
  readonly heardMax: Int32Array;
}

/**
 * One log that gives the trace.
 *
 * @param most How many transactions a change is to hold at most, where the trace leaves it open.
 * @throws {TraceError} "not_one_log" if there is none; "malformed_trace" if somebody has not seen what they did
 * themselves.
 */
export function scheduleOf(trace: Trace, most = 1): Schedule {
  const people = peopleOf(trace);
  const changes = cut(new Ordering(people).changes(), people, most).map(({ agent, start, end }) => ({
    agent,
    transactions: people[agent]!.typed.slice(start, end),
  }));
  return { changes, ...heardAt(changes, people, trace.transactions.length) };
}

/** One agent's part of a trace. */
interface Person {
  /** Indices of its transactions, in order. */
  readonly typed: number[];
  /** Of each of them: how many transactions of each agent it had seen. */
  readonly seen: (readonly number[])[];
}

/** Transactions number `start` up to and without number `end` of one agent's own. */
interface Stretch {
  readonly agent: number;
  readonly start: number;
  readonly end: number;
}

function peopleOf({ agents, transactions }: Trace): readonly Person[] {
  const people: Person[] = Array.from({ length: agents }, () => ({ typed: [], seen: [] }));
  /** Of each transaction, its number among its author's. */
  const numbers = new Int32Array(transactions.length);
  transactions.forEach(({ parents, agent }, index) => {
    const seen = new Array<number>(agents).fill(0);
    for (const parent of parents) {
      const { agent: author } = transactions[parent]!;
      const before = people[author]!.seen[numbers[parent]!]!;
      for (let i = 0; i < agents; i++) if (before[i]! > seen[i]!) seen[i] = before[i]!;
      if (seen[author]! <= numbers[parent]!) seen[author] = numbers[parent]! + 1;
    }
    const { typed, seen: all } = people[agent]!;
    if (seen[agent]! < typed.length) {
      throw new TraceError(
        "malformed_trace",
        `txns[${index}].parents: agent ${agent} has not seen its own txns[${typed[typed.length - 1]}]`,
      );
    }
    numbers[index] = typed.length;
    typed.push(index);
    all.push(seen);
  });
  return people;
}

/** The moment of transaction `number` of `agent`: how many of its own the person had typed before it saw that. */
function momentOf({ seen }: Person, agent: number, number: number): number {
  let low = 0, high = seen.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (seen[middle]![agent]! <= number) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** At least `count` changes of `agent` stand before the change that needs it. */
interface Need {
  readonly agent: number;
  readonly count: number;
  /** In words, of the change that needs it and the last one of those. */
  readonly because: (later: string, earlier: string) => string;
}

/** The order of the log, with everybody's transactions in the longest changes that can be. */
class Ordering {
  readonly #people: readonly Person[];
  /** Of each agent: where its changes end. */
  readonly #ends: readonly (readonly number[])[];
  /** Of each agent: how many of its changes end within its first n transactions. */
  readonly #endsWithin: readonly Int32Array[];
  /** Of each agent: how many of its changes stand in the log, and what the next one needs. */
  readonly #placed: Int32Array;
  readonly #needs: (readonly Need[])[];

  constructor(people: readonly Person[]) {
    this.#people = people;
    // A change ends where somebody has seen what is before, and not what is after.
    const marks = people.map(({ typed }) => new Uint8Array(typed.length + 1).fill(1, typed.length));
    people.forEach(({ seen }, reader) => {
      for (const counts of seen) {
        for (let agent = 0; agent < counts.length; agent++) {
          if (agent !== reader) marks[agent]![counts[agent]!] = 1;
        }
      }
    });
    this.#ends = marks.map((ends) => {
      const result: number[] = [];
      for (let n = 1; n < ends.length; n++) if (ends[n] === 1) result.push(n);
      return result;
    });
    this.#endsWithin = marks.map((ends) => {
      let count = 0;
      return Int32Array.from(ends, (end, n) => n > 0 && end === 1 ? ++count : count);
    });
    this.#placed = new Int32Array(people.length);
    this.#needs = people.map((_, agent) => this.#needsOfNext(agent));
  }

  /** @throws {TraceError} "not_one_log" */
  changes(): Stretch[] {
    const result: Stretch[] = [];
    const count = this.#ends.reduce((sum, ends) => sum + ends.length, 0);
    while (result.length < count) {
      // Of those that may come next, the one whose last transaction is the first in the file.
      let next: Stretch | undefined, nextIndex = Infinity;
      for (let agent = 0; agent < this.#people.length; agent++) {
        const stretch = this.#stretch(agent, this.#placed[agent]!);
        if (stretch === undefined) continue;
        const index = this.#people[agent]!.typed[stretch.end - 1]!;
        if (index < nextIndex && this.#needs[agent]!.every((need) => this.#isMet(need))) {
          next = stretch;
          nextIndex = index;
        }
      }
      if (next === undefined) throw this.#circle();
      result.push(next);
      this.#placed[next.agent]!++;
      this.#needs[next.agent] = this.#needsOfNext(next.agent);
    }
    return result;
  }

  #stretch(agent: number, change: number): Stretch | undefined {
    const ends = this.#ends[agent]!;
    const end = ends[change];
    return end === undefined ? undefined : { agent, start: ends[change - 1] ?? 0, end };
  }

  #isMet({ agent, count }: Need): boolean {
    return this.#placed[agent]! >= count;
  }

  #needsOfNext(agent: number): readonly Need[] {
    const stretch = this.#stretch(agent, this.#placed[agent]!);
    if (stretch === undefined) return [];
    const needs: Need[] = [];
    const need = (of: number, count: number, because: Need["because"]) => {
      if (of !== agent && count > this.#placed[of]!) needs.push({ agent: of, count, because });
    };
    const had = this.#people[agent]!.seen[stretch.end - 1]!;
    for (let other = 0; other < had.length; other++) {
      need(other, this.#endsWithin[other]![had[other]!]!, (later, earlier) => `${later} had seen ${earlier}`);
    }
    for (let reader = 0; reader < this.#people.length; reader++) {
      if (reader === agent) continue;
      const person = this.#people[reader]!;
      const moment = momentOf(person, agent, stretch.end - 1);
      if (moment === 0) continue;
      const last = person.typed[moment - 1]!;
      // Those changes but the last one had been acknowledged.
      need(
        reader,
        this.#endsWithin[reader]![moment - 1]! - 1,
        (later, earlier) =>
          `agent ${reader}, who typed txns[${last}] before it saw ${later}, had ${earlier} acknowledged`,
      );
      const seen = person.seen[moment - 1]!;
      for (let other = 0; other < seen.length; other++) {
        if (other === reader) continue;
        need(
          other,
          this.#endsWithin[other]![seen[other]!]!,
          (later, earlier) => `agent ${reader} at txns[${last}] had seen ${earlier} and not ${later}`,
        );
      }
    }
    return needs;
  }

  /** Nothing may come next: follows what each change waits for, until that goes round. */
  #circle(): TraceError {
    const visited: number[] = [];
    let agent = this.#ends.findIndex((ends, agent) => this.#placed[agent]! < ends.length);
    const reasons: string[] = [];
    while (!visited.includes(agent)) {
      visited.push(agent);
      const need = this.#needs[agent]!.find((need) => !this.#isMet(need))!;
      reasons.push(
        need.because(this.#nameOf(agent, this.#placed[agent]!), this.#nameOf(need.agent, need.count - 1)),
      );
      agent = need.agent;
    }
    const circle = reasons.slice(visited.indexOf(agent));
    return new TraceError(
      "not_one_log",
      `${
        this.#nameOf(agent, this.#placed[agent]!)
      }: no one log gives this, for each must come before the next: ` +
        circle.join("; "),
    );
  }

  #nameOf(agent: number, change: number): string {
    return `txns[${this.#people[agent]!.typed[this.#ends[agent]![change]! - 1]}]`;
  }
}

/** The same log, its changes cut where that needs nothing else to be different. */
function cut(order: readonly Stretch[], people: readonly Person[], most: number): Stretch[] {
  const result: Stretch[] = [];
  /** Of each person: the moment of the newest change of somebody else in the log. */
  const moments = new Int32Array(people.length);
  for (const { agent, start, end } of order) {
    // The acknowledgement of a part brings all that stands before it: by then, that moment must have come.
    let from = start, to = Math.max(moments[agent]!, start + most);
    for (; from < end; from = to, to += most) result.push({ agent, start: from, end: Math.min(to, end) });
    people.forEach((person, reader) => {
      if (reader !== agent) moments[reader] = momentOf(person, agent, end - 1);
    });
  }
  return result;
}

function heardAt(
  changes: readonly ScheduledChange[],
  people: readonly Person[],
  count: number,
): Pick<Schedule, "heardMin" | "heardMax"> {
  const heardMin = new Int32Array(count), heardMax = new Int32Array(count);
  const ends = people.map(() => 0);
  /** Of each change: how many transactions of its author stand in the log with it. */
  const reach = changes.map(({ agent, transactions }) => ends[agent]! += transactions.length);
  people.forEach(({ typed, seen }, reader) => {
    let min = 0, next = 0;
    typed.forEach((index, number) => {
      for (; next < changes.length; next++) {
        const { agent } = changes[next]!;
        if (agent === reader) continue;
        if (reach[next]! > seen[number]![agent]!) break;
        min = next + 1;
      }
      heardMin[index] = min;
      heardMax[index] = next;
    });
  });
  assert(
    heardMin.every((min, index) => min <= heardMax[index]!),
    "who must have heard more may have heard more",
  );
  return { heardMin, heardMax };
}
