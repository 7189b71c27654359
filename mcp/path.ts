/**
 * Paths as agents write them.
 *
 * @module
 */

import { nameFault, SpaceError } from "../mod.ts";

/**
 * The path as the workspace has it: from its root, without a slash or "./" before it or a slash behind it; "" is the root.
 *
 * @throws {SpaceError} "bad_path"
 */
export function pathOf(written: string): string {
  const path = written.replace(/^(\.?\/+)+|\/+$/g, "").normalize("NFC");
  if (path === "" || path === ".") return "";
  for (const name of path.split("/")) {
    const fault = nameFault(name);
    if (fault === undefined) continue;
    const shown = written.length > 200 ? `${written.slice(0, 200)}…` : written;
    throw new SpaceError(
      "bad_path",
      `In ${JSON.stringify(shown)} the name ${JSON.stringify(name.slice(0, 100))} ${fault}. ` +
        'Give the path from the root of the workspace, like "src/main.ts"; list_files shows what there is',
    );
  }
  return path;
}
