/**
 * `deno task check:node`: runs a few seeds on the machine's Node as well, and compares the hashes. Node brings an
 * engine of another version, and none of what Deno has: the pure layers must not notice.
 *
 * @module
 */

/** What is run on both: seeds from the first number on, so many of them, of a profile. */
const runs: readonly (readonly string[])[] = [
  ["1", "20", "quick"],
  ["1", "3", "swarm"],
  ["1", "3", "hostile"],
  ["1", "3", "signed", "poisoned"],
  ["1", "3", "quick", "poisoned"],
];

if (import.meta.main) {
  const { isSkipped, lines } = await checkNode();
  console.log(lines.join("\n"));
  Deno.exit(isSkipped || lines.every((line) => !line.includes("DIFFERENT")) ? 0 : 1);
}

/** Bundles and compares; says what was skipped and why. */
export async function checkNode(
  chosen = runs,
): Promise<{ readonly isSkipped: boolean; readonly lines: readonly string[] }> {
  const version = await output("node", "--version").catch(() => undefined);
  if (version === undefined) return { isSkipped: true, lines: ["skipped: there is no node on this machine"] };
  const entry = new URL("./sim_hashes.ts", import.meta.url).pathname;
  const folder = await Deno.makeTempDir();
  try {
    const bundle = `${folder}/sim_hashes.mjs`;
    await output(Deno.execPath(), "bundle", "--quiet", "--platform", "deno", "--output", bundle, entry);
    const lines: string[] = [];
    for (const run of chosen) {
      const ours = await output(Deno.execPath(), "run", "--no-prompt", entry, ...run);
      const theirs = await output("node", bundle, ...run);
      const verdict = ours === theirs ? "identical" : `DIFFERENT:\n${ours}\n  and on Node\n${theirs}\n`;
      lines.push(`${run.join(" ")}: ${verdict} on Deno ${Deno.version.deno} and Node ${version}`);
    }
    return { isSkipped: false, lines };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What a command prints. @throws if it fails. */
async function output(command: string, ...args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args: [...args] }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  if (!success) throw new Error(`${command} ${args.join(" ")}: ${text(stderr)}`);
  return text(stdout);
}
