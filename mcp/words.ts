/**
 * How things look in the texts of answers.
 *
 * @module
 */

import { z } from "zod";
import type { Participant, PastDifference, TouchedItem } from "../mod.ts";

/** A line longer than this is cut, in code units. */
const lineMax = 2000;

/** Lines with their numbers before them; their ends, of either kind, do not show. */
export function numbered(lines: readonly string[], first: number): string {
  return lines.map((line, i) => `${String(first + i).padStart(6)}\t${shortened(line.replace(/\r?\n$/, ""))}`)
    .join("\n");
}

/** A line that is not too long to be looked at. */
export function shortened(line: string): string {
  if (line.length <= lineMax) return line;
  return `${line.slice(0, lineMax).toWellFormed()}… (${line.length - lineMax} more characters)`;
}

/** Somebody, as answers name them. */
export const person = z.strictObject({
  name: z.string().optional(),
  kind: z.enum(["human", "agent", "ci"]).optional(),
  session: z.int().describe("Tells one from others of the same name; revert_changes takes it."),
});

/** Somebody by their site. */
export function personOf(session: number, participant: Participant | undefined): z.input<typeof person> {
  return participant === undefined
    ? { session }
    : { name: participant.name, kind: participant.kind, session };
}

/** Somebody, in a few words. */
export function nameOf({ name, kind, session }: z.input<typeof person>): string {
  if (name === undefined) return session === 0 ? "nobody known" : `session ${session}`;
  return kind === "human" ? `${name} (session ${session})` : `${name} (${kind}, session ${session})`;
}

/** What became of a file, in a few words. */
export function statusOf(
  { status, path, from }: Pick<PastDifference & TouchedItem, "status" | "path" | "from">,
): string {
  return from === "" ? `${status} ${path}` : `${status} ${from} → ${path}`;
}
