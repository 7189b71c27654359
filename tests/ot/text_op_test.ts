/**
 * The algebra of text operations: by examples, by all small cases, and by laws on long texts.
 *
 * Examples are drawn on their base text: `ab{X}cd` inserts, `a[bc]d` deletes, `a[bc>XY]d` replaces. The judge
 * of the small cases is the model in `text_reference.ts`.
 *
 * @module
 */

import fc from "fast-check";
import {
  compose,
  faultOf,
  growthOf,
  insert,
  invert,
  isNormal,
  noop,
  normalize,
  type OpFault,
  remove,
  replace,
  type Side,
  type Splice,
  splitsPair,
  type TextOp,
  transform,
  transformPosition,
  widen,
} from "../../ot/text_op.ts";
import { Text } from "../../ot/text.ts";
import merges from "../../fixtures/ot/merges.json" with { type: "json" };
import { assert, assertEquals, assertThrows } from "../assert.ts";
import {
  applyColumns,
  applyPlainly,
  type Columns,
  composeColumns,
  everyEdit,
  markerAfter,
  mergeColumns,
  opOf,
  transformColumns,
} from "./text_reference.ts";

// ---- Drawing ------------------------------------------------------------------------------------------------

/** The base text and the operation of a drawing. */
function drawn(picture: string): { text: string; op: TextOp } {
  const splices: Splice[] = [];
  let text = "";
  for (
    const [, kept, inserted, removed, replacement] of picture.matchAll(
      /([^[{]+)|\{(.*?)\}|\[(.*?)(?:>(.*?))?\]/g,
    )
  ) {
    if (kept !== undefined) text += kept;
    else {
      splices.push({ at: text.length, remove: removed?.length ?? 0, insert: inserted ?? replacement ?? "" });
      text += removed ?? "";
    }
  }
  return { text, op: normalize(splices) };
}

function picture(text: string, op: TextOp): string {
  let result = "", from = 0;
  for (const { at, remove, insert } of op) {
    const removed = text.slice(at, at + remove);
    result += text.slice(from, at);
    result += remove === 0 ? `{${insert}}` : insert === "" ? `[${removed}]` : `[${removed}>${insert}]`;
    from = at + remove;
  }
  return result + text.slice(from);
}

/** The merged text by either way round, which must be one. */
function merged(text: string, a: TextOp, b: TextOp, left: "a" | "b"): string {
  const viaA = applyPlainly(applyPlainly(text, a), transform(b, a, left === "a" ? "right" : "left"));
  const viaB = applyPlainly(applyPlainly(text, b), transform(a, b, left === "a" ? "left" : "right"));
  assertEquals(viaA, viaB, `${picture(text, a)} and ${picture(text, b)}, ${left} stands left`);
  return viaA;
}

// ---- Examples -----------------------------------------------------------------------------------------------

type Row = readonly [placement: string, a: string, b: string, aLeft: string, bLeft?: string];
const tables = merges as unknown as Readonly<Record<string, readonly Row[]>>;

function kindOf(op: TextOp): string {
  const [splice] = op;
  if (splice === undefined) return "noop";
  return splice.remove === 0 ? "insert" : splice.insert === "" ? "delete" : "replace";
}

/** Where the first of two splices lies to the second: the relations of intervals (Allen, 1983). */
function placementOf(a: Splice, b: Splice): string {
  const aEnd = a.at + a.remove, bEnd = b.at + b.remove;
  if (a.at === b.at && aEnd === bEnd) return "equal";
  if (aEnd < b.at) return "before";
  if (a.at > bEnd) return "after";
  if (aEnd === b.at) return "touching left";
  if (a.at === bEnd) return "touching right";
  // An insertion at the left edge of a range touches it, from the left; and a range the insertion, from the right.
  if (a.remove === 0 && a.at === b.at) return "touching left";
  if (b.remove === 0 && a.at === b.at) return "touching right";
  const from = a.at === b.at ? " from the start" : "", to = aEnd === bEnd ? " to the end" : "";
  if (a.at >= b.at && aEnd <= bEnd) return `inside${from}${to}`;
  if (a.at <= b.at && aEnd >= bEnd) return `around${from}${to}`;
  return a.at < b.at ? "overlapping left" : "overlapping right";
}

Deno.test("transform() merges every pair of kinds on every placement as the table says", () => {
  for (const rows of Object.values(tables)) {
    for (const [, pictureA, pictureB, aLeft, bLeft = aLeft] of rows) {
      const a = drawn(pictureA), b = drawn(pictureB);
      assertEquals(a.text, b.text);
      assertEquals(merged(a.text, a.op, b.op, "a"), aLeft, `${pictureA} and ${pictureB}, the first left`);
      assertEquals(merged(a.text, a.op, b.op, "b"), bLeft, `${pictureA} and ${pictureB}, the second left`);
    }
  }
});

Deno.test("transform() merges the table's pairs alike when the two change places", () => {
  for (const rows of Object.values(tables)) {
    for (const [, pictureA, pictureB, aLeft, bLeft = aLeft] of rows) {
      const a = drawn(pictureB), b = drawn(pictureA);
      assertEquals(merged(a.text, a.op, b.op, "b"), aLeft, `${pictureA} and ${pictureB}`);
      assertEquals(merged(a.text, a.op, b.op, "a"), bLeft, `${pictureA} and ${pictureB}`);
    }
  }
});

Deno.test("the table of merges has every ordered pair of kinds on every placement that two such can have", () => {
  const places: Splice[] = [];
  for (let at = 0; at <= 7; at++) {
    for (let end = at; end <= 7; end++) places.push({ at, remove: end - at, insert: "" });
  }
  const kinds = ["insert", "delete", "replace", "noop"];
  for (const first of kinds) {
    for (const second of kinds) {
      const possible = new Set<string>();
      for (const a of places) {
        for (const b of places) {
          if ((a.remove === 0) !== (first === "insert") || (b.remove === 0) !== (second === "insert")) {
            continue;
          }
          possible.add(first === "noop" || second === "noop" ? "" : placementOf(a, b));
        }
      }
      const rows = tables[`${first}, ${second}`] ?? [];
      for (const [placement, pictureA, pictureB] of rows) {
        const a = drawn(pictureA).op, b = drawn(pictureB).op;
        assertEquals([kindOf(a), kindOf(b)], [first, second], `${pictureA} and ${pictureB}`);
        const [spliceA] = a, [spliceB] = b;
        const actual = spliceA === undefined || spliceB === undefined ? "" : placementOf(spliceA, spliceB);
        assertEquals(actual, placement, `${pictureA} and ${pictureB}`);
      }
      assertEquals(rows.map((row) => row[0]).sort(), [...possible].sort(), `${first}, ${second}`);
    }
  }
});

Deno.test("the table of merges names a tie exactly where two insertions have the same left edge", () => {
  for (const rows of Object.values(tables)) {
    for (const [, pictureA, pictureB, , bLeft] of rows) {
      const [a] = drawn(pictureA).op, [b] = drawn(pictureB).op;
      const tie = a !== undefined && b !== undefined && a.insert !== "" && b.insert !== "" && a.at === b.at;
      assertEquals(bLeft !== undefined, tie, `${pictureA} and ${pictureB}`);
    }
  }
});

Deno.test("transform() splits a deletion around text inserted inside it, and around each of several", () => {
  const over = drawn("ab{X}cd{Y}ef");
  const result = transform(drawn("a[bcde]f").op, over.op, "left");
  assertEquals(picture(applyPlainly(over.text, over.op), result), "a[b]X[cd]Y[e]f");
});

Deno.test("transform() leaves of two overlapping deletions only what the other has not deleted", () => {
  const over = drawn("ab[cd]ef[gh]i");
  const result = transform(drawn("a[bcdefg]hi").op, over.op, "left");
  assertEquals(picture(applyPlainly(over.text, over.op), result), "a[bef]i");
});

Deno.test("transform() joins splices between which the other edit deleted all", () => {
  const over = drawn("ab[c]de");
  const result = transform(drawn("a[b>X]c[d>Y]e").op, over.op, "left");
  assertEquals(result, [{ at: 1, remove: 2, insert: "XY" }]);
});

Deno.test("transform() parts a replacement from what it removes where a left insertion comes between", () => {
  const over = drawn("ab{Y}cd");
  const op = drawn("ab[c>X]d").op;
  assertEquals(picture("abYcd", transform(op, over.op, "left")), "ab{X}Y[c]d");
  assertEquals(picture("abYcd", transform(op, over.op, "right")), "abY[c>X]d");
});

Deno.test("transform() over a composition is not transform() over one edit after the other", () => {
  const ours = drawn("ab{X}cd").op, first = drawn("a[bc]d").op, second = drawn("a{Y}d").op;
  const both = compose(first, second);
  assertEquals(applyPlainly("abcd", both), "aYd");
  const stepwise = transform(transform(ours, first, "left"), second, "left");
  assertEquals(applyPlainly("aYd", stepwise), "aXYd");
  assertEquals(applyPlainly("aYd", transform(ours, both, "left")), "aYXd");
});

Deno.test("compose() joins two edits into what one splice would say", () => {
  const examples = [
    ["ab{X}cd", "abX{Y}cd", "ab{XY}cd"],
    ["ab{X}cd", "ab{Y}Xcd", "ab{YX}cd"],
    ["ab{XYZ}cd", "abX[Y]Zcd", "ab{XZ}cd"],
    ["ab{XYZ}cd", "abX[Y>V]Zcd", "ab{XVZ}cd"],
    ["ab{X}cd", "ab[X]cd", "abcd"],
    ["ab{X}cd", "a[bX]cd", "a[b]cd"],
    ["ab{X}cd", "a[bXc>Y]d", "a[bc>Y]d"],
    ["ab{X}cd", "a{Y}bXcd", "a{Y}b{X}cd"],
    ["a[b]cd", "a[c]d", "a[bc]d"],
    ["a[b]cd", "a{Y}cd", "a[b>Y]cd"],
    ["a[bc>X]d", "aX[d]", "a[bcd>X]"],
    ["a[bc>X]d", "a[X]d", "a[bc]d"],
    ["a[bc>XY]d", "aX{Z}Yd", "a[bc>XZY]d"],
    ["a[b]cd", "[a]cd", "[ab]cd"],
    ["a{X}bc{Y}d", "aX[bc]Yd", "a[bc>XY]d"],
    ["a{X}bc{Y}d", "a[XbcY]d", "a[bc]d"],
    ["[a]bc[d]", "b{X}c", "[a]b{X}c[d]"],
  ] as const;
  for (const [pictureA, pictureB, expected] of examples) {
    const a = drawn(pictureA), b = drawn(pictureB);
    assertEquals(applyPlainly(a.text, a.op), b.text, `${pictureA} does not lead to ${pictureB}`);
    assertEquals(picture(a.text, compose(a.op, b.op)), expected, `${pictureA} then ${pictureB}`);
  }
});

Deno.test("invert() puts back what was removed and takes out what was inserted", () => {
  const { text, op } = drawn("a[bc>X]d{YZ}e[f]");
  assertEquals(picture(applyPlainly(text, op), invert(op, text)), "a[X>bc]d[YZ]e{f}");
});

Deno.test("transformPosition() keeps a marker between the characters that it stands between", () => {
  // [the edit, with a bar for the marker in its base; the text after it with bias left; with bias right]
  const examples = [
    ["ab{X}c|d", "abXc|d", "abXc|d"],
    ["ab|{X}cd", "ab|Xcd", "abX|cd"],
    ["a|b{X}cd", "a|bXcd", "a|bXcd"],
    ["a|[bc]d", "a|d", "a|d"],
    ["a[b|c]d", "a|d", "a|d"],
    ["a[bc]|d", "a|d", "a|d"],
    ["a[bc]d|", "ad|", "ad|"],
    ["a|[bc>X]d", "a|Xd", "aX|d"],
    ["a[b|c>X]d", "aX|d", "aX|d"],
    ["a[bc>X]|d", "aX|d", "aX|d"],
    ["{X}a[b]|c{Y}d", "Xa|cYd", "Xa|cYd"],
  ] as const;
  for (const [pictured, left, right] of examples) {
    // The bar is no character of the text: what is left of it in the base gives its place.
    const position = pictured.slice(0, pictured.indexOf("|")).replace(/\{.*?\}|\[|\]|>[^\]]*/g, "").length;
    const { text, op } = drawn(pictured.replace("|", ""));
    const after = applyPlainly(text, op);
    for (const [bias, expected] of [["left", left], ["right", right]] as const) {
      const moved = transformPosition(position, op, bias);
      assertEquals(`${after.slice(0, moved)}|${after.slice(moved)}`, expected, `${pictured}, bias ${bias}`);
    }
  }
});

Deno.test("insert(), remove() and replace() of nothing are the noop", () => {
  assertEquals(insert(3, ""), noop);
  assertEquals(remove(3, 0), noop);
  assertEquals(replace(3, 0, ""), noop);
  assertEquals(insert(3, "X"), [{ at: 3, remove: 0, insert: "X" }]);
  assertEquals(remove(3, 2), [{ at: 3, remove: 2, insert: "" }]);
  assertEquals(replace(3, 2, "X"), [{ at: 3, remove: 2, insert: "X" }]);
});

Deno.test("normalize() sorts, drops empty splices and joins touching ones, insertions in the order given", () => {
  const splices = [
    { at: 6, remove: 0, insert: "X" },
    { at: 2, remove: 2, insert: "" },
    { at: 4, remove: 0, insert: "Y" },
    { at: 6, remove: 1, insert: "Z" },
    { at: 9, remove: 0, insert: "" },
  ];
  assertEquals(normalize(splices), [{ at: 2, remove: 2, insert: "Y" }, { at: 6, remove: 1, insert: "XZ" }]);
  assertEquals(normalize([]), noop);
});

Deno.test("normalize() throws on splices that overlap and on positions that are not whole numbers from 0 on", () => {
  const overlapping = [{ at: 1, remove: 3, insert: "" }, { at: 3, remove: 1, insert: "" }];
  assertThrows(() => normalize(overlapping), RangeError, "one ends at 4, one begins at 3");
  for (const at of [-1, 0.5, NaN, Infinity, 2 ** 53]) {
    assertThrows(() => normalize([{ at, remove: 0, insert: "X" }]), RangeError, "not whole numbers");
    assertThrows(() => normalize([{ at: 0, remove: at, insert: "X" }]), RangeError, "not whole numbers");
  }
});

Deno.test("faultOf() names what is wrong with an operation, and refuses nothing that fits", () => {
  // a b 😀 c: the pair stands on [2, 4).
  const text = "ab😀c";
  const splice = (at: number, remove: number, insert: string): TextOp => [{ at, remove, insert }];
  const faults: [TextOp, OpFault | undefined][] = [
    [noop, undefined],
    [insert(5, "X"), undefined],
    [remove(0, 5), undefined],
    [remove(2, 2), undefined],
    [insert(2, "😁"), undefined],
    [insert(6, "X"), "out_of_bounds"],
    [remove(4, 2), "out_of_bounds"],
    [remove(6, 1), "out_of_bounds"],
    [remove(Number.MAX_SAFE_INTEGER, 1), "out_of_bounds"],
    [remove(1, Number.MAX_SAFE_INTEGER), "out_of_bounds"],
    [insert(3, "X"), "splits_pair"],
    [remove(2, 1), "splits_pair"],
    [remove(3, 1), "splits_pair"],
    [remove(3, 2), "splits_pair"],
    [remove(1, 2), "splits_pair"],
    [[...insert(0, "X"), ...remove(3, 1)], "splits_pair"],
    [insert(0, "\ud83d"), "ill_formed"],
    [insert(0, "\ude00"), "ill_formed"],
    [insert(0, "\ude00\ud83d"), "ill_formed"],
    [replace(2, 2, "\ud83d"), "ill_formed"],
    [splice(0, 0, ""), "not_normal"],
    [splice(-1, 0, "X"), "not_normal"],
    [splice(0, -1, "X"), "not_normal"],
    [splice(0.5, 0, "X"), "not_normal"],
    [splice(0, 0.5, "X"), "not_normal"],
    [splice(NaN, 0, "X"), "not_normal"],
    [splice(0, NaN, "X"), "not_normal"],
    [splice(Infinity, 0, "X"), "not_normal"],
    [[...insert(1, "X"), ...insert(0, "Y")], "not_normal"],
    [[...insert(1, "X"), ...insert(1, "Y")], "not_normal"],
    [[...remove(0, 1), ...remove(1, 1)], "not_normal"],
    [[...remove(0, 2), ...remove(1, 3)], "not_normal"],
  ];
  for (const [op, fault] of faults) {
    assertEquals(faultOf(op, text), fault, JSON.stringify(op));
    assertEquals(faultOf(op, Text.of(text)), fault, JSON.stringify(op));
  }
});

Deno.test("splitsPair() holds between the halves of a pair only", () => {
  const placesOf = (text: string) =>
    Array.from({ length: text.length + 3 }, (_, i) => i - 1).filter((at) => splitsPair(text, at));
  assertEquals(placesOf("a😀😁b"), [2, 4]);
  assertEquals(placesOf("a\ude00b\ud83dc\ude00\ud83d"), []);
  assertEquals(placesOf("\ud83d\ud83d\ude00\ude00"), [2]);
});

Deno.test("widen() takes in the halves of pairs that a minimal difference leaves out", () => {
  const examples: [string, string, TextOp, TextOp][] = [
    ["a😀b", "a😁b", replace(2, 1, "\ude01"), replace(1, 2, "😁")],
    ["a😀b", "a🨀b", replace(1, 1, "\ud83e"), replace(1, 2, "🨀")],
    ["😀😁", "😁", remove(1, 2), replace(0, 4, "😁")],
    ["😀", "😁😀", insert(1, "\ude01\ud83d"), replace(0, 2, "😁😀")],
    ["😀a", "😁b", replace(1, 2, "\ude01b"), replace(0, 3, "😁b")],
    ["a😀b", "😁b", [...remove(0, 1), ...replace(2, 1, "\ude01")], replace(0, 3, "😁")],
    ["a😀b", "ab", remove(1, 2), remove(1, 2)],
  ];
  for (const [before, after, op, widened] of examples) {
    assertEquals(applyPlainly(before, op), after);
    assertEquals(widen(op, before), widened, JSON.stringify(op));
    assertEquals(faultOf(widened, before), undefined);
  }
});

Deno.test("widen() leaves whole text that is inserted into a pair to be refused", () => {
  assertEquals(faultOf(widen(insert(1, "X"), "😀"), "😀"), "splits_pair");
});

// ---- All small cases ----------------------------------------------------------------------------------------

const alphabet = "abcde";
const sides: readonly Side[] = ["left", "right"];

interface Small {
  readonly op: TextOp;
  readonly columns: Columns;
  readonly after: string;
}

/** Every operation on `text` that inserts only these texts, frozen: no function may change its arguments. */
function everyOp(text: string, texts: readonly string[]): readonly Small[] {
  return everyEdit(text.length, texts).map((columns) => {
    const op = opOf(columns);
    op.forEach(Object.freeze);
    return { op: Object.freeze(op), columns, after: applyColumns(text, columns) };
  });
}

function sameOp(a: TextOp, b: TextOp): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    const x = a[i]!, y = b[i]!;
    if (x.at !== y.at || x.remove !== y.remove || x.insert !== y.insert) return false;
  }
  return true;
}

/** Fails with drawings; a function, so that the loops over millions of cases build no message. */
function fail(law: string, text: string, ...ops: readonly TextOp[]): never {
  throw new Error(`${law} on "${text}": ${ops.map((op) => JSON.stringify(op)).join(", ")}`);
}

Deno.test("every operation on at most 5 characters is in normal form, fits, applies and inverts", () => {
  for (let length = 0; length <= 5; length++) {
    const text = alphabet.slice(0, length);
    const ops = everyOp(text, ["X", "XY"]);
    // Each gap may have one of 3 texts; each character, with the gap after it, is deleted or stays.
    assertEquals(new Set(ops.map(({ op }) => JSON.stringify(op))).size, 3 * 4 ** length);
    for (const { op, after } of ops) {
      if (!isNormal(op)) fail("isNormal", text, op);
      if (faultOf(op, text) !== undefined) fail("faultOf", text, op);
      if (applyPlainly(text, op) !== after) fail("apply", text, op);
      if (Text.of(text).apply(op).toString() !== after) fail("Text.apply", text, op);
      if (text.length + growthOf(op) !== after.length) fail("growthOf", text, op);
      if (!sameOp(normalize(op), op)) fail("normalize", text, op);
      const inverse = invert(op, text);
      if (!isNormal(inverse)) fail("normal form of the inverse", text, op, inverse);
      if (applyPlainly(after, inverse) !== text) fail("invert", text, op, inverse);
      if (!sameOp(invert(inverse, after), op)) fail("invert of the inverse", text, op, inverse);
      const both = compose(op, inverse);
      if (!isNormal(both) || applyPlainly(text, both) !== text) {
        fail("compose with the inverse", text, op, both);
      }
      for (const side of sides) {
        if (!sameOp(transform(op, noop, side), op)) fail("transform over the noop", text, op);
        if (transform(noop, op, side).length > 0) fail("transform of the noop", text, op);
      }
      if (!sameOp(compose(op, noop), op) || !sameOp(compose(noop, op), op)) {
        fail("compose with the noop", text, op);
      }
    }
  }
});

Deno.test("transform() of every pair of operations on at most 5 characters satisfies TP1, as the reference says", () => {
  for (let length = 0; length <= 5; length++) {
    const text = alphabet.slice(0, length);
    const firsts = everyOp(text, ["X", "XY"]);
    // On 5 characters all pairs with two texts each would take half a minute. Texts are opaque to `transform`.
    const seconds = everyOp(text, length < 5 ? ["P", "PQ"] : ["P"]);
    for (const a of firsts) {
      for (const b of seconds) {
        const aLeft = transform(a.op, b.op, "left"), aRight = transform(a.op, b.op, "right");
        const bLeft = transform(b.op, a.op, "left"), bRight = transform(b.op, a.op, "right");
        const expectedALeft = mergeColumns(text, a.columns, b.columns);
        const expectedBLeft = mergeColumns(text, b.columns, a.columns);
        if (applyPlainly(a.after, bRight) !== expectedALeft) fail("a left, via a", text, a.op, b.op, bRight);
        if (applyPlainly(b.after, aLeft) !== expectedALeft) fail("a left, via b", text, a.op, b.op, aLeft);
        if (applyPlainly(a.after, bLeft) !== expectedBLeft) fail("b left, via a", text, a.op, b.op, bLeft);
        if (applyPlainly(b.after, aRight) !== expectedBLeft) fail("b left, via b", text, a.op, b.op, aRight);
        if (!isNormal(aLeft) || !isNormal(aRight)) fail("normal form", text, a.op, b.op, aLeft, aRight);
        if (!isNormal(bLeft) || !isNormal(bRight)) fail("normal form", text, a.op, b.op, bLeft, bRight);
      }
    }
  }
});

Deno.test("transform() of every pair of operations on at most 4 characters is the reference's operation", () => {
  for (let length = 0; length <= 4; length++) {
    const text = alphabet.slice(0, length);
    const seconds = everyOp(text, ["P", "PQ"]);
    for (const a of everyOp(text, ["X"])) {
      for (const b of seconds) {
        for (const side of sides) {
          const aOver = transform(a.op, b.op, side), bOver = transform(b.op, a.op, side);
          if (!sameOp(aOver, opOf(transformColumns(a.columns, b.columns, side)))) {
            fail(side, text, a.op, b.op, aOver);
          }
          if (!sameOp(bOver, opOf(transformColumns(b.columns, a.columns, side)))) {
            fail(side, text, b.op, a.op, bOver);
          }
        }
      }
    }
  }
});

/** Hands `check` every operation on `text` with every operation on the text after it. */
function everySequence(
  text: string,
  firstTexts: readonly string[],
  secondTexts: readonly string[],
  check: (first: Small, second: Small) => void,
): void {
  const byText = new Map<string, readonly Small[]>();
  for (const first of everyOp(text, firstTexts)) {
    let seconds = byText.get(first.after);
    if (seconds === undefined) byText.set(first.after, seconds = everyOp(first.after, secondTexts));
    for (const second of seconds) check(first, second);
  }
}

Deno.test("compose() of every operation on at most 4 characters with every one after it is the reference's", () => {
  const check = (text: string) => (first: Small, second: Small) => {
    const both = compose(first.op, second.op);
    if (!sameOp(both, opOf(composeColumns(first.columns, second.columns)))) {
      fail("compose", text, first.op, second.op, both);
    }
    if (!isNormal(both)) fail("normal form", text, first.op, second.op, both);
    if (applyPlainly(text, both) !== second.after) fail("apply of compose", text, first.op, second.op, both);
    if (growthOf(both) !== second.after.length - text.length) {
      fail("growthOf", text, first.op, second.op, both);
    }
  };
  for (let length = 0; length <= 4; length++) {
    const text = alphabet.slice(0, length);
    everySequence(text, ["X"], ["P"], check(text));
    if (length <= 2) everySequence(text, ["X", "XY"], ["P"], check(text));
  }
});

Deno.test("compose() is associative for every three operations in sequence on at most 2 characters", () => {
  for (let length = 0; length <= 2; length++) {
    const text = alphabet.slice(0, length);
    const byText = new Map<string, readonly Small[]>();
    everySequence(text, ["X"], length < 2 ? ["P"] : [], (first, second) => {
      let thirds = byText.get(second.after);
      if (thirds === undefined) byText.set(second.after, thirds = everyOp(second.after, ["S"]));
      const both = compose(first.op, second.op);
      for (const third of thirds) {
        const left = compose(both, third.op), right = compose(first.op, compose(second.op, third.op));
        if (!sameOp(left, right)) fail("associativity", text, first.op, second.op, third.op, left, right);
      }
    });
  }
});

Deno.test("transformPosition() puts a marker where the reference does, for every operation on at most 5 characters", () => {
  for (let length = 0; length <= 5; length++) {
    const text = alphabet.slice(0, length);
    for (const { op, columns } of everyOp(text, ["X", "XY"])) {
      for (let position = 0; position <= length; position++) {
        for (const side of sides) {
          const moved = transformPosition(position, op, side);
          if (moved !== markerAfter(position, columns, side)) {
            fail(`marker at ${position}, ${side}`, text, op);
          }
          // A marker is where a character typed there would be.
          const [typed] = transform(insert(position, "|"), op, side);
          if (typed?.at !== moved) fail(`character typed at ${position}, ${side}`, text, op);
        }
      }
    }
  }
});

// ---- Long texts ---------------------------------------------------------------------------------------------

/** What texts are made of here: pairs, joined families, combining marks, both halves of CRLF. */
const pieces = [
  ..."abc \t.é日\n",
  "\r\n",
  "\r",
  "e\u0301",
  "\u0301",
  "\u200d",
  "😀",
  "😁",
  "🨀",
  "👍🏽",
  "🇩🇪",
  "👩‍👩‍👧",
  "🏴‍☠️",
];
const pieceArbitrary = fc.constantFrom(...pieces);
/** Text to insert; most often none. The first is what failures shrink to. */
const insertionArbitrary = fc.oneof(
  { weight: 4, arbitrary: fc.constant("") },
  { weight: 2, arbitrary: fc.constantFrom("X", "Y", "XY", "\r\n", "😁", "\u0301", "👩‍👧") },
  { weight: 1, arbitrary: fc.string({ unit: "grapheme", maxLength: 12, size: "max" }) },
);

/**
 * A text with concurrent operations on it, generated in columns: a piece, how often it is repeated, and for
 * each operation what it inserts before and whether it deletes it. Without a column, the rest is still a case,
 * so failures shrink to a few columns.
 */
function concurrentArbitrary(count: number): fc.Arbitrary<{ text: string; ops: TextOp[] }> {
  const action = fc.record({ insert: insertionArbitrary, remove: fc.boolean() });
  const column = fc.record({
    piece: pieceArbitrary,
    times: fc.nat(20),
    actions: fc.array(action, { minLength: count, maxLength: count }),
  });
  return fc.array(column, { maxLength: 60, size: "max" }).map((columns) => {
    let text = "";
    const splices: Splice[][] = Array.from({ length: count }, () => []);
    for (const { piece, times, actions } of columns) {
      const run = piece.repeat(times);
      actions.forEach(({ insert, remove }, i) => {
        splices[i]!.push({ at: text.length, remove: remove ? run.length : 0, insert });
      });
      text += run;
    }
    return { text, ops: splices.map(normalize) };
  });
}

/** Edits that fit any text: keep so many characters, remove so many, insert; and again to the end. */
const strokesArbitrary = fc.array(
  fc.record({ keep: fc.nat(60), remove: fc.nat(12), insert: insertionArbitrary }),
  { maxLength: 12, size: "max" },
);
type Strokes = readonly { keep: number; remove: number; insert: string }[];

/** The strokes as an operation on `text`, never inside a pair. */
function stroke(text: string, strokes: Strokes): TextOp {
  const whole = (at: number) => splitsPair(text, at) ? at + 1 : at;
  const splices: Splice[] = [];
  let end = 0;
  for (const { keep, remove, insert } of strokes) {
    const at = whole(Math.min(end + keep, text.length));
    end = whole(Math.min(at + remove, text.length));
    splices.push({ at, remove: end - at, insert });
  }
  return normalize(splices);
}

/** `op` made on `text`, after it was seen to be an operation as all must be. */
function sound(op: TextOp, text: string): string {
  assertEquals(faultOf(op, text), undefined, JSON.stringify(op));
  const after = applyPlainly(text, op);
  assert(after.isWellFormed(), `ill-formed after ${JSON.stringify(op)}`);
  assertEquals(after.length, text.length + growthOf(op));
  assertEquals(Text.of(text).apply(op).toString(), after);
  return after;
}

Deno.test("transform() satisfies TP1 for both ties on long texts, and splits no pair", () => {
  fc.assert(
    fc.property(concurrentArbitrary(2), ({ text, ops: [a, b] }) => {
      const afterA = sound(a!, text), afterB = sound(b!, text);
      const aLeft = sound(transform(a!, b!, "left"), afterB);
      assertEquals(sound(transform(b!, a!, "right"), afterA), aLeft);
      const bLeft = sound(transform(a!, b!, "right"), afterB);
      assertEquals(sound(transform(b!, a!, "left"), afterA), bLeft);
    }),
    { numRuns: 400 },
  );
});

Deno.test("transform() deletes all that either deleted and keeps all that either inserted, on long texts", () => {
  fc.assert(
    fc.property(concurrentArbitrary(2), ({ text, ops: [a, b] }) => {
      const lengthOf = (op: TextOp) => op.reduce((sum, splice) => sum + splice.insert.length, 0);
      const kept = new Array<boolean>(text.length).fill(true);
      for (const { at, remove } of [...a!, ...b!]) kept.fill(false, at, at + remove);
      const result = merged(text, a!, b!, "a");
      assertEquals(result.length, kept.filter((it) => it).length + lengthOf(a!) + lengthOf(b!));
    }),
    { numRuns: 200 },
  );
});

Deno.test("compose() is one edit for two, is associative, and splits no pair, on long texts", () => {
  fc.assert(
    fc.property(
      concurrentArbitrary(1),
      strokesArbitrary,
      strokesArbitrary,
      ({ text, ops: [a] }, strokesB, strokesC) => {
        const afterA = sound(a!, text);
        const b = stroke(afterA, strokesB);
        const afterB = sound(b, afterA);
        const c = stroke(afterB, strokesC);
        const afterC = sound(c, afterB);
        const ab = compose(a!, b), bc = compose(b, c);
        assertEquals(sound(ab, text), afterB);
        assertEquals(sound(bc, afterA), afterC);
        assertEquals(compose(ab, c), compose(a!, bc));
        assertEquals(sound(compose(ab, c), text), afterC);
      },
    ),
    { numRuns: 400 },
  );
});

Deno.test("invert() takes an edit back on long texts, and the inverse of the inverse is the edit", () => {
  fc.assert(
    fc.property(concurrentArbitrary(1), ({ text, ops: [op] }) => {
      const after = sound(op!, text);
      const inverse = invert(op!, Text.of(text));
      assertEquals(sound(inverse, after), text);
      assertEquals(invert(inverse, after), op!);
    }),
    { numRuns: 200 },
  );
});

Deno.test("invert() of an edit, transformed over a concurrent one, takes back the edit and nothing of the other", () => {
  fc.assert(
    fc.property(concurrentArbitrary(2), ({ text, ops: [mine, other] }) => {
      // Undo amid others' edits: what I inserted is gone again, what they inserted stands.
      const after = applyPlainly(text, mine!);
      const theirs = transform(other!, mine!, "right");
      const undo = transform(invert(mine!, text), theirs, "left");
      const result = sound(undo, sound(theirs, after));
      const inserted = other!.reduce((sum, splice) => sum + splice.insert.length, 0);
      const removed = theirs.reduce((sum, splice) => sum + splice.remove, 0);
      assertEquals(result.length, text.length + inserted - removed);
    }),
    { numRuns: 200 },
  );
});

Deno.test("transformPosition() keeps positions in order, inside the text, and where a marker would be", () => {
  fc.assert(
    fc.property(concurrentArbitrary(1), ({ text, ops: [op] }) => {
      const end = text.length + growthOf(op!);
      let lastLeft = 0, lastRight = 0;
      for (let position = 0; position <= text.length; position++) {
        const left = transformPosition(position, op!, "left"),
          right = transformPosition(position, op!, "right");
        assert(
          lastLeft <= left && lastRight <= right && left <= right && right <= end,
          `position ${position}`,
        );
        lastLeft = left, lastRight = right;
        for (const [bias, moved] of [["left", left], ["right", right]] as const) {
          // The marker takes one place in the text, and is found again in the merged text.
          const after = applyPlainly(applyPlainly(text, op!), transform(insert(position, "\0"), op!, bias));
          assertEquals(after.indexOf("\0"), moved);
        }
      }
    }),
    { numRuns: 30 },
  );
});

/** The shortest edit from one text to another by code units, blind to pairs, as an editor might report it. */
function minimalDifference(before: string, after: string): TextOp {
  const n = before.length, m = after.length;
  // common[i][j]: the longest common subsequence of what follows i and j.
  const common = Array.from({ length: n + 1 }, () => new Array<number>(m + 1).fill(0));
  for (let i = n - 1; i >= 0; i--) {
    for (let j = m - 1; j >= 0; j--) {
      const same = before[i] === after[j];
      common[i]![j] = same ? common[i + 1]![j + 1]! + 1 : Math.max(common[i + 1]![j]!, common[i]![j + 1]!);
    }
  }
  const splices: Splice[] = [];
  let i = 0, j = 0;
  while (i < n || j < m) {
    if (i < n && j < m && before[i] === after[j]) i++, j++;
    else if (j < m && (i === n || common[i]![j + 1]! >= common[i + 1]![j]!)) {
      splices.push({ at: i, remove: 0, insert: after[j]! });
      j++;
    } else {
      splices.push({ at: i, remove: 1, insert: "" });
      i++;
    }
  }
  return normalize(splices);
}

Deno.test("widen() makes any minimal difference of two texts an edit that fits and gives the same text", () => {
  // Few characters that share halves: so differences cut pairs in every way.
  const text = fc.string({
    unit: fc.constantFrom("a", "😀", "😁", "🨀", "🨁", "👍"),
    maxLength: 12,
    size: "max",
  });
  fc.assert(
    fc.property(text, text, (before, after) => {
      const difference = minimalDifference(before, after);
      assertEquals(applyPlainly(before, difference), after);
      const widened = widen(difference, before);
      assertEquals(sound(widened, before), after, JSON.stringify(difference));
      assertEquals(widen(widened, before), widened);
    }),
    { numRuns: 2000 },
  );
});

// ---- More than two ------------------------------------------------------------------------------------------

interface Message {
  readonly site: number;
  readonly op: TextOp;
}

/** The lower site stands left. */
function sideOf(site: number, other: number): Side {
  return site < other ? "left" : "right";
}

/** Transforms `message` over each of `queue` in turn, and each of `queue` over it: past each other. */
function pass(message: Message, queue: Message[]): Message {
  let { site, op } = message;
  for (let i = 0; i < queue.length; i++) {
    const other = queue[i]!;
    queue[i] = { site: other.site, op: transform(other.op, op, sideOf(other.site, site)) };
    op = transform(op, other.op, sideOf(site, other.site));
  }
  return { site, op };
}

/** Someone who edits without waiting, and sees the others' edits when they arrive. */
class Person {
  /** Edits that the hub has not put into its order yet, as they are after all that was received. */
  readonly unsequenced: Message[] = [];
  /** Sent, not yet arrived at the hub: with how many of the others' edits had been received. */
  readonly sent: { op: TextOp; received: number }[] = [];
  received = 0;

  constructor(readonly site: number, public text: string) {}

  edit(op: TextOp): void {
    this.text = applyPlainly(this.text, op);
    this.unsequenced.push({ site: this.site, op });
    this.sent.push({ op, received: this.received });
  }

  /** The next entry of the hub's order; an edit of one's own is only acknowledged. Gives what it changes here. */
  receive(entry: Message): TextOp {
    if (entry.site === this.site) {
      this.unsequenced.shift();
      return noop;
    }
    this.received++;
    const { op } = pass(entry, this.unsequenced);
    this.text = applyPlainly(this.text, op);
    return op;
  }
}

/** The server: one order for all, in which every edit is transformed over those that its author had not seen. */
class Hub {
  readonly log: Message[] = [];
  /** For each person, the others' entries that were not in the base of what arrived last. */
  readonly #unseen: Message[][];
  readonly #dropped: number[];
  readonly #cursors: number[];

  constructor(public text: string, readonly people: readonly Person[]) {
    this.#unseen = people.map(() => []);
    this.#dropped = people.map(() => 0);
    this.#cursors = people.map(() => 0);
  }

  /** Puts the oldest edit that is under way from this person into the order. */
  sequence(index: number): void {
    const person = this.people[index]!, next = person.sent.shift();
    if (next === undefined) return;
    const unseen = this.#unseen[index]!;
    unseen.splice(0, next.received - this.#dropped[index]!);
    this.#dropped[index] = next.received;
    const entry = pass({ site: person.site, op: next.op }, unseen);
    this.text = applyPlainly(this.text, entry.op);
    this.log.push(entry);
    this.people.forEach((_, other) => {
      if (other !== index) this.#unseen[other]!.push(entry);
    });
  }

  /** Lets this person have the next entry; undefined if there is none. */
  deliver(index: number): TextOp | undefined {
    const entry = this.log[this.#cursors[index]!];
    if (entry === undefined) return undefined;
    this.#cursors[index]!++;
    return this.people[index]!.receive(entry);
  }

  /** Lets everything arrive, and asserts that all hold the same text. */
  settle(): string {
    for (let i = 0; i < this.people.length; i++) {
      while (this.people[i]!.sent.length > 0) this.sequence(i);
    }
    this.people.forEach((person, i) => {
      while (this.deliver(i) !== undefined);
      if (person.text !== this.text) {
        throw new Error(`site ${person.site} holds "${person.text}", the hub "${this.text}"`);
      }
    });
    return this.text;
  }
}

function hubOf(text: string, sites: readonly number[]): Hub {
  return new Hub(text, sites.map((site) => new Person(site, text)));
}

const ordersOfThree = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] as const;

Deno.test("three concurrent operations on at most 2 characters converge in whatever order they are sequenced", () => {
  for (let length = 0; length <= 2; length++) {
    const text = alphabet.slice(0, length);
    const [ones, twos, threes] = ["X", "P", "S"].map((letter) => everyOp(text, [letter]));
    for (const one of ones!) {
      for (const two of twos!) {
        for (const three of threes!) {
          for (const order of ordersOfThree) {
            const hub = hubOf(text, [1, 2, 3]);
            [one, two, three].forEach(({ op }, i) => hub.people[i]!.edit(op));
            for (const index of order) hub.sequence(index);
            hub.settle();
          }
        }
      }
    }
  }
});

Deno.test("three concurrent operations on long texts converge in whatever order they are sequenced", () => {
  fc.assert(
    fc.property(concurrentArbitrary(3), ({ text, ops }) => {
      for (const order of ordersOfThree) {
        const hub = hubOf(text, [1, 2, 3]);
        ops.forEach((op, i) => hub.people[i]!.edit(op));
        for (const index of order) hub.sequence(index);
        sound(invert([], hub.settle()), hub.text);
      }
    }),
    { numRuns: 100 },
  );
});

Deno.test("people who edit at once without waiting converge, whatever arrives when", () => {
  const event = fc.oneof(
    fc.record({ kind: fc.constant("edit" as const), index: fc.nat(2), strokes: strokesArbitrary }),
    fc.record({ kind: fc.constantFrom("sequence" as const, "deliver" as const), index: fc.nat(2) }),
  );
  fc.assert(
    fc.property(
      fc.string({ unit: pieceArbitrary, maxLength: 300, size: "max" }),
      fc.array(event, { maxLength: 60, size: "max" }),
      (text, events) => {
        const hub = hubOf(text, [1, 2, 3]);
        for (const event of events) {
          const person = hub.people[event.index]!;
          if (event.kind === "edit") person.edit(stroke(person.text, event.strokes));
          else hub[event.kind](event.index);
        }
        assert(hub.settle().isWellFormed());
      },
    ),
    { numRuns: 400 },
  );
});

/**
 * Plays people who type their words letter by letter at one caret each, in the gap of "()": `schedule` says whose
 * turn it is, to type the next letter, to have a letter arrive at the hub, or to receive an entry. "<" in a word
 * deletes the letter before it. Gives the text between the brackets.
 */
function typed(
  words: readonly string[],
  schedule: readonly { kind: "type" | "sequence" | "deliver"; index: number }[],
) {
  const hub = hubOf("()", words.map((_, i) => i + 1));
  const carets = words.map(() => 1), next = words.map(() => 0);
  const type = (index: number) => {
    const letter = words[index]![next[index]!], caret = carets[index]!;
    if (letter === undefined) return;
    next[index]!++;
    hub.people[index]!.edit(letter === "<" ? remove(caret - 1, 1) : insert(caret, letter));
    carets[index] = letter === "<" ? caret - 1 : caret + 1;
  };
  for (const { kind, index } of schedule) {
    if (kind === "type") type(index);
    if (kind === "sequence") hub.sequence(index);
    // Nobody sees the others before they begin: then all begin at one place, and the lower site stands left.
    if (kind === "deliver" && next[index]! > 0) {
      const op = hub.deliver(index);
      if (op !== undefined) carets[index] = transformPosition(carets[index]!, op, "left");
    }
  }
  words.forEach((word, index) => {
    while (next[index]! < word.length) type(index);
  });
  return hub.settle().slice(1, -1);
}

Deno.test("two people typing at one place leave both words whole, the lower site left, in every arrival order", () => {
  const [hers, his] = ["tomato", "PEPPER"];
  // Every way in which the letters of two words can be shuffled: a bit for each arrival.
  for (let bits = 0; bits < 1 << (hers.length + his.length); bits++) {
    const arrivals = Array.from({ length: hers.length + his.length }, (_, i) => bits >> i & 1);
    if (arrivals.filter((index) => index === 1).length !== his.length) continue;
    const schedule = [
      ...arrivals.map((_, i) => ({ kind: "type" as const, index: i % 2 })),
      ...arrivals.map((index) => ({ kind: "sequence" as const, index })),
    ];
    assertEquals(typed([hers, his], schedule), hers + his, arrivals.join(""));
  }
});

/** A word is typed on after the schedule has ended, so any schedule is a case. */
const scheduleArbitrary = fc.array(
  fc.record({
    kind: fc.constantFrom("type" as const, "sequence" as const, "deliver" as const),
    index: fc.nat(2),
  }),
  { maxLength: 120, size: "max" },
);

Deno.test("three people typing at one place leave all words whole, in order of site, whatever arrives when", () => {
  fc.assert(
    fc.property(scheduleArbitrary, (schedule) => {
      assertEquals(typed(["tomato", "PEPPER", "123456"], schedule), "tomatoPEPPER123456");
    }),
    { numRuns: 500 },
  );
});

Deno.test("people who correct themselves while typing at one place leave their words whole, in order of site", () => {
  fc.assert(
    fc.property(scheduleArbitrary, (schedule) => {
      assertEquals(typed(["tu<oni<<mato", "PEB<PE<PER", "19<24<<2<23"], schedule), "tomatoPEPPER123");
    }),
    { numRuns: 500 },
  );
});

Deno.test("of three people one's run is parted where a letter that kept it from the second's was deleted", () => {
  // The limit of ties by site. The third types before the first's x, which the second's P comes after; with x gone
  // nothing says any more that the P comes after all of the third's run, and its next letter ties with the P.
  const hub = hubOf("()", [1, 2, 3]);
  const [first, second, third] = hub.people as [Person, Person, Person];
  const sequence = (person: Person) => hub.sequence(hub.people.indexOf(person));
  first.edit(insert(1, "x"));
  second.edit(insert(1, "P"));
  sequence(first);
  hub.deliver(2);
  third.edit(insert(1, "3"));
  first.edit(remove(1, 1));
  sequence(third);
  sequence(first);
  hub.deliver(2);
  hub.deliver(2);
  assertEquals(third.text, "(3)");
  third.edit(insert(2, "4"));
  sequence(second);
  assertEquals(hub.text, "(3P)");
  assertEquals(hub.settle(), "(3P4)");
});
