/**
 * Other letters for what was typed, for names, and for secrets, the same wherever the same is meant.
 *
 * There is no key that could be found: each turn is drawn anew and remembered for as long as one recording is being
 * redacted. What a change inserts is turned character by character, each by a number of its own (a one-time pad), so
 * that nothing is to be learned from how often a letter stands in the result. Names must stay equal where they were
 * equal, so each of their characters is turned by a number that belongs to what stands before it: names with one
 * beginning keep one beginning, and no two become one.
 *
 * @module
 */

import { composes, folded, turned } from "./recording_letters.ts";

/** A whole number below 2^32 that nobody can guess. */
export type Word = () => number;

export class Cipher {
  readonly #word: Word;
  /** The turn of all that is inserted, if there is one for all. */
  readonly #only: number | undefined;
  /** Of each change: the turns of what it inserts. */
  readonly #pads = new Map<string, number[]>();
  /** Of each beginning of a name: the turn of what follows. */
  readonly #turns = new Map<string, number>();

  /**
   * @param hasOneAlphabet whether a character is always replaced by the same one. That tells more of a text, and is for
   * where what one client typed is composed, cut and compared by others.
   */
  constructor(word: Word, hasOneAlphabet = false) {
    this.#word = word;
    this.#only = hasOneAlphabet ? word() : undefined;
  }

  /** What a change inserts: characters of it one after the other. Who asks again from the start gets the same. */
  pad(change: string): (point: number) => number {
    const only = this.#only;
    if (only !== undefined) return (point) => turned(point, only, "text");
    let turns = this.#pads.get(change);
    if (turns === undefined) this.#pads.set(change, turns = []);
    let at = 0;
    return (point) => turned(point, turns[at++] ??= this.#word(), "text");
  }

  /** The name of a node: a short ending stays, and so does a number that tells it from another of its name. */
  nodeName(name: string): string {
    const numbered = numberedForm.exec(name);
    if (numbered !== null) return this.nodeName(numbered[1]!) + numbered[2]!;
    const dot = name.startsWith(".") ? -1 : name.lastIndexOf(".");
    if (dot < 0) return this.#turned(name, "node");
    const ending = name.slice(dot);
    const isShort = /^\.[A-Za-z0-9]{1,5}$/.test(ending);
    return this.#stem(name.slice(0, dot)) + (isShort ? ending : this.#turned(ending, "ending"));
  }

  /** The names of nodes from the root on. */
  path(path: string): string {
    return path.split("/").map((name) => this.nodeName(name)).join("/");
  }

  /** Any other name: of a workspace, of somebody; or a secret. */
  name(name: string): string {
    return this.#turned(name, "other");
  }

  #stem(stem: string): string {
    const numbered = numberedForm.exec(stem);
    return numbered === null ? this.#turned(stem, "node") : this.#stem(numbered[1]!) + numbered[2]!;
  }

  #turned(name: string, realm: string): string {
    const points = Array.from(name, (char) => char.codePointAt(0)!);
    let before = `${realm}/`, result = "";
    points.forEach((point, i) => {
      const next = points[i + 1];
      // A letter and its marks stay as they are: others might become one letter.
      const turn = next !== undefined && composes(next) ? 0 : this.#turnBehind(before);
      result += String.fromCodePoint(turned(point, turn, "name"));
      before += String.fromCodePoint(folded(point));
    });
    return result;
  }

  #turnBehind(before: string): number {
    let turn = this.#turns.get(before);
    if (turn === undefined) this.#turns.set(before, turn = this.#word());
    return turn;
  }
}

/** "notes (2)": what a name becomes that is taken, before its ending. */
const numberedForm = /^(.+)( \(\d{1,9}\))$/su;
