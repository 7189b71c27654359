/**
 * Whether what a change depends on holds, on the workspace that it is about to be applied to.
 *
 * What has happened to a node is known as far back as history is kept: of what is older nobody can say that it has not
 * changed, so such a condition does not hold.
 *
 * @module
 */

import { nameFault, type NodeId, rootId, type Workspace } from "../../ot/mod.ts";
import type { Condition } from "../../proto/mod.ts";

/** What conditions are held against. */
export interface Ground {
  readonly workspace: Workspace;
  /** The oldest revision since which all is known. */
  readonly floor: number;
  /** The newest revision in which somebody else has changed what a node holds; 0 if none is known. */
  changedAt(node: NodeId): number;
  /** The same of where a node itself is. */
  movedAt(node: NodeId): number;
  /** In which revision a node has come into the author's sight; 0 if it always was. */
  enteredAt(node: NodeId): number;
  /** The revision that the change was made on. */
  readonly base: number;
  /** The newest revision after that in which somebody else's edit of a file meets that of the change; 0 if none does. */
  metAt(node: NodeId): number;
}

/** A condition that does not hold. */
export interface Broken {
  /** What it is about, if there is such a thing. */
  readonly node: NodeId | undefined;
  /** Which one, counted from 1, and what is the case. */
  readonly cause: string;
}

/** Those conditions that do not hold. */
export function brokenConditions(conditions: readonly Condition[], ground: Ground): Broken[] {
  const { workspace } = ground;
  const paths = new Map<NodeId, { readonly live: boolean; readonly movedAt: number }>();
  /** A node with all that is above it: looked at once for all that is in there. */
  const pathOf = (id: NodeId): { readonly live: boolean; readonly movedAt: number } => {
    const chain: NodeId[] = [];
    for (let at = id; at !== rootId && !paths.has(at); at = workspace.node(at)!.parent) chain.push(at);
    for (const at of chain.reverse()) {
      const { parent, tombstone } = workspace.node(at)!;
      const above = paths.get(parent) ?? { live: true, movedAt: 0 };
      paths.set(at, {
        live: above.live && tombstone === undefined,
        movedAt: Math.max(above.movedAt, ground.movedAt(at)),
      });
    }
    return paths.get(id) ?? { live: true, movedAt: 0 };
  };
  const changedAt = onceEach((id) => ground.changedAt(id)), metAt = onceEach((id) => ground.metAt(id));
  const fault = (condition: Condition): string | undefined => {
    if (condition.kind === "stands") return standing(condition, workspace);
    const { node } = condition;
    if (workspace.node(node) === undefined) return "is not there";
    if (!pathOf(node).live) return "is removed";
    if (condition.kind === "live") return undefined;
    const { kind, since } = condition;
    if (kind === "apart") {
      if (since < ground.base) return `was edited by others before this change was sent, after ${since}`;
      const met = metAt(node);
      return met > 0 ? `was edited at the same place in revision ${met}, after ${since}` : undefined;
    }
    if (since < ground.floor) {
      return `may have changed since revision ${since}, which is no longer remembered`;
    }
    const entered = ground.enteredAt(node);
    if (entered > since) return `has come into sight in revision ${entered}, after ${since}`;
    const changed = kind === "content" ? changedAt(node) : pathOf(node).movedAt;
    const what = kind === "content" ? "changed" : "moved, renamed or restored";
    return changed > since ? `was ${what} in revision ${changed}, after ${since}` : undefined;
  };
  return conditions.flatMap((condition, index) => {
    const found = fault(condition);
    if (found === undefined) return [];
    const node = condition.node ??
      (condition.kind === "stands" ? workspace.find(condition.path)?.id : undefined);
    return [{ node, cause: `${index + 1}: ${node ?? "the node"} ${found}` }];
  });
}

/** The same function, which looks at each node once. */
function onceEach(of: (node: NodeId) => number): (node: NodeId) => number {
  const known = new Map<NodeId, number>();
  return (node) => {
    let revision = known.get(node);
    if (revision === undefined) known.set(node, revision = of(node));
    return revision;
  };
}

function standing({ path, node }: Condition & { kind: "stands" }, workspace: Workspace): string | undefined {
  const there = workspace.find(path);
  if (there?.id === node) return undefined;
  return node === undefined ? "stands there" : "does not stand there";
}

/** Whether a path can be one that something stands at. */
export function isPath(path: string): boolean {
  return path === "" || path.split("/").every((name) => nameFault(name) === undefined);
}

/** Causes that are said of one change at most. */
const causesMax = 20;

/** What does not hold, in a sentence or some. */
export function causesOf(broken: readonly Broken[]): string {
  const causes = broken.slice(0, causesMax).map(({ cause }) => cause).join("; ");
  const more = broken.length > causesMax ? `; and ${broken.length - causesMax} more` : "";
  return `Conditions that do not hold: ${causes}${more}`;
}
