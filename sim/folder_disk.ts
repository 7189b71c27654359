/**
 * A simulated disk: files and directories with inodes, and times as coarse as those of real ones, so that two saves of
 * one length may not be told apart by them.
 *
 * @module
 */

import { assert } from "../ot/mod.ts";
import type { Stamp } from "../sync/core/mod.ts";

export interface DiskFile {
  readonly kind: "file";
  readonly inode: number;
  readonly bornMs: number;
  text: string;
  executable: boolean;
  modifiedMs: number;
}

export interface DiskDirectory {
  readonly kind: "directory";
  readonly inode: number;
  readonly bornMs: number;
  readonly entries: Map<string, DiskNode>;
}

export type DiskNode = DiskFile | DiskDirectory;

/** How many operations fall into one millisecond. */
const operationsPerMs = 8;

export class SimulatedDisk {
  readonly root: DiskDirectory = { kind: "directory", inode: 1, bornMs: 0, entries: new Map() };
  /** What was put aside, and from where. */
  readonly trash: { readonly path: string; readonly text: string }[] = [];
  #inodes = 1;
  #operations = 0;
  /** Inodes that may be used again. */
  readonly #free: number[] = [];
  /** Paths at which something has happened since this was last asked. */
  #events = new Set<string>();

  /**
   * @param keyOf By which names are told apart.
   * @param hasModes Whether it says of files whether they can be executed.
   */
  constructor(
    readonly keyOf: (name: string) => string = (name) => name,
    readonly hasModes: boolean = true,
  ) {}

  get nowMs(): number {
    return Math.floor(this.#operations / operationsPerMs);
  }

  find(path: string): DiskNode | undefined {
    let node: DiskNode = this.root;
    if (path === "") return node;
    for (const name of path.split("/")) {
      if (node.kind !== "directory") return undefined;
      const child: DiskNode | undefined = node.entries.get(this.#keyIn(node, name) ?? name);
      if (child === undefined) return undefined;
      node = child;
    }
    return node;
  }

  /** A path as the disk has it, where it takes other names for the same; undefined if nothing is there. */
  actual(path: string): string | undefined {
    const names: string[] = [];
    let node: DiskNode = this.root;
    for (const name of path.split("/")) {
      if (node.kind !== "directory") return undefined;
      const key = this.#keyIn(node, name);
      if (key === undefined) return undefined;
      names.push(key);
      node = node.entries.get(key)!;
    }
    return names.join("/");
  }

  read(path: string): string | undefined {
    const node = this.find(path);
    return node?.kind === "file" ? node.text : undefined;
  }

  /** Everything, by path, in order. */
  *all(directory = this.root, prefix = ""): Generator<[path: string, node: DiskNode]> {
    for (const [name, node] of [...directory.entries].sort(([a], [b]) => a < b ? -1 : 1)) {
      yield [prefix + name, node];
      if (node.kind === "directory") yield* this.all(node, `${prefix}${name}/`);
    }
  }

  /** Writes into the file at a path, which is made if it is not there; false if that cannot be. */
  write(path: string, text: string): boolean {
    const there = this.find(path);
    if (there?.kind === "directory") return false;
    this.#operate(path);
    if (there !== undefined) {
      there.text = text;
      there.modifiedMs = this.nowMs;
      return true;
    }
    return this.#put(path, this.#file(text));
  }

  /**
   * Puts a new file at a path, over what is there: as an editor saves that is careful, and as we do. It can be executed
   * if that could be.
   */
  replace(path: string, text: string): boolean {
    const there = this.find(path);
    if (there?.kind === "directory") return false;
    this.#operate(path);
    return this.#put(path, this.#file(text, there?.executable));
  }

  /** Says of a file whether it can be executed; false if that cannot be. */
  setExecutable(path: string, executable: boolean): boolean {
    const there = this.find(path);
    if (there?.kind !== "file" || !this.hasModes) return false;
    this.#operate(path);
    there.executable = executable;
    return true;
  }

  /** Puts back a file that was replaced. */
  putBack(path: string, file: DiskFile): void {
    this.#operate(path);
    this.#put(path, file);
  }

  make(path: string): boolean {
    if (this.find(path) !== undefined) return false;
    this.#operate(path);
    const born = { inode: this.#inode(), bornMs: this.nowMs };
    return this.#put(path, { kind: "directory", ...born, entries: new Map() });
  }

  /** Never over anything. */
  move(from: string, to: string): boolean {
    const node = this.find(from), there = this.find(to);
    if (node === undefined || (there !== undefined && there !== node) || `${to}/`.startsWith(`${from}/`)) {
      return false;
    }
    if (this.#directoryOf(to) === undefined) return false;
    this.#operate(from);
    this.#operate(to);
    this.#take(from);
    return this.#put(to, node);
  }

  /** Takes away what is at a path, with all in it. */
  remove(path: string): DiskNode | undefined {
    const node = this.find(path);
    if (node === undefined) return undefined;
    this.#operate(path);
    this.#take(path);
    this.#free.push(node.inode);
    return node;
  }

  stampOf(node: DiskNode): Stamp {
    const { inode, bornMs } = node;
    if (node.kind === "directory") return { inode, bornMs, bytes: 0, modifiedMs: 0, changedMs: 0, mode: 0 };
    const isSettled = node.modifiedMs < this.nowMs;
    return {
      inode,
      bornMs,
      bytes: node.text.length,
      modifiedMs: isSettled ? node.modifiedMs : -1,
      changedMs: 0,
      mode: node.executable ? 1 : 0,
    };
  }

  takeEvents(): Set<string> {
    const events = this.#events;
    this.#events = new Set();
    return events;
  }

  #file(text: string, executable = false): DiskFile {
    assert(text.isWellFormed(), "whatever a file holds is written as a text");
    return {
      kind: "file",
      inode: this.#inode(),
      bornMs: this.nowMs,
      text,
      executable,
      modifiedMs: this.nowMs,
    };
  }

  #inode(): number {
    return this.#free.pop() ?? ++this.#inodes;
  }

  #operate(path: string): void {
    this.#operations++;
    this.#events.add(path);
  }

  #put(path: string, node: DiskNode): boolean {
    const directory = this.#directoryOf(path);
    if (directory === undefined) return false;
    const name = path.slice(path.lastIndexOf("/") + 1);
    const key = this.#keyIn(directory, name);
    if (key !== undefined && key !== name && directory.entries.get(key) === node) {
      directory.entries.delete(key);
    }
    directory.entries.set(key !== undefined && directory.entries.has(key) ? key : name, node);
    return true;
  }

  #take(path: string): void {
    const directory = this.#directoryOf(path)!;
    const name = path.slice(path.lastIndexOf("/") + 1);
    directory.entries.delete(this.#keyIn(directory, name) ?? name);
  }

  #directoryOf(path: string): DiskDirectory | undefined {
    const slash = path.lastIndexOf("/");
    const node = this.find(slash < 0 ? "" : path.slice(0, slash));
    return node?.kind === "directory" ? node : undefined;
  }

  /** The name by which something is there that this disk takes for the same. */
  #keyIn(directory: DiskDirectory, name: string): string | undefined {
    if (directory.entries.has(name)) return name;
    const key = this.keyOf(name);
    for (const other of directory.entries.keys()) if (this.keyOf(other) === key) return other;
    return undefined;
  }
}
