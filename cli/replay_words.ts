/**
 * What happens in a recording, in a few words: inputs, outputs, messages and changes.
 *
 *     submit 3 on 12: create notes.txt, edit notes.txt 6 +", world"
 *
 * @module
 */

import type { BlobContent, Change, NodeId, Step, TextOp, Workspace } from "../ot/mod.ts";
import type { AnyInput, AnyOutput } from "../sim/recording.ts";
import type { Message, Peer } from "../sim/recording_traffic.ts";
import { excerpt, harmless, wordOf } from "./client_words.ts";

/** How much of an inserted text is shown, and of how many places in one change. */
const textMax = 24, placesMax = 4;

export function messageInWords(message: Message, workspace: Workspace): string {
  switch (message.kind) {
    case "hello": {
      const { name, kind } = message.participant;
      const resuming = message.session === "" ? "" : `, resuming at ${message.revision}`;
      return `hello ${wordOf(message.workspace)}, ${kind} ${wordOf(name)}${resuming}`;
    }
    case "operation":
      return `submit ${message.seq} on ${message.base}: ${changeInWords(message.change, workspace)}`;
    case "presence":
      return presenceInWords(message, workspace);
    case "welcome":
      return `welcome, site ${message.site}, revision ${message.revision}${
        message.resumed ? ", resumed" : ""
      }`;
    case "accepted":
      return `accepted ${message.seq}`;
    case "acknowledge": {
      const notices = message.notices.map((notice) => `, ${notice.kind} ${pathOf(workspace, notice.node)}`);
      return `acknowledge ${message.seq} = revision ${message.revision}${notices.join("")}`;
    }
    case "refuse":
      return `refuse ${message.seq}: ${message.code}`;
    case "entry":
      return `entry ${message.revision} of site ${message.site}: ${changeInWords(message.change, workspace)}`;
    case "sync":
      if (message.load) return `texts of ${message.contents.length} files at ${message.revision}`;
      return `snapshot ${message.revision}: ${message.nodes.length} nodes${message.last ? ", whole" : ""}`;
    case "load":
      return `load ${message.nodes.join(", ")}`;
    case "query":
      return `query ${message.id}: ${message.question.kind}`;
    case "answer": {
      const end = message.code !== "" ? `: ${message.code}` : message.last ? ", whole" : "";
      return `answer ${message.id} at ${message.revision}, ${message.items.length} items${end}`;
    }
    case "upload":
      return `upload ${message.content.length} bytes`;
    case "uploaded":
      return `uploaded ${message.code === "" ? message.hash.slice(0, hashDigits) : `: ${message.code}`}`;
    case "admin_hello":
      return "hello, to look after the server";
    case "admin_ask":
      return `ask ${message.id} to look after the server: ${message.question.kind}`;
    case "admin_answer": {
      const end = message.code !== "" ? `: ${message.code}` : message.last ? ", whole" : "";
      return `answer ${message.id} to who looks after the server, ${message.items.length} items${end}`;
    }
    case "close":
      return `close: ${message.code}`;
    case "ping":
    case "pong":
      return message.kind;
    case "unreadable":
      return `what is not the protocol's: ${message.code}`;
  }
}

function presenceInWords(message: Message & { readonly kind: "presence" }, workspace: Workspace): string {
  const who = "site" in message ? ` of site ${message.site}` : "";
  if ("gone" in message && message.gone) return `presence${who}: gone`;
  const { place } = message;
  if (place === undefined) return `presence${who}: nowhere`;
  const ranges = place.ranges.map(({ anchor, head }) => anchor === head ? `${head}` : `${anchor}-${head}`);
  return `presence${who}: ${pathOf(workspace, place.node)} ${ranges.slice(0, placesMax).join(" ")}`;
}

export function changeInWords({ steps, edits }: Change, workspace: Workspace): string {
  const parts = [
    ...steps.map((step) => stepInWords(step, workspace)),
    ...edits.map(({ node, op }) => {
      const created = steps.find((step) => step.kind === "create" && step.node === node);
      const path = created?.kind === "create" ? wordOf(created.name) : pathOf(workspace, node);
      return `edit ${path} ${opInWords(op)}`;
    }),
  ];
  if (parts.length > placesMax) parts.splice(placesMax, Infinity, `and ${parts.length - placesMax} more`);
  return parts.join(", ") || "nothing";
}

function stepInWords(step: Step, workspace: Workspace): string {
  const path = pathOf(workspace, step.node);
  switch (step.kind) {
    case "create":
      return `create ${step.executable ? "executable " : ""}${wordOf(step.name)}` +
        (step.type === "directory" ? "/" : step.content ? ` of ${contentInWords(step.content)}` : "");
    case "move":
      return `move ${path} into ${pathOf(workspace, step.parent) || "/"}`;
    case "rename":
      return `rename ${path} to ${wordOf(step.name)}`;
    case "remove":
    case "restore":
    case "forget":
      return `${step.kind} ${path}`;
    case "replace":
      return `replace ${path} by ${contentInWords(step.content)}`;
    case "mode":
      return `make ${path} ${step.executable ? "executable" : "no longer executable"}`;
  }
}

/** Enough of a hash to tell it from others. */
const hashDigits = 12;

function contentInWords({ hash, bytes }: BlobContent): string {
  return `${bytes} bytes ${hash.slice(0, hashDigits)}`;
}

function opInWords(op: TextOp): string {
  const places = op.slice(0, placesMax).map(({ at, remove, insert }) =>
    `${at}${remove > 0 ? ` -${remove}` : ""}${insert === "" ? "" : ` +${excerpt(insert, textMax)}`}`
  );
  return places.join("; ") + (op.length > placesMax ? `; and ${op.length - placesMax} more` : "");
}

/** How long a file is: in code units, or in bytes if it is binary. */
export function lengthOf(workspace: Workspace, file: NodeId): number {
  return workspace.node(file)?.content?.bytes ?? workspace.text(file).length;
}

/** The path of a node, or its id if it is not known here. */
export function pathOf(workspace: Workspace, node: NodeId): string {
  return workspace.node(node) === undefined ? node : harmless(workspace.pathOf(node)) || "/";
}

export function inputInWords(input: AnyInput): string {
  switch (input.kind) {
    case "received":
      return `received ${input.bytes.length} bytes${"connection" in input ? ` on ${input.connection}` : ""}`;
    case "connected":
      return `connected ${input.connection}`;
    case "loaded":
      return `loaded ${wordOf(input.workspace)}: ${afterCheckpoint(input)}${input.entries.length} entries`;
    case "append_failed":
      return `append failed in ${wordOf(input.workspace)}; ${othersIn(input.won)}`;
    case "changed":
      return `changed ${wordOf(input.workspace)}; ${othersIn(input.entries)}`;
    case "checkpointed":
    case "checkpoint_failed":
      return `${input.kind.replace("_", " ")} ${wordOf(input.workspace)} at ${input.revision}`;
    case "appended":
    case "load_failed":
      return `${input.kind.replace("_", " ")} ${wordOf(input.workspace)}`;
    default:
      return "connection" in input ? `${input.kind} ${input.connection}` : input.kind;
  }
}

function afterCheckpoint({ checkpoint }: Extract<AnyInput, { kind: "loaded" }>): string {
  return checkpoint === null ? "" : `the state at ${checkpoint.revision}, `;
}

function othersIn(entries: readonly unknown[] | null): string {
  return entries === null ? "it is another workspace now" : `others' entries: ${entries.length}`;
}

export function outputInWords(output: AnyOutput): string {
  switch (output.kind) {
    case "send":
      return `send ${output.bytes.length} bytes${"connection" in output ? ` on ${output.connection}` : ""}`;
    case "append": {
      const { workspace, expected, entries } = output;
      return `append ${wordOf(workspace)} ${expected + 1} to ${expected + entries.length}`;
    }
    case "load":
      return `load ${wordOf(output.workspace)}`;
    case "checkpoint":
      return `checkpoint ${wordOf(output.workspace)} at ${output.state.revision}`;
    case "report": {
      const fields = Object.entries(output.fields).map(([name, value]) =>
        ` ${name} ${wordOf(String(value))}`
      );
      return `report ${output.event}${fields.join("")}`;
    }
    case "event":
      return `event ${output.event.kind}`;
    default:
      return "connection" in output ? `${output.kind} ${output.connection}` : output.kind;
  }
}

/** Who is at the other end of a connection: the name that it gave, and its number. */
export function peerInWords({ connection, participant }: Peer): string {
  return participant === undefined ? `${connection}` : `${harmless(participant.name)} (${connection})`;
}

/** Microseconds as "+1.234567 s". */
export function timeInWords(us: number): string {
  return `${us < 0 ? "-" : "+"}${(Math.abs(us) / 1_000_000).toFixed(6)} s`;
}

export function number(value: number): string {
  return value.toLocaleString("en-US");
}
