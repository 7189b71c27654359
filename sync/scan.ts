/**
 * Looking at a folder on a real disk. Links are never followed, and nothing outside of the folder is ever looked at; what is
 * known by its stamp is not read.
 *
 * @module
 */

import { Text } from "../ot/mod.ts";
import { areEqual, Ignoring, type Look, type NameRules, type SyncedTree } from "./core/mod.ts";
import { type ContentLimits, contentOf } from "./content.ts";
import { isExecutable } from "./mode.ts";
import { infoAt, stampOf } from "./stamp.ts";

/** How long it goes on before others get a turn. */
const sliceMs = 20;
/** A file that was not empty and is now may be one that is being saved: it is looked at again after so long. */
const emptyMs = 60;

export interface ScanOptions {
  /** The folder, as it really is: no links in its path. */
  readonly root: string;
  readonly synced: SyncedTree;
  readonly limits: ContentLimits;
  /** What the disk can tell apart, and say. */
  readonly rules: NameRules;
}

/** What was seen, and by which rules. */
export interface Scan {
  readonly looks: readonly Look[];
  readonly ignoring: Ignoring;
}

/** Looks at places and all below them. */
export function scan(
  places: readonly string[] | "all",
  ignoring: Ignoring,
  options: ScanOptions,
): Promise<Scan> {
  return new Scanner(options, places === "all" ? new Ignoring() : ignoring).scan(
    places === "all" ? [""] : places,
  );
}

class Scanner {
  readonly #options: ScanOptions;
  readonly #ignoring: Ignoring;
  readonly #looks: Look[] = [];
  #turnMs = performance.now();

  constructor(options: ScanOptions, ignoring: Ignoring) {
    this.#options = options;
    this.#ignoring = ignoring;
  }

  async scan(places: readonly string[]): Promise<Scan> {
    const seen = new Set<string>();
    for (const asked of places) {
      const place = this.#reached(asked);
      if (seen.has(place)) continue;
      seen.add(place);
      if (place === "") await this.#directory("");
      else await this.#look(this.#actual(place), true);
    }
    return { looks: this.#looks, ignoring: this.#ignoring };
  }

  /** A path, or what stands in the way to it: something that is no directory any more, or not there. */
  #reached(path: string): string {
    for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1)) {
      const above = path.slice(0, slash);
      if (infoAt(`${this.#options.root}/${above}`)?.isDirectory !== true) return above;
    }
    return path;
  }

  /** A path as the disk has it: where names are one that differ only in case, what was told of may have another. */
  #actual(path: string): string {
    const { rules: { keyOf }, root } = this.#options;
    if (keyOf("A") !== keyOf("a")) return path;
    let actual = "";
    for (const asked of path.split("/")) {
      const names = infoAt(`${root}/${actual}`)?.isDirectory
        ? [...Deno.readDirSync(`${root}/${actual}`)]
        : [];
      const name = names.find(({ name }) => name === asked)?.name ??
        names.find(({ name }) => keyOf(name) === keyOf(asked))?.name ?? asked;
      actual = actual === "" ? name : `${actual}/${name}`;
    }
    if (actual !== path) this.#looks.push({ path, name: nameOf(path), seen: undefined });
    return actual;
  }

  /** @param isAsked Whether something has to be said of it in any case. False if nothing was to be said. */
  async #look(path: string, isAsked: boolean): Promise<boolean> {
    const full = `${this.#options.root}/${path}`, name = nameOf(path);
    const say = (seen: Look["seen"]) => {
      this.#looks.push({ path, name, seen });
      return true;
    };
    let info = infoAt(full);
    if (info === undefined) return isAsked && say(undefined);
    const isIgnored = isAsked
      ? this.#ignoring.covers(path, info.isDirectory)
      : this.#ignoring.isIgnored(path, info.isDirectory);
    if (isIgnored) return isAsked && say({ kind: "other", reason: "ignored" });
    if (info.isSymlink) return say({ kind: "other", reason: "is a link" });
    if (info.isDirectory) {
      const at = this.#looks.length;
      const isBare = await this.#directory(path);
      this.#looks.splice(at, 0, { path, name, seen: { kind: "directory", stamp: stampOf(info), isBare } });
      return true;
    }
    if (!info.isFile) return say({ kind: "other", reason: "is neither a file nor a directory" });
    const known = this.#options.synced.at(path);
    const nowMs = Date.now();
    if (
      known?.kind === "text" && info.size === 0 && known.stamp?.bytes !== 0 &&
      nowMs - info.mtime!.getTime() < emptyMs
    ) {
      await pause(emptyMs);
      info = infoAt(full);
      if (info?.isFile !== true) return isAsked && say(undefined);
    }
    const stamp = stampOf(info, nowMs);
    const executable = this.#options.rules.hasModes ? isExecutable(info) : undefined;
    const isFile = known !== undefined && known.kind !== "directory";
    if (isFile && stamp.modifiedMs >= 0 && areEqual(known.stamp, stamp)) {
      return say({ kind: known.kind, stamp, content: undefined, executable });
    }
    let bytes: Uint8Array;
    try {
      bytes = Deno.readFileSync(full);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return isAsked && say(undefined);
      return say({ kind: "other", reason: "cannot be read" });
    }
    const content = contentOf(bytes, this.#options.limits);
    if (content === undefined) return say({ kind: "other", reason: "is too long for the workspace" });
    return say({
      kind: content instanceof Text ? "text" : "blob",
      // Of a file that was written while it was read nothing is known by its stamp.
      stamp: isStill(full, info) ? stamp : { ...stamp, modifiedMs: -1 },
      content,
      executable,
    });
  }

  /** Looks at what is in a directory. Whether there is something, but nothing that has a place in a workspace. */
  async #directory(path: string): Promise<boolean> {
    if (performance.now() - this.#turnMs > sliceMs) {
      await pause(0);
      this.#turnMs = performance.now();
    }
    const full = path === "" ? this.#options.root : `${this.#options.root}/${path}`;
    let names: string[];
    try {
      names = Array.from(Deno.readDirSync(full), ({ name }) => name);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound && path !== "") return false;
      throw error;
    }
    this.#ignoring.set(path, names.includes(".gitignore") ? rulesAt(`${full}/.gitignore`) : undefined);
    let isBare = names.length > 0;
    for (const name of names.sort()) {
      if (await this.#look(path === "" ? name : `${path}/${name}`, false)) isBare = false;
    }
    return isBare;
  }
}

function rulesAt(path: string): string | undefined {
  try {
    return infoAt(path)?.isFile === true ? Deno.readTextFileSync(path) : undefined;
  } catch {
    return undefined;
  }
}

function isStill(path: string, before: Deno.FileInfo): boolean {
  const now = infoAt(path);
  return now !== undefined && areEqual(stampOf(now), stampOf(before));
}

/** The last name of a path, in normal form C. */
function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).normalize("NFC");
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
