/**
 * What goes into the client's core and what comes out of it.
 *
 * @module
 */

import type { BlobContent, Change, Edit, NodeId, NodeKind, Notice, TextOp } from "../../ot/mod.ts";
import type { Answer, Condition, Limits, Participant, Query, Range } from "../../proto/mod.ts";
import type { OwnContent } from "./own_contents.ts";
import type { BaseNode } from "./pending_base.ts";

/** Numbers a client's own changes, from 1; of no meaning to anybody else. */
export type ChangeNumber = number;

/** What a client is started with. */
export interface ClientOptions {
  /** The name of the workspace. */
  readonly workspace: string;
  /** Who one is to the others. */
  readonly participant: Participant;
  /** From which the spread of reconnections is drawn: a whole number that differs between clients. */
  readonly seed: number;
  /** What an earlier run could not send. */
  readonly unsent?: Unsent;
  /** The bytes that this names, as far as they were kept. */
  readonly contents?: readonly OwnContent[];
  /** How long a pause in typing is that separates two steps of undo, in microseconds. */
  readonly pauseUs?: number;
  /** Says who one is and what one may do, where the server asks for that. */
  readonly token?: string;
  /** The secret Ed25519 key that changes are signed with, 64 hexadecimal digits; left out, they are not signed. */
  readonly signingKey?: string;
  /** Whether to ask for a hint when a change has its place, before it is durable. */
  readonly accepted?: boolean;
  /** Whether to get texts only of files that are loaded. */
  readonly lazy?: boolean;
  /** Whether to be turned away, rather than make the workspace, if it is new. */
  readonly existing?: boolean;
}

/** What has happened, and when: whole microseconds since 1970 that never go back. */
export type ClientInput =
  /** The transport that `open` asked for is there. */
  | { readonly kind: "opened"; readonly nowUs: number }
  | { readonly kind: "received"; readonly bytes: Uint8Array; readonly nowUs: number }
  | { readonly kind: "drained"; readonly nowUs: number }
  /** The transport is gone, or never came. */
  | { readonly kind: "closed"; readonly nowUs: number }
  | { readonly kind: "due"; readonly nowUs: number }
  | { readonly kind: "start"; readonly nowUs: number }
  /** An own change of the present view. Ids in it are the core's `nextId`, counted on. */
  | {
    readonly kind: "change";
    readonly change: Change;
    /** Never to be joined with others, so that it is refused or done as a whole. */
    readonly atomic: boolean;
    /** The bytes that the change names, but for those that the server has. */
    readonly contents?: readonly OwnContent[];
    /** Undone together with others of the same name and task; typing is grouped by pauses. */
    readonly group?: string;
    /** What it is a part of; only with what is a part of the same is it joined. */
    readonly task?: string;
    /** What has to hold where it takes its place in the order; with any, it is never joined with others. */
    readonly conditions?: readonly Condition[];
    readonly nowUs: number;
  }
  | { readonly kind: "undo" | "redo"; readonly nowUs: number }
  /** Where the user is now; without a node, nowhere. */
  | {
    readonly kind: "select";
    readonly node?: NodeId;
    readonly ranges: readonly Range[];
    readonly nowUs: number;
  }
  /** A question about the workspace as it is or was. Its id is the caller's, and used once. */
  | { readonly kind: "ask"; readonly query: Query; readonly nowUs: number }
  /** The texts of these files are wanted, where they are not loaded yet. */
  | { readonly kind: "load"; readonly nodes: readonly NodeId[]; readonly nowUs: number }
  /** The session ends for good. */
  | { readonly kind: "leave"; readonly nowUs: number };

/** What is to be done, in order. */
export type ClientOutput =
  | { readonly kind: "open" }
  /** Nothing more is sent until `drained`. */
  | { readonly kind: "send"; readonly bytes: Uint8Array }
  | { readonly kind: "close" }
  | { readonly kind: "wake"; readonly atUs: number }
  /** What is unsent has changed: `unsent()` says what it is now, and `contents()` the bytes that it names. */
  | { readonly kind: "keep" }
  | { readonly kind: "event"; readonly event: ClientEvent };

/** Whose doing an event is. */
export type Origin = "local" | "undo" | "remote";

/** Where a node is in the tree, what it holds, and whether it can be executed. */
export interface TreePlace {
  /** The directory that it is in. */
  readonly parent: NodeId;
  /** Its name. */
  readonly name: string;
  /** What it holds, of a blob alone. */
  readonly content?: BlobContent;
  /** Of a file that can be executed. */
  readonly executable?: true;
}

/** What has become of one node's place in the tree, of what a blob holds, or of whether a file can be executed. */
export interface TreeChange {
  /** The node. */
  readonly node: NodeId;
  /** What kind of node it is. */
  readonly kind: NodeKind;
  /** Where it was and is; undefined if it was not there, or is removed. */
  readonly before: TreePlace | undefined;
  /** Where it is now. */
  readonly after: TreePlace | undefined;
  /** It is not only removed: if it comes back, its whole text is told anew. */
  readonly forgotten?: true;
}

/** Where a client is on its way to the server; "ended" is for good. */
export type Phase = "connecting" | "syncing" | "online" | "offline" | "ended";

/** Why something did not happen. */
export interface Problem {
  /** The name, for programs. */
  readonly code: string;
  /** The sentence, for people. */
  readonly message: string;
}

/** What became of own changes. */
export type Outcome =
  | { readonly kind: "accepted" }
  | {
    readonly kind: "durable";
    readonly revision: number;
    readonly timeMs: number;
    readonly notices: readonly Notice[];
  }
  /** Taken back here; `change` is what was refused, as it would fit the view now, and `contents` the bytes it names. */
  | {
    readonly kind: "refused";
    readonly problem: Problem;
    readonly change: Change;
    readonly contents?: readonly OwnContent[];
  };

/** What the application may want to know. */
export type ClientEvent =
  /** The workspace is there for the first time. */
  | { readonly kind: "opened"; readonly revision: number }
  /** A file has changed by `op`, which fits its text before. */
  | {
    readonly kind: "edited";
    readonly node: NodeId;
    readonly op: TextOp;
    readonly origin: Origin;
    readonly site: number;
  }
  | {
    readonly kind: "tree";
    readonly changes: readonly TreeChange[];
    readonly origin: Origin;
    readonly site: number;
  }
  | { readonly kind: "settled"; readonly changes: readonly ChangeNumber[]; readonly outcome: Outcome }
  /** The ids of nodes that were made here but never known elsewhere have changed: another session sends them. */
  | { readonly kind: "renumbered"; readonly ids: ReadonlyMap<NodeId, NodeId> }
  | { readonly kind: "presence"; readonly site: number }
  /** A file that was wanted is loaded, and says this so far; without a text, there is no such file. */
  | { readonly kind: "loaded"; readonly node: NodeId; readonly text: string | undefined }
  /** A piece of the answer to a question; the last one is marked, and comes for every question. */
  | { readonly kind: "answer"; readonly answer: Answer }
  | {
    readonly kind: "status";
    readonly phase: Phase;
    readonly readOnly: boolean;
    /** Own changes that are not durable yet. */
    readonly unsent: number;
    readonly problem: Problem | undefined;
  };

/** Somebody else who is in the workspace. */
export interface Peer {
  /** The number that their ids carry. */
  readonly site: number;
  /** Who they say they are. */
  readonly participant: Participant;
  /** Where they are, in positions of the view. */
  readonly node: NodeId | undefined;
  /** Their cursors and selections, the main one first. */
  readonly ranges: readonly Range[];
}

/** A change that has not been acknowledged, as it is kept for another run. */
export interface UnsentChange {
  /** Steps as they were meant, edits on what is before it. */
  readonly change: Change;
  /** Whether it may be joined with others. */
  readonly atomic: boolean;
  /** What it is a part of. */
  readonly task?: string;
  /** What has to hold where it takes its place. */
  readonly conditions?: readonly Condition[];
  /** Of a change in flight: edits of files that have gone out of sight since, which will be refused. */
  readonly lost?: readonly Edit[];
  /** Of a change in flight: why it fits nothing any more, which another run could not find out. */
  readonly problem?: Problem;
}

/**
 * What another run needs to send what this one could not: plain data, to be stored as JSON.
 *
 * Edits fit the workspace at `revision` with those before them. `inFlight` is the operation that was sent but not
 * answered, which is sent again byte for byte, as hexadecimal digits.
 */
export interface Unsent {
  /** The version of this format. */
  readonly format: 1;
  /** The name of the workspace. */
  readonly workspace: string;
  /** The session that the change in flight was sent in. */
  readonly session: string;
  /** The site of that session. */
  readonly site: number;
  /** The epoch of `revision`. */
  readonly epoch: string;
  /** What the edits were last carried over to; 0 if that is none that the log has. */
  readonly revision: number;
  /** The highest seq used. */
  readonly seq: number;
  /** The highest counter used in an id. */
  readonly counter: number;
  /** How many connections have been asked for. */
  readonly attempt: number;
  /** What could be seen at `revision`, as the server names it; left out, everything. */
  readonly scope?: string;
  /** The frame of the first change, if it was sent. */
  readonly inFlight: string | undefined;
  /** What was not acknowledged, oldest first. */
  readonly changes: readonly UnsentChange[];
  /** What they were made on: of the nodes that they speak of, as they are at `revision`; none if that is too long. */
  readonly base: readonly BaseNode[];
}

export type { Change, Condition, Edit, Limits, OwnContent };
