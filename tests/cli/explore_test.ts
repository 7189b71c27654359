import { exploreWorlds } from "../../cli/explore_threads.ts";
import { type Change, insert, rootId } from "../../ot/mod.ts";
import { defaultWorlds } from "../../sim/explore_worlds.ts";
import type { WorldPlan } from "../../sim/explore_world.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";

const main = new URL("../../cli/main.ts", import.meta.url).pathname;

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-read", "--allow-env", "--allow-sys", "--no-check", main, "explore", ...args],
  });
  const { code, stdout, stderr } = await command.output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out: out!, err: err! };
}

Deno.test("explore prints a line for each world, and the same total for any number of threads", async () => {
  const [one, three] = await Promise.all(
    ["1", "3"].map((jobs) =>
      run("--world", "late", "--world", "log", "--jobs", jobs, "--limit-states", "4000")
    ),
  );
  assertEquals(one!.code, 0, one!.err);
  assertMatch(
    one!.out,
    /^world +operations +states +schedules +pruned +seconds\nlate .*\nlog .*\ntotal .*\nNot all of .*\n$/,
  );
  const withoutTime = (out: string) => out.replaceAll(/ +[\d.]+$/gm, "");
  assertEquals(withoutTime(three!.out), withoutTime(one!.out));
});

Deno.test("explore says as JSON what it covered, and when it was told to leave something out", async () => {
  const { code, out } = await run("--world", "alone", "--json", "--limit-states", "500");
  assertEquals(code, 0);
  const { worlds: [alone], failure } = JSON.parse(out);
  assertEquals([alone.name, alone.clients, alone.states, alone.isWhole, failure], [
    "alone",
    1,
    500,
    false,
    null,
  ]);
  assert(BigInt(alone.schedules) > 0n);
});

Deno.test("explore says which worlds there are, and refuses others", async () => {
  const [unknown, help] = await Promise.all([run("--world", "nowhere"), run("--help")]);
  assertEquals(unknown.code, 2);
  assertStringIncludes(unknown.err, "Give one of alone, late,");
  assertEquals(help.code, 0);
  assertMatch(help.out, /\n {2}three +three clients, one change each/);
});

Deno.test("exploreWorlds() reports the first world that fails, and begins none after it", async () => {
  const late = defaultWorlds.find(({ name }) => name === "late")!;
  // Letters are told apart by what they are: of two that are alike from the start, one is taken for invented.
  const twins: WorldPlan = { ...late, name: "twins", start: textOf("aa"), lastIsLate: false, shards: 3 };
  const told: string[] = [];
  const reports = await exploreWorlds([late, twins, late], {
    jobs: 2,
    statesMax: 1000,
    progress: () => {},
    tell: ({ plan }) => told.push(plan.name),
  });
  assertEquals(told, ["late", "twins"]);
  assertEquals(reports.map(({ failure }) => failure?.world), [undefined, "twins"]);
});

/** A file "f" that says this. */
function textOf(text: string): Change {
  return {
    steps: [{ kind: "create", node: "1:1", parent: rootId, name: "f", type: "text" }],
    edits: [{ node: "1:1", op: insert(0, text) }],
  };
}
