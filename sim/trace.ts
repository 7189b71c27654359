/**
 * Editing traces: what people typed into a document, keystroke by keystroke, and what stood there at the end.
 *
 * Two formats of the public `editing-traces` collection are read here. A sequential trace is what one person did:
 *
 *     {startContent, endContent, txns: [{patches: [[position, removed, inserted], …]}, …]}
 *
 * A concurrent one is what several did at once. What a transaction's author saw is exactly its parents, with all
 * that these had seen; the document without any is empty:
 *
 *     {kind: "concurrent", endContent, numAgents, txns: [{parents: [index, …], agent, patches}, …]}
 *
 * The patches of a transaction apply one after the other. Positions count Unicode code points, operations count
 * UTF-16 code units: {@linkcode PairIndex} leads from the ones to the others.
 *
 * @module
 */

import { compose, noop, replace, type TextOp } from "../ot/mod.ts";

/** Puts `insert` in the place of `remove` code points at `at`. */
export type Patch = readonly [at: number, remove: number, insert: string];

/** What one person did in one moment, and what they had seen by then. */
export interface Transaction {
  /** Indices of earlier transactions. */
  readonly parents: readonly number[];
  readonly agent: number;
  readonly patches: readonly Patch[];
}

export interface Trace {
  readonly kind: "sequential" | "concurrent";
  readonly startContent: string;
  readonly endContent: string;
  /** How many people take part: agents are numbered from 0. */
  readonly agents: number;
  readonly transactions: readonly Transaction[];
}

/** Why a trace cannot be replayed. */
export type TraceErrorCode =
  /** It is not what its format says. */
  | "malformed_trace"
  /** It is well-formed, but no log with one change of each client in flight gives it. */
  | "not_one_log";

/** A trace that cannot be replayed. The message names the place: `txns[17].patches[0]: …`. */
export class TraceError extends Error {
  override readonly name = "TraceError";

  constructor(readonly code: TraceErrorCode, message: string) {
    super(message);
  }
}

/** The most people in one trace: what everybody had seen is kept for each transaction. */
const agentsMax = 1000;

/**
 * Reads a trace.
 *
 * Whether the positions of a concurrent trace fit depends on how its edits merge, and is seen when it is replayed.
 *
 * @throws {TraceError} "malformed_trace", with the place.
 */
export function parseTrace(json: string): Trace {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw malformed("the file", `is not JSON: ${error instanceof Error ? error.message : error}`);
  }
  const file = objectAt(value, "the file");
  if (!Array.isArray(file.txns)) {
    throw malformed("txns", `${shown(file.txns)} is not an array of transactions`);
  }
  const endContent = textAt(file.endContent, "endContent");
  switch (file.kind) {
    case undefined:
    case "sequential":
      return sequentialTrace(textAt(file.startContent, "startContent"), endContent, file.txns);
    case "concurrent":
      if (file.startContent !== undefined && file.startContent !== "") {
        throw malformed("startContent", "a concurrent trace begins with an empty document");
      }
      return concurrentTrace(file.numAgents, endContent, file.txns);
    default:
      throw malformed("kind", `${shown(file.kind)} is neither "sequential" nor "concurrent"`);
  }
}

function sequentialTrace(startContent: string, endContent: string, txns: readonly unknown[]): Trace {
  let length = codePointsIn(startContent);
  const transactions = txns.map((txn, index): Transaction => {
    const place = `txns[${index}]`;
    const patches = patchesAt(objectAt(txn, place).patches, place);
    patches.forEach(([at, remove, insert], i) => {
      checkFit(at, remove, length, `${place}.patches[${i}]`);
      length += codePointsIn(insert) - remove;
    });
    return { parents: index === 0 ? [] : [index - 1], agent: 0, patches };
  });
  return { kind: "sequential", startContent, endContent, agents: 1, transactions };
}

function concurrentTrace(numAgents: unknown, endContent: string, txns: readonly unknown[]): Trace {
  const agents = wholeAt(numAgents, "numAgents");
  if (agents < 1 || agents > agentsMax) {
    throw malformed("numAgents", `${agents} is not from 1 to ${agentsMax}`);
  }
  const transactions = txns.map((value, index): Transaction => {
    const place = `txns[${index}]`;
    const txn = objectAt(value, place);
    const agent = wholeAt(txn.agent, `${place}.agent`);
    if (agent >= agents) {
      throw malformed(`${place}.agent`, `there is no agent ${agent}, only 0 to ${agents - 1}`);
    }
    if (!Array.isArray(txn.parents)) {
      throw malformed(`${place}.parents`, `${shown(txn.parents)} is not an array of indices`);
    }
    const parents = txn.parents.map((value, i) => {
      const parent = wholeAt(value, `${place}.parents[${i}]`);
      if (parent >= index) {
        throw malformed(`${place}.parents[${i}]`, `${parent} is not the index of an earlier transaction`);
      }
      return parent;
    });
    return { parents, agent, patches: patchesAt(txn.patches, place) };
  });
  return { kind: "concurrent", startContent: "", endContent, agents, transactions };
}

function patchesAt(value: unknown, place: string): readonly Patch[] {
  if (!Array.isArray(value)) {
    throw malformed(`${place}.patches`, `${shown(value)} is not an array of patches`);
  }
  value.forEach((patch, i) => checkPatch(patch, `${place}.patches[${i}]`));
  return value;
}

function checkPatch(patch: unknown, place: string): void {
  if (!Array.isArray(patch) || patch.length !== 3) {
    throw malformed(place, `${shown(patch)} is not [position, removed, inserted]`);
  }
  wholeAt(patch[0], `${place}[0]`);
  wholeAt(patch[1], `${place}[1]`);
  textAt(patch[2], `${place}[2]`);
}

function checkFit(at: number, remove: number, length: number, place: string): void {
  if (at > length) {
    throw malformed(place, `position ${at} is outside the text of ${length} characters`);
  }
  if (at + remove > length) {
    throw malformed(
      place,
      `${remove} characters from position ${at} on are more than the text of ${length} characters has`,
    );
  }
}

function objectAt(value: unknown, place: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw malformed(place, `${shown(value)} is not an object`);
  }
  return value as Record<string, unknown>;
}

function wholeAt(value: unknown, place: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw malformed(place, `${shown(value)} is not a whole number from 0 on`);
  }
  return value;
}

function textAt(value: unknown, place: string): string {
  if (typeof value !== "string") throw malformed(place, `${shown(value)} is not a text`);
  if (!value.isWellFormed()) throw malformed(place, "the text holds half a surrogate pair");
  return value;
}

function malformed(place: string, problem: string): TraceError {
  return new TraceError(
    "malformed_trace",
    place === "the file" ? `${place} ${problem}` : `${place}: ${problem}`,
  );
}

/** A value as it stands in the file, or what is there instead, in a few words. */
function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length <= 40 ? text : `${text.slice(0, 40).toWellFormed()}…`;
}

/** How many code points a well-formed text has. */
export function codePointsIn(text: string): number {
  let count = text.length;
  for (let i = 0; i < text.length; i++) if (isFirstHalf(text.charCodeAt(i))) count--;
  return count;
}

function isFirstHalf(unit: number): boolean {
  return (unit & 0xfc00) === 0xd800;
}

/**
 * Where in one text the characters are that take two code units, so that positions in code points can be told in
 * code units. It has to hear of every edit of that text. Texts have few such characters, and most have none.
 */
export class PairIndex {
  /** Of each pair, the position of its first half, in order. */
  #pairs: number[] = [];
  /** Of the text, in code units. */
  #length = 0;

  constructor(text = "") {
    this.apply(replace(0, 0, text));
  }

  /** The text has been edited. */
  apply(op: TextOp): void {
    let plain = this.#pairs.length === 0;
    for (const { remove, insert } of op) {
      this.#length += insert.length - remove;
      if (plain && hasPairs(insert)) plain = false;
    }
    if (plain) return;
    const pairs: number[] = [];
    let next = 0, shift = 0;
    for (const { at, remove, insert } of op) {
      while (next < this.#pairs.length && this.#pairs[next]! < at) pairs.push(this.#pairs[next++]! + shift);
      for (let i = 0; i < insert.length; i++) {
        if (isFirstHalf(insert.charCodeAt(i))) pairs.push(at + shift + i);
      }
      while (next < this.#pairs.length && this.#pairs[next]! < at + remove) next++;
      shift += insert.length - remove;
    }
    while (next < this.#pairs.length) pairs.push(this.#pairs[next++]! + shift);
    this.#pairs = pairs;
  }

  /**
   * What the patches of transaction `index` come to. They are taken as applied from now on.
   *
   * @throws {TraceError} "malformed_trace" if one does not fit the text.
   */
  take(patches: readonly Patch[], index: number): TextOp {
    let op = noop;
    for (let i = 0; i < patches.length; i++) {
      const [at, remove, insert] = patches[i]!;
      const length = this.#length - this.#pairs.length;
      if (at + remove > length) checkFit(at, remove, length, `txns[${index}].patches[${i}]`);
      const from = this.#unitAt(at), to = this.#unitAt(at + remove);
      const patch = replace(from, to - from, insert);
      this.apply(patch);
      op = i === 0 ? patch : compose(op, patch);
    }
    return op;
  }

  /** The code unit at which the code point `point` of the text begins. */
  #unitAt(point: number): number {
    // Pair number i is code point pairs[i] - i.
    let low = 0, high = this.#pairs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#pairs[middle]! - middle < point) low = middle + 1;
      else high = middle;
    }
    return point + low;
  }
}

function hasPairs(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (isFirstHalf(text.charCodeAt(i))) return true;
  return false;
}
