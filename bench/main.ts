/**
 * `deno task bench NAME`: runs one benchmark, prints its table, and writes bench/results/NAME.json.
 *
 *     deno task bench connect            keystrokes to an agent, and what a connection costs
 *     deno task bench ot                 text and text operations, beside other engines
 *     deno task bench replay             a real session through all layers, beside a bare loop
 *     deno task bench server             whole servers over real sockets, beside other servers
 *     deno task bench storage            the log on the disk: bytes, latencies, the time to start
 *     deno task bench sim                seeds, hours and messages of the simulator
 *     … --quick                          smaller and shorter: to see that it works, not for numbers
 *     … --date 2026-01-31                the date to put into the results (default: today)
 *     … --only WORD                      only rows whose name has the word (nothing is written)
 *
 * @module
 */

import { linesOf, machine, type Row, writeResults } from "./report.ts";

/** What the command line asks for. */
export interface Options {
  readonly quick: boolean;
  readonly only: string;
}

/** Gives the rows of a benchmark as they are done, and strings that are to be printed. */
type Benchmark = (options: Options) => AsyncGenerator<Row | string>;

// Loaded when asked for, so that the one does not start up what only the other needs.
const benchmarks: ReadonlyMap<string, () => Promise<Benchmark>> = new Map([
  ["connect", async () => (await import("./connect.ts")).connectRows],
  ["ot", async () => (await import("./ot.ts")).otRows],
  ["replay", async () => (await import("./replay.ts")).replayRows],
  ["server", async () => (await import("./server.ts")).serverRows],
  ["storage", async () => (await import("./storage.ts")).storageRows],
  ["sim", async () => (await import("./sim.ts")).simRows],
]);

if (import.meta.main) await main(Deno.args);

async function main(args: readonly string[]): Promise<void> {
  const rest = [...args];
  const valueOf = (flag: string) => {
    const index = rest.indexOf(flag);
    return index < 0 ? undefined : rest.splice(index, 2)[1];
  };
  const date = valueOf("--date") ?? new Date().toISOString().slice(0, 10);
  const only = valueOf("--only") ?? "";
  const quick = rest.includes("--quick");
  const names = rest.filter((word) => word !== "--quick");
  const name = names[0] ?? "";
  const load = benchmarks.get(name);
  if (load === undefined || names.length !== 1) {
    console.error(
      `usage: deno task bench ${[...benchmarks.keys()].join("|")} [--quick] [--date DATE] [--only WORD]`,
    );
    Deno.exit(2);
  }

  const { machine: where, deno, v8, commit } = await machine();
  console.log(
    `bench ${name}${quick ? ", quick" : ""}: ${where}; Deno ${deno}, V8 ${v8}; commit ${commit}; ${date}\n`,
  );
  const rows: Row[] = [];
  const remarks: string[] = [];
  for await (const row of (await load())({ quick, only })) {
    if (typeof row === "string") {
      remarks.push(row);
      console.log(row + "\n");
    } else {
      rows.push(row);
      console.log(linesOf(row).join("\n") + "\n");
    }
  }
  const bounds = rows.flatMap((row) => row.bounds);
  console.log(`${bounds.filter((bound) => bound.reached).length} of ${bounds.length} bounds reached`);
  if (quick || only !== "") console.log("a part only: nothing is written");
  else console.log(`written: ${(await writeResults(name, rows, date, { remarks })).pathname}`);
  // Sockets that are still closing, and engines with timers of their own, should not keep us.
  Deno.exit(0);
}
