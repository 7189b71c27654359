/**
 * What goes into the core of a synchronised folder and what comes out of it; what it is told of the disk.
 *
 * Paths are relative to the folder, with "/" between names as they are on the disk; "" is the folder itself.
 *
 * @module
 */

import type { BlobContent, NodeId, NodeKind, TextOp, Workspace } from "../../ot/mod.ts";
import type { FileContent } from "./content.ts";
import type { Ignoring } from "./ignoring.ts";

/** What tells without reading whether a file is still the one that was seen. Whole numbers, from the file system. */
export interface Stamp {
  /** Its inode, which a rename keeps. */
  readonly inode: number;
  /** When it was made, in milliseconds: an inode may be used again. 0 where that is not known. */
  readonly bornMs: number;
  readonly bytes: number;
  /** -1 while it may still be changed without showing that: such a file is read again next time. */
  readonly modifiedMs: number;
  readonly changedMs: number;
  /** Its permissions. */
  readonly mode: number;
}

/** Something on the disk, as it was seen. */
export type Seen =
  | {
    readonly kind: "directory";
    readonly stamp: Stamp;
    /** Whether there is something in it, but nothing of that has a place in a workspace. */
    readonly isBare: boolean;
  }
  | {
    readonly kind: "text" | "blob";
    readonly stamp: Stamp;
    /** Undefined if it is the one that is known, by its stamp. */
    readonly content: FileContent | undefined;
    /** Whether it can be executed; undefined where the file system does not say. */
    readonly executable: boolean | undefined;
  }
  /** What has no place in a workspace: a link, what is ignored, what is too long. */
  | { readonly kind: "other"; readonly reason: string };

/** A path that was looked at; nothing is there if `seen` is undefined. */
export interface Look {
  readonly path: string;
  /** Its own name, as a workspace would have it: in normal form C. */
  readonly name: string;
  readonly seen: Seen | undefined;
}

/** What is done to the workspace for what was done in the folder. New nodes are called "+1", "+2" until they have ids. */
export type Item =
  | {
    readonly kind: "create";
    readonly node: NodeId;
    readonly parent: NodeId;
    readonly name: string;
    readonly type: NodeKind;
    /** Undefined of a directory. */
    readonly content: FileContent | undefined;
    /** Where the folder has it. */
    readonly path: string;
    readonly executable: boolean;
  }
  /** Other bytes for a file that is no text. */
  | { readonly kind: "replace"; readonly node: NodeId; readonly content: BlobContent; readonly path: string }
  | { readonly kind: "edit"; readonly node: NodeId; readonly op: TextOp }
  | { readonly kind: "mode"; readonly node: NodeId; readonly executable: boolean }
  | { readonly kind: "move"; readonly node: NodeId; readonly parent: NodeId; readonly name: string }
  | { readonly kind: "remove"; readonly node: NodeId };

/** What is done in the folder for what was done in the workspace. Each is done only if the disk is as expected. */
export type Action =
  | { readonly kind: "make"; readonly node: NodeId; readonly name: string; readonly path: string }
  /** Writes a file that is not there. `name` is the one in the workspace that its file stands for. */
  | {
    readonly kind: "create";
    readonly node: NodeId;
    readonly name: string;
    readonly path: string;
    readonly content: FileContent;
    readonly executable: boolean;
  }
  /** Writes over a file. `keeps` says that what is there was made here, and goes to the trash. */
  | {
    readonly kind: "write";
    readonly node: NodeId;
    readonly path: string;
    readonly content: FileContent;
    readonly expected: Stamp | undefined;
    readonly before: FileContent;
    readonly keeps: boolean;
    /** Whether it can be executed from now on; undefined leaves that as it is. */
    readonly executable: boolean | undefined;
  }
  /** Says of a file whether it can be executed, whatever it holds by now. `expected` is how it is known. */
  | {
    readonly kind: "mode";
    readonly node: NodeId;
    readonly path: string;
    readonly executable: boolean;
    readonly expected: Stamp | undefined;
  }
  /** Never over anything. */
  | {
    readonly kind: "move";
    readonly node: NodeId;
    readonly name: string;
    readonly path: string;
    readonly to: string;
  }
  /** Puts a file into the trash. */
  | {
    readonly kind: "discard";
    readonly node: NodeId;
    readonly path: string;
    readonly expected: Stamp | undefined;
    readonly before: FileContent;
  }
  /** Removes a directory if nothing is in it. */
  | { readonly kind: "unmake"; readonly node: NodeId; readonly path: string };

/** What came of an action. */
export type Result =
  | { readonly kind: "done"; readonly stamp: Stamp | undefined }
  /** The disk is not as it was expected to be: nothing was done. */
  | { readonly kind: "stale" }
  | { readonly kind: "failed"; readonly reason: string };

/** What a first run is going to do. */
export interface Plan {
  /** Paths that are in the folder alone, and go to the workspace. */
  readonly up: readonly string[];
  /** Paths that are in the workspace alone, and come to the folder. */
  readonly down: readonly string[];
  /** Files that are the same on both sides. */
  readonly same: number;
  /** Files that differ: both stay, one of them under another name. */
  readonly different: readonly string[];
  /** What stays as it is, and why. */
  readonly left: readonly { readonly path: string; readonly reason: string }[];
}

/** A question that somebody has to answer before it goes on. */
export type Question =
  | { readonly kind: "first"; readonly plan: Plan }
  /** Many files are gone on one side: are they to go on the other one too? */
  | { readonly kind: "deletions"; readonly side: "folder" | "workspace"; readonly paths: readonly string[] };

/** What has happened. With each comes the workspace as it is now. */
export type Happening =
  /** Whether there is a connection with nothing unsent, and which log it speaks of. */
  | { readonly kind: "status"; readonly isReady: boolean; readonly epoch: string }
  /** Nodes have changed; all of them may have, if it is not known which. */
  | { readonly kind: "workspace"; readonly nodes: Iterable<NodeId> | "all" }
  /** Something happened on the disk at these paths; or nobody knows where. */
  | { readonly kind: "disk"; readonly paths: Iterable<string> | "all" }
  /** What was asked for by `look`. */
  | { readonly kind: "looked"; readonly looks: readonly Look[]; readonly ignoring: Ignoring }
  /** The ids of what `submit` created, in order. */
  | { readonly kind: "submitted"; readonly ids: readonly NodeId[] }
  /** What was to be submitted is no longer in the folder: nothing was. */
  | { readonly kind: "outdated" }
  /** What was submitted is durable, or was refused. */
  | { readonly kind: "settled"; readonly refusal: string | undefined }
  | { readonly kind: "renumbered"; readonly ids: ReadonlyMap<NodeId, NodeId> }
  /** What an earlier run had submitted was refused: about these nodes, nothing is agreed on. */
  | { readonly kind: "recovered"; readonly nodes: Iterable<NodeId> }
  /** What came of `act`, one result for each action that was begun. */
  | { readonly kind: "acted"; readonly results: readonly Result[] }
  /** Go on: to a first plan, or with deletions. `bringsBack` undoes the deletions instead. */
  | { readonly kind: "answered"; readonly bringsBack: boolean };

/** An input of the core. */
export type FolderInput = Happening & { readonly workspace: Workspace };

/** What is to be done, in order. */
export type FolderOutput =
  /** Look at the places that the core gives when this begins, and at all below them. Answered by `looked`. */
  | { readonly kind: "look" }
  /** Do this to the workspace as it is right now, as one change. Answered by `submitted`, and later `settled`; or by `outdated`. */
  | { readonly kind: "submit"; readonly items: readonly Item[] }
  /** Do this on the disk, one after the other. Answered by `acted`. */
  | { readonly kind: "act"; readonly actions: readonly Action[] }
  | { readonly kind: "ask"; readonly question: Question }
  /** Something could not be synchronised, and is left as it is on both sides. */
  | { readonly kind: "warn"; readonly path: string; readonly reason: string }
  /** Both sides are the same. */
  | { readonly kind: "same" };
