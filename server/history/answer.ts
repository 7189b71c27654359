/**
 * Answers to questions about a workspace as it is or was, in messages that are small enough to stand among others.
 *
 * @module
 */

import { type Change, splitsPair, type TextOp, type Workspace } from "../../ot/mod.ts";
import { type Answer, type AnswerItem, codes, type NodeItem, type Query } from "../../proto/mod.ts";
import { Scope, type State } from "../core/mod.ts";
import { blame } from "./blame.ts";
import { numbersOf } from "./continuation.ts";
import { differences } from "./difference.ts";
import { entries } from "./entries.ts";
import { HistoryError } from "./error.ts";
import { defaultHistoryLimits, type HistoryLimits } from "./limits.ts";
import { meantBy } from "./meant.ts";
import { checkSpan, revisionOf, revisionOrNewest, stateAt, statesAt } from "./moment.ts";
import { search } from "./search.ts";
import {
  chooser,
  notText,
  pathUnknown,
  type Placed,
  placedFiles,
  placedNodes,
  placedTexts,
} from "./selection.ts";
import type { HistorySource } from "./source.ts";
import { touchedFiles } from "./touched.ts";
import { undone } from "./undone.ts";

/** About how many bytes a message has. */
const messageBytes = 64 << 10;
/** The longest piece of a text, in code units: three bytes each at the most. */
const pieceMax = 20_000;
/** The longest piece of a blob, in bytes. */
const pieceBytesMax = 60_000;
/** About how many bytes an item takes besides its texts and bytes. */
const itemBytes = 64, contentBytes = 48, spliceBytes = 24;
/** A line that is longer is cut, in code units. */
const lineMax = 1000;

/** Items, and at the end where the next answer goes on; "" if there is no more. */
type Items = Generator<AnswerItem, string>;

/**
 * The messages of the answer to `query`, made as they are taken; the last one is marked. What cannot be answered is
 * named there.
 *
 * @param scope What who asks may see: what was out of it at a revision is not there at that revision.
 */
export function* answer(
  query: Query,
  source: HistorySource,
  limits: HistoryLimits = defaultHistoryLimits,
  scope: Scope = Scope.everything,
): Generator<Answer, void> {
  const { id } = query;
  let revision = source.revision;
  let piece: AnswerItem[] = [], bytes = 0;
  const message = (): Answer => {
    const items = piece;
    piece = [];
    bytes = 0;
    return { kind: "answer", id, revision, items, last: false, next: "", code: "", message: "" };
  };
  try {
    revision = revisionOrNewest(source, query.at);
    const items = inPieces(itemsOf(query, source, revision, limits, scope));
    for (;;) {
      const { done, value } = items.next();
      if (done) return yield { ...message(), last: true, next: value };
      const weight = weightOf(value);
      if (bytes > 0 && bytes + weight > messageBytes) yield message();
      piece.push(value);
      bytes += weight;
    }
  } catch (error) {
    if (!(error instanceof HistoryError)) throw error;
    yield { ...message(), last: true, code: error.code, message: error.message };
  }
}

function itemsOf(
  query: Query,
  source: HistorySource,
  revision: number,
  limits: HistoryLimits,
  scope: Scope,
): Items {
  const { question } = query;
  const seenAt = (revision: number) => scope.partOf(stateAt(source, revision).workspace);
  switch (question.kind) {
    case "tree":
      return treeItems(query, seenAt(revision), limits);
    case "files":
      return fileItems(query, seenAt(revision), limits);
    case "search": {
      const workspace = seenAt(revision);
      const isChosen = chooser(query, workspace);
      const files = placedTexts(workspace, query).filter(({ path }) => isChosen(path));
      return search(workspace, files, question, query.after, limits);
    }
    case "diff": {
      const from = revisionOf(source, question.from);
      checkSpan(from, revision, Infinity);
      const [before, after] = statesAt(source, from, revision).map(({ workspace }) =>
        scope.partOf(workspace)
      );
      return differences(
        before!,
        after!,
        chooser(query, before!, after!),
        question.context,
        query.after,
        limits,
      );
    }
    case "changes": {
      const from = revisionOf(source, question.from);
      checkSpan(from, revision, limits.entries);
      const [earlier, state] = statesAt(source, from, revision);
      const before = scope.partOf(earlier.workspace), after = scope.partOf(state.workspace);
      const isChosen = chooser(query, before, after);
      const touched = touchedFiles(before, after, source.entries(from, revision), isChosen);
      return withAuthors(listed(touched, query.after, limits), state);
    }
    case "blame": {
      const { from: { revision: earliest, time } } = question;
      const from = earliest === 0 && time === 0 ? source.floor : revisionOf(source, question.from);
      checkSpan(from, revision, limits.entries);
      const state = stateAt(source, revision), node = state.workspace.find(question.path);
      const isSeen = node !== undefined && scope.sees(state.workspace, node.id);
      if (isSeen && node.kind === "blob") throw notText(question.path);
      if (!isSeen || node.kind !== "text") throw pathUnknown(question.path);
      return withAuthors(lineItems(blame(source, node.id, from, revision), query.after, limits), state);
    }
    case "entries": {
      const { from: { revision: earliest, time } } = question;
      const from = earliest === 0 && time === 0 ? source.floor : revisionOf(source, question.from);
      checkSpan(from, revision, question.undone ? limits.entries : Infinity);
      const [earlier, state] = statesAt(source, from, revision);
      const isChosen = chooser(query, scope.partOf(earlier.workspace), scope.partOf(state.workspace));
      const isMeant = meantBy(question, state.authors);
      const request = { question, from, to: revision, isMeant, isChosen, scope };
      if (question.undone) return listed(undone(source, request), query.after, limits);
      return withAuthors(
        entries(source, { ...request, selection: query, after: query.after }, limits),
        state,
      );
    }
    case "blob":
      return byteItems(question.hash, seenAt(revision), source);
  }
}

function* treeItems(query: Query, workspace: Workspace, limits: HistoryLimits): Items {
  const isChosen = chooser(query, workspace);
  const nodes = placedNodes(workspace).filter(({ path }) => isChosen(path));
  return yield* listed(nodes.map((node) => nodeItem(node, workspace)), query.after, limits);
}

function nodeItem({ id, path, kind }: Placed, workspace: Workspace): NodeItem {
  const { content, executable } = workspace.node(id)!;
  const item = { kind: "node", id, path, type: kind, ...executable && { executable } } as const;
  return content === undefined
    ? { ...item, length: workspace.text(id).length }
    : { ...item, length: content.bytes, content };
}

/** What a content is, to whoever can know of it: a blob holds it at this revision. */
function* byteItems(hash: string, workspace: Workspace, source: HistorySource): Items {
  if (workspace.bytesOf(hash) === undefined) {
    throw new HistoryError("content_missing", codes.content_missing.text);
  }
  const content = source.content(hash);
  if (content === undefined) throw new HistoryError("log_unreadable", codes.log_unreadable.text);
  // One piece at least: so that nothing is told from no answer.
  for (let at = 0; at === 0 || at < content.length; at += pieceBytesMax) {
    yield { kind: "bytes", at, bytes: content.subarray(at, at + pieceBytesMax) };
  }
  return "";
}

function* fileItems(query: Query, workspace: Workspace, limits: HistoryLimits): Items {
  const isChosen = chooser(query, workspace);
  const files = placedFiles(workspace).filter(({ path }) => isChosen(path));
  let [i = 0, at = 0] = numbersOf(query.after, 2);
  let length = 0, items = 0;
  for (; i < files.length; i++, at = 0) {
    const file = files[i]!, { id, path } = file, text = workspace.text(id);
    if (at > text.length || splitsPair(text, at)) {
      throw new HistoryError("continuation_invalid", "There is no such place in the files asked for");
    }
    do {
      if (length >= limits.answerLength || items >= limits.items) return `${i}:${at}`;
      if (file.kind === "blob") {
        yield nodeItem(file, workspace);
        items++;
        break;
      }
      let to = Math.min(text.length, at + pieceMax);
      if (splitsPair(text, to)) to++;
      yield { kind: "content", id, path, at, text: text.slice(at, to) };
      length += to - at;
      items++;
      at = to;
    } while (at < text.length);
  }
  return "";
}

/** The items from where a continuation says, up to the limit. */
function* listed(items: readonly AnswerItem[], after: string, limits: HistoryLimits): Items {
  const [from = 0] = numbersOf(after, 1);
  const to = from + limits.items;
  yield* items.slice(from, to);
  return to < items.length ? `${to}` : "";
}

function* lineItems(lines: ReturnType<typeof blame>, after: string, limits: HistoryLimits): Items {
  const [from = 0] = numbersOf(after, 1);
  let number = 0;
  for (const { text, newest: { revision, time, site } } of lines) {
    if (number >= from + limits.items) return `${number}`;
    if (number++ < from) continue;
    const shown = text.slice(0, lineMax + 1).replace(/\r?\n$/, "");
    const end = splitsPair(shown, lineMax) ? lineMax - 1 : lineMax;
    yield { kind: "line", number, text: shown.slice(0, end), revision, time, site };
  }
  return "";
}

/** The same items, and behind them who the sites are that they name. */
function* withAuthors(items: Items, { authors }: State): Items {
  const sites = new Set<number>();
  for (;;) {
    const { done, value } = items.next();
    if (done) {
      for (const site of [...sites].sort((a, b) => a - b)) {
        const participant = authors.get(String(site));
        if (participant !== undefined) yield { kind: "author", site, participant };
      }
      return value;
    }
    if (value.kind === "line" || value.kind === "made") sites.add(value.site);
    if (value.kind === "touched") { for (const site of value.sites) sites.add(site); }
    yield value;
  }
}

/** The same items, long patches in pieces. Contents are made in pieces already. */
function* inPieces(items: Items): Items {
  for (;;) {
    const { done, value } = items.next();
    if (done) return value;
    if (value.kind !== "difference") {
      yield value;
      continue;
    }
    const { patch } = value;
    for (let at = 0; at < patch.length;) {
      let to = Math.min(patch.length, at + pieceMax);
      if (splitsPair(patch, to)) to++;
      yield { ...value, at, patch: patch.slice(at, to) };
      at = to;
    }
  }
}

/** At most so many bytes. */
function weightOf(item: AnswerItem): number {
  switch (item.kind) {
    case "node":
      return itemBytes + 3 * item.path.length + (item.content === undefined ? 0 : contentBytes);
    case "bytes":
      return itemBytes + item.bytes.length;
    case "content":
      return itemBytes + 3 * (item.path.length + item.text.length);
    case "difference":
      return itemBytes + 3 * (item.path.length + item.from.length + item.patch.length);
    case "touched":
      return itemBytes + 3 * (item.path.length + item.from.length) + 5 * item.sites.length;
    case "line":
      return itemBytes + 3 * item.text.length;
    case "match":
      return itemBytes + 3 * (item.path.length + item.text.length);
    case "author":
      return itemBytes + 3 * item.participant.name.length;
    case "made":
      return item.touched.reduce(
        (weight, { path, from }) => weight + itemBytes + 3 * (path.length + from.length),
        itemBytes + 3 * item.task.length + (item.change === undefined ? 0 : weightOfChange(item.change)),
      );
    case "undone":
      return itemBytes + 3 * item.path.length + contentBytes + weightOfOp(item.op);
  }
}

function weightOfChange({ steps, edits }: Change): number {
  let weight = itemBytes;
  for (const step of steps) weight += itemBytes + contentBytes + ("name" in step ? 3 * step.name.length : 0);
  for (const { op } of edits) weight += itemBytes + weightOfOp(op);
  return weight;
}

function weightOfOp(op: TextOp): number {
  return op.reduce((weight, { insert }) => weight + spliceBytes + 3 * insert.length, 0);
}
