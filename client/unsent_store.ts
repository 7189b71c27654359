/**
 * Where a client keeps what it has not been able to send, so that it survives a crash of the application.
 *
 * @module
 */

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
      contents.set(hash, await Deno.readFile(`${this.#folder}/${hash}`));
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
      for await (const { name } of Deno.readDir(this.#folder)) {
        if (/^[0-9a-f]{64}$/.test(name)) hashes.add(name);
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return this.#hashes = hashes;
  }

  /** Writes the bytes that are not there yet. */
  async #addContents(contents: ReadonlyMap<string, Uint8Array>): Promise<void> {
    if (contents.size === 0) return;
    const known = await this.#known();
    for (const [hash, bytes] of contents) {
      if (known.has(hash)) continue;
      await Deno.mkdir(this.#folder, { recursive: true });
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
      await removeFile(`${this.#folder}/${hash}`);
      known.delete(hash);
    }
    if (known.size === 0) await Deno.remove(this.#folder, { recursive: true });
  }

  async load(): Promise<Unsent | undefined> {
    let json: string;
    try {
      json = await Deno.readTextFile(this.path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
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
    if (unsent === undefined) await removeFile(this.path);
    else await replaceFile(this.path, new TextEncoder().encode(JSON.stringify(unsent)));
    await this.#dropContents(contents);
  }
}

/** Writes a file so that there is all of it, or what was there before. */
async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const draft = `${path}.new`;
  const file = await Deno.open(draft, { write: true, create: true, truncate: true });
  try {
    for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
    await file.sync();
  } finally {
    file.close();
  }
  await Deno.rename(draft, path);
}

async function removeFile(path: string): Promise<void> {
  await Deno.remove(path).catch((error: unknown) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}
