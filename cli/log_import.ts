/**
 * `deno task log import`: a folder into a workspace, as one change. What .gitignore files name stays outside, and so does
 * what is no text; all that is left out is told.
 *
 * @module
 */

import ignore from "ignore";
import {
  type Change,
  compareIds,
  difference,
  type Edit,
  insert,
  nameFault,
  type NodeId,
  rootId,
  type Step,
  Text,
  type Workspace,
} from "../ot/mod.ts";
import { defaultSettings } from "../server/core/mod.ts";
import { checkName, LogError, type LogOptions, withTools } from "./log_run.ts";
import { submit } from "./log_submit.ts";
import { wordOf } from "./client_words.ts";

/** What a folder holds, sorted by path; a directory before what is in it. */
interface Found {
  readonly path: string;
  /** Undefined of a directory. */
  readonly text: string | undefined;
}

/** What stays outside, and why. */
interface Skipped {
  readonly path: string;
  readonly reason: string;
}

interface Imported {
  readonly revision: number;
  readonly files: number;
  readonly skipped: readonly Skipped[];
}

export function importFrom(
  workspace: string,
  folder: string,
  options: LogOptions & { readonly name: string },
): Promise<void> {
  return withTools(options, async (tools): Promise<Imported> => {
    const skipped: Skipped[] = [];
    const found: Found[] = [];
    for await (const each of walked(folder, "", [], skipped)) found.push(each);
    checkName(workspace);
    if (!tools.list().includes(workspace)) tools.create(workspace, Date.now());
    const { revision } = submit(tools, workspace, options.name, (state, mint) => {
      return changeOf(found, state.workspace, mint, skipped);
    });
    return { revision, files: found.filter(({ text }) => text !== undefined).length, skipped };
  }, ({ revision, files, skipped }) => {
    for (const { path, reason } of skipped) console.error(`Left out: ${wordOf(path)} ${reason}`);
    console.log(`${files} files of ${wordOf(folder)} are in ${wordOf(workspace)} at revision ${revision}`);
  });
}

/** A .gitignore, and the directory that it is in. */
interface Ignoring {
  readonly prefix: string;
  readonly rules: ReturnType<typeof ignore>;
}

async function* walked(
  folder: string,
  prefix: string,
  above: readonly Ignoring[],
  skipped: Skipped[],
): AsyncGenerator<Found> {
  const ignoring = [...above];
  const rules = await Deno.readTextFile(`${folder}/${prefix}.gitignore`).catch(() => undefined);
  if (rules !== undefined) ignoring.push({ prefix, rules: ignore().add(rules) });
  const entries = await Array.fromAsync(Deno.readDir(`${folder}/${prefix}`));
  for (const { name, isDirectory, isFile } of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
    const path = prefix + name;
    if (name === ".git" || isIgnored(isDirectory ? `${path}/` : path, ignoring)) continue;
    const leaveOut = (reason: string) => skipped.push({ path, reason });
    const fault = nameFault(name.normalize("NFC"));
    if (fault !== undefined) leaveOut(`has a name that ${fault}`);
    else if (isDirectory) {
      yield { path, text: undefined };
      yield* walked(folder, `${path}/`, ignoring, skipped);
    } else if (!isFile) leaveOut("is neither a file nor a directory");
    else {
      const text = textOf(await Deno.readFile(`${folder}/${path}`));
      if (text === undefined) leaveOut("is no text in UTF-8");
      else if (text.length > defaultSettings.textLengthMax) leaveOut("is too long");
      else yield { path, text };
    }
  }
}

/** The rules of a directory speak of paths from there on; those further down have the last word. */
function isIgnored(path: string, ignoring: readonly Ignoring[]): boolean {
  let result = false;
  for (const { prefix, rules } of ignoring) {
    const { ignored, unignored } = rules.test(path.slice(prefix.length));
    if (ignored) result = true;
    else if (unignored) result = false;
  }
  return result;
}

/** Undefined of bytes that are no text; a mark at the start is kept. */
function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** The change that makes what was found, or writes it over what is there; what else is there stays. */
function changeOf(found: readonly Found[], now: Workspace, mint: () => NodeId, skipped: Skipped[]): Change {
  const steps: Step[] = [], edits: Edit[] = [];
  const directories = new Map<string, NodeId>([["", rootId]]);
  let length = now.textLength;
  for (const { path, text } of found) {
    const slash = path.lastIndexOf("/");
    const parent = directories.get(path.slice(0, Math.max(0, slash)));
    if (parent === undefined) continue;
    const name = path.slice(slash + 1).normalize("NFC"), type = text === undefined ? "directory" : "text";
    const there = now.child(parent, name);
    if (there !== undefined && now.node(there)!.kind !== type) {
      skipped.push({ path, reason: `is a ${type === "text" ? "directory" : "file"} in the workspace` });
      continue;
    }
    const node = there ?? mint();
    if (there === undefined) steps.push({ kind: "create", node, parent, name, type });
    if (text === undefined) directories.set(path, node);
    else {
      const before = now.text(node);
      length += text.length - before.length;
      const op = before.length === 0 ? insert(0, text) : difference(before, Text.of(text));
      if (op.length > 0) edits.push({ node, op });
    }
  }
  const { nodesMax, workspaceLengthMax } = defaultSettings;
  const problem = now.size + steps.length > nodesMax
    ? `more than ${nodesMax} nodes`
    : length > workspaceLengthMax
    ? `more than ${workspaceLengthMax} code units of text`
    : undefined;
  if (problem !== undefined) {
    throw new LogError("workspace_full", `The workspace would have ${problem}: import less of it.`);
  }
  return { steps, edits: edits.sort((a, b) => compareIds(a.node, b.node)) };
}
