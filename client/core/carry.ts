/**
 * Carrying edits of the confirmed workspace down through what is pending, and that over them.
 *
 * A change that was taken back while it was pending, and what takes it back, are nothing together, before and after:
 * where others have deleted the same, there is nothing to bring back. So the second is derived from the first, again
 * each time; else the levels of undo below the two would no longer fit.
 *
 * @module
 */

import {
  type Edit,
  faultOf,
  invert,
  type NodeId,
  opOn,
  type Side,
  Text,
  transformEdits,
  type Workspace,
} from "../../ot/mod.ts";
import { type Undoing, undoingOf } from "./history.ts";
import { withWhatFits } from "./layout.ts";
import type { Pending } from "./pending.ts";

/**
 * Carries `edits`, which the confirmed workspace has already, down through what is pending; gives what they come to in
 * the view.
 *
 * @param confirmed undefined if it is not known: then nothing that is pending takes back another.
 * @param side of own insertions at the same place.
 * @param meet sees each pending change with the edits as they are to it; what it gives takes their place behind it.
 */
export function carry(
  pending: readonly Pending[],
  confirmed: Workspace | undefined,
  edits: readonly Edit[],
  side: Side,
  meet: (one: Pending, edits: readonly Edit[]) => readonly Edit[] | undefined,
): readonly Edit[] {
  // Who only reads has nothing pending, and is the one who hears most.
  if (pending.length === 0) return edits;
  const undone = new Map<Pending, readonly Edit[]>();
  for (const { undoes } of pending) if (undoes !== undefined) undone.set(undoes, edits);
  pending.forEach((one, place) => {
    const instead = meet(one, edits);
    const { change: { steps, edits: own }, undoes } = one;
    if (undone.has(one)) undone.set(one, edits);
    if (instead !== undefined) {
      edits = instead;
      return;
    }
    const inverse = undoes !== undefined && pending.includes(undoes)
      ? inverseOfPending(pending, confirmed!, undoes, place)
      : undefined;
    if (inverse !== undefined) {
      one.change = { steps, edits: inverse };
      edits = undone.get(undoes!)!;
    } else if (own.length > 0 && edits.length > 0) {
      const carried = transformEdits(own, edits, side);
      edits = transformEdits(edits, own, side === "left" ? "right" : "left");
      if (carried !== own) one.change = { steps, edits: carried };
    }
  });
  return edits;
}

/** What takes back a change that is pending, for who stands behind all that is. */
export function undoingOfPending(pending: readonly Pending[], confirmed: Workspace, taken: Pending): Undoing {
  let base = confirmed;
  for (const one of pending.slice(0, pending.indexOf(taken))) base = withWhatFits(base, one);
  const { inverses } = undoingOf(taken.resolved, [], base);
  return { edits: inverseOfPending(pending, confirmed, taken, pending.length) ?? [], inverses };
}

/**
 * The edits that take back those of `taken`, for who stands at `place` among what is pending. What has been done and
 * taken back in between is nothing, and is passed over: so the two are nothing as well. Undefined if it is of files that
 * are not there any more: it will be left out, with what takes it back.
 */
function inverseOfPending(
  pending: readonly Pending[],
  confirmed: Workspace,
  taken: Pending,
  place: number,
): readonly Edit[] | undefined {
  const at = pending.indexOf(taken);
  const before = pending.slice(0, at), between = pending.slice(at + 1, place);
  const undone = new Set(between.map(({ undoes }) => undoes));
  const inverse: Edit[] = [];
  for (const { node, op } of taken.change.edits) {
    const text = textBehind(before, confirmed, node);
    if (text === undefined || faultOf(op, text) !== undefined) return undefined;
    inverse.push({ node, op: invert(op, text) });
  }
  let edits: readonly Edit[] = inverse;
  for (const one of between) {
    if (!isNothing(one, between, undone)) edits = transformEdits(edits, one.change.edits, "left");
  }
  return edits;
}

/** Whether a change among others was taken back by one of them, or takes one of them back. */
function isNothing(
  one: Pending,
  others: readonly Pending[],
  undone: ReadonlySet<Pending | undefined>,
): boolean {
  return undone.has(one) || (one.undoes !== undefined && others.includes(one.undoes));
}

/**
 * After a refusal: where something that counts stands between a change and what takes it back, the two are no longer
 * nothing together. They are changes like any other from then on.
 */
export function unpair(pending: readonly Pending[]): void {
  for (const [place, one] of pending.entries()) {
    if (one.undoes === undefined) continue;
    const between = pending.slice(pending.indexOf(one.undoes) + 1, place);
    const undone = new Set(between.map(({ undoes }) => undoes));
    const counts = between.some((other) =>
      other.change.edits.length > 0 && !isNothing(other, between, undone)
    );
    if (counts) one.undoes = undefined;
  }
}

/** The text of a file behind some pending changes; undefined if one of them does not fit. */
function textBehind(pending: readonly Pending[], confirmed: Workspace, node: NodeId): Text | undefined {
  let text = confirmed.node(node) === undefined ? Text.empty : confirmed.text(node);
  for (const { change } of pending) {
    const op = opOn(change.edits, node) ?? [];
    if (faultOf(op, text) !== undefined) return undefined;
    text = text.apply(op);
  }
  return text;
}
