/**
 * Mutants of text operations and texts: section 3 of the design.
 *
 * @module
 */

import type { Mutant } from "./mutant.ts";

export const textMutants: readonly Mutant[] = [
  {
    name: "ties are broken by who comes first",
    file: "server/core/derive.ts",
    text: `return transform(op, past.op, site < past.site ? "left" : "right");`,
    replacement: `return transform(op, past.op, "right");`,
    breaks: "of two insertions at one place the lower site stays left",
  },
  {
    name: "the client breaks ties the other way round",
    file: "client/core/replica.ts",
    text: "const side = this.#site < site ?",
    replacement: "const side = this.#site > site ?",
    breaks: "of two insertions at one place the lower site stays left",
  },
  {
    name: "left and right are mixed up",
    file: "ot/text_op.ts",
    text: `else if (other!.at === at && side === "right") place += other!.insert.length;`,
    replacement: `else if (other!.at === at && side === "left") place += other!.insert.length;`,
    breaks: "of two insertions at one place the lower site stays left",
  },
  {
    name: "a tie is overlooked where the edits are single",
    file: "ot/text_op.ts",
    text: "if (other.at + other.remove < at) {",
    replacement: "if (other.at + other.remove <= at) {",
    breaks: "transform of two insertions at one place depends on the side",
  },
  {
    name: "an insertion before a replaced range is put behind it",
    file: "ot/text_op.ts",
    text: "if (other!.at < at) place = other!.at + shift + other!.insert.length;",
    replacement: "if (other!.at <= at) place = other!.at + shift + other!.insert.length;",
    breaks: "only equal left edges tie",
  },
  {
    name: "an insertion into a replaced range goes before the replacement",
    file: "ot/text_op.ts",
    text: "if (other!.at < at) place = other!.at + shift + other!.insert.length;",
    replacement: "if (other!.at < at) place = other!.at + shift;",
    breaks: "an insertion strictly inside a replaced range goes right of the replacement",
  },
  {
    name: "an insertion into a deleted range is lost",
    file: "ot/text_op.ts",
    text: "result.add(place, 0, insert);\n    let from = at;",
    replacement:
      "if (other!.at >= at || other!.at + other!.remove <= at) result.add(place, 0, insert);\n    let from = at;",
    breaks: "a concurrent insertion inside a deleted range survives",
    museum: "Dropbox Trinity: a remote delete takes away what was just written",
  },
  {
    name: "what both delete is deleted twice",
    file: "ot/text_op.ts",
    text: "if (otherEnd > from) from = otherEnd;",
    replacement: "",
    breaks: "what both delete is deleted once",
  },
  {
    name: "a deletion does not split around an insertion",
    file: "ot/text_op.ts",
    text: `if (other.at > from) result.add(from + shift, other.at - from, "");`,
    replacement: `if (other.at > from) result.add(from + shift, other.at - from + other.insert.length, "");`,
    breaks: "a concurrent insertion inside a deleted range survives",
  },
  {
    name: "what was passed does not move what follows",
    file: "ot/text_op.ts",
    text:
      "while (k < count && (other = over[k]!).at + other.remove < at) {\n      shift += other.insert.length - other.remove;",
    replacement:
      "while (k < count && (other = over[k]!).at + other.remove < at) {\n      shift += other.insert.length;",
    breaks: "TP1: positions move by what was inserted less what was removed",
  },
  {
    name: "splices that touch at the start are not joined",
    file: "ot/text_op.ts",
    text: "if (this.#at + this.#remove === at && this.#at >= 0) {",
    replacement: "if (this.#at + this.#remove === at && this.#at > 0) {",
    breaks: "every result is in normal form",
  },
  {
    name: "composing loses a character after a deletion",
    file: "ot/text_op.ts",
    text: "if (end < ends) text += insert.slice(end - at);",
    replacement: "if (end < ends) text += insert.slice(end - at + 1);",
    breaks: "apply(d, compose(a, b)) = apply(apply(d, a), b)",
  },
  {
    name: "composing many splices forgets what the earlier ones removed",
    file: "ot/text_op.ts",
    text: "result[size++] = earlier;\n      shift += earlier.insert.length - earlier.remove;",
    replacement: "result[size++] = earlier;\n      shift += earlier.insert.length;",
    breaks: "apply(d, compose(a, b)) = apply(apply(d, a), b)",
  },
  {
    name: "an inverse forgets that what was before it has grown",
    file: "ot/text_op.ts",
    text: "shift += insert.length - remove;\n    return inverse;",
    replacement: "return inverse;",
    breaks: "apply(apply(d, a), invert(a, d)) = d",
  },
  {
    name: "an inverse restores one character too few",
    file: "ot/text_op.ts",
    text: "insert: base.slice(at, at + remove) };",
    replacement: "insert: base.slice(at, at + Math.max(0, remove - 1)) };",
    breaks: "apply(apply(d, a), invert(a, d)) = d",
  },
  {
    name: "a cursor inside a replaced range stays before it",
    file: "ot/text_op.ts",
    text: "if (at + remove >= position) return at + shift + insert.length;",
    replacement: "if (at + remove >= position) return at + shift;",
    breaks: "a position inside a replaced range goes after the replacement",
    by: "laws",
  },
  {
    name: "an edit may leave its text",
    file: "ot/text_op.ts",
    text: `if (at + remove > text.length) return "out_of_bounds";`,
    replacement: `if (at > text.length) return "out_of_bounds";`,
    breaks: "an operation that leaves the document is refused whole",
  },
  {
    name: "a deletion may end inside a pair",
    file: "ot/text_op.ts",
    text: "if (splitsPair(text, at) || (remove > 0 && splitsPair(text, at + remove))) return",
    replacement: "if (splitsPair(text, at)) return",
    breaks: "an operation that would split a surrogate pair is refused whole",
  },
  {
    name: "halves of a pair may be inserted",
    file: "ot/text_op.ts",
    text: `if (!insert.isWellFormed()) return "ill_formed";`,
    replacement: "",
    breaks: "an operation that inserts ill-formed text is refused whole",
    by: "laws",
  },
  {
    name: "a text forgets that it holds pairs",
    file: "ot/text.ts",
    text: "const astral = this.#astral || hasSurrogates(insert);",
    replacement: "const astral = hasSurrogates(insert);",
    breaks: "an operation that would split a surrogate pair is refused whole",
  },
  {
    name: "the gap does not grow to the left",
    file: "ot/text.ts",
    text: "if (at < gapAt) wider += gapAt - at;",
    replacement: "",
    breaks: "a text is what its edits make of it",
  },
  {
    name: "text behind the gap is read from where it was",
    file: "ot/text.ts",
    text: "result += sliceOf(this.#tree, Math.max(from, gapEnd) + moved, to + moved);",
    replacement: "result += sliceOf(this.#tree, Math.max(from, gapEnd), to);",
    breaks: "a text is what its edits make of it",
  },
  {
    name: "a branch forgets that it has become shorter",
    file: "ot/text.ts",
    text: "const length = branch.length - (to - from) + insert.length;",
    replacement: "const length = branch.length + insert.length;",
    breaks: "a text is what its edits make of it",
  },
  {
    name: "an edit over two leaves cuts the second one short",
    file: "ot/text.ts",
    text: "nodes = cut(child.slice(0, from - start) + insert + (other as string).slice(to - secondStart));",
    replacement:
      "nodes = cut(child.slice(0, from - start) + insert + (other as string).slice(to - secondStart + 1));",
    breaks: "a text is what its edits make of it",
  },
  {
    name: "edits of one file are composed in the wrong order",
    file: "ot/change.ts",
    text: "compose(a!.op, b!.op);",
    replacement: "compose(b!.op, a!.op);",
    breaks: "what is typed while a change is in flight composes into the next",
  },
  {
    name: "the last of many files is not found",
    file: "ot/change.ts",
    text: "while (low <= high) {",
    replacement: "while (low < high) {",
    breaks: "edits of one file are transformed over concurrent ones of it, in a change of many files too",
  },
  {
    name: "a map is changed where it stands",
    file: "ot/persistent_map.ts",
    text: "const slots = trie.slots.slice();\n    if ((trie.bitmap & bit) === 0)",
    replacement: "const slots = trie.slots as Trie<V>[];\n    if ((trie.bitmap & bit) === 0)",
    breaks: "states are values: the workspace at a revision is what it was then",
  },
];
