/**
 * The tool that says who wrote a line.
 *
 * @module
 */

import { z } from "zod";
import { cutNotice, nextArgument, nextOf, nextResult, pageLength, pageOf } from "../page.ts";
import { pathOf } from "../path.ts";
import { looks, type Tool, tool } from "../tool.ts";
import { nameOf, person, personOf, shortened } from "../words.ts";

export const blame: Tool = tool({
  name: "blame",
  title: "Who wrote which line",
  says:
    "Says of each line of a file who wrote it, in which revision, and when. Where several have written in one " +
    "line, it is the last of them.",
  takes: z.strictObject({
    path: z.string().max(4096),
    from_line: z.int().min(1).optional(),
    to_line: z.int().min(1).optional(),
    revision: z.int().min(1).optional().describe("Of the file as it was then; as it is, if left out."),
    next: nextArgument,
  }),
  gives: z.strictObject({
    revision: z.int(),
    lines: z.array(z.strictObject({
      line: z.int().describe("From 1."),
      text: z.string(),
      author: person.optional().describe("Missing if it is older than what is kept."),
      revision: z.int(),
      time: z.string(),
    })),
    next: nextResult,
  }),
  hints: looks,
  async run({ space }, { path, from_line = 1, to_line = Infinity, revision, next }) {
    const page = pageOf(next), at = page?.revision ?? revision;
    const found = await space.past.blame(pathOf(path), at === undefined ? {} : { at });
    const from = Math.max(from_line, (page?.item ?? 0) + 1), end = Math.min(to_line, found.lines.length);
    let to = from - 1, last = "";
    const lines = [], texts = [];
    for (let room = pageLength; to < end && room > 0; to++) {
      const { text, site, author, revision, time } = found.lines[to]!;
      const when = new Date(time).toISOString();
      const who = site === 0 ? undefined : personOf(site, author);
      lines.push({ line: to + 1, text, ...who === undefined ? {} : { author: who }, revision, time: when });
      // Whose lines follow each other are named once.
      const head = `${who === undefined ? "older" : nameOf(who)}, revision ${revision}, ${when}`;
      if (head !== last) texts.push(`# ${head}`);
      last = head;
      texts.push(`${String(to + 1).padStart(6)}\t${shortened(text)}`);
      room -= text.length + 40;
    }
    const more = to < end ? nextOf({ revision: found.revision, item: to, part: 0 }) : undefined;
    return {
      text: [`Revision ${found.revision}, ${found.lines.length} lines`, ...texts].join("\n") +
        cutNotice(more),
      data: { revision: found.revision, lines, ...more === undefined ? {} : { next: more } },
    };
  },
});
