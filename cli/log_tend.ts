/**
 * The commands of `deno task log` that look after the data: what there is, copies of it, and taking things out of it.
 *
 * @module
 */

import { revert as changeBack } from "../ot/mod.ts";
import type { Moment } from "../proto/mod.ts";
import { pathUnknown, revisionOf, stateAt } from "../server/history/mod.ts";
import { type Retention, SqliteReader, type WorkspaceStats } from "../server/sqlite/mod.ts";
import { wordOf } from "./client_words.ts";
import { checkName, confirm, logExitCodes, type LogOptions, withTools } from "./log_run.ts";
import { submit } from "./log_submit.ts";
import { bytesInWords, tableOf, timeInWords } from "./log_words.ts";

/** For what takes something away. */
export interface Confirmed extends LogOptions {
  readonly yes?: true | undefined;
}

export function list(options: LogOptions): Promise<void> {
  return withTools(options, (tools) => tools.list().map((workspace) => tools.stats(workspace)), (all) => {
    const rows = all.map((stats) => [
      ...[stats.workspace, stats.revision, stats.floor, bytesInWords(bytesOf(stats))],
    ]);
    console.log(tableOf(["workspace", "revision", "kept from", "size"], rows));
  });
}

function bytesOf({ rowBytes, segmentBytes, pieceBytes, contentBytes }: WorkspaceStats): number {
  return rowBytes + segmentBytes + pieceBytes + contentBytes;
}

export function stats(workspace: string | undefined, options: LogOptions): Promise<void> {
  return withTools(options, (tools) => {
    const names = workspace === undefined ? tools.list() : [workspace];
    return names.map((name) => tools.stats(name));
  }, (all) => {
    for (const stats of all) {
      const size = bytesOf(stats),
        perEntry = stats.revision === stats.floor ? 0 : stats.revision - stats.floor;
      const entryBytes = stats.rowBytes + stats.segmentBytes;
      console.log(tableOf([stats.workspace, ""], [
        ["revision", `${stats.revision}`],
        ["kept from", `${stats.floor}`],
        ["epoch", stats.epoch],
        ["checkpoints", `${stats.checkpoints}`],
        [
          "newest checkpoint",
          stats.checkpointTime === undefined ? "none" : timeInWords(stats.checkpointTime),
        ],
        ["entries, not packed", bytesInWords(stats.rowBytes)],
        ["entries, packed", bytesInWords(stats.segmentBytes)],
        ["texts in checkpoints", bytesInWords(stats.pieceBytes)],
        ["binary files", bytesInWords(stats.contentBytes)],
        ["all together", bytesInWords(size)],
        ["an entry", perEntry === 0 ? "-" : `${(entryBytes / perEntry).toFixed(2)} B`],
        ...stats.origin.map((record) => [
          record.kind,
          record.kind === "begun"
            ? timeInWords(record.time)
            : `${
              timeInWords(record.time)
            }, up to revision ${record.revision}: ${record.occurrences} in texts, ` +
              `${record.names} in names`,
        ]),
      ]));
    }
  });
}

export function backup(file: string, options: LogOptions): Promise<void> {
  return withTools(
    options,
    (tools) => {
      // It would be refused anyway, but less plainly.
      Deno.openSync(file, { write: true, createNew: true }).close();
      Deno.removeSync(file);
      tools.backup(file);
      return { file, bytes: Deno.statSync(file).size };
    },
    ({ bytes }) =>
      console.log(`All workspaces as they are now are in ${wordOf(file)}, ${bytesInWords(bytes)}`),
  );
}

export function restore(file: string, workspace: string | undefined, options: Confirmed): Promise<void> {
  const what = workspace === undefined ? "all workspaces of the backup" : wordOf(workspace);
  confirm(options.yes, `puts ${what} back as in ${wordOf(file)}, and what came since is gone`);
  return withTools(options, (tools) => {
    Deno.openSync(file).close();
    return { restored: tools.restore(file, workspace) };
  }, ({ restored }) => console.log(`Put back: ${restored.map(wordOf).join(", ") || "nothing"}`));
}

export function remove(workspace: string, options: Confirmed): Promise<void> {
  confirm(options.yes, `deletes ${wordOf(workspace)} with its whole history, for good`);
  return withTools(options, (tools) => {
    tools.delete(workspace);
    return { deleted: workspace };
  }, () => console.log(`${wordOf(workspace)} is deleted`));
}

export function rename(workspace: string, name: string, options: LogOptions): Promise<void> {
  return withTools(options, (tools) => {
    checkName(name);
    tools.rename(workspace, name);
    return { workspace, name };
  }, () => console.log(`${wordOf(workspace)} is ${wordOf(name)} now`));
}

export function copy(workspace: string, name: string, options: LogOptions): Promise<void> {
  return withTools(options, (tools) => {
    checkName(name);
    tools.copy(workspace, name);
    return { workspace, name };
  }, () => console.log(`${wordOf(name)} is a copy of ${wordOf(workspace)}`));
}

/** Takes out of the whole history what stands on standard input, so that no list of processes shows it. */
export function purge(workspace: string, options: Confirmed): Promise<void> {
  confirm(options.yes, `takes a secret out of the whole history of ${wordOf(workspace)}, for good`);
  return withTools(options, async (tools) => {
    const secret = (await new Response(Deno.stdin.readable).text()).replace(/\r?\n$/, "");
    const found = tools.purge(workspace, secret, Date.now());
    if (found.occurrences + found.names === 0) Deno.exitCode = logExitCodes.found_wanting;
    return found;
  }, ({ occurrences, names }) => {
    if (occurrences + names === 0) return console.log("It was found nowhere; nothing is changed");
    console.log(
      `Taken out: ${occurrences} times in texts, ${names} times in names. The log says so from now on.`,
    );
    console.log("Backups, exports, recordings and clients that are not connected may still have it.");
  });
}

export function compact(options: Confirmed & { readonly retain: Retention }): Promise<void> {
  if (options.retain.kind !== "all") confirm(options.yes, "lets go of the history before that, for good");
  return withTools(options, (tools) => {
    const before = sizeOf(options.data);
    tools.compact(options.retain, Date.now());
    return { before, after: sizeOf(options.data) };
  }, ({ before, after }) => console.log(`${bytesInWords(before)} before, ${bytesInWords(after)} now`));
}

/** Of all files of the data, in bytes. */
function sizeOf(folder: string): number {
  let bytes = 0;
  for (const { name, isFile } of Deno.readDirSync(folder)) {
    if (isFile) bytes += Deno.statSync(`${folder}/${name}`).size;
  }
  return bytes;
}

/** Takes a file, a directory or everything back to a revision, as a change that anybody could have made. */
export function revert(
  workspace: string,
  path: string,
  options: Confirmed & { readonly to: Moment; readonly name: string },
): Promise<void> {
  const what = path === "" ? "everything" : wordOf(path);
  confirm(options.yes, `takes ${what} in ${wordOf(workspace)} back to how it was`);
  return withTools(options, (tools) => {
    const reader = new SqliteReader(options.data, workspace);
    try {
      const to = revisionOf(reader, options.to), then = stateAt(reader, to).workspace;
      const { revision, notices } = submit(tools, workspace, options.name, ({ workspace: now }, mint) => {
        if (now.find(path) === undefined && then.find(path) === undefined) throw pathUnknown(path);
        return changeBack(now, then, path, mint);
      });
      return { to, revision, notices };
    } finally {
      reader.close();
    }
  }, ({ to, revision }) => console.log(`${what} is as at revision ${to} again: revision ${revision}`));
}
