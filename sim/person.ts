/**
 * Does what a scenario says that somebody does, on whatever stands in the workspace by then.
 *
 * @module
 */

import {
  type Change,
  compareIds,
  difference,
  type Edit,
  faultOf,
  growthOf,
  type Node,
  type NodeId,
  normalize,
  normalizeEdits,
  rootId,
  type Splice,
  splitsPair,
  type Step,
  Text,
  type TextOp,
  transform,
  type Workspace,
} from "../ot/mod.ts";
import { type Alphabet, lineEnds } from "./alphabet.ts";
import { sha256 } from "@noble/hashes/sha2.js";
import type { OwnContent } from "../client/core/mod.ts";
import { type Answer, type Condition, type Moment, type Question, toHex } from "../proto/mod.ts";
import type { ClientHost } from "./client_host.ts";
import type { DeedMeaning } from "./judges/answers.ts";
import { Random } from "./random.ts";
import { type Action, whole } from "./scenario.ts";
import { TakingBack } from "./taking_back.ts";

/** Who is told of what somebody is about to do. */
export interface DeedObserver {
  /** A change of the view, numbered as the core will number it. */
  changes(host: ClientHost, number: number, change: Change, how: DeedMeaning): void;
  /** Something has been taken back, by undo, redo or a change that itself can be undone; `before` is what was seen. */
  tookBack(host: ClientHost, before: Workspace, edits: readonly Edit[], isChange: boolean): void;
}

/** Names that meet each other: equal ones, ones that differ in case, ones that are numbered, long ones. */
const names: readonly string[] = [
  "a",
  "b.txt",
  "c",
  "A",
  "b (2).txt",
  ".hidden",
  "é",
  "日本語.md",
  "archive.tar.gz",
  `${"x".repeat(250)}.txt`,
  "a (2)",
  "👩‍👩‍👧.txt",
  "src",
  "x".repeat(255),
];

export class Person {
  /** Where the last edit of each file ended. */
  readonly #caret = new Map<NodeId, number>();
  /** What each file would be if the edits that are given word for word were all that happens to it. */
  readonly #meant = new Map<number, Text>();
  /** How that led to what stood there right after the last edit of each: it is dear to find out. */
  readonly #ways = new Map<number, { readonly from: Text; readonly to: Text; readonly way: TextOp }>();

  /** The files of a view: they are the same for as long as only texts are edited. */
  #counted: { readonly view: Workspace; readonly files: readonly NodeId[] } | undefined;
  #questions = 0;
  readonly #takingBack = new TakingBack();
  /** What one works at. */
  #task: string | undefined;

  constructor(
    readonly host: ClientHost,
    readonly alphabet: Alphabet,
    readonly observer: DeedObserver,
  ) {}

  perform(action: Action): void {
    const { host } = this;
    const { core } = host;
    const meant = action.do === "edit" ? this.#follow(action) : undefined;
    if (!host.isAwake || core.confirmed === undefined || core.phase === "ended") return;
    this.#takeBackWhatWasAsked();
    switch (action.do) {
      case "type":
        return this.#type(action);
      case "edit":
        return this.#edit(action.file, action.op, meant);
      case "replaceAll":
        return this.#replaceAll(action.file, action.every, action.insert);
      case "rewrite":
        return this.#rewrite(action.files, action.insert);
      case "create":
        return this.#create(action.parent, action.name, action.type, action.insert);
      case "put":
        return this.#put(action);
      case "fetch":
        return this.#fetch(action.blob);
      case "mode":
        return this.#setExecutable(action.file, action.executable);
      case "rename":
        return this.#steps([{ kind: "rename", node: this.#node(action.node), name: nameOf(action.name) }]);
      case "move":
        return this.#steps([{
          kind: "move",
          node: this.#node(action.node),
          parent: this.#directory(action.parent),
        }]);
      case "remove":
        return this.#steps([{ kind: "remove", node: this.#node(action.node), tombstone: core.nextId(0) }]);
      case "restore":
        return this.#steps([{ kind: "restore", node: this.#removed(action.node) }]);
      case "swap":
        return this.#swap(this.#node(action.node), this.#node(action.other));
      case "checkout":
        return this.#checkout(action.steps, action.key);
      case "undo":
      case "redo":
        return this.takeBack(action.do);
      case "ask":
        return this.#ask(action.what, action.back);
      case "select":
        return this.#select(action.file, action.anchor, action.head);
      case "task":
        this.#task = action.task === 0 ? undefined : `task ${action.task}`;
        return;
      case "demand":
        return this.#demand(action);
      case "takeBack": {
        const query = this.#takingBack.question(this.#questions + 1, action.back, host);
        if (query === undefined) return;
        this.#questions++;
        host.input({ kind: "ask", query });
      }
    }
  }

  /** Something is answered. */
  heard(answer: Answer): void {
    this.#takingBack.heard(answer);
  }

  /** It is of one's own session alone, as undo is, and so is judged as that. */
  #takeBackWhatWasAsked(): void {
    const { host } = this, { core } = host, taken = this.#takingBack.take(host);
    if (taken === undefined) return;
    const { change, conditions } = taken, before = core.view, task = this.#task;
    const how = { atomic: true, task, hasConditions: conditions.length > 0 };
    this.observer.changes(host, core.nextNumber, { steps: change.steps, edits: [] }, how);
    const named = task === undefined ? {} : { task };
    const events = host.input({ kind: "change", change, atomic: true, conditions, ...named });
    if (events.some(({ kind }) => kind === "edited")) {
      this.observer.tookBack(host, before, change.edits, true);
    }
  }

  /** Takes back the newest, or brings it back. */
  takeBack(which: "undo" | "redo"): void {
    const before = this.host.core.view;
    const edits: Edit[] = [];
    for (const event of this.host.input({ kind: which })) {
      if (event.kind === "edited" && event.origin === "undo") edits.push({ node: event.node, op: event.op });
    }
    this.observer.tookBack(this.host, before, edits, false);
  }

  // Typing ----------------------------------------------------------------------------------------------------

  #type({ file, at, remove, insert, line, atomic }: Extract<Action, { do: "type" }>): void {
    const node = this.#file(file);
    if (node === undefined) return this.#create(0, file, "text", insert);
    if (!this.#hasText(node)) return;
    const text = this.host.core.view.text(node);
    let from = this.#place(node, text, at);
    let to = Math.min(text.length, from + remove);
    // Now and then somebody is careless, and cuts a character in two: that is refused on the spot.
    if (at % 64 !== 63) {
      if (splitsPair(text, from)) from--;
      if (splitsPair(text, to)) to++;
    }
    let typed = this.alphabet.take(insert);
    if (line > 0) typed += lineEnds[(line - 1) % lineEnds.length]!;
    const op = normalize([{ at: from, remove: to - from, insert: typed }]);
    this.#change({ steps: [], edits: op.length === 0 ? [] : [{ node, op }] }, atomic);
    this.#caret.set(node, from + typed.length);
  }

  /** The place that an action means: a part of the length, the caret, or somebody else's cursor. */
  #place(node: NodeId, text: Text, at: number): number {
    let place = Math.floor((text.length * at) / whole);
    if (at === -1) place = this.#caret.get(node) ?? text.length;
    if (at === -2) {
      const other = this.host.core.peers.find((peer) => peer.node === node && peer.ranges.length > 0);
      place = other?.ranges[0]?.head ?? text.length;
    }
    return Math.max(0, Math.min(place, text.length));
  }

  /** The text for which an edit is meant, whether or not it can be made; undefined if that is not known. */
  #follow({ file, op, was }: Extract<Action, { do: "edit" }>): Text | undefined {
    if (was === undefined) return undefined;
    const last = this.#meant.get(file) ?? Text.empty;
    let text = last;
    if (typeof was === "string") text = Text.of(was);
    else if (was.length > 0) text = last.apply(clamped(was, last));
    this.#meant.set(file, text.apply(clamped(op, text)));
    return text;
  }

  #edit(file: number, op: TextOp, meant: Text | undefined): void {
    const node = this.#file(file);
    if (node === undefined) {
      const base = meant ?? Text.empty;
      return this.#createAs(base.apply(clamped(op, base)).toString());
    }
    if (!this.#hasText(node)) return;
    const text = this.host.core.view.text(node);
    if (meant === undefined) return this.#replace(node, text, clamped(op, text));
    const known = this.#ways.get(file);
    const way = known?.from === meant && known.to.equals(text) ? known.way : difference(meant, text);
    const edit = clamped(op, meant);
    this.#replace(node, text, transform(edit, way, "left"));
    const from = this.#meant.get(file)!, to = this.host.core.view.text(node);
    const wayOn = transform(way, edit, "right");
    if (to.length === from.length + growthOf(wayOn)) this.#ways.set(file, { from, to, way: wayOn });
    else this.#ways.delete(file);
  }

  #replace(node: NodeId, text: Text, op: TextOp): void {
    if (op.length === 0 || faultOf(op, text) !== undefined) return;
    this.#change({ steps: [], edits: [{ node, op }] }, false);
  }

  #replaceAll(file: number, every: number, insert: number): void {
    const node = this.#file(file);
    if (node === undefined || !this.#hasText(node)) return;
    const text = this.host.core.view.text(node);
    const splices: Splice[] = [];
    for (let at = 0; at < text.length && splices.length < 200; at += every) {
      if (splitsPair(text, at)) continue;
      const to = at + 1 < text.length && splitsPair(text, at + 1) ? at + 2 : at + 1;
      splices.push({ at, remove: to - at, insert: this.alphabet.take(insert) });
    }
    if (splices.length > 0) this.#change({ steps: [], edits: [{ node, op: normalize(splices) }] }, false);
  }

  #rewrite(count: number, insert: number): void {
    const { view } = this.host.core;
    const edits: Edit[] = [];
    for (const node of filesOf(view).slice(0, count)) {
      if (!this.#hasText(node)) continue;
      const op = normalize([{ at: 0, remove: view.text(node).length, insert: this.alphabet.take(insert) }]);
      if (op.length > 0) edits.push({ node, op });
    }
    if (edits.length > 0) this.#change({ steps: [], edits: normalizeEdits(edits) }, true);
  }

  // The tree --------------------------------------------------------------------------------------------------

  #create(parent: number, name: number, type: "text" | "directory", insert: number): void {
    const text = type === "text" ? this.alphabet.take(insert) : "";
    this.#createAs(text, this.#directory(parent), name, type);
  }

  #createAs(text: string, parent: NodeId = rootId, name = 1, type: "text" | "directory" = "text"): void {
    const node = this.host.core.nextId(0);
    this.#change({
      steps: [{ kind: "create", node, parent, name: nameOf(name), type }],
      edits: text === "" ? [] : [{ node, op: [{ at: 0, remove: 0, insert: text }] }],
    }, false);
  }

  #put({ blob, parent, name, bytes: length, key }: Extract<Action, { do: "put" }>): void {
    const { core } = this.host, bytes = bytesFrom(key, length), blobs = this.#blobs();
    const content = { hash: toHex(sha256(bytes)), bytes: length };
    const step: Step = blob === 0 || blobs.length === 0
      ? {
        kind: "create",
        node: core.nextId(0),
        parent: this.#directory(parent),
        name: nameOf(name),
        type: "blob",
        content,
      }
      : { kind: "replace", node: blobs[(blob - 1) % blobs.length]!, content };
    this.#change({ steps: [step], edits: [] }, false, [{ hash: content.hash, bytes }]);
  }

  #fetch(blob: number): void {
    const { confirmed, revision } = this.host.core, blobs = this.#blobs();
    const content = confirmed!.node(blobs[blob % blobs.length] ?? "")?.content;
    if (content !== undefined) this.#query({ revision, time: 0 }, { kind: "blob", hash: content.hash });
  }

  #setExecutable(index: number, executable: boolean): void {
    const files = nodesOf(this.host.core.view, ({ kind }) => kind !== "directory");
    if (files.length === 0) return;
    this.#steps([{ kind: "mode", node: files[index % files.length]!, executable }]);
  }

  #swap(one: NodeId, other: NodeId): void {
    const { view } = this.host.core;
    const a = view.node(one)!, b = view.node(other)!;
    if (one === other || one === rootId || other === rootId) return;
    this.#steps([{ kind: "rename", node: one, name: b.name }, { kind: "rename", node: other, name: a.name }]);
  }

  /** Like a change of branches: nodes come, go, move and are renamed, all at once. */
  #checkout(count: number, key: number): void {
    const { core } = this.host;
    const draws = new Random(key.toString(16).padStart(16, "0")).stream("checkout");
    const steps: Step[] = [];
    let minted = 0;
    for (let i = 0; i < count; i++) {
      const node = this.#node(draws.word());
      switch (draws.int(0, 4)) {
        case 0:
          steps.push({
            kind: "create",
            node: core.nextId(minted++),
            parent: this.#directory(draws.word()),
            name: `${nameOf(draws.int(0, 4)).slice(0, 9)} ${i}`,
            type: draws.isOneIn(3) ? "directory" : "text",
          });
          break;
        case 1:
          steps.push({ kind: "remove", node, tombstone: core.nextId(minted++) });
          break;
        case 2:
          steps.push({ kind: "move", node, parent: this.#directory(draws.word()) });
          break;
        case 3:
          steps.push({ kind: "rename", node, name: nameOf(draws.word()) });
          break;
        case 4:
          steps.push({ kind: "restore", node: this.#removed(draws.word()) });
      }
    }
    this.#steps(steps);
  }

  /** Steps in a change of their own. What cannot be is refused on the spot. */
  #steps(steps: readonly Step[]): void {
    this.#change({ steps, edits: [] }, false);
  }

  #select(file: number, anchor: number, head: number): void {
    const node = this.#file(file);
    if (node === undefined) {
      this.host.input({ kind: "select", ranges: [] });
      return;
    }
    if (!this.#hasText(node)) return;
    const text = this.host.core.view.text(node);
    const ranges = [{ anchor: this.#place(node, text, anchor), head: this.#place(node, text, head) }];
    this.host.input({ kind: "select", node, ranges });
  }

  #ask(what: number, back: number): void {
    const { revision } = this.host.core, from = { revision: Math.max(1, revision - back), time: 0 };
    const now = { revision, time: 0 };
    const questions: readonly [Moment, Question][] = [
      [from, { kind: "files" }],
      [from, { kind: "tree" }],
      [now, { kind: "diff", from, context: 3 }],
      [now, { kind: "changes", from }],
      [now, { kind: "search", pattern: "a", regular: false, ignoreCase: true, matches: 0 }],
    ];
    this.#query(...questions[what % questions.length]!);
  }

  #query(at: Moment, question: Question): void {
    const query = {
      kind: "query",
      id: ++this.#questions,
      at,
      paths: [],
      globs: [],
      after: "",
      question,
    } as const;
    this.host.input({ kind: "ask", query });
  }

  /** Types something that depends on how things are, or were a while ago. */
  #demand({ file, at, remove, insert, what, back, node: index }: Extract<Action, { do: "demand" }>): void {
    const { core } = this.host, { view } = core, node = this.#file(file);
    if (node === undefined || !this.#hasText(node)) return;
    const text = view.text(node), since = Math.max(1, core.revision - back), other = this.#node(index);
    let from = this.#place(node, text, at), to = Math.min(text.length, from + remove);
    if (splitsPair(text, from)) from--;
    if (splitsPair(text, to)) to++;
    const op = normalize([{ at: from, remove: to - from, insert: this.alphabet.take(insert) }]);
    const kinds: readonly Condition[] = [
      { kind: "content", node, since },
      { kind: "apart", node, since: core.revision },
      { kind: "path", node: other, since },
      { kind: "live", node: other },
      { kind: "stands", node: other, path: view.pathOf(other) },
      { kind: "content", node: other, since },
      { kind: "stands", node: undefined, path: nameOf(index) },
    ];
    const conditions = [kinds[what % kinds.length]!];
    if (what >= kinds.length) conditions.push(kinds[(what + index) % kinds.length]!);
    this.#change({ steps: [], edits: op.length === 0 ? [] : [{ node, op }] }, false, undefined, conditions);
  }

  #change(
    change: Change,
    atomic: boolean,
    contents?: readonly OwnContent[],
    conditions?: readonly Condition[],
  ): void {
    const { core } = this.host, task = this.#task;
    const how = { atomic, task, hasConditions: conditions !== undefined };
    this.observer.changes(this.host, core.nextNumber, change, how);
    this.host.input({
      kind: "change",
      change,
      atomic,
      ...contents === undefined ? {} : { contents },
      ...task === undefined ? {} : { task },
      ...conditions === undefined ? {} : { conditions },
    });
  }

  /** Whether a file is there to be worked in; if it is not, it will be some time later. */
  #hasText(node: NodeId): boolean {
    if (this.host.core.isLoaded(node)) return true;
    this.host.input({ kind: "load", nodes: [node] });
    return false;
  }

  // Which one -------------------------------------------------------------------------------------------------

  /** Files are counted: live ones first, then those that are removed, round and round. */
  #file(index: number): NodeId | undefined {
    const { view } = this.host.core;
    if (this.#counted?.view.hasSameTree(view) !== true) this.#counted = { view, files: filesOf(view) };
    const { files } = this.#counted;
    return files[index % files.length];
  }

  #node(index: number): NodeId {
    const nodes = nodesOf(this.host.core.view, () => true);
    return nodes[index % nodes.length]!;
  }

  #directory(index: number): NodeId {
    const directories = nodesOf(this.host.core.view, ({ kind }) => kind === "directory");
    return directories[index % directories.length]!;
  }

  #blobs(): NodeId[] {
    return nodesOf(this.host.core.view, ({ kind }) => kind === "blob");
  }

  #removed(index: number): NodeId {
    const removed = nodesOf(this.host.core.view, ({ tombstone }) => tombstone !== undefined);
    return removed.length === 0 ? this.#node(index) : removed[index % removed.length]!;
  }
}

/** The text files of a workspace: live ones first, each by age. */
export function filesOf(view: Workspace): NodeId[] {
  const live: NodeId[] = [], removed: NodeId[] = [];
  for (const id of nodesOf(view, ({ kind }) => kind === "text")) (view.isLive(id) ? live : removed).push(id);
  return live.concat(removed);
}

function nodesOf(view: Workspace, is: (node: Node) => boolean): NodeId[] {
  const ids: NodeId[] = [];
  for (const node of view.nodes()) if (is(node)) ids.push(node.id);
  return ids.sort(compareIds);
}

/** Bytes that a number gives: the same ones each time. */
export function bytesFrom(key: number, length: number): Uint8Array {
  const draws = new Random(key.toString(16).padStart(16, "0")).stream("bytes");
  return Uint8Array.from({ length }, () => draws.word() & 0xff);
}

function nameOf(index: number): string {
  return names[index % names.length]!;
}

/** What of an operation fits a text. */
function clamped(op: TextOp, text: Text): TextOp {
  const { length } = text;
  return normalize(op.map(({ at, remove, insert }) => {
    let from = Math.min(at, length), to = Math.min(at + remove, length);
    if (splitsPair(text, from)) from--;
    if (splitsPair(text, to)) to++;
    return { at: from, remove: to - from, insert };
  }));
}
