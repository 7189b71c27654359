/**
 * What people typed, exactly: in the place of deeds that say where in terms of what stands there by then.
 *
 * When one of them goes, the others are still meant for the text that they were made on, and are carried over what is
 * different: so later deeds do not come to mean something else. What stands in the text of such edits is noted again
 * as soon as something has gone.
 *
 * @module
 */

import type { Change } from "../ot/mod.ts";
import type { ClientHost } from "./client_host.ts";
import type { DeedMeaning } from "./judges/answers.ts";
import { filesOf } from "./person.ts";
import type { Deed, Scenario } from "./scenario.ts";
import { Simulation } from "./simulation.ts";

/** The scenario with all that is typed in one file as the edit that it comes to. */
export function withEdits(scenario: Scenario): Scenario {
  const notes = new Notes(scenario);
  notes.run();
  return { ...scenario, deeds: notes.deeds };
}

class Notes extends Simulation {
  readonly deeds: Deed[];

  constructor(scenario: Scenario) {
    super(scenario);
    this.deeds = [...scenario.deeds];
  }

  override changes(host: ClientHost, number: number, change: Change, how: DeedMeaning): void {
    super.changes(host, number, change, how);
    if (how.hasConditions) return;
    const { nowUs } = this.scheduler;
    const deeds = this.deeds.filter(({ atUs, client }) => atUs === nowUs && client === host.index);
    const [deed] = deeds, [edit] = change.edits;
    // Of two at one moment nobody knows which this is, and the others change more than one text.
    if (deeds.length !== 1 || change.steps.length > 0 || change.edits.length > 1 || edit === undefined) {
      return;
    }
    const { view } = host.core;
    const file = filesOf(view).indexOf(edit.node);
    const { atUs, client } = deed!;
    const was = view.text(edit.node).toString();
    this.deeds[this.deeds.indexOf(deed!)] = { atUs, client, do: "edit", file, op: edit.op, was };
  }
}
