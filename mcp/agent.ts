/**
 * An agent's place in a workspace: a client as anybody's, and what it takes to let a program use it that asks for
 * several things at once and forgets what it has been told.
 *
 * @module
 */

import { type NodeId, type Space, SpaceError } from "../mod.ts";

/** How long a change may take to be durable before the agent is told that it is not known, in milliseconds. */
const patienceMs = 30_000;

/** A file as the agent has read it, or left it. */
export interface KnownFile {
  readonly node: NodeId;
  readonly text: string;
}

/** So many files are remembered at most, and so many code units of them. */
const filesMax = 64, lengthMax = 4 << 20;

/** One agent, in one workspace. */
export class Agent {
  readonly space: Space;
  /** The last change under way: one after the other, so that each knows what it is made on. */
  #changing: Promise<unknown> = Promise.resolve();
  /** What it has read last, by revision and path, the oldest first: so that an edit of that need not look it up. */
  readonly #known = new Map<string, KnownFile>();
  #knownLength = 0;

  /** An agent in a workspace that is open; best lazily. */
  constructor(space: Space) {
    this.space = space;
  }

  /**
   * Changes something, once what was asked for before is done.
   *
   * @throws {SpaceError} "not_connected", or "unsent" if the connection is lost meanwhile.
   */
  change<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#changing.then(async () => {
      this.#checkConnection();
      const acted = act();
      return await inTime(acted);
    });
    this.#changing = done.catch(() => {});
    return done;
  }

  /** Remembers a file as the agent knows it: the whole text, under the path it had at that revision. */
  knows(revision: number, path: string, file: KnownFile): void {
    this.#forget(`${revision} ${path}`);
    this.#known.set(`${revision} ${path}`, file);
    this.#knownLength += file.text.length;
    for (const [key] of this.#known) {
      if (this.#known.size <= filesMax && this.#knownLength <= lengthMax) break;
      this.#forget(key);
    }
  }

  /** A file as it was at a revision, if that is remembered. */
  known(revision: number, path: string): KnownFile | undefined {
    return this.#known.get(`${revision} ${path}`);
  }

  #forget(key: string): void {
    const file = this.#known.get(key);
    if (file === undefined) return;
    this.#known.delete(key);
    this.#knownLength -= file.text.length;
  }

  #checkConnection(): void {
    const { phase, problem } = this.space.status;
    if (phase === "online") return;
    const reason = problem === undefined ? "" : `: ${problem.message}`;
    if (phase === "ended") {
      throw new SpaceError("closed", `The workspace is closed${reason}. This server has to be started again`);
    }
    throw new SpaceError(
      "not_connected",
      `There is no connection to the workspace now${reason}. Nothing has been changed; try again in a while`,
    );
  }
}

async function inTime<T>(acted: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const message = "The connection was lost meanwhile. The change is sent once it is back: " +
      "read the files again to see whether it was done, before you try again";
    late.reject(new SpaceError("unsent", message));
  }, patienceMs);
  try {
    return await Promise.race([acted, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
