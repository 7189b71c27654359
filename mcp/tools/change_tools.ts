/**
 * The tools that change one file, or several at once.
 *
 * @module
 */

import { z } from "zod";
import { changeFiles, edited } from "../edited.ts";
import { pathOf } from "../path.ts";
import { changes, type Tool, tool } from "../tool.ts";
import {
  changeStep,
  createStepOf,
  editArguments,
  editStepOf,
  executableArgument,
  overlapArgument,
  pathArgument,
  preconditionOf,
  requestOf,
  requirement,
  stepOf,
  taskArgument,
} from "../wanted.ts";

const editFile = tool({
  name: "edit_file",
  title: "Edit a file",
  says:
    "Edits a file that you have read, at the revision at which you read it; others may have edited it since, and " +
    "both hold. Say what is wanted in one way: `replacements` of exact strings, `lines` by number, the whole new `text`, " +
    "or a `patch`. The answer says `applied`; or `merged`, with what others have changed; or `overlap`, with the text " +
    "as it is now. Then go on with the revision it names, without reading again.",
  takes: z.strictObject({ ...editArguments, on_overlap: overlapArgument, task: taskArgument }),
  gives: edited,
  hints: changes,
  run: (agent, { on_overlap, task, ...input }) =>
    changeFiles(agent, requestOf([editStepOf(input)], on_overlap), task),
});

const createFile = tool({
  name: "create_file",
  title: "Create a file",
  says:
    "Makes a new file, and the directories above it that are missing. If there is something at the path already, " +
    "nothing is changed: read that, and edit it.",
  takes: z.strictObject({
    path: pathArgument,
    text: z.string(),
    executable: executableArgument.optional(),
    task: taskArgument,
  }),
  gives: edited,
  hints: changes,
  run: (agent, { task, ...file }) => changeFiles(agent, requestOf([createStepOf(file)]), task),
});

const move = tool({
  name: "move",
  title: "Move or rename",
  says:
    "Moves or renames a file, or a directory with all that is in it. Who is editing it goes on editing it there.",
  takes: z.strictObject({ path: pathArgument, to: pathArgument, task: taskArgument }),
  gives: edited,
  hints: changes,
  run: (agent, { path, to, task }) =>
    changeFiles(agent, requestOf([{ kind: "move", path: pathOf(path), to: pathOf(to) }]), task),
});

const remove = tool({
  name: "remove",
  title: "Remove",
  says:
    "Removes a file, or a directory with all that is in it. Give the revision at which you read a file, so that " +
    "nothing is removed that others have written since. revert_to brings it back.",
  takes: z.strictObject({
    path: pathArgument,
    revision: z.int().min(1).optional().describe("Only if the file still says what it said then."),
    task: taskArgument,
  }),
  gives: edited,
  hints: { ...changes, destructiveHint: true },
  run: (agent, { path: written, revision, task }) => {
    const path = pathOf(written);
    const preconditions = revision === undefined ? [] : [{ path, unchangedSince: revision }];
    return changeFiles(agent, requestOf([{ kind: "remove", path }], "reject", preconditions), task);
  },
});

const change = tool({
  name: "change_files",
  title: "Change several files at once",
  says:
    "Does several things as one change: edits, creates, moves, removes, makes executable or not; all of it, or nothing. Steps are done in " +
    "their order; an edit names a file by the path it had when it was read. With `require` you say what has to hold, " +
    "else nothing is done. Use it for whatever would be broken half done, like a rename with all its uses.",
  takes: z.strictObject({
    steps: z.array(changeStep).min(1).max(1000),
    require: z.array(requirement).max(1000).optional().describe("What has to hold, or nothing is done."),
    on_overlap: overlapArgument,
    task: taskArgument,
  }),
  gives: edited,
  hints: { ...changes, destructiveHint: true },
  run: (agent, { steps, require = [], on_overlap, task }) =>
    changeFiles(agent, requestOf(steps.map(stepOf), on_overlap, require.map(preconditionOf)), task),
});

/** All tools that change files that were read. */
export const changeTools: readonly Tool[] = [editFile, createFile, move, remove, change];
