/**
 * Submissions that have no place in the log yet. People go first, and every eighth place is kept for machines:
 * these make so many more changes that whoever shares a queue with them would wait.
 *
 * @module
 */

import type { Submission } from "./sequencer.ts";

export class SubmissionQueue {
  #people: Submission[] = [];
  /** Those of agents and CI. */
  #machines: Submission[] = [];

  get isEmpty(): boolean {
    return this.#people.length === 0 && this.#machines.length === 0;
  }

  get length(): number {
    return this.#people.length + this.#machines.length;
  }

  add(submission: Submission): void {
    (isOfPerson(submission) ? this.#people : this.#machines).push(submission);
  }

  /** Puts back what was taken: in the old order, before what came since; the split by kind is made anew. */
  putBack(submissions: readonly Submission[]): void {
    this.#people.unshift(...submissions.filter(isOfPerson));
    this.#machines.unshift(...submissions.filter((submission) => !isOfPerson(submission)));
  }

  /** Takes the submission that goes into an append as number `index`. */
  take(index: number): Submission | undefined {
    if (index % 8 === 7) return this.#machines.shift() ?? this.#people.shift();
    return this.#people.shift() ?? this.#machines.shift();
  }

  /** What is in it: adding these to an empty queue gives the same again. */
  save(): Submission[] {
    return [...this.#people, ...this.#machines];
  }

  static restore(saved: readonly Submission[]): SubmissionQueue {
    const queue = new SubmissionQueue();
    for (const submission of saved) queue.add(submission);
    return queue;
  }
}

function isOfPerson({ participant }: Submission): boolean {
  return participant.kind === "human";
}
