/**
 * What would be different if some entries had never been, amid what others have done since.
 *
 * The log is gone through once, from the first of them, and of every node that they touch a second fate is followed: the
 * one without them. Between the two texts stands an operation, which is carried along:
 *
 *     the file            a ──meant──► b ──other's──► c       op leads from each to the one below it
 *     what it would be    a ─────────► a ──other's──► c'
 *
 *     after an entry that is meant    op = compose(what takes it back, op)
 *     after one of others             op = transform(op, that one)
 *
 * What entries say is what took effect: so of two who have taken out the same, the second has taken out nothing, and
 * nothing is brought back for it. Where a node is, what it is called, whether it is there, whether it can be executed, what a
 * blob holds: each of these is what others have last made of it, or else what it was before.
 *
 * Whoever has taken something back already has done just what is said here: that is seen, and done once.
 *
 * @module
 */

import {
  type BlobContent,
  compareIds,
  compose,
  invert,
  type Node,
  type NodeId,
  type NodeKind,
  normalize,
  sameContent,
  splitsPair,
  Text,
  type TextOp,
  transform,
  type Workspace,
} from "../../ot/mod.ts";
import type { Kept, UndoneItem } from "../../proto/mod.ts";
import type { LogEntry, Scope } from "../core/mod.ts";
import { stateAt } from "./moment.ts";
import type { HistorySource } from "./source.ts";

/** What a node would be. */
interface Fate {
  readonly type: NodeKind;
  /** Not if only what is meant has made it. */
  exists: boolean;
  parent: NodeId;
  name: string;
  tombstone: NodeId | undefined;
  content: BlobContent | undefined;
  executable: boolean;
  /** Makes of what the file says what it would say. */
  op: TextOp;
  /** What of it the entries have changed that are meant. */
  readonly changed: Set<"parent" | "name" | "tombstone" | "content" | "executable">;
  readonly kept: Set<Kept>;
  /** Whether any path that it had when it was touched is asked about. */
  isChosen: boolean;
  path: string;
  /** What it said, if it is forgotten. */
  last: Text | undefined;
}

/** What is asked for, all of it made out. */
export interface UndoneRequest {
  readonly from: number;
  readonly to: number;
  readonly isMeant: (entry: LogEntry) => boolean;
  readonly isChosen: (path: string) => boolean;
  /** Only what could be seen then, and can be now, is told. */
  readonly scope: Scope;
}

/** The nodes that would be others, or keep something, sorted by id. */
export function undone(source: HistorySource, request: UndoneRequest): UndoneItem[] {
  const { from, to } = request;
  const fates = new Fates(request);
  let { workspace } = stateAt(source, from);
  for (const entry of source.entries(from, to)) {
    const before = workspace;
    workspace = before.apply(entry.change);
    fates.follow(entry, before, workspace);
  }
  return fates.items(workspace);
}

class Fates {
  readonly #request: UndoneRequest;
  readonly #fates = new Map<NodeId, Fate>();

  constructor(request: UndoneRequest) {
    this.#request = request;
  }

  follow(entry: LogEntry, before: Workspace, after: Workspace): void {
    const { steps, edits } = entry.change, isMeant = this.#request.isMeant(entry);
    if (!isMeant && this.#fates.size === 0) return;
    for (const { kind, node } of steps) if (kind === "forget") this.#forget(node, before);
    for (const node of new Set(steps.map(({ node }) => node))) {
      const is = after.node(node);
      if (is === undefined) continue;
      const fate = isMeant ? this.#meant(node, before, after) : undefined;
      if (fate !== undefined) noteChanges(fate, before.node(node), is);
      else this.#others(node, before.node(node), is);
    }
    for (const { node, op } of edits) {
      const text = before.node(node) === undefined ? Text.empty : before.text(node);
      const fate = isMeant ? this.#meant(node, before, after) : undefined;
      if (fate !== undefined) fate.op = lean(compose(invert(op, text), fate.op), after.text(node));
      else this.#othersEdit(node, op);
    }
  }

  /** The fate of a node that is touched by what is meant; undefined if that is not to be seen. */
  #meant(id: NodeId, before: Workspace, after: Workspace): Fate | undefined {
    const { scope, isChosen } = this.#request;
    const was = before.node(id), is = after.node(id)!;
    if (!scope.sees(after, id) || (was !== undefined && !scope.sees(before, id))) return undefined;
    let fate = this.#fates.get(id);
    if (fate === undefined) {
      const { kind, parent, name, tombstone, content, executable = false } = was ?? is;
      fate = {
        ...{ type: kind, parent, name, tombstone, content, executable },
        exists: was !== undefined,
        op: [],
        changed: new Set(),
        kept: new Set(),
        isChosen: false,
        path: "",
        last: undefined,
      };
      this.#fates.set(id, fate);
    }
    fate.path = after.pathOf(id);
    fate.isChosen ||= isChosen(fate.path) || (was !== undefined && isChosen(before.pathOf(id)));
    return fate;
  }

  #others(id: NodeId, was: Node | undefined, is: Node): void {
    const fate = this.#fates.get(id);
    if (fate === undefined || was === undefined) return;
    for (const what of ["parent", "name"] as const) {
      if (was[what] === is[what]) continue;
      fate[what] = is[what];
      if (fate.changed.has(what) && fate.exists) fate.kept.add("moved_since");
    }
    if (was.tombstone !== is.tombstone) {
      fate.tombstone = is.tombstone;
      if (fate.changed.has("tombstone") && fate.exists) fate.kept.add("removed_since");
      if (is.tombstone === undefined && !fate.exists) {
        // Somebody else wants it to be there.
        const { parent, name, content, executable = false } = is;
        Object.assign(fate, { exists: true, parent, name, content, executable });
        fate.kept.add("removed_since");
      }
    }
    if (was.executable !== is.executable) {
      fate.executable = is.executable ?? false;
      if (fate.exists && fate.changed.has("executable")) fate.kept.add("mode_since");
    }
    if (!sameContent(was.content, is.content)) {
      fate.content = is.content;
      if (fate.exists && fate.changed.has("content")) fate.kept.add("replaced_since");
      if (!fate.exists) this.#becomesTheirs(fate, is);
    }
  }

  #othersEdit(id: NodeId, op: TextOp): void {
    const fate = this.#fates.get(id);
    if (fate === undefined || fate.op.length === 0) return;
    fate.op = isSame(op, fate.op) ? [] : transform(fate.op, op, "right");
  }

  /** What only was there by what is meant holds something of others now. */
  #becomesTheirs(fate: Fate, { parent, name, executable }: Node): void {
    Object.assign(fate, { exists: true, parent, name, executable: executable === true });
    fate.kept.add("written");
  }

  #forget(top: NodeId, before: Workspace): void {
    for (const id of before.within(top)) {
      const fate = this.#fates.get(id);
      if (fate === undefined) continue;
      fate.path = before.pathOf(id);
      fate.last = before.text(id);
    }
  }

  items(now: Workspace): UndoneItem[] {
    for (const [id, fate] of this.#fates) {
      const node = now.node(id);
      if (node === undefined || fate.exists || fate.type !== "text" || fate.tombstone !== undefined) continue;
      if (now.text(id).apply(fate.op).length > 0) this.#becomesTheirs(fate, node);
    }
    this.#keepFullDirectories(now);
    return [...this.#fates].sort(([a], [b]) => compareIds(a, b))
      .flatMap(([id, fate]) => this.#itemOf(id, fate, now) ?? []);
  }

  /** A directory that would not be there, but holds what would, stays. */
  #keepFullDirectories(now: Workspace): void {
    const isGone = (id: NodeId) => {
      const fate = this.#fates.get(id);
      return fate !== undefined && (!fate.exists || fate.tombstone !== undefined);
    };
    for (let hasKept = true; hasKept;) {
      hasKept = false;
      for (const [id, fate] of this.#fates) {
        const node = now.node(id);
        if (node === undefined || fate.exists || fate.type !== "directory") continue;
        if (fate.tombstone !== undefined) continue;
        const stays = [...now.names(id)].some(([, child]) =>
          !isGone(child) && (this.#fates.get(child)?.parent ?? id) === id
        );
        if (!stays) continue;
        this.#becomesTheirs(fate, node);
        hasKept = true;
      }
    }
  }

  #itemOf(id: NodeId, fate: Fate, now: Workspace): UndoneItem | undefined {
    const { scope, isChosen } = this.#request;
    const node = now.node(id), { type, parent, name, exists, kept } = fate;
    const isLive = exists && fate.tombstone === undefined;
    const item = { kind: "undone", id, type, kept: [...kept] } as const;
    if (node === undefined) {
      // It went by what is meant, and would be there otherwise.
      if (fate.last === undefined || !isLive || !fate.isChosen) return undefined;
      const insert = fate.last.apply(fate.op).toString();
      return {
        ...item,
        path: fate.path,
        forgotten: true,
        place: { live: true, parent, name },
        ...fate.content === undefined ? {} : { content: fate.content },
        ...fate.executable ? { executable: true } : {},
        op: insert === "" ? [] : [{ at: 0, remove: 0, insert }],
      };
    }
    const path = now.pathOf(id);
    if (!scope.sees(now, id) || !(fate.isChosen || isChosen(path))) return undefined;
    const wasLive = node.tombstone === undefined;
    const isElsewhere = exists && (parent !== node.parent || name !== node.name);
    const isOther = isLive !== wasLive || isElsewhere;
    const place = exists ? { live: isLive, parent, name } : {
      live: false,
      parent: node.parent,
      name: node.name,
    };
    const content = exists && fate.content !== undefined && !sameContent(fate.content, node.content)
      ? { content: fate.content }
      : {};
    // What was written into a new file goes with the file.
    const op = exists ? fate.op : [];
    const mode = exists && fate.executable !== (node.executable ?? false)
      ? { executable: fate.executable }
      : {};
    const isSame = !isOther && op.length === 0 && content.content === undefined &&
      mode.executable === undefined;
    if (isSame && kept.size === 0) return undefined;
    return { ...item, path, forgotten: false, place: isOther ? place : undefined, ...content, ...mode, op };
  }
}

function noteChanges({ changed }: Fate, was: Node | undefined, is: Node): void {
  if (was === undefined) return;
  for (const what of ["parent", "name", "tombstone"] as const) if (was[what] !== is[what]) changed.add(what);
  if (!sameContent(was.content, is.content)) changed.add("content");
  if (was.executable !== is.executable) changed.add("executable");
}

/** An operation that takes nothing out of a text to put the same in again: what stands there stays what it is. */
function lean(op: TextOp, text: Text): TextOp {
  const splices = op.map(({ at, remove, insert }) => {
    const removed = text.slice(at, at + remove), shorter = Math.min(remove, insert.length);
    let start = 0, end = 0;
    while (start < shorter && removed[start] === insert[start]) start++;
    if (start > 0 && (splitsPair(removed, start) || splitsPair(insert, start))) start--;
    while (end < shorter - start && removed[remove - 1 - end] === insert[insert.length - 1 - end]) end++;
    const isCut = splitsPair(removed, remove - end) || splitsPair(insert, insert.length - end);
    if (end > 0 && isCut) end--;
    return { at: at + start, remove: remove - start - end, insert: insert.slice(start, insert.length - end) };
  });
  return normalize(splices);
}

function isSame(a: TextOp, b: TextOp): boolean {
  return a.length === b.length && a.every(({ at, remove, insert }, i) => {
    const other = b[i]!;
    return at === other.at && remove === other.remove && insert === other.insert;
  });
}
