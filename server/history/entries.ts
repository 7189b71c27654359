/**
 * Entries between two revisions, as somebody may see them: by whom, when, for what task, and what each did.
 *
 * An entry says where a node is only together with the workspace before it. So what is asked for the newest first is
 * gone through in stretches from the end, each of them forwards.
 *
 * @module
 */

import { type Change, emptyChange, type NodeId, type Workspace } from "../../ot/mod.ts";
import type { EntriesQuestion, FileStatus, MadeItem, MadeTouched } from "../../proto/mod.ts";
import { type LogEntry, type Scope, type Sighting, sightingOf } from "../core/mod.ts";
import { numbersOf } from "./continuation.ts";
import { HistoryError } from "./error.ts";
import type { HistoryLimits } from "./limits.ts";
import { stateAt } from "./moment.ts";
import type { Selection } from "./selection.ts";
import type { HistorySource } from "./source.ts";

/** What is asked for, all of it made out. */
export interface EntriesRequest {
  readonly question: EntriesQuestion;
  /** The entries after this one, up to the other. */
  readonly from: number;
  readonly to: number;
  readonly isMeant: (entry: LogEntry) => boolean;
  /** The files that are meant, and whether a path is of one. */
  readonly selection: Selection;
  readonly isChosen: (path: string) => boolean;
  readonly scope: Scope;
  /** Where an earlier answer stopped. */
  readonly after: string;
}

/** How many entries are gone through at once, where the newest come first. */
const stretchEntries = 4096;
/** How many nodes are named of an entry. */
const touchedMax = 1000;

/** The entries, and at the end where the next answer goes on; "" if there is no more. */
export function* entries(
  source: HistorySource,
  request: EntriesRequest,
  limits: HistoryLimits,
): Generator<MadeItem, string> {
  const { question: { newest, count } } = request;
  let { from, to } = request;
  const [stopped] = numbersOf(request.after, 1);
  if (stopped !== undefined) {
    if (stopped < from || stopped > to) {
      throw new HistoryError(
        "continuation_invalid",
        "There is no such place between the revisions asked for",
      );
    }
    if (newest) to = stopped;
    else from = stopped;
  }
  const itemsMax = count === 0 ? limits.items : Math.min(count, limits.items);
  let items = 0, length = 0, looked = 0;
  while (from < to) {
    if (looked >= limits.entries) return `${newest ? to : from}`;
    const [first, last] = newest
      ? [Math.max(from, to - stretchEntries), to]
      : [from, Math.min(to, from + limits.entries)];
    const made = madeIn(source, first, last, request);
    for (const item of newest ? [...made].reverse() : made) {
      if (items >= itemsMax || length >= limits.answerLength) {
        return `${newest ? item.revision : item.revision - 1}`;
      }
      yield item;
      items++;
      length += lengthOf(item);
    }
    looked += last - first;
    if (newest) to = first;
    else from = last;
  }
  return "";
}

function* madeIn(
  source: HistorySource,
  from: number,
  to: number,
  request: EntriesRequest,
): Generator<MadeItem> {
  const { question: { changes }, isMeant, scope } = request;
  // Texts are needed where what comes into sight is told with its text.
  const needsTexts = changes && !scope.isEverything;
  let { workspace } = stateAt(source, from);
  for (const entry of source.entries(from, to)) {
    const before = workspace, { change } = entry;
    if (needsTexts) workspace = before.apply(change);
    else if (change.steps.length > 0) workspace = before.apply({ steps: change.steps, edits: [] });
    if (!isMeant(entry)) continue;
    const sighting = seen(change, before, workspace, scope);
    if (sighting === undefined) continue;
    const touched = touchedBy(sighting, before, workspace, scope);
    if (!touched.some((one) => isWanted(one, workspace, request)) && isNarrow(request)) continue;
    const { revision, site, seq, time, task = "" } = entry;
    yield {
      kind: "made",
      ...{ revision, site, seq, time, task },
      touched: touched.slice(0, touchedMax),
      ...changes ? { change: sighting.change } : {},
    };
  }
}

/** What somebody is told of a change; undefined if that is nothing. */
function seen(change: Change, before: Workspace, after: Workspace, scope: Scope): Sighting | undefined {
  if (scope.isEverything) return { change, left: [], entered: [] };
  const sighting = sightingOf(change, before, after, scope);
  const { change: { steps, edits }, left } = sighting;
  return steps.length + edits.length + left.length === 0 ? undefined : sighting;
}

function touchedBy(
  { change: { steps, edits } = emptyChange, left }: Sighting,
  before: Workspace,
  after: Workspace,
  scope: Scope,
): MadeTouched[] {
  const nodes = new Set<NodeId>(left);
  for (const { node } of steps) nodes.add(node);
  for (const { node } of edits) nodes.add(node);
  return [...nodes].flatMap((id) => {
    const was = before.isLive(id) && scope.sees(before, id), is = after.isLive(id) && scope.sees(after, id);
    const there = is || !was ? after : before;
    if (there.node(id) === undefined) return [];
    const path = there.pathOf(id), old = was ? before.pathOf(id) : path;
    const status: FileStatus = was && !is
      ? "removed"
      : !was && is
      ? "added"
      : old !== path
      ? "renamed"
      : "modified";
    return [{ id, status, path, from: status === "renamed" ? old : "" }];
  });
}

/** Whether only some files are asked about. */
function isNarrow({ selection: { paths, globs } }: EntriesRequest): boolean {
  return paths.length + globs.length > 0;
}

/** Whether a node is one that is asked about, or a directory with one in it. */
function isWanted(
  { id, path, from }: MadeTouched,
  after: Workspace,
  { selection: { paths, globs }, isChosen }: EntriesRequest,
): boolean {
  if (isChosen(path) || (from !== "" && isChosen(from))) return true;
  if (after.node(id)?.kind !== "directory" || globs.length > 0) return false;
  return paths.some((wanted) =>
    wanted.startsWith(`${path}/`) || (from !== "" && wanted.startsWith(`${from}/`))
  );
}

function lengthOf({ touched, change = emptyChange }: MadeItem): number {
  let length = 0;
  for (const { path, from } of touched) length += path.length + from.length;
  for (const { op } of change.edits) for (const { insert } of op) length += 10 + insert.length;
  return length + 20 * change.steps.length;
}
