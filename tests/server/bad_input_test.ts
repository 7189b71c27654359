/**
 * Bad input over real sockets: each kind has its named error or its reason for the end of the connection, while
 * two people edit undisturbed.
 *
 * @module
 */

import { editOf, insert, remove, replace, rootId, type Step } from "../../ot/mod.ts";
import {
  encodeClientMessage,
  encodeServerMessage,
  frameBytesMax,
  messageBytesMax,
  partType,
  sealed,
} from "../../proto/mod.ts";
import { Space, tcp } from "../../mod.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { LiveServer } from "./live_server.ts";
import { helloOf } from "../hello.ts";
import { RawClient } from "./raw_client.ts";
import { amidTyping } from "./typists.ts";
import { eventually } from "./waiting.ts";

const none = { steps: [], edits: [] };

/** Length, type and payload. */
function frameOf(type: number, ...payload: number[]): Uint8Array {
  return sealed(Uint8Array.of(0, 0, 0, 0, type, ...payload));
}

// ---- Bytes --------------------------------------------------------------------------------------------------

Deno.test("garbage ends its connection by a named reason, and nobody else is disturbed", async () => {
  await using server = new LiveServer();
  const hello = encodeClientMessage(helloOf({}));
  const garbage: Readonly<Record<string, readonly [code: string, bytes: Uint8Array]>> = {
    "a browser": ["frame_too_long", new TextEncoder().encode("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")],
    "a TLS client": ["frame_too_long", Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3)],
    "zeros": ["malformed_frame", new Uint8Array(100)],
    "ones": ["frame_too_long", new Uint8Array(100).fill(255)],
    "a frame of 4 GiB": ["frame_too_long", Uint8Array.of(255, 255, 255, 255, 1)],
    "a frame a byte over the limit": ["frame_too_long", Uint8Array.of(0, 0x10, 0, 1, 1)],
    "type 0": ["unknown_type", frameOf(0)],
    "an unknown type": ["unknown_type", frameOf(99, 1, 2, 3)],
    "a server's message": ["unknown_type", encodeServerMessage({ kind: "accepted", seq: 1 })],
    "a payload that is no protobuf": ["malformed_message", frameOf(5, 255, 255, 255)],
    "a ping of 3 bytes": ["malformed_message", frameOf(3, 1, 2, 3)],
    "a part without an end": ["malformed_frame", frameOf(partType, 1)],
    "a long message before Hello": ["message_too_long", sealed(new Uint8Array(2 << 20).fill(1))],
    "garbage after Hello": ["malformed_frame", Uint8Array.of(...hello, 0, 0, 0, 0)],
    "an unknown type after Hello": ["unknown_type", Uint8Array.of(...hello, ...frameOf(200))],
  };
  await amidTyping(server.port, async () => {
    for (const [what, [code, bytes]] of Object.entries(garbage)) {
      await using client = await RawClient.connect(server.port);
      await client.sendBytes(bytes);
      const { message, resume } = await client.isEnded(code).catch((error: unknown) => {
        throw new Error(`${what}: ${error}`);
      });
      assert(!resume, `${what} is not to be tried again: ${message}`);
    }
  });
});

Deno.test("random bytes never bring the server down, nor disturb anybody", async () => {
  await using server = new LiveServer();
  let state = 20_260_101;
  const draw = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
  await amidTyping(server.port, async () => {
    for (let round = 0; round < 60; round++) {
      await using client = round % 2 === 0
        ? await RawClient.connect(server.port)
        : await RawClient.join(server.port);
      for (let i = 0; i < 20 && !client.ended; i++) {
        const payload = Array.from(
          { length: draw(4) === 0 ? 0 : draw(40) },
          () => draw(3) === 0 ? draw(256) : draw(16),
        );
        // Frames in good order with anything in them, and now and then a length that is wrong.
        const bytes = frameOf(draw(15), ...payload);
        if (draw(10) === 0) bytes[draw(4)] = draw(256);
        await client.sendBytes(bytes).catch(() => {});
      }
    }
  });
  const codes = new Set(server.endings);
  for (const code of ["frame_too_long", "malformed_message", "unknown_type", "hello_expected"]) {
    assert(codes.has(code), `${code} was reached, not only ${[...codes]}`);
  }
});

Deno.test("whoever falls silent is told so, at the start, within a frame, or after Hello", async () => {
  await using server = new LiveServer({ settings: { silenceUs: 1_500_000, heartbeatUs: 500_000 } });
  await amidTyping(server.port, async () => {
    await using mute = await RawClient.connect(server.port);
    await using halfway = await RawClient.connect(server.port);
    await halfway.sendBytes(encodeClientMessage(helloOf({})).subarray(0, 9));
    await using within = await RawClient.join(server.port);
    await within.sendBytes(Uint8Array.of(0, 0, 1, 0, 1, 2, 3));
    await using deaf = await RawClient.join(server.port);
    // Pinging keeps a connection alive, but not one that never says what it wants.
    await using pinger = await RawClient.connect(server.port);
    const pinging = setInterval(() => pinger.send({ kind: "ping", value: 1n }).catch(() => {}), 100);
    try {
      for (const client of [mute, halfway, within, deaf]) {
        const { resume } = await client.isEnded("silent");
        assert(resume);
      }
      await pinger.isEnded("hello_expected");
    } finally {
      clearInterval(pinging);
    }
    assert(deaf.heard.some(({ kind }) => kind === "ping"), "it was pinged before");
  });
});

// ---- Out of turn ----------------------------------------------------------------------------------------------

Deno.test("whoever does not begin with one proper Hello is told what is wrong with it", async () => {
  await using server = new LiveServer();
  const operation = { kind: "operation", seq: 1, base: 0, change: none } as const;
  const long = "x".repeat(101);
  const cases: readonly (readonly [code: string, ...messages: Parameters<RawClient["send"]>[0][]])[] = [
    ["hello_expected", operation],
    ["hello_expected", { kind: "presence", place: undefined }],
    ["hello_repeated", helloOf({}), helloOf({})],
    ["hello_repeated", helloOf({}), helloOf({ workspace: "other" })],
    ["unsupported_version", helloOf({ version: 0 })],
    ["unsupported_version", helloOf({ version: 2 })],
    ...["", ".", "..", ".hidden", "a/b", "a b", "ä", long, "a\n", "w\0"].map((workspace) =>
      ["bad_workspace_name", helloOf({ workspace })] as const
    ),
    ...["", long, "a\nb", "\0", "\x7f", "\x85"].map((name) =>
      ["bad_participant", helloOf({ participant: { name, kind: "human" } })] as const
    ),
  ];
  await amidTyping(server.port, async () => {
    for (const [code, ...messages] of cases) {
      await using client = await RawClient.connect(server.port);
      for (const message of messages) await client.send(message);
      const { resume } = await client.isEnded(code).catch((error: unknown) => {
        throw new Error(`${JSON.stringify(messages)}: ${error}`);
      });
      assert(!resume, `${code} is not to be tried again`);
    }
  });
});

Deno.test("names of workspaces and participants at their limits are taken", async () => {
  await using server = new LiveServer();
  for (const workspace of ["a", "_", "-", "A.b-c_9", "x".repeat(100)]) {
    await using client = await RawClient.join(server.port, { workspace });
    assertEquals(client.welcome!.version, 1);
  }
  for (const name of ["x", "😀".repeat(50), "é 日本", " "]) {
    await using client = await RawClient.join(server.port, { participant: { name, kind: "ci" } });
    assertEquals(client.welcome!.version, 1);
  }
});

// ---- Changes that cannot be -----------------------------------------------------------------------------------

Deno.test("a change that cannot be is refused by name, its author stays, and nobody else sees it", async () => {
  await using server = new LiveServer({ settings: { textLengthMax: 5000, nodesMax: 20 } });
  await amidTyping(server.port, async ({ node: shared }) => {
    await using client = await RawClient.join(server.port);
    const { site } = client.welcome!;
    let counter = 0;
    const mint = () => `${site}:${++counter}`;
    const file = mint(), directory = mint();
    const made: Step[] = [
      { kind: "create", node: file, parent: rootId, name: "mine.txt", type: "text" },
      { kind: "create", node: directory, parent: rootId, name: "dir", type: "directory" },
    ];
    const first = await client.submit({ steps: made, edits: [{ node: file, op: insert(0, "ab😀cd") }] });
    let { revision } = await client.hear("acknowledge", ({ seq }) => seq === first.seq);

    const create = (name: string, node = `${site}:1000`, parent = rootId): Step => ({
      kind: "create",
      node,
      parent,
      name,
      type: "text",
    });
    const cases: readonly (readonly [code: string, Parameters<RawClient["submit"]>[0], base?: number])[] = [
      ["future_base", none, 1_000_000],
      ["future_base", none, Number.MAX_SAFE_INTEGER],
      ["change_in_flight", none, 0],
      ["out_of_bounds", editOf(file, insert(7, "x"))],
      ["out_of_bounds", editOf(file, remove(5, 2))],
      ["out_of_bounds", editOf(file, remove(0, 2 ** 32 - 1))],
      ["out_of_bounds", editOf(file, insert(2 ** 32 - 1, "x"))],
      ["splits_pair", editOf(file, insert(3, "x"))],
      ["splits_pair", editOf(file, remove(2, 1))],
      ["splits_pair", editOf(file, replace(3, 2, "x"))],
      ["not_normal", editOf(file, [{ at: 0, remove: 0, insert: "" }])],
      ["not_normal", editOf(file, [{ at: 2, remove: 0, insert: "x" }, { at: 0, remove: 0, insert: "x" }])],
      ["not_normal", editOf(file, [{ at: 0, remove: 1, insert: "" }, { at: 1, remove: 1, insert: "" }])],
      ["not_normal", { steps: [], edits: [{ node: file, op: [] }] }],
      ["not_normal", {
        steps: [],
        edits: [{ node: file, op: insert(0, "x") }, { node: file, op: insert(0, "y") }],
      }],
      ["unknown_node", editOf("999:1", insert(0, "x"))],
      ["unknown_node", { steps: [{ kind: "rename", node: "999:1", name: "x" }], edits: [] }],
      ["not_a_file", editOf(directory, insert(0, "x"))],
      ["not_a_file", editOf(rootId, insert(0, "x"))],
      ["not_a_directory", { steps: [create("x", undefined, file)], edits: [] }],
      ["not_a_directory", { steps: [{ kind: "move", node: directory, parent: file }], edits: [] }],
      ["root_is_fixed", { steps: [{ kind: "rename", node: rootId, name: "x" }], edits: [] }],
      ["root_is_fixed", { steps: [{ kind: "remove", node: rootId, tombstone: `${site}:1000` }], edits: [] }],
      ...["", ".", "..", "a/b", "a\0b", "a\nb", "\x7f", "x".repeat(256), "é".repeat(128), "e\u0301"].map((
        name,
      ) => ["bad_name", { steps: [create(name)], edits: [] }] as const),
      ["bad_name", { steps: [{ kind: "rename", node: file, name: "../../etc/passwd" }], edits: [] }],
      ["id_not_yours", { steps: [create("x", `${site + 1}:1000`)], edits: [] }],
      ["id_used", { steps: [create("x", file)], edits: [] }],
      ["id_used", { steps: [{ kind: "remove", node: file, tombstone: directory }], edits: [] }],
      ["text_too_long", editOf(file, insert(0, "x".repeat(5000)))],
      ["too_many_nodes", {
        steps: Array.from({ length: 30 }, (_, i) => create(`${i}`, `${site}:${1000 + i}`)),
        edits: [],
      }],
      // All of it or nothing: what is right of a change that cannot be takes no effect either.
      ["out_of_bounds", { steps: [create("half")], edits: [{ node: file, op: insert(100, "x") }] }],
    ];
    for (const [code, change, base = revision] of cases) {
      const { seq } = await client.submit(change, { base });
      const answer = await client.answer(seq);
      assert(answer.kind === "refuse", `${JSON.stringify(change)} is refused`);
      assertEquals(answer.code, code, JSON.stringify(change));
      assertEquals(answer.retryMs, 0);
      assert(answer.message.length > 10, `"${answer.message}" is a sentence`);
    }

    // Still welcome: a change that can be takes its place, on all that was refused.
    const { seq } = await client.submit(editOf(file, insert(6, "!")), { base: revision });
    ({ revision } = await client.hear("acknowledge", (acknowledge) => acknowledge.seq === seq));
    assert(!client.ended);
    const space = await Space.open({ dial: tcp("127.0.0.1", server.port), workspace: "w", name: "Eve" });
    try {
      assertEquals(space.read("mine.txt"), "ab😀cd!");
      assertEquals(space.list().map(({ name }) => name), ["dir", "mine.txt", "shared.txt"]);
      assertEquals(space.find("shared.txt")!.id, shared);
    } finally {
      await space.close();
    }
  });
});

Deno.test("text that is not well-formed cannot be said in the protocol: the connection ends", async () => {
  await using server = new LiveServer();
  await amidTyping(server.port, async ({ node }) => {
    for (const text of ["…", "a…b", `${"x".repeat(100)}…`]) {
      await using client = await RawClient.join(server.port);
      const frame = encodeClientMessage({
        ...{ kind: "operation", seq: 1, base: client.welcome!.revision },
        change: editOf(node, insert(0, text)),
      });
      // The three bytes of the ellipsis become those that a lone half of a pair would have.
      frame.set([0xed, 0xa0, 0x80], frame.indexOf(0xe2));
      await client.sendBytes(frame);
      await client.isEnded("malformed_message");
    }
  });
});

Deno.test("a message in parts over the limit is refused before anything of it is applied", async () => {
  await using server = new LiveServer({ settings: { frameBytesMax: 1000, messageBytesMax: 5000 } });
  await using client = await RawClient.join(server.port);
  assertEquals(client.welcome!.limits.frameBytes, 1000);
  assertEquals(client.welcome!.limits.messageBytes, 5000);
  const file = `${client.welcome!.site}:1`;
  const change = (length: number) => ({
    steps: [{ kind: "create", node: file, parent: rootId, name: "a", type: "text" }] as const,
    edits: [{ node: file, op: insert(0, "x".repeat(length)) }],
  });
  const operation = (seq: number, length: number) =>
    encodeClientMessage(
      { kind: "operation", seq, base: client.welcome!.revision, change: change(length) },
      1000,
    );
  await client.sendBytes(operation(1, 4800));
  await client.hear("acknowledge");
  await client.sendBytes(operation(2, 5000));
  await client.isEnded("message_too_long");
  await using again = await RawClient.join(server.port);
  assertEquals(again.pieces.flatMap(({ contents }) => contents).map(({ text }) => text.length), [4800]);
});

Deno.test("the largest change there may be reaches everybody, with all that the server adds to it", async () => {
  await using server = new LiveServer();
  const participant = { name: "é".repeat(100), kind: "human" } as const;
  await amidTyping(server.port, async ({ node }) => {
    await using author = await RawClient.join(server.port, { participant });
    await using reader = await Space.open({
      dial: tcp("127.0.0.1", server.port),
      workspace: "w",
      name: "Eve",
    })
      .then((space) => Object.assign(space, { [Symbol.asyncDispose]: () => space.close() }));
    const phases: string[] = [];
    reader.on("status", ({ phase }) => phases.push(phase));
    const payloadOf = (length: number) => {
      const change = editOf(node, insert(0, `${"x".repeat(length - 1)}\n`));
      return encodeClientMessage(
        { kind: "operation", seq: 1, base: author.welcome!.revision, change },
        messageBytesMax * 2,
      ).subarray(5);
    };
    const over = payloadOf(messageBytesMax).length - messageBytesMax;
    const payload = payloadOf(messageBytesMax - over);
    assertEquals(payload.length, messageBytesMax);
    const whole = new Uint8Array(5 + payload.length);
    whole[4] = 1;
    whole.set(payload, 5);
    await author.sendBytes(sealed(whole));
    const { revision } = await author.hear("acknowledge");
    await eventually(() => reader.revision >= revision, "the change at another client");
    assertEquals(phases.filter((phase) => phase !== "online"), []);
  });
});

Deno.test("positions without number are shown to nobody, and disturb nobody", async () => {
  await using server = new LiveServer();
  await amidTyping(server.port, async ({ node }) => {
    await using watcher = await RawClient.join(server.port);
    await using client = await RawClient.join(server.port);
    const { revision, site } = client.welcome!;
    const place = (count: number) => ({
      node,
      revision,
      seq: 0,
      ranges: new Array(count).fill({ anchor: 0, head: 0 }),
    });
    await client.send({ kind: "presence", place: place(250_000) });
    const shown = await watcher.hear(
      "presence",
      (presence) => presence.site === site && presence.place !== undefined,
    );
    assertEquals(shown.place!.ranges.length, 1000);
    assert(!client.ended);
    await client.send({ kind: "presence", place: place(2_000_000) });
    await client.isEnded("message_too_long");
  });
});

// ---- Too many, too fast, too slow -----------------------------------------------------------------------------

Deno.test("the hundred and first client is turned away, but a session of one's own is always resumed", async () => {
  await using server = new LiveServer();
  await amidTyping(server.port, async () => {
    const others: RawClient[] = [];
    try {
      // Two are typing.
      for (let i = 2; i < 100; i++) {
        others.push(
          await RawClient.join(server.port, { participant: { name: `Guest ${i}`, kind: "human" } }),
        );
      }
      await using late = await RawClient.connect(server.port);
      await late.sayHello();
      const { resume, retryMs } = await late.isEnded("too_many_clients");
      assert(resume && retryMs > 0, "it may try again after a while");

      const { session, epoch, revision } = others[0]!.welcome!;
      await using again = await RawClient.join(server.port, { session, epoch, revision });
      assert(again.welcome!.resumed);
      assertEquals(again.welcome!.session, session);
      await others[0]!.isEnded("session_resumed");

      // A session of another log is no session here: it opens no door.
      await using stranger = await RawClient.connect(server.port);
      await stranger.sayHello({ session, epoch: "another", revision });
      await stranger.isEnded("too_many_clients");
      await using ahead = await RawClient.connect(server.port);
      await ahead.sayHello({ session, epoch, revision: revision + 1_000_000 });
      await ahead.isEnded("too_many_clients");

      // Another workspace has room, and so has this one once somebody leaves.
      await using elsewhere = await RawClient.join(server.port, { workspace: "elsewhere" });
      assert(elsewhere.welcome !== undefined);
      const { fields: { connection } } = await server.reported("joined", { name: "Guest 3" });
      await others[1]!.cut();
      await server.reported("closed", { connection: connection! });
      await using next = await RawClient.join(server.port);
      assert(next.welcome !== undefined);
    } finally {
      for (const client of others) await client.cut();
    }
  });
});

Deno.test("connections over the limit of the whole server are turned away before they say anything", async () => {
  await using server = new LiveServer({ settings: { connectionsMax: 4 } });
  await amidTyping(server.port, async () => {
    await using one = await RawClient.connect(server.port);
    await using two = await RawClient.connect(server.port);
    await using third = await RawClient.connect(server.port);
    await third.isEnded("too_many_clients");
    assert(!one.ended && !two.ended);
  });
});

Deno.test("a client that never reads is paused, then closed, and resumes where it was", async () => {
  const settings = {
    // With less history, it would be given up for that before its time has passed.
    ...{ drainUs: 1_200_000, sendBytesMax: 64 << 10, historyWeightMax: 1 << 30 },
    changesPerSecond: { human: 100, agent: 100_000, ci: 100_000 },
  };
  await using server = new LiveServer({ settings });
  await amidTyping(server.port, async () => {
    const slow = await RawClient.connect(server.port, { reads: false });
    await slow.sayHello({ participant: { name: "Slow", kind: "human" } });
    const { fields: { connection } } = await server.reported("joined", { name: "Slow" });

    // More than the sockets of this machine hold between them.
    const agent = await Space.open({
      dial: tcp("127.0.0.1", server.port),
      workspace: "w",
      name: "Writer",
      kind: "agent",
    });
    try {
      await agent.create("much.txt", "").settled;
      let written = 0;
      while (
        !server.reports.some(({ event, fields }) => event === "ending" && fields.connection === connection)
      ) {
        await agent.replace("much.txt", 0, agent.read("much.txt").length, "much ".repeat(40_000)).settled;
        written += 200_000;
      }
      assertEquals(server.endings, ["slow_reader"]);
      assert(written > 1 << 20, `${written} bytes were written while it did not read`);
      // One write at a time, and never more than a batch with the entry that goes over its end.
      const { writingBytesMax } = server.shell;
      assert(writingBytesMax < 300_000, `${writingBytesMax} bytes waited in one connection`);
      await server.reported("closed", { connection: connection! });

      // What it had been sent is still there to be read, and the rest once it has resumed.
      slow.read();
      const welcome = await slow.hear("welcome");
      await eventually(() => slow.ended, "the end of the connection that was given up");
      const entries = slow.heard.filter((message) => message.kind === "entry");
      const held = entries.at(-1)?.revision ?? welcome.revision;
      await using again = await RawClient.join(server.port, {
        session: welcome.session,
        epoch: welcome.epoch,
        revision: held,
      });
      assert(again.welcome!.resumed);
      for (let revision = held + 1; revision <= agent.revision; revision++) {
        await again.hear("entry", (entry) => entry.revision === revision);
      }
    } finally {
      await agent.close();
      await slow.cut();
    }
  });
});

Deno.test("a client that asks without end and never reads the answers is closed, and costs little until then", async () => {
  await using server = new LiveServer({
    settings: { controlBytesMax: 100_000, changesPerSecond: { human: 100, agent: 1_000_000, ci: 1 } },
  });
  await amidTyping(server.port, async () => {
    await using client = await RawClient.connect(server.port, { reads: false });
    await client.sayHello({ participant: { name: "Asker", kind: "agent" } });
    const { fields: { connection } } = await server.reported("joined", { name: "Asker" });
    const wrong = encodeClientMessage({
      ...{ kind: "operation", seq: 1, base: 0 },
      change: editOf("999:1", insert(0, "x")),
    });
    const many = new Uint8Array(wrong.length * 1000);
    for (let i = 0; i < 1000; i++) many.set(wrong, i * wrong.length);
    const ending = () =>
      server.reports.find(({ event, fields }) => event === "ending" && fields.connection === connection);
    while (ending() === undefined) await client.sendBytes(many).catch(() => {});
    assertEquals(ending()!.fields.code, "slow_reader");
    assert(server.shell.writingBytesMax < 1 << 20, `${server.shell.writingBytesMax} bytes waited`);
  });
});

Deno.test("changes over the budget are refused with the time to wait, and cost nobody else", async () => {
  await using server = new LiveServer({ settings: { changesPerSecond: { human: 100, agent: 100, ci: 5 } } });
  await amidTyping(server.port, async () => {
    await using client = await RawClient.join(server.port, { participant: { name: "Build", kind: "ci" } });
    assertEquals(client.welcome!.limits.changesPerSecond, 5);
    const refusals: string[] = [];
    for (let i = 0; i < 30; i++) {
      const { seq } = await client.submit(none);
      const answer = await client.answer(seq);
      if (answer.kind === "acknowledge") {
        client.welcome = { ...client.welcome!, revision: answer.revision };
        continue;
      }
      refusals.push(answer.code);
      assert(answer.retryMs >= 100 && answer.retryMs <= 1000, `wait ${answer.retryMs} ms`);
      assertStringIncludes(answer.message, "5");
    }
    // Ten at once after a pause, and hardly any in the moment that this takes.
    assert(refusals.length >= 17 && refusals.length <= 20, `${refusals.length} of 30 were refused`);
    assertEquals(new Set(refusals), new Set(["too_fast"]));
  });
});

Deno.test("a client that is told to slow down gets everything through all the same", async () => {
  await using server = new LiveServer({ settings: { changesPerSecond: { human: 40, agent: 40, ci: 40 } } });
  const space = await Space.open({ dial: tcp("127.0.0.1", server.port), workspace: "w", name: "Fast" });
  try {
    // Atomic ones are never joined: each is a change of its own.
    const sent = Array.from({ length: 110 }, (_, i) => {
      return space.atomically((draft) => void draft.make(`${i}.txt`, "text"));
    });
    const outcomes = await Promise.all(sent.map(({ settled }) => settled));
    assert(outcomes.every(({ kind }) => kind === "durable"));
    assertEquals(space.files().length, 110);
    const refusals = server.reports.filter(({ fields }) => fields.code === "too_fast");
    assert(
      refusals.length > 0 && refusals.length < 100,
      `it waits, and is not refused ${refusals.length} times`,
    );
    assertEquals(
      new Set(outcomes.map((outcome) => outcome.kind === "durable" ? outcome.revision : 0)).size,
      110,
    );
  } finally {
    await space.close();
  }
});

Deno.test("frames that are as long as they may be are taken", async () => {
  await using server = new LiveServer();
  await using client = await RawClient.join(server.port);
  const ping = encodeClientMessage({ kind: "ping", value: 7n });
  const file = `${client.welcome!.site}:1`;
  const change = (length: number) => ({
    steps: [{ kind: "create", node: file, parent: rootId, name: "a", type: "text" }] as const,
    edits: [{ node: file, op: insert(0, "x".repeat(length)) }],
  });
  const base = client.welcome!.revision;
  const over = encodeClientMessage({ kind: "operation", seq: 1, base, change: change(1_000_000) }).length -
    1_000_000;
  const operation = encodeClientMessage({
    ...{ kind: "operation", seq: 1, base },
    change: change(frameBytesMax + 4 - over),
  });
  assertEquals(operation.length, frameBytesMax + 4);
  assertEquals(operation[4], 1);
  await client.sendBytes(Uint8Array.of(...ping));
  await client.sendBytes(operation);
  await client.sendBytes(ping);
  await client.hear("acknowledge");
  assertEquals((await client.hear("pong")).value, 7n);
});
