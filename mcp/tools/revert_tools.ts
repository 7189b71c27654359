/**
 * The tools that take something back, amid what others have done since.
 *
 * @module
 */

import { z } from "zod";
import { takeBack, type Whose } from "../../client/edit/mod.ts";
import { SpaceError } from "../../mod.ts";
import { taskLengthMax } from "../../proto/mod.ts";
import { pathOf } from "../path.ts";
import { changes, type Tool, tool } from "../tool.ts";
import { pathArgument, taskArgument } from "../wanted.ts";

const revertTo = tool({
  name: "revert_to",
  title: "Take a path back to a revision",
  says:
    "Takes a file, a directory or everything back to how it was at a revision, whoever changed it since: removed " +
    "files come back, new ones go. It is a change as any other, and can be taken back itself. To undo only what " +
    "somebody did, use revert_changes.",
  takes: z.strictObject({
    path: pathArgument.describe('A path, as it is or as it was then; "" for everything.'),
    revision: z.int().min(1).describe("The revision to go back to."),
    task: taskArgument,
  }),
  gives: z.strictObject({ revision: z.int(), path: z.string() }),
  hints: { ...changes, destructiveHint: true },
  run: (agent, { path: written, revision: to, task }) => {
    const path = pathOf(written);
    return agent.change(async () => {
      const sent = await agent.space.revert(path, to, { task: task ?? agent.space.task });
      const settled = await sent.settled;
      if (settled.kind === "refused") throw new SpaceError(settled.problem.code, settled.problem.message);
      const { revision } = settled;
      const what = path === "" ? "Everything" : path;
      return {
        text: `${what} is as it was at revision ${to}: revision ${revision}.`,
        data: { revision, path },
      };
    });
  },
});

const revertChanges = tool({
  name: "revert_changes",
  title: "Take back somebody's changes",
  says:
    "Takes back what somebody did, in all files, and leaves what others did before, since and in between: what they " +
    "wrote goes, what they took out comes back, files and directories that they made, moved, renamed or removed are " +
    "as they were. It is one change. Say whose changes in one way: `author`, `session`, `task` or `revisions`. What " +
    "others wrote inside of it stays, and what could not go back says why.",
  takes: z.strictObject({
    author: z.string().max(100).optional().describe("All that was done under this name."),
    session: z.int().min(1).optional().describe("One session, as who_is_here, diff and blame number them."),
    task: z.string().max(taskLengthMax).optional().describe(
      "What was done under this `task`, by anybody, in any connection.",
    ),
    revisions: z.array(z.int().min(1)).min(1).max(10_000).optional().describe(
      "The changes with these revisions.",
    ),
    since: z.int().min(0).optional().describe("Only what was done after this revision; all, if left out."),
    paths: z.array(z.string().max(4096)).max(1000).optional().describe(
      "Only these files, and what is in these directories.",
    ),
    globs: z.array(z.string().max(1000)).max(100).optional().describe(
      'Only paths like one of these: "**/*.ts".',
    ),
  }),
  gives: z.strictObject({
    changed: z.boolean(),
    revision: z.int(),
    files: z.array(z.strictObject({
      path: z.string(),
      did: z.enum(["edited", "removed", "restored", "moved", "replaced", "mode", "kept"]),
      why: z.string().optional().describe("Of what could not go back all the way."),
    })),
  }),
  hints: { ...changes, destructiveHint: true },
  run: (agent, { author, session, task, revisions, since, paths = [], globs = [] }) =>
    agent.change(async () => {
      const whose = whoseOf({ author, session, task, revisions });
      const first = whose.kind === "revisions" ? Math.min(...whose.revisions) - 1 : 0;
      const scope = { paths: paths.map(pathOf).filter((path) => path !== ""), globs };
      const { changed, revision, done } = await takeBack(agent.space, {
        whose,
        since: since ?? first,
        ...scope,
      });
      const lines = done.map(({ path, did, why }) =>
        `${path}: ${did}${why === undefined ? "" : ` (${why})`}`
      );
      const head = changed ? `Taken back: revision ${revision}.` : "There is nothing to take back.";
      return { text: [head, ...lines].join("\n"), data: { changed, revision, files: [...done] } };
    }),
});

interface Said {
  readonly author: string | undefined;
  readonly session: number | undefined;
  readonly task: string | undefined;
  readonly revisions: readonly number[] | undefined;
}

function whoseOf({ author, session, task, revisions }: Said): Whose {
  const ways: Whose[] = [];
  if (author !== undefined) ways.push({ kind: "author", name: author });
  if (session !== undefined) ways.push({ kind: "sites", sites: new Set([session]) });
  if (task !== undefined) ways.push({ kind: "task", task });
  if (revisions !== undefined) ways.push({ kind: "revisions", revisions });
  const [whose] = ways;
  if (whose === undefined || ways.length > 1) {
    throw new SpaceError(
      "whose_unclear",
      "Say whose changes in one way: `author`, `session`, `task` or `revisions`",
    );
  }
  return whose;
}

/** All tools that take something back. */
export const revertTools: readonly Tool[] = [revertTo, revertChanges];
