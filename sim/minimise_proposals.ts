/**
 * Proposals: something simpler is proposed, the answer says whether it will do, and what is proposed next depends on
 * that. So the order of a search stands in one place, and whoever asks and answers in another.
 *
 * fast-check has shrinkers for numbers and lists. Its way with numbers is the one taken here (a test compares them).
 * Its way with lists is not: it takes away from the front alone, where the deeds are on which the later ones stand,
 * and its elements must be made by its own arbitraries. Lists are halved as in delta debugging (Zeller and Hildebrandt,
 * "Simplifying and isolating failure-inducing input", TSE 2002).
 *
 * @module
 */

/** Yields what is proposed, is told whether it will do, and returns the last that did. */
export type Proposals<T> = Generator<T, T, boolean>;

/** The first of some that will do. */
export function* oneOf<T>(present: T, simpler: Iterable<T>): Proposals<T> {
  for (const proposed of simpler) if (yield proposed) return proposed;
  return present;
}

/** As simple as it gets, step by step: what `simplerThan` gives must get simpler for ever only so often. */
export function* simplest<T>(present: T, simplerThan: (present: T) => Iterable<T>): Proposals<T> {
  for (let kept = present;;) {
    const next = yield* oneOf(kept, simplerThan(kept));
    if (next === kept) return kept;
    kept = next;
  }
}

/** The same search within something larger. */
export function* within<T, U>(proposals: Proposals<T>, whole: (part: T) => U): Proposals<U> {
  let step = proposals.next();
  while (!step.done) step = proposals.next(yield whole(step.value));
  return whole(step.value);
}

/**
 * A shorter list: without all, without a half, without a quarter, down to pieces of `finest`. The end goes first:
 * what came earlier is what the rest stands on.
 */
export function* fewer<T>(list: readonly T[], finest = 1): Proposals<readonly T[]> {
  let kept = list;
  if (kept.length > 0 && (yield [])) return [];
  for (let size = (kept.length + 1) >> 1; size >= finest && size > 0; size = size > 1 ? (size + 1) >> 1 : 0) {
    for (let end = kept.length; end > 0; end -= size) {
      const proposed = [...kept.slice(0, Math.max(0, end - size)), ...kept.slice(end)];
      if (proposed.length > 0 && (yield proposed)) kept = proposed;
    }
  }
  return kept;
}

/** Each element as simple as it gets, from the first to the last. */
export function* simplestEach<T>(
  list: readonly T[],
  simplerThan: (element: T) => Iterable<T>,
): Proposals<readonly T[]> {
  let kept = list;
  for (let index = 0; index < kept.length; index++) {
    const before = kept;
    kept = yield* within(simplest(before[index]!, simplerThan), (element) => before.with(index, element));
  }
  return kept;
}

/** Whole numbers nearer to `target`: the target, half of the way to it, a quarter, …, one less. */
export function* numbersTowards(target: number, value: number): Generator<number> {
  for (let way = value - target; way !== 0; way = Math.trunc(way / 2)) yield value - way;
}

/** Durations that are easy to read, the simplest first. */
export const roundUs: readonly number[] = [1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/** Times that are rounder, and then ones that are shorter. */
export function* simplerTimes(us: number): Generator<number> {
  const rank = roundUs.indexOf(us);
  if (us !== 0 && rank !== 0) yield 0;
  if (us === 0) return;
  yield* rank < 0 ? roundUs.filter((round) => round < us) : roundUs.slice(0, rank);
  if (rank >= 0) return;
  let unit = 1;
  while (unit * 10 <= us) unit *= 10;
  const rounded = us - (us % unit);
  if (rounded !== us) yield rounded;
}
