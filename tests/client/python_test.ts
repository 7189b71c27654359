/**
 * The example client in Python, which shares no line with ours: held against the test vectors, and editing a file
 * while a client of the SDK does.
 *
 * @module
 */

import { Space, tcp } from "../../mod.ts";
import { assertEquals, assertStringIncludes } from "../assert.ts";
import { LiveServer } from "../server/live_server.ts";
import { eventually } from "../server/waiting.ts";

const folder = new URL("../../examples/python/", import.meta.url).pathname;
/** The system's own, which is the one that the packages of Debian are for. */
const python = "/usr/bin/python3";

/** Why it cannot run; "" if it can. */
async function whatIsMissing(): Promise<string> {
  const isThere = async (command: string, ...args: readonly string[]) => {
    const process = new Deno.Command(command, { args: [...args], stdout: "null", stderr: "null" });
    return await process.output().then(({ success }) => success, () => false);
  };
  if (!await isThere(python, "--version")) return `there is no ${python}`;
  if (!await isThere(python, "-c", "import google.protobuf")) return "python3-protobuf is not installed";
  return await isThere("protoc", "--version") ? "" : "there is no protoc";
}

const missing = await whatIsMissing();

function pythonTest(name: string, fn: () => Promise<void>): void {
  const isMissing = missing !== "";
  Deno.test({ name: isMissing ? `${name} (skipped: ${missing})` : name, ignore: isMissing, fn });
}

function started(script: string, ...args: readonly string[]): Deno.ChildProcess {
  const env = { PYTHONDONTWRITEBYTECODE: "1" };
  const streams = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
  return new Deno.Command(python, { args: [folder + script, ...args], env, ...streams }).spawn();
}

/** What a process has printed when it has ended well. */
async function printed(process: Deno.ChildProcess): Promise<string> {
  const { code, stdout, stderr } = await process.output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

pythonTest("the client in Python comes to what the test vectors say", async () => {
  const process = started("check.py");
  await process.stdin.close();
  assertStringIncludes(await printed(process), "are as the vectors say");
});

pythonTest(
  "the client in Python and one of the SDK type into a file at the same time, and have one text",
  async () => {
    await using server = new LiveServer();
    const space = await Space.open({ dial: tcp("127.0.0.1", server.port), workspace: "w", name: "Ada" });
    await space.create("story.txt", "Once 😀\r\nupon\r\n").settled;
    const python = started("client.py", "127.0.0.1", String(server.port), "w", "story.txt");
    const input = python.stdin.getWriter();
    const type = (line: string) => input.write(new TextEncoder().encode(line));
    const text = () => space.read("story.txt");
    await type("🐍 begins\r\n");
    await eventually(() => text().includes("🐍 begins"), "the first line of Python's");
    for (let i = 0; i < 60; i++) {
      await type(`🐍 ${i}\r\n`);
      // Before, amid and behind what Python types; with every third line the SDK takes something away again.
      space.replace("story.txt", 0, 0, `😎${i} `);
      // On a busy machine there may be none of Python's yet that is not taken.
      const snake = text().indexOf("🐍");
      if (i % 3 === 0 && snake >= 0) space.replace("story.txt", snake, 2, "🐉");
      if (i % 5 === 0) space.replace("story.txt", text().lastIndexOf("\r\n"), 2, "\n");
      await new Promise((resolve) => setTimeout(resolve, i % 4));
    }
    await space.replace("story.txt", 0, 0, "> ").settled;
    await type("The end, without a line break");
    await input.close();
    // Its last line has its place after all that the SDK has done, so it has heard of all of that.
    const theirs = await printed(python);
    await eventually(() => text().includes("The end"), "the last line of Python's");
    assertEquals(theirs, text());
    assertEquals(text().match(/(🐍|🐉) \d+/gu)?.length, 60);
    await space.close();
  },
);
