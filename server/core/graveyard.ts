/**
 * What is removed, and what of that may be forgotten.
 *
 *     removed ──► hidden, with all that is in it; restored at any time ──► forgotten: gone for good
 *
 * A node is forgotten once it has been removed for as long as the settings say, and no change can be made on a
 * revision at which it was still there: so nobody who follows the log is taken by surprise but by work that is older
 * than that. Where a change finds no room, the oldest removals make some, however new they are. What goes is said in an
 * entry of the server's own, so that all who read the log forget the same.
 *
 * @module
 */

import { compareIds, type NodeId, rootId, type Step, type Workspace } from "../../ot/mod.ts";
import type { LogEntry, Removal, State } from "./state.ts";

/** What a change lacks: nodes, and UTF-16 code units of text. */
export interface Lack {
  readonly nodes: number;
  readonly length: number;
}

/** What may be picked. */
export interface Choice {
  /** Only what was removed up to this revision. */
  readonly floor: number;
  /** All that was removed up to this time, in milliseconds since 1970, */
  readonly untilMs: number;
  /** and then, the oldest first, until this much room is made. */
  readonly lack: Lack | undefined;
}

/** So many at most are picked for one entry. */
const pickedMax = 10_000;

/** The nodes that are removed themselves in a state, in the order in which they were. */
export class Graveyard {
  readonly #graves = new Map<NodeId, Removal>();

  constructor({ removals }: State) {
    const graves = [...removals].sort(([a, one], [b, two]) =>
      one.revision - two.revision || compareIds(a, b)
    );
    for (const [node, removal] of graves) this.#graves.set(node, removal);
  }

  /** Follows an entry of the log. */
  follow({ revision, time, change: { steps } }: LogEntry): void {
    for (const { kind, node } of steps) {
      if (kind !== "remove" && kind !== "restore" && kind !== "forget") continue;
      this.#graves.delete(node);
      if (kind === "remove") this.#graves.set(node, { revision, time });
    }
  }

  /** The oldest removal. */
  get oldest(): Removal | undefined {
    return this.#graves.values().next().value;
  }

  /** The steps that forget, in `workspace`, what may be picked: sorted by id. */
  pick(workspace: Workspace, { floor, untilMs, lack }: Choice): Step[] {
    const picked = new Set<NodeId>();
    let { nodes, length } = lack ?? { nodes: 0, length: 0 };
    for (const [node, { revision, time }] of this.#graves) {
      if (revision > floor || picked.size === pickedMax) break;
      if (time > untilMs && nodes <= 0 && length <= 0) break;
      picked.add(node);
      if (lack === undefined) continue;
      for (const id of workspace.within(node)) {
        nodes--;
        length -= workspace.text(id).length;
      }
    }
    return [...this.#withAllWithin(workspace, picked)].sort(compareIds)
      .map((node) => ({ kind: "forget", node }));
  }

  /** What was removed by itself in something that goes is not under its names any more, and goes with it. */
  #withAllWithin(workspace: Workspace, picked: ReadonlySet<NodeId>): Set<NodeId> {
    const going = new Set(picked), staying = new Set([rootId]);
    for (const node of picked.size === 0 ? [] : this.#graves.keys()) {
      const way: NodeId[] = [];
      let id = node;
      for (; !going.has(id) && !staying.has(id); id = workspace.node(id)!.parent) way.push(id);
      // Directories on the way are noted as well, so that none is climbed from twice.
      for (const one of way) (going.has(id) ? going : staying).add(one);
    }
    return new Set([...going].filter((id) => this.#graves.has(id)));
  }
}
