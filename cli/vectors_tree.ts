/**
 * The vectors of the tree: what steps come to in a given state, row by row of the table in docs/protocol.md, for a
 * client in any language that shows its own steps before they are acknowledged.
 *
 * @module
 */

import { type Node, type NodeId, resolve, rootId, type Step, Workspace } from "../ot/mod.ts";

/** A directory if its name ends with "/", else a file; with a tombstone if it is removed. */
type Short = readonly [id: NodeId, parent: NodeId, name: string, tombstone?: NodeId];

interface Case {
  readonly says: string;
  readonly before: readonly Short[];
  readonly steps: readonly Step[];
}

const create = (node: NodeId, parent: NodeId, name: string): Step => {
  const type = name.endsWith("/") ? "directory" : "text";
  return { kind: "create", node, parent, name: name.replace(/\/$/, ""), type };
};
const move = (node: NodeId, parent: NodeId): Step => ({ kind: "move", node, parent });
const rename = (node: NodeId, name: string): Step => ({ kind: "rename", node, name });
const remove = (node: NodeId, tombstone: NodeId): Step => ({ kind: "remove", node, tombstone });
const mode = (node: NodeId, executable: boolean): Step => ({ kind: "mode", node, executable });
const restore = (node: NodeId, tombstone?: NodeId): Step =>
  tombstone === undefined ? { kind: "restore", node } : { kind: "restore", node, tombstone };

/** The steps are those of site 2, which has used its counter up to 10. */
const author = { site: 2, counter: 10 };

const docs: readonly Short[] = [["1:1", rootId, "docs/"], ["1:2", "1:1", "a.txt"], ["1:3", rootId, "b.txt"]];
const removed: readonly Short[] = [
  ["1:1", rootId, "old/"],
  ["1:2", "1:1", "older/", "1:8"],
  ["1:3", "1:2", "a.txt"],
  ["1:4", "1:1", "b.txt", "1:9"],
];
const nested: readonly Short[] = [
  ["1:1", rootId, "a/"],
  ["1:2", "1:1", "b/"],
  ["1:3", "1:2", "c/"],
  ["1:4", rootId, "d/"],
];

const cases: readonly Case[] = [
  {
    says: "a file and a directory are made",
    before: [],
    steps: [
      create("2:11", rootId, "src/"),
      create("2:12", "2:11", "main.ts"),
    ],
  },
  {
    says: "a taken name gets a number before its last dot",
    before: docs,
    steps: [create("2:11", "1:1", "a.txt")],
  },
  {
    says: "a taken name of a directory gets a number at its end",
    before: [["1:1", rootId, "v1.0/"]],
    steps: [
      create("2:11", rootId, "v1.0/"),
    ],
  },
  {
    says: "a name that begins with a dot gets a number at its end",
    before: [["1:1", rootId, ".env"]],
    steps: [
      create("2:11", rootId, ".env"),
    ],
  },
  {
    says: "a name that has a number counts on",
    before: [["1:1", rootId, "a (2).txt"]],
    steps: [
      create("2:11", rootId, "a (2).txt"),
    ],
  },
  {
    says: "the smallest free number is taken",
    before: [
      ["1:1", rootId, "a"],
      ["1:2", rootId, "a (2)"],
      ["1:3", rootId, "a (4)"],
    ],
    steps: [create("2:11", rootId, "a")],
  },
  {
    says: "an astral name is numbered like any other",
    before: [["1:1", rootId, "😀.txt"]],
    steps: [
      create("2:11", rootId, "😀.txt"),
    ],
  },
  {
    says: "the name of a removed file is free",
    before: [["1:1", rootId, "a", "1:9"]],
    steps: [
      create("2:11", rootId, "a"),
    ],
  },
  {
    says: "capitals make another name",
    before: [["1:1", rootId, "a"]],
    steps: [create("2:11", rootId, "A")],
  },
  {
    says: "equal names in one change: the last placed gives way",
    before: [],
    steps: [
      create("2:11", rootId, "a"),
      create("2:12", rootId, "a"),
    ],
  },
  { says: "two names are swapped", before: docs, steps: [rename("1:1", "b.txt"), rename("1:3", "docs")] },
  {
    says: "two files are swapped between directories",
    before: [
      ["1:1", rootId, "d/"],
      ["1:2", "1:1", "a"],
      ["1:3", rootId, "a"],
    ],
    steps: [move("1:2", rootId), move("1:3", "1:1")],
  },
  {
    says: "a name is taken that the same change gives up later",
    before: docs,
    steps: [
      create("2:11", rootId, "b.txt"),
      rename("1:3", "c.txt"),
    ],
  },
  {
    says: "a move and a rename of one node both hold",
    before: docs,
    steps: [move("1:3", "1:1"), rename("1:3", "c")],
  },
  {
    says: "of two moves the later one wins",
    before: nested,
    steps: [move("1:4", "1:1"), move("1:4", "1:2")],
  },
  {
    says: "a moved file meets its name",
    before: [["1:1", rootId, "d/"], ["1:2", "1:1", "a"], ["1:3", rootId, "a"]],
    steps: [move("1:3", "1:1")],
  },
  {
    says: "what is meant for a removed directory lands above it",
    before: removed,
    steps: [
      create("2:11", "1:2", "x"),
    ],
  },
  {
    says: "what is moved into a removed directory lands above it",
    before: [...removed, ["1:5", rootId, "c"]],
    steps: [move("1:5", "1:2")],
  },
  { says: "a directory is not moved into itself", before: nested, steps: [move("1:1", "1:1")] },
  { says: "a directory is not moved into what is in it", before: nested, steps: [move("1:1", "1:3")] },
  {
    says: "a move that is dropped does not take the others with it",
    before: nested,
    steps: [
      move("1:1", "1:3"),
      rename("1:1", "z"),
      move("1:3", "1:4"),
    ],
  },
  {
    says: "two moves that make a cycle only together: the later one is dropped",
    before: nested,
    steps: [
      move("1:4", "1:3"),
      move("1:1", "1:4"),
    ],
  },
  {
    says: "a removed file is renamed and moved, and stays removed",
    before: removed,
    steps: [
      rename("1:4", "c.txt"),
      move("1:4", rootId),
    ],
  },
  { says: "all in a removed directory is hidden with it", before: docs, steps: [remove("1:1", "2:11")] },
  { says: "the later removal owns the tombstone", before: removed, steps: [remove("1:4", "2:11")] },
  { says: "a removal is taken back", before: removed, steps: [restore("1:4", "1:9")] },
  { says: "whichever removal there is is taken back", before: removed, steps: [restore("1:2")] },
  {
    says: "a removal that is not the node's any more is not taken back",
    before: removed,
    steps: [
      restore("1:4", "1:7"),
    ],
  },
  {
    says: "what is restored amid removed directories lands above them",
    before: [
      ["1:1", rootId, "old/", "1:8"],
      ["1:2", "1:1", "a.txt", "1:9"],
    ],
    steps: [restore("1:2", "1:9")],
  },
  {
    says: "what is hidden by a directory above it is got out of there",
    before: removed,
    steps: [restore("1:3")],
  },
  {
    says: "a restored file whose name has been taken gets a number",
    before: [
      ["1:1", rootId, "a.txt", "1:9"],
      ["1:2", rootId, "a.txt"],
    ],
    steps: [restore("1:1")],
  },
  {
    says: "what is made and removed at once is there, removed",
    before: [],
    steps: [
      create("2:11", rootId, "a"),
      remove("2:11", "2:12"),
    ],
  },
  {
    says: "files are made executable, also one that is removed; one that is no longer is as it was",
    before: removed,
    steps: [mode("1:3", true), mode("1:4", true), mode("1:3", false)],
  },
  {
    says: "a file is made with what is said of it last",
    before: [],
    steps: [
      create("2:11", rootId, "run.sh"),
      mode("2:11", true),
    ],
  },
  { says: "a directory is not executable", before: docs, steps: [mode("1:1", true)] },
  { says: "the root is fixed", before: docs, steps: [rename(rootId, "a")] },
  { says: "a node that is not there is refused", before: docs, steps: [rename("1:7", "a")] },
  { says: "a file holds nothing", before: docs, steps: [move("1:2", "1:3")] },
  { says: "an id of another site is refused", before: docs, steps: [create("3:11", rootId, "a")] },
  { says: "a counter that has been used is refused", before: docs, steps: [create("2:10", rootId, "a")] },
  {
    says: "one step that is refused refuses all",
    before: docs,
    steps: [rename("1:3", "c"), rename("1:2", "a/b")],
  },
  { says: "a name is not ..", before: docs, steps: [rename("1:3", "..")] },
  { says: "a name is not empty", before: docs, steps: [rename("1:3", "")] },
  { says: "a name has no control characters", before: docs, steps: [rename("1:3", "a\r\n")] },
  { says: "a name is in normal form C", before: docs, steps: [rename("1:3", "e\u0301")] },
  {
    says: "a name has at most 255 bytes, not characters",
    before: docs,
    steps: [rename("1:3", "😀".repeat(64))],
  },
];

/** All vectors of the tree. */
export function treeVectors(): Record<string, readonly unknown[]> {
  return {
    resolve: cases.map(({ says, before, steps }) => {
      const state = Workspace.of(before.map(nodeOf), []);
      const resolution = resolve(steps, state, author);
      const given = { says, ...author, before: nodesOf(state), steps };
      if ("fault" in resolution) return { ...given, refused: resolution.fault };
      const { steps: resolved, notices, counter } = resolution;
      const after = nodesOf(state.apply({ steps: resolved, edits: [] }));
      return { ...given, resolved, notices, counterAfter: counter, after };
    }),
  };
}

function nodeOf([id, parent, name, tombstone]: Short): Node {
  const kind = name.endsWith("/") ? "directory" : "text";
  return { id, parent, name: name.replace(/\/$/, ""), kind, tombstone };
}

/** The nodes of a workspace, removed ones included, but for the root: an order that depends on them alone. */
export function nodesOf(state: Workspace): Node[] {
  return [...state.nodes()].filter(({ id }) => id !== rootId).sort((a, b) => a.id < b.id ? -1 : 1);
}
