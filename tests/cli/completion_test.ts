/**
 * Shell completion, in the shells themselves: those that this machine has.
 *
 * @module
 */

import { distSpace } from "../../cli/commands.ts";
import { type Completion, completionsOf } from "../../cli/completion_words.ts";
import { bashScript, fishScript, zshScript } from "../../cli/completion_scripts.ts";
import config from "../../deno.json" with { type: "json" };
import { assert, assertEquals } from "../assert.ts";

const root = new URL("../../", import.meta.url).pathname.replace(/\/$/, "");
const completion: Completion = completionsOf(distSpace, config.tasks, root);

/** What has been typed, and the words that it is completed with: the newest is the last. */
const typed: readonly (readonly [line: readonly string[], words: readonly string[]])[] = [
  [["task", "lo"], ["log"]],
  [["task", "--quiet", "torture"], ["torture"]],
  [["task", "admin", "k"], ["kick"]],
  [["task", "admin", "kick", "--s"], ["--server", "--site"]],
  [["task", "log", "s"], ["stats", "show", "search"]],
  [["task", "log", "show", "--d"], ["--data"]],
  [["task", "token", "make", "--kind", ""], ["human", "agent", "ci"]],
  [["task", "serve", "--log-level", "si"], ["silent"]],
];

Deno.test("every task of a command has its words, and every option stands where it belongs", () => {
  const paths = completion.places.map(({ path }) => path);
  for (const path of ["serve", "client", "log ls", "admin tail", "sync restore", "completion"]) {
    assert(paths.includes(path), path);
  }
  const tasks = completion.tasks.map(({ word }) => word);
  for (const path of paths) assert(tasks.includes(path.split(" ")[0]!), path);
  const kick = completion.places.find(({ path }) => path === "admin kick")!;
  assert(kick.options.some(({ word, takesValue }) => word === "--for" && takesValue));
});

if (await isThere("bash")) {
  Deno.test("bash completes our tasks in our folders, and leaves the rest to deno's own completion", async () => {
    const script = `
      _deno() { COMPREPLY=(deno:"$COMP_CWORD"); }
      complete -F _deno -o nosort -o bashdefault -o default deno
      ${bashScript(completion)}
      try() { COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 )); COMPREPLY=(); _dist_space deno; echo "\${COMPREPLY[*]}"; }
      ${typed.map(([line]) => `try deno ${line.map(quoted).join(" ")}`).join("\n")}
      try deno ta
      try deno task --qu
      cd sim; try deno task lo
      cd /; try deno task lo
      complete -p deno`;
    const lines = await output("bash", "-c", script);
    assertEquals(lines.slice(0, typed.length), typed.map(([, words]) => words.join(" ")));
    assertEquals(lines.slice(typed.length), [
      "deno:1",
      "deno:2",
      "log",
      "deno:2",
      "complete -o bashdefault -o default -F _dist_space deno",
    ]);
  });
} else console.log("skipped: completion in bash, which this machine has not");

if (await isThere("zsh")) {
  Deno.test("zsh completes our tasks in our folders, and leaves the rest to deno's own completion", async () => {
    const script = `
      typeset -gA _comps=(deno _deno)
      compdef() { :; }
      _deno() { print deno; }
      _files() { print files; }
      _describe() { print -rl -- $1 \${(P)2}; print .; }
      ${zshScript(completion)}
      try() { words=("$@"); CURRENT=$#; _dist_space; }
      try deno task admin ''
      try deno task token make --kind ''
      try deno task log show --at ''
      try deno ta
      cd /; try deno task lo`;
    assertEquals(await output("zsh", "-f", "-c", script), [
      "command",
      ...distSpace.commands.find((command) => command.name() === "admin")!.commands
        .map((command) => `${command.name()}:${command.description()}`),
      ".",
      ...["value", "human", "agent", "ci", "."],
      ...["files", "deno", "deno"],
    ]);
  });
} else console.log("skipped: completion in zsh, which this machine has not");

if (await isThere("fish")) {
  Deno.test("fish completes our tasks in our folders, and leaves the rest to deno's own completion", async () => {
    const script = `complete -c deno -f -n 'not __dist_space_here' -a 'of-deno'
      ${fishScript(completion)}
      ${typed.map(([line]) => `complete -C ${quoted(`deno ${line.join(" ")}`)}; echo .`).join("\n")}
      cd /; complete -C 'deno task of-'`;
    const lines = (await output("fish", "--no-config", "-c", script)).map((line) => line.split("\t")[0]!);
    const expected = typed.flatMap(([, words]) => [...words, "."]);
    assertEquals(sorted(lines.slice(0, -1)), sorted(expected));
    assertEquals(lines.at(-1), "of-deno");
  });
} else console.log("skipped: completion in fish, which this machine has not");

/** Shells give words in an order of their own: what stands before each dot, sorted. */
function sorted(lines: readonly string[]): string[] {
  return lines.join("\n").split("\n.").map((part) => part.trim().split("\n").sort().join(" "));
}

async function isThere(shell: string): Promise<boolean> {
  try {
    return (await new Deno.Command(shell, { args: ["-c", "exit"], stdin: "null" }).output()).success;
  } catch {
    return false;
  }
}

async function output(shell: string, ...args: string[]): Promise<string[]> {
  const { stdout, stderr } = await new Deno.Command(shell, { args, cwd: root, stdin: "null" }).output();
  assertEquals(new TextDecoder().decode(stderr), "");
  return new TextDecoder().decode(stdout).trimEnd().split("\n");
}

function quoted(text: string): string {
  return `'${text}'`;
}
