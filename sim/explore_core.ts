/**
 * A core as a table of its states, in which every step is carried out once.
 *
 * A core is a function of its inputs, so what a step comes to depends on nothing but the state that it is taken
 * in. Most states of a world differ in one part only: where the same server gets the same bytes in a hundred of
 * them, it is asked once. What two orders of inputs have made the same is one state, known by all that the core
 * saves of itself, and by what the judges must remember.
 *
 * @module
 */

import { SavedTable } from "./explore_saved.ts";

/** How a core is driven: `Facts` is plain data about its past, `Look` what can be seen of it from outside. */
export interface Driver<Core, Input, Facts, Look, Result> {
  /** Takes an input and all that follows from it at once. */
  run(core: Core, facts: Facts, input: Input): { readonly facts: Facts; readonly result: Result };
  /** Plain data, as JSON has it, from which `restore` makes the same core: in parts, which states may share. */
  save(core: Core): readonly unknown[];
  restore(saved: readonly unknown[]): Core;
  look(core: Core, facts: Facts): Look;
}

/** A core in one state. */
export interface CoreState<Facts, Look, Result> {
  readonly number: number;
  readonly facts: Facts;
  readonly look: Look;
  /** By the code of the input. */
  readonly moves: Map<number, Move<Facts, Look, Result>>;
}

/** One step: where it leads, and what comes out. */
export interface Move<Facts, Look, Result> {
  readonly to: CoreState<Facts, Look, Result>;
  readonly result: Result;
}

export class CoreTable<Core, Input, Facts, Look, Result> {
  readonly #driver: Driver<Core, Input, Facts, Look, Result>;
  readonly #states: CoreState<Facts, Look, Result>[] = [];
  readonly #saved = new SavedTable();
  /** The newest state, and a core that stands in it: most often it is the next one to be taken on. */
  #newest: { readonly number: number; readonly core: Core } | undefined;
  steps = 0;

  constructor(driver: Driver<Core, Input, Facts, Look, Result>) {
    this.#driver = driver;
  }

  /** All states that it has come to. */
  states(): readonly CoreState<Facts, Look, Result>[] {
    return this.#states;
  }

  state(number: number): CoreState<Facts, Look, Result> {
    return this.#states[number]!;
  }

  /** The state that a core stands in; the core is the table's from now on. */
  add(core: Core, facts: Facts): CoreState<Facts, Look, Result> {
    const number = this.#saved.numberOf([facts, ...this.#driver.save(core)]);
    const known = this.#states[number];
    if (known !== undefined) return known;
    const state = { number, facts, look: this.#driver.look(core, facts), moves: new Map() };
    this.#states.push(state);
    this.#newest = { number, core };
    return state;
  }

  /** What an input comes to in a state. `code` says which input it is, among all that the state may get. */
  move(
    state: CoreState<Facts, Look, Result>,
    code: number,
    input: Input,
  ): Move<Facts, Look, Result> {
    const known = state.moves.get(code);
    if (known !== undefined) return known;
    this.steps++;
    const core = this.#take(state);
    const { facts, result } = this.#driver.run(core, state.facts, input);
    const move = { to: this.add(core, facts), result };
    state.moves.set(code, move);
    return move;
  }

  #take({ number }: CoreState<Facts, Look, Result>): Core {
    const newest = this.#newest;
    if (newest?.number !== number) return this.#driver.restore(this.#saved.read(number).slice(1));
    this.#newest = undefined;
    return newest.core;
  }
}
