/**
 * The files that were touched since a revision, and by whom, as answers have them.
 *
 * @module
 */

import type { z } from "zod";
import type { Scope, Space, TouchedItem } from "../mod.ts";
import { type person, personOf } from "./words.ts";

/** A file that was touched. */
export interface TouchedFile {
  readonly path: string;
  readonly from?: string;
  readonly status: TouchedItem["status"];
  readonly last: number;
  readonly authors: z.input<typeof person>[];
}

/** Asks who has touched what since a revision. */
export async function touchedFiles(
  space: Space,
  since: number,
  scope: Scope,
): Promise<{ readonly revision: number; readonly files: TouchedFile[] }> {
  const { revision, files, authors } = await space.past.changes(since, scope);
  return {
    revision,
    files: files.map(({ path, from, status, last, sites }) => ({
      path,
      ...from === "" ? {} : { from },
      status,
      last,
      authors: sites.map((site) => personOf(site, authors.get(site))),
    })),
  };
}
