import { commands, completionsOf, helpOf } from "../../cli/client_commands.ts";
import { assertEquals, assertStringIncludes } from "../assert.ts";

Deno.test("helpOf() tells of every command", () => {
  for (const { name, summary } of commands) {
    assertStringIncludes(helpOf(), summary);
    assertStringIncludes(helpOf(name), summary);
  }
});

Deno.test("completionsOf() offers commands first, and paths behind them", () => {
  const paths = ["notes.txt", "src", "src/new.ts", "two words.txt"];
  assertEquals(completionsOf("re", paths), { word: "re", to: ["replace", "removed", "restore", "redo"] });
  assertEquals(completionsOf("cat src/", paths), { word: "src/", to: ["src/new.ts"] });
  assertEquals(completionsOf("cat t", paths), { word: "t", to: [] });
});
