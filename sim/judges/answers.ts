/**
 * Every change that somebody makes is answered, once: it is durable, or it is refused and handed back.
 *
 * @module
 */

import type { ClientEvent } from "../../client/core/mod.ts";
import type { LogEntry } from "../../server/core/mod.ts";
import { Failure } from "./failure.ts";

/** Why the server may refuse what a client has found to be in order: limits, and what only the log can know. */
const expectedCodes: ReadonlySet<string> = new Set([
  "path_too_long",
  "too_many_nodes",
  "text_too_long",
  "workspace_full",
  // The client has ended, and hands back what it has.
  "unsent",
]);

/** What happens to work that was kept longer ago than the session's newest change: what became of it nobody can say. */
const oldCodes: ReadonlySet<string> = new Set(["recovered", "fate_unknown"]);

/** What happens to the work of somebody who may not do everything, or may see another part by now. */
const restrictedCodes: ReadonlySet<string> = new Set([
  ...["not_allowed", "recovered", "unknown_node", "node_forgotten"],
]);

/** How a change was meant that somebody made. */
export interface DeedMeaning {
  /** Never to be one with others. */
  readonly atomic: boolean;
  readonly task: string | undefined;
  readonly hasConditions: boolean;
}

/** The answers to one run of one client. */
export class Answers {
  readonly #answered = new Set<number>();
  readonly #atomic = new Set<number>();
  readonly #tasks = new Map<number, string | undefined>();
  /** Those that may be refused for what they depend on. */
  readonly #demanding = new Set<number>();
  readonly #durable = new Set<number>();
  #hasRefused = false;
  #hasForgotten = false;

  constructor(
    readonly name: string,
    /** Whether it began with work that is older than what it had sent: then that may come back to it. */
    readonly mayRecover: boolean = false,
    /** Whether there is something that it may not see or change: then what it is about may be gone at any time. */
    readonly isRestricted: boolean = false,
    /** Whether it does not sign what it changes, and the server takes nothing else. */
    readonly isUnsigned: boolean = false,
  ) {}

  /** A change is made. */
  makes(number: number, { atomic, task, hasConditions }: DeedMeaning): void {
    if (atomic || hasConditions) this.#atomic.add(number);
    if (hasConditions) this.#demanding.add(number);
    this.#tasks.set(number, task);
  }

  /** Whether a change of this run is in the log for certain. */
  isDurable(number: number): boolean {
    return this.#durable.has(number);
  }

  /**
   * @param local whether the application has just asked for it: then the core may have found fault itself.
   * @param lost whether the log has ever lost entries: then nodes may be gone that a change is about.
   * @param forgets whether it has ever forgotten nodes: then what is about them comes back.
   */
  stepped(
    events: readonly ClientEvent[],
    local: boolean,
    lost: boolean,
    forgets: boolean,
    entryAt: (revision: number) => LogEntry | undefined,
  ): void {
    this.#hasForgotten = forgets;
    for (const event of events) {
      if (event.kind !== "settled" || event.outcome.kind === "accepted") continue;
      if (event.changes.length > 1 && event.changes.some((number) => this.#atomic.has(number))) {
        throw new Failure(
          "atomicity",
          "an atomic change is one with others",
          `${event.changes} of ${this.name}`,
        );
      }
      for (const number of event.changes) {
        if (this.#answered.has(number)) {
          throw new Failure("exactly_once", "a change is answered twice", `${number} of ${this.name}`);
        }
        this.#answered.add(number);
        if (event.outcome.kind === "durable") this.#durable.add(number);
      }
      if (event.outcome.kind === "durable") {
        const { revision } = event.outcome;
        if (!lost && entryAt(revision) === undefined) {
          throw new Failure(
            "durability",
            "a change is called durable that is not in the log",
            this.name,
            revision,
          );
        }
        // Of what a snapshot has it is not said which entry it was.
        if (!lost && event.outcome.timeMs > 0) this.#judgeTask(event.changes, entryAt(revision)!);
      } else if (
        !local && !lost && !this.#isExpected(event.outcome.problem.code) &&
        !(event.outcome.problem.code === "precondition_failed" && this.#demanding.has(event.changes[0]!))
      ) {
        throw new Failure(
          "exactly_once",
          "a change that is in order is refused",
          `${event.changes} of ${this.name}: ${event.outcome.problem.code}, ${event.outcome.problem.message}`,
        );
      }
    }
  }

  /** An entry is a part of what each change that it is made of was meant for. */
  #judgeTask(changes: readonly number[], { task, revision }: LogEntry): void {
    for (const number of changes) {
      if (!this.#tasks.has(number) || this.#tasks.get(number) === task) continue;
      throw new Failure(
        "as_meant",
        "an entry is a part of another task than its author meant",
        `${number} of ${this.name} was for "${this.#tasks.get(number) ?? ""}", and not for "${task ?? ""}"`,
        revision,
      );
    }
  }

  /** What was built on a refused change goes with it. */
  #isExpected(code: string): boolean {
    if (this.isRestricted && restrictedCodes.has(code)) return true;
    if (this.isUnsigned && code === "signature_required") return this.#hasRefused = true;
    const isForgotten = this.#hasForgotten && (code === "node_forgotten" || code === "recovered");
    if (expectedCodes.has(code) || isForgotten) this.#hasRefused = true;
    return expectedCodes.has(code) || isForgotten || (this.mayRecover && oldCodes.has(code)) ||
      // A run that goes on with what an earlier one kept need not know why a node is not there.
      ((this.#hasRefused || (this.mayRecover && this.#hasForgotten)) && code === "unknown_node");
  }

  /** At the end: of the changes up to `next` none waits any more. */
  judge(next: number): void {
    for (let number = 1; number < next; number++) {
      if (!this.#answered.has(number)) {
        throw new Failure("liveness", "a change was never answered", `${number} of ${this.name}`);
      }
    }
  }
}
