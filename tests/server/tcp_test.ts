/**
 * The server over real sockets: sessions that outlive connections, exactly-once submission, time-outs, presence,
 * many workspaces, and the end.
 *
 * @module
 */

import { editOf, insert, rootId } from "../../ot/mod.ts";
import { encodeClientMessage, type ServerMessage } from "../../proto/mod.ts";
import { type Appended, type Log, type Logged, MemoryLog, secret } from "../../server/mod.ts";
import { assert, assertEquals, assertNotEquals } from "../assert.ts";
import { LiveServer } from "./live_server.ts";
import { RawClient } from "./raw_client.ts";
import { amidTyping } from "./typists.ts";
import { eventually, pause, within } from "./waiting.ts";

const none = { steps: [], edits: [] };

/** A change that makes a file with a text. */
function fileOf(node: string, name: string, text = "") {
  return {
    steps: [{ kind: "create", node, parent: rootId, name, type: "text" }] as const,
    edits: text === "" ? [] : [{ node, op: insert(0, text) }],
  };
}

/** What a client that joins now is sent of the files: their names and texts. */
async function filesIn(port: number, workspace = "w"): Promise<Record<string, string>> {
  await using client = await RawClient.join(port, { workspace });
  const contents = client.pieces.flatMap(({ contents }) => contents);
  return Object.fromEntries(
    client.pieces.flatMap(({ nodes }) => nodes).map(({ id, name }) => [
      name,
      contents.filter(({ node }) => node === id).map(({ text }) => text).join(""),
    ]),
  );
}

/** What a client needs to say to resume where another one is. */
function resumption({ welcome }: RawClient) {
  const { session, epoch, revision } = welcome!;
  return { session, epoch, revision };
}

// ---- Sessions -------------------------------------------------------------------------------------------------

Deno.test("a welcome names a session and a site that nobody else has, and what the server allows", async () => {
  await using server = new LiveServer();
  await using one = await RawClient.join(server.port);
  await using two = await RawClient.join(server.port);
  const { version, session, site, epoch, resumed, committed, counter, limits } = one.welcome!;
  assertEquals({ version, resumed, committed, counter }, {
    version: 1,
    resumed: false,
    committed: 0,
    counter: 0,
  });
  assert(/^[0-9a-f]{32}$/.test(session) && /^[0-9a-f]{32}$/.test(epoch) && site > 0);
  assertNotEquals(two.welcome!.session, session);
  assertNotEquals(two.welcome!.site, site);
  assertEquals(limits, {
    ...{ frameBytes: 1 << 20, messageBytes: 8 << 20, textLength: 100 << 20, workspaceLength: 256 << 20 },
    ...{ nodes: 100_000, changesPerSecond: 100, blobBytes: 32 << 20 },
  });
});

Deno.test("entries come in order of their revisions, to their author as acknowledgements, once each", async () => {
  await using server = new LiveServer();
  await using author = await RawClient.join(server.port, { participant: { name: "Ada", kind: "human" } });
  await using reader = await RawClient.join(server.port);
  const file = `${author.welcome!.site}:1`;
  const start = author.welcome!.revision;
  let { revision } = author.welcome!;
  for (let i = 0; i < 20; i++) {
    const change = i === 0 ? fileOf(file, "a.txt") : editOf(file, insert(0, `${i}`));
    const { seq } = await author.submit(change, { base: revision });
    const answer = await author.answer(seq);
    assert(answer.kind === "acknowledge");
    assertEquals(answer.revision, revision + 1);
    revision = answer.revision;
  }
  const read: (ServerMessage & { kind: "entry" })[] = [];
  for (let i = 1; i <= 20; i++) read.push(await reader.hear("entry"));
  assertEquals(read.map((entry) => entry.revision), Array.from({ length: 20 }, (_, i) => start + 1 + i));
  assertEquals(read.map(({ author }) => author?.name), ["Ada", ...new Array(19).fill(undefined)]);
  assert(
    read.every(({ time }, i) => time >= (read[i - 1]?.time ?? 1_700_000_000_000)),
    "time never goes back",
  );
  assertEquals(author.heard.filter(({ kind }) => kind === "entry"), []);
});

Deno.test("a session that is resumed on another connection ends the older one, which counts no more", async () => {
  await using server = new LiveServer();
  await amidTyping(server.port, async () => {
    await using older = await RawClient.join(server.port);
    const first = await older.submit(fileOf(`${older.welcome!.site}:1`, "mine.txt", "first"));
    await older.answer(first.seq);
    await using newer = await RawClient.join(server.port, resumption(older));
    const { resume } = await older.isEnded("session_resumed");
    assert(!resume, "else the two would take the session from each other for ever");
    assertEquals(newer.welcome!.session, older.welcome!.session);
    assertEquals(newer.welcome!.site, older.welcome!.site);
    assertEquals({ ...newer.welcome }.resumed, true);
    assertEquals([newer.welcome!.committed, newer.welcome!.counter], [first.seq, 1]);
    // What it missed begins after the revision it holds, its own acknowledgement included.
    const { revision } = await newer.hear("acknowledge");
    const second = await newer.submit(editOf(`${older.welcome!.site}:1`, insert(5, "!")), { base: revision });
    assertEquals((await newer.answer(second.seq)).kind, "acknowledge");
    assertEquals((await filesIn(server.port))["mine.txt"], "first!");
  });
});

Deno.test("what was sent but not answered when a connection broke is applied once, sent again as often as may be", async () => {
  await using server = new LiveServer();
  await amidTyping(server.port, async () => {
    const first = await RawClient.join(server.port);
    const file = `${first.welcome!.site}:1`;
    const { seq, frame } = await first.submit(fileOf(file, "once.txt", "once"));
    await eventually(async () => "once.txt" in await filesIn(server.port), "the file in the log");
    await first.cut();

    for (let round = 0; round < 3; round++) {
      await using again = await RawClient.join(server.port, resumption(first));
      assertEquals(again.welcome!.committed, seq);
      // It is answered among the entries that were missed, and once more for the frame that comes again.
      const answer = await again.answer(seq);
      assert(answer.kind === "acknowledge");
      await again.sendBytes(frame);
      const repeated = await again.answer(seq);
      assertEquals(repeated, answer);
    }
    assertEquals((await filesIn(server.port))["once.txt"], "once");
  });
});

Deno.test("a frame that was cut in the middle has no effect, and does when it comes whole", async () => {
  await using server = new LiveServer();
  const first = await RawClient.join(server.port);
  const frame = encodeClientMessage({
    ...{ kind: "operation", seq: 1, base: first.welcome!.revision },
    change: fileOf(`${first.welcome!.site}:1`, "whole.txt", "whole"),
  });
  await first.sendBytes(frame.subarray(0, frame.length - 1));
  await first.cut();
  await server.reported("closed");
  assertEquals(await filesIn(server.port), {});
  await using again = await RawClient.join(server.port, resumption(first));
  assertEquals(again.welcome!.committed, 0);
  await again.sendBytes(frame);
  assertEquals((await again.answer(1)).kind, "acknowledge");
  assertEquals(await filesIn(server.port), { "whole.txt": "whole" });
});

Deno.test("another change under a seq that was used is refused: the session is forked", async () => {
  await using server = new LiveServer();
  await amidTyping(server.port, async ({ node }) => {
    await using client = await RawClient.join(server.port);
    const { seq } = await client.submit(fileOf(`${client.welcome!.site}:1`, "a.txt"), { seq: 5 });
    const answer = await client.answer(seq);
    assert(answer.kind === "acknowledge");
    for (const used of [5, 4, 1]) {
      await client.submit(editOf(node, insert(0, "forked")), { seq: used, base: answer.revision });
      const refusal = await client.answer(used);
      assert(refusal.kind === "refuse");
      assertEquals(refusal.code, "session_forked");
    }
    // Gaps are allowed.
    await client.submit(none, { seq: 1000, base: answer.revision });
    assertEquals((await client.answer(1000)).kind, "acknowledge");
    assert(!((await filesIn(server.port))["shared.txt"] ?? "").includes("forked"));
  });
});

Deno.test("whoever resumes is sent what was missed, entry by entry; a session nobody knows begins anew", async () => {
  await using server = new LiveServer();
  await using writer = await RawClient.join(server.port);
  const away = await RawClient.join(server.port);
  await away.cut();
  let { revision } = writer.welcome!;
  for (let i = 0; i < 5; i++) {
    const { seq } = await writer.submit(none, { base: revision });
    const answer = await writer.answer(seq);
    assert(answer.kind === "acknowledge");
    revision = answer.revision;
  }
  await using back = await RawClient.join(server.port, resumption(away));
  assert(back.welcome!.resumed);
  assertEquals(back.welcome!.revision, revision);
  for (let missed = away.welcome!.revision + 1; missed <= revision; missed++) {
    assertEquals((await back.hear("entry")).revision, missed);
  }
  assertEquals(back.heard.filter(({ kind }) => kind === "sync"), []);

  const known = resumption(away);
  for (
    const wrong of [
      { ...known, session: "0".repeat(32) },
      { ...known, epoch: "another" },
      { ...known, revision: revision + 1 },
    ]
  ) {
    await using stranger = await RawClient.join(server.port, wrong);
    assertEquals(stranger.welcome!.resumed, false);
    assertNotEquals(stranger.welcome!.session, wrong.session);
    assertEquals(stranger.pieces.at(-1)!.revision, revision);
  }
});

Deno.test("whoever resumes is welcomed only when it is settled what became of what was sent before", async () => {
  const log = new HeldLog();
  await using server = new LiveServer({ log });
  const first = await RawClient.join(server.port);
  log.hold();
  const { seq } = await first.submit(fileOf(`${first.welcome!.site}:1`, "a.txt"));
  await first.send({ kind: "ping", value: 1n });
  await first.hear("pong");
  await using again = await RawClient.connect(server.port);
  await again.sayHello(resumption(first));
  await first.isEnded("session_resumed");
  await again.send({ kind: "ping", value: 2n });
  await again.hear("pong");
  assertEquals(again.heard, [], "not a word yet");
  log.release();
  const { resumed, committed } = await again.hear("welcome");
  assertEquals([resumed, committed], [true, seq]);
  assertEquals((await again.answer(seq)).kind, "acknowledge");
  await first.cut();
});

Deno.test("a hint that a change has its place comes only where it was asked for, before it is durable", async () => {
  const log = new HeldLog();
  await using server = new LiveServer({ log });
  await using asks = await RawClient.join(server.port, { accepted: true });
  await using other = await RawClient.join(server.port);
  log.hold();
  await asks.submit(none, { seq: 1 });
  assertEquals((await asks.hear("accepted")).seq, 1);
  await other.submit(none, { seq: 1 });
  assertEquals(asks.heard.filter(({ kind }) => kind === "acknowledge"), []);
  log.release();
  assertEquals((await asks.answer(1)).kind, "acknowledge");
  assertEquals((await other.answer(1)).kind, "acknowledge");
  assertEquals(other.heard.filter(({ kind }) => kind === "accepted"), []);
});

/** A log in memory whose appends wait while it is held, and which may fail to load or to store. */
class HeldLog implements Log {
  readonly #memory = new MemoryLog(secret);
  #gate = Promise.withResolvers<void>();
  loadsToFail = 0;
  appendsToFail = 0;

  constructor() {
    this.#gate.resolve();
  }

  hold(): void {
    this.#gate = Promise.withResolvers();
  }

  release(): void {
    this.#gate.resolve();
  }

  list(): ReturnType<Log["list"]> {
    return this.#memory.list();
  }

  load(workspace: string): Promise<Logged> {
    return this.loadsToFail-- > 0 ? Promise.reject(new Error("disk")) : this.#memory.load(workspace);
  }

  async append(...[workspace, expected, entries]: Parameters<Log["append"]>): Promise<Appended> {
    await this.#gate.promise;
    if (this.appendsToFail-- > 0) return { stored: false, won: [] };
    return this.#memory.append(workspace, expected, entries);
  }

  putContent(workspace: string, bytes: Uint8Array): Promise<string> {
    return this.#memory.putContent(workspace, bytes);
  }

  holdContent(workspace: string, hash: string): Promise<number | undefined> {
    return this.#memory.holdContent(workspace, hash);
  }

  answer(...[workspace, query]: Parameters<Log["answer"]>): ReturnType<Log["answer"]> {
    return this.#memory.answer(workspace, query);
  }

  checkpoint(...[workspace, state]: Parameters<Log["checkpoint"]>): Promise<void> {
    return this.#memory.checkpoint(workspace, state);
  }

  close(): Promise<void> {
    return this.#memory.close();
  }
}

// ---- Time -----------------------------------------------------------------------------------------------------

Deno.test("pings come when nothing else does, whoever answers them stays, and a ping is answered in kind", async () => {
  await using server = new LiveServer({ settings: { heartbeatUs: 300_000, silenceUs: 1_500_000 } });
  await using client = await RawClient.join(server.port);
  await client.send({ kind: "ping", value: 2n ** 64n - 1n });
  assertEquals((await client.hear("pong")).value, 2n ** 64n - 1n);
  const from = performance.now();
  for (let i = 0; i < 3; i++) {
    const { value } = await client.hear("ping");
    await client.send({ kind: "pong", value });
  }
  assert(performance.now() - from > 1600, "it has been quiet for longer than silence may last");
  assert(!client.ended);
});

Deno.test("a flood of pings is answered by its newest, not by a queue", async () => {
  await using server = new LiveServer();
  await using client = await RawClient.join(server.port);
  const flood = new Uint8Array(13 * 1000);
  for (let i = 0; i < 1000; i++) flood.set(encodeClientMessage({ kind: "ping", value: BigInt(i) }), i * 13);
  await client.sendBytes(flood);
  await client.hear("pong", ({ value }) => value === 999n);
});

// ---- Presence -------------------------------------------------------------------------------------------------

Deno.test("who is here is told with name and kind, where they are as they go, and when they are gone", async () => {
  await using server = new LiveServer();
  await using watcher = await RawClient.join(server.port, { participant: { name: "Ada", kind: "human" } });
  const node = `${watcher.welcome!.site}:1`;
  const made = await watcher.submit(fileOf(node, "a.txt", "hello"));
  const answer = await watcher.answer(made.seq);
  assert(answer.kind === "acknowledge");

  const agent = await RawClient.join(server.port, { participant: { name: "Bot", kind: "agent" } });
  const { site, revision } = agent.welcome!;
  const came = await watcher.hear("presence", (presence) => presence.site === site);
  assertEquals([came.participant, came.gone, came.place], [{ name: "Bot", kind: "agent" }, false, undefined]);
  const there = await agent.hear("presence", (presence) => presence.site === watcher.welcome!.site);
  assertEquals(there.participant, { name: "Ada", kind: "human" });

  const ranges = [{ anchor: 1, head: 3 }, { anchor: 5, head: 5 }];
  await agent.send({ kind: "presence", place: { node, revision, seq: 0, ranges } });
  const moved = await watcher.hear("presence", ({ place }) => place !== undefined);
  assertEquals(moved.place!.ranges, ranges);
  assertEquals(moved.participant, undefined);

  // A newcomer is told of everybody, of positions in the text as it is by then.
  const typed = await watcher.submit(editOf(node, insert(0, ">>")), { base: answer.revision });
  assertEquals((await watcher.answer(typed.seq)).kind, "acknowledge");
  await using newcomer = await RawClient.join(server.port, { participant: { name: "CI", kind: "ci" } });
  const seen = await newcomer.hear("presence", (presence) => presence.site === site);
  assertEquals(seen.participant, { name: "Bot", kind: "agent" });
  assertEquals(seen.place!.ranges, [{ anchor: 3, head: 5 }, { anchor: 7, head: 7 }]);
  assertEquals(seen.place!.revision, newcomer.welcome!.revision);

  await agent.send({ kind: "presence", place: undefined });
  const nowhere = await watcher.hear("presence", (presence) => presence.site === site);
  assertEquals([nowhere.place, nowhere.gone], [undefined, false]);
  await agent.cut();
  for (const client of [watcher, newcomer]) {
    await client.hear("presence", (presence) => presence.site === site && presence.gone);
  }
  assertEquals((await filesIn(server.port))["a.txt"], ">>hello");
});

Deno.test("a place that cannot be is shown to nobody as one, and is no reason to be turned away", async () => {
  await using server = new LiveServer();
  await amidTyping(server.port, async ({ node }) => {
    await using watcher = await RawClient.join(server.port);
    await using client = await RawClient.join(server.port);
    const { site, revision } = client.welcome!;
    await watcher.hear("presence", (presence) => presence.site === site);
    const far = [{ anchor: 2 ** 32 - 1, head: 0 }];
    for (
      const place of [
        { node: "999:9", revision, seq: 0, ranges: far },
        { node: rootId, revision, seq: 0, ranges: far },
        { node, revision: Number.MAX_SAFE_INTEGER, seq: 0, ranges: far },
      ]
    ) {
      await client.send({ kind: "presence", place });
      const shown = await watcher.hear("presence", (presence) => presence.site === site);
      assertEquals(shown.place, undefined);
    }
    await client.send({ kind: "presence", place: { node, revision, seq: 0, ranges: far } });
    const shown = await watcher.hear("presence", (presence) => presence.site === site);
    assert(shown.place!.ranges[0]!.anchor < 100_000, "it is moved to the end of the text");
    // One that waits for a change that never comes.
    await client.send({ kind: "presence", place: { node, revision, seq: 77, ranges: far } });
    await client.send({ kind: "ping", value: 1n });
    await client.hear("pong");
  });
});

// ---- Workspaces -----------------------------------------------------------------------------------------------

Deno.test("workspaces do not see each other: neither entries nor people, and their sites are their own", async () => {
  await using server = new LiveServer();
  const names = Array.from({ length: 10 }, (_, i) => `room-${i}`);
  const clients = await Promise.all(names.map((workspace) => RawClient.join(server.port, { workspace })));
  try {
    await Promise.all(clients.map(async (client, i) => {
      const { seq } = await client.submit(fileOf(`${client.welcome!.site}:1`, `${i}.txt`, `of ${i}`));
      assertEquals((await client.answer(seq)).kind, "acknowledge");
      await client.send({ kind: "ping", value: 1n });
      await client.hear("pong");
    }));
    assertEquals(new Set(clients.map(({ welcome }) => welcome!.site)), new Set([1]));
    for (const [i, name] of names.entries()) {
      assertEquals(clients[i]!.heard, [], `what was heard in ${name}`);
      assertEquals(await filesIn(server.port, name), { [`${i}.txt`]: `of ${i}` });
    }
    // A session is known in its own workspace alone.
    await using stranger = await RawClient.join(server.port, {
      ...resumption(clients[0]!),
      workspace: "room-1",
    });
    assert(!stranger.welcome!.resumed);
    assert(!clients[0]!.ended);
  } finally {
    for (const client of clients) await client.cut();
  }
});

// ---- The log --------------------------------------------------------------------------------------------------

Deno.test("a workspace that cannot be loaded is refused with leave to try again, and opens when it can be", async () => {
  const log = new HeldLog();
  log.loadsToFail = 1;
  await using server = new LiveServer({ log });
  await using unlucky = await RawClient.connect(server.port);
  await unlucky.sayHello();
  const { resume } = await unlucky.isEnded("log_failed");
  assert(resume);
  await using lucky = await RawClient.join(server.port);
  assert(lucky.welcome !== undefined);
});

Deno.test("what the log fails to store is shown to nobody, is tried again, and is acknowledged once it is stored", async () => {
  const log = new HeldLog();
  await using server = new LiveServer({ log });
  await using client = await RawClient.join(server.port);
  await using reader = await RawClient.join(server.port);
  log.appendsToFail = 3;
  const { seq } = await client.submit(fileOf(`${client.welcome!.site}:1`, "a.txt"));
  assertEquals((await client.answer(seq)).kind, "acknowledge");
  await reader.hear("entry");
  assertEquals(server.reports.filter(({ event }) => event === "append_failed").length, 3);
});

// ---- The end --------------------------------------------------------------------------------------------------

Deno.test("a server that stops settles what it has taken in, and then tells everybody", async () => {
  const log = new HeldLog();
  const server = new LiveServer({ log });
  await using author = await RawClient.join(server.port);
  await using reader = await RawClient.join(server.port);
  await using elsewhere = await RawClient.join(server.port, { workspace: "elsewhere" });
  await using silent = await RawClient.connect(server.port);
  log.hold();
  const { seq } = await author.submit(fileOf(`${author.welcome!.site}:1`, "last.txt", "words"));
  await author.send({ kind: "ping", value: 1n });
  await author.hear("pong");
  const stopped = server.stop();
  await server.reported("stopping");
  await pause(20);
  assert(!author.ended && !reader.ended, "nobody is turned away before all is settled");
  log.release();
  await within(stopped, "the end of the server");
  assertEquals((await author.answer(seq)).kind, "acknowledge");
  await reader.hear("entry");
  for (const client of [author, reader, elsewhere, silent]) {
    const { resume, retryMs } = await client.isEnded("shutting_down");
    assert(resume && retryMs > 0);
  }
  const { entries } = await log.load("w");
  assertEquals(entries.at(-1)!.change.steps.map(({ kind }) => kind), ["create"]);
});

Deno.test("a server that stops waits for one who does not read no longer than it ever does", async () => {
  const server = new LiveServer({
    settings: { drainUs: 1_000_000, changesPerSecond: { human: 10_000, agent: 1, ci: 1 } },
  });
  const slow = await RawClient.connect(server.port, { reads: false });
  await slow.sayHello();
  await using writer = await RawClient.join(server.port);
  const node = `${writer.welcome!.site}:1`;
  let { revision } = writer.welcome!;
  for (let i = 0; i < 100; i++) {
    const { seq } = await writer.submit(
      i === 0 ? fileOf(node, "a") : editOf(node, insert(0, "x".repeat(200_000))),
      { base: revision },
    );
    const answer = await writer.answer(seq);
    assert(answer.kind === "acknowledge");
    revision = answer.revision;
  }
  await server.stop();
  await writer.isEnded("shutting_down");
  await slow.cut();
});

Deno.test("whoever says goodbye is let go, and may not come back under that session", async () => {
  await using server = new LiveServer();
  await using client = await RawClient.join(server.port);
  await client.send({ kind: "close", code: "bye", message: "", resume: false, retryMs: 0 });
  await eventually(() => client.ended, "the end of the connection");
  await using again = await RawClient.join(server.port, resumption(client));
  assertEquals(again.welcome!.resumed, false);
});
