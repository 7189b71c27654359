/**
 * When to connect again: after a while, which doubles with each attempt and differs between clients.
 *
 * @module
 */

const second = 1_000_000;
const delayUsMin = second / 4, delayUsMax = 30 * second;

export interface SavedReconnection {
  readonly attempts: number;
  readonly atUs: number | null;
}

export class Reconnection {
  readonly #seed: number;
  /** Since the last welcome. */
  #attempts = 0;
  #atUs: number | undefined;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** When; undefined if there is nothing to wait for. */
  get atUs(): number | undefined {
    return this.#atUs;
  }

  plan(nowUs: number, atLeastUs: number): void {
    const spread = Math.min(delayUsMax, delayUsMin * 2 ** Math.min(this.#attempts, 10));
    const drawn = mixed(this.#seed, this.#attempts) % spread;
    this.#attempts++;
    this.#atUs = nowUs + Math.max(atLeastUs, Math.floor(spread / 2)) + Math.floor(drawn / 2);
  }

  cancel(): void {
    this.#atUs = undefined;
  }

  /** The server has let us in: the next while is a short one again. */
  succeeded(): void {
    this.#attempts = 0;
  }

  save(): SavedReconnection {
    return { attempts: this.#attempts, atUs: this.#atUs ?? null };
  }

  static restore(seed: number, saved: SavedReconnection): Reconnection {
    const reconnection = new Reconnection(seed);
    reconnection.#attempts = saved.attempts;
    reconnection.#atUs = saved.atUs ?? undefined;
    return reconnection;
  }
}

/** A whole number below 2^32 that depends on both and looks like chance. */
function mixed(seed: number, counter: number): number {
  let x = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) + Math.imul(counter + 1, 0xc2b2ae35);
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
  x = Math.imul(x ^ (x >>> 12), 0x297a2d39);
  return (x ^ (x >>> 15)) >>> 0;
}
