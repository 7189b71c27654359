/**
 * Where a long run of nodes and texts is cut into pieces: by what stands there, not by how far it is from the
 * beginning (content-defined chunking: Muthitacharoen, Chen and Mazières, 2001). So an edit changes the piece that it
 * is in, and soon after it pieces end again where they have always ended.
 *
 * Of a text only the kinds of its characters count, where words and lines end above all: so it is cut alike with
 * other letters in it, as in a recording that is redacted.
 *
 * @module
 */

/** Odd, and without a pattern: spreads each code unit over the upper bits. */
const spread = 0x9e3779b1;
/** So many code units decide whether there is an edge behind them. */
const reach = 32;

/** The kinds of the first 128 characters: blanks and controls each its own, then digits, letters, and all others. */
const kinds = Int32Array.from({ length: 128 }, (_, unit) => {
  if (unit <= 0x20) return unit + 10;
  if (unit >= 0x30 && unit <= 0x39) return 1;
  if (unit >= 0x41 && unit <= 0x5a) return 2;
  if (unit >= 0x61 && unit <= 0x7a) return 3;
  return 4;
});

/** Above those, whole scripts are of one kind; the punctuation of East Asia is of another one than its ideographs. */
function kindOf(unit: number): number {
  if (unit < 0x80) return kinds[unit]!;
  if (unit < 0x800) return 5;
  if (unit < 0x4dc0) return 6;
  return unit < 0xa000 ? 7 : unit < 0xe000 ? 8 : 9;
}

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
      hash = (hash << 1) + Math.imul(kindOf(text.charCodeAt(i)), spread) | 0;
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
