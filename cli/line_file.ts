/**
 * A file of lines, packed if its name ends in .gz, for nobody else to read.
 *
 * Lines gather for a moment and are handed to the operating system together. That is synchronous: then it can also
 * be done when the process ends by an error, and the order is never in question. The system takes them into its
 * cache, and writes to the disk in its own time.
 *
 * @module
 */

import { gzipSync } from "node:zlib";

const flushMs = 100, flushLength = 64 << 10;

export class LineFile {
  readonly #file: Deno.FsFile;
  readonly #packs: boolean;
  readonly #failed: (error: unknown) => void;
  #lines = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOpen = true;

  private constructor(file: Deno.FsFile, packs: boolean, failed: (error: unknown) => void) {
    this.#file = file;
    this.#packs = packs;
    this.#failed = failed;
  }

  /**
   * Opens a file that holds nothing yet: one that does is never written over, since it may be what is left of a
   * server that crashed.
   *
   * @param failed is told when something cannot be written, after which nothing is any more; without it, that is
   * thrown.
   * @throws {Deno.errors.AlreadyExists} and other errors of opening.
   */
  static open(path: string, failed: (error: unknown) => void = rethrow): LineFile {
    const file = Deno.openSync(path, { write: true, create: true, mode: 0o600 });
    const { isFile, size } = file.statSync();
    if (isFile && size > 0) {
      file.close();
      throw new Deno.errors.AlreadyExists("There is something in it already");
    }
    if (isFile && Deno.build.os !== "windows") Deno.chmodSync(path, 0o600);
    return new LineFile(file, path.endsWith(".gz"), failed);
  }

  /** Whether lines are still taken. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Takes a line, without its end. It is written within a moment. */
  write(line: string): void {
    if (!this.#isOpen) return;
    this.#lines += line + "\n";
    if (this.#lines.length >= flushLength) this.flush();
    else if (this.#timer === undefined) {
      Deno.unrefTimer(this.#timer = setTimeout(() => this.flush(), flushMs));
    }
  }

  /** Writes what has gathered. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines === "" || !this.#isOpen) return;
    const text = new TextEncoder().encode(this.#lines);
    this.#lines = "";
    try {
      // Each piece is packed by itself, so that it can be unpacked whatever becomes of the next.
      const bytes = this.#packs ? gzipSync(text, { level: 1 }) : text;
      for (let written = 0; written < bytes.length;) written += this.#file.writeSync(bytes.subarray(written));
    } catch (error) {
      this.#end();
      this.#failed(error);
    }
  }

  close(): void {
    this.flush();
    this.#end();
  }

  #end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    clearTimeout(this.#timer);
    this.#file.close();
  }
}

function rethrow(error: unknown): never {
  throw error;
}
