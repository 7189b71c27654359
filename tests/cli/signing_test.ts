/**
 * Signing as people do it: keys in files, a server that asks for signatures, and `log verify`.
 *
 * @module
 */

import { Space, tcp } from "../../mod.ts";
import { MemoryLog, secret } from "../../server/mod.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { LiveServer } from "../server/live_server.ts";
import { inFolder } from "../server/sqlite_files.ts";
import { keys, signedLog } from "../sim/signed_log.ts";
import { DataFolder } from "./log_data.ts";

const main = new URL("../../cli/main.ts", import.meta.url).pathname;

/** Runs a client that does one line, with its settings in a folder; gives how it ended. */
async function client(folder: string, line: string, ...args: readonly string[]) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", main, "client", ...args],
    env: { XDG_CONFIG_HOME: folder },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(`${line}\n`)).catch(() => {});
  await writer.close().catch(() => {});
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  return { code, said: text.decode(stdout) + text.decode(stderr) };
}

Deno.test("--sign makes a key that nobody else may read, and signs with the same one from then on", () =>
  inFolder(async (folder) => {
    const log = new MemoryLog(secret);
    await using server = new LiveServer({ log, settings: { signaturesRequired: true } });
    const address = `127.0.0.1:${server.port}`;
    const first = await client(folder, "put a.txt one", address, "--name", "Ada", "--sign");
    assertEquals(first.code, 0, first.said);
    const [, key] = /Its public key is ([0-9a-f]{64})/.exec(first.said)!;
    const file = `${folder}/dist-space/signing.key`;
    if (Deno.build.os !== "windows") assertEquals(Deno.statSync(file).mode! & 0o777, 0o600);

    const [again, guest, misplaced] = await Promise.all([
      client(folder, "put b.txt two", address, "--name", "Ada", "--sign"),
      client(folder, "put c.txt three", address, "--name", "Guest"),
      client(folder, "ls", "--sign", address),
    ]);
    assertEquals([again.code, again.said.includes("Made a key")], [0, false], again.said);
    assertEquals(guest.code, 1);
    assertStringIncludes(guest.said, "(signature_required)");
    assertEquals(misplaced.code, 2);
    assertStringIncludes(misplaced.said, "put --sign behind it");

    Deno.chmodSync(file, 0o644);
    const open = await client(folder, "ls", address, "--sign");
    assertEquals([open.code, Deno.build.os === "windows" || open.said.includes("chmod 600")], [2, true]);

    const { entries } = await log.load("main");
    const signed = entries.filter(({ signed }) => signed !== undefined);
    assertEquals(signed.length, 2);
    for (const { signed: { signer } = {} } of signed) assertEquals(signer, { key, workspace: "main" });
  }));

Deno.test("a program signs by an option, over a connection that breaks too", async () => {
  const log = new MemoryLog(secret);
  await using server = new LiveServer({ log, settings: { signaturesRequired: true } });
  const secretKey = new Uint8Array(32).fill(0xaa);
  const space = await Space.open({
    dial: tcp("127.0.0.1", server.port),
    workspace: "main",
    name: "Ada",
    sign: { secretKey },
  });
  assertEquals((await space.create("a.txt", "one").settled).kind, "durable");
  server.shell.cutAll();
  assertEquals((await space.create("b.txt", "two").settled).kind, "durable");
  await space.close();
  const { entries } = await log.load("main");
  const signed = entries.filter(({ signed }) => signed !== undefined);
  assertEquals(signed.map(({ signed }) => signed?.signer?.key), [keys.Ada, undefined]);
});

Deno.test("log verify prints who has signed, and ends with 1 for the first entry that is forged", async () => {
  const entries = signedLog(3);
  const at = entries.findLastIndex(({ signed, author }) => signed !== undefined && author === undefined);
  const forged = entries.with(at, { ...entries[at]!, seq: entries[at]!.seq + 1 });
  await using folder = await DataFolder.of({ w: { entries }, forged: { entries: forged } });
  await folder.write("signers.txt", `# who\n${keys.Ada}  Ada\n${keys.Bob.toUpperCase()} Bob\n`);
  await folder.write("wrong.txt", `Ada ${keys.Ada}\n`);

  const [good, shown, bad, json, wrong] = await Promise.all([
    folder.log("verify", "w", "--signers", "signers.txt"),
    folder.log("show", "w"),
    folder.log("verify"),
    folder.json("verify", "forged"),
    folder.log("verify", "w", "--signers", "wrong.txt"),
  ]);
  assertEquals([good.code, good.stderr], [0, ""]);
  assertMatch(
    good.stdout,
    new RegExp(`\nAda +${keys.Ada} +\\d+\nBob +${keys.Bob} +\\d+\nGuest +not signed +\\d+\n`),
  );
  assertMatch(good.stdout, /\nFollow from what their authors signed: \d+; not signed: \d+\n/);
  assertStringIncludes(shown.stdout, `Ada, signed ${keys.Ada.slice(0, 8)}…`);

  assertEquals(bad.code, 1);
  assertMatch(bad.stdout, /\nforged .*FORGED\nw .*whole\n/);
  assertMatch(
    bad.stderr,
    new RegExp(`forged"?: entry ${at + 1}, by .*\\((signature_invalid|other_submission)\\)`),
  );
  const [{ audit }] = json.reports;
  assertEquals([json.isWhole, json.isGenuine, audit.first.revision], [true, false, at + 1]);
  assertEquals(audit.workspaces, [{ workspace: "w", entries: audit.derived }]);
  assertEquals(wrong.code, 2);
  assert(wrong.stderr.startsWith("Line 1 of wrong.txt is no key"), wrong.stderr);
});
