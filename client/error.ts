/**
 * What the SDK throws.
 *
 * @module
 */

/** Thrown for what cannot be done, with a name for programs and a sentence for people. */
export class SpaceError extends Error {
  /** Tells this kind of error from others. */
  override readonly name = "SpaceError";

  /** An error with a name for programs and a sentence for people. */
  constructor(readonly code: string, message: string) {
    super(message);
  }
}
