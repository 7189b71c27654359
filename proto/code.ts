/**
 * The names of everything that can be refused, and why a connection may end. A name says what the other side
 * should do next; the sentence that goes with it says it to a person.
 *
 * @module
 */

/** Why a change is refused: it took no effect at all. */
export type RefusalCode =
  | "not_normal"
  | "out_of_bounds"
  | "splits_pair"
  | "ill_formed"
  | "unknown_node"
  | "node_forgotten"
  | "server_step"
  | "not_a_file"
  | "not_a_directory"
  | "root_is_fixed"
  | "not_a_blob"
  | "not_executable"
  | "bad_content"
  | "content_unknown"
  | "blob_too_long"
  | "upload_in_flight"
  | "bad_name"
  | "path_too_long"
  | "id_not_yours"
  | "id_used"
  | "future_base"
  | "base_too_old"
  | "change_in_flight"
  | "session_forked"
  | "change_too_long"
  | "text_too_long"
  | "workspace_full"
  | "too_many_nodes"
  | "bad_task"
  | "precondition_failed"
  | "not_allowed"
  | "signature_missing"
  | "signature_invalid"
  | "signature_required"
  | "too_fast"
  | "log_failed";

/** Why a connection ends. */
export type CloseCode =
  | "bye"
  | "frame_too_long"
  | "message_too_long"
  | "malformed_frame"
  | "malformed_message"
  | "unknown_type"
  | "unsupported_version"
  | "hello_expected"
  | "hello_repeated"
  | "bad_workspace_name"
  | "workspace_unknown"
  | "bad_participant"
  | "token_expected"
  | "token_invalid"
  | "token_algorithm"
  | "token_expired"
  | "token_revoked"
  | "token_foreign"
  | "session_not_yours"
  | "key_invalid"
  | "key_differs"
  | "too_many_clients"
  | "too_many_workspaces"
  | "busy_retry"
  | "silent"
  | "slow_reader"
  | "fell_behind"
  | "log_replaced"
  | "session_resumed"
  | "log_failed"
  | "shutting_down"
  | "not_admin"
  | "kicked"
  | "kept_out";

/** Why a question has no answer. */
export type QueryCode =
  | "revision_unknown"
  | "revision_forgotten"
  | "path_unknown"
  | "not_text"
  | "content_missing"
  | "pattern_invalid"
  | "continuation_invalid"
  | "too_much"
  | "too_many_queries"
  | "log_unreadable"
  | "not_connected";

/** Why something that an administrator asks for is not done. */
export type AdminCode =
  | "nobody_named"
  | "limit_unknown"
  | "limit_out_of_range"
  | "not_everywhere"
  | "token_foreign"
  | "revision_unknown"
  | "revision_forgotten"
  | "too_many_queries"
  | "log_unreadable";

/** Why a door for the web turns somebody away: at the handshake, as the reason of a close, or as a status and a body. */
export type DoorCode =
  | "text_message"
  | "socket_message_too_long"
  | "origin_forbidden"
  | "host_forbidden"
  | "no_such_path"
  | "method_not_allowed"
  | "malformed_request"
  | "request_too_slow"
  | "body_too_long";

/** What a client should know of each way to be turned away. */
export interface CodeMeaning {
  /** What has happened, and what to do. */
  readonly text: string;
  /** Of a close: whether to connect again and resume. */
  readonly resume: boolean;
}

/** What each code means; docs/errors.md is made from it. */
export const codes: Readonly<
  Record<RefusalCode | CloseCode | QueryCode | AdminCode | DoorCode, CodeMeaning>
> = {
  not_normal: meaning(
    "The splices overlap, touch, are empty or are not sorted. Bring the operation into normal form.",
  ),
  out_of_bounds: meaning(
    "The operation leaves its text. Make it on the text of the base revision that it names.",
  ),
  splits_pair: meaning("The operation cuts a surrogate pair in two. Widen it to whole characters."),
  ill_formed: meaning(
    "The edit would leave half of a surrogate pair in the text. Insert and remove whole characters.",
  ),
  unknown_node: meaning("There is no such node. It may have been made in a change that was refused."),
  node_forgotten: meaning(
    "The node was removed so long ago that it is forgotten. What it was is in the history: make it anew from there.",
  ),
  server_step: meaning("Only the server makes this step. Leave it out."),
  not_a_file: meaning("Only text files have a text to edit, and this is a directory or a binary file."),
  not_a_directory: meaning("Only directories hold other nodes, and this is a file."),
  not_executable: meaning("Only files can be executed, and this is a directory."),
  not_a_blob: meaning(
    "Only binary files are replaced as a whole, and this is none. Edit its text, or make a new file.",
  ),
  bad_content: meaning(
    "A binary file is made with a content, named by its SHA-256 and its number of bytes, and nothing else is.",
  ),
  content_unknown: meaning(
    "The server has not got the bytes that the change names. Upload them, and submit the change again under a new seq.",
  ),
  blob_too_long: meaning("The binary file would be longer than allowed. Keep it elsewhere, or in parts."),
  upload_in_flight: meaning("An earlier upload is not answered yet. Send one at a time."),
  root_is_fixed: meaning("The root of a workspace can be neither moved, renamed, removed nor made."),
  bad_name: meaning("The name is not allowed. Choose another one."),
  path_too_long: meaning("The path would be too long. Choose shorter names or fewer levels."),
  id_not_yours: meaning("Ids must carry the site of the session that makes them."),
  id_used: meaning("The id has been used before. Count on from the highest counter used."),
  future_base: meaning(
    "The base revision is above the newest one. Make changes on a revision that you were sent.",
  ),
  base_too_old: meaning(
    "The history back to the base revision is no longer there. Transform the change over the entries since, and " +
      "submit it again under a new seq on the newest revision.",
  ),
  change_in_flight: meaning("An earlier change of the session is not settled yet. Send one at a time."),
  session_forked: meaning(
    "The session has used this seq for another change. Take a new session, and submit anew.",
  ),
  change_too_long: meaning("The change is longer than a message may be. Make it in several changes."),
  text_too_long: meaning("The file would be longer than allowed. Split it."),
  workspace_full: meaning("The workspace would be larger than allowed. Make room first."),
  too_many_nodes: meaning("The workspace would have more nodes than allowed. Make room first."),
  bad_task: meaning(
    "The name of a task has at most 100 UTF-16 code units, none of them a control character or half of a surrogate " +
      "pair. Choose another one.",
  ),
  precondition_failed: meaning(
    "Something does not hold that the change depends on. Look at the nodes that are named, and decide anew.",
  ),
  not_allowed: meaning(
    "The token does not cover this, or there is no such node. Ask whoever gave it to you for one that does.",
  ),
  signature_missing: meaning(
    "The session has a key, and this change is not signed. Sign it, or begin a session without a key.",
  ),
  signature_invalid: meaning(
    "The signature is not that of the session's key for this change. Sign what space.proto says, in this session.",
  ),
  signature_required: meaning(
    "This server takes changes only from those who sign them. Connect with a key: --sign, or the option sign.",
  ),
  too_fast: meaning("Changes come faster than this participant's budget. Wait as long as retry_ms says."),
  log_failed: meaning("The log cannot be read or written. Nothing has changed; try again later.", true),
  bye: meaning("The other side has nothing more to say."),
  frame_too_long: meaning("A frame is longer than the limit that the welcome names. Send less at once."),
  message_too_long: meaning(
    "A message in parts is longer than the limit that the welcome names. Send less at once.",
  ),
  malformed_frame: meaning("The bytes are no frame of this protocol."),
  malformed_message: meaning("The payload is no message of its type, or a field of it is out of range."),
  unknown_type: meaning("No frame has this type in this version of the protocol, or not in this direction."),
  unsupported_version: meaning(
    "This server does not speak that version of the protocol. Update the older side.",
  ),
  hello_expected: meaning("The first frame of a connection must be Hello."),
  hello_repeated: meaning("A connection says Hello once. Open another connection for another workspace."),
  bad_workspace_name: meaning(
    "Names of workspaces have 1 to 100 of the characters a-z A-Z 0-9 . _ - and do not begin with a dot.",
  ),
  workspace_unknown: meaning(
    "There is no such workspace. Look at its name, or let it be made by whoever is to work in it.",
  ),
  bad_participant: meaning("A participant's name has 1 to 100 characters, none of them a control character."),
  token_expected: meaning("This server asks who you are. Connect with a token."),
  token_invalid: meaning(
    "The token is none that this server knows, or somebody has changed it. Ask for another one.",
  ),
  token_algorithm: meaning(
    "The token is signed in a way that this server does not take. Ask for one that is signed with the server's key.",
  ),
  token_expired: meaning("The token has expired. Connect with a new one; what is unsent is kept until then."),
  token_revoked: meaning("The token has been revoked. Ask whoever gave it to you for another one."),
  token_foreign: meaning("The token is not for this workspace. Use one that names it."),
  session_not_yours: meaning(
    "The session belongs to another participant. Connect with the token that it began with, or begin a new one.",
  ),
  key_invalid: meaning(
    "The key in the hello is no public key to sign with. Send the 32 bytes of an Ed25519 public key.",
  ),
  key_differs: meaning(
    "The session began with another key, or with none. Resume it with that, or begin a new session.",
  ),
  too_many_clients: meaning("The workspace has as many clients as it may have. Try again later.", true),
  too_many_workspaces: meaning(
    "The server has as many workspaces open as it may have. Try again later.",
    true,
  ),
  busy_retry: meaning(
    "Too many others are being sent the workspace as it is. Connect again in a moment.",
    true,
  ),
  silent: meaning("Nothing was heard for too long.", true),
  slow_reader: meaning("What was sent was not read for too long. Connect again to be sent the rest.", true),
  fell_behind: meaning(
    "What was to be sent next is no longer kept in memory. Connect again to be sent the workspace as it is.",
    true,
  ),
  log_replaced: meaning(
    "The workspace was put back, purged or removed from outside. Connect again to see what there is now.",
    true,
  ),
  session_resumed: meaning("The session was resumed on another connection."),
  shutting_down: meaning("The server is stopping. Connect again in a while.", true),
  not_admin: meaning(
    "Only who looks after the server may do this: a token has to say admin, and so has each that it was made from.",
  ),
  kicked: meaning(
    "An administrator has ended the connection. What is durable is safe, and what is unsent stays with you. Connect " +
      "again when you want to.",
  ),
  kept_out: meaning(
    "An administrator keeps this name out for now. What is unsent stays with you. Connect again when that time is over.",
  ),
  nobody_named: meaning("Say whose connections are to end: a workspace, a site, a name or a connection."),
  limit_unknown: meaning(
    "There is no limit of this name that can be set. Ask for the limits to see which can.",
  ),
  limit_out_of_range: meaning(
    "The limit cannot be set to that. Ask for the limits to see from where to where.",
  ),
  not_everywhere: meaning(
    "Limits hold for all workspaces, and the token is for some. Use one that is for all, with the workspaces *.",
  ),
  revision_unknown: meaning("There is no such revision yet. Ask for one up to the newest."),
  revision_forgotten: meaning("The log no longer reaches back so far. Ask for a later revision or time."),
  path_unknown: meaning(
    "Nothing has this path at that revision. Ask for the tree to see what there is, or for another revision.",
  ),
  not_text: meaning("This is a binary file, which has no lines. Ask for its bytes."),
  content_missing: meaning(
    "No file holds this content at that revision. Ask for the tree to see what there is, or for another revision.",
  ),
  pattern_invalid: meaning(
    "The pattern cannot be used. Patterns have 1 to 1,000 code units; regular expressions are those of RE2, without " +
      "look-around and back-references.",
  ),
  continuation_invalid: meaning(
    "The answer does not go on there. Give what the answer before said, and ask for the same at the same revision.",
  ),
  too_much: meaning("The answer would take too much work. Ask for less: fewer paths, or a shorter time."),
  not_connected: meaning("There is no connection to the server now. Ask again once there is one."),
  log_unreadable: meaning(
    "The log could not be read to answer this. Try again; if that does not help, verify the log.",
  ),
  too_many_queries: meaning("Too many questions wait already. Ask again once some of them are answered."),
  text_message: meaning("A WebSocket message holds text. Send the bytes of the stream in binary messages."),
  socket_message_too_long: meaning(
    "A WebSocket message is longer than a frame may be. Cut what you send into several messages, anywhere.",
  ),
  origin_forbidden: meaning(
    "Pages of this origin may not use the server. Whoever runs it can let them, with --origin.",
  ),
  host_forbidden: meaning(
    "The server does not go by this host name. Use its address; whoever runs it can add the name, with --origin.",
  ),
  no_such_path: meaning("There is nothing at this path. /openapi.json says what there is."),
  method_not_allowed: meaning("The path does not take this method. /openapi.json says which it takes."),
  malformed_request: meaning("The request is not as /openapi.json says. Nothing has been done."),
  request_too_slow: meaning("The request took too long to arrive. Nothing has been done."),
  body_too_long: meaning("The body of the request is longer than allowed. Make several requests of it."),
};

function meaning(text: string, resume = false): CodeMeaning {
  return { text, resume };
}

/**
 * Thrown by decoders for bytes that are not the protocol's. Caught in one place, where a connection's bytes come
 * in, which ends the connection with its code.
 */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";

  constructor(readonly code: CloseCode, message: string = codes[code].text) {
    super(message);
  }
}
