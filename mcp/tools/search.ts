/**
 * The tool that finds lines.
 *
 * @module
 */

import { z } from "zod";
import { cutNotice, nextArgument, nextOf, nextResult, pageOf } from "../page.ts";
import { pathOf } from "../path.ts";
import { looks, type Tool, tool } from "../tool.ts";
import { shortened } from "../words.ts";

export const search: Tool = tool({
  name: "search",
  title: "Search",
  says:
    "Finds the lines of files in which something stands: a text as it is, or a regular expression (RE2: no " +
    "look-around, no back-references). It is never looked for across lines.",
  takes: z.strictObject({
    pattern: z.string().min(1).max(1000),
    regular: z.boolean().optional().describe("Whether the pattern is a regular expression."),
    ignore_case: z.boolean().optional(),
    paths: z.array(z.string().max(4096)).max(1000).optional().describe(
      "Only these files, and what is in these directories.",
    ),
    globs: z.array(z.string().max(1000)).max(100).optional().describe(
      'Only paths like one of these: "**/*.ts".',
    ),
    revision: z.int().min(1).optional().describe("As it was then; as it is, if left out."),
    limit: z.int().min(1).max(500).optional().describe("Lines in one answer: 100 if left out."),
    next: nextArgument,
  }),
  gives: z.strictObject({
    revision: z.int(),
    matches: z.array(z.strictObject({
      path: z.string(),
      line: z.int().describe("From 1."),
      column: z.int().describe("From 1, in UTF-16 code units."),
      text: z.string().describe("The line, or what is around the place if it is long."),
    })),
    next: nextResult,
  }),
  hints: looks,
  async run(
    { space },
    { pattern, regular = false, ignore_case = false, paths = [], globs = [], revision, limit = 100, next },
  ) {
    const page = pageOf(next), at = page?.revision ?? revision, from = page?.item ?? 0;
    const found = await space.past.search(pattern, {
      regular,
      ignoreCase: ignore_case,
      limit: from + limit,
      paths: paths.map(pathOf).filter((path) => path !== ""),
      globs,
      ...at === undefined ? {} : { at },
    });
    const matches = found.matches.slice(from).map(({ path, line, column, text }) => ({
      path,
      line,
      column: column + 1,
      text,
    }));
    const more = found.more ? nextOf({ revision: found.revision, item: from + limit, part: 0 }) : undefined;
    const lines = matches.map(({ path, line, text }) => `${path}:${line}: ${shortened(text)}`);
    const head = `Revision ${found.revision}, ${
      matches.length === 0 ? "nothing found" : `${matches.length} lines`
    }`;
    return {
      text: [head, ...lines].join("\n") + cutNotice(more),
      data: { revision: found.revision, matches, ...more === undefined ? {} : { next: more } },
    };
  },
});
