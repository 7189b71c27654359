/**
 * Who looks after a server and follows what is changed: where they have got to in each workspace.
 *
 * Nothing is pushed, and nothing waits for them: the entries are read where the workspace keeps them, as far as a write
 * goes, when the last one has been taken. What is no longer kept by then they miss, and are told so.
 *
 * @module
 */

import { assert, type Change, type NodeId } from "../../ot/mod.ts";
import type { AdminItem, ChangedFile, ChangeItem } from "../../proto/mod.ts";
import type { Scope } from "./rights.ts";
import type { LogEntry, State } from "./state.ts";

/** How many entries go into one write, and how much about they may weigh; how many files are named in one. */
const entriesMax = 200, weightMax = 64 << 10, filesMax = 100;

export interface SavedTail {
  readonly id: number;
  readonly workspace: string;
  readonly cursors: readonly (readonly [workspace: string, cursor: Cursor])[];
  readonly news: readonly string[];
}

/** Up to where somebody has been told, in which log. */
interface Cursor {
  readonly epoch: string;
  readonly revision: number;
}

/** What is read of a workspace. */
export interface TailSource {
  readonly name: string;
  readonly epoch: string;
  readonly revision: number;
  /** The entries after this revision are kept. */
  readonly floor: number;
  readonly durable: State;
  entry(revision: number): LogEntry;
}

export class Tail {
  readonly #cursors = new Map<string, Cursor>();
  /** Workspaces in which there may be something new. */
  readonly #news = new Set<string>();

  constructor(
    /** Of the question that it answers. */
    readonly id: number,
    /** The workspace that is followed; "" is all of them. */
    readonly workspace: string,
  ) {}

  /** From now on a workspace is followed, from behind a revision, if it is not yet: else it goes on. */
  follow({ name, epoch, revision }: TailSource, after = revision): void {
    const cursor = this.#cursors.get(name);
    // Of a log that is another one now, nothing is missed that was in the one before.
    const from = cursor?.epoch === epoch ? Math.min(cursor.revision, revision) : after;
    this.#cursors.set(name, { epoch, revision: from });
    if (from < revision) this.#news.add(name);
  }

  /** Something has happened in a workspace. */
  hasNewsOf(name: string): void {
    if (this.#cursors.has(name)) this.#news.add(name);
  }

  get hasNews(): boolean {
    return this.#news.size > 0;
  }

  /** What goes into the next write. */
  take(sourceOf: (name: string) => TailSource | undefined, scope: Scope): AdminItem[] {
    const items: AdminItem[] = [];
    for (const name of this.#news) {
      const source = sourceOf(name);
      this.#news.delete(name);
      if (source === undefined || this.#read(source, scope, items)) continue;
      // Others come before the rest of this one.
      this.#news.add(name);
      break;
    }
    return items;
  }

  /** Reads on in one workspace; false if there is more than goes into one write. */
  #read(source: TailSource, scope: Scope, items: AdminItem[]): boolean {
    const { name, epoch, revision, floor, durable } = source;
    const cursor = this.#cursors.get(name);
    assert(cursor !== undefined, `${name} is followed`);
    let at = cursor.revision;
    if (at < floor) {
      items.push({ kind: "missed", workspace: name, first: at + 1, last: floor });
      at = floor;
    }
    for (let weight = 0; at < revision && items.length < entriesMax && weight < weightMax;) {
      const item = changeItemOf(name, source.entry(++at), durable, scope);
      items.push(item);
      for (const { path } of item.files) weight += path.length;
    }
    this.#cursors.set(name, { epoch, revision: at });
    return at >= revision;
  }

  save(): SavedTail {
    const { id, workspace } = this;
    return { id, workspace, cursors: [...this.#cursors], news: [...this.#news] };
  }

  static restore({ id, workspace, cursors, news }: SavedTail): Tail {
    const tail = new Tail(id, workspace);
    for (const [name, cursor] of cursors) tail.#cursors.set(name, cursor);
    for (const name of news) tail.#news.add(name);
    return tail;
  }
}

/** What an entry does, in figures: of each file and directory that is seen in the scope, by its path of now. */
function changeItemOf(workspace: string, entry: LogEntry, state: State, scope: Scope): ChangeItem {
  const { revision, time, site, change } = entry;
  const files: ChangedFile[] = [];
  let others = 0;
  for (const [node, { steps, inserted, removed }] of figuresOf(change)) {
    if (files.length >= filesMax || !scope.sees(state.workspace, node)) others++;
    else files.push({ path: state.workspace.pathOf(node), step: steps.join(" "), inserted, removed });
  }
  const author = state.authors.get(String(site));
  return { kind: "change", workspace, revision, time, site, author, files, others };
}

interface FigureOfNode {
  readonly steps: string[];
  inserted: number;
  removed: number;
}

function figuresOf({ steps, edits }: Change): ReadonlyMap<NodeId, FigureOfNode> {
  const figures = new Map<NodeId, FigureOfNode>();
  const of = (node: NodeId): FigureOfNode => {
    let figure = figures.get(node);
    if (figure === undefined) figures.set(node, figure = { steps: [], inserted: 0, removed: 0 });
    return figure;
  };
  for (const { node, kind } of steps) of(node).steps.push(kind);
  for (const { node, op } of edits) {
    const figure = of(node);
    for (const { insert, remove } of op) {
      figure.inserted += insert.length;
      figure.removed += remove;
    }
  }
  return figures;
}
