/**
 * Data as a server leaves it, and `deno task log` as people run it on that: a process for each command.
 *
 * @module
 */

import { SqliteLog } from "../../server/sqlite/mod.ts";
import { assertEquals } from "../assert.ts";
import type { Story } from "../history/story.ts";

const main = new URL("../../cli/main.ts", import.meta.url).pathname;

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder with data in `data`, and room beside it. */
export class DataFolder implements AsyncDisposable {
  private constructor(readonly path: string) {}

  /** The data of a server that has served these workspaces. */
  static async of(workspaces: Readonly<Record<string, Pick<Story, "entries">>>): Promise<DataFolder> {
    const folder = new DataFolder(await Deno.makeTempDir());
    const log = await SqliteLog.open({ folder: `${folder.path}/data` });
    for (const [name, { entries }] of Object.entries(workspaces)) {
      await log.load(name);
      assertEquals(await log.append(name, 0, entries), { stored: true });
    }
    await log.close();
    return folder;
  }

  /** Runs one command, in the folder. */
  async log(...args: readonly string[]): Promise<Ended> {
    return await this.#run(args, "null");
  }

  /** Runs one command that reads `input`. */
  async logWith(input: string, ...args: readonly string[]): Promise<Ended> {
    return await this.#run(args, input);
  }

  /** What one command writes with `--json`. */
  // deno-lint-ignore no-explicit-any -- what it is, the test says
  async json(...args: readonly string[]): Promise<any> {
    return JSON.parse((await this.log(...args, "--json")).stdout);
  }

  async #run(args: readonly string[], input: string): Promise<Ended> {
    const child = new Deno.Command(Deno.execPath(), {
      cwd: this.path,
      args: ["run", "--quiet", "--allow-all", main, "log", ...args],
      stdin: input === "null" ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    if (input !== "null") {
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(input));
      await writer.close();
    }
    const { code, stdout, stderr } = await child.output();
    const text = (bytes: Uint8Array) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    return { code, stdout: text(stdout), stderr: text(stderr) };
  }

  async write(path: string, content: string | Uint8Array): Promise<void> {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.mkdir(`${this.path}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeFile(`${this.path}/${path}`, bytes);
  }

  async read(path: string): Promise<Uint8Array> {
    return await Deno.readFile(`${this.path}/${path}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}
