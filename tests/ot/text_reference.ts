/**
 * A second model of text operations, slow and plain, to judge the one in `ot/` by. It shares nothing with it
 * but the type of an operation.
 *
 * Here an edit is written down in columns: for every gap of the base text what is inserted there, for every
 * character of it whether it is deleted.
 *
 *     base         a   b   c            [{0, 1, "X"}, {2, 0, "YZ"}]
 *     insertions X   -  YZ   -
 *     deletions    ×   -   -
 *
 * In columns there is nothing to decide: two concurrent edits of one base are laid over each other, gap by gap
 * and character by character, and only what both insert in one gap needs an order.
 *
 * @module
 */

import type { Side, Splice, TextOp } from "../../ot/text_op.ts";

/** An edit of a base text of `deletions.length` code units. There is one more gap than there are characters. */
export interface Columns {
  readonly insertions: readonly string[];
  readonly deletions: readonly boolean[];
}

/** The edit in columns. An inserted text stands in the gap where its splice begins. */
export function columnsOf(op: TextOp, length: number): Columns {
  const insertions = Array<string>(length + 1).fill("");
  const deletions = Array<boolean>(length).fill(false);
  for (const { at, remove, insert } of op) {
    insertions[at] += insert;
    for (let i = at; i < at + remove; i++) deletions[i] = true;
  }
  return { insertions, deletions };
}

/** The edit as an operation in normal form: a splice for everything between two characters that stay. */
export function opOf({ insertions, deletions }: Columns): TextOp {
  const splices: Splice[] = [];
  let at = 0, insert = "";
  for (let gap = 0; gap <= deletions.length; gap++) {
    insert += insertions[gap]!;
    if (deletions[gap]) continue;
    if (gap > at || insert !== "") splices.push({ at, remove: gap - at, insert });
    at = gap + 1, insert = "";
  }
  return splices;
}

export function applyColumns(text: string, { insertions, deletions }: Columns): string {
  let result = "";
  for (let gap = 0; gap <= text.length; gap++) {
    result += insertions[gap]!;
    if (gap < text.length && !deletions[gap]) result += text[gap]!;
  }
  return result;
}

export function applyPlainly(text: string, op: TextOp): string {
  let result = "", from = 0;
  for (const { at, remove, insert } of op) {
    result += text.slice(from, at) + insert;
    from = at + remove;
  }
  return result + text.slice(from);
}

/** What becomes of `text` when both edits of it are made, `left` standing left where both insert. */
export function mergeColumns(text: string, left: Columns, right: Columns): string {
  let result = "";
  for (let gap = 0; gap <= text.length; gap++) {
    result += left.insertions[gap]! + right.insertions[gap]!;
    if (gap < text.length && !left.deletions[gap] && !right.deletions[gap]) result += text[gap]!;
  }
  return result;
}

/** `edit` in the columns of the text after `over`. */
export function transformColumns(edit: Columns, over: Columns, side: Side): Columns {
  const insertions: string[] = [""];
  const deletions: boolean[] = [];
  // Adds a character of the text after `over`, and the gap that follows it.
  const step = (deleted: boolean) => {
    deletions.push(deleted);
    insertions.push("");
  };
  const here = (insert: string) => {
    insertions[insertions.length - 1] += insert;
  };
  for (let gap = 0; gap <= edit.deletions.length; gap++) {
    if (side === "left") here(edit.insertions[gap]!);
    for (let i = 0; i < over.insertions[gap]!.length; i++) step(false);
    if (side === "right") here(edit.insertions[gap]!);
    if (gap < edit.deletions.length && !over.deletions[gap]) step(edit.deletions[gap]!);
  }
  return { insertions, deletions };
}

/** Both edits as one, in the columns of the base of `first`; `second` is in those of the text after it. */
export function composeColumns(first: Columns, second: Columns): Columns {
  const length = first.deletions.length;
  const insertions = Array<string>(length + 1).fill("");
  const deletions = Array<boolean>(length).fill(true);
  // `place` counts through the text in between; `gap` is where in the base its characters come from.
  let place = 0, gap = 0;
  for (let i = 0; i <= length; i++) {
    for (const unit of first.insertions[i]!.split("")) {
      insertions[gap] += second.insertions[place]! + (second.deletions[place] ? "" : unit);
      place++;
    }
    if (i === length) insertions[gap] += second.insertions[place]!;
    else if (!first.deletions[i]) {
      insertions[gap] += second.insertions[place]!;
      deletions[i] = second.deletions[place]!;
      place++, gap = i + 1;
    }
  }
  return { insertions, deletions };
}

/** How many characters stand left of a marker in the gap `position` after the edit. */
export function markerAfter(position: number, over: Columns, bias: Side): number {
  let count = 0;
  for (let gap = 0; gap < position; gap++) {
    count += over.insertions[gap]!.length + (over.deletions[gap] ? 0 : 1);
  }
  return count + (bias === "right" ? over.insertions[position]!.length : 0);
}

/** Every edit in normal form of a text of `length` code units that inserts none but these texts. */
export function everyEdit(length: number, texts: readonly string[]): Columns[] {
  if (length === 0) return ["", ...texts].map((text) => ({ insertions: [text], deletions: [] }));
  const result: Columns[] = [];
  for (const { insertions, deletions } of everyEdit(length - 1, texts)) {
    // Right of a deleted character nothing more is inserted: it would belong to the same splice.
    result.push({ insertions: [...insertions, ""], deletions: [...deletions, true] });
    for (const text of ["", ...texts]) {
      result.push({ insertions: [...insertions, text], deletions: [...deletions, false] });
    }
  }
  return result;
}
