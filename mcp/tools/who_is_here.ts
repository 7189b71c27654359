/**
 * The tool that says who else is in the workspace, and where.
 *
 * @module
 */

import { z } from "zod";
import type { Peer, Space } from "../../mod.ts";
import { looks, type Tool, tool } from "../tool.ts";
import { nameOf, person, personOf } from "../words.ts";

export const whoIsHere: Tool = tool({
  name: "who_is_here",
  title: "Who is here",
  says:
    "Says who is in the workspace at this moment, people and agents, and where each of them is: the file, the line " +
    "of the cursor, and what is selected. Look before you rewrite something that somebody is in.",
  takes: z.strictObject({}),
  gives: z.strictObject({
    revision: z.int(),
    you: person,
    others: z.array(person.extend({
      path: z.string().optional().describe("The file that they are in."),
      line: z.int().optional().describe("Of the cursor, from 1."),
      column: z.int().optional().describe("Of the cursor, from 1, in UTF-16 code units."),
      selected: z.string().optional().describe("What is selected, or the beginning of it."),
    })),
  }),
  hints: looks,
  async run({ space }) {
    const paths = space.peers.flatMap(({ node }) => {
      return node !== undefined && space.workspace.isLive(node) ? [space.pathOf(node)] : [];
    });
    // Cursors are positions of texts, so these have to be here.
    await space.load(...new Set(paths)).catch(() => {});
    const others = space.peers.map((peer) => ({
      ...personOf(peer.site, peer.participant),
      ...placeOf(space, peer),
    }));
    const lines = others.map((other) => {
      const { path, line, selected } = other;
      const where = path === undefined ? "" : line === undefined ? `: ${path}` : `: ${path}:${line}`;
      return `${nameOf(other)}${where}${
        selected === undefined ? "" : ` selecting ${JSON.stringify(selected)}`
      }`;
    });
    const you = personOf(space.site, space.authorOf(space.site));
    const head = others.length === 0 ? "Nobody else is here." : "Here are:";
    return {
      text: [head, ...lines, `You are ${nameOf(you)}.`].join("\n"),
      data: { revision: space.revision, you, others },
    };
  },
});

/** What is shown of a selection at most, in code units. */
const selectedMax = 200;

interface Place {
  path?: string;
  line?: number;
  column?: number;
  selected?: string;
}

function placeOf(space: Space, { node, ranges }: Peer): Place {
  if (node === undefined || !space.workspace.isLive(node)) return {};
  const path = space.pathOf(node), [range] = ranges;
  if (range === undefined || !space.isLoaded(path)) return { path };
  const text = space.read(path), before = text.slice(0, range.head);
  const from = Math.min(range.anchor, range.head), to = Math.max(range.anchor, range.head);
  const line = before.split("\n").length, column = before.length - before.lastIndexOf("\n");
  const selected = text.slice(from, Math.min(to, from + selectedMax)).toWellFormed();
  return { path, line, column, ...selected === "" ? {} : { selected } };
}
