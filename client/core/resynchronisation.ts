/**
 * Going on from a snapshot with what is pending, where the log could not be followed from where we were: it is
 * carried over the difference to what it was made on, and renumbered if it will be sent by another session.
 *
 * @module
 */

import {
  difference,
  type Edit,
  invert,
  type Node,
  type NodeId,
  normalizeEdits,
  parseId,
  Text,
  transformEdits,
  type Workspace,
} from "../../ot/mod.ts";
import { part, type Pending } from "./pending.ts";
import { renumberedStep } from "./steps.ts";

/** The ids that what is pending speaks of. */
export function mentioned(pending: readonly Pending[]): ReadonlySet<NodeId> {
  const ids = new Set<NodeId>();
  for (const { change: { steps, edits } } of pending) {
    for (const { node } of edits) ids.add(node);
    for (const step of steps) {
      ids.add(step.node);
      if ("parent" in step) ids.add(step.parent);
      if ("tombstone" in step && step.tombstone !== undefined) ids.add(step.tombstone);
    }
  }
  return ids;
}

/** Gives other ids to all that is pending and was made under `site`; says which, by the former ones. */
export function renumberPending(
  pending: readonly Pending[],
  site: number,
  mint: () => NodeId,
): ReadonlyMap<NodeId, NodeId> {
  const ids = new Map<NodeId, NodeId>();
  const renew = (id: NodeId) => {
    if (parseId(id)?.site === site && !ids.has(id)) ids.set(id, mint());
  };
  for (const { change: { steps } } of pending) {
    for (const step of steps) {
      if (step.kind === "create") renew(step.node);
      if (step.kind === "remove") renew(step.tombstone);
    }
  }
  if (ids.size === 0) return ids;
  const now = (id: NodeId) => ids.get(id) ?? id;
  for (const one of pending) {
    one.change = {
      steps: one.change.steps.map((step) => renumberedStep(step, now)),
      edits: normalizeEdits(one.change.edits.map(({ node, op }) => ({ node: now(node), op }))),
    };
    one.made = one.made.map(({ number, nodes }) => ({ number, nodes: nodes.map(now) }));
    if (one.conditions !== undefined) {
      one.conditions = one.conditions.map((condition) =>
        condition.node === undefined ? condition : { ...condition, node: now(condition.node) }
      );
    }
    // Until the snapshot is here the view stays laid out as it was, under the new ids.
    one.resolved = one.resolved.map((step) => renumberedStep(step, now));
  }
  return ids;
}

/** What pending changes were made on: a workspace, or what is known of one. */
export interface Before {
  node(id: NodeId): Pick<Node, "kind" | "name"> | undefined;
  text(id: NodeId): Text;
}

/**
 * Carries what is pending from `before`, if that is known, to `after`; says what of it cannot be.
 *
 * @param isSameLog whether equal ids name equal nodes. Another log counts its sites anew: there an id may name
 * something else, and what goes by another name is taken for that. Nobody's typing lands in somebody else's file.
 */
export function rebase(
  pending: readonly Pending[],
  before: Before | undefined,
  after: Workspace,
  isSameLog: boolean,
): { readonly kept: Pending[]; readonly lost: readonly Pending[] } {
  const isThere = (id: NodeId) => {
    const was = before?.node(id), is = after.node(id);
    if (is === undefined || was === undefined) return false;
    return isSameLog || (is.kind === was.kind && is.name === was.name);
  };
  const kept: Pending[] = [], lost: Pending[] = [];
  let over: readonly Edit[] = [];
  if (before !== undefined) {
    const touched = new Set(pending.flatMap(({ change }) => change.edits.map(({ node }) => node)));
    over = normalizeEdits(
      [...touched].filter(isThere)
        .map((node) => ({ node, op: difference(before.text(node), after.text(node)) })),
    );
  }
  const created = new Set<NodeId>();
  // The texts as each change was made on them, and what takes back those that are lost.
  const texts = new Map<NodeId, Text>();
  const textOf = (node: NodeId) =>
    texts.get(node) ?? (before?.node(node) === undefined ? Text.empty : before.text(node));
  const inverses: (readonly Edit[])[] = [];
  const keep = (one: Pending, edits: readonly Edit[]) => {
    const carried = transformEdits(edits, over, "right");
    over = transformEdits(over, edits, "left");
    for (const { node, op } of edits) texts.set(node, textOf(node).apply(op));
    one.change = { steps: one.change.steps, edits: carried };
    kept.push(one);
  };
  for (const one of pending) {
    for (let i = 0; i < inverses.length; i++) {
      const { steps, edits } = one.change;
      one.change = { steps, edits: transformEdits(edits, inverses[i]!, "right") };
      inverses[i] = transformEdits(inverses[i]!, edits, "left");
    }
    const { steps, edits } = one.change;
    for (const step of steps) if (step.kind === "create") created.add(step.node);
    const isHomeless = (node: NodeId) => !created.has(node) && !isThere(node);
    const homeless = edits.map(({ node }) => node).filter(isHomeless);
    // What its conditions say of another log is not known.
    const isMisled = !isSameLog &&
      (one.conditions !== undefined || steps.some(({ node }) => isHomeless(node)));
    if (homeless.length === 0 && !isMisled) {
      keep(one, edits);
      continue;
    }
    const { wrong, right } = part(one, homeless);
    lost.push(wrong);
    // Of what was made here, the text is known also where nothing before is.
    const known = wrong.change.edits.filter(({ node }) =>
      before?.node(node) !== undefined || created.has(node)
    );
    inverses.push(known.map(({ node, op }) => ({ node, op: invert(op, textOf(node)) })));
    if (right !== undefined) keep(right, right.change.edits);
  }
  return { kept, lost };
}
