/**
 * A workspace as plain data: what of it is not as in another one, the base.
 *
 * Nodes and texts are sorted by id, so equal workspaces over equal bases are saved alike, whatever has led to them.
 *
 * @module
 */

import {
  type BlobContent,
  type Node,
  type NodeId,
  type NodeKind,
  sameContent,
  Text,
  Workspace,
} from "../../ot/mod.ts";

export interface SavedNode {
  readonly id: NodeId;
  readonly parent: NodeId;
  readonly name: string;
  readonly kind: NodeKind;
  readonly tombstone: NodeId | null;
  readonly content?: BlobContent;
  readonly executable?: true;
}

export interface SavedWorkspace {
  readonly nodes: readonly SavedNode[];
  readonly texts: readonly (readonly [id: NodeId, text: string])[];
  /** Nodes of the base that are not there. */
  readonly absent: readonly NodeId[];
}

/** The order in which data is kept: by code units, which is quicker than by number, and as good. */
export function byId(a: NodeId, b: NodeId): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Nodes as data, sorted by id. */
export function saveNodes(nodes: Iterable<Node>): SavedNode[] {
  return [...nodes].sort((a, b) => byId(a.id, b.id)).map((
    { id, parent, name, kind, tombstone, content, executable },
  ) => ({
    id,
    parent,
    name,
    kind,
    tombstone: tombstone ?? null,
    ...content && { content },
    ...executable && { executable },
  }));
}

export function restoreNodes(saved: readonly SavedNode[]): Node[] {
  return saved.map((node) => ({ ...node, tombstone: node.tombstone ?? undefined }));
}

/** What of `workspace` is not as in `base`. */
export function saveWorkspace(workspace: Workspace, base: Workspace): SavedWorkspace {
  if (workspace === base) return { nodes: [], texts: [], absent: [] };
  const nodes: Node[] = [], texts: [NodeId, string][] = [], absent: NodeId[] = [];
  for (const node of workspace.nodes()) {
    if (!sameNode(node, base.node(node.id))) nodes.push(node);
    const text = workspace.text(node.id);
    if (!text.equals(base.text(node.id))) texts.push([node.id, text.toString()]);
  }
  for (const { id } of base.nodes()) if (workspace.node(id) === undefined) absent.push(id);
  return {
    nodes: saveNodes(nodes),
    texts: texts.sort(([a], [b]) => byId(a, b)),
    absent: absent.sort(byId),
  };
}

export function restoreWorkspace(saved: SavedWorkspace, base: Workspace): Workspace {
  if (saved.nodes.length + saved.texts.length + saved.absent.length === 0) return base;
  const nodes = new Map<NodeId, Node>(), texts = new Map<NodeId, Text>();
  for (const node of base.nodes()) {
    nodes.set(node.id, node);
    texts.set(node.id, base.text(node.id));
  }
  for (const id of saved.absent) {
    nodes.delete(id);
    texts.delete(id);
  }
  for (const node of restoreNodes(saved.nodes)) nodes.set(node.id, node);
  for (const [id, text] of saved.texts) texts.set(id, Text.of(text));
  return Workspace.of(nodes.values(), texts);
}

function sameNode(a: Node, b: Node | undefined): boolean {
  return a === b ||
    (b !== undefined && a.parent === b.parent && a.name === b.name && a.kind === b.kind &&
      a.tombstone === b.tombstone && a.executable === b.executable && sameContent(a.content, b.content));
}
