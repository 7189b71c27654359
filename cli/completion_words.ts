/**
 * Which words can come next on a command line: taken from the commands themselves, so that there is no second list of
 * them.
 *
 * @module
 */

import type { CommandTree } from "./command.ts";

/** A word, and what it means. */
export interface Word {
  readonly word: string;
  readonly says: string;
}

/** An option, by all its names. */
export interface OptionWords extends Word {
  readonly names: readonly string[];
  /** Whether a value follows, and which there are if they are few. */
  readonly takesValue: boolean;
  readonly values: readonly string[];
}

/** A place on the command line: behind these words. */
export interface Place {
  /** "log show", say. */
  readonly path: string;
  readonly commands: readonly Word[];
  readonly options: readonly OptionWords[];
}

export interface Completion {
  /** The folder in which all this is there, and those in it. */
  readonly root: string;
  /** What can stand behind `deno task`. */
  readonly tasks: readonly Word[];
  readonly places: readonly Place[];
}

export function completionsOf(
  program: CommandTree,
  tasks: Readonly<Record<string, { readonly description: string }>>,
  root: string,
): Completion {
  return {
    root,
    tasks: Object.entries(tasks).map(([word, { description }]) => ({ word, says: description })),
    places: program.commands.flatMap((command) => [...placesIn(command, command.name())]),
  };
}

function* placesIn(command: CommandTree, path: string): Generator<Place> {
  const help: OptionWords = {
    ...{ word: "--help", says: "display help for command", names: ["-h", "--help"] },
    ...{ takesValue: false, values: [] },
  };
  yield {
    path,
    commands: command.commands.map((inner) => ({ word: inner.name(), says: inner.description() })),
    options: [...command.options.map(wordsOf), help],
  };
  for (const inner of command.commands) yield* placesIn(inner, `${path} ${inner.name()}`);
}

function wordsOf(option: CommandTree["options"][number]): OptionWords {
  const { short, long, description, required, optional, parseArg } = option;
  const names = [short, long].filter((name) => name !== undefined && name !== null);
  const values = typeof parseArg === "function" && "words" in parseArg ? parseArg.words as string[] : [];
  return { word: names.at(-1)!, says: description, names, takesValue: required || optional, values };
}
