/**
 * What `deno task admin` prints for people: tables, and a line for each entry of a log.
 *
 * @module
 */

import type {
  ChangedFile,
  ChangeItem,
  ClientItem,
  LimitItem,
  MissedItem,
  WorkspaceItem,
} from "../proto/mod.ts";
import { harmless, wordOf } from "./client_words.ts";
import { bytesInWords, tableOf, timeInWords } from "./log_words.ts";

/** So many files are named in a line; how many more there are is said. */
const filesMax = 8;

export function workspacesReport(items: readonly WorkspaceItem[]): string {
  if (items.length === 0) return "There is no workspace yet.";
  const rows = items.map((item) =>
    item.awake
      ? [
        ...[item.name, "awake", item.revision, item.nodes, item.length, bytesInWords(item.blobBytes)],
        ...[item.historyEntries, bytesInWords(item.historyBytes), item.clients, item.queued + item.appending],
        item.epoch.slice(0, 8),
      ]
      : [item.name, "asleep", item.revision, "", "", "", "", "", "", "", ""]
  );
  const head = ["workspace", "", "head", "nodes", "length", "binary", "history", "in memory", "clients"];
  return tableOf([...head, "pending", "epoch"], rows);
}

export function clientsReport(items: readonly ClientItem[], nowMs: number): string {
  if (items.length === 0) return "Nobody is connected.";
  const rows = items.map((item) => [
    ...[`${item.connection}`, item.workspace, item.site, item.participant.name, item.participant.kind],
    ...[item.door, item.address, ageInWords(nowMs - item.since), item.revision, item.behind],
    ...[bytesInWords(item.queuedBytes), item.inFlight, item.seq],
  ]);
  const head = ["number", "workspace", "site", "name", "kind", "door", "address", "here for", "revision"];
  return tableOf([...head, "behind", "queued", "in flight", "last change"], rows);
}

export function limitsReport(items: readonly LimitItem[]): string {
  const rows = items.map(({ name, value, least, most, changed }) => [
    ...[name, value, `${least.toLocaleString("en-US")} to ${most.toLocaleString("en-US")}`],
    changed ? "set since the start" : "",
  ]);
  return tableOf(["limit", "value", "can be", ""], rows);
}

export function kickReport(items: readonly ClientItem[]): string {
  return items.map(({ participant: { name, kind }, workspace, connection, inFlight }) => {
    const pending = inFlight > 0 ? `; a change of theirs was on its way` : "";
    return `Ended: ${harmless(name)} (${kind}) in ${wordOf(workspace)}, connection ${connection}${pending}`;
  }).join("\n");
}

/** `12:00:00 main 120  Ada (agent)  create a.txt +12, b.txt +3 -1` */
export function tailLine(item: ChangeItem | MissedItem): string {
  if (item.kind === "missed") {
    const { workspace, first, last } = item;
    return `         ${
      wordOf(workspace)
    } ${first} to ${last}  are no longer in memory: deno task log show has them`;
  }
  const { workspace, revision, time, site, author, files, others } = item;
  const clock = timeInWords(time).slice(11, 19);
  const who = author === undefined
    ? site === 0 ? "(the server)" : `site ${site}`
    : `${harmless(author.name)}${author.kind === "human" ? "" : ` (${author.kind})`}`;
  const named = files.slice(0, filesMax).map(fileInWords), more = files.length - named.length + others;
  if (more > 0) named.push(named.length === 0 ? `${more} out of sight` : `and ${more} more`);
  return `${clock} ${wordOf(workspace)} ${revision}  ${who}  ${named.join(", ") || "nothing"}`;
}

function fileInWords({ path, step, inserted, removed }: ChangedFile): string {
  const words = [step, wordOf(path === "" ? "/" : path)];
  if (inserted > 0) words.push(`+${inserted}`);
  if (removed > 0) words.push(`-${removed}`);
  return words.filter((word) => word !== "").join(" ");
}

function ageInWords(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`;
}
