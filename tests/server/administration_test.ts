/**
 * Looking after a server, as its core decides it: who may, what they are told, and what becomes of those they send away.
 * Before each input the core is forgotten and taken up again from what it has saved.
 *
 * @module
 */

import { rootId, type Step } from "../../ot/mod.ts";
import {
  type AdminAnswer,
  type AdminItem,
  type AdminQuestion,
  type ClientMessage,
  decodeServerMessage,
  encodeClientMessage,
  FrameReader,
  type Kick,
  type ServerMessage,
} from "../../proto/mod.ts";
import {
  defaultSettings,
  type Grant,
  type Input,
  type LogEntry,
  type Settings,
} from "../../server/core/mod.ts";
import { assert, assertEquals } from "../assert.ts";
import { helloOf } from "../hello.ts";
import { AmnesiacServer } from "../sim/amnesiac_server.ts";

const everything = ["edit:**", "tree:**"];

/** A core, whose log answers at once, and whose connections take what they are given unless they are held. */
class Office {
  readonly heard = new Map<number, ServerMessage[]>();
  readonly reports: string[] = [];
  readonly log = new Map<string, LogEntry[]>();
  readonly #core: AmnesiacServer;
  readonly #readers = new Map<number, FrameReader>();
  readonly #grants = new Map<number, Grant>();
  readonly #held = new Set<number>();
  nowUs = 1_700_000_000_000_000;
  #connections = 0;
  #asks = 0;

  constructor(settings: Partial<Settings> = {}) {
    this.#core = new AmnesiacServer({ ...defaultSettings, ...settings }, () => true);
  }

  connect(grant?: Partial<Grant>): number {
    const connection = ++this.#connections;
    this.heard.set(connection, []);
    this.#readers.set(connection, new FrameReader());
    const participant = { name: "Root", kind: "human" } as const;
    if (grant !== undefined) {
      this.#grants.set(connection, {
        ...{ tokens: [`t${connection}`], participant, expiresMs: 0, capabilities: [["admin"]] },
        ...grant,
      });
    }
    const from = { door: "tcp", address: `10.0.0.1:${connection}` };
    this.#step({ kind: "connected", connection, key: `key ${connection}`, from, nowUs: this.nowUs });
    return connection;
  }

  join(name: string, workspace = "w", grant?: Partial<Grant>): number {
    const participant = { name, kind: "human" } as const;
    const connection = this.connect(grant && { participant, ...grant });
    this.say(connection, helloOf({ workspace, participant, ...grant === undefined ? {} : { token: "*" } }));
    return connection;
  }

  administrator(grant?: Partial<Grant>): number {
    const connection = this.connect(grant);
    this.say(connection, {
      ...{ kind: "admin_hello", version: 1 },
      ...grant === undefined ? {} : { token: "*" },
    });
    return connection;
  }

  say(connection: number, message: ClientMessage): void {
    this.#step({ kind: "received", connection, bytes: encodeClientMessage(message), nowUs: this.nowUs });
  }

  ask(connection: number, question: AdminQuestion): number {
    const id = ++this.#asks;
    this.say(connection, { kind: "admin_ask", id, question });
    return id;
  }

  /** What was said to a connection in answer to a question. */
  answers(connection: number, id: number): AdminAnswer[] {
    return this.heard.get(connection)!.filter((message) =>
      message.kind === "admin_answer" && message.id === id
    ) as AdminAnswer[];
  }

  items(connection: number, question: AdminQuestion): AdminItem[] {
    const answers = this.answers(connection, this.ask(connection, question));
    assertEquals(answers.at(-1)!.last, true);
    assertEquals(answers.at(-1)!.code, "");
    return answers.flatMap(({ items }) => items);
  }

  refused(connection: number, question: AdminQuestion): string {
    const answers = this.answers(connection, this.ask(connection, question));
    assertEquals(answers.map(({ items, last }) => [items.length, last]), [[0, true]]);
    assert(answers[0]!.message.length > 10);
    return answers[0]!.code;
  }

  close(connection: number): (ServerMessage & { readonly kind: "close" }) | undefined {
    return this.heard.get(connection)!.find((message) => message.kind === "close");
  }

  create(connection: number, seq: number, name: string, text = "", base = this.log.get("w")!.length): void {
    const welcome = this.heard.get(connection)!.find((message) => message.kind === "welcome")!;
    const node = `${welcome.site}:${seq}` as const;
    const step: Step = { kind: "create", node, parent: rootId, name, type: "text" };
    const edits = text === "" ? [] : [{ node, op: [{ at: 0, remove: 0, insert: text }] }];
    this.say(connection, { kind: "operation", seq, base, change: { steps: [step], edits } });
  }

  /** A connection takes nothing until it is let go again. */
  hold(connection: number): void {
    this.#held.add(connection);
  }

  letGo(connection: number): void {
    this.#held.delete(connection);
    this.#step({ kind: "drained", connection, nowUs: this.nowUs });
  }

  revoke(token: string): void {
    this.#step({ kind: "revoked", tokens: [token], nowUs: this.nowUs });
  }

  pass(us: number): void {
    this.nowUs += us;
    this.#step({ kind: "due", nowUs: this.nowUs });
  }

  #step(first: Input): void {
    const inputs: Input[] = [first];
    for (let input = inputs.shift(); input !== undefined; input = inputs.shift()) {
      for (const output of this.#core.step(input)) {
        const { nowUs } = this;
        switch (output.kind) {
          case "send": {
            const { connection } = output;
            this.#readers.get(connection)!.push(output.bytes, (type, payload) => {
              this.heard.get(connection)!.push(decodeServerMessage(type, payload));
            });
            if (!this.#held.has(connection)) inputs.push({ kind: "drained", connection, nowUs });
            break;
          }
          case "close":
            inputs.push({ kind: "closed", connection: output.connection, nowUs });
            break;
          case "authenticate": {
            const { connection } = output;
            inputs.push({ kind: "authenticated", connection, grant: this.#grants.get(connection)!, nowUs });
            break;
          }
          case "load": {
            const { workspace } = output, entries = this.log.get(workspace) ?? [];
            this.log.set(workspace, entries);
            const loaded = { kind: "loaded", workspace, epoch: "e", checkpoint: null } as const;
            inputs.push({ ...loaded, entries: [...entries], nowUs });
            break;
          }
          case "append":
            this.log.get(output.workspace)!.push(...output.entries);
            inputs.push({ kind: "appended", workspace: output.workspace, nowUs });
            break;
          case "checkpoint": {
            const { workspace, state: { revision } } = output;
            inputs.push({ kind: "checkpoint_failed", workspace, revision, nowUs });
            break;
          }
          case "list": {
            const workspaces = [...this.log].map(([name, { length }]) => ({ name, revision: length }));
            inputs.push({ kind: "listed", connection: output.connection, workspaces, nowUs });
            break;
          }
          case "wake":
            if (output.atUs <= nowUs) inputs.push({ kind: "due", nowUs });
            break;
          case "report":
            this.reports.push(output.event);
        }
      }
    }
  }
}

const nobody: Kick = { kind: "kick", workspace: "", site: 0, name: "", connection: 0, holdMs: 0 };
const guarded = { authentication: true };

Deno.test("without admin in every layer of the token nothing is answered, whatever is asked", () => {
  const questions: readonly AdminQuestion[] = [
    { kind: "workspaces" },
    { kind: "clients", workspace: "" },
    { ...nobody, workspace: "w" },
    { kind: "limits", settings: [{ name: "clients", value: 1 }] },
    { kind: "tail", workspace: "", from: 0 },
  ];
  for (const capabilities of [[everything], [["admin"], everything], [everything, ["admin"]], [[]]]) {
    for (const question of questions) {
      const office = new Office(guarded);
      const ada = office.join("Ada", "w", { capabilities: [everything] });
      const eve = office.administrator({ capabilities });
      office.ask(eve, question);
      assertEquals(office.heard.get(eve)!.map(({ kind }) => kind), ["close"]);
      assertEquals(office.close(eve)?.code, "not_admin");
      assertEquals(office.close(ada), undefined);
    }
  }
});

Deno.test("who has come to work in a workspace is not answered as an administrator, whatever the token says", () => {
  const office = new Office(guarded);
  const ada = office.join("Ada", "w", { capabilities: [[...everything, "admin"]] });
  office.ask(ada, { kind: "clients", workspace: "" });
  assertEquals(office.close(ada)?.code, "not_admin");
  const root = office.administrator({});
  office.say(root, { kind: "admin_hello", version: 1 });
  assertEquals(office.close(root)?.code, "hello_repeated");
  const other = office.administrator({});
  office.say(other, helloOf({}));
  assertEquals(office.close(other)?.code, "hello_repeated");
  const third = office.administrator({});
  office.say(third, { kind: "operation", seq: 1, base: 0, change: { steps: [], edits: [] } });
  assertEquals(office.close(third)?.code, "hello_expected");
});

Deno.test("an administrator opens no workspace, and is told of those that are awake and asleep", () => {
  const office = new Office();
  office.log.set("old", []);
  const root = office.administrator();
  const asleep = office.items(root, { kind: "workspaces" });
  assertEquals(asleep.map((item) => item.kind === "workspace" && [item.name, item.awake]), [["old", false]]);
  const ada = office.join("Ada");
  office.create(ada, 1, "a.txt", "hello");
  const [awake, old] = office.items(root, { kind: "workspaces" });
  assert(awake?.kind === "workspace" && old?.kind === "workspace");
  const { name, revision, epoch, nodes, length, clients } = awake;
  assertEquals([name, revision, epoch, nodes, length, clients], ["w", 2, "e", 2, 5, 1]);
  assertEquals([old.name, old.awake], ["old", false]);
});

Deno.test("clients are told apart by number and site, never by their secret", () => {
  const office = new Office();
  const ada = office.join("Ada"), bob = office.join("Bob", "other");
  office.create(ada, 1, "a.txt");
  const root = office.administrator();
  const clients = office.items(root, { kind: "clients", workspace: "" });
  assertEquals(
    clients.map((item) =>
      item.kind === "client" && [
        ...[item.connection, item.workspace, item.site, item.participant.name, item.door, item.address],
        ...[item.revision, item.behind, item.seq],
      ]
    ),
    [[ada, "w", 1, "Ada", "tcp", `10.0.0.1:${ada}`, 2, 0, 1], [
      bob,
      "other",
      1,
      "Bob",
      "tcp",
      `10.0.0.1:${bob}`,
      1,
      0,
      0,
    ]],
  );
  assertEquals(office.items(root, { kind: "clients", workspace: "w" }).length, 1);
  assertEquals(office.items(root, { kind: "clients", workspace: "nowhere" }).length, 0);
  assert(!JSON.stringify(clients).includes("key "));
});

Deno.test("kicking ends the connections that are meant and no others, and what is durable stays", () => {
  const office = new Office();
  const ada = office.join("Ada"),
    bot = office.join("Ada/bot"),
    adam = office.join("Adam"),
    bob = office.join("Bob");
  office.create(ada, 1, "a.txt", "hers");
  const root = office.administrator();
  assertEquals(office.refused(root, nobody), "nobody_named");
  assertEquals(office.items(root, { ...nobody, name: "Ada" }).length, 2);
  for (const one of [ada, bot]) {
    const { code, resume, retryMs } = office.close(one)!;
    assertEquals([code, resume, retryMs], ["kicked", false, 0]);
  }
  assertEquals([office.close(adam), office.close(bob)], [undefined, undefined]);
  assertEquals(office.items(root, { ...nobody, workspace: "w", site: 4 }).length, 1);
  assertEquals(office.close(bob)?.code, "kicked");
  assertEquals(office.items(root, { ...nobody, connection: adam, workspace: "other" }), []);
  assertEquals(office.items(root, { ...nobody, connection: adam }).length, 1);
  assertEquals(office.log.get("w")!.at(-1)!.change.edits[0]!.op[0]!.insert, "hers");
  // They may come again, by hand.
  const again = office.join("Ada");
  assertEquals(office.close(again), undefined);
});

Deno.test("who is kept out comes in again when the time is over, and what was said last of a name holds", () => {
  const office = new Office();
  const ada = office.join("Ada"), bob = office.join("Bob", "other");
  const root = office.administrator();
  office.items(root, { ...nobody, workspace: "w", holdMs: 20_000 });
  assertEquals(office.close(ada)?.retryMs, 20_000);
  office.pass(8_000_000);
  const turnedAway = office.close(office.join("Ada"));
  assertEquals([turnedAway?.code, turnedAway?.resume, turnedAway?.retryMs], ["kept_out", false, 12_000]);
  assertEquals(office.close(office.join("Ada/bot"))?.code, "kept_out");
  for (const free of [office.join("Ada", "other"), office.join("Adam")]) {
    assertEquals(office.close(free), undefined);
  }
  office.pass(12_000_000);
  assertEquals(office.close(office.join("Ada")), undefined);
  office.items(root, { ...nobody, name: "Bob", holdMs: 3_600_000 });
  assertEquals(office.close(bob)?.code, "kicked");
  assertEquals(office.close(office.join("Bob"))?.code, "kept_out");
  office.items(root, { ...nobody, name: "Bob", holdMs: 1 });
  office.pass(1_000);
  assertEquals(office.close(office.join("Bob")), undefined);
});

Deno.test("a limit that is set holds at once, for those who are here and those who come", () => {
  const office = new Office();
  const ada = office.join("Ada");
  const root = office.administrator();
  const [rate] = office.items(root, { kind: "limits", settings: [] });
  assert(rate?.kind === "limit");
  assertEquals([rate.name, rate.value, rate.changed], ["changes_per_second.human", 100, false]);
  const set = office.items(root, {
    kind: "limits",
    settings: [{ name: "changes_per_second.human", value: 1 }, { name: "clients", value: 1 }],
  });
  const changed = set.filter((item) => item.kind === "limit" && item.changed);
  assertEquals(changed.map((item) => item.kind === "limit" && item.value), [1, 1]);
  assertEquals(office.close(office.join("Bob"))?.code, "too_many_clients");
  for (const seq of [1, 2, 3]) office.create(ada, seq, `${seq}.txt`);
  const refusals = office.heard.get(ada)!.filter((message) => message.kind === "refuse");
  assertEquals(refusals.map(({ seq, code }) => [seq, code]), [[3, "too_fast"]]);
  const text = [{ name: "text_length", value: 3 }];
  office.items(root, { kind: "limits", settings: text });
  office.pass(5_000_000);
  office.create(ada, 4, "long.txt", "longer");
  assertEquals(
    office.heard.get(ada)!.some((one) => one.kind === "refuse" && one.code === "text_too_long"),
    true,
  );
});

Deno.test("limits are set all or none", () => {
  const office = new Office();
  const root = office.administrator();
  const clients = { name: "clients", value: 7 };
  const set = (...settings: { name: string; value: number }[]) =>
    office.refused(root, { kind: "limits", settings: [clients, ...settings] });
  assertEquals(set({ name: "frame_bytes", value: 7 }), "limit_unknown");
  assertEquals(set({ name: "changes_per_second.agent", value: 0 }), "limit_out_of_range");
  assertEquals(set({ name: "nodes", value: 2 ** 50 }), "limit_out_of_range");
  const limits = office.items(root, { kind: "limits", settings: [] });
  assertEquals(limits.filter((item) => item.kind === "limit" && item.changed), []);
});

Deno.test("a token for some workspaces looks after these alone", () => {
  const office = new Office(guarded);
  const all = { capabilities: [everything] };
  const ada = office.join("Ada", "docs-1", all), bob = office.join("Bob", "src", all);
  office.log.set("docs-old", []);
  office.log.set("secret", []);
  const root = office.administrator({ workspaces: [["*"], ["docs-*", "src"], ["docs-*"]] });
  const names = (items: AdminItem[]) => items.map((item) => item.kind === "workspace" && item.name);
  assertEquals(names(office.items(root, { kind: "workspaces" })), ["docs-1", "docs-old"]);
  assertEquals(office.items(root, { kind: "clients", workspace: "" }).length, 1);
  for (
    const question of [
      { kind: "clients", workspace: "src" },
      { ...nobody, workspace: "src" },
      { kind: "tail", workspace: "src", from: 0 },
    ] as const
  ) assertEquals(office.refused(root, question), "token_foreign");
  assertEquals(office.items(root, { ...nobody, connection: bob }), []);
  assertEquals(office.refused(root, { ...nobody, name: "Bob", holdMs: 1000 }), "not_everywhere");
  const settings = [{ name: "clients", value: 1 }];
  assertEquals(office.refused(root, { kind: "limits", settings }), "not_everywhere");
  assertEquals(office.items(root, { ...nobody, connection: ada }).length, 1);
  assertEquals(office.close(bob), undefined);
});

Deno.test("a token that is revoked or ends ends the connection of an administrator, tail and all", () => {
  const office = new Office(guarded);
  const ada = office.join("Ada", "w", { capabilities: [everything] });
  const root = office.administrator({ tokens: ["root", "leaf"] });
  const brief = office.administrator({ expiresMs: office.nowUs / 1000 + 1000 });
  for (const one of [root, brief]) office.ask(one, { kind: "tail", workspace: "w", from: 0 });
  office.revoke("root");
  assertEquals(office.close(root)?.code, "token_revoked");
  office.pass(1_000_000);
  office.create(ada, 1, "a.txt");
  assertEquals(office.close(brief)?.code, "token_expired");
  const told = [root, brief].flatMap((one) => office.heard.get(one)!).filter(({ kind }) =>
    kind === "admin_answer"
  );
  assertEquals(told.flatMap((message) => message.kind === "admin_answer" ? message.items : []), []);
});

Deno.test("a tail tells each entry once and in order, from where it is asked to", () => {
  const office = new Office();
  const ada = office.join("Ada");
  office.create(ada, 1, "a.txt", "one");
  const root = office.administrator();
  const id = office.ask(root, { kind: "tail", workspace: "w", from: 2 });
  office.create(ada, 2, "b.txt");
  office.join("Bob", "other");
  const items = office.answers(root, id).flatMap(({ items }) => items);
  assertEquals(
    items.map((item) => item.kind === "change" && [item.revision, item.site, item.author?.name, item.files]),
    [
      [2, 1, "Ada", [{ path: "a.txt", step: "create", inserted: 3, removed: 0 }]],
      [3, 1, "Ada", [{ path: "b.txt", step: "create", inserted: 0, removed: 0 }]],
    ],
  );
  assertEquals(office.refused(root, { kind: "tail", workspace: "w", from: 9 }), "revision_unknown");
  assertEquals(office.refused(root, { kind: "tail", workspace: "nowhere", from: 1 }), "revision_forgotten");
  // The next one ends this one, and follows all there are and those that are opened later.
  const next = office.ask(root, { kind: "tail", workspace: "", from: 0 });
  assertEquals(office.answers(root, id).at(-1)!.last, true);
  office.create(ada, 3, "c.txt");
  office.join("Cleo", "third");
  const told = office.answers(root, next).flatMap(({ items }) => items);
  assertEquals(told.map((item) => item.kind === "change" && item.workspace), ["w", "third"]);
});

Deno.test("a tail that is read slowly holds nothing up, and says what it has missed", () => {
  const office = new Office({ historyEntriesMax: 10, changesPerSecond: { human: 1e6, agent: 1, ci: 1 } });
  const ada = office.join("Ada"), root = office.administrator();
  const id = office.ask(root, { kind: "tail", workspace: "w", from: 0 });
  office.hold(root);
  for (let seq = 1; seq <= 100; seq++) office.create(ada, seq, `${seq}.txt`);
  assertEquals(office.log.get("w")!.length, 101);
  office.letGo(root);
  const items = office.answers(root, id).flatMap(({ items }) => items);
  const missed = items.filter((item) => item.kind === "missed");
  assertEquals(missed.length, 1);
  const revisions = items.flatMap((item) => item.kind === "change" ? [item.revision] : []);
  assertEquals(revisions[0], 2);
  assertEquals(revisions.at(-1), 101);
  assertEquals(missed[0]!.last - missed[0]!.first + 1 + revisions.length, 100);
});

Deno.test("a tail names no path that the token does not let its bearer read", () => {
  const office = new Office(guarded);
  const ada = office.join("Ada", "w", { capabilities: [everything] });
  const root = office.administrator({ capabilities: [["admin", "read:open*"]] });
  const id = office.ask(root, { kind: "tail", workspace: "w", from: 0 });
  office.create(ada, 1, "secret.txt", "words");
  office.create(ada, 2, "open.txt", "words");
  const items = office.answers(root, id).flatMap(({ items }) => items);
  assertEquals(
    items.map((item) => item.kind === "change" && [item.files.map(({ path }) => path), item.others]),
    [[[], 1], [["open.txt"], 0]],
  );
  assert(
    !JSON.stringify(office.heard.get(root), (_, value) => typeof value === "bigint" ? "" : value).includes(
      "secret",
    ),
  );
});

Deno.test("questions beyond what may wait are turned away, and a long answer comes in pieces as it is read", () => {
  const office = new Office();
  for (let i = 0; i < 250; i++) office.log.set(`w${i}`, []);
  const root = office.administrator();
  office.hold(root);
  const first = office.ask(root, { kind: "workspaces" });
  const ids = Array.from({ length: 20 }, () => office.ask(root, { kind: "clients", workspace: "" }));
  assertEquals(office.answers(root, first).length, 1);
  for (let i = 0; i < 3; i++) office.letGo(root);
  assertEquals(office.answers(root, first).map(({ items }) => items.length), [100, 100, 50]);
  const codes = ids.map((id) => office.answers(root, id)[0]!.code);
  assertEquals(codes.filter((code) => code === "too_many_queries").length, 4);
});
