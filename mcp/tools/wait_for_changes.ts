/**
 * The tool that waits until somebody else has done something.
 *
 * @module
 */

import { z } from "zod";
import { type Space, SpaceError } from "../../mod.ts";
import { pathOf } from "../path.ts";
import { touchedFiles } from "../touched.ts";
import { type Call, looks, type Tool, tool } from "../tool.ts";
import { nameOf, person, statusOf } from "../words.ts";

/** How often whoever waits is told that this goes on. */
const progressMs = 5000;

export const waitForChanges: Tool = tool({
  name: "wait_for_changes",
  title: "Wait for changes",
  says:
    "Waits until others change something in some paths, and says what and who; or until the time is over. Ask with " +
    "the revision you read or made last, so that nothing slips through in between: what has happened since that one is " +
    "told at once. Paths need not be there yet. Your own changes do not count.",
  takes: z.strictObject({
    since: z.int().min(1).optional().describe("The revision you know; the newest, if left out."),
    paths: z.array(z.string().max(4096)).max(100).optional().describe(
      "Only these files, and what is in these directories.",
    ),
    globs: z.array(z.string().max(1000)).max(100).optional().describe(
      'Only paths like one of these: "**/*.ts".',
    ),
    timeout_seconds: z.number().min(0).max(600).optional().describe("When to give up: after 30 if left out."),
    quiet_seconds: z.number().min(0).max(60).optional()
      .describe(
        "Answers once nothing more has come for so long, so not in the middle of a word: 0.5 if left out.",
      ),
  }),
  gives: z.strictObject({
    changed: z.boolean().describe("Whether there was anything; if not, the time is over."),
    revision: z.int().describe("Up to which that is so: the `since` of the next call."),
    files: z.array(z.strictObject({
      path: z.string(),
      from: z.string().optional(),
      status: z.enum(["added", "removed", "modified", "renamed"]),
      last: z.int(),
      authors: z.array(person),
    })),
  }),
  hints: looks,
  async run({ space }, { since, paths = [], globs = [], timeout_seconds = 30, quiet_seconds = 0.5 }, call) {
    const from = since ?? space.revision, endMs = performance.now() + timeout_seconds * 1000;
    const scope = { paths: paths.map(pathOf), globs };
    let found = await othersChanges(space, from, scope);
    // What has come before the call has come to its end.
    let quietMs = performance.now();
    while (performance.now() < (found.files.length === 0 ? endMs : Math.min(quietMs, endMs))) {
      const untilMs = found.files.length === 0 ? endMs : Math.min(quietMs, endMs);
      if (!await nextRevision(space, found.revision, untilMs, endMs, call)) continue;
      const later = await othersChanges(space, from, scope);
      if (later.files.some(({ last }) => last > found.revision)) {
        quietMs = performance.now() + quiet_seconds * 1000;
      }
      found = later;
    }
    const { revision, files } = found;
    const lines = files.map((file) => {
      return `${statusOf({ ...file, from: file.from ?? "" })}, by ${file.authors.map(nameOf).join(", ")}`;
    });
    const head = files.length === 0
      ? `Nothing has changed up to revision ${revision}.`
      : `Up to revision ${revision}:`;
    return { text: [head, ...lines].join("\n"), data: { changed: files.length > 0, revision, files } };
  },
});

type Found = Awaited<ReturnType<typeof touchedFiles>>;

/** What others have done. A path that is not there, and was not, has not been changed. */
async function othersChanges(
  space: Space,
  since: number,
  { paths, globs }: { readonly paths: readonly string[]; readonly globs: readonly string[] },
): Promise<Found> {
  const scopes = paths.length === 0 || paths.includes("") ? [[]] : paths.map((path) => [path]);
  let revision = Infinity;
  const files = new Map<string, Found["files"][number]>();
  for (const scope of scopes) {
    // All of one revision, so that nothing slips through between two of them.
    const at = revision === Infinity ? {} : { at: revision };
    try {
      const found = await touchedFiles(space, since, { ...at, paths: scope, globs });
      revision = found.revision;
      for (const file of found.files) {
        if (file.authors.some(({ session }) => session !== space.site)) files.set(file.path, file);
      }
    } catch (error) {
      if (!(error instanceof SpaceError && error.code === "path_unknown")) throw error;
      if (revision === Infinity) revision = Math.max(since, space.revision);
    }
  }
  return { revision, files: [...files.values()] };
}

/** Whether there is a later revision before `untilMs`. */
async function nextRevision(
  space: Space,
  revision: number,
  untilMs: number,
  endMs: number,
  { signal, progress }: Call,
): Promise<boolean> {
  if (space.revision > revision) return true;
  const begunMs = performance.now();
  const tellProgress = () =>
    progress(Math.round((performance.now() - begunMs) / 1000), Math.round((endMs - begunMs) / 1000));
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const giveUp = () => reject(new SpaceError("cancelled", "Whoever waited has given up"));
  const endIfClosed = () => {
    if (space.status.phase === "ended") reject(new SpaceError("closed", "The workspace is closed"));
  };
  const late = setTimeout(() => resolve(false), untilMs - begunMs);
  const progressing = setInterval(tellProgress, progressMs);
  const offs = [
    space.on("revision", (now) => now.revision > revision && resolve(true)),
    space.on("status", endIfClosed),
  ];
  signal.addEventListener("abort", giveUp);
  try {
    if (signal.aborted) giveUp();
    endIfClosed();
    return await promise;
  } finally {
    clearTimeout(late);
    clearInterval(progressing);
    signal.removeEventListener("abort", giveUp);
    for (const off of offs) off();
  }
}
