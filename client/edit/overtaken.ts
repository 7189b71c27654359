/**
 * What was found here does not hold any more where the change was to take its place: others have come before it.
 *
 * @module
 */

import { SpaceError } from "../error.ts";
import type { Space } from "../space.ts";

/** The server has found that others have come before. */
export class Overtaken extends SpaceError {}

/** Resolves when all is known here that the server has taken by now: an answer comes behind it. */
export async function caughtUp(space: Space): Promise<void> {
  await space.past.changes(space.revision);
}
