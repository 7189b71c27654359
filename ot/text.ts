/**
 * A text as a value: {@linkcode Text} never changes, an edit gives a new one that shares what it can.
 *
 * The characters stand in a B+ tree whose leaves are strings of up to {@linkcode leafMax} code units, so an
 * edit copies one leaf and the path to it (ropes: Boehm, Atkinson and Plass, 1995). On top lies one splice that
 * is not in the tree yet, the *gap*:
 *
 *     tree    The quick fox jumps
 *     gap               {10, 0, "brown "}
 *     text    The quick brown fox jumps
 *
 * Edits that touch the gap only change the gap, as in a gap buffer; the first one elsewhere settles it into the
 * tree. People type in one place for a while, so most keystrokes never touch the tree, and since the gap is
 * part of the value, every text is its own snapshot. Its characters are kept as two strings, before and after
 * where the last edit was: so the next keystroke appends to a string, also in the middle of the gap.
 *
 * @module
 */

import { assert } from "./assert.ts";
import type { Characters, TextOp } from "./text_op.ts";

const leafMax = 1024;
const leafMin = leafMax >> 2;
const fanMax = 32;
const fanMin = fanMax >> 2;
const gapMax = 256;

/** An inner node. Its children are all strings (height 1) or all branches one lower. */
interface Branch {
  readonly height: number;
  readonly length: number;
  readonly children: readonly (Branch | string)[];
}

type Tree = Branch | string;

/** A text that never changes. */
export class Text implements Characters {
  /** The text without characters. */
  static readonly empty: Text = new Text("", 0, 0, "", "", 0, false);

  readonly #tree: Tree;
  readonly #gapAt: number;
  readonly #gapRemove: number;
  readonly #gapBefore: string;
  readonly #gapAfter: string;
  /** Length in UTF-16 code units. */
  readonly length: number;
  /** Whether surrogates may be among the characters; once true, stays true. Saves looking for them. */
  readonly #astral: boolean;

  private constructor(
    tree: Tree,
    gapAt: number,
    gapRemove: number,
    gapBefore: string,
    gapAfter: string,
    length: number,
    astral: boolean,
  ) {
    this.#tree = tree;
    this.#gapAt = gapAt;
    this.#gapRemove = gapRemove;
    this.#gapBefore = gapBefore;
    this.#gapAfter = gapAfter;
    this.length = length;
    this.#astral = astral;
  }

  /** The text with the characters of `string`. */
  static of(string: string): Text {
    if (string === "") return Text.empty;
    return new Text(build(cut(string)), 0, 0, "", "", string.length, hasSurrogates(string));
  }

  /** Whether it is known that no surrogate is among the characters. */
  get plain(): boolean {
    return !this.#astral;
  }

  /**
   * The text after `op`, which must be a fitting operation in normal form.
   *
   * Checks bounds only; `faultOf` says what else can be wrong with an operation of unknown origin.
   */
  apply(op: TextOp): Text {
    // deno-lint-ignore no-this-alias -- the text so far, while splices are applied from the last to the first
    let text: Text = this;
    // From the last to the first: so the positions of those before it still hold.
    for (let i = op.length - 1; i >= 0; i--) {
      const splice = op[i]!;
      text = text.splice(splice.at, splice.remove, splice.insert);
    }
    return text;
  }

  /** The text with `insert` in the place of `remove` code units at `at`. */
  splice(at: number, remove: number, insert: string): Text {
    const end = at + remove;
    // The message is made only when it is needed: this is the path of every keystroke.
    if (!(at >= 0 && remove >= 0 && end <= this.length)) {
      assert(false, `a splice of [${at}, ${end}) is within its ${this.length} code units`);
    }
    const length = this.length + insert.length - remove;
    const astral = this.#astral || hasSurrogates(insert);
    const gapAt = this.#gapAt, gapBefore = this.#gapBefore, gapAfter = this.#gapAfter;
    const middle = gapAt + gapBefore.length, gapEnd = middle + gapAfter.length;
    if (at <= gapEnd && end >= gapAt) {
      // What stays of the gap before the edit, and after it.
      let before: string, after: string;
      if (at === middle) before = gapBefore;
      else if (at <= gapAt) before = "";
      else before = at < middle ? gapBefore.slice(0, at - gapAt) : gapBefore + gapAfter.slice(0, at - middle);
      if (end === middle) after = gapAfter;
      else if (end >= gapEnd) after = "";
      else after = end > middle ? gapAfter.slice(end - middle) : gapBefore.slice(end - gapAt) + gapAfter;
      if (before.length + insert.length + after.length <= gapMax) {
        let wider = this.#gapRemove;
        if (at < gapAt) wider += gapAt - at;
        if (end > gapEnd) wider += end - gapEnd;
        return new Text(this.#tree, at < gapAt ? at : gapAt, wider, before + insert, after, length, astral);
      }
    }
    const tree = this.#settled();
    if (insert.length <= gapMax) return new Text(tree, at, remove, insert, "", length, astral);
    return new Text(edited(tree, at, end, insert), 0, 0, "", "", length, astral);
  }

  /** The code unit at `index`; NaN outside the text, as of a string. */
  charCodeAt(index: number): number {
    if (index < 0 || index >= this.length) return NaN;
    const before = this.#gapBefore, after = this.#gapAfter;
    const inGap = index - this.#gapAt;
    if (inGap >= 0) {
      if (inGap < before.length) return before.charCodeAt(inGap);
      if (inGap < before.length + after.length) return after.charCodeAt(inGap - before.length);
      index += this.#gapRemove - before.length - after.length;
    }
    let tree = this.#tree;
    while (typeof tree !== "string") {
      let i = 0;
      let child = tree.children[0]!;
      while (index >= child.length) {
        index -= child.length;
        child = tree.children[++i]!;
      }
      tree = child;
    }
    return tree.charCodeAt(index);
  }

  /** The characters of [from, to); to the end if `to` is left out. */
  slice(from: number, to: number = this.length): string {
    from = Math.max(0, from);
    to = Math.min(this.length, to);
    if (from >= to) return "";
    const gap = this.#gapBefore + this.#gapAfter;
    const gapAt = this.#gapAt, gapEnd = gapAt + gap.length;
    const moved = this.#gapRemove - gap.length;
    let result = "";
    if (from < gapAt) result += sliceOf(this.#tree, from, Math.min(to, gapAt));
    if (from < gapEnd && to > gapAt) result += gap.slice(Math.max(0, from - gapAt), to - gapAt);
    if (to > gapEnd) result += sliceOf(this.#tree, Math.max(from, gapEnd) + moved, to + moved);
    return result;
  }

  /** The characters in order, in strings of no particular size. */
  *chunks(): Generator<string> {
    yield* chunksOf(this.#settled());
  }

  /** All characters as one string. */
  toString(): string {
    return this.slice(0, this.length);
  }

  /** Whether the other text has the same characters. */
  equals(other: Text): boolean {
    if (this === other) return true;
    return this.length === other.length && this.toString() === other.toString();
  }

  #settled(): Tree {
    const gap = this.#gapBefore + this.#gapAfter;
    if (this.#gapRemove === 0 && gap === "") return this.#tree;
    return edited(this.#tree, this.#gapAt, this.#gapAt + this.#gapRemove, gap);
  }
}

function hasSurrogates(string: string): boolean {
  // For short strings the loop is quicker, for long ones the engine's own.
  if (string.length > 1000) return /[\ud800-\udfff]/.test(string);
  for (let i = 0; i < string.length; i++) {
    if ((string.charCodeAt(i) & 0xf800) === 0xd800) return true;
  }
  return false;
}

function edited(tree: Tree, from: number, to: number, insert: string): Tree {
  if (typeof tree === "string") return build(cut(tree.slice(0, from) + insert + tree.slice(to)));
  return build(editBranch(tree, from, to, insert));
}

/** What stands in the place of `branch` after the edit: branches of its height, none at all if it is empty. */
function editBranch(branch: Branch, from: number, to: number, insert: string): Branch[] {
  const children = branch.children;
  const last = children.length - 1;
  let first = 0, start = 0;
  while (first < last && start + children[first]!.length < from) start += children[first++]!.length;
  const length = branch.length - (to - from) + insert.length;

  const child = children[first]!;
  if (to - start <= child.length) {
    // The common case: all of it in one child, which stays one child.
    if (typeof child === "string") {
      const text = child.slice(0, from - start) + insert + child.slice(to - start);
      if (text.length <= leafMax && (text.length >= leafMin || last === 0 && text !== "")) {
        return [withChild(branch, first, text, length)];
      }
      return regroup(branch.height, spliced(children, first, first + 1, cut(text)));
    }
    const nodes = editBranch(child, from - start, to - start, insert);
    if (nodes.length === 1 && (nodes[0]!.children.length >= fanMin || last === 0)) {
      return [withChild(branch, first, nodes[0]!, length)];
    }
    return regroup(branch.height, spliced(children, first, first + 1, nodes));
  }

  let second = first, secondStart = start;
  while (secondStart + children[second]!.length < to) secondStart += children[second++]!.length;
  const other = children[second]!;
  let nodes: Tree[];
  if (typeof child === "string") {
    nodes = cut(child.slice(0, from - start) + insert + (other as string).slice(to - secondStart));
  } else {
    nodes = editBranch(child, from - start, child.length, insert);
    nodes.push(...editBranch(other as Branch, 0, to - secondStart, ""));
  }
  return regroup(branch.height, spliced(children, first, second + 1, nodes));
}

function withChild(branch: Branch, index: number, child: Tree, length: number): Branch {
  const children = branch.children.slice();
  children[index] = child;
  return { height: branch.height, length, children };
}

function spliced(children: readonly Tree[], from: number, to: number, nodes: readonly Tree[]): Tree[] {
  return [...children.slice(0, from), ...nodes, ...children.slice(to)];
}

/** Branches of `height` over `children`, in which small neighbours have been joined. */
function regroup(height: number, children: Tree[]): Branch[] {
  const joined: Tree[] = [];
  for (const child of children) {
    const before = joined[joined.length - 1];
    if (before === undefined) {
      joined.push(child);
    } else if (typeof child === "string") {
      const text = before as string;
      if ((text.length < leafMin || child.length < leafMin) && text.length + child.length <= leafMax) {
        joined[joined.length - 1] = text + child;
      } else joined.push(child);
    } else {
      const a = (before as Branch).children, b = child.children;
      if ((a.length < fanMin || b.length < fanMin) && a.length + b.length <= fanMax) {
        joined[joined.length - 1] = branchOf(child.height, [...a, ...b]);
      } else joined.push(child);
    }
  }
  return spread(joined, fanMax).map((group) => branchOf(height, group));
}

function branchOf(height: number, children: readonly Tree[]): Branch {
  let length = 0;
  for (const child of children) length += child.length;
  return { height, length, children };
}

/** The tree over nodes of one height: what was cut from one text, or came from one branch. */
function build(nodes: readonly Tree[]): Tree {
  if (nodes.length === 0) return "";
  while (nodes.length > 1) {
    const first = nodes[0]!;
    const height = typeof first === "string" ? 1 : first.height + 1;
    nodes = spread(nodes, fanMax).map((group) => branchOf(height, group));
  }
  let tree = nodes[0]!;
  while (typeof tree !== "string" && tree.children.length === 1) tree = tree.children[0]!;
  return tree;
}

/** `nodes` in groups of at most `most`, all of about the same size. */
function spread<T>(nodes: readonly T[], most: number): T[][] {
  const groups = Math.ceil(nodes.length / most);
  const result: T[][] = [];
  for (let i = 0; i < groups; i++) {
    result.push(
      nodes.slice(Math.floor(i * nodes.length / groups), Math.floor((i + 1) * nodes.length / groups)),
    );
  }
  return result;
}

/** `text` as leaves: one if it fits, else several that are half to two thirds full. */
function cut(text: string): string[] {
  if (text.length <= leafMax) return text === "" ? [] : [text];
  const count = Math.ceil(text.length / (leafMax * 2 / 3));
  const leaves: string[] = [];
  for (let i = 0; i < count; i++) {
    leaves.push(text.slice(Math.floor(i * text.length / count), Math.floor((i + 1) * text.length / count)));
  }
  return leaves;
}

function sliceOf(tree: Tree, from: number, to: number): string {
  if (typeof tree === "string") return tree.slice(from, to);
  let result = "", start = 0;
  for (const child of tree.children) {
    if (start >= to) break;
    const end = start + child.length;
    if (end > from) {
      if (from <= start && to >= end && typeof child === "string") result += child;
      else result += sliceOf(child, Math.max(0, from - start), Math.min(child.length, to - start));
    }
    start = end;
  }
  return result;
}

function* chunksOf(tree: Tree): Generator<string> {
  if (typeof tree === "string") {
    if (tree !== "") yield tree;
  } else {
    for (const child of tree.children) yield* chunksOf(child);
  }
}
