/**
 * Workspaces drawn as lists of lines, for tests: one node a line, sorted by path.
 *
 *     a.txt: hello     a file and its text
 *     logo.png = 7f    a blob, and what it holds
 *     run*: hello      a file that can be executed
 *     docs/            a directory
 *     - old/           a removed one
 *     ~ old/x.txt      what is hidden below it
 *
 * @module
 */

import { type BlobContent, type Node, type NodeId, rootId, Text, Workspace } from "../../ot/mod.ts";

/** The content that is drawn as two hexadecimal digits: as many bytes as they say. */
export function content(digits: string): BlobContent {
  return { hash: digits.repeat(32), bytes: parseInt(digits, 16) };
}

export interface Planted {
  readonly state: Workspace;
  /** The id of the node drawn with this path; of the last one, if there are several. */
  readonly id: (path: string) => NodeId;
  /** What identifies the removal of the node drawn with this path. */
  readonly tombstone: (path: string) => NodeId;
}

/** The workspace drawn by these lines, every directory before what is in it. Site 1 has made it all. */
export function planted(...lines: readonly string[]): Planted {
  const nodes: Node[] = [], texts: [NodeId, Text][] = [], ids = new Map<string, NodeId>([["", rootId]]);
  for (const line of lines) {
    const [, mark, path, slash, star, digits, text] =
      /^([-~] )?([^:=*]*?[^:/=* ])(\/)?(\*)?(?: = ([0-9a-f]{2}))?(?:: (.*))?$/s.exec(line)!;
    const id = `1:${nodes.length + 1}`;
    const names = path!.split("/"), name = names.pop()!;
    const parent = ids.get(names.join("/"))!;
    const tombstone = mark === "- " ? `1:${500 + nodes.length}` : undefined;
    const placed = { id, parent, name, tombstone, ...star !== undefined && { executable: true as const } };
    if (digits !== undefined) nodes.push({ ...placed, kind: "blob", content: content(digits) });
    else nodes.push({ ...placed, kind: slash === undefined ? "text" : "directory" });
    if (text !== undefined) texts.push([id, Text.of(text)]);
    ids.set(path!, id);
  }
  const state = Workspace.of(nodes, texts);
  const idOf = (path: string): NodeId => {
    const id = ids.get(path);
    if (id === undefined) throw new RangeError(`Cannot find "${path}": it is not drawn`);
    return id;
  };
  return { state, id: idOf, tombstone: (path) => state.node(idOf(path))!.tombstone! };
}

/** The lines that draw a workspace. */
export function drawn(state: Workspace): string[] {
  const lines: string[] = [];
  for (const node of state.nodes()) {
    if (node.id === rootId) continue;
    const mark = node.tombstone !== undefined ? "- " : state.isLive(node.id) ? "" : "~ ";
    const text = state.text(node.id).toString();
    const end = node.kind === "directory"
      ? "/"
      : node.content !== undefined
      ? ` = ${node.content.hash.slice(0, 2)}`
      : text === ""
      ? ""
      : `: ${text}`;
    lines.push(mark + state.pathOf(node.id) + (node.executable ? "*" : "") + end);
  }
  return inOrder(lines);
}

/** Lines that draw a workspace, sorted by path. */
export function inOrder(lines: readonly string[]): string[] {
  const path = (line: string) => line.replace(/^[-~] /, "").replace(/[/*]?((: | = ).*)?$/s, "");
  return lines.toSorted((a, b) => path(a) < path(b) ? -1 : path(a) > path(b) ? 1 : a < b ? -1 : 1);
}
