/**
 * What has become of one file between two revisions, as stretches of the log: in each, either only those changed it whose
 * changes are meant, or only others.
 *
 *     entries that touch the file   a a a B a B B a a
 *     stretches                     └───┘ │ │ └─┘ └─┘
 *
 * The server is asked who touched the file in a part of the log; a part with both is cut in two, and each half asked
 * about. So it takes few questions where people took turns, however much each of them typed.
 *
 * @module
 */

import type { NodeId } from "../../ot/mod.ts";
import type { TouchedItem } from "../../proto/mod.ts";
import { SpaceError } from "../error.ts";
import type { Past } from "../past.ts";

/** Whose changes are meant: those of some sites, or those with some revisions. */
export type Meant =
  | { readonly kind: "sites"; readonly sites: ReadonlySet<number> }
  | { readonly kind: "revisions"; readonly revisions: readonly number[] };

/** A part of the log in which either only what is meant, or only something else, touched the file. */
export interface Stretch {
  readonly isMeant: boolean;
  /** The revision before it. */
  readonly from: number;
  /** Its last revision. */
  readonly to: number;
  /** Where the file was at `from`; undefined if it was not there. */
  readonly before: string | undefined;
  /** Where it was at `to`; undefined if it was not there. */
  readonly after: string | undefined;
}

/** Counts down the questions that may still be asked. */
export interface Patience {
  left: number;
}

/** Sites of one file that a server names at most: there may be more. */
const sitesMax = 100;

/** The stretches of the part of the log that `item` tells of, in order. */
export async function stretchesOf(
  past: Past,
  item: TouchedItem,
  meant: Meant,
  patience: Patience,
): Promise<Stretch[]> {
  const whole = stretchOf(item);
  const isMeant = isAllMeant(item, meant);
  if (isMeant !== undefined) return [{ ...whole, isMeant }];
  const middle = Math.floor((whole.from + whole.to) / 2);
  const later = await touched(past, item.id, middle, whole.to, whole.after, patience);
  const path = later === undefined ? whole.after : stretchOf(later).before;
  const earlier = await touched(past, item.id, whole.from, middle, path, patience);
  const parts: Stretch[] = [];
  for (const part of [earlier, later]) {
    if (part !== undefined) parts.push(...await stretchesOf(past, part, meant, patience));
  }
  return joined(parts);
}

/** What became of a file in a part of the log; `path` is where it was at the end, if it was there. */
export async function touched(
  past: Past,
  id: NodeId,
  from: number,
  at: number,
  path: string | undefined,
  patience: Patience,
): Promise<TouchedItem | undefined> {
  if (patience.left-- <= 0) {
    throw new SpaceError(
      "too_much",
      "Too much happened by turns. Say what is meant more narrowly: later, or fewer files",
    );
  }
  // One that is not there at the end has no path to ask by.
  const { files } = await past.changes(from, { at, ...path === undefined ? {} : { paths: [path] } }).catch(
    (error: unknown) => {
      if (error instanceof SpaceError && error.code === "path_unknown") return { files: [] };
      throw error;
    },
  );
  return files.find((file) => file.id === id);
}

function stretchOf({ first, last, status, path, from }: TouchedItem): Omit<Stretch, "isMeant"> {
  return {
    from: first - 1,
    to: last,
    before: status === "added" ? undefined : from === "" ? path : from,
    after: status === "removed" ? undefined : path,
  };
}

/** Whether all of it is meant, or nothing; undefined if some is. */
function isAllMeant({ first, last, sites }: TouchedItem, meant: Meant): boolean | undefined {
  if (first === last && meant.kind === "sites") return meant.sites.has(sites[0]!);
  if (meant.kind === "sites") {
    if (sites.length >= sitesMax) return undefined;
    if (sites.every((site) => meant.sites.has(site))) return true;
    return sites.some((site) => meant.sites.has(site)) ? undefined : false;
  }
  const count = meant.revisions.filter((revision) => first <= revision && revision <= last).length;
  return count === 0 ? false : count === last - first + 1 ? true : undefined;
}

/** Joins neighbours of one kind. */
function joined(parts: readonly Stretch[]): Stretch[] {
  const result: Stretch[] = [];
  for (const part of parts) {
    const last = result.at(-1);
    if (last?.isMeant !== part.isMeant) result.push(part);
    else result[result.length - 1] = { ...last, to: part.to, after: part.after };
  }
  return result;
}
