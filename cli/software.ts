/**
 * What runs here: for recordings and reports that are read elsewhere, later.
 *
 * @module
 */

import config from "../deno.json" with { type: "json" };

/** The version of this software, and its git revision where that is to be found. */
export function software(): { readonly version: string; readonly git?: string } {
  const git = gitRevision();
  return { version: config.version, ...(git === undefined ? {} : { git }) };
}

/** What it runs on, by name. */
export function engine(): Readonly<Record<string, string>> {
  return { deno: Deno.version.deno, v8: Deno.version.v8, os: Deno.build.os, arch: Deno.build.arch };
}

/** Read from git's files, since asking git would take a permission to run it. */
function gitRevision(): string | undefined {
  const read = (name: string) => Deno.readTextFileSync(new URL(`../.git/${name}`, import.meta.url)).trim();
  try {
    const head = read("HEAD");
    if (!head.startsWith("ref: ")) return head.slice(0, 12);
    const reference = head.slice(5);
    try {
      return read(reference).slice(0, 12);
    } catch {
      const packed = read("packed-refs").split("\n").find((line) => line.endsWith(` ${reference}`));
      return packed?.slice(0, 12);
    }
  } catch {
    // Installed without its history.
    return undefined;
  }
}
