/**
 * What somebody asks and is told who looks after a server: a language of its own beside that of the workspaces.
 *
 * @module
 */

import type { Participant } from "./wire.ts";

/** The first frame of an administrator, in the place of a Hello. */
export interface AdminHello {
  readonly kind: "admin_hello";
  readonly version: number;
  /** Says who one is and what one may do. */
  readonly token?: string;
}

/** Whose connections are to end: all that is said has to hold. What is 0 or "" is not said. */
export interface Kick {
  readonly kind: "kick";
  readonly workspace: string;
  readonly site: number;
  readonly name: string;
  readonly connection: number;
  /** For how long nobody of that name comes in again, in milliseconds. */
  readonly holdMs: number;
}

/** What a limit is to be. */
export interface LimitSetting {
  readonly name: string;
  readonly value: number;
}

export type AdminQuestion =
  | { readonly kind: "workspaces" }
  /** "" for all workspaces. */
  | { readonly kind: "clients"; readonly workspace: string }
  | Kick
  | { readonly kind: "limits"; readonly settings: readonly LimitSetting[] }
  /** "" for all workspaces; from 0 is from the next entry on. */
  | { readonly kind: "tail"; readonly workspace: string; readonly from: number };

export interface AdminAsk {
  readonly kind: "admin_ask";
  readonly id: number;
  readonly question: AdminQuestion;
}

/** A workspace; of one that is asleep, nothing is known but its name and revision. */
export interface WorkspaceItem {
  readonly kind: "workspace";
  readonly name: string;
  readonly awake: boolean;
  readonly revision: number;
  readonly epoch: string;
  readonly nodes: number;
  /** Of all texts, in UTF-16 code units. */
  readonly length: number;
  readonly blobBytes: number;
  readonly historyEntries: number;
  readonly historyBytes: number;
  readonly clients: number;
  readonly queued: number;
  readonly appending: number;
}

/** A connection to a workspace. */
export interface ClientItem {
  readonly kind: "client";
  readonly connection: number;
  readonly workspace: string;
  /** 0 as long as it is not welcomed. */
  readonly site: number;
  readonly participant: Participant;
  /** "" if that is not known; the address as well. */
  readonly door: string;
  readonly address: string;
  /** Milliseconds since 1970; so is `heard`. */
  readonly since: number;
  readonly heard: number;
  readonly revision: number;
  readonly behind: number;
  readonly queuedBytes: number;
  readonly inFlight: number;
  readonly seq: number;
}

/** A limit that holds, and what it may be set to. */
export interface LimitItem {
  readonly kind: "limit";
  readonly name: string;
  readonly value: number;
  readonly least: number;
  readonly most: number;
  readonly changed: boolean;
}

/** What an entry does to a file or directory. */
export interface ChangedFile {
  readonly path: string;
  /** "" if its text is edited and no more. */
  readonly step: string;
  readonly inserted: number;
  readonly removed: number;
}

/** An entry of a log. */
export interface ChangeItem {
  readonly kind: "change";
  readonly workspace: string;
  readonly revision: number;
  readonly time: number;
  readonly site: number;
  readonly author: Participant | undefined;
  readonly files: readonly ChangedFile[];
  readonly others: number;
}

/** Entries that somebody is not told any more. */
export interface MissedItem {
  readonly kind: "missed";
  readonly workspace: string;
  readonly first: number;
  readonly last: number;
}

export type AdminItem = WorkspaceItem | ClientItem | LimitItem | ChangeItem | MissedItem;

/** A piece of an answer. */
export interface AdminAnswer {
  readonly kind: "admin_answer";
  readonly id: number;
  readonly items: readonly AdminItem[];
  readonly last: boolean;
  /** Why there is no answer; else "". */
  readonly code: string;
  readonly message: string;
}
