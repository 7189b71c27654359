/**
 * A client of an explored world: the real core, and what the judges remember of it.
 *
 * @module
 */

import {
  ClientCore,
  type ClientEvent,
  type ClientInput,
  type ClientOptions,
  type Phase,
} from "../client/core/mod.ts";
import { rootId, type Workspace } from "../ot/mod.ts";
import type { CoreState, Driver, Move } from "./explore_core.ts";
import { type Choice, menuOf, type MenuOptions } from "./explore_menu.ts";
import { portrait } from "./explore_portrait.ts";
import type { ByteTable, TextTable } from "./explore_table.ts";
import type { WithoutTime } from "./without_time.ts";

/** An own change, as the one who made it knows it. */
export interface OwnChange {
  /** Where it stood on the menu. */
  readonly choice: number;
  readonly label: string;
  /** The core's number for it; 0 if nothing came of it. */
  readonly number: number;
  /** Letters that it typed, took away, and brought back. */
  readonly typed: string;
  readonly taken: string;
  readonly broughtBack: string;
  /** "pending", "durable 3" or "refused too_fast". */
  readonly outcome: string;
}

export interface ClientFacts {
  readonly nowUs: number;
  /** When it wants to be woken; 0 if it does not. */
  readonly wakeAtUs: number;
  readonly own: readonly OwnChange[];
}

/** What can be seen of a client; workspaces by the numbers of their portraits, -1 for none. */
export interface ClientLook {
  readonly view: number;
  readonly confirmed: number;
  readonly revision: number;
  readonly phase: Phase;
  /** Own changes that are not durable. */
  readonly unsent: number;
  /** How many things there are on its menu. */
  readonly choices: number;
}

export interface ClientResult {
  /** Numbers of the writes that it hands to its transport. */
  readonly sends: readonly number[];
  readonly opens: boolean;
  /** What is wrong already; "" if nothing is. */
  readonly fault: string;
}

export type ClientState = CoreState<ClientFacts, ClientLook, ClientResult>;
export type ClientMove = Move<ClientFacts, ClientLook, ClientResult>;
/** What may happen to a client: an input of its core, or that somebody takes something from the menu. */
export type ClientStep = WithoutTime<ClientInput> | { readonly kind: "choose"; readonly choice: number };

/** Letters that the clients type: nobody types one a second time. */
const letters = ["ABCDEFGH", "PQRSTUVW", "ijklmnop"];

export interface ClientDriverOptions {
  /** Which client it is, from 0 on. */
  readonly index: number;
  readonly core: ClientOptions;
  /** How many changes it makes. */
  readonly changes: number;
  readonly menu: MenuOptions;
  /** Whether what is typed in one go is composed and undone as one. */
  readonly grouped: boolean;
  /** Whether its transport takes what it is given at once, and not only when that has arrived. */
  readonly drainsAtOnce: boolean;
  readonly writes: ByteTable;
  readonly portraits: TextTable;
}

export class ClientDriver implements Driver<ClientCore, ClientStep, ClientFacts, ClientLook, ClientResult> {
  readonly #options: ClientDriverOptions;

  constructor(options: ClientDriverOptions) {
    this.#options = options;
  }

  save(core: ClientCore): readonly unknown[] {
    return [core.save()];
  }

  restore([saved]: readonly unknown[]): ClientCore {
    return ClientCore.restore(this.#options.core, saved as ReturnType<ClientCore["save"]>);
  }

  look(core: ClientCore, { own }: ClientFacts): ClientLook {
    const { portraits, changes } = this.#options;
    const { view, confirmed, revision, phase, unsentCount } = core;
    return {
      view: portraits.numberOf(portraitOf(view)),
      confirmed: confirmed === undefined ? -1 : portraits.numberOf(portraitOf(confirmed)),
      revision,
      phase,
      unsent: unsentCount,
      choices: confirmed === undefined || own.length === changes || hasCircle(view)
        ? 0
        : this.#menu(core).length,
    };
  }

  run(core: ClientCore, facts: ClientFacts, input: ClientStep): { facts: ClientFacts; result: ClientResult } {
    let { nowUs, wakeAtUs, own } = facts;
    if (input.kind === "due") {
      nowUs = wakeAtUs;
      wakeAtUs = 0;
    }
    const sends: number[] = [];
    const events: ClientEvent[] = [];
    let opens = false, fault = "";
    const step = (input: WithoutTime<ClientInput>) => {
      for (const output of core.step({ ...input, nowUs })) {
        switch (output.kind) {
          case "open":
            opens = true;
            break;
          case "send":
            sends.push(this.#options.writes.numberOf(output.bytes));
            if (this.#options.drainsAtOnce) step({ kind: "drained" });
            break;
          case "close":
            fault = "the client hung up";
            break;
          case "wake":
            wakeAtUs = output.atUs;
            break;
          case "event":
            events.push(output.event);
        }
      }
    };
    const before = core.view;
    if (input.kind === "choose") {
      const choice = this.#menu(core)[input.choice]!;
      const number = core.nextNumber;
      const group = this.#options.grouped ? {} : { group: `change ${own.length}` };
      const { what } = choice;
      step(
        typeof what === "string" ? { kind: what } : { kind: "change", change: what, atomic: false, ...group },
      );
      const made = core.nextNumber > number ? number : 0;
      own = [...own, ownChange(input.choice, choice, made, before, events)];
    } else {
      step(input);
      if (hasCircle(core.view)) fault ||= "a directory lies in itself";
      if (!this.#options.menu.undo) fault ||= orderFault(before, core.view);
    }
    return { facts: { nowUs, wakeAtUs, own: settled(own, events) }, result: { sends, opens, fault } };
  }

  #menu(core: ClientCore): Choice[] {
    const { index, menu } = this.#options;
    const { view, canUndo, canRedo, nextNumber } = core;
    const letter = letters[index]![nextNumber - 1]!;
    return menuOf({ view, canUndo, canRedo, letter, nextId: core.nextId(0) }, menu);
  }
}

function portraitOf(workspace: Workspace): string {
  return portrait(workspace.nodes(), (id) => workspace.text(id).toString());
}

/** What is to be remembered of a choice. `number` is the core's for the change that came of it, or 0. */
function ownChange(
  choice: number,
  { label }: Choice,
  number: number,
  before: Workspace,
  events: readonly ClientEvent[],
): OwnChange {
  let typed = "", taken = "", broughtBack = "";
  for (const event of events) {
    if (event.kind !== "edited") continue;
    for (const { at, remove, insert } of event.op) {
      taken += before.text(event.node).slice(at, at + remove);
      if (event.origin === "undo") broughtBack += insert;
      else typed += insert;
    }
  }
  return { choice, label, number, typed, taken, broughtBack, outcome: number === 0 ? "nothing" : "pending" };
}

/** The own changes, with what the events say has become of them. */
function settled(own: readonly OwnChange[], events: readonly ClientEvent[]): readonly OwnChange[] {
  let result = own;
  for (const event of events) {
    if (event.kind !== "settled" || event.outcome.kind === "accepted") continue;
    const { outcome } = event;
    const word = outcome.kind === "durable"
      ? `durable ${outcome.revision}`
      : `refused ${outcome.problem.code}`;
    result = result.map((change) => {
      if (!event.changes.includes(change.number)) return change;
      return { ...change, outcome: change.outcome === "pending" ? word : `${change.outcome}, ${word}` };
    });
  }
  return result;
}

/** Whether a directory lies in itself: then there is no way to the root, and nothing must look for one. */
function hasCircle(workspace: Workspace): boolean {
  for (const node of workspace.nodes()) {
    let steps = 0;
    for (let at = node; at.id !== rootId; at = workspace.node(at.parent)!) {
      if (++steps > workspace.size) return true;
    }
  }
  return false;
}

/** Whether letters that are there before and after have changed places; undefined if not. */
function orderFault(before: Workspace, after: Workspace): string {
  for (const { id, kind } of after.nodes()) {
    if (kind !== "text") continue;
    const one = before.text(id).toString(), two = after.text(id).toString();
    const kept = (text: string, other: string) =>
      [...text].filter((letter) => other.includes(letter)).join("");
    if (kept(one, two) !== kept(two, one)) return `letters have changed places: "${one}" became "${two}"`;
  }
  return "";
}
