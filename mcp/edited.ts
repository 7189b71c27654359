/**
 * What came of a change, as agents are told.
 *
 *     applied    what was read is what there was
 *     merged     others had changed the same file elsewhere: shown as a patch
 *     overlap    others had changed the same places: shown as they are now
 *
 * The revision that is named is the one to name in the next edit: what the agent knows of the files then, by what it
 * has read, done and been shown here, is what they said at it.
 *
 * @module
 */

import { createTwoFilesPatch } from "diff";
import { z } from "zod";
import {
  edit,
  type EditedFile,
  type EditRequest,
  type EditResult,
  type EditStep,
  linesOf,
} from "../client/edit/mod.ts";
import { type Space, SpaceError, Text, type TextOp } from "../mod.ts";
import type { Agent } from "./agent.ts";
import type { Answer } from "./tool.ts";
import { numbered } from "./words.ts";

/** A file is shown whole if it has no more lines than this; else so many around what overlaps. */
const wholeMax = 60, aroundMax = 8;
/** What is shown of one file at most, in code units; lines that others may have changed, for these to be shown. */
const shownMax = 10_000, linesMax = 2000;

/** What the tools that change something give. */
export const edited = z.strictObject({
  outcome: z.enum(["applied", "merged", "overlap"]).describe("The least simple of the files'."),
  changed: z.boolean().describe("Whether anything was changed."),
  revision: z.int().describe("Name it when you edit these files next."),
  files: z.array(z.strictObject({
    path: z.string(),
    outcome: z.enum(["applied", "merged", "overlap"]),
    others: z.string().optional().describe("What others have changed since you read the file, as a patch."),
    lines: z.int().optional().describe("That the file has now; with `now`."),
    now: z.array(z.strictObject({ from_line: z.int(), to_line: z.int(), text: z.string() })).optional()
      .describe("Of an overlap: what the file says there now."),
  })),
});

type Edited = z.input<typeof edited>;
type ShownFile = Edited["files"][number];

/** Does what is asked for, and says what came of it. */
export function changeFiles(
  agent: Agent,
  request: EditRequest,
  task: string | undefined,
): Promise<Answer<Edited>> {
  return agent.change(async () => {
    const steps = request.steps.map((step): EditStep => {
      if (step.kind !== "edit") return step;
      const known = agent.known(step.read.revision!, step.path);
      return known === undefined ? step : { ...step, read: { ...step.read, ...known } };
    });
    const result = await edit(agent.space, { ...request, steps, ...task === undefined ? {} : { task } });
    return await answerOf(agent, steps, result);
  });
}

async function answerOf(
  agent: Agent,
  requested: readonly EditStep[],
  { outcome, changed, revision: made, base, files }: EditResult,
): Promise<Answer<Edited>> {
  const { space } = agent;
  // The texts are those of now; only rarely has something come behind the change already.
  const isNow = space.revision === made || !changed;
  const revision = changed ? made : space.revision;
  const steps = requested.filter(({ kind }) => kind === "edit" || kind === "create");
  const shown: ShownFile[] = [];
  for (const [i, file] of files.entries()) {
    const step = steps[i]!, { id, path, outcome } = file;
    if (isNow) agent.knows(revision, path, { node: id, text: file.text });
    let others = "";
    if (step.kind === "edit" && outcome !== "applied") {
      const at = changed ? revision - 1 : revision, { revision: from, text } = step.read;
      // What came in between the two is not in what was known.
      others = text !== undefined && base === at
        ? patchOf(path, text, file.since)
        : await patchBetween(space, path, from!, at);
    }
    const text = outcome !== "overlap" || isNow ? file.text : (await space.past.read(path, revision)).text;
    shown.push({
      path,
      outcome,
      ...others === "" ? {} : { others },
      ...outcome === "overlap" ? { lines: linesOf(text).length, now: excerpts(text, file.overlaps) } : {},
    });
  }
  const last = shown.at(-1)?.path;
  if (last !== undefined && space.find(last)?.kind === "text") space.select(last);
  const data = { outcome, changed, revision, files: shown };
  return { text: textOf(data), data };
}

/** What others have changed in what was read, as a patch. */
function patchOf(path: string, read: string, since: TextOp): string {
  const now = Text.of(read).apply(since).toString();
  const patch = createTwoFilesPatch(`a/${path}`, `b/${path}`, read, now, "", "", { maxEditLength: linesMax });
  return patch === undefined
    ? "Too much to be shown: use diff"
    : shortened(patch.slice(patch.indexOf("--- ")));
}

/** The same by the server's account; "" if that cannot be told any more. */
async function patchBetween(space: Space, path: string, from: number, at: number): Promise<string> {
  if (from >= at) return "";
  try {
    const { files } = await space.past.diff(from, { at, paths: [path] });
    return shortened(files.map(({ patch }) => patch).join(""));
  } catch (error) {
    if (error instanceof SpaceError) return "";
    throw error;
  }
}

function shortened(patch: string): string {
  return patch.length <= shownMax
    ? patch
    : `${patch.slice(0, shownMax).toWellFormed()}\n… (use diff to see the rest)`;
}

/** The lines around what overlaps. */
function excerpts(text: string, overlaps: EditedFile["overlaps"]): NonNullable<ShownFile["now"]> {
  const lines = linesOf(text);
  if (lines.length <= wholeMax && text.length <= shownMax) {
    return [{ from_line: 1, to_line: lines.length, text }];
  }
  const lineAt = (at: number) => linesOf(text.slice(0, Math.min(at, text.length) + 1)).length;
  const ranges: { from: number; to: number }[] = [];
  for (const overlap of overlaps.toSorted((a, b) => a.from - b.from)) {
    const from = Math.max(1, lineAt(overlap.from) - aroundMax), last = ranges.at(-1);
    const to = Math.min(lines.length, lineAt(overlap.to) + aroundMax);
    if (last !== undefined && from <= last.to + 1) last.to = Math.max(last.to, to);
    else ranges.push({ from, to });
  }
  const shown: NonNullable<ShownFile["now"]> = [];
  let room = shownMax;
  for (const { from, to } of ranges) {
    const part = lines.slice(from - 1, to).join("");
    room -= part.length;
    if (room < 0 && shown.length > 0) break;
    shown.push({ from_line: from, to_line: to, text: part.slice(0, shownMax).toWellFormed() });
  }
  return shown;
}

function textOf({ outcome, changed, revision, files }: Edited): string {
  const head = changed
    ? `${outcome}: revision ${revision}.`
    : outcome === "overlap"
    ? `overlap: nothing was changed. Others have changed the same places. Look at the text as it is at revision ${revision}, ` +
      "and edit again with that revision, or with on_overlap: merge."
    : `Nothing to change: it is as wanted already, at revision ${revision}.`;
  return [head, ...files.map((file) => fileText(file, changed))].join("\n");
}

function fileText({ path, outcome, others, now, lines }: ShownFile, changed: boolean): string {
  const parts = [`${path}: ${outcome}`];
  if (others !== undefined) parts.push(`Others have changed since you read it:\n${others.trimEnd()}`);
  if (now !== undefined) {
    const state = changed
      ? "Both changes stand here now, side by side; tidy up what does not fit"
      : "As it is now";
    parts.push(`${state} (${lines} lines):`);
    for (const { from_line, text } of now) parts.push(numbered(linesOf(text), from_line));
  }
  return parts.join("\n");
}
