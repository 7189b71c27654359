/**
 * A text as a value: plain strings, in pieces, so that of a long one that is edited little is copied, and what it was
 * before costs little to keep.
 *
 * @module
 */

/** A piece that gets longer is cut in two. */
const pieceLengthMax = 1024;

export class Paper {
  static readonly empty: Paper = new Paper([""], 0);

  readonly #pieces: readonly string[];
  readonly length: number;

  private constructor(pieces: readonly string[], length: number) {
    this.#pieces = pieces;
    this.length = length;
  }

  static of(text: string): Paper {
    return new Paper(cut(text), text.length);
  }

  /** The text without `remove` units at a place within it, and with `insert` there. */
  edited(at: number, remove: number, insert: string): Paper {
    const before = this.#pieces;
    let index = 0, begin = 0;
    for (; at > begin + before[index]!.length; index++) begin += before[index]!.length;
    // What is taken away may go on in the next ones.
    let piece = before[index]!, count = 1;
    while (at + remove > begin + piece.length) piece += before[index + count++]!;
    const from = at - begin, length = this.length + insert.length - remove;
    piece = piece.slice(0, from) + insert + piece.slice(from + remove);
    const pieces = before.slice();
    if (count === 1 && piece.length <= pieceLengthMax) pieces[index] = piece;
    else pieces.splice(index, count, ...cut(piece));
    return new Paper(pieces, length);
  }

  slice(from: number, to: number): string {
    let begin = 0, result = "";
    for (const piece of this.#pieces) {
      if (begin >= to) break;
      if (begin + piece.length > from) result += piece.slice(Math.max(0, from - begin), to - begin);
      begin += piece.length;
    }
    return result;
  }

  toString(): string {
    return this.#pieces.length === 1 ? this.#pieces[0]! : this.#pieces.join("");
  }
}

function cut(text: string): string[] {
  if (text.length <= pieceLengthMax) return [text];
  const pieces: string[] = [], length = pieceLengthMax / 2;
  for (let at = 0; at < text.length; at += length) pieces.push(text.slice(at, at + length));
  return pieces;
}
