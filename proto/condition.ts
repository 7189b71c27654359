/**
 * What has to hold of a workspace for a change to take its place in the order.
 *
 * It is looked at where the change is sequenced, on the state that it is really applied to: between the look and the
 * change nothing can come.
 *
 * @module
 */

import type { NodeId } from "../ot/mod.ts";
import type { distspace as wire } from "./generated/space.js";
import { idOf, idToWire, malformed, whole } from "./wire.ts";

/** One thing that has to hold. Own entries of the session do not count as changes. */
export type Condition =
  /**
   * The node is live, and nobody else has changed since this revision what it holds: a text, a blob, or what a directory
   * has directly in it.
   */
  | { readonly kind: "content"; readonly node: NodeId; readonly since: number }
  /** The node is live, and nobody else has since moved, renamed, removed or restored it or a directory above it. */
  | { readonly kind: "path"; readonly node: NodeId; readonly since: number }
  /**
   * This change edits the text of the node, and meets nobody else's edit made since this revision, which is the base:
   * neither removes what the other removes, or inserts into that. With an earlier revision it does not hold.
   */
  | { readonly kind: "apart"; readonly node: NodeId; readonly since: number }
  /** Neither the node nor a directory above it is removed. */
  | { readonly kind: "live"; readonly node: NodeId }
  /** The node is what stands at a path; without a node, nothing does. */
  | { readonly kind: "stands"; readonly path: string; readonly node: NodeId | undefined };

/** So many conditions one change may have. */
export const conditionsMax = 10_000;

export function conditionToWire(condition: Condition): wire.Condition {
  const node = condition.node === undefined ? null : idToWire(condition.node);
  switch (condition.kind) {
    case "content":
      return { node, contentSince: condition.since };
    case "path":
      return { node, pathSince: condition.since };
    case "apart":
      return { node, apartSince: condition.since };
    case "live":
      return { node, live: true };
    case "stands":
      return { node, path: condition.path };
  }
}

export function conditionsOf(conditions: readonly wire.Condition[]): Condition[] {
  if (conditions.length > conditionsMax) {
    throw malformed(`a change has more than ${conditionsMax} conditions`);
  }
  return conditions.map(conditionOf);
}

function conditionOf({ node, contentSince, pathSince, apartSince, live, path }: wire.Condition): Condition {
  if (path !== null && path !== undefined) {
    return { kind: "stands", path, node: node ? idOf(node) : undefined };
  }
  if (!node) throw malformed("a condition is about no node");
  if (contentSince !== null && contentSince !== undefined) {
    return { kind: "content", node: idOf(node), since: whole(contentSince) };
  }
  if (pathSince !== null && pathSince !== undefined) {
    return { kind: "path", node: idOf(node), since: whole(pathSince) };
  }
  if (apartSince !== null && apartSince !== undefined) {
    return { kind: "apart", node: idOf(node), since: whole(apartSince) };
  }
  if (live === true) return { kind: "live", node: idOf(node) };
  throw malformed("a condition says nothing that is known here");
}
