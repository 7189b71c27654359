/**
 * What agents want of files, as arguments of tools, and as steps of an edit.
 *
 * @module
 */

import { z } from "zod";
import type { EditRequest, EditStep, Precondition, Wanted } from "../client/edit/mod.ts";
import { SpaceError } from "../mod.ts";
import { taskLengthMax } from "../proto/mod.ts";
import { pathOf } from "./path.ts";

/** The argument that says where something is. */
export const pathArgument = z.string().max(4096).describe(
  'From the root of the workspace, like "src/main.ts".',
);

/** The argument that says whether a file can be executed. */
export const executableArgument = z.boolean().describe("Whether the file can be executed, like a script.");

/** The argument that says what is done where others have changed the same. */
export const overlapArgument = z.enum(["reject", "merge"]).optional().describe(
  "What is done if others have changed the very same places since the revision you read. reject (if left out): nothing " +
    "is changed, and you are shown the text as it is now. merge: both changes are put side by side, and you are shown " +
    "the result to tidy up.",
);

/** The argument under which a change can be found and taken back. */
export const taskArgument = z.string().min(1).max(taskLengthMax).optional().describe(
  "Any name for what you are doing. The change keeps it for ever: everybody sees what was done for it, and " +
    "revert_changes can take back all of that.",
);

/** The ways to say what is to become of a file. */
export const editArguments = {
  path: z.string().max(4096).describe("The file, under the path that it had at that revision."),
  revision: z.int().min(1).describe("The revision at which you read it: lines and texts are those of then."),
  replacements: z.array(z.strictObject({
    old: z.string().min(1).describe("What stands in the file, exactly, and only once."),
    new: z.string().describe("What is to stand there instead."),
    all: z.boolean().optional().describe("Wherever it stands, not only once."),
  })).max(1000).optional().describe("Exact strings to be replaced, one after the other."),
  lines: z.array(z.strictObject({
    from: z.int().min(1).describe("The first line, from 1, as it was read."),
    to: z.int().min(0).describe("The last line; `from` minus 1 to put something before line `from`."),
    text: z.string().describe('What is to stand there instead, as whole lines; "" to remove them.'),
  })).max(1000).optional().describe("Lines to be replaced, all counted in the file as it was read."),
  text: z.string().optional().describe("All that the file is to say. Only what differs is changed."),
  patch: z.string().optional().describe("A unified diff of this one file."),
};

/** What such an edit says. */
export type EditInput = z.output<z.ZodObject<typeof editArguments>>;

/** What has to hold, or nothing is done. */
export const requirement = z.strictObject({
  path: pathArgument,
  exists: z.boolean().optional().describe("Whether there has to be something at the path, or nothing."),
  unchanged_since: z.int().min(1).optional()
    .describe("A revision: the file has to say what it said then."),
});

/** One of several things that are done as one. */
export const changeStep = z.discriminatedUnion("do", [
  z.strictObject({ do: z.literal("edit"), ...editArguments }),
  z.strictObject({
    do: z.literal("create"),
    path: pathArgument,
    text: z.string(),
    executable: executableArgument.optional(),
  }),
  z.strictObject({ do: z.literal("mode"), path: pathArgument, executable: executableArgument }),
  z.strictObject({ do: z.literal("move"), path: pathArgument, to: pathArgument }),
  z.strictObject({ do: z.literal("remove"), path: pathArgument }),
]);

/** A step of an edit that edits a file. */
export function editStepOf(input: EditInput): EditStep & { readonly kind: "edit" } {
  const { path, revision, replacements = [], lines = [], text, patch } = input;
  const wanted: Wanted[] = [];
  if (lines.length > 0) {
    wanted.push({
      kind: "lines",
      lines: lines.map(({ from, to, text }) => ({ first: from, last: to, text })),
    });
  }
  for (const { old, new: fresh, all = false } of replacements) {
    wanted.push({ kind: "replace", old, new: fresh, all });
  }
  if (text !== undefined) wanted.push({ kind: "text", text });
  if (patch !== undefined) wanted.push({ kind: "patch", patch });
  const ways = [lines.length + replacements.length > 0, text !== undefined, patch !== undefined];
  if (ways.filter((isGiven) => isGiven).length !== 1) {
    throw new SpaceError(
      "edit_unclear",
      `Say in one way what is to become of "${path}": by \`replacements\` or \`lines\` or both (the lines are done ` +
        "first), by `text`, or by `patch`",
    );
  }
  return { kind: "edit", path: pathOf(path), read: { revision }, wanted };
}

/** A step of an edit that makes a file. */
export function createStepOf(
  { path, text, executable = false }: {
    readonly path: string;
    readonly text: string;
    readonly executable?: boolean | undefined;
  },
): EditStep {
  return { kind: "create", path: pathOf(path), text, executable };
}

/** A step of an edit. */
export function stepOf(step: z.output<typeof changeStep>): EditStep {
  switch (step.do) {
    case "edit":
      return editStepOf(step);
    case "create":
      return createStepOf(step);
    case "mode":
      return { kind: "mode", path: pathOf(step.path), executable: step.executable };
    case "move":
      return { kind: "move", path: pathOf(step.path), to: pathOf(step.to) };
    case "remove":
      return { kind: "remove", path: pathOf(step.path) };
  }
}

/** A precondition of an edit. */
export function preconditionOf(
  { path, exists, unchanged_since }: z.output<typeof requirement>,
): Precondition {
  return {
    path: pathOf(path),
    ...exists === undefined ? {} : { exists },
    ...unchanged_since === undefined ? {} : { unchangedSince: unchanged_since },
  };
}

/** A request, with what is not said left out. */
export function requestOf(
  steps: readonly EditStep[],
  policy: EditRequest["policy"] = "reject",
  preconditions: readonly Precondition[] = [],
): EditRequest {
  return { steps, policy, preconditions };
}
