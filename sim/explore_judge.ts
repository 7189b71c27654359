/**
 * What must be true of an explored world, at every moment and when all is quiet.
 *
 * @module
 */

import type { OwnChange } from "./explore_client.ts";
import type { Log } from "./explore_log.ts";
import { type ExploredWorld, people } from "./explore_world.ts";

/** What is wrong with the state that a world is in, however much is on its way; "" if nothing is. */
export function faultAtAnyTime(world: ExploredWorld): string {
  const { log } = world;
  if (log.fault !== "") return `the log is wrong: ${log.fault}`;
  for (let index = 0; index < world.clients; index++) {
    const { confirmed, revision } = world.client(index).look;
    if (confirmed < 0) continue;
    if (revision > log.length) {
      return `${people[index]} is at revision ${revision}, but the log has ${log.length} entries`;
    }
    const { portrait } = world.logs.at(log, revision);
    if (portrait !== confirmed) {
      return difference(world, `what ${people[index]} takes as revision ${revision}`, confirmed, portrait);
    }
  }
  return "";
}

/** What is wrong when everything has arrived and been answered; "" if nothing is. */
export function faultAtRest(world: ExploredWorld): string {
  const { log } = world;
  for (let index = 0; index < world.clients; index++) {
    const { look } = world.client(index), name = people[index]!;
    if (look.phase !== "online") return `all is quiet, but ${name} is ${look.phase}`;
    if (look.unsent > 0) {
      return `all is quiet, but ${name} has ${look.unsent} changes that were never answered`;
    }
    if (look.revision !== log.length) {
      return `all is quiet, but ${name} is at revision ${look.revision} of ${log.length}`;
    }
    if (look.view !== log.portrait) return difference(world, `what ${name} sees`, look.view, log.portrait);
  }
  return entriesFault(world, log) || lettersFault(world, log);
}

/** Every change is in the log once, each client's in the order in which they were made. */
function entriesFault(world: ExploredWorld, log: Log): string {
  const claimed = new Set<number>();
  for (let index = 0; index < world.clients; index++) {
    let last = 0;
    for (const { label, outcome } of world.client(index).facts.own) {
      if (outcome === "nothing") continue;
      const revision = Number(/^durable (\d+)$/.exec(outcome)?.[1]);
      if (!(revision >= last)) return `${people[index]} ${label}: ${outcome}, after revision ${last}`;
      last = revision;
      claimed.add(revision);
    }
  }
  const seqs = new Map<string, number>();
  for (const { revision, session, seq } of world.logs.since(log, world.firstRevision)) {
    if (!claimed.delete(revision)) return `nobody was told that revision ${revision} is theirs`;
    if (seq <= (seqs.get(session) ?? 0)) return `revision ${revision} has seq ${seq} of its session again`;
    seqs.set(session, seq);
  }
  for (const revision of claimed) return `revision ${revision} was acknowledged, and is not in the log`;
  return "";
}

/** Every letter that was typed is there, unless somebody who saw it took it away; and none that was not typed. */
function lettersFault(world: ExploredWorld, log: Log): string {
  const own: OwnChange[] = [];
  for (let index = 0; index < world.clients; index++) own.push(...world.client(index).facts.own);
  const lettersOf = (part: "typed" | "taken" | "broughtBack") => own.map((change) => change[part]).join("");
  const typed = world.logs.at(log, world.firstRevision).letters + lettersOf("typed");
  const taken = lettersOf("taken"), broughtBack = lettersOf("broughtBack");
  const present = log.letters, all = world.portraits.textOf(log.portrait);
  for (const letter of typed) {
    if (!present.includes(letter) && !taken.includes(letter)) {
      return `"${letter}" is gone, and nobody took it away:\n${all}`;
    }
  }
  for (const letter of present) {
    if (!typed.includes(letter)) return `"${letter}" is there, and nobody typed it:\n${all}`;
    // Two undos on their way at once may bring one back twice.
    if (present.indexOf(letter) !== present.lastIndexOf(letter) && !broughtBack.includes(letter)) {
      return `"${letter}" is there twice:\n${all}`;
    }
  }
  return "";
}

function difference(world: ExploredWorld, what: string, actual: number, expected: number): string {
  const indented = (number: number) => `    ${world.portraits.textOf(number).replaceAll("\n", "\n    ")}`;
  return `${what} is not what the log comes to\n  it is\n${indented(actual)}\n  by the log\n${
    indented(expected)
  }`;
}
