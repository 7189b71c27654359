/**
 * `deno task admin` against a server over real sockets: with tokens, as a program sees it and as a person does.
 *
 * @module
 */

import { Space, tcp } from "../../mod.ts";
import type { AdminItem, AdminQuestion } from "../../proto/mod.ts";
import { AdminError, ask } from "../../cli/admin_line.ts";
import {
  clientsReport,
  kickReport,
  limitsReport,
  tailLine,
  workspacesReport,
} from "../../cli/admin_report.ts";
import { authenticator, type Claims, mintForFile, narrow } from "../../server/tokens/mod.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../assert.ts";
import { LiveWeb } from "../server/live_web.ts";
import { eventually, within } from "../server/waiting.ts";

const root = new URL("../../", import.meta.url).pathname;
const nobody = { kind: "kick", workspace: "", site: 0, name: "", connection: 0, holdMs: 0 } as const;

/** A server, and tokens for it. */
class Guarded implements AsyncDisposable {
  readonly entries = new Map<string, Claims>();
  readonly revoked = new Set<string>();
  server!: LiveWeb;

  static async start(): Promise<Guarded> {
    const guarded = new Guarded(), { entries, revoked } = guarded;
    guarded.server = await LiveWeb.start({
      settings: { authentication: true },
      authenticator: authenticator(() => ({ keys: [], entries, revoked })),
    });
    return guarded;
  }

  token(name: string, capabilities: readonly string[], workspaces: readonly string[] = ["*"]): string {
    const { token, claims } = mintForFile({ name, kind: "human", workspaces, capabilities });
    this.entries.set(claims.id, claims);
    return token;
  }

  open(name: string, workspace = "main"): Promise<Space> {
    const dial = tcp("127.0.0.1", this.server.port);
    return Space.open({ dial, workspace, name, token: this.token(name, ["edit:**", "tree:**"]) });
  }

  async asked(token: string | undefined, question: AdminQuestion): Promise<AdminItem[]> {
    const items: AdminItem[] = [];
    for await (const some of ask(question, { dial: tcp("127.0.0.1", this.server.port), token })) {
      items.push(...some);
    }
    return items;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.server.stop();
  }
}

Deno.test("an administrator sees who is here by which door, ends a connection, and nothing durable is lost", async () => {
  await using guarded = await Guarded.start();
  const ada = await guarded.open("Ada"), bob = await guarded.open("Bob", "other");
  await ada.create("a.txt", "durable").settled;
  const over = await fetch(`http://${guarded.server.address}/api/workspaces/main/tree`, {
    headers: { authorization: `Bearer ${guarded.token("Cleo", ["read:**"])}` },
  });
  await over.body?.cancel();
  const token = guarded.token("Root", ["admin"]);
  const clients = await guarded.asked(token, { kind: "clients", workspace: "" });
  assertEquals(
    clients.flatMap((item) => item.kind === "client" ? [[item.participant.name, item.door]] : []).toSorted(),
    [["Ada", "tcp"], ["Bob", "tcp"], ["Cleo", "http"]],
  );
  assertMatch(
    clientsReport(clients.filter((item) => item.kind === "client"), Date.now()),
    /Ada +human +tcp +127\.0\.0\.1:\d+/,
  );
  const ended = (await guarded.asked(token, { ...nobody, name: "Ada", holdMs: 60_000 })).filter(({ kind }) =>
    kind === "client"
  );
  assertEquals(ended.length, 1);
  assertMatch(kickReport(ended as never), /^Ended: Ada \(human\) in main, connection \d+$/);
  await eventually(() => ada.status.phase === "ended", "the end");
  assertEquals(ada.status.problem?.code, "kicked");
  const error = await assertRejects(() => guarded.open("Ada"));
  assertEquals((error as { code?: string }).code, "kept_out");
  assertEquals(bob.status.phase, "online");
  const dora = await guarded.open("Dora");
  assertEquals(dora.read("a.txt"), "durable");
  const workspaces = await guarded.asked(token, { kind: "workspaces" });
  const report = workspacesReport(workspaces.filter((item) => item.kind === "workspace"));
  assertMatch(report, /main +awake +\d+/);
  for (const space of [ada, bob, dora]) await space.close();
});

Deno.test("a tail tells of changes as they come, and ends when its token is revoked", async () => {
  await using guarded = await Guarded.start();
  const ada = await guarded.open("Ada");
  const token = guarded.token("Root", ["admin", "read:**"]),
    narrower = await narrow(token, { name: "Root/tail" });
  const lines: string[] = [], begun = Promise.withResolvers<void>();
  const dial = tcp("127.0.0.1", guarded.server.port);
  const tail = (async () => {
    for await (
      const items of ask({ kind: "tail", workspace: "", from: 0 }, { dial, token: narrower.token })
    ) {
      begun.resolve();
      for (const item of items) {
        if (item.kind === "change" || item.kind === "missed") {
          lines.push(tailLine(item));
        }
      }
    }
  })();
  await within(begun.promise, "the beginning of a tail");
  await ada.create("notes.txt", "hello").settled;
  await ada.replace("notes.txt", 0, 1, "Jj").settled;
  await eventually(() => lines.length === 2, "two lines");
  assertMatch(lines[0]!, /^\d\d:\d\d:\d\d main 2 {2}Ada {2}create notes\.txt \+5$/);
  assertMatch(lines[1]!, /main 3 {2}Ada {2}notes\.txt \+2 -1$/);
  const { id } = [...guarded.entries.values()].find(({ name }) => name === "Root")!;
  guarded.revoked.add(id);
  guarded.server.shell.revoked([id]);
  const error = await assertRejects(() => within(tail, "the end of a tail"), AdminError);
  assertEquals(error.code, "token_revoked");
  await ada.close();
});

Deno.test("who may not look after the server is told so, and limits hold at once for who may", async () => {
  await using guarded = await Guarded.start();
  const refused = async (token: string | undefined, question: AdminQuestion, code: string) => {
    const error = await assertRejects(() => guarded.asked(token, question), AdminError);
    assertEquals(error.code, code);
  };
  const limits = (value?: number): AdminQuestion => ({
    kind: "limits",
    settings: value === undefined ? [] : [{ name: "changes_per_second.human", value }],
  });
  await refused(undefined, limits(), "token_expected");
  await refused(guarded.token("Eve", ["edit:**"]), limits(), "not_admin");
  const wide = guarded.token("Eve", ["edit:**", "admin"]);
  await refused((await narrow(wide, { capabilities: ["edit:**"] })).token, limits(), "not_admin");
  await refused(guarded.token("Root", ["admin"], ["docs"]), limits(5), "not_everywhere");
  const ada = await guarded.open("Ada");
  const set = await guarded.asked(guarded.token("Root", ["admin"]), limits(1));
  assertMatch(
    limitsReport(set.filter((item) => item.kind === "limit")),
    /changes_per_second\.human +1 .*set since the start/,
  );
  const begunMs = performance.now();
  for (let i = 0; i < 4; i++) await ada.create(`${i}.txt`, "").settled;
  assert(performance.now() - begunMs > 900, "the fourth has to wait, and is made all the same");
  assertEquals(ada.files().length, 4);
  await ada.close();
});

Deno.test("deno task admin writes JSON for programs, a sentence for people, and says by its exit code how it went", async () => {
  await using guarded = await Guarded.start();
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    cwd: root,
    args: [
      ...["task", "--quiet", "admin", "kick", "Nobody", "--json"],
      ...["--server", `ws://${guarded.server.address}`],
    ],
    env: { DIST_SPACE_TOKEN: guarded.token("Root", ["admin"]) },
    stdin: "null",
  }).output();
  const [out, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assertEquals([code, JSON.parse(out!)], [1, []]);
  assertMatch(errors!, /^Nobody was connected who is meant/);
});
