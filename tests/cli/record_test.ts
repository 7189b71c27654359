/**
 * `deno task serve --record` and `deno task replay` as people run them: real processes, sockets, clients and ends.
 *
 * @module
 */

import { Space, tcp } from "../../mod.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { eventually, pause } from "../server/waiting.ts";
import { serve } from "./running.ts";

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const root = new URL("../../", import.meta.url).pathname;

async function run(args: readonly string[], input = ""): Promise<Ran> {
  const process = new Deno.Command(Deno.execPath(), {
    cwd: root,
    args: ["run", "--quiet", "--allow-all", "cli/main.ts", ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await process.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

const replay = (...args: string[]) => run(["replay", ...args]);

async function inDirectory(use: (path: (name: string) => string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await use((name) => `${directory}/${name}`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function open(address: string, name: string): Promise<Space> {
  const [hostname, port] = address.split(":");
  return Space.open({ dial: tcp(hostname!, Number(port)), workspace: "plans", name });
}

/** Ada writes notes, Bob renames them and writes into them; both by the command that people use. */
async function recordSession(path: string, ...options: string[]): Promise<void> {
  const { server, address } = await serve("--record", path, ...options);
  await using _ = server;
  const ada = await run(["client", address, "plans", "--name", "Ada"], 'put notes.txt "Hello\\nthere\\n"\n');
  assertEquals(ada.code, 0, ada.stderr);
  const bob = await run(
    ["client", address, "plans", "--name", "Bob"],
    'insert notes.txt 1:6 ", world"\nmv notes.txt diary.txt\nput "empty file.md" ""\nundo\n',
  );
  assertEquals(bob.code, 0, bob.stderr);
  assertEquals(await server.stop(), 0);
}

Deno.test("a recorded server replays identically, and whoever asks is told what there was", async () => {
  await inDirectory(async (path) => {
    const file = path("plans.jsonl");
    await recordSession(file);
    if (Deno.build.os !== "windows") assertEquals((await Deno.stat(file)).mode! & 0o777, 0o600);

    const whole = await replay(file);
    assertEquals([whole.code, whole.stderr], [0, ""]);
    const inputs = (await Deno.readTextFile(file)).split("\n").filter((line) =>
      line.startsWith('{"n":')
    ).length;
    assertStringIncludes(whole.stdout, `identical: ${inputs} inputs`);
    assertStringIncludes(whole.stdout, "live capture");
    assert(!whole.stdout.includes("torn"));

    const report = JSON.parse((await replay(file, "--json")).stdout);
    assertEquals([report.identical, report.inputs, report.replayed, report.end], [
      true,
      inputs,
      inputs,
      "stopped",
    ]);
    const head = report.revisions.plans;

    assertEquals((await replay(file, "--show", "diary.txt")).stdout, "Hello, world\nthere\n");
    assertEquals((await replay(file, "--to", "2", "--show", "notes.txt")).stdout, "Hello\nthere\n");
    assertMatch((await replay(file, "--files")).stdout, /^diary\.txt +19\n$/);
    const before = JSON.parse((await replay(file, "--to", `${head - 1}`, "--files", "--json")).stdout);
    assertEquals(before.files.map(({ path }: { path: string }) => path), ["diary.txt", "empty file.md"]);
    assertMatch((await replay(file, "--at", "+0")).stdout, /^record 0 /);
    assertMatch(
      (await replay(file, "--at", "2999-01-01T00:00:00Z")).stdout,
      new RegExp(`^record ${inputs} `),
    );

    for (
      const args of [
        ["--to", "999"],
        ["--at", "yesterday"],
        ["--show", "nothing.txt"],
        ["--files", "--workspace", "other"],
        ["--what-if", "crash@999999"],
        ["--what-if", "nonsense"],
      ]
    ) {
      const { code, stdout, stderr } = await replay(file, ...args);
      assertEquals([code, stdout], [6, ""], args.join(" "));
      assertMatch(stderr, /no_such_place: /);
      assertEquals(stderr.trim().split("\n").length, 1);
    }
    assertEquals((await replay(file, "--connect", "127.0.0.1:1")).code, 2);
    const { code, stderr } = await replay(file, "--files", "--what-if", "crash@1");
    assertEquals([code, stderr], [2, "Choose one: --files or --what-if.\n"]);
  });
});

Deno.test("a recording is gone through step by step, on a pipe too", async () => {
  await inDirectory(async (path) => {
    const file = path("plans.jsonl");
    await recordSession(file);
    const commands = [
      "to 2",
      "show notes.txt",
      "view Ada",
      "next 3",
      "back",
      "jump 1",
      "who",
      "jump 0",
      "jump 100000",
      "view Bob diary.txt",
      "files",
      "fly",
      "show",
      "help",
      "quit",
      "files",
    ];
    const { code, stdout, stderr } = await run(["replay", file, "--step"], commands.join("\n") + "\n");
    assertEquals([code, stderr], [0, ""]);
    for (
      const text of [
        /^\d+ {2}\+\d+\.\d{6} s {2}server: appended plans\n/,
        /\nHello\nthere\n/,
        /\nWhat Ada \(1\) has been sent, revision 1, besides its own change 1, which is not answered yet:\n/,
        /\n1 {2}.*server: connected 1\n/,
        /\nThe beginning\.\n/,
        /\nWhat Bob \(2\) has been sent, revision \d+:\nHello, world\nthere\n/,
        /\ndiary\.txt {2}19\n/,
        /\nThere is no command fly; help lists those there are\.\n/,
        /\nSay which file\.\n/,
        /\nback \[N\] /,
      ]
    ) assertMatch(stdout, text);
    // Nothing is done behind quit.
    assertEquals(stdout.split("diary.txt  19").length, 2);
  });
});

Deno.test("a timeline shows what each sent and saw", async () => {
  await inDirectory(async (path) => {
    const file = path("plans.jsonl");
    await recordSession(file);
    const { stdout } = await replay(file, "--timeline");
    const lines = stdout.split("\n");
    assertMatch(lines[0]!, /\+s │ server +│ Ada \(1\) +│ Bob \(2\)$/);
    for (
      const text of [
        "→ hello plans, human Ada",
        "← acknowledge 1 = revision 2",
        "→ submit 1 on 2: edit notes.txt",
      ]
    ) {
      assertStringIncludes(stdout, text);
    }
    const events = (await replay(file, "--timeline", "--json", "--to", "2")).stdout.trim().split("\n");
    const kinds = events.map((line) => JSON.parse(line).message?.kind).filter((kind) => kind !== undefined);
    assertEquals(kinds, ["hello", "welcome", "sync", "operation"]);
  });
});

Deno.test("a redacted recording replays identically, and nobody's words are in it", async () => {
  await inDirectory(async (path) => {
    const file = path("plans.jsonl"), other = path("redacted.jsonl.gz");
    await recordSession(file);
    const { code, stdout, stderr } = await replay(file, "--redact", other);
    assertEquals([code, stderr], [0, ""]);
    assertStringIncludes(stdout, other);
    assertMatch((await replay(other)).stdout, /\nidentical: /);
    const timeline = (await replay(other, "--timeline")).stdout;
    for (const word of ["Ada", "Bob", "notes", "diary", "world", "plans"]) {
      assert(!timeline.includes(word), word);
    }
    assertMatch((await replay(other, "--show", "diary.txt")).stderr, /no_such_place/);
    // What is there is not written over.
    assertEquals((await replay(file, "--redact", other)).code, 1);
  });
});

Deno.test("what would have come of a fault is shown beside what did", async () => {
  await inDirectory(async (path) => {
    const file = path("plans.jsonl");
    await recordSession(file);
    const events = (await replay(file, "--timeline", "--json")).stdout.trim().split("\n").map((line) =>
      JSON.parse(line)
    );
    const { record } = events.find(({ what, text }) => what === "happened" && text === "plans 2 durable");
    const { code, stdout } = await replay(file, "--what-if", `crash@${record}`);
    assertEquals(code, 0);
    assertMatch(stdout, /It goes another way from record \d+ on/);
    assertMatch(stdout, /plans: revision \d+ as recorded, \d+ here/);
    const report = JSON.parse((await replay(file, "--what-if", `cut:1@${record}`, "--json")).stdout);
    assert(report.firstDifference.record > record);
  });
});

for (const ending of ["jsonl", "jsonl.gz"]) {
  Deno.test(`a server that is killed amid typing leaves a ${ending} that is torn and replays`, async () => {
    await inDirectory(async (path) => {
      const file = path(`killed.${ending}`);
      const { server, address } = await serve("--record", file);
      await using _ = server;
      const spaces = await Promise.all(["Ada", "Bob", "Cleo", "Dan"].map((name) => open(address, name)));
      await spaces[0]!.create("a.txt", "").settled;
      let typing = true, settled = 0;
      const typed = spaces.map(async (space) => {
        await eventually(() => space.find("a.txt"), "the file");
        while (typing) {
          space.insert("a.txt", 0, "word ").settled.then(() => settled++, () => {});
          await pause(3);
        }
      });
      await eventually(() => settled > 400, "400 changes");
      const [lines] = [settled];
      await pause(250);
      await server[Symbol.asyncDispose]();
      typing = false;
      await Promise.all(typed);
      for (const space of spaces) space.close().catch(() => {});

      const report = JSON.parse((await replay(file, "--json")).stdout);
      assertEquals(report.identical, true);
      assertStringIncludes(report.torn, "missing");
      // All that was a quarter of a second old is there.
      assert(report.revisions.plans >= lines, `${report.revisions.plans} of ${lines}`);
      assertMatch((await replay(file)).stdout, /\ntorn: .*\nidentical: /);
      // Half of a line, or of a packed piece, is no more than that.
      const bytes = await Deno.readFile(file);
      await Deno.writeFile(file, bytes.subarray(0, bytes.length - 57));
      const half = JSON.parse((await replay(file, "--json")).stdout);
      assertEquals(half.identical, true);
      assertMatch(half.torn, /line \d+ is there in part/);
    });
  });
}

Deno.test("serve says so and exits with 1 where it cannot record, and never writes over a recording", async () => {
  await inDirectory(async (path) => {
    await Deno.writeTextFile(path("old.jsonl"), "what is left of a crash\n");
    for (const name of ["nowhere/new.jsonl", "old.jsonl", "."]) {
      const { code, stdout, stderr } = await run([
        "serve",
        "--memory",
        "--no-http",
        "--port",
        "0",
        "--record",
        path(name),
      ]);
      assertEquals([code, stdout], [1, ""]);
      assertMatch(stderr, /^Cannot record to .*: .*\n$/);
    }
    assertEquals(await Deno.readTextFile(path("old.jsonl")), "what is left of a crash\n");
  });
});

Deno.test({
  name: "a disk that is full ends the recording, which is reported once, and not the server",
  ignore: Deno.build.os !== "linux",
  async fn() {
    // Only who may do anything may write to a device.
    const process = new Deno.Command(Deno.execPath(), {
      cwd: root,
      args: [
        "run",
        "--quiet",
        "--allow-all",
        "cli/main.ts",
        "serve",
        "--memory",
        "--no-http",
        "--port",
        "0",
        "--record",
        "/dev/full",
      ],
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    let printed = "", logged = "";
    const follow = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>, take: (text: string) => void) => {
      for await (const text of stream.pipeThrough(new TextDecoderStream())) take(text);
    };
    const ended = Promise.all([
      follow(process.stdout, (text) => printed += text),
      follow(process.stderr, (text) => logged += text),
    ]);
    try {
      await eventually(() => printed.includes("\n"), "the line that says where it listens");
      const space = await open(printed.trim().split(" ").at(-1)!, "Ada");
      await space.create("a.txt", "hello").settled;
      await eventually(() => logged.includes("recording_failed"), "the report");
      for (let i = 0; i < 50; i++) space.insert("a.txt", 0, "x");
      await pause(300);
      assertEquals((await space.insert("a.txt", 0, "y").settled).kind, "durable");
      await space.close();
    } finally {
      process.kill("SIGTERM");
      await ended;
    }
    assertEquals((await process.status).code, 0);
    assertEquals(logged.split("recording_failed").length, 2);
  },
});

Deno.test("replay stops at the first difference, and shows it", async () => {
  await inDirectory(async (path) => {
    const file = path("changed.jsonl");
    await recordSession(file);
    const lines = (await Deno.readTextFile(file)).split("\n");
    const at = lines.findIndex((line) => line.includes('"appended"'));
    lines[at] = lines[at]!.replace(/"out":"[^"]*"/, '"out":"0123456789abcdef"');
    await Deno.writeTextFile(file, lines.join("\n"));
    const { n } = JSON.parse(lines[at]!);
    const { code, stdout } = await replay(file);
    assertEquals(code, 1);
    assertMatch(stdout, new RegExp(`different: recorded by version .*; first difference at record ${n}\n`));
    assertStringIncludes(stdout, "recorded  0123456789abcdef");
    assertStringIncludes(stdout, '"kind":"appended"');
    const report = JSON.parse((await replay(file, "--json")).stdout);
    assertEquals([report.identical, report.difference.record], [false, n]);

    await Deno.writeTextFile(file, lines.with(at, "{").join("\n"));
    const malformed = await replay(file);
    assertEquals(malformed.code, 3);
    assertStringIncludes(malformed.stderr, `malformed_recording: Line ${at + 1}: `);
  });
});

Deno.test("every kept recording replays identically", async () => {
  let count = 0;
  for await (const { name } of Deno.readDir(`${root}fixtures/recordings`)) {
    if (!/\.jsonl(\.gz)?$/.test(name)) continue;
    const { code, stdout } = await replay(`fixtures/recordings/${name}`);
    assertEquals(code, 0, `${name}: ${stdout}`);
    count++;
  }
  assert(count > 0);
});
