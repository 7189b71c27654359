/**
 * The tools for agents: what they answer, what they make of what others do, and what they refuse.
 *
 * @module
 */

import { insert, Space, tcp } from "../../mod.ts";
import { authenticator, type Claims, mintForFile } from "../../server/tokens/mod.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { LiveServer } from "../server/live_server.ts";
import { eventually, pause } from "../server/waiting.ts";
import { McpAgent } from "./mcp_client.ts";

/** Ada in an editor, an agent, and a file that both know. */
async function together(
  run: (ada: Space, agent: McpAgent, read: number, server: LiveServer) => Promise<void>,
): Promise<void> {
  await using server = new LiveServer();
  const ada = await Space.open({ dial: tcp("127.0.0.1", server.port), workspace: "w", name: "Ada" });
  try {
    await ada.create("src/a.txt", "one\ntwo\nthree\n").settled;
    await using agent = await McpAgent.inProcess(server.port, "Robot");
    await run(ada, agent, ada.revision, server);
  } finally {
    await ada.close();
  }
}

/** What the agent has done is at Ada's. */
async function seen(ada: Space, agent: McpAgent): Promise<void> {
  await eventually(() => ada.revision >= agent.space.revision, "what the agent has done, at Ada's");
}

const a = "src/a.txt";

Deno.test("read_files gives files with the revision, whole or by lines, as they are and as they were", () =>
  together(async (ada, agent, read) => {
    await ada.write(a, "one\r\n2\r\n").settled;
    await ada.create("b.md", "b").settled;
    const now = await agent.call("read_files", { paths: [`/${a}`] });
    assertEquals(now.data, {
      revision: read + 2,
      files: [{ path: a, text: "one\r\n2\r\n", from_line: 1, to_line: 2, lines: 2 }],
    });
    assertEquals(
      now.text,
      `Revision ${read + 2}\nsrc/a.txt, lines 1-2 of 2, lines end with CRLF\n     1\tone\n     2\t2`,
    );
    const then = await agent.call("read_files", {
      globs: ["**/*.txt"],
      revision: read,
      from_line: 2,
      to_line: 9,
    });
    assertEquals(then.data.files, [{ path: a, text: "two\nthree\n", from_line: 2, to_line: 3, lines: 3 }]);
    const both = await agent.call("read_files", { paths: ["src", "b.md"] });
    assertEquals(both.data.files.map(({ path }: { path: string }) => path), ["b.md", a]);
  }));

Deno.test("edit_file takes exact strings, lines, a whole text and a patch, and is applied where nothing has happened", () =>
  together(async (ada, agent, revision) => {
    const edits = [
      { replacements: [{ old: "two", new: "2" }, { old: "e", new: "E", all: true }] },
      { lines: [{ from: 1, to: 1, text: "1" }, { from: 4, to: 3, text: "4" }] },
      { text: "1\n2\nthrEE\n4\n5\n" },
      { patch: "--- a\n+++ b\n@@ -1,2 +1,2 @@\n-1\n+one\n 2\n" },
    ];
    for (const edit of edits) {
      const { data } = await agent.call("edit_file", { path: a, revision, ...edit });
      assertEquals([data.outcome, data.changed, data.revision], ["applied", true, revision + 1]);
      revision = data.revision;
    }
    await seen(ada, agent);
    assertEquals(ada.read(a), "one\n2\nthrEE\n4\n5\n");
    const same = await agent.call("edit_file", { path: a, revision, text: ada.read(a) });
    assertEquals([same.data.changed, same.data.revision], [false, revision]);
  }));

Deno.test("edit_file is merged with what others have done since, and shows it", () =>
  together(async (ada, agent, revision) => {
    await ada.insert(a, 0, "zero\n").settled;
    await ada.move(a, "src/moved.txt").settled;
    const { data, text } = await agent.call("edit_file", {
      path: a,
      revision,
      lines: [{ from: 3, to: 3, text: "3" }],
    });
    assertEquals([data.outcome, data.changed, data.files[0].path], ["merged", true, "src/moved.txt"]);
    assertStringIncludes(text, "+zero");
    await seen(ada, agent);
    assertEquals(ada.read("src/moved.txt"), "zero\none\ntwo\n3\n");
  }));

Deno.test("edit_file that overlaps is rejected or merged, as asked, and shows the text as it is now", () =>
  together(async (ada, agent, revision) => {
    await ada.replace(a, 4, 3, "deux").settled;
    const input = { path: a, revision, replacements: [{ old: "two", new: "zwei" }] };
    const rejected = await agent.call("edit_file", input);
    assertEquals([rejected.data.outcome, rejected.data.changed], ["overlap", false]);
    assertEquals(rejected.data.files[0].now, [{ from_line: 1, to_line: 3, text: "one\ndeux\nthree\n" }]);
    assertStringIncludes(rejected.text, "     2\tdeux");
    assertEquals(ada.revision, revision + 1);
    const merged = await agent.call("edit_file", { ...input, on_overlap: "merge" });
    assertEquals([merged.data.outcome, merged.data.changed], ["overlap", true]);
    const [{ text }] = merged.data.files[0].now;
    assert(/^one\n(deuxzwei|zweideux)\nthree\n$/.test(text), text);
    // What was shown can be edited by the revision that was named.
    const tidied = await agent.call("edit_file", {
      path: a,
      revision: merged.data.revision,
      lines: [{ from: 2, to: 2, text: "deux, zwei" }],
    });
    assertEquals(tidied.data.outcome, "applied");
    await seen(ada, agent);
    assertEquals(ada.read(a), "one\ndeux, zwei\nthree\n");
  }));

Deno.test("an overlap in a long file shows what is around it, by lines that can be edited", () =>
  together(async (ada, agent) => {
    const lines = Array.from({ length: 500 }, (_, i) => `line ${i + 1}\n`);
    await ada.create("long.txt", lines.join("")).settled;
    const revision = ada.revision;
    await ada.write("long.txt", lines.with(299, "Ada was here\n").join("")).settled;
    const { data } = await agent.call("edit_file", {
      path: "long.txt",
      revision,
      lines: [{ from: 300, to: 300, text: "no, I" }],
    });
    const [{ from_line, to_line, text }] = data.files[0].now;
    assert(
      from_line > 280 && from_line < 300 && to_line > 300 && to_line < 320,
      `${from_line} to ${to_line}`,
    );
    assertEquals(text.split("\n")[300 - from_line], "Ada was here");
    assertEquals(data.files[0].lines, 500);
  }));

Deno.test("change_files does everything or nothing, and holds to what is required", () =>
  together(async (ada, agent, revision) => {
    const steps = [
      { do: "create", path: "docs/new.md", text: "new\n" },
      { do: "move", path: a, to: "docs/a.txt" },
      { do: "edit", path: a, revision, replacements: [{ old: "one", new: "1" }] },
    ];
    const failing = await agent.call("change_files", { steps, require: [{ path: a, exists: false }] });
    assertEquals([failing.code, agent.space.find("docs")], ["precondition_failed", undefined]);
    const { data } = await agent.call("change_files", {
      steps,
      require: [{ path: a, unchanged_since: revision }],
    });
    assertEquals([data.outcome, data.revision], ["applied", revision + 1]);
    await seen(ada, agent);
    assertEquals(ada.files().map(({ path }) => [path, ada.read(path)]), [
      ["docs/a.txt", "1\ntwo\nthree\n"],
      ["docs/new.md", "new\n"],
    ]);
    assertEquals(
      (await agent.call("change_files", { steps: [...steps, { do: "remove", path: "none" }] })).code !== "",
      true,
    );
    assertEquals(ada.revision, revision + 1);
  }));

Deno.test("create_file, move and remove do that, and remove nothing that was changed since it was read", () =>
  together(async (ada, agent, revision) => {
    assertEquals((await agent.call("create_file", { path: "x/y.txt", text: "y" })).data.outcome, "applied");
    assertEquals((await agent.call("create_file", { path: "x/y.txt", text: "z" })).code, "already_there");
    assertEquals((await agent.call("move", { path: "x/y.txt", to: "y.txt" })).data.changed, true);
    await ada.insert(a, 0, "zero\n").settled;
    assertEquals((await agent.call("remove", { path: a, revision })).code, "precondition_failed");
    assertEquals((await agent.call("remove", { path: "y.txt" })).data.changed, true);
    await seen(ada, agent);
    assertEquals(ada.files().map(({ path }) => path), [a]);
  }));

Deno.test("create_file and change_files make files executable, or not, and list_files says which are", () =>
  together(async (ada, agent) => {
    await agent.call("create_file", { path: "run.sh", text: "x", executable: true });
    const steps = [
      { do: "create", path: "b.sh", text: "b", executable: true },
      { do: "mode", path: "run.sh", executable: false },
    ];
    assertEquals((await agent.call("change_files", { steps })).data.changed, true);
    await seen(ada, agent);
    assertEquals(ada.files().flatMap(({ path, executable }) => executable ? [path] : []), ["b.sh"]);
    const { data } = await agent.call("list_files", { globs: ["*.sh"] });
    assertEquals(data.entries, [
      { path: "b.sh", kind: "file", length: 1, executable: true },
      { path: "run.sh", kind: "file", length: 1 },
    ]);
    const directory = [{ do: "mode", path: "src", executable: true }];
    assertEquals((await agent.call("change_files", { steps: directory })).code, "not_executable");
  }));

Deno.test("list_files, search, diff and blame say what there is, where, since when and by whom", () =>
  together(async (ada, agent, since) => {
    await ada.create("docs/deep/x.md", "see one\n").settled;
    await agent.call("edit_file", { path: a, revision: since, lines: [{ from: 2, to: 2, text: "TWO" }] });
    const list = await agent.call("list_files", { depth: 1 });
    assertEquals(list.data.entries, [{ path: "docs", kind: "directory" }, {
      path: "src",
      kind: "directory",
    }]);
    const deep = await agent.call("list_files", { directory: "docs", globs: ["**/*.md"] });
    assertEquals(deep.data.entries, [{ path: "docs/deep/x.md", kind: "file", length: 8 }]);
    assertEquals((await agent.call("list_files", { revision: since })).data.entries.length, 2);

    const found = await agent.call("search", { pattern: "ONE$", regular: true, ignore_case: true });
    assertEquals(found.data.matches, [
      { path: "docs/deep/x.md", line: 1, column: 5, text: "see one" },
      { path: a, line: 1, column: 1, text: "one" },
    ]);
    const first = await agent.call("search", { pattern: "one", limit: 1 });
    const second = await agent.call("search", { pattern: "one", limit: 1, next: first.data.next });
    assertEquals([...first.data.matches, ...second.data.matches].map(({ path }) => path), [
      "docs/deep/x.md",
      a,
    ]);

    const diff = await agent.call("diff", { since });
    const [added, modified] = diff.data.files;
    assertEquals([added.status, added.path, added.authors[0].name], ["added", "docs/deep/x.md", "Ada"]);
    assertEquals([modified.status, modified.authors[0].name], ["modified", "Robot"]);
    assertStringIncludes(modified.patch, "-two\n+TWO\n");
    const short = await agent.call("diff", { since, patches: false, paths: ["src"] });
    assertEquals(short.data.files.map(({ path, patch }: { path: string; patch?: string }) => [path, patch]), [
      [a, undefined],
    ]);

    const blamed = await agent.call("blame", { path: a, from_line: 2 });
    assertEquals(
      blamed.data.lines.map(
        ({ line, text, author }: { line: number; text: string; author: { name: string } }) => {
          return [line, text, author.name];
        },
      ),
      [[2, "TWO", "Robot"], [3, "three", "Ada"]],
    );
  }));

Deno.test("long answers are cut, and go on at the same revision", () =>
  together(async (ada, agent, since) => {
    const line = (i: number) => `${i} ${"x".repeat(90)}\n`;
    const text = Array.from({ length: 1500 }, (_, i) => line(i)).join("");
    await ada.create("long.txt", text).settled;
    await ada.create("more.txt", "more\n").settled;
    await ada.atomically((draft) => {
      for (let i = 0; i < 600; i++) draft.make(`many/${i}.txt`, "text");
    }).settled;

    const pages = async (name: string, input: Record<string, unknown>) => {
      const all = [await agent.call(name, input)];
      await ada.insert("long.txt", 0, "typed meanwhile\n").settled;
      for (let next; (next = all.at(-1)!.data.next) !== undefined;) {
        all.push(await agent.call(name, { ...input, next }));
      }
      assert(all.length > 1, `one page of ${name}`);
      assertEquals(new Set(all.map(({ data }) => data.revision)).size, 1);
      for (const { text } of all) assert(text.length < 60_000, `${text.length} code units of ${name}`);
      await ada.delete("long.txt", 0, "typed meanwhile\n".length).settled;
      return all.map(({ data }) => data);
    };
    const read = (await pages("read_files", { paths: ["long.txt", "more.txt"] })).flatMap(({ files }) =>
      files
    );
    assertEquals(read.filter(({ path }) => path === "long.txt").map(({ text }) => text).join(""), text);
    assertEquals(read.at(-1), { path: "more.txt", text: "more\n", from_line: 1, to_line: 1, lines: 1 });
    const listed = (await pages("list_files", {})).flatMap(({ entries }) => entries);
    assertEquals(new Set(listed.map(({ path }) => path)).size, 605);
    assertEquals(listed.length, 605);
    const patches = (await pages("diff", { since, globs: ["*.txt"] })).flatMap(({ files }) => files);
    assertEquals(patches.map(({ patch }) => patch).join("").match(/^\+\d+ x+$/gm)!.length, 1500);
    const blamed = (await pages("blame", { path: "long.txt" })).flatMap(({ lines }) => lines);
    assertEquals(blamed.map(({ text }) => `${text}\n`).join(""), text);
    assertEquals((await agent.call("list_files", { next: "nonsense" })).code, "continuation_invalid");
  }));

Deno.test("who_is_here says where everybody is", () =>
  together(async (ada, agent) => {
    ada.select(a, [{ anchor: 4, head: 7 }]);
    const { data, text } = await eventually(async () => {
      const answer = await agent.call("who_is_here");
      return answer.data.others[0]?.line === undefined ? undefined : answer;
    }, "where Ada is");
    const { session, ...other } = data.others[0];
    assertEquals(other, { name: "Ada", kind: "human", path: a, line: 2, column: 4, selected: "two" });
    assertEquals([session, data.you.name, data.you.kind], [ada.site, "Robot", "agent"]);
    assertStringIncludes(text, `${a}:2 selecting "two"`);
    await agent.call("read_files", { paths: [a] });
    const node = ada.find(a)!.id;
    await eventually(() => ada.peers.some((peer) => peer.node === node), "where the agent is, at Ada's");
  }));

Deno.test("wait_for_changes waits for others in some paths, which need not be there, and no longer than asked", () =>
  together(async (ada, agent, since) => {
    const before = performance.now();
    const none = await agent.call("wait_for_changes", { paths: ["docs"], timeout_seconds: 0.2 });
    assertEquals([none.data.changed, none.data.files], [false, []]);
    assert(performance.now() - before < 5000, "it waited too long");

    const waiting = agent.call("wait_for_changes", { paths: ["docs"], quiet_seconds: 0.1 });
    await ada.insert(a, 0, "elsewhere ").settled;
    await agent.call("create_file", { path: "docs/own.md", text: "own\n" });
    await pause(150);
    await ada.create("docs/new.md", "new\n").settled;
    const { data } = await waiting;
    assertEquals([data.changed, data.files.map(({ path }: { path: string }) => path)], [true, [
      "docs/new.md",
    ]]);

    const past = await agent.call("wait_for_changes", { since, globs: ["**/a.txt"] });
    assertEquals([past.data.files[0].path, past.data.files[0].authors[0].name], [a, "Ada"]);
  }));

Deno.test("revert_to takes a path back, revert_changes what one author, session, task or revision did", () =>
  together(async (ada, agent, revision) => {
    const edit = async (more: Record<string, unknown>) =>
      (await agent.call("edit_file", { path: a, revision: agent.space.revision, ...more })).data.revision;
    await agent.call("create_file", { path: "b.txt", text: "b\n", task: "docs" });
    await edit({ lines: [{ from: 2, to: 2, text: "zwei" }], task: "german" });
    const english = await edit({ lines: [{ from: 3, to: 3, text: "THREE" }] });
    await ada.insert(a, 0, "zero\n").settled;

    const task = await agent.call("revert_changes", { task: "german" });
    assertEquals(task.data.files, [{ path: a, did: "edited" }]);
    await seen(ada, agent);
    // The log has it, whoever asks.
    const german = await ada.past.entries({ tasks: ["german"] });
    assertEquals(german.entries.map(({ author }) => author?.name), ["Robot", "Robot"]);
    assertEquals(ada.read(a), "zero\none\ntwo\nTHREE\n");
    await agent.call("revert_changes", { revisions: [english] });
    await seen(ada, agent);
    assertEquals(ada.read(a), "zero\none\ntwo\nthree\n");
    const author = await agent.call("revert_changes", { author: "Robot", paths: ["b.txt"] });
    assertEquals(author.data.files, [{ path: "b.txt", did: "removed" }]);
    const session = await agent.call("revert_changes", { session: ada.site, since: revision });
    assertEquals(session.data.changed, true);
    await seen(ada, agent);
    assertEquals(ada.files().map(({ path }) => [path, ada.read(path)]), [[a, "one\ntwo\nthree\n"]]);

    assertEquals((await agent.call("revert_changes", { task: "none" })).code, "task_unknown");
    assertEquals((await agent.call("revert_changes", { author: "Eve" })).code, "author_unknown");
    assertEquals((await agent.call("revert_changes", {})).code, "whose_unclear");

    await ada.remove("src").settled;
    const back = await agent.call("revert_to", { path: a, revision });
    assertEquals(back.data.path, a);
    await seen(ada, agent);
    assertEquals(ada.read(a), "one\ntwo\nthree\n");
  }));

Deno.test("what cannot be done has a name and says what to do, and changes nothing", () =>
  together(async (ada, agent, revision) => {
    const edit = { path: a, revision, replacements: [{ old: "two", new: "2" }] };
    const faults: [code: string, name: string, input: Record<string, unknown>][] = [
      ["bad_path", "read_files", { paths: ["src/../secret"] }],
      ["bad_path", "create_file", { path: "../out.txt", text: "" }],
      ["bad_path", "move", { path: a, to: "a\u0000b" }],
      ["path_unknown", "read_files", { paths: ["none.txt"] }],
      ["path_unknown", "blame", { path: "none.txt" }],
      ["path_unknown", "edit_file", { ...edit, path: "none.txt" }],
      ["not_found", "remove", { path: "none.txt" }],
      ["revision_unknown", "read_files", { paths: [a], revision: 9999 }],
      ["revision_unknown", "edit_file", { ...edit, revision: 9999 }],
      ["revision_unknown", "diff", { since: 9999 }],
      ["revision_unknown", "revert_to", { path: a, revision: 9999 }],
      ["text_not_found", "edit_file", { ...edit, replacements: [{ old: "zwei", new: "2" }] }],
      ["text_ambiguous", "edit_file", { ...edit, replacements: [{ old: "e", new: "2" }] }],
      ["line_unknown", "edit_file", { path: a, revision, lines: [{ from: 9, to: 9, text: "" }] }],
      ["patch_unfit", "edit_file", { path: a, revision, patch: "--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y\n" }],
      ["edit_unclear", "edit_file", { path: a, revision }],
      ["edit_unclear", "edit_file", { ...edit, text: "all" }],
      ["edited_twice", "change_files", { steps: [{ do: "edit", ...edit }, { do: "edit", ...edit }] }],
      ["change_too_long", "create_file", { path: "long.txt", text: "x".repeat(9 << 20) }],
      ["ill_formed", "create_file", { path: "half.txt", text: "\ud800" }],
      ["pattern_invalid", "search", { pattern: "(", regular: true }],
      ["nothing_asked", "read_files", {}],
      ["arguments_invalid", "read_files", { path: a }],
      ["arguments_invalid", "edit_file", { ...edit, revision: -1 }],
      ["tool_unknown", "format_disk", {}],
    ];
    for (const [code, name, input] of faults) {
      const answer = await agent.call(name, input);
      assertEquals(answer.code, code, `${name}: ${answer.text.slice(0, 300)}`);
      assert(/^\w+: [A-Z"].*[.!?`]$/s.test(answer.text), answer.text);
    }
    assertEquals([ada.revision, ada.read(a)], [revision, "one\ntwo\nthree\n"]);
  }));

Deno.test("an agent that has lost its connection is told so, and changes nothing meanwhile", () =>
  together(async (_, agent, revision, server) => {
    await server.stop();
    await eventually(() => agent.space.status.phase !== "online", "a lost connection");
    const edit = await agent.call("edit_file", { path: a, revision, text: "" });
    assertEquals([edit.code, agent.space.status.unsent], ["not_connected", 0]);
    assertEquals((await agent.call("read_files", { paths: [a] })).code, "not_connected");
  }));

Deno.test("an agent of a large workspace loads what it edits, and nothing else", () =>
  together(async (ada, agent) => {
    await ada.atomically((draft) => {
      for (let i = 0; i < 10_000; i++) draft.make(`many/${i % 100}/${i}.txt`, "text");
    }).settled;
    const { data } = await agent.call("read_files", { paths: ["many/7/7.txt", a] });
    await agent.call("search", { pattern: "two" });
    await agent.call("edit_file", {
      path: a,
      revision: data.revision,
      replacements: [{ old: "two", new: "2" }],
    });
    const loaded = agent.space.files().filter(({ path }) => agent.space.isLoaded(path)).map(({ path }) =>
      path
    );
    assertEquals([agent.space.files().length, loaded], [10_001, [a]]);
  }));

Deno.test("binary files are listed, and neither read nor taken for text", () =>
  together(async (ada, agent, since) => {
    await ada.writeBytes("logo.png", new Uint8Array([1, 2, 255])).settled;
    const { data } = await agent.call("list_files", { globs: ["*.png"] });
    assertEquals(data.entries, [{ path: "logo.png", kind: "binary", length: 3 }]);
    assertEquals((await agent.call("read_files", { paths: ["logo.png"] })).code, "path_unknown");
    const edit = { path: "logo.png", revision: ada.revision, text: "" };
    assertEquals((await agent.call("edit_file", edit)).code, "path_unknown");
    const reverted = await agent.call("revert_changes", { author: "Ada", since });
    assertEquals(reverted.data.files, [{ path: "logo.png", did: "removed" }]);
    await seen(ada, agent);
    assertEquals(ada.find("logo.png"), undefined);
  }));

Deno.test("an agent sees and changes what its token covers, and nothing else", async () => {
  const entries = new Map<string, Claims>();
  const tokenOf = (name: string, capabilities: readonly string[]) => {
    const { token, claims } = mintForFile({ name, kind: "agent", workspaces: ["w"], capabilities });
    entries.set(claims.id, claims);
    return token;
  };
  await using server = new LiveServer({
    settings: { authentication: true },
    authenticator: authenticator(() => ({ keys: [], entries, revoked: new Set() })),
  });
  const ada = await Space.open({
    dial: tcp("127.0.0.1", server.port),
    workspace: "w",
    name: "?",
    token: tokenOf("Ada", ["edit:**", "tree:**"]),
  });
  try {
    await ada.atomically((draft) => {
      for (const path of [a, "docs/x.md", "secret/key.txt"]) {
        draft.edit(draft.make(path, "text"), insert(0, "words\n"));
      }
    }).settled;
    await using agent = await McpAgent.inProcess(
      server.port,
      "?",
      tokenOf("Robot", ["edit:src/**", "read:docs/**"]),
    );
    const { data } = await agent.call("read_files", { globs: ["**"] });
    assertEquals(data.files.map(({ path }: { path: string }) => path), ["docs/x.md", a]);
    assertEquals((await agent.call("search", { pattern: "words" })).data.matches.length, 2);
    assertEquals((await agent.call("diff", { since: 1 })).text.includes("secret"), false);
    const revision = data.revision, replacements = [{ old: "words", new: "deeds" }];
    const edit = (path: string) => agent.call("edit_file", { path, revision, replacements });
    assertEquals((await edit("secret/key.txt")).code, "path_unknown");
    assertEquals((await edit("docs/x.md")).code, "not_allowed");
    assertEquals((await agent.call("create_file", { path: "docs/y.md", text: "" })).code, "not_allowed");
    assertEquals((await edit(a)).data.outcome, "applied");
    await eventually(() => ada.read(a) === "deeds\n", "the edit, at Ada's");
    assertEquals([ada.read("docs/x.md"), ada.find("docs/y.md")], ["words\n", undefined]);
  } finally {
    await ada.close();
  }
});
