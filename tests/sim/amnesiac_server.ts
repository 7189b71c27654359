/**
 * A server core beside one that forgets: its twin hears the same, but is saved and restored between inputs, as often
 * as it is told to. The first output in which they differ is an error, and so is any difference in what they save.
 *
 * @module
 */

import { toHex } from "../../proto/mod.ts";
import {
  type Input,
  type Output,
  type SavedServer,
  ServerCore,
  type Settings,
} from "../../server/core/mod.ts";

export class AmnesiacServer extends ServerCore {
  readonly #settings: Settings;
  #twin: ServerCore;
  #inputs = 0;

  /**
   * @param forgets Whether the twin forgets now: asked before each input.
   * @param seen Is shown what has been saved.
   */
  constructor(
    settings: Settings,
    readonly forgets: () => boolean,
    readonly seen: (saved: SavedServer) => void = () => {},
  ) {
    super(settings);
    this.#settings = settings;
    this.#twin = new ServerCore(settings);
  }

  override step(input: Input): Output[] {
    if (this.forgets()) this.#forget();
    this.#inputs++;
    const outputs = super.step(input);
    this.#same(`what comes of ${input.kind}`, this.#twin.step(input), outputs);
    return outputs;
  }

  #forget(): void {
    const saved = this.#twin.save();
    const carried: SavedServer = JSON.parse(JSON.stringify(saved));
    this.#same("what JSON carries", carried, saved);
    this.#twin = ServerCore.restore(this.#settings, carried);
    this.#same("what the restored one saves", this.#twin.save(), saved);
    this.#same("what the one that remembers saves", this.save(), saved);
    this.seen(saved);
  }

  #same(what: string, actual: unknown, expected: unknown): void {
    const difference = differenceOf(actual, expected);
    if (difference === undefined) return;
    throw new Error(`After ${this.#inputs} inputs, ${what} is another: ${difference}`);
  }
}

/** Where two values differ first, and how; undefined if they are alike. The order of an object's keys is nothing. */
function differenceOf(actual: unknown, expected: unknown, path = ""): string | undefined {
  if (Object.is(actual, expected)) return undefined;
  const different = () => `${path} is ${shown(actual)}, not ${shown(expected)}`;
  // Bytes come in more than one class.
  if (actual instanceof Uint8Array && expected instanceof Uint8Array) {
    return actual.length === expected.length && actual.every((byte, i) => byte === expected[i])
      ? undefined
      : different();
  }
  if (!isObject(actual) || !isObject(expected)) return different();
  const keys = Object.keys(expected);
  if (Object.keys(actual).length !== keys.length) return different();
  if (Object.getPrototypeOf(actual) !== Object.getPrototypeOf(expected)) return different();
  for (const key of keys) {
    const difference = differenceOf(actual[key], expected[key], `${path}/${key}`);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function shown(value: unknown): string | undefined {
  return value instanceof Uint8Array ? toHex(value) : JSON.stringify(value);
}
