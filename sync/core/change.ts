/**
 * What is to be done to the workspace, as a change with ids.
 *
 * @module
 */

import { type Change, compareIds, type Edit, insert, type NodeId, type Step, Text } from "../../ot/mod.ts";
import type { Item } from "./types.ts";

/** The change that these items make, and the ids of what they create, in order. `mint` gives ids that are new. */
export function changeOf(
  items: readonly Item[],
  mint: () => NodeId,
  placeOf: (node: NodeId) => { readonly parent: NodeId; readonly name: string },
): { readonly change: Change; readonly ids: readonly NodeId[] } {
  const numbers = new Map<NodeId, NodeId>();
  const idOf = (node: NodeId) => numbers.get(node) ?? node;
  const steps: Step[] = [], edits: Edit[] = [];
  for (const item of items) {
    switch (item.kind) {
      case "create": {
        const { name, type, content, executable } = item;
        const node = mint(), parent = idOf(item.parent);
        numbers.set(item.node, node);
        const create = { kind: "create", node, parent, name, type } as const;
        const step = executable ? { ...create, executable } : create;
        if (content === undefined || content instanceof Text) steps.push(step);
        else steps.push({ ...step, content });
        if (content instanceof Text && content.length > 0) {
          edits.push({ node, op: insert(0, content.toString()) });
        }
        break;
      }
      case "edit":
        edits.push({ node: item.node, op: item.op });
        break;
      case "replace":
        steps.push({ kind: "replace", node: item.node, content: item.content });
        break;
      case "mode":
        steps.push({ kind: "mode", node: item.node, executable: item.executable });
        break;
      case "move": {
        const { node, name } = item, parent = idOf(item.parent), was = placeOf(node);
        if (parent !== was.parent) steps.push({ kind: "move", node, parent });
        if (name !== was.name) steps.push({ kind: "rename", node, name });
        break;
      }
      case "remove":
        steps.push({ kind: "remove", node: item.node, tombstone: mint() });
    }
  }
  return {
    change: { steps, edits: edits.sort((a, b) => compareIds(a.node, b.node)) },
    ids: [...numbers.values()],
  };
}
