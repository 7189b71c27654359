/**
 * Which paths have no part in it: what .gitignore files name, our own state, git's, and what editors leave beside the
 * files that they have open. By the same rules on both sides, so that what is ignored in the folder is not fetched from
 * the workspace either.
 *
 * @module
 */

import ignore from "ignore";
import { stateFolder } from "./names.ts";

type Rules = ReturnType<typeof ignore>;

/** Files that editors and file managers make for themselves. A .gitignore may take them back in with "!". */
const passing = ["*.swp", "*.swo", "*.swx", "4913", "*~", ".#*", "\\#*#", ".DS_Store", "Thumbs.db"];

export class Ignoring {
  /** By directory, "" or with a "/" at its end. */
  readonly #rules = new Map<string, Rules>();
  readonly #base = ignore({ ignorecase: false }).add([...passing]);

  /** Takes up what the .gitignore of a directory says; undefined if there is none. */
  set(directory: string, text: string | undefined): void {
    const prefix = directory === "" ? "" : `${directory}/`;
    if (text === undefined) this.#rules.delete(prefix);
    else this.#rules.set(prefix, ignore({ ignorecase: false }).add(text));
  }

  clear(): void {
    this.#rules.clear();
  }

  /** Whether a path is ignored itself; of what is in a directory that is ignored, only the directory tells. */
  isIgnored(path: string, isDirectory: boolean): boolean {
    const names = path.split("/");
    const name = names[names.length - 1]!;
    if (names[0]!.toLowerCase() === stateFolder || name.toLowerCase() === ".git") return true;
    const asked = isDirectory ? `${path}/` : path;
    let result = this.#base.test(asked).ignored;
    // The rules of a directory speak of paths from there on; those further down have the last word.
    let prefix = "";
    for (let i = 0; i < names.length; prefix += `${names[i++]!}/`) {
      const found = this.#rules.get(prefix)?.test(asked.slice(prefix.length));
      if (found?.ignored) result = true;
      else if (found?.unignored) result = false;
    }
    return result;
  }

  /** Whether a path or a directory above it is ignored. */
  covers(path: string, isDirectory: boolean): boolean {
    for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1)) {
      if (this.isIgnored(path.slice(0, slash), true)) return true;
    }
    return this.isIgnored(path, isDirectory);
  }
}
