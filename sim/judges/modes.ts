/**
 * Whether files can be executed: what was said last holds, whatever else was done, in whatever order it came.
 *
 * @module
 */

import type { NodeId } from "../../ot/mod.ts";
import type { LogEntry } from "../../server/core/mod.ts";
import { Failure } from "./failure.ts";
import { idIn, numberOf, partsOf } from "./fields.ts";
import type { Reference } from "./reference.ts";

/** Of files, whether somebody said that they can be executed. */
export type Modes = ReadonlyMap<NodeId, boolean>;

export const noModes: Modes = new Map();

/** What a submission says last of each file. */
export function modesIn(operation: Uint8Array): Modes {
  const modes = new Map<NodeId, boolean>();
  for (const change of partsOf(operation, 3)) {
    for (const step of partsOf(change, 1)) {
      for (const mode of partsOf(step, 9)) modes.set(idIn(step, 1), numberOf(mode, 1) === 1);
    }
  }
  return modes.size === 0 ? noModes : modes;
}

/** After an entry, files are as executable as its author said. */
export function judgeModes({ revision }: LogEntry, modes: Modes, reference: Reference): void {
  for (const [node, executable] of modes) {
    if (reference.node(node)?.executable === executable) continue;
    throw new Failure("tree", "a file is not as executable as was said last", node, revision);
  }
}
