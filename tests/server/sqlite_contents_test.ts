/**
 * What blobs hold, in the database: it comes and goes with its workspace, and with what names it.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { assert, assertEquals } from "../assert.ts";
import type { BlobContent } from "../../ot/mod.ts";
import { type LogEntry, State } from "../../server/core/mod.ts";
import { LogTools } from "../../server/sqlite/mod.ts";
import { inFolder, withLog } from "./sqlite_files.ts";

const hour = 3600_000;

async function withTools(folder: string, body: (tools: LogTools) => void | Promise<void>): Promise<void> {
  const tools = new LogTools(folder);
  try {
    await body(tools);
    assertEquals(tools.verify().flatMap(({ problems }) => problems), []);
  } finally {
    tools.close();
  }
}

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** A workspace in which one blob holds each of `texts` in turn; gives their hashes. */
function replaceInTurn(tools: LogTools, workspace: string, texts: readonly string[], nowMs = 1): string[] {
  if (!tools.list().includes(workspace)) tools.create(workspace, 0);
  const hashes = tools.putContents(workspace, texts.map(bytesOf), nowMs);
  texts.forEach((text, i) => {
    const content: BlobContent = { hash: hashes[i]!, bytes: bytesOf(text).length };
    const step = i === 0
      ? { kind: "create", node: "1:1", parent: "0:0", name: "logo", type: "blob", content } as const
      : { kind: "replace", node: "1:1", content } as const;
    const entry: LogEntry = {
      ...{
        revision: i + 1,
        time: i + 1,
        session: "s",
        site: 1,
        seq: i + 1,
        hash: i + 1,
        sites: 0,
        notices: [],
      },
      author: i === 0 ? { name: "Ada", kind: "human" } : undefined,
      change: { steps: [step], edits: [] },
    };
    assert(tools.append(workspace, i, [entry]));
  });
  return hashes;
}

/** Which of these contents are there. */
function there(tools: LogTools, workspace: string, hashes: readonly string[]): boolean[] {
  return hashes.map((hash) => tools.content(workspace, hash) !== undefined);
}

Deno.test("contents are copied, put back and deleted with their workspace, and not with another", () =>
  inFolder(async (folder) => {
    await withLog({ folder }, (log) => log.load("other"));
    await withTools(folder, (tools) => {
      const hashes = replaceInTurn(tools, "main", ["one", "two"]);
      tools.copy("main", "twin");
      tools.rename("main", "first");
      tools.backup(`${folder}/backup`);
      tools.delete("first");
      assertEquals(there(tools, "twin", hashes), [true, true]);
      assertEquals(there(tools, "other", hashes), [false, false]);
      tools.restore(`${folder}/backup`, "first");
      assertEquals(tools.content("first", hashes[0]!), bytesOf("one"));
      assertEquals(tools.stats("first").contentBytes, 6);
    });
  }));

Deno.test("compact takes away what nobody has named within an hour, and nothing that a revision has", () =>
  inFolder(async (folder) => {
    await withLog({ folder }, (log) => log.load("other"));
    await withTools(folder, (tools) => {
      const named = replaceInTurn(tools, "main", ["one", "two"], 0);
      const unnamed = tools.putContents("main", [bytesOf("never"), bytesOf("late")], 0);
      tools.putContents("main", [bytesOf("late")], hour);
      tools.compact({ kind: "all" }, hour);
      assertEquals(there(tools, "main", [...named, ...unnamed]), [true, true, true, true]);
      tools.compact({ kind: "all" }, hour + 1);
      assertEquals(there(tools, "main", [...named, ...unnamed]), [true, true, false, true]);
    });
  }));

Deno.test("contents go with the last revision that has a blob for them", () =>
  inFolder(async (folder) => {
    await withLog({ folder }, (log) => log.load("other"));
    let hashes: string[] = [];
    await withTools(folder, (tools) => {
      hashes = replaceInTurn(tools, "main", ["one", "two", "three", "four"], 0);
    });
    await withLog({ folder }, async (log) => {
      const { entries } = await log.load("main");
      let state = State.empty;
      for (const entry of entries) {
        state = state.apply(entry);
        if (entry.revision !== 1) await log.checkpoint("main", state);
      }
    });
    await withTools(folder, (tools) => {
      tools.compact({ kind: "count", entries: 1 }, 2 * hour);
      assertEquals(tools.stats("main").floor, 3);
      assertEquals(there(tools, "main", hashes), [false, false, true, true]);
    });
  }));

Deno.test("verify names a content that is missing or not what it was", () =>
  inFolder(async (folder) => {
    await withLog({ folder }, (log) => log.load("other"));
    const tools = new LogTools(folder);
    const [one, two] = replaceInTurn(tools, "main", ["one", "two"]);
    const db = new DatabaseSync(`${folder}/dist-space.sqlite`);
    db.prepare("DELETE FROM contents WHERE bytes = ?").run(bytesOf("one"));
    db.prepare("UPDATE contents SET bytes = ? WHERE bytes = ?").run(bytesOf("tvo"), bytesOf("two"));
    db.close();
    assertEquals(tools.verify("main")[0]!.problems, [
      `content ${one} is missing`,
      `content ${two} is damaged`,
    ]);
    tools.close();
  }));

Deno.test("purge covers a secret in what blobs hold, however it is encoded, in all history", () =>
  inFolder(async (folder) => {
    await withLog({ folder }, (log) => log.load("other"));
    const secret = "geheim!";
    await withTools(folder, (tools) => {
      const hashes = replaceInTurn(tools, "main", [`key=${secret};`, "harmless"]);
      const wide = new Uint8Array([
        0xff,
        0xfe,
        ...[...secret].flatMap((char) => [char.charCodeAt(0), 0]),
        0,
        7,
      ]);
      const [utf16] = tools.putContents("main", [wide], 1);
      assertEquals(tools.purge("main", "not there at all", 5), { occurrences: 0, names: 0 });
      assertEquals(tools.purge("main", secret, 5), { occurrences: 2, names: 0 });
      assertEquals(there(tools, "main", [...hashes, utf16!]), [false, true, false]);
      assertEquals(tools.purge("main", secret, 6), { occurrences: 0, names: 0 });
    });
    const bytes = await Deno.readFile(`${folder}/dist-space.sqlite`);
    assert(!new TextDecoder("latin1").decode(bytes).includes(secret));
  }));
