/**
 * `deno task log export`: a workspace at a revision as a folder, or as a tar file.
 *
 * @module
 */

import * as tar from "tar-stream";
import type { NodeId, Workspace } from "../ot/mod.ts";
import type { Moment } from "../proto/mod.ts";
import { type HistorySource, placedNodes, revisionOrNewest, stateAt } from "../server/history/mod.ts";
import { setExecutable } from "../sync/mode.ts";
import { LogError, type LogOptions, withHistory } from "./log_run.ts";
import { wordOf } from "./client_words.ts";

interface Exported {
  readonly revision: number;
  readonly directories: number;
  readonly files: number;
  readonly bytes: number;
}

/** What takes what is exported. A directory comes before what is in it. */
interface Target {
  directory(path: string): Promise<void>;
  file(path: string, bytes: Uint8Array, executable: boolean): Promise<void>;
  close(): Promise<void>;
}

export function exportTo(
  workspace: string,
  target: string,
  options: LogOptions & { readonly at?: Moment | undefined },
): Promise<void> {
  const { at = { revision: 0, time: 0 } } = options;
  return withHistory(options, workspace, async (source): Promise<Exported> => {
    const revision = revisionOrNewest(source, at);
    const state = stateAt(source, revision);
    const writer = target.endsWith(".tar") ? await tarFile(target, state.time) : await folder(target);
    let directories = 0, files = 0, bytes = 0;
    for (const { id, path, kind } of placedNodes(state.workspace)) {
      if (kind === "directory") {
        directories++;
        await writer.directory(path);
        continue;
      }
      const content = bytesOf(source, state.workspace, id);
      files++;
      bytes += content.length;
      await writer.file(path, content, state.workspace.node(id)!.executable ?? false);
    }
    await writer.close();
    return { revision, directories, files, bytes };
  }, ({ revision, files, bytes }) => {
    console.log(`Revision ${revision}: ${files} files, ${bytes} bytes, are in ${wordOf(target)}`);
  });
}

/** The bytes of a file: those of a blob, or the UTF-8 of a text. */
function bytesOf(source: HistorySource, workspace: Workspace, file: NodeId): Uint8Array {
  const { content } = workspace.node(file)!;
  if (content === undefined) return new TextEncoder().encode(workspace.text(file).toString());
  const bytes = source.content(content.hash);
  if (bytes !== undefined) return bytes;
  throw new LogError(
    "data_damaged",
    `What ${wordOf(workspace.pathOf(file))} holds is missing from the data.`,
  );
}

async function folder(target: string): Promise<Target> {
  await Deno.mkdir(target, { recursive: true });
  for await (const _ of Deno.readDir(target)) {
    throw new LogError(
      "not_empty",
      `${wordOf(target)} is not empty: export into a new folder, or a .tar file.`,
    );
  }
  return {
    directory: (path) => Deno.mkdir(`${target}/${path}`),
    file: async (path, bytes, executable) => {
      const file = `${target}/${path}`;
      await Deno.writeFile(file, bytes, { createNew: true });
      if (executable && Deno.build.os !== "windows") setExecutable(file, await Deno.lstat(file), true);
    },
    close: () => Promise.resolve(),
  };
}

/** @param timeMs That all in it is said to be of, so that one revision always gives the same file. */
async function tarFile(target: string, timeMs: number): Promise<Target> {
  const file = await Deno.open(target, { write: true, createNew: true });
  const pack = tar.pack(), mtime = new Date(timeMs);
  const written = (async () => {
    for await (const chunk of pack as AsyncIterable<Uint8Array>) await writeAll(file, chunk);
    file.close();
  })();
  return {
    directory: (path) => entry(pack, { name: `${path}/`, type: "directory", mtime }),
    file: (path, bytes, executable) =>
      entry(pack, { name: path, type: "file", mode: executable ? 0o755 : 0o644, mtime }, bytes),
    close: () => {
      pack.finalize();
      return written;
    },
  };
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

function entry(
  pack: tar.Pack,
  header: Partial<tar.Header> & { readonly name: string },
  bytes: Uint8Array = new Uint8Array(0),
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  pack.entry(header, bytes, (error) => error ? reject(error) : resolve());
  return promise;
}
