/**
 * The entries of a workspace as those see them who may see a part of it: worked out once for all who see the same.
 *
 *     what happens to a node        what such a reader is told
 *     stays in sight                the same
 *     comes into sight              it is created, with its text
 *     goes out of sight             it has left
 *     stays out of sight            nothing; the entry keeps its revision, even if nothing else is left of it
 *
 * A step may take a whole directory across the edge. Where a directory has got another path, all that is in it is
 * looked at, unless the scope tells nothing apart there.
 *
 * It follows the log as it is sequenced, ahead of what is durable: who sends a change on a text that has been out of
 * sight meanwhile has not followed what became of it, and has to be found out at once.
 *
 * @module
 */

import {
  type Change,
  compareIds,
  type Edit,
  emptyChange,
  type NodeId,
  type Step,
  type Workspace,
} from "../../ot/mod.ts";
import type { Scope, ScopeState } from "./rights.ts";
import { weightOf } from "./sequencer.ts";

/** An entry as it is seen. */
export interface Sighting {
  readonly change: Change;
  readonly left: readonly NodeId[];
  /** Nodes that were there before and have come into sight. */
  readonly entered: readonly NodeId[];
}

const nothing: Sighting = { change: emptyChange, left: [], entered: [] };

export interface SavedScopedLog {
  readonly scope: string;
  readonly floor: number;
}

export class ScopedLog {
  readonly scope: Scope;
  #floor: number;
  /** `#sightings[i]` is of revision `floor + i + 1`. */
  readonly #sightings: Sighting[] = [];
  /** What they weigh, in bytes. */
  #weight = 0;
  /** In which revision nodes have come into sight, of those that are kept. */
  readonly #entered = new Map<NodeId, number>();

  /** @param floor The revision that it begins behind. */
  constructor(scope: Scope, floor: number) {
    this.scope = scope;
    this.#floor = floor;
  }

  /** The oldest revision that somebody can go on from. */
  get floor(): number {
    return this.#floor;
  }

  get weight(): number {
    return this.#weight;
  }

  /** What the reader is told of an entry that is kept. */
  sighting(revision: number): Sighting {
    return this.#sightings[revision - this.#floor - 1]!;
  }

  /** In which revision a node has come into sight; 0 if it has not, as far as is known. */
  enteredAt(node: NodeId): number {
    return this.#entered.get(node) ?? 0;
  }

  /** Takes in the next entry, which leads from one workspace to the other. */
  follow(change: Change, before: Workspace, after: Workspace): void {
    const sighting = sightingOf(change, before, after, this.scope);
    this.#sightings.push(sighting);
    this.#weight += weightOfSighting(sighting);
    const revision = this.#floor + this.#sightings.length;
    for (const node of sighting.entered) this.#entered.set(node, revision);
  }

  /** Forgets what came after `revision`: it was sequenced, and did not get into the log. */
  rollBack(revision: number): void {
    for (const sighting of this.#sightings.splice(revision - this.#floor)) {
      this.#weight -= weightOfSighting(sighting);
    }
    this.#entered.clear();
    this.#sightings.forEach(({ entered }, index) => {
      for (const node of entered) this.#entered.set(node, this.#floor + index + 1);
    });
  }

  /** Lets go of what came up to `floor`. */
  trim(floor: number): void {
    if (floor <= this.#floor) return;
    for (const sighting of this.#sightings.splice(0, floor - this.#floor)) {
      this.#weight -= weightOfSighting(sighting);
      for (const node of sighting.entered) {
        if (this.#entered.get(node)! <= floor) this.#entered.delete(node);
      }
    }
    this.#floor = floor;
  }

  /** Up to where it would have to be let go so that the rest weighs no more than so much. */
  floorFor(weightMax: number): number {
    let floor = this.#floor, weight = this.#weight;
    for (const sighting of this.#sightings) {
      if (weight <= weightMax) break;
      weight -= weightOfSighting(sighting);
      floor++;
    }
    return floor;
  }

  save(): SavedScopedLog {
    return { scope: this.scope.key, floor: this.#floor };
  }
}

/** What a change, which leads from one workspace to the other, is to somebody who sees a scope. */
export function sightingOf(change: Change, before: Workspace, after: Workspace, scope: Scope): Sighting {
  const { steps, edits } = change;
  if (steps.length === 0) {
    const seen = edits.filter(({ node }) => scope.covers(after, node));
    if (seen.length === edits.length) return { ...nothing, change };
    return seen.length === 0 ? nothing : { ...nothing, change: { steps, edits: seen } };
  }
  const left: NodeId[] = [], entered = new Set<NodeId>(), seen: Step[] = [], texts: Edit[] = [];
  const ofNode = Map.groupBy(steps, ({ node }) => node);
  for (const id of [...placed(steps, before, after, scope)].sort(compareIds)) {
    const was = before.node(id) !== undefined, saw = was && scope.sees(before, id);
    if (!scope.sees(after, id)) {
      if (saw) left.push(id);
    } else if (saw || !was) seen.push(...ofNode.get(id) ?? []);
    else {
      entered.add(id);
      const { parent, name, kind, tombstone, content, executable } = after.node(id)!;
      const create = { kind: "create", node: id, parent, name, type: kind } as const;
      seen.push({ ...create, ...content && { content }, ...executable && { executable } });
      if (tombstone !== undefined) seen.push({ kind: "remove", node: id, tombstone });
      const insert = kind === "text" ? after.text(id).toString() : "";
      if (insert !== "") texts.push({ node: id, op: [{ at: 0, remove: 0, insert }] });
    }
  }
  for (const edit of edits) {
    if (!entered.has(edit.node) && scope.covers(after, edit.node)) texts.push(edit);
  }
  texts.sort((a, b) => compareIds(a.node, b.node));
  return { change: { steps: seen, edits: texts }, left, entered: [...entered] };
}

/** The nodes that may be in sight before or after, and not both: those that have got a place, and what is in them. */
function placed(
  steps: readonly Step[],
  before: Workspace,
  after: Workspace,
  scope: Scope,
): ReadonlySet<NodeId> {
  const nodes = new Set<NodeId>();
  for (const { kind, node } of steps) {
    nodes.add(node);
    if (kind === "forget") {
      for (const id of before.within(node)) nodes.add(id);
    }
    if ((kind !== "move" && kind !== "rename") || before.node(node)!.kind !== "directory") continue;
    if (isSame(scope.stateAt(before, node), scope.stateAt(after, node))) continue;
    for (const workspace of [before, after]) addAllIn(workspace, node, nodes);
  }
  return nodes;
}

function addAllIn(workspace: Workspace, directory: NodeId, nodes: Set<NodeId>): void {
  for (const { id, kind } of workspace.allIn(directory)) {
    nodes.add(id);
    if (kind === "directory") addAllIn(workspace, id, nodes);
  }
}

function isSame(a: ScopeState, b: ScopeState): boolean {
  return a.layers.every((state, index) => state === b.layers[index]);
}

function weightOfSighting(sighting: Sighting): number {
  return sighting === nothing ? 8 : weightOf(sighting);
}
