/**
 * How much of everything there is in a core at one moment, for those who watch over a server. It is counted when
 * somebody asks: keeping it up to date would cost at every keystroke.
 *
 * @module
 */

import type { Participant } from "../../proto/mod.ts";

/** Of a core. */
export interface Figures {
  /** Connections that have not been welcomed. */
  readonly strangers: number;
  /** In the order in which they were opened. */
  readonly rooms: readonly RoomFigures[];
}

/** Of a workspace that is open. */
export interface RoomFigures {
  readonly workspace: string;
  /** The newest durable entry. */
  readonly revision: number;
  /** Changes that have no place in the log yet. */
  readonly queued: number;
  /** Changes that have one, and are on their way to the log. */
  readonly appending: number;
  /** Entries that are kept in memory, and what they weigh, in bytes. */
  readonly historyEntries: number;
  readonly historyWeight: number;
  /** Those who have been welcomed, in the order in which they came. */
  readonly followers: readonly FollowerFigures[];
}

/** Of a client that is connected. */
export interface FollowerFigures {
  readonly site: number;
  readonly kind: Participant["kind"];
  /** Durable entries that have not been handed to its connection. */
  readonly behind: number;
}
