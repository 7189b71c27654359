/**
 * Characters that are typed once and never again, so that each can be asked for afterwards: is it there, and if it
 * is not, who took it away?
 *
 * They are of the kinds that go wrong: pairs of surrogates, combining marks, letters that run from right to left,
 * emoji and their joiners, Hangul that composes, besides plain letters. What ends a line is typed more than once.
 *
 * @module
 */

import type { Stream } from "./random.ts";

/** Ranges of code points that text may hold, the control characters left out. */
const ranges: readonly (readonly [from: number, to: number])[] = [
  [0x61, 0x7a], // Latin, first: a short run reads like a word
  [0x41, 0x5a],
  [0x30, 0x39],
  [0x300, 0x36f], // combining marks
  [0x5d0, 0x5ea], // Hebrew
  [0x620, 0x64a], // Arabic
  [0x200b, 0x200f], // joiners and directions
  [0x1f1e6, 0x1f1ff], // flags, which come in twos
  [0x1f3fb, 0x1f3ff], // skin tones
  [0x1f600, 0x1f64f], // emoji
  [0xe0100, 0xe01ef], // selectors of variants
  [0x1100, 0x11ff], // Hangul that composes
  [0x4e00, 0x9fff], // Chinese
  [0xe000, 0xf8ff], // for private use, in one unit
  [0xf0000, 0xffffd], // and in two
  [0x100000, 0x10fffd],
  [0x20000, 0x2a6df],
  [0x30000, 0x3fffd],
  [0x40000, 0x4fffd],
  [0x50000, 0x5fffd],
  [0x60000, 0x6fffd],
  [0x70000, 0x7fffd],
  [0x80000, 0x8fffd],
  [0x90000, 0x9fffd],
];

/** How many kinds stand for a short text. */
const shortKinds = 12;

export class Alphabet {
  readonly #draws: Stream;
  /** Whether the plain letters come first, so that short runs can be read. */
  readonly #plain: boolean;
  /** Characters that a scenario names itself. */
  readonly #taken: ReadonlySet<number>;
  readonly #next = ranges.map(([from]) => from);

  constructor(draws: Stream, plain: boolean, taken: ReadonlySet<number> = new Set()) {
    this.#draws = draws;
    this.#plain = plain;
    this.#taken = taken;
  }

  /** `count` characters that were never given before. */
  take(count: number): string {
    let text = "";
    for (let i = 0; i < count; i++) text += String.fromCodePoint(this.#one());
    return text;
  }

  #one(): number {
    let kind = this.#plain ? 0 : this.#draws.int(0, shortKinds - 1);
    while (this.#next[kind]! > ranges[kind]![1]) {
      kind++;
      if (kind === ranges.length) throw new Error("A run types no more than half a million characters");
    }
    const code = this.#next[kind]!;
    this.#next[kind] = code + 1;
    return this.#taken.has(code) ? this.#one() : code;
  }
}

/** Ends of lines: in every text they may stand more than once. */
export const lineEnds: readonly string[] = ["\n", "\r\n", "\r"];

/** Whether a character is one that is typed once only. */
export function isUnique(character: string): boolean {
  return character !== "\n" && character !== "\r";
}
