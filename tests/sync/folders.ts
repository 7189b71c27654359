/**
 * Real folders, real files, and a real server, within the process of a test.
 *
 * @module
 */

import { tcp } from "../../mod.ts";
import { type FolderNews, type FolderOptions, type Question, SyncedFolder } from "../../sync/mod.ts";
import type { LiveServer } from "../server/live_server.ts";
import { eventually } from "../server/waiting.ts";

/** A place for folders that is gone after the test. */
export class Place implements AsyncDisposable {
  readonly path = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "dist-space-folders-" }));
  readonly #folders: Folder[] = [];

  constructor(readonly server: LiveServer) {}

  /** A folder that is kept the same as the workspace, once it is. */
  async join(name: string, options: Partial<FolderOptions> = {}): Promise<Folder> {
    const folder = new Folder(`${this.path}/${name}`);
    this.#folders.push(folder);
    await folder.start(this.server.port, options);
    return folder;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const folder of this.#folders) await folder.stop();
    await Deno.remove(this.path, { recursive: true });
  }
}

export class Folder {
  readonly news: FolderNews[] = [];
  readonly questions: Question[] = [];
  synced!: SyncedFolder;

  constructor(readonly path: string) {}

  async start(port: number, options: Partial<FolderOptions> = {}): Promise<void> {
    this.synced = await SyncedFolder.open({
      directory: this.path,
      dial: tcp("127.0.0.1", port),
      workspace: "w",
      name: this.path,
      ask: (question) => {
        this.questions.push(question);
        return Promise.resolve("go on");
      },
      tell: (news) => this.news.push(news),
      ...options,
    });
    await Promise.race([this.synced.same(), this.synced.ended]);
  }

  async stop(): Promise<void> {
    await this.synced.close();
  }

  write(path: string, text: string | Uint8Array): void {
    const full = `${this.path}/${path}`;
    Deno.mkdirSync(full.slice(0, full.lastIndexOf("/")), { recursive: true });
    typeof text === "string" ? Deno.writeTextFileSync(full, text) : Deno.writeFileSync(full, text);
  }

  read(path: string): string | undefined {
    try {
      return Deno.readTextFileSync(`${this.path}/${path}`);
    } catch {
      return undefined;
    }
  }

  /** Waits until a file says this; undefined waits until there is none. */
  async says(path: string, text: string | undefined): Promise<void> {
    await eventually(() => this.read(path) === text, `${text} in ${path}; there is ${this.read(path)}`);
  }

  /** All files by path, but those of git and of ourselves. */
  all(): Record<string, string> {
    const result: Record<string, string> = {};
    const walk = (prefix: string) => {
      for (const { name, isDirectory } of Deno.readDirSync(`${this.path}/${prefix}`)) {
        if (name === ".dist-space" || name === ".git") continue;
        if (isDirectory) walk(`${prefix}${name}/`);
        else result[prefix + name] = this.read(prefix + name) ?? "";
      }
    };
    walk("");
    return Object.fromEntries(Object.entries(result).sort(([a], [b]) => a < b ? -1 : 1));
  }
}

/** Waits until folders hold the same files, of those that count. */
export async function alike(one: Folder, two: Folder, counts = (_: string) => true): Promise<void> {
  const files = (folder: Folder) =>
    JSON.stringify(Object.entries(folder.all()).filter(([path]) => counts(path)));
  const same = () => files(one) === files(two);
  await eventually(
    async () => {
      if (!same()) return false;
      await Promise.all([one.synced.same(), two.synced.same()]);
      return same();
    },
    "folders that are alike",
  );
}
