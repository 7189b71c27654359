/**
 * A folder that only one server at a time may use. The system lets go of the lock when the process ends, however
 * it does. The tools of the command line do without: what they do is one transaction each.
 *
 * @module
 */

import { DataError } from "./errors.ts";

const lockName = "dist-space.lock";

export class FolderLock {
  readonly #file: Deno.FsFile;

  private constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /** @throws {DataError} `data_in_use` or `data_unwritable`. */
  static async take(folder: string): Promise<FolderLock> {
    let file: Deno.FsFile;
    try {
      await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
      file = await Deno.open(`${folder}/${lockName}`, { create: true, write: true });
    } catch (error) {
      const advice = "Make it writable for the server, or name another one with --data";
      throw new DataError("data_unwritable", `The folder ${folder} cannot be written to. ${advice}.`, {
        cause: error,
      });
    }
    if (file.tryLockSync(true)) return new FolderLock(file);
    file.close();
    throw new DataError(
      "data_in_use",
      `Another server uses the data in ${folder}. Stop it, or name another folder with --data.`,
    );
  }

  release(): void {
    this.#file.close();
  }
}
