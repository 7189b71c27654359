/**
 * What happens in a folder, gathered until it is quiet for a moment: whoever saves a file does several things to it.
 *
 * @module
 */

import { stateFolder } from "./core/mod.ts";

/** So long it has to be quiet, and so long it is waited for that at most. */
const quietMs = 25, waitMsMax = 80;
/** After a new directory has been seen, it is looked at once more: what came into it before it was watched is not told. */
const againMs = 300;

export class Watcher {
  readonly #root: string;
  readonly #tell: (paths: ReadonlySet<string> | "all") => void;
  readonly #events: Deno.FsWatcher;
  readonly #ended: Promise<void>;
  #paths: Set<string> | "all" = new Set();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sinceMs = 0;
  readonly #later = new Set<ReturnType<typeof setTimeout>>();

  /** @param tell Is told where something has happened; "all" if that is not known. */
  constructor(root: string, tell: (paths: ReadonlySet<string> | "all") => void) {
    this.#root = root;
    this.#tell = tell;
    this.#events = Deno.watchFs(root, { recursive: true });
    this.#ended = this.#follow();
  }

  /** Tells what has been gathered, without waiting for quiet. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const paths = this.#paths;
    if (paths !== "all" && paths.size === 0) return;
    this.#paths = new Set();
    this.#tell(paths);
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    for (const timer of this.#later) clearTimeout(timer);
    this.#events.close();
    await this.#ended;
  }

  async #follow(): Promise<void> {
    for await (const { kind, paths, flag } of this.#events) {
      if (flag === "rescan") this.#note("all");
      else if (kind !== "access") {
        for (const path of paths) {
          const place = this.#placeOf(path);
          if (place === undefined) continue;
          this.#note(place);
          if (kind === "create" || kind === "rename") this.#noteLater(place, path);
        }
      }
    }
  }

  #noteLater(place: string, path: string): void {
    try {
      if (!Deno.lstatSync(path).isDirectory) return;
    } catch {
      return;
    }
    const timer = setTimeout(() => {
      this.#later.delete(timer);
      this.#note(place);
    }, againMs);
    this.#later.add(timer);
  }

  /** The path within the folder; undefined if it is of no interest. */
  #placeOf(path: string): string | undefined {
    if (!path.startsWith(`${this.#root}/`)) return undefined;
    const place = path.slice(this.#root.length + 1);
    const names = place.split("/");
    return names[0] === stateFolder || names.includes(".git") ? undefined : place;
  }

  #note(place: string | "all"): void {
    if (place === "all" || this.#paths === "all") this.#paths = "all";
    else this.#paths.add(place);
    const nowMs = performance.now();
    if (this.#timer === undefined) this.#sinceMs = nowMs;
    clearTimeout(this.#timer);
    const waitMs = Math.max(0, Math.min(quietMs, this.#sinceMs + waitMsMax - nowMs));
    this.#timer = setTimeout(() => this.flush(), waitMs);
  }
}
