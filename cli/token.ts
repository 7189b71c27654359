/**
 * `deno task token`: makes tokens, which say who somebody is and what they may see and change; makes narrower ones
 * from them, shows what they say, and revokes them.
 *
 * A token is printed alone on standard output, so that it can go into a file; what there is to say about it goes to
 * standard error. Nothing here needs a server.
 *
 * @module
 */

import { exportJWK, generateKeyPair, generateSecret } from "jose";
import type { Participant } from "../proto/mod.ts";
import {
  type Claims,
  mint,
  type Minted,
  mintForFile,
  narrow,
  readKeys,
  readTokens,
  type Said,
  said,
  TokenError,
  type TokenFile,
  writePrivate,
  writeTokens,
} from "../server/tokens/mod.ts";
import { Command, exitsHelp, InvalidArgumentError, oneOf, wrongUsage } from "./command.ts";

const kind = oneOf<Participant["kind"]>("human", "agent", "ci");

const examples = `
Capabilities: read:GLOB to see, edit:GLOB to change texts, tree:GLOB to create, move, rename and remove, admin.
Who may edit or change the tree may read. A directory takes two: "tree:docs" for itself, "tree:docs/**" for what is in it.

  deno task token make --tokens tokens.json --name Ada "edit:**" "tree:**" > ada.token
  deno task serve --tokens tokens.json
  deno task client --token-file ada.token
  deno task token narrow ada.token --name Ada/tidy --kind agent --expires 2h "edit:src/**" > tidy.token
  deno task token revoke --tokens tokens.json ada.token`;

export const tokenCommand = new Command("token")
  .description("Make, narrow, look at and revoke tokens, which say who may see and change what.")
  .addHelpText("after", examples)
  .addHelpText("afterAll", exitsHelp({ 0: "fine", 1: "it cannot be done", 2: "wrong usage" }));

tokenCommand.command("key")
  .description("Make a key to sign tokens with: FILE has it, FILE.pub what a server needs (--jwt-key).")
  .argument("<file>", "where to; it must not be there")
  .option("--shared", "a secret that the server shares (HS256) in place of a key pair (EdDSA)")
  .action((file, { shared }) =>
    carefully(async () => {
      if (await isThere(file)) throw new Error(`${file} is there already`);
      if (shared === true) {
        await writeJson(file, await exportJWK(await generateSecret("HS256", { extractable: true })));
        console.error(`${file} has the secret: keep it, and give it to the server (--jwt-key ${file}).`);
        return;
      }
      const { privateKey, publicKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
      const kid = crypto.randomUUID().slice(0, 8);
      await writeJson(file, { ...await exportJWK(privateKey), kid });
      await writeJson(`${file}.pub`, { ...await exportJWK(publicKey), kid });
      console.error(`${file} signs tokens: keep it. ${file}.pub is for the server (--jwt-key ${file}.pub).`);
    })
  );

tokenCommand.command("make")
  .description("Make a token.")
  .argument("<capabilities...>", 'what its bearer may do, as in "read:**" "edit:src/**"')
  .requiredOption("--name <name>", "who its bearer is to the others")
  .option("--kind <kind>", "human, agent or ci", kind, "human" as const)
  .option("--workspace <globs...>", "the workspaces it is for", ["*"])
  .option("--expires <time>", "how long it holds, like 2h or 30d, or until when, like 2030-01-31", timeLimit)
  .option("--tokens <file>", "put it into this token file; made if it is not there")
  .option("--key <file>", "sign it with this key")
  .action((capabilities, { name, kind, workspace: workspaces, expires, tokens, key }) =>
    carefully(async () => {
      const claims: Said = { name, kind, workspaces, capabilities, ...limited(expires) };
      if ((tokens === undefined) === (key === undefined)) {
        console.error("Give --tokens for a token file, or --key for a key, and not both.");
        Deno.exit(wrongUsage);
      }
      if (key !== undefined) {
        const [first] = await readKeys(key);
        if (first!.jwk.d === undefined && first!.jwk.k === undefined) {
          throw new Error(`${key} has a public key: tokens are signed with the private one`);
        }
        return tell(await mint(claims, first!));
      }
      const file = await isThere(tokens!) ? await readTokens(tokens!) : { tokens: [], revoked: [] };
      const minted = mintForFile(claims);
      await writeTokens(tokens!, { ...file, tokens: [...file.tokens, minted.claims] });
      tell(minted);
    })
  );

tokenCommand.command("narrow")
  .description("Make a token that gives no more than another one, and less. Nobody has to be asked.")
  .argument("<token>", "the file with the token; - reads it from standard input")
  .argument("[capabilities...]", "what its bearer may do, of what the token allows; all of it if left out")
  .option("--name <name>", "who its bearer is: a name under the token's own, as in Ada/tidy")
  .option("--kind <kind>", "human, agent or ci", kind)
  .option("--workspace <globs...>", "the workspaces it is for, of those that the token is for")
  .option("--expires <time>", "how long it holds at most, like 2h, or until when", timeLimit)
  .action((file, capabilities, { name, kind, workspace: workspaces, expires }) =>
    carefully(async () => {
      tell(
        await narrow(await tokenIn(file), {
          ...name === undefined ? {} : { name },
          ...kind === undefined ? {} : { kind },
          ...workspaces === undefined ? {} : { workspaces },
          ...capabilities.length === 0 ? {} : { capabilities },
          ...limited(expires),
        }),
      );
    })
  );

tokenCommand.command("show")
  .description("Show what a token says of itself, or what is in a token file. Nothing is checked.")
  .argument("[token]", "the file with the token; - reads it from standard input")
  .option("--tokens <file>", "a token file")
  .action((file, { tokens }) =>
    carefully(async () => {
      if (file !== undefined) {
        for (const claims of said(await tokenIn(file))) console.log(described(claims));
      }
      if (tokens === undefined) return;
      const { tokens: all, revoked } = await readTokens(tokens);
      for (const claims of all) {
        console.log(`${described(claims)}${revoked.includes(claims.id) ? "  REVOKED" : ""}`);
      }
    })
  );

tokenCommand.command("revoke")
  .description(
    "Revoke tokens, and all that were made narrower from them. Who is connected with one is cut off at once.",
  )
  .argument("<tokens...>", "files with tokens, or their ids")
  .requiredOption("--tokens <file>", "the token file that the server looks at")
  .action((which, { tokens }) =>
    carefully(async () => {
      const file: TokenFile = await isThere(tokens) ? await readTokens(tokens) : { tokens: [], revoked: [] };
      const ids: string[] = [];
      for (const one of which) {
        ids.push(await isThere(one) ? said(await tokenIn(one)).at(-1)!.id : one);
      }
      await writeTokens(tokens, { ...file, revoked: [...new Set([...file.revoked, ...ids])] });
      for (const id of ids) console.error(`${id} is revoked.`);
    })
  );

/** Says on standard error what could not be done. */
async function carefully(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const code = error instanceof TokenError ? ` (${error.code})` : "";
    console.error(`${error instanceof Error ? error.message : error}${code}`);
    Deno.exit(1);
  }
}

function tell({ token, claims }: Minted): void {
  console.log(token);
  console.error(described(claims));
}

function described({ id, name, kind, workspaces, capabilities, expiresMs }: Claims): string {
  return [
    id,
    ...name === undefined ? [] : [`${name}${kind === undefined ? "" : ` (${kind})`}`],
    ...capabilities === undefined ? [] : [capabilities.join(" ")],
    ...workspaces === undefined ? [] : [`in ${workspaces.join(" ")}`],
    ...expiresMs === undefined ? [] : [`until ${new Date(expiresMs).toISOString()}`],
  ].join("  ");
}

async function tokenIn(file: string): Promise<string> {
  const text = file === "-" ? await new Response(Deno.stdin.readable).text() : await Deno.readTextFile(file);
  return text.trim();
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch {
    return false;
  }
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writePrivate(path, `${JSON.stringify(value, undefined, 2)}\n`);
}

const units: Readonly<Record<string, number>> = { m: 60, h: 3600, d: 86_400 };

/** Reads an age from now, or a date, as milliseconds since 1970. */
function timeLimit(text: string): number {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const time = unit === undefined ? Date.parse(text) : Date.now() + Number(count) * units[unit]! * 1000;
  if (!(time > Date.now())) {
    throw new InvalidArgumentError("Give how long, like 90m, 2h or 30d, or a date that is to come.");
  }
  // A second is as exact as a token is.
  return Math.floor(time / 1000) * 1000;
}

function limited(expiresMs: number | undefined): { readonly expiresMs?: number } {
  return expiresMs === undefined ? {} : { expiresMs };
}
