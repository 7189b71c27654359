import plugin from "../../cli/lint_purity.ts";
import { assertEquals } from "../assert.ts";

const root = new URL("../../", import.meta.url).pathname;

/** What the rule says of `source`, if it stood in a file of this path. */
function findings(path: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, `${root}${path}`, source).map(({ message }) => message);
}

const impure: Readonly<Record<string, string>> = {
  "a clock": "export const now = () => Date.now();",
  "another clock": "export const now = () => performance.now();",
  "chance": "export const roll = () => Math.random();",
  "mathematics that engines differ in": "export const wave = (x: number) => Math.sin(x);",
  "a timer": "export const later = (f: () => void) => setTimeout(f, 1);",
  "a promise": "export const p = new Promise(() => {});",
  "an async function": "export async function f() {}",
  "an async arrow": "export const f = async () => {};",
  "await": "export const x = await import('./y.ts');",
  "input and output": "export const read = () => Deno.readTextFileSync('x');",
  "the network": "export const get = () => fetch('x');",
  "the environment": "export const home = () => process.env.HOME;",
  "the console": "console.log('x');",
  "randomness of the platform": "export const id = () => crypto.randomUUID();",
  "a locale": "export const order = (a: string, b: string) => a.localeCompare(b);",
  "the engine's table of Unicode": "export const nfc = (name: string) => name.normalize('NFC');",
  "a package": "import { x } from 'left-pad'; export const y = x;",
  "a layer above": "import { x } from '../server/mod.ts'; export const y = x;",
};

for (const [what, source] of Object.entries(impure)) {
  Deno.test(`the purity rule refuses ${what} in a pure layer, and nowhere else`, () => {
    for (
      const path of [
        "ot/x.ts",
        "proto/x.ts",
        "server/core/x.ts",
        "client/core/x.ts",
        "sync/core/x.ts",
        "sim/x.ts",
      ]
    ) {
      assertEquals(findings(path, source).length > 0, true, path);
    }
    for (
      const path of ["server/shell.ts", "client/space.ts", "sync/x.ts", "cli/x.ts", "tests/ot/x_test.ts"]
    ) {
      assertEquals(findings(path, source), [], path);
    }
  });
}

Deno.test("the purity rule lets pure code be", () => {
  const source = `
    import { assert } from "./assert.ts";
    export const half = (x: number) => Math.floor(x / 2);
    export const field = (entry: { Date: number; fetch: string }) => [entry.Date, entry.fetch, { performance: 1 }];
    export const sorted = (list: string[]) => list.sort((a, b) => a < b ? -1 : 1);
    assert(true, "");
  `;
  assertEquals(findings("ot/x.ts", source), []);
});

Deno.test("the purity rule lets layers import what is below them alone", () => {
  const importing = (from: string) => `import { x } from "${from}"; export const y = x;`;
  assertEquals(findings("proto/x.ts", importing("../ot/mod.ts")), []);
  assertEquals(findings("server/core/x.ts", importing("../../proto/mod.ts")), []);
  assertEquals(findings("sim/x.ts", importing("../client/core/mod.ts")), []);
  assertEquals(findings("ot/x.ts", importing("../proto/mod.ts")).length, 1);
  assertEquals(findings("server/core/x.ts", importing("../../client/core/mod.ts")).length, 1);
  assertEquals(findings("client/core/x.ts", importing("../space.ts")).length, 1);
});
