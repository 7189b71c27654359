/**
 * Bytes of blobs over real sockets: what is taken, what is refused by name, and what nobody may learn.
 *
 * @module
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { Space, tcp } from "../../client/mod.ts";
import { type BlobContent, type Change, rootId } from "../../ot/mod.ts";
import { encodeClientMessage, toHex } from "../../proto/mod.ts";
import { SqliteLog } from "../../server/sqlite/mod.ts";
import { assert, assertEquals } from "../assert.ts";
import { LiveServer } from "./live_server.ts";
import { RawClient } from "./raw_client.ts";
import { inFolder } from "./sqlite_files.ts";

const bytes = new Uint8Array([0, 1, 2, 255]);
const contentOf = (bytes: Uint8Array): BlobContent => ({ hash: toHex(sha256(bytes)), bytes: bytes.length });

function creation(client: RawClient, counter: number, content: BlobContent): Change {
  const node = `${client.welcome!.site}:${counter}`;
  const step = { kind: "create", node, parent: rootId, name: `${counter}`, type: "blob", content } as const;
  return { steps: [step], edits: [] };
}

/** What becomes of a change: "acknowledge", or why it is refused. */
async function outcome(client: RawClient, change: Change): Promise<string> {
  const base = (client.heard.findLast(({ kind }) => kind === "entry" || kind === "acknowledge") as
    | { readonly revision: number }
    | undefined)?.revision ?? client.welcome!.revision;
  const { seq } = await client.submit(change, { base });
  const answer = await client.answer(seq);
  if (answer.kind === "acknowledge") client.welcome = { ...client.welcome!, revision: answer.revision };
  return answer.kind === "acknowledge" ? answer.kind : answer.code;
}

async function uploaded(client: RawClient, content: Uint8Array): Promise<string> {
  await client.send({ kind: "upload", content });
  const { hash, code } = await client.hear("uploaded");
  return code === "" ? hash : code;
}

Deno.test("an upload is answered with its hash, and a change that names it is taken; no other is", async () => {
  await using server = new LiveServer({ settings: { blobBytesMax: 1000, workspaceLengthMax: 3000 } });
  await using client = await RawClient.join(server.port);
  const content = contentOf(bytes);
  assertEquals(await outcome(client, creation(client, 1, content)), "content_unknown");
  assertEquals(await uploaded(client, bytes), content.hash);
  assertEquals(await outcome(client, creation(client, 2, { ...content, bytes: 5 })), "content_unknown");
  assertEquals(await outcome(client, creation(client, 3, { ...content, hash: "0a" })), "bad_content");
  assertEquals(await outcome(client, creation(client, 4, { ...content, bytes: 1001 })), "content_unknown");
  assertEquals(await outcome(client, creation(client, 5, content)), "acknowledge");
  // Once a blob holds it, it need not be uploaded again.
  assertEquals(await outcome(client, creation(client, 6, content)), "acknowledge");
  assertEquals(await outcome(client, creation(client, 7, { ...content, bytes: 5 })), "content_unknown");
  assertEquals(await uploaded(client, new Uint8Array(1001)), "blob_too_long");
  const large = new Uint8Array(1000);
  assertEquals(await uploaded(client, large), contentOf(large).hash);
  for (const counter of [8, 9]) {
    assertEquals(await outcome(client, creation(client, counter, contentOf(large))), "acknowledge");
  }
  assertEquals(await outcome(client, creation(client, 10, contentOf(large))), "workspace_full");
});

Deno.test("an upload in parts may be longer than a message, but no longer than a blob may be", async () => {
  const settings = { frameBytesMax: 1000, messageBytesMax: 2000, blobBytesMax: 100_000 };
  await using server = new LiveServer({ settings });
  await using client = await RawClient.join(server.port);
  const upload = (length: number) =>
    client.sendBytes(encodeClientMessage({ kind: "upload", content: new Uint8Array(length) }, 1000));
  await upload(100_000);
  assertEquals((await client.hear("uploaded")).hash, contentOf(new Uint8Array(100_000)).hash);
  await upload(100_020);
  await client.isEnded("message_too_long");
});

Deno.test("uploads come one at a time, after the welcome, and cost as much as changes", async () => {
  await using server = new LiveServer({ settings: { changesPerSecond: { human: 2, agent: 2, ci: 2 } } });
  await using stranger = await RawClient.connect(server.port);
  await stranger.send({ kind: "upload", content: bytes });
  await stranger.isEnded("hello_expected");
  await using client = await RawClient.join(server.port);
  await Promise.all([1, 2].map(() => client.send({ kind: "upload", content: bytes })));
  const first = [await client.hear("uploaded"), await client.hear("uploaded")].map(({ code }) => code);
  // Whether the second came in before the first was stored is for the network to say.
  assert(first.includes("") && first.every((code) => code === "" || code === "upload_in_flight"));
  const after: string[] = [];
  while (after.at(-1) !== "too_fast" && after.length < 6) {
    await client.send({ kind: "upload", content: bytes });
    const { code, retryMs } = await client.hear("uploaded");
    assertEquals(retryMs > 0, code === "too_fast");
    after.push(code);
  }
  assertEquals(after.at(-1), "too_fast");
});

Deno.test("nobody gets or names what another workspace holds, though the hash is known", async () => {
  await using server = new LiveServer();
  await using owner = await RawClient.join(server.port, { workspace: "private" });
  const content = contentOf(bytes);
  await uploaded(owner, bytes);
  assertEquals(await outcome(owner, creation(owner, 1, content)), "acknowledge");
  await using stranger = await RawClient.join(server.port, { workspace: "public" });
  assertEquals(await outcome(stranger, creation(stranger, 1, content)), "content_unknown");
  const ask = async (client: RawClient, hash: string) => {
    const at = { revision: 0, time: 0 }, question = { kind: "blob", hash } as const;
    await client.send({ kind: "query", id: 1, at, paths: [], globs: [], after: "", question });
    const { code, items } = await client.hear("answer");
    return code === "" ? items.length : code;
  };
  assertEquals(await ask(stranger, content.hash), "content_missing");
  assertEquals(await ask(owner, content.hash), 1);
  // What is uploaded and not named yet is for nobody either.
  const [hidden] = [await uploaded(owner, new Uint8Array(9))];
  assertEquals(await ask(owner, hidden!), "content_missing");
});

Deno.test("after a restart on the disk, a blob is what it was, and undo still brings back what it had been", () =>
  inFolder(async (folder) => {
    const first = new Uint8Array(100_000).fill(1), second = new Uint8Array(50_000).fill(2);
    const run = async (body: (space: Space) => Promise<void>) => {
      const log = await SqliteLog.open({ folder });
      const server = new LiveServer({ log });
      const space = await Space.open({ dial: tcp("127.0.0.1", server.port), workspace: "w", name: "Ada" });
      await body(space);
      await space.close();
      await server[Symbol.asyncDispose]();
      await log.close();
    };
    await run(async (space) => {
      await space.writeBytes("a.bin", first).settled;
      await space.writeBytes("a.bin", second).settled;
      assertEquals((await space.undo()!.settled).kind, "durable");
      assertEquals((await space.redo()!.settled).kind, "durable");
      assertEquals(await space.readBytes("a.bin"), second);
    });
    await run(async (space) => {
      assertEquals(await space.readBytes("a.bin"), second);
      // Named by its hash alone: the log has the bytes of an earlier revision.
      const { id } = space.find("a.bin")!;
      const step = { kind: "replace", node: id, content: contentOf(first) } as const;
      assertEquals((await space.atomically((draft) => draft.step(step)).settled).kind, "durable");
      assertEquals(await space.readBytes("a.bin"), first);
    });
  }));
