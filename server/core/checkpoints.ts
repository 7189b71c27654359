/**
 * When the log is given the state of a workspace, so that the next start need not read everything, and what came
 * before may be packed or let go.
 *
 * @module
 */

import { weightOf } from "./sequencer.ts";
import type { Settings } from "./settings.ts";
import type { LogEntry } from "./state.ts";

export interface SavedCheckpoints {
  readonly passed: number;
  readonly weight: number;
  readonly asked: Asked | null;
  readonly notBefore: number;
}

/** A state that was handed to the log. */
interface Asked {
  readonly revision: number;
  /** What had passed since the one before. */
  readonly passed: number;
  readonly weight: number;
}

export class Checkpoints {
  readonly #settings: Settings;
  /** How many entries have come since the newest state that the log has, and what they weigh. */
  #passed = 0;
  #weight = 0;
  #asked: Asked | undefined;
  /** After one has failed: how many entries must have passed until the next. */
  #notBefore = 0;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  passed(entry: LogEntry): void {
    this.#passed++;
    this.#weight += weightOf(entry);
  }

  get isOutstanding(): boolean {
    return this.#asked !== undefined;
  }

  /** Whether it is time for the next one. */
  get isDue(): boolean {
    const { checkpointEntries, checkpointWeight } = this.#settings;
    return this.isWorthwhile && (this.#passed >= checkpointEntries || this.#weight >= checkpointWeight);
  }

  /** Whether one would say anything new, and may be tried. */
  get isWorthwhile(): boolean {
    return this.#asked === undefined && this.#passed > 0 && this.#passed >= this.#notBefore;
  }

  ask(revision: number): void {
    this.#asked = { revision, passed: this.#passed, weight: this.#weight };
  }

  /** What became of the one that was asked for; answers to others are of a room before this one. */
  answered(revision: number, isStored: boolean): void {
    if (this.#asked?.revision !== revision) return;
    const { passed, weight } = this.#asked;
    this.#asked = undefined;
    if (isStored) {
      this.#passed -= passed;
      this.#weight -= weight;
      this.#notBefore = 0;
    } else this.#notBefore = this.#passed + Math.ceil(this.#settings.checkpointEntries / retryPart);
  }

  save(): SavedCheckpoints {
    return {
      passed: this.#passed,
      weight: this.#weight,
      asked: this.#asked ?? null,
      notBefore: this.#notBefore,
    };
  }

  static restore(settings: Settings, saved: SavedCheckpoints): Checkpoints {
    const checkpoints = new Checkpoints(settings);
    checkpoints.#passed = saved.passed;
    checkpoints.#weight = saved.weight;
    checkpoints.#asked = saved.asked ?? undefined;
    checkpoints.#notBefore = saved.notBefore;
    return checkpoints;
  }
}

/** After a failure, this part of what is between two checkpoints is waited for. */
const retryPart = 4;
