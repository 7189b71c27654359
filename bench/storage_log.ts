/**
 * Histories as logs of entries, for the benchmarks of storage: a document, one change a keystroke; the same text
 * after as many changes as one likes; a tree of many files.
 *
 * @module
 */

import { type Change, type NodeId, rootId, type Splice, type Step } from "../ot/mod.ts";
import { type LogEntry, State } from "../server/core/mod.ts";
import { seeded } from "./random.ts";
import type { Trace } from "./trace.ts";

export const workspace = "paper";
const session = "3f8a1c6e90b24d75a1e2c3b4d5f60718";
const paper: NodeId = "1:1";

/**
 * The entries of one person's changes. From a seed each comes 60 to 300 milliseconds after the one before; the
 * hashes of submissions are drawn too.
 */
export function* entriesBy(changes: Iterable<Change>): Generator<LogEntry> {
  const draw = seeded(2026);
  let time = 1_700_000_000_000, revision = 1;
  const nobody = { session: "", site: 0, seq: 0, author: undefined, notices: [], hash: 0 };
  yield { ...nobody, revision, time, change: { steps: [], edits: [] }, sites: 64 };
  for (const change of changes) {
    const author = revision === 1 ? { name: "author", kind: "human" } as const : undefined;
    const hash = draw(0, 2 ** 31) * 2 ** 22 + draw(0, 2 ** 22);
    yield {
      session,
      site: 1,
      notices: [],
      sites: 0,
      revision: ++revision,
      time,
      seq: revision - 1,
      author,
      change,
      hash,
    };
    time += draw(60, 300);
  }
}

/** The entries that one person's typing of a document comes to. */
export function entriesOf({ patches }: Trace): LogEntry[] {
  return [...entriesBy(typing(patches))];
}

function* typing(patches: Trace["patches"]): Generator<Change> {
  yield { steps: [created(paper, rootId, "paper.md")], edits: [] };
  for (const [at, remove, insert] of patches) yield edited({ at, remove, insert });
}

/** So many changes of a document that says `text` in the end: everywhere in it something is typed, and taken back. */
export function* changesAround(text: string, count: number): Generator<Change> {
  const draw = seeded(count);
  const splice = { at: 0, remove: 0, insert: text };
  yield { steps: [created(paper, rootId, "paper.md")], edits: [{ node: paper, op: [splice] }] };
  for (let made = 1; made < count; made += 2) {
    const at = draw(0, text.length);
    yield edited({ at, remove: 0, insert: "x" });
    yield edited({ at, remove: 1, insert: "" });
  }
}

/** A tree of so many files, 20 in a directory and a few hundred at once, each with `length` characters of `text`. */
export function* changesOfTree(text: string, count: number, length: number): Generator<Change> {
  const perChange = 500, perDirectory = 20;
  let counter = 0, directory: NodeId = rootId;
  for (let made = 0; made < count;) {
    const steps: Step[] = [], edits: Change["edits"][number][] = [];
    for (const end = Math.min(count, made + perChange); made < end; made++) {
      if (made % perDirectory === 0) {
        directory = `1:${++counter}`;
        const step = {
          kind: "create",
          node: directory,
          parent: rootId,
          name: `part ${made / perDirectory}`,
        } as const;
        steps.push({ ...step, type: "directory" });
      }
      const node: NodeId = `1:${++counter}`, from = made * 97 % (text.length - length);
      steps.push(created(node, directory, `file ${made}.txt`));
      edits.push({ node, op: [{ at: 0, remove: 0, insert: text.slice(from, from + length) }] });
    }
    yield { steps, edits };
  }
}

function created(node: NodeId, parent: NodeId, name: string): Step {
  return { kind: "create", node, parent, name, type: "text" };
}

function edited(splice: Splice): Change {
  return { steps: [], edits: [{ node: paper, op: [splice] }] };
}

/** The states after every `count` entries. */
export function* statesEvery(count: number, entries: Iterable<LogEntry>): Generator<State> {
  let state = State.empty;
  for (const entry of entries) {
    state = state.apply(entry);
    if (entry.revision % count === 0) yield state;
  }
}

/** The state after all entries. */
export function stateAfter(entries: Iterable<LogEntry>): State {
  let state = State.empty;
  for (const entry of entries) state = state.apply(entry);
  return state;
}
