/**
 * Who has touched which node in the tree, and when: what the conditions of a change are held against. Edits of texts
 * are not here; the sequencer has these anyhow.
 *
 * A node's place is touched by steps that make, move, rename, remove or restore it. What a node holds is touched by
 * steps that replace it, and what a directory holds, by steps that touch the place of something in it.
 *
 * @module
 */

import type { NodeId, Workspace } from "../../ot/mod.ts";
import type { LogEntry } from "./state.ts";

/** One entry that touched something. */
interface Touch {
  readonly revision: number;
  readonly site: number;
}

/** What of a node may be touched. */
export type Aspect = "place" | "content";

/** The touches of the entries that are kept, oldest first. */
export class Touches {
  readonly #of: Readonly<Record<Aspect, Map<NodeId, Touch[]>>> = { place: new Map(), content: new Map() };
  /** What each entry with steps touched. */
  #entries: { readonly revision: number; readonly touched: readonly (readonly [Aspect, NodeId])[] }[] = [];

  /** Takes in the next entry, which leads from one workspace to the other. */
  push({ revision, site, change: { steps } }: LogEntry, before: Workspace, after: Workspace): void {
    if (steps.length === 0) return;
    const touched: (readonly [Aspect, NodeId])[] = [], touch = { revision, site };
    const add = (aspect: Aspect, node: NodeId | undefined) => {
      if (node === undefined) return;
      const all = this.#of[aspect], known = all.get(node);
      if (known?.at(-1)?.revision === revision) return;
      if (known === undefined) all.set(node, [touch]);
      else known.push(touch);
      touched.push([aspect, node]);
    };
    for (const { kind, node } of steps) {
      // What is forgotten was removed before, and nobody can speak of it any more. Whether a file can be executed is
      // neither where it is nor what it holds.
      if (kind === "forget" || kind === "mode") continue;
      if (kind === "replace") {
        add("content", node);
        continue;
      }
      add("place", node);
      add("content", before.node(node)?.parent);
      add("content", after.node(node)?.parent);
    }
    this.#entries.push({ revision, touched });
  }

  /** The newest revision in which somebody else than `site` has touched a node; 0 if none has. */
  newest(aspect: Aspect, node: NodeId, site: number): number {
    return this.#of[aspect].get(node)?.findLast((touch) => touch.site !== site)?.revision ?? 0;
  }

  /** Forgets what came after `revision`. */
  rollBack(revision: number): void {
    const kept = this.#entries.findIndex((entry) => entry.revision > revision);
    if (kept < 0) return;
    for (const { touched } of this.#entries.splice(kept).reverse()) {
      for (const [aspect, node] of touched) {
        const all = this.#of[aspect], known = all.get(node)!;
        if (known.length === 1) all.delete(node);
        else known.pop();
      }
    }
  }

  /** Lets go of what came up to `revision`. */
  trim(revision: number): void {
    const gone = this.#entries.findIndex((entry) => entry.revision > revision);
    const nodes = { place: new Set<NodeId>(), content: new Set<NodeId>() };
    for (const { touched } of this.#entries.splice(0, gone < 0 ? this.#entries.length : gone)) {
      for (const [aspect, node] of touched) nodes[aspect].add(node);
    }
    for (const aspect of ["place", "content"] as const) {
      const all = this.#of[aspect];
      for (const node of nodes[aspect]) {
        const known = all.get(node)!, left = known.findIndex((touch) => touch.revision > revision);
        if (left < 0) all.delete(node);
        else known.splice(0, left);
      }
    }
  }
}
