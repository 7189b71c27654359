/**
 * Tree steps, compared and renumbered.
 *
 * @module
 */

import { type NodeId, sameContent, type Step } from "../../ot/mod.ts";

/** The same step under other ids, which `now` gives for the present ones. */
export function renumberedStep(step: Step, now: (id: NodeId) => NodeId): Step {
  const node = now(step.node);
  switch (step.kind) {
    case "create":
    case "move":
      return { ...step, node, parent: now(step.parent) };
    case "rename":
    case "forget":
      return { ...step, node };
    case "remove":
      return { ...step, node, tombstone: now(step.tombstone) };
    case "restore":
      return step.tombstone === undefined
        ? { ...step, node }
        : { ...step, node, tombstone: now(step.tombstone) };
    case "replace":
    case "mode":
      return { ...step, node };
  }
}

/** Whether both lists do the same. */
export function sameSteps(a: readonly Step[], b: readonly Step[]): boolean {
  return a === b || (a.length === b.length && a.every((step, i) => sameStep(step, b[i]!)));
}

function sameStep(a: Step, b: Step): boolean {
  if (a.kind !== b.kind || a.node !== b.node) return false;
  switch (a.kind) {
    case "create":
      return b.kind === "create" && a.parent === b.parent && a.name === b.name && a.type === b.type &&
        sameContent(a.content, b.content) && a.executable === b.executable;
    case "move":
      return b.kind === "move" && a.parent === b.parent;
    case "rename":
      return b.kind === "rename" && a.name === b.name;
    case "forget":
      return true;
    case "remove":
    case "restore":
      return (b.kind === "remove" || b.kind === "restore") && a.tombstone === b.tombstone;
    case "replace":
      return b.kind === "replace" && sameContent(a.content, b.content);
    case "mode":
      return b.kind === "mode" && a.executable === b.executable;
  }
}
