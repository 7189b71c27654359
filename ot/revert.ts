/**
 * The change that takes a file, a directory or everything back to how it was.
 *
 * It is a change as any other: made on the workspace as it is, merged with what others do meanwhile, and taken back by
 * undo. Nothing that is left out of it is lost:
 *
 *     what was there then and is removed now    is restored, or made anew if it is not there any more
 *     what was there then and is elsewhere now  comes back
 *     what was elsewhere then and is there now  goes back, if where it was is still there
 *     what is there now and was not then        is removed
 *
 * Texts are taken back by the difference, so that what others type in other places stays where it is; blobs as a whole.
 *
 * @module
 */

import { sameContent } from "./blob.ts";
import type { Change, Edit, Step } from "./change.ts";
import { difference } from "./difference.ts";
import { compareIds, type Node, type NodeId, rootId, type Workspace } from "./workspace.ts";

/**
 * The change that takes what is or was at `path` back from how it is `now` to how it was `then`; "" is everything. What
 * has another path now may be called by either.
 *
 * @param mint gives a new id of the author's with each call, their counters rising.
 * @throws {RangeError} if nothing has this path now, and nothing had it then.
 */
export function revert(now: Workspace, then: Workspace, path: string, mint: () => NodeId): Change {
  const there = now.find(path);
  const top = then.find(path) ??
    (there !== undefined && then.isLive(there.id) ? then.node(there.id) : undefined);
  if (top !== undefined) return new Reverter(now, then, mint).run(top);
  if (there === undefined) throw new RangeError(`Cannot revert "${path}": it is not there, and was not then`);
  return { steps: [{ kind: "remove", node: there.id, tombstone: mint() }], edits: [] };
}

class Reverter {
  readonly #now: Workspace;
  readonly #then: Workspace;
  readonly #mint: () => NodeId;
  readonly #steps: Step[] = [];
  readonly #edits: Edit[] = [];
  /** The nodes that were there then, and the id that each has now. */
  readonly #ids = new Map<NodeId, NodeId>();
  /** What was taken out of what is taken back because the top goes into it. */
  readonly #settled = new Set<NodeId>();
  /** What stands in the place of the top. */
  #occupant: NodeId | undefined;

  constructor(now: Workspace, then: Workspace, mint: () => NodeId) {
    this.#now = now;
    this.#then = then;
    this.#mint = mint;
  }

  run(top: Node): Change {
    const parent = top.id === rootId ? rootId : this.#placeFor(top, top.id);
    this.#takeBack(top, parent);
    const occupant = top.id === rootId ? undefined : this.#now.child(parent, top.name);
    if (occupant !== undefined && !this.#ids.has(occupant)) {
      this.#occupant = occupant;
      this.#evict(occupant);
    }
    for (const [id, mine] of this.#ids) {
      if (id !== mine) continue;
      for (const [, child] of this.#now.names(id)) if (!this.#ids.has(child)) this.#evict(child);
    }
    return { steps: this.#steps, edits: this.#edits.sort((a, b) => compareIds(a.node, b.node)) };
  }

  /**
   * The live directory that a node goes into: where it was, or what is called so now, or a new one. If where it was is
   * by now within what is taken back, it is taken out of there first.
   */
  #placeFor({ parent }: Node, top: NodeId): NodeId {
    const directory = this.#then.node(parent)!;
    if (this.#now.isLive(parent)) {
      if (this.#isCaught(parent, top)) {
        this.#place(directory, this.#placeFor(directory, top));
        this.#settled.add(parent);
      }
      return parent;
    }
    const found = this.#now.find(this.#then.pathOf(parent));
    if (found?.kind === "directory" && !this.#isCaught(found.id, top)) return found.id;
    const made = this.#mint(), above = this.#placeFor(directory, top);
    this.#steps.push({ kind: "create", node: made, parent: above, name: directory.name, type: "directory" });
    return made;
  }

  /** Whether a directory is now in something that goes back into the top: so the top cannot go into it. */
  #isCaught(directory: NodeId, top: NodeId): boolean {
    for (let id = directory; id !== rootId; id = this.#now.node(id)!.parent) {
      if (this.#then.isLive(id) && isWithin(this.#then, id, top)) return true;
    }
    return false;
  }

  /** Takes back a node and all that was in it, from the top down: so no directory ever goes into what is in it. */
  #takeBack(node: Node, parent: NodeId): void {
    const id = this.#place(node, parent);
    this.#ids.set(node.id, id);
    const present = this.#now.node(id), { content, executable } = node;
    if (present !== undefined && content !== undefined && !sameContent(content, present.content)) {
      this.#steps.push({ kind: "replace", node: id, content });
    }
    if (present !== undefined && executable !== present.executable) {
      this.#steps.push({ kind: "mode", node: id, executable: executable ?? false });
    }
    if (node.kind === "text") {
      const op = difference(this.#now.text(id), this.#then.text(node.id));
      if (op.length > 0) this.#edits.push({ node: id, op });
    }
    for (const child of this.#then.children(node.id)) this.#takeBack(child, id);
  }

  /** @returns its id now */
  #place({ id, name, kind, content, executable }: Node, parent: NodeId): NodeId {
    if (id === rootId) return id;
    const present = this.#now.node(id);
    if (present === undefined) {
      const made = this.#mint();
      const create = { kind: "create", node: made, parent, name, type: kind } as const;
      this.#steps.push({ ...create, ...content && { content }, ...executable && { executable } });
      return made;
    }
    if (present.parent !== parent) this.#steps.push({ kind: "move", node: id, parent });
    if (present.name !== name) this.#steps.push({ kind: "rename", node: id, name });
    if (present.tombstone !== undefined) this.#steps.push({ kind: "restore", node: id });
    return id;
  }

  /** Takes out what was not there then. */
  #evict(id: NodeId): void {
    if (this.#goesBack(id)) return;
    this.#rescueBelow(id);
    this.#steps.push({ kind: "remove", node: id, tombstone: this.#mint() });
  }

  /** Takes out of a directory that is removed what has a place to go back to; the rest is hidden with it. */
  #rescueBelow(directory: NodeId): void {
    for (const [, child] of this.#now.names(directory)) {
      if (!this.#ids.has(child) && !this.#goesBack(child)) this.#rescueBelow(child);
    }
  }

  /** Takes back to where it was, with all that is in it, what was elsewhere then, if that place is still there. */
  #goesBack(id: NodeId): boolean {
    if (this.#settled.has(id)) return true;
    const was = this.#then.isLive(id) ? this.#then.node(id)! : undefined;
    if (was === undefined || !this.#stays(was.parent)) return false;
    this.#place(was, was.parent);
    return true;
  }

  /** Whether a directory is live, and outside of what is taken back or taken out, so that it stays. */
  #stays(directory: NodeId): boolean {
    if (!this.#now.isLive(directory)) return false;
    for (let id = directory;; id = this.#now.node(id)!.parent) {
      if (this.#ids.has(id) || id === this.#occupant) return false;
      if (id === rootId) return true;
    }
  }
}

function isWithin(workspace: Workspace, id: NodeId, ancestor: NodeId): boolean {
  while (id !== ancestor) {
    if (id === rootId) return false;
    id = workspace.node(id)!.parent;
  }
  return true;
}
