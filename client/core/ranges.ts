/**
 * Positions of cursors, carried along with the text.
 *
 * @module
 */

import { type TextOp, transformPosition } from "../../ot/mod.ts";
import type { Range } from "../../proto/mod.ts";

/** `ranges` as they are after `op`. A cursor stays before what others insert where it stands. */
export function moved(ranges: readonly Range[], op: TextOp): readonly Range[] {
  return ranges.map(({ anchor, head }) => ({
    anchor: transformPosition(anchor, op, "left"),
    head: transformPosition(head, op, "left"),
  }));
}
