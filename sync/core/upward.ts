/**
 * From the folder to the workspace: what was seen on the disk becomes the least that has to be done to the workspace.
 *
 * A path that is known and still there is the same file, whatever its inode: editors save by putting a new file in the
 * place of the old one. A file that is gone and one that has appeared are one that was moved if they have the same inode,
 * or say the same.
 *
 * What both sides changed is settled so that nothing that was written is lost:
 *
 *     folder            workspace         comes to
 *     edited            edited            both edits, merged over what was synced last; bytes, which cannot be merged,
 *                                         stay twice, the folder's as "name (2)"
 *     edited            removed           made anew, with what the folder has
 *     removed           edited            stays, and comes back to the folder
 *     made              made              one if they say the same; else both, the folder's as "name (2)"
 *     moved             moved             the folder's: it is the later one
 *     made executable   anything          executable, if the file stays; that two disagree on it cannot be
 *
 * The synced tree is changed along; whoever calls takes that back if it does not come to pass.
 *
 * @module
 */

import { insert, type NodeId, rootId, Text, type Workspace } from "../../ot/mod.ts";
import { contentIn, type FileContent, holdSame, keyOf, sizeOf } from "./content.ts";
import { mergeUp } from "./merge.ts";
import { nodeNameFor } from "./names.ts";
import type { Synced, SyncedTree } from "./synced_tree.ts";
import type { Item, Look, Seen, Stamp } from "./types.ts";

/** Text and files that one change takes; the rest goes into the next ones. */
const textLengthMax = 1 << 20, filesMax = 4000;

/** What is to be done to the workspace, and what that means. */
export interface Upward {
  readonly items: readonly Item[];
  /** What did not fit into one change. */
  readonly rest: readonly Look[];
  /** Files that go from the workspace. */
  readonly removed: readonly string[];
  /** Nodes whose files have to come (back) to the folder, or to get another name there. */
  readonly again: readonly NodeId[];
  /** Paths that are new to the workspace. */
  readonly created: readonly string[];
  /** Paths that differ from what the workspace has there. */
  readonly different: readonly string[];
  /** How many files turned out to be on both sides already. */
  readonly same: number;
}

/** @param isWhole whether all of it is planned, however much that is: to see what it would come to. */
export function planUp(
  looks: readonly Look[],
  synced: SyncedTree,
  workspace: Workspace,
  isWhole: boolean = false,
): Upward {
  return new Planner(synced, workspace, isWhole).plan(looks);
}

type There = Exclude<Seen, { kind: "other" }>;
/** A look at something that can be in a workspace. */
interface Found extends Look {
  readonly seen: There;
}

class Planner {
  readonly #synced: SyncedTree;
  readonly #workspace: Workspace;
  readonly #items: Item[] = [];
  readonly #rest: Look[] = [];
  readonly #again: NodeId[] = [];
  readonly #created: string[] = [];
  readonly #different: string[] = [];
  #same = 0;
  #made = 0;
  #files = 0;
  #textLength = 0;
  /** What is no longer where it was, by its node. */
  readonly #gone = new Map<NodeId, Synced>();
  /** Nodes that leave their place in the workspace: their names there are free. */
  readonly #leaving = new Set<NodeId>();
  /** Places in the workspace that are taken by this change: the directory, "/", the name. */
  readonly #claimed = new Set<string>();
  readonly #edited = new Map<NodeId, Found>();

  readonly #isWhole: boolean;

  constructor(synced: SyncedTree, workspace: Workspace, isWhole: boolean) {
    this.#synced = synced;
    this.#workspace = workspace;
    this.#isWhole = isWhole;
  }

  plan(looks: readonly Look[]): Upward {
    const appeared = new Map<string, Found>();
    // What is in a directory comes after it.
    for (const look of looks.toSorted((a, b) => a.path < b.path ? -1 : a.path > b.path ? 1 : 0)) {
      const known = this.#synced.at(look.path);
      const { seen } = look;
      if (seen === undefined) this.#lose(known);
      else if (seen.kind === "other") {
        if (known !== undefined && known.held !== seen.reason) {
          this.#synced.set({ ...known, held: seen.reason });
        }
      } else if (known?.kind === seen.kind) this.#keep(known, { ...look, seen });
      else {
        this.#lose(known);
        if (seen.kind !== "directory" || !seen.isBare) appeared.set(look.path, { ...look, seen });
      }
    }
    this.#noteLeaving();
    this.#matchDirectories(appeared);
    this.#matchFiles(appeared);
    for (const look of appeared.values()) this.#create(look);
    for (const [node, look] of this.#edited) this.#edit(node, look);
    const removed = this.#remove();
    return {
      items: this.#items,
      rest: this.#rest,
      removed,
      again: this.#again,
      created: this.#created,
      different: this.#different,
      same: this.#same,
    };
  }

  /** It is not there any more, nor what was in it. */
  #lose(known: Synced | undefined): void {
    if (known === undefined) return;
    for (const synced of this.#synced.below(known.node)) this.#gone.set(synced.node, synced);
  }

  /** It is still there. */
  #keep(known: Synced, look: Found): void {
    const { node } = known;
    const { seen } = look;
    this.#gone.delete(node);
    if (seen.kind !== "directory" && seen.content !== undefined && !holdSame(seen.content, known.content)) {
      this.#edited.set(node, look);
      return;
    }
    const executable = this.#mode(known, look);
    if (!areEqual(seen.stamp, known.stamp) || known.held !== undefined || executable !== known.executable) {
      this.#synced.set({ ...known, stamp: seen.stamp, executable, held: undefined });
    }
  }

  /** Tells the workspace whether a file can be executed, if that was changed here; gives what both sides know then. */
  #mode({ node, executable: known }: Synced, { seen }: Found): boolean {
    const executable = (seen.kind === "directory" ? undefined : seen.executable) ?? known;
    if (executable !== known && this.#workspace.isLive(node)) {
      const { executable: theirs = false } = this.#workspace.node(node)!;
      if (theirs !== executable) this.#items.push({ kind: "mode", node, executable });
    }
    return executable;
  }

  /** What is gone, and was not changed by others, leaves its name to what has come in its place. */
  #noteLeaving(): void {
    // What is in a directory stands before it.
    for (const { node, kind, content } of this.#gone.values()) {
      if (!this.#workspace.isLive(node)) continue;
      const leaves = kind !== "directory"
        ? holdSame(content, contentIn(this.#workspace, node))
        : this.#workspace.children(node).every(({ id }) => this.#leaving.has(id));
      if (leaves) this.#leaving.add(node);
    }
  }

  #matchDirectories(appeared: Map<string, Found>): void {
    const byInode = new Map<number, Synced>();
    for (const synced of this.#gone.values()) {
      if (synced.kind === "directory" && synced.stamp !== undefined) byInode.set(synced.stamp.inode, synced);
    }
    for (const [path, look] of appeared) {
      if (look.seen.kind !== "directory") continue;
      const was = byInode.get(look.seen.stamp.inode);
      if (was === undefined || !this.#gone.has(was.node) || !isSameInode(was.stamp!, look.seen.stamp)) {
        this.#create(look);
        appeared.delete(path);
        continue;
      }
      if (!this.#move(was.node, look)) continue;
      appeared.delete(path);
      // What was in it is in it still, at its new path.
      for (const synced of [...this.#synced.below(was.node)]) {
        if (synced.node === was.node || !this.#gone.has(synced.node)) continue;
        const below = appeared.get(this.#synced.pathOf(synced.node));
        if (below?.seen.kind !== synced.kind) continue;
        appeared.delete(below.path);
        this.#keep(synced, below);
      }
    }
  }

  #matchFiles(appeared: Map<string, Found>): void {
    const byInode = new Map<number, Synced>(), byContent = new Map<string, Synced | undefined>();
    for (const synced of this.#gone.values()) {
      if (synced.kind === "directory") continue;
      if (synced.stamp !== undefined) byInode.set(synced.stamp.inode, synced);
      const key = keyOf(synced.content);
      // Of several that hold the same, none is known to be the one.
      if (key !== "") byContent.set(key, byContent.has(key) ? undefined : synced);
    }
    if (byInode.size === 0 && byContent.size === 0) return;
    const match = (was: Synced | undefined, look: Found) => {
      if (was === undefined || was.kind !== look.seen.kind) return;
      if (!this.#gone.has(was.node) || !this.#move(was.node, look)) return;
      appeared.delete(look.path);
      this.#keep(this.#synced.get(was.node)!, look);
    };
    for (const look of [...appeared.values()]) {
      const was = byInode.get(look.seen.stamp.inode);
      if (was !== undefined && isSameInode(was.stamp!, look.seen.stamp)) match(was, look);
    }
    for (const look of [...appeared.values()]) {
      if (look.seen.kind !== "directory") match(byContent.get(keyOf(look.seen.content)), look);
    }
  }

  /** It has been moved on the disk. False if that cannot be followed. */
  #move(node: NodeId, look: Found): boolean {
    const parent = this.#parentOf(look.path);
    if (parent === undefined || this.#synced.isWithin(parent, node)) return false;
    const file = fileOf(look.path), was = this.#gone.get(node)!;
    this.#gone.delete(node);
    const there = this.#workspace.node(node);
    const isLive = there !== undefined && this.#workspace.isLive(node);
    let name = file === was.file ? was.name : look.name;
    if (isLive) {
      const target = this.#liveParent(parent);
      if (!this.#isBelow(target, node)) {
        this.#leaving.add(node);
        const isDirectory = was.kind === "directory";
        const place = this.#placeFor(target, { parent, wanted: name, isDirectory, node });
        name = place.recorded;
        if (there.parent !== target || there.name !== place.name) {
          this.#items.push({ kind: "move", node, parent: target, name: place.name });
        }
        this.#claimed.add(`${target}/${place.name}`);
      }
    }
    const now = this.#parentOf(look.path)!;
    this.#vacate(now, file, node);
    this.#synced.set({ ...was, parent: now, name, file, stamp: look.seen.stamp, isMakeshift: false });
    this.#again.push(node);
    return true;
  }

  #create(look: Found): void {
    const parent = this.#parentOf(look.path);
    // What is in something that has no place in a workspace has none either.
    if (parent === undefined) return;
    const { seen } = look;
    const content = seen.kind === "directory" ? undefined : seen.content;
    if (seen.kind !== "directory") {
      if (content === undefined) return;
      if (!this.#fits(sizeOf(content))) return void this.#rest.push(look);
    }
    const target = this.#liveParent(parent);
    const there = target.startsWith("+") ? undefined : this.#workspace.child(target, look.name);
    if (there !== undefined && this.#adopt(there, look)) return;
    const place = this.#placeFor(target, {
      parent: this.#parentOf(look.path)!,
      wanted: look.name,
      isDirectory: seen.kind === "directory",
      node: undefined,
    });
    const executable = this.#isExecutable(look);
    const node = this.#new({
      parent: target,
      name: place.name,
      type: seen.kind,
      content,
      path: look.path,
      executable,
    });
    this.#add(node, place.recorded, look, content, false, executable);
    if (place.recorded !== place.name) {
      this.#different.push(look.path);
      this.#again.push(node);
      if (there !== undefined) this.#again.push(there);
    } else this.#created.push(look.path);
  }

  /** Whether a new file can be executed; where the disk does not say, as that which it takes the place of. */
  #isExecutable({ path, seen }: Found): boolean {
    if (seen.kind === "directory") return false;
    return seen.executable ?? this.#synced.at(path)?.executable ?? false;
  }

  /** Takes what the workspace has at this place for the same as what the folder has, if it is. */
  #adopt(there: NodeId, look: Found): boolean {
    const { seen } = look;
    if (this.#synced.get(there) !== undefined || this.#leaving.has(there)) return false;
    if (this.#workspace.node(there)!.kind !== seen.kind) return false;
    if (this.#claimed.has(`${this.#workspace.node(there)!.parent}/${look.name}`)) return false;
    if (seen.kind === "directory") {
      this.#add(there, look.name, look, undefined, true);
      return true;
    }
    const ours = seen.content!, theirs = contentIn(this.#workspace, there)!;
    if (holdSame(ours, theirs)) {
      this.#add(there, look.name, look, theirs, true);
      this.#joinMode(there, look);
      this.#same++;
      return true;
    }
    if (!(ours instanceof Text) || (ours.length > 0 && sizeOf(theirs) > 0)) return false;
    // Whoever has nothing there takes what the other has.
    if (ours.length > 0) this.#items.push({ kind: "edit", node: there, op: insert(0, ours.toString()) });
    this.#add(there, look.name, look, ours, false);
    this.#joinMode(there, look);
    this.#again.push(there);
    return true;
  }

  /** Nothing was agreed on before, so a file can be executed that can be on either side. */
  #joinMode(node: NodeId, look: Found): void {
    const known = this.#synced.get(node)!, executable = this.#mode(known, look);
    if (executable) this.#synced.set({ ...known, executable });
  }

  #add(
    node: NodeId,
    name: string,
    { path, seen }: Found,
    content: FileContent | undefined,
    isOurs: boolean,
    executable: boolean = false,
  ): void {
    const parent = this.#parentOf(path)!, file = fileOf(path);
    this.#vacate(parent, file, node);
    this.#synced.set({
      node,
      parent,
      name,
      file,
      kind: seen.kind,
      content,
      executable,
      stamp: seen.stamp,
      isOurs,
      isMakeshift: false,
      held: undefined,
    });
  }

  #edit(node: NodeId, look: Found): void {
    const synced = this.#synced.get(node), { path, seen } = look;
    if (synced === undefined || seen.kind === "directory") return;
    const content = seen.content!, theirs = contentIn(this.#workspace, node);
    const isLive = this.#workspace.isLive(node);
    if (
      isLive && !(content instanceof Text) && !holdSame(theirs, synced.content) && !holdSame(theirs, content)
    ) {
      // Bytes that both sides have changed: ours are a file of their own.
      this.#synced.delete(node);
      this.#create(look);
      this.#again.push(node);
      return;
    }
    const op = isLive && content instanceof Text
      ? mergeUp(synced.content as Text, content, this.#workspace.text(node))
      : [];
    const length = isLive && content instanceof Text
      ? op.reduce((sum, { insert }) => sum + insert.length, 0)
      : sizeOf(content);
    if (!this.#fits(length)) return void this.#rest.push(look);
    let now = node;
    if (!isLive) {
      const parent = this.#liveParent(synced.parent);
      const above = this.#synced.get(node)!.parent;
      const place = this.#placeFor(parent, { parent: above, wanted: synced.name, isDirectory: false, node });
      const executable = seen.executable ?? synced.executable;
      now = this.#new({ parent, name: place.name, type: seen.kind, content, path, executable });
      this.#synced.renumber(node, now);
      this.#synced.set({ ...this.#synced.get(now)!, name: place.recorded });
    } else if (op.length > 0) this.#items.push({ kind: "edit", node, op });
    else if (!(content instanceof Text) && !holdSame(theirs, content)) {
      this.#items.push({ kind: "replace", node, content, path });
    }
    const isOurs = isLive && holdSame(content, theirs);
    this.#synced.set({
      ...this.#synced.get(now)!,
      content,
      executable: this.#mode(synced, look),
      stamp: seen.stamp,
      isOurs,
      held: undefined,
    });
    this.#again.push(now);
  }

  /** Removes what is gone and was not changed by others. Gives the paths of files. */
  #remove(): string[] {
    const removing = new Set<NodeId>(), paths: string[] = [];
    const gone = [...this.#gone.values()];
    for (const { node, kind, content } of gone) {
      if (kind === "directory") continue;
      const path = this.#synced.pathOf(node).replaceAll("\0", "");
      if (this.#workspace.isLive(node) && holdSame(content, contentIn(this.#workspace, node))) {
        removing.add(node);
        paths.push(path);
      } else this.#again.push(node);
    }
    // What is in a directory stands before it.
    for (const { node, kind } of gone) {
      if (kind !== "directory" || !this.#workspace.isLive(node)) continue;
      const isEmptied = this.#workspace.children(node).every(({ id }) =>
        removing.has(id) || this.#leaving.has(id)
      );
      const isFilled = this.#items.some((item) => "parent" in item && item.parent === node);
      if (isEmptied && !isFilled) removing.add(node);
      else this.#again.push(node);
    }
    for (const node of removing) {
      const { parent } = this.#workspace.node(node)!;
      if (!removing.has(parent)) this.#items.push({ kind: "remove", node });
    }
    for (const { node } of gone) this.#synced.delete(node);
    return paths;
  }

  /** What is gone makes room for what stands in its place. */
  #vacate(parent: NodeId, file: string, node: NodeId): void {
    const there = this.#synced.children(parent).get(file);
    if (there === undefined || there === node) return;
    this.#synced.set({ ...this.#synced.get(there)!, file: `${file}\0` });
  }

  /** The node of the directory that a path is in. */
  #parentOf(path: string): NodeId | undefined {
    const slash = path.lastIndexOf("/");
    if (slash < 0) return rootId;
    const parent = this.#synced.at(path.slice(0, slash));
    return parent?.kind === "directory" ? parent.node : undefined;
  }

  /** The directory in the workspace that stands for one in the folder: made anew if it has been removed there. */
  #liveParent(directory: NodeId): NodeId {
    if (directory.startsWith("+") || this.#workspace.isLive(directory)) return directory;
    const synced = this.#synced.get(directory)!;
    const parent = this.#liveParent(synced.parent);
    const above = this.#synced.get(directory)!.parent;
    const place = { parent: above, wanted: synced.name, isDirectory: true, node: directory };
    const { name, recorded } = this.#placeFor(parent, place);
    const path = this.#synced.pathOf(directory);
    const node = this.#new({
      parent,
      name,
      type: "directory",
      content: undefined,
      path,
      executable: false,
    });
    this.#synced.renumber(directory, node);
    this.#synced.set({ ...this.#synced.get(node)!, name: recorded });
    // What else was in it, and was removed with it, goes from the folder: nobody will say so of the new one.
    for (const below of this.#synced.below(node)) this.#again.push(below.node);
    return node;
  }

  #new(item: Omit<Extract<Item, { kind: "create" }>, "kind" | "node">): NodeId {
    const node = `+${++this.#made}`;
    this.#items.push({ kind: "create", node, ...item });
    this.#claimed.add(`${item.parent}/${item.name}`);
    return node;
  }

  /**
   * A free name in a directory of the workspace for something in the folder, and the one that its file is to be taken to
   * have: where others have that name, ours changes on the disk too; where the disk has two that are one to the
   * workspace, it does not.
   */
  #placeFor(
    target: NodeId,
    { parent, wanted, isDirectory, node }: {
      readonly parent: NodeId;
      readonly wanted: string;
      readonly isDirectory: boolean;
      readonly node: NodeId | undefined;
    },
  ): { readonly name: string; readonly recorded: string } {
    const isFree = (name: string) => {
      if (this.#claimed.has(`${target}/${name}`)) return false;
      const child = target.startsWith("+") ? undefined : this.#workspace.child(target, name);
      return child === undefined || child === node || this.#leaving.has(child);
    };
    const proper = nodeNameFor(wanted, isDirectory, () => true),
      name = nodeNameFor(wanted, isDirectory, isFree);
    if (name === proper) return { name, recorded: name };
    let isBeside = false;
    for (const id of this.#synced.children(parent).values()) {
      const other = this.#synced.get(id)!;
      if (id !== node && other.name === proper && !other.isMakeshift && !this.#gone.has(id)) isBeside = true;
    }
    return { name, recorded: isBeside ? name : proper };
  }

  /** Whether a node is the other, or in it, in the workspace. */
  #isBelow(node: NodeId, directory: NodeId): boolean {
    for (let at = node; at !== rootId && !at.startsWith("+"); at = this.#workspace.node(at)!.parent) {
      if (at === directory) return true;
    }
    return false;
  }

  #fits(length: number): boolean {
    if (this.#isWhole) return true;
    if (this.#files > 0 && (this.#files >= filesMax || this.#textLength + length > textLengthMax)) {
      return false;
    }
    this.#files++;
    this.#textLength += length;
    return true;
  }
}

function fileOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Whether a stamp is still that of the same file: an inode may be used again. */
function isSameInode(a: Stamp, b: Stamp): boolean {
  return a.inode === b.inode && a.bornMs === b.bornMs;
}

/** Whether nothing has been done to a file between two stamps. */
export function areEqual(a: Stamp | undefined, b: Stamp | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.inode === b.inode && a.bornMs === b.bornMs && a.bytes === b.bytes &&
    a.modifiedMs === b.modifiedMs &&
    a.changedMs === b.changedMs && a.mode === b.mode;
}
