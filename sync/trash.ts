/**
 * Where a synchronised folder keeps what it has overwritten or deleted: by the time at which that was done, under the path
 * that it had.
 *
 *     .dist-space/trash/2026-01-31T12-00-00.123Z/src/main.ts
 *
 * @module
 */

import { stateFolder } from "./core/mod.ts";
import { infoAt } from "./stamp.ts";

/** Something in the trash. */
export interface Discarded {
  /** When it was put there: the name of its directory. */
  readonly time: string;
  readonly path: string;
  readonly bytes: number;
}

export class Trash {
  readonly #root: string;
  #time = "";
  #count = 0;

  /** The trash of the folder `root`. */
  constructor(root: string) {
    this.#root = root;
  }

  get #folder(): string {
    return `${this.#root}/${stateFolder}/trash`;
  }

  /** All that is put there from now on belongs together. */
  begin(): void {
    this.#time = new Date().toISOString().replaceAll(":", "-");
    this.#count = 0;
  }

  /** A free place for what is, or was, at a path; its directory is there. */
  placeFor(path: string): string {
    let place = `${this.#folder}/${this.#time}/${path}`;
    if (infoAt(place) !== undefined) place = `${this.#folder}/${this.#time} ${++this.#count}/${path}`;
    Deno.mkdirSync(place.slice(0, place.lastIndexOf("/")), { recursive: true });
    return place;
  }

  /** What is in the trash, the newest first. */
  list(): Discarded[] {
    const found: Discarded[] = [];
    for (const time of directoriesIn(this.#folder)) {
      const walk = (prefix: string) => {
        for (const { name, isDirectory } of Deno.readDirSync(`${this.#folder}/${time}/${prefix}`)) {
          const path = prefix + name;
          if (isDirectory) walk(`${path}/`);
          else found.push({ time, path, bytes: Deno.lstatSync(`${this.#folder}/${time}/${path}`).size });
        }
      };
      walk("");
    }
    return found.sort((a, b) => a.time < b.time ? 1 : a.time > b.time ? -1 : a.path < b.path ? -1 : 1);
  }

  /** Brings something back to the path it had. What is there now goes into the trash. */
  restore({ time, path }: Discarded): void {
    const target = `${this.#root}/${path}`, directory = target.slice(0, target.lastIndexOf("/"));
    Deno.mkdirSync(directory, { recursive: true });
    // A link on the way could lead out of the folder.
    const real = Deno.realPathSync(directory), root = Deno.realPathSync(this.#root);
    if (real !== root && !real.startsWith(`${root}/`)) {
      throw new Error(`Cannot restore ${path}: it would leave the folder`);
    }
    const there = infoAt(target);
    if (there?.isDirectory) throw new Error(`Cannot restore ${path}: a directory is there now`);
    if (there !== undefined) {
      this.begin();
      Deno.renameSync(target, this.placeFor(path));
    }
    Deno.renameSync(`${this.#folder}/${time}/${path}`, target);
  }

  /** Forgets what was put there before a time. */
  prune(beforeMs: number): void {
    const last = new Date(beforeMs).toISOString().replaceAll(":", "-");
    for (const time of directoriesIn(this.#folder)) {
      if (time < last) Deno.removeSync(`${this.#folder}/${time}`, { recursive: true });
    }
  }
}

function directoriesIn(path: string): string[] {
  if (infoAt(path)?.isDirectory !== true) return [];
  return Array.from(Deno.readDirSync(path)).filter(({ isDirectory }) => isDirectory).map(({ name }) => name);
}
