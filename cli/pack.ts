/**
 * `deno task pack`: makes what npm and JSR would publish, and has both look at it without publishing anything.
 *
 *     dist/npm/              package.json, two modules, the types of each in one file, README.md, LICENSE
 *     dist/NAME-VERSION.tgz  the same, as npm packs it
 *
 * The first module is the one of `deno task bundle`: it runs in Node, in Deno and in browsers, and needs no other
 * package. The second one, `codemirror`, stands on the first, and on the packages of CodeMirror, which whoever uses it
 * has.
 *
 * JSR takes the sources as they are, those that `publish` in deno.json names.
 *
 * @module
 */

import { rollup } from "rollup";
import { dts } from "rollup-plugin-dts";
import ts from "typescript";
import { bundle } from "./bundle.ts";

const root = new URL("../", import.meta.url);

/** What the binding to the editor is made on, besides the SDK. */
const editorPackages = ["@codemirror/state", "@codemirror/view"];
/** The SDK, as the package has it. */
const sdkModule = "./dist-space.js";

/** What goes into the package for npm: the names of its files, and what they say. */
export async function packageFiles(): Promise<ReadonlyMap<string, string | Uint8Array>> {
  const { name, version, license, imports } = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", root)),
  );
  // What ours was tested with, and whatever is compatible with that.
  const peers = Object.fromEntries(editorPackages.map((name) => {
    return [name, (imports[name] as string).replace(`npm:${name}@`, "^")];
  }));
  const manifest = {
    name,
    version,
    description: "A workspace of files that people and agents edit at the same time",
    license,
    type: "module",
    exports: {
      ".": { types: "./dist-space.d.ts", default: "./dist-space.js" },
      "./codemirror": { types: "./codemirror.d.ts", default: "./codemirror.js" },
    },
    types: "./dist-space.d.ts",
    sideEffects: false,
    engines: { node: ">=20.16" },
    peerDependencies: peers,
    peerDependenciesMeta: Object.fromEntries(editorPackages.map((name) => [name, { optional: true }])),
    files: ["dist-space.js", "dist-space.d.ts", "codemirror.js", "codemirror.d.ts"],
  };
  return new Map<string, string | Uint8Array>([
    ["package.json", `${JSON.stringify(manifest, undefined, 2)}\n`],
    ["dist-space.js", await bundle(new URL("mod.ts", root))],
    ["dist-space.d.ts", await declarations("mod.ts", [])],
    ["codemirror.js", await onTopOfSdk("client/codemirror.ts")],
    ["codemirror.d.ts", await declarations("client/codemirror.ts", editorPackages)],
    ["README.md", await Deno.readTextFile(new URL("docs/package.md", root))],
    ["LICENSE", await Deno.readTextFile(new URL("LICENSE", root))],
  ]);
}

/** A module that goes on importing the SDK, from the package's own file. */
async function onTopOfSdk(entry: string): Promise<string> {
  const made = await bundle(new URL(entry, root), ["../mod.ts", ...editorPackages]);
  return new TextDecoder().decode(made).replaceAll('"../mod.ts"', `"${sdkModule}"`);
}

/**
 * The types of all that a module exports, with all that they are made of, and nothing of what is inside.
 *
 * @param packages those whose types they may be made of.
 */
async function declarations(entry: string, packages: readonly string[]): Promise<string> {
  const sdk = new URL("mod.ts", root).pathname;
  const input = new URL(entry, root).pathname;
  const made = await rollup({
    input,
    external: (id, importer) => {
      if (/^[^./]/.test(id)) return true;
      return importer !== undefined && new URL(id, `file://${importer}`).pathname === sdk;
    },
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
  const { output: [{ code, imports }] } = await made.generate({ format: "es", paths: { [sdk]: sdkModule } });
  const foreign = imports.filter((name) => name !== sdk && name !== sdkModule && !packages.includes(name));
  if (foreign.length > 0) {
    throw new Error(`Cannot pack types that need other packages: ${foreign.join(", ")}`);
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
