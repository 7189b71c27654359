/**
 * The lint rule that keeps the pure layers pure: no clock, randomness, timer, promise, I/O or environment in
 * `ot/`, `proto/`, `sim/`, the cores and the formats and the history of the server, and no import from a layer above.
 *
 * What is forbidden is forbidden as a name, also where it would only be a type: it has no business there.
 *
 * @module
 */

const pureFolders = [
  "/ot/",
  "/proto/",
  "/server/core/",
  "/server/format/",
  "/server/history/",
  "/client/core/",
  "/sync/core/",
  "/sim/",
];

/** Which folders each pure folder may import from, besides itself. */
const below: Readonly<Record<string, readonly string[]>> = {
  "/ot/": [],
  "/proto/": ["/ot/"],
  "/server/core/": ["/ot/", "/proto/"],
  "/client/core/": ["/ot/", "/proto/"],
  "/server/format/": ["/ot/", "/proto/", "/server/core/"],
  "/server/history/": ["/ot/", "/proto/", "/server/core/"],
  "/sync/core/": ["/ot/"],
  "/sim/": [
    ...["/ot/", "/proto/", "/server/core/", "/server/format/", "/server/history/", "/client/core/"],
    "/sync/core/",
  ],
};

/** Packages that pure code may use: synchronous, and integers only. */
const packages = [
  "protobufjs/minimal",
  "js-xxhash",
  "@noble/hashes/sha2.js",
  "@noble/curves/ed25519.js",
  "diff",
  "ignore",
  "re2js",
  "fflate/browser",
];

const forbiddenNames = new Set([
  ...["Deno", "process", "Buffer", "window", "document", "navigator", "location", "globalThis", "self"],
  ...["Date", "Temporal", "performance", "crypto", "Intl"],
  ...["setTimeout", "setInterval", "setImmediate", "queueMicrotask", "requestAnimationFrame"],
  ...["Promise", "Worker", "SharedArrayBuffer", "Atomics", "WeakRef", "FinalizationRegistry"],
  ...[
    "fetch",
    "WebSocket",
    "XMLHttpRequest",
    "console",
    "alert",
    "prompt",
    "localStorage",
    "eval",
    "Function",
  ],
]);

/** What `Math` may be asked: exact on every engine. */
const exactMath = new Set(["abs", "ceil", "clz32", "floor", "imul", "max", "min", "sign", "trunc"]);
/** Methods whose results depend on a locale, or on the engine's version of Unicode. */
const dependent = /^(toLocale\w*|localeCompare|normalize)$/;

/** The project's own folder: names above it, wherever somebody has put it, say nothing. */
const root = new URL("../", import.meta.url).pathname;

/** The path of a file from the project's folder on, with a slash before it; undefined if it is elsewhere. */
function placeOf(file: string): string | undefined {
  return file.startsWith(root) ? file.slice(root.length - 1) : undefined;
}

function folderOf(file: string): string | undefined {
  if (file.includes("/generated/")) return undefined;
  return pureFolders.find((folder) => placeOf(file)?.startsWith(folder));
}

/** Whether an identifier is the name of a property or of a member, and so not the global of that name. */
function isMemberName(node: Deno.lint.Identifier): boolean {
  const parent = node.parent as { type: string; property?: unknown; key?: unknown; computed?: boolean };
  if (parent.type === "MemberExpression") return parent.property === node && parent.computed !== true;
  return parent.key === node && parent.computed !== true;
}

const plugin: Deno.lint.Plugin = {
  name: "dist-space",
  rules: {
    purity: {
      create(context) {
        const filename = encodeURI(context.filename.replaceAll("\\", "/")).replace(/^(?!\/)/, "/");
        const folder = folderOf(filename);
        if (folder === undefined) return {};
        const refuse = (node: Deno.lint.Node, what: string) => {
          context.report({ node, message: `${what} has no place in ${folder.slice(1)}: it is pure` });
        };
        const checkImport = (node: Deno.lint.Node, source: string) => {
          if (packages.includes(source)) return;
          if (!source.startsWith(".")) return refuse(node, `The package "${source}"`);
          const place = placeOf(new URL(source, `file://${filename}`).pathname);
          if ([folder, ...below[folder]!].some((other) => place?.startsWith(other))) return;
          refuse(node, `An import of "${source}"`);
        };
        return {
          Identifier(node) {
            if (forbiddenNames.has(node.name) && !isMemberName(node)) refuse(node, `"${node.name}"`);
          },
          MemberExpression(node) {
            if (node.property.type !== "Identifier" || node.computed) return;
            const { name } = node.property;
            const ofMath = node.object.type === "Identifier" && node.object.name === "Math";
            if (ofMath && !exactMath.has(name)) refuse(node, `Math.${name}`);
            if (dependent.test(name)) refuse(node, `.${name}()`);
          },
          ImportDeclaration: (node) => checkImport(node, node.source.value),
          ExportAllDeclaration: (node) => checkImport(node, node.source.value),
          ExportNamedDeclaration(node) {
            if (node.source !== null && node.source !== undefined) checkImport(node, node.source.value);
          },
          AwaitExpression: (node) => refuse(node, "await"),
          FunctionDeclaration(node) {
            if (node.async) refuse(node, "An async function");
          },
          ArrowFunctionExpression(node) {
            if (node.async) refuse(node, "An async function");
          },
          FunctionExpression(node) {
            if (node.async) refuse(node, "An async function");
          },
        };
      },
    },
  },
};

// The linter loads plugins by their default export.
export default plugin;
