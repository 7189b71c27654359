/**
 * What a benchmark says: rows with ours beside the peers, and bounds that are reached or not. Printed as a table
 * and written as JSON with the machine, the Deno version and the commit, without which numbers say nothing.
 *
 * @module
 */

/** One engine's figure in a row. */
export interface Figure {
  readonly engine: string;
  readonly ours: boolean;
  readonly value: number;
  /** The best and the worst round, in the unit of the value. */
  readonly range?: readonly [number, number];
  /** Hash of the text that the work came to; equal in all figures of a row. */
  readonly hash?: string;
  /** What else was seen: `CPU 0.12 s`. */
  readonly note?: string;
}

/** A promise about a row: `value` as measured against `limit`. */
export interface Bound {
  readonly text: string;
  readonly value: number;
  readonly limit: number;
  readonly reached: boolean;
}

export interface Row {
  readonly name: string;
  readonly unit: string;
  /** Which way is better. */
  readonly better: "more" | "less";
  readonly figures: readonly Figure[];
  readonly bounds: readonly Bound[];
}

/** A bound that `value` reaches from `limit` on. */
export function atLeast(text: string, value: number, limit: number): Bound {
  return { text, value, limit, reached: value >= limit };
}

/** A bound that `value` reaches up to `limit`. */
export function atMost(text: string, value: number, limit: number): Bound {
  return { text, value, limit, reached: value <= limit };
}

/** The row as lines of a table. */
export function linesOf(row: Row): string[] {
  const ours = row.figures.find((figure) => figure.ours);
  const lines = [`${row.name} (${row.unit}; ${row.better} is better)`];
  for (const figure of row.figures) {
    let line = "  " + figure.engine.padEnd(30) + short(figure.value).padStart(10);
    let ratio = "";
    if (ours !== undefined && !figure.ours) {
      const times = row.better === "more" ? ours.value / figure.value : figure.value / ours.value;
      ratio = `ours ${short(times)}x`;
    }
    line += "  " + ratio.padEnd(14);
    if (figure.range !== undefined) {
      line += `  ${short(figure.range[0])} to ${short(figure.range[1])}`.padEnd(22);
    }
    if (figure.hash !== undefined) line += "  " + figure.hash;
    if (figure.note !== undefined) line += "  " + figure.note;
    lines.push(line.trimEnd());
  }
  for (const bound of row.bounds) {
    lines.push(`  ${bound.reached ? "reached" : "NOT REACHED"}: ${bound.text}: ${short(bound.value)}`);
  }
  return lines;
}

/** Three digits that matter, thousands apart. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return "-";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}

/** Writes bench/results/<name>.json, or what `file` names. */
export async function writeResults(
  name: string,
  rows: readonly Row[],
  date: string,
  settings: Readonly<Record<string, unknown>>,
): Promise<URL> {
  const folder = new URL("./results/", import.meta.url);
  await Deno.mkdir(folder, { recursive: true });
  const file = new URL(`${name}.json`, folder);
  const results = { name, date, ...await machine(), settings, rows };
  await Deno.writeTextFile(file, JSON.stringify(results, null, 2) + "\n");
  return file;
}

/** Where the numbers come from: processor, memory, versions, commit. */
export async function machine(): Promise<Record<string, string | number>> {
  const memory = Deno.systemMemoryInfo();
  return {
    machine: `${await processor()}, ${navigator.hardwareConcurrency} cores, ` +
      `${Math.round(memory.total / 2 ** 30)} GiB, ${Deno.build.os} ${Deno.osRelease()}`,
    deno: Deno.version.deno,
    v8: Deno.version.v8,
    commit: await commit(),
  };
}

async function processor(): Promise<string> {
  try {
    const about = await Deno.readTextFile("/proc/cpuinfo");
    return /^model name\s*: (.*)$/m.exec(about)?.[1]?.trim() ?? Deno.build.arch;
  } catch {
    return Deno.build.arch;
  }
}

async function commit(): Promise<string> {
  const git = async (...args: string[]) => {
    const cwd = new URL(".", import.meta.url);
    const { success, stdout } = await new Deno.Command("git", { args, cwd, stderr: "null" }).output();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  };
  try {
    const head = await git("rev-parse", "--short=12", "HEAD");
    if (head === undefined) return "none";
    // Results of before are no change of what is measured.
    const changed = await git(
      "status",
      "--porcelain",
      "--untracked-files=no",
      "--",
      ":(top,exclude)bench/results",
    );
    return changed === "" ? head : `${head} and changes`;
  } catch {
    return "none";
  }
}
