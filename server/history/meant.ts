/**
 * Which entries a question means: by whom they are, what they are a part of, which they are.
 *
 * @module
 */

import type { EntryChoice } from "../../proto/mod.ts";
import type { LogEntry, State } from "../core/mod.ts";

/**
 * Whether an entry is meant. Those of the server's own never are.
 *
 * @param authors who all sites are.
 */
export function meantBy(choice: EntryChoice, authors: State["authors"]): (entry: LogEntry) => boolean {
  const names = new Set(choice.authors), sites = new Set(choice.sites), tasks = new Set(choice.tasks);
  const revisions = new Set(choice.revisions);
  // A site is one author's for ever.
  const byName = new Map<number, boolean>();
  const isNamed = (site: number) => {
    let is = byName.get(site);
    if (is === undefined) byName.set(site, is = names.has(authors.get(String(site))?.name ?? ""));
    return is;
  };
  return ({ revision, site, task = "" }) =>
    site !== 0 && (names.size === 0 || isNamed(site)) && (sites.size === 0 || sites.has(site)) &&
    (tasks.size === 0 || tasks.has(task)) && (revisions.size === 0 || revisions.has(revision));
}
