/**
 * All that is in a workspace, as a text: by these, workspaces are compared and shown.
 *
 * @module
 */

import { type NodeId, rootId } from "../ot/mod.ts";
import type { ReferenceNode } from "./judges/reference.ts";

/** A line for each node but the root. */
export function portrait(
  nodes: Iterable<
    Omit<ReferenceNode, "content" | "executable"> & { readonly id: NodeId; readonly executable?: boolean }
  >,
  textOf: (id: NodeId) => string,
): string {
  const lines: string[] = [];
  for (const { id, parent, name, kind, tombstone, executable } of nodes) {
    if (id === rootId) continue;
    const text = kind === "text" ? ` ${JSON.stringify(textOf(id))}` : "";
    const removed = tombstone === undefined ? "" : ` removed by ${tombstone}`;
    lines.push(`${id} "${name}" in ${parent}${text}${executable ? " executable" : ""}${removed}`);
  }
  return lines.sort().join("\n");
}
