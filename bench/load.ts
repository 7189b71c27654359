/**
 * The process that puts a server under load: all thin clients of one measurement, and the stop-watch. Takes a
 * {@linkcode Load} as JSON in its argument, and prints a {@linkcode Outcome} as JSON.
 *
 * **Closed loop** (`rate` 0): each client makes its next change as soon as the one before is acknowledged.
 * **Open loop**: changes fall due evenly, `rate` a second for each client, whatever the server does. One that is
 * due while the one before is not acknowledged waits in the client, if the protocol wants that; its latency
 * counts from when it was due to be sent, so that a slow server cannot hide behind its slowness.
 *
 * Sender and receivers are in this one process, and so on one clock. It is a process of its own, new for each
 * measurement, so that the server has the other core and no measurement inherits anything.
 *
 * @module
 */

import { percentile } from "./measure.ts";
import { hocuspocus, hocuspocusUnmerged } from "./server_hocuspocus.ts";
import { ours, oursDurable, oursRecording } from "./server_ours.ts";
import { shareDb } from "./server_sharedb.ts";
import {
  letter,
  lettersAfter,
  lineLength,
  type MeasuredServer,
  startText,
  type ThinClient,
  type Watcher,
} from "./thin_client.ts";

/** Those that `deno task bench server` measures beside each other, all with what they hold in memory. */
export const peersAndOurs: readonly MeasuredServer[] = [
  ours,
  oursRecording,
  shareDb,
  hocuspocus,
  hocuspocusUnmerged,
];

const servers: readonly MeasuredServer[] = [...peersAndOurs, oursDurable];

export interface Load {
  readonly server: string;
  readonly port: number;
  /** The server's process. */
  readonly pid: number;
  readonly clients: number;
  /** Changes a second for each client; 0 for a closed loop. */
  readonly rate: number;
  readonly warmUpMs: number;
  readonly windowMs: number;
}

/** Latencies in milliseconds. */
export interface Latency {
  readonly median: number;
  readonly p99: number;
  readonly most: number;
  readonly count: number;
}

export interface Outcome {
  /** How long was measured; rates below are by this. */
  readonly seconds: number;
  readonly acceptedPerSecond: number;
  readonly deliveriesPerSecond: number;
  /** Deliveries of the window as a share of what should have been due in it; open loop only. */
  readonly deliveredShare: number;
  /** Processor time of the server for 1,000 accepted changes. */
  readonly serverCpuPerThousand: number;
  /** Shares of one core: the server's process, and this one. */
  readonly serverCpu: number;
  readonly loadCpu: number;
  /** What everything else on this machine used of its cores: should be next to nothing. */
  readonly otherCpu: number;
  /** From a change's being made to its being decoded by another client. */
  readonly delivery: Latency;
  readonly acknowledgement: Latency;
  /** What was found wrong in the end with text and deliveries; "" if nothing. */
  readonly fault: string;
}

const drainMsMax = 5_000;
/** The unit of processor time in /proc. */
const ticksPerSecond = 100;
/** More clocks than this a second would be a load of their own. */
const samplesPerSecond = 40_000;

async function run(load: Load): Promise<Outcome> {
  const server = servers.find(({ name }) => name === load.server)!;
  const meter = new Meter(load);
  await server.prepare(load.port, startText(load.clients));
  for (let i = 0; i < load.clients; i++) meter.clients.push(await server.connect(load.port, i, meter));

  meter.start();
  await sleep(load.warmUpMs);
  const before = meter.reading();
  meter.recording = true;
  await sleep(load.windowMs);
  meter.recording = false;
  const after = meter.reading();
  meter.stop();

  const drained = await meter.drained();
  // Others may still be about to hear of what its author knows.
  if (drained) await sleep(300);
  const fault = drained ? meter.faultOf(await server.read(load.port)) : "not drained in 5 s";
  for (const client of meter.clients) client.close();

  const seconds = (after.ms - before.ms) / 1000;
  const serverCpu = (after.serverCpu - before.serverCpu) / seconds;
  const loadCpu = (after.loadCpu - before.loadCpu) / seconds;
  const accepted = after.accepted - before.accepted;
  const delivered = after.delivered - before.delivered;
  const due = load.clients * (load.clients - 1) * load.rate * seconds;
  return {
    seconds,
    acceptedPerSecond: accepted / seconds,
    deliveriesPerSecond: delivered / seconds,
    deliveredShare: load.rate === 0 ? 1 : delivered / due,
    serverCpuPerThousand: (after.serverCpu - before.serverCpu) / accepted * 1000,
    serverCpu,
    loadCpu,
    otherCpu: Math.max(0, (after.machineCpu - before.machineCpu) / seconds - serverCpu - loadCpu),
    delivery: latencyOf(meter.deliveryMs),
    acknowledgement: latencyOf(meter.acknowledgementMs),
    fault,
  };
}

class Meter implements Watcher {
  readonly clients: ThinClient[] = [];
  readonly deliveryMs: number[] = [];
  readonly acknowledgementMs: number[] = [];
  recording = false;
  readonly #load: Load;
  /** When each change was to be made, by author. */
  readonly #madeAtMs: number[][];
  /** Of each client: changes sent, and acknowledged. */
  readonly #sent: number[];
  readonly #acknowledged: number[];
  #accepted = 0;
  #delivered = 0;
  #stopped = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #sampleEvery: number;

  constructor(load: Load) {
    this.#load = load;
    this.#madeAtMs = Array.from({ length: load.clients }, () => []);
    this.#sent = new Array<number>(load.clients).fill(0);
    this.#acknowledged = new Array<number>(load.clients).fill(0);
    const due = load.clients * (load.clients - 1) * load.rate;
    this.#sampleEvery = load.rate === 0 ? 16 : Math.ceil(due / samplesPerSecond);
  }

  start(): void {
    if (this.#load.rate === 0) {
      for (let i = 0; i < this.clients.length; i++) this.#make(i, performance.now());
    } else this.#pace();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Resolves when nothing is under way any more; to false if that takes too long. */
  async drained(): Promise<boolean> {
    const late = performance.now() + drainMsMax;
    while (this.#acknowledged.some((count, i) => count < this.#madeAtMs[i]!.length)) {
      if (performance.now() > late) return false;
      await sleep(10);
    }
    return true;
  }

  reading(): Record<"ms" | "accepted" | "delivered" | "serverCpu" | "loadCpu" | "machineCpu", number> {
    return {
      ms: performance.now(),
      accepted: this.#accepted,
      delivered: this.#delivered,
      serverCpu: cpuSecondsOf(this.#load.pid),
      loadCpu: cpuSecondsOf(Deno.pid),
      machineCpu: cpuSecondsOfMachine(),
    };
  }

  acknowledged(client: number): void {
    this.#accepted++;
    const change = this.#acknowledged[client]!++;
    const now = performance.now();
    if (this.recording) this.acknowledgementMs.push(now - this.#madeAtMs[client]![change]!);
    if (this.#load.rate === 0) {
      if (!this.#stopped) this.#make(client, now);
    } else if (this.#sent[client]! < this.#madeAtMs[client]!.length) this.#send(client);
  }

  delivered(_client: number, author: number, change: number): void {
    this.#delivered++;
    if (!this.recording || change < 0 || this.#delivered % this.#sampleEvery !== 0) return;
    this.deliveryMs.push(performance.now() - this.#madeAtMs[author]![change]!);
  }

  failed(client: number, reason: string): void {
    console.error(`${this.#load.server}: client ${client} failed: ${reason}`);
    Deno.exit(1);
  }

  /** What is wrong with the document, or with the count of deliveries, once all has come to rest. */
  faultOf(text: string): string {
    const lines = text.split("\n");
    for (let i = 0; i < this.clients.length; i++) {
      const typed = lettersAfter(this.#acknowledged[i]!);
      const expected = "x".repeat(lineLength - 1) + letter.repeat(typed);
      if (lines[i] !== expected) {
        return `line ${i} has ${lines[i]?.length} characters and should have ${expected.length}`;
      }
    }
    const expected = this.#accepted * (this.clients.length - 1);
    return this.#delivered === expected ? "" : `${this.#delivered} deliveries of ${expected}`;
  }

  #make(client: number, nowMs: number): void {
    this.#madeAtMs[client]!.push(nowMs);
    const free = this.#sent[client]! === this.#acknowledged[client]!;
    if (free || this.clients[client]!.pipelines) this.#send(client);
  }

  #send(client: number): void {
    this.#sent[client]!++;
    this.clients[client]!.edit();
  }

  /** Makes what is due: clients take turns, evenly over time. */
  #pace(): void {
    const { clients, rate } = this.#load;
    const everyMs = 1000 / (clients * rate);
    const startMs = performance.now();
    let made = 0;
    const tick = () => {
      if (this.#stopped) return;
      for (;;) {
        const nowMs = performance.now();
        if (startMs + made * everyMs > nowMs) break;
        this.#make(made++ % clients, nowMs);
      }
      this.#timer = setTimeout(tick, 1);
    };
    tick();
  }
}

function latencyOf(samples: number[]): Latency {
  samples.sort((a, b) => a - b);
  return {
    median: percentile(samples, 0.5),
    p99: percentile(samples, 0.99),
    most: samples.at(-1) ?? NaN,
    count: samples.length,
  };
}

/** Processor time that a process and its threads have used, user and system together. */
export function cpuSecondsOf(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  // The name of the program, in brackets, may have spaces of its own.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Processor time that everybody has used: as user, with low priority, as system, for interrupts. */
export function cpuSecondsOfMachine(): number {
  const [, user, low, system, , , hard, soft] = Deno.readTextFileSync("/proc/stat").split("\n")[0]!.split(
    / +/,
  );
  return [user, low, system, hard, soft].reduce((sum, ticks) => sum + Number(ticks), 0) / ticksPerSecond;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

if (import.meta.main) {
  console.log(JSON.stringify(await run(JSON.parse(Deno.args[0]!) as Load)));
  Deno.exit(0);
}
