/**
 * A workspace as one client has it: what the log says, what has been done on top, and how to take that back.
 *
 *     confirmed  ──in flight──►  ──buffered──►  view
 *     what the    the one change   what has been      what the user sees
 *     log says    that was sent    done meanwhile
 *
 * The view is always the confirmed workspace with the own pending changes on top. An entry of somebody else is
 * applied to the confirmed workspace and carried over the pending changes to the view, and they are carried over
 * it (Jupiter; Nichols et al., UIST 1995). At most one change is in flight. What is typed meanwhile is composed
 * into the next one; a change in flight is never touched: it is sent again byte for byte until it is answered.
 *
 * @module
 */

import {
  assert,
  type Change,
  composeEdits,
  type Edit,
  editOf,
  emptyChange,
  insert,
  type NodeId,
  opOn,
  resolve,
  type Step,
  Workspace,
} from "../../ot/mod.ts";
import {
  type Acknowledge,
  type Condition,
  encodeClientMessage,
  encodeSigned,
  type Entry,
  fromHex,
  type Limits,
  type Refuse,
  toHex,
} from "../../proto/mod.ts";
import { carry, undoingOfPending, unpair } from "./carry.ts";
import { type GroupId, Grouping, type SavedGrouping } from "./grouping.ts";
import {
  forgottenSteps,
  joinUndoings,
  type SavedStack,
  Stack,
  stepsOf,
  type Undoing,
  undoingOf,
} from "./history.ts";
import { layOut, nodeForgotten, withWhatFits } from "./layout.ts";
import { Loaded, type SavedLoaded } from "./loaded.ts";
import { problemOf } from "./own_change.ts";
import {
  bytesOf,
  conditionsAfter,
  inverseOf,
  type Made,
  numbersOf,
  part,
  type Pending,
  wholeOf,
} from "./pending.ts";
import { type BaseNode, baseOf, PendingBase } from "./pending_base.ts";
import { type Before, mentioned, rebase, renumberPending } from "./resynchronisation.ts";
import { restoreWorkspace, type SavedWorkspace, saveWorkspace } from "./saved_workspace.ts";
import { sameSteps } from "./steps.ts";
import type {
  ChangeNumber,
  ClientEvent,
  ClientOutput,
  Origin,
  Outcome,
  Problem,
  TreeChange,
  Unsent,
  UnsentChange,
} from "./types.ts";
import { textDifference, treeDifference, treeDifferenceOf } from "./workspace_difference.ts";

/** What was sent, and is sent again until it is answered. */
interface InFlight {
  readonly seq: number;
  readonly frame: Uint8Array;
}

interface SavedPending {
  readonly made: readonly Made[];
  readonly change: Change;
  readonly resolved: readonly Step[];
  readonly atomic: boolean;
  readonly group: GroupId;
  readonly task?: string;
  readonly conditions?: readonly Condition[];
  /** At -1 if the level has left its stack. */
  readonly level: { readonly stack: "undo" | "redo"; readonly at: number } | null;
  readonly bytes: number;
  /** Where the change that it takes back stands among what is pending; -1 if it does not. */
  readonly undoes: number;
  readonly lost?: readonly Edit[];
  readonly problem: Problem | null;
}

export interface SavedReplica {
  readonly confirmed: SavedWorkspace | null;
  readonly base: readonly BaseNode[] | null;
  readonly revision: number;
  /** What is not as confirmed. */
  readonly view: SavedWorkspace;
  readonly viewIsWhole: boolean;
  readonly site: number;
  readonly counter: number;
  readonly limits: Limits | null;
  readonly pending: readonly SavedPending[];
  readonly inFlight: { readonly seq: number; readonly frame: string } | null;
  readonly nextNumber: ChangeNumber;
  readonly undo: SavedStack;
  readonly redo: SavedStack;
  readonly grouping: SavedGrouping;
  readonly loaded: SavedLoaded;
}

/** How an own change is meant. */
interface OwnChange {
  readonly atomic: boolean;
  readonly group: string | undefined;
  readonly task: string | undefined;
  readonly conditions: readonly Condition[] | undefined;
  readonly isReadOnly: boolean;
  readonly nowUs: number;
}

/** Where a checked change goes: its stack of undo, and what it is together with. */
interface Addition {
  readonly atomic: boolean;
  readonly stack: Stack;
  readonly group: GroupId;
  readonly task?: string;
  readonly conditions?: readonly Condition[];
  readonly origin: Origin;
  readonly undoes?: Pending;
}

/** What the application has chosen. */
export interface ReplicaOptions {
  readonly pauseUs?: number | undefined;
  readonly lazy?: boolean | undefined;
}

/** What is pending cannot be carried to where it is to go. */
const recovered: Problem = {
  code: "recovered",
  message: "The file this change was made in is no longer there, or its history is not. Here is the change.",
};

export class Replica {
  readonly #tell: (output: ClientOutput) => void;

  // What the log says, and what is seen.
  #confirmed: Workspace | undefined;
  /** While that is not known: what pending changes were made on, if that is. */
  #base: PendingBase | undefined;
  #revision = 0;
  #view: Workspace = Workspace.empty;
  /** Whether all that is pending could be laid over the confirmed workspace when that was last done. */
  #viewIsWhole = true;

  #site = 0;
  /** The highest counter used in an id. */
  #counter = 0;
  /** The files whose texts are here. */
  #loaded: Loaded;
  /** What the server allows; undefined until it has said so. */
  limits: Limits | undefined;

  // What is on its way.
  #pending: Pending[] = [];
  /** That `#pending[0]` has been sent, and how. */
  #inFlight: InFlight | undefined;
  #nextNumber: ChangeNumber = 1;

  // Undo.
  #undo = new Stack();
  #redo = new Stack();
  #grouping: Grouping;

  /** A workspace that has not been opened. */
  constructor({ pauseUs, lazy = false }: ReplicaOptions, tell: (output: ClientOutput) => void) {
    this.#grouping = new Grouping(pauseUs);
    this.#loaded = new Loaded(lazy);
    this.#tell = tell;
  }

  get confirmed(): Workspace | undefined {
    return this.#confirmed;
  }

  get revision(): number {
    return this.#revision;
  }

  get view(): Workspace {
    return this.#view;
  }

  get site(): number {
    return this.#site;
  }

  get counter(): number {
    return this.#counter;
  }

  get nextNumber(): ChangeNumber {
    return this.#nextNumber;
  }

  get loaded(): Loaded {
    return this.#loaded;
  }

  /** Changes that are not acknowledged, oldest first. */
  get pending(): readonly Readonly<Pending>[] {
    return this.#pending;
  }

  get inFlight(): InFlight | undefined {
    return this.#inFlight;
  }

  /** Own changes, as the application counts them, that are not durable yet. */
  get unsentCount(): number {
    let count = 0;
    for (const { made } of this.#pending) count += made.length;
    return count;
  }

  get canUndo(): boolean {
    return !this.#undo.isEmpty;
  }

  get canRedo(): boolean {
    return !this.#redo.isEmpty;
  }

  nextId(index: number): NodeId {
    return `${this.#site}:${this.#counter + 1 + index}`;
  }

  // What was sent ---------------------------------------------------------------------------------------------

  /**
   * The frame of the next change, if none is in flight: it is, from now on, as `seq`.
   *
   * @param sign Gives the signature for the bytes of the operation, if it is to have one.
   */
  send(seq: number, sign?: (bytes: Uint8Array) => Uint8Array): Uint8Array {
    const { change, task, conditions } = this.#pending[0]!;
    const operation = {
      kind: "operation",
      seq,
      base: this.#revision,
      change,
      ...beside(task, conditions),
    } as const;
    const { frameBytes } = this.limits!;
    const frame = sign === undefined
      ? encodeClientMessage(operation, frameBytes)
      : encodeSigned(operation, sign, frameBytes);
    this.#inFlight = { seq, frame };
    this.#keep();
    return frame;
  }

  /**
   * What is in flight is to be sent again as a new change. It is handed back instead if nothing it was made on is in
   * sight any more, or if it has been found to fit nothing while it was for the server to say so.
   */
  forgetFlight(): void {
    if (this.#inFlight !== undefined && this.#pending[0]?.lost !== undefined) {
      const message = "The file went out of sight while this change was on its way. Here is the change.";
      return this.refused({ code: "recovered", message, nodes: [] });
    }
    this.#inFlight = undefined;
    if (this.#confirmed !== undefined && this.#pending[0]?.problem !== undefined) this.#rebuild(this.#site);
  }

  /** The change in flight has its place, and is not durable yet. */
  accepted(): void {
    this.#settled(numbersOf(this.#pending[0]!), { kind: "accepted" });
  }

  /** Nothing will be sent any more. What is pending stays pending, for another run. */
  end(): void {
    const problem = {
      code: "unsent",
      message:
        "This client has ended before the change was answered. It is kept for the next run, if there is a store.",
    };
    for (const pending of this.#pending) {
      this.#settled(numbersOf(pending), { kind: "refused", problem, change: wholeOf(pending) });
    }
  }

  // Going on from a snapshot ----------------------------------------------------------------------------------

  /**
   * Lets the change in flight go: what stands on it stands on the confirmed workspace with it from now on; if there is
   * none, on no revision that the log has.
   */
  setAside(outcome: Outcome): void {
    const first = this.#pending.shift()!;
    if (this.#confirmed === undefined) this.#revision = 0;
    else this.#confirmed = withWhatFits(this.#confirmed, first);
    this.#base?.follow(first.change);
    this.#inFlight = undefined;
    dropLevel(first);
    const change = wholeOf(first);
    this.#settled(numbersOf(first), outcome.kind === "refused" ? { ...outcome, change } : outcome);
  }

  /** Goes by another site from now on: what is pending gets ids of it. */
  changeSite(site: number, counter: number): void {
    const before = this.#site;
    this.#site = site;
    this.#counter = counter;
    if (before === 0) return;
    const taken = mentioned(this.#pending);
    const ids = renumberPending(this.#pending, before, () => this.#mint(taken));
    this.#loaded.beginAnew(ids);
    if (ids.size === 0) return;
    this.#view = this.#view.renumbered((id) => ids.get(id) ?? id);
    this.#event({ kind: "renumbered", ids });
  }

  /** An id that nothing has that is seen or spoken of: what is left of another log may be by a site like ours. */
  #mint(taken: ReadonlySet<NodeId>): NodeId {
    for (;;) {
      const id = `${this.#site}:${++this.#counter}`;
      if (this.#view.node(id) === undefined && !taken.has(id)) return id;
    }
  }

  /** The server knows of ids up to this counter. */
  countFrom(counter: number): void {
    this.#counter = Math.max(this.#counter, counter);
  }

  /**
   * Goes on from a snapshot: what is pending is carried over the difference to what it was made on.
   *
   * @param isSameLog whether equal ids name equal nodes.
   */
  begin(workspace: Workspace, revision: number, isSameLog: boolean): void {
    const before = this.#confirmed, known = before ?? this.#base;
    const hasFollowed = isSameLog && this.#revision === revision && before === undefined;
    this.#confirmed = workspace;
    this.#revision = revision;
    if (this.#pending.length > 0 && !hasFollowed) this.#rebase(known, workspace, isSameLog);
    this.#base = undefined;
    this.#undo.clear();
    this.#redo.clear();
    this.#rebuild(0, isSameLog ? known : undefined);
    if (before === undefined) this.#event({ kind: "opened", revision });
  }

  #rebase(before: Before | undefined, after: Workspace, isSameLog: boolean): void {
    const { kept, lost } = rebase(this.#pending, before, after, isSameLog);
    this.#pending = kept;
    for (const pending of kept) pending.undoes = undefined;
    for (const one of lost) {
      this.#settled(numbersOf(one), { kind: "refused", problem: recovered, change: one.change });
    }
  }

  /** Takes over the texts of files at the present revision; nothing is pending that edits them. */
  load(texts: Iterable<readonly [node: NodeId, text: string]>): void {
    for (const [node, text] of texts) {
      const isThere = this.#confirmed?.node(node)?.kind === "text";
      if (isThere && !this.#loaded.has(node) && text !== "") {
        const change = editOf(node, insert(0, text));
        const isSeen = this.#view === this.#confirmed;
        this.#confirmed = this.#confirmed!.apply(change);
        this.#view = isSeen ? this.#confirmed : this.#view.apply(change);
      }
      this.#loaded.answered(node);
      // Made here in the meantime, it is seen before it is there: it was asked for on a log that has been lost.
      const isShown = isThere || this.#view.node(node)?.kind === "text";
      this.#event({ kind: "loaded", node, text: isShown ? this.#view.text(node).toString() : undefined });
    }
  }

  // Entries ---------------------------------------------------------------------------------------------------

  /** Takes `revision` as the newest, if it is the next one. */
  follows(revision: number): boolean {
    if (revision !== this.#revision + 1) return false;
    this.#revision = revision;
    return true;
  }

  /** Takes over a change of somebody else; says whether own edits were carried over it. */
  entry({ site, change, left = [] }: Entry): boolean {
    const before = this.#confirmed;
    this.#confirmed = before?.apply(change, left);
    this.#base?.follow(change, left);
    if (left.length > 0) this.#lose(new Set(left));
    let forUndo: readonly Edit[] | undefined, forRedo: readonly Edit[] | undefined;
    let hasCrossed = false;
    const side = this.#site < site ? "left" : "right";
    const inFlight = this.#inFlight && this.#pending[0];
    const edits = carry(this.#pending, this.#confirmed, change.edits, side, (pending, edits) => {
      if (pending.conditions !== undefined && pending !== inFlight) {
        pending.conditions = conditionsAfter(pending, edits, this.#revision);
      }
      if (forUndo === undefined && this.#undo.has(pending.level?.level)) forUndo = edits;
      if (forRedo === undefined && this.#redo.has(pending.level?.level)) forRedo = edits;
      if (pending.change.edits.length > 0 && edits.length > 0) hasCrossed = true;
      return undefined;
    });
    this.#undo.feed(forUndo ?? edits);
    this.#redo.feed(forRedo ?? edits);
    if (this.#pending.length > 0) this.#keep();
    if (before !== undefined) this.#see(change, left, edits, site, before);
    return hasCrossed;
  }

  /** Something has gone out of sight: what takes back changes of it fits nothing any more. */
  #lose(left: ReadonlySet<NodeId>): void {
    this.#undo.clear();
    this.#redo.clear();
    for (const pending of this.#pending) pending.undoes = undefined;
    const first = this.#inFlight && this.#pending[0];
    if (first === undefined) return;
    const { steps, edits } = first.change;
    const lost = edits.filter(({ node }) => left.has(node));
    if (lost.length === 0) return;
    first.change = { steps, edits: edits.filter(({ node }) => !left.has(node)) };
    first.lost = [...first.lost ?? [], ...lost];
  }

  /** Shows an entry that is confirmed, whose edits come to `edits` in the view. */
  #see(
    { steps }: Change,
    left: readonly NodeId[],
    edits: readonly Edit[],
    site: number,
    before: Workspace,
  ): void {
    const touched = [...left, ...steps.map(({ node }) => node)];
    if (this.#pending.length === 0) {
      const shown = this.#view;
      this.#view = this.#confirmed!;
      this.#treeEvents(shown, touched, "remote", site);
    } else if (
      this.#viewIsWhole && touched.length === 0 &&
      this.#pending.every(({ change }) => change.steps.length === 0)
    ) {
      this.#view = this.#view.apply({ steps, edits });
    } else {
      return this.#rebuildBy(touched, edits, site, before);
    }
    this.#edited(edits, "remote", site);
  }

  /** The change in flight is durable. */
  acknowledged({ revision, time, steps, notices }: Acknowledge): void {
    const pending = this.#pending.shift()!;
    const { edits } = pending.change;
    const before = this.#confirmed;
    for (const one of this.#pending) {
      if (one.conditions !== undefined) one.conditions = conditionsAfter(one, [], this.#revision);
    }
    for (const step of steps) if (step.kind === "create") this.#loaded.made(step.node);
    const asExpected = this.#viewIsWhole && sameSteps(steps, pending.resolved);
    this.#inFlight = undefined;
    this.#base?.follow({ steps, edits });
    if (before !== undefined) {
      // With nothing else pending, the view is the confirmed workspace already.
      this.#confirmed = asExpected && this.#pending.length === 0
        ? this.#view
        : before.apply({ steps, edits });
      if (pending.level !== undefined) {
        pending.level.stack.settle(pending.level.level, undoingOf(steps, edits, before));
      }
      if (!asExpected) {
        const touched = [...steps, ...pending.resolved].map(({ node }) => node);
        this.#rebuildBy(touched, [], this.#site);
      }
    }
    this.#keep();
    this.#settled(numbersOf(pending), { kind: "durable", revision, timeMs: time, notices });
  }

  /** The change in flight is refused for good. */
  refused({ code, message, nodes }: Pick<Refuse, "code" | "message" | "nodes">): void {
    const first = this.#pending.shift()!;
    this.#inFlight = undefined;
    const { lost = [], ...rest } = first;
    const isLost = (node: NodeId) => opOn(rest.change.edits, node) === undefined;
    // Where plain edits of several files were composed, those that nothing is wrong with are sent once more.
    const { wrong, right } = lost.length === 0
      ? part(first, nodes)
      : part({ ...rest, change: wholeOf(first) }, [...nodes, ...lost.map(({ node }) => node)]);
    if (right === undefined) dropLevel(first);
    else this.#pending.unshift(right);
    const known = this.#confirmed ?? this.#base;
    if (known !== undefined) {
      const { steps, edits } = wrong.change;
      const seen = lost.length === 0 ? edits : edits.filter(({ node }) => !isLost(node));
      this.#carryOverLoss(first, { ...wrong, change: { steps, edits: seen } }, right, known);
    }
    // Before what falls with it.
    this.#settled(numbersOf(wrong), { kind: "refused", problem: { code, message }, change: wrong.change });
    if (this.#confirmed !== undefined) this.#rebuild(this.#site);
    else this.#handBackBehind(wrong);
  }

  /** Where it is not known what a refused change was made on, nothing can be carried over its loss. */
  #handBackBehind({ change: { steps, edits } }: Pending): void {
    const isKnown = (id: NodeId) =>
      this.#base?.node(id) !== undefined || steps.some(({ kind, node }) => kind === "create" && node === id);
    const lacking = new Set(edits.map(({ node }) => node).filter((node) => !isKnown(node)));
    if (lacking.size === 0) return;
    const behind = this.#pending;
    this.#pending = [];
    for (const one of behind) {
      const { edits } = one.change;
      if (!edits.some(({ node }) => lacking.has(node))) {
        this.#pending.push(one);
        continue;
      }
      for (const { node } of edits) lacking.add(node);
      this.#settled(numbersOf(one), { kind: "refused", problem: recovered, change: one.change });
    }
    this.#keep();
  }

  /** Carries what was built on a refused change over its inverse; what took it back has nothing left to do. */
  #carryOverLoss(first: Pending, wrong: Pending, right: Pending | undefined, known: Before): void {
    const isGone = ({ node }: Edit) => opOn(wrong.change.edits, node) !== undefined;
    const undoing = this.#pending.find(({ undoes }) => undoes === first);
    if (undoing !== undefined) {
      const { steps, edits } = undoing.change;
      undoing.change = { steps, edits: edits.filter((edit) => !isGone(edit)) };
      undoing.undoes = right;
      // What brings that back is a change like any other now, and counts for those whose pair it stands between.
      for (const later of this.#pending) if (later.undoes === undoing) later.undoes = undefined;
    }
    unpair(this.#pending);
    // One that was to take something back has not: what is below that on its stack stood on the two together.
    const below = first.level?.stack === this.#undo ? this.#redo : this.#undo;
    let forBelow: readonly Edit[] | undefined;
    const loss = inverseOf(wrong.change.edits, known);
    const rest = carry(this.#pending, this.#confirmed, loss, "right", (pending, inverse) => {
      if (pending === right) return inverse;
      if (forBelow === undefined && below.has(pending.level?.level)) forBelow = inverse;
      // The two were nothing, so behind them nothing is lost: above all no text goes and comes back as another one.
      return pending === undoing ? [] : undefined;
    });
    below.feed(forBelow ?? rest);
  }

  // Own changes -----------------------------------------------------------------------------------------------

  /** Takes an own change of the view, if it may be made and nothing is wrong with it. */
  change(
    change: Change,
    { atomic: isAtomic, group, task, conditions, isReadOnly, nowUs }: OwnChange,
  ): void {
    const atomic = isAtomic || (conditions !== undefined && conditions.length > 0);
    const number = this.#nextNumber++;
    const problem = isReadOnly
      ? { code: "read_only", message: "The workspace is not open, or this client has been turned away." }
      : problemOf(
        change,
        this.#view,
        { site: this.#site, counter: this.#counter },
        this.limits!,
        this.#loaded,
        beside(task, conditions),
      );
    if (problem !== undefined) return this.#settled([number], { kind: "refused", problem, change });
    this.#redo.clear();
    this.#add(change, number, {
      atomic,
      stack: this.#undo,
      group: this.#grouping.groupOf(change, { atomic, group, task }, nowUs),
      ...beside(task, conditions),
      origin: "local",
    });
  }

  /** Applies a checked change to the view, and puts it behind what is pending. */
  #add(
    change: Change,
    number: ChangeNumber,
    { atomic, stack, group, task, conditions, origin, undoes }: Addition,
  ): void {
    const before = this.#view;
    const resolution = resolve(change.steps, before, { site: this.#site, counter: this.#counter });
    assert(!("fault" in resolution), "a change that was checked can be resolved");
    this.#counter = resolution.counter;
    for (const step of resolution.steps) if (step.kind === "create") this.#loaded.made(step.node);
    this.#view = before.apply({ steps: resolution.steps, edits: change.edits });
    const last = this.#pending[this.#pending.length - 1];
    const bytes = bytesOf(change, beside(task, conditions));
    const made = { number, nodes: change.edits.map(({ node }) => node) };
    const joins = last !== undefined && !(this.#pending.length === 1 && this.#inFlight !== undefined) &&
      !atomic && !last.atomic && change.steps.length === 0 && last.change.steps.length === 0 &&
      last.group === group && last.level?.stack === stack && last.bytes + bytes <= this.limits!.frameBytes;
    if (joins) {
      last.change = { steps: [], edits: composeEdits(last.change.edits, change.edits) };
      last.made.push(made);
      last.bytes += bytes;
    } else {
      const level = { stack, level: stack.push(group, task) };
      this.#pending.push({
        made: [made],
        change,
        resolved: resolution.steps,
        atomic,
        group,
        ...beside(task, conditions),
        level,
        bytes,
        undoes,
        problem: undefined,
      });
    }
    this.#keep();
    this.#treeEvents(before, resolution.steps.map(({ node }) => node), origin, this.#site);
    this.#edited(change.edits, origin, this.#site);
  }

  // Undo ------------------------------------------------------------------------------------------------------

  undo(): void {
    this.#takeBack(this.#undo, this.#redo);
  }

  redo(): void {
    this.#takeBack(this.#redo, this.#undo);
  }

  /** Undoes the newest group of one stack, so that the other one can bring it back. */
  #takeBack(from: Stack, to: Stack): void {
    const group = from.top, task = from.topTask;
    if (group === undefined) return;
    this.#grouping.pause();
    const into = { atomic: true, stack: to, group, ...beside(task), origin: "undo" } as const;
    let settled: Undoing = { edits: [], inverses: [] };
    // Newest first: those that are on their way stand before those that are settled.
    for (let level = from.pop(group); level !== undefined; level = from.pop(group)) {
      if (level.undoing !== undefined) {
        // It fits the present as it is: whatever own changes came after it have been undone, or would be above it.
        settled = joinUndoings(settled, level.undoing);
        continue;
      }
      const pending = this.#pending.find((pending) => pending.level?.level === level);
      if (pending !== undefined) {
        this.#takeBackBy(undoingOfPending(this.#pending, this.#confirmed!, pending), {
          ...into,
          undoes: pending,
        });
      }
    }
    this.#takeBackBy(settled, into);
  }

  #takeBackBy({ edits, inverses }: Undoing, into: Addition): void {
    let minted = 0;
    const steps = stepsOf(inverses, this.#view, () => this.nextId(minted++));
    const left = edits.filter(({ node }) => this.#view.node(node) !== undefined);
    if (steps.length > 0 || left.length > 0) {
      this.#add({ steps, edits: left }, this.#nextNumber++, into);
    }
    const lost = forgottenSteps(inverses, this.#view);
    if (lost.length === 0) return;
    const change = { steps: lost, edits: [] };
    this.#settled([this.#nextNumber++], { kind: "refused", problem: nodeForgotten, change });
  }

  // The view --------------------------------------------------------------------------------------------------

  /** Builds the view from the confirmed workspace and what is pending, and tells what is different. */
  #rebuild(site: number, known: Before | undefined = this.#confirmed): void {
    const before = this.#view;
    this.#layOut(known);
    this.#tellDifference(before, site);
  }

  /**
   * The same where it is known what is different: nodes that were `touched`, besides those of pending changes, and
   * texts by `edits` of the view. So an editor is told what was done, not what it could have been.
   */
  #rebuildBy(
    touched: readonly NodeId[],
    edits: readonly Edit[],
    site: number,
    known: Before | undefined = this.#confirmed,
  ): void {
    const before = this.#view, wasWhole = this.#viewIsWhole;
    const pending = this.#pending.flatMap(({ change }) => change.steps.map(({ node }) => node));
    this.#layOut(known);
    if (!wasWhole || !this.#viewIsWhole) return this.#tellDifference(before, site);
    this.#treeEvents(before, [...touched, ...pending], "remote", site);
    this.#edited(edits, "remote", site);
  }

  /** @param known the confirmed workspace that was laid under it before. */
  #layOut(known: Before | undefined): void {
    const { view, isWhole, kept, refused } = layOut(this.#pending, this.#confirmed!, {
      site: this.#site,
      isInFlight: this.#inFlight !== undefined,
      wasThere: (id) => known?.node(id) !== undefined,
    });
    this.#view = view;
    this.#viewIsWhole = isWhole;
    this.#pending = kept;
    // Carried over what was left out, one and what takes it back need not be nothing together any more.
    if (refused.length > 0) {
      for (const pending of kept) pending.undoes = undefined;
      // Nor does what is below them on the stacks fit any more.
      this.#undo.clear();
      this.#redo.clear();
    }
    for (const { pending, problem } of refused) {
      dropLevel(pending);
      this.#settled(numbersOf(pending), { kind: "refused", problem, change: pending.change });
    }
    this.#keep();
  }

  // Telling ---------------------------------------------------------------------------------------------------

  #tellDifference(before: Workspace, site: number): void {
    if (before === this.#view) return;
    this.#treeChanged(treeDifference(before, this.#view), "remote", site);
    this.#edited(textDifference(before, this.#view), "remote", site);
  }

  #treeEvents(before: Workspace, touched: readonly NodeId[], origin: Origin, site: number): void {
    if (touched.length > 0) this.#treeChanged(treeDifferenceOf(touched, before, this.#view), origin, site);
  }

  #treeChanged(changes: readonly TreeChange[], origin: Origin, site: number): void {
    if (changes.length > 0) this.#event({ kind: "tree", changes, origin, site });
  }

  #edited(edits: readonly Edit[], origin: Origin, site: number): void {
    for (const { node, op } of edits) {
      if (op.length > 0) this.#event({ kind: "edited", node, op, origin, site });
    }
  }

  #settled(changes: readonly ChangeNumber[], outcome: Outcome): void {
    this.#event({ kind: "settled", changes, outcome });
  }

  #keep(): void {
    this.#tell({ kind: "keep" });
  }

  #event(event: ClientEvent): void {
    this.#tell({ kind: "event", event });
  }

  // Kept for later --------------------------------------------------------------------------------------------

  /** What another run needs in order to send what this one has not. */
  unsentChanges(): UnsentChange[] {
    return this.#pending.map(({ change, atomic, task, conditions, lost, problem }) => ({
      change,
      atomic,
      ...beside(task, conditions),
      ...lost === undefined ? {} : { lost },
      ...problem === undefined ? {} : { problem },
    }));
  }

  /**
   * What is pending may be in the log already: laid over the difference it would be there twice, so it is handed back.
   */
  forgetBase(): void {
    this.#base = undefined;
  }

  /** What is pending was made on, as far as another run needs it. */
  base(): BaseNode[] {
    const known = this.#confirmed ?? this.#base;
    return known === undefined ? [] : baseOf(this.#pending, known);
  }

  /** Takes over what an earlier run could not send. */
  takeOver({ revision, site, counter, changes, inFlight, seq, base }: Unsent): void {
    this.#base = new PendingBase(base);
    this.#revision = revision;
    this.#site = site;
    this.#counter = counter;
    this.#pending = changes.map(({ change, atomic, task, conditions, lost, problem }) => ({
      made: [{ number: this.#nextNumber++, nodes: change.edits.map(({ node }) => node) }],
      change,
      resolved: emptyChange.steps,
      atomic,
      group: this.#grouping.next(),
      ...beside(task, conditions),
      level: undefined,
      bytes: bytesOf(change, beside(task, conditions)),
      undoes: undefined,
      ...lost === undefined ? {} : { lost },
      problem,
    }));
    for (const node of mentioned(this.#pending)) this.#loaded.made(node);
    if (inFlight !== undefined) this.#inFlight = { seq, frame: fromHex(inFlight) };
  }

  save(): SavedReplica {
    const confirmed = this.#confirmed ?? Workspace.empty;
    return {
      confirmed: this.#confirmed === undefined ? null : saveWorkspace(this.#confirmed, Workspace.empty),
      base: this.#base?.save() ?? null,
      revision: this.#revision,
      view: saveWorkspace(this.#view, confirmed),
      viewIsWhole: this.#viewIsWhole,
      site: this.#site,
      counter: this.#counter,
      limits: this.limits ?? null,
      pending: this.#pending.map((pending) => this.#savePending(pending)),
      inFlight: this.#inFlight === undefined
        ? null
        : { seq: this.#inFlight.seq, frame: toHex(this.#inFlight.frame) },
      nextNumber: this.#nextNumber,
      undo: this.#undo.save(),
      redo: this.#redo.save(),
      grouping: this.#grouping.save(),
      loaded: this.#loaded.save(),
    };
  }

  #savePending(
    { made, change, resolved, atomic, group, task, conditions, level, bytes, undoes, problem, lost }: Pending,
  ): SavedPending {
    const at = level === undefined ? null : {
      stack: level.stack === this.#undo ? "undo" : "redo",
      at: level.stack.indexOf(level.level),
    } as const;
    const taken = undoes === undefined ? -1 : this.#pending.indexOf(undoes);
    return {
      ...{ made: made.slice(), change, resolved, atomic, group, level: at, bytes, undoes: taken },
      ...beside(task, conditions),
      ...lost === undefined ? {} : { lost },
      problem: problem ?? null,
    };
  }

  static restore(
    saved: SavedReplica,
    options: ReplicaOptions,
    tell: (output: ClientOutput) => void,
  ): Replica {
    const replica = new Replica(options, tell);
    const confirmed = saved.confirmed === null
      ? undefined
      : restoreWorkspace(saved.confirmed, Workspace.empty);
    replica.#confirmed = confirmed;
    replica.#base = saved.base === null ? undefined : new PendingBase(saved.base);
    replica.#revision = saved.revision;
    replica.#view = restoreWorkspace(saved.view, confirmed ?? Workspace.empty);
    replica.#viewIsWhole = saved.viewIsWhole;
    replica.#site = saved.site;
    replica.#counter = saved.counter;
    replica.limits = saved.limits ?? undefined;
    replica.#undo = Stack.restore(saved.undo);
    replica.#redo = Stack.restore(saved.redo);
    for (const pending of saved.pending) replica.#pending.push(replica.#restorePending(pending));
    if (saved.inFlight !== null) {
      replica.#inFlight = { seq: saved.inFlight.seq, frame: fromHex(saved.inFlight.frame) };
    }
    replica.#nextNumber = saved.nextNumber;
    replica.#grouping = Grouping.restore(options.pauseUs, saved.grouping);
    replica.#loaded = Loaded.restore(options.lazy ?? false, saved.loaded);
    return replica;
  }

  #restorePending({ made, level: at, undoes, problem, ...rest }: SavedPending): Pending {
    let level: Pending["level"];
    if (at !== null) {
      const stack = at.stack === "undo" ? this.#undo : this.#redo;
      // One that has left its stack stays one of a kind: it stands for the change that it was made for.
      const { group, task } = rest;
      level = {
        stack,
        level: stack.at(at.at) ?? { group, ...beside(task), undoing: undefined, incoming: [] },
      };
    }
    return {
      ...rest,
      made: made.slice(),
      level,
      undoes: this.#pending[undoes],
      problem: problem ?? undefined,
    };
  }
}

/** What goes with a change, as far as there is anything. */
function beside(
  task: string | undefined,
  conditions?: readonly Condition[],
): { readonly task?: string; readonly conditions?: readonly Condition[] } {
  return {
    ...task === undefined ? {} : { task },
    ...conditions === undefined || conditions.length === 0 ? {} : { conditions },
  };
}

/** A change took no effect: there is nothing to take back. */
function dropLevel({ level }: Pending): void {
  if (level !== undefined) level.stack.drop(level.level);
}
