/**
 * What is different between two revisions: files that were added, removed, modified, renamed.
 *
 * A file is the same as before if it is the same node, whatever it is called now; of those left over, two with the same
 * path are the same file too. Of blobs it is said only that they differ. A file that can be executed now and could not
 * before, or the other way round, is different too.
 *
 * @module
 */

import { type BlobContent, type NodeId, sameContent, type Workspace } from "../../ot/mod.ts";
import type { DifferenceItem, FileStatus } from "../../proto/mod.ts";
import { numbersOf } from "./continuation.ts";
import type { HistoryLimits } from "./limits.ts";
import { binaryPatchOf, patchOf } from "./patch.ts";
import { placedFiles } from "./selection.ts";

/** A file at two revisions; it may have the same text at both. */
interface Pair {
  readonly status: FileStatus;
  /** As it is, or as it was if it is removed. */
  readonly path: string;
  /** As it was, if that is another; else "". */
  readonly from: string;
  readonly before: NodeId | undefined;
  readonly after: NodeId | undefined;
}

/** All files of two workspaces that `isChosen` under their present path or the one before, sorted by path. */
function pairsOf(before: Workspace, after: Workspace, isChosen: (path: string) => boolean): Pair[] {
  const old = new Map(placedFiles(before).map(({ id, path }) => [id, path]));
  const pairs: Pair[] = [], added = new Map<string, NodeId>();
  for (const { id, path } of placedFiles(after)) {
    const from = old.get(id);
    if (from === undefined) {
      added.set(path, id);
      continue;
    }
    old.delete(id);
    const isSame = from === path;
    pairs.push({
      status: isSame ? "modified" : "renamed",
      path,
      from: isSame ? "" : from,
      before: id,
      after: id,
    });
  }
  for (const [id, path] of old) {
    const now = added.get(path);
    added.delete(path);
    pairs.push({
      status: now === undefined ? "removed" : "modified",
      path,
      from: "",
      before: id,
      after: now,
    });
  }
  for (const [path, id] of added) {
    pairs.push({ status: "added", path, from: "", before: undefined, after: id });
  }
  return pairs
    .filter(({ path, from }) => isChosen(path) || (from !== "" && isChosen(from)))
    .sort((a, b) => a.path < b.path ? -1 : a.path > b.path ? 1 : a.from < b.from ? -1 : 1);
}

/**
 * The files that are different, each with its patch. What is handed back is where to go on; "" at the end.
 *
 * @throws {HistoryError} "continuation_invalid"
 */
export function* differences(
  before: Workspace,
  after: Workspace,
  isChosen: (path: string) => boolean,
  context: number,
  continuation: string,
  limits: HistoryLimits,
): Generator<DifferenceItem, string> {
  const pairs = pairsOf(before, after, isChosen);
  let length = 0, compared = 0, items = 0;
  for (let i = numbersOf(continuation, 1)[0] ?? 0; i < pairs.length; i++) {
    const isFull = length >= limits.answerLength || compared >= limits.comparedTotal || items >= limits.items;
    if (isFull) return `${i}`;
    const { status, path, from, ...nodes } = pairs[i]!;
    const old = contentOf(before, nodes.before), now = contentOf(after, nodes.after);
    const modes = { was: isExecutable(before, nodes.before), is: isExecutable(after, nodes.after) };
    const isInPlace = status === "modified" && modes.was === modes.is;
    if (old !== undefined || now !== undefined) {
      const isSame = sameContent(old, now);
      if (isSame && isInPlace) continue;
      const texts = { status, path, from, modes, before: "", after: "" };
      const patch = isSame ? patchOf(texts, 0, 0).patch : binaryPatchOf(texts);
      length += patch.length;
      items++;
      yield { kind: "difference", status, path, from, at: 0, patch, omitted: false };
      continue;
    }
    const one = nodes.before === undefined ? undefined : before.text(nodes.before);
    const other = nodes.after === undefined ? undefined : after.text(nodes.after);
    if (isInPlace) {
      if (one === other) continue;
      compared += one!.length;
      if (one!.equals(other!)) continue;
    }
    const pair = { status, path, from, modes, before: `${one ?? ""}`, after: `${other ?? ""}` };
    const { patch, omitted, compared: middle } = patchOf(pair, context, limits.comparedLength);
    compared += middle;
    length += patch.length;
    items++;
    yield { kind: "difference", status, path, from, at: 0, patch, omitted };
  }
  return "";
}

function isExecutable(workspace: Workspace, id: NodeId | undefined): boolean {
  return id !== undefined && (workspace.node(id)?.executable ?? false);
}

/** What a blob holds; undefined of what is none. */
function contentOf(workspace: Workspace, id: NodeId | undefined): BlobContent | undefined {
  return id === undefined ? undefined : workspace.node(id)?.content;
}
