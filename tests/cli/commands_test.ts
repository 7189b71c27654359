/**
 * What every command says of itself: its help teaches, and names how it exits, as docs/commands.md does.
 *
 * @module
 */

import { distSpace } from "../../cli/commands.ts";
import type { CommandTree } from "../../cli/command.ts";
import config from "../../deno.json" with { type: "json" };
import { assert, assertEquals } from "../assert.ts";

interface Helped extends CommandTree {
  readonly commands: readonly Helped[];
  configureOutput(options: { writeOut(text: string): void }): unknown;
  outputHelp(): void;
}

/** A command behind `deno task`, and what it says with --help. */
interface Help {
  readonly path: string;
  readonly text: string;
}

function* helpsOf(command: Helped, path: string): Generator<Help> {
  let text = "";
  command.configureOutput({ writeOut: (more) => text += more });
  command.outputHelp();
  yield { path, text };
  for (const inner of command.commands) yield* helpsOf(inner, `${path} ${inner.name()}`);
}

const commands = distSpace.commands as readonly Helped[];
const helps = commands.flatMap((command) => [...helpsOf(command, command.name())]);

/** How it exits, as its help says. */
function exitsIn(help: string): [code: string, meaning: string][] {
  const [, list] = help.split("\nExit codes:\n");
  return [...(list ?? "").matchAll(/^ {2}(\d+) +(.*)$/gm)].map(([, code, meaning]) => [code!, meaning!]);
}

Deno.test("the help of every command names it as it is called, and how it exits", () => {
  for (const { path, text } of helps) {
    assert(text.startsWith(`Usage: deno task ${path}`), text.split("\n")[0]);
    const codes = exitsIn(text).map(([code]) => Number(code));
    assertEquals(codes.includes(0) && codes.includes(2), true, `deno task ${path} --help`);
    assertEquals(codes, codes.toSorted((a, b) => a - b));
  }
});

Deno.test("docs/commands.md names every command, and how it exits, as its help does", async () => {
  const page = await Deno.readTextFile(new URL("../../docs/commands.md", import.meta.url));
  const rows = [...page.matchAll(/^\| *`deno task ([a-z ]+)` *\| *(\d+) *\| *(.*?) *\|$/gm)];
  const said = rows.map(([, path, code, meaning]) => [path, code, meaning]);
  const expected = helps.flatMap(({ path, text }) => {
    const [parent] = path.split(" ");
    const exits = exitsIn(text);
    const isAsItsParent = path !== parent &&
      JSON.stringify(exits) === JSON.stringify(exitsIn(helps.find((help) => help.path === parent)!.text));
    return isAsItsParent ? [] : exits.map(([code, meaning]) => [path, code, meaning]);
  });
  assertEquals(said, expected);
});

Deno.test("every command is a task, and described alike", () => {
  for (const command of commands) {
    const task = (config.tasks as Readonly<Record<string, { description: string }>>)[command.name()];
    assert(task !== undefined, command.name());
    assert(task.description.length > 10);
  }
});
