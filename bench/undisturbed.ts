/**
 * Server processes to measure, and measurements in which the machine did little else.
 *
 * @module
 */

import type { Load, Outcome } from "./load.ts";
import type { MeasuredServer } from "./thin_client.ts";

/** What else may go on at the machine, in cores, without being mentioned. */
export const otherCpuMax = 0.15;

/** A server in a process of its own. */
export interface Serving {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts a server, and resolves when it listens. */
export async function serve(argumentsFor: (port: number) => string[]): Promise<Serving> {
  const port = freePort();
  const process = new Deno.Command(Deno.execPath(), {
    args: argumentsFor(port),
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const stop = async () => {
    try {
      process.kill("SIGKILL");
    } catch {
      // It is gone already.
    }
    await process.status;
    await process.stdout.cancel().catch(() => {});
  };
  const lines = process.stdout.getReader();
  const { done } = await lines.read();
  lines.releaseLock();
  if (done) {
    await stop();
    throw new Error("the server did not start");
  }
  return { port, pid: process.pid, stop };
}

/** What is asked of a server: so many clients, so many changes a second each, for so long. */
export type Conditions = Pick<Load, "clients" | "rate" | "windowMs">;

/** A measurement during which the machine did little else, or the best of three tries at that; or why there is none. */
export async function undisturbed(
  server: MeasuredServer,
  conditions: Conditions,
  quick: boolean,
): Promise<Outcome | string> {
  let best = await measured(server, conditions, quick);
  for (let tries = 1; tries < 3; tries++) {
    if (quick || typeof best === "string" || best.otherCpu <= otherCpuMax) break;
    const next = await measured(server, conditions, quick);
    if (typeof next === "string") return next;
    if (next.otherCpu < best.otherCpu) best = next;
  }
  return best;
}

async function measured(
  server: MeasuredServer,
  { clients, rate, windowMs }: Conditions,
  quick: boolean,
): Promise<Outcome | string> {
  let serving: Serving | undefined;
  try {
    serving = await serve(server.argumentsFor);
    const load: Load = {
      server: server.name,
      port: serving.port,
      pid: serving.pid,
      clients,
      rate,
      warmUpMs: quick ? 300 : 1_500,
      windowMs: quick ? 1_000 : windowMs,
    };
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", new URL("load.ts", import.meta.url).pathname, JSON.stringify(load)],
    }).output();
    if (!success) return `the load failed: ${new TextDecoder().decode(stderr).trim().split("\n")[0]}`;
    return JSON.parse(new TextDecoder().decode(stdout)) as Outcome;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await serving?.stop();
    server.tidy?.();
  }
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}
