/**
 * The package of the SDK as somebody has it who installs it from npm: its types, and a program that uses it in Node.
 * And the examples, of which that program is one.
 *
 * @module
 */

import ts from "typescript";
import { npmPack, writePackage } from "../../cli/pack.ts";
import { Space, tcp } from "../../mod.ts";
import { assert, assertEquals } from "../assert.ts";
import { LiveServer } from "../server/live_server.ts";

const examples = new URL("../../examples/", import.meta.url);

/** What a command prints; it has to end well. */
async function printed(cwd: string, command: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(command, { args: [...args], cwd }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assertEquals(code, 0, `${command} ${args.join(" ")}: ${text(stderr)}${text(stdout)}`);
  return text(stdout);
}

const isMissing = await printed(".", "npm", "--version").then(() => false, () => true);

/** Compiles a program of a folder as strictly as can be, the types of its packages looked at, too. */
function compile(path: string): void {
  const program = ts.createProgram([path], {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: [],
  });
  const faults = [...ts.getPreEmitDiagnostics(program), ...program.emit().diagnostics];
  assertEquals(faults.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n")), []);
}

Deno.test({
  name: "the package that npm packs is installed, has its types, and runs in Node" +
    (isMissing ? " (skipped: there is no npm)" : ""),
  ignore: isMissing,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      await writePackage(`${folder}/npm`);
      const packed = (await npmPack(`${folder}/npm`, folder)).split("\n").at(-1)!;
      await Deno.mkdir(`${folder}/robot`);
      await Deno.writeTextFile(`${folder}/robot/package.json`, '{ "type": "module", "private": true }');
      const quiet = ["--offline", "--no-audit", "--no-fund"];
      await printed(`${folder}/robot`, "npm", "install", ...quiet, `../${packed}`);
      await Deno.copyFile(new URL("node/robot.ts", examples), `${folder}/robot/robot.ts`);
      compile(`${folder}/robot/robot.ts`);
      // The binding to an editor stands on the same module as the program: its errors are the SDK's own.
      const binding = await Deno.readTextFile(`${folder}/robot/node_modules/@dist-space/space/codemirror.js`);
      const imported = [...binding.matchAll(/\bfrom\s*"([^"]+)"/g)].map(([, name]) => name!);
      const expected = ["./dist-space.js", "@codemirror/state", "@codemirror/view"];
      assertEquals([...new Set(imported)].sort(), expected);
      await using server = new LiveServer();
      const said = await printed(`${folder}/robot`, "node", "robot.js", "127.0.0.1", String(server.port));
      assertEquals(said, "durable\nseen/robot.txt A robot was here 😀\r\n\n");
      const dial = tcp("127.0.0.1", server.port);
      const space = await Space.open({ dial, workspace: "main", name: "Ada" });
      assertEquals(space.read("seen/robot.txt"), "A robot was here 😀\r\n");
      await space.close();
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("examples/README.md lists every example, and the test that runs it", async () => {
  const page = await Deno.readTextFile(new URL("README.md", examples));
  const listed = [...page.matchAll(/^\| \[(\w+)\]\(\1\) .*\]\((\S+_test\.ts)\)/gm)];
  const folders = [...Deno.readDirSync(examples)].filter(({ isDirectory }) => isDirectory).map(({ name }) =>
    name
  );
  assertEquals(listed.map(([, name]) => name), folders.sort());
  for (const [, name, test] of listed) {
    const text = await Deno.readTextFile(new URL(test!, examples));
    assert(new RegExp(`examples/${name}|${name}/`).test(text), `${test} runs ${name}`);
  }
  for (const [, path] of page.matchAll(/\]\(([^)]+)\)/g)) await Deno.stat(new URL(path!, examples));
});
