import { exportJWK, generateKeyPair, generateSecret, SignJWT, UnsecuredJWT } from "jose";
import type { CloseCode } from "../../proto/mod.ts";
import {
  authenticator,
  type Claims,
  type Key,
  keyOf,
  mint,
  mintForFile,
  narrow,
  type Said,
  said,
  WatchedTokens,
  writeTokens,
} from "../../server/tokens/mod.ts";
import { assert, assertEquals } from "../assert.ts";
import { eventually } from "./waiting.ts";

const ada: Said = {
  name: "Ada",
  kind: "human",
  workspaces: ["main", "team-*"],
  capabilities: ["edit:**", "tree:**"],
};

async function newKey(): Promise<Key> {
  const { privateKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  return keyOf(await exportJWK(privateKey));
}

function publicOf({ jwk }: Key): Key {
  const { d: _, ...rest } = jwk;
  return keyOf(rest);
}

interface World {
  readonly keys?: readonly Key[];
  readonly entries?: readonly Claims[];
  readonly revoked?: readonly string[];
}

/** What a server that knows these makes of a token. */
async function verdictOn(
  token: string,
  { keys = [], entries = [], revoked = [] }: World,
  workspace = "main",
) {
  return await authenticator(() => ({
    keys,
    entries: new Map(entries.map((claims) => [claims.id, claims])),
    revoked: new Set(revoked),
  })).verify(token, workspace);
}

async function isDenied(token: string, world: World, code: CloseCode, workspace = "main"): Promise<void> {
  const verdict = await verdictOn(token, world, workspace);
  assert("code" in verdict, `${token} is good for something`);
  assertEquals(verdict.code, code, verdict.message);
}

Deno.test("a token that the server's key has signed says who somebody is and what they may do", async () => {
  const key = await newKey(), expiresMs = Math.floor(Date.now() / 1000) * 1000 + 60_000;
  const { token, claims } = await mint({ ...ada, expiresMs }, key);
  assertEquals(await verdictOn(token, { keys: [publicOf(key)] }, "team-a"), {
    grant: {
      tokens: [claims.id],
      participant: { name: "Ada", kind: "human" },
      expiresMs,
      capabilities: [["edit:**", "tree:**"]],
    },
  });
});

Deno.test("a token that is signed with a shared secret is as good", async () => {
  const shared = keyOf(await exportJWK(await generateSecret("HS256", { extractable: true })));
  const { token } = await mint(ada, shared);
  assert("grant" in await verdictOn(token, { keys: [shared] }));
});

Deno.test("a token in a token file is known by the public half of its secret alone", async () => {
  const { token, claims } = mintForFile(ada);
  assert("grant" in await verdictOn(token, { entries: [claims] }));
  assertEquals(JSON.stringify(claims).includes(token.split("~")[1]!), false);
  await isDenied(token, {}, "token_invalid");
  await isDenied(token.slice(0, -2) + "AA", { entries: [claims] }, "token_invalid");
});

Deno.test("forged, foreign, expired, revoked and unreadable tokens each have their name", async () => {
  const key = await newKey(), other = await newKey(), keys = [publicOf(key)];
  const { token, claims } = await mint(ada, key);
  await isDenied((await mint(ada, other)).token, { keys }, "token_invalid");
  const [jwt, secret] = token.split("~") as [string, string];
  const [head, payload, signature] = jwt.split(".") as [string, string, string];
  const wider = btoa(atob(payload).replace("main", "**")).replace(/=+$/, "");
  await isDenied(`${head}.${wider}.${signature}~${secret}`, { keys }, "token_invalid");
  await isDenied(jwt, { keys }, "token_invalid");
  await isDenied(token, { keys }, "token_foreign", "private");
  await isDenied(token, { keys, revoked: [claims.id] }, "token_revoked");
  const late = await mint({ ...ada, expiresMs: Math.floor(Date.now() / 1000) * 1000 - 1000 }, key);
  await isDenied(late.token, { keys }, "token_expired");
  for (const text of ["", "~", "a.b.c", "space_", "space_x~y", "x".repeat(20_000), "~".repeat(100)]) {
    await isDenied(text, { keys }, "token_invalid");
  }
});

Deno.test("a token that is signed in another way than with the server's key is refused, and named so", async () => {
  const key = await newKey(), keys = [publicOf(key)];
  const said = { name: "Eve", workspaces: ["main"], capabilities: ["edit:**"] };
  await isDenied(new UnsecuredJWT(said).setJti("1").encode(), { keys }, "token_algorithm");
  // Signed with what everybody may know, as if it were a shared secret.
  const known = new TextEncoder().encode(JSON.stringify(publicOf(key).jwk));
  const confused = await new SignJWT(said).setJti("1").setProtectedHeader({ alg: "HS256" }).sign(known);
  await isDenied(confused, { keys }, "token_algorithm");
});

Deno.test("a statement of others, without a key for its holder, is a token by itself", async () => {
  const { privateKey, publicKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  const jwt = await new SignJWT({ name: "CI", kind: "ci", workspaces: ["main"], capabilities: ["read:**"] })
    .setJti("7").setProtectedHeader({ alg: "EdDSA" }).sign(privateKey);
  const keys = [keyOf(await exportJWK(publicKey))];
  assert("grant" in await verdictOn(jwt, { keys }));
});

Deno.test("whoever holds a token can make a narrower one, and that a narrower one again", async () => {
  const key = await newKey(), keys = [publicOf(key)], first = await mint(ada, key);
  const second = await narrow(first.token, { name: "Ada/bot", kind: "agent", capabilities: ["edit:src/**"] });
  const third = await narrow(second.token, { capabilities: ["read:**"], workspaces: ["main"] });
  assertEquals(await verdictOn(third.token, { keys }), {
    grant: {
      tokens: [first, second, third].map(({ claims }) => claims.id),
      participant: { name: "Ada/bot", kind: "agent" },
      expiresMs: 0,
      capabilities: [["edit:**", "tree:**"], ["edit:src/**"], ["read:**"]],
    },
  });
  await isDenied(third.token, { keys }, "token_foreign", "team-a");
  for (const { claims } of [first, second, third]) {
    await isDenied(third.token, { keys, revoked: [claims.id] }, "token_revoked");
  }
  assertEquals(said(third.token).map(({ id }) => id), [first, second, third].map(({ claims }) => claims.id));
});

Deno.test("a narrower token does not lead back to the wider one", async () => {
  const key = await newKey(), keys = [publicOf(key)];
  const { token } = await narrow((await mint(ada, key)).token, { capabilities: ["read:**"] });
  const [root, link, secret] = token.split("~") as [string, string, string];
  await isDenied(root, { keys }, "token_invalid");
  await isDenied(`${root}~${secret}`, { keys }, "token_invalid");
  await isDenied(`${root}~${link}~${link}~${secret}`, { keys }, "token_invalid");
  const stranger = await narrow(`${root}~${secret}`, { capabilities: ["edit:**"] });
  await isDenied(stranger.token, { keys }, "token_invalid");
});

Deno.test("a narrower token has a name under the one before, and lasts no longer", async () => {
  const key = await newKey(), keys = [publicOf(key)];
  const expiresMs = Math.floor(Date.now() / 1000) * 1000 + 60_000;
  const { token } = await mint({ ...ada, expiresMs }, key);
  await isDenied((await narrow(token, { name: "Bob" })).token, { keys }, "token_invalid");
  const longer = await verdictOn((await narrow(token, { expiresMs: expiresMs + 60_000 })).token, { keys });
  assert("grant" in longer);
  assertEquals(longer.grant.expiresMs, expiresMs);
});

Deno.test("a token file that changes tells which tokens are good for nothing any more", async () => {
  const path = await Deno.makeTempFile();
  const [kept, gone, changed, revoked] = [1, 2, 3, 4].map(() => mintForFile(ada).claims) as [
    Claims,
    Claims,
    Claims,
    Claims,
  ];
  await writeTokens(path, { tokens: [kept, gone, changed, revoked], revoked: [] });
  const tokens = await WatchedTokens.open(path, []);
  let told: readonly string[] = [];
  tokens.watch((ids) => told = ids, (error) => {
    throw error;
  });
  const narrower = { ...changed, capabilities: ["read:**"] };
  await writeTokens(path, { tokens: [kept, narrower, revoked], revoked: [revoked.id, "signed"] });
  await eventually(() => told.length > 0, "word of what has changed");
  assertEquals([...told].sort(), [changed.id, gone.id, revoked.id, "signed"].sort());
  assertEquals([...tokens.known.entries.keys()], [kept.id, changed.id, revoked.id]);
  tokens.close();
  await Deno.remove(path);
});
