/**
 * Whether what a change depended on held at its place in the log: read from the bytes that its author sent, and held
 * against the log replayed on plain strings and maps.
 *
 * @module
 */

import type { NodeId } from "../../ot/mod.ts";
import type { LogEntry } from "../../server/core/mod.ts";
import { Failure } from "./failure.ts";
import { idIn, idOf, numbersOf, partsOf, Scan } from "./fields.ts";
import { pathOf } from "./paths.ts";
import type { Reference } from "./reference.ts";

/** A condition, by the numbers of the fields that space.proto gives it. */
interface Said {
  readonly node: NodeId | undefined;
  readonly field: number;
  readonly since: number;
  readonly path: string;
}

/** A splice as it was sent. */
interface Splice {
  readonly at: number;
  readonly remove: number;
}

/** What is judged of a submission. */
export interface Demand {
  readonly conditions: readonly Said[];
  readonly edits: ReadonlyMap<NodeId, readonly Splice[]>;
}

const content = 2, place = 3, live = 4, stands = 5, apart = 6;

/** What a submitted Operation asks for; undefined if it asks for nothing. */
export function demandIn(payload: Uint8Array): Demand | undefined {
  const conditions = partsOf(payload, 6).map(conditionIn);
  if (conditions.length === 0) return undefined;
  const edits = new Map<NodeId, readonly Splice[]>();
  for (const change of partsOf(payload, 3)) {
    for (const edit of partsOf(change, 2)) edits.set(idIn(edit, 1), partsOf(edit, 2).map(spliceIn));
  }
  return { conditions, edits };
}

function spliceIn(bytes: Uint8Array): Splice {
  const [, at = 0, remove = 0] = numbersOf(bytes);
  return { at, remove };
}

function conditionIn(bytes: Uint8Array): Said {
  let node: NodeId | undefined, field = 0, since = 0, path = "";
  const scan = new Scan(bytes);
  while (scan.next()) {
    const part = bytes.subarray(scan.from, scan.to);
    if (scan.field === 1) node = idOf(part);
    else {
      field = scan.field;
      if (scan.isNumber) since = scan.number;
      else path = new TextDecoder().decode(part);
    }
  }
  return { node, field, since, path };
}

/**
 * An entry is about to follow what `reference` has.
 *
 * @param base the revision that its change was made on.
 */
export function judgeDemand(
  entry: LogEntry,
  { conditions, edits }: Demand,
  base: number,
  reference: Reference,
): void {
  const { revision, site } = entry, before = revision - 1;
  const others = (since: number) =>
    reference.entries.slice(since, before).filter((other) => other.site !== site && other.site !== 0);
  const holds = ({ node, field, since, path }: Said): boolean => {
    if (field === stands) return standing(path, reference) === node;
    if (node === undefined || (node !== root && !reference.isLive(node))) return false;
    if (field === live) return true;
    if (field === content) return !others(since).some((other) => changes(other, node, reference));
    if (field === place) {
      const above: NodeId[] = [];
      for (let at: NodeId = node; at !== root; at = reference.node(at)!.parent) above.push(at);
      return !others(since).some((other) => above.some((one) => places(other, one)));
    }
    return since >= base && !meets(edits.get(node) ?? [], node, base, entry, reference);
  };
  for (const said of conditions) {
    if (said.since < reference.oldest || holds(said)) continue;
    const { node, field, since, path } = said;
    throw new Failure(
      "as_meant",
      "a change is there though something did not hold that it depended on",
      `${names[field]} of ${node ?? "nothing"}, ${
        field === stands ? path : `since ${since}`
      }, by site ${site}`,
      revision,
    );
  }
}

const names: Readonly<Record<number, string>> = {
  [content]: "content",
  [place]: "path",
  [live]: "live",
  [stands]: "stands",
  [apart]: "apart",
};

const root = "0:0";

/** What stands at a path, found by going through all that is there. */
function standing(path: string, reference: Reference): NodeId | undefined {
  if (path === "") return root;
  for (const id of reference.ids()) {
    if (reference.isLive(id) && pathOf(id, reference, reference.revision)!.join("/") === path) return id;
  }
}

function places({ change: { steps } }: LogEntry, node: NodeId): boolean {
  const elsewhere = ["replace", "forget", "mode"];
  return steps.some((step) => step.node === node && !elsewhere.includes(step.kind));
}

function changes(
  { revision, change: { steps, edits } }: LogEntry,
  node: NodeId,
  reference: Reference,
): boolean {
  if (edits.some((edit) => edit.node === node)) return true;
  return steps.some((step) => {
    if (step.kind === "replace") return step.node === node;
    if (step.kind === "mode") return false;
    const was = reference.node(step.node, revision - 1), is = reference.node(step.node, revision);
    return was?.parent === node || is?.parent === node;
  });
}

/** Whether splices of the text at `base` meet what others have done since, told by following each unit of that text. */
function meets(
  splices: readonly Splice[],
  node: NodeId,
  base: number,
  { revision, site }: LogEntry,
  reference: Reference,
): boolean {
  const units = Array.from({ length: reference.paper(node, base).length }, (_, index) => index);
  const removed = new Map<number, object>();
  const isWithin = (one: number | undefined, other: number | undefined) =>
    one !== undefined && other !== undefined && one >= 0 && other === one + 1 &&
    splices.some(({ at, remove }) => one >= at && other < at + remove);
  for (const entry of reference.entries.slice(base, revision - 1)) {
    const op = entry.change.edits.find((edit) => edit.node === node)?.op ?? [];
    for (const splice of op.toReversed()) {
      const isTheirs = entry.site !== site;
      if (isTheirs && splice.remove === 0 && isWithin(units[splice.at - 1], units[splice.at])) return true;
      const put = new Array<number>(splice.insert.length).fill(-1);
      const gone = units.splice(splice.at, splice.remove, ...put);
      for (const unit of gone) if (isTheirs && unit >= 0) removed.set(unit, splice);
    }
  }
  return splices.some(({ at, remove }) => {
    if (remove === 0) return at > 0 && removed.has(at) && removed.get(at) === removed.get(at - 1);
    for (let unit = at; unit < at + remove; unit++) if (removed.has(unit)) return true;
    return false;
  });
}
