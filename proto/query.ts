/**
 * Questions about a workspace as it is or was, and their answers.
 *
 * @module
 */

import type { BlobContent, Change, NodeId, NodeKind, TextOp } from "../ot/mod.ts";
import type { Participant } from "./wire.ts";

/** A revision, or, if `time` is not 0, the newest revision that is not later than that. */
export interface Moment {
  /** How many entries the log had by then. */
  readonly revision: number;
  /** Milliseconds since 1970; 0 where the revision counts. */
  readonly time: number;
}

/**
 * What is asked. `from` is an earlier moment, to which the one that is asked about is compared; in "blame" it says how far
 * to look back, where revision 0 is as far as anything is kept. "blob" is for the bytes that a blob holds then. `context` is how many lines are shown around each
 * difference. `matches` is how many there may be in one answer, where 0 is as many as the server gives.
 */
export type Question =
  | { readonly kind: "tree" }
  | { readonly kind: "files" }
  | { readonly kind: "diff"; readonly from: Moment; readonly context: number }
  | { readonly kind: "changes"; readonly from: Moment }
  | { readonly kind: "blame"; readonly path: string; readonly from: Moment }
  | {
    readonly kind: "search";
    readonly pattern: string;
    readonly regular: boolean;
    readonly ignoreCase: boolean;
    readonly matches: number;
  }
  | { readonly kind: "blob"; readonly hash: string }
  | ({ readonly kind: "entries" } & EntriesQuestion);

/** Which entries are meant: those by all that is said. An empty list says nothing. */
export interface EntryChoice {
  /** By somebody of one of these names. */
  readonly authors: readonly string[];
  /** By one of these sites. */
  readonly sites: readonly number[];
  /** A part of one of these. */
  readonly tasks: readonly string[];
  /** One of these. */
  readonly revisions: readonly number[];
}

/** The entries after `from` that are meant; where that is revision 0, all that is kept. */
export interface EntriesQuestion extends EntryChoice {
  /** What they came after. */
  readonly from: Moment;
  /** The newest first. */
  readonly newest: boolean;
  /** How many there may be in one answer, where 0 is as many as the server gives. */
  readonly count: number;
  /** Whether to say what each did, step by step. */
  readonly changes: boolean;
  /** Instead of them: what would be different if they had never been. */
  readonly undone: boolean;
}

/** A question about the workspace at one revision. */
export interface Query {
  /** Tells it from other messages. */
  readonly kind: "query";
  /** The client's own number for it, which the answer carries. */
  readonly id: number;
  /** The revision that is asked about: 0 and 0 are the newest. */
  readonly at: Moment;
  /** Files, and directories with all that is in them; everything if there is none. */
  readonly paths: readonly string[];
  /** What of these is meant: paths like one of these; all if there is none. */
  readonly globs: readonly string[];
  /** Where an answer goes on that stopped: its `next`; "" from the start. */
  readonly after: string;
  /** What is asked. */
  readonly question: Question;
}

/** What has become of a file; what is renamed may be modified too. */
export type FileStatus = "added" | "removed" | "modified" | "renamed";

/** Of "tree": a directory or a file; of "files": a blob. */
export interface NodeItem {
  /** Tells it from other items. */
  readonly kind: "node";
  /** Its identity. */
  readonly id: NodeId;
  /** From the root. */
  readonly path: string;
  /** What it is. */
  readonly type: NodeKind;
  /** Of a file, in UTF-16 code units; of a blob, in bytes. */
  readonly length: number;
  /** What a blob holds. */
  readonly content?: BlobContent;
  /** Of a file that can be executed. */
  readonly executable?: true;
}

/** Of "files": a piece of what a file says. */
export interface ContentItem {
  /** Tells it from other items. */
  readonly kind: "content";
  /** The file's identity. */
  readonly id: NodeId;
  /** From the root. */
  readonly path: string;
  /** Where in the file the piece begins, in UTF-16 code units. */
  readonly at: number;
  /** What stands there. */
  readonly text: string;
}

/** Of "diff": a piece of what is different in a file. */
export interface DifferenceItem {
  /** Tells it from other items. */
  readonly kind: "difference";
  /** What has become of the file. */
  readonly status: FileStatus;
  /** As it is, or as it was if it is removed. */
  readonly path: string;
  /** As it was, if that is another; else "". */
  readonly from: string;
  /** Where in the patch the piece begins, in UTF-16 code units. */
  readonly at: number;
  /** In the format of git. */
  readonly patch: string;
  /** Too long to be compared: the patch says only that there is a difference. */
  readonly omitted: boolean;
}

/** Of "changes": a file that was touched. */
export interface TouchedItem {
  /** Tells it from other items. */
  readonly kind: "touched";
  /** The file's identity. */
  readonly id: NodeId;
  /** What has become of it. */
  readonly status: FileStatus;
  /** As it is, or as it was if it is removed. */
  readonly path: string;
  /** As it was, if that is another; else "". */
  readonly from: string;
  /** The first revision that touched it. */
  readonly first: number;
  /** The last one. */
  readonly last: number;
  /** Of the last one, in milliseconds since 1970. */
  readonly time: number;
  /** Who touched it, those who did so last first; at most 100. */
  readonly sites: readonly number[];
}

/** Of "blame": a line, and who wrote the newest of it. */
export interface LineItem {
  /** Tells it from other items. */
  readonly kind: "line";
  /** From 1. */
  readonly number: number;
  /** Without its end; long lines are cut. */
  readonly text: string;
  /** The newest one that something in it is of. */
  readonly revision: number;
  /** Of that, in milliseconds since 1970. */
  readonly time: number;
  /** 0 if it is older than what was looked at. */
  readonly site: number;
}

/** Of "search": the first place in a line where something was found. */
export interface MatchItem {
  /** Tells it from other items. */
  readonly kind: "match";
  /** Of the file, from the root. */
  readonly path: string;
  /** The file's identity. */
  readonly id: NodeId;
  /** From 1. */
  readonly line: number;
  /** From 0, in UTF-16 code units. */
  readonly column: number;
  /** Of what was found, in UTF-16 code units. */
  readonly length: number;
  /** The line, or what is around the place if it is long. */
  readonly text: string;
  /** Where in the line `text` begins. */
  readonly textColumn: number;
}

/** Of "entries": what took the workspace to a revision, as far as who asks could see it. */
export interface MadeItem {
  /** Tells it from other items. */
  readonly kind: "made";
  /** The revision. */
  readonly revision: number;
  /** Who did it. */
  readonly site: number;
  /** The session's count. */
  readonly seq: number;
  /** In milliseconds since 1970. */
  readonly time: number;
  /** What it is a part of; "" if that has no name. */
  readonly task: string;
  /** The first nodes that it touched: what is in a directory is not named. */
  readonly touched: readonly MadeTouched[];
  /** What it did, if that was asked for. */
  readonly change?: Change;
}

/** A node that an entry touched. */
export interface MadeTouched {
  /** Its identity. */
  readonly id: NodeId;
  /** What became of it. */
  readonly status: FileStatus;
  /** As it was then, or before that if it was removed. */
  readonly path: string;
  /** Before that, if it was another; else "". */
  readonly from: string;
}

/** Why something of a node stays as it is, where what was done to it is taken back. */
export type Kept = "written" | "moved_since" | "removed_since" | "replaced_since" | "mode_since";

/** Of "entries": a node that would be another without them, or that stands in their way. */
export interface UndoneItem {
  /** Tells it from other items. */
  readonly kind: "undone";
  /** Its identity. */
  readonly id: NodeId;
  /** What it is. */
  readonly type: NodeKind;
  /** As it is, or was last. */
  readonly path: string;
  /** It is not there any more: the rest says what it would be, were it made anew. */
  readonly forgotten: boolean;
  /** Where it would be, and whether it would be there at all, if any of that is different. */
  readonly place: { readonly live: boolean; readonly parent: NodeId; readonly name: string } | undefined;
  /** What it would hold, of a blob, if that is different. */
  readonly content?: BlobContent;
  /** Whether it could be executed, if that is different. */
  readonly executable?: boolean;
  /** Makes of its text what it would say. */
  readonly op: TextOp;
  /** Why something of it stays as it is. */
  readonly kept: readonly Kept[];
}

/** Of "blob": a piece of its bytes. */
export interface BytesItem {
  /** Tells it from other items. */
  readonly kind: "bytes";
  /** Where in the blob the piece begins. */
  readonly at: number;
  /** What stands there. */
  readonly bytes: Uint8Array;
}

/** Who a site is that another item names. */
export interface AuthorItem {
  /** Tells it from other items. */
  readonly kind: "author";
  /** As items name it. */
  readonly site: number;
  /** Who that is. */
  readonly participant: Participant;
}

/** A part of what is answered. */
export type AnswerItem =
  | NodeItem
  | ContentItem
  | DifferenceItem
  | TouchedItem
  | LineItem
  | MatchItem
  | MadeItem
  | UndoneItem
  | BytesItem
  | AuthorItem;

/** A piece of an answer. */
export interface Answer {
  /** Tells it from other messages. */
  readonly kind: "answer";
  /** Of the query. */
  readonly id: number;
  /** That it is about. */
  readonly revision: number;
  /** In the order that the question gives them. */
  readonly items: readonly AnswerItem[];
  /** Whether no other piece follows. */
  readonly last: boolean;
  /** Of the last: where there is more, to be given as `after`; else "". */
  readonly next: string;
  /** Of the last: why there is no answer, one of `QueryCode`; else "". */
  readonly code: string;
  /** With a code: what is wrong, and what to do. */
  readonly message: string;
}
