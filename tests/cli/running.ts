/**
 * Our commands as people run them: processes of their own, whose keys a test presses.
 *
 * @module
 */

import { assert } from "../assert.ts";

const main = new URL("../../cli/main.ts", import.meta.url).pathname;
/** How long to wait for what has to come. */
const patienceMs = 20_000;

/** A command of ours that runs, and what it has printed so far. */
export class Running implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #read: Promise<unknown>;
  #printed = () => {};
  output = "";
  errors = "";

  constructor(...args: readonly string[]) {
    this.#process = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--allow-net",
        "--allow-read",
        "--allow-write",
        "--allow-env",
        "--allow-sys",
        main,
        ...args,
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#input = this.#process.stdin.getWriter();
    const { stdout, stderr } = this.#process;
    this.#read = Promise.all([
      this.#follow(stdout, (text) => this.output += text),
      this.#follow(stderr, (text) => this.errors += text),
    ]);
  }

  async type(line: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(`${line}\n`));
  }

  /** Waits until it has printed `text`, on standard output or standard error. */
  async shows(text: string): Promise<void> {
    const deadline = performance.now() + patienceMs;
    while (!this.output.includes(text) && !this.errors.includes(text)) {
      const leftMs = deadline - performance.now();
      assert(leftMs > 0, `"${text}" was to be shown, but there was only:\n${this.output}${this.errors}`);
      const timer = Promise.withResolvers<void>();
      const late = setTimeout(timer.resolve, leftMs);
      this.#printed = timer.resolve;
      await timer.promise;
      clearTimeout(late);
    }
  }

  /** Ends its input, and waits for its end. */
  async end(): Promise<number> {
    await this.#input.close().catch(() => {});
    await this.#read;
    return (await this.#process.status).code;
  }

  async stop(): Promise<number> {
    this.#process.kill("SIGTERM");
    return await this.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await this.end();
  }

  async #follow(
    stream: ReadableStream<Uint8Array<ArrayBuffer>>,
    take: (text: string) => void,
  ): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      take(text);
      this.#printed();
    }
  }
}

/** A server on a free port, and its address. */
export async function serve(...args: readonly string[]): Promise<{ server: Running; address: string }> {
  const server = new Running("serve", "--memory", "--port", "0", "--log-level", "silent", ...args);
  await server.shows("\n");
  return { server, address: server.output.trim().split(" ").at(-1)! };
}
