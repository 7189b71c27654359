/**
 * Virtual time: everything that will happen in a simulation, in order.
 *
 * Time moves only from one event to the next, so a quiet hour costs nothing. Events are ordered by time, then by the
 * tie-break that came with them, then by the order in which they were added: with that the order is total, and one
 * seed gives one run.
 *
 * @module
 */

interface Event {
  readonly atUs: number;
  readonly tie: number;
  readonly order: number;
  readonly run: () => void;
}

export class Scheduler {
  /** Microseconds since the simulation began. */
  nowUs = 0;
  #order = 0;
  /** A binary heap, the next event first. */
  readonly #heap: Event[] = [];
  readonly #soon: (() => void)[] = [];

  /** @param tie which of the events of one moment comes first: a keyed draw below 2^32. */
  at(atUs: number, tie: number, run: () => void): void {
    const heap = this.#heap;
    const event = { atUs: Math.max(atUs, this.nowUs), tie, order: this.#order++, run };
    let index = heap.length;
    heap.push(event);
    while (index > 0) {
      const above = (index - 1) >> 1;
      if (!isBefore(event, heap[above]!)) break;
      heap[index] = heap[above]!;
      index = above;
    }
    heap[index] = event;
  }

  /** Runs before anything else, behind what was asked for in this way before. */
  soon(run: () => void): void {
    this.#soon.push(run);
  }

  /** Runs the next event, if it is due by `untilUs`; false if there is none. */
  step(untilUs: number = Infinity): boolean {
    const soon = this.#soon.shift();
    if (soon !== undefined) {
      soon();
      return true;
    }
    const heap = this.#heap;
    const first = heap[0];
    if (first === undefined || first.atUs > untilUs) return false;
    const last = heap.pop()!;
    if (heap.length > 0) this.#sink(last);
    this.nowUs = first.atUs;
    first.run();
    return true;
  }

  #sink(event: Event): void {
    const heap = this.#heap;
    const { length } = heap;
    let index = 0;
    for (;;) {
      let below = 2 * index + 1;
      if (below >= length) break;
      if (below + 1 < length && isBefore(heap[below + 1]!, heap[below]!)) below++;
      if (!isBefore(heap[below]!, event)) break;
      heap[index] = heap[below]!;
      index = below;
    }
    heap[index] = event;
  }
}

function isBefore(a: Event, b: Event): boolean {
  if (a.atUs !== b.atUs) return a.atUs < b.atUs;
  if (a.tie !== b.tie) return a.tie < b.tie;
  return a.order < b.order;
}
