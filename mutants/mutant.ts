/**
 * A mutant: a small realistic bug, as an edit of one place in one file, that the laboratory must find.
 *
 * @module
 */

/** What looks for a bug, in the order in which they are asked. */
export const parts = ["simulation", "exploration", "laws"] as const;
export type Part = typeof parts[number];

export interface Mutant {
  /** Says what is wrong, in a few words. */
  readonly name: string;
  readonly file: string;
  /** Source text that stands in the file once. */
  readonly text: string;
  /** What stands there instead. */
  readonly replacement: string;
  /** The rule that it breaks. */
  readonly breaks: string;
  /** The real bug of somebody else that it makes again. */
  readonly museum?: string;
  /** The part that is asked first, since those before it do not find it; the simulation if it is left out. */
  readonly by?: Exclude<Part, "simulation">;
  /** Why nothing finds it. Then it must not be found. */
  readonly survives?: string;
  /** It shows once in so many seeds that a search must be wide to find it. */
  readonly canary?: true;
}

/** A file of the project, by its path from the root. */
export type Sources = ReadonlyMap<string, string>;

/**
 * The file of a mutant, with the mutant in it.
 *
 * @throws {RangeError} if the text that it replaces does not stand in the file exactly once.
 */
export function mutated({ name, file, text, replacement }: Mutant, sources: Sources): string {
  const source = sources.get(file);
  if (source === undefined) throw new RangeError(`Cannot apply mutant "${name}": there is no ${file}`);
  const [before, after, ...more] = source.split(text);
  if (after === undefined || more.length > 0) {
    const times = after === undefined ? "is not" : `stands ${more.length + 1} times`;
    throw new RangeError(`Cannot apply mutant "${name}": its text ${times} in ${file}:\n${text}`);
  }
  return before + replacement + after;
}
