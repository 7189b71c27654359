/**
 * A change that is being put together, by paths or by ids: each step is made on what the steps before it have come to.
 *
 * @module
 */

import { sha256 } from "@noble/hashes/sha2.js";
import {
  type BlobContent,
  type Change,
  composeChanges,
  difference,
  editOf,
  emptyChange,
  faultOf,
  nameFault,
  type Node,
  type NodeId,
  type NodeKind,
  replace,
  resolve,
  revert,
  rootId,
  type Step,
  type TextOp,
  widen,
  type Workspace,
} from "../ot/mod.ts";
import { codes, type Condition, toHex } from "../proto/mod.ts";
import type { ClientCore, OwnContent } from "./core/mod.ts";
import { SpaceError } from "./error.ts";

/** A change that is being put together: what has been noted so far, and what the workspace is with it. */
export class Draft {
  readonly #core: ClientCore;
  #change: Change = emptyChange;
  readonly #contents: OwnContent[] = [];
  readonly #conditions: Condition[] = [];
  #minted = 0;
  /** The workspace as it is with what has been noted; steps count as they are meant. */
  workspace: Workspace;

  /** A draft of a change of the core's present view. */
  constructor(core: ClientCore) {
    this.#core = core;
    this.workspace = core.view;
  }

  /** What has been noted so far. */
  get change(): Change {
    return this.#change;
  }

  /** The bytes that it names. */
  get contents(): readonly OwnContent[] {
    return this.#contents;
  }

  /** What has to hold for it. */
  get conditions(): readonly Condition[] {
    return this.#conditions;
  }

  /**
   * Notes that something has to hold where the change takes its place in the order, whatever comes before it until then:
   * if it does not, the change is refused as a whole, as "precondition_failed".
   */
  require(condition: Condition): void {
    this.#conditions.push(condition);
  }

  /** The text file at a path. */
  file(path: string): NodeId {
    const node = this.workspace.find(path.normalize("NFC"));
    if (node === undefined) throw new SpaceError("not_found", `There is nothing at "${path}"`);
    return textFile(node, path);
  }

  /** Notes that the file at a path is to say `text`; it is made if it is not there, or a binary file. */
  write(path: string, text: string): void {
    const there = this.workspace.find(path.normalize("NFC"));
    if (there?.kind === "blob") this.remove(path);
    const isNew = there === undefined || there.kind === "blob";
    const id = isNew ? this.make(path, "text") : this.file(path);
    if (isNew && there?.executable) this.step({ kind: "mode", node: id, executable: true });
    this.edit(id, difference(this.workspace.text(id), text));
  }

  /** Notes that the file at a path is to hold `bytes`; it is made if it is not there, or a text file. */
  writeBytes(path: string, bytes: Uint8Array): void {
    const there = this.workspace.find(path.normalize("NFC"));
    if (there?.kind === "directory") throw new SpaceError("not_a_file", `"${path}" is a directory`);
    const content = { hash: hashOf(bytes), bytes: bytes.length };
    if (this.#core.limits !== undefined && bytes.length > this.#core.limits.blobBytes) {
      throw new SpaceError("blob_too_long", codes.blob_too_long.text);
    }
    this.#contents.push({ hash: content.hash, bytes: bytes.slice() });
    if (there?.kind === "blob") return this.step({ kind: "replace", node: there.id, content });
    if (there !== undefined) this.remove(path);
    const node = this.make(path, "blob", content);
    if (there?.executable) this.step({ kind: "mode", node, executable: true });
  }

  /** Notes whether the file at a path can be executed. */
  setExecutable(path: string, executable: boolean): void {
    const node = this.workspace.find(path.normalize("NFC"));
    if (node === undefined) throw new SpaceError("not_found", `There is nothing at "${path}"`);
    this.step({ kind: "mode", node: node.id, executable });
  }

  /** Notes an edit of a file as it is with what has been noted before. */
  edit(id: NodeId, op: TextOp): void {
    this.#checkThere(id);
    this.#checkLoaded(id);
    const text = this.workspace.text(id);
    const whole = widen(op, text);
    const fault = faultOf(whole, text);
    if (fault !== undefined) throw new SpaceError(fault, codes[fault].text);
    this.#note(editOf(id, whole));
  }

  #checkLoaded(id: NodeId): void {
    if (this.#core.isLoaded(id) || this.#core.view.node(id) === undefined) return;
    throw notLoaded(this.workspace.pathOf(id));
  }

  /** Notes a replacement in the file at a path. */
  replace(path: string, at: number, count: number, text: string): void {
    this.edit(this.file(path), replace(at, count, text));
  }

  /** Notes a new node at a path, and the directories above it that are missing. */
  make(path: string, kind: "directory" | "text"): NodeId;
  /** Notes a new binary file at a path, whose bytes are known to the core. */
  make(path: string, kind: "blob", content: BlobContent): NodeId;
  make(path: string, kind: NodeKind, content?: BlobContent): NodeId {
    const names = namesOf(path);
    const name = names.pop();
    if (name === undefined) throw new SpaceError("bad_name", "The path is empty");
    const parent = this.#directory(names);
    if (this.workspace.child(parent, name) !== undefined) {
      throw new SpaceError("already_there", `There is something at "${path}" already`);
    }
    const node = this.mint();
    const step = { kind: "create", node, parent, name, type: kind } as const;
    this.step(content === undefined ? step : { ...step, content });
    return node;
  }

  /** Notes a move. */
  move(from: string, to: string): void {
    const node = this.workspace.find(from.normalize("NFC"));
    if (node === undefined) throw new SpaceError("not_found", `There is nothing at "${from}"`);
    const names = namesOf(to);
    const name = names.pop();
    if (name === undefined) throw new SpaceError("bad_name", "The path is empty");
    const parent = this.#directory(names);
    const there = this.workspace.child(parent, name);
    if (there !== undefined && there !== node.id) {
      throw new SpaceError("already_there", `There is something at "${to}" already`);
    }
    for (let above = parent; above !== rootId; above = this.workspace.node(above)!.parent) {
      if (above === node.id) throw new SpaceError("cycle", `"${from}" cannot be moved into itself`);
    }
    if (parent !== node.parent) this.step({ kind: "move", node: node.id, parent });
    if (name !== node.name) this.step({ kind: "rename", node: node.id, name });
  }

  /** Notes a removal. */
  remove(path: string): void {
    const node = this.workspace.find(path.normalize("NFC"));
    if (node === undefined) throw new SpaceError("not_found", `There is nothing at "${path}"`);
    this.step({ kind: "remove", node: node.id, tombstone: this.mint() });
  }

  /** Notes what takes a path back to how it was; "" is everything. */
  revert(then: Workspace, path: string): void {
    this.#note(revert(this.workspace, then, path, () => this.mint()));
  }

  /** Notes a step as it is. */
  step(step: Step): void {
    if ("name" in step) {
      const fault = nameFault(step.name);
      if (fault !== undefined) throw new SpaceError("bad_name", `The name "${step.name}" ${fault}`);
    }
    if (step.kind !== "create") this.#checkThere(step.node);
    else if (this.workspace.node(step.node) !== undefined) {
      throw new SpaceError("id_used", codes.id_used.text);
    }
    this.#note({ steps: [step], edits: [] });
  }

  /**
   * Notes a whole change of the workspace as it is with what has been noted before; ids in it are from `mint`.
   *
   * @param contents The bytes that it names.
   */
  add(change: Change, contents: readonly OwnContent[] = []): void {
    for (const { node, op } of change.edits) {
      // Those that this change makes are empty so far, and take any text.
      if (this.workspace.node(node) === undefined) continue;
      this.#checkLoaded(node);
      const fault = faultOf(op, this.workspace.text(node));
      if (fault !== undefined) throw new SpaceError(fault, codes[fault].text);
    }
    this.#contents.push(...contents);
    this.#note(change);
  }

  #directory(names: readonly string[]): NodeId {
    let parent = rootId;
    for (const name of names) {
      const child = this.workspace.child(parent, name);
      if (child === undefined) {
        const node = this.mint();
        this.step({ kind: "create", node, parent, name, type: "directory" });
        parent = node;
      } else if (this.workspace.node(child)!.kind === "directory") parent = child;
      else throw new SpaceError("not_a_directory", `"${this.workspace.pathOf(child)}" is a file`);
    }
    return parent;
  }

  /** An id for a node that is going to be created, or for a removal. */
  mint(): NodeId {
    return this.#core.nextId(this.#minted++);
  }

  /** Says of a node that is not there why. */
  #checkThere(id: NodeId): void {
    if (this.workspace.node(id) !== undefined) return;
    const code = this.#core.mayHaveBeen(id) ? "node_forgotten" : "unknown_node";
    throw new SpaceError(code, `There is no node ${id}. ${codes[code].text}`);
  }

  /** What steps come to by what has been noted so far. */
  #resolved(steps: readonly Step[]): readonly Step[] {
    if (steps.length === 0) return steps;
    const resolution = resolve(steps, this.workspace, { site: this.#core.site, counter: 0 });
    if ("fault" in resolution) throw new SpaceError(resolution.fault, resolution.message);
    return resolution.steps;
  }

  #note(change: Change): void {
    this.workspace = this.workspace.apply({ steps: this.#resolved(change.steps), edits: change.edits });
    this.#change = composeChanges(this.#change, change);
  }
}

/** Why the text of a file cannot be said. */
export function notLoaded(path: string): SpaceError {
  return new SpaceError("not_loaded", `What "${path}" says is not here: load() it first`);
}

/** The id of a node that has a text. */
export function textFile({ id, kind }: Node, path: string): NodeId {
  if (kind === "blob") {
    throw new SpaceError(
      "not_text",
      `"${path}" is a binary file: readBytes() and writeBytes() are for those`,
    );
  }
  if (kind !== "text") throw new SpaceError("not_a_file", `"${path}" is a directory`);
  return id;
}

/** What bytes are found by. */
export function hashOf(bytes: Uint8Array): string {
  return toHex(sha256(bytes));
}

/** The names on the way to a path. */
export function namesOf(path: string): string[] {
  return path.normalize("NFC").split("/").filter((name) => name !== "");
}
