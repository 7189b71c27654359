/**
 * A history as it comes to be: who did what, when. And questions about it, asked as a client asks them: through bytes.
 *
 * @module
 */

import {
  type Change,
  type Edit,
  insert,
  type NodeId,
  type NodeKind,
  replace,
  resolve,
  rootId,
  type Step,
  type Workspace,
} from "../../ot/mod.ts";
import {
  type Answer,
  type AnswerItem,
  decodeClientMessage,
  decodeServerMessage,
  encodeClientMessage,
  encodeServerMessage,
  FrameReader,
  type Query,
} from "../../proto/mod.ts";
import { type LogEntry, State } from "../../server/core/mod.ts";
import { answer, type HistoryLimits, type HistorySource, MemoryHistory } from "../../server/history/mod.ts";
import { assert, assertEquals } from "../assert.ts";

/** The time of revision 1; each later one is a second later. */
export const startTime = 1_000_000;

export class Story {
  readonly entries: LogEntry[] = [];
  readonly states: State[] = [State.empty];
  /** What blobs hold, by hash. */
  readonly contents = new Map<string, Uint8Array>();
  readonly #counters = new Map<number, number>();

  get workspace(): Workspace {
    return this.states.at(-1)!.workspace;
  }

  get revision(): number {
    return this.entries.length;
  }

  mint(site: number): NodeId {
    const counter = (this.#counters.get(site) ?? 0) + 1;
    this.#counters.set(site, counter);
    return `${site}:${counter}`;
  }

  /** What is done from now on is a part of; "" for nothing in particular. */
  task = "";

  /** One change of a site; false, and nothing has happened, if it is refused. */
  does(site: number, { steps = [], edits = [] }: Partial<Change>): boolean {
    const state = this.states.at(-1)!, session = `session ${site}`, before = state.sessions.get(session);
    const resolution = resolve(steps, state.workspace, { site, counter: before?.counter ?? 0 });
    if ("fault" in resolution) return false;
    const revision = this.revision + 1;
    const entry: LogEntry = {
      revision,
      time: startTime + (revision - 1) * 1000,
      session,
      site,
      seq: (before?.last.seq ?? 0) + 1,
      author: before === undefined ? { name: `person ${site}`, kind: "human" } : undefined,
      ...this.task === "" ? {} : { task: this.task },
      change: { steps: resolution.steps, edits },
      notices: resolution.notices,
      hash: revision,
      sites: site > state.sites ? site : 0,
    };
    this.entries.push(entry);
    this.states.push(state.apply(entry));
    return true;
  }

  /** A file with all directories above it, as one change. */
  creates(site: number, path: string, text = ""): void {
    const names = path.split("/"), steps: Step[] = [], edits: Edit[] = [];
    let parent: NodeId = rootId;
    for (const [i, name] of names.entries()) {
      const type: NodeKind = i === names.length - 1 ? "text" : "directory";
      const there = this.workspace.child(parent, name);
      if (there === undefined) {
        const node = this.mint(site);
        steps.push({ kind: "create", node, parent, name, type });
        parent = node;
      } else parent = there;
    }
    if (text !== "") edits.push({ node: parent, op: insert(0, text) });
    assert(this.does(site, { steps, edits }));
  }

  types(site: number, path: string, at: number, remove: number, text: string): void {
    assert(this.does(site, { edits: [{ node: this.id(path), op: replace(at, remove, text) }] }));
  }

  renames(site: number, path: string, name: string): void {
    assert(this.does(site, { steps: [{ kind: "rename", node: this.id(path), name }] }));
  }

  moves(site: number, path: string, directory: string): void {
    assert(this.does(site, { steps: [{ kind: "move", node: this.id(path), parent: this.id(directory) }] }));
  }

  removes(site: number, path: string): void {
    const tombstone = this.mint(site);
    assert(this.does(site, { steps: [{ kind: "remove", node: this.id(path), tombstone }] }));
  }

  /** The server forgets a node that has been removed. */
  forgets(node: NodeId): void {
    const revision = this.revision + 1, change = { steps: [{ kind: "forget", node } as const], edits: [] };
    const time = startTime + (revision - 1) * 1000;
    const entry: LogEntry = {
      ...{ revision, time, session: "", site: 0, seq: 0, author: undefined },
      ...{ change, notices: [], hash: 0, sites: 0 },
    };
    this.entries.push(entry);
    this.states.push(this.states.at(-1)!.apply(entry));
  }

  id(path: string): NodeId {
    return this.workspace.find(path)!.id;
  }

  /** The log, which reaches back to revision `floor`. */
  source(floor = 0): MemoryHistory {
    return new MemoryHistory("1", this.states[floor]!, this.entries.slice(floor), this.contents);
  }
}

export const newest = { revision: 0, time: 0 };

export function queryOf(question: Query["question"], what: Partial<Query> = {}): Query {
  return { kind: "query", id: 1, at: newest, paths: [], globs: [], after: "", question, ...what };
}

/** The messages of an answer, each no longer than it may be, as a client receives them. */
export function messagesOf(query: Query, source: HistorySource, limits?: HistoryLimits): Answer[] {
  const received: Answer[] = [];
  new FrameReader().push(encodeClientMessage(query), (type, payload) => {
    const asked = decodeClientMessage(type, payload);
    assert(asked.kind === "query");
    for (const message of answer(asked, source, limits)) {
      const frame = encodeServerMessage(message);
      assert(frame.length <= 66_000, `a message of ${frame.length} bytes`);
      new FrameReader().push(frame, (type, payload) => {
        const decoded = decodeServerMessage(type, payload);
        assert(decoded.kind === "answer");
        assertEquals<unknown>(decoded, message);
        received.push(decoded);
      });
    }
  });
  assertEquals(received.map(({ last }) => last), received.map((_, i) => i === received.length - 1));
  return received;
}

/** All items of an answer, asked for again and again until there is no more; or the code of its error. */
export function asked(query: Query, source: HistorySource, limits?: HistoryLimits): AnswerItem[] | string {
  const items: AnswerItem[] = [];
  for (let after = query.after, at = query.at;;) {
    const messages = messagesOf({ ...query, after, at }, source, limits);
    const { code, message, next, revision } = messages.at(-1)!;
    if (code !== "") {
      assert(message.length > 20, "a sentence says what to do");
      return code;
    }
    items.push(...messages.flatMap((message) => message.items));
    if (next === "") return items;
    assert(next !== after, "each answer gets further");
    after = next;
    at = { revision, time: 0 };
  }
}

/** The items of one kind that an answer has. */
export function itemsOf<Kind extends AnswerItem["kind"]>(
  kind: Kind,
  query: Query,
  source: HistorySource,
  limits?: HistoryLimits,
): (AnswerItem & { readonly kind: Kind })[] {
  const items = asked(query, source, limits);
  if (typeof items === "string") throw new Error(`It was answered ${items}`);
  return items.filter((item): item is AnswerItem & { readonly kind: Kind } => item.kind === kind);
}
