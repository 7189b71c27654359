/**
 * Rights over real sockets: who is let in, what they see, what they may change, and when that ends.
 *
 * @module
 */

import { Space, SpaceError, tcp } from "../../mod.ts";
import { rootId, type Step } from "../../ot/mod.ts";
import { takeBack } from "../../client/edit/mod.ts";
import { type Condition, encodeClientMessage, joined } from "../../proto/mod.ts";
import type { Input } from "../../server/core/mod.ts";
import { authenticator, type Claims, mintForFile, narrow, type Said } from "../../server/tokens/mod.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { helloOf } from "../hello.ts";
import { LiveServer } from "./live_server.ts";
import { RawClient } from "./raw_client.ts";
import { eventually } from "./waiting.ts";

/** A server, and those who have tokens for it. */
class Guarded {
  readonly entries = new Map<string, Claims>();
  readonly revoked = new Set<string>();
  readonly inputs: Input[] = [];
  readonly server = new LiveServer({
    settings: { authentication: true },
    authenticator: authenticator(() => ({ keys: [], entries: this.entries, revoked: this.revoked })),
    observer: {
      begins() {},
      took: (input) =>
        this.inputs.push(input.kind === "received" ? { ...input, bytes: input.bytes.slice() } : input),
      failed() {},
    },
  });

  token(name: string, capabilities: readonly string[], more: Partial<Said> = {}): string {
    const { token, claims } = mintForFile({ name, kind: "human", workspaces: ["w"], capabilities, ...more });
    this.entries.set(claims.id, claims);
    return token;
  }

  idOf(token: string): string {
    return /^space_([^~]*)/.exec(token)![1]!;
  }

  open(token: string, name = "?"): Promise<Space> {
    return Space.open({ dial: tcp("127.0.0.1", this.server.port), workspace: "w", name, token });
  }

  revoke(token: string): void {
    const id = this.idOf(token);
    this.revoked.add(id);
    this.server.shell.revoked([id]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.server[Symbol.asyncDispose]();
  }
}

const everything = ["edit:**", "tree:**"];

Deno.test("who comes without a token, with a wrong one or for another workspace is told so", async () => {
  await using guarded = new Guarded();
  const { port } = guarded.server;
  const ended = async (token: string | undefined, code: string, workspace = "w") => {
    await using client = await RawClient.connect(port);
    await client.sayHello({ workspace, ...token === undefined ? {} : { token } });
    const { resume } = await client.isEnded(code);
    assertEquals(resume, false);
  };
  const ada = guarded.token("Ada", everything);
  await ended(undefined, "token_expected");
  await ended("space_nobody~x", "token_invalid");
  await ended(ada, "token_foreign", "v");
  await ended(guarded.token("Eve", everything, { expiresMs: 1000 }), "token_expired");
  const gone = guarded.token("Bob", everything);
  guarded.revoke(gone);
  await ended(gone, "token_revoked");
  await using client = await RawClient.join(port, { token: ada });
  assertEquals(client.welcome?.scope, undefined);
});

Deno.test("nothing that the core is told, and so no recording, holds a token", async () => {
  await using guarded = new Guarded();
  const token = guarded.token("Ada", everything);
  const [, secret] = token.split("~") as [string, string];
  await using client = await RawClient.connect(guarded.server.port);
  const hello = encodeClientMessage(helloOf({ token }));
  await client.sendBytes(hello.subarray(0, 30));
  await eventually(() => guarded.inputs.some(({ kind }) => kind === "received"), "the first bytes");
  await client.sendBytes(hello.subarray(30));
  await client.hear("welcome");
  const received = guarded.inputs.flatMap((input) => input.kind === "received" ? [input.bytes] : []);
  const told = JSON.stringify(guarded.inputs) + new TextDecoder().decode(joined(received));
  assert(!told.includes(secret));
  assert(!told.includes(secret.slice(10, 20)));
});

Deno.test("the token says who somebody is, whatever the hello says", async () => {
  await using guarded = new Guarded();
  const ada = await guarded.open(guarded.token("Ada", everything), "Eve");
  const bob = await guarded.open(guarded.token("Bob", everything, { kind: "agent" }), "Ada");
  await eventually(() => ada.peers.length === 1, "a peer");
  assertEquals(ada.peers[0]!.participant, { name: "Bob", kind: "agent" });
  await ada.close();
  await bob.close();
});

Deno.test("a reader of a part sees that part, and what crosses its edge comes with its text and goes", async () => {
  await using guarded = new Guarded();
  const ada = await guarded.open(guarded.token("Ada", everything));
  const bob = await guarded.open(guarded.token("Bob", ["edit:docs/**", "tree:docs/**"]));
  const paths = () => bob.files().map(({ path }) => path);
  ada.create("docs/a.md", "one");
  ada.create("src/plan.md", "secret");
  ada.create("top.md", "top");
  await eventually(() => paths().length === 1, "a file");
  assertEquals(paths(), ["docs/a.md"]);
  assertEquals(bob.list().map(({ path }) => path), ["docs"]);
  ada.move("src/plan.md", "docs/plan.md");
  await eventually(() => paths().length === 2, "a second file");
  assertEquals(bob.read("docs/plan.md"), "secret");
  bob.insert("docs/plan.md", 6, "!");
  await eventually(() => ada.read("docs/plan.md") === "secret!", "an edit");
  ada.move("docs/plan.md", "src/plan.md");
  await eventually(() => paths().length === 1, "a file less");
  ada.insert("src/plan.md", 0, "more ");
  ada.move("src", "docs/src");
  await eventually(() => paths().length === 2, "a directory that comes in");
  assertEquals(bob.read("docs/src/plan.md"), "more secret!");
  await ada.close();
  await bob.close();
});

Deno.test("a cursor is told to those who see the file, and to others once it comes into their sight", async () => {
  await using guarded = new Guarded();
  const ada = await guarded.open(guarded.token("Ada", everything));
  const bob = await guarded.open(guarded.token("Bob", ["read:docs/**"]));
  ada.create("plan.md", "secret");
  ada.create("docs/a.md", "");
  await ada.create("docs/b.md", "").settled;
  ada.select("plan.md", [{ anchor: 3, head: 3 }]);
  await eventually(() => bob.peers.length === 1, "a peer");
  await ada.move("docs/b.md", "docs/c.md").settled;
  await eventually(() => bob.find("docs/c.md") !== undefined, "an entry that came after the cursor");
  assertEquals(bob.peers[0]!.node, undefined);
  await ada.move("plan.md", "docs/plan.md").settled;
  await eventually(() => bob.peers[0]!.node === bob.find("docs/plan.md")?.id, "a cursor");
  assertEquals(bob.peers[0]!.ranges, [{ anchor: 3, head: 3 }]);
  await ada.close();
  await bob.close();
});

Deno.test("a change that a token does not cover is refused whole, and taken back", async () => {
  await using guarded = new Guarded();
  const ada = await guarded.open(guarded.token("Ada", everything));
  const bob = await guarded.open(guarded.token("Bob", ["edit:docs/**", "tree:docs/**", "read:**"]));
  ada.create("src/a.ts", "code");
  ada.create("docs/a.md", "text");
  await eventually(() => bob.files().length === 2, "two files");
  const refused = async (change: { settled: Promise<{ kind: string }> }) => {
    const outcome = await change.settled as { kind: string; problem?: { code: string } };
    assertEquals([outcome.kind, outcome.problem?.code], ["refused", "not_allowed"]);
  };
  await refused(bob.insert("src/a.ts", 0, "x"));
  await refused(bob.move("docs/a.md", "src/a.md"));
  await refused(bob.move("src/a.ts", "docs/a.ts"));
  await refused(bob.remove("src"));
  await refused(bob.create("top.md", ""));
  await refused(bob.atomically((draft) => {
    draft.replace("docs/a.md", 0, 0, "x");
    draft.replace("src/a.ts", 0, 0, "x");
  }));
  assertEquals((await bob.move("docs/a.md", "docs/b.md").settled).kind, "durable");
  assertEquals(ada.read("docs/b.md"), "text");
  assertEquals(bob.files().map(({ path }) => path), ["docs/b.md", "src/a.ts"]);
  await ada.close();
  await bob.close();
});

Deno.test("ids that are guessed tell nothing: what is out of sight is answered as what is not there", async () => {
  await using guarded = new Guarded();
  const ada = await guarded.open(guarded.token("Ada", everything));
  ada.create("secret.md", "secret");
  await eventually(() => ada.status.unsent === 0, "a file in the log");
  const { id } = ada.find("secret.md")!;
  await using eve = await RawClient.join(guarded.server.port, {
    token: guarded.token("Eve", ["tree:docs/**", "edit:docs/**"]),
  });
  assertEquals(eve.pieces.flatMap(({ nodes, contents }) => [...nodes, ...contents]), []);
  const answers = [];
  for (const node of [id, "999:1"]) {
    const move: Step = { kind: "move", node, parent: rootId };
    const { seq } = await eve.submit({ steps: [move], edits: [] });
    const answer = await eve.answer(seq);
    assert(answer.kind === "refuse");
    answers.push([answer.code, answer.message]);
  }
  assertEquals(answers[0], answers[1]);
  assertEquals(answers[0]![0], "not_allowed");
  await ada.close();
});

Deno.test("questions are answered about what one may see, at the revision that is asked about", async () => {
  await using guarded = new Guarded();
  const ada = await guarded.open(guarded.token("Ada", everything));
  ada.create("docs/a.md", "find me");
  ada.create("secret.md", "find me");
  await ada.move("secret.md", "docs/open.md").settled;
  await using bob = await RawClient.join(guarded.server.port, {
    token: guarded.token("Bob", ["read:docs/**"]),
  });
  const asked = async (question: "tree" | "search", revision: number) => {
    await bob.send({
      kind: "query",
      id: revision + (question === "tree" ? 0 : 1000),
      at: { revision, time: 0 },
      paths: [],
      globs: [],
      after: "",
      question: question === "tree"
        ? { kind: "tree" }
        : { kind: "search", pattern: "find", regular: false, ignoreCase: false, matches: 0 },
    });
    const { items } = await bob.hear("answer", ({ last }) => last);
    return items.flatMap((item) => "path" in item ? [item.path] : []);
  };
  const newest = ada.revision;
  assertEquals(await asked("tree", newest), ["docs", "docs/a.md", "docs/open.md"]);
  assertEquals(await asked("tree", newest - 1), ["docs", "docs/a.md"]);
  assertEquals(await asked("search", newest - 1), ["docs/a.md"]);
  assertEquals(await asked("search", newest), ["docs/a.md", "docs/open.md"]);
  await ada.close();
});

Deno.test("revoking a token ends its connections, and those of the tokens made from it", async () => {
  await using guarded = new Guarded();
  const token = guarded.token("Ada", everything);
  const narrower = await narrow(token, { name: "Ada/bot", capabilities: ["read:**"] });
  const ada = await guarded.open(token), bot = await guarded.open(narrower.token);
  const bob = await guarded.open(guarded.token("Bob", everything));
  guarded.revoke(token);
  for (const space of [ada, bot]) {
    await eventually(() => space.status.phase === "ended", "the end");
    assertEquals(space.status.problem?.code, "token_revoked");
  }
  assertEquals((await bob.create("still.md", "here").settled).kind, "durable");
  const error = await assertRejects(() => guarded.open(narrower.token), SpaceError);
  assertEquals(error.code, "token_revoked");
  for (const space of [ada, bot, bob]) await space.close();
});

Deno.test("a token that ends while it is used ends the connection", async () => {
  await using guarded = new Guarded();
  const expiresMs = Date.now() + 700;
  const ada = await guarded.open(guarded.token("Ada", everything, { expiresMs }));
  await eventually(() => ada.status.phase === "ended", "the end");
  assertEquals(ada.status.problem?.code, "token_expired");
  assert(Date.now() >= expiresMs);
  await ada.close();
});

Deno.test("a session is resumed with a token of the same participant alone", async () => {
  await using guarded = new Guarded();
  const { port } = guarded.server;
  await using ada = await RawClient.join(port, { token: guarded.token("Ada", everything) });
  const { session, epoch, revision } = ada.welcome!;
  await using eve = await RawClient.connect(port);
  await eve.sayHello({ token: guarded.token("Eve", everything), session, epoch, revision });
  await eve.isEnded("session_not_yours");
  assert(!ada.ended);
  await using again = await RawClient.join(port, {
    token: guarded.token("Ada", ["read:docs/**"]),
    session,
    epoch,
    revision,
  });
  // What was held is of another scope: it begins anew.
  assertEquals([again.welcome!.session, again.welcome!.resumed], [session, false]);
});

Deno.test("conditions tell nobody what they cannot see: the answer is the same, whatever is there", async () => {
  await using guarded = new Guarded();
  const ada = await guarded.open(guarded.token("Ada", everything));
  await ada.create("src/a.txt", "a").settled;
  await ada.create("secret/plan.txt", "plan").settled;
  await ada.create("both/src.txt", "x").settled;
  const eve = await guarded.open(guarded.token("Eve", ["edit:src/**", "tree:src/**", "read:both/src*"]));
  const hidden = ada.find("secret/plan.txt")!.id, since = eve.revision;
  const code = async (condition: Condition) => {
    const settled = await eve.atomically((draft) => draft.require(condition)).settled;
    return settled.kind === "refused" ? settled.problem.code : settled.kind;
  };
  for (const path of ["secret/plan.txt", "secret/none.txt", "secret", "none", "both", "both/other.txt"]) {
    assertEquals([path, await code({ kind: "stands", path, node: undefined })], [path, "not_allowed"]);
  }
  for (const node of [hidden, "9:9"]) {
    assertEquals(await code({ kind: "content", node, since }), "not_allowed");
    assertEquals(await code({ kind: "path", node, since }), "not_allowed");
    assertEquals(await code({ kind: "stands", path: "src/a.txt", node }), "not_allowed");
  }
  // Something may be in it that is out of sight.
  assertEquals(await code({ kind: "content", node: eve.find("both")!.id, since }), "not_allowed");
  assertEquals(await code({ kind: "content", node: eve.find("src")!.id, since }), "durable");
  assertEquals(await code({ kind: "stands", path: "src/b.txt", node: undefined }), "durable");
  assertEquals(await code({ kind: "content", node: eve.find("src/a.txt")!.id, since }), "durable");
  // What was written while it was out of sight is not told either.
  await ada.insert("secret/plan.txt", 0, "the ").settled;
  await ada.move("secret/plan.txt", "src/plan.txt").settled;
  await eventually(() => eve.find("src/plan.txt"), "what has come into sight");
  assertEquals(await code({ kind: "content", node: hidden, since }), "precondition_failed");
  assertEquals(await code({ kind: "content", node: hidden, since: eve.revision }), "durable");
  for (const space of [ada, eve]) await space.close();
});

Deno.test("who sees a part can take back what was done there, and is told of nobody else's tasks", async () => {
  await using guarded = new Guarded();
  const ada = await guarded.open(guarded.token("Ada", everything));
  await ada.create("src/a.txt", "one two").settled;
  ada.task = "the secret merger";
  await ada.create("secret/plan.txt", "plan").settled;
  ada.task = "words";
  await ada.atomically((draft) => {
    draft.replace("src/a.txt", 0, 3, "ONE");
    draft.replace("secret/plan.txt", 0, 4, "PLAN");
  }).settled;
  const eve = await guarded.open(guarded.token("Eve", ["edit:src/**", "tree:src/**"]));
  const { entries } = await eve.past.entries({ changes: true });
  assertEquals(entries.map(({ task, touched }) => [task, touched.map(({ path }) => path)]), [
    ["", ["src", "src/a.txt"]],
    ["words", ["src/a.txt"]],
  ]);
  assertEquals(JSON.stringify(entries).toLowerCase().includes("plan"), false);
  const { changed, done } = await takeBack(eve, { whose: { kind: "task", task: "words" }, since: 0 });
  assertEquals([changed, done], [true, [{ path: "src/a.txt", did: "edited" }]]);
  await eventually(() => ada.read("src/a.txt") === "one two", "what Eve has taken back");
  assertEquals(ada.read("secret/plan.txt"), "PLAN");
  const secret = await assertRejects(
    () => takeBack(eve, { whose: { kind: "task", task: "the secret merger" }, since: 0 }),
    SpaceError,
  );
  assertEquals([secret.code, secret.message.includes('There are "words"')], ["task_unknown", true]);
  for (const space of [ada, eve]) await space.close();
});
