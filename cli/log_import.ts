/**
 * `deno task log import`: a folder into a workspace, as one change, every byte as it is: what is no text in UTF-8 becomes
 * a blob. What can be executed can be in the workspace, but on Windows, where no file says so. What .gitignore files
 * name stays outside; all else that is left out is told.
 *
 * @module
 */

import ignore from "ignore";
import {
  type BlobContent,
  type Change,
  compareIds,
  difference,
  type Edit,
  insert,
  nameFault,
  type NodeId,
  type NodeKind,
  rootId,
  sameContent,
  type Step,
  Text,
  type Workspace,
} from "../ot/mod.ts";
import { defaultSettings } from "../server/core/mod.ts";
import { isExecutable } from "../sync/mode.ts";
import { checkName, LogError, type LogOptions, withTools } from "./log_run.ts";
import { submit } from "./log_submit.ts";
import { wordOf } from "./client_words.ts";

/** What a folder holds, sorted by path; a directory before what is in it. */
interface Found {
  readonly path: string;
  /** Undefined of a directory. */
  readonly holds: string | Uint8Array | undefined;
  /** Undefined of a directory, and where the system does not say. */
  readonly executable?: boolean;
}

/** A blob's content, by the bytes that were found. */
type Contents = ReadonlyMap<Uint8Array, BlobContent>;

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
    const bytes = found.flatMap(({ holds }) => holds instanceof Uint8Array ? [holds] : []);
    const hashes = tools.putContents(workspace, bytes, Date.now());
    const contents = new Map(bytes.map((each, i) => [each, { hash: hashes[i]!, bytes: each.length }]));
    const { revision } = submit(tools, workspace, options.name, (state, mint) => {
      return changeOf(found, contents, state.workspace, mint, skipped);
    });
    return { revision, files: found.filter(({ holds }) => holds !== undefined).length, skipped };
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
      yield { path, holds: undefined };
      yield* walked(folder, `${path}/`, ignoring, skipped);
    } else if (!isFile) leaveOut("is neither a file nor a directory");
    else {
      const bytes = await Deno.readFile(`${folder}/${path}`), holds = textOf(bytes) ?? bytes;
      const longest = defaultSettings[typeof holds === "string" ? "textLengthMax" : "blobBytesMax"];
      if (holds.length > longest) leaveOut("is too long");
      else if (Deno.build.os === "windows") yield { path, holds };
      else yield { path, holds, executable: isExecutable(await Deno.stat(`${folder}/${path}`)) };
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

function kindOf(holds: Found["holds"]): NodeKind {
  return holds === undefined ? "directory" : typeof holds === "string" ? "text" : "blob";
}

/** The change that makes what was found, or writes it over what is there; what else is there stays. */
function changeOf(
  found: readonly Found[],
  contents: Contents,
  now: Workspace,
  mint: () => NodeId,
  skipped: Skipped[],
): Change {
  const steps: Step[] = [], edits: Edit[] = [];
  const directories = new Map<string, NodeId>([["", rootId]]);
  let length = now.textLength + now.blobBytes, made = 0;
  for (const { path, holds, executable } of found) {
    const slash = path.lastIndexOf("/");
    const parent = directories.get(path.slice(0, Math.max(0, slash)));
    if (parent === undefined) continue;
    const name = path.slice(slash + 1).normalize("NFC"), type = kindOf(holds);
    const there = now.node(now.child(parent, name) ?? "");
    if (there !== undefined && (there.kind === "directory") !== (type === "directory")) {
      skipped.push({ path, reason: `is a ${type === "directory" ? "file" : "directory"} in the workspace` });
      continue;
    }
    // A text that became binary, or the other way round, is another file of that name.
    if (there !== undefined && there.kind !== type) {
      steps.push({ kind: "remove", node: there.id, tombstone: mint() });
    }
    const isNew = there?.kind !== type, node = isNew ? mint() : there!.id;
    const content = holds instanceof Uint8Array ? contents.get(holds)! : undefined;
    if (isNew) {
      made++;
      const create = { kind: "create", node, parent, name, type } as const;
      steps.push({ ...create, ...content && { content }, ...executable && { executable } });
    } else if (content !== undefined && !sameContent(content, there!.content)) {
      steps.push({ kind: "replace", node, content });
    }
    if (!isNew && executable !== undefined && executable !== (there!.executable ?? false)) {
      steps.push({ kind: "mode", node, executable });
    }
    if (holds === undefined) directories.set(path, node);
    else if (content !== undefined) length += content.bytes - (isNew ? 0 : there!.content!.bytes);
    else {
      const before = now.text(node), text = `${holds}`;
      length += text.length - before.length;
      const op = before.length === 0 ? insert(0, text) : difference(before, Text.of(text));
      if (op.length > 0) edits.push({ node, op });
    }
  }
  const { nodesMax, workspaceLengthMax } = defaultSettings;
  const problem = now.size + made > nodesMax
    ? `more than ${nodesMax} nodes`
    : length > workspaceLengthMax
    ? `more than ${workspaceLengthMax} code units of text and bytes of binary files`
    : undefined;
  if (problem !== undefined) {
    throw new LogError("workspace_full", `The workspace would have ${problem}: import less of it.`);
  }
  return { steps, edits: edits.sort((a, b) => compareIds(a.node, b.node)) };
}
