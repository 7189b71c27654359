/**
 * What the server would refuse an own change for, said before it is made.
 *
 * @module
 */

import {
  type Author,
  blobGrowthOf,
  type Change,
  editsAreNormal,
  faultOf,
  growthOf,
  type NodeId,
  type NodeKind,
  resolve,
  type Workspace,
} from "../../ot/mod.ts";
import { codes, type Condition, conditionsMax, isTask, type Limits } from "../../proto/mod.ts";
import type { Loaded } from "./loaded.ts";
import { bytesOf } from "./pending.ts";
import type { Problem } from "./types.ts";

/** What is wrong with a change of `view`; undefined if nothing is. */
export function problemOf(
  change: Change,
  view: Workspace,
  author: Author,
  limits: Limits,
  loaded: Loaded,
  beside: { readonly task?: string; readonly conditions?: readonly Condition[] } = {},
): Problem | undefined {
  const { task, conditions = [] } = beside;
  if (task !== undefined && !isTask(task)) return { code: "bad_task", message: codes.bad_task.text };
  if (conditions.length > conditionsMax) {
    return { code: "change_too_long", message: codes.change_too_long.text };
  }
  if (!editsAreNormal(change.edits)) return { code: "not_normal", message: codes.not_normal.text };
  const resolution = resolve(change.steps, view, author);
  if ("fault" in resolution) return { code: resolution.fault, message: resolution.message };
  const created = new Map<NodeId, NodeKind>();
  for (const step of change.steps) if (step.kind === "create") created.set(step.node, step.type);
  for (const step of change.steps) {
    if ("content" in step && step.content !== undefined && step.content.bytes > limits.blobBytes) {
      return { code: "blob_too_long", message: codes.blob_too_long.text };
    }
  }
  const room = limits.workspaceLength - view.textLength - view.blobBytes;
  const blobGrowth = blobGrowthOf(resolution.steps, view);
  if (blobGrowth > 0 && blobGrowth > room) {
    return { code: "workspace_full", message: codes.workspace_full.text };
  }
  for (const { node, op } of change.edits) {
    const kind = created.get(node) ?? view.node(node)?.kind;
    if (kind === undefined) return { code: "unknown_node", message: `There is no node ${node}` };
    if (kind !== "text") return { code: "not_a_file", message: codes.not_a_file.text };
    if (!created.has(node) && !loaded.has(node)) {
      return { code: "not_loaded", message: "The text of the file is not here. Load the file first." };
    }
    const text = view.text(node);
    const fault = faultOf(op, text);
    if (fault !== undefined) return { code: fault, message: codes[fault].text };
    const growth = growthOf(op);
    if (growth > 0 && text.length + growth > limits.textLength) {
      return { code: "text_too_long", message: codes.text_too_long.text };
    }
    if (growth > 0 && growth > room && !mayMakeRoom(view)) {
      return { code: "workspace_full", message: codes.workspace_full.text };
    }
  }
  if (created.size > 0 && view.size + created.size > limits.nodes && !mayMakeRoom(view)) {
    return { code: "too_many_nodes", message: codes.too_many_nodes.text };
  }
  if (bytesOf(change, beside) > limits.messageBytes) {
    return { code: "change_too_long", message: codes.change_too_long.text };
  }
  return undefined;
}

/** Whether anything is removed: the server may forget that if there is no room otherwise. */
function mayMakeRoom(view: Workspace): boolean {
  for (const { tombstone } of view.nodes()) if (tombstone !== undefined) return true;
  return false;
}
