/**
 * What stories on a world that is driven by hand are told with.
 *
 * @module
 */

import type { Change } from "../../ot/mod.ts";
import type { World, WorldClient } from "../../sim/world.ts";

/** Makes a change; its number. */
export function change(world: World, client: WorldClient, what: Change): number {
  const number = client.core.nextNumber;
  world.tell(client, { kind: "change", change: what, atomic: false });
  return number;
}

/** What a file says as a client sees it. */
export function read({ core }: WorldClient, path = "f.txt"): string {
  return core.view.text(core.view.find(path)!.id).toString();
}

/** What has become of a change, each time that it was told. */
export function outcomes({ events }: WorldClient, number: number): string[] {
  return events.flatMap((event) =>
    event.kind === "settled" && event.changes.includes(number)
      ? [event.outcome.kind === "refused" ? event.outcome.problem.code : event.outcome.kind]
      : []
  );
}
