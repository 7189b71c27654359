/**
 * Undo and redo of one's own changes amid those of others.
 *
 * What is undone is the change as it took effect, carried over what others have done since. A stack keeps, for
 * each own change, the edits that take it back; the top one fits the present, each one below fits what was there
 * before the one above it. Entries of others have to come down through the whole stack:
 *
 *     present ──U3──► before 3 ──U2──► before 2 ──U1──► before 1
 *        │R              │R'              │R''
 *        ▼               ▼                ▼
 *            each U is transformed over R, and R over U for the next one down
 *
 * That is done when somebody asks: a level keeps what has come in from above, and works it off when it gets to
 * the top. (The idea of CodeMirror's and ProseMirror's histories; here it is edits of several files at once.)
 * What others do in files that no level edits is not kept, and of the rest so much at most: where a busy file has
 * seen more since, the oldest changes cannot be taken back any more.
 *
 * A change that is still on its way has no level of its own yet: what takes it back is only certain with its
 * acknowledgement. Of two deletions of one text, the second one deletes nothing, and undoing it restores nothing.
 *
 * @module
 */

import {
  type BlobContent,
  composeEdits,
  type Edit,
  invert,
  type Node,
  type NodeId,
  sameContent,
  type Step,
  transformEdits,
  type Workspace,
} from "../../ot/mod.ts";
import type { GroupId } from "./grouping.ts";

/** What takes back one tree step, if nobody has changed the same thing since. */
export type Inverse =
  | { readonly kind: "remove"; readonly node: NodeId }
  | { readonly kind: "restore"; readonly node: NodeId; readonly tombstone: NodeId }
  | { readonly kind: "move"; readonly node: NodeId; readonly from: NodeId; readonly to: NodeId }
  | { readonly kind: "rename"; readonly node: NodeId; readonly from: string; readonly to: string }
  | { readonly kind: "replace"; readonly node: NodeId; readonly from: BlobContent; readonly to: BlobContent }
  | { readonly kind: "mode"; readonly node: NodeId; readonly to: boolean };

/** What takes back one change. */
export interface Undoing {
  readonly edits: readonly Edit[];
  readonly inverses: readonly Inverse[];
}

export interface Level {
  readonly group: GroupId;
  /** What its change is a part of. */
  readonly task?: string;
  /** Undefined while the change is on its way. */
  undoing: Undoing | undefined;
  /** Edits of others that have come in from above, and are not worked off. */
  readonly incoming: (readonly Edit[])[];
}

/** What may come in before it is worked off. */
const incomingMax = 5000;
/** How many changes of others all levels keep together, and how many of them go at once where it is more. */
const waitingMax = 50_000, waitingDropped = 10_000;
/** How many changes can be taken back; past that, the oldest thousand go at once, since moving an array costs. */
const levelsMax = 10_000, levelsDropped = 1000;

export interface SavedStack {
  /** From the bottom; those without an `undoing` are on their way. */
  readonly levels: readonly {
    readonly group: GroupId;
    readonly task?: string;
    readonly undoing: Undoing | null;
    readonly incoming: readonly (readonly Edit[])[];
  }[];
}

export class Stack {
  #levels: Level[] = [];
  /** How many levels from the bottom have been acknowledged. */
  #settled = 0;
  /** How many changes of others have come in and are not worked off, at all levels. */
  #waiting = 0;
  /** The files that acknowledged levels edit, and how many do. */
  readonly #edited = new Map<NodeId, number>();

  /** An own change, which is on its way. */
  push(group: GroupId, task: string | undefined): Level {
    const level: Level = { group, ...task === undefined ? {} : { task }, undoing: undefined, incoming: [] };
    this.#levels.push(level);
    if (this.#levels.length > levelsMax && this.#settled >= levelsDropped) this.#forget(levelsDropped);
    return level;
  }

  /** The change of a level took effect: now it is known what takes it back. */
  settle(level: Level, undoing: Undoing): void {
    const index = this.indexOf(level);
    if (index < 0) return;
    level.undoing = undoing;
    this.#settled = index + 1;
    this.#count(undoing.edits, 1);
  }

  /** The change of a level took no effect. */
  drop(level: Level): void {
    this.#levels = this.#levels.filter((other) => other !== level);
  }

  has(level: Level | undefined): boolean {
    return level !== undefined && this.indexOf(level) >= 0;
  }

  clear(): void {
    this.#levels = [];
    this.#settled = 0;
    this.#waiting = 0;
    this.#edited.clear();
  }

  get isEmpty(): boolean {
    return this.#levels.length === 0;
  }

  /** The group that would be undone. */
  get top(): GroupId | undefined {
    return this.#levels[this.#levels.length - 1]?.group;
  }

  /** What the group that would be undone is a part of. */
  get topTask(): string | undefined {
    return this.#levels[this.#levels.length - 1]?.task;
  }

  /** Edits of others, as they are to the newest acknowledged level. */
  feed(edits: readonly Edit[]): void {
    // Who has done nothing, and only reads, hears most.
    if (edits.length === 0 || this.#settled === 0) return;
    const isOfUse = ({ node }: Edit) => this.#edited.has(node);
    const kept = edits.every(isOfUse) ? edits : edits.filter(isOfUse);
    if (kept.length === 0) return;
    const level = this.#levels[this.#settled - 1]!;
    level.incoming.push(kept);
    this.#waiting++;
    if (level.incoming.length > incomingMax) this.#workOff(this.#settled - 1);
    if (this.#waiting > waitingMax) this.#forgetOldest();
  }

  /** Takes off the newest level, if it is of `group`. */
  pop(group: GroupId): Level | undefined {
    const index = this.#levels.length - 1;
    if (index < 0 || this.#levels[index]!.group !== group) return undefined;
    if (index < this.#settled) {
      this.#workOff(index);
      this.#settled--;
      this.#count(this.#levels[index]!.undoing!.edits, -1);
    }
    return this.#levels.pop();
  }

  /** Where a level stands, from the bottom; -1 if it is not there any more. */
  indexOf(level: Level): number {
    return this.#levels.indexOf(level, this.#settled);
  }

  at(index: number): Level | undefined {
    return this.#levels[index];
  }

  save(): SavedStack {
    const levels = this.#levels.map(({ group, task, undoing, incoming }) => ({
      group,
      ...task === undefined ? {} : { task },
      undoing: undoing ?? null,
      incoming: incoming.slice(),
    }));
    return { levels };
  }

  static restore({ levels }: SavedStack): Stack {
    const stack = new Stack();
    for (const { undoing, incoming, ...level } of levels) {
      stack.#levels.push({ ...level, undoing: undoing ?? undefined, incoming: incoming.slice() });
      stack.#waiting += incoming.length;
      if (undoing === null) continue;
      stack.#settled++;
      stack.#count(undoing.edits, 1);
    }
    return stack;
  }

  /** Carries a level over what has come in, and hands that down. */
  #workOff(index: number): void {
    const level = this.#levels[index]!;
    const below = this.#levels[index - 1];
    let { edits } = level.undoing!;
    this.#count(edits, -1);
    for (const incoming of level.incoming) {
      const passed = transformEdits(incoming, edits, "left");
      edits = transformEdits(edits, incoming, "right");
      if (below === undefined || passed.length === 0) continue;
      below.incoming.push(passed);
      this.#waiting++;
    }
    this.#count(edits, 1);
    this.#waiting -= level.incoming.length;
    level.incoming.length = 0;
    level.undoing = { edits, inverses: level.undoing!.inverses };
  }

  /** Lets the oldest levels go, up to where less waits. */
  #forgetOldest(): void {
    let count = 0;
    for (let left = this.#waiting; left > waitingMax - waitingDropped; count++) {
      left -= this.#levels[count]!.incoming.length;
    }
    this.#forget(count);
  }

  /** Lets so many of the oldest levels go; all of them are acknowledged. */
  #forget(count: number): void {
    for (const { undoing, incoming } of this.#levels.splice(0, count)) {
      this.#count(undoing!.edits, -1);
      this.#waiting -= incoming.length;
    }
    this.#settled -= count;
  }

  /** Counts one more, or one less, of the acknowledged levels for each file that it edits. */
  #count(edits: readonly Edit[], by: 1 | -1): void {
    for (const { node } of edits) {
      const count = (this.#edited.get(node) ?? 0) + by;
      if (count === 0) this.#edited.delete(node);
      else this.#edited.set(node, count);
    }
  }
}

/** What takes back a change of `before` that came to these steps and edits. */
export function undoingOf(steps: readonly Step[], edits: readonly Edit[], before: Workspace): Undoing {
  const inverses: Inverse[] = [];
  const created = new Set<NodeId>();
  for (const step of steps) {
    const node = before.node(step.node);
    switch (step.kind) {
      case "create":
        created.add(step.node);
        inverses.push({ kind: "remove", node: step.node });
        break;
      case "move":
        inverses.push({ kind: "move", node: step.node, from: step.parent, to: node!.parent });
        break;
      case "rename":
        inverses.push({ kind: "rename", node: step.node, from: step.name, to: node!.name });
        break;
      case "remove":
        inverses.push({ kind: "restore", node: step.node, tombstone: step.tombstone });
        break;
      case "restore":
        inverses.push({ kind: "remove", node: step.node });
        break;
      case "replace":
        inverses.push({ kind: "replace", node: step.node, from: step.content, to: node!.content! });
        break;
      case "mode":
        inverses.push({ kind: "mode", node: step.node, to: !step.executable });
    }
  }
  return {
    // What was written into a new file goes with the file.
    edits: edits.filter(({ node }) => !created.has(node))
      .map(({ node, op }) => ({ node, op: invert(op, before.text(node)) })),
    inverses: inverses.reverse(),
  };
}

/** The steps of an undo in the present state: what somebody else has changed since stays as it is. */
export function stepsOf(inverses: readonly Inverse[], present: Workspace, mint: () => NodeId): Step[] {
  const steps: Step[] = [];
  for (const inverse of inverses) {
    const node: Node | undefined = present.node(inverse.node);
    if (node === undefined) continue;
    switch (inverse.kind) {
      case "remove":
        if (node.tombstone === undefined) steps.push({ kind: "remove", node: node.id, tombstone: mint() });
        break;
      case "restore":
        if (node.tombstone === inverse.tombstone) {
          steps.push({ kind: "restore", node: node.id, tombstone: inverse.tombstone });
        }
        break;
      case "move":
        if (node.parent === inverse.from && present.node(inverse.to) !== undefined) {
          steps.push({ kind: "move", node: node.id, parent: inverse.to });
        }
        break;
      case "rename":
        if (node.name === inverse.from) steps.push({ kind: "rename", node: node.id, name: inverse.to });
        break;
      case "replace":
        if (sameContent(node.content, inverse.from)) {
          steps.push({ kind: "replace", node: node.id, content: inverse.to });
        }
        break;
      case "mode":
        if ((node.executable ?? false) !== inverse.to) {
          steps.push({ kind: "mode", node: node.id, executable: inverse.to });
        }
    }
  }
  return steps;
}

/** The steps of an undo that cannot be any more: what they bring back, or take it back to, is forgotten. */
export function forgottenSteps(inverses: readonly Inverse[], present: Workspace): Step[] {
  const steps: Step[] = [];
  for (const inverse of inverses) {
    const { node } = inverse, there = present.node(node);
    if (inverse.kind === "restore" && there === undefined) steps.push({ kind: "restore", node });
    if (inverse.kind === "move" && there?.parent === inverse.from && present.node(inverse.to) === undefined) {
      steps.push({ kind: "move", node, parent: inverse.to });
    }
  }
  return steps;
}

/** Both, one after the other. */
export function joinUndoings(first: Undoing, second: Undoing): Undoing {
  return {
    edits: composeEdits(first.edits, second.edits),
    inverses: [...first.inverses, ...second.inverses],
  };
}
