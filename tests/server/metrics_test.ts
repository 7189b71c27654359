/**
 * What the server counts of itself, as Prometheus reads it.
 *
 * @module
 */

import { Space, tcp, webSocket } from "../../mod.ts";
import { authenticator, type Claims, mintForFile, type Said } from "../../server/tokens/mod.ts";
import { assert, assertEquals } from "../assert.ts";
import { LiveWeb } from "./live_web.ts";
import { RawClient } from "./raw_client.ts";
import { eventually } from "./waiting.ts";

/** The figures by their names with labels, which are sorted. */
async function figuresOf(server: LiveWeb): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(`http://${server.address}/metrics`);
  assert(response.headers.get("content-type")!.startsWith("text/plain"));
  const lines = (await response.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => {
    const [, name, labels = "", value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line)!;
    const sorted = labels.split(",").sort().join(",");
    return [sorted === "" ? name! : `${name}{${sorted}}`, Number(value)];
  }));
}

Deno.test("the server counts connections, changes, latencies, lags, sizes and refusals", async () => {
  await using server = await LiveWeb.start();
  const open = (name: string, kind: "human" | "agent") =>
    Space.open({ dial: webSocket(`ws://${server.address}`), workspace: "w", name, kind });
  const ada = await open("Ada", "human"), agent = await open("Agent", "agent");
  await ada.create("a.txt", "").settled;
  for (let i = 0; i < 5; i++) await ada.insert("a.txt", 0, "x").settled;
  await eventually(() => agent.find("a.txt"), "the file at the agent's");
  await agent.insert("a.txt", 0, "y").settled;
  await using stranger = await RawClient.connect(server.port);

  const figures = await figuresOf(server);
  const is = (name: string, value: number) => assertEquals(figures.get(name), value, name);
  is('distspace_connections{kind="human"}', 1);
  is('distspace_connections{kind="agent"}', 1);
  is('distspace_connections{kind="unknown"}', 1);
  is('distspace_changes_total{kind="human"}', 6);
  is('distspace_changes_total{kind="agent"}', 1);
  for (const until of ["accepted", "durable"]) {
    is(`distspace_${until}_seconds_count{kind="human"}`, 6);
    is(`distspace_${until}_seconds_count{kind="agent"}`, 1);
    const sum = figures.get(`distspace_${until}_seconds_sum{kind="human"}`)!;
    assert(sum >= 0 && sum < 5, `${until} after ${sum} s`);
  }
  for (const space of [ada, agent]) {
    const kind = space === ada ? "human" : "agent";
    is(`distspace_client_lag_entries{kind="${kind}",site="${space.site}",workspace="w"}`, 0);
  }
  is('distspace_revision{workspace="w"}', ada.revision);
  is('distspace_history_entries{workspace="w"}', ada.revision);
  is('distspace_queued_changes{workspace="w"}', 0);
  assert(figures.get('distspace_history_bytes{workspace="w"}')! > 0);
  assert(figures.get("process_resident_memory_bytes")! > 1e6);

  // What is refused, with its code, by whichever door.
  await fetch(`http://${server.address}/nowhere`).then((response) => response.body?.cancel());
  await stranger.sendBytes(new Uint8Array(5));
  await stranger.isEnded("malformed_frame");
  const later = await figuresOf(server);
  assertEquals(later.get('distspace_refusals_total{code="no_such_path",what="request"}'), 1);
  assertEquals(later.get('distspace_refusals_total{code="malformed_frame",what="connection"}'), 1);
  for (const space of [ada, agent]) await space.close();
  await eventually(
    async () => (await figuresOf(server)).get('distspace_connections{kind="human"}') === 0,
    "nobody",
  );
});

Deno.test("a change that is refused is counted with its code", async () => {
  await using server = await LiveWeb.start();
  await using client = await RawClient.join(server.port);
  const { seq } = await client.submit({
    steps: [],
    edits: [{ node: "9:9", op: [{ at: 0, remove: 0, insert: "x" }] }],
  });
  await client.answer(seq);
  const figures = await figuresOf(server);
  assertEquals(figures.get('distspace_refusals_total{code="unknown_node",what="change"}'), 1);
});

Deno.test("a client that does not read shows as one that lags", async () => {
  await using server = await LiveWeb.start();
  const ada = await Space.open({ dial: tcp("127.0.0.1", server.port), workspace: "w", name: "Ada" });
  await using deaf = await RawClient.connect(server.port, { reads: false });
  await deaf.sayHello();
  await server.reported("joined", { name: "Raw" });
  await ada.create("a.txt", "").settled;
  for (let i = 0; i < 12; i++) await ada.write("a.txt", `${i}`.repeat(1 << 20)).settled;
  const figures = await figuresOf(server);
  const [, lag] = [...figures].find(([name]) =>
    name.includes("lag") && !name.includes(`site="${ada.site}"`)
  )!;
  assert(lag > 0, `${lag}`);
  await ada.close();
});

Deno.test("where tokens are asked for, the figures are for those who look after all of the server", async () => {
  const entries = new Map<string, Claims>();
  const gate = authenticator(() => ({ keys: [], entries, revoked: new Set() }));
  const token = (capabilities: readonly string[], more: Partial<Said> = {}) => {
    const { token, claims } = mintForFile({
      name: "Ada",
      kind: "ci",
      workspaces: ["*"],
      capabilities,
      ...more,
    });
    entries.set(claims.id, claims);
    return token;
  };
  const options = { settings: { authentication: true }, authenticator: gate };
  await using server = await LiveWeb.start(options, { authenticator: gate });
  const ask = async (token?: string) => {
    const headers = token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } };
    const response = await fetch(`http://${server.address}/metrics`, headers);
    const text = await response.text();
    return response.status === 200
      ? text.includes("distspace_")
      : `${response.status} ${JSON.parse(text).code}`;
  };
  assertEquals(await ask(token(["admin"])), true);
  assertEquals(await ask(), "401 token_expected");
  assertEquals(await ask("space_nobody"), "401 token_invalid");
  assertEquals(await ask(token(["admin"], { expiresMs: 1000 })), "401 token_expired");
  assertEquals(await ask(token(["edit:**", "tree:**"])), "403 not_admin");
  assertEquals(await ask(token(["admin"], { workspaces: ["w"] })), "403 token_foreign");
  const health = await fetch(`http://${server.address}/healthz`);
  assertEquals(await health.json(), { status: "ok" });
});
