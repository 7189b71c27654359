/**
 * Scratch copies of the project: mutants are applied there, never to the working tree.
 *
 * @module
 */

import type { Sources } from "../mutants/mutant.ts";

/** What simulations, explorations and laws need. */
const folders = [
  ...["ot", "proto", "server", "client", "sim", "cli", "fixtures"],
  ...["tests/ot", "tests/proto", "tests/format", "tests/history", "tests/server/core", "tests/client/core"],
];
/** What the cores promise together, as stories: laws of both. */
export const stories: readonly string[] = ["scenario", "sessions", "forgetting"].map((name) =>
  `tests/sim/${name}_test.ts`
);
const files = ["deno.json", "deno.lock", "tests/assert.ts", "tests/sim/story.ts", ...stories];
/** Of commands, the hunter alone. */
const isLeftOut = (path: string) => path.startsWith("cli/") && !path.startsWith("cli/mutants_");

const root = new URL("../", import.meta.url);

/** The working tree as it is now. */
export function readSources(): Sources {
  const sources = new Map<string, string>();
  const read = (path: string) => sources.set(path, Deno.readTextFileSync(new URL(path, root)));
  const walk = (folder: string) => {
    for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, root))) {
      const path = `${folder}/${name}`;
      if (isDirectory) walk(path);
      else if (/\.(ts|js|json|proto)$/.test(name) && !isLeftOut(path)) read(path);
    }
  };
  files.forEach(read);
  folders.forEach(walk);
  return sources;
}

/** A copy in a directory of its own, which goes when it is disposed of. */
export class Scratch implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "mutant-" });
  readonly #sources: Sources;

  constructor(sources: Sources) {
    this.#sources = sources;
    for (const [path, source] of sources) this.#write(path, source);
  }

  /** Puts `source` in the place of a file. */
  replace(path: string, source: string): void {
    this.#write(path, source);
  }

  /** Puts a file back as it was. */
  restore(path: string): void {
    this.#write(path, this.#sources.get(path)!);
  }

  #write(path: string, source: string): void {
    const folder = `${this.path}/${path.slice(0, path.lastIndexOf("/") + 1)}`;
    Deno.mkdirSync(folder, { recursive: true });
    Deno.writeTextFileSync(`${this.path}/${path}`, source);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}
