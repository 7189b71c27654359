/**
 * What a synchronised folder remembers from run to run, as lines of JSON that are only ever added to a file.
 *
 *     {"format":1,"workspace":"main"}            the first line
 *     {"epoch":"..."}                            both sides have been joined, in this log
 *     {"synced":{"node":"3:1","parent":...}}     what both sides agree on about a node, in the place of what was known
 *     {"forgotten":"3:1"}                        nothing is known of it any more
 *     {"intended":{"node":...,"path":...}}       a file is about to be written
 *     {"unsent":{...}}                           what the client has not got through, or null
 *
 * What is unsent and what counts on it are added in one piece, the former first: so whatever is taken for agreed on is in
 * the workspace or on its way there. A line that is not whole, at the end, is what a crash has left of one, and is nothing.
 *
 * @module
 */

import { type NodeId, rootId, Text } from "../../ot/mod.ts";
import type { Remembered } from "./core.ts";
import { type Synced, SyncedTree } from "./synced_tree.ts";
import type { Action } from "./types.ts";

/** The version of this format. */
const format = 1;

/** What a journal holds. */
export interface Journal extends Remembered {
  /** The workspace that the folder belongs to. */
  readonly workspace: string;
  /** As the client gave it; undefined if nothing was unsent. */
  readonly unsent: unknown;
}

/** The first line of a journal. */
export function headLine(workspace: string): string {
  return line({ format, workspace });
}

/** Lines that say what was touched. */
export function syncedLines(touched: Iterable<readonly [NodeId, Synced | undefined]>): string {
  let lines = "";
  for (const [node, synced] of touched) {
    if (node.startsWith("+")) continue;
    lines += synced === undefined ? line({ forgotten: node }) : line({ synced: plain(synced) });
  }
  return lines;
}

/** The line that says which log the folder is joined to. */
export function epochLine(epoch: string): string {
  return line({ epoch });
}

/** The line that says what is unsent. */
export function unsentLine(unsent: object | undefined): string {
  return line({ unsent: unsent ?? null });
}

/** Lines that say what is about to be written. */
export function intendedLines(actions: readonly Action[]): string {
  let lines = "";
  for (const action of actions) {
    if (action.kind !== "create" && action.kind !== "write") continue;
    const { node, path, text } = action;
    lines += line({ intended: { node, path, text: text.toString() } });
  }
  return lines;
}

/** A whole journal that says what another one does, and no more. */
export function compacted(
  { workspace, epoch, synced }: Pick<Journal, "workspace" | "epoch" | "synced">,
  unsent: object | undefined,
): string {
  let lines = headLine(workspace) + unsentLine(unsent);
  if (epoch !== undefined) lines += epochLine(epoch);
  for (const node of synced.nodes()) if (!node.node.startsWith("+")) lines += line({ synced: plain(node) });
  return lines;
}

/**
 * Reads a journal.
 *
 * @throws {SyntaxError} if it is none of this format, or a line in the midst of it is damaged.
 */
export function readJournal(text: string): Journal {
  const end = text.lastIndexOf("\n");
  const lines = end < 0 ? [] : text.slice(0, end).split("\n");
  const head = lines.length === 0
    ? undefined
    : JSON.parse(lines[0]!) as { format?: number; workspace?: string };
  if (head?.format !== format || typeof head.workspace !== "string") {
    throw new SyntaxError("It is no journal of a format that this program knows");
  }
  const nodes = new Map<NodeId, Synced>();
  const intended = new Map<string, { node: NodeId; text: Text }>();
  let epoch: string | undefined, unsent: unknown;
  for (const each of lines.slice(1)) {
    const entry = JSON.parse(each) as Entry;
    if ("epoch" in entry) epoch = entry.epoch;
    else if ("synced" in entry) {
      const { text, stamp, held, ...rest } = entry.synced;
      nodes.set(rest.node, {
        ...rest,
        text: text === null ? undefined : Text.of(text),
        stamp: stamp ?? undefined,
        held: held ?? undefined,
      });
    } else if ("forgotten" in entry) nodes.delete(entry.forgotten);
    else if ("intended" in entry) {
      const { node, path, text } = entry.intended;
      intended.set(path, { node, text: Text.of(text) });
    } else if ("unsent" in entry) unsent = entry.unsent ?? undefined;
  }
  return { workspace: head.workspace, epoch, unsent, intended, synced: treeOf(nodes) };
}

/** A node as JSON has it. */
type PlainSynced = Omit<Synced, "text" | "stamp" | "held"> & {
  readonly text: string | null;
  readonly stamp: NonNullable<Synced["stamp"]> | null;
  readonly held: string | null;
};

type Entry =
  | { readonly epoch: string }
  | { readonly synced: PlainSynced }
  | { readonly forgotten: NodeId }
  | { readonly intended: { readonly node: NodeId; readonly path: string; readonly text: string } }
  | { readonly unsent: unknown };

function plain({ text, stamp, held, ...rest }: Synced): PlainSynced {
  return { ...rest, text: text?.toString() ?? null, stamp: stamp ?? null, held: held ?? null };
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

/** Only nodes whose directories are known are: the others are found on the disk again. */
function treeOf(nodes: ReadonlyMap<NodeId, Synced>): SyncedTree {
  const tree = new SyncedTree();
  const add = (synced: Synced): boolean => {
    if (tree.get(synced.node) !== undefined) return true;
    const parent = nodes.get(synced.parent);
    if (synced.parent !== rootId && (parent === undefined || !add(parent))) return false;
    if (tree.children(synced.parent).has(synced.file)) return false;
    tree.set(synced);
    return true;
  };
  for (const synced of nodes.values()) add(synced);
  tree.takeUnstored();
  tree.mark();
  return tree;
}
