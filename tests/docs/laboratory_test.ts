import { assert, assertEquals, assertMatch } from "../assert.ts";
import { invariants } from "../../sim/judges/failure.ts";
import { profiles } from "../../sim/profiles.ts";
import { faultKinds } from "../../sim/scenario.ts";
import { Simulation } from "../../sim/simulation.ts";

const text = await Deno.readTextFile(new URL("../../docs/laboratory.md", import.meta.url));

Deno.test("docs/laboratory.md names every fault, invariant and profile", () => {
  for (const name of [...faultKinds, ...invariants, ...Object.keys(profiles)]) {
    assert(text.includes(`\`${name}\``), `${name} is not there`);
  }
});

Deno.test("the scenario that docs/laboratory.md writes by hand runs, and ends well", () => {
  const [, json] = text.match(/```json\n([\s\S]*?)```/)!;
  const { failure, faults, changes } = new Simulation(JSON.parse(json!)).run();
  assertEquals(failure?.message, undefined);
  assertEquals(faults.get("net.cut"), 1);
  assert(changes >= 3);
});

Deno.test("the judge of one's own in docs/laboratory.md fits the types, and looks at a run", async () => {
  const root = new URL("../../", import.meta.url);
  const code = [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code!)
    .find((code) => code.includes("tap:"))!;
  const directory = await Deno.makeTempDir();
  try {
    const file = `${directory}/judge.ts`;
    await Deno.writeTextFile(file, code.replaceAll('"./', `"${root.href}`));
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--check", "--no-prompt", "--config", new URL("deno.json", root).pathname, file],
    }).output();
    assertMatch(
      new TextDecoder().decode(stdout),
      /^passed, [1-9]\d* inputs\n$/,
      new TextDecoder().decode(stderr),
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("docs/laboratory.md leads to files that are there", async () => {
  const docs = new URL("../../docs/", import.meta.url);
  for (const [, path] of text.matchAll(/\]\((?!https:)([^)#]+)/g)) {
    assert((await Deno.stat(new URL(path!, docs))).isFile, path);
  }
});

Deno.test("docs/laboratory.md lists the options of deno task sim, all of them and no others", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    cwd: new URL("../../", import.meta.url),
    args: ["run", "--allow-env", "--allow-read", "--allow-sys", "cli/main.ts", "sim", "--help"],
  }).output();
  const optionsIn = (text: string) => [...text.matchAll(/--[a-z][a-z-]*/g)].map(([option]) => option).sort();
  const help = new TextDecoder().decode(stdout).match(/Options:\n([\s\S]*?)\n\n/)![1]!;
  const starts = help.split("\n").map((line) => line.match(/^ {2}(?:-h, )?(--[a-z-]+)/)?.[1] ?? "").join(" ");
  const table = text.match(/\| option [^\n]*\n[^\n]*\n((?:\|[^\n]*\n)*)/)![1]!;
  const first = table.split("\n").map((row) => row.split("|")[1] ?? "").join(" ");
  assertEquals(optionsIn(first), optionsIn(starts).filter((option) => option !== "--help"));
});
