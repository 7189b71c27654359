/**
 * Agents as they come: over stdio from a process of their own, and over HTTP, beside people who type.
 *
 * @module
 */

import { HttpDoor } from "../../mcp/mod.ts";
import { Space, SpaceError, tcp } from "../../mod.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../assert.ts";
import { Running } from "../cli/running.ts";
import { LiveServer } from "../server/live_server.ts";
import { eventually, pause } from "../server/waiting.ts";
import { McpAgent } from "./mcp_client.ts";

function open(port: number, name: string): Promise<Space> {
  return Space.open({ dial: tcp("127.0.0.1", port), workspace: "w", name });
}

/** A door over HTTP on a free port, to a server. */
function doorTo(server: LiveServer, more: { idleMs?: number; sessionsMax?: number } = {}): HttpDoor {
  return new HttpDoor({
    hostname: "127.0.0.1",
    port: 0,
    origins: ["https://allowed.example"],
    version: "0",
    open: () =>
      Space.open({
        dial: tcp("127.0.0.1", server.port),
        workspace: "w",
        name: "Robot",
        kind: "agent",
        lazy: true,
        openTimeoutMs: 500,
      }),
    report: (event, fields) => console.error(event, fields),
    ...more,
  });
}

/** One request as raw HTTP, since a browser's headers are nothing that fetch lets one choose; gives the status and the body. */
async function raw(
  port: number,
  method: string,
  path: string,
  headers: Record<string, string>,
  body = "",
): Promise<[number, string]> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const lines = Object.entries({ connection: "close", "content-length": `${body.length}`, ...headers })
    .map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const writer = connection.writable.getWriter();
  await writer.write(new TextEncoder().encode(`${method} ${path} HTTP/1.1\r\n${lines}\r\n${body}`));
  writer.releaseLock();
  const answer = await new Response(connection.readable).text();
  return [Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]), answer.slice(answer.indexOf("\r\n\r\n") + 4)];
}

const initialize = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "test", version: "0" } },
});

Deno.test("an agent takes part over stdio, as its configuration starts it, and leaves when its input ends", async () => {
  await using server = new LiveServer();
  const ada = await open(server.port, "Ada");
  try {
    const agent = await McpAgent.overStdio(`127.0.0.1:${server.port}`, "w", "--name", "Robot");
    const { tools } = await agent.client.listTools();
    assert(
      tools.length >= 14 && tools.every(({ description = "" }) => description.length > 50),
      "tools without words",
    );
    assertStringIncludes(agent.client.getInstructions()!, "revision");
    assertEquals(ada.peers.map(({ participant }) => participant), [{ name: "Robot", kind: "agent" }]);

    const made = await agent.call("create_file", { path: "a.txt", text: "one\ntwo\n" });
    await eventually(() => ada.find("a.txt"), "the file, at Ada's");
    await ada.insert("a.txt", 0, "zero\n").settled;
    const edit = { path: "a.txt", revision: made.data.revision, replacements: [{ old: "two", new: "2" }] };
    assertEquals((await agent.call("edit_file", edit)).data.outcome, "merged");
    await eventually(() => ada.read("a.txt") === "zero\none\n2\n", "the edit, at Ada's");
    assertEquals((await agent.call("edit_file", { ...edit, revision: 9999 })).code, "revision_unknown");
    await agent[Symbol.asyncDispose]();
    await eventually(() => ada.peers.length === 0, "the agent has left");
  } finally {
    await ada.close();
  }
});

Deno.test("deno task mcp says what is wrong, and exits with 1 without a server and with 2 on wrong usage", async () => {
  await using lost = new Running("mcp", "127.0.0.1:1");
  await using wrong = new Running("mcp", "no server at all");
  await lost.shows("Cannot take part in main at 127.0.0.1:1");
  await wrong.shows("is no server");
  assertEquals([await lost.end(), await wrong.end(), lost.output + wrong.output], [1, 2, ""]);
});

Deno.test("agents share one server over HTTP, each as somebody of their own", async () => {
  await using server = new LiveServer();
  const ada = await open(server.port, "Ada");
  await using process = new Running(
    "mcp",
    `127.0.0.1:${server.port}`,
    "w",
    "--name",
    "Robot",
    "--http-port",
    "0",
  );
  try {
    await process.shows("/mcp\n");
    const url = process.output.trim().split(" ").at(-1)!;
    const one = await McpAgent.overHttp(url), other = await McpAgent.overHttp(url);
    await eventually(() => ada.peers.length === 2, "both agents");
    const { data } = await one.call("create_file", { path: "a.txt", text: "one\n" });
    const waited = await other.call("wait_for_changes", { since: 1, paths: ["a.txt"], timeout_seconds: 10 });
    assertEquals([waited.data.changed, waited.data.revision], [true, data.revision]);
    const who = await other.call("who_is_here");
    assertEquals(who.data.others.map(({ name }: { name: string }) => name), ["Ada", "Robot"]);
    await one[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
    assertEquals(await process.stop(), 0);
    await eventually(() => ada.peers.length === 0, "the agents have left");
  } finally {
    await ada.close();
  }
});

Deno.test("over HTTP, pages of strangers, other names of this machine, and what is no session are turned away", async () => {
  await using server = new LiveServer();
  const door = doorTo(server, { sessionsMax: 1 });
  const { port } = door, host = `127.0.0.1:${port}`;
  const accept = { accept: "application/json, text/event-stream", "content-type": "application/json" };
  const post = (headers: Record<string, string>, body = initialize) =>
    raw(port, "POST", "/mcp", { ...accept, ...headers }, body);
  try {
    const refusals: [number, string, Promise<[number, string]>][] = [
      [403, "host_forbidden", post({ host: "rebound.example" })],
      [403, "host_forbidden", post({ host: `rebound.example:${port}` })],
      [403, "origin_forbidden", post({ host, origin: "https://evil.example" })],
      [403, "origin_forbidden", post({ host, origin: "null" })],
      [404, "no_such_path", raw(port, "POST", "/", { host, ...accept }, initialize)],
      [404, "session_unknown", post({ host, "mcp-session-id": "none" })],
      [400, "session_expected", post({ host }, "{}")],
      [400, "session_expected", post({ host }, "no JSON")],
      [413, "body_too_long", post({ host }, " ".repeat(17 << 20))],
    ];
    for (const [status, code, asked] of refusals) {
      const [was, body] = await asked;
      assertEquals([was, body.includes(`"${code}: `)], [status, true], `${code}: ${body}`);
    }
    assertEquals((await post({ host: `localhost:${port}`, origin: "https://allowed.example" }))[0], 200);
    assertEquals((await post({ host }))[0], 503);
  } finally {
    await door.close();
  }
});

Deno.test("over HTTP, a session that nobody uses ends, and its agent leaves", async () => {
  await using server = new LiveServer();
  const ada = await open(server.port, "Ada");
  const door = doorTo(server, { idleMs: 100 });
  try {
    const agent = await McpAgent.overHttp(`http://127.0.0.1:${door.port}/mcp`);
    await eventually(() => ada.peers.length === 1, "the agent");
    await eventually(() => ada.peers.length === 0, "the agent has left");
    await assertRejects(() => agent.call("who_is_here"), Error, "session_unknown");
    await agent[Symbol.asyncDispose]();
  } finally {
    await door.close();
    await ada.close();
  }
});

Deno.test("an agent and three who type into one file at once lose nothing of each other's work", async () => {
  await using server = new LiveServer();
  const names = ["Ada", "Bob", "Cid"];
  const typists = await Promise.all(names.map((name) => open(server.port, name)));
  await using agent = await McpAgent.overStdio(`127.0.0.1:${server.port}`, "w", "--name", "Robot");
  const [ada] = typists as [Space];
  const rounds = 12;
  // Each has a place of their own to type at, and the agent has lines to do throughout.
  const todos = Array.from({ length: rounds }, (_, i) => `todo ${i}`);
  const sections = names.flatMap((name, i) => [`# ${name}`, ...todos.slice(i * 4, i * 4 + 4), `/ ${name}`]);
  await ada.create("plan.txt", `${sections.join("\n")}\n`).settled;
  await eventually(() => typists.every((typist) => typist.find("plan.txt") !== undefined), "the file");

  let isOver = false;
  const typed = new Map<string, string[]>();
  const type = async (typist: Space, name: string) => {
    const words: string[] = [];
    typed.set(name, words);
    for (let i = 0; !isOver && i < 200; i++) {
      const word = `<${name}${i}>`;
      // A line of words grows above the mark, key by key.
      for (const key of word) {
        typist.insert("plan.txt", typist.read("plan.txt").indexOf(`/ ${name}`), key);
        await pause(4);
      }
      words.push(word);
    }
    await typist.settled();
  };
  const typing = typists.map((typist, i) => type(typist, names[i]!));

  const outcomes: string[] = [];
  let { data: { revision } } = await agent.call("read_files", { paths: ["plan.txt"] });
  for (const todo of todos) {
    await pause(40);
    // What was read is old by now; every third time it is read anew.
    if (outcomes.length % 3 === 2) {
      ({ data: { revision } } = await agent.call("read_files", { paths: ["plan.txt"] }));
    }
    const edit = {
      path: "plan.txt",
      revision,
      replacements: [{ old: `${todo}\n`, new: `done ${todo.slice(5)}\nby Robot\n` }],
    };
    const { data, text } = await agent.call("edit_file", edit);
    assert(data?.changed === true, text);
    outcomes.push(data.outcome);
  }
  isOver = true;
  await Promise.all(typing);
  await eventually(
    () => new Set(typists.map(({ revision }) => revision)).size === 1,
    "everybody has everything",
  );
  const text = ada.read("plan.txt");
  const read = await agent.call("read_files", { paths: ["plan.txt"] });
  for (const typist of typists) assertEquals(typist.read("plan.txt"), text);
  assertEquals(read.data.files[0].text, text);
  for (const name of names) {
    const words = typed.get(name)!;
    assert(words.length > 5, `${name} has typed ${words.length} words`);
    assertStringIncludes(text, `${words.join("")}/ ${name}\n`);
  }
  for (let i = 0; i < rounds; i++) assertStringIncludes(text, `done ${i}\nby Robot\n`);
  assert(!text.includes("todo"), text);
  assert(outcomes.includes("merged") && !outcomes.includes("overlap"), outcomes.join());
  for (const typist of typists) await typist.close();
});

Deno.test("an agent that comes when there is no server is told why", async () => {
  const server = new LiveServer();
  const door = doorTo(server);
  await server.stop();
  try {
    const url = `http://127.0.0.1:${door.port}/mcp`;
    const error = await assertRejects(() => McpAgent.overHttp(url), Error);
    assertStringIncludes(error.message, "open_timeout");
    assert(!(error instanceof SpaceError), "an error of the client's");
  } finally {
    await door.close();
  }
});
