/**
 * `deno task token` as people run it: what is printed where, what is in the files, and exit codes.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";

const root = new URL("../../", import.meta.url).pathname;

async function token(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    cwd: root,
    args: ["run", "--quiet", "--allow-all", "--no-check", "cli/main.ts", "token", ...args],
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

Deno.test("token makes a token, a narrower one, shows what they say, and revokes them", async () => {
  const folder = await Deno.makeTempDir(), tokens = `${folder}/tokens.json`;
  const made = await token(
    "make",
    "--tokens",
    tokens,
    "--name",
    "Ada",
    "--expires",
    "2h",
    "edit:**",
    "tree:**",
  );
  assertEquals([made.code, made.stdout.trim().split("\n").length], [0, 1]);
  assertMatch(made.stderr, /Ada \(human\) {2}edit:\*\* tree:\*\* {2}in \* {2}until 20/);
  await Deno.writeTextFile(`${folder}/ada`, made.stdout);
  const narrower = await token(
    "narrow",
    `${folder}/ada`,
    "--name",
    "Ada/bot",
    "--kind",
    "agent",
    "edit:src/**",
  );
  assertEquals(narrower.code, 0);
  await Deno.writeTextFile(`${folder}/bot`, narrower.stdout);
  const shown = await token("show", `${folder}/bot`);
  assertStringIncludes(shown.stdout, "Ada/bot (agent)  edit:src/**");
  const secret = made.stdout.trim().split("~").at(-1)!;
  assertEquals((await Deno.readTextFile(tokens)).includes(secret), false);
  assertEquals((await token("revoke", "--tokens", tokens, `${folder}/bot`)).code, 0);
  const [botId] = narrower.stderr.split(" ");
  assertEquals(JSON.parse(await Deno.readTextFile(tokens)).revoked, [botId]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("token key makes a key pair, of which the public half signs nothing", async () => {
  const folder = await Deno.makeTempDir(), key = `${folder}/key`;
  assertEquals((await token("key", key)).code, 0);
  assertEquals((await Deno.stat(key)).mode! & 0o077, 0);
  assert(JSON.parse(await Deno.readTextFile(`${key}.pub`)).d === undefined);
  const signed = await token("make", "--key", key, "--name", "Ada", "read:**");
  assertEquals(signed.code, 0);
  assertMatch(signed.stdout, /^[\w-]+\.[\w-]+\.[\w-]+~[\w-]+\n$/);
  const wrong = await token("make", "--key", `${key}.pub`, "--name", "Ada", "read:**");
  assertEquals([wrong.code, wrong.stdout], [1, ""]);
  assertEquals((await token("key", key)).code, 1);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("token refuses capabilities, times and uses that there are not", async () => {
  const path = `${await Deno.makeTempDir()}/tokens.json`;
  const make = (...args: string[]) => token("make", "--tokens", path, "--name", "Ada", ...args);
  const unknown = await make("write:**");
  assertEquals(unknown.code, 1);
  assertStringIncludes(unknown.stderr, '"write:**" is no capability');
  assertEquals((await make("read:[")).code, 1);
  assertEquals((await make("--expires", "yesterday", "read:**")).code, 2);
  assertEquals((await token("make", "--name", "Ada", "read:**")).code, 2);
});
