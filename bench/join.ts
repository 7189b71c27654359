/**
 * Somebody new comes to a server, and holds what is there: how long that takes, and how many bytes. Ours with the
 * client that applications have, ShareDB's with the thinnest client there can be, which is in its favour.
 *
 * Run as a process of its own, it says what the very first time costs: its arguments are the name of a server, its
 * port, and a path.
 *
 * @module
 */

import { Space, tcp } from "../mod.ts";
import { joinShareDb } from "./server_sharedb.ts";
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
export async function joinOurs(port: number, path: string): Promise<Joined> {
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
  const space = await Space.open({ dial, workspace, name: "newcomer" });
  const text = space.read(path);
  const ms = performance.now() - begun;
  const files = space.files().length;
  await space.close();
  return { ms, bytes, text, files };
}

export async function joinTheirs(port: number): Promise<Joined> {
  const begun = performance.now();
  const { text, bytes } = await joinShareDb(port);
  return { ms: performance.now() - begun, bytes, text, files: 1 };
}

if (import.meta.main) {
  const [server, port, path] = Deno.args as [string, string, string];
  const { ms } = server === "ours" ? await joinOurs(Number(port), path) : await joinTheirs(Number(port));
  console.log(ms);
  Deno.exit(0);
}
