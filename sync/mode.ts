/**
 * Whether a file on a real disk can be executed: of its permissions, all that is shared with others. As git does, its
 * owner is asked, and everybody who may read it is told.
 *
 * @module
 */

import { infoAt } from "./stamp.ts";

/** Whether its owner can execute a file. */
export function isExecutable({ mode }: Pick<Deno.FileInfo, "mode">): boolean {
  return ((mode ?? 0) & 0o100) !== 0;
}

/** Makes a file executable for all who may read it, or for nobody; the rest of its permissions stays. */
export function setExecutable(
  path: string,
  { mode }: Pick<Deno.FileInfo, "mode">,
  executable: boolean,
): void {
  const kept = (mode ?? 0o644) & 0o7777;
  Deno.chmodSync(path, executable ? kept | ((kept & 0o444) >> 2) : kept & ~0o111);
}

/** Whether the disk says of each file by itself whether it can be executed: tried out on a file that is there. */
export function hasModes(path: string): boolean {
  if (Deno.build.os === "windows") return false;
  try {
    const before = infoAt(path)!, was = isExecutable(before);
    setExecutable(path, before, !was);
    const hasChanged = isExecutable(infoAt(path)!) !== was;
    Deno.chmodSync(path, before.mode! & 0o7777);
    return hasChanged && isExecutable(infoAt(path)!) === was;
  } catch {
    return false;
  }
}
