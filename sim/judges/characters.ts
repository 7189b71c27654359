/**
 * Where every character comes from and who took it away: nothing that was typed is lost, nothing is there that
 * nobody typed, and what one person typed in one go stays in one piece for those who did not see it.
 *
 * It hears of what people do at the moment when they do it, and of what the log holds at the moment when it does.
 * Between the two lies everything that is to be judged.
 *
 * @module
 */

import type { Change, Edit, Text, Workspace } from "../../ot/mod.ts";
import type { LogEntry } from "../../server/core/mod.ts";
import { isUnique } from "../alphabet.ts";
import { Failure } from "./failure.ts";
import type { Paper } from "./paper.ts";
import type { Reference } from "./reference.ts";

/** Who does something, by number; those who mean harm are one. */
export type Owner = number;
export const hostile: Owner = -1;

interface Character {
  /** Who may have put it there: who typed it, and who brought it back. */
  readonly owners: Owner[];
  /** Who has taken it away, seeing it. */
  takers: Owner[] | undefined;
  /** Who has brought it back by a change: whoever undoes that takes it away again. */
  bringers?: Owner[];
  /** The change in which it was typed. */
  typedIn: string;
  /** How often it may be there. */
  mayBe: number;
  /** How often it is there. */
  count: number;
  /** The entry that put it there last. */
  revision: number;
  session: string;
  /** Counts what was put in at one place by one entry. */
  run: number;
}

export class Characters {
  readonly #known = new Map<number, Character>();
  #runs = 0;

  /** @param unique whether each is typed once only; if not, they are counted, and none is followed. */
  constructor(readonly unique: boolean) {}
  /** Whether the log has lost entries: from then on differences of texts say who took what. */
  #byText = false;

  /** Somebody is about to change what is seen. */
  typed(owner: Owner, change: string, view: Workspace, edits: readonly Edit[]): void {
    for (const { node, op } of edits) {
      const text = view.node(node) === undefined ? undefined : view.text(node);
      for (const { at, remove, insert } of op) {
        if (text !== undefined) this.#take(owner, text.slice(at, at + remove));
        each(insert, (code) => {
          // Also where each is typed once only: a scenario that spells out its edits may say one twice.
          const before = this.#known.get(code);
          if (before !== undefined) {
            before.mayBe++;
            before.typedIn = change;
            if (!before.owners.includes(owner)) before.owners.push(owner);
            return;
          }
          this.#known.set(code, {
            owners: [owner],
            takers: undefined,
            typedIn: change,
            mayBe: 1,
            count: 0,
            revision: 0,
            session: "",
            run: 0,
          });
        });
      }
    }
  }

  /**
   * Somebody has taken something back: what comes back may do so more than once.
   *
   * @param edits one after the other, the first on what was seen `before`.
   * @param isChange whether that is a change, which can be undone as any other can.
   */
  tookBack(owner: Owner, before: Workspace, edits: readonly Edit[], isChange: boolean): void {
    const texts = new Map<string, Text>();
    for (const { node, op } of edits) {
      const text = texts.get(node) ?? before.text(node);
      for (const { at, remove, insert } of op) {
        const removed = text.slice(at, at + remove);
        this.#judgeOwn(owner, removed, "taking back removes what is somebody else's");
        this.#judgeOwn(owner, insert, "taking back brings back what one never took away");
        this.#take(owner, removed);
        each(insert, (code) => this.#allow(code, owner));
        if (isChange) each(insert, (code) => this.#brings(code, owner));
      }
      texts.set(node, text.apply(op));
    }
  }

  /** What was not sent is sent by another run of the same person's application, as another change. */
  goesOn(change: string, { edits }: Change): void {
    for (const { op } of edits) {
      for (const { insert } of op) {
        each(insert, (code) => {
          const character = this.#known.get(code);
          if (character !== undefined) character.typedIn = change;
        });
      }
    }
  }

  /** The same work may come in again, from `owner`: of a copy, or of a store that was put back. */
  mayComeAgain(owner: Owner, change: Change): void {
    for (const { op } of change.edits) {
      for (const { insert } of op) {
        each(insert, (code) => this.#allow(code, owner));
      }
    }
  }

  /**
   * The log has a new entry, which `reference` has not applied yet.
   *
   * @param base the revision that its author had seen.
   */
  stored(entry: LogEntry, owner: Owner, base: number, reference: Reference): void {
    for (const { node, op } of entry.change.edits) {
      const text = reference.paper(node);
      for (const { at, remove } of op) {
        if (at + remove > text.length) return; // The reference says so better.
        each(text.slice(at, at + remove), (code) => this.#removed(code, entry, owner, base));
      }
      for (const { at, remove, insert } of op) {
        if (insert === "") continue;
        const run = ++this.#runs;
        this.#judgePlace(text, at, at + remove, entry, base);
        each(insert, (code) => this.#inserted(code, entry, owner, run));
      }
    }
  }

  /** The log forgets removed files, which `reference` has not done yet: with that somebody took away what they hold. */
  forgotten({ change: { steps } }: LogEntry, reference: Reference): void {
    const nodes = new Set(steps.flatMap(({ node }) => reference.within(node)));
    for (const node of nodes) {
      each(reference.text(node), (code) => {
        const character = this.#known.get(code);
        if (character === undefined) return;
        character.takers ??= [];
        character.count--;
      });
    }
  }

  /** After the log has lost entries: what is there now is what `texts` hold. */
  recount(texts: Iterable<string>): void {
    this.#byText = true;
    for (const character of this.#known.values()) {
      character.count = 0;
      character.revision = 0;
    }
    for (const text of texts) {
      each(text, (code) => {
        const character = this.#known.get(code);
        if (character !== undefined) character.count++;
      });
    }
  }

  /** What was typed in changes that are durable is there, unless somebody took it away. */
  judgeDurable(isDurable: (change: string) => boolean): void {
    for (const [code, { count, takers, typedIn, revision }] of this.#known) {
      if (count > 0 || takers !== undefined || revision > 0 || !isDurable(typedIn)) continue;
      throw new Failure(
        "nothing_lost",
        "a character is gone, and nobody took it away",
        `${called(code)} of ${typedIn}`,
      );
    }
  }

  /**
   * The characters of somebody that are there, and those of all others that stay if he undoes everything: not what he
   * took away so long ago that he cannot undo it any more, and then brought back by a change, which he can.
   */
  census(owner: Owner): { readonly own: string; readonly others: string } {
    let own = "", others = "";
    for (const [code, { owners, bringers, count }] of this.#known) {
      if (count === 0) continue;
      if (owners[0] === owner) own += String.fromCodePoint(code);
      else if (bringers?.includes(owner) !== true) others += String.fromCodePoint(code);
    }
    return { own, others };
  }

  /**
   * Characters keep their order in all states that hold them (the weak list specification; Attiya et al., PODC 2016).
   * What was brought back after it had been taken away may come to stand elsewhere.
   */
  judgeOrder(actual: string, reference: string, revision: number, whose: string): void {
    const places = new Map<number, number>();
    let index = 0;
    each(reference, (code) => {
      if (this.#known.get(code)?.mayBe === 1) places.set(code, index++);
    });
    let last = -1, lastCode = 0;
    each(actual, (code) => {
      const place = places.get(code);
      if (place === undefined) return;
      if (place < last) {
        throw new Failure(
          "order_kept",
          "two characters stand in another order",
          `${called(lastCode)} and ${called(code)} in ${whose}`,
          revision,
        );
      }
      last = place;
      lastCode = code;
    });
  }

  /** Whoever takes something back touches what he typed himself, or took away himself. */
  #judgeOwn(owner: Owner, text: string, breach: string): void {
    if (!this.unique || this.#byText) return;
    each(text, (code) => {
      const { owners, takers } = this.#known.get(code) ?? {};
      if (owners?.includes(owner) === true || takers?.includes(owner) === true) return;
      throw new Failure("undo", breach, called(code));
    });
  }

  #take(owner: Owner, text: string): void {
    each(text, (code) => {
      const character = this.#known.get(code);
      if (character === undefined) return;
      if (character.takers === undefined) character.takers = [owner];
      else if (!character.takers.includes(owner)) character.takers.push(owner);
    });
  }

  #brings(code: number, owner: Owner): void {
    const character = this.#known.get(code);
    if (character === undefined || character.bringers?.includes(owner) === true) return;
    (character.bringers ??= []).push(owner);
  }

  #allow(code: number, owner: Owner): void {
    const character = this.#known.get(code);
    if (character === undefined) return;
    character.mayBe = Infinity;
    if (!character.owners.includes(owner)) character.owners.push(owner);
  }

  #removed(code: number, entry: LogEntry, owner: Owner, base: number): void {
    const character = this.#known.get(code);
    if (character === undefined) return;
    character.count--;
    if (owner === hostile) {
      character.takers ??= [];
      if (!character.takers.includes(hostile)) character.takers.push(hostile);
    } else if (character.takers?.includes(owner) !== true && !this.#byText) {
      throw new Failure(
        "nothing_lost",
        "an entry removes a character that its author did not take away",
        `${called(code)} by site ${entry.site}`,
        entry.revision,
      );
    }
    // What was brought back may be there twice: which of the two this is cannot be told.
    const isOne = this.unique && character.mayBe === 1;
    if (isOne && character.revision > base && character.session !== entry.session) {
      throw new Failure(
        "causality",
        "an entry removes a character that its author had not seen",
        `${called(code)} came with revision ${character.revision}, and site ${entry.site} was at ${base}`,
        entry.revision,
      );
    }
  }

  #inserted(code: number, entry: LogEntry, owner: Owner, run: number): void {
    let character = this.#known.get(code);
    if (character === undefined) {
      if (owner !== hostile) {
        throw new Failure(
          "nothing_invented",
          "an entry holds a character that nobody typed",
          called(code),
          entry.revision,
        );
      }
      character = {
        owners: [hostile],
        takers: undefined,
        typedIn: "",
        mayBe: Infinity,
        count: 0,
        revision: 0,
        session: "",
        run: 0,
      };
      this.#known.set(code, character);
    }
    if (!character.owners.includes(owner)) {
      throw new Failure(
        "nothing_invented",
        "an entry holds a character that its author did not type",
        `${called(code)} by site ${entry.site}`,
        entry.revision,
      );
    }
    if (++character.count > character.mayBe) {
      throw new Failure("exactly_once", "a character is there twice", called(code), entry.revision);
    }
    character.revision = entry.revision;
    character.session = entry.session;
    character.run = run;
  }

  /** Who has not seen what stands left and right in one piece cannot have meant to part it. */
  #judgePlace(text: Paper, left: number, right: number, entry: LogEntry, base: number): void {
    if (!this.unique) return;
    const before = left === 0 ? undefined : this.#known.get(codeAtEnd(text.slice(left - 2, left)));
    const after = right >= text.length
      ? undefined
      : this.#known.get(text.slice(right, right + 2).codePointAt(0)!);
    if (before === undefined || after === undefined || before === after) return;
    if (before.run !== after.run || before.run === 0) return;
    // What was brought back may be there twice: which of the two this is cannot be told.
    if (before.mayBe > 1 || after.mayBe > 1) return;
    if (before.revision <= base || before.session === entry.session) return;
    throw new Failure(
      "order_kept",
      "an entry parts what was typed in one go, unseen by its author",
      `revision ${before.revision} put it there, and site ${entry.site} was at ${base}`,
      entry.revision,
    );
  }
}

/** Calls with every character that is typed once only. */
function each(text: string, call: (code: number) => void): void {
  for (let i = 0; i < text.length; i++) {
    const code = text.codePointAt(i)!;
    if (code > 0xffff) i++;
    else if (!isUnique(text[i]!)) continue;
    call(code);
  }
}

function codeAtEnd(text: string): number {
  const { length } = text, unit = text.charCodeAt(length - 1);
  return (unit & 0xfc00) === 0xdc00 && length > 1 ? text.codePointAt(length - 2)! : unit;
}

function called(code: number): string {
  return `"${String.fromCodePoint(code)}" (U+${code.toString(16).toUpperCase()})`;
}
