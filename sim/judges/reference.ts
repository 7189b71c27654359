/**
 * The workspace as the log says it is, replayed on plain strings and plain maps: slow where the real one is fast,
 * and sharing nothing with it but the entries.
 *
 * It remembers what every node was at every revision, so that whoever is behind can be compared as well.
 *
 * @module
 */

import type { NodeId } from "../../ot/mod.ts";
import type { LogEntry } from "../../server/core/mod.ts";
import { Failure } from "./failure.ts";
import { Paper } from "./paper.ts";

/** A node at some revision. */
export interface ReferenceNode {
  readonly parent: NodeId;
  readonly name: string;
  readonly kind: string;
  readonly tombstone: NodeId | undefined;
  /** What a blob holds, as "hash bytes". */
  readonly content: string | undefined;
  /** Whether it is a file that can be executed. */
  readonly executable: boolean;
}

interface Version<T> {
  readonly revision: number;
  readonly value: T;
}

const root = "0:0";

export class Reference {
  readonly entries: LogEntry[] = [];
  /** Undefined is one that is forgotten. */
  readonly #nodes = new Map<NodeId, Version<ReferenceNode | undefined>[]>();
  readonly #texts = new Map<NodeId, Version<Paper>[]>();
  /** Which nodes each entry touched. */
  readonly #touched: (readonly NodeId[])[] = [];
  /** Versions that were needed to know what stood before this revision are gone. */
  #forgotten = 0;
  #length = 0;
  #count = 1;
  /** Whether nodes have ever been forgotten. */
  hasForgotten = false;
  #grew = false;

  get revision(): number {
    return this.entries.length;
  }

  /** What is known goes back to here. */
  get oldest(): number {
    return this.#forgotten;
  }

  ids(): IterableIterator<NodeId> {
    return this.#nodes.keys();
  }

  node(id: NodeId, revision = this.revision): ReferenceNode | undefined {
    return versionAt(this.#nodes.get(id), revision);
  }

  paper(id: NodeId, revision = this.revision): Paper {
    return versionAt(this.#texts.get(id), revision) ?? Paper.empty;
  }

  text(id: NodeId, revision = this.revision): string {
    return this.paper(id, revision).toString();
  }

  /** How many nodes there are, the root included; how long all texts and blobs are, and whether the newest entry made them longer. */
  sizes(): { readonly nodes: number; readonly length: number; readonly grew: boolean } {
    return { nodes: this.#count, length: this.#length, grew: this.#grew };
  }

  /** Whether neither a node nor anything above it is removed. */
  isLive(id: NodeId, revision = this.revision): boolean {
    for (let node = this.node(id, revision); node !== undefined; node = this.node(node.parent, revision)) {
      if (node.tombstone !== undefined) return false;
      if (node.parent === root) return true;
    }
    return false;
  }

  /** A node and all below it, removed or not. */
  within(top: NodeId): NodeId[] {
    return this.node(top) === undefined ? [] : [...this.#nodes.keys()].filter((id) => this.isWithin(id, top));
  }

  /** Whether a node is another one, or below it. */
  isWithin(id: NodeId, top: NodeId): boolean {
    let at: NodeId | undefined = id;
    while (at !== top && at !== undefined) at = this.node(at)?.parent;
    return at === top;
  }

  /** The nodes that the entries after `from` up to `to` touched. */
  touched(from: number, to: number): Iterable<NodeId> {
    if (to === from + 1) return this.#touched[from]!;
    const nodes = new Set<NodeId>();
    for (let revision = from + 1; revision <= to; revision++) {
      for (const node of this.#touched[revision - 1]!) nodes.add(node);
    }
    return nodes;
  }

  apply(entry: LogEntry): void {
    const { revision, change } = entry;
    this.entries.push(entry);
    const length = this.#length;
    const touched: NodeId[] = [];
    for (const step of change.steps) {
      touched.push(step.node);
      if (step.kind === "create") {
        if (this.#nodes.has(step.node)) this.#broken(entry, `${step.node} is created twice`);
        const { parent, name, type: kind } = step, content = said(step.content);
        if ((kind === "blob") !== (content !== undefined)) {
          this.#broken(entry, `${step.node} holds the wrong thing`);
        }
        const executable = "executable" in step;
        if (executable && kind === "directory") this.#broken(entry, `directory ${step.node} is executable`);
        const node = { parent, name, kind, tombstone: undefined, content, executable };
        this.#length += step.content?.bytes ?? 0;
        this.#nodes.set(step.node, [{ revision, value: node }]);
        this.#count++;
        continue;
      }
      if (step.kind === "forget") {
        if (this.node(step.node, revision - 1) === undefined) {
          this.#broken(entry, `${step.node} is forgotten, and is not there`);
        }
        this.hasForgotten = true;
        for (const id of this.within(step.node)) {
          touched.push(id);
          this.#length -= Number(this.node(id)?.content?.split(" ")[1] ?? 0);
          put(this.#nodes, id, revision, undefined);
          this.#length -= this.paper(id).length;
          put(this.#texts, id, revision, Paper.empty);
          this.#count--;
        }
        continue;
      }
      const node = this.node(step.node);
      if (node === undefined) this.#broken(entry, `a step is about ${step.node}, which is not there`);
      let value = node!;
      if (step.kind === "move") value = { ...value, parent: step.parent };
      else if (step.kind === "rename") value = { ...value, name: step.name };
      else if (step.kind === "replace") {
        if (value.content === undefined) this.#broken(entry, `${step.node} is replaced, which is no blob`);
        this.#length += step.content.bytes - Number(value.content!.split(" ")[1]);
        value = { ...value, content: said(step.content) };
      } else if (step.kind === "mode") {
        if (value.kind === "directory") this.#broken(entry, `directory ${step.node} is made executable`);
        if (value.executable === step.executable) {
          this.#broken(entry, `${step.node} is so executable already`);
        }
        value = { ...value, executable: step.executable };
      } else if (step.kind === "remove") value = { ...value, tombstone: step.tombstone };
      else value = { ...value, tombstone: undefined };
      put(this.#nodes, step.node, revision, value);
    }
    for (const { node, op } of change.edits) {
      touched.push(node);
      if (this.node(node)?.kind !== "text") this.#broken(entry, `an edit is of ${node}, which is no file`);
      let text = this.paper(node);
      for (let i = op.length - 1; i >= 0; i--) {
        const { at, remove, insert } = op[i]!;
        if (at + remove > text.length) this.#broken(entry, `an edit leaves ${node} at ${at + remove}`);
        text = text.edited(at, remove, insert);
      }
      this.#length += text.length - this.paper(node).length;
      put(this.#texts, node, revision, text);
    }
    this.#grew = this.#length > length;
    this.#touched.push(touched);
    if (change.steps.length > 0) this.#judgeTree(entry);
  }

  /** Lets go of what stood before `revision`. */
  forget(revision: number): void {
    this.#forgotten = Math.max(this.#forgotten, revision);
    for (const versions of [...this.#nodes.values(), ...this.#texts.values()] as Version<unknown>[][]) {
      let first = versions.length - 1;
      while (first > 0 && versions[first]!.revision > revision) first--;
      if (first > 0) versions.splice(0, first);
    }
  }

  /** Names are unique among those who are there, and everything hangs on the root. */
  #judgeTree(entry: LogEntry): void {
    const names = new Set<string>();
    for (const id of this.#nodes.keys()) {
      const there = this.node(id);
      if (there === undefined) continue;
      const { parent, name, tombstone } = there;
      if (tombstone === undefined) {
        const place = `${parent}/${name}`;
        if (names.has(place)) throw new Failure("tree", "a name is there twice", place, entry.revision);
        names.add(place);
      }
      let above = parent;
      for (let steps = 0; above !== root; steps++) {
        const node = this.node(above);
        if (node === undefined || node.kind !== "directory" || steps > this.#nodes.size) {
          throw new Failure(
            "tree",
            "a node does not hang on the root",
            `${id} by way of ${above}`,
            entry.revision,
          );
        }
        above = node.parent;
      }
    }
  }

  #broken(entry: LogEntry, what: string): never {
    throw new Failure("fold", "an entry does not fit the state before it", what, entry.revision);
  }
}

function said(content: { readonly hash: string; readonly bytes: number } | undefined): string | undefined {
  return content && `${content.hash} ${content.bytes}`;
}

function versionAt<T>(versions: readonly Version<T>[] | undefined, revision: number): T | undefined {
  if (versions === undefined) return undefined;
  for (let i = versions.length - 1; i >= 0; i--) {
    if (versions[i]!.revision <= revision) return versions[i]!.value;
  }
  return undefined;
}

function put<T>(map: Map<NodeId, Version<T>[]>, id: NodeId, revision: number, value: T): void {
  let versions = map.get(id);
  if (versions === undefined) map.set(id, versions = []);
  if (versions[versions.length - 1]?.revision === revision) versions.pop();
  versions.push({ revision, value });
}
