/**
 * Where a client keeps what it has not been able to send, so that it survives a crash of the application.
 *
 * @module
 */

import { builtin } from "./builtin.ts";
import type { Unsent } from "./core/mod.ts";

/** A place for one workspace's unsent work. */
export interface UnsentStore {
  /** What was saved last; undefined if there is nothing. */
  load(): Promise<Unsent | undefined>;
  /** Takes the place of what was saved before; undefined if all has been sent. */
  save(unsent: Unsent | undefined): Promise<void>;
}

/** Keeps it for as long as the process lives: for tests, and for reopening a workspace. */
export class MemoryUnsentStore implements UnsentStore {
  #json: string | undefined;

  load(): Promise<Unsent | undefined> {
    return Promise.resolve(this.#json === undefined ? undefined : JSON.parse(this.#json));
  }

  save(unsent: Unsent | undefined): Promise<void> {
    this.#json = unsent === undefined ? undefined : JSON.stringify(unsent);
    return Promise.resolve();
  }
}

/** Keeps it in a file, which is replaced as a whole: a crash while saving leaves what was there before. */
export class FileUnsentStore implements UnsentStore {
  /** A store in the file at `path`, whose directory must be there. */
  constructor(readonly path: string) {}

  async load(): Promise<Unsent | undefined> {
    let json: string;
    try {
      json = await files().readFile(this.path, "utf8");
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
    let unsent: Unsent | null;
    try {
      unsent = JSON.parse(json);
    } catch (error) {
      throw new Error(`Cannot read ${this.path}: it is not JSON`, { cause: error });
    }
    if (unsent?.format !== 1) {
      throw new Error(`Cannot read ${this.path}: it is no unsent work of a format that this program knows`);
    }
    return unsent;
  }

  async save(unsent: Unsent | undefined): Promise<void> {
    const { open, rename, rm } = files();
    if (unsent === undefined) return await rm(this.path, { force: true });
    const draft = `${this.path}.new`;
    const file = await open(draft, "w");
    try {
      await file.writeFile(JSON.stringify(unsent));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, this.path);
  }
}

/** What is needed of the module "node:fs/promises". */
interface Files {
  readFile(path: string, encoding: "utf8"): Promise<string>;
  open(path: string, mode: "w"): Promise<OpenFile>;
  rename(from: string, to: string): Promise<void>;
  rm(path: string, options: { readonly force: true }): Promise<void>;
}

interface OpenFile {
  writeFile(text: string): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

function files(): Files {
  const files = builtin<Files>("node:fs/promises");
  if (files === undefined) {
    throw new Error("There are no files here. Keep what is unsent in a store of your own");
  }
  return files;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
