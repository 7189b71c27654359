/**
 * The API over HTTP: what its OpenAPI document says of it, held against what it answers; and what may be wrong with a
 * request.
 *
 * @module
 */

import { z } from "zod";
import { Space, tcp } from "../../mod.ts";
import type { DoorOptions } from "../../server/web/door.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { LiveWeb } from "./live_web.ts";
import { eventually, within } from "./waiting.ts";

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, { schema: object }>> }>
  >;
}
interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** A client that notes which answers it has seen, and holds each to the document. */
class Caller {
  readonly seen = new Set<string>();
  readonly #schemas = new Map<string, z.ZodType>();

  constructor(readonly document: Document) {}

  /** All answers that the document promises: method, path, status. */
  get promised(): string[] {
    return Object.entries(this.document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { responses }]) =>
        Object.keys(responses).map((status) => `${method} ${path} ${status}`)
      )
    ).sort();
  }

  async call(
    server: LiveWeb,
    method: "get" | "post",
    path: string,
    { workspace = "w", query = "", body, headers = {} }: {
      readonly workspace?: string;
      readonly query?: string;
      readonly body?: unknown;
      readonly headers?: Record<string, string>;
    } = {},
  ): Promise<Response & { readonly value: never }> {
    const url = `http://${server.address}${path.replace("{workspace}", workspace)}${query}`;
    const sent = typeof body === "string" ? body : body === undefined ? null : JSON.stringify(body);
    const response = await fetch(url, { method, headers, body: sent });
    const text = await response.text();
    const name = `${method} ${path} ${response.status}`;
    const reply = this.document.paths[path]![method]!.responses[response.status];
    assert(reply !== undefined, `the document has ${name}: ${text}`);
    const [[type, { schema }]] = Object.entries(reply.content) as [[string, { schema: object }]];
    assertEquals(response.headers.get("content-type")!.split(";")[0], type.split(";")[0]);
    const value = type === "application/json" ? JSON.parse(text) : text;
    let known = this.#schemas.get(name);
    if (known === undefined) this.#schemas.set(name, known = z.fromJSONSchema(schema as never));
    const { success, error } = known.safeParse(value);
    assert(success, `${name} is as the document says: ${error}\n${text}`);
    this.seen.add(name);
    return Object.assign(response, { value: value as never });
  }
}

async function callerOf(server: LiveWeb): Promise<Caller> {
  return new Caller(await (await fetch(`http://${server.address}/openapi.json`)).json());
}

const at = (name: string) => `/api/workspaces/{workspace}/${name}`;
const created = (path: string, text: string) => ({ steps: [{ kind: "create", path, text }] });

Deno.test("where changes have to be signed, HTTP answers questions and changes nothing", async () => {
  await using server = await LiveWeb.start({ settings: { signaturesRequired: true } });
  const body = JSON.stringify(created("a.txt", "unsigned"));
  const api = `http://${server.address}/api/workspaces/w`;
  const refused = await fetch(`${api}/changes`, { method: "POST", body });
  assertEquals([refused.status, (await refused.json()).code], [403, "signature_required"]);
  const tree = await fetch(`${api}/tree`);
  assertEquals([tree.status, (await tree.json()).nodes], [200, []]);
});

Deno.test("every answer that the OpenAPI document promises is given, and is as it says", async () => {
  await using server = await LiveWeb.start({}, { bodyBytesMax: 10_000 });
  const caller = await callerOf(server);
  assertEquals(caller.document.openapi, "3.1.0");
  const agent = { "dist-space-name": "Agent", "dist-space-kind": "agent" };
  const post = (body: unknown, headers: Record<string, string> = agent) =>
    caller.call(server, "post", at("changes"), { body, headers });
  await caller.call(server, "get", "/openapi.json");
  await caller.call(server, "get", "/healthz");
  await caller.call(server, "get", "/metrics");

  const made = (await post(created("src/a.txt", "one\ntwo\n"))).value as { revision: number };
  const edit = (wanted: object, path = "src/a.txt", revision = made.revision) => ({
    steps: [{ kind: "edit", path, read: { revision }, wanted: [wanted] }],
  });
  const replaced = await post(edit({ kind: "replace", old: "two", new: "2" }));
  assertEquals((replaced.value as { outcome: string }).outcome, "applied");
  const old = { kind: "replace", old: "two", new: "zwei" };
  const overlap = await post({ ...edit(old), policy: "reject" });
  assertEquals([overlap.status, (overlap.value as { code: string }).code], [409, "overlap"]);
  assertEquals((await post({ ...edit(old), policy: "merge" })).status, 200);
  assertEquals((await post("{")).status, 400);
  assertEquals((await post({ ...created("b", ""), surplus: 1 })).status, 400);
  assertEquals((await post(edit(old, "none.txt"))).status, 404);
  assertEquals(
    (await post({ ...created("b", ""), preconditions: [{ path: "src", exists: false }] })).status,
    412,
  );
  assertEquals((await post(created("long.txt", "x".repeat(10_000)))).status, 413);
  assertEquals((await post(edit({ kind: "replace", old: "nowhere", new: "" }))).status, 422);
  assertEquals((await post(created("src/a.txt", ""))).status, 422);

  for (const name of ["tree", "file", "changes", "entries", "diff", "search"]) {
    const more = name === "file"
      ? "path=src/a.txt"
      : name === "search"
      ? "pattern=[0-9]&regular=true"
      : "path=src";
    const get = (query: string, workspace = "w") =>
      caller.call(server, "get", at(name), { query: `?${more}&${query}`, workspace });
    assertEquals((await get(name === "file" ? "" : "glob=**/*.txt")).status, 200);
    assertEquals((await get(`revision=${made.revision}`)).status, 200);
    assertEquals((await get(`time=${new Date().toISOString()}`)).status, 200);
    assertEquals((await get("revision=-1")).status, 400);
    assertEquals((await get("surplus=1")).status, 400);
    assertEquals((await get("", "..%2F")).status, 400);
    assertEquals((await get("revision=1000000")).status, 404);
    const elsewhere = name === "search" ? "?pattern=x&path=none" : "?path=none";
    assertEquals((await caller.call(server, "get", at(name), { query: elsewhere })).status, 404);
  }

  // What is no longer there: the log of this one lets go of what it is asked about.
  const brief = { checkpointEntries: 4, historyEntriesMax: 4 };
  await using forgetful = await LiveWeb.start({ settings: brief });
  for (let i = 0; i < 20; i++) {
    await caller.call(forgetful, "post", at("changes"), { body: created(`${i}.txt`, "") });
  }
  for (const name of ["tree", "file", "changes", "entries", "diff", "search"]) {
    const query = `?revision=2${name === "file" ? "&path=a" : name === "search" ? "&pattern=a" : ""}`;
    assertEquals((await caller.call(forgetful, "get", at(name), { query })).status, 410);
  }
  const tooOld = {
    kind: "edit",
    path: "0.txt",
    read: { revision: 2 },
    wanted: [{ kind: "text", text: "x" }],
  };
  const late = await caller.call(forgetful, "post", at("changes"), { body: { steps: [tooOld] } });
  assertEquals(late.status, 410);
  const since = { preconditions: [{ path: "0.txt", unchangedSince: 2 }] };
  assertEquals(
    (await caller.call(forgetful, "post", at("changes"), { body: { ...created("x", ""), ...since } })).status,
    412,
  );

  // A server that has no place.
  await using full = await LiveWeb.start({ settings: { clientsMax: 0 } }, { sessions: { openMs: 200 } });
  for (const name of ["tree", "file", "changes", "entries", "diff", "search"]) {
    const query = name === "file" ? "?path=a" : name === "search" ? "?pattern=a" : "";
    assertEquals((await caller.call(full, "get", at(name), { query })).status, 503);
  }
  assertEquals((await caller.call(full, "post", at("changes"), { body: created("x", "") })).status, 503);

  assertEquals([...caller.seen].sort(), caller.promised);
});

Deno.test("what is changed over HTTP is there for everybody, with its author, and nothing of what is refused", async () => {
  await using server = await LiveWeb.start();
  const caller = await callerOf(server);
  const ada = await Space.open({ dial: tcp("127.0.0.1", server.port), workspace: "w", name: "Ada" });
  await ada.create("a.txt", "one\ntwo\nthree\n").settled;
  const { value: read } = await caller.call(server, "get", at("file"), { query: "?path=a.txt" });
  const { revision, text } = read as { revision: number; text: string };
  assertEquals(text, "one\ntwo\nthree\n");
  await ada.insert("a.txt", 0, "zero\n").settled;
  const patch = "--- a.txt\n+++ a.txt\n@@ -2,2 +2,2 @@\n two\n-three\n+3\n";
  const body = {
    steps: [
      { kind: "edit", path: "a.txt", read: { revision }, wanted: [{ kind: "patch", patch }] },
      { kind: "create", path: "docs/b.md", text: "b\n" },
    ],
    policy: "reject",
  };
  const headers = { "dist-space-name": "Robot", "dist-space-kind": "agent" };
  const { value: result } = await caller.call(server, "post", at("changes"), { body, headers });
  assertEquals((result as { outcome: string }).outcome, "merged");
  await eventually(() => ada.find("docs/b.md"), "what the robot has made");
  assertEquals(ada.read("a.txt"), "zero\none\ntwo\n3\n");
  assert(ada.peers.some(({ participant }) => participant.name === "Robot" && participant.kind === "agent"));

  const before = ada.revision;
  const failing = { steps: [...body.steps, { kind: "remove", path: "nothing" }] };
  assertEquals((await caller.call(server, "post", at("changes"), { body: failing })).status, 422);
  assertEquals([ada.revision, ada.read("a.txt")], [before, "zero\none\ntwo\n3\n"]);
  await ada.close();
});

Deno.test("a workspace that is only asked about is not made; the first change makes it", async () => {
  await using server = await LiveWeb.start();
  const path = `http://${server.address}/api/workspaces/new`;
  const ask = async () => {
    const response = await fetch(`${path}/tree`);
    const { code, nodes } = await response.json();
    return [response.status, code ?? nodes.length];
  };
  assertEquals(await ask(), [404, "workspace_unknown"]);
  assertEquals(await ask(), [404, "workspace_unknown"]);
  assertEquals(server.reports.filter(({ event }) => event === "joined"), []);
  // Who changes it while the same caller is told that there is none is not told so as well.
  const change = { method: "POST", body: JSON.stringify(created("a.txt", "")) };
  const [asked, changed] = await Promise.all([ask(), fetch(`${path}/changes`, change)]);
  assertEquals(asked, [404, "workspace_unknown"]);
  assertEquals(changed.status, 200);
  await changed.body?.cancel();
  assertEquals(await ask(), [200, 1]);
});

Deno.test("HTTP says which files can be executed, binary ones among them, and can say so itself", async () => {
  await using server = await LiveWeb.start();
  const caller = await callerOf(server);
  const ada = await Space.open({ dial: tcp("127.0.0.1", server.port), workspace: "w", name: "Ada" });
  await ada.writeBytes("tool", new Uint8Array([0, 1])).settled;
  const steps = [
    { kind: "create", path: "run.sh", text: "x", executable: true },
    { kind: "mode", path: "tool", executable: true },
  ];
  const post = (steps: readonly object[]) => caller.call(server, "post", at("changes"), { body: { steps } });
  assertEquals((await post(steps)).status, 200);
  await eventually(() => ada.find("tool")?.executable, "an executable tool");
  const { value } = await caller.call(server, "get", at("tree"), { query: "" });
  const { nodes } = value as { nodes: readonly object[] };
  assertEquals(nodes.map((node): unknown => ({ ...node, id: "" })), [
    { id: "", path: "run.sh", kind: "text", length: 1, executable: true },
    { id: "", path: "tool", kind: "blob", length: 2, executable: true },
  ]);
  assertEquals((await post([{ kind: "mode", path: "nothing", executable: true }])).status, 404);
  await ada.close();
});

Deno.test("callers share a session, which leaves when nobody has used it for a while", async () => {
  await using server = await LiveWeb.start({}, { sessions: { idleMs: 100 } });
  const caller = await callerOf(server);
  const ada = await Space.open({ dial: tcp("127.0.0.1", server.port), workspace: "w", name: "Ada" });
  await Promise.all(Array.from({ length: 40 }, () => caller.call(server, "get", at("tree"))));
  assertEquals(ada.peers.length, 1);
  await eventually(() => ada.peers.length === 0, "that it leaves");
  await caller.call(server, "get", at("tree"));
  assertEquals(server.reports.filter(({ event }) => event === "joined").length, 3);
  await ada.close();
});

Deno.test("many who change one file over HTTP at the same time all have their say", async () => {
  await using server = await LiveWeb.start();
  const caller = await callerOf(server);
  const { value } = await caller.call(server, "post", at("changes"), {
    body: created("a.txt", "begin\nend\n"),
  });
  const { revision } = value as { revision: number };
  await Promise.all(Array.from({ length: 30 }, async (_, i) => {
    const wanted = [{ kind: "splices", splices: [{ at: 6, remove: 0, insert: `line ${i}\n` }] }];
    const body = { steps: [{ kind: "edit", path: "a.txt", read: { revision }, wanted }], policy: "reject" };
    const headers = { "dist-space-name": `Robot ${i % 5}`, "dist-space-kind": "agent" };
    assertEquals((await caller.call(server, "post", at("changes"), { body, headers })).status, 200);
  }));
  const { value: file } = await caller.call(server, "get", at("file"), { query: "?path=a.txt" });
  const lines = (file as { text: string }).text.split("\n");
  assertEquals(lines.length, 33);
  for (let i = 0; i < 30; i++) assertEquals(lines.filter((line) => line === `line ${i}`).length, 1);
});

/** What the server answers to bytes, as they are; "" if it ends the connection. */
async function raw(server: LiveWeb, bytes: string): Promise<string> {
  const [hostname, port] = server.address.split(":");
  using connection = await Deno.connect({ hostname: hostname!, port: Number(port) });
  await connection.write(new TextEncoder().encode(bytes));
  const buffer = new Uint8Array(1 << 16);
  let answer = "";
  for (;;) {
    const count = await within(connection.read(buffer), "an answer, or the end").catch(() => null);
    if (count === null) return answer;
    answer += new TextDecoder().decode(buffer.subarray(0, count));
    if (answer.includes("}\n")) return answer;
  }
}

/** The status and the code that an answer names. */
function said(answer: string): string {
  return `${answer.split(" ")[1]} ${JSON.parse(answer.slice(answer.indexOf("\r\n\r\n"))).code}`;
}

Deno.test("requests that are not as they have to be are told so by name, and change nothing", async () => {
  await using server = await LiveWeb.start({}, { bodyBytesMax: 1000 });
  const { address } = server;
  const get = (path: string, ...lines: string[]) =>
    raw(server, [`GET ${path} HTTP/1.1`, `Host: ${address}`, ...lines, "", ""].join("\r\n"));
  assertEquals(said(await get("/nowhere")), "404 no_such_path");
  assertEquals(said(await get("//evil.example/..")), "404 no_such_path");
  assertEquals(said(await get("/api/workspaces/%ff/tree")), "400 malformed_request");
  const foreign = await get("/api/workspaces/w/tree", "Origin: https://example.com");
  assertEquals(said(foreign), "403 origin_forbidden");
  assert(!foreign.toLowerCase().includes("access-control"), "a page of another origin is told nothing");
  assertEquals(
    said(await raw(server, "GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n")),
    "403 host_forbidden",
  );
  assertEquals(said(await raw(server, "nonsense\r\n\r\n")), "400 malformed_request");
  assertEquals(
    said(await raw(server, `DELETE /healthz HTTP/1.1\r\nHost: ${address}\r\n\r\n`)),
    "405 method_not_allowed",
  );
  const post = (headers: string, body: string) =>
    raw(server, `POST /api/workspaces/w/changes HTTP/1.1\r\nHost: ${address}\r\n${headers}\r\n\r\n${body}`);
  assertEquals(said(await post("Content-Length: 1001", "x")), "413 body_too_long");
  const chunk = `3e9\r\n${"x".repeat(1001)}\r\n`;
  assertEquals(said(await post("Transfer-Encoding: chunked", chunk)), "413 body_too_long");
  assertEquals(said(await post("Content-Length: 1", "\xff")), "400 malformed_request");
  await server.reported("turned_away", { code: "method_not_allowed" });
  // A workspace that nobody got into was not made.
  assertEquals(server.reports.filter(({ event }) => event === "joined"), []);
});

Deno.test("a request that takes too long to arrive is given up, and holds up nobody", async () => {
  await using server = await LiveWeb.start({}, { requestMs: 300 } as Partial<DoorOptions>);
  const { address } = server;
  const slow = Promise.all([
    raw(server, "GET /healthz HTTP/1.1\r\nHost:"),
    raw(
      server,
      `POST /api/workspaces/w/changes HTTP/1.1\r\nHost: ${address}\r\nContent-Length: 100\r\n\r\n{`,
    ),
    raw(server, ""),
  ]);
  assertEquals(await (await fetch(`http://${address}/healthz`)).json(), { status: "ok" });
  const [head, body, silent] = await slow;
  for (const answer of [head!, body!, silent!]) assertEquals(said(answer), "408 request_too_slow");
  await server.reported("turned_away", { code: "request_too_slow" });
});

Deno.test("pages of an origin that is allowed may use the API", async () => {
  await using server = await LiveWeb.start({}, { origins: ["https://example.org"] });
  const headers = { origin: "https://example.org" };
  const asked = await fetch(`http://${server.address}/api/workspaces/w/changes`, {
    method: "OPTIONS",
    headers,
  });
  assertEquals([asked.status, asked.headers.get("access-control-allow-origin")], [
    204,
    "https://example.org",
  ]);
  assertMatch(asked.headers.get("access-control-allow-headers")!, /authorization/);
  const change = { method: "POST", headers, body: JSON.stringify(created("a.txt", "")) };
  const changed = await fetch(`http://${server.address}/api/workspaces/w/changes`, change);
  assertEquals([changed.status, changed.headers.get("access-control-allow-origin")], [
    200,
    "https://example.org",
  ]);
  await changed.body?.cancel();
  const tree = await fetch(`http://${server.address}/api/workspaces/w/tree`, { headers });
  assertEquals([tree.status, tree.headers.get("access-control-allow-origin")], [200, "https://example.org"]);
  await tree.body?.cancel();
});
