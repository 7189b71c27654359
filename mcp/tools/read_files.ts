/**
 * The tool that reads files.
 *
 * @module
 */

import { z } from "zod";
import { linesOf } from "../../client/edit/mod.ts";
import { type PastFile, type Space, SpaceError } from "../../mod.ts";
import { cutNotice, nextArgument, nextOf, nextResult, pageLength, pageOf } from "../page.ts";
import { pathOf } from "../path.ts";
import { looks, type Tool, tool } from "../tool.ts";
import { numbered } from "../words.ts";

export const readFiles: Tool = tool({
  name: "read_files",
  title: "Read files",
  says:
    "Reads files, whole or some lines of each, all of one revision. Name that revision when you edit: an edit is " +
    "merged with whatever others have done since. The text of the answer has the number of each line before it, and a " +
    "tab; these are not in the files.",
  takes: z.strictObject({
    paths: z.array(z.string().max(4096)).max(1000).optional()
      .describe("Files, and directories with all files in them."),
    globs: z.array(z.string().max(1000)).max(100).optional()
      .describe('Only paths like one of these: "src/**", "**/*.md".'),
    from_line: z.int().min(1).optional().describe("The first line of each file, from 1."),
    to_line: z.int().min(1).optional().describe("The last line of each file."),
    revision: z.int().min(1).optional().describe("As they were then; as they are, if left out."),
    next: nextArgument,
  }),
  gives: z.strictObject({
    revision: z.int().describe("Name it when you edit what you have read here."),
    files: z.array(z.strictObject({
      path: z.string(),
      text: z.string(),
      from_line: z.int(),
      to_line: z.int().describe("Less than `from_line` if there are no such lines."),
      lines: z.int().describe("That the whole file has."),
    })),
    next: nextResult,
  }),
  hints: looks,
  async run(agent, { paths = [], globs = [], from_line = 1, to_line = Infinity, revision, next }) {
    if (paths.length === 0 && globs.length === 0) {
      throw new SpaceError("nothing_asked", "Say which files to read, by `paths` or `globs`");
    }
    const { space } = agent, page = pageOf(next), at = page?.revision ?? revision;
    const { revision: of, files, more } = await contents(space, {
      at,
      paths: paths.map(pathOf).filter((path) => path !== ""),
      globs,
      from: page?.item ?? 0,
    });
    if (files.length === 0) {
      throw new SpaceError("path_unknown", "No text file is like that");
    }
    // Who looks over the agent's shoulder sees where it is.
    if (files.length === 1 && space.find(files[0]!.path)?.kind === "text") space.select(files[0]!.path);
    const result = [], texts = [];
    let room = pageLength,
      cut = more === undefined ? undefined : nextOf({ revision: of, item: more, part: 0 });
    for (const [i, { id, path, text }] of files.entries()) {
      agent.knows(of, path, { node: id, text });
      const all = linesOf(text), part = i === 0 ? page?.part ?? 0 : 0;
      const from = Math.max(from_line, part + 1), end = Math.min(to_line, all.length);
      let to = from - 1;
      // One line always fits, so that there is an end to it.
      while (to < end && (room > 0 || (to < from && i === 0))) room -= all[to++]!.length + 8;
      const lines = all.slice(from - 1, to);
      const hasCrlf = all[0]?.endsWith("\r\n") === true ? ", lines end with CRLF" : "";
      const range = all.length === 0 ? "empty" : `lines ${from}-${to} of ${all.length}`;
      result.push({ path, text: lines.join(""), from_line: from, to_line: to, lines: all.length });
      texts.push(`${path}, ${range}${hasCrlf}\n${numbered(lines, from)}`.trimEnd());
      if (to < end || (room <= 0 && i + 1 < files.length)) {
        const item = (page?.item ?? 0) + i;
        cut = to < end
          ? nextOf({ revision: of, item, part: to })
          : nextOf({ revision: of, item: item + 1, part: 0 });
        break;
      }
    }
    return {
      text: `Revision ${of}\n${texts.join("\n\n")}${cutNotice(cut)}`,
      data: { revision: of, files: result, ...cut === undefined ? {} : { next: cut } },
    };
  },
});

interface Wanted {
  readonly at: number | undefined;
  readonly paths: readonly string[];
  readonly globs: readonly string[];
  /** Files before those that are wanted. */
  readonly from: number;
}

interface Contents {
  readonly revision: number;
  readonly files: readonly PastFile[];
  /** Which is the next file that was left out. */
  readonly more: number | undefined;
}

/** What files say, about as much of it as goes into one answer. */
async function contents(space: Space, { at, paths, globs, from }: Wanted): Promise<Contents> {
  // What is loaded is here already, and follows what everybody does.
  const isHere = at === undefined && globs.length === 0 && space.status.phase === "online" &&
    space.status.unsent === 0 &&
    paths.every((path) => space.find(path)?.kind === "text" && space.isLoaded(path));
  if (isHere) {
    const files = [...new Set(paths)].sort().map((path) => ({
      id: space.find(path)!.id,
      path,
      text: space.read(path),
    }));
    return { revision: space.revision, files, more: undefined };
  }
  const { nodes, revision } = await space.past.tree({ ...at === undefined ? {} : { at }, paths, globs });
  const all = nodes.filter(({ type }) => type === "text");
  let to = from;
  for (let length = 0; to < all.length && (to === from || length < pageLength); to++) {
    length += all[to]!.length;
  }
  const chosen = all.slice(from, to).map(({ path }) => path);
  const { files } = chosen.length === 0
    ? { files: [] }
    : await space.past.files({ at: revision, paths: chosen });
  return { revision, files, more: to < all.length ? to : undefined };
}
