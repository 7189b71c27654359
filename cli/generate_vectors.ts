/**
 * Generates fixtures/vectors, the test vectors for clients in other languages, from the real code: `deno task proto`.
 * With `--check` it writes nothing and exits 1 if what is there is not what would be written.
 *
 * @module
 */

import { sessionVectors } from "./vectors_session.ts";
import { signingVectors } from "./vectors_signing.ts";
import { textVectors } from "./vectors_text.ts";
import { treeVectors } from "./vectors_tree.ts";

/** Each file of the folder, and what it has to hold: a row on each line, so that one sees what is another. */
export function vectorFiles(): ReadonlyMap<string, string> {
  const tables = {
    "text.json": textVectors(),
    "tree.json": treeVectors(),
    "session.json": sessionVectors(),
    "signing.json": signingVectors(),
  };
  return new Map(
    Object.entries(tables).map(([name, table]) => {
      const lists = Object.entries(table).map(([title, rows]) =>
        `"${title}": [\n${rows.map((row) => JSON.stringify(row)).join(",\n")}\n]`
      );
      return [name, `{\n${lists.join(",\n")}\n}\n`];
    }),
  );
}

if (import.meta.main) {
  const folder = new URL("../fixtures/vectors/", import.meta.url);
  for (const [name, made] of vectorFiles()) {
    const path = new URL(name, folder);
    if (made === await Deno.readTextFile(path).catch(() => "")) continue;
    if (Deno.args.includes("--check")) {
      console.error(`fixtures/vectors/${name} is not what the code gives: run deno task proto`);
      Deno.exit(1);
    }
    await Deno.writeTextFile(path, made);
  }
}
