/**
 * Sessions within the server's own process, for those who come without one: a request over HTTP is done by a client
 * that is here, over a connection that never leaves the process. So rights, limits and exactly-once are the core's, as
 * for everybody.
 *
 * A caller's session is kept for a while, since the next request will mostly be of the same one.
 *
 * @module
 */

import { Space } from "../../client/space.ts";
import { SpaceError } from "../../client/error.ts";
import { transportPair } from "../../net/mod.ts";
import { codes, type Participant } from "../../proto/mod.ts";
import type { Shell } from "../shell.ts";

/** On whose behalf something is done. */
export interface Caller extends Participant {
  /** What they have shown to prove it; undefined if nothing. */
  readonly token: string | undefined;
}

export interface InnerSpacesOptions {
  readonly idleMs?: number;
  readonly openMs?: number;
  readonly spacesMax?: number;
}

/** How many questions of one session are under way at a time; the core lets no more wait. */
const askingMax = 16;

interface Held {
  readonly space: Promise<Space>;
  users: number;
  /** Questions under way. */
  readonly asking: Set<Promise<unknown>>;
  /** The last change under way: one after the other, so that each knows what it is made on. */
  changing: Promise<unknown>;
  idle: ReturnType<typeof setTimeout> | undefined;
}

export class InnerSpaces {
  readonly #shell: Shell;
  readonly #idleMs: number;
  readonly #openMs: number;
  readonly #spacesMax: number;
  readonly #held = new Map<string, Held>();
  #isClosed = false;

  /**
   * @param options How long a session is kept that nobody uses, and how long one may take to open, in milliseconds; how
   * many there are at a time: each has the tree of its workspace in memory.
   */
  constructor(shell: Shell, { idleMs = 30_000, openMs = 10_000, spacesMax = 64 }: InnerSpacesOptions = {}) {
    this.#shell = shell;
    this.#idleMs = idleMs;
    this.#openMs = openMs;
    this.#spacesMax = spacesMax;
  }

  /** Asks something of a workspace, which is not made for that. */
  ask<T>(workspace: string, caller: Caller, act: (space: Space) => Promise<T>): Promise<T> {
    return this.#use(workspace, caller, true, async ({ space, asking }) => {
      while (asking.size >= askingMax) await Promise.race(asking);
      const asked = space.then(act);
      const over: Promise<unknown> = asked.then(() => asking.delete(over), () => asking.delete(over));
      asking.add(over);
      return await asked;
    });
  }

  /** Changes something in a workspace, once what was asked for before is done. It is made if it is new. */
  async change<T>(workspace: string, caller: Caller, act: (space: Space) => Promise<T>): Promise<T> {
    // Somebody who asked may just be finding out that there is none.
    while (await this.#use(workspace, caller, false, ({ space }) => isUnknown(space)));
    return await this.#use(workspace, caller, false, (held) => {
      const done = held.changing.then(async () => await act(await held.space));
      held.changing = done.catch(() => {});
      return done;
    });
  }

  /** Ends all sessions. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#held.keys()].map((key) => this.#drop(key)));
  }

  async #use<T>(
    workspace: string,
    caller: Caller,
    existing: boolean,
    act: (held: Held) => Promise<T>,
  ): Promise<T> {
    const key = JSON.stringify([workspace, caller.name, caller.kind, caller.token]);
    const held = this.#held.get(key) ?? this.#open(key, workspace, caller, existing);
    // The most recently used is the last.
    this.#held.delete(key);
    this.#held.set(key, held);
    clearTimeout(held.idle);
    held.users++;
    try {
      return await act(held);
    } finally {
      held.users--;
      if (held.users === 0 && this.#held.get(key) === held) {
        held.idle = setTimeout(() => this.#drop(key), this.#idleMs);
      }
    }
  }

  #open(key: string, workspace: string, caller: Caller, existing: boolean): Held {
    if (this.#isClosed) throw new SpaceError("shutting_down", codes.shutting_down.text);
    if (this.#held.size >= this.#spacesMax) {
      const [idle] = [...this.#held].find(([, { users }]) => users === 0) ?? [];
      if (idle === undefined) throw new SpaceError("too_many_clients", codes.too_many_clients.text);
      this.#drop(idle);
    }
    const { name, kind, token } = caller;
    const space = Space.open({
      dial: () => this.#dial(),
      ...{ workspace, name, kind },
      // Of the files, only those that are changed are in memory a second time.
      lazy: true,
      existing,
      ...token === undefined ? {} : { token },
      openTimeoutMs: this.#openMs,
    });
    const held: Held = { space, users: 0, asking: new Set(), changing: Promise.resolve(), idle: undefined };
    this.#held.set(key, held);
    const forget = () => {
      if (this.#held.get(key) === held) this.#held.delete(key);
    };
    space.then((space) => space.on("status", ({ phase }) => phase === "ended" && forget()), forget);
    return held;
  }

  #dial(): Promise<ReturnType<typeof transportPair>[0]> {
    const [ours, theirs] = transportPair();
    this.#shell.serve(theirs, { door: "http", address: "" });
    return Promise.resolve(ours);
  }

  async #drop(key: string): Promise<void> {
    const held = this.#held.get(key);
    if (held === undefined) return;
    this.#held.delete(key);
    clearTimeout(held.idle);
    await held.space.then((space) => space.close(), () => {});
  }
}

/** Whether a session could not be opened since there is no such workspace; other reasons are for whoever uses it. */
function isUnknown(space: Promise<Space>): Promise<boolean> {
  return space.then(
    () => false,
    (error) => error instanceof SpaceError && error.code === "workspace_unknown",
  );
}
