/**
 * Generates proto/generated/ from proto/space.proto: `deno task proto`. With `--check` it writes nothing and
 * exits 1 if what is there is not what would be written.
 *
 * The code is protobufjs' own static target. Its typings are made here from protobufjs' reflection, since its
 * generator for them needs a JSDoc that runs on Node alone.
 *
 * @module
 */

import protobuf from "protobufjs";

const root = new URL("../", import.meta.url).pathname;
const source = `${root}proto/space.proto`;

async function code(): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    cwd: root,
    args: [
      ...["run", "--quiet", "--allow-all", "--no-lock", "npm:protobufjs-cli@2.7.1/pbjs"],
      ...["--target", "static-module", "--wrap", "esm", "--dependency", "protobufjs/minimal"],
      ...["--no-create", "--no-verify", "--no-convert", "--no-delimited", "--no-typeurl", "--force-number"],
      ...["--no-comments", source],
    ],
  }).output();
  if (!success) throw new Error(`pbjs failed: ${new TextDecoder().decode(stderr)}`);
  return `/// <reference types="./space.d.ts" />\n${new TextDecoder().decode(stdout)}`;
}

function typings(): string {
  const { root: space } = protobuf.parse(Deno.readTextFileSync(source), { keepCase: false });
  const lines = [
    "// Generated from space.proto by cli/generate_proto.ts: do not edit.",
    "",
    'import type protobuf from "protobufjs/minimal";',
    "",
    "export interface Codec<T> {",
    "  encode(message: T, writer?: protobuf.Writer): protobuf.Writer;",
    "  decode(reader: Uint8Array, length?: number): T;",
    "}",
  ];
  const typeOf = (field: protobuf.Field): string => {
    const type = field.resolve().resolvedType;
    const one = type !== null
      ? type.fullName.slice(1)
      : field.type === "string"
      ? "string"
      : field.type === "bytes"
      ? "Uint8Array"
      : field.type === "bool"
      ? "boolean"
      : field.type === "bytes"
      ? "Uint8Array"
      : "number";
    return field.repeated ? `readonly ${one}[]` : one;
  };
  const visit = (namespace: protobuf.NamespaceBase, indent: string) => {
    for (const nested of namespace.nestedArray) {
      if (nested instanceof protobuf.Enum) {
        lines.push(`${indent}export enum ${nested.name} {`);
        for (const [name, value] of Object.entries(nested.values)) {
          lines.push(`${indent}  ${name} = ${value},`);
        }
        lines.push(`${indent}}`);
      } else if (nested instanceof protobuf.Type) {
        lines.push(`${indent}export interface ${nested.name} {`);
        for (const field of nested.fieldsArray) {
          lines.push(`${indent}  readonly ${field.name}?: ${typeOf(field)} | null;`);
        }
        lines.push(`${indent}}`);
        // A namespace with values would clash with the codec of the same name: nested messages have types alone.
        if (indent === "  ") lines.push(`${indent}export const ${nested.name}: Codec<${nested.name}>;`);
        if (nested.nestedArray.length > 0) {
          lines.push(`${indent}export namespace ${nested.name} {`);
          visit(nested, `${indent}  `);
          lines.push(`${indent}}`);
        }
      } else if (nested instanceof protobuf.Namespace) {
        lines.push(`${indent}export namespace ${nested.name} {`);
        visit(nested, `${indent}  `);
        lines.push(`${indent}}`);
      }
    }
  };
  visit(space, "");
  return `${lines.join("\n")}\n`;
}

const check = Deno.args.includes("--check");
let drifted = false;
await Deno.mkdir(`${root}proto/generated`, { recursive: true });
for (const [file, made] of [["space.js", await code()], ["space.d.ts", typings()]] as const) {
  const path = `${root}proto/generated/${file}`;
  if (made === await Deno.readTextFile(path).catch(() => "")) continue;
  drifted = true;
  if (check) {
    console.error(`proto/generated/${file} is not what proto/space.proto gives: run deno task proto`);
  } else await Deno.writeTextFile(path, made);
}
if (check && drifted) Deno.exit(1);
