/**
 * What a file holds: a text, which is merged, or bytes that are no text, which are known by their hash and replaced whole.
 *
 * @module
 */

import { type BlobContent, type NodeId, sameContent, Text, type Workspace } from "../../ot/mod.ts";

/** A text, or the name of bytes. */
export type FileContent = Text | BlobContent;

/** Whether two files hold the same. */
export function holdSame(a: FileContent | undefined, b: FileContent | undefined): boolean {
  if (a instanceof Text) return b instanceof Text && (a === b || a.equals(b));
  return !(b instanceof Text) && sameContent(a, b);
}

/** What a file of the workspace holds; undefined of a directory, and of what is not there. */
export function contentIn(workspace: Workspace, node: NodeId): FileContent | undefined {
  const there = workspace.node(node);
  return there?.kind === "text" ? workspace.text(node) : there?.content;
}

/** How much it is: code units of a text, bytes of others. */
export function sizeOf(content: FileContent): number {
  return content instanceof Text ? content.length : content.bytes;
}

/** By which files that hold the same are found; "" if that says nothing. */
export function keyOf(content: FileContent | undefined): string {
  if (content === undefined || sizeOf(content) === 0) return "";
  return content instanceof Text ? `text ${content.toString()}` : `blob ${content.hash}`;
}
