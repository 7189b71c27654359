/**
 * All changes of one step that a site could make to a workspace, and random ones of several steps.
 *
 * @module
 */

import {
  type Change,
  type Edit,
  editOf,
  emptyChange,
  growthOf,
  insert,
  type Node,
  type NodeId,
  type NodeKind,
  normalizeEdits,
  remove,
  replace,
  rootId,
  type Step,
  type Workspace,
} from "../../ot/mod.ts";
import { content } from "./tree_drawing.ts";

/** Steps in short. */
export const step = {
  create: (node: NodeId, parent: NodeId, name: string, type: NodeKind = "text"): Step => ({
    kind: "create",
    node,
    parent,
    name,
    type,
  }),
  move: (node: NodeId, parent: NodeId): Step => ({ kind: "move", node, parent }),
  rename: (node: NodeId, name: string): Step => ({ kind: "rename", node, name }),
  /** A blob is made; two digits stand for what it holds. */
  createBlob: (node: NodeId, parent: NodeId, name: string, digits: string): Step => ({
    kind: "create",
    node,
    parent,
    name,
    type: "blob",
    content: content(digits),
  }),
  replaceBlob: (node: NodeId, digits: string): Step => ({ kind: "replace", node, content: content(digits) }),
  mode: (node: NodeId, executable: boolean): Step => ({ kind: "mode", node, executable }),
  remove: (node: NodeId, tombstone: NodeId): Step => ({ kind: "remove", node, tombstone }),
  restore: (node: NodeId, tombstone?: NodeId): Step => ({
    kind: "restore",
    node,
    ...(tombstone === undefined ? {} : { tombstone }),
  }),
};

/** What a change of one step does. */
export type ChangeKind = Step["kind"] | "edit" | "noop";

export const changeKinds: readonly ChangeKind[] = [
  ...["create", "move", "rename", "remove", "restore", "replace", "mode", "edit", "noop"] as const,
];

export function kindOf(change: Change): ChangeKind {
  return change.steps[0]?.kind ?? (change.edits.length > 0 ? "edit" : "noop");
}

/**
 * Every change of one step that `site` could make first: every node to every place, removed ones too, with every
 * one of `names`; every file edited at its edges and inside. Blobs are made where there are some.
 *
 * @param typed What the edits insert.
 */
export function everyChange(
  state: Workspace,
  site: number,
  names: readonly string[],
  typed: string,
): Change[] {
  const nodes = [...state.nodes()], directories = nodes.filter((node) => node.kind === "directory");
  const id = `${site}:1`, hasBlobs = nodes.some(({ kind }) => kind === "blob");
  const steps: Step[] = [];
  for (const { id: parent } of directories) {
    for (const name of names) {
      for (const type of ["directory", "text"] as const) {
        steps.push({ kind: "create", node: id, parent, name, type });
      }
      steps.push({ kind: "create", node: id, parent, name, type: "text", executable: true });
      if (hasBlobs) steps.push(step.createBlob(id, parent, name, `0${site}`));
    }
  }
  const edits: Edit[] = [];
  for (const { id: node, kind, tombstone } of nodes) {
    if (node === rootId) continue;
    for (const { id: parent } of directories) steps.push({ kind: "move", node, parent });
    for (const name of names) steps.push({ kind: "rename", node, name });
    steps.push({ kind: "remove", node, tombstone: id }, { kind: "restore", node });
    if (tombstone !== undefined) steps.push({ kind: "restore", node, tombstone });
    if (kind === "blob") steps.push(step.replaceBlob(node, `0${site}`), step.replaceBlob(node, "0a"));
    if (kind !== "directory") steps.push(step.mode(node, true), step.mode(node, false));
    const length = state.text(node).length;
    const ops = kind === "text" ? [insert(0, typed), insert(length, typed), remove(0, length)] : [];
    if (length > 1) ops.push(insert(1, typed), remove(0, 1), replace(1, length - 1, typed));
    edits.push(...ops.map((op) => ({ node, op })));
  }
  return [
    ...steps.map((step) => ({ steps: [step], edits: [] })),
    ...edits.map(({ node, op }) => editOf(node, op)),
    emptyChange,
  ];
}

/** Picks one of so many things: a whole number from 0 to below `count`. */
export type Pick = (count: number) => number;

/** Gives a site its next id. */
export type Mint = () => NodeId;

/** A change of up to three steps and up to three edits that somebody could make who sees `state`. */
export function someChange(state: Workspace, pick: Pick, mint: Mint, typed: () => string): Change {
  const names = ["a.txt", "a (2).txt", "b", ".c", "d", "d (2)"];
  const one = <T>(things: readonly T[]): T => things[pick(things.length)]!;
  const nodes: { readonly id: NodeId; readonly kind: NodeKind; readonly tombstone?: Node["tombstone"] }[] = [
    ...state.nodes(),
  ].filter(({ id }) => id !== rootId);
  const editCount = pick(4), steps: Step[] = [];
  for (let count = pick(4); count > 0; count--) {
    const directory = () => one([{ id: rootId }, ...nodes.filter(({ kind }) => kind === "directory")]).id;
    const kind = one(["create", "move", "rename", "remove", "restore", "replace", "mode"] as const);
    if (kind === "create" || nodes.length === 0) {
      const node = mint(), type = one(["text", "directory", "blob"] as const);
      if (type === "blob") steps.push(step.createBlob(node, directory(), one(names), `0${pick(9)}`));
      else {
        const create = { kind: "create", node, parent: directory(), name: one(names), type } as const;
        steps.push(type === "text" && pick(4) === 0 ? { ...create, executable: true } : create);
      }
      nodes.push({ id: node, kind: type });
      continue;
    }
    const fitting = kind === "replace"
      ? nodes.filter((node) => node.kind === "blob")
      : kind === "mode"
      ? nodes.filter((node) => node.kind !== "directory")
      : nodes;
    if (fitting.length === 0) continue;
    const { id: node, tombstone } = one(fitting);
    if (kind === "move") steps.push({ kind, node, parent: directory() });
    else if (kind === "replace") steps.push(step.replaceBlob(node, `0${pick(9)}`));
    else if (kind === "mode") steps.push(step.mode(node, pick(2) === 0));
    else if (kind === "rename") steps.push({ kind, node, name: one(names) });
    else if (kind === "remove") steps.push({ kind, node, tombstone: mint() });
    else if (tombstone === undefined || pick(2) === 0) steps.push({ kind, node });
    else steps.push({ kind, node, tombstone });
  }
  const edits: Edit[] = [], lengths = new Map<NodeId, number>();
  const files = nodes.filter(({ kind }) => kind === "text");
  for (let count = files.length === 0 ? 0 : editCount; count > 0; count--) {
    const { id } = one(files), length = lengths.get(id) ?? state.text(id).length;
    const at = pick(length + 1), most = Math.min(3, length - at);
    const op = replace(at, pick(most + 1), pick(3) === 0 ? "" : typed());
    edits.push({ node: id, op });
    lengths.set(id, length + growthOf(op));
  }
  return { steps, edits: normalizeEdits(edits) };
}
