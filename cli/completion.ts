/**
 * `deno task completion`: prints a script with which a shell completes our tasks, with their commands, options and the
 * words that these take.
 *
 * People type `deno task NAME …`, so the script completes for `deno`, and only behind `task` in a folder of this project;
 * whatever else is typed goes to the completion that was there before. All words stand in the script: a key press starts
 * no program.
 *
 * @module
 */

import config from "../deno.json" with { type: "json" };
import { Command, exitsHelp, wrongUsage } from "./command.ts";
import { bashScript, fishScript, zshScript } from "./completion_scripts.ts";
import { type Completion, completionsOf } from "./completion_words.ts";

const root = new URL("../", import.meta.url).pathname.replace(/\/$/, "");

const scripts: ReadonlyMap<string, (completion: Completion) => string> = new Map([
  ["bash", bashScript],
  ["zsh", zshScript],
  ["fish", fishScript],
]);

export const completionCommand = new Command("completion")
  .description("Print a script with which a shell completes these commands.")
  .argument("<shell>", "bash, zsh or fish")
  .addHelpText(
    "after",
    `
It completes deno task NAME in this folder and those in it, and leaves the rest to the completion of deno that is there
already: so put it behind that.

  bash   deno task --quiet completion bash > ~/.dist-space.bash     and into ~/.bashrc:  source ~/.dist-space.bash
  zsh    deno task --quiet completion zsh > ~/.dist-space.zsh       and into ~/.zshrc, behind compinit:
                                                                    source ~/.dist-space.zsh
  fish   deno task --quiet completion fish > ~/.config/fish/conf.d/dist-space.fish
${exitsHelp({ 0: "printed", 2: "wrong usage" })}`,
  )
  .action((shell, _, command) => {
    const script = scripts.get(shell);
    if (script === undefined) {
      console.error(`There is no completion for that shell: give one of ${[...scripts.keys()].join(", ")}.`);
      Deno.exit(wrongUsage);
    }
    console.log(script(completionsOf(command.parent!, config.tasks, root)));
  });
