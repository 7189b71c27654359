/**
 * Unicode normal form C, by a table of one fixed version.
 *
 * Whether a name is allowed must be the same on every machine, today and when a log is read again in ten years,
 * so the engine's own `normalize`, which follows whatever version the engine was built with, is not asked.
 * Code points that the table's version had not assigned yet combine with nothing and are composed.
 *
 * By the algorithm of UAX 15: take every composite apart, sort the marks behind each starter by class, put
 * together what composes; a text is in normal form C if that gives the same text.
 *
 * @module
 */

import { excludedRuns, markRuns, pairRuns } from "./unicode_table.ts";

export { unicodeVersion } from "./unicode_table.ts";

export interface CompositionTable {
  /** Code points that never stand in a composed text: others stand for them. */
  readonly excluded: ReadonlySet<number>;
  /** Of each combining mark, where its class comes among all. Starters are not in here. */
  readonly ranks: ReadonlyMap<number, number>;
  /** The two code points that each composite stands for, Hangul syllables left out. */
  readonly parts: ReadonlyMap<number, readonly [first: number, second: number]>;
  /** The reverse of `parts`, by second, then by first. */
  readonly composites: ReadonlyMap<number, ReadonlyMap<number, number>>;
}

let unpacked: CompositionTable | undefined;

/** The table of {@linkcode unicodeVersion}. Unpacked when first asked for: most names never need it. */
export function compositionTable(): CompositionTable {
  return unpacked ??= unpack();
}

/** Whether `text` is in Unicode normal form C. */
export function isComposed(text: string): boolean {
  let first = 0;
  // Nothing below U+0300 composes with anything before it, or is excluded.
  while (first < text.length && text.charCodeAt(first) < 0x300) first++;
  if (first === text.length) return true;
  const points: number[] = [];
  for (const char of text.slice(Math.max(0, first - 1))) points.push(char.codePointAt(0)!);
  const table = compositionTable();
  if (points.some((point) => table.excluded.has(point))) return false;
  const composed = compose(sortMarks(points.flatMap((point) => decomposed(point, table)), table), table);
  return composed.length === points.length && composed.every((point, i) => point === points[i]);
}

// Hangul (The Unicode Standard, 3.12): a syllable is a leading consonant, a vowel, maybe a trailing consonant.
const syllableBase = 0xac00, leadBase = 0x1100, vowelBase = 0x1161, trailBase = 0x11a7;
const leadCount = 19, vowelCount = 21, trailCount = 28;
const syllableCount = leadCount * vowelCount * trailCount;

function decomposed(point: number, table: CompositionTable): number[] {
  const syllable = point - syllableBase;
  if (syllable >= 0 && syllable < syllableCount) {
    const trail = syllable % trailCount, vowel = Math.floor(syllable / trailCount) % vowelCount;
    const lead = Math.floor(syllable / (vowelCount * trailCount));
    const pair = [leadBase + lead, vowelBase + vowel];
    return trail === 0 ? pair : [...pair, trailBase + trail];
  }
  const parts = table.parts.get(point);
  return parts === undefined ? [point] : [...decomposed(parts[0], table), parts[1]];
}

/** Sorts each run of marks by class; marks of one class keep their order. */
function sortMarks(points: readonly number[], table: CompositionTable): number[] {
  const rankOf = (point: number) => table.ranks.get(point) ?? 0;
  const result: number[] = [];
  for (let i = 0; i < points.length;) {
    let end = i + 1;
    while (end < points.length && rankOf(points[end]!) > 0) end++;
    const starts = rankOf(points[i]!) === 0 ? 1 : 0;
    result.push(...points.slice(i, i + starts));
    result.push(...points.slice(i + starts, end).sort((a, b) => rankOf(a) - rankOf(b)));
    i = end;
  }
  return result;
}

function compose(points: readonly number[], table: CompositionTable): number[] {
  const result: number[] = [];
  // Where in `result` the last starter is, and the rank of what came last after it and stayed.
  let starter = -1, last = 0;
  for (const point of points) {
    const rank = table.ranks.get(point) ?? 0;
    // A mark is blocked from its starter by one of its own class in between, a starter by anything.
    const isNext = starter === result.length - 1;
    if (starter >= 0 && (isNext || rank > last)) {
      const composite = compositeOf(result[starter]!, point, table);
      if (composite !== undefined) {
        result[starter] = composite;
        continue;
      }
    }
    if (rank === 0) starter = result.length;
    last = rank;
    result.push(point);
  }
  return result;
}

function compositeOf(first: number, second: number, table: CompositionTable): number | undefined {
  const lead = first - leadBase, vowel = second - vowelBase;
  if (lead >= 0 && lead < leadCount && vowel >= 0 && vowel < vowelCount) {
    return syllableBase + (lead * vowelCount + vowel) * trailCount;
  }
  const syllable = first - syllableBase, trail = second - trailBase;
  if (syllable >= 0 && syllable < syllableCount && syllable % trailCount === 0 && trail > 0) {
    if (trail < trailCount) return first + trail;
  }
  return table.composites.get(second)?.get(first);
}

function unpack(): CompositionTable {
  const excluded = new Set<number>();
  const excludedNumbers = decode(excludedRuns);
  for (let i = 0, at = 0; i < excludedNumbers.length; i += 2) {
    at += excludedNumbers[i]!;
    for (const end = at + excludedNumbers[i + 1]!; at <= end; at++) excluded.add(at);
  }
  const ranks = new Map<number, number>();
  const markNumbers = decode(markRuns);
  for (let i = 0, at = 0; i < markNumbers.length; i += 3) {
    at += markNumbers[i]!;
    for (const end = at + markNumbers[i + 1]!; at <= end; at++) ranks.set(at, markNumbers[i + 2]!);
  }
  const parts = new Map<number, readonly [number, number]>();
  const composites = new Map<number, ReadonlyMap<number, number>>();
  const pairNumbers = decode(pairRuns);
  for (let i = 0, second = 0, composite = 0; i < pairNumbers.length;) {
    second += pairNumbers[i++]!;
    const byFirst = new Map<number, number>();
    composites.set(second, byFirst);
    for (let count = pairNumbers[i++]!, first = 0; count > 0; count--) {
      first += pairNumbers[i++]!;
      const by = pairNumbers[i++]!;
      composite += by % 2 === 0 ? by / 2 : -(by + 1) / 2;
      byFirst.set(first, composite);
      parts.set(composite, [first, second]);
    }
  }
  return { excluded, ranks, parts, composites };
}

/** Whole numbers packed by cli/unicode_table.ts: five bits a digit, lowest first, 32 added if more follow. */
function decode(packed: string): number[] {
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const numbers: number[] = [];
  let number = 0, unit = 1;
  for (const char of packed) {
    const digit = digits.indexOf(char);
    number += digit % 32 * unit;
    unit *= 32;
    if (digit < 32) {
      numbers.push(number);
      number = 0, unit = 1;
    }
  }
  return numbers;
}
