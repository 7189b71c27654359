/**
 * Signed entries in a real log: what becomes of them when the data is looked after, and whether what somebody has forged
 * there is found.
 *
 * @module
 */

import { insert } from "../../ot/mod.ts";
import type { LogEntry, Signers } from "../../server/core/mod.ts";
import { LogTools, SqliteReader } from "../../server/sqlite/mod.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { keys, signedLog, SignedWorld } from "../sim/signed_log.ts";
import { appendAll, endOf, inFolder, stateAt, withLog } from "./sqlite_files.ts";

/** Entries of `w` enough that the oldest of them are packed, with states to begin with. */
const { entries, states } = (() => {
  const entries = signedLog(50);
  assert(entries.length > 256, "there is more than a block");
  return { entries, states: [150, 200, entries.length].map((revision) => stateAt(entries, revision)) };
})();
const signed = entries.filter((entry) => entry.signed !== undefined).length;

/** Runs `body` with the tools for a folder that holds a log. */
function withEntries(
  log: readonly LogEntry[],
  body: (tools: LogTools, folder: string) => void,
): Promise<void> {
  return inFolder(async (folder) => {
    await withLog({ folder }, async (open) => {
      await open.load("w");
      await appendAll(open, "w", log);
      for (const state of states) await open.checkpoint("w", state);
    });
    const tools = new LogTools(folder);
    try {
      body(tools, folder);
    } finally {
      tools.close();
    }
  });
}

/** What is kept of the first `count` entries. */
function entriesOf(folder: string, count: number): LogEntry[] {
  const reader = new SqliteReader(folder, "w");
  try {
    return [...reader.entries(0, count)];
  } finally {
    reader.close();
  }
}

function auditOf(tools: LogTools, workspace = "w", signers?: Signers) {
  const [{ audit, problems } = {}] = tools.verify(workspace, signers);
  assertEquals(problems, []);
  return audit!;
}

Deno.test("a signed log is kept as it is, in rows and packed, and every entry of it follows from what was signed", () =>
  withEntries(entries, (tools, folder) => {
    const look = () => {
      const audit = auditOf(tools);
      assertEquals([audit.first, audit.derived], [null, signed]);
      const kept = entriesOf(folder, entries.length).map((entry) => ({ ...entry, hash: 0 }));
      assertEquals(kept, entries.map((entry) => ({ ...entry, hash: 0 })));
    };
    look();
    tools.compact({ kind: "all" }, Date.now());
    assert(tools.stats("w").segmentBytes > 0);
    look();
  }));

Deno.test("a forged entry is found, though the chain was made anew over it", () => {
  // The operator takes out what Ada wrote, in the newest entry of hers that is kept as it was signed.
  const at = entries.findLastIndex(({ signed, change: { edits } }) =>
    signed !== undefined && signed.bytes === undefined && edits[0]?.op[0]?.insert.startsWith("Ada") === true
  );
  const { change: { steps, edits }, ...rest } = entries[at]!;
  const forged = edits.map(({ node, op }) => ({
    node,
    op: op.map((splice) => ({ ...splice, insert: splice.insert.replaceAll("Ada", "Eve") })),
  }));
  const log = entries.with(at, { ...rest, change: { steps, edits: forged } });
  return inFolder(async (folder) => {
    await withLog({ folder }, async (open) => {
      await open.load("w");
      await appendAll(open, "w", log);
    });
    const tools = new LogTools(folder);
    const [report] = tools.verify("w");
    tools.close();
    assertEquals(report?.problems, [], "nothing else shows it");
    assertEquals(report?.audit?.first, {
      revision: at + 1,
      name: "Ada",
      fault: "signature_invalid",
      message: "The signature is not that of the session's key for what the log has of this change",
    });
    assertEquals(report?.audit?.faults, 1);
  });
});

Deno.test("what was signed holds in a workspace that is renamed, copied, backed up and put back", () =>
  withEntries(entries, (tools, folder) => {
    tools.rename("w", "renamed");
    tools.copy("renamed", "copy");
    tools.backup(`${folder}/backup`);
    tools.delete("renamed");
    assertEquals(tools.restore(`${folder}/backup`).sort(), ["copy", "renamed"]);
    for (const workspace of ["copy", "renamed"]) {
      const audit = auditOf(tools, workspace);
      assertEquals([audit.first, audit.derived], [null, signed]);
      // It is said for which name they were signed.
      assertEquals(audit.workspaces, [{ workspace: "w", entries: signed }]);
    }
  }));

Deno.test("where history was let go, the rest is derived from there, by the keys that the state has", () =>
  withEntries(entries, (tools) => {
    tools.compact({ kind: "count", entries: 60 }, Date.now());
    assertEquals(tools.stats("w").floor, 200);
    const audit = auditOf(tools);
    const left = entries.slice(200).filter(({ signed }) => signed !== undefined);
    const early = left.filter(({ signed }) => signed!.base < 200).length;
    assertEquals([audit.first, audit.derived, audit.underived], [null, left.length - early, early]);
    assertEquals(audit.authors.map(({ name, key }) => [name, key]), [
      ["Ada", keys.Ada],
      ["Bob", keys.Bob],
      ["Guest", null],
    ]);
  }));

Deno.test("what something was purged from is said to be that, and not forged; all else holds", () =>
  inFolder(async (folder) => {
    const made = new SignedWorld(), secret = "hunter2!";
    made.meet(1);
    made.type(made.ada, insert(0, `the password is ${secret}, `));
    made.world.settle();
    for (const character of secret) {
      made.type(made.bob, insert(made.bob.core.view.text(made.file).length, character));
      made.world.settle();
    }
    made.meet(2);
    await withLog({ folder }, async (log) => {
      await log.load("w");
      await appendAll(log, "w", made.entries);
    });
    const tools = new LogTools(folder);
    try {
      const before = auditOf(tools);
      assertEquals(tools.purge("w", secret, Date.now()).occurrences, 2);
      const after = auditOf(tools);
      assertEquals([after.first, after.purged], [null, 1 + secret.length]);
      assertEquals(after.derived, before.derived - 1 - secret.length);
      // Nobody can tell by what is left whether a guess at the secret is right.
      const kept = entriesOf(folder, made.entries.length);
      const left = kept.filter(({ signed }) => signed?.signature === "");
      assertEquals(left.length, 1 + secret.length);
      assert(left.every(({ signed }) => signed?.bytes === undefined));

      // What is marked so without a purge is found.
      tools.create("forged", 0);
      tools.append("forged", 0, kept);
      assertEquals(tools.verify("forged")[0]!.audit?.first?.fault, "purge_unrecorded");
    } finally {
      tools.close();
    }
  }));

Deno.test("verify holds the keys against those that may sign under a name", () =>
  withEntries(entries, (tools) => {
    const signers = new Map([["Ada", new Set<string>([keys.Ada])], ["Bob", new Set<string>([keys.Bob])]]);
    assertEquals(auditOf(tools, "w", signers).first, null);
    const { first } = auditOf(tools, "w", new Map([["Ada", new Set<string>([keys.Bob])]]));
    assertEquals([first?.name, first?.fault], ["Ada", "signer_unknown"]);
  }));

Deno.test("a signed keystroke takes 67 bytes more than one that is not", () =>
  inFolder(async (folder) => {
    const bytes: number[] = [];
    for (const strip of [false, true]) {
      const made = new SignedWorld();
      for (let i = 0; i < 100; i++) {
        made.type(made.ada, insert(i, "x"));
        made.world.settle();
      }
      const log = made.entries.map(({ signed, ...entry }) =>
        strip || signed === undefined ? entry : { ...entry, signed }
      );
      const name = strip ? "plain" : "signed";
      await withLog({ folder }, async (open) => {
        await open.load(name);
        await appendAll(open, name, log, 1);
      });
      const tools = new LogTools(folder);
      bytes.push(tools.stats(name).rowBytes);
      assertEquals(endOf(tools.load(name)).texts.length, 1);
      tools.close();
    }
    const more = (bytes[0]! - bytes[1]!) / 101;
    assert(more > 66.5 && more < 68.5, `${more} bytes`);
    assertThrows(() => new LogTools(`${folder}/none`));
  }));
