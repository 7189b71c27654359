/**
 * Which own changes are undone together: those that were named alike one after the other, and typing up to a pause. What
 * is undone together is a part of one task.
 *
 * @module
 */

import type { Change } from "../../ot/mod.ts";

/** Own changes of one group are undone together. */
export type GroupId = number;

export interface SavedGrouping {
  readonly group: GroupId;
  readonly name: string | null;
  readonly task?: string;
  readonly typedAtUs: number | null;
}

const defaultPauseUs = 500_000;

export class Grouping {
  readonly #pauseUs: number;
  #group: GroupId = 0;
  #name: string | undefined;
  #task: string | undefined;
  /** When the newest change was, if that was typing: more of it may follow. */
  #typedAtUs: number | undefined;

  constructor(pauseUs: number = defaultPauseUs) {
    this.#pauseUs = pauseUs;
  }

  /** The group of a change that is made now. */
  groupOf(
    { steps }: Change,
    { atomic, group: name, task }: {
      readonly atomic: boolean;
      readonly group: string | undefined;
      readonly task: string | undefined;
    },
    nowUs: number,
  ): GroupId {
    const isTyping = steps.length === 0 && !atomic, isSameTask = task === this.#task;
    const goesOn = isSameTask &&
      (name !== undefined
        ? name === this.#name
        : this.#name === undefined && isTyping && this.#typedAtUs !== undefined &&
          nowUs - this.#typedAtUs < this.#pauseUs);
    if (!goesOn) this.#group++;
    this.#name = name;
    this.#task = task;
    this.#typedAtUs = isTyping ? nowUs : undefined;
    return this.#group;
  }

  /** A group for one change alone. */
  next(): GroupId {
    return ++this.#group;
  }

  /** What is typed after this is another group. */
  pause(): void {
    this.#typedAtUs = undefined;
  }

  save(): SavedGrouping {
    return {
      group: this.#group,
      name: this.#name ?? null,
      ...this.#task === undefined ? {} : { task: this.#task },
      typedAtUs: this.#typedAtUs ?? null,
    };
  }

  static restore(pauseUs: number | undefined, saved: SavedGrouping): Grouping {
    const grouping = new Grouping(pauseUs);
    grouping.#group = saved.group;
    grouping.#name = saved.name ?? undefined;
    grouping.#task = saved.task;
    grouping.#typedAtUs = saved.typedAtUs ?? undefined;
    return grouping;
  }
}
