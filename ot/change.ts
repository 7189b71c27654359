/**
 * A change: what one author does to a workspace at one moment, all of it or nothing.
 *
 * It holds tree steps and at most one text operation per file. Its two halves merge differently: edits are
 * transformed over concurrent edits of the same file ({@linkcode transformEdits}); steps are never transformed,
 * they keep what their author meant, and `resolve` says what that comes to in a given state. Edits name files
 * by identity, so the halves do not touch each other.
 *
 * **Normal form**: edits are sorted by file, one per file, none of them a noop.
 *
 * @module
 */

import type { BlobContent } from "./blob.ts";
import { compose, isNormal, type Side, type TextOp, transform } from "./text_op.ts";
import { compareIds, type NodeId, type NodeKind } from "./workspace.ts";

/** One thing done to the tree. */
export type Step =
  | {
    readonly kind: "create";
    readonly node: NodeId;
    readonly parent: NodeId;
    readonly name: string;
    readonly type: NodeKind;
    /** What it holds, of a blob alone. */
    readonly content?: BlobContent;
    /** Of a file that can be executed. */
    readonly executable?: true;
  }
  | { readonly kind: "move"; readonly node: NodeId; readonly parent: NodeId }
  | { readonly kind: "rename"; readonly node: NodeId; readonly name: string }
  /** `tombstone` identifies this removal for ever; its author mints it as the id of a node. */
  | { readonly kind: "remove"; readonly node: NodeId; readonly tombstone: NodeId }
  /** Takes back the removal `tombstone`, or whichever there is if it is left out. */
  | { readonly kind: "restore"; readonly node: NodeId; readonly tombstone?: NodeId }
  /** Puts other bytes in the place of all that a blob holds. */
  | { readonly kind: "replace"; readonly node: NodeId; readonly content: BlobContent }
  /** Says whether a file can be executed: all that is shared of its permissions. */
  | { readonly kind: "mode"; readonly node: NodeId; readonly executable: boolean }
  /** Ends a removed node for good, with all that is in it: nothing can restore it. The server's own. */
  | { readonly kind: "forget"; readonly node: NodeId };

/** An edit of one file. */
export interface Edit {
  /** The file. */
  readonly node: NodeId;
  /** What is done to its text. */
  readonly op: TextOp;
}

/** Tree steps and edits that take effect together. */
export interface Change {
  /** What is done to the tree, in order. */
  readonly steps: readonly Step[];
  /** What is done to texts, each as it is before the change; those of new files are empty. */
  readonly edits: readonly Edit[];
}

/** The change that does nothing. It takes a revision like any other. */
export const emptyChange: Change = { steps: [], edits: [] };

/** The change that edits one file. */
export function editOf(node: NodeId, op: TextOp): Change {
  return op.length === 0 ? emptyChange : { steps: [], edits: [{ node, op }] };
}

/** Brings edits into normal form; several of one file are taken as made one after the other. */
export function normalizeEdits(edits: readonly Edit[]): readonly Edit[] {
  let result: readonly Edit[] = [];
  for (const edit of edits) result = composeEdits(result, [edit]);
  return result;
}

/** Whether the edits are in normal form, each operation included. */
export function editsAreNormal(edits: readonly Edit[]): boolean {
  return edits.every(({ node, op }, i) =>
    op.length > 0 && isNormal(op) && (i === 0 || compareIds(edits[i - 1]!.node, node) < 0)
  );
}

/** The operation on one file; undefined if there is none. */
export function opOn(edits: readonly Edit[], node: NodeId): TextOp | undefined {
  if (edits.length < 8) return edits.find((edit) => edit.node === node)?.op;
  let low = 0, high = edits.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const order = compareIds(edits[middle]!.node, node);
    if (order === 0) return edits[middle]!.op;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}

/** `edits` rewritten to mean the same after `over`, edits of the same state. */
export function transformEdits(edits: readonly Edit[], over: readonly Edit[], side: Side): readonly Edit[] {
  if (edits.length === 0 || over.length === 0) return edits;
  const result: Edit[] = [];
  let same = true;
  for (const edit of edits) {
    const other = opOn(over, edit.node);
    const op = other === undefined ? edit.op : transform(edit.op, other, side);
    if (op === edit.op) result.push(edit);
    else {
      same = false;
      if (op.length > 0) result.push({ node: edit.node, op });
    }
  }
  return same ? edits : result;
}

/** The edits that do `first` and then `second`, which were made on the state after `first`. */
export function composeEdits(first: readonly Edit[], second: readonly Edit[]): readonly Edit[] {
  if (first.length === 0) return second.filter(({ op }) => op.length > 0);
  const result: Edit[] = [];
  let i = 0, j = 0;
  while (i < first.length || j < second.length) {
    const a = first[i], b = second[j];
    const order = a === undefined ? 1 : b === undefined ? -1 : compareIds(a.node, b.node);
    const op = order < 0 ? a!.op : order > 0 ? b!.op : compose(a!.op, b!.op);
    if (op.length > 0) result.push({ node: order > 0 ? b!.node : a!.node, op });
    if (order <= 0) i++;
    if (order >= 0) j++;
  }
  return result;
}

/** The change that does `first` and then `second`. Only for changes of one author that nobody has seen yet. */
export function composeChanges(first: Change, second: Change): Change {
  return {
    steps: first.steps.length === 0
      ? second.steps
      : second.steps.length === 0
      ? first.steps
      : [...first.steps, ...second.steps],
    edits: composeEdits(first.edits, second.edits),
  };
}
