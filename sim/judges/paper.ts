/**
 * A text that somebody writes on: plain strings, in pieces, so that an edit of a long one copies a little of it.
 *
 * @module
 */

/** A piece that gets longer is cut in two. */
const pieceLengthMax = 1024;

export class Paper {
  #pieces: string[];
  #length: number;

  constructor(text = "") {
    this.#pieces = [text];
    this.#length = text.length;
  }

  get length(): number {
    return this.#length;
  }

  /** Takes away `remove` units at a place within the text, and puts `insert` there. */
  edit(at: number, remove: number, insert: string): void {
    const pieces = this.#pieces;
    let index = 0, begin = 0;
    for (; at > begin + pieces[index]!.length; index++) begin += pieces[index]!.length;
    // What is taken away may go on in the next ones.
    let piece = pieces[index]!, count = 1;
    while (at + remove > begin + piece.length) piece += pieces[index + count++]!;
    const from = at - begin;
    piece = piece.slice(0, from) + insert + piece.slice(from + remove);
    this.#length += insert.length - remove;
    if (count === 1 && piece.length <= pieceLengthMax) pieces[index] = piece;
    else pieces.splice(index, count, ...cut(piece));
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
    return this.#pieces.join("");
  }
}

function cut(text: string): string[] {
  if (text.length <= pieceLengthMax) return [text];
  const pieces: string[] = [], length = pieceLengthMax / 2;
  for (let at = 0; at < text.length; at += length) pieces.push(text.slice(at, at + length));
  return pieces;
}
