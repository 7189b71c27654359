/**
 * What the tree steps of a change come to in a given state.
 *
 * Steps are never transformed. They keep what their author meant, and {@linkcode resolve} turns them into what
 * happens: on the server when the change takes its place in the order, and in each client that still waits for
 * that, again after every entry that came before. The server's answer is the one that counts: the log stores
 * resolved steps, and replicas apply them as they are (`Workspace.apply`).
 *
 * In this order: the steps one after the other, each re-targeted out of removed directories and dropped if it
 * would make a cycle; then, at the end of the change, names, so that a swap of two names is no conflict.
 *
 * @module
 */

import { type BlobContent, isBlobContent, sameContent } from "./blob.ts";
import type { Step } from "./change.ts";
import { nameFault, numberedNames, utf8Length } from "./name.ts";
import { compareIds, type Node, type NodeId, parseId, rootId, type Workspace } from "./workspace.ts";

/** The length limit of a path, in bytes of UTF-8. */
export const pathBytesMax = 4096;

/** Something that came out differently from what the author meant. */
export type Notice =
  /** The name was taken; the node has this one now. */
  | { readonly kind: "renamed"; readonly node: NodeId; readonly name: string }
  /** The directory was removed; the node is in this one now. */
  | { readonly kind: "retargeted"; readonly node: NodeId; readonly parent: NodeId }
  /** The step did nothing: the move would make a cycle, or somebody else removed the node since. */
  | { readonly kind: "dropped"; readonly node: NodeId; readonly reason: "cycle" | "superseded" };

/** Why steps are refused, whole: they could not have been meant in any state. */
export type TreeFault =
  | "unknown_node"
  | "id_not_yours"
  | "id_used"
  | "not_a_directory"
  | "root_is_fixed"
  | "not_a_blob"
  | "not_executable"
  | "bad_content"
  | "bad_name"
  | "path_too_long"
  | "server_step";

/** What steps come to, or why they are refused. */
export type Resolution =
  | { readonly steps: readonly Step[]; readonly notices: readonly Notice[]; readonly counter: number }
  | { readonly fault: TreeFault; readonly node: NodeId; readonly message: string };

/** Who makes the steps. */
export interface Author {
  /** The site that ids minted in the steps must carry. */
  readonly site: number;
  /** The highest counter that this site has used in an id so far. */
  readonly counter: number;
}

/**
 * What `steps`, meant by `author`, come to in `state`: the steps that happen, what came out differently, and
 * the highest counter the author has used by then; or why they are refused.
 */
export function resolve(steps: readonly Step[], state: Workspace, author: Author): Resolution {
  if (steps.length === 0) return { steps, notices: [], counter: author.counter };
  return new Resolver(state, author).run(steps);
}

class Resolver {
  readonly #state: Workspace;
  readonly #author: Author;
  /** Nodes as they are after the steps so far, in the order in which they last got their place. */
  readonly #placed = new Map<NodeId, Node>();
  /** What blobs hold that were made or replaced: a register of its own, which says nothing of their places. */
  readonly #contents = new Map<NodeId, BlobContent>();
  /** Whether files can be executed of which that was said: a register of its own too. */
  readonly #modes = new Map<NodeId, boolean>();
  readonly #minted = new Set<NodeId>();
  readonly #notices: Notice[] = [];
  #counter: number;

  constructor(state: Workspace, author: Author) {
    this.#state = state;
    this.#author = author;
    this.#counter = author.counter;
  }

  run(steps: readonly Step[]): Resolution {
    for (const step of steps) {
      const fault = this.#take(step);
      if (fault !== undefined) return fault;
    }
    this.#settleNames();
    for (const node of this.#placed.values()) {
      const long = node.tombstone === undefined ? this.#tooLong(node) : undefined;
      if (long !== undefined) {
        const { name } = this.#node(long)!;
        return refuse("path_too_long", long, `The path of "${name}" would be over ${pathBytesMax} bytes`);
      }
    }
    // A move to a removed directory is no news if it was dropped, or if a later step moved the node on.
    const notices = this.#notices.filter((notice) =>
      notice.kind !== "retargeted" || this.#node(notice.node)!.parent === notice.parent
    );
    return { steps: this.#difference(), notices, counter: this.#counter };
  }

  #take(step: Step): Resolution | undefined {
    if (step.node === rootId) {
      return refuse("root_is_fixed", rootId, "The root can be neither moved nor removed");
    }
    if (step.kind === "create") return this.#create(step);
    if (step.kind === "forget") return refuse("server_step", step.node, "Only the server forgets a node");
    const node = this.#node(step.node);
    if (node === undefined) return refuse("unknown_node", step.node, `There is no node ${step.node}`);
    switch (step.kind) {
      case "move": {
        const parent = this.#target(step.node, step.parent);
        if (typeof parent !== "string") return parent;
        if (this.#isWithin(parent, node.id)) {
          this.#notices.push({ kind: "dropped", node: node.id, reason: "cycle" });
        } else if (parent !== node.parent) {
          this.#place({ ...node, parent });
        }
        return;
      }
      case "rename": {
        const fault = nameFault(step.name);
        if (fault !== undefined) return refuse("bad_name", node.id, `The name "${step.name}" ${fault}`);
        if (step.name !== node.name) this.#place({ ...node, name: step.name });
        return;
      }
      case "remove": {
        const fault = this.#mint(step.tombstone);
        if (fault !== undefined) return fault;
        // The later removal owns the tombstone: undoing the earlier one must not bring the node back.
        this.#keep({ ...node, tombstone: step.tombstone });
        return;
      }
      case "restore":
        return this.#restore(node, step.tombstone);
      case "replace":
        if (node.kind !== "blob") {
          return refuse(
            "not_a_blob",
            node.id,
            `"${node.name}" is a ${inWords[node.kind]}, not a binary file`,
          );
        }
        return this.#hold(node.id, step.content);
      case "mode":
        if (node.kind === "directory") return notExecutable(node);
        this.#modes.set(node.id, step.executable);
    }
  }

  #hold(node: NodeId, content: BlobContent): Resolution | undefined {
    if (!isBlobContent(content)) {
      return refuse(
        "bad_content",
        node,
        "A content is named by 64 hexadecimal digits, and how many bytes it has",
      );
    }
    this.#contents.set(node, content);
  }

  #create(step: Step & { kind: "create" }): Resolution | undefined {
    const fault = this.#mint(step.node);
    if (fault !== undefined) return fault;
    const nameProblem = nameFault(step.name);
    if (nameProblem !== undefined) {
      return refuse("bad_name", step.node, `The name "${step.name}" ${nameProblem}`);
    }
    const parent = this.#target(step.node, step.parent);
    if (typeof parent !== "string") return parent;
    const node: Node = { id: step.node, parent, name: step.name, kind: step.type, tombstone: undefined };
    this.#place(node);
    if (step.executable) {
      if (step.type === "directory") return notExecutable(node);
      this.#modes.set(step.node, true);
    }
    if (step.content !== undefined && step.type === "blob") return this.#hold(step.node, step.content);
    if (step.content !== undefined || step.type === "blob") {
      return refuse("bad_content", step.node, "A binary file is made with its content, and nothing else is");
    }
  }

  #restore(node: Node, tombstone: NodeId | undefined): undefined {
    if (node.tombstone === undefined) {
      // Hidden by a directory above it: whoever wants this node alone gets it out of there.
      const parent = this.#nearestLive(node.parent);
      if (tombstone !== undefined || parent === node.parent) return;
      this.#notices.push({ kind: "retargeted", node: node.id, parent });
      this.#place({ ...node, parent });
      return;
    }
    if (tombstone !== undefined && tombstone !== node.tombstone) {
      this.#notices.push({ kind: "dropped", node: node.id, reason: "superseded" });
      return;
    }
    const parent = this.#nearestLive(node.parent);
    if (parent !== node.parent) this.#notices.push({ kind: "retargeted", node: node.id, parent });
    this.#place({ ...node, parent, tombstone: undefined });
  }

  /** The live directory in which something meant for `wanted` lands. */
  #target(node: NodeId, wanted: NodeId): NodeId | Resolution {
    const directory = this.#node(wanted);
    if (directory === undefined) return refuse("unknown_node", wanted, `There is no directory ${wanted}`);
    if (directory.kind !== "directory") {
      return refuse("not_a_directory", wanted, `"${directory.name}" is a file, nothing can be put into it`);
    }
    const parent = this.#nearestLive(wanted);
    if (parent !== wanted) this.#notices.push({ kind: "retargeted", node, parent });
    return parent;
  }

  #nearestLive(directory: NodeId): NodeId {
    let result = directory;
    for (let id = directory; id !== rootId;) {
      const node = this.#node(id)!;
      if (node.tombstone !== undefined) result = node.parent;
      id = node.parent;
    }
    return result;
  }

  #isWithin(id: NodeId, ancestor: NodeId): boolean {
    while (id !== ancestor) {
      if (id === rootId) return false;
      id = this.#node(id)!.parent;
    }
    return true;
  }

  #mint(id: NodeId): Resolution | undefined {
    const parts = parseId(id);
    if (parts === undefined || parts.site !== this.#author.site) {
      return refuse(
        "id_not_yours",
        id,
        `The id ${id} is not of site ${this.#author.site}: ids carry their author's site`,
      );
    }
    if (parts.counter <= this.#author.counter || this.#minted.has(id)) {
      return refuse("id_used", id, `The id ${id} has been used before: count on from ${this.#counter + 1}`);
    }
    this.#minted.add(id);
    this.#counter = Math.max(this.#counter, parts.counter);
  }

  #node(id: NodeId): Node | undefined {
    return this.#placed.get(id) ?? this.#state.node(id);
  }

  /** Takes over a node whose place has changed: in questions of names it now comes last. */
  #place(node: Node): void {
    this.#placed.delete(node.id);
    this.#placed.set(node.id, node);
  }

  /** Takes over a node whose place has not changed. */
  #keep(node: Node): void {
    this.#placed.set(node.id, node);
  }

  /** Gives a number to each name that is taken at the end of the change. */
  #settleNames(): void {
    const claimed = new Map<NodeId, Set<string>>();
    const isFree = (parent: NodeId, name: string) => {
      const other = this.#state.child(parent, name);
      return (other === undefined || this.#placed.has(other)) && !claimed.get(parent)?.has(name);
    };
    for (const node of [...this.#placed.values()]) {
      if (node.tombstone !== undefined) continue;
      let name = node.name;
      if (!isFree(node.parent, name)) {
        for (name of numberedNames(node.name, node.kind === "directory")) {
          if (isFree(node.parent, name)) break;
        }
        this.#notices.push({ kind: "renamed", node: node.id, name });
        this.#keep({ ...node, name });
      }
      const names = claimed.get(node.parent);
      if (names === undefined) claimed.set(node.parent, new Set([name]));
      else names.add(name);
    }
  }

  /** The node itself or one below it, if the place that it has got makes the path of that too long. */
  #tooLong(node: Node): NodeId | undefined {
    const bytes = pathBytes(node, (id) => this.#node(id)!);
    if (bytes > pathBytesMax) return node.id;
    const before = this.#state.node(node.id);
    if (before === undefined || node.kind !== "directory") return undefined;
    // What is below has the longer path too, or comes back with it.
    const isLonger = bytes > pathBytes(before, (id) => this.#state.node(id)!);
    return isLonger || before.tombstone !== undefined ? this.#tooLongBelow(node.id, bytes) : undefined;
  }

  #tooLongBelow(directory: NodeId, bytes: number): NodeId | undefined {
    for (const [name, child] of this.#state.names(directory)) {
      // One that has got a place itself is looked at by itself.
      if (this.#placed.has(child)) continue;
      const childBytes = bytes + 1 + utf8Length(name);
      const long = childBytes > pathBytesMax ? child : this.#tooLongBelow(child, childBytes);
      if (long !== undefined) return long;
    }
  }

  /** The steps from the state to the nodes as they are now, by node, at most one of a kind for each. */
  #difference(): Step[] {
    const steps: Step[] = [];
    const touched = new Set([...this.#placed.keys(), ...this.#contents.keys(), ...this.#modes.keys()]);
    for (const id of [...touched].sort(compareIds)) {
      const before = this.#state.node(id), node = this.#node(id)!, content = this.#contents.get(id);
      const executable = this.#modes.get(id);
      if (before === undefined) {
        const { parent, name, kind: type } = node;
        const create = { kind: "create", node: id, parent, name, type } as const;
        steps.push({ ...create, ...content && { content }, ...executable && { executable } });
      } else {
        if (before.parent !== node.parent) steps.push({ kind: "move", node: node.id, parent: node.parent });
        if (before.name !== node.name) steps.push({ kind: "rename", node: node.id, name: node.name });
        if (content !== undefined && !sameContent(content, before.content)) {
          steps.push({ kind: "replace", node: id, content });
        }
        if (executable !== undefined && executable !== (before.executable ?? false)) {
          steps.push({ kind: "mode", node: id, executable });
        }
      }
      if (before?.tombstone !== node.tombstone) {
        steps.push(
          node.tombstone === undefined
            ? { kind: "restore", node: node.id }
            : { kind: "remove", node: node.id, tombstone: node.tombstone },
        );
      }
    }
    return steps;
  }
}

const inWords = { directory: "directory", text: "text", blob: "binary file" };

/** The length of a node's path in bytes of UTF-8. */
function pathBytes(node: Node, nodeOf: (id: NodeId) => Node): number {
  let bytes = -1;
  for (; node.id !== rootId; node = nodeOf(node.parent)) bytes += 1 + utf8Length(node.name);
  return bytes;
}

function notExecutable({ id, name }: Node): Resolution {
  return refuse("not_executable", id, `"${name}" is a directory: only files can be executed`);
}

function refuse(fault: TreeFault, node: NodeId, message: string): Resolution {
  return { fault, node, message };
}
