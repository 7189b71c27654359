/**
 * Which files were touched between two revisions, and by whom: what somebody must look at again who has seen the
 * earlier one.
 *
 * A step that moves, renames, removes or restores a directory touches all files that are in it in the end; of what is
 * forgotten by then, those that were in it at the beginning.
 *
 * @module
 */

import type { NodeId, Workspace } from "../../ot/mod.ts";
import type { FileStatus, TouchedItem } from "../../proto/mod.ts";
import type { LogEntry } from "../core/mod.ts";

/** How many sites are named of a file. */
const sitesMax = 100;

/** What some entries did to a node. */
interface Touches {
  first: number;
  last: number;
  time: number;
  /** Who did it, the last one last. */
  sites: Set<number>;
}

/** The files that `entries`, which lead from one workspace to the other, have touched; sorted by path. */
export function touchedFiles(
  before: Workspace,
  after: Workspace,
  entries: Iterable<LogEntry>,
  isChosen: (path: string) => boolean,
): TouchedItem[] {
  const edited = new Map<NodeId, Touches>(), placed = new Map<NodeId, Touches>();
  for (const entry of entries) {
    for (const { node } of entry.change.edits) touch(edited, node, entry);
    // To forget what was removed before changes nothing that anybody sees.
    for (const { kind, node } of entry.change.steps) if (kind !== "forget") touch(placed, node, entry);
  }
  const all = new Map<NodeId, Touches>();
  const add = (file: NodeId, touches: Touches) => all.set(file, joined(all.get(file), touches));
  for (const [file, touches] of edited) add(file, touches);
  for (const [node, touches] of placed) {
    for (const file of filesIn(after, node)) add(file, touches);
    // What has gone out of the sight of who asks is as good as removed.
    for (const file of filesIn(before, node)) if (after.node(file) === undefined) add(file, touches);
  }
  return [...all].flatMap(([file, touches]) => itemOf(before, after, file, touches) ?? [])
    .filter(({ path, from }) => isChosen(path) || (from !== "" && isChosen(from)))
    .sort((a, b) => a.path < b.path ? -1 : a.path > b.path ? 1 : a.first - b.first);
}

/** A file itself, or the files in a directory, but for those that are removed in there. */
function* filesIn(workspace: Workspace, node: NodeId): Generator<NodeId> {
  for (const id of workspace.within(node)) {
    const kind = workspace.node(id)?.kind;
    if (kind !== undefined && kind !== "directory") yield id;
  }
}

function touch(touched: Map<NodeId, Touches>, node: NodeId, { revision, time, site }: LogEntry): void {
  const before = touched.get(node);
  if (before === undefined) {
    touched.set(node, { first: revision, last: revision, time, sites: new Set([site]) });
    return;
  }
  before.last = revision;
  before.time = time;
  before.sites.delete(site);
  before.sites.add(site);
}

/** What either did. */
function joined(one: Touches | undefined, other: Touches): Touches {
  if (one === undefined) return other;
  const [earlier, later] = one.last < other.last ? [one, other] : [other, one];
  const sites = new Set(earlier.sites);
  for (const site of later.sites) {
    sites.delete(site);
    sites.add(site);
  }
  return { first: Math.min(one.first, other.first), last: later.last, time: later.time, sites };
}

/** Undefined of what is no file, or of one that was hidden at both revisions and is not new. */
function itemOf(before: Workspace, after: Workspace, id: NodeId, touches: Touches): TouchedItem | undefined {
  const kind = (after.node(id) ?? before.node(id))?.kind;
  if (kind === undefined || kind === "directory") return undefined;
  const was = before.isLive(id), is = after.isLive(id);
  if (!was && !is && before.node(id) !== undefined) return undefined;
  const old = was ? before.pathOf(id) : "", path = is || !was ? after.pathOf(id) : old;
  const from = was && is && old !== path ? old : "";
  const status: FileStatus = !is ? "removed" : !was ? "added" : from === "" ? "modified" : "renamed";
  const { first, last, time } = touches;
  const sites = [...touches.sites].reverse().slice(0, sitesMax);
  return { kind: "touched", id, status, path, from, first, last, time, sites };
}
