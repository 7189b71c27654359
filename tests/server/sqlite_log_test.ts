import { assert, assertEquals, assertNotEquals, assertRejects } from "../assert.ts";
import { DatabaseSync } from "node:sqlite";
import type { LogEntry } from "../../server/core/mod.ts";
import type { Log } from "../../server/log.ts";
import { DataError, LogTools, SqliteLog, Writer } from "../../server/sqlite/mod.ts";
import { originOf, Tail } from "../../server/format/mod.ts";
import { typedLog } from "../format/arbitrary_log.ts";
import { appendAll, endOf, filledFolder, inFolder, stateAt, withLog } from "./sqlite_files.ts";
import { eventually } from "./waiting.ts";

async function refusal(code: DataError["code"], body: () => Promise<unknown>): Promise<void> {
  assertEquals((await assertRejects(body, DataError)).code, code);
}

Deno.test("a workspace never heard of has nothing in it, and keeps the epoch that it is given", () =>
  inFolder(async (folder) => {
    const epoch = await withLog({ folder }, async (log) => {
      const logged = await log.load("paper");
      assertEquals(logged, { epoch: logged.epoch, checkpoint: undefined, entries: [] });
      assertNotEquals((await log.load("other")).epoch, logged.epoch);
      return logged.epoch;
    });
    await withLog({ folder }, async (log) => assertEquals((await log.load("paper")).epoch, epoch));
  }));

Deno.test("what was appended is there when the log is opened again", () =>
  inFolder(async (folder) => {
    const { entries, state } = await filledFolder(folder, 700);
    await withLog({ folder }, async (log) => {
      const logged = await log.load("paper");
      assertEquals(logged.checkpoint, undefined);
      assertEquals(logged.entries, entries);
      const more = typedLog(703).entries.slice(700);
      assertEquals(await log.append("paper", 700, more), { stored: true });
      assertEquals(state.revision, 700);
    });
    await withLog({ folder }, async (log) => assertEquals((await log.load("paper")).entries.length, 703));
  }));

Deno.test("all workspaces are listed by name with their newest revisions, those that nobody has loaded too", () =>
  inFolder(async (folder) => {
    await filledFolder(folder, 300, [200]);
    await withLog({ folder }, async (log) => {
      await log.load("new");
      assertEquals(await log.list(), [{ name: "new", revision: 0 }, { name: "paper", revision: 300 }]);
    });
  }));

Deno.test("after a checkpoint, only what came since is read", () =>
  inFolder(async (folder) => {
    const { entries, state } = await filledFolder(folder, 700, [300, 650]);
    await withLog({ folder }, async (log) => {
      const logged = await log.load("paper");
      assertEquals(logged.checkpoint, stateAt(entries, 650).save());
      assertEquals(logged.entries, entries.slice(650));
      assertEquals(endOf(logged), state.save());
    });
  }));

Deno.test("an append behind a revision that is not the newest is told what stands there", () =>
  inFolder(async (folder) => {
    const { entries } = await filledFolder(folder, 600);
    await withLog({ folder }, async (log) => {
      await log.load("paper");
      const [, ...late] = entries.slice(499);
      assertEquals(await log.append("paper", 500, late.slice(0, 2)), {
        stored: false,
        won: entries.slice(500),
      });
      const next = typedLog(601).entries.slice(600);
      assertEquals(await log.append("paper", 600, next), { stored: true });
    });
  }));

Deno.test("an append that is asked for a second time, since it was in doubt, is stored once", () =>
  inFolder((folder) => {
    const path = `${folder}/dist-space.sqlite`;
    const writer = new Writer({ path, relaxed: false, pagesMax: undefined }, () => "unused");
    const origin = [{ kind: "begun", time: 0, id: "test" }] as const;
    const tail = Tail.begin(originOf(origin));
    const { entries } = typedLog(3);
    const rows = tail.append(entries), head = { revision: 3, chain: tail.chain };
    writer.create({ name: "paper", epoch: "first", origin });
    const append = { number: 1, epoch: "first", expected: 0, rows, head };
    assertEquals(writer.append([append]), [{ kind: "stored" }]);
    assertEquals(writer.append([append]), [{ kind: "stored" }]);
    assertEquals(writer.append([{ ...append, epoch: "second" }]), [{ kind: "replaced" }]);
    writer.close({ isClean: true });
    const tools = new LogTools(folder);
    assertEquals(tools.load("paper").entries, entries);
    tools.close();
  }));

Deno.test("appends to many workspaces at once are all stored", () =>
  inFolder(async (folder) => {
    const { entries } = typedLog(40);
    const names = Array.from({ length: 30 }, (_, i) => `workspace-${i}`);
    await withLog({ folder }, async (log) => {
      await Promise.all(names.map((name) => log.load(name)));
      await Promise.all(names.map((name) => appendAll(log, name, entries, 1)));
    });
    await withLog({ folder }, async (log) => {
      for (const name of names) assertEquals((await log.load(name)).entries, entries);
    });
  }));

Deno.test("older entries are packed behind a checkpoint, and lead to the same state", () =>
  inFolder(async (folder) => {
    const { entries, state } = typedLog(9000);
    const run = async (log: Log, checkpoint: number) => {
      await log.checkpoint("paper", stateAt(entries, checkpoint));
    };
    await withLog({ folder }, async (log) => {
      await log.load("paper");
      await appendAll(log, "paper", entries, 900);
      await run(log, 8500);
    });
    const tools = new LogTools(folder);
    tools.compact({ kind: "all" }, 0);
    const { rowBytes, segmentBytes } = tools.stats("paper");
    assert(segmentBytes > 0 && rowBytes < 20_000, `${segmentBytes} bytes packed, ${rowBytes} not`);
    assertEquals(tools.verify().map(({ entries, problems }) => ({ entries, problems })), [{
      entries: 9000,
      problems: [],
    }]);
    tools.close();
    // Without its checkpoints, everything is derived from what is packed.
    const db = new DatabaseSync(`${folder}/dist-space.sqlite`);
    db.exec("DELETE FROM checkpoints");
    db.close();
    await withLog({ folder }, async (log) => assertEquals(endOf(await log.load("paper")), state.save()));
  }));

Deno.test("a server is told what another process appends, and goes on behind it", () =>
  inFolder(async (folder) => {
    const { entries } = typedLog(20);
    const heard: [string, readonly LogEntry[] | null][] = [];
    const options = {
      folder,
      pollMs: 10,
      onChange: (...change: [string, readonly LogEntry[] | null]) => heard.push(change),
    };
    await withLog(options, async (log) => {
      await log.load("paper");
      await log.load("other");
      await appendAll(log, "paper", entries.slice(0, 5));
      const tools = new LogTools(folder);
      assertEquals(tools.append("paper", 4, entries.slice(4, 5)), false);
      assertEquals(tools.append("paper", 5, entries.slice(5, 8)), true);
      await eventually(() => heard.length === 1, "news of entries");
      assertEquals(heard, [["paper", entries.slice(5, 8)]]);
      assertEquals(await log.append("paper", 8, entries.slice(8, 9)), { stored: true });
      tools.delete("other");
      await eventually(() => heard.length === 2, "news of a deletion");
      assertEquals(heard[1], ["other", null]);
      assertEquals(await log.append("other", 0, entries.slice(0, 1)), { stored: false, replaced: true });
      tools.rename("paper", "essay");
      assertEquals(await log.append("paper", 9, entries.slice(9, 10)), { stored: false, replaced: true });
      tools.close();
    });
  }));

Deno.test("a second server on the same data is refused, and may have them once the first is gone", () =>
  inFolder(async (folder) => {
    await withLog({ folder }, () => refusal("data_in_use", () => SqliteLog.open({ folder })));
    await withLog({ folder }, async (log) => assertEquals((await log.load("paper")).entries, []));
  }));

Deno.test("data of a newer format, and what is no data of ours, are refused", () =>
  inFolder(async (folder) => {
    await filledFolder(folder, 3);
    const file = `${folder}/dist-space.sqlite`;
    const execute = (sql: string) => {
      const db = new DatabaseSync(file);
      db.exec(sql);
      db.close();
    };
    execute("PRAGMA user_version = 99");
    await refusal("data_newer", () => SqliteLog.open({ folder }));
    execute("PRAGMA user_version = 1; PRAGMA application_id = 3");
    await refusal("data_damaged", () => SqliteLog.open({ folder }));
    await Deno.writeTextFile(file, "this is a text file, and not a short one".repeat(100));
    await refusal("data_damaged", () => SqliteLog.open({ folder }));
  }));

Deno.test("a folder that cannot be written to is refused", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    await refusal("data_unwritable", () => SqliteLog.open({ folder: `${folder}/file/data` }));
    // Root may write wherever it likes, unless the file system itself is read-only.
    if (Deno.uid() === 0) return;
    await Deno.mkdir(`${folder}/locked`, { mode: 0o500 });
    await refusal("data_unwritable", () => SqliteLog.open({ folder: `${folder}/locked` }));
  }));

Deno.test("a full disk stores nothing of an append, loses nothing, and lets go on once there is room", () =>
  inFolder(async (folder) => {
    const { entries } = typedLog(4000);
    const reports: string[] = [];
    const report = (event: string) => reports.push(event);
    const stored = await withLog({ folder, pagesMax: 24, report }, async (log) => {
      await log.load("paper");
      for (let from = 0;; from += 50) {
        const appended = await log.append("paper", from, entries.slice(from, from + 50));
        if (appended.stored) continue;
        assertEquals(appended, { stored: false, won: [] });
        await refusal("disk_full", () => log.putContent("paper", new Uint8Array(100_000)));
        return from;
      }
    });
    assert(stored > 0);
    assertEquals(reports, ["append_failed"]);
    await withLog({ folder }, async (log) => {
      assertEquals((await log.load("paper")).entries, entries.slice(0, stored));
      await appendAll(log, "paper", entries.slice(stored));
    });
  }));

Deno.test("a relaxed server that did not stop has lost nobody knows what: every epoch is a new one", () =>
  inFolder(async (folder) => {
    const { entries } = typedLog(10);
    const [clean, killed] = [`${folder}/clean`, `${folder}/killed`];
    const before = await withLog({ folder: clean, relaxed: true }, async (log) => {
      const { epoch } = await log.load("paper");
      await appendAll(log, "paper", entries);
      // What the folder holds now is what a process that is killed leaves behind.
      await Deno.mkdir(killed);
      for (const name of ["dist-space.sqlite", "dist-space.sqlite-wal"]) {
        await Deno.copyFile(`${clean}/${name}`, `${killed}/${name}`);
      }
      return epoch;
    });
    await withLog({ folder: clean }, async (log) => assertEquals((await log.load("paper")).epoch, before));
    await withLog({ folder: killed }, async (log) => {
      const { epoch, entries: left } = await log.load("paper");
      assertNotEquals(epoch, before);
      assertEquals(left, entries);
    });
    await withLog(
      { folder: killed },
      async (log) => assertNotEquals((await log.load("paper")).epoch, before),
    );
  }));

Deno.test("what a blob holds is found by its hash, in its own workspace alone", () =>
  inFolder(async (folder) => {
    const bytes = new Uint8Array([0, 255, 3]), nobodys = "00".repeat(32);
    const hash = await withLog({ folder }, async (log) => {
      await log.load("paper");
      return await log.putContent("paper", bytes);
    });
    await withLog({ folder }, async (log) => {
      await log.load("paper");
      await log.load("other");
      assertEquals(await log.content("paper", hash), bytes);
      assertEquals(await log.content("paper", nobodys), undefined);
      assertEquals(await log.content("other", hash), undefined);
      const held = ([workspace, hash]: readonly [string, string]) => log.holdContent(workspace, hash);
      const asked = [["paper", hash], ["paper", nobodys], ["other", hash]] as const;
      assertEquals(await Promise.all(asked.map(held)), [3, undefined, undefined]);
    });
  }));

Deno.test("data of format 2, which had no files that can be executed, is taken over with its blobs", () =>
  inFolder(async (folder) => {
    const { state } = await filledFolder(folder, 300, [100]);
    const hash = await withLog({ folder }, async (log) => {
      await log.load("paper");
      return await log.putContent("paper", new Uint8Array(5));
    });
    const db = new DatabaseSync(`${folder}/dist-space.sqlite`);
    db.exec("PRAGMA user_version = 2");
    db.close();
    await withLog({ folder }, async (log) => {
      assertEquals(endOf(await log.load("paper")), state.save());
      assertEquals(await log.holdContent("paper", hash), 5);
    });
  }));

Deno.test("data of format 1, which had no blobs, is taken over", () =>
  inFolder(async (folder) => {
    const { state } = await filledFolder(folder, 300, [100]);
    const db = new DatabaseSync(`${folder}/dist-space.sqlite`);
    db.exec(
      "DROP TABLE contents; CREATE TABLE contents (hash BLOB PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID",
    );
    db.exec("PRAGMA user_version = 1");
    db.exec(`VACUUM INTO '${folder}/backup'`);
    db.close();
    await withLog({ folder }, async (log) => {
      assertEquals(endOf(await log.load("paper")), state.save());
      assertEquals(await log.holdContent("paper", await log.putContent("paper", new Uint8Array(5))), 5);
    });
    const tools = new LogTools(folder);
    try {
      assertEquals(tools.restore(`${folder}/backup`), ["paper"]);
      assertEquals(tools.verify().map(({ problems }) => problems), [[]]);
    } finally {
      tools.close();
    }
  }));
