/**
 * `deno task bundle`: makes one file of the SDK, dist/dist-space.js, that browsers, Deno and Node load as it is, and says
 * how large it is.
 *
 * @module
 */

const root = new URL("../", import.meta.url);

/**
 * One module with all that `entry` imports, as small as it can be written.
 *
 * @param external what it goes on importing, as it stands in the sources.
 */
export async function bundle(
  entry: URL,
  external: readonly string[] = [],
): Promise<Uint8Array<ArrayBuffer>> {
  const externals = external.length === 0 ? [] : ["--external", ...external];
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform", "browser", "--minify", entry.pathname, ...externals],
    cwd: root,
    env: { NO_COLOR: "1" },
  }).output();
  if (!success) {
    throw new Error(`Cannot bundle ${entry.pathname}: ${new TextDecoder().decode(stderr).trim()}`);
  }
  return stdout;
}

/** How large it is as it is, and as servers send it, in kB. */
export async function sizesOf(bytes: Uint8Array<ArrayBuffer>): Promise<{ plainKb: number; gzipKb: number }> {
  const packed = await new Response(
    new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip")),
  ).arrayBuffer();
  return { plainKb: Math.round(bytes.length / 1000), gzipKb: Math.round(packed.byteLength / 1000) };
}

if (import.meta.main) {
  const bytes = await bundle(new URL("mod.ts", root));
  await Deno.mkdir(new URL("dist/", root), { recursive: true });
  await Deno.writeFile(new URL("dist/dist-space.js", root), bytes);
  const { plainKb, gzipKb } = await sizesOf(bytes);
  console.log(`dist/dist-space.js: ${plainKb} kB, ${gzipKb} kB with gzip`);
}
