/**
 * Somebody new comes to a server, and holds what is there: how long that takes, and how many bytes. Ours with the
 * client that applications have; ShareDB's with that too, and with the thinnest client there can be, which parses
 * one message and does nothing else.
 *
 * Run as a process of its own, it says what the very first time costs: its arguments are how it comes, the
 * server's port, and a path.
 *
 * @module
 */

import { Space, tcp } from "../mod.ts";
import { joinShareDb } from "./server_sharedb.ts";
import { joinWithOwnClient } from "./sharedb_client.ts";
import { workspace } from "./storage_log.ts";

export interface Joined {
  readonly ms: number;
  /** That came in over the connection. */
  readonly bytes: number;
  /** Of the file that was asked for. */
  readonly text: string;
  readonly files: number;
}

/** From the first word to the text at `path`. */
export function joinOurs(port: number, path: string): Promise<Joined> {
  return join(port, path, false);
}

/** The same with the tree, and of all texts that one alone. */
export function joinLazily(port: number, path: string): Promise<Joined> {
  return join(port, path, true);
}

async function join(port: number, path: string, lazy: boolean): Promise<Joined> {
  let bytes = 0;
  const dial = async () => {
    const transport = await tcp("127.0.0.1", port)();
    const { incoming } = transport;
    const counted = async function* () {
      for await (const piece of incoming) {
        bytes += piece.length;
        yield piece;
      }
    };
    return { ...transport, incoming: counted() };
  };
  const begun = performance.now();
  const space = await Space.open({ dial, workspace, name: "newcomer", lazy });
  await space.load(path);
  const text = space.read(path);
  const ms = performance.now() - begun;
  const files = space.files().length;
  await space.close();
  return { ms, bytes, text, files };
}

export function joinTheirs(port: number): Promise<Joined> {
  return timed(() => joinWithOwnClient(port));
}

export function joinTheirsThinly(port: number): Promise<Joined> {
  return timed(() => joinShareDb(port));
}

async function timed(join: () => Promise<{ text: string; bytes: number }>): Promise<Joined> {
  const begun = performance.now();
  const { text, bytes } = await join();
  return { ms: performance.now() - begun, bytes, text, files: 1 };
}

const joins = {
  ours: joinOurs,
  "ours lazily": joinLazily,
  theirs: joinTheirs,
  "theirs thinly": joinTheirsThinly,
};

/** How a newcomer comes. */
export type How = keyof typeof joins;

if (import.meta.main) {
  const [how, port, path] = Deno.args as [How, string, string];
  console.log((await joins[how](Number(port), path)).ms);
  Deno.exit(0);
}
