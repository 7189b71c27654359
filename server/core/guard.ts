/**
 * Whether a change keeps to what its author may do. Looked at when the change takes its place, so it is about the
 * workspace as it is then: before the change, and after.
 *
 * What its author cannot see is treated as what is not there: nothing in an answer tells the two apart.
 *
 * @module
 */

import type { Change, NodeId, Step, Workspace } from "../../ot/mod.ts";
import type { Condition } from "../../proto/mod.ts";
import type { Rights } from "./rights.ts";
import type { ScopedLog } from "./scoped_log.ts";

export class Guard {
  readonly #rights: Rights;
  /** How it is known what the author has seen; undefined if that is everything. */
  readonly #view: Pick<ScopedLog, "floor" | "enteredAt"> | undefined;

  constructor(rights: Rights, view: Pick<ScopedLog, "floor" | "enteredAt"> | undefined) {
    this.#rights = rights;
    this.#view = view;
  }

  /** What an author who may see a part has seen before this revision, nobody can say. */
  get floor(): number {
    return this.#view?.floor ?? 0;
  }

  /** The nodes that a change speaks of and its author cannot see, or could not all the time since `base`. */
  outOfSight({ steps, edits }: Change, base: number, workspace: Workspace): NodeId[] {
    const made = new Set<NodeId>(), out = new Set<NodeId>();
    const look = (node: NodeId) => {
      if (!made.has(node) && !this.#rights.read.sees(workspace, node)) out.add(node);
    };
    for (const step of steps) {
      if (step.kind === "create") made.add(step.node);
      else look(step.node);
      if ("parent" in step) look(step.parent);
    }
    for (const { node } of edits) {
      look(node);
      // The text that its author saw is not that of the log with what is known to both on top.
      if (this.#view !== undefined && this.#view.enteredAt(node) > base) out.add(node);
    }
    return [...out];
  }

  /**
   * Whether conditions are about what their author can see, and about nothing else: the answer must not tell what is
   * there. If not, with the nodes that it is about.
   */
  blindness(conditions: readonly Condition[], workspace: Workspace): readonly NodeId[] | undefined {
    const { read } = this.#rights;
    const nodes = new Set<NodeId>();
    let isBlind = false;
    for (const condition of conditions) {
      const { kind, node } = condition;
      if (kind === "stands" && node === undefined) isBlind ||= !read.coversPath(condition.path);
      if (node === undefined) continue;
      if (!read.sees(workspace, node)) nodes.add(node);
      else if (
        kind === "content" && workspace.node(node)?.kind === "directory" &&
        !read.stateAt(workspace, node).covers
      ) nodes.add(node);
    }
    return isBlind || nodes.size > 0 ? [...nodes] : undefined;
  }

  /** In which revision a node has come into sight; 0 if it always was, as far as is known. */
  enteredAt(node: NodeId): number {
    return this.#view?.enteredAt(node) ?? 0;
  }

  /** Whether a node is there, and its author cannot see it. */
  isOutOfSight(node: NodeId, workspace: Workspace): boolean {
    return workspace.node(node) !== undefined && !this.#rights.read.sees(workspace, node);
  }

  /** The nodes that a change does something to that its author may not do, at either end. */
  forbidden(steps: readonly Step[], edited: readonly NodeId[], before: Workspace): NodeId[] {
    const { edit, tree } = this.#rights;
    const after = steps.length === 0 ? before : before.apply({ steps, edits: [] });
    const out = new Set<NodeId>();
    const edits = new Set(edited);
    for (const step of steps) {
      const { node } = step, isNew = before.node(node) === undefined;
      // What a binary file holds, and whether a file can be executed, is what a text is to others.
      if ("content" in step || "executable" in step) edits.add(node);
      if (step.kind === "replace" || step.kind === "mode") continue;
      // What is in a directory goes where it goes.
      const isAllowed = (isNew || tree.coversAll(before, node)) && tree.coversAll(after, node);
      if (!isAllowed) out.add(node);
    }
    for (const node of edits) {
      const isNew = before.node(node) === undefined;
      if (!(isNew || edit.covers(before, node)) || !edit.covers(after, node)) out.add(node);
    }
    return [...out];
  }
}
