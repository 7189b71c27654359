/**
 * The sequencer of one workspace: puts submitted changes into one order.
 *
 *                     durable           head
 *     entries  1 … n    │  n+1 … m       │
 *              stored,  │  handed to the │  what comes next is sequenced
 *              known to │  log, shown to │  on this state
 *              everyone │  nobody        │
 *
 * A change names the revision that it was made on. Its edits are transformed over the entries since, file by
 * file: each file has a history of its own, so that a busy one does not slow down the others. Its tree steps are
 * resolved against the head. What comes of it becomes an entry.
 *
 * @module
 */

import {
  assert,
  blobGrowthOf,
  type Change,
  editsAreNormal,
  growthOf,
  type NodeId,
  opOn,
  overlap,
  parseId,
  type Step,
  type TextOp,
} from "../../ot/mod.ts";
import {
  codes,
  type Condition,
  isTask,
  operationBytes,
  type Participant,
  type RefusalCode,
  type SessionId,
  toHex,
} from "../../proto/mod.ts";
import { brokenConditions, causesOf, isPath } from "./conditions.ts";
import { carried, type Derivation, derive, type Ground, type Meant, type PastEdit } from "./derive.ts";
import { Graveyard, type Lack } from "./graveyard.ts";
import type { Guard } from "./guard.ts";
import type { Settings } from "./settings.ts";
import {
  entryOf,
  type LogEntry,
  type SavedEntry,
  savedEntryOf,
  type SavedState,
  type Settled,
  type SignedEntry,
  type SigningKey,
  State,
} from "./state.ts";
import { Touches } from "./touches.ts";

/** A change as a client sent it. */
export interface Submission {
  readonly session: SessionId;
  readonly site: number;
  readonly participant: Participant;
  readonly seq: number;
  /** The revision it was made on. */
  readonly base: number;
  readonly change: Change;
  /** What it is a part of, if that has a name. */
  readonly task?: string;
  /** What has to hold where it takes its place, if anything. */
  readonly conditions?: readonly Condition[];
  /** Of its payload. */
  readonly hash: number;
  /** Of one that is signed, and whose signature is good. */
  readonly signed?: SignedSubmission;
}

/** What there is to know of a submission to tell whether what it depends on holds. */
type Dependent = Pick<Submission, "site" | "base" | "change" | "conditions">;

/** That a submission was signed. */
export interface SignedSubmission {
  readonly signer: SigningKey;
  /** As hexadecimal digits. */
  readonly signature: string;
  /** The operation as it was signed, as hexadecimal digits. */
  readonly bytes: string;
}

/** Why a change took no effect. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly message: string;
  readonly nodes: readonly NodeId[];
}

/** What a submission comes to: an entry, what became of it earlier, or a refusal. */
export type Verdict =
  | { readonly kind: "entry"; readonly entry: LogEntry }
  | { readonly kind: "duplicate"; readonly settled: Settled }
  /** With a time to wait, if the same change may do then under a new seq. */
  | { readonly kind: "refused"; readonly refusal: Refusal; readonly retryMs: number };

/** Other states and histories follow from the first one and the entries. */
export interface SavedSequencer {
  /** The state at the floor; null if that is revision 0. */
  readonly base: SavedState | null;
  readonly durable: number;
  readonly entries: readonly SavedEntry[];
  /** The revisions that the floor may move to. */
  readonly marks: readonly number[];
  readonly lacking: Lack | null;
}

/** A state that is remembered so that the history can begin there. */
interface Mark {
  readonly state: State;
  /** What the entries up to there weigh, since the sequencer began. */
  readonly weight: number;
}

/** After so long, in milliseconds, a change that found no room is worth another try. */
const roomMs = 100;
/** What may be forgotten waits for more of its kind, for this part of the time that it was kept at least. */
const forgetPart = 8;
/** Of the history that may be kept, this part at most goes at once. */
const markPart = 8;

export class Sequencer {
  readonly #settings: Settings;
  #durable: State;
  #head: State;
  /** `#entries[i]` made revision `floor + i + 1`; up to the head. */
  #entries: LogEntry[] = [];
  /** The state before the oldest entry that is still here, and then those that may take its place. */
  #marks: Mark[];
  /** What all entries up to the head weigh, since the sequencer began. */
  #weight = 0;
  readonly #histories = new Map<NodeId, PastEdit[]>();
  readonly #touches = new Touches();
  /** What is removed in the durable state. */
  #graveyard: Graveyard;
  /** What changes lacked that were refused for want of room. */
  #lacking: Lack | undefined;

  /** @param base what there is before the first entry that will be taken. */
  constructor(settings: Settings, base: State = State.empty) {
    this.#settings = settings;
    this.#durable = this.#head = base;
    this.#marks = [{ state: base, weight: 0 }];
    this.#graveyard = new Graveyard(base);
  }

  /** What everybody may know. */
  get durable(): State {
    return this.#durable;
  }

  /** What the next submission is sequenced on. */
  get head(): State {
    return this.#head;
  }

  /** The oldest revision that a change may still be made on. */
  get floor(): number {
    return this.#marks[0]!.state.revision;
  }

  /** How many entries are kept. */
  get historyEntries(): number {
    return this.#entries.length;
  }

  /** What the entries weigh that are kept, in bytes. */
  get historyWeight(): number {
    return this.#weight - this.#marks[0]!.weight;
  }

  /** The entry that made `revision`, which is above the floor and not above the head. */
  entry(revision: number): LogEntry {
    const entry = this.#entries[revision - this.floor - 1];
    assert(entry !== undefined, `entry ${revision} is kept (${this.floor}, ${this.#head.revision}]`);
    return entry;
  }

  /** The edits of one file by the entries after `revision`, oldest first. */
  editsSince(node: NodeId, revision: number): readonly PastEdit[] {
    const history = this.#histories.get(node);
    if (history === undefined) return [];
    // Most changes are made on a recent revision: look from the end.
    let first = history.length;
    while (first > 0 && history[first - 1]!.revision > revision) first--;
    return first === 0 ? history : history.slice(first);
  }

  /** Takes in an entry of the log: at the start, or because another server's append won. */
  take(entry: LogEntry): void {
    assert(this.#durable === this.#head, "nothing is sequenced ahead when the log is read");
    this.#push(entry);
    this.commit();
  }

  /**
   * Gives a submission its place after the head, at `time` milliseconds since 1970.
   *
   * @param guard of an author who may not do everything.
   */
  sequence(submission: Submission, time: number, guard?: Guard): Verdict {
    const { session, site, seq, base, change, task } = submission;
    const record = this.#head.sessions.get(session);
    if (record !== undefined && seq <= record.last.seq) {
      if (seq === record.last.seq && record.last.hash === submission.hash) {
        return { kind: "duplicate", settled: record.last };
      }
      return refused("session_forked");
    }
    if (base > this.#durable.revision) {
      return refused(
        "future_base",
        [],
        `The base revision ${base} is above the newest, ${this.#durable.revision}`,
      );
    }
    const floor = Math.max(this.floor, guard?.floor ?? 0);
    if (base < floor) {
      return refused(
        "base_too_old",
        [],
        `The history begins after revision ${floor}, the base is ${base}`,
        1,
      );
    }
    // One's own entries are never transformed over: whoever has one in flight waits for it.
    if (record !== undefined && base < record.last.revision) return refused("change_in_flight");
    if (!editsAreNormal(change.edits)) return refused("not_normal", change.edits.map(({ node }) => node));
    if (task !== undefined && !isTask(task)) return refused("bad_task");

    const { workspace } = this.#head;
    const unseen = guard?.outOfSight(change, base, workspace) ?? [];
    if (unseen.length > 0) return refused("not_allowed", unseen);
    const hindrance = this.#hindrance(submission, guard);
    if (hindrance !== undefined) return hindrance;
    let growth = 0;
    const derived = derive<Verdict>(submission, this.#groundOf(session), {
      steps: (steps, created) => {
        const forbidden = guard?.forbidden(steps, change.edits.map(({ node }) => node), workspace) ?? [];
        if (forbidden.length > 0) return refused("not_allowed", forbidden);
        const { nodesMax, blobBytesMax } = this.#settings;
        if (created.size > 0 && workspace.size + created.size > nodesMax) {
          const lacking = { nodes: workspace.size + created.size - nodesMax, length: 0 };
          return this.#full("too_many_nodes", [...created], lacking, created.size < nodesMax);
        }
        for (const step of steps) {
          if (!("content" in step) || step.content === undefined) continue;
          if (step.content.bytes > blobBytesMax) return refused("blob_too_long", [step.node]);
        }
        growth = blobGrowthOf(steps, workspace);
        return undefined;
      },
      edit: (node, op, text) => {
        const longer = growthOf(op);
        if (longer > 0 && text.length + longer > this.#settings.textLengthMax) {
          return refused("text_too_long", [node]);
        }
        growth += longer;
        return undefined;
      },
    });
    if (derived.kind === "refused") return derived.refusal;
    if (derived.kind === "fault") {
      const { fault, node, message } = derived;
      // It may be about something that is in a directory, and that the author does not see.
      if (guard?.isOutOfSight(node, workspace) === true) return refused("not_allowed");
      return fault === "unknown_node" ? this.#missing(node, submission) : refused(fault, [node], message);
    }
    const { workspaceLengthMax } = this.#settings;
    const held = workspace.textLength + workspace.blobBytes;
    if (growth > 0 && held + growth > workspaceLengthMax) {
      const lacking = { nodes: 0, length: held + growth - workspaceLengthMax };
      return this.#full("workspace_full", [], lacking, growth <= workspaceLengthMax);
    }

    const entry: LogEntry = {
      revision: this.#head.revision + 1,
      time: Math.max(this.#head.time, time),
      session,
      site,
      seq,
      author: record === undefined ? submission.participant : undefined,
      ...task === undefined ? {} : { task },
      change: derived.change,
      notices: derived.notices,
      hash: submission.hash,
      sites: 0,
      ...signedOf(submission, derived.change, record === undefined),
    };
    this.#push(entry);
    return { kind: "entry", entry };
  }

  /** Whether all that a change depends on holds if it is next. */
  holds(submission: Dependent): boolean {
    return this.#hindrance(submission, undefined) === undefined;
  }

  /** What a change comes to if it is next. Its base is not below the floor. */
  derive(meant: Meant, session: SessionId): Derivation<never> {
    return derive(meant, this.#groundOf(session));
  }

  #groundOf(session: SessionId): Ground {
    return {
      workspace: this.#head.workspace,
      counter: this.#head.sessions.get(session)?.counter ?? 0,
      editsSince: (node, revision) => this.editsSince(node, revision),
    };
  }

  /** What a change depends on and does not hold in the head, or may not be asked; undefined if nothing stands against it. */
  #hindrance(submission: Dependent, guard: Guard | undefined): Verdict | undefined {
    const { conditions = [], site, base } = submission;
    if (conditions.length === 0) return undefined;
    const { workspace } = this.#head;
    for (const condition of conditions) {
      if (condition.kind === "stands" && !isPath(condition.path)) return refused("bad_name");
      if ("since" in condition && condition.since > this.#durable.revision) {
        return refused(
          "future_base",
          [condition.node],
          "A condition is about a revision that is not there yet",
        );
      }
    }
    const unseen = guard?.blindness(conditions, workspace);
    if (unseen !== undefined) return refused("not_allowed", unseen);
    const touches = this.#touches;
    const broken = brokenConditions(conditions, {
      workspace,
      floor: Math.max(this.floor, guard?.floor ?? 0),
      changedAt: (node) => {
        const edit = this.#histories.get(node)?.findLast((past) => past.site !== site)?.revision ?? 0;
        return Math.max(edit, touches.newest("content", node, site));
      },
      movedAt: (node) => touches.newest("place", node, site),
      enteredAt: (node) => guard?.enteredAt(node) ?? 0,
      base,
      metAt: (node) => this.#metAt(submission, node),
    });
    if (broken.length === 0) return undefined;
    const nodes = new Set(broken.flatMap(({ node }) => node === undefined ? [] : [node]));
    return refused("precondition_failed", [...nodes], causesOf(broken));
  }

  /** The newest revision in which an edit of somebody else meets that of a change; 0 if none does. */
  #metAt(submission: Dependent, node: NodeId): number {
    const { site, base } = submission;
    let op = editIn(submission, node) ?? [], met = 0;
    for (const past of this.editsSince(node, base)) {
      if (past.site !== site && overlap(op, past.op)) met = past.revision;
      op = carried(op, past, site);
    }
    return met;
  }

  /** There is no such node: it never was, or is forgotten. */
  #missing(node: NodeId, { session, site }: Submission): Verdict {
    const id = parseId(node), { sessions, authors } = this.#head;
    const was = id !== undefined &&
      (id.site === site ? id.counter <= (sessions.get(session)?.counter ?? 0) : authors.has(String(id.site)));
    return refused(was ? "node_forgotten" : "unknown_node", [node], `There is no node ${node}`);
  }

  /** There is no room for a change; what is removed makes some, if there is anything, and it may be tried again. */
  #full(
    code: RefusalCode,
    nodes: readonly NodeId[],
    { nodes: count, length }: Lack,
    canFit: boolean,
  ): Verdict {
    if (!canFit || this.#graveyard.oldest === undefined) return refused(code, nodes);
    const { nodes: otherCount, length: otherLength } = this.#lacking ?? { nodes: 0, length: 0 };
    this.#lacking = { nodes: Math.max(count, otherCount), length: Math.max(length, otherLength) };
    return refused(code, nodes, "What is removed is being forgotten to make room", roomMs);
  }

  /** Whether removed nodes are to be forgotten, by an entry of this time. Nothing is sequenced ahead then. */
  isForgetting(timeMs: number): boolean {
    const { oldest } = this.#graveyard;
    if (oldest === undefined || oldest.revision > this.floor) return false;
    const keptMs = this.#settings.removedUs / 1000;
    return this.#lacking !== undefined ||
      Math.max(this.#head.time, timeMs) - oldest.time >= keptMs + keptMs / forgetPart;
  }

  /** Forgets removed nodes, by an entry of the server's own. */
  forget(timeMs: number): LogEntry {
    assert(this.#durable === this.#head, "nothing is forgotten that may be restored ahead of the log");
    const time = Math.max(this.#head.time, timeMs);
    const choice = {
      floor: this.floor,
      untilMs: time - Math.floor(this.#settings.removedUs / 1000),
      lack: this.#lacking,
    };
    this.#lacking = undefined;
    return this.#pushOwn(time, this.#graveyard.pick(this.#head.workspace, choice), 0);
  }

  /** Whether history is to be let go so that more of what is removed can be forgotten. */
  get isPressed(): boolean {
    const { oldest } = this.#graveyard;
    return this.#lacking !== undefined && oldest !== undefined && oldest.revision > this.floor;
  }

  /** Lets go of all history but for what comes after `needed`. */
  letGo(needed: number): void {
    const last = this.#marks[this.#marks.length - 1]!;
    if (last.state !== this.#durable) this.#marks.push({ state: this.#durable, weight: this.#weight });
    this.#trimTo(needed);
  }

  /** Reserves sites up to `sites`, by an entry of the server's own. */
  reserveSites(sites: number, timeMs: number): LogEntry {
    return this.#pushOwn(Math.max(this.#head.time, timeMs), [], sites);
  }

  #pushOwn(time: number, steps: readonly Step[], sites: number): LogEntry {
    const entry: LogEntry = {
      revision: this.#head.revision + 1,
      time,
      session: "",
      site: 0,
      seq: 0,
      author: undefined,
      change: { steps, edits: [] },
      notices: [],
      hash: 0,
      sites,
    };
    this.#push(entry);
    return entry;
  }

  /** The log has stored everything up to the head. */
  commit(): void {
    for (let i = this.#durable.revision - this.floor; i < this.#entries.length; i++) {
      this.#graveyard.follow(this.#entries[i]!);
    }
    this.#durable = this.#head;
    const { historyEntriesMax, historyWeightMax } = this.#settings;
    const last = this.#marks[this.#marks.length - 1]!;
    if (
      (this.#durable.revision - last.state.revision) * markPart >= historyEntriesMax ||
      (this.#weight - last.weight) * markPart >= historyWeightMax
    ) this.#marks.push({ state: this.#durable, weight: this.#weight });
  }

  /** Whether more history is kept than should be, `times` over; if so, it can be made less. */
  isFull(times: number): boolean {
    const [oldest, next] = this.#marks;
    return next !== undefined && (
      this.#durable.revision - oldest!.state.revision > times * this.#settings.historyEntriesMax ||
      this.#weight - oldest!.weight > times * this.#settings.historyWeightMax
    );
  }

  /** Where the floor will be once no more history is kept than should be. */
  get nextFloor(): number {
    let index = 0;
    while (index + 1 < this.#marks.length && this.#isFullFrom(index)) index++;
    return this.#marks[index]!.state.revision;
  }

  #isFullFrom(index: number): boolean {
    const { state, weight } = this.#marks[index]!;
    return this.#durable.revision - state.revision > this.#settings.historyEntriesMax ||
      this.#weight - weight > this.#settings.historyWeightMax;
  }

  /** Lets go of history that should not be kept, but for what comes after `needed`. */
  trim(needed: number): void {
    this.#trimTo(Math.min(needed, this.nextFloor));
  }

  #trimTo(wanted: number): void {
    const before = this.floor;
    while (this.#marks.length > 1 && this.#marks[1]!.state.revision <= wanted) this.#marks.shift();
    const gone = new Map<NodeId, number>();
    for (const entry of this.#entries.splice(0, this.floor - before)) {
      for (const { node } of entry.change.edits) gone.set(node, (gone.get(node) ?? 0) + 1);
    }
    for (const [node, count] of gone) {
      const history = this.#histories.get(node)!;
      if (history.length === count) this.#histories.delete(node);
      else history.splice(0, count);
    }
    this.#touches.trim(this.floor);
  }

  /** Forgets what was sequenced ahead of the log. States are values, so this costs next to nothing. */
  rollBack(): void {
    const kept = this.#durable.revision - this.floor;
    for (const entry of this.#entries.splice(kept).reverse()) {
      this.#weight -= weightOf(entry);
      for (const { node } of entry.change.edits) this.#histories.get(node)!.pop();
    }
    this.#touches.rollBack(this.#durable.revision);
    this.#head = this.#durable;
  }

  save(): SavedSequencer {
    const [{ state }, ...others] = this.#marks as [Mark, ...Mark[]];
    return {
      base: state.revision === 0 ? null : state.save(),
      durable: this.#durable.revision,
      entries: this.#entries.map(savedEntryOf),
      marks: others.map(({ state }) => state.revision),
      lacking: this.#lacking ?? null,
    };
  }

  static restore(settings: Settings, saved: SavedSequencer): Sequencer {
    const sequencer = new Sequencer(settings, saved.base === null ? undefined : State.restore(saved.base));
    const marks = new Set(saved.marks);
    for (const entry of saved.entries) {
      sequencer.#push(entryOf(entry));
      const state = sequencer.#head;
      if (state.revision === saved.durable) sequencer.#durable = state;
      if (marks.has(state.revision)) sequencer.#marks.push({ state, weight: sequencer.#weight });
    }
    sequencer.#graveyard = new Graveyard(sequencer.#durable);
    sequencer.#lacking = saved.lacking ?? undefined;
    return sequencer;
  }

  /** The states at these durable revisions, none below the floor, made again from the entries. */
  statesAt(revisions: ReadonlySet<number>): Map<number, State> {
    const states = new Map<number, State>();
    let { state } = this.#marks[0]!;
    if (revisions.has(state.revision)) states.set(state.revision, state);
    for (const entry of this.#entries) {
      if (states.size === revisions.size) break;
      state = state.apply(entry);
      if (revisions.has(state.revision)) states.set(state.revision, state);
    }
    return states;
  }

  #push(entry: LogEntry): void {
    const before = this.#head.workspace;
    this.#head = this.#head.apply(entry);
    this.#touches.push(entry, before, this.#head.workspace);
    this.#entries.push(entry);
    this.#weight += weightOf(entry);
    for (const { node, op } of entry.change.edits) {
      const past = { revision: entry.revision, site: entry.site, op };
      const history = this.#histories.get(node);
      if (history === undefined) this.#histories.set(node, [past]);
      else history.push(past);
    }
  }
}

/** The edit of `submission` on one file, if it has one. */
export function editIn(submission: Pick<Submission, "change">, node: NodeId): TextOp | undefined {
  return opOn(submission.change.edits, node);
}

/** What is kept of a submission, if it was signed, that has become a change. */
function signedOf(
  { seq, base, task, signed }: Submission,
  change: Change,
  isFirst: boolean,
): { readonly signed?: SignedEntry } {
  if (signed === undefined) return {};
  const { signer, signature, bytes } = signed;
  const isSame =
    toHex(operationBytes({ seq, base, change, ...task === undefined ? {} : { task } })) === bytes;
  return { signed: { base, signature, ...isSame ? {} : { bytes }, ...isFirst ? { signer } : {} } };
}

/** About how much memory an entry takes, in bytes. */
export function weightOf({ change: { steps, edits }, signed }: Pick<LogEntry, "change" | "signed">): number {
  let weight = entryWeight + steps.length * partWeight;
  if (signed !== undefined) weight += partWeight + signed.signature.length + (signed.bytes?.length ?? 0);
  for (const { op } of edits) {
    weight += partWeight;
    for (const { insert } of op) weight += partWeight + 2 * insert.length;
  }
  return weight;
}

/** What an entry takes in itself, and what each step, edit and splice takes. */
const entryWeight = 300, partWeight = 100;

function refused(code: RefusalCode, nodes: readonly NodeId[] = [], message?: string, retryMs = 0): Verdict {
  const text = message === undefined ? codes[code].text : `${message}. ${codes[code].text}`;
  return { kind: "refused", refusal: { code, message: text, nodes }, retryMs };
}
