/**
 * What is different between two workspaces, as an application is told of it: places in the tree, what blobs hold, and
 * texts.
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
    if (after.node(node.id) === undefined && node.tombstone === undefined) changes.push(gone(node));
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
    const change = is !== undefined
      ? treeChange(was, is)
      : was !== undefined && was.tombstone === undefined
      ? gone(was)
      : undefined;
    if (change !== undefined) changes.push(change);
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
    one?.parent === two?.parent && one?.name === two?.name && sameContent(one?.content, two?.content)
  ) return undefined;
  return { node: after.id, kind: after.kind, before: one && placeOf(one), after: two && placeOf(two) };
}

function gone(node: Node): TreeChange {
  return { node: node.id, kind: node.kind, before: placeOf(node), after: undefined };
}

function placeOf({ parent, name, content }: Node): TreePlace {
  return content === undefined ? { parent, name } : { parent, name, content };
}
