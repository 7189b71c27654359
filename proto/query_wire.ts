/**
 * Questions and answers on their way to the shapes of the generated code and back.
 *
 * @module
 */

import "./plain_numbers.ts";
import { distspace as wire } from "./generated/space.js";
import { changeOf, changeToWire, splicesOf } from "./change_wire.ts";
import type {
  Answer,
  AnswerItem,
  EntriesQuestion,
  FileStatus,
  Kept,
  MadeItem,
  Moment,
  Query,
  Question,
  UndoneItem,
} from "./query.ts";
import { fromHex } from "./bytes.ts";
import {
  contentOf,
  contentToWire,
  copied,
  executableOf,
  hashOf,
  idOf,
  idToWire,
  kindOf,
  kindToWire,
  malformed,
  participantOf,
  participantToWire,
  whole,
} from "./wire.ts";

/** What a query may name. */
const pathsMax = 1000, globsMax = 100, contextMax = 100;
/** What it may say of entries. */
const namedMax = 100, revisionsMax = 10_000;

const { ADDED, REMOVED, MODIFIED, RENAMED } = wire.FileStatus;
const { WRITTEN, MOVED_SINCE, REMOVED_SINCE, REPLACED_SINCE, MODE_SINCE } = wire.Kept;

export function queryToWire(query: Query): wire.Query {
  const { id, at: { revision, time }, paths, globs, after, question } = query;
  return { id, revision, time, paths, globs, after, ...questionToWire(question) };
}

function questionToWire(question: Question): wire.Query {
  switch (question.kind) {
    case "tree":
      return { tree: {} };
    case "files":
      return { files: {} };
    case "diff":
      return { diff: { ...question.from, context: question.context } };
    case "changes":
      return { changes: question.from };
    case "blame":
      return { blame: { ...question.from, path: question.path } };
    case "search": {
      const { pattern, regular, ignoreCase, matches } = question;
      return { search: { pattern, regular, ignoreCase, matches } };
    }
    case "blob":
      return { blob: { hash: fromHex(question.hash) } };
    case "entries": {
      const { kind: _, from, ...rest } = question;
      return { entries: { ...from, ...rest } };
    }
  }
}

export function queryOf(query: wire.Query): Query {
  const paths = query.paths ?? [], globs = query.globs ?? [];
  if (paths.length > pathsMax) throw malformed(`a query names more than ${pathsMax} paths`);
  if (globs.length > globsMax) throw malformed(`a query names more than ${globsMax} globs`);
  return {
    kind: "query",
    id: whole(query.id),
    at: momentOf(query),
    paths,
    globs,
    after: query.after ?? "",
    question: questionOf(query),
  };
}

function questionOf({ tree, files, diff, changes, blame, search, blob, entries }: wire.Query): Question {
  if (tree) return { kind: "tree" };
  if (files) return { kind: "files" };
  if (diff) {
    const context = whole(diff.context);
    if (context > contextMax) throw malformed(`a diff has at most ${contextMax} lines of context`);
    return { kind: "diff", from: momentOf(diff), context };
  }
  if (changes) return { kind: "changes", from: momentOf(changes) };
  if (blame) return { kind: "blame", path: blame.path ?? "", from: momentOf(blame) };
  if (search) {
    return {
      kind: "search",
      pattern: search.pattern ?? "",
      regular: search.regular ?? false,
      ignoreCase: search.ignoreCase ?? false,
      matches: whole(search.matches),
    };
  }
  if (blob) return { kind: "blob", hash: hashOf(blob.hash) };
  if (entries) return { kind: "entries", ...entriesOf(entries) };
  throw malformed("a query asks nothing that is known here");
}

function entriesOf(entries: wire.Query.Entries): EntriesQuestion {
  const authors = entries.authors ?? [], sites = entries.sites ?? [], tasks = entries.tasks ?? [];
  const revisions = entries.revisions ?? [];
  if (Math.max(authors.length, sites.length, tasks.length) > namedMax) {
    throw malformed(`a query names more than ${namedMax} authors, sites or tasks`);
  }
  if (revisions.length > revisionsMax) throw malformed(`a query names more than ${revisionsMax} revisions`);
  return {
    from: momentOf(entries),
    authors,
    sites: sites.map(whole),
    tasks,
    revisions: revisions.map(whole),
    newest: entries.newest ?? false,
    count: whole(entries.count),
    changes: entries.changes ?? false,
    undone: entries.undone ?? false,
  };
}

function momentOf({ revision, time }: { revision?: number | null; time?: number | null }): Moment {
  return { revision: whole(revision), time: whole(time) };
}

export function answerToWire({ id, revision, items, last, next, code, message }: Answer): wire.Answer {
  return { id, revision, items: items.map(itemToWire), last, next, code, message };
}

function itemToWire(item: AnswerItem): wire.Answer.Item {
  switch (item.kind) {
    case "node":
      return {
        node: {
          id: idToWire(item.id),
          path: item.path,
          kind: kindToWire(item.type),
          length: item.length,
          content: item.content === undefined ? null : contentToWire(item.content),
          executable: item.executable ?? null,
        },
      };
    case "content":
      return { content: { ...item, id: idToWire(item.id) } };
    case "difference":
      return { difference: { ...item, status: statusToWire(item.status) } };
    case "touched":
      return { touched: { ...item, id: idToWire(item.id), status: statusToWire(item.status) } };
    case "line":
      return { line: item };
    case "match":
      return { match: { ...item, id: idToWire(item.id) } };
    case "made":
      return { made: madeToWire(item) };
    case "undone":
      return { undone: undoneToWire(item) };
    case "bytes":
      return { bytes: { at: item.at, bytes: item.bytes } };
    case "author":
      return { author: { site: item.site, participant: participantToWire(item.participant) } };
  }
}

export function answerOf(answer: wire.Answer): Answer {
  return {
    kind: "answer",
    id: whole(answer.id),
    revision: whole(answer.revision),
    items: (answer.items ?? []).map(itemOf),
    last: answer.last ?? false,
    next: answer.next ?? "",
    code: answer.code ?? "",
    message: answer.message ?? "",
  };
}

function madeToWire({ touched, change, ...item }: MadeItem): wire.Answer.Made {
  return {
    ...item,
    touched: touched.map(({ id, status, path, from }) => ({
      id: idToWire(id),
      status: statusToWire(status),
      path,
      from,
    })),
    change: change === undefined ? null : changeToWire(change),
  };
}

function undoneToWire(
  { id, type, path, forgotten, place, content, executable, op, kept }: UndoneItem,
): wire.Answer.Undone {
  return {
    id: idToWire(id),
    kind: kindToWire(type),
    path,
    forgotten,
    ...place === undefined ? {} : { ...place, parent: idToWire(place.parent), would: true },
    content: content === undefined ? null : contentToWire(content),
    ...executable === undefined ? {} : { mode: true, executable },
    splices: op,
    kept: kept.map(keptToWire),
  };
}

function itemOf(item: wire.Answer.Item): AnswerItem {
  const { node, content, difference, touched, line, match, made, undone, bytes, author } = item;
  if (node) {
    const { id, path, kind, length } = node;
    return {
      kind: "node",
      id: idOf(id),
      path: path ?? "",
      type: kindOf(kind),
      length: whole(length),
      ...contentOf(node.content),
      ...executableOf(node.executable),
    };
  }
  if (content) {
    const { id, path, at, text } = content;
    return { kind: "content", id: idOf(id), path: path ?? "", at: whole(at), text: text ?? "" };
  }
  if (difference) {
    return {
      kind: "difference",
      status: statusOf(difference.status),
      path: difference.path ?? "",
      from: difference.from ?? "",
      at: whole(difference.at),
      patch: difference.patch ?? "",
      omitted: difference.omitted ?? false,
    };
  }
  if (touched) {
    return {
      kind: "touched",
      id: idOf(touched.id),
      status: statusOf(touched.status),
      path: touched.path ?? "",
      from: touched.from ?? "",
      first: whole(touched.first),
      last: whole(touched.last),
      time: whole(touched.time),
      sites: (touched.sites ?? []).map(whole),
    };
  }
  if (line) {
    return {
      kind: "line",
      number: whole(line.number),
      text: line.text ?? "",
      revision: whole(line.revision),
      time: whole(line.time),
      site: whole(line.site),
    };
  }
  if (match) {
    return {
      kind: "match",
      path: match.path ?? "",
      id: idOf(match.id),
      line: whole(match.line),
      column: whole(match.column),
      length: whole(match.length),
      text: match.text ?? "",
      textColumn: whole(match.textColumn),
    };
  }
  if (made) return madeOf(made);
  if (undone) return undoneOf(undone);
  if (bytes) return { kind: "bytes", at: whole(bytes.at), bytes: copied(bytes.bytes) };
  if (author) {
    return { kind: "author", site: whole(author.site), participant: participantOf(author.participant) };
  }
  throw malformed("an answer says nothing that is known here");
}

function madeOf({ revision, site, seq, time, task, touched, change }: wire.Answer.Made): MadeItem {
  return {
    kind: "made",
    revision: whole(revision),
    site: whole(site),
    seq: whole(seq),
    time: whole(time),
    task: task ?? "",
    touched: (touched ?? []).map(({ id, status, path, from }) => ({
      id: idOf(id),
      status: statusOf(status),
      path: path ?? "",
      from: from ?? "",
    })),
    ...change ? { change: changeOf(change) } : {},
  };
}

function undoneOf(undone: wire.Answer.Undone): UndoneItem {
  const { id, kind, path, forgotten, would, live, parent, name, content, mode, executable, splices, kept } =
    undone;
  return {
    kind: "undone",
    id: idOf(id),
    type: kindOf(kind),
    path: path ?? "",
    forgotten: forgotten ?? false,
    place: would ? { live: live ?? false, parent: idOf(parent), name: name ?? "" } : undefined,
    ...contentOf(content),
    ...mode ? { executable: executable ?? false } : {},
    op: splicesOf(splices),
    kept: (kept ?? []).map(keptOf),
  };
}

function keptToWire(kept: Kept): wire.Kept {
  return {
    written: WRITTEN,
    moved_since: MOVED_SINCE,
    removed_since: REMOVED_SINCE,
    replaced_since: REPLACED_SINCE,
    mode_since: MODE_SINCE,
  }[kept];
}

function keptOf(kept: wire.Kept): Kept {
  switch (kept) {
    case WRITTEN:
      return "written";
    case MOVED_SINCE:
      return "moved_since";
    case REMOVED_SINCE:
      return "removed_since";
    case REPLACED_SINCE:
      return "replaced_since";
    case MODE_SINCE:
      return "mode_since";
    default:
      throw malformed(`${kept} is no reason to keep something that is known here`);
  }
}

function statusToWire(status: FileStatus): wire.FileStatus {
  return { added: ADDED, removed: REMOVED, modified: MODIFIED, renamed: RENAMED }[status];
}

function statusOf(status: wire.FileStatus | null | undefined): FileStatus {
  switch (status) {
    case ADDED:
      return "added";
    case REMOVED:
      return "removed";
    case MODIFIED:
      return "modified";
    case RENAMED:
      return "renamed";
    default:
      throw malformed(`${status ?? "no"} status of a file is known here`);
  }
}
