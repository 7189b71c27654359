/**
 * Which software a failure is of: a seed means the same only for the same software.
 *
 * @module
 */

/** The git revision, and whether there are changes on top of it; "unknown" where git does not know. */
export async function revisionOf(): Promise<string> {
  const revision = await git("rev-parse", "--short=12", "HEAD");
  if (revision === undefined) return "unknown";
  return await git("status", "--porcelain") === "" ? revision : `${revision} and changes`;
}

async function git(...args: readonly string[]): Promise<string | undefined> {
  try {
    const cwd = new URL("..", import.meta.url);
    const { success, stdout } = await new Deno.Command("git", { args: [...args], cwd, stderr: "null" })
      .output();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch {
    // There is no git here.
    return undefined;
  }
}
