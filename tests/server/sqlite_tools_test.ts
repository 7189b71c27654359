import { emptyChange } from "../../ot/mod.ts";
import { State } from "../../server/core/mod.ts";
import { DataError, LogTools, SqliteReader } from "../../server/sqlite/mod.ts";
import { assert, assertEquals, assertNotEquals, assertThrows } from "../assert.ts";
import { typedLog } from "../format/arbitrary_log.ts";
import { appendAll, endOf, filledFolder, inFolder, stateAt, withLog } from "./sqlite_files.ts";
import { eventually } from "./waiting.ts";

/** Runs `body` with the tools for a folder. */
function withTools<Result>(folder: string, body: (tools: LogTools) => Result): Result {
  const tools = new LogTools(folder);
  try {
    return body(tools);
  } finally {
    tools.close();
  }
}

function refusal(code: DataError["code"], body: () => unknown): void {
  assertEquals(assertThrows(body, DataError).code, code);
}

const noProblems = (tools: LogTools) =>
  assertEquals(tools.verify().flatMap(({ problems }) => problems).concat(tools.verifyFile()), []);

Deno.test("workspaces are listed, copied, renamed and deleted, also where they are packed", () =>
  inFolder(async (folder) => {
    const { state } = await filledFolder(folder, 8600, [8400]);
    withTools(folder, (tools) => {
      tools.copy("paper", "copy");
      tools.rename("paper", "essay");
      assertEquals(tools.list(), ["copy", "essay"]);
      for (const name of tools.list()) assertEquals(endOf(tools.load(name)), state.save());
      assertNotEquals(tools.load("copy").epoch, tools.load("essay").epoch);
      noProblems(tools);
      refusal("workspace_exists", () => tools.rename("copy", "essay"));
      refusal("unknown_workspace", () => tools.copy("paper", "another"));
      tools.delete("essay");
      assertEquals(tools.list(), ["copy"]);
      assertEquals(endOf(tools.load("copy")), state.save());
      noProblems(tools);
    });
  }));

Deno.test("a backup is put back under a new epoch, as it was", () =>
  inFolder(async (folder) => {
    const { entries, state } = await filledFolder(folder, 400, [300]);
    const file = `${folder}/backup`;
    await withLog({ folder }, async (log) => {
      const { epoch } = await log.load("paper");
      const content = await log.putContent("paper", new Uint8Array([1, 2, 3]));
      withTools(folder, (tools) => tools.backup(file));
      const more = typedLog(401).entries.slice(400);
      assertEquals(await log.append("paper", 400, more), { stored: true });
      withTools(folder, (tools) => {
        tools.create("other", 0);
        assertEquals(tools.restore(file), ["paper"]);
        assertEquals(tools.list(), ["other", "paper"]);
        const restored = tools.load("paper");
        assertNotEquals(restored.epoch, epoch);
        assertEquals(endOf(restored), state.save());
        assertEquals(tools.content("paper", content), new Uint8Array([1, 2, 3]));
        noProblems(tools);
      });
      assertEquals(await log.append("paper", 401, typedLog(402).entries.slice(401)), {
        stored: false,
        replaced: true,
      });
      assertEquals((await log.load("paper")).entries, entries.slice(300));
    });
  }));

Deno.test("a damaged backup is not put back", () =>
  inFolder(async (folder) => {
    await filledFolder(folder, 300);
    const file = `${folder}/backup`;
    withTools(folder, (tools) => {
      tools.backup(file);
      const bytes = Deno.readFileSync(file);
      const at = bytes.findLastIndex((byte) => byte !== 0);
      Deno.writeFileSync(file, bytes.with(at, bytes[at]! ^ 1));
      refusal("data_damaged", () => tools.restore(file));
      assertEquals(tools.load("paper").entries.length, 300);
    });
  }));

Deno.test("verify says what is wrong, in which workspace", () =>
  inFolder(async (folder) => {
    await filledFolder(folder, 300, [100]);
    await filledFolder(folder, 20, [], "other");
    withTools(folder, (tools) => noProblems(tools));
    const { DatabaseSync } = await import("node:sqlite");
    const db = new DatabaseSync(`${folder}/dist-space.sqlite`);
    db.exec("DELETE FROM rows WHERE key IN (SELECT key FROM rows LIMIT 1 OFFSET 1)");
    db.close();
    withTools(folder, (tools) => {
      const [other, paper] = tools.verify();
      assertEquals(other?.problems, []);
      assertEquals(paper?.workspace, "paper");
      assert(paper!.problems.length > 0);
      assert(paper!.isLost && !other!.isLost);
    });
  }));

Deno.test("verify tells a checkpoint that can be made again from changes that are lost", () =>
  inFolder(async (folder) => {
    await filledFolder(folder, 300, [100, 200]);
    const { DatabaseSync } = await import("node:sqlite");
    const db = new DatabaseSync(`${folder}/dist-space.sqlite`);
    db.exec("UPDATE checkpoints SET manifest = x'00' || substr(manifest, 2)");
    db.close();
    withTools(folder, (tools) => {
      const [paper] = tools.verify();
      assertEquals(paper?.problems.length, 2);
      assertEquals(paper?.isLost, false);
    });
  }));

Deno.test("what is purged is gone from the file, and the log says that it was purged", () =>
  inFolder(async (folder) => {
    const secret = "zaehn secret";
    const { entries } = typedLog(500, 1);
    await filledFolder(folder, 500, [100, 400]);
    withTools(folder, (tools) => {
      tools.delete("paper");
      tools.create("paper", 0);
      assertEquals(tools.append("paper", 0, entries), true);
      // Typed one character after the other, and taken out again.
      let revision = 500;
      const session = entries[1]!.session, time = entries.at(-1)!.time;
      const edit = (at: number, remove: number, insert: string) => {
        const change = { steps: [], edits: [{ node: "1:1", op: [{ at, remove, insert }] }] };
        const base = { time, session, site: 1, author: undefined, notices: [], hash: 1, sites: 0 };
        assertEquals(
          tools.append("paper", revision, [{ ...base, revision: ++revision, seq: revision, change }]),
          true,
        );
      };
      for (const [i, character] of [...secret].entries()) edit(i, 0, character);
      edit(0, secret.length, "");
      edit(0, 0, `pasted: ${secret}!`);
      const before = tools.stats("paper"), epoch = before.epoch;
      assertEquals(tools.purge("paper", "not in there", 5), { occurrences: 0, names: 0 });
      assertEquals(tools.stats("paper"), before);
      assertEquals(tools.purge("paper", secret, 5), { occurrences: 2, names: 0 });
      refusal("bad_secret", () => tools.purge("paper", "abc", 5));

      const { origin, epoch: now } = tools.stats("paper");
      assertNotEquals(now, epoch);
      const record = origin.at(-1)!;
      assertEquals(record.kind === "purged" && record.occurrences, 2);
      assertEquals(endOf(tools.load("paper")).texts[0]![1].startsWith("pasted: ************!"), true);
      noProblems(tools);
    });
    for (const { name } of Deno.readDirSync(folder)) {
      assertEquals(Deno.readTextFileSync(`${folder}/${name}`).includes("zaehn"), false, name);
    }
    // The record cannot be taken out again.
    const { DatabaseSync } = await import("node:sqlite");
    const db = new DatabaseSync(`${folder}/dist-space.sqlite`);
    db.exec("UPDATE workspaces SET origin = '[]'");
    db.close();
    refusal("data_damaged", () => withTools(folder, (tools) => tools.load("paper")));
  }));

Deno.test("what need not be kept is let go, and what is left still leads to the same state", () =>
  inFolder(async (folder) => {
    const { entries, state } = await filledFolder(folder, 12000, [2000, 9000, 11000]);
    withTools(folder, (tools) => {
      tools.compact({ kind: "all" }, 0);
      assertEquals(tools.stats("paper").floor, 0);
      tools.compact({ kind: "count", entries: 3000 }, 0);
      assertEquals(tools.stats("paper").floor, 9000);
      assertEquals(endOf(tools.load("paper")), state.save());
      noProblems(tools);
      // What is left is purged as well, from a state that it begins with.
      const text = stateAt(entries, 9000).workspace.text("1:1");
      const secret = text.slice(10, 20);
      assert(tools.purge("paper", secret, 1).occurrences > 0);
      assertEquals(endOf(tools.load("paper")).texts[0]![1].includes(secret), false);
      noProblems(tools);
    });
    const reader = new SqliteReader(folder, "paper");
    assertEquals(reader.floor, 9000);
    assertEquals(reader.checkpoint(10999).revision, 9000);
    reader.close();
  }));

Deno.test("what need not be kept is let go also where it is not packed yet, and the rest is packed from there on", () =>
  inFolder(async (folder) => {
    const { entries, state } = typedLog(3000);
    await withLog({ folder, retention: { kind: "count", entries: 600 } }, async (log) => {
      await log.load("paper");
      await appendAll(log, "paper", entries);
      for (const revision of [1000, 2000, 2900]) {
        await log.checkpoint("paper", stateAt(entries, revision));
      }
      await eventually(
        () => withTools(folder, (tools) => tools.stats("paper").floor === 2000),
        "what is before the checkpoint at 2000 to be let go",
      );
    });
    const { DatabaseSync } = await import("node:sqlite");
    const db = new DatabaseSync(`${folder}/dist-space.sqlite`);
    // The block that entry 2001 is in begins after 1792.
    assertEquals(db.prepare("SELECT min(key % 4294967296) AS first FROM rows").get()?.first, 1793);
    db.close();
    withTools(folder, (tools) => {
      assertEquals(endOf(tools.load("paper")), state.save());
      noProblems(tools);
      tools.compact({ kind: "count", entries: 600 }, 0);
      assertEquals(endOf(tools.load("paper")), state.save());
      noProblems(tools);
    });
    const reader = new SqliteReader(folder, "paper");
    assertEquals([reader.floor, reader.revision], [2000, 3000]);
    assertEquals([...reader.entries(2000, 3000)].length, 1000);
    reader.close();
  }));

Deno.test("a server lets go of what is older than it is to keep, and of nothing else", () =>
  inFolder(async (folder) => {
    const minuteMs = 60_000;
    // The newest entry is of now, the first one of 27 minutes ago.
    const { entries: typed } = typedLog(12_000);
    const shift = Date.now() - typed.at(-1)!.time;
    const entries = typed.map((entry) => ({ ...entry, time: entry.time + shift }));
    await withLog({ folder, retention: { kind: "duration", ms: 10 * minuteMs } }, async (log) => {
      await log.load("paper");
      await appendAll(log, "paper", entries);
      for (const revision of [2000, 5000, 9000, 11_000]) {
        await log.checkpoint("paper", stateAt(entries, revision));
        await eventually(
          () =>
            withTools(folder, (tools) => tools.stats("paper").floor === Math.min(5000, previous(revision))),
          `what is before the checkpoint at ${revision} to be let go`,
        );
      }
    });
    withTools(folder, (tools) => {
      assertEquals(endOf(tools.load("paper")), stateAt(entries, 12_000).save());
      noProblems(tools);
    });
  }));

/** The checkpoint before one of the test above. */
function previous(revision: number): number {
  return [2000, 5000, 9000, 11_000].findLast((other) => other < revision) ?? 0;
}

Deno.test("a reader sees every state and every time of a log that is packed, and what is appended meanwhile", () =>
  inFolder(async (folder) => {
    const { entries } = await filledFolder(folder, 5000, [1000, 4500]);
    withTools(folder, (tools) => tools.compact({ kind: "all" }, 0));
    const reader = new SqliteReader(folder, "paper");
    assertEquals({ revision: reader.revision, floor: reader.floor }, { revision: 5000, floor: 0 });
    for (const revision of [0, 1, 999, 1000, 1001, 4352, 4353, 4500, 5000]) {
      let state = reader.checkpoint(revision);
      for (const entry of reader.entries(state.revision, revision)) state = state.apply(entry);
      const { sessions: _, ...expected } = stateAt(entries, revision).save();
      const { sessions: __, ...found } = state.save();
      assertEquals(found, expected);
    }
    assertEquals(reader.checkpoint(999).revision, State.empty.revision);
    for (const revision of [1, 2, 300, 4352, 4353, 4500, 5000]) {
      const { time } = entries[revision - 1]!;
      assertEquals(reader.revisionAt(time), revision);
      assertEquals(reader.revisionAt(time - 1), revision - 1);
    }
    assertEquals(reader.revisionAt(2 ** 45), 5000);
    withTools(folder, (tools) => {
      const entry = { ...entries.at(-1)!, revision: 5001, seq: 9999, change: emptyChange };
      assertEquals(tools.append("paper", 5000, [entry]), true);
      assertEquals([...reader.entries(4999, 5001)].map(({ revision }) => revision), [5000, 5001]);
    });
    reader.close();
    refusal("unknown_workspace", () => new SqliteReader(folder, "other").revision);
  }));
