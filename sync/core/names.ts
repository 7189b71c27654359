/**
 * Names that a workspace can have and a file system cannot, and the other way round. They are mapped, never dropped:
 * a name becomes another one that is free, and the synced tree remembers which stands for which.
 *
 *     Readme.md beside README.md     Readme (2).md     where the file system folds case
 *     con.txt, a:b                   con_.txt, a_b     on Windows
 *
 * Only what has the name ".git", or that of our own state, stays in the workspace: a directory that comes from elsewhere
 * must not become one from which git takes hooks.
 *
 * @module
 */

import { nameBytesMax, nameFault, numberedNames, utf8Length } from "../../ot/mod.ts";

/** Where the state of a synchronised folder is, in the folder. */
export const stateFolder = ".dist-space";

/** What a file system can tell apart, hold and say. */
export interface NameRules {
  /** By which names are told apart: two with one key are one to the file system. */
  readonly keyOf: (file: string) => string;
  /** Whether it is one of Windows, where some characters and names are not allowed. */
  readonly isWindows: boolean;
  /** Whether it says of each file by itself whether it can be executed. */
  readonly hasModes: boolean;
}

/** Whether a name must never come to the disk. */
export function isUnsafe(name: string): boolean {
  return name.toLowerCase() === ".git" || nameFault(name) !== undefined || name.includes("\\");
}

/** The name of a file for a node, wherever that is free. */
export function properFileName(name: string, rules: NameRules): string {
  return rules.isWindows ? forWindows(name) : name;
}

/** The name of a file for a node: its own if that can be had, or one like it. */
export function fileNameFor(
  name: string,
  isDirectory: boolean,
  rules: NameRules,
  isFree: (file: string) => boolean,
): string {
  const wanted = properFileName(name, rules);
  if (isFree(wanted)) return wanted;
  for (const other of numberedNames(wanted, isDirectory)) if (isFree(other)) return other;
  return wanted;
}

/** The name of a node for a file that is called `name`, in normal form C: that, or what is left of it. */
export function nodeNameFor(name: string, isDirectory: boolean, isFree: (name: string) => boolean): string {
  let wanted = name;
  if (nameFault(name) !== undefined) {
    // deno-lint-ignore no-control-regex -- these are what is looked for
    wanted = name.toWellFormed().replace(/[\u0000-\u001f\u007f-\u009f/]/g, "_");
    while (utf8Length(wanted) > nameBytesMax) wanted = [...wanted].slice(0, -1).join("");
    if (nameFault(wanted) !== undefined) wanted = "unnamed";
  }
  if (isFree(wanted)) return wanted;
  for (const other of numberedNames(wanted, isDirectory)) if (isFree(other)) return other;
  return wanted;
}

const devices = /^(con|prn|aux|nul|com[1-9]|lpt[1-9])(?=\.|$)/i;

function forWindows(name: string): string {
  return name.replace(/[<>:"|?*\\]/g, "_").replace(/[. ]$/, "_").replace(devices, "$1_");
}
