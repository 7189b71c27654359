/**
 * A workspace as a value: a tree of directories and files, and what each file says. What is no text is a blob, of which
 * only the hash is here.
 *
 * A node has an identity that never changes, and registers: its parent and its name, of a file whether it can be
 * executed, and of a blob its content; paths follow from them. So an edit of a file, a rename of it and a move of a
 * directory above it do not touch each other.
 *
 *     id     parent  name      kind        tombstone
 *     0:0                      directory               the root
 *     3:1    0:0     src       directory
 *     3:2    3:1     main.ts   text
 *     3:3    3:1     logo.png  blob                    its content is 4be1…, 5120 bytes
 *     5:9    3:1     old.ts    text        5:12        removed; its text is kept
 *
 * A removed node keeps its place and its text, hidden, and so does everything below it; a node is *live* if
 * neither it nor any directory above it is removed. Among the children of a directory that are not removed
 * themselves, names are unique. In the end a removed node is *forgotten*: it goes, with all that is in it.
 *
 * @module
 */

import { assert } from "./assert.ts";
import type { BlobContent } from "./blob.ts";
import type { Change, Step } from "./change.ts";
import { PersistentMap } from "./persistent_map.ts";
import { Text } from "./text.ts";

/**
 * A node's identity, "site:counter": the site that made it, and that site's count. Tombstones are numbered from
 * the same counter.
 */
export type NodeId = string;

/** What a node is. */
export type NodeKind = "directory" | "text" | "blob";

/** The directory that everything is in. Nothing can be done to it. */
export const rootId: NodeId = "0:0";

/** A node as it stands. */
export interface Node {
  /** Its identity, which never changes. */
  readonly id: NodeId;
  /** The directory it is in, or was in when it was removed; of the root, itself. */
  readonly parent: NodeId;
  /** Its name, unique among those beside it that are not removed. */
  readonly name: string;
  /** What it is; that never changes. */
  readonly kind: NodeKind;
  /** Identifies the removal that hides it; undefined while it is not removed itself. */
  readonly tombstone: NodeId | undefined;
  /** What it holds, of a blob alone. */
  readonly content?: BlobContent;
  /** Of a file that can be executed. */
  readonly executable?: true;
}

/** What is known of bytes that blobs hold. */
interface Held {
  readonly bytes: number;
  /** How many blobs hold them. */
  readonly blobs: number;
}

const root: Node = { id: rootId, parent: rootId, name: "", kind: "directory", tombstone: undefined };

/** The site and the counter of an id; undefined if it is none. */
export function parseId(id: NodeId): { readonly site: number; readonly counter: number } | undefined {
  const parts = /^(0|[1-9]\d{0,9}):(0|[1-9]\d{0,9})$/.exec(id);
  return parts === null ? undefined : { site: Number(parts[1]), counter: Number(parts[2]) };
}

/** Sorts ids by site, then by counter. */
export function compareIds(a: NodeId, b: NodeId): number {
  if (a === b) return 0;
  const one = parseId(a), two = parseId(b);
  assert(one !== undefined && two !== undefined, `${a} and ${b} are ids`);
  return one.site - two.site || one.counter - two.counter;
}

type Names = PersistentMap<NodeId>;

/** A tree of directories and text files that never changes. */
export class Workspace {
  /** The workspace that holds nothing but its root. */
  static readonly empty: Workspace = new Workspace(
    PersistentMap.empty<Node>().set(rootId, root),
    PersistentMap.empty<Names>(),
    PersistentMap.empty<Names>(),
    PersistentMap.empty<Text>(),
    PersistentMap.empty<Held>(),
    0,
    0,
  );

  readonly #nodes: PersistentMap<Node>;
  /** Of each directory, its children that are not removed themselves, by name. */
  readonly #children: PersistentMap<Names>;
  /** Of each directory, those of its children that are removed themselves, by id. */
  readonly #removed: PersistentMap<Names>;
  readonly #texts: PersistentMap<Text>;
  /** By hash, what blobs hold, removed ones too. */
  readonly #contents: PersistentMap<Held>;
  /** The length of all texts together, those of removed files too, in UTF-16 code units. */
  readonly textLength: number;
  /** How many bytes all blobs hold together, removed ones too; those that several hold count for each. */
  readonly blobBytes: number;

  private constructor(
    nodes: PersistentMap<Node>,
    children: PersistentMap<Names>,
    removed: PersistentMap<Names>,
    texts: PersistentMap<Text>,
    contents: PersistentMap<Held>,
    textLength: number,
    blobBytes: number,
  ) {
    this.#nodes = nodes;
    this.#children = children;
    this.#removed = removed;
    this.#texts = texts;
    this.#contents = contents;
    this.textLength = textLength;
    this.blobBytes = blobBytes;
  }

  /** The workspace of these nodes, of which the root may be left out, and the texts of its files. */
  static of(nodes: Iterable<Node>, texts: Iterable<readonly [NodeId, Text]>): Workspace {
    let all = PersistentMap.empty<Node>().set(rootId, root);
    let children = PersistentMap.empty<Names>(), removed = PersistentMap.empty<Names>();
    let held = PersistentMap.empty<Held>(), blobBytes = 0;
    for (const node of nodes) {
      if (node.id === rootId) continue;
      all = all.set(node.id, node);
      if (node.content !== undefined) {
        held = withContent(held, node.content);
        blobBytes += node.content.bytes;
      }
      if (node.tombstone === undefined) children = withName(children, node);
      else removed = withRemoved(removed, node);
    }
    let contents = PersistentMap.empty<Text>(), length = 0;
    for (const [id, text] of texts) {
      contents = contents.set(id, text);
      length += text.length;
    }
    return new Workspace(all, children, removed, contents, held, length, blobBytes);
  }

  /** How many nodes there are, removed ones and the root included. */
  get size(): number {
    return this.#nodes.size;
  }

  /** The node with this id, removed or not. */
  node(id: NodeId): Node | undefined {
    return this.#nodes.get(id);
  }

  /** All nodes, the root and removed ones included, in an order that depends on their ids alone. */
  *nodes(): Generator<Node> {
    for (const [, node] of this.#nodes) yield node;
  }

  /** Whether one has come of the other by edits of texts alone: then both have the same nodes. */
  hasSameTree(other: Workspace): boolean {
    return this.#nodes === other.#nodes;
  }

  /** What a file says, removed or not; empty if nobody ever wrote into it. */
  text(id: NodeId): Text {
    return this.#texts.get(id) ?? Text.empty;
  }

  /** How many bytes there are under a hash that a blob holds, removed or not; undefined if none does. */
  bytesOf(hash: string): number | undefined {
    return this.#contents.get(hash)?.bytes;
  }

  /** The child of a directory that has this name and is not removed itself. */
  child(directory: NodeId, name: string): NodeId | undefined {
    return this.#children.get(directory)?.get(name);
  }

  /** The names of a directory's children that are not removed themselves, in an order that depends on them alone. */
  names(directory: NodeId): Iterable<readonly [name: string, child: NodeId]> {
    return this.#children.get(directory) ?? [];
  }

  /** All children of a directory, those that are removed too, in an order that depends on names and ids alone. */
  *allIn(directory: NodeId): Generator<Node> {
    for (const [, id] of this.names(directory)) yield this.#nodes.get(id)!;
    for (const [id] of this.#removed.get(directory) ?? []) yield this.#nodes.get(id)!;
  }

  /** The children of a directory that are not removed themselves, sorted by name in code unit order. */
  children(directory: NodeId): Node[] {
    const names = this.#children.get(directory);
    if (names === undefined) return [];
    const result: Node[] = [];
    for (const [, id] of names) result.push(this.#nodes.get(id)!);
    return result.sort((a, b) => a.name < b.name ? -1 : 1);
  }

  /** Whether the node exists, and neither it nor a directory above it is removed. */
  isLive(id: NodeId): boolean {
    let node = this.#nodes.get(id);
    while (node !== undefined && node.tombstone === undefined) {
      if (node.id === rootId) return true;
      node = this.#nodes.get(node.parent);
    }
    return false;
  }

  /** A node and all that hangs on it, but for what was removed from there by itself. */
  *within(id: NodeId): Generator<NodeId> {
    yield id;
    for (const [, child] of this.names(id)) yield* this.within(child);
  }

  /** The path of a node from the root, "src/main.ts", whether it is live or not; of the root "". */
  pathOf(id: NodeId): string {
    const names: string[] = [];
    for (let node = this.#nodes.get(id); node !== undefined && node.id !== rootId;) {
      names.push(node.name);
      node = this.#nodes.get(node.parent);
    }
    return names.reverse().join("/");
  }

  /** The live node at a path from the root; "" is the root. */
  find(path: string): Node | undefined {
    let id: NodeId | undefined = rootId;
    for (const name of path.split("/")) {
      if (name === "") continue;
      id = this.child(id, name);
      if (id === undefined) return undefined;
    }
    return this.#nodes.get(id);
  }

  /** All live files, blobs among them, with their paths, sorted by path in code unit order. */
  files(): { readonly id: NodeId; readonly path: string }[] {
    const result: { id: NodeId; path: string }[] = [];
    const visit = (directory: NodeId, prefix: string) => {
      for (const node of this.children(directory)) {
        const path = prefix + node.name;
        if (node.kind === "directory") pending.push([node.id, `${path}/`]);
        else result.push({ id: node.id, path });
      }
    };
    const pending: [NodeId, string][] = [[rootId, ""]];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) visit(...next);
    return result.sort((a, b) => a.path < b.path ? -1 : 1);
  }

  /**
   * The workspace after a change whose steps have been resolved against it, and whose edits fit its texts.
   *
   * @param left nodes that are no longer part of it, with all that is in them and not moved on.
   */
  apply(change: Change, left: readonly NodeId[] = []): Workspace {
    let nodes = this.#nodes, children = this.#children, removed = this.#removed, contents = this.#contents;
    let texts = this.#texts, length = this.textLength, { blobBytes } = this;
    /** Takes a node away for good, with what it holds. */
    const take = (id: NodeId) => {
      const content = nodes.get(id)?.content;
      if (content !== undefined) {
        contents = withoutContent(contents, content);
        blobBytes -= content.bytes;
      }
      nodes = nodes.delete(id);
      length -= texts.get(id)?.length ?? 0;
      texts = texts.delete(id);
    };
    if (change.steps.length > 0 || left.length > 0) {
      const touched = new Set<NodeId>(left), forgotten: NodeId[] = [];
      for (const step of change.steps) {
        if (step.kind === "forget") forgotten.push(...this.within(step.node));
        else touched.add(step.node);
      }
      for (const id of forgotten) {
        const node = nodes.get(id);
        if (node?.tombstone !== undefined) removed = without(removed, node.parent, id);
        children = children.delete(id);
        take(id);
      }
      // All touched names are freed first, so that a swap never meets itself.
      for (const id of touched) {
        const node = nodes.get(id);
        if (node === undefined) continue;
        if (node.tombstone === undefined) children = without(children, node.parent, node.name);
        else removed = without(removed, node.parent, id);
      }
      for (const step of change.steps) {
        if (step.kind === "forget") continue;
        const before = nodes.get(step.node), after = stepped(before, step);
        nodes = nodes.set(step.node, after);
        if (before?.content === after.content) continue;
        if (after.content !== undefined) contents = withContent(contents, after.content);
        if (before?.content !== undefined) contents = withoutContent(contents, before.content);
        blobBytes += (after.content?.bytes ?? 0) - (before?.content?.bytes ?? 0);
      }
      for (const id of left) take(id);
      for (const id of touched) {
        const node = nodes.get(id);
        if (node === undefined) continue;
        if (node.tombstone === undefined) children = withName(children, node);
        else removed = withRemoved(removed, node);
      }
    }
    for (const { node, op } of change.edits) {
      const before = texts.get(node) ?? Text.empty;
      const after = before.apply(op);
      texts = texts.set(node, after);
      length += after.length - before.length;
    }
    return new Workspace(nodes, children, removed, texts, contents, length, blobBytes);
  }

  /** The same workspace under other ids, which `now` gives for the present ones, one to one. */
  renumbered(now: (id: NodeId) => NodeId): Workspace {
    const nodes: Node[] = [];
    for (const node of this.nodes()) {
      const tombstone = node.tombstone === undefined ? undefined : now(node.tombstone);
      nodes.push({ ...node, id: now(node.id), parent: now(node.parent), tombstone });
    }
    return Workspace.of(nodes, [...this.#texts].map(([id, text]) => [now(id), text] as const));
  }
}

/** A node after one resolved step. */
function stepped(node: Node | undefined, step: Exclude<Step, { kind: "forget" }>): Node {
  if (step.kind === "create") {
    assert(node === undefined, `${step.node} is created once`);
    const { node: id, parent, name, type, content, executable } = step;
    const made: Node = { id, parent, name, kind: type, tombstone: undefined };
    return { ...made, ...content && { content }, ...executable && { executable } };
  }
  assert(node !== undefined, `${step.node} exists when a step names it`);
  switch (step.kind) {
    case "move":
      return { ...node, parent: step.parent };
    case "rename":
      return { ...node, name: step.name };
    case "remove":
      return { ...node, tombstone: step.tombstone };
    case "restore":
      return { ...node, tombstone: undefined };
    case "replace":
      return { ...node, content: step.content };
    case "mode": {
      const { executable: _, ...plain } = node;
      return step.executable ? { ...plain, executable: true } : plain;
    }
  }
}

function withContent(contents: PersistentMap<Held>, { hash, bytes }: BlobContent): PersistentMap<Held> {
  return contents.set(hash, { bytes, blobs: (contents.get(hash)?.blobs ?? 0) + 1 });
}

function withoutContent(contents: PersistentMap<Held>, { hash }: BlobContent): PersistentMap<Held> {
  const held = contents.get(hash)!;
  return held.blobs === 1 ? contents.delete(hash) : contents.set(hash, { ...held, blobs: held.blobs - 1 });
}

function withName(children: PersistentMap<Names>, node: Node): PersistentMap<Names> {
  const names = children.get(node.parent) ?? PersistentMap.empty<NodeId>();
  assert(!names.has(node.name), `"${node.name}" is free in ${node.parent}`);
  return children.set(node.parent, names.set(node.name, node.id));
}

function withRemoved(removed: PersistentMap<Names>, { id, parent }: Node): PersistentMap<Names> {
  return removed.set(parent, (removed.get(parent) ?? PersistentMap.empty<NodeId>()).set(id, id));
}

/** The same without one of the children of a directory. */
function without(children: PersistentMap<Names>, directory: NodeId, key: string): PersistentMap<Names> {
  const names = children.get(directory)!.delete(key);
  return names.size === 0 ? children.delete(directory) : children.set(directory, names);
}
