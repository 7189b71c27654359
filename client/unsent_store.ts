/**
 * Where a client keeps what it has not been able to send, so that it survives a crash of the application.
 *
 * @module
 */

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

  async save(unsent: Unsent | undefined): Promise<void> {
    if (unsent === undefined) {
      await Deno.remove(this.path).catch((error: unknown) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
      return;
    }
    const draft = `${this.path}.new`;
    const file = await Deno.open(draft, { write: true, create: true, truncate: true });
    try {
      const bytes = new TextEncoder().encode(JSON.stringify(unsent));
      for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
      await file.sync();
    } finally {
      file.close();
    }
    await Deno.rename(draft, this.path);
  }
}
