/**
 * Where a long run of nodes and texts is cut into pieces: by what stands there, not by how far it is from the
 * beginning (content-defined chunking: Muthitacharoen, Chen and Mazières, 2001). So an edit changes the piece that it
 * is in, and soon after it pieces end again where they have always ended.
 *
 * @module
 */

/** So many code units decide whether there is an edge behind them. */
const reach = 32;
/** Odd, and without a pattern: spreads each code unit over the upper bits. */
const spread = 0x9e3779b1;

/** How often there are edges: on average, one in twice `pieceMin` places, to the next power of two. */
export class Edges {
  readonly #shift: number;

  constructor(pieceMin: number) {
    this.#shift = Math.clz32(2 * pieceMin - 1);
  }

  /** The first edge at `from` or behind it, never amid a surrogate pair; the end of the text if there is none. */
  next(text: string, from: number): number {
    let hash = 0;
    for (let i = Math.max(0, from - reach); i < text.length; i++) {
      // What is further behind is shifted out.
      hash = (hash << 1) + Math.imul(text.charCodeAt(i) + 1, spread) | 0;
      if (i + 1 >= from && hash >>> this.#shift === 0) return wholePair(text, i + 1);
    }
    return text.length;
  }

  /** Whether there is an edge behind something of `size` that is known by two numbers. */
  isBehind(a: number, b: number, size: number): boolean {
    const hash = Math.imul(Math.imul(a, spread) + b, spread);
    return Math.imul(hash ^ hash >>> 15, spread) >>> this.#shift < size;
  }
}

/** `at`, or one further if a pair would be cut in two there. */
export function wholePair(text: string, at: number): number {
  return at < text.length && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800 ? at + 1 : at;
}
