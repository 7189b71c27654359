/**
 * A set of saved cores, which share the parts that they have in common: a hundred thousand states of a server have
 * a thousand logs. They are compared whole, part by part.
 *
 * @module
 */

import { TextTable } from "./explore_table.ts";

export class SavedTable {
  readonly #texts = new TextTable();
  /** What each text stands for. Whoever restores a core from it cannot change it. */
  readonly #values: unknown[] = [];
  readonly #wholes = new TextTable();
  /** Of each saved core, its parts. */
  readonly #parts: (readonly unknown[])[] = [];

  /** The number of a saved core, which gets the next one if it was not there. */
  numberOf(parts: readonly unknown[]): number {
    const numbers = parts.map((part) => this.#partOf(part));
    const number = this.#wholes.numberOf(numbers.join());
    if (number === this.#parts.length) this.#parts.push(numbers.map((part) => this.#values[part]));
    return number;
  }

  /** What was saved under a number. */
  read(number: number): readonly unknown[] {
    return this.#parts[number]!;
  }

  #partOf(value: unknown): number {
    const text = JSON.stringify(value);
    const number = this.#texts.numberOf(text);
    if (number === this.#values.length) this.#values.push(frozen(JSON.parse(text)));
    return number;
  }
}

function frozen(value: unknown): unknown {
  if (typeof value === "object" && value !== null) {
    Object.values(value).forEach(frozen);
    Object.freeze(value);
  }
  return value;
}
