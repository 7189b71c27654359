/**
 * The protocol: frames and messages, from and to bytes. space.proto is its contract.
 *
 * @module
 */

export type {
  AdminAnswer,
  AdminAsk,
  AdminHello,
  AdminItem,
  AdminQuestion,
  ChangedFile,
  ChangeItem,
  ClientItem,
  Kick,
  LimitItem,
  LimitSetting,
  MissedItem,
  WorkspaceItem,
} from "./admin.ts";
export { fromHex, hexOfByte, joined, toHex } from "./bytes.ts";
export * from "./code.ts";
export { type Condition, conditionsMax } from "./condition.ts";
export * from "./frame.ts";
export * from "./message.ts";
export { packed, unpacked } from "./packing.ts";
export type {
  Answer,
  AnswerItem,
  AuthorItem,
  BytesItem,
  ContentItem,
  DifferenceItem,
  EntriesQuestion,
  EntryChoice,
  FileStatus,
  Kept,
  LineItem,
  MadeItem,
  MadeTouched,
  MatchItem,
  Moment,
  NodeItem,
  Query,
  Question,
  TouchedItem,
  UndoneItem,
} from "./query.ts";
export * from "./signing.ts";
export { isPlainText, isTask, taskLengthMax } from "./task.ts";
export { TokenSieve } from "./token_sieve.ts";
