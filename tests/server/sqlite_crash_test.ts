import { DatabaseSync } from "node:sqlite";
import { DataError, LogTools } from "../../server/sqlite/mod.ts";
import { assert, assertEquals } from "../assert.ts";
import { typedLog } from "../format/arbitrary_log.ts";
import { appendAll, endOf, filledFolder, inFolder, stateAt, withLog } from "./sqlite_files.ts";

const names = ["dist-space.sqlite", "dist-space.sqlite-wal"];

Deno.test("after kill -9 in the middle of appends, all that was acknowledged is there, and nothing twice", () =>
  inFolder(async (folder) => {
    const { entries } = typedLog(30_000);
    let revision = 0;
    for (const ms of [30, 120, 200, 350, 500]) {
      const acknowledged = await writeUntilKilled(folder, ms);
      assert(acknowledged > revision, "something was acknowledged");
      await withLog({ folder }, async (log) => {
        const logged = await log.load("paper");
        const state = endOf(logged);
        assert(
          state.revision >= acknowledged,
          `${acknowledged} was acknowledged, and ${state.revision} is there`,
        );
        assertEquals(state, stateAt(entries, state.revision).save());
        revision = state.revision;
      });
    }
    const tools = new LogTools(folder);
    assertEquals(tools.verify().map(({ problems }) => problems), [[]]);
    assertEquals(tools.verifyFile(), []);
    tools.close();
  }));

/** Lets a process append for so many milliseconds after its first acknowledgement; what it acknowledged last. */
async function writeUntilKilled(folder: string, ms: number): Promise<number> {
  const script = new URL("./sqlite_writer_process.ts", import.meta.url).pathname;
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", script, folder],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let said = "", timer: ReturnType<typeof setTimeout> | undefined;
  for await (const chunk of process.stdout.pipeThrough(new TextDecoderStream())) {
    said += chunk;
    timer ??= setTimeout(() => process.kill("SIGKILL"), ms);
  }
  await process.status;
  // A line without its end may have been cut short.
  return Number(said.split("\n").at(-2));
}

Deno.test("a write-ahead log that is torn anywhere gives back all up to some commit, and no damage", () =>
  inFolder(async (folder) => {
    const { entries } = typedLog(60);
    const [live, torn] = [`${folder}/live`, `${folder}/torn`];
    await Deno.mkdir(torn);
    await withLog({ folder: live }, async (log) => {
      await log.load("paper");
      await appendAll(log, "paper", entries, 1);
      const [database, wal] = await Promise.all(names.map((name) => Deno.readFile(`${live}/${name}`)));
      let left = 0;
      for (let length = 0; length <= wal!.length; length += Math.max(1, Math.floor(wal!.length / 150))) {
        for (const entry of Deno.readDirSync(torn)) Deno.removeSync(`${torn}/${entry.name}`);
        Deno.writeFileSync(`${torn}/${names[0]}`, database!);
        Deno.writeFileSync(`${torn}/${names[1]}`, wal!.subarray(0, length));
        const found = entriesIn(torn);
        // Before the first commit there is no database at all, or no such workspace.
        if (found === undefined) assertEquals(left, 0);
        else {
          assert(found.length >= left, "a longer one has no less in it");
          assertEquals(found, entries.slice(0, found.length));
          left = found.length;
        }
      }
      assert(left > 50, `${left} of 60`);
    });
  }));

function entriesIn(folder: string) {
  let tools: LogTools | undefined;
  try {
    tools = new LogTools(folder);
    return tools.load("paper").entries;
  } catch (error) {
    if (error instanceof DataError && ["unknown_workspace", "data_damaged"].includes(error.code)) {
      return undefined;
    }
    throw error;
  } finally {
    tools?.close();
  }
}

Deno.test("a corrupt newest checkpoint is passed over, said so, and nothing is lost", () =>
  inFolder(async (folder) => {
    const { state } = await filledFolder(folder, 700, [300, 650]);
    const db = new DatabaseSync(`${folder}/dist-space.sqlite`);
    db.exec(
      "UPDATE checkpoints SET manifest = zeroblob(length(manifest)) WHERE key = (SELECT max(key) FROM checkpoints)",
    );
    db.close();
    const reports: string[] = [];
    await withLog({ folder, report: (event) => reports.push(event) }, async (log) => {
      const logged = await log.load("paper");
      assertEquals(logged.checkpoint?.revision, 300);
      assertEquals(endOf(logged), state.save());
    });
    assertEquals(reports, ["checkpoint_passed_over"]);
    const tools = new LogTools(folder);
    assertEquals(tools.verify()[0]!.problems.length, 1);
    tools.close();
  }));

Deno.test("a bit that is flipped anywhere in the file is found, or does no harm", () =>
  inFolder(async (folder) => {
    const two = ["notes", "paper"];
    const states = new Map<string, unknown>();
    for (const name of two) states.set(name, (await filledFolder(folder, 40, [10, 30], name)).state.save());
    const file = `${folder}/${names[0]}`;
    const whole = Deno.readFileSync(file);
    let found = 0, harmless = 0;
    const expectFound = (error: unknown) => {
      if (!(error instanceof DataError)) throw error;
      found++;
    };
    for (let at = 0, turn = 0; at < whole.length; at++) {
      // Of what is not zero every third byte, of the rest few: a different bit each time.
      turn++;
      if (whole[at] === 0 ? turn % 101 !== 0 : turn % 3 !== 0) continue;
      Deno.writeFileSync(file, whole.with(at, whole[at]! ^ 1 << turn % 8));
      let tools: LogTools | undefined;
      try {
        tools = new LogTools(folder);
        for (const name of two) {
          assertEquals(endOf(tools.load(name)), states.get(name), `bit ${turn % 8} of byte ${at}`);
        }
        harmless++;
      } catch (error) {
        expectFound(error);
      } finally {
        try {
          tools?.close();
        } catch (error) {
          expectFound(error);
        }
      }
    }
    assert(found > 100 && harmless > 100, `${found} found, ${harmless} harmless`);
  }));
