/**
 * Where somebody is in a text, carried along as entries come.
 *
 * @module
 */

import { type TextOp, transform, transformPosition } from "../../ot/mod.ts";
import type { Place } from "../../proto/mod.ts";
import { editIn, type Sequencer } from "./sequencer.ts";
import type { Session, Settled } from "./session.ts";

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
  const since = sinceOf(own, place);
  if (since < sequencer.floor) return undefined;
  let op: TextOp | undefined, ownRevision = 0, { ranges } = place;
  if (isBeforeOwn(own, place)) {
    op = editIn(own.submission, place.node);
    ownRevision = own.revision;
  }
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

/** Whether a place can be anywhere, and the history is gone that would say where: its author is to say it anew. */
export function isOutOfReach(sequencer: Sequencer, { submitted }: Session, place: Place): boolean {
  const { workspace } = sequencer.durable;
  return workspace.node(place.node)?.kind === "text" && sinceOf(submitted, place) < sequencer.floor;
}

/** The revision after which entries say where a place has come to. */
function sinceOf(own: Session["submitted"], place: Place): number {
  return isBeforeOwn(own, place) ? Math.min(place.revision, own.submission.base) : place.revision;
}

/** Whether a place is said with its author's last change, which came into the log after what he had seen. */
function isBeforeOwn(own: Session["submitted"], { revision, seq }: Place): own is Settled {
  return own !== undefined && own.submission.seq === seq && own.revision > revision;
}

function moved(ranges: Place["ranges"], op: TextOp): Place["ranges"] {
  return ranges.map(({ anchor, head }) => ({
    anchor: transformPosition(anchor, op, "left"),
    head: transformPosition(head, op, "left"),
  }));
}
