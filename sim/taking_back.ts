/**
 * Somebody takes back what one's own session has done: asks what would be there without it, and does that if nothing has
 * happened since.
 *
 * @module
 */

import type { Change, Edit, NodeId, Step, Workspace } from "../ot/mod.ts";
import type { Answer, Condition, Query, UndoneItem } from "../proto/mod.ts";
import type { ClientHost } from "./client_host.ts";

/** A change, and what it depends on. */
export interface TakenBack {
  readonly change: Change;
  readonly conditions: readonly Condition[];
}

/** Waits for the answer to one question at a time. */
export class TakingBack {
  #asked: { readonly id: number; readonly epoch: string; readonly items: UndoneItem[] } | undefined;
  #answered:
    | { readonly epoch: string; readonly revision: number; readonly items: readonly UndoneItem[] }
    | undefined;

  /** The question; undefined if something is on its way, which the answer would not know of. */
  question(id: number, back: number, { core }: ClientHost): Query | undefined {
    const { revision, epoch, site } = core;
    if (core.unsentCount > 0 || revision <= back) return undefined;
    this.#asked = { id, epoch, items: [] };
    const choice = { authors: [], sites: [site], tasks: [], revisions: [] };
    const from = { revision: revision - back, time: 0 };
    return {
      ...{ kind: "query", id, at: { revision, time: 0 }, paths: [], globs: [], after: "" },
      question: { kind: "entries", from, ...choice, newest: false, count: 0, changes: false, undone: true },
    };
  }

  /** Takes a piece of an answer, if it is to this. */
  heard({ id, items, last, next, code, revision }: Answer): void {
    const asked = this.#asked;
    if (asked?.id !== id) return;
    for (const item of items) if (item.kind === "undone") asked.items.push(item);
    if (!last) return;
    this.#asked = undefined;
    if (code === "" && next === "") this.#answered = { epoch: asked.epoch, revision, items: asked.items };
  }

  /** What is to be done now; undefined if that is nothing, or would not be what was answered. */
  take({ core }: ClientHost): TakenBack | undefined {
    const answered = this.#answered;
    this.#answered = undefined;
    const isNow = answered?.epoch === core.epoch && answered.revision === core.revision &&
      core.unsentCount === 0;
    if (answered === undefined || !isNow || core.confirmed === undefined) return undefined;
    const items = answered.items.filter(({ id, op, forgotten }) =>
      !forgotten && core.view.node(id) !== undefined && (op.length === 0 || core.isLoaded(id))
    );
    const taken = changeOf(items, core.view, core.revision, (index) => core.nextId(index));
    return taken.change.steps.length + taken.change.edits.length === 0 ? undefined : taken;
  }
}

function changeOf(
  items: readonly UndoneItem[],
  view: Workspace,
  since: number,
  idAt: (index: number) => NodeId,
): TakenBack {
  const steps: Step[] = [], removals: Step[] = [], edits: Edit[] = [], conditions: Condition[] = [];
  for (const { id, place, executable, op } of items) {
    const now = view.node(id)!;
    if (executable !== undefined) steps.push({ kind: "mode", node: id, executable });
    if (op.length > 0) edits.push({ node: id, op });
    if (place === undefined) continue;
    const { live, parent, name } = place;
    if (!live) {
      if (now.tombstone !== undefined) continue;
      removals.push({ kind: "remove", node: id, tombstone: idAt(removals.length) });
      if (view.isLive(id)) conditions.push({ kind: "content", node: id, since });
      continue;
    }
    if (now.tombstone !== undefined) steps.push({ kind: "restore", node: id, tombstone: now.tombstone });
    if (parent !== now.parent && view.node(parent) !== undefined) {
      steps.push({ kind: "move", node: id, parent });
    }
    if (name !== now.name) steps.push({ kind: "rename", node: id, name });
  }
  return { change: { steps: [...steps, ...removals], edits }, conditions };
}
