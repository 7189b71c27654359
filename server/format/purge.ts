/**
 * Takes a string out of a whole history: out of texts, also where it was typed one character at a time or put
 * together by several people, and out of names. What stands in its place has the same length, so that every other
 * edit still fits.
 *
 * The history is made again, and of every character of every text it is remembered which insertion it came from.
 * Wherever the string stands in a text at some revision, the insertions that it is made of are rewritten.
 *
 * @module
 */

import type { BlobContent, Change, NodeId, Notice, Step } from "../../ot/mod.ts";
// Not by way of the protocol as a whole, which takes long to load: the threads of a log do without it.
import { toHex } from "../../proto/bytes.ts";
import type { LogEntry, SavedState } from "../core/mod.ts";
import { withoutSignature } from "./signed.ts";
import { Insertion, TracedText } from "./traced_text.ts";

export interface PurgeResult {
  /** The state that the history begins with; undefined if it begins with nothing. */
  readonly checkpoint: SavedState | undefined;
  readonly entries: readonly LogEntry[];
  /** How many times the string was found in texts, each place where it came to stand counted once. */
  readonly occurrences: number;
  /** How many names had it, of nodes, people and tasks. */
  readonly names: number;
}

/**
 * @param secret is not empty.
 * @param filler one code unit that stands for each of the secret's.
 * @param contents What blobs hold that had the string, by hash, and what is in its place.
 */
export function purge(
  checkpoint: SavedState | undefined,
  entries: readonly LogEntry[],
  secret: string,
  filler: string,
  contents: ReadonlyMap<string, BlobContent> = new Map(),
): PurgeResult {
  const texts = new Map<NodeId, TracedText>();
  let occurrences = 0, names = 0;

  /** Covers the string wherever it stands and touches [from, to). */
  const cover = (traced: TracedText, from: number, to: number) => {
    const start = Math.max(0, from - secret.length + 1);
    const around = traced.text.slice(start, to + secret.length - 1);
    for (let at = around.indexOf(secret); at >= 0; at = around.indexOf(secret, at + 1)) {
      if (traced.cover(start + at, start + at + secret.length)) occurrences++;
    }
  };
  const renamed = (name: string) => {
    if (!name.includes(secret)) return name;
    names++;
    return name.replaceAll(secret, filler.repeat(secret.length));
  };

  const first = (checkpoint?.texts ?? []).map(([node, text]) => {
    const insertion = new Insertion(text), traced = new TracedText();
    traced.splice(0, 0, text, insertion);
    texts.set(node, traced);
    cover(traced, 0, text.length);
    return { node, insertion };
  });
  const made = entries.map((entry) => {
    const edits = entry.change.edits.map(({ node, op }) => {
      let traced = texts.get(node);
      if (traced === undefined) texts.set(node, traced = new TracedText());
      const insertions = op.map(({ insert }) => new Insertion(insert));
      // From the last to the first: so the positions of those before it still hold.
      for (let i = op.length - 1; i >= 0; i--) {
        const { at, remove, insert } = op[i]!;
        traced.splice(at, remove, insert, insertions[i]!);
      }
      let moved = 0;
      for (const { at, remove, insert } of op) {
        // What only moved together may make up the string as well: so one character on either side.
        cover(traced, at + moved - 1, at + moved + insert.length + 1);
        moved += insert.length - remove;
      }
      return { node, op, insertions };
    });
    return { entry, edits };
  });

  const cleanContent = <Holder extends object>(holder: Holder): Holder => {
    const { content } = holder as { readonly content?: BlobContent };
    const clean = content && contents.get(content.hash);
    return clean === undefined ? holder : { ...holder, content: clean };
  };
  const cleanSteps = (steps: readonly Step[]) =>
    steps.map((step) => cleanContent("name" in step ? { ...step, name: renamed(step.name) } : step));
  const cleanNotices = (notices: readonly Notice[]) =>
    notices.map((notice) => notice.kind === "renamed" ? { ...notice, name: renamed(notice.name) } : notice);
  const cleanAuthor = <Author extends { readonly name: string }>(author: Author) => ({
    ...author,
    name: renamed(author.name),
  });

  const digits = toHex(new TextEncoder().encode(secret));
  /**
   * What was signed is another text now, and its signature goes with it: with that, anybody could tell a right guess at
   * the string from a wrong one.
   */
  const cleanSigned = (before: LogEntry, after: Pick<LogEntry, "change" | "notices" | "task">) => {
    const { signed } = before;
    if (signed === undefined) return {};
    const told = ({ change, notices, task }: typeof after) => JSON.stringify([change, notices, task]);
    const isSame = signed.bytes?.includes(digits) !== true && told(before) === told(after);
    return { signed: isSame ? signed : withoutSignature(signed) };
  };

  // A task is one name, in however many entries.
  const tasks = new Map<string, string>();
  const cleanTask = (task: string) => {
    const known = tasks.get(task) ?? renamed(task);
    tasks.set(task, known);
    return known;
  };

  const clean = made.map(({ entry, edits }): LogEntry => {
    const change: Change = {
      steps: cleanSteps(entry.change.steps),
      edits: edits.map(({ node, op, insertions }) => ({
        node,
        op: op.map((splice, i) => ({ ...splice, insert: insertions[i]!.text(filler) })),
      })),
    };
    const author = entry.author === undefined ? undefined : cleanAuthor(entry.author);
    const notices = cleanNotices(entry.notices);
    const task = entry.task === undefined ? {} : { task: cleanTask(entry.task) };
    return {
      ...entry,
      ...task,
      change,
      author,
      notices,
      ...cleanSigned(entry, { change, notices, ...task }),
    };
  });
  const state = checkpoint && {
    ...checkpoint,
    nodes: checkpoint.nodes.map((node) => cleanContent({ ...node, name: renamed(node.name) })),
    texts: first.map(({ node, insertion }) => [node, insertion.text(filler)] as const),
    sessions: checkpoint.sessions.map((record) => ({
      ...record,
      participant: cleanAuthor(record.participant),
      last: {
        ...record.last,
        steps: cleanSteps(record.last.steps),
        notices: cleanNotices(record.last.notices),
      },
    })),
    authors: checkpoint.authors.map(([site, author]) => [site, cleanAuthor(author)] as const),
  };
  return { checkpoint: state, entries: clean, occurrences, names };
}
