import { replayFile, type ReplayFileOptions, type Report } from "../../cli/replay.ts";
import { firstDifference } from "../../cli/replay_difference.ts";
import { defaultSettings, MemoryLog, secret, serveTcp, type Settings, Shell } from "../../server/mod.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";

/** How many transactions go into a change where the trace leaves it open. */
const gathers = [1, 1000];

type Patches = readonly (readonly [number, number, string])[];
/** Who typed, what of the transactions before had been seen last, and what was typed. */
type Drawn = readonly [agent: number, parents: readonly number[], ...patches: Patches];

function sequential(startContent: string, endContent: string, ...txns: readonly Patches[]): unknown {
  return { startContent, endContent, txns: txns.map((patches) => ({ patches })) };
}

function concurrent(endContent: string, ...txns: readonly Drawn[]): unknown {
  const numAgents = Math.max(...txns.map(([agent]) => agent)) + 1;
  return {
    kind: "concurrent",
    endContent,
    numAgents,
    txns: txns.map(([agent, parents, ...patches]) => ({ agent, parents, patches })),
  };
}

async function withFile<T>(content: unknown, use: (path: string) => Promise<T>): Promise<T> {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  try {
    const bytes = content instanceof Uint8Array ? content : new TextEncoder().encode(JSON.stringify(content));
    await Deno.writeFile(path, bytes);
    return await use(path);
  } finally {
    await Deno.remove(path);
  }
}

function replay(trace: unknown, options: Partial<ReplayFileOptions> = {}): Promise<Report> {
  return withFile(trace, (path) => replayFile(path, { workspace: "w", gather: 1, ...options }));
}

/** Replays with short and long changes, and with a server that is reached over TCP. */
async function replaysIdentically(trace: unknown): Promise<void> {
  await withServer({}, async (address) => {
    for (const options of [{ gather: 1 }, { gather: 1000 }, { address }] as const) {
      const report = await replay(trace, options);
      assert("identical" in report && report.identical, JSON.stringify(report));
    }
  });
}

async function errorOf(trace: unknown, options: Partial<ReplayFileOptions> = {}): Promise<string> {
  const report = await replay(trace, options);
  assert("error" in report, JSON.stringify(report));
  return `${report.error.code}: ${report.error.message}`;
}

interface Serving {
  readonly shell: Shell;
  /** What the server reported. */
  readonly events: string[];
}

/** A server on a port of its own while `use` runs. */
async function withServer<T>(
  settings: Partial<Settings>,
  use: (address: { hostname: string; port: number }, serving: Serving) => Promise<T>,
): Promise<T> {
  const events: string[] = [];
  const shell = new Shell({
    settings: { ...defaultSettings, ...settings },
    log: new MemoryLog(secret),
    report: (event) => events.push(event),
  });
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = serveTcp(listener, shell).catch(() => {});
  try {
    return await use({ hostname: "127.0.0.1", port: listener.addr.port }, { shell, events });
  } finally {
    listener.close();
    await shell.stop();
    await serving;
  }
}

Deno.test("a sequential trace replays, with several patches in a transaction", async () => {
  await replaysIdentically(
    sequential("one two", "1, two!\r\n", [[0, 3, "1,"]], [[6, 0, "!"], [7, 0, "\r\n"]], []),
  );
});

Deno.test("positions of a trace count code points", async () => {
  await replaysIdentically(sequential("😀b", "😀🎉c!", [[1, 1, "🎉"]], [[2, 0, "cd"], [3, 1, "!"]]));
  // The second agent's position stands behind an emoji of the first one's.
  await replaysIdentically(
    concurrent("😀ab😀", [0, [], [0, 0, "😀a"]], [1, [0], [2, 0, "b"]], [0, [1], [3, 0, "😀"]]),
  );
});

Deno.test("a trace may begin with a text that is longer than a change", async () => {
  // Pairs at odd positions: one of them lies across the place where the first piece would end.
  const text = "x" + "😀".repeat(150_000);
  await replaysIdentically(sequential(text, text + "!", [[150_001, 0, "!"]]));
});

Deno.test("of two agents who type at one place, the one who came first stays left", async () => {
  await replaysIdentically(
    concurrent("abXY", [1, [], [0, 0, "X"]], [0, [], [0, 0, "a"]], [1, [0], [1, 0, "Y"]], [0, [1], [
      1,
      0,
      "b",
    ]]),
  );
});

Deno.test("agents who had seen different things have seen just that when they type", async () => {
  // 1 and 2 both answer to 0; 1 sees 2's answer at once, 2 sees 1's after it has typed on.
  await replaysIdentically(concurrent(
    "Q: abc? yes no maybe.",
    [0, [], [0, 0, "Q: abc?"]],
    [1, [0], [7, 0, " yes"]],
    [2, [0], [7, 0, " no"]],
    [1, [1, 2], [14, 0, " maybe"]],
    [2, [2], [10, 0, "t"]],
    [2, [3, 4], [20, 1, ""]],
    [0, [5], [20, 0, "."]],
  ));
});

Deno.test("what was typed while an acknowledgement had to wait replays as one change", async () => {
  const trace = concurrent(
    "A!bcde",
    [0, [], [0, 0, "A"]],
    [1, [], [0, 0, "b"]],
    [1, [1], [1, 0, "c"]],
    [1, [2], [2, 0, "d"]],
    [1, [3, 0], [4, 0, "e"]],
    [0, [0, 1], [1, 0, "!"]],
  );
  await replaysIdentically(trace);
  const report = await replay(trace);
  assert("changes" in report);
  // And the server's own entry, and the one that makes the file.
  assertEquals([report.edits, report.changes, report.revisions, report.agents], [6, 5, 7, 2]);
});

Deno.test("a trace without transactions replays, and an agent may have none", async () => {
  await replaysIdentically(sequential("as it was", "as it was"));
  await replaysIdentically({ kind: "concurrent", endContent: "", numAgents: 2, txns: [] });
});

Deno.test("a text that is not the recorded one is reported with the place and both texts around it", async () => {
  const report = await replay(sequential("", "one\ntwo\nthree", [[0, 0, "one\ntwa\nthree"]]));
  assert("difference" in report);
  assertEquals(report.identical, false);
  assertEquals(report.difference, {
    holder: "agent 0",
    line: 2,
    column: 3,
    expected: "one\ntwo\nthree",
    actual: "one\ntwa\nthree",
  });
});

Deno.test("firstDifference() shows where one text goes on and the other ends", () => {
  assertEquals(firstDifference("ab", "ab"), undefined);
  assertEquals(firstDifference("ab\n", "ab"), { line: 1, column: 3, expected: "ab\n", actual: "ab" });
  const long = "x".repeat(100);
  assertEquals(firstDifference(long + "\nA", long + "\nB" + long), {
    line: 2,
    column: 1,
    expected: "x".repeat(29) + "\nA",
    actual: "x".repeat(29) + "\nB" + "x".repeat(29),
  });
});

Deno.test("a file that cannot be replayed gets an error that names the place", async () => {
  assertMatch(
    await errorOf(new TextEncoder().encode('{"txns": [1,]}')),
    /^malformed_trace: the file is not JSON: .*]/,
  );
  assertEquals(
    await errorOf(Uint8Array.of(0x22, 0x61, 0xc3, 0x28, 0x22)),
    "malformed_trace: the file is not UTF-8: byte 2 is ill-formed",
  );
  assertEquals(
    await errorOf(sequential("", "", [[1, 0, "a"]])),
    "malformed_trace: txns[0].patches[0]: position 1 is outside the text of 0 characters",
  );
  // Of a concurrent trace, that comes out when it is replayed.
  assertEquals(
    await errorOf(concurrent("", [0, [], [0, 0, "ab"]], [1, [], [0, 0, ""], [2, 1, "a"]])),
    "malformed_trace: txns[1].patches[1]: position 2 is outside the text of 0 characters",
  );
  assertMatch(
    await errorOf(sequential("", "", [[0, 0, "a".repeat(9 << 20)]])),
    /^connection_failed: txns\[0\]: /,
  );
  assertMatch(
    await replayFile("no/such/file", { workspace: "w", gather: 1 }).then(JSON.stringify),
    /unreadable_file/,
  );
});

Deno.test("a trace that no one log gives is refused by name", async () => {
  const trace = concurrent("", [0, []], [1, []], [2, [0]], [3, [1]], [2, [2, 1]], [3, [3, 0]]);
  assertMatch(
    await errorOf(trace),
    /^not_one_log: txns\[0\]: no one log gives this, .*agent 3 at txns\[3\] had seen/,
  );
});

Deno.test("a packed file replays as the plain one does, and a damaged one is malformed", async () => {
  const trace = new TextEncoder().encode(JSON.stringify(sequential("", "abc", [[0, 0, "abc"]])));
  const packing = new Blob([trace]).stream().pipeThrough(new CompressionStream("gzip"));
  const packed = new Uint8Array(await new Response(packing).arrayBuffer());
  await replaysIdentically(packed);
  assertMatch(
    await errorOf(packed.subarray(0, packed.length - 12)),
    /^malformed_trace: the file is damaged gzip: /,
  );
});

/** One agent types letter by letter while another one has nothing to do, and then has its say. */
function longTrace(length: number): unknown {
  const txns = Array.from({ length }, (_, i): Drawn => [0, i === 0 ? [] : [i - 1], [i, 0, "x"]]);
  return concurrent("x".repeat(length) + "!", ...txns, [1, [length - 1], [length, 0, "!"]]);
}

Deno.test("changes that come too fast for the server are sent again, in their order", async () => {
  // Two seconds' worth may come at once.
  await withServer({ changesPerSecond: { human: 1, agent: 1, ci: 50 } }, async (address, { events }) => {
    const report = await replay(longTrace(115), { address });
    assert("identical" in report && report.identical, JSON.stringify(report));
    assert(events.includes("refused"), "some were too fast");
  });
});

Deno.test("clients whose entries are held answer the server's pings", async () => {
  // The server looks at its clocks once a second: whoever does not answer a ping is thrown out at the second look.
  const settings = {
    heartbeatUs: 500_000,
    silenceUs: 1_500_000,
    changesPerSecond: { human: 1, agent: 1, ci: 100 },
  };
  await withServer(settings, async (address) => {
    const report = await replay(longTrace(460), { address });
    assert("identical" in report && report.identical, JSON.stringify(report));
    assert(report.seconds > 2.1, "it took long enough for a client to fall silent");
  });
});

Deno.test("a workspace that others work in serves for a replay as well", async () => {
  await withServer({}, async (address) => {
    const options = { address, workspace: "shared" };
    const reports = await Promise.all(
      [longTrace(100), longTrace(200)].map((trace) => replay(trace, options)),
    );
    for (const report of reports) assert("identical" in report && report.identical, JSON.stringify(report));
  });
});

Deno.test("a server that cannot be reached, is full, or goes away is reported as that", async () => {
  const trace = longTrace(5000);
  const address = await withServer({}, (address) => Promise.resolve(address));
  assertStringIncludes(await errorOf(trace, { address }), "connection_failed: Cannot connect to 127.0.0.1:");
  await withServer({ clientsMax: 1 }, async (address) => {
    assertStringIncludes(await errorOf(trace, { address }), "connection_failed: agent 1: too_many_clients: ");
  });
  await withServer(
    { changesPerSecond: { human: 1, agent: 1, ci: 500 } },
    async (address, { shell, events }) => {
      const error = errorOf(trace, { address });
      while (events.filter((event) => event === "joined").length < 2) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      await shell.stop();
      assertMatch(await error, /^connection_failed: agent \d: shutting_down: /);
    },
  );
  await withServer({}, async (address) => {
    assertStringIncludes(
      await errorOf(trace, { address, workspace: "no name" }),
      "connection_failed: agent 0: bad_workspace_name: ",
    );
  });
});

Deno.test("the command's exit code says what came of it", async () => {
  const main = new URL("../../cli/main.ts", import.meta.url).pathname;
  const run = async (...args: string[]) => {
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-all", "--no-check", main, "replay", ...args],
    });
    const { code, stdout, stderr } = await command.output();
    const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    return { code, out: out!, err: err! };
  };
  const good = sequential("", "abc", [[0, 0, "abc"]]);
  const notOneLog = concurrent("", [0, []], [1, []], [2, [0]], [3, [1]], [2, [2, 1]], [3, [3, 0]]);
  const [identical, different, malformed, refused, unreachable, usage, json] = await Promise.all([
    withFile(good, (path) => run(path)),
    withFile(sequential("", "ab\u0007", [[0, 0, "abc"]]), (path) => run(path)),
    withFile(sequential("", "", [[1, 0, "a"]]), (path) => run(path)),
    withFile(notOneLog, (path) => run(path, "--json")),
    withFile(good, (path) => run(path, "--connect", "127.0.0.1:9")),
    run("x.json", "--connect", "nowhere"),
    withFile(good, (path) => run(path, "--json", "--gather", "2")),
  ]);
  assertEquals(identical.code, 0, identical.err);
  assertMatch(identical.out, /: sequential\n {2}edits +1\n {2}changes +1\n {2}revisions +3\n/);
  assert(identical.out.endsWith("\nidentical\n"), identical.out);
  assertEquals(different.code, 1);
  assert(
    different.out.endsWith('\ndifferent at line 1, column 3\n  the trace  "ab\\u0007"\n  agent 0    "abc"\n'),
    different.out,
  );
  assertEquals(malformed.code, 3);
  assertStringIncludes(malformed.err, "malformed_trace: txns[0].patches[0]: position 1 is outside");
  assertEquals(refused.code, 4);
  assertEquals(JSON.parse(refused.out).error.code, "not_one_log");
  assertEquals(unreachable.code, 5);
  assertEquals(usage.code, 2);
  assertStringIncludes(usage.err, "give HOST:PORT");
  const { identical: same, edits } = JSON.parse(json.out);
  assertEquals([json.code, same, edits], [0, true, 1]);
});

for (const name of ["friendsforever", "sveltecomponent"]) {
  Deno.test(`${name} replays to the text that was recorded, however its changes are cut`, async () => {
    const path = new URL(`../../../shared/traces/${name}.json.gz`, import.meta.url).pathname;
    for (const gather of gathers) {
      const report = await replayFile(path, { workspace: "w", gather });
      if ("error" in report && report.error.code === "unreadable_file") {
        console.log(`skipped: ${name} is not there (${report.error.message})`);
        return;
      }
      assert("identical" in report && report.identical, JSON.stringify(report));
    }
  });
}
