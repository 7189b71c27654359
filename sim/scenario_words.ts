/**
 * A scenario in words: who is there, and who does what when, and what breaks.
 *
 * @module
 */

import type { TextOp } from "../ot/mod.ts";
import type { Quality } from "./link.ts";
import { type Action, type Scenario, type Trouble, whole } from "./scenario.ts";

/** A line for each client, then for each thing that happens, in order. */
export function describe(scenario: Scenario): string[] {
  const { seed, clients, hostiles, disk, settings, calmUs, leftBehind, undoAll } = scenario;
  const nameOf = (client: number) => clients[client]?.name ?? `client ${client}`;
  const moments: { readonly atUs: number; readonly text: string }[] = [];
  const add = (atUs: number, text: string) => moments.push({ atUs, text });
  for (const { name, kind, workspace, joinUs, quality, clockUs } of clients) {
    const clock = clockUs === 0 ? "" : `, its clock ${clockUs > 0 ? "+" : ""}${clockUs / 1_000_000} s off`;
    add(joinUs, `${name} (${kind}) comes to "${workspace}" over ${network(quality)}${clock}`);
  }
  hostiles.forEach(({ joinUs, untilUs, workspace, tricks }, index) => {
    const until = `until ${seconds(untilUs)} s`;
    add(joinUs, `hostile ${index + 1} comes to "${workspace}" ${until}: ${tricks.join(", ")}`);
  });
  for (const { atUs, client, ...action } of scenario.deeds) {
    add(atUs, `${nameOf(client)} ${actionInWords(action)}`);
  }
  for (const { atUs, ...trouble } of scenario.faults) add(atUs, troubleInWords(trouble, nameOf));
  const left = leftBehind.length === 0 ? "" : `, but for ${leftBehind.map(nameOf).join(" and ")}`;
  add(calmUs, `calm: what is broken is whole again${left}`);
  moments.sort((a, b) => a.atUs - b.atUs);
  const lines = [`seed ${seed}, disk: write ${times(disk.writeUs)}, sync ${times(disk.syncUs)}`];
  for (const [name, value] of Object.entries(settings)) {
    lines.push(`setting ${name}: ${JSON.stringify(value)}`);
  }
  const width = Math.max(...moments.map(({ atUs }) => seconds(atUs).length));
  for (const { atUs, text } of moments) lines.push(`${seconds(atUs).padStart(width)} s  ${text}`);
  if (undoAll !== undefined) lines.push(`at the end ${nameOf(undoAll)} takes back all that it did`);
  return lines;
}

function actionInWords(action: Action): string {
  switch (action.do) {
    case "type": {
      const { file, at, remove, insert, line, atomic } = action;
      const parts = [];
      if (remove > 0) parts.push(`removes ${remove}`);
      if (insert > 0) parts.push(`types ${insert}`);
      if (line > 0) parts.push("ends the line");
      if (parts.length === 0) parts.push("changes nothing");
      return `${parts.join(", ")} ${placeInWords(at)} of file ${file}${atomic ? ", as one" : ""}`;
    }
    case "edit":
      return `edits file ${action.file}: ${opInWords(action.op)}`;
    case "replaceAll":
      return `replaces every ${action.every}th character of file ${action.file} by ${action.insert}`;
    case "rewrite":
      return `rewrites ${action.files} files with ${action.insert} characters each`;
    case "create": {
      const text = action.insert > 0 ? ` with ${action.insert} characters` : "";
      const what = action.type === "text" ? "file" : "directory";
      return `creates a ${what}${text} in directory ${action.parent}, under name ${action.name}`;
    }
    case "put": {
      const { blob, bytes, key } = action;
      const what = `${bytes} bytes (key ${key})`;
      return blob === 0
        ? `puts ${what} into a new blob in directory ${action.parent}, under name ${action.name}`
        : `puts ${what} into blob ${blob}`;
    }
    case "fetch":
      return `asks for the bytes of blob ${action.blob}`;
    case "mode":
      return `makes file ${action.file} ${action.executable ? "executable" : "no longer executable"}`;
    case "rename":
      return `gives node ${action.node} name ${action.name}`;
    case "move":
      return `moves node ${action.node} to directory ${action.parent}`;
    case "remove":
      return `removes node ${action.node}`;
    case "restore":
      return `brings back removed node ${action.node}`;
    case "swap":
      return `swaps the names of nodes ${action.node} and ${action.other}`;
    case "checkout":
      return `changes the tree in ${action.steps} steps at once (key ${action.key})`;
    case "undo":
      return "takes back the last";
    case "redo":
      return "does the last again";
    case "ask":
      return `asks question ${action.what} about ${action.back} revisions ago`;
    case "task":
      return action.task === 0 ? "works at no task" : `works at task ${action.task}`;
    case "demand": {
      const { file, at, remove, insert, what, back, node } = action;
      const typed = `removes ${remove} and types ${insert} ${placeInWords(at)} of file ${file}`;
      return `${typed}, if condition ${what} about node ${node} holds since ${back} revisions ago`;
    }
    case "takeBack":
      return `asks to take back what it did in the last ${action.back} revisions`;
    case "select": {
      const to = action.head === action.anchor ? "" : ` to ${placeInWords(action.head)}`;
      return `selects ${placeInWords(action.anchor)}${to} of file ${action.file}`;
    }
  }
}

function placeInWords(at: number): string {
  if (at === 0) return "at the start";
  if (at === whole) return "at the end";
  if (at === -1) return "where its last edit ended";
  if (at === -2) return "at somebody else's cursor";
  return `at ${at}/${whole}`;
}

function opInWords(op: TextOp): string {
  return op.map(({ at, remove, insert }) => {
    if (remove === 0) return `${JSON.stringify(insert)} at ${at}`;
    const range = `[${at}, ${at + remove})`;
    return insert === "" ? `without ${range}` : `${JSON.stringify(insert)} for ${range}`;
  }).join(", ");
}

function troubleInWords({ kind, ...values }: Trouble, nameOf: (client: number) => string): string {
  const words = Object.entries(values).map(([name, value]) => {
    if (name === "client") return nameOf(value as number);
    if (name === "clients") return (value as readonly number[]).map(nameOf).join(" and ");
    if (name === "up" || name === "down") return `${name} ${partInWords(value as number)}`;
    if (name.endsWith("Us")) return `${name.slice(0, -2)} ${seconds(value as number)} s`;
    return `${name} ${value}`;
  });
  return `${kind}${words.length === 0 ? "" : `: ${words.join(", ")}`}`;
}

/** How much of what is on its way still arrives. */
function partInWords(part: number): string {
  return part === whole ? "all" : part === 0 ? "nothing" : `${part}/${whole}`;
}

function network({ latencyUs, bandwidth, windowBytes, pieces }: Quality): string {
  const parts = [`a network of ${times(latencyUs)}`];
  if (bandwidth > 0) parts.push(`${bandwidth} bytes/s`);
  if (windowBytes !== 1 << 16) parts.push(`a window of ${windowBytes} bytes`);
  if (pieces !== 1) parts.push(pieces === 0 ? "byte by byte" : `in up to ${pieces} pieces`);
  return parts.join(", ");
}

function times(table: readonly number[]): string {
  return table.length === 1 ? `${table[0]! / 1000} ms` : `${table.map((us) => us / 1000).join("|")} ms`;
}

/** Whole microseconds as seconds, without zeros that say nothing. */
function seconds(us: number): string {
  const fraction = String(us % 1_000_000).padStart(6, "0").replace(/000$/, "");
  return `${Math.floor(us / 1_000_000)}.${fraction}`;
}
