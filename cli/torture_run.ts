/**
 * A server that is killed again and again amid people who type: real processes, real sockets, a real disk.
 *
 * Each typist puts lines into files that nobody else has ever written, and notes which of them were called durable. In the
 * end every one of those is there, none is there twice, all see the same, and the log is whole.
 *
 * @module
 */

import { Space, tcp } from "../client/mod.ts";
import { LogTools } from "../server/sqlite/mod.ts";

export interface TortureOptions {
  readonly kills: number;
  readonly typists: number;
  /** How long the server lives between two kills, in milliseconds: at least and at most. */
  readonly lifeMs: readonly [number, number];
  /** Called after each kill. */
  readonly onKill?: (kills: number, durable: number) => void;
}

/** What came of it. */
export interface TortureReport {
  readonly kills: number;
  /** Changes that the server called durable. */
  readonly durable: number;
  /** Those that it refused, by their codes. */
  readonly refused: readonly string[];
  /** What should not be: an empty list if all is well. */
  readonly faults: readonly string[];
  /** From the start of a new server to the first change that it called durable, in milliseconds, shortest first. */
  readonly recoveryMs: readonly number[];
}

const workspace = "torture";
const files = ["a.txt", "b.txt", "c.txt"];
/** How long clients may take to settle in the end. */
const settleMs = 60_000;

/** A server process on the data in `folder`. */
class Server {
  readonly #process: Deno.ChildProcess;
  readonly port: Promise<number>;

  constructor(folder: string, port: number) {
    const main = new URL("./main.ts", import.meta.url).pathname;
    const args = [
      "run",
      "--quiet",
      "--allow-all",
      main,
      "serve",
      "--no-http",
      "--port",
      `${port}`,
      "--data",
      folder,
    ];
    this.#process = new Deno.Command(Deno.execPath(), {
      args: [...args, "--rate", "1000000", "--log-level", "warn"],
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.port = this.#listening();
  }

  async #listening(): Promise<number> {
    let said = "";
    for await (const text of this.#process.stdout.pipeThrough(new TextDecoderStream())) {
      said += text;
      const [, port] = /listens on .*:(\d+)\n/.exec(said) ?? [];
      if (port !== undefined) return Number(port);
    }
    throw new Error("The server ended before it listened");
  }

  async end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    this.#process.kill(signal);
    await this.#process.status;
  }
}

/** Somebody who types one line after the other, as fast as the server takes them. */
class Typist {
  readonly #space: Space;
  readonly #name: string;
  readonly #done: () => void;
  #lines = 0;
  #isTyping = true;
  readonly durable = new Set<string>();
  readonly refused: string[] = [];

  constructor(space: Space, name: string, done: () => void) {
    this.#space = space;
    this.#name = name;
    this.#done = done;
  }

  async type(): Promise<void> {
    while (this.#isTyping) {
      const path = files[random(0, files.length - 1)]!, text = this.#space.read(path);
      // In front of a line, or at the end: no line is cut in two.
      const lineEnd = text.indexOf("\n", random(0, text.length));
      const line = `${this.#name}.${++this.#lines}`;
      const { settled } = this.#space.insert(path, lineEnd + 1, `${line}\n`);
      settled.then((outcome) => {
        if (outcome.kind === "durable") {
          this.durable.add(line);
          this.#done();
        } else this.refused.push(outcome.problem.code);
      });
      await new Promise((resolve) => setTimeout(resolve, random(1, 20)));
    }
  }

  stop(): void {
    this.#isTyping = false;
  }

  get space(): Space {
    return this.#space;
  }
}

export async function torture(options: TortureOptions): Promise<TortureReport> {
  const folder = await Deno.makeTempDir({ prefix: "dist-space-torture-" });
  try {
    return await run(folder, options);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function run(
  folder: string,
  { kills, typists: count, lifeMs, onKill = () => {} }: TortureOptions,
): Promise<TortureReport> {
  let server = new Server(folder, 0);
  const port = await server.port;
  const open = (name: string) => Space.open({ dial: tcp("127.0.0.1", port), workspace, name, kind: "agent" });
  const first = await open("first");
  for (const file of files) await first.create(file).settled;

  const recoveryMs: number[] = [];
  let durable = 0, since: number | undefined;
  const typists = await Promise.all(Array.from({ length: count }, async (_, index) => {
    const name = `typist ${index + 1}`;
    return new Typist(await open(name), name, () => {
      durable++;
      if (since !== undefined) recoveryMs.push(performance.now() - since);
      since = undefined;
    });
  }));
  const typing = Promise.all(typists.map((typist) => typist.type()));
  for (let killed = 0; killed < kills; killed++) {
    await new Promise((resolve) => setTimeout(resolve, random(...lifeMs)));
    await server.end("SIGKILL");
    since = performance.now();
    server = new Server(folder, port);
    await server.port;
    // One that has come back to work is worth killing.
    while (since !== undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    onKill(killed + 1, durable);
  }
  for (const typist of typists) typist.stop();
  await typing;
  const faults: string[] = [];
  const all = [first, ...typists.map(({ space }) => space)];
  const late = AbortSignal.timeout(settleMs);
  await Promise.race([
    Promise.all(all.map((space) => space.settled())),
    new Promise((resolve) => late.addEventListener("abort", resolve)),
  ]);
  if (late.aborted) faults.push(`after ${settleMs / 1000} s not everything is settled`);
  const last = await open("last");
  faults.push(...await faultsIn(last, all, typists));
  for (const space of [...all, last]) await space.close();
  await server.end("SIGTERM");
  const tools = new LogTools(folder);
  for (const { problems } of tools.verify()) faults.push(...problems);
  tools.close();
  recoveryMs.sort((a, b) => a - b);
  return { kills, durable, refused: typists.flatMap(({ refused }) => refused), faults, recoveryMs };
}

async function faultsIn(last: Space, all: readonly Space[], typists: readonly Typist[]): Promise<string[]> {
  const faults: string[] = [];
  const texts = files.map((file) => last.read(file));
  for (const space of all) {
    // The last entries may still be on their way.
    for (let waited = 0; space.revision < last.revision && waited < 5000; waited += 10) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    files.forEach((file, index) => {
      if (space.read(file) !== texts[index]) faults.push(`${file} is not the same for everybody`);
    });
  }
  const there = new Map<string, number>();
  for (const line of texts.join("").split("\n")) there.set(line, (there.get(line) ?? 0) + 1);
  for (const [line, times] of there) {
    if (line !== "" && times > 1) faults.push(`"${line}" is there ${times} times`);
  }
  for (const { durable } of typists) {
    for (const line of durable) {
      if (!there.has(line)) faults.push(`"${line}" was called durable, and is gone`);
    }
  }
  return faults;
}

/** A whole number from `least` to `most`: processes are never twice the same, so no seed would help. */
function random(least: number, most: number): number {
  return least + Math.floor(Math.random() * (most - least + 1));
}
