/**
 * A token file that is looked at again and again: who takes a token out of it, changes it or revokes it there takes it
 * from those who are connected with it.
 *
 * @module
 */

import type { Claims } from "./claims.ts";
import type { Known } from "./authenticator.ts";
import { readTokens, type TokenFile } from "./files.ts";
import type { Key } from "./statement.ts";

/** How often it is looked at, in milliseconds. */
const lookMs = 500;

export class WatchedTokens {
  readonly #keys: readonly Key[];
  readonly #path: string | undefined;
  #known: Known;
  #seen: string | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  private constructor(path: string | undefined, keys: readonly Key[]) {
    this.#path = path;
    this.#keys = keys;
    this.#known = { keys, entries: new Map(), revoked: new Set() };
  }

  /**
   * @param path of the token file, if there is one.
   * @throws what reading it throws.
   */
  static async open(path: string | undefined, keys: readonly Key[]): Promise<WatchedTokens> {
    const tokens = new WatchedTokens(path, keys);
    await tokens.#look();
    return tokens;
  }

  get known(): Known {
    return this.#known;
  }

  /** Tells of ids that have been revoked, and of a file that cannot be read: then what it said before holds. */
  watch(revoked: (ids: readonly string[]) => void, failed: (error: unknown) => void): void {
    if (this.#path === undefined) return;
    let isLooking = false;
    this.#timer = setInterval(async () => {
      if (isLooking) return;
      isLooking = true;
      try {
        const gone = await this.#look();
        if (gone.length > 0) revoked(gone);
      } catch (error) {
        failed(error);
      }
      isLooking = false;
    }, lookMs);
    Deno.unrefTimer(this.#timer as unknown as number);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Reads the file if it is another one than before; says which ids are not good any more. */
  async #look(): Promise<string[]> {
    if (this.#path === undefined) return [];
    const { mtime, size, ino } = await Deno.stat(this.#path);
    const seen = `${mtime?.getTime()} ${size} ${ino}`;
    if (seen === this.#seen) return [];
    // A file that is half written now will look different then.
    this.#seen = seen;
    return this.#take(await readTokens(this.#path));
  }

  #take({ tokens, revoked }: TokenFile): string[] {
    const before = this.#known;
    this.#known = {
      keys: this.#keys,
      entries: new Map(tokens.map((claims) => [claims.id, claims])),
      revoked: new Set(revoked),
    };
    const changed = [...before.entries].filter(([id, claims]) =>
      !isSame(claims, this.#known.entries.get(id))
    );
    return [...changed.map(([id]) => id), ...revoked.filter((id) => !before.revoked.has(id))];
  }
}

function isSame(one: Claims, other: Claims | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
