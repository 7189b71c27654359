/**
 * `deno task serve` as people run it: a process, its one line, its log, its signals and its exit codes.
 *
 * @module
 */

import { Space, tcp, tls, webSocket } from "../../mod.ts";
import { mintForFile, writeTokens } from "../../server/tokens/mod.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { RawClient } from "../server/raw_client.ts";
import { eventually, within } from "../server/waiting.ts";

const root = new URL("../../", import.meta.url).pathname;

function command(...args: string[]): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    cwd: root,
    args: ["run", "--quiet", "--allow-all", "cli/main.ts", "serve", "--memory", ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** A server that runs as a process of its own. */
class ServerProcess {
  readonly #child: Deno.ChildProcess;
  readonly #ended: Promise<unknown>;
  stdout = "";
  stderr = "";

  private constructor(command: Deno.Command) {
    this.#child = command.spawn();
    const { stdout, stderr } = this.#child;
    this.#ended = Promise.all([
      read(stdout, (text) => this.stdout += text),
      read(stderr, (text) => this.stderr += text),
    ]);
  }

  /** A server on a free port, which listens. */
  static start(...args: string[]): Promise<ServerProcess> {
    return ServerProcess.#listening(command("--port", "0", ...args));
  }

  /** A server that may have so many files and connections open at once, and no more. */
  static startWithDescriptors(count: number): Promise<ServerProcess> {
    const run = `ulimit -n ${count}; exec "$0" run --quiet --allow-all cli/main.ts serve --memory --port 0`;
    return ServerProcess.#listening(
      new Deno.Command("sh", {
        args: ["-c", run, Deno.execPath()],
        cwd: root,
        stdout: "piped",
        stderr: "piped",
      }),
    );
  }

  static async #listening(command: Deno.Command): Promise<ServerProcess> {
    const server = new ServerProcess(command);
    await eventually(
      () => server.stdout.includes("\n"),
      `the line that says where it listens (${server.stderr})`,
    );
    return server;
  }

  get port(): number {
    return Number(/:(\d+)\n/.exec(this.stdout)![1]);
  }

  /** What it has logged: a JSON object a line. */
  get log(): Record<string, unknown>[] {
    return this.stderr.split("\n").slice(0, -1).map((line) => JSON.parse(line));
  }

  signal(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  async exitCode(): Promise<number> {
    const { code } = await within(this.#child.status, "the end of the process");
    await this.#ended;
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.#child.status;
    await this.#ended;
  }
}

async function read(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  take: (text: string) => void,
): Promise<void> {
  for await (const text of stream.pipeThrough(new TextDecoderStream())) take(text);
}

async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await within(command(...args).output(), "the end of the process");
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`serve says in one line where it listens, and ends by ${signal} with everybody told and code 0`, async () => {
    await using server = await ServerProcess.start();
    assertMatch(server.stdout, /^[^\n]*\b127\.0\.0\.1:\d+\n$/);
    const space = await Space.open({ dial: tcp("127.0.0.1", server.port), workspace: "w", name: "Ada" });
    try {
      assertEquals((await space.create("a.txt", "hello").settled).kind, "durable");
      await using reader = await RawClient.join(server.port);
      await using idle = await RawClient.connect(server.port);
      server.signal(signal);
      for (const client of [reader, idle]) {
        const { resume } = await client.isEnded("shutting_down");
        assert(resume);
      }
      await eventually(() => space.status.problem?.code === "shutting_down", "the SDK to be told");
      assertEquals(await server.exitCode(), 0);
    } finally {
      await space.close();
    }
    assertMatch(server.stdout, /^[^\n]*\n$/);
    const events = server.log.map(({ msg }) => msg);
    for (const event of ["joined", "stopping", "stopped"]) {
      assert(events.includes(event), `${event} in ${events}`);
    }
    for (const { time, level } of server.log) assert(typeof time === "number" && typeof level === "number");
    const joined = server.log.find(({ msg }) => msg === "joined")!;
    assertEquals([joined.workspace, joined.name, joined.kind], ["w", "Ada", "human"]);
  });
}

Deno.test("serve ends at once by a signal when nobody is there, and logs no more than it is told to", async () => {
  await using server = await ServerProcess.start("--log-level", "silent");
  await using client = await RawClient.join(server.port);
  assert(client.welcome !== undefined);
  await client.cut();
  server.signal("SIGTERM");
  assertEquals(await server.exitCode(), 0);
  assertEquals(server.stderr, "");
});

Deno.test("serve refuses an address that others can reach, by a sentence and exit code 2", async () => {
  for (const host of ["0.0.0.0", "::", "192.168.1.1", "example.com"]) {
    const { code, stdout, stderr } = await run("--host", host, "--port", "0");
    assertEquals([code, stdout], [2, ""]);
    assertStringIncludes(stderr, host);
    assertStringIncludes(stderr, "--tokens");
    assertEquals(stderr.trim().split("\n").length, 1);
  }
});

/** A token file with one token, and that token in a file. */
async function tokenFiles(): Promise<
  { readonly file: string; readonly token: string; readonly folder: string }
> {
  const folder = await Deno.makeTempDir();
  const { token, claims } = mintForFile({
    name: "Ada",
    workspaces: ["w"],
    capabilities: ["edit:**", "tree:**"],
  });
  await writeTokens(`${folder}/tokens.json`, { tokens: [claims], revoked: [] });
  return { file: `${folder}/tokens.json`, token, folder };
}

Deno.test("serve listens on any address where everybody is asked for a token, and speaks TLS there", async () => {
  const { file, token, folder } = await tokenFiles();
  await using server = await ServerProcess.start("--host", "0.0.0.0", "--tokens", file, "--self-signed");
  assertStringIncludes(server.stdout, "0.0.0.0:");
  const certificate = /trust (\S+\.pem)/.exec(server.stderr)![1]!;
  const dial = tls("localhost", server.port, [await Deno.readTextFile(certificate)]);
  const space = await Space.open({ dial, workspace: "w", name: "?", token });
  assertEquals((await space.create("a.txt", "safe").settled).kind, "durable");
  // Whoever takes the token out of the file ends what goes on with it.
  await writeTokens(file, { tokens: [], revoked: [] });
  await eventually(() => space.status.phase === "ended", "the end of the connection");
  assertEquals(space.status.problem?.code, "token_revoked");
  await space.close();
  await Deno.remove(certificate);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("serve asks for a token where it is given tokens, on this machine too, and logs none", async () => {
  const { file, token, folder } = await tokenFiles();
  await using server = await ServerProcess.start("--tokens", file);
  await using nobody = await RawClient.connect(server.port);
  await nobody.sayHello();
  await nobody.isEnded("token_expected");
  await using ada = await RawClient.join(server.port, { token });
  assert(ada.welcome !== undefined);
  assertEquals(server.stderr.includes(token.split("~")[1]!), false);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("serve says so and exits with 1 where tokens, keys or certificates cannot be used", async () => {
  for (const option of ["--tokens", "--jwt-key", "--cert"]) {
    const key = option === "--cert" ? ["--key", "nowhere.pem"] : [];
    const { code, stderr } = await run("--port", "0", option, "nowhere.json", ...key);
    assertEquals(code, 1, option);
    assertStringIncludes(stderr, option === "--cert" ? "Cannot speak TLS" : "nowhere.json");
  }
  assertEquals((await run("--port", "0", "--cert", "nowhere.pem")).code, 2);
});

Deno.test("serve listens on every name of this machine alone", async () => {
  await using server = await ServerProcess.start("--host", "localhost");
  const space = await Space.open({ dial: tcp("localhost", server.port), workspace: "w", name: "Ada" });
  await space.close();
});

Deno.test("serve says so and exits with 1 where a port is in use", async () => {
  await using server = await ServerProcess.start();
  const { code, stdout, stderr } = await run("--port", `${server.port}`);
  assertEquals([code, stdout], [1, ""]);
  assertStringIncludes(stderr, `127.0.0.1:${server.port}`);
  assertEquals(stderr.trim().split("\n").length, 1);
  const web = await run("--port", "0", "--http-port", `${server.port}`);
  assertEquals([web.code, web.stdout], [1, ""]);
  assertStringIncludes(web.stderr, `127.0.0.1:${server.port}`);
});

Deno.test("serve opens the door for the web as it is told", async () => {
  await using server = await ServerProcess.start("--origin", "https://example.org");
  const address = /http:\/\/(\S+)/.exec(server.stdout)![1]!;
  const space = await Space.open({ dial: webSocket(`ws://${address}`), workspace: "w", name: "Ada" });
  await space.close();
  await using alone = await ServerProcess.start("--no-http");
  assert(!alone.stdout.includes("http"));
});

Deno.test("serve says what is wrong with its options, and exits with 2", async () => {
  for (
    const args of [
      ["--port", "65536"],
      ["--port", "-1"],
      ["--port", "http"],
      ["--http-port", "65536"],
      ["--origin", "example.org"],
      ["--origin", "https://example.org/page"],
      ["--clients", "0"],
      ["--rate", "1.5"],
      ["--log-level", "loud"],
      ["--history", "0"],
      ["--history-size", "32"],
      ["--sleep", "60"],
      ["--keep-removed", "for ever"],
      ["--no-such-option"],
      ["surplus"],
    ]
  ) {
    const { code, stdout, stderr } = await run(...args);
    assertEquals([code, stdout], [2, ""], `serve ${args.join(" ")}: ${stderr}`);
    assert(stderr.length > 10 && !stderr.includes("    at "), `a sentence, not a stack: ${stderr}`);
  }
});

Deno.test("serve holds to the limits that it is given", async () => {
  await using server = await ServerProcess.start("--clients", "1", "--rate", "7");
  await using client = await RawClient.join(server.port);
  assertEquals(client.welcome!.limits.changesPerSecond, 7);
  await using second = await RawClient.connect(server.port);
  await second.sayHello();
  await second.isEnded("too_many_clients");
});

Deno.test("serve goes on through more connections than it has file descriptors for", async () => {
  await using server = await ServerProcess.startWithDescriptors(100);
  const space = await Space.open({ dial: tcp("127.0.0.1", server.port), workspace: "w", name: "Ada" });
  const connections: Deno.TcpConn[] = [];
  try {
    assertEquals((await space.create("a.txt", "").settled).kind, "durable");
    const phases: string[] = [];
    space.on("status", ({ phase }) => phases.push(phase));
    for (let i = 0; i < 150; i++) {
      connections.push(await Deno.connect({ hostname: "127.0.0.1", port: server.port }));
    }
    await eventually(() => server.log.some(({ msg }) => msg === "accept_failed"), "no more to be accepted");
    assertEquals((await space.insert("a.txt", 0, "amid the flood").settled).kind, "durable");
    for (const connection of connections.splice(0)) connection.close();
    await using client = await RawClient.join(server.port);
    assert(client.welcome !== undefined);
    assertEquals(phases.filter((phase) => phase !== "online"), []);
  } finally {
    for (const connection of connections) connection.close();
    await space.close();
  }
  server.signal("SIGINT");
  assertEquals(await server.exitCode(), 0);
});
