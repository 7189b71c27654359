/**
 * Where a client keeps what it has not been able to send, so that it survives a crash of the application.
 *
 * @module
 */

import { builtin } from "./builtin.ts";
import type { Unsent } from "./core/mod.ts";

/**
 * A place for one workspace's unsent work.
 *
 * Bytes of binary files are handed over beside it, by their hashes. A store that does not keep those is as good for
 * everything else; what is left of a binary file that the server has not got is refused then as `content_unknown`.
 */
export interface UnsentStore {
  /** What was saved last; undefined if there is nothing. */
  load(): Promise<Unsent | undefined>;
  /** The bytes that were saved with that. */
  loadContents?(): Promise<ReadonlyMap<string, Uint8Array>>;
  /** Takes the place of what was saved before; undefined if all has been sent. */
  save(unsent: Unsent | undefined, contents?: ReadonlyMap<string, Uint8Array>): Promise<void>;
}

/** Keeps it for as long as the process lives: for tests, and for reopening a workspace. */
export class MemoryUnsentStore implements UnsentStore {
  #json: string | undefined;
  #contents: ReadonlyMap<string, Uint8Array> = new Map();

  load(): Promise<Unsent | undefined> {
    return Promise.resolve(this.#json === undefined ? undefined : JSON.parse(this.#json));
  }

  loadContents(): Promise<ReadonlyMap<string, Uint8Array>> {
    return Promise.resolve(this.#contents);
  }

  save(
    unsent: Unsent | undefined,
    contents: ReadonlyMap<string, Uint8Array> = new Map(),
  ): Promise<void> {
    this.#contents = contents;
    this.#json = unsent === undefined ? undefined : JSON.stringify(unsent);
    return Promise.resolve();
  }
}

/**
 * Keeps it in a file, which is replaced as a whole: a crash while saving leaves what was there before. Bytes of binary
 * files are in files of their own beside it, written once each.
 */
export class FileUnsentStore implements UnsentStore {
  /** The hashes of the bytes that are there; undefined while nobody has looked. */
  #hashes: Set<string> | undefined;

  /** A store in the file at `path`, whose directory must be there. */
  constructor(readonly path: string) {}

  async loadContents(): Promise<ReadonlyMap<string, Uint8Array>> {
    const contents = new Map<string, Uint8Array>();
    for (const hash of await this.#known()) {
      contents.set(hash, new Uint8Array(await files().readFile(`${this.#folder}/${hash}`)));
    }
    return contents;
  }

  get #folder(): string {
    return `${this.path}.contents`;
  }

  async #known(): Promise<Set<string>> {
    if (this.#hashes !== undefined) return this.#hashes;
    const hashes = new Set<string>();
    try {
      for (const name of await files().readdir(this.#folder)) {
        if (/^[0-9a-f]{64}$/.test(name)) hashes.add(name);
      }
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    return this.#hashes = hashes;
  }

  /** Writes the bytes that are not there yet. */
  async #addContents(contents: ReadonlyMap<string, Uint8Array>): Promise<void> {
    if (contents.size === 0) return;
    const known = await this.#known();
    for (const [hash, bytes] of contents) {
      if (known.has(hash)) continue;
      await files().mkdir(this.#folder, { recursive: true });
      await replaceFile(`${this.#folder}/${hash}`, bytes);
      known.add(hash);
    }
  }

  /** Takes away the bytes that nothing names any more. */
  async #dropContents(contents: ReadonlyMap<string, Uint8Array>): Promise<void> {
    const known = await this.#known();
    if (known.size === 0) return;
    for (const hash of [...known]) {
      if (contents.has(hash)) continue;
      await files().rm(`${this.#folder}/${hash}`, { force: true });
      known.delete(hash);
    }
    if (known.size === 0) await files().rm(this.#folder, { force: true, recursive: true });
  }

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

  async save(
    unsent: Unsent | undefined,
    contents: ReadonlyMap<string, Uint8Array> = new Map(),
  ): Promise<void> {
    // First what is named, then what names it; and the other way round when it goes.
    await this.#addContents(contents);
    if (unsent === undefined) await files().rm(this.path, { force: true });
    else await replaceFile(this.path, JSON.stringify(unsent));
    await this.#dropContents(contents);
  }
}

/** Writes a file so that there is all of it, or what was there before. */
async function replaceFile(path: string, data: string | Uint8Array): Promise<void> {
  const { open, rename } = files();
  const draft = `${path}.new`;
  const file = await open(draft, "w");
  try {
    await file.writeFile(data);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}

/** What is needed of the module "node:fs/promises". */
interface Files {
  readFile(path: string, encoding: "utf8"): Promise<string>;
  readFile(path: string): Promise<Uint8Array>;
  readdir(path: string): Promise<string[]>;
  mkdir(path: string, options: { readonly recursive: true }): Promise<unknown>;
  open(path: string, mode: "w"): Promise<OpenFile>;
  rename(from: string, to: string): Promise<void>;
  rm(path: string, options: { readonly force: true; readonly recursive?: true }): Promise<void>;
}

interface OpenFile {
  writeFile(data: string | Uint8Array): Promise<void>;
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
