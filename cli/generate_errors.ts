/**
 * Generates docs/errors.md from the codes of the protocol: `deno task proto`. With `--check` it writes nothing and
 * exits 1 if what is there is not what would be written.
 *
 * @module
 */

import { codes } from "../proto/mod.ts";

const path = new URL("../docs/errors.md", import.meta.url).pathname;
const rows = Object.entries(codes).map(([code, { text, resume }]) =>
  `| \`${code}\` | ${text} | ${resume ? "yes" : ""} |`
);
const made = `# Errors

Everything that can be refused has a name here, and a sentence that says what to do. \`Refuse\` names why a change took no
effect; \`Close\` names why a connection ends; \`Answer\` and \`AdminAnswer\` name why a question has none. A client that is told to may
connect again and resume: nothing is lost.

| code | what has happened, and what to do | resume |
| --- | --- | --- |
${rows.join("\n")}

Made from \`proto/code.ts\` by \`deno task proto\`.
`;
const present = await Deno.readTextFile(path).catch(() => "");
if (made !== present) {
  if (Deno.args.includes("--check")) {
    console.error("docs/errors.md is not what proto/code.ts gives: run deno task proto");
    Deno.exit(1);
  }
  await Deno.writeTextFile(path, made);
}
