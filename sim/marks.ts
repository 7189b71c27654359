/**
 * The catalogue of what a run can reach: faults, tricks, refusals, and rare paths. A laboratory that never gets
 * somewhere says nothing about it, so what was never reached is printed, with a line that says what it is.
 *
 * @module
 */

import { type CloseCode, codes, type RefusalCode } from "../proto/mod.ts";
import type { Trick, Trouble } from "./scenario.ts";

/** A place that runs come to. */
export interface Mark {
  readonly name: string;
  readonly meaning: string;
}

const faults: Readonly<Record<Trouble["kind"], string>> = {
  "net.cut": "A connection is reset, at any byte of what is on its way.",
  "net.halfOpen": "One end takes a connection for dead, and the other does not know.",
  "net.zombie": "A client goes on with a new connection, and what it sent on the old one arrives later.",
  "net.stall": "Nothing passes on a connection for a while, then everything at once.",
  "net.partition": "Nothing passes between some clients and the server, and no connection comes about.",
  "net.flap": "A connection is reset again and again.",
  "net.refuse": "The server takes no connection for a while.",
  "net.resetAll": "Everybody's connection is reset at once.",
  "client.pause": "A client's process stands still, then everything comes at once.",
  "client.crash": "A client's process dies, and another starts with what was kept, or with nothing.",
  "client.rollback": "A client starts again with what it had kept some time ago.",
  "client.clock": "A client's clock jumps ahead.",
  "client.leave": "A client leaves for ever.",
  "client.visits": "A client leaves and comes again as somebody new, several times.",
  "client.kick": "An administrator ends a client's connections, and somebody starts it again.",
  "token.revoke": "A client's token is taken back, and it has no other.",
  "token.change": "A client's token is taken back, and it starts again with another one.",
  "server.crash": "The server dies between any two of its outputs.",
  "server.pause": "The server stands still, then everything comes at once.",
  "server.stop": "The server is asked to stop, and starts again.",
  "log.fail": "The log does not store what it is given.",
  "log.doubt": "The log stores what it is given, and the answer is lost.",
  "log.checkpoint": "The log does not store the states that it is given.",
  "log.slow": "The log takes a hundred times as long.",
  "log.full": "The disk is full for a while.",
  "disk.flip": "A bit of the log flips while the server is down; it is repaired later.",
  "log.backup": "The log is replaced by an older copy.",
};

/** Of each trick, what somebody who means harm sends. */
const played: Readonly<Record<Trick, string>> = {
  "random bytes": "Bytes that mean nothing.",
  "truncated frame": "A frame that never ends, or ends with the connection.",
  "frame at the limit": "A frame as long as may be, of a message that is none.",
  "frame past the limit": "A frame that is one byte too long.",
  "unknown type": "A frame of a type that there is not.",
  "empty parts": "Parts of a message that hold nothing, one after the other.",
  "flood of pings": "Thousands of pings at once.",
  "operation before hello": "A change from somebody who has not said who he is.",
  "second hello": "A second hello on one connection.",
  "foreign session": "A hello that claims a session of somebody else.",
  "out of bounds": "An edit outside the text.",
  "split pair": "An edit that cuts characters in two.",
  "future base": "A change on a revision that is not there yet.",
  "ancient base": "A change on the very first revision.",
  "repeated seq": "The last change once more.",
  "changed resend": "Another change under a number that was used.",
  "seq zero": "A change without a number.",
  "unknown node": "An edit of a file that is not there.",
  "forbidden name": "A file with a name that no file may have.",
  "foreign id": "A file with an id that belongs to somebody else.",
  "move the root": "A step that moves the root.",
  "not normal": "Splices that are empty and in the wrong order.",
  "huge text": "Hundreds of thousands of ends of lines, or millions.",
  "valid change": "A change that is in order: it counts as anybody's.",
  "flood of changes": "Many changes that are in order, without waiting for an answer.",
  "presence anywhere": "A cursor at a place that may not be there.",
  "never reads": "Nothing more is read on this connection.",
  "unknown content": "A blob of bytes that nobody has uploaded.",
  "lying content": "A blob that says another length than its bytes have, or no hash at all.",
  "uploads at once": "Uploads that do not wait for the one before.",
  "forged signature": "A change with 64 bytes that are no signature.",
  "foreign signature": "A change signed with another key, or for another session, site or workspace.",
  "borrowed signature": "A change with the signature of another one: of another seq, base or text.",
  "unsigned change": "A change without a signature.",
  "ask like an administrator": "What an administrator asks, from somebody who is none.",
};

/**
 * Why the server refuses a change. Two names are missing: what is ill-formed cannot be put into UTF-8, and what is
 * too long for a message never becomes one.
 */
const refusals = [
  "not_normal",
  "out_of_bounds",
  "splits_pair",
  "unknown_node",
  "node_forgotten",
  "not_a_file",
  "not_a_directory",
  "root_is_fixed",
  "bad_content",
  "content_unknown",
  "bad_name",
  "path_too_long",
  "id_not_yours",
  "id_used",
  "future_base",
  "base_too_old",
  "change_in_flight",
  "session_forked",
  "text_too_long",
  "workspace_full",
  "too_many_nodes",
  "precondition_failed",
  "not_allowed",
  "signature_missing",
  "signature_invalid",
  "signature_required",
  "too_fast",
] as const satisfies readonly RefusalCode[];

/** Why the server ends a connection, limits on how many there may be aside. */
const closes = [
  "frame_too_long",
  "message_too_long",
  "malformed_frame",
  "malformed_message",
  "unknown_type",
  "hello_expected",
  "hello_repeated",
  "silent",
  "slow_reader",
  "session_resumed",
  "log_failed",
  "fell_behind",
  "busy_retry",
  "shutting_down",
  "token_expired",
  "token_revoked",
  "not_admin",
  "kicked",
  "kept_out",
] as const satisfies readonly CloseCode[];

/** What a client is told of the end of a connection, or finds out by itself. */
const told = [
  "busy_retry",
  "fell_behind",
  "log_failed",
  "session_forked",
  "session_resumed",
  "shutting_down",
  "silent",
  "slow_reader",
  "token_expired",
  "token_revoked",
  "kicked",
  "kept_out",
] as const;

/** What a client hands back to its application as refused, and is no refusal of the server. */
const handedBack = {
  fate_unknown: "Whether a change is in the log cannot be told any more, and its author is told so.",
  recovered: "Work of an earlier run is handed back, since nobody knows any more what it was made on.",
  unsent: "A client ends, and hands back what it had not sent.",
} as const;

/** What a client refuses by itself, or hears that the server has refused. */
const clientRefusals = [
  "blob_too_long",
  "change_too_long",
  "not_allowed",
  "node_forgotten",
  "precondition_failed",
  "root_is_fixed",
  "signature_required",
  "splits_pair",
  "text_too_long",
  "too_many_nodes",
  "unknown_node",
  "workspace_full",
] as const satisfies readonly RefusalCode[];

const paths: Readonly<Record<string, string>> = {
  "administrator answered": "Who has sent somebody away is told whom.",
  "answered again": "A change was answered that had been answered before, or was sent on another connection.",
  "client accepted": "A client hears that its change is accepted, before it is durable.",
  "client answered": "A question about the past is answered.",
  "client not answered": "A question about the past has no answer, or none any more.",
  "client uploaded": "The server has stored bytes that a change is to name.",
  "client not uploaded": "The server could not store bytes that were uploaded, or would not.",
  "client told undone": "A client is told what would be without what it has done.",
  "client fetched": "What a blob holds has been fetched.",
  "client composed": "Several changes became one entry of the log.",
  "client durable": "A client hears that its change is durable.",
  "client loaded": "A client that had the tree alone is given the text of a file.",
  "client renumbered": "A client has a new site, and its nodes new ids.",
  "notice renamed": "Two names met, and one of them was numbered.",
  "notice retargeted": "A node had to go elsewhere, since the directory it was meant for is gone.",
  "notice dropped": "A step had no effect, since it would have closed a circle or came too late.",
  "forgotten": "What was removed long ago, or is in the way, is forgotten.",
  "unreadable": "Something in the log that a server has to look at is damaged.",
  "fell back": "The newest state in the log cannot be read: an older one and more entries take its place.",
  "server admin_joined": "Somebody comes to look after the server.",
  "server kicked": "An administrator ends a connection.",
  "server append_failed": "The server hears that the log has not stored its entries.",
  "server asleep": "Nobody has been in a workspace for a while, and it is closed.",
  "server checkpoint_failed": "The log has not stored a state.",
  "server closed": "A connection is gone.",
  "server ending": "The server ends a connection.",
  "server joined": "A session begins.",
  "server load_failed": "A workspace cannot be read, and is not served.",
  "server refused": "The server refuses a change.",
  "server resumed": "A session goes on.",
  "server stopping": "The server settles everything, since it was asked to stop.",
  "snapshot behind entries": "A client that has entries is sent a snapshot after all.",
  "snapshot in pieces": "A snapshot is longer than one frame.",
  "snapshot packed": "A piece of a snapshot is packed.",
  "stopped gracefully": "The server has settled everything and stopped.",
  "took back everything": "One client took back all that it did, and none of it is left.",
  "took back what this run did":
    "One client took back what it could, and what an earlier run of it did is left.",
  "welcome anew": "A session begins with a snapshot.",
  "welcome resumed": "A session goes on where it was.",
};

/** All that runs can reach, faults among them, in the order of their names. */
export const marks: readonly Mark[] = [
  ...Object.entries(faults).map(([name, meaning]) => ({ name, meaning })),
  ...Object.entries(played).map(([trick, meaning]) => ({ name: `trick ${trick}`, meaning })),
  ...refusals.map((code) => ({
    name: `refused ${code}`,
    meaning: `The server refuses: ${codes[code].text}`,
  })),
  ...closes.map((code) => ({ name: `closed ${code}`, meaning: `The server hangs up: ${codes[code].text}` })),
  ...told.map((code) => ({ name: `client told ${code}`, meaning: `A client is told: ${codes[code].text}` })),
  ...clientRefusals.map((code) => ({
    name: `client refused ${code}`,
    meaning: `A change is handed back: ${codes[code].text}`,
  })),
  ...Object.entries(handedBack).map(([code, meaning]) => ({ name: `client refused ${code}`, meaning })),
  ...Object.entries(paths).map(([name, meaning]) => ({ name, meaning })),
].sort((a, b) => a.name < b.name ? -1 : 1);
