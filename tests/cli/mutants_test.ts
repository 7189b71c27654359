import { Hunt, type Report } from "../../cli/mutants_hunt.ts";
import { canarySentence, isWrong, markdownOf, rowOf, summaryOf } from "../../cli/mutants_report.ts";
import { readSources, Scratch } from "../../cli/mutants_scratch.ts";
import { canaries, few, mutants } from "../../mutants/catalogue.ts";
import { type Mutant, mutated } from "../../mutants/mutant.ts";
import { assertEquals, assertStringIncludes, assertThrows } from "../assert.ts";
import { Running } from "./running.ts";

const doubled: Mutant = {
  name: "one is two",
  file: "ot/one.ts",
  text: "= 1;",
  replacement: "= 2;",
  breaks: "one is one",
};

function mutantCalled(name: string): Mutant {
  return mutants.find((mutant) => mutant.name === name)!;
}

Deno.test("every mutant replaces a text that stands once in its file by another one that has the right types", async () => {
  const sources = readSources();
  using scratch = new Scratch(sources);
  // Each beside the file that it is a mutant of: so all of them are checked at once.
  const files = mutants.map((mutant, index) => {
    const source = mutated(mutant, sources);
    assertEquals(source === sources.get(mutant.file), false, mutant.name);
    const file = mutant.file.replace(/\.ts$/, `.mutant${index}.ts`);
    scratch.replace(file, source);
    return file;
  });
  scratch.replace("all.ts", files.map((file) => `import "./${file}";`).join("\n"));
  const { stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["check", "all.ts"],
    cwd: scratch.path,
    env: { NO_COLOR: "1" },
  }).output();
  const said = new TextDecoder().decode(stderr);
  assertStringIncludes(said, "all.ts");
  const wrong = [...said.matchAll(/\[ERROR\]: (.*)/g)].map(([, error]) => error!);
  // A class beside another one of its name is not that one to those who import it.
  assertEquals(wrong.filter((error) => !error.startsWith("Type 'this' is not assignable to type '")), []);
});

Deno.test("no two mutants have the same name, and none is the same edit as another", () => {
  assertEquals(new Set(mutants.map(({ name }) => name)).size, mutants.length);
  const edits = mutants.map(({ file, text, replacement }) => JSON.stringify([file, text, replacement]));
  assertEquals(new Set(edits).size, mutants.length);
});

Deno.test("the handful for every commit and the canary are of the catalogue", () => {
  for (const mutant of [...few, ...canaries]) assertEquals(mutants.includes(mutant), true);
  assertEquals(canaries.length > 0, true);
});

Deno.test("mutated() says so where a text is not in its file, or is there twice, or there is no such file", () => {
  const says = (source: string, words: string) => {
    const sources = new Map([["ot/one.ts", source]]);
    assertThrows(() => mutated(doubled, sources), RangeError, words);
  };
  says("const one = 3;", "its text is not in ot/one.ts");
  says("const one = 1; const two = 1;", "its text stands 2 times in ot/one.ts");
  assertThrows(() => mutated(doubled, new Map()), RangeError, "there is no ot/one.ts");
  assertEquals(mutated(doubled, new Map([["ot/one.ts", "const one = 1;"]])), "const one = 2;");
});

Deno.test("a hunt finds a mutant in a copy, and leaves the tree as it is", async () => {
  const sources = readSources();
  using hunt = new Hunt(sources, { seeds: 60, further: 0, parts: ["simulation"] });
  const [report] = await hunt.all([mutantCalled("what both delete is deleted twice")], 1, () => {});
  assertEquals(report!.find?.part, "simulation");
  assertEquals(readSources(), sources);
});

Deno.test("what a tree shows without a mutant does not count as found", async () => {
  const sources = new Map(readSources());
  const bug = mutantCalled("what both delete is deleted twice");
  sources.set(bug.file, mutated(bug, sources));
  const harmless = {
    ...doubled,
    file: bug.file,
    text: "\nexport const noop",
    replacement: "\n\nexport const noop",
  };
  using hunt = new Hunt(sources, { seeds: 24, further: 0, parts: ["simulation"] });
  const [report] = await hunt.all([harmless], 1, () => {});
  assertEquals(report!.find, undefined);
  assertEquals(report!.simulations, 24);
});

Deno.test("a law that a mutant breaks finds it, where that is the part that is asked", async () => {
  using hunt = new Hunt(readSources(), { seeds: 0, further: 0 });
  const [report] = await hunt.all([mutantCalled("numbering begins at one")], 1, () => {});
  assertEquals(report!.find?.part, "laws");
  assertEquals(report!.find?.where, "tests/ot/name_test.ts");
});

const find = { part: "simulation", fault: "order: x", where: "quick 1", trials: 3, seconds: 1 } as const;
const found: Report = { mutant: doubled, find, faults: new Map([["order: x", 2]]), simulations: 100 };
const missed: Report = { ...found, find: undefined, faults: new Map() };
const excused: Report = { ...missed, mutant: { ...doubled, survives: "it does nothing" } };
const stale: Report = { ...found, mutant: excused.mutant };

Deno.test("a mutant that survives without a reason is wrong, and so is one that is found in spite of one", () => {
  assertEquals([found, missed, excused, stale].map(isWrong), [false, true, false, true]);
  assertStringIncludes(rowOf(missed), "SURVIVES");
  assertStringIncludes(rowOf(excused), "survives: it does nothing");
  assertStringIncludes(rowOf(stale), "STALE");
  assertStringIncludes(summaryOf([missed], 1), `Nothing finds "one is two", and no reason is given`);
});

Deno.test("a summary says of each invariant what it found, alone too, and which found nothing", () => {
  const both = {
    ...found,
    mutant: { ...doubled, name: "both" },
    faults: new Map([["order: x", 1], ["tree: y", 1]]),
  };
  const summary = summaryOf([found, both], 1);
  assertStringIncludes(summary, "2 of 2 mutants found");
  assertStringIncludes(summary.replaceAll(/ +/g, " "), "order 2 2 one is two");
  assertStringIncludes(summary.replaceAll(/ +/g, " "), "tree 1 0 ");
  assertStringIncludes(summary, "Find none of these mutants:\nconvergence: ");
});

Deno.test("a table names the mutants, what found them, and how often the canary shows", () => {
  const table = markdownOf([found, excused], [found], 100);
  assertStringIncludes(table, "| one is two | one is one | **order: x** | 3 | 1.0 |");
  assertStringIncludes(table, "_survives_: it does nothing");
  assertStringIncludes(table, canarySentence(found));
  assertStringIncludes(canarySentence(found), "found in trial 3, and shows in 2 of 100 simulations (2.0%)");
});

Deno.test("the command lists the catalogue, and refuses a mutant that is not in it", async () => {
  const list = new Running("mutants", "--list");
  assertEquals(await list.end(), 0);
  assertStringIncludes(list.output, "what both delete is deleted twice\n  ot/text_op.ts: what both delete");
  const wrong = new Running("mutants", "--only", "nonsense");
  assertEquals(await wrong.end(), 2);
  assertStringIncludes(wrong.errors, `there is no mutant "nonsense"`);
});
