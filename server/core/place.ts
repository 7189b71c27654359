/**
 * Where somebody is in a text, carried along as entries come.
 *
 * @module
 */

import { type TextOp, transform, transformPosition } from "../../ot/mod.ts";
import type { Place } from "../../proto/mod.ts";
import { editIn, type Sequencer } from "./sequencer.ts";
import type { Session } from "./session.ts";

/**
 * A session's place moved on to the durable revision; undefined if there is nothing left that it could be in.
 *
 * Its positions count in what the author saw: the text at `place.revision` with its own change `place.seq`, which
 * may have come into the log after other entries. Those are first carried over to the author's side of it.
 */
export function settledPlace(
  sequencer: Sequencer,
  { site, submitted: own }: Session,
  place: Place,
): Place | undefined {
  const { workspace, revision: head } = sequencer.durable;
  if (place.revision > head || workspace.node(place.node)?.kind !== "text") return undefined;
  let op: TextOp | undefined;
  let since = place.revision, ownRevision = 0;
  if (own !== undefined && own.submission.seq === place.seq && own.revision > place.revision) {
    op = editIn(own.submission, place.node);
    ownRevision = own.revision;
    since = Math.min(since, own.submission.base);
  }
  if (since < sequencer.floor) return undefined;
  let { ranges } = place;
  for (const past of sequencer.editsSince(place.node, since)) {
    if (past.revision > head) break;
    if (past.revision === ownRevision) continue;
    if (past.revision < ownRevision && op !== undefined) {
      const lower = site < past.site;
      if (past.revision > place.revision) {
        ranges = moved(ranges, transform(past.op, op, lower ? "right" : "left"));
      }
      op = transform(op, past.op, lower ? "left" : "right");
    } else if (past.revision > place.revision) {
      ranges = moved(ranges, past.op);
    }
  }
  const { length } = workspace.text(place.node);
  ranges = ranges.map(({ anchor, head }) => ({
    anchor: Math.min(anchor, length),
    head: Math.min(head, length),
  }));
  return { node: place.node, revision: head, seq: place.seq, ranges };
}

function moved(ranges: Place["ranges"], op: TextOp): Place["ranges"] {
  return ranges.map(({ anchor, head }) => ({
    anchor: transformPosition(anchor, op, "left"),
    head: transformPosition(head, op, "left"),
  }));
}
