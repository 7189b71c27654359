/**
 * Own changes that are not acknowledged.
 *
 * @module
 */

import {
  type Change,
  compareIds,
  type Edit,
  faultOf,
  invert,
  type NodeId,
  opOn,
  overlap,
  type Step,
  utf8Length,
} from "../../ot/mod.ts";
import type { Condition } from "../../proto/mod.ts";
import type { Before } from "./resynchronisation.ts";
import type { GroupId } from "./grouping.ts";
import type { Level, Stack } from "./history.ts";
import type { ChangeNumber, Problem } from "./types.ts";

/** A change of the application, and the files that it edits. */
export interface Made {
  readonly number: ChangeNumber;
  readonly nodes: readonly NodeId[];
}

export interface Pending {
  /** The changes of the application that it is composed of. */
  made: Made[];
  /** Steps as they were meant; edits on the text before this change, carried over every entry since. */
  change: Change;
  /** What the steps come to in the view. */
  resolved: readonly Step[];
  readonly atomic: boolean;
  readonly group: GroupId;
  /** What it is a part of: all of a group are of one task. */
  readonly task?: string;
  /** What has to hold where it takes its place; then it is atomic. */
  conditions?: readonly Condition[];
  /** The levels of undo and redo that it will fill. */
  readonly level: { readonly stack: Stack; readonly level: Level } | undefined;
  /** About how long its frame is, in bytes. */
  bytes: number;
  /** The change that it takes back, which was itself pending then. */
  undoes: Pending | undefined;
  /** Why it does not fit what is confirmed, while it is in flight and the server has not said so. */
  problem: Problem | undefined;
  /**
   * Of a change in flight: edits of files that have gone out of sight since. The server will refuse them, and until then
   * they fit nothing; they are kept to be handed back.
   */
  lost?: readonly Edit[];
}

/** A change with all that belongs to it, as it is handed back. */
export function wholeOf({ change: { steps, edits }, lost }: Pending): Change {
  if (lost === undefined) return { steps, edits };
  return { steps, edits: [...edits, ...lost].sort((a, b) => compareIds(a.node, b.node)) };
}

/** What the application calls them. */
export function numbersOf({ made }: Pending): ChangeNumber[] {
  return made.map(({ number }) => number);
}

/**
 * Takes the edits of some files out of a change that is composed of several, so that the rest can go its way. What
 * the application did as one stays one: with one of its files go the others.
 *
 * @returns what is taken out, and what is left; undefined if nothing is, or nothing may be taken out.
 */
export function part(
  pending: Pending,
  nodes: readonly NodeId[],
): { readonly wrong: Pending; readonly right: Pending | undefined } {
  const whole = { wrong: pending, right: undefined };
  const { change, made } = pending;
  if (pending.atomic || change.steps.length > 0 || made.length < 2 || nodes.length === 0) return whole;
  const out = new Set(nodes);
  for (let size = 0; size < out.size;) {
    size = out.size;
    for (const { nodes } of made) {
      if (nodes.some((node) => out.has(node))) nodes.forEach((node) => out.add(node));
    }
  }
  const right = change.edits.filter(({ node }) => !out.has(node));
  if (right.length === 0) return whole;
  const of = (edits: readonly Edit[], isOut: boolean): Pending => ({
    ...pending,
    change: { steps: [], edits },
    made: made.filter(({ nodes }) => nodes.some((node) => out.has(node)) === isOut),
    level: isOut ? undefined : pending.level,
  });
  return { wrong: of(change.edits.filter(({ node }) => out.has(node)), true), right: of(right, false) };
}

/**
 * What a change that has not been sent depends on, once it is carried over an entry, which came to `edits` and made
 * `revision`: what has met nobody's edit so far, and does not meet these, is apart from all of them.
 */
export function conditionsAfter(
  { change, conditions = [] }: Pick<Pending, "change" | "conditions">,
  edits: readonly Edit[],
  revision: number,
): readonly Condition[] {
  return conditions.map((condition) => {
    if (condition.kind !== "apart" || condition.since !== revision - 1) return condition;
    const own = opOn(change.edits, condition.node) ?? [], other = opOn(edits, condition.node) ?? [];
    return overlap(own, other) ? condition : { ...condition, since: revision };
  });
}

/** At least as many bytes as the frame of a change has, with what goes with it. */
export function bytesOf(
  { steps, edits }: Change,
  { task = "", conditions = [] }: Pick<Pending, "task" | "conditions"> = {},
): number {
  let bytes = 64 + task.length * 3;
  for (const condition of conditions) {
    bytes += 32 + ("path" in condition ? condition.path.length * 3 : 0);
  }
  for (const step of steps) {
    bytes += 48 + ("name" in step ? step.name.length * 3 : 0) + ("content" in step ? 48 : 0);
  }
  for (const { op } of edits) {
    bytes += 24;
    for (const { insert } of op) bytes += 24 + utf8Length(insert);
  }
  return bytes;
}

/** What takes back those edits that fit `base`. */
export function inverseOf(edits: readonly Edit[], base: Before): readonly Edit[] {
  return edits.filter(({ node, op }) =>
    base.node(node) !== undefined && faultOf(op, base.text(node)) === undefined
  )
    .map(({ node, op }) => ({ node, op: invert(op, base.text(node)) }));
}
