/**
 * The commands of `deno task log` that look: what they print for people and for programs, and how they end.
 *
 * @module
 */

import { applyPatch, parsePatch } from "diff";
import { logCommand } from "../../cli/log.ts";
import { duration, moment, retention, size, span } from "../../cli/log_words.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "../assert.ts";
import { Story } from "../history/story.ts";
import { DataFolder } from "./log_data.ts";

const story = new Story();
story.creates(1, "src/main.ts", "const one = 1;\r\nconst two = 2;\n");
story.types(2, "src/main.ts", 6, 3, "uno");
story.creates(3, "read me.md", "# Hello \u001b[31m\n");
story.renames(2, "read me.md", "README.md");

Deno.test("log prints tables for people: workspaces, entries, files, changes, lines and who wrote them", async () => {
  await using folder = await DataFolder.of({ main: story, "other.one": story });
  const printed = async (...args: string[]) => {
    const { code, stdout, stderr } = await folder.log(...args);
    assertEquals([code, stderr], [0, ""], args.join(" "));
    return stdout;
  };
  assertMatch(await printed("ls"), /^workspace .*\nmain +4 +0 .*\nother\.one +4 +0 /);
  const entries = await printed("show", "main", "2-");
  assertStringIncludes(entries, 'person 2  edit src/main.ts 6 -3 +"uno"\n');
  assertEquals(entries.trim().split("\n").length, 4);
  assertMatch(await printed("files", "main", "src"), /^path +length\nsrc\/main\.ts +31\n$/);
  assertMatch(
    await printed("changes", "main", "--from", "2"),
    /\nadded +README\.md +3 +4 +1970-01-01 00:16:43Z +person 2, person 3\n$/,
  );
  assertMatch(
    await printed("blame", "main", "src/main.ts"),
    /\n +2 .* person 2 +1 {2}const uno = 1;\n +1 .* person 1 +2 {2}const two = 2;\n$/,
  );
  assertEquals(await printed("search", "main", "UNO", "--ignore-case"), "src/main.ts:1:7: const uno = 1;\n");
  assertMatch(await printed("verify"), /\nmain +4 +4 +0 +whole\n/);
  // What a terminal would obey is never printed in a table.
  assert(!(await printed("search", "main", "Hello")).includes("\u001b"));
});

Deno.test("log writes files and diffs to the byte, so that they can be kept and applied", async () => {
  await using folder = await DataFolder.of({ main: story });
  assertEquals((await folder.log("cat", "main", "README.md")).stdout, "# Hello \u001b[31m\n");
  const before = (await folder.log("cat", "main", "src/main.ts", "--at", "1")).stdout;
  const { stdout: patch } = await folder.log("diff", "main", "src", "--from", "1");
  const after = applyPatch(before, parsePatch(patch)[0]!, { autoConvertLineEndings: false });
  assertEquals(after, (await folder.log("cat", "main", "src/main.ts")).stdout);
});

Deno.test("log writes JSON for programs, its refusals too", async () => {
  await using folder = await DataFolder.of({ main: story });
  assertEquals((await folder.json("ls")).map(({ workspace }: { workspace: string }) => workspace), ["main"]);
  const { revision, items } = await folder.json(
    "search",
    "main",
    "const \\w+",
    "--regexp",
    "--glob",
    "**/*.ts",
  );
  assertEquals([revision, items.map(({ line, length }: Record<string, number>) => [line, length])], [
    4,
    [[1, 9], [2, 9]],
  ]);
  assertEquals((await folder.json("files", "main", "--at", "99")).error.code, "revision_unknown");
  assertEquals((await folder.json("files", "main", "nowhere")).error.code, "path_unknown");
  assertEquals((await folder.json("search", "main", "(", "--regexp")).error.code, "pattern_invalid");
});

Deno.test("log says what is wrong in one sentence, and ends with a code that tells what kind of thing it is", async () => {
  await using folder = await DataFolder.of({ main: story });
  const cases: [code: number, says: string, ...args: string[]][] = [
    [1, "", "search", "main", "nothing like this"],
    [2, "--from", "diff", "main"],
    [2, "revision", "diff", "main", "--from", "yesterday"],
    [2, "unknown", "nonsense"],
    [3, "--data", "ls", "--data", "nowhere"],
    [4, "nobody", "show", "nobody"],
    [4, "1 to 4", "show", "main", "5"],
    [4, "nowhere", "cat", "main", "nowhere"],
  ];
  for (const [code, says, ...args] of cases) {
    const { code: ended, stdout, stderr } = await folder.log(...args);
    assertEquals([ended, stdout], [code, ""], args.join(" "));
    assertStringIncludes(stderr, says);
    assert(!stderr.includes("    at "), `a sentence, not a stack: ${stderr}`);
  }
});

Deno.test("docs/history.md shows every command of log, and no other", async () => {
  const page = await Deno.readTextFile(new URL("../../docs/history.md", import.meta.url));
  const shown = [...page.matchAll(/^(?:printf .* \| )?deno task log ([a-z]+)/gm)].map(([, name]) => name!);
  assertEquals([...new Set(shown)].sort(), logCommand.commands.map((command) => command.name()).sort());
});

Deno.test("moments, spans and what is to be kept are read as people write them", () => {
  assertEquals(moment("120"), { revision: 120, time: 0 });
  assertEquals(moment("2026-01-31T12:00:00Z"), { revision: 0, time: Date.UTC(2026, 0, 31, 12) });
  const { revision, time } = moment("90m"), age = Date.now() - time;
  assert(revision === 0 && age >= 90 * 60_000 && age < 91 * 60_000);
  assertEquals(
    ["12", "12-20", "12-", "-20"].map(span),
    [[12, 12], [12, 20], [12, Infinity], [0, 20]].map(([first, last]) => ({ first: first!, last: last! })),
  );
  assertEquals([retention("all"), retention("2d"), retention("500")], [
    { kind: "all" },
    { kind: "duration", ms: 172_800_000 },
    { kind: "count", entries: 500 },
  ]);
  assertEquals([duration("90s"), duration("1d"), size("500kB"), size("32MB"), size("7B")], [
    ...[90_000, 86_400_000, 500_000, 32_000_000, 7],
  ]);
  for (const wrong of ["", "x", "-", "1.5", "12x", "9999999999999999"]) {
    for (const read of [moment, span, retention, duration, size]) {
      assertThrows(() => read(wrong), Error, undefined);
    }
  }
});
