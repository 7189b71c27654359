/**
 * The door to the library that reads command lines: commander, since Cliffy is published on JSR alone and this
 * project resolves everything from npm. Commands import it from here, so that it can be changed in one place.
 *
 * @module
 */

import { Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";

export { Command, InvalidArgumentError, Option };

/** How every command exits that is called in a way it does not know. */
export const wrongUsage = 2;

/** How a command exits, as its help ends with it and as docs/commands.md has it. */
export function exitsHelp(meanings: Readonly<Record<number, string>>): string {
  const lines = Object.entries(meanings).map(([code, meaning]) => `  ${code.padEnd(3)}  ${meaning}`);
  return `\nExit codes:\n${lines.join("\n")}`;
}

/** A program with these commands, each of which does its own work. */
export function program(name: string, description: string, commands: readonly AnyCommand[]): Command {
  const all = new Command(name).description(description).showHelpAfterError();
  for (const command of [all, ...commands, ...commands.flatMap((command) => command.commands)]) {
    command.exitOverride(({ exitCode }) => Deno.exit(exitCode === 0 ? 0 : wrongUsage));
  }
  for (const command of commands) all.addCommand(command as unknown as Command);
  return all as unknown as Command;
}

/** What there is to know of a command for those who complete or describe it. */
export interface CommandTree {
  name(): string;
  description(): string;
  readonly commands: readonly CommandTree[];
  readonly options: readonly {
    readonly short?: string | undefined;
    readonly long?: string | undefined;
    readonly description: string;
    /** Whether a value has to follow, or may. */
    readonly required: boolean;
    readonly optional: boolean;
    readonly parseArg?: unknown;
  }[];
}

/** Commander carries each command's options in its type; a list of commands has no one type for that. */
// deno-lint-ignore no-explicit-any -- see above
type AnyCommand = Command<any, any, any>;

/** Reads one of a few words, for an option. The words can be completed. */
export function oneOf<W extends string>(
  ...words: readonly W[]
): ((text: string) => W) & { readonly words: readonly W[] } {
  const read = (text: string) => {
    const word = words.find((word) => word === text);
    if (word === undefined) throw new InvalidArgumentError(`Give one of ${words.join(", ")}.`);
    return word;
  };
  return Object.assign(read, { words });
}

/** Reads a whole number from `min` to `max`, for an option. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}
