/**
 * The commands of `deno task log` that look at a workspace as it is or was. They ask what a client could ask.
 *
 * @module
 */

import type { Change } from "../ot/mod.ts";
import type { LogEntry } from "../server/core/mod.ts";
import type { AnswerItem, Moment, Participant, Query, Question } from "../proto/mod.ts";
import {
  answer,
  HistoryError,
  type HistorySource,
  meantBy,
  type RecentHistory,
  stateAt,
} from "../server/history/mod.ts";
import { harmless, wordOf } from "./client_words.ts";
import { LogError, logExitCodes, type LogOptions, withHistory } from "./log_run.ts";
import { type Span, tableOf, timeInWords } from "./log_words.ts";
import { changeInWords } from "./replay_words.ts";

/** Which part of a workspace is looked at, and when. */
export interface LookOptions extends LogOptions {
  readonly at?: Moment | undefined;
  readonly glob?: readonly string[] | undefined;
}

const newest: Moment = { revision: 0, time: 0 };

type ItemOf<Kind> = AnswerItem & { readonly kind: Kind };

/** What was answered: the revision that it is of, and all items. */
interface Found {
  readonly revision: number;
  readonly items: readonly AnswerItem[];
}

/** Asks until there is no more. */
function ask(
  source: HistorySource,
  question: Question,
  { at = newest, glob = [] }: LookOptions,
  paths: readonly string[] = [],
): Found {
  let query: Query = { kind: "query", id: 1, at, paths, globs: glob, after: "", question };
  const items: AnswerItem[] = [];
  for (;;) {
    let revision = 0, next = "";
    for (const message of answer(query, source)) {
      if (message.code !== "") throw new HistoryError(message.code as HistoryError["code"], message.message);
      items.push(...message.items);
      ({ revision, next } = message);
    }
    if (next === "") return { revision, items };
    query = { ...query, at: { revision, time: 0 }, after: next };
  }
}

function itemsOf<Kind extends AnswerItem["kind"]>({ items }: Found, kind: Kind): ItemOf<Kind>[] {
  return items.filter((item): item is ItemOf<Kind> => item.kind === kind);
}

/** The names of those who are named in an answer, by site. */
function namesIn(found: Found): (site: number) => string {
  const names = new Map(itemsOf(found, "author").map(({ site, participant }) => [site, participant.name]));
  return (site) => names.get(site) ?? (site === 0 ? "-" : `site ${site}`);
}

export function files(workspace: string, paths: readonly string[], options: LookOptions): Promise<void> {
  return withHistory(
    options,
    workspace,
    (source) => ask(source, { kind: "tree" }, options, paths),
    (found) => {
      const nodes = itemsOf(found, "node").filter(({ type }) => type !== "directory");
      const rows = nodes.map(({ path, length, type, executable }) => [
        path,
        length,
        [type === "blob" ? ["bytes"] : [], executable ? ["executable"] : []].flat().join(", "),
      ]);
      console.log(tableOf(["path", "length", ""], rows));
    },
  );
}

/** Writes what files say to standard output, as it is; on a terminal no binary files. */
export function cat(workspace: string, paths: readonly string[], options: LookOptions): Promise<void> {
  return withHistory(options, workspace, (source) => {
    const found = ask(source, { kind: "files" }, options, paths);
    if (options.json === true) return found;
    for (const item of found.items) {
      if (item.kind === "content") write(item.text);
      else if (item.kind === "node" && item.content !== undefined) {
        writeBlob(source, item.path, item.content.hash);
      }
    }
    return found;
  }, () => {});
}

function writeBlob(source: HistorySource, path: string, hash: string): void {
  if (Deno.stdout.isTerminal()) {
    return console.error(`${harmless(path)} is a binary file: write it to a file.`);
  }
  const bytes = source.content(hash);
  if (bytes === undefined) {
    throw new LogError("data_damaged", `What ${wordOf(path)} holds is missing from the data.`);
  }
  writeBytes(bytes);
}

/** Writes a text to the last byte; on a terminal without what that would obey. */
function write(text: string): void {
  writeBytes(new TextEncoder().encode(Deno.stdout.isTerminal() ? harmless(text) : text));
}

function writeBytes(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}

export function diff(
  workspace: string,
  paths: readonly string[],
  options: LookOptions & { readonly from: Moment; readonly context: number },
): Promise<void> {
  const { from, context } = options;
  const ours = (source: HistorySource) => ask(source, { kind: "diff", from, context }, options, paths);
  return withHistory(options, workspace, ours, (found) => {
    const differences = itemsOf(found, "difference");
    write(differences.map(({ patch }) => patch).join(""));
    for (const { path, omitted } of differences) {
      if (omitted) console.error(`${harmless(path)} is too long to be compared.`);
    }
  });
}

export function changes(
  workspace: string,
  paths: readonly string[],
  options: LookOptions & { readonly from: Moment },
): Promise<void> {
  const { from } = options;
  return withHistory(
    options,
    workspace,
    (source) => ask(source, { kind: "changes", from }, options, paths),
    (found) => {
      const nameOf = namesIn(found);
      const rows = itemsOf(found, "touched").map((item) => {
        const { status, path, from, first, last, time, sites } = item;
        const shown = from === "" ? path : `${from} -> ${path}`;
        return [status, shown, first, last, timeInWords(time), sites.map(nameOf).join(", ")];
      });
      console.log(tableOf(["what", "path", "first", "last", "time of the last", "by"], rows));
    },
  );
}

export function blame(
  workspace: string,
  path: string,
  options: LookOptions & { readonly from?: Moment | undefined },
): Promise<void> {
  const { from = newest } = options;
  return withHistory(
    options,
    workspace,
    (source) => ask(source, { kind: "blame", path, from }, options),
    (found) => {
      const nameOf = namesIn(found);
      const rows = itemsOf(found, "line").map(({ number, text, revision, time, site }) => {
        return [revision, timeInWords(time), nameOf(site), number, text.replaceAll("\t", "    ")];
      });
      console.log(tableOf(["revision", "time", "by", "line", ""], rows));
    },
  );
}

export interface SearchOptions extends LookOptions {
  readonly regexp?: true | undefined;
  readonly ignoreCase?: true | undefined;
}

/** Prints path:line:column: text, as other tools for searching do. */
export function search(
  workspace: string,
  pattern: string,
  paths: readonly string[],
  options: SearchOptions,
): Promise<void> {
  const { regexp: regular = false, ignoreCase = false } = options;
  const question = { kind: "search", pattern, regular, ignoreCase, matches: 0 } as const;
  return withHistory(options, workspace, (source) => {
    const found = ask(source, question, options, paths);
    if (found.items.length === 0) Deno.exitCode = logExitCodes.found_wanting;
    return found;
  }, (found) => {
    for (const { path, line, column, text } of itemsOf(found, "match")) {
      console.log(`${harmless(path)}:${line}:${column + 1}: ${harmless(text)}`);
    }
  });
}

/** An entry as it is shown: without what only the server needs. */
interface ShownEntry {
  readonly revision: number;
  readonly time: number;
  readonly site: number;
  readonly seq: number;
  readonly author: Participant | undefined;
  /** What it is signed with; whether the signature is good is for `verify` to say. */
  readonly key?: string;
  readonly task: string | undefined;
  readonly change: Change;
  readonly words: string;
}

/** So many of the newest entries are shown if nobody says which. */
const shownMax = 100;

export interface ShowOptions extends LogOptions {
  /** Only entries of people of these names, and only those that are a part of one of these. */
  readonly author?: readonly string[] | undefined;
  readonly task?: readonly string[] | undefined;
}

export function show(workspace: string, entries: Span | undefined, options: ShowOptions): Promise<void> {
  const { author: authors = [], task: tasks = [] } = options;
  return withHistory(options, workspace, (source) => {
    const { revision, floor } = source, isNarrow = authors.length + tasks.length > 0;
    const state = isNarrow ? stateAt(source, revision) : undefined;
    const isMeant = state === undefined
      ? () => true
      : meantBy({ authors, tasks, sites: [], revisions: [] }, state.authors);
    if (entries === undefined) {
      const first = isNarrow ? floor + 1 : Math.max(floor + 1, revision - shownMax + 1);
      return [...shownEntries(source, first, revision, isMeant)].slice(-shownMax);
    }
    return [...shownEntries(source, entries.first === 0 ? floor + 1 : entries.first, entries.last, isMeant)];
  }, (entries) => {
    const hasTasks = entries.some(({ task }) => task !== undefined);
    const rows = entries.map(({ revision, time, site, author, key, task = "", words }) => {
      const name = author?.name ?? (site === 0 ? "(server)" : `site ${site}`);
      const signed = key === undefined ? "" : `, signed ${key.slice(0, 8)}…`;
      return [revision, timeInWords(time), `${name}${signed}`, ...hasTasks ? [task] : [], words];
    });
    console.log(tableOf(["revision", "time", "by", ...hasTasks ? ["for"] : [], "what"], rows));
  });
}

function* shownEntries(
  source: RecentHistory,
  first: number,
  last: number,
  isMeant: (entry: LogEntry) => boolean,
): Generator<ShownEntry> {
  const to = Math.min(last, source.revision);
  if (source.revision === source.floor) return;
  if (first > to) {
    throw new HistoryError(
      "revision_unknown",
      `There is no entry ${first}: the entries are ${source.floor + 1} to ${source.revision}.`,
    );
  }
  if (first <= source.floor) {
    throw new HistoryError(
      "revision_forgotten",
      `Entry ${first} is no longer kept: the entries are ${source.floor + 1} to ${source.revision}.`,
    );
  }
  let state = stateAt(source, first - 1);
  for (const entry of source.entries(first - 1, to)) {
    const { revision, time, site, seq, task, change } = entry;
    const words = entry.site === 0 && entry.sites > 0
      ? `sites up to ${entry.sites} may be given`
      : changeInWords(change, state.workspace);
    state = state.apply(entry);
    const signer = entry.signed === undefined ? undefined : state.sessions.get(entry.session)?.signer;
    const key = signer === undefined ? {} : { key: signer.key };
    const author = state.authors.get(String(site));
    if (isMeant(entry)) yield { revision, time, site, seq, author, ...key, task, change, words };
  }
}
