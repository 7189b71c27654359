/**
 * What is simpler than a fault: a connection that is cut, a crash in the place of something longer, the same for a
 * shorter time.
 *
 * @module
 */

import { numbersTowards, simplerTimes } from "./minimise_proposals.ts";
import { type Fault, type Trouble, whole } from "./scenario.ts";

/** All that is on its way still arrives. */
const cut = (client: number): Trouble => ({ kind: "net.cut", client, up: whole, down: whole });

export function* simplerFaults({ atUs, ...trouble }: Fault): Generator<Fault> {
  for (const simpler of simplerKinds(trouble)) yield { atUs, ...simpler };
  for (const simpler of simplerTroubles(trouble)) yield { atUs, ...simpler };
}

/** Each kind leads to kinds that are further down: a crash, a stall, a cut. */
function* simplerKinds(trouble: Trouble): Generator<Trouble> {
  switch (trouble.kind) {
    case "client.rollback":
      yield cut(trouble.client);
      yield { kind: "client.crash", client: trouble.client, keeps: true, downUs: trouble.downUs };
      return;
    case "client.visits":
      yield cut(trouble.client);
      yield { kind: "client.leave", client: trouble.client };
      return;
    case "net.partition": {
      const [client] = trouble.clients;
      if (client === undefined) return;
      yield cut(client);
      yield { kind: "net.stall", client, way: trouble.way, forUs: trouble.forUs };
      return;
    }
    case "disk.flip":
    case "log.backup":
    case "server.stop":
      yield { kind: "server.crash", server: 0, outputs: 0, power: false, downUs: trouble.downUs };
      return;
    case "net.resetAll":
      yield cut(0);
      return;
    case "net.cut":
    case "server.crash":
      return;
    default:
      if ("client" in trouble) yield cut(trouble.client);
  }
}

function* simplerTroubles(trouble: Trouble): Generator<Trouble> {
  if (trouble.kind === "net.cut") {
    for (const up of simplerParts(trouble.up)) yield { ...trouble, up };
    for (const down of simplerParts(trouble.down)) yield { ...trouble, down };
  }
  if (trouble.kind === "net.partition" && trouble.clients.length > 1) {
    for (let index = trouble.clients.length - 1; index >= 0; index--) {
      yield { ...trouble, clients: trouble.clients.toSpliced(index, 1) };
    }
  }
  if ("way" in trouble && trouble.way !== "both") yield { ...trouble, way: "both" };
  if ("keeps" in trouble && !trouble.keeps) yield { ...trouble, keeps: true };
  if ("power" in trouble && trouble.power) yield { ...trouble, power: false };
  if ("times" in trouble) {
    for (const times of numbersTowards(1, trouble.times)) {
      yield { ...trouble, times };
    }
  }
  if ("count" in trouble) {
    for (const count of numbersTowards(1, trouble.count)) {
      yield { ...trouble, count };
    }
  }
  if ("outputs" in trouble) {
    for (const outputs of numbersTowards(0, trouble.outputs)) yield { ...trouble, outputs };
  }
  if ("keep" in trouble) { for (const keep of numbersTowards(0, trouble.keep)) yield { ...trouble, keep }; }
  if ("forUs" in trouble) { for (const forUs of simplerTimes(trouble.forUs)) yield { ...trouble, forUs }; }
  if ("downUs" in trouble) {
    for (const downUs of simplerTimes(trouble.downUs)) {
      yield { ...trouble, downUs };
    }
  }
  if ("repairUs" in trouble) {
    for (const repairUs of simplerTimes(trouble.repairUs)) yield { ...trouble, repairUs };
  }
  if ("everyUs" in trouble) {
    for (const everyUs of simplerTimes(trouble.everyUs)) yield { ...trouble, everyUs };
  }
  if ("byUs" in trouble) { for (const byUs of simplerTimes(trouble.byUs)) yield { ...trouble, byUs }; }
}

/** All arrives, or nothing does. */
function simplerParts(part: number): readonly number[] {
  return part === whole ? [] : part === 0 ? [whole] : [whole, 0];
}
