/**
 * Throws when one of our own invariants is broken. Stays on in production: a workspace that stops is better
 * than one that goes on with a state nobody can explain.
 */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`Broken invariant: ${message}`);
}
