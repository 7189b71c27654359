/**
 * Laying what is pending over the confirmed workspace: that gives the view.
 *
 * What no longer fits is left out, and refused here: the server would refuse it as well. Only of a change in
 * flight nobody but the server can say what becomes of it: until then it stays as far as it fits, since what comes
 * after it was made on that.
 *
 * @module
 */

import {
  type Edit,
  faultOf,
  type NodeId,
  normalizeEdits,
  resolve,
  type Step,
  Text,
  transformEdits,
  type Workspace,
} from "../../ot/mod.ts";
import { codes } from "../../proto/mod.ts";
import { inverseOf, part, type Pending } from "./pending.ts";
import type { Problem } from "./types.ts";

/** What was removed has been forgotten meanwhile. */
export const nodeForgotten: Problem = { code: "node_forgotten", message: codes.node_forgotten.text };

export interface Layout {
  readonly view: Workspace;
  /** Whether all of it fits. */
  readonly isWhole: boolean;
  readonly kept: Pending[];
  readonly refused: readonly { readonly pending: Pending; readonly problem: Problem }[];
}

/** What takes back a change that no longer fits: the ones after it were made on the text with it. */
interface Loss {
  readonly of: Pending;
  readonly nodes: ReadonlySet<NodeId>;
  inverse: readonly Edit[];
  /** What the inverse was before those that are taken back later. */
  readonly before: Map<Pending, readonly Edit[]>;
}

/** Lays `pending`, of which the first may be in flight, over `confirmed`: all of it is resolved anew. */
export function layOut(
  pending: readonly Pending[],
  confirmed: Workspace,
  { site, isInFlight, wasThere }: {
    readonly site: number;
    readonly isInFlight: boolean;
    /** Whether the confirmed workspace had a node before: if it is not there any more, it is forgotten. */
    readonly wasThere: (id: NodeId) => boolean;
  },
): Layout {
  let view = confirmed, isWhole = true;
  const kept: Pending[] = [], refused: { pending: Pending; problem: Problem }[] = [];
  const losses: Loss[] = [], undone = new Set(pending.map(({ undoes }) => undoes));
  for (const one of pending) {
    const undoes = losses.find(({ of }) => of === one.undoes);
    // What took back one that is lost has nothing left to do.
    if (undoes !== undefined) {
      const { steps, edits } = one.change;
      one.change = { steps, edits: edits.filter(({ node }) => !undoes.nodes.has(node)) };
    }
    for (const loss of losses) {
      if (undone.has(one)) loss.before.set(one, loss.inverse);
      const { steps, edits } = one.change;
      one.change = { steps, edits: transformEdits(edits, loss.inverse, "right") };
      loss.inverse = transformEdits(loss.inverse, edits, "left");
    }
    if (undoes !== undefined) passOver(undoes, losses);
    const resolution = resolve(one.change.steps, view, { site, counter: 0 });
    one.resolved = "fault" in resolution ? [] : resolution.steps;
    if (!("fault" in resolution) && fits(one.change.edits, view, one.resolved)) {
      one.problem = undefined;
      view = view.apply({ steps: one.resolved, edits: one.change.edits });
      kept.push(one);
      continue;
    }
    isWhole = false;
    const unfit = one.change.edits.filter((edit) => !fits([edit], view, [])).map(({ node }) => node);
    const problem = "fault" in resolution
      ? { code: resolution.fault, message: resolution.message }
      : { code: "unknown_node", message: codes.unknown_node.text };
    const missing = "fault" in resolution ? [resolution.node] : unfit;
    const isForgotten = problem.code === "unknown_node" && missing.some(wasThere);
    // What was made in a change that does not fit is missing for the same reason.
    const cause = pending.find(({ problem, change: { steps } }) =>
      problem !== undefined && steps.some(({ kind, node }) => kind === "create" && missing.includes(node))
    );
    one.problem ??= isForgotten ? nodeForgotten : cause?.problem ?? problem;
    if (isInFlight && one === pending[0]) {
      view = withWhatFits(view, one);
      kept.push(one);
      continue;
    }
    const { wrong, right } = part(one, unfit);
    const nodes = new Set(wrong.change.edits.map(({ node }) => node));
    losses.push({ of: one, nodes, inverse: inverseOf(wrong.change.edits, view), before: new Map() });
    refused.push({ pending: wrong, problem: one.problem });
    if (right === undefined) continue;
    view = view.apply(right.change);
    kept.push(right);
  }
  return { view, isWhole, kept, refused };
}

/**
 * Behind a change that is lost and what took it back nothing is lost of the two, and of others what was before them: they
 * were nothing together.
 */
function passOver(pair: Loss, losses: readonly Loss[]): void {
  pair.inverse = [];
  for (const loss of losses) {
    const before = loss.before.get(pair.of);
    if (before === undefined) continue;
    loss.inverse = normalizeEdits([
      ...before.filter(({ node }) => pair.nodes.has(node)),
      ...loss.inverse.filter(({ node }) => !pair.nodes.has(node)),
    ]);
  }
}

/** A workspace with a pending change, or with those of its edits that fit. */
export function withWhatFits(workspace: Workspace, { resolved, change: { edits } }: Pending): Workspace {
  if (fits(edits, workspace, resolved)) return workspace.apply({ steps: resolved, edits });
  return workspace.apply({ steps: [], edits: edits.filter((edit) => fits([edit], workspace, [])) });
}

/** Whether the edits are of files that are there, by way of `steps` perhaps, and within their texts. */
function fits(edits: readonly Edit[], view: Workspace, steps: readonly Step[]): boolean {
  return edits.every(({ node, op }) => {
    const kind = view.node(node)?.kind;
    if (kind === undefined) {
      return steps.some((step) => step.kind === "create" && step.node === node && step.type === "text") &&
        faultOf(op, Text.empty) === undefined;
    }
    return kind === "text" && faultOf(op, view.text(node)) === undefined;
  });
}
