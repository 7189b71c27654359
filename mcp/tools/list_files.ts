/**
 * The tool that lists what is in a workspace.
 *
 * @module
 */

import { z } from "zod";
import { cutNotice, nextArgument, nextOf, nextResult, pageOf } from "../page.ts";
import { pathOf } from "../path.ts";
import { looks, type Tool, tool } from "../tool.ts";

/** Entries of one answer. */
const entriesMax = 500;

export const listFiles: Tool = tool({
  name: "list_files",
  title: "List files",
  says:
    "Lists the files and directories of the shared workspace, sorted by path, with how long each file is. " +
    "The revision that is given names this state of the whole workspace.",
  takes: z.strictObject({
    directory: z.string().max(4096).optional().describe("Only what is in it; everything if left out."),
    globs: z.array(z.string().max(1000)).max(100).optional()
      .describe('Only paths like one of these: "**/*.ts", "docs/*", "{a,b}.md".'),
    depth: z.int().min(1).optional().describe("Only so many levels below the directory."),
    revision: z.int().min(1).optional().describe("As it was then; as it is, if left out."),
    next: nextArgument,
  }),
  gives: z.strictObject({
    revision: z.int(),
    entries: z.array(z.strictObject({
      path: z.string(),
      kind: z.enum(["directory", "file", "binary"]).describe(
        "Only a `file` has a text to be read and edited.",
      ),
      length: z.int().optional().describe("Of a file, in UTF-16 code units; of a binary one, in bytes."),
      executable: z.literal(true).optional().describe("Of a file that can be executed."),
    })),
    next: nextResult,
  }),
  hints: looks,
  async run({ space }, { directory = "", globs = [], depth = Infinity, revision, next }) {
    const page = pageOf(next), top = pathOf(directory), at = page?.revision ?? revision;
    const { nodes, revision: of } = await space.past.tree({
      ...at === undefined ? {} : { at },
      paths: top === "" ? [] : [top],
      globs,
    });
    const level = (path: string) => path.split("/").length - (top === "" ? 0 : top.split("/").length);
    const all = nodes.filter(({ path }) => path !== top && level(path) <= depth);
    const from = page?.item ?? 0, to = from + entriesMax;
    const entries = all.slice(from, to).map(({ path, type, length, executable }) =>
      type === "directory" ? { path, kind: "directory" as const } : {
        ...{ path, kind: type === "text" ? "file" as const : "binary" as const, length },
        ...executable && { executable },
      }
    );
    const more = to < all.length ? nextOf({ revision: of, item: to, part: 0 }) : undefined;
    const lines = entries.map((entry) => {
      if (entry.kind === "directory") return `${entry.path}/`;
      const bytes = entry.kind === "binary" ? " bytes" : "";
      return `${entry.path}  ${entry.length}${bytes}${entry.executable ? ", executable" : ""}`;
    });
    const head = `Revision ${of}, ${all.length} ${all.length === 1 ? "entry" : "entries"}:`;
    return {
      text: [head, ...lines].join("\n") + cutNotice(more),
      data: { revision: of, entries, ...more === undefined ? {} : { next: more } },
    };
  },
});
