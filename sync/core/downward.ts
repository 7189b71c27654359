/**
 * From the workspace to the folder: what has to be done on the disk, in rounds.
 *
 * The actions of a round do not depend on each other, and each says what it expects of the disk; the next round is
 * planned on what really came of this one. So a crash, or somebody who saves a file in between, finds a folder in which
 * each thing was done or was not. A round is, whatever comes first:
 *
 *     .gitignore files             what they say is heeded before anything else comes
 *     files that go                and directories with nothing in them any more
 *     one directory that moves     for with it all paths below it change
 *     all else                     directories, files that move, files that are written
 *
 * A name that is taken by something that goes or moves later is waited for. Where things wait for each other, one of them
 * gets a makeshift name, until its own is free.
 *
 * @module
 */

import { assert, type Node, type NodeId, rootId, type Workspace } from "../../ot/mod.ts";
import { contentIn, holdSame } from "./content.ts";
import type { Ignoring } from "./ignoring.ts";
import { fileNameFor, isUnsafe, type NameRules, properFileName } from "./names.ts";
import type { Synced, SyncedTree } from "./synced_tree.ts";
import type { Action } from "./types.ts";

/** What the rounds are planned on. */
export interface DownwardView {
  readonly synced: SyncedTree;
  readonly workspace: Workspace;
  readonly rules: NameRules;
  readonly ignoring: Ignoring;
  /** Whether something is at a path that has no part in this. */
  readonly isObstructed: (path: string) => boolean;
  /** Whether a node is left alone, since it could not be done. */
  readonly isGivenUp: (node: NodeId) => boolean;
}

/** One round. */
export interface Downward {
  readonly actions: readonly Action[];
  /** Nodes that are looked at again after this round. */
  readonly rest: ReadonlySet<NodeId>;
}

/** The next round for these nodes, and what depends on them. */
export function planDown(nodes: Iterable<NodeId> | "all", view: DownwardView): Downward {
  const concerned = concernedBy(nodes, view);
  const first = new Round(view, false).plan(concerned);
  if (first.actions.length > 0 || first.rest.size === 0) return first;
  return new Round(view, true).plan(concerned);
}

/** Files that go from the folder. */
export function removedBy(nodes: Iterable<NodeId> | "all", view: DownwardView): string[] {
  const { synced, workspace } = view;
  const paths: string[] = [];
  for (const node of concernedBy(nodes, view)) {
    const known = synced.get(node);
    if (
      known === undefined || known.kind === "directory" || known.held !== undefined || workspace.isLive(node)
    ) continue;
    paths.push(synced.pathOf(node));
  }
  return paths;
}

/** These nodes, what is below them and not where it should be, and the directories that they need. Parents come first. */
function concernedBy(nodes: Iterable<NodeId> | "all", { synced, workspace }: DownwardView): Set<NodeId> {
  const result = new Set<NodeId>();
  const addLive = (node: NodeId) => {
    if (node === rootId || result.has(node)) return;
    addLive(workspace.node(node)!.parent);
    result.add(node);
    if (synced.get(node) === undefined) { for (const [, child] of workspace.names(node)) addLive(child); }
  };
  if (nodes === "all") {
    for (const node of workspace.nodes()) if (workspace.isLive(node.id)) addLive(node.id);
    for (const { node } of synced.nodes()) if (!workspace.isLive(node)) result.add(node);
  } else {
    for (const node of nodes) {
      if (workspace.isLive(node)) addLive(node);
      else for (const below of synced.below(node)) if (!workspace.isLive(below.node)) result.add(below.node);
    }
    for (const node of synced.makeshift) if (workspace.isLive(node)) addLive(node);
  }
  return result;
}

class Round {
  readonly #view: DownwardView;
  /** Whether makeshift names are given, since nothing else can be done. */
  readonly #makesShift: boolean;
  #hasShifted = false;
  readonly #ignoreFiles: Action[] = [];
  readonly #going: Action[] = [];
  readonly #moving: Action[] = [];
  readonly #others: Action[] = [];
  readonly #rest = new Set<NodeId>();
  /** Names that this round takes on the disk: the directory, "/", the key of the name. */
  readonly #claimed = new Set<string>();

  constructor(view: DownwardView, makesShift: boolean) {
    this.#view = view;
    this.#makesShift = makesShift;
  }

  plan(nodes: ReadonlySet<NodeId>): Downward {
    const { workspace, synced, isGivenUp } = this.#view;
    for (const id of nodes) {
      if (id === rootId || isGivenUp(id)) continue;
      const known = synced.get(id);
      if (known?.held !== undefined) continue;
      if (!workspace.isLive(id)) {
        if (known !== undefined) this.#goes(known);
        continue;
      }
      const node = workspace.node(id)!;
      if (known === undefined) this.#comes(node);
      else this.#stays(node, known);
    }
    const [moving] = this.#moving;
    const round = this.#ignoreFiles.length > 0
      ? this.#ignoreFiles
      : this.#going.length > 0
      ? this.#going
      : moving !== undefined
      ? [moving]
      : this.#others;
    for (const { node } of [...this.#ignoreFiles, ...this.#going, ...this.#moving, ...this.#others]) {
      this.#rest.add(node);
    }
    return { actions: round, rest: this.#rest };
  }

  #goes({ node, kind, stamp, content }: Synced): void {
    const { synced } = this.#view;
    const path = synced.pathOf(node);
    if (kind !== "directory") {
      this.#going.push({ kind: "discard", node, path, expected: stamp, before: content! });
    } else if (synced.children(node).size === 0) this.#going.push({ kind: "unmake", node, path });
    else this.#rest.add(node);
  }

  #comes(node: Node): void {
    const { workspace } = this.#view;
    const parent = this.#directoryFor(node);
    if (parent === undefined) return;
    if (isUnsafe(node.name)) return;
    if (this.#view.ignoring.isIgnored(this.#pathIn(parent, node.name), node.kind === "directory")) return;
    const file = this.#fileFor(node, parent, undefined);
    if (file === undefined) return void this.#rest.add(node.id);
    const path = this.#pathIn(parent, file);
    this.#claim(parent, file);
    if (node.kind === "directory") this.#others.push({ kind: "make", node: node.id, name: node.name, path });
    else {
      this.#write(node, {
        kind: "create",
        node: node.id,
        name: node.name,
        path,
        content: contentIn(workspace, node.id)!,
        executable: node.executable ?? false,
      });
    }
  }

  #stays(node: Node, known: Synced): void {
    const { synced, workspace, rules } = this.#view;
    const id = node.id;
    const isPlaced = node.parent === known.parent && node.name === known.name;
    if (!isPlaced || known.isMakeshift) {
      const parent = this.#directoryFor(node);
      if (parent !== undefined && !synced.isWithin(parent, id)) {
        const file = this.#fileFor(node, parent, known);
        if (file === undefined) this.#rest.add(id);
        else if (parent !== known.parent || file !== known.file) {
          this.#claim(parent, file);
          const [path, to] = [synced.pathOf(id), this.#pathIn(parent, file)];
          const action: Action = { kind: "move", node: id, name: node.name, path, to };
          (node.kind === "directory" ? this.#moving : this.#others).push(action);
          return;
        } else if (!isPlaced) {
          const isMakeshift = file !== properFileName(node.name, rules);
          synced.set({ ...known, name: node.name, isMakeshift });
        }
      } else if (parent !== undefined) this.#rest.add(id);
    }
    if (node.kind === "directory") return;
    const content = contentIn(workspace, id)!, before = known.content!;
    const { executable = false } = node, isSame = content === before || holdSame(content, before);
    if (isSame && content !== before) synced.set({ ...synced.get(id)!, content });
    const isOtherMode = executable !== known.executable;
    // A disk that does not say so has nothing to be told.
    if (isOtherMode && !rules.hasModes) synced.set({ ...synced.get(id)!, executable });
    const { stamp: expected, isOurs } = known, path = synced.pathOf(id);
    const mode = isOtherMode && rules.hasModes ? executable : undefined;
    if (!isSame) {
      const write = { kind: "write", node: id, path, content, expected, before } as const;
      this.#write(node, { ...write, keeps: !isOurs, executable: mode });
    } else if (mode !== undefined) {
      this.#others.push({ kind: "mode", node: id, path, executable: mode, expected });
    }
  }

  #write(node: Node, action: Action): void {
    (node.name === ".gitignore" ? this.#ignoreFiles : this.#others).push(action);
  }

  /** The directory that a node has to be in, if that is in the folder; else it is waited for, if it will come. */
  #directoryFor({ id, parent }: Node): NodeId | undefined {
    const { synced, workspace, isGivenUp, ignoring } = this.#view;
    if (parent === rootId) return rootId;
    const known = synced.get(parent);
    if (known !== undefined) return known.held === undefined ? parent : undefined;
    for (let at = parent; at !== rootId; at = workspace.node(at)!.parent) {
      const above = synced.get(at);
      if (above !== undefined) {
        if (above.held !== undefined) return undefined;
        break;
      }
      const { name } = workspace.node(at)!;
      if (isUnsafe(name) || isGivenUp(at) || ignoring.isIgnored(workspace.pathOf(at), true)) return undefined;
    }
    this.#rest.add(id);
    return undefined;
  }

  /** The name that a node gets on the disk; undefined if it waits for that to be free. */
  #fileFor(node: Node, parent: NodeId, known: Synced | undefined): string | undefined {
    const { rules, isObstructed, isGivenUp } = this.#view;
    const { name, id } = node;
    if (isUnsafe(name)) return known?.file;
    // What has the name, and is going to leave it.
    let isWaiting = false;
    const keys = this.#keysIn(parent);
    const isFree = (file: string) => {
      const key = rules.keyOf(file);
      const there = keys.get(key);
      if (there !== undefined && there !== id) {
        if (this.#leaves(there) && !isGivenUp(there)) isWaiting = true;
        return false;
      }
      if (there === id) return true;
      return !this.#claimed.has(`${parent}/${key}`) && !isObstructed(this.#pathIn(parent, file));
    };
    const file = fileNameFor(name, node.kind === "directory", rules, isFree);
    if (!isWaiting) return file;
    if (!this.#makesShift || this.#hasShifted) return undefined;
    // With one out of the way, the others may find their names free.
    if (file !== known?.file) this.#hasShifted = true;
    return file;
  }

  readonly #keys = new Map<NodeId, Map<string, NodeId>>();

  /** What is on the disk in a directory, by what tells names apart there. */
  #keysIn(parent: NodeId): Map<string, NodeId> {
    let keys = this.#keys.get(parent);
    if (keys === undefined) {
      keys = new Map();
      for (const [file, node] of this.#view.synced.children(parent)) {
        keys.set(this.#view.rules.keyOf(file), node);
      }
      this.#keys.set(parent, keys);
    }
    return keys;
  }

  /** Whether a node is going to leave the name that it has on the disk. */
  #leaves(id: NodeId): boolean {
    const { synced, workspace } = this.#view;
    const known = synced.get(id)!, node = workspace.node(id);
    if (known.held !== undefined) return false;
    if (node === undefined || !workspace.isLive(id)) return true;
    return node.parent !== known.parent || node.name !== known.name || known.isMakeshift;
  }

  #claim(parent: NodeId, file: string): void {
    const key = `${parent}/${this.#view.rules.keyOf(file)}`;
    assert(!this.#claimed.has(key), "a name is given once");
    this.#claimed.add(key);
  }

  #pathIn(parent: NodeId, file: string): string {
    const directory = this.#view.synced.pathOf(parent);
    return directory === "" ? file : `${directory}/${file}`;
  }
}
