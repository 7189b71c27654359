/**
 * What was found here does not hold any more where the change was to take its place: others have come before it.
 *
 * @module
 */

import { SpaceError } from "../error.ts";
import type { Space } from "../space.ts";

/** The server has found that others have come before. */
export class Overtaken extends SpaceError {}

/** So often it is begun anew where others come before it again and again. */
const attemptsMax = 20;

/** Does something, and does it anew, with what is known by then, as long as others come before it. */
export async function againIfOvertaken<T>(space: Space, attempt: () => Promise<T>): Promise<T> {
  for (let count = 1;; count++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Overtaken) || count === attemptsMax) throw error;
      // All is known here then that the server had taken: an answer comes behind it.
      await space.past.changes(space.revision);
    }
  }
}
