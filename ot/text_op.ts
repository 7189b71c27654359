/**
 * Operations on plain text, and their algebra: {@linkcode transform}, {@linkcode compose},
 * {@linkcode invert}, {@linkcode transformPosition}.
 *
 * An operation is a list of splices on one base text, all in that text's own positions:
 *
 *     base          0 1 2 3 4 5 6 7
 *                   a b c d e f g h
 *     {1, 2, "X"}     └─┘             remove [1, 3), put "X" where it began
 *     {5, 0, "Y"}             ^       put "Y" before f
 *     result        a X d e Y f g h
 *
 * Positions and lengths count UTF-16 code units, as JavaScript strings, LSP and most editors do.
 *
 * **Normal form**: splices are sorted, none is empty, and none touches the next (there is always an untouched
 * character between two of them). Equal edits are therefore equal lists, and every function here keeps it so.
 *
 * What decides between concurrent edits, in one place:
 * - what both delete is deleted once;
 * - text inserted strictly inside a concurrently deleted range survives: the deletion splits around it;
 * - the inserted text of a splice stands at its left edge, so an insertion inside or at the right edge of a
 *   range that the other one replaces comes after the replacement;
 * - two insertions at the same left edge tie; the caller says which stays left ({@linkcode Side}).
 *
 * @module
 */

/** Removes `remove` code units at `at`, and puts `insert` in their place. */
export interface Splice {
  /** Where it begins, in positions of the base text. */
  readonly at: number;
  /** How many code units it removes from there on. */
  readonly remove: number;
  /** What it puts in their place. */
  readonly insert: string;
}

/** An edit of one text: splices in normal form. The empty list is the noop. */
export type TextOp = readonly Splice[];

/** Which of two insertions at the same place stands left: ours ("left") or the other's ("right"). */
export type Side = "left" | "right";

/** What the functions here need of a text; strings have it, and so has `Text`. */
export interface Characters {
  /** Whether it is known that no surrogate is among the characters: saves looking for them. */
  readonly plain?: boolean;
  /** Length in UTF-16 code units. */
  readonly length: number;
  /** The code unit at `index`. */
  charCodeAt(index: number): number;
  /** The code units of [from, to). */
  slice(from: number, to?: number): string;
}

/** The edit that changes nothing. */
export const noop: TextOp = [];

/** An edit that puts `text` before position `at`. */
export function insert(at: number, text: string): TextOp {
  return text === "" ? noop : [{ at, remove: 0, insert: text }];
}

/** An edit that removes `count` code units from position `at` on. */
export function remove(at: number, count: number): TextOp {
  return count === 0 ? noop : [{ at, remove: count, insert: "" }];
}

/** An edit that puts `text` in the place of `count` code units from position `at` on. */
export function replace(at: number, count: number, text: string): TextOp {
  return count === 0 && text === "" ? noop : [{ at, remove: count, insert: text }];
}

/**
 * Brings splices of one base text into normal form: sorted, none empty, touching ones joined.
 *
 * @throws {RangeError} if two of them overlap, or a position is not a whole number from 0 on.
 */
export function normalize(splices: readonly Splice[]): TextOp {
  const sorted = splices.map((splice, order) => ({ splice, order }));
  sorted.sort((a, b) => a.splice.at - b.splice.at || a.order - b.order);
  const result = new Joiner();
  let end = 0;
  for (const { splice } of sorted) {
    const { at, remove, insert } = splice;
    if (!Number.isSafeInteger(at) || !Number.isSafeInteger(remove) || at < 0 || remove < 0) {
      throw new RangeError(
        `Cannot normalize a splice at ${at} that removes ${remove}: not whole numbers from 0 on`,
      );
    }
    if (at < end) {
      throw new RangeError(`Cannot normalize splices that overlap: one ends at ${end}, one begins at ${at}`);
    }
    end = at + remove;
    result.add(at, remove, insert);
  }
  return result.done();
}

/** Whether `op` is in normal form. */
export function isNormal(op: TextOp): boolean {
  let end = -1;
  for (const { at, remove, insert } of op) {
    if (!Number.isSafeInteger(at) || !Number.isSafeInteger(remove)) return false;
    if (at <= end || remove < 0 || (remove === 0 && insert === "")) return false;
    end = at + remove;
  }
  return true;
}

/** Why an operation cannot be applied to a text. */
export type OpFault = "not_normal" | "out_of_bounds" | "splits_pair" | "ill_formed";

/**
 * What is wrong with `op` as an edit of `text`; undefined if nothing is.
 *
 * An operation is refused whole if it leaves the text, cuts a surrogate pair in two, or inserts text that is
 * not well-formed UTF-16. So a well-formed text stays well-formed for ever.
 */
export function faultOf(op: TextOp, text: Characters): OpFault | undefined {
  if (!isNormal(op)) return "not_normal";
  const plain = text.plain === true;
  for (const { at, remove, insert } of op) {
    if (at + remove > text.length) return "out_of_bounds";
    if (!insert.isWellFormed()) return "ill_formed";
    if (plain) continue;
    if (splitsPair(text, at) || (remove > 0 && splitsPair(text, at + remove))) return "splits_pair";
  }
  return undefined;
}

/** Whether position `at` lies between the two halves of a surrogate pair. */
export function splitsPair(text: Characters, at: number): boolean {
  if (at <= 0 || at >= text.length) return false;
  return (text.charCodeAt(at) & 0xfc00) === 0xdc00 && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800;
}

/**
 * The same edit of `text`, its splices widened so that none cuts a surrogate pair.
 *
 * For edits that come from outside: a minimal difference of two emoji often changes the second half alone.
 */
export function widen(op: TextOp, text: Characters): TextOp {
  if (text.plain === true) return op;
  let result: Splice[] | undefined;
  for (let i = 0; i < op.length; i++) {
    const splice = op[i]!;
    const end = splice.at + splice.remove;
    const before = splitsPair(text, splice.at) ? 1 : 0;
    const after = splitsPair(text, end) ? 1 : 0;
    // Whole characters inserted into a pair are left to be refused: there is nothing that could have been meant.
    // Halves may be meant: from "😀" to "😁😀" it is least to insert the second half of one and the first of the other.
    if ((before === 0 && after === 0) || (splice.remove === 0 && splice.insert.isWellFormed())) {
      result?.push(splice);
      continue;
    }
    result ??= op.slice(0, i);
    const insert = text.slice(splice.at - before, splice.at) + splice.insert + text.slice(end, end + after);
    result.push({ at: splice.at - before, remove: splice.remove + before + after, insert });
  }
  return result === undefined ? op : normalize(result);
}

/** By how many code units `op` makes a text longer; negative if shorter. */
export function growthOf(op: TextOp): number {
  let growth = 0;
  for (const splice of op) growth += splice.insert.length - splice.remove;
  return growth;
}

/**
 * Rewrites `op` to mean the same after `over`, an edit of the same text.
 *
 * Either order gives the same text (TP1; Ressel, Nitsche-Ruhland and Gunzenhäuser, CSCW 1996):
 *
 *     apply(apply(text, a), transform(b, a, "right")) = apply(apply(text, b), transform(a, b, "left"))
 *
 * It does not distribute over {@linkcode compose}: transform over one edit after the other, never over their
 * composition.
 *
 * @param side Where an insertion of `op` goes that ties with one of `over`. The two ends pass opposite sides.
 */
export function transform(op: TextOp, over: TextOp, side: Side): TextOp {
  const count = over.length;
  if (count === 0 || op.length === 0) return op;
  if (count === 1 && op.length === 1) {
    // What happens at every keystroke, if the two are apart.
    const { at, remove, insert } = op[0]!, other = over[0]!;
    if (other.at >= at + remove && other.at > at) return op;
    if (other.at + other.remove < at) {
      return [{ at: at + other.insert.length - other.remove, remove, insert }];
    }
  }
  const result = new Joiner();
  // `shift` is how far the splices of `over` before index `k` have moved what follows them.
  let k = 0, shift = 0;
  for (let i = 0; i < op.length; i++) {
    const splice = op[i]!;
    const at = splice.at, insert = splice.insert, end = at + splice.remove;
    let other: Splice | undefined;
    while (k < count && (other = over[k]!).at + other.remove < at) {
      shift += other.insert.length - other.remove;
      k++;
    }
    if (k === count || ((other = over[k]!).at >= end && other.at > at)) {
      if (shift === 0) result.addWhole(splice);
      else result.add(at + shift, splice.remove, insert);
      continue;
    }
    // `other` touches or overlaps the splice: first where its inserted text goes, then what is left to remove.
    let place = at + shift;
    if (other!.at < at) place = other!.at + shift + other!.insert.length;
    else if (other!.at === at && side === "right") place += other!.insert.length;
    result.add(place, 0, insert);
    let from = at;
    while (k < count && from < end && (other = over[k]!).at < end) {
      if (other.at > from) result.add(from + shift, other.at - from, "");
      const otherEnd = other.at + other.remove;
      if (otherEnd >= end) {
        from = end;
      } else {
        shift += other.insert.length - other.remove;
        if (otherEnd > from) from = otherEnd;
        k++;
      }
    }
    if (from < end) result.add(from + shift, end - from, "");
  }
  return result.done();
}

/**
 * Joins two edits made one after the other:
 * `apply(apply(text, first), second) = apply(text, compose(first, second))`. Associative.
 */
export function compose(first: TextOp, second: TextOp): TextOp {
  const firstCount = first.length, secondCount = second.length;
  if (firstCount === 0) return second;
  if (secondCount === 0) return first;
  if (firstCount === 1 && secondCount === 1) return composeOne(first[0]!, second[0]!);
  // Growing a long array step by step would cost more than all the rest.
  const sizeMax = firstCount + secondCount;
  const result: Splice[] = sizeMax < 8 ? [] : new Array<Splice>(sizeMax);
  let size = 0;
  // All positions but those of the result are in the text between the two, which is `shift` ahead of the base.
  let i = 0, j = 0, shift = 0;
  while (i < firstCount && j < secondCount) {
    const earlier = first[i]!, later = second[j]!;
    const begins = earlier.at + shift;
    if (begins + earlier.insert.length < later.at) {
      result[size++] = earlier;
      shift += earlier.insert.length - earlier.remove;
      i++;
      continue;
    }
    if (later.at + later.remove < begins) {
      result[size++] = shift === 0
        ? later
        : { at: later.at - shift, remove: later.remove, insert: later.insert };
      j++;
      continue;
    }
    // The two touch, and with all that touches them in turn they make one splice: no character of the base is
    // left between them. It spans [start, end); its text is what of the earlier ones' lies behind `gone`, up to
    // where the later ones have removed it, and in between all of the later ones'.
    const start = begins < later.at ? begins : later.at;
    const at = start - shift;
    let end = start, gone = start, remove = 0, insert = "";
    for (;;) {
      const before = i < firstCount ? first[i]! : undefined;
      const from = before === undefined ? 0 : before.at + shift;
      let after = j < secondCount ? second[j]! : undefined;
      if (after !== undefined && after.at <= end && (before === undefined || after.at <= from)) {
        insert = joined(insert, after.insert);
        gone = after.at + after.remove;
        if (gone > end) end = gone;
        j++;
        continue;
      }
      if (before === undefined || from > end) break;
      const text = before.insert, to = from + text.length;
      if (to > end) end = to;
      while (after !== undefined && after.at <= to) {
        if (gone < after.at) {
          insert = joined(insert, text.slice(gone > from ? gone - from : 0, after.at - from));
        }
        insert = joined(insert, after.insert);
        gone = after.at + after.remove;
        if (gone > end) end = gone;
        after = ++j < secondCount ? second[j]! : undefined;
      }
      if (gone < to) insert = joined(insert, gone <= from ? text : text.slice(gone - from));
      remove += before.remove - text.length;
      shift += text.length - before.remove;
      i++;
    }
    remove += end - start;
    if (remove > 0 || insert.length > 0) result[size++] = { at, remove, insert };
  }
  for (; i < firstCount; i++) result[size++] = first[i]!;
  for (; j < secondCount; j++) {
    const later = second[j]!;
    result[size++] = shift === 0
      ? later
      : { at: later.at - shift, remove: later.remove, insert: later.insert };
  }
  if (result.length > size) result.length = size;
  return result;
}

/** {@linkcode compose} for what happens at every keystroke. */
function composeOne(first: Splice, second: Splice): TextOp {
  const { at, insert } = first;
  const end = second.at + second.remove, ends = at + insert.length;
  if (end < at) return [second, first];
  if (second.at > ends) {
    const shift = insert.length - first.remove;
    return [first, { at: second.at - shift, remove: second.remove, insert: second.insert }];
  }
  let remove = first.remove, text = second.insert, from = at;
  if (second.at > at) text = insert.slice(0, second.at - at) + text;
  else {
    remove += at - second.at;
    from = second.at;
  }
  if (end < ends) text += insert.slice(end - at);
  else remove += end - ends;
  return remove === 0 && text === "" ? noop : [{ at: from, remove, insert: text }];
}

/** The edit that takes back `op`, where `base` is the text that `op` was made on. */
export function invert(op: TextOp, base: Characters): TextOp {
  let shift = 0;
  return op.map(({ at, remove, insert }) => {
    const inverse = { at: at + shift, remove: insert.length, insert: base.slice(at, at + remove) };
    shift += insert.length - remove;
    return inverse;
  });
}

/**
 * Where `position` of a text is after `over`, an edit of that text.
 *
 * @param bias Where a position goes at which text is inserted: "left" stays before that text, "right" goes
 * after it. A position strictly inside a replaced range goes after the replacement, as an insertion would.
 */
export function transformPosition(position: number, over: TextOp, bias: Side): number {
  let shift = 0;
  for (const { at, remove, insert } of over) {
    if (at > position) break;
    if (at === position) return position + shift + (bias === "right" ? insert.length : 0);
    if (at + remove >= position) return at + shift + insert.length;
    shift += insert.length - remove;
  }
  return position + shift;
}

/**
 * Puts splices together that come in order, the last of them still open: what touches it goes into it, so that
 * nothing is made only to be joined with the next.
 */
class Joiner {
  readonly #splices: Splice[] = [];
  #at = -1;
  #remove = 0;
  #insert = "";
  /** The open splice, where it is one that was given whole: it can be shared. */
  #whole: Splice | undefined = undefined;

  /** Adds a splice that begins at or behind the end of the last one. */
  add(at: number, remove: number, insert: string): void {
    if (this.#at + this.#remove === at && this.#at >= 0) {
      this.#remove += remove;
      if (insert !== "") this.#insert = this.#insert === "" ? insert : this.#insert + insert;
      this.#whole = undefined;
    } else {
      this.#close();
      this.#at = at;
      this.#remove = remove;
      this.#insert = insert;
    }
  }

  /** {@linkcode add} for a splice that may be shared as it is. */
  addWhole(splice: Splice): void {
    if (this.#at + this.#remove === splice.at && this.#at >= 0) {
      this.add(splice.at, splice.remove, splice.insert);
    } else {
      this.#close();
      this.#at = splice.at;
      this.#remove = splice.remove;
      this.#insert = splice.insert;
      this.#whole = splice;
    }
  }

  done(): Splice[] {
    this.#close();
    return this.#splices;
  }

  #close(): void {
    if (this.#whole !== undefined) {
      this.#splices.push(this.#whole);
      this.#whole = undefined;
    } else if (this.#remove > 0 || this.#insert !== "") {
      this.#splices.push({ at: this.#at, remove: this.#remove, insert: this.#insert });
    }
  }
}

/** `a + b`, which is mostly one of them: the engine's own addition is a call. */
function joined(a: string, b: string): string {
  return a.length === 0 ? b : b.length === 0 ? a : a + b;
}
