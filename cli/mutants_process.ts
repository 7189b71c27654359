/**
 * Runs the laboratory in a scratch copy, in processes without permissions.
 *
 * @module
 */

import type { Course } from "./mutants_course.ts";
import type { Trace } from "./mutants_hunter.ts";

/** How long one trial may take before it is given up. */
const patienceMs = 60_000;

/**
 * Runs trials `from` to `to` of a course, and hands on what came of each until `take` says that it is enough. A trial
 * that does not end, or takes its process with it, is a fault like others, and the last.
 *
 * @throws {Error} if the tree does not even begin to run
 */
export async function runTrials(
  directory: string,
  course: Course,
  from: number,
  to: number,
  take: (trace: Trace) => Promise<boolean>,
): Promise<void> {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-check", "cli/mutants_hunter.ts", course, String(from), String(to)],
    cwd: directory,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const errors = new Response(process.stderr).text();
  const lines = process.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new LineStream()).getReader();
  let next = from, seconds = 0;
  try {
    for (;;) {
      const line = await within(patienceMs, lines.read());
      if (line === undefined) {
        await take({
          index: next,
          fault: "liveness: a run does not end",
          seconds: seconds + patienceMs / 1000,
        });
        return;
      }
      if (line.done) break;
      const trace: Trace = JSON.parse(line.value);
      next = trace.index + 1;
      seconds = trace.seconds;
      if (!await take(trace)) return;
    }
  } finally {
    kill(process);
    await lines.cancel();
  }
  const { success } = await process.status;
  if (success) return;
  const said = await errors;
  if (next === from && /SyntaxError|The module's source code could not be parsed/.test(said)) {
    throw new Error(said);
  }
  await take({ index: next, fault: "no_panic: a run takes its process with it", seconds });
}

/** The names of the tests in a file that fail: of the first one alone, or of all. */
export async function failingTests(
  directory: string,
  file: string,
  which: "first" | "all",
): Promise<string[]> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "--no-prompt", "--no-check", "--quiet", ...which === "first" ? ["--fail-fast"] : [], file],
    cwd: directory,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  const names = new Set<string>();
  for (const [, name] of said.matchAll(/^(.+) => \.\/tests\/.*$/gm)) names.add(name!);
  if (names.size === 0 && /SyntaxError|could not be parsed|Uncaught error/.test(said)) {
    names.add("the file does not run");
  }
  return [...names];
}

/** What a promise gives, or undefined if that takes too long. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), ms);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function kill(process: Deno.ChildProcess): void {
  try {
    process.kill("SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

/** Cuts text into lines. */
class LineStream extends TransformStream<string, string> {
  constructor() {
    let rest = "";
    super({
      transform(text, controller) {
        const lines = (rest + text).split("\n");
        rest = lines.pop()!;
        for (const line of lines) controller.enqueue(line);
      },
    });
  }
}
