/**
 * A scenario: all that a simulation is made of, as data. It is generated from a seed, or written by hand, and runs on
 * its own: the same scenario gives the same run on every machine.
 *
 * What people do is said in terms that always mean something, whatever stands in the workspace by then: files are
 * counted from the first and round again, places are parts of the length. So any part of a scenario may be taken
 * away, and the rest still runs.
 *
 * @module
 */

import type { TextOp } from "../ot/mod.ts";
import type { Participant } from "../proto/mod.ts";
import type { Settings } from "../server/core/mod.ts";
import type { Quality } from "./link.ts";
import type { DiskPlan } from "./log.ts";
import type { Seed } from "./random.ts";

export interface Scenario {
  readonly format: 1;
  /** Decides what the scenario leaves open: latencies from their tables, where bytes are cut, which of two comes first. */
  readonly seed: Seed;
  /** Where it comes from: a profile, a trace, "hand". */
  readonly name: string;
  /** What differs from the defaults. */
  readonly settings: Partial<Settings>;
  readonly disk: DiskPlan;
  readonly clients: readonly ClientPlan[];
  readonly hostiles: readonly HostilePlan[];
  /** In order of time. */
  readonly deeds: readonly Deed[];
  /** In order of time. */
  readonly faults: readonly Fault[];
  /** When the faults stop for the server and for all clients that are not left behind. */
  readonly calmUs: number;
  /** Clients whose faults never stop. */
  readonly leftBehind: readonly number[];
  /** Whether at the end one client takes back all that it did. */
  readonly undoAll: number | undefined;
  /** Whether short runs are typed in plain letters. */
  readonly plain: boolean;
  /** Whether a character is typed once only, so that each can be followed; if not, they are counted. */
  readonly unique: boolean;
}

export interface ClientPlan {
  readonly name: string;
  readonly kind: Participant["kind"];
  readonly workspace: string;
  /** When it starts, in microseconds. */
  readonly joinUs: number;
  /** Of which server it is a client. */
  readonly server: number;
  readonly quality: Quality;
  /** How far its clock is ahead, in microseconds. */
  readonly clockUs: number;
  /** Whether it asks for the hint that comes before a change is durable. */
  readonly accepted: boolean;
  /** How long a pause separates two steps of undo, in microseconds. */
  readonly pauseUs: number;
  /** Whether it gets texts only of files that it works in. */
  readonly lazy?: boolean;
  /** Whether it signs what it changes. */
  readonly signs?: boolean;
  /** What its token says, where everybody needs one. */
  readonly grant?: GrantPlan;
}

/** What a token gives. */
export interface GrantPlan {
  /** In layers, as of a token that was made narrower. */
  readonly capabilities: readonly (readonly string[])[];
  /** When it ends, in microseconds; 0 is never. */
  readonly expiresUs: number;
}

/** A connection whose other end means harm. */
export interface HostilePlan {
  readonly workspace: string;
  readonly joinUs: number;
  readonly everyUs: number;
  readonly untilUs: number;
  readonly quality: Quality;
  /** What it does in turn. */
  readonly tricks: readonly Trick[];
  /** Whether it says in its hello that it signs, and does where no trick is about that. */
  readonly signs?: boolean;
  /** What its token says, where everybody needs one. */
  readonly grant?: GrantPlan;
}

export const tricks = [
  "random bytes",
  "truncated frame",
  "frame at the limit",
  "frame past the limit",
  "unknown type",
  "empty parts",
  "flood of pings",
  "operation before hello",
  "second hello",
  "foreign session",
  "out of bounds",
  "split pair",
  "future base",
  "ancient base",
  "repeated seq",
  "changed resend",
  "seq zero",
  "unknown node",
  "forbidden name",
  "foreign id",
  "move the root",
  "not normal",
  "huge text",
  "valid change",
  "flood of changes",
  "presence anywhere",
  "never reads",
  "unknown content",
  "lying content",
  "uploads at once",
  "forged signature",
  "foreign signature",
  "borrowed signature",
  "unsigned change",
  "ask like an administrator",
] as const;
export type Trick = typeof tricks[number];

/** Places count in parts of this: 0 is the start, this many the end. */
export const whole = 65_536;

/** What somebody does at some moment. */
export type Deed = { readonly atUs: number; readonly client: number } & Action;

export type Action =
  /** Puts `insert` new characters, and ends of lines after them, in the place of `remove` units. */
  | {
    readonly do: "type";
    readonly file: number;
    /** A part of the length; -1 is where the last edit ended, -2 is where somebody else's cursor is. */
    readonly at: number;
    readonly remove: number;
    readonly insert: number;
    /** Which end of line follows, by number; 0 is none. */
    readonly line: number;
    readonly atomic: boolean;
  }
  /** A splice at every so many units: like a search and replace. */
  | { readonly do: "replaceAll"; readonly file: number; readonly every: number; readonly insert: number }
  /** Everything in a file gives way to something new. */
  | { readonly do: "rewrite"; readonly files: number; readonly insert: number }
  /** Into a random place of the tree, with text if it is a file. */
  | {
    readonly do: "create";
    readonly parent: number;
    readonly name: number;
    readonly type: "text" | "directory";
    readonly insert: number;
  }
  /** So many bytes, which `key` gives, in the place of what a blob holds; in a new one for 0, or if there is none. */
  | {
    readonly do: "put";
    readonly blob: number;
    readonly parent: number;
    readonly name: number;
    readonly bytes: number;
    readonly key: number;
  }
  /** Says of a file whether it can be executed; text files and blobs are counted together. */
  | { readonly do: "mode"; readonly file: number; readonly executable: boolean }
  /** Asks for what a blob holds. */
  | { readonly do: "fetch"; readonly blob: number }
  | { readonly do: "rename"; readonly node: number; readonly name: number }
  | { readonly do: "move"; readonly node: number; readonly parent: number }
  | { readonly do: "remove"; readonly node: number }
  | { readonly do: "restore"; readonly node: number }
  /** Two nodes change names, in one change. */
  | { readonly do: "swap"; readonly node: number; readonly other: number }
  /** Many steps of all kinds in one change. */
  | { readonly do: "checkout"; readonly steps: number; readonly key: number }
  | { readonly do: "undo" | "redo" }
  /** Asks about the workspace as it was so many revisions ago; `what` counts through the kinds of questions. */
  | { readonly do: "ask"; readonly what: number; readonly back: number }
  /** Works at a task from now on, by its number; at none for 0. */
  | { readonly do: "task"; readonly task: number }
  /** Types something that depends on how things are: `what` counts through the conditions, about so many revisions ago. */
  | {
    readonly do: "demand";
    readonly file: number;
    readonly at: number;
    readonly remove: number;
    readonly insert: number;
    readonly what: number;
    readonly back: number;
    readonly node: number;
  }
  /** Asks what would be without one's own changes since so many revisions ago: that is done before the next deed. */
  | { readonly do: "takeBack"; readonly back: number }
  | { readonly do: "select"; readonly file: number; readonly anchor: number; readonly head: number }
  /**
   * Exactly this edit of the file of this index. `was` is the text for which it is meant, or how that text came from
   * what the edit before led to: it is carried over what is different by then.
   */
  | {
    readonly do: "edit";
    readonly file: number;
    readonly op: TextOp;
    readonly was: string | TextOp | undefined;
  };

/** Trouble that begins at some moment. */
export type Fault = { readonly atUs: number } & Trouble;

export type Trouble =
  /** A connection is reset; so many parts of what is on its way in each direction still arrive. */
  | { readonly kind: "net.cut"; readonly client: number; readonly up: number; readonly down: number }
  /** One end takes the connection for dead, the other does not know. */
  | { readonly kind: "net.halfOpen"; readonly client: number; readonly deaf: "server" | "client" }
  /** The client goes on with a new connection, and what it sent on the old one arrives later. */
  | { readonly kind: "net.zombie"; readonly client: number; readonly forUs: number }
  | { readonly kind: "net.stall"; readonly client: number; readonly way: Way; readonly forUs: number }
  /** Nothing passes between these clients and the server, and no connection comes about. */
  | {
    readonly kind: "net.partition";
    readonly clients: readonly number[];
    readonly way: Way;
    readonly forUs: number;
  }
  | {
    readonly kind: "net.flap";
    readonly client: number;
    readonly times: number;
    readonly everyUs: number;
  }
  | { readonly kind: "net.refuse"; readonly forUs: number }
  /** Everybody's connection is reset at once. */
  | { readonly kind: "net.resetAll" }
  /** Its process stands still; then everything comes at once. */
  | { readonly kind: "client.pause"; readonly client: number; readonly forUs: number }
  /** Its process dies. Another run starts with what it had kept, or with nothing. */
  | {
    readonly kind: "client.crash";
    readonly client: number;
    readonly keeps: boolean;
    readonly downUs: number;
  }
  /** It starts again with what it had kept some time ago. */
  | { readonly kind: "client.rollback"; readonly client: number; readonly downUs: number }
  /** Its clock jumps ahead, as after a sleep that it did not count. The clock of a process never goes back. */
  | { readonly kind: "client.clock"; readonly client: number; readonly byUs: number }
  | { readonly kind: "client.leave"; readonly client: number }
  /** Its token is taken back, and it has no other. */
  | { readonly kind: "token.revoke"; readonly client: number }
  /** Its token is taken back. It starts again with what it had kept, and a token with other capabilities. */
  | {
    readonly kind: "token.change";
    readonly client: number;
    readonly capabilities: GrantPlan["capabilities"];
    readonly downUs: number;
  }
  /** An administrator ends its connections, and keeps its name out for a while; somebody starts it again after that. */
  | {
    readonly kind: "client.kick";
    readonly client: number;
    readonly holdMs: number;
    readonly downUs: number;
  }
  /** It leaves and comes again as somebody new, so many times. */
  | {
    readonly kind: "client.visits";
    readonly client: number;
    readonly times: number;
    readonly everyUs: number;
  }
  /** The process dies after so many more outputs, in the middle of a step; the disk goes on or loses its power. */
  | {
    readonly kind: "server.crash";
    readonly server: number;
    readonly outputs: number;
    readonly power: boolean;
    readonly downUs: number;
    /** So many parts of the record that was being written are on the disk then; if left out, the seed says. */
    readonly torn?: number;
  }
  | { readonly kind: "server.pause"; readonly server: number; readonly forUs: number }
  /** It is asked to stop, and starts again; `downUs` after it has stopped. */
  | { readonly kind: "server.stop"; readonly server: number; readonly downUs: number }
  | { readonly kind: "log.fail"; readonly count: number }
  | { readonly kind: "log.doubt"; readonly count: number }
  | { readonly kind: "log.checkpoint"; readonly count: number }
  | { readonly kind: "log.slow"; readonly forUs: number }
  | { readonly kind: "log.full"; readonly forUs: number }
  /** While the server is down, a bit of the log flips; it is repaired later. */
  | { readonly kind: "disk.flip"; readonly downUs: number; readonly repairUs: number }
  /** While the server is down, the log is replaced by an older copy: so many of 8 parts of it are left. */
  | { readonly kind: "log.backup"; readonly keep: number; readonly downUs: number };

export type Way = "up" | "down" | "both";

export const faultKinds: readonly Trouble["kind"][] = [
  "net.cut",
  "net.halfOpen",
  "net.zombie",
  "net.stall",
  "net.partition",
  "net.flap",
  "net.refuse",
  "net.resetAll",
  "client.pause",
  "client.crash",
  "client.rollback",
  "client.clock",
  "client.leave",
  "client.visits",
  "client.kick",
  "token.revoke",
  "token.change",
  "server.crash",
  "server.pause",
  "server.stop",
  "log.fail",
  "log.doubt",
  "log.checkpoint",
  "log.slow",
  "log.full",
  "disk.flip",
  "log.backup",
];
