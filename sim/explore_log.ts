/**
 * All logs that an explored world comes to, as a tree: what two logs have in common is there once, and so is what
 * it comes to on the reference.
 *
 * @module
 */

import type { LogEntry } from "../server/core/mod.ts";
import { portrait } from "./explore_portrait.ts";
import type { TextTable } from "./explore_table.ts";
import { Reference } from "./judges/reference.ts";

/** A log, by its newest entry and the log before it. */
export interface Log {
  readonly number: number;
  readonly length: number;
  readonly before: Log | undefined;
  readonly entry: LogEntry | undefined;
  /** The number of the portrait of the workspace that it comes to. */
  readonly portrait: number;
  /** All texts of that workspace together, those of removed files too. */
  readonly letters: string;
  /** What is wrong with it; "" if nothing is. */
  readonly fault: string;
  /** Longer logs, by the number of what was appended. */
  readonly longer: Map<number, Log>;
}

export class LogTree {
  readonly #logs: Log[] = [];
  readonly #appends: TextTable;
  readonly #portraits: TextTable;
  readonly empty: Log;

  constructor(appends: TextTable, portraits: TextTable) {
    this.#appends = appends;
    this.#portraits = portraits;
    this.empty = this.#add(undefined, undefined);
  }

  log(number: number): Log {
    return this.#logs[number]!;
  }

  /** `log` with the entries that stand in the table of appends under `append`. */
  append(log: Log, append: number): Log {
    const known = log.longer.get(append);
    if (known !== undefined) return known;
    const entries: readonly LogEntry[] = JSON.parse(this.#appends.textOf(append));
    let longer = log;
    for (const entry of entries) longer = this.#add(longer, entry);
    log.longer.set(append, longer);
    return longer;
  }

  /** What `log` was when it had `length` entries. */
  at(log: Log, length: number): Log {
    let result = log;
    while (result.length > length) result = result.before!;
    return result;
  }

  /** The entries of `log` behind its first `length`. */
  since(log: Log, length: number): LogEntry[] {
    const entries: LogEntry[] = [];
    for (let at = log; at.length > length; at = at.before!) entries.push(at.entry!);
    return entries.reverse();
  }

  #add(before: Log | undefined, entry: LogEntry | undefined): Log {
    const length = before === undefined ? 0 : before.length + 1;
    let fault = before?.fault ?? "";
    if (entry !== undefined && entry.revision !== length) {
      fault ||= `revision ${entry.revision} stands as number ${length}`;
    }
    const reference = new Reference();
    try {
      for (const earlier of before === undefined ? [] : this.since(before, 0)) reference.apply(earlier);
      if (entry !== undefined) reference.apply(entry);
    } catch (error) {
      fault ||= (error as Error).message;
    }
    const nodes = [...reference.ids()].map((id) => ({ id, ...reference.node(id)! }));
    const portrayed = this.#portraits.numberOf(portrait(nodes, (id) => reference.text(id)));
    const letters = nodes.map(({ id }) => reference.text(id)).join("");
    const number = this.#logs.length;
    const log = { number, length, before, entry, portrait: portrayed, letters, fault, longer: new Map() };
    this.#logs.push(log);
    return log;
  }
}
