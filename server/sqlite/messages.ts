/**
 * What the threads of the log say to each other.
 *
 * @module
 */

import type { Beginning, OriginRecord, Packed, Piece, Row } from "../format/mod.ts";
import type { Bundle } from "./bundle.ts";
import type { ListedWorkspace } from "../core/mod.ts";
import type { SentError } from "./errors.ts";
import type { Known } from "./known.ts";
import type { Head } from "./store.ts";
import type { PackedSegment, Retention } from "./upkeep.ts";

/** Which workspace, and which life of it. */
export interface Which {
  readonly number: number;
  readonly epoch: string;
}

/** Rows that follow revision `expected`, and the end of the log after them. */
export interface AppendRequest extends Which {
  readonly expected: number;
  readonly rows: readonly Row[];
  readonly head: Head;
}

export type AppendResult =
  | { readonly kind: "stored" }
  /** What there is instead, from the start of the block on. */
  | { readonly kind: "won"; readonly packed: readonly Packed[] }
  | { readonly kind: "replaced" }
  /** Nothing of it was stored. */
  | { readonly kind: "failed"; readonly error: SentError };

/** What another process has done to a workspace: nothing that matters, entries, or anything else. */
export type Change = { readonly kind: "same" } | {
  readonly kind: "appended";
  readonly packed: readonly Packed[];
} | {
  readonly kind: "replaced";
};

/** What the thread that writes is asked, each with what it answers. */
export interface WriterCalls {
  open(options: { path: string; relaxed: boolean; pagesMax: number | undefined }): void;
  create(asked: { name: string; epoch: string; origin: readonly OriginRecord[] }): void;
  append(appends: readonly AppendRequest[]): AppendResult[];
  pieces(asked: Which & { pieces: readonly Piece[] }): void;
  /** False if a piece is missing: somebody has taken it away since. */
  checkpoint(asked: Which & { revision: number; time: number; manifest: Uint8Array }): boolean;
  segment(asked: Which & { segment: PackedSegment }): void;
  retain(asked: Which & { retention: Retention; nowMs: number }): void;
  /** The hash that it is found by: 64 hexadecimal digits. */
  putContent(asked: Which & { bytes: Uint8Array; nowMs: number }): string;
  /** How many bytes there are; undefined if there is no such content. */
  holdContent(asked: Which & { hash: string; nowMs: number }): number | undefined;
  /** Takes away those of these that nobody has asked for lately. */
  removeContents(asked: Which & { hashes: readonly string[]; nowMs: number }): void;
  poll(heads: readonly (Which & { revision: number })[]): Change[];
  close(asked: { isClean: boolean }): void;
}

/** A workspace as it was read. */
export interface LoadedWorkspace {
  readonly known: Known;
  readonly head: Head;
  readonly beginning: Beginning;
  /** From the block on in which the entry is that comes after the beginning. */
  readonly packed: Bundle;
}

/** What the thread that reads is asked. */
export interface ReaderCalls {
  open(options: { path: string }): void;
  /** All workspaces, by name. */
  list(asked: undefined): ListedWorkspace[];
  /** Undefined if there is no such workspace. */
  load(name: string): LoadedWorkspace | undefined;
  chainAt(asked: Which & { revision: number }): Uint8Array;
  packNext(asked: Which): PackedSegment | undefined;
  content(asked: Which & { hash: string }): Uint8Array | undefined;
  /** The hashes of what no blob holds or held, as far as anything is kept. */
  unneededContents(asked: Which): string[];
  close(asked: undefined): void;
}

/** A function by its name, with its argument. */
export type Request<Calls> = {
  [Name in keyof Calls]: { readonly name: Name; readonly argument: ArgumentOf<Calls[Name]> };
}[keyof Calls];

export type ArgumentOf<Call> = Call extends (argument: infer Argument) => unknown ? Argument : never;
export type ResultOf<Call> = Call extends (argument: never) => infer Result ? Result : never;

export type Answer = { readonly result: unknown } | { readonly error: SentError };
