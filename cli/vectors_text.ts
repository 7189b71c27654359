/**
 * The vectors of texts: what operations come to, for a client in any language. Cases that somebody has thought of,
 * and drawn ones; line ends of two characters and characters of two code units are among both.
 *
 * @module
 */

import {
  compose,
  difference,
  faultOf,
  invert,
  normalize,
  type Splice,
  Text,
  type TextOp,
  transform,
  transformPosition,
} from "../ot/mod.ts";

/** A splice in short: where, how many code units it removes, what it puts there. */
type Short = readonly [at: number, remove: number, insert: string];

const op = (...splices: readonly Short[]): TextOp =>
  splices.map(([at, remove, insert]): Splice => ({ at, remove, insert }));

/** Two edits of one text that know nothing of each other. */
const concurrent: readonly (readonly [text: string, a: TextOp, b: TextOp])[] = [
  ["", op([0, 0, "a"]), op([0, 0, "b"])],
  ["", op([0, 0, "😀"]), op([0, 0, "\r\n"])],
  ["ab", op([1, 0, "X"]), op([1, 0, "Y"])],
  ["ab", op([0, 0, "X"]), op([2, 0, "Y"])],
  ["abcd", op([1, 2, ""]), op([0, 3, ""])],
  ["abcd", op([1, 2, ""]), op([1, 2, ""])],
  ["abcd", op([1, 2, ""]), op([2, 0, "Y"])],
  ["abcd", op([1, 2, "X"]), op([2, 0, "Y"])],
  ["abcd", op([1, 2, "X"]), op([3, 0, "Y"])],
  ["abcd", op([1, 2, "X"]), op([1, 0, "Y"])],
  ["abcd", op([1, 0, "X"]), op([1, 2, "Y"])],
  ["abcd", op([3, 0, "X"]), op([1, 2, "Y"])],
  ["abcd", op([0, 2, "X"]), op([1, 2, "Y"])],
  ["abcdef", op([1, 4, ""]), op([2, 1, "Y"])],
  ["abcdef", op([0, 1, ""], [3, 0, "X"], [5, 1, "Z"]), op([1, 4, ""])],
  ["abcdef", op([0, 6, "X"]), op([1, 0, "1"], [3, 0, "2"], [5, 0, "3"])],
  ["a😀b", op([1, 2, ""]), op([1, 0, "X"])],
  ["a😀b", op([1, 2, "😁"]), op([1, 2, "😂"])],
  ["a😀b", op([3, 0, "X"]), op([1, 2, ""])],
  ["😀😁😂", op([2, 2, ""]), op([0, 6, "x"])],
  ["😀😁😂", op([4, 0, "👩‍👧"]), op([2, 0, "é"])],
  ["one\r\ntwo\r\n", op([3, 2, "\n"]), op([5, 0, "zero\r\n"])],
  ["one\r\ntwo\r\n", op([3, 1, ""], [8, 1, ""]), op([4, 1, ""], [9, 1, ""])],
  ["one\r\ntwo\r\n", op([4, 0, "!"]), op([3, 2, ""])],
  ["e\u0301a", op([1, 1, ""]), op([0, 1, "E"])],
];

/** Edits that are refused whole, since they could not have been meant of the text. */
const refused: readonly (readonly [text: string, op: TextOp])[] = [
  ["ab", op([3, 0, "X"])],
  ["ab", op([1, 2, ""])],
  ["a😀b", op([2, 0, "X"])],
  ["a😀b", op([0, 2, ""])],
  ["a😀b", op([2, 1, ""])],
  ["ab", op([1, 0, "\ud83d"])],
  ["ab", op([1, 0, "\ude00\ud83d"])],
  ["ab", op([1, 0, ""])],
  ["ab", op([0, 1, ""], [1, 0, "X"])],
  ["ab", op([1, 1, ""], [0, 0, "X"])],
  ["abc", op([0, 2, ""], [1, 1, ""])],
];

const drawnCount = 200;

/** All vectors of texts, by what they are about. */
export function textVectors(): Record<string, readonly unknown[]> {
  const draw = drawing(20_24);
  const pairs = [...concurrent];
  while (pairs.length < concurrent.length + drawnCount) {
    const text = drawnText(draw, 8);
    pairs.push([text, drawnOp(draw, text), drawnOp(draw, text)]);
  }
  const sequential = [...concurrent.map(([text, a, b]) => [text, a, transform(b, a, "right")] as const)];
  while (sequential.length < concurrent.length + drawnCount) {
    const text = drawnText(draw, 8), first = drawnOp(draw, text);
    sequential.push([text, first, drawnOp(draw, applied(text, first))]);
  }
  return {
    transform: pairs.map(([text, a, b]) => {
      const aOverB = transform(a, b, "left"), bOverA = transform(b, a, "right");
      return { text, a, b, aOverB, bOverA, merged: applied(text, a, bOverA) };
    }),
    compose: sequential.map(([text, first, second]) => {
      const composed = compose(first, second);
      return { text, first, second, composed, result: applied(text, composed) };
    }),
    invert: sequential.map(([text, first]) => {
      return { text, op: first, result: applied(text, first), inverse: invert(first, text) };
    }),
    position: pairs.map(([text, over]) => {
      const positions = Array.from({ length: text.length + 1 }, (_, at) => at);
      return { text, over, after: positions.map((at) => transformPosition(at, over, "left")) };
    }),
    refused: refused.map(([text, op]) => ({ text, op, code: faultOf(op, Text.of(text)) })),
  };
}

function applied(text: string, ...ops: readonly TextOp[]): string {
  return ops.reduce((text, op) => text.apply(op), Text.of(text)).toString();
}

/** Draws whole numbers from 0 to below `count`, the same in every run. */
type Draw = (count: number) => number;

function drawing(seed: number): Draw {
  let state = seed;
  return (count) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) % count;
  };
}

const characters = ["a", "b", "c", "\r\n", "\n", "é", "漢", "😀", "𝒳", "👩‍👧"];

function drawnText(draw: Draw, charactersMax: number): string {
  return Array.from({ length: draw(charactersMax + 1) }, () => characters[draw(characters.length)]).join("");
}

/** An edit of one to three splices, between whole characters of `text`. */
function drawnOp(draw: Draw, text: string): TextOp {
  const places = [0];
  for (const character of text) places.push(places.at(-1)! + character.length);
  const splices: Splice[] = [];
  for (let from = draw(places.length), count = 1 + draw(3); count > 0 && from < places.length; count--) {
    const to = Math.min(from + draw(3), places.length - 1), at = places[from]!;
    splices.push({ at, remove: places[to]! - at, insert: draw(3) === 0 ? "" : drawnText(draw, 2) });
    from = to + 1 + draw(3);
  }
  const result = normalize(splices);
  return result.length > 0 || text === "" ? result : difference(text, "");
}
