/**
 * Globs: patterns that paths are like. A leading dot is a character as any other.
 *
 *     *          any part of a name                 *.md
 *     **         any number of directories          src/**, **\/main.ts
 *     ?          one character of a name
 *     [a-z]      one of these; [!a-z] another one
 *     {one,two}  either
 *     \          takes the next character as it is
 *
 * They are followed a name at a time, from the root down: where a directory has got to says what may be below it. So a
 * tree is looked at without ever making its paths. A name is matched in time that its length and the glob's bound.
 *
 * @module
 */

/** The length of all globs together, in code units; and how many they may be once {one,two} is two. */
const lengthMax = 10_000, alternativesMax = 1000;
/** Of a glob that is none, so much is shown. */
const shownMax = 200;

/** Thrown for a glob that is none. */
export class GlobError extends Error {
  /** Tells this kind of error from others. */
  override readonly name = "GlobError";
}

/** One thing that a name is matched with. */
type Token =
  | { readonly kind: "character"; readonly code: number }
  | { readonly kind: "any" }
  | { readonly kind: "star" }
  | {
    readonly kind: "class";
    readonly not: boolean;
    readonly ranges: readonly (readonly [from: number, to: number])[];
  }
  | { readonly kind: "slash" };

/** What a name, or several, are matched with. */
type Segment =
  | { readonly kind: "name"; readonly tokens: readonly Token[] }
  /** Any number of directories. */
  | { readonly kind: "deep" }
  /** At least one name, and whatever is below. */
  | { readonly kind: "rest" }
  /** Whatever is below. */
  | { readonly kind: "all" }
  | { readonly kind: "end" };

/** How far some globs have been followed, by the names of a path. Equal ones are the same object. */
export interface GlobState {
  /** Whether the path is like one of the globs. */
  readonly accepts: boolean;
  /** Whether a path below it may be. */
  readonly leads: boolean;
  /** Whether every path below it is. */
  readonly covers: boolean;
  /** @internal */
  readonly at: readonly number[];
}

/** Some globs, of which a path has to be like one. */
export class Globs {
  /** All globs, one after the other, each up to its end. */
  readonly #segments: Segment[] = [];
  readonly #states = new Map<string, GlobState>();
  /** Where the root is. */
  readonly start: GlobState;

  /**
   * Reads globs.
   *
   * @throws {GlobError}
   */
  constructor(globs: readonly string[]) {
    if (globs.reduce((length, glob) => length + glob.length, 0) > lengthMax) {
      throw new GlobError(`The globs are over ${lengthMax} code units long. Give fewer.`);
    }
    const starts: number[] = [];
    for (const glob of globs) {
      for (const tokens of new Parser(glob).alternatives()) {
        starts.push(this.#segments.length);
        this.#segments.push(...segmentsOf(tokens));
        if (starts.length > alternativesMax) {
          throw new GlobError(`The globs come to over ${alternativesMax} patterns. Give fewer.`);
        }
      }
    }
    this.start = this.#stateOf(starts);
  }

  /** Where the child of a directory is that has this name. */
  step(state: GlobState, name: string): GlobState {
    if (state.at.length === 0) return state;
    const next: number[] = [];
    for (const at of state.at) {
      const segment = this.#segments[at]!;
      switch (segment.kind) {
        case "name":
          if (isLike(segment.tokens, name)) next.push(at + 1);
          break;
        case "rest":
          next.push(at + 1);
          break;
        case "deep":
        case "all":
          next.push(at);
      }
    }
    return this.#stateOf(next);
  }

  /** Whether a path is like one of the globs. */
  match(path: string): boolean {
    let state = this.start;
    for (const name of path.split("/")) state = this.step(state, name);
    return state.accepts;
  }

  #stateOf(positions: readonly number[]): GlobState {
    const all = new Set<number>();
    for (let at of positions) {
      all.add(at);
      // Any number of directories may be none.
      while (this.#segments[at]!.kind === "deep") all.add(++at);
    }
    const at = [...all].sort((a, b) => a - b), key = at.join();
    let state = this.#states.get(key);
    if (state === undefined) {
      const kinds = at.map((position) => this.#segments[position]!.kind);
      state = {
        accepts: kinds.some((kind) => kind === "end" || kind === "all"),
        leads: kinds.some((kind) => kind !== "end"),
        covers: kinds.some((kind) => kind === "rest" || kind === "all"),
        at,
      };
      this.#states.set(key, state);
    }
    return state;
  }
}

function segmentsOf(tokens: readonly Token[]): Segment[] {
  const names: Token[][] = [[]];
  for (const token of tokens) {
    if (token.kind === "slash") names.push([]);
    else names[names.length - 1]!.push(token);
  }
  const segments: Segment[] = [];
  names.forEach((tokens, index) => {
    const isDeep = tokens.length === 2 && tokens.every(({ kind }) => kind === "star");
    if (!isDeep) segments.push({ kind: "name", tokens });
    else if (index < names.length - 1) segments.push({ kind: "deep" });
    else segments.push({ kind: "rest" }, { kind: "all" });
  });
  if (segments[segments.length - 1]!.kind !== "all") segments.push({ kind: "end" });
  return segments;
}

/** Whether a name is like the tokens. A star takes more only where what follows it does not fit: the last one is enough. */
function isLike(tokens: readonly Token[], name: string): boolean {
  let token = 0, at = 0, star = -1, starAt = 0;
  while (at < name.length) {
    const code = name.codePointAt(at)!, wanted = tokens[token];
    if (wanted?.kind === "star") {
      star = token++;
      starAt = at;
    } else if (wanted !== undefined && takes(wanted, code)) {
      token++;
      at += widthOf(code);
    } else if (star >= 0) {
      token = star + 1;
      at = starAt += widthOf(name.codePointAt(starAt)!);
    } else return false;
  }
  while (tokens[token]?.kind === "star") token++;
  return token === tokens.length;
}

function takes(token: Token, code: number): boolean {
  switch (token.kind) {
    case "character":
      return token.code === code;
    case "any":
      return true;
    case "class":
      return token.ranges.some(([from, to]) => from <= code && code <= to) !== token.not;
    default:
      return false;
  }
}

function widthOf(code: number): number {
  return code > 0xffff ? 2 : 1;
}

class Parser {
  readonly #glob: string;
  #at = 0;

  constructor(glob: string) {
    this.#glob = glob;
  }

  /** What the glob is once each {one,two} is one or two. */
  alternatives(): Token[][] {
    return this.#sequence(0);
  }

  /** Up to the end, or up to the comma or brace that ends a choice. */
  #sequence(depth: number): Token[][] {
    let result: Token[][] = [[]];
    while (this.#at < this.#glob.length) {
      const character = this.#glob[this.#at]!;
      if (depth > 0 && (character === "," || character === "}")) return result;
      const choices = character === "{" ? this.#choice(depth) : [[this.#token()]];
      if (result.length * choices.length > alternativesMax) {
        throw this.#invalid(`over ${alternativesMax} ways to read it`);
      }
      const [only, ...others] = choices as [Token[], ...Token[][]];
      // In place, where there is nothing to choose: a long glob stays cheap.
      if (others.length === 0) { for (const before of result) before.push(...only); }
      else result = result.flatMap((before) => choices.map((choice) => [...before, ...choice]));
    }
    if (depth > 0) throw this.#invalid("a { that no } ends");
    return result;
  }

  #choice(depth: number): Token[][] {
    if (depth > 20) throw this.#invalid("too many braces in braces");
    const choices: Token[][] = [];
    do {
      this.#at++;
      choices.push(...this.#sequence(depth + 1));
    } while (this.#glob[this.#at] === ",");
    this.#at++;
    return choices;
  }

  #token(): Token {
    const character = this.#glob[this.#at];
    if (character === "[") return this.#class();
    const code = this.#code();
    switch (character) {
      case "/":
        return { kind: "slash" };
      case "*":
        return { kind: "star" };
      case "?":
        return { kind: "any" };
      case "\\":
        return { kind: "character", code: this.#escaped() };
      default:
        return { kind: "character", code };
    }
  }

  #class(): Token {
    this.#at++;
    const not = this.#glob[this.#at] === "!";
    if (not) this.#at++;
    const ranges: (readonly [number, number])[] = [];
    do {
      const from = this.#member();
      let to = from;
      if (this.#glob[this.#at] === "-" && (this.#glob[this.#at + 1] ?? "]") !== "]") {
        this.#at++;
        to = this.#member();
      }
      if (to < from) throw this.#invalid("an impossible range");
      ranges.push([from, to]);
    } while (this.#glob[this.#at] !== "]");
    this.#at++;
    return { kind: "class", not, ranges };
  }

  /** A character of a class. */
  #member(): number {
    const character = this.#glob[this.#at];
    if (character === undefined || character === "]") throw this.#invalid("a [ that no ] ends");
    const code = this.#code();
    return character === "\\" ? this.#escaped() : code;
  }

  #escaped(): number {
    if (this.#at === this.#glob.length) throw this.#invalid("a \\ with nothing behind it");
    return this.#code();
  }

  #code(): number {
    const code = this.#glob.codePointAt(this.#at)!;
    this.#at += widthOf(code);
    return code;
  }

  #invalid(problem: string): GlobError {
    const shown = this.#glob.length <= shownMax
      ? this.#glob
      : `${this.#glob.slice(0, shownMax).toWellFormed()}…`;
    return new GlobError(`The glob "${shown}" has ${problem}`);
  }
}
