/**
 * Which nodes a question is about.
 *
 * @module
 */

import { type NodeId, type NodeKind, rootId, type Workspace } from "../../ot/mod.ts";
import { HistoryError, quoted } from "./error.ts";
import { globMatcher } from "./glob.ts";

/** Files, and directories with all that is in them; of these, what is like one of the globs. Empty lists choose all. */
export interface Selection {
  readonly paths: readonly string[];
  readonly globs: readonly string[];
}

/** A node that is live, and where. */
export interface Placed {
  readonly id: NodeId;
  readonly path: string;
  readonly kind: NodeKind;
}

/**
 * Whether a path is chosen.
 *
 * @param workspaces of which one at least must have each of the paths.
 * @throws {HistoryError} "path_unknown" or "pattern_invalid"
 */
export function chooser(
  { paths, globs }: Selection,
  ...workspaces: readonly Workspace[]
): (path: string) => boolean {
  const roots = new Set<string>();
  for (const written of paths) {
    const path = written.replace(/\/+$/, "");
    if (!workspaces.some((workspace) => workspace.find(path) !== undefined)) throw pathUnknown(written);
    roots.add(path);
  }
  const isLike = globs.length === 0 ? () => true : globMatcher(globs);
  const isAll = roots.size === 0 || roots.has("");
  return (path) => (isAll || isBelow(path, roots)) && isLike(path);
}

export function pathUnknown(path: string): HistoryError {
  return new HistoryError(
    "path_unknown",
    `There is no ${quoted(path)} at that revision. Ask for the tree to see what there is.`,
  );
}

/** Whether the path is one of the roots, or in one. */
function isBelow(path: string, roots: ReadonlySet<string>): boolean {
  for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1)) {
    if (roots.has(path.slice(0, end))) return true;
  }
  return false;
}

/** All that is live but the root, sorted by path in code unit order. */
export function placedNodes(workspace: Workspace): Placed[] {
  const result: Placed[] = [];
  const pending: (readonly [NodeId, string])[] = [[rootId, ""]];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [directory, prefix] = next;
    for (const [name, id] of workspace.names(directory)) {
      const path = prefix + name, { kind } = workspace.node(id)!;
      result.push({ id, path, kind });
      if (kind === "directory") pending.push([id, `${path}/`]);
    }
  }
  return result.sort((a, b) => a.path < b.path ? -1 : 1);
}

/** All files that are live, blobs among them. */
export function placedFiles(workspace: Workspace): Placed[] {
  return placedNodes(workspace).filter(({ kind }) => kind !== "directory");
}

/** The files that are live and chosen by a path of their own or with a directory, as long as they have lines. */
export function placedTexts(workspace: Workspace, { paths }: Selection): Placed[] {
  for (const path of paths) if (workspace.find(path)?.kind === "blob") throw notText(path);
  return placedNodes(workspace).filter(({ kind }) => kind === "text");
}

export function notText(path: string): HistoryError {
  return new HistoryError(
    "not_text",
    `${quoted(path)} is a binary file, which has no lines. Ask for its bytes.`,
  );
}
