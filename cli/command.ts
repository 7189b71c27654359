/**
 * The door to the library that reads command lines: commander, since Cliffy is published on JSR alone and this
 * project resolves everything from npm. Commands import it from here, so that it can be changed in one place.
 *
 * @module
 */

import { Command, InvalidArgumentError } from "@commander-js/extra-typings";

export { Command };

/** A program with these commands, each of which does its own work. */
// deno-lint-ignore no-explicit-any -- commander carries each command's options in its type; a list has no one type
export function program(
  name: string,
  description: string,
  commands: readonly Command<any, any, any>[],
): Command {
  const all = new Command(name).description(description).showHelpAfterError();
  for (const command of commands) all.addCommand(command as unknown as Command);
  return all as unknown as Command;
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
