/**
 * Everything that somebody might do next: all changes of a small view, one after the other.
 *
 * @module
 */

import {
  type Change,
  compareIds,
  editOf,
  type NodeId,
  replace,
  rootId,
  type Step,
  type Workspace,
} from "../ot/mod.ts";

/** One thing to do. */
export interface Choice {
  readonly label: string;
  readonly what: Change | "undo" | "redo";
}

/** What menus are made of. */
export interface MenuOptions {
  /** Edits of texts: every insertion, removal and replacement, or a letter at the end and no more. */
  readonly edits: "all" | "letter";
  /** Longer than this no text grows: then there are no more insertions. */
  readonly lengthMax: number;
  readonly tree: boolean;
  /** Whether files are made executable, and no longer. */
  readonly modes?: boolean;
  readonly undo: boolean;
}

/** What the one who chooses sees. */
export interface Sight {
  readonly view: Workspace;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  /** The letter that the next change types. */
  readonly letter: string;
  /** The id of the next node or removal. */
  readonly nextId: NodeId;
}

/** All that can be done. */
export function menuOf(sight: Sight, { edits, lengthMax, tree, modes = false, undo }: MenuOptions): Choice[] {
  const choices: Choice[] = [];
  const { view, letter } = sight;
  const nodes = [...view.nodes()].filter(({ id }) => id !== rootId).sort((a, b) => compareIds(a.id, b.id));
  for (const { id, kind } of nodes) {
    if (kind !== "text" || !view.isLive(id)) continue;
    const text = view.text(id).toString();
    const name = nodes.length === 1 ? "" : ` of ${view.pathOf(id)}`;
    for (let from = edits === "all" ? 0 : text.length; from <= text.length; from++) {
      for (let to = from; to <= text.length; to++) {
        const removed = text.slice(from, to), place = `at ${from}${name}`;
        const add = (label: string, typed: string) => {
          choices.push({ label: `${label} ${place}`, what: editOf(id, replace(from, to - from, typed)) });
        };
        if (to > from) add(`removes "${removed}"`, "");
        if (text.length - removed.length >= lengthMax) continue;
        add(to > from ? `replaces "${removed}" by "${letter}"` : `types "${letter}"`, letter);
      }
    }
  }
  if (tree) {
    for (const { label, step } of stepsOf(sight)) choices.push({ label, what: { steps: [step], edits: [] } });
  }
  for (const { id, kind, executable } of modes ? nodes : []) {
    if (kind === "directory") continue;
    const step = { kind: "mode", node: id, executable: !executable } as const;
    const label = `makes ${view.pathOf(id)} ${executable ? "no longer executable" : "executable"}`;
    choices.push({ label, what: { steps: [step], edits: [] } });
  }
  if (undo && sight.canUndo) choices.push({ label: "undoes its last change", what: "undo" });
  if (undo && sight.canRedo) choices.push({ label: "redoes what it has undone", what: "redo" });
  return choices;
}

function stepsOf({ view, nextId }: Sight): { readonly label: string; readonly step: Step }[] {
  const choices: { label: string; step: Step }[] = [];
  const say = (label: string, step: Step) => choices.push({ label, step });
  const live = [...view.nodes()].filter(({ id }) => view.isLive(id)).sort((a, b) => compareIds(a.id, b.id));
  const directories = live.filter(({ kind }) => kind === "directory");
  const called = (id: NodeId) => id === rootId ? "the root" : view.pathOf(id);
  // Not in the root, where there is a directory that somebody may be removing.
  for (const { id } of directories.length > 1 ? directories.slice(1) : directories) {
    const step = { kind: "create", node: nextId, parent: id, name: "x", type: "text" } as const;
    say(`creates "x" in ${called(id)}`, step);
  }
  for (const { id, name, parent } of live) {
    if (id === rootId) continue;
    if (name !== "x") say(`renames ${called(id)} to "x"`, { kind: "rename", node: id, name: "x" });
    for (const { id: to } of directories) {
      if (to === parent || isWithin(view, to, id)) continue;
      say(`moves ${called(id)} into ${called(to)}`, { kind: "move", node: id, parent: to });
    }
    say(`removes ${called(id)}`, { kind: "remove", node: id, tombstone: nextId });
  }
  for (const { id, tombstone } of view.nodes()) {
    if (tombstone !== undefined) say(`restores ${called(id)}`, { kind: "restore", node: id, tombstone });
  }
  return choices;
}

function isWithin(view: Workspace, node: NodeId, directory: NodeId): boolean {
  let id = node;
  while (id !== directory && id !== rootId) id = view.node(id)!.parent;
  return id === directory;
}
