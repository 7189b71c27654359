/**
 * The tool that shows what has become of files, and who it was.
 *
 * @module
 */

import { z } from "zod";
import { linesOf } from "../../client/edit/mod.ts";
import { cutNotice, nextArgument, nextOf, nextResult, pageLength, pageOf } from "../page.ts";
import { pathOf } from "../path.ts";
import { touchedFiles } from "../touched.ts";
import { looks, type Tool, tool } from "../tool.ts";
import { nameOf, person, statusOf } from "../words.ts";

export const diff: Tool = tool({
  name: "diff",
  title: "What has changed since",
  says:
    "Shows what has changed since a revision: which files, by whom, and as patches in the format of git. Ask it " +
    "with the revision you read last to see what others have done meanwhile.",
  takes: z.strictObject({
    since: z.int().min(0).describe("The earlier revision; 0 is the empty workspace that all began with."),
    revision: z.int().min(1).optional().describe("The later one; the newest, if left out."),
    paths: z.array(z.string().max(4096)).max(1000).optional().describe(
      "Only these files, and what is in these directories.",
    ),
    globs: z.array(z.string().max(1000)).max(100).optional().describe(
      'Only paths like one of these: "**/*.ts".',
    ),
    patches: z.boolean().optional().describe(
      "Whether to give patches: if not, only files and people. Yes if left out.",
    ),
    context: z.int().min(0).max(50).optional().describe("Lines around each difference: 3 if left out."),
    next: nextArgument,
  }),
  gives: z.strictObject({
    since: z.int(),
    revision: z.int(),
    files: z.array(z.strictObject({
      path: z.string().describe("As it is, or as it was if it is removed."),
      from: z.string().optional().describe("As it was, if that is another."),
      status: z.enum(["added", "removed", "modified", "renamed"]),
      last: z.int().optional().describe("The last revision that touched it."),
      authors: z.array(person).describe("Who touched it, those who did so last first."),
      patch: z.string().optional(),
    })),
    next: nextResult,
  }),
  hints: looks,
  async run({ space }, { since, revision, paths = [], globs = [], patches = true, context = 3, next }) {
    const page = pageOf(next), at = page?.revision ?? revision;
    const scope = { paths: paths.map(pathOf).filter((path) => path !== ""), globs };
    const touched = await touchedFiles(space, since, { ...scope, ...at === undefined ? {} : { at } });
    const differences = patches
      ? await space.past.diff(since, { ...scope, at: touched.revision, context })
      : undefined;
    // What was changed and changed back is touched, but no difference.
    const files = differences === undefined ? touched.files : differences.files.map((difference) => ({
      ...touched.files.find(({ path }) => path === difference.path) ?? { authors: [] },
      path: difference.path,
      ...difference.from === "" ? {} : { from: difference.from },
      status: difference.status,
      patch: difference.patch,
    }));
    const result: (typeof files[number] & { patch?: string })[] = [], texts: string[] = [];
    let room = pageLength, cut: string | undefined;
    for (let i = page?.item ?? 0; i < files.length; i++) {
      const file: typeof result[number] = files[i]!, part = i === page?.item ? page.part : 0;
      const lines = linesOf(file.patch ?? "");
      let to = part;
      while (to < lines.length && (room > 0 || to === part)) room -= lines[to++]!.length;
      room -= file.path.length + 50;
      const patch = lines.slice(part, to).join("");
      const who = file.authors.length === 0 ? "" : `, by ${file.authors.map(nameOf).join(", ")}`;
      result.push(file.patch === undefined ? file : { ...file, patch });
      texts.push(`${statusOf({ ...file, from: file.from ?? "" })}${who}\n${patch}`.trimEnd());
      if (to < lines.length) cut = nextOf({ revision: touched.revision, item: i, part: to });
      else if (room <= 0 && i + 1 < files.length) {
        cut = nextOf({ revision: touched.revision, item: i + 1, part: 0 });
      }
      if (cut !== undefined) break;
    }
    const head = `From revision ${since} to ${touched.revision}, ${
      files.length === 0 ? "nothing has changed" : "changed:"
    }`;
    return {
      text: [head, ...texts].join("\n\n") + cutNotice(cut),
      data: {
        since,
        revision: touched.revision,
        files: result,
        ...cut === undefined ? {} : { next: cut },
      },
    };
  },
});
