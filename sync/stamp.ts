/**
 * Stamps of what is on a real disk.
 *
 * @module
 */

import type { Stamp } from "./core/mod.ts";

/** So long after a change of a file another one may not show in its times. */
const grainMs = 20;

/** The stamp of a file or directory. @param nowMs when it was read, or 0 if that does not matter. */
export function stampOf(info: Deno.FileInfo, nowMs: number = 0): Stamp {
  const born = { inode: info.ino ?? 0, bornMs: info.birthtime?.getTime() ?? 0 };
  if (info.isDirectory) return { ...born, bytes: 0, modifiedMs: 0, changedMs: 0, mode: 0 };
  const modifiedMs = info.mtime?.getTime() ?? -1;
  return {
    ...born,
    bytes: info.size,
    modifiedMs: nowMs > 0 && Math.abs(nowMs - modifiedMs) < grainMs ? -1 : modifiedMs,
    changedMs: info.ctime?.getTime() ?? 0,
    mode: info.mode ?? 0,
  };
}

/** What is at a path, links not followed; undefined if nothing is. */
export function infoAt(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}
