/**
 * `deno task pack`: makes what npm and JSR would publish, and has both look at it without publishing anything.
 *
 *     dist/npm/              package.json, one module, its types in one file, README.md, LICENSE
 *     dist/NAME-VERSION.tgz  the same, as npm packs it
 *
 * The module is the one of `deno task bundle`: it runs in Node, in Deno and in browsers, and needs no other package.
 * JSR takes the sources as they are, those that `publish` in deno.json names.
 *
 * @module
 */

import { rollup } from "rollup";
import { dts } from "rollup-plugin-dts";
import ts from "typescript";
import { bundle } from "./bundle.ts";

const root = new URL("../", import.meta.url);

/** What goes into the package for npm: the names of its files, and what they say. */
export async function packageFiles(): Promise<ReadonlyMap<string, string | Uint8Array>> {
  const { name, version, license } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  const manifest = {
    name,
    version,
    description: "A workspace of files that people and agents edit at the same time",
    license,
    type: "module",
    exports: { ".": { types: "./dist-space.d.ts", default: "./dist-space.js" } },
    types: "./dist-space.d.ts",
    sideEffects: false,
    engines: { node: ">=20.16" },
    files: ["dist-space.js", "dist-space.d.ts"],
  };
  return new Map<string, string | Uint8Array>([
    ["package.json", `${JSON.stringify(manifest, undefined, 2)}\n`],
    ["dist-space.js", await bundle(new URL("mod.ts", root))],
    ["dist-space.d.ts", await declarations()],
    ["README.md", await Deno.readTextFile(new URL("docs/package.md", root))],
    ["LICENSE", await Deno.readTextFile(new URL("LICENSE", root))],
  ]);
}

/** The types of all that mod.ts exports, with all that they are made of, and nothing of what is inside. */
async function declarations(): Promise<string> {
  const made = await rollup({
    input: new URL("mod.ts", root).pathname,
    external: /^[^./]/,
    plugins: [dts({
      compilerOptions: {
        allowImportingTsExtensions: true,
        strict: true,
        exactOptionalPropertyTypes: true,
        target: ts.ScriptTarget.ESNext,
        module: ts.ModuleKind.ESNext,
        moduleResolution: ts.ModuleResolutionKind.Bundler,
        types: [],
      },
    })],
  });
  const { output: [{ code, imports }] } = await made.generate({ format: "es" });
  if (imports.length > 0) {
    throw new Error(`Cannot pack types that need other packages: ${imports.join(", ")}`);
  }
  return code;
}

/** Writes the package into a folder, which is made. */
export async function writePackage(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  for (const [name, content] of await packageFiles()) {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(`${folder}/${name}`, bytes);
  }
}

/** Packs the package of one folder into another one, as npm does it; what npm says of it, the name of the file last. */
export async function npmPack(folder: string, destination: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("npm", {
    args: ["pack", "--pack-destination", destination],
    cwd: folder,
  }).output();
  const text = new TextDecoder().decode(stderr) + new TextDecoder().decode(stdout);
  if (!success) throw new Error(`Cannot pack ${folder}: ${text}`);
  return text.trim();
}

if (import.meta.main) {
  const dist = new URL("dist/", root).pathname;
  await writePackage(`${dist}npm`);
  console.log(
    await npmPack(`${dist}npm`, dist).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return "skipped npm pack: there is no npm on this machine";
      throw error;
    }),
  );
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: ["publish", "--dry-run", "--allow-dirty"],
    cwd: root,
  }).spawn().status;
  Deno.exit(code);
}
