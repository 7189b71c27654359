/**
 * What a synchronised folder remembers from run to run, as lines of JSON that are only ever added to a file.
 *
 *     {"format":1,"workspace":"main"}            the first line
 *     {"epoch":"..."}                            both sides have been joined, in this log
 *     {"synced":{"node":"3:1","parent":...}}     what both sides agree on about a node, in the place of what was known
 *     {"forgotten":"3:1"}                        nothing is known of it any more
 *     {"intended":{"node":...,"path":...}}       a file is about to be written
 *     {"unsent":{...},"contents":{...}}          what the client has not got through, or null; where the folder has bytes
 *                                                that it names
 *
 * What is unsent and what counts on it are added in one piece, the former first: so whatever is taken for agreed on is in
 * the workspace or on its way there. A line that is not whole, at the end, is what a crash has left of one, and is nothing.
 *
 * @module
 */

import { type BlobContent, type NodeId, rootId, Text } from "../../ot/mod.ts";
import type { FileContent } from "./content.ts";
import type { Intended, Remembered } from "./core.ts";
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
  /** By hash, the paths of files that hold bytes which are unsent. */
  readonly contents: Readonly<Record<string, string>>;
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
export function unsentLine(
  unsent: object | undefined,
  contents: Readonly<Record<string, string>> = {},
): string {
  return line({ unsent: unsent ?? null, contents });
}

/** Lines that say what is about to be written. */
export function intendedLines(actions: readonly Action[]): string {
  let lines = "";
  for (const action of actions) {
    if (action.kind !== "create" && action.kind !== "write") continue;
    lines += intendedLine(action.path, action);
  }
  return lines;
}

/** The line that says that a file is about to be written. */
export function intendedLine(
  path: string,
  { node, content, executable }: Intended,
): string {
  return line({ intended: { node, path, content: plainContent(content), executable } });
}

/** A whole journal that says what another one does, and no more. */
export function compacted(
  { workspace, epoch, synced }: Pick<Journal, "workspace" | "epoch" | "synced">,
  unsent: object | undefined,
  contents: Readonly<Record<string, string>> = {},
): string {
  let lines = headLine(workspace) + unsentLine(unsent, contents);
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
  const intended = new Map<string, Intended>();
  let epoch: string | undefined, unsent: unknown, contents: Readonly<Record<string, string>> = {};
  for (const each of lines.slice(1)) {
    const entry = JSON.parse(each) as Entry;
    if ("epoch" in entry) epoch = entry.epoch;
    else if ("synced" in entry) {
      // Journals of before that knew nothing of modes: in the workspace, nothing could be executed.
      const { content, stamp, held, executable = false, ...rest } = entry.synced;
      nodes.set(rest.node, {
        ...rest,
        executable,
        content: content === null ? undefined : contentOf(content),
        stamp: stamp ?? undefined,
        held: held ?? undefined,
      });
    } else if ("forgotten" in entry) nodes.delete(entry.forgotten);
    else if ("intended" in entry) {
      const { node, path, content, executable } = entry.intended;
      intended.set(path, { node, content: contentOf(content), executable });
    } else if ("unsent" in entry) {
      unsent = entry.unsent ?? undefined;
      contents = entry.contents ?? {};
    }
  }
  return { workspace: head.workspace, epoch, unsent, contents, intended, synced: treeOf(nodes) };
}

/** What a file holds, as JSON has it: a text as it is. */
type PlainContent = string | BlobContent;

/** A node as JSON has it. */
type PlainSynced = Omit<Synced, "content" | "executable" | "stamp" | "held"> & {
  readonly executable?: boolean;
  readonly content: PlainContent | null;
  readonly stamp: NonNullable<Synced["stamp"]> | null;
  readonly held: string | null;
};

type Entry =
  | { readonly epoch: string }
  | { readonly synced: PlainSynced }
  | { readonly forgotten: NodeId }
  | {
    readonly intended: {
      readonly node: NodeId;
      readonly path: string;
      readonly content: PlainContent;
      readonly executable?: boolean;
    };
  }
  | { readonly unsent: unknown; readonly contents?: Readonly<Record<string, string>> };

function plainContent(content: FileContent): PlainContent {
  return content instanceof Text ? content.toString() : content;
}

function contentOf(content: PlainContent): FileContent {
  return typeof content === "string" ? Text.of(content) : content;
}

function plain({ content, stamp, held, ...rest }: Synced): PlainSynced {
  return {
    ...rest,
    content: content === undefined ? null : plainContent(content),
    stamp: stamp ?? null,
    held: held ?? null,
  };
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
