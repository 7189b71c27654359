/**
 * Waiting for what is to happen, no longer than it takes and never for ever.
 *
 * @module
 */

/** How long anything may take before a test gives up on it. */
export const deadlineMs = 10_000;

/** Resolves as `promise` does; rejects if that takes too long. */
export async function within<T>(promise: Promise<T>, what: string, ms: number = deadlineMs): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`In ${ms} ms there was not: ${what}`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Looks again and again until there is something to be found. */
export async function eventually<T>(
  look: () => T | undefined | false | Promise<T | undefined | false>,
  what: string,
  ms: number = deadlineMs,
): Promise<T> {
  const endMs = performance.now() + ms;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > endMs) throw new Error(`In ${ms} ms there was not: ${what}`);
    await pause(2);
  }
}

/** Lets others go on for a moment. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
