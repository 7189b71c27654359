/**
 * Dist-Space: a workspace of files that people and agents edit at the same time.
 *
 * {@linkcode Space} opens a workspace on a server; {@linkcode tcp} or {@linkcode webSocket} says how to reach it. The
 * pure layers, of which the rest is made, are here for those who build something of their own: texts and operations
 * ({@linkcode Text}, {@linkcode transform}), and the client's core ({@linkcode ClientCore}). All of it runs in Deno,
 * in Node from version 20 on, and, but for what needs TCP or files, in browsers.
 *
 * @module
 */

export * from "./client/mod.ts";
export * from "./ot/mod.ts";
export {
  type AdminCode,
  type Answer,
  type AnswerItem,
  type AuthorItem,
  type BytesItem,
  type CloseCode,
  type CodeMeaning,
  codes,
  type Condition,
  type ContentItem,
  type DifferenceItem,
  type DoorCode,
  type EntriesQuestion,
  type EntryChoice,
  type FileStatus,
  type Kept,
  type Limits,
  type LineItem,
  type MadeItem,
  type MadeTouched,
  type MatchItem,
  type Moment,
  type NodeItem,
  type Participant,
  type Query,
  type QueryCode,
  type Question,
  type Range,
  type RefusalCode,
  type SessionId,
  type TouchedItem,
  type UndoneItem,
} from "./proto/mod.ts";
export type { Transport } from "./net/mod.ts";
