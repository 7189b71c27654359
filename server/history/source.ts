/**
 * What there is to look back at: the log of one workspace, read synchronously.
 *
 * @module
 */

import type { LogEntry, State } from "../core/mod.ts";

export interface HistorySource {
  readonly epoch: string;
  /** The newest durable revision. */
  readonly revision: number;
  /** The oldest revision whose state can still be made; 0 if everything is kept. */
  readonly floor: number;
  /** The newest state that is kept and not above `revision`, which is not below the floor. */
  checkpoint(revision: number): State;
  /** The entries after `from` up to `to`, in order, none of them damaged; `from` is not below the floor. */
  entries(from: number, to: number): Iterable<LogEntry>;
  /** Bytes that a blob holds or held, by their hash; undefined if they are not kept. */
  content(hash: string): Uint8Array | undefined;
  /** The newest revision whose entry is not later than `time`, in milliseconds since 1970; the floor if all are. */
  revisionAt(time: number): number;
}
