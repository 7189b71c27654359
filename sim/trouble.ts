/**
 * Carries out what a scenario says that breaks.
 *
 * @module
 */

import type { ClientHost } from "./client_host.ts";
import type { SimulatedLog } from "./log.ts";
import type { Network } from "./network.ts";
import { type GrantPlan, type Trouble, whole } from "./scenario.ts";
import type { ServerHost } from "./server_host.ts";

/** All that can break, and the time in which it does. */
export interface Stage {
  readonly hosts: readonly ClientHost[];
  readonly servers: readonly ServerHost[];
  readonly network: Network;
  readonly log: SimulatedLog;
  readonly nowUs: number;
  /** Whether faults are over: those that come again and again end with that. */
  readonly isCalm: boolean;
  after(us: number, run: () => void): void;
  mark(name: string): void;
  /** A client will start again with work that it may have sent already. */
  comesAgain(host: ClientHost): void;
  /** The token of a client is taken back; if there are any, it is given one with these capabilities. */
  reissue(host: ClientHost, capabilities?: GrantPlan["capabilities"]): void;
  /** An administrator ends the connections of a client; somebody starts it again so long after it has ended. */
  kick(host: ClientHost, holdMs: number, downUs: number): void;
}

export function strike(trouble: Trouble, stage: Stage): void {
  const { hosts, servers, network, log, nowUs } = stage;
  const host = "client" in trouble ? hosts[trouble.client]! : undefined;
  const server = "server" in trouble ? servers[trouble.server % servers.length]! : undefined;
  const connection = host && network.of(host);
  switch (trouble.kind) {
    case "net.cut":
      return connection?.reset(trouble.up, trouble.down, whole);
    case "net.halfOpen":
      return connection?.forget(trouble.deaf);
    case "net.zombie":
      return connection?.haunt(nowUs + trouble.forUs);
    case "net.stall":
      return connection?.stall(trouble.way, nowUs + trouble.forUs);
    case "net.partition":
      for (const client of trouble.clients) network.part(hosts[client]!, trouble.way, nowUs + trouble.forUs);
      return;
    case "net.flap":
      for (let i = 0; i < trouble.times; i++) {
        stage.after(i * trouble.everyUs, () => {
          if (!stage.isCalm) network.of(host!)?.reset(whole, whole, whole);
        });
      }
      return;
    case "net.refuse":
      return network.refuse(nowUs + trouble.forUs);
    case "net.resetAll":
      for (const one of hosts) network.of(one)?.reset(whole, whole, whole);
      return;
    case "client.pause":
      return host!.pause(trouble.forUs);
    case "client.crash":
      return crashClient(host!, trouble.keeps ? "kept" : "nothing", trouble.downUs, stage);
    case "client.rollback":
      return crashClient(host!, "earlier", trouble.downUs, stage);
    case "client.clock":
      return host!.jump(trouble.byUs);
    case "client.leave":
      return host!.leave();
    case "client.kick":
      return stage.kick(host!, trouble.holdMs, trouble.downUs);
    case "token.revoke":
      return stage.reissue(host!);
    case "token.change":
      stage.reissue(host!, trouble.capabilities);
      return crashClient(host!, "kept", trouble.downUs, stage);
    case "client.visits":
      return visit(host!, trouble.times, trouble.everyUs, stage);
    case "server.crash":
      return server!.crashAfter(trouble.outputs, () => {
        if (trouble.power) crashAll(trouble.downUs, stage, trouble.torn);
        stage.after(trouble.downUs, () => server!.start());
      });
    case "server.pause":
      return server!.pause(trouble.forUs);
    case "server.stop":
      if (server!.state !== "up") return;
      server!.whenDown(() => {
        stage.mark("stopped gracefully");
        stage.after(trouble.downUs, () => server!.start());
      });
      return server!.stop();
    case "log.fail":
      return log.fail(trouble.count);
    case "log.doubt":
      return log.doubt(trouble.count);
    case "log.checkpoint":
      return log.failStates(trouble.count);
    case "log.slow":
      return log.slow(trouble.forUs);
    case "log.full":
      return log.fill(trouble.forUs);
    case "disk.flip":
      crashAll(trouble.downUs, stage);
      log.flip();
      return stage.after(trouble.repairUs, () => log.repair());
    case "log.backup":
      crashAll(trouble.downUs, stage);
      return log.rollBack(trouble.keep, 8);
  }
}

/** Starts a client again with what its store holds, if it is down. */
export function restart(host: ClientHost): void {
  if (host.state === "down") host.start(host.kept);
}

/** A client has been sent away, with what it had not sent: somebody starts it again when it may come. */
export function startAgain(host: ClientHost, downUs: number, stage: Stage): void {
  crashClient(host, "kept", downUs, stage);
}

/** All servers that share a disk are on the machine that loses its power. */
function crashAll(downUs: number, stage: Stage, torn?: number): void {
  for (const server of stage.servers) {
    server.crashAfter(0, () => stage.after(downUs, () => server.start()));
  }
  stage.log.cutPower(torn);
}

function crashClient(
  host: ClientHost,
  what: "kept" | "nothing" | "earlier",
  downUs: number,
  stage: Stage,
): void {
  if (host.state !== "up") return;
  host.crash();
  if (what === "nothing") host.kept = undefined;
  if (what === "earlier") {
    host.kept = host.keptEarlier;
    stage.comesAgain(host);
  }
  stage.after(downUs, () => restart(host));
}

function visit(host: ClientHost, times: number, everyUs: number, stage: Stage): void {
  for (let i = 0; i < times; i++) {
    stage.after(i * everyUs, () => {
      if (stage.isCalm || host.state !== "up" || host.core.unsentCount > 0) return;
      host.leave();
      host.state = "down";
      host.kept = undefined;
      stage.after(everyUs >> 1, () => restart(host));
    });
  }
}
