/**
 * The process of those who connect: takes a {@linkcode ConnectLoad} as JSON in its argument, and prints what it has
 * measured as JSON. Those who type and the agent who sees it are together in here, and so on one clock.
 *
 * @module
 */

import { Space, webSocket } from "../mod.ts";
import { cpuSecondsOf, cpuSecondsOfMachine } from "./load.ts";
import { percentile } from "./measure.ts";
import { idler, typist } from "./server_ours.ts";
import { startText, type ThinClient, type Watcher } from "./thin_client.ts";

/** What is to be measured. */
export type ConnectLoad =
  /** So many people make so many changes a second each. */
  | {
    readonly kind: "typing";
    readonly people: number;
    readonly rate: number;
    readonly warmUpMs: number;
    readonly windowMs: number;
  }
  /** So many are in each of so many workspaces, and do nothing. */
  | { readonly kind: "idle"; readonly workspaces: number; readonly each: number };

/** From a keystroke to the agent's callback, in milliseconds. */
export interface Typing {
  readonly median: number;
  readonly p99: number;
  readonly most: number;
  readonly count: number;
  /** Cores that were used: by the server, by this process, and by everything else on this machine. */
  readonly serverCpu: number;
  readonly loadCpu: number;
  readonly otherCpu: number;
}

/** What the server's process has grown by for each connection. */
export interface Idle {
  readonly bytes: number;
  /** All that it has with them. */
  readonly total: number;
}

type Where = { readonly port: number; readonly pid: number };

async function typing(load: Extract<ConnectLoad, { kind: "typing" }> & Where): Promise<Typing> {
  const { port, pid, people, rate, warmUpMs, windowMs } = load;
  const agent = await Space.open({
    dial: webSocket(`ws://127.0.0.1:${port}`),
    workspace: "bench",
    name: "agent",
    kind: "agent",
  });
  await agent.create("bench.txt", startText(people)).settled;
  // When those keystrokes were made that the agent has not seen, by who made them: by the order of coming, and by site.
  const madeMs: number[][] = Array.from({ length: people }, () => []);
  const sites = new Map<number, number>();
  const latencies: number[] = [];
  let isRecording = false;
  agent.on("edited", ({ site, origin }) => {
    const nowMs = performance.now();
    if (origin !== "remote") return;
    const madeAtMs = madeMs[sites.get(site)!]!.shift()!;
    if (isRecording) latencies.push(nowMs - madeAtMs);
  });
  const watcher: Watcher = {
    acknowledged: (client) => void busy.delete(client),
    delivered() {},
    failed(_, reason) {
      throw new Error(reason);
    },
  };
  const busy = new Set<number>();
  const clients: ThinClient[] = [];
  for (let i = 0; i < people; i++) clients.push(await typist(port, i, watcher));
  // Their sites go up in the order in which they came.
  while (agent.peers.length < people) await sleep(5);
  agent.peers.forEach(({ site }, i) => sites.set(site, i));

  const cpu = () => [cpuSecondsOf(pid), cpuSecondsOf(Deno.pid), cpuSecondsOfMachine()] as const;
  const before = cpu();
  const everyMs = 1000 / (people * rate), startMs = performance.now();
  const endMs = startMs + warmUpMs + windowMs;
  for (let made = 0; performance.now() < endMs;) {
    isRecording = performance.now() > startMs + warmUpMs;
    for (; startMs + made * everyMs <= performance.now(); made++) {
      const client = made % people;
      // One change of each is under way; whoever types faster than that would send the two together.
      if (busy.has(client)) continue;
      busy.add(client);
      madeMs[client]!.push(performance.now());
      clients[client]!.edit();
    }
    await sleep(1);
  }
  const [serverCpu, loadCpu, machineCpu] = cpu().map((seconds, i) =>
    (seconds - before[i]!) * 1000 / (warmUpMs + windowMs)
  ) as [
    number,
    number,
    number,
  ];
  latencies.sort((a, b) => a - b);
  return {
    median: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    most: latencies.at(-1) ?? NaN,
    count: latencies.length,
    serverCpu,
    loadCpu,
    otherCpu: Math.max(0, machineCpu - serverCpu - loadCpu),
  };
}

async function idle(
  { port, pid, workspaces, each }: Extract<ConnectLoad, { kind: "idle" }> & Where,
): Promise<Idle> {
  const connect = async (each: number) => {
    const connections: { close(): void }[] = [];
    for (let k = 0; k < each; k++) {
      for (let i = 0; i < workspaces; i++) connections.push(await idler(port, `idle-${i}`));
    }
    await sleep(2000);
    return connections;
  };
  // What the first connections make the server load, and the room that the garbage collector takes, is not theirs.
  for (const connection of await connect(Math.ceil(each / 4))) connection.close();
  await sleep(2000);
  const before = memoryOf(pid);
  await connect(each);
  const after = memoryOf(pid);
  return { bytes: (after - before) / (workspaces * each), total: after };
}

/** Memory of a process that is really there. */
function memoryOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))![1]) * 1024;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

if (import.meta.main) {
  const load = JSON.parse(Deno.args[0]!) as ConnectLoad & Where;
  console.log(JSON.stringify(load.kind === "typing" ? await typing(load) : await idle(load)));
  Deno.exit(0);
}
