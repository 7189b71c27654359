/**
 * What may be wrong with the data of a server, by names that a program can act on.
 *
 * @module
 */

import { FormatError } from "../format/mod.ts";

export type DataCode =
  | "data_in_use"
  | "data_newer"
  | "data_unwritable"
  | "data_damaged"
  | "disk_full"
  | "unknown_workspace"
  | "workspace_exists"
  | "unknown_revision"
  | "not_a_backup"
  | "bad_secret";

/** Thrown with a name for what is wrong, and a sentence that says what to do. */
export class DataError extends Error {
  override readonly name = "DataError";

  constructor(readonly code: DataCode, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** The error as one of ours, where it tells of the disk or of the data; otherwise as it is. */
export function dataErrorOf(error: unknown): unknown {
  if (error instanceof DataError) return error;
  if (error instanceof FormatError) return damaged(error.message, error);
  if (!(error instanceof Error) || !("code" in error)) return error;
  if (error.code !== "ERR_SQLITE_ERROR") return error;
  const { message } = error;
  if (/database or disk is full/.test(message)) {
    return new DataError("disk_full", "The disk is full. Make room on it; nothing has been lost.", {
      cause: error,
    });
  }
  if (/readonly|unable to open|disk I\/O error|permission/.test(message)) {
    const advice = "Make the folder writable for the server, and see whether the disk works";
    return new DataError("data_unwritable", `The data cannot be written or read (${message}). ${advice}.`, {
      cause: error,
    });
  }
  if (/is locked|busy/.test(message)) {
    return new DataError("data_in_use", "The data is held by another program. Try again when it is done.", {
      cause: error,
    });
  }
  // What else goes wrong with statements that never change comes from what they are run on.
  return damaged(message, error);
}

export function damaged(what: string, cause?: unknown): DataError {
  const advice = 'Look with "deno task log verify", and put a backup in its place';
  return new DataError("data_damaged", `The data is damaged: ${what}. ${advice}.`, { cause });
}

/** An error as data that can be sent from one thread to another. */
export interface SentError {
  readonly code: DataCode | undefined;
  readonly message: string;
}

export function sentErrorOf(error: unknown): SentError {
  const known = dataErrorOf(error);
  if (known instanceof DataError) return { code: known.code, message: known.message };
  return { code: undefined, message: known instanceof Error ? known.stack ?? known.message : String(known) };
}

export function errorOf({ code, message }: SentError): Error {
  return code === undefined ? new Error(message) : new DataError(code, message);
}
