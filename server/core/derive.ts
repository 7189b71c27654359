/**
 * What a change comes to at a place in the order: a function of the change as it was meant, the workspace before it, and
 * the edits since its base. The sequencer makes entries by it, and whoever verifies a log derives them again.
 *
 * Its edits are transformed over those since, file by file; its tree steps are resolved against the workspace.
 *
 * @module
 */

import {
  type Change,
  type Edit,
  faultOf,
  type NodeId,
  type Notice,
  resolve,
  type Step,
  Text,
  type TextOp,
  transform,
  type Workspace,
} from "../../ot/mod.ts";
import type { RefusalCode } from "../../proto/mod.ts";

/** One edit in a file's history. */
export interface PastEdit {
  readonly revision: number;
  readonly site: number;
  readonly op: TextOp;
}

/** A change as its author meant it. */
export interface Meant {
  readonly site: number;
  /** The revision it was made on. */
  readonly base: number;
  readonly change: Change;
}

/** Where a change takes its place. */
export interface Ground {
  /** What there is before it. */
  readonly workspace: Workspace;
  /** The highest counter that its author has used in an id. */
  readonly counter: number;
  /** The edits of a file by the entries after a revision, oldest first. */
  editsSince(node: NodeId, revision: number): readonly PastEdit[];
}

/** What is looked at on the way, each where it is known; what one of them gives is why the change is refused. */
export interface Checks<Refusal> {
  /** The steps as they are resolved, and the nodes that they create. */
  steps(steps: readonly Step[], created: ReadonlySet<NodeId>): Refusal | undefined;
  /** An edit that fits the text it is about. */
  edit(node: NodeId, op: TextOp, text: Text): Refusal | undefined;
}

/** What a change comes to, or why it cannot be. */
export type Derivation<Refusal> =
  | { readonly kind: "derived"; readonly change: Change; readonly notices: readonly Notice[] }
  | {
    readonly kind: "fault";
    readonly fault: RefusalCode;
    readonly node: NodeId;
    readonly message: string | undefined;
  }
  | { readonly kind: "refused"; readonly refusal: Refusal };

export function derive<Refusal = never>(
  { site, base, change }: Meant,
  { workspace, counter, editsSince }: Ground,
  checks?: Checks<Refusal>,
): Derivation<Refusal> {
  const fault = (fault: RefusalCode, node: NodeId, message?: string) =>
    ({ kind: "fault", fault, node, message }) as const;

  const resolution = resolve(change.steps, workspace, { site, counter });
  if ("fault" in resolution) return fault(resolution.fault, resolution.node, resolution.message);
  const created = new Set<NodeId>();
  for (const step of resolution.steps) if (step.kind === "create") created.add(step.node);
  const refusal = checks?.steps(resolution.steps, created);
  if (refusal !== undefined) return { kind: "refused", refusal };

  const edits: Edit[] = [];
  for (const { node, op: meant } of change.edits) {
    let text = Text.empty;
    if (!created.has(node)) {
      const kind = workspace.node(node)?.kind;
      if (kind === undefined) return fault("unknown_node", node);
      if (kind !== "text") return fault("not_a_file", node);
      text = workspace.text(node);
    } else if (
      change.steps.some((step) => step.kind === "create" && step.node === node && step.type !== "text")
    ) {
      return fault("not_a_file", node);
    }
    let op = meant;
    for (const past of editsSince(node, base)) op = carried(op, past, site);
    const wrong = faultOf(op, text);
    if (wrong !== undefined) return fault(wrong, node);
    const refusal = checks?.edit(node, op, text);
    if (refusal !== undefined) return { kind: "refused", refusal };
    if (op.length > 0) edits.push({ node, op });
  }
  return { kind: "derived", change: { steps: resolution.steps, edits }, notices: resolution.notices };
}

/** An operation of a site, carried over an edit in the file's history. */
export function carried(op: TextOp, past: PastEdit, site: number): TextOp {
  // Of two insertions at one place the lower site stays left; on one site, the earlier entry.
  return transform(op, past.op, site < past.site ? "left" : "right");
}
