/**
 * A workspace as it is and was, asked of the server: what files said at a revision, what is different since, who wrote a
 * line, where something stands.
 *
 *     const { files } = await space.past.diff(120, { paths: ["src"] });
 *     const { lines } = await space.past.blame("src/main.ts");
 *
 * Each answer is of one revision, which it names, however much is typed meanwhile. The server answers in pieces of
 * bounded work; they are put together here, and asked for one after the other. A search stops when enough is found.
 *
 * @module
 */

import { type Node, type NodeId, rootId, Text, Workspace } from "../ot/mod.ts";
import type {
  Answer,
  AnswerItem,
  EntriesQuestion,
  EntryChoice,
  FileStatus,
  LineItem,
  MadeItem,
  MatchItem,
  Moment,
  NodeItem,
  Participant,
  Query,
  Question,
  TouchedItem,
  UndoneItem,
} from "../proto/mod.ts";
import { SpaceError } from "./error.ts";

/** A revision, from 1 on, or a time, which stands for the newest revision that is not later. */
export type When = number | Date;

/** What is asked about. */
export interface Scope {
  /** As it was then; as it is, if left out. */
  readonly at?: When;
  /** Only these files, and what is in these directories. */
  readonly paths?: readonly string[];
  /** Only files with a path like one of these: `*`, `**`, `?`, `[a-z]`, `{one,two}`. */
  readonly globs?: readonly string[];
}

/** What a file said. */
export interface PastFile {
  /** Its identity. */
  readonly id: NodeId;
  /** From the root. */
  readonly path: string;
  /** All of it. */
  readonly text: string;
}

/** What is different in a file. */
export interface PastDifference {
  /** What has become of it. */
  readonly status: FileStatus;
  /** As it is, or as it was if it is removed. */
  readonly path: string;
  /** As it was, if that is another; else "". */
  readonly from: string;
  /** In the format of git. */
  readonly patch: string;
  /** Too long to be compared: the patch says only that there is a difference. */
  readonly omitted: boolean;
}

/** A line, and who wrote the newest of it: undefined if it is older than what was looked at. */
export interface PastLine extends Omit<LineItem, "kind"> {
  /** Who that was. */
  readonly author: Participant | undefined;
}

/** Which entries are asked about: those that are meant by all that is given. */
export interface EntriesScope extends Scope, Partial<EntryChoice> {
  /** Those after this revision or time; 0, or left out, is all that is kept. */
  readonly from?: When;
}

/** What took the workspace to a revision, and who did it, if that is known. */
export interface PastEntry extends Omit<MadeItem, "kind"> {
  /** Who that was. */
  readonly author: Participant | undefined;
}

/** Asks one question; the last piece of the answer is marked. */
export type Ask = (query: Omit<Query, "id" | "kind">) => AsyncIterable<Answer>;

type ItemOf<K extends AnswerItem["kind"]> = Extract<AnswerItem, { kind: K }>;

/** Asks about the past of a workspace. All that is asked rejects with a {@linkcode SpaceError} if there is no answer. */
export class Past {
  readonly #ask: Ask;

  /** Asks by `ask`, which puts one question to the server. */
  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** The directories and files, and how long these are, without what they say. */
  async tree(scope: Scope = {}): Promise<{ revision: number; nodes: NodeItem[] }> {
    const { revision, items } = await this.#all({ kind: "tree" }, scope);
    return { revision, nodes: items.filter(is("node")) };
  }

  /** What files say, all of one revision. */
  async files(scope: Scope = {}): Promise<{ revision: number; files: PastFile[] }> {
    const { revision, items } = await this.#all({ kind: "files" }, scope);
    const files = together(
      items.filter(is("content")),
      ({ id, path }, pieces) => ({ id, path, text: pieces.map(({ text }) => text).join("") }),
    );
    return { revision, files };
  }

  /** What one file says. */
  async read(path: string, at?: When): Promise<{ revision: number; text: string }> {
    const { revision, files } = await this.files({ paths: [path], ...at === undefined ? {} : { at } });
    const file = files.find((file) => file.path === path.normalize("NFC"));
    if (file === undefined) throw new SpaceError("path_unknown", `There is no file at "${path}"`);
    return { revision, text: file.text };
  }

  /**
   * What is different since `from`, as patches in the format of git.
   *
   * @param from The earlier revision or time; 0 is the empty workspace that all began with.
   * @param options Besides the scope, how many lines are shown around each difference: 3 if left out.
   */
  async diff(
    from: When,
    { context = 3, ...scope }: Scope & { readonly context?: number } = {},
  ): Promise<{ revision: number; files: PastDifference[] }> {
    const question = { kind: "diff", from: momentOf(from), context } as const;
    const { revision, items } = await this.#all(question, scope);
    const files = together(
      items.filter(is("difference")),
      ({ status, path, from, omitted }, pieces) => ({
        status,
        path,
        from,
        omitted,
        patch: pieces.map(({ patch }) => patch).join(""),
      }),
    );
    return { revision, files };
  }

  /** The files that were touched since `from`, and by whom: `authors` has them by their sites. */
  async changes(
    from: When,
    scope: Scope = {},
  ): Promise<{ revision: number; files: TouchedItem[]; authors: ReadonlyMap<number, Participant> }> {
    const { revision, items } = await this.#all({ kind: "changes", from: momentOf(from) }, scope);
    return { revision, files: items.filter(is("touched")), authors: authorsOf(items) };
  }

  /**
   * Who wrote each line of a file, in which revision, and when.
   *
   * @param path The file, as it is called at the revision that is asked about.
   * @param options `from`: look back no further than this.
   */
  async blame(
    path: string,
    { at, from = 0 }: { readonly at?: When; readonly from?: When } = {},
  ): Promise<{ revision: number; lines: PastLine[] }> {
    const question = { kind: "blame", path, from: momentOf(from) } as const;
    const { revision, items } = await this.#all(question, at === undefined ? {} : { at });
    const authors = authorsOf(items);
    const lines = items.filter(is("line")).map(({ kind: _, ...line }) => ({
      ...line,
      author: authors.get(line.site),
    }));
    return { revision, lines };
  }

  /**
   * The lines in which something stands, in the order of paths and lines.
   *
   * @param pattern A text, or with `regular` a regular expression of RE2. It is never looked for across lines.
   * @param options Besides the scope: `limit`, after how many lines to stop (1,000 if left out); `more` says whether
   * there may be others.
   */
  async search(
    pattern: string,
    { regular = false, ignoreCase = false, limit = 1000, ...scope }: Scope & {
      readonly regular?: boolean;
      readonly ignoreCase?: boolean;
      readonly limit?: number;
    } = {},
  ): Promise<{ revision: number; matches: MatchItem[]; more: boolean }> {
    const matches: MatchItem[] = [];
    let revision = 0;
    const question = { kind: "search", pattern, regular, ignoreCase, matches: limit } as const;
    for await (const answer of this.#answers(question, scope)) {
      revision = answer.revision;
      matches.push(...answer.items.filter(is("match")));
      if (matches.length < limit) continue;
      const more = matches.length > limit || !answer.last || answer.next !== "";
      return { revision, matches: matches.slice(0, limit), more };
    }
    return { revision, matches, more: false };
  }

  /**
   * The entries of the log since a revision, by whom they are and what they did: those of some authors, sessions or
   * tasks, that touched some files. Nobody is told more of one than they could see then.
   *
   * @param options Besides the scope: `newest` first, or the oldest; `limit`, after how many to stop (1,000 if left
   * out); `changes`, to be told step by step what each did; `after`, to go on where an earlier answer stopped: its
   * `next`, at the same revision.
   */
  async entries(
    { newest = false, limit = 1000, changes = false, after = "", ...scope }: EntriesScope & {
      readonly newest?: boolean;
      readonly limit?: number;
      readonly changes?: boolean;
      readonly after?: string;
    } = {},
  ): Promise<
    { revision: number; entries: PastEntry[]; authors: ReadonlyMap<number, Participant>; next: string }
  > {
    const question = { ...entriesOf(scope), newest, changes, count: limit };
    const items: AnswerItem[] = [];
    let revision = 0, count = 0, next = "";
    for await (const answer of this.#answers(question, scope, after)) {
      revision = answer.revision;
      for (const item of answer.items) {
        items.push(item);
        if (item.kind === "made") count++;
      }
      if (!answer.last) continue;
      next = answer.next;
      if (count >= limit) break;
    }
    const authors = authorsOf(items);
    const entries = items.filter(is("made")).slice(0, limit).map(({ kind: _, ...entry }) => ({
      ...entry,
      author: authors.get(entry.site),
    }));
    const last = entries.at(-1);
    if (count > limit && last !== undefined) next = String(newest ? last.revision - 1 : last.revision);
    return { revision, entries, authors, next };
  }

  /** What would be different if some entries had never been, amid what others have done since: node by node. */
  async undone(scope: EntriesScope): Promise<{ revision: number; nodes: UndoneItem[] }> {
    const { revision, items } = await this.#all({ ...entriesOf(scope), undone: true }, scope);
    return { revision, nodes: items.filter(is("undone")) };
  }

  /**
   * The live part of the workspace as it was, as a value: all directories and files, and what those files say that are
   * asked for.
   */
  async workspace(scope: Scope = {}): Promise<{ revision: number; workspace: Workspace }> {
    const { revision, nodes } = await this.tree(scope.at === undefined ? {} : { at: scope.at });
    const { files } = await this.files({ ...scope, at: revision });
    return { revision, workspace: workspaceOf(nodes, files) };
  }

  async #all(question: Question, scope: Scope): Promise<{ revision: number; items: AnswerItem[] }> {
    const items: AnswerItem[] = [];
    let revision = 0;
    for await (const answer of this.#answers(question, scope)) {
      revision = answer.revision;
      for (const item of answer.items) items.push(item);
    }
    return { revision, items };
  }

  /** The pieces of the answer, and of those to the same question where that one stopped. */
  async *#answers(
    question: Question,
    { at, paths = [], globs = [] }: Scope,
    start = "",
  ): AsyncGenerator<Answer> {
    if (typeof at === "number" && at < 1) {
      throw new SpaceError("revision_unknown", "Revisions are counted from 1: before it, there was nothing");
    }
    let moment = at === undefined ? newest : momentOf(at);
    for (let after = start;;) {
      let last: Answer | undefined;
      const normal = paths.map((path) => path.normalize("NFC"));
      for await (const answer of this.#ask({ question, at: moment, paths: normal, globs, after })) {
        if (answer.code !== "") throw new SpaceError(answer.code, answer.message);
        yield last = answer;
      }
      if (last === undefined || last.next === "") return;
      // What follows is of the revision that the first part was of.
      moment = { revision: last.revision, time: 0 };
      after = last.next;
    }
  }
}

/** The workspace with these live nodes; files that are not given are empty in it. */
export function workspaceOf(nodes: readonly NodeItem[], files: readonly PastFile[]): Workspace {
  const ids = new Map<string, NodeId>(nodes.map(({ path, id }) => [path, id]));
  const placed = nodes.map(({ id, path, type, content, executable }): Node => {
    const slash = path.lastIndexOf("/");
    const parent = slash < 0 ? rootId : ids.get(path.slice(0, slash))!;
    const node = { id, parent, name: path.slice(slash + 1), kind: type, tombstone: undefined };
    return { ...node, ...content && { content }, ...executable && { executable } };
  });
  return Workspace.of(placed, files.map(({ id, text }) => [id, Text.of(text)] as const));
}

const newest: Moment = { revision: 0, time: 0 };

function entriesOf(
  { from = 0, authors = [], sites = [], tasks = [], revisions = [] }: EntriesScope,
): { readonly kind: "entries" } & EntriesQuestion {
  return {
    kind: "entries",
    from: momentOf(from),
    ...{ authors, sites, tasks, revisions },
    newest: false,
    count: 0,
    changes: false,
    undone: false,
  };
}

function momentOf(when: When): Moment {
  // A time of 0 would say that the revision counts.
  return typeof when === "number"
    ? { revision: when, time: 0 }
    : { revision: 0, time: Math.max(1, when.getTime()) };
}

function is<K extends AnswerItem["kind"]>(kind: K): (item: AnswerItem) => item is ItemOf<K> {
  return (item): item is ItemOf<K> => item.kind === kind;
}

function authorsOf(items: readonly AnswerItem[]): Map<number, Participant> {
  return new Map(items.filter(is("author")).map(({ site, participant }) => [site, participant]));
}

/** Puts together what came in pieces: those that continue another follow it. */
function together<P extends { readonly at: number }, T>(
  pieces: readonly P[],
  make: (first: P, all: readonly P[]) => T,
): T[] {
  const groups: P[][] = [];
  for (const piece of pieces) {
    if (piece.at === 0) groups.push([piece]);
    else groups.at(-1)!.push(piece);
  }
  return groups.map((group) => make(group[0]!, group));
}
