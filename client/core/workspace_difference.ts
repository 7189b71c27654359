/**
 * What is different between two workspaces, as an application is told of it: places in the tree, what blobs hold, which
 * files can be executed, and texts.
 *
 * @module
 */

import { difference, type Edit, type Node, type NodeId, sameContent, type Workspace } from "../../ot/mod.ts";
import type { TreeChange, TreePlace } from "./types.ts";

/** What has become of the places of all nodes. */
export function treeDifference(before: Workspace, after: Workspace): TreeChange[] {
  const changes: TreeChange[] = [];
  for (const node of after.nodes()) {
    const change = treeChange(before.node(node.id), node);
    if (change !== undefined) changes.push(change);
  }
  for (const node of before.nodes()) {
    if (after.node(node.id) === undefined) changes.push(gone(node));
  }
  return changes;
}

/** The same where it is known which nodes it can be. */
export function treeDifferenceOf(
  touched: readonly NodeId[],
  before: Workspace,
  after: Workspace,
): TreeChange[] {
  const changes: TreeChange[] = [];
  for (const id of new Set(touched)) {
    const was = before.node(id), is = after.node(id);
    if (is !== undefined) {
      const change = treeChange(was, is);
      if (change !== undefined) changes.push(change);
    } else if (was !== undefined) changes.push(gone(was));
  }
  return changes;
}

/** Edits that make the texts of `after` out of those of `before`. */
export function textDifference(before: Workspace, after: Workspace): Edit[] {
  const edits: Edit[] = [];
  for (const { id, kind } of after.nodes()) {
    if (kind !== "text") continue;
    const one = before.text(id), two = after.text(id);
    if (!one.equals(two)) edits.push({ node: id, op: difference(one, two) });
  }
  return edits;
}

function treeChange(before: Node | undefined, after: Node): TreeChange | undefined {
  const one = before === undefined || before.tombstone !== undefined ? undefined : before;
  const two = after.tombstone !== undefined ? undefined : after;
  if (
    one?.parent === two?.parent && one?.name === two?.name && one?.executable === two?.executable &&
    sameContent(one?.content, two?.content)
  ) return undefined;
  return { node: after.id, kind: after.kind, before: one && placeOf(one), after: two && placeOf(two) };
}

/** A node is not known any more, nor is its text. If it was removed before, it is neither there before nor after. */
function gone(node: Node): TreeChange {
  const before = node.tombstone === undefined ? placeOf(node) : undefined;
  return { node: node.id, kind: node.kind, before, after: undefined, forgotten: true };
}

function placeOf({ parent, name, content, executable }: Node): TreePlace {
  return { parent, name, ...content && { content }, ...executable && { executable } };
}
