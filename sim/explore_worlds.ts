/**
 * The worlds that are explored: each as small as what it tries allows.
 *
 * @module
 */

import { type Change, insert, rootId } from "../ot/mod.ts";
import type { WorldPlan } from "./explore_world.ts";
import type { MenuOptions } from "./explore_menu.ts";

/** A workspace with one file that says this. */
function fileWith(text: string): Change {
  const node = "1:1";
  return {
    steps: [{ kind: "create", node, parent: rootId, name: "f", type: "text" }],
    edits: [{ node, op: insert(0, text) }],
  };
}

/** A directory "d" with a file "f" that says "a", and perhaps an empty directory "e" beside it. */
function smallTree(directories: 1 | 2): Change {
  const d = { kind: "create", node: "1:1", parent: rootId, name: "d", type: "directory" } as const;
  const f = { kind: "create", node: "1:2", parent: "1:1", name: "f", type: "text" } as const;
  const e = { kind: "create", node: "1:3", parent: rootId, name: "e", type: "directory" } as const;
  return { steps: directories === 1 ? [d, f] : [d, f, e], edits: [{ node: "1:2", op: insert(0, "a") }] };
}

const text: MenuOptions = { edits: "all", lengthMax: 4, tree: false, undo: false };
const tree: MenuOptions = { edits: "letter", lengthMax: 3, tree: true, undo: false };

/**
 * Explored where nothing else is asked for, those with few states first.
 *
 * A transport that is free again only when its write has arrived lets the server join what comes meanwhile into
 * one write. One that drains at once has several writes behind each other. There the server's state does not depend
 * on what has arrived, so its steps are few, and the large worlds are of that kind.
 */
export const defaultWorlds: readonly WorldPlan[] = [
  {
    name: "alone",
    about: "one client, three changes of a file that says ab, undone and redone too",
    start: fileWith("ab"),
    changes: [3],
    menu: { ...text, undo: true },
    shards: 1,
  },
  {
    name: "late",
    about: "a client joins while another one changes a file that says ab, and does so too",
    start: fileWith("ab"),
    changes: [1, 1],
    menu: text,
    lastIsLate: true,
    shards: 1,
  },
  {
    name: "log",
    about: "two clients, one change each; an append fails, or its answer is lost",
    start: fileWith("ab"),
    changes: [1, 1],
    menu: text,
    logFaults: 1,
    shards: 2,
  },
  {
    name: "cut",
    about: "two clients, one change each; a link is cut, which the server hears at once or later",
    start: fileWith("a"),
    changes: [1, 1],
    menu: text,
    cuts: 1,
    shards: 4,
  },
  {
    name: "pair",
    about: "two clients, one change each of a file that says abcd",
    start: fileWith("abcd"),
    changes: [1, 1],
    menu: { ...text, lengthMax: 5 },
    shards: 2,
  },
  {
    name: "tree-pair",
    about: "two clients, one change each, of a tree with two directories or of the file in it",
    start: smallTree(2),
    changes: [1, 1],
    menu: { ...tree, undo: true },
    shards: 1,
  },
  {
    name: "modes",
    about: "two clients, two changes each of a file that says a, which is made executable, and undo",
    start: fileWith("a"),
    changes: [2, 2],
    menu: { edits: "letter", lengthMax: 3, tree: false, modes: true, undo: true },
    drainsAtOnce: true,
    shards: 1,
  },
  {
    name: "tree-cut",
    about: "two clients, one change each, of a small tree or of the file in it, undo too; a link is cut",
    start: smallTree(1),
    changes: [1, 1],
    menu: { ...tree, undo: true },
    drainsAtOnce: true,
    cuts: 1,
    shards: 4,
  },
  {
    name: "tree-late",
    about: "a client joins while another one changes a small tree twice, and does so once",
    start: smallTree(1),
    changes: [2, 1],
    menu: tree,
    drainsAtOnce: true,
    lastIsLate: true,
    shards: 4,
  },
  {
    name: "joined",
    about: "a client types three changes in one go, of which two become one, another one makes one",
    start: fileWith("a"),
    changes: [3, 1],
    menu: text,
    grouped: true,
    drainsAtOnce: true,
    shards: 4,
  },
  {
    name: "undo",
    about: "two clients, two changes each of a file that says a, undo among them",
    start: fileWith("a"),
    changes: [2, 2],
    menu: { ...text, undo: true },
    drainsAtOnce: true,
    shards: 4,
  },
  {
    name: "three",
    about: "three clients, one change each of a file that says ab",
    start: fileWith("ab"),
    changes: [1, 1, 1],
    menu: text,
    drainsAtOnce: true,
    shards: 9,
  },
  {
    name: "tree-three",
    about: "three clients, one change each, of a small tree or of the file in it",
    start: smallTree(1),
    changes: [1, 1, 1],
    menu: tree,
    drainsAtOnce: true,
    shards: 8,
  },
  {
    name: "tree-two",
    about: "two clients, two changes each, of a small tree or of the file in it",
    start: smallTree(1),
    changes: [2, 2],
    menu: tree,
    drainsAtOnce: true,
    shards: 8,
  },
  {
    name: "two",
    about: "two clients, two changes each of a file that says ab",
    start: fileWith("ab"),
    changes: [2, 2],
    menu: { ...text, lengthMax: 3 },
    drainsAtOnce: true,
    shards: 9,
  },
];

/** Explored only if they are named: for a long night. */
const longWorlds: readonly WorldPlan[] = [
  {
    name: "two-arriving",
    about: "as two, on transports that are free again when a write has arrived",
    start: fileWith("ab"),
    changes: [2, 2],
    menu: text,
    shards: 9,
  },
  {
    name: "three-arriving",
    about: "as three, on transports that are free again when a write has arrived",
    start: fileWith("ab"),
    changes: [1, 1, 1],
    menu: text,
    shards: 9,
  },
  {
    name: "tree-wide",
    about: "as tree-three, on the tree of tree-pair",
    start: smallTree(2),
    changes: [1, 1, 1],
    menu: tree,
    drainsAtOnce: true,
    shards: 13,
  },
  {
    name: "cut-two",
    about: "as cut, with two changes each",
    start: fileWith("a"),
    changes: [2, 2],
    menu: text,
    cuts: 1,
    shards: 16,
  },
];

/** All that can be named. */
export const worlds: readonly WorldPlan[] = [...defaultWorlds, ...longWorlds];
