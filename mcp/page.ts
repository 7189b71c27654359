/**
 * Long answers, a page at a time: an answer that is cut says where it goes on, as a word that is handed back as it is.
 *
 *     12:3:40      of revision 12, from the third item on, of that from its part 40 on
 *
 * So all pages are of one revision, whatever is typed meanwhile.
 *
 * @module
 */

import { z } from "zod";
import { SpaceError } from "../mod.ts";

/** About how many code units one answer has: what a model can take at once without losing the rest. */
export const pageLength = 30_000;

/** Where an answer goes on. */
export interface Page {
  readonly revision: number;
  /** Items before it, from 0. */
  readonly item: number;
  /** Parts of that item before it, from 0. */
  readonly part: number;
}

/** The argument of a tool whose answers may be cut. */
export const nextArgument = z.string().max(100).optional()
  .describe("To go on with an answer that was cut: the `next` it gave. All other arguments as before.");

/** What such a tool gives. */
export const nextResult = z.string().optional()
  .describe("There is more: call again with this as `next`, and with the same arguments.");

/** @throws {SpaceError} "continuation_invalid" */
export function pageOf(next: string | undefined): Page | undefined {
  if (next === undefined) return undefined;
  const [, revision, item, part] = /^(\d{1,15}):(\d{1,15}):(\d{1,15})$/.exec(next) ?? [];
  if (part === undefined) {
    throw new SpaceError("continuation_invalid", "`next` is to be what the answer before gave, as it was");
  }
  return { revision: Number(revision), item: Number(item), part: Number(part) };
}

/** The word that stands for a page. */
export function nextOf({ revision, item, part }: Page): string {
  return `${revision}:${item}:${part}`;
}

/** What is said at the end of a text that is cut. */
export function cutNotice(next: string | undefined): string {
  return next === undefined ? "" : `\n(There is more: call again with next: ${JSON.stringify(next)}.)`;
}
