/**
 * The SDK as one file: the same module in Deno, in Node and in a browser, as large as docs/web.md says.
 *
 * @module
 */

import { bundle, sizesOf } from "../../cli/bundle.ts";
import { Space, tcp } from "../../mod.ts";
import { assert, assertEquals } from "../assert.ts";
import { LiveWeb } from "../server/live_web.ts";
import { browserTest } from "./browser.ts";

const root = new URL("../../", import.meta.url);
const made = bundle(new URL("mod.ts", root));

/** A program that makes a file in the workspace "w"; `Space`, `tcp` and `webSocket` come from the bundle. */
const program = (dial: string, path: string) => `
  const space = await Space.open({ dial: ${dial}, workspace: "w", name: "Elsewhere" });
  const outcome = await space.create("${path}", "made elsewhere 😀").settled;
  await space.close();
  console.log(outcome.kind);
`;

async function textOf(server: LiveWeb, path: string): Promise<string> {
  const space = await Space.open({ dial: tcp("127.0.0.1", server.port), workspace: "w", name: "Here" });
  const text = space.read(path);
  await space.close();
  return text;
}

async function output(command: string, ...args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(command, { args: [...args] }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

/** Calls `run` with the path of a file that holds the bundle, and that of a program beside it. */
async function withFiles(code: string, run: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${folder}/dist-space.mjs`, await made);
    const names = "Space, tcp, webSocket, FileUnsentStore";
    await Deno.writeTextFile(`${folder}/main.mjs`, `import { ${names} } from "./dist-space.mjs";\n${code}`);
    await run(`${folder}/main.mjs`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the bundle is as large as docs/web.md says", async () => {
  const page = await Deno.readTextFile(new URL("docs/web.md", root));
  const [, plain, gzip] = /(\d+) kB, (\d+) kB with gzip/.exec(page)!.map(Number);
  const { plainKb, gzipKb } = await sizesOf(await made);
  assert(Math.abs(plainKb - plain!) <= plain! / 10, `${plainKb} kB, and the page says ${plain}`);
  assert(Math.abs(gzipKb - gzip!) <= gzip! / 10, `${gzipKb} kB with gzip, and the page says ${gzip}`);
});

const node = await output("node", "--version").then((version) => version.trim(), () => "");

Deno.test({
  name: node === "" ? "the bundle runs in Node (skipped: there is no node)" : "the bundle runs in Node",
  ignore: node === "",
  async fn() {
    await using server = await LiveWeb.start();
    const overTcp = program(`tcp("127.0.0.1", ${server.port})`, "tcp.txt");
    const kept = `
      const store = new FileUnsentStore(import.meta.dirname + "/unsent.json");
      await store.save({ format: 1 });
      const kept = await store.load();
      await store.save(undefined);
      console.log(kept.format, await store.load());
    `;
    await withFiles(
      overTcp + kept,
      async (path) => assertEquals(await output("node", path), "durable\n1 undefined\n"),
    );
    assertEquals(await textOf(server, "tcp.txt"), "made elsewhere 😀");
    // Node 20 has it behind a flag, and says so on standard error.
    const overWebSocket = program(`webSocket("ws://${server.address}")`, "socket.txt");
    await withFiles(overWebSocket, async (path) => {
      assertEquals(await output("node", "--no-warnings", "--experimental-websocket", path), "durable\n");
    });
    assertEquals(await textOf(server, "socket.txt"), "made elsewhere 😀");
  },
});

Deno.test("the bundle runs in Deno", async () => {
  await using server = await LiveWeb.start();
  await withFiles(program(`tcp("127.0.0.1", ${server.port})`, "deno.txt"), async (path) => {
    assertEquals(await output(Deno.execPath(), "run", "--allow-net", path), "durable\n");
  });
  assertEquals(await textOf(server, "deno.txt"), "made elsewhere 😀");
});

browserTest(
  "the bundle runs in a browser, which is told that it has no TCP and no files",
  async (browser) => {
    await using server = await LiveWeb.start();
    const page = await browser.newPage();
    // Whatever it says there: a page of the server's own origin.
    await page.goto(`http://${server.address}/`);
    const said = await page.evaluate(async ([code, address]) => {
      const url = URL.createObjectURL(new Blob([code!], { type: "text/javascript" }));
      const { Space, tcp, webSocket, FileUnsentStore } = await import(url);
      const space = await Space.open({
        dial: webSocket(`ws://${address}`),
        workspace: "w",
        name: "Elsewhere",
      });
      const outcome = await space.create("browser.txt", "made elsewhere 😀").settled;
      await space.close();
      const refusal = await tcp("127.0.0.1", 8000)().catch((error: Error) => error.message);
      const files = await new FileUnsentStore("a").load().catch((error: Error) => error.message);
      return [outcome.kind, refusal, files];
    }, [new TextDecoder().decode(await made), server.address]);
    assertEquals(said, [
      "durable",
      "There is no TCP here. Use webSocket() to connect",
      "There are no files here. Keep what is unsent in a store of your own",
    ]);
    assertEquals(await textOf(server, "browser.txt"), "made elsewhere 😀");
  },
);
