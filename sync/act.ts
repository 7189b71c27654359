/**
 * What is done on a real disk: each action as a whole or not at all, never over something that is not as expected, and what
 * it overwrites or deletes is put aside first.
 *
 *     new file     written beside, then linked to its name, which fails if that is taken
 *     over one     written beside; the old one is linked to another place; renamed over it; the old one looked at once more
 *     away         renamed into the trash, and looked at once more
 *
 * @module
 */

import { type Action, areEqual, type FileContent, type Result, type Stamp, stateFolder } from "./core/mod.ts";
import { isHeldBy } from "./content.ts";
import { isExecutable, setExecutable } from "./mode.ts";
import { infoAt, stampOf } from "./stamp.ts";
import type { Trash } from "./trash.ts";

/** So many actions are done before others get a turn. */
const sliceLength = 64;
const stale: Result = { kind: "stale" };

/** What writes a file. */
export type Writing = Extract<Action, { kind: "create" | "write" }>;

/** A new file that waits for its name. */
interface Draft {
  readonly place: string;
  /** Whether what it is to hold was not to be had. */
  readonly isLate?: boolean;
  readonly error?: unknown;
}

export class Actor {
  readonly #root: string;
  readonly #trash: Trash;
  readonly #hasModes: boolean;
  readonly #bytesOf: (action: Writing) => Promise<Uint8Array | undefined>;
  #count = 0;
  /** Directories that are known to be reached without links, in this turn. */
  #reached = new Set<string>();

  /**
   * @param root The folder, as it really is. Its state folder must be there.
   * @param hasModes Whether the disk says of files whether they can be executed.
   * @param bytesOf Gets what is to be written; undefined if that is not to be had now.
   */
  constructor(
    root: string,
    trash: Trash,
    hasModes: boolean,
    bytesOf: (action: Writing) => Promise<Uint8Array | undefined>,
  ) {
    this.#root = root;
    this.#hasModes = hasModes;
    this.#bytesOf = bytesOf;
    this.#trash = trash;
    Deno.mkdirSync(this.#aside, { recursive: true });
    // What an earlier run has left of what it was about to write.
    for (const { name } of Deno.readDirSync(this.#aside)) Deno.removeSync(`${this.#aside}/${name}`);
  }

  get #aside(): string {
    return `${this.#root}/${stateFolder}/new`;
  }

  async act(actions: readonly Action[]): Promise<Result[]> {
    this.#trash.begin();
    const results: Result[] = [];
    for (let from = 0; from < actions.length; from += sliceLength) {
      const slice = actions.slice(from, from + sliceLength);
      // New files are written side by side; only what gives them their names is done one after the other.
      const drafts = await Promise.all(
        slice.map((action) =>
          action.kind === "create" || action.kind === "write" ? this.#drafted(action) : undefined
        ),
      );
      this.#reached.clear();
      slice.forEach((action, i) => results.push(this.#tried(action, drafts[i])));
    }
    return results;
  }

  /** Writes a new file beside; gives where it is, or why it could not be written. */
  async #drafted(action: Writing): Promise<Draft> {
    const place = this.#place();
    try {
      const bytes = await this.#bytesOf(action);
      if (bytes === undefined) return { place, isLate: true };
      await Deno.writeFile(place, bytes);
      return { place };
    } catch (error) {
      return { place, error };
    }
  }

  #tried(action: Action, draft: Draft | undefined): Result {
    try {
      if (draft?.error !== undefined) throw draft.error;
      if (draft?.isLate) return stale;
      return this.#isReached(action.path) ? this.#do(action, draft) : stale;
    } catch (error) {
      const isLate = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.AlreadyExists ||
        error instanceof Deno.errors.NotADirectory || error instanceof Deno.errors.IsADirectory;
      if (isLate) return stale;
      return { kind: "failed", reason: error instanceof Error ? error.message : String(error) };
    } finally {
      if (draft !== undefined) removeIfThere(draft.place);
    }
  }

  #do(action: Action, draft: Draft | undefined): Result {
    const full = `${this.#root}/${action.path}`;
    switch (action.kind) {
      case "make": {
        if (infoAt(full)?.isDirectory !== true) Deno.mkdirSync(full);
        // What is there may have another name, to a disk that does not tell them apart.
        else if (!isNamed(full)) return stale;
        return { kind: "done", stamp: stampOf(Deno.lstatSync(full)) };
      }
      case "create":
        return this.#create(full, draft!, action.executable);
      case "write":
        return this.#write(full, draft!.place, action);
      case "mode":
        return this.#mode(full, action);
      case "move":
        return this.#move(full, action.to);
      case "discard":
        return this.#discard(full, action);
      case "unmake":
        return this.#unmake(full);
    }
  }

  #create(full: string, { place }: Draft, executable: boolean): Result {
    if (executable) this.#setExecutable(place, true);
    linkOr(place, full, () => {
      if (infoAt(full) !== undefined) throw new Deno.errors.AlreadyExists();
      Deno.renameSync(place, full);
    });
    return { kind: "done", stamp: stampOf(Deno.lstatSync(full), Date.now()) };
  }

  #write(full: string, draft: string, action: Extract<Action, { kind: "write" }>): Result {
    const { path, expected, before, keeps, executable } = action;
    const old = infoAt(full);
    if (old?.isFile !== true || !isAsExpected(full, old, expected, before)) return stale;
    const aside = this.#place();
    if (old.mode !== null) Deno.chmodSync(draft, old.mode & 0o7777);
    if (executable !== undefined) this.#setExecutable(draft, executable);
    const written = Deno.lstatSync(draft);
    linkOr(full, aside, () => Deno.copyFileSync(full, aside));
    Deno.renameSync(draft, full);
    // Whoever has written into the old one until now has not lost that.
    const last = Deno.lstatSync(aside);
    if ((last.size !== old.size || last.mtime?.getTime() !== old.mtime?.getTime()) && !says(aside, before)) {
      Deno.renameSync(aside, full);
      return stale;
    }
    if (keeps) Deno.renameSync(aside, this.#trash.placeFor(path));
    else Deno.removeSync(aside);
    const now = infoAt(full);
    const isOurs = now?.ino === written.ino && now.size === written.size &&
      now.mtime?.getTime() === written.mtime?.getTime();
    return { kind: "done", stamp: isOurs ? stampOf(now, Date.now()) : undefined };
  }

  #mode(full: string, { executable, expected }: Extract<Action, { kind: "mode" }>): Result {
    const before = infoAt(full);
    if (before?.isFile !== true) return stale;
    this.#setExecutable(full, executable);
    const after = infoAt(full);
    // Whoever has written into it until now is not to be missed: then it is read again.
    const isKnown = after !== undefined && areEqual(expected, stampOf(before)) && after.ino === before.ino &&
      after.size === before.size && after.mtime?.getTime() === before.mtime?.getTime();
    return { kind: "done", stamp: isKnown ? stampOf(after, Date.now()) : undefined };
  }

  #setExecutable(path: string, executable: boolean): void {
    const info = infoAt(path);
    if (this.#hasModes && info?.isFile && isExecutable(info) !== executable) {
      setExecutable(path, info, executable);
    }
  }

  #move(full: string, to: string): Result {
    if (!this.#isReached(to)) return stale;
    const target = `${this.#root}/${to}`;
    const info = infoAt(full), there = infoAt(target);
    if (info === undefined) return stale;
    // Where names are one that differ only in case, it is in its own way.
    const isItself = there !== undefined && there.ino === info.ino &&
      full.toLowerCase() === target.toLowerCase();
    if (there !== undefined && !isItself) return stale;
    if (info.isDirectory || isItself) Deno.renameSync(full, target);
    else {
      let isLinked = true;
      linkOr(full, target, () => {
        Deno.renameSync(full, target);
        isLinked = false;
      });
      if (isLinked) Deno.removeSync(full);
    }
    this.#reached.clear();
    const now = Deno.lstatSync(target);
    return { kind: "done", stamp: now.isDirectory ? stampOf(now) : undefined };
  }

  #discard(full: string, action: Extract<Action, { kind: "discard" }>): Result {
    const { path, expected, before } = action;
    const info = infoAt(full);
    if (info === undefined) return { kind: "done", stamp: undefined };
    if (!info.isFile || !isAsExpected(full, info, expected, before)) return stale;
    const place = this.#trash.placeFor(path);
    Deno.renameSync(full, place);
    if (says(place, before)) return { kind: "done", stamp: undefined };
    linkOr(place, full, () => Deno.renameSync(place, full));
    return stale;
  }

  #unmake(full: string): Result {
    try {
      if (infoAt(full)?.isDirectory) Deno.removeSync(full);
    } catch (error) {
      // What is ignored may still be in it, or something that has just come.
      if (infoAt(full)?.isDirectory !== true) throw error;
    }
    return { kind: "done", stamp: undefined };
  }

  /** Whether the way to a path leads through directories of this folder alone. */
  #isReached(path: string): boolean {
    const slash = path.lastIndexOf("/");
    if (slash < 0) return true;
    const directory = path.slice(0, slash);
    if (this.#reached.has(directory)) return true;
    const isDirect = Deno.realPathSync(`${this.#root}/${directory}`) === `${this.#root}/${directory}`;
    if (isDirect) this.#reached.add(directory);
    return isDirect;
  }

  #place(): string {
    return `${this.#aside}/${++this.#count}`;
  }
}

/** Whether something has just this name. */
function isNamed(full: string): boolean {
  const slash = full.lastIndexOf("/"), file = full.slice(slash + 1);
  return Deno.readDirSync(full.slice(0, slash)).some(({ name }) => name === file);
}

/** Whether a file says what it is taken to say: by its stamp, or else by being read. */
function isAsExpected(
  full: string,
  info: Deno.FileInfo,
  expected: Stamp | undefined,
  before: FileContent,
): boolean {
  if (expected !== undefined && expected.modifiedMs >= 0 && areEqual(expected, stampOf(info))) return true;
  return says(full, before);
}

function says(full: string, content: FileContent): boolean {
  return isHeldBy(Deno.readFileSync(full), content);
}

/** Gives a file a second name, or does `otherwise` where the file system has no links. */
function linkOr(from: string, to: string, otherwise: () => void): void {
  try {
    Deno.linkSync(from, to);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists || error instanceof Deno.errors.NotFound) throw error;
    otherwise();
  }
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
